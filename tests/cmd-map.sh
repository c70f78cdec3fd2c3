# SPDX-License-Identifier: GPL-2.0-or-later
# dmactl map: what is drawn is what is there, at any width and in any alphabet.
. "$srcdir/tests/command.sh"
full="$traces/6.12-swiotlbsmall-nvme-ahci.ftrace.zst"
lists="$traces/6.12-strict-nvme.ftrace.zst"
LC_ALL=C
export LC_ALL

# The cells of a picture, without addresses and percentages.
cells() { sed -n 's/^[0-9a-f]\{8,\} \([^:][^ ]*\).*/\1/p' "$scratch/out"; }
# how many of them are one of CHARACTERS
tally() { cells | tr -cd "$1" | wc -c | tr -d ' '; }

# The kernel's own log of this recording: "swiotlb buffer is full (sz: 237568 bytes),
# total 1024 (slots), used 848 (slots)".
expect 0 "$dmactl" map --space swiotlb --width 100 "$full"
quiet
printed 'the first failure, map_page of 237568 bytes for 0000:00:02.0$'
printed '^848 of 1024 slots used, 176 free, 0 of 8 sets of 128 empty'
printed '^the largest request that fits is 196608 bytes (96 slots)'
printed '^the request of 237568 bytes that failed needs 116 slots'
printed '^176 slots are free, but not in a row: this is fragmentation$'
printed '^A 0000:00:02.0 nvme  *1.7M 100.0%  *218 '
printed '^area 0: 354 of 512 slots used, longest free run 192K$'
# a cell is a slot: each one that is taken is drawn, and each extent once
test "$(tally 'A=')" = 848 || fail "$(tally 'A=') slots are drawn"
free=$(tally .) folded=$(sed -n 's/^[0-9a-f]* : \([0-9]*\)K free$/\1/p' "$scratch/out")
test $((free + folded / 2)) = 176 || fail "$free and ${folded}K are drawn as free"
if LC_ALL=C grep -q '[^ -~]' "$scratch/out"; then fail "not ASCII, in the C locale"; fi

# The table of holders gives up columns, and nothing is wider than asked for.
for width in 30 44 60 78; do
	expect 0 "$dmactl" map --space swiotlb --ascii --width $width "$full"
	sed -n '/HELD BY/,/^$/p' "$scratch/out" >"$scratch/holders"
	test "$(awk -v w=$width 'length > w' "$scratch/holders" | wc -l)" -eq 0 ||
		fail "at $width the holders are wider"
	grep -q '^A 0000:00:02.*  *1\.7M' "$scratch/holders" || fail "at $width: no holder"
done

# At every width all slots are drawn and no line of the picture is wider.
for width in 40 80 200; do
	expect 0 "$dmactl" map --space swiotlb --width $width --rows 64 "$full"
	test "$(tally 'A=')" = 848 || fail "at $width: $(tally 'A=') slots are drawn"
	wide=$(awk -v w=$width 'NR > 1 && length > w && (/^[0-9a-f]{8} / || w > 40)' "$scratch/out" | wc -l)
	test "$wide" -eq 0 || fail "at $width: $wide rows are wider"
done

# Few rows: cells get larger, and say that there is more in them.
expect 0 "$dmactl" map --space swiotlb --rows 2 "$full"
printed '^swiotlb.*a cell is 16K'
printed '^2\.\.9 below a cell: so many extents in it'
printed ' extents are smaller than their cell$'

# Nothing is said twice by colour: without it the letters are the same.
"$dmactl" map "$full" >"$scratch/plain"
"$dmactl" map --color=always "$full" | sed 's/\x1b\[[0-9;]*m//g' >"$scratch/colored"
same "$scratch/plain" "$scratch/colored"
grep -q "$(printf '\033')" "$scratch/plain" && fail "colours in a pipe"
if locale -a 2>/dev/null | grep -qix 'C.utf-\?8'; then
	LC_ALL=C.UTF-8 "$dmactl" map "$full" >"$scratch/unicode"
	sed 's/━/=/g; s/·/./g; s/⋮/:/g; s/×/x/g; s/₂/2/g; s/₃/3/g; s/₄/4/g; s/₅/5/g; s/₆/6/g;
	     s/₇/7/g; s/₈/8/g; s/₉/9/g; s/₊/+/g' "$scratch/unicode" >"$scratch/translated"
	same "$scratch/plain" "$scratch/translated"
	LC_ALL=C.UTF-8 "$dmactl" map --ascii "$full" >"$scratch/ascii"
	same "$scratch/plain" "$scratch/ascii"
fi

# Behind an IOMMU a list is one extent, and what lies below is told.
expect 0 "$dmactl" map --space iova "$lists"
printed '^iova:0000:00:02.0 (nvme), 4G at 0x0'
printed '^00000000 : .* of it free$'
printed '^T mapped to device '

# Overlaps are seen.
expect 0 "$dmactl" map "$traces/7.2-direct-nvme.ftrace.zst"
printed '#  *addresses that two or more extents hold at once'
test "$(tally '#')" -gt 0 || fail "no overlap is drawn"

# The document has what the picture shows.
expect 0 "$dmactl" map --json --space swiotlb "$full"
json "$scratch/out"
printed '"schema": "dmactl.map/1"'
taken=$(awk -F'[:,]' '/"taken"/ && extents { sum += $2 } /"extents"/ { extents = 1 }
	END { print sum / 2048 }' "$scratch/out")
test "$taken" = 848 || fail "extents take $taken slots"

# SVG: one rectangle each, and well-formed.
expect 0 "$dmactl" map --svg "$scratch/map.svg" --space swiotlb --rows 64 "$full"
test "$(grep -c 'class="c0[^/]*<title>' "$scratch/map.svg")" -ge 218 ||
	fail "not all extents are in the SVG"
grep -q '<title>0x3d[0-9a-f]*, [0-9]* bytes .*event #' "$scratch/map.svg" || fail "no tooltips"
if command -v xmllint >/dev/null; then
	xmllint --noout "$scratch/map.svg" || fail "no XML"
fi
expect 5 "$dmactl" map --svg "$scratch/no/such/folder.svg" "$full"
if test -c /dev/full; then
	expect 5 "$dmactl" map --svg /dev/full "$full"
	said '/dev/full: No space left on device$'
fi

# Sizes and addresses that cannot be, at every scale.
cat >"$scratch/nonsense.txt" <<'END'
#dmat-text 1
1.000000000 [000] a/7 map_page d TO_DEVICE phys=0x1000 dma=0xfffffffffffffff0 size=18446744073709551615
1.000001000 [001] a/7 map_page d TO_DEVICE phys=0xfffffffffffff000 dma=0x0 size=9223372036854775808
1.000002000 [001] a/7 map_page e TO_DEVICE phys=0x8000000000000000 dma=0x8000000000000001 size=0
1.000005000 [000] a/8 alloc e dma=0xfffffffffffff000 size=18446744073709551615
1.000005000 [000] a/8 alloc e dma=0x0 size=18446744073709551615
1.000006000 [000] a/8 declare_coherent_memory f phys=0x1000 dma=0xffffffffffff0000 size=18446744073709551615
1.000006000 [000] a/8 declare_coherent_memory g phys=0x1000 dma=0xf000 size=1152921504606846976
1.000006000 [000] a/8 alloc g dma=0xffff000 size=576460752303423488
1.000007000 [000] a/8 pool_create g handle=1 size=18446744073709551615 align=9223372036854775808 boundary=1 name="x"
1.000007000 [000] a/8 pool_alloc g handle=1 dma=0xfffffffffffffff1 size=18446744073709551615
1.000007000 [000] a/8 pool_alloc g handle=9 dma=0x1 size=7
END
for said in '' ',"iommu":{"mode":"lazy"}' \
	',"swiotlb":{"start":"0x0","slots":536870912,"areas":128}' \
	',"swiotlb":{"start":"0xfffffffffffff000","slots":9223372036854775807}'; do
	echo "{\"schema\":\"dmactl.environment/1\"$said}" >"$scratch/nonsense.json"
	for how in '' '--width=20 --rows=1' '--svg=-' --json; do
		# shellcheck disable=SC2086
		expect 0 "$dmactl" map --at end $how --environment "$scratch/nonsense.json" \
			"$scratch/nonsense.txt"
	done
done

# Moments, names and damage.
expect 0 "$dmactl" map --at end "$traces/6.12-direct-nvme.ftrace.zst"
printed '^nothing is live at this moment$'
expect 2 "$dmactl" map --space nowhere "$full"
said 'no space is called nowhere'
said 'there is swiotlb$'
expect 0 "$dmactl" map --device 0000:00:1f.2 --at peak "$full"
expect 2 "$dmactl" map --rows 0 "$full"
expect 2 "$dmactl" map --at '#x' "$full"
head -c 20000 "$full" >"$scratch/cut.zst"
expect 3 "$dmactl" map "$scratch/cut.zst"
printed 'bus:0000:00:02.0'
# Without an environment the pool is the one that info works out from all events, not
# what is live at the moment.
cp "$traces/6.12-swiotlb-nvme.ftrace.zst" "$scratch/alone.zst"
pool=$("$dmactl" info "$scratch/alone.zst" |
	sed -n 's/^swiotlb .* at \(0x[0-9a-f]*\), \([0-9]*\) slots.*/\2 slots of 2K at \1/p')
test -n "$pool" || fail "info works out no swiotlb"
expect 0 "$dmactl" map --space swiotlb "$scratch/alone.zst"
printed "^swiotlb, $pool;"

: >"$scratch/empty"
expect 3 "$dmactl" map "$scratch/empty"
exit $status
