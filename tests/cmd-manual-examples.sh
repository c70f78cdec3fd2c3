# SPDX-License-Identifier: GPL-2.0-or-later
# The examples in dmat(5) are what it says: a trace in the text form, and a machine.
dmactl="${DMACTL:-$builddir/src/dmactl}"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The literal block of the manual that begins with a line.
example() {
	awk -v first="$1" '
		/^\.Bd -literal/ { getline; inside = $0 == first }
		/^\.Ed/ { inside = 0 }
		inside { gsub(/\\e/, "\\"); print }' "$srcdir/man/dmat.5"
}

example '#dmat-text 1' >"$work/example.txt"
events=$("$dmactl" stat --json "$work/example.txt" | tr -d ' \n')
for kind in '"map_page":2' '"unmap_page":1' '"map_sg":1' '"mark":1'; do
	case $events in
	*"$kind"*) ;;
	*) echo "the text example has not $kind: $events"; exit 1 ;;
	esac
done

example '{' >"$work/machine.json"
"$dmactl" convert --environment="$work/machine.json" "$work/example.txt" "$work/out.txt"
for said in '"driver": "nvme"' '"inferred": \["min_align_mask"\]' '"slots": 32768'; do
	grep -q -e "$said" "$work/out.txt" || { echo "the machine lacks $said"; exit 1; }
done
