# SPDX-License-Identifier: GPL-2.0-or-later
# dmactl replay: what began and ended is what the recordings' lines say.
. "$srcdir/tests/command.sh"

# count PATTERN: lines of the plain recording
count() { grep -c -e "$1" "$scratch/plain" || :; }

# row WHAT: the table's line, as begun ended failed again strangers left
row() { awk -v what="$1" '$1 == what { print $2, $3, $4, $5, $6, $7 }' "$scratch/out"; }

check_recording() {	# FILE
	zstd -dcq "$1" >"$scratch/plain"
	maps=$(count ': dma_map_\(page\|phys\|sg\):')
	failed=$(count ': dma_map_.*dma_addr=ffffffffffffffff')
	ends=$(count ': dma_unmap_')
	expect 0 "$dmactl" replay --raw --noheadings "$1"
	quiet
	# every list's unmap finds its map, and none is without
	# shellcheck disable=SC2046
	set -- $(row mappings)
	test "$1 $2 $3 $5" = "$((maps - failed)) $ends $failed 0" ||
		fail "$1 begun $2 ended $3 failed $5 strangers, not $((maps - failed)) $ends $failed 0"
	test "$6" = $((maps - failed - ends)) || fail "$6 are left of $maps"
}

# A moment that is not in the trace: the end, and a line that says so.
cat >"$scratch/short.txt" <<'END'
#dmat-text 1
1.000000000 [000] a/7 map_page d TO_DEVICE phys=0x1000 dma=0x1000 size=16
2.500000000 [000] a/7 unmap_page d TO_DEVICE dma=0x1000 size=16
END
for at in '#2' 2.6 +1.6 failure; do
	expect 0 "$dmactl" replay --at "$at" "$scratch/short.txt"
	test "$(wc -l <"$scratch/err")" = 1 || fail "--at $at: $(cat "$scratch/err")"
	said 'short.txt: .*what is shown is the end$'
	printed 'the end, the trace has no such moment$'
done
expect 0 "$dmactl" map --at 3 "$scratch/short.txt"
said 'short.txt: ends before that moment, at event #1, 2.500000 s: what is shown is the end$'
for at in '#1' 2.5 +1.5 1.7 end peak auto; do
	expect 0 "$dmactl" replay --at "$at" "$scratch/short.txt"
	quiet
done

if command -v zstd >/dev/null; then
	for file in "$traces"/*.ftrace.zst; do
		check_recording "$file"
	done

	# a driver that does not unmap
	expect 0 "$dmactl" replay --raw --noheadings "$traces/7.2-direct-nvme.ftrace.zst"
	test "$(row mappings)" = "10006 249 0 8546 0 9757" || fail "$(row mappings)"

	# a pipe tells the same, at a moment of the past, too
	for at in peak failure '#1000' +1.5 4.5 end; do
		expect 0 "$dmactl" replay --raw --dump-at "$at" \
			"$traces/6.12-swiotlbsmall-nvme-ahci.ftrace.zst"
		cp "$scratch/out" "$scratch/file"
		zstd -dcq "$traces/6.12-swiotlbsmall-nvme-ahci.ftrace.zst" |
			"$dmactl" replay --raw --dump-at "$at" - >"$scratch/pipe"
		same "$scratch/file" "$scratch/pipe"
	done
fi

# Memory follows what is live: in 100 MB of address space, where there would be no
# room for the events, and for mappings that are never ended neither.
many() {	# RECORDING TIMES
	zstd -dcq "$1" >"$scratch/plain"
	grep '^#' "$scratch/plain"
	grep -v '^#' "$scratch/plain" >"$scratch/body"
	times=$2
	while test "$times" -gt 0; do
		cat "$scratch/body"
		times=$((times - 1))
	done
}
# shellcheck disable=SC3045
limited() { (ulimit -v 100000 && "$dmactl" "$@"); }
if command -v zstd >/dev/null && limited --version >/dev/null 2>&1; then
	for name in 6.12-direct-e1000e 7.2-direct-nvme; do
		many "$traces/$name.ftrace.zst" 60 |
			limited replay --raw - >"$scratch/out" 2>"$scratch/err" ||
			fail "$name, many times, in little memory: exit $?"
		quiet
	done
	case $(row mappings) in
	"600360 14940 0 "*" 0 585420") ;;
	*) fail "60 times 10006 maps and 249 unmaps: $(row mappings)" ;;
	esac
fi

# By hand: what is live at a moment.
cat >"$scratch/small.txt" <<'END'
#dmat-text 1
1.000000000 [000] dd/7 map_page 0000:00:02.0 TO_DEVICE phys=0x1000 dma=0x1000 size=4096
1.000001000 [001] dd/7 map_page 0000:00:02.0 TO_DEVICE phys=0x3000 dma=0x3000 size=512
1.000002000 [001] dd/7 unmap_page 0000:00:02.0 TO_DEVICE dma=0x1000 size=4096
1.000003000 [000] dd/7 map_page 0000:00:02.0 FROM_DEVICE phys=0x5000 dma=error size=8192 error=ENOMEM
1.000004000 [000] dd/8 unmap_page 0000:00:03.0 TO_DEVICE dma=0x9000 size=16
1.000005000 [000] dd/8 alloc 0000:00:03.0 dma=0xa000 size=100
1.000006000 [000] dd/8 map_page 0000:00:02.0 TO_DEVICE phys=0x3000 dma=0x3000 size=512
END
live() {	# MOMENT ADDRESS...
	at=$1; shift
	expect 0 "$dmactl" replay --raw --noheadings --columns address --dump-at "$at" \
		"$scratch/small.txt"
	got=$(tr '\n' ' ' <"$scratch/out")
	test "$got" = "${*:+$* }" || fail "at $at: $got, not $*"
}
live '#0' 0x1000
live '#1' 0x1000 0x3000
live 1.000001 0x1000 0x3000
live +2us 0x3000
live peak 0x1000 0x3000
live failure 0x3000
live end 0x3000 0xa000 0x3000
live '#99' 0x3000 0xa000 0x3000
expect 0 "$dmactl" replay --json --at peak "$scratch/small.txt"
json "$scratch/out"
printed '"schema": "dmactl.replay/1"'
printed '"strangers": 1'
printed '"again": 1'
printed '"dma": "0x1000"'

expect 2 "$dmactl" replay --at yesterday "$scratch/small.txt"
said "'yesterday' is no moment"
expect 2 "$dmactl" replay --at 99999999999s "$scratch/small.txt"
expect 5 "$dmactl" replay "$scratch/no-such-file"
printf 'garbage' >"$scratch/garbage"
expect 3 "$dmactl" replay "$scratch/garbage"

# What cannot be read is told once, whether in one reading or in more.
printf 'garbage\n' >"$scratch/garbage"
expect 3 "$dmactl" replay "$scratch/garbage"
said 'garbage: no format of traces begins like this$'
zstd -dcq "$traces/6.12-strict-xhci.ftrace.zst" >"$scratch/plain"
"$dmactl" import "$scratch/plain" -o "$scratch/whole.dmat"
head -c -4000 "$scratch/whole.dmat" >"$scratch/cut.dmat"
expect 3 "$dmactl" replay "$scratch/cut.dmat"
test "$(grep -c 'cut.dmat: offset' "$scratch/err")" = 1 || fail "told: $(cat "$scratch/err")"
exit $status
