# SPDX-License-Identifier: GPL-2.0-or-later
# dmactl leaks: what is left for good, and not what is left for a reason.
. "$srcdir/tests/command.sh"

# verdict call count bytes growth of each row
rows() { tr -d '\r' <"$scratch/out" | tr , ' '; }
look() {	# STATUS FILE OPTION...
	want_status=$1; file=$2; shift 2
	expect "$want_status" "$dmactl" leaks --csv --noheadings --columns \
		verdict,call,count,bytes,growth "$@" "$file"
	quiet
}
want() { test "$(rows)" = "$1" || fail "$file: $(rows), not $1"; }

# The recordings end while their drivers run: all that is left is in use, or need not be
# unmapped, and is as many as replay counts.
if command -v zstd >/dev/null; then
	for file in "$traces"/*.ftrace.zst; do
		reason=in-use
		case $file in *7.2-direct-nvme*) reason=skipped ;; esac
		left=$("$dmactl" replay --raw --noheadings --columns left "$file" |
			awk '{ sum += $1 } END { print sum }')
		look 0 "$file"
		want ""
		look 0 "$file" --all
		rows | awk -v reason=$reason -v left="$left" '
			$1 != reason && $2 != "alloc" { wrong = 1 }
			{ sum += $3 } END { exit wrong || sum != left }' ||
			fail "$file: not $left $reason: $(rows)"
	done
	file=$traces/6.12-direct-virtio-scsi.ftrace.zst
	look 1 "$file" --older 100ms
	case $(rows) in
	*"old map_page 8 128 "*) ;;
	*) fail "$file: $(rows)" ;;
	esac
fi

# A driver that forgets every 50th unmap, beside one that holds as much at any time.
# $1: what it forgets; 0 for nothing
traffic() {
	awk -v forget="$1" 'BEGIN {
		print "#dmat-text 1"
		print "0.000001000 alloc nic0 dma=0x1000 size=4096"
		for (i = 0; i < 32; i++)
			printf "0.0000%02d000 map_page nic0 FROM_DEVICE phys=%d dma=%d size=2048 stack=\"e1000_alloc_rx;open\"\n",
				i + 10, i * 4096, 1048576 + i * 4096
		for (i = 1; i <= 2000; i++) {
			printf "%d.%03d000000 map_page nic0 TO_DEVICE phys=4096 dma=%d size=512 stack=\"e1000_xmit;xmit\"\n",
				i / 1000, i % 1000, 268435456 + i * 4096
			if (!forget || i % forget)
				printf "%d.%03d100000 unmap_page nic0 TO_DEVICE dma=%d size=512\n",
					i / 1000, i % 1000, 268435456 + i * 4096
		}
	}'
}
traffic 50 >"$scratch/leak.txt"
traffic 0 >"$scratch/clean.txt"
look 1 "$scratch/leak.txt"
# the last one is too young to tell
want "growing map_page 40 20480 19.5/s"
look 0 "$scratch/clean.txt"
want ""
look 0 "$scratch/clean.txt" --all
want "in-use map_page 32 65536 
in-use alloc 1 4096 "
expect 1 "$dmactl" leaks --json "$scratch/leak.txt"
json "$scratch/out"
printed '"schema": "dmactl.leaks/1"'
printed '"slope": 19.5'
printed '"e1000_xmit"'
tr -d ' \n' <"$scratch/out" | grep -qF '"births":[5,5,5,5,5,5,5,4]' ||
	fail "the births are not even"

# Only some probes lose ends of mappings.
look 1 "$scratch/leak.txt"
rows >"$scratch/whole"
for probe in fn_swiotlb_tbl_map_single tp_dma_map_page; do
	awk '{ print } /^1.901100000/ { print "lost count=40 name='$probe'" }' \
		"$scratch/leak.txt" >"$scratch/begins.txt"
	look 1 "$scratch/begins.txt"
	rows >"$scratch/lossy"
	same "$scratch/lossy" "$scratch/whole"
done
awk '{ print } /^1.901100000/ { print "lost count=40 name=tp_dma_unmap_page" }' \
	"$scratch/leak.txt" >"$scratch/ends.txt"
look 0 "$scratch/ends.txt"

# Events that were lost may have been the ends.
awk '{ print } /^1.901100000/ { print "lost count=40" }' "$scratch/leak.txt" >"$scratch/lost.txt"
look 0 "$scratch/lost.txt"
want ""
look 0 "$scratch/lost.txt" --all
case $(rows) in
"lost "*) ;;
*) fail "lost: $(rows)" ;;
esac

# All that is left when the driver has gone, and the pool that it forgot.
{
	echo '#dmat-text 1'
	echo '1.0 device nic0 name=e1000e mask=0xffffffff'
	echo '1.1 pool_create nic0 name=rings handle=3 size=64 align=64'
	echo '1.1 pool_alloc nic0 name=rings handle=3 dma=0x2000 virt=0x102000'
	echo '1.1 alloc nic0 dma=0x1000 size=4096'
	echo '1.2 map_page nic0 TO_DEVICE phys=0x5000 dma=0xff005000 size=9'
	echo '1.3 free nic0 dma=0x7000 size=4096'
	echo '1.4 device nic0'
} >"$scratch/gone.txt"
look 1 "$scratch/gone.txt"
test "$(rows | cut -d' ' -f1,2 | sort | tr '\n' ' ')" = \
	"left alloc left map_page left pool_alloc left pool_create " || fail "gone: $(rows)"
expect 1 "$dmactl" leaks "$scratch/gone.txt"
printed 'origin unknown: 1 were ended that the recording does not show to begin'
printed '^left: its driver has gone'

# All else given back; mapped again, it is in use.
sed -e '$d' -e '/pool/d' -e 's/0x7000/0x1000/' "$scratch/gone.txt" >"$scratch/back.txt"
look 1 "$scratch/back.txt"
want "left map_page 1 9 "
echo '1.5 alloc nic0 dma=0x1000 size=4096' >>"$scratch/back.txt"
look 0 "$scratch/back.txt"
want ""

expect 2 "$dmactl" leaks --older soon "$scratch/gone.txt"
said "takes a time such as 2s or 500ms, not 'soon'"
expect 2 "$dmactl" leaks --older '#5' "$scratch/gone.txt"
expect 0 "$dmactl" leaks --columns help
printed '^GROWTH'

# What the user does not want to hear of, and what alone.
printf 'growing nic1\n# nobody\n* nic0 e1000_xmit # known\n' >"$scratch/known"
look 0 "$scratch/leak.txt" --suppressions "$scratch/known"
want ""
expect 0 "$dmactl" leaks --json --suppressions "$scratch/known" "$scratch/leak.txt"
printed '"suppressed": 1'
echo 'old nic0' >"$scratch/known"
look 1 "$scratch/leak.txt" --suppressions "$scratch/known"
want "growing map_page 40 20480 19.5/s"
echo 'older nic0' >"$scratch/known"
expect 2 "$dmactl" leaks --suppressions "$scratch/known" "$scratch/leak.txt"
said "known:1: a line is VERDICT"
look 0 "$scratch/leak.txt" --filter 'size > 1k'
want ""
look 1 "$scratch/leak.txt" --filter 'size < 1k && dev == "nic0"'
want "growing map_page 40 20480 19.5/s"
# All that one site still holds at a moment, of what it began since another.
look 0 "$scratch/leak.txt" --begin 0.5 --end 0.8 --all
test "$(rows | cut -d' ' -f2,3)" = "map_page 7" || fail "a range: $(rows)"
exit $status
