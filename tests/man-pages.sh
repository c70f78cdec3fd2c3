# SPDX-License-Identifier: GPL-2.0-or-later
# Each command has a man page, and the two name the same long options.
dmactl="$builddir/src/dmactl"

help_options() { "$@" --help | grep -o -e '--[a-z][a-z-]*' | sort -u; }
page_options() {
	awk '/^\.SH/ { options = /OPTIONS/ } options' "$1" | sed 's/\\-/-/g' |
		grep -o -e '--[a-z][a-z-]*' | sort -u
}

compare() {
	page="$1"; shift
	test -f "$page" || { echo "no $page"; status=1; return; }
	for option in $(help_options "$@"); do
		case $option in --help|--usage|--version) continue ;; esac
		page_options "$page" | grep -qx -e "$option" ||
			{ echo "$page: lacks $option"; status=1; }
	done
	for option in $(page_options "$page"); do
		help_options "$@" | grep -qx -e "$option" ||
			{ echo "$page: $option is no option of '$*'"; status=1; }
	done
}

compare "$srcdir/man/dmactl.1" "$dmactl"
for command in $("$dmactl" --list-commands); do
	compare "$srcdir/man/dmactl-$command.1" "$dmactl" "$command"
	grep -q "dmactl.-$command (1)" "$srcdir/man/dmactl.1" ||
		{ echo "dmactl.1 does not point to dmactl-$command(1)"; status=1; }
done

if command -v mandoc >/dev/null; then
	mandoc -T lint -W warning "$srcdir"/man/*.[1-9] || status=1
fi
exit ${status:-0}
