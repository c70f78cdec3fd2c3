# SPDX-License-Identifier: GPL-2.0-or-later
# dmactl frag: numbers of recordings against the kernel's own, and against arithmetic.
. "$srcdir/tests/command.sh"
full="$traces/6.12-swiotlbsmall-nvme-ahci.ftrace.zst"

# The kernel counted 848 of 1024 slots when it refused 237568 bytes.
expect 0 "$dmactl" frag --raw --noheadings --columns extents,used,free,runs,fits,index \
	--space swiotlb "$full"
quiet
test "$(cat "$scratch/out")" = "218 1736704 360448 6 196608 0.25" ||
	fail "swiotlb: $(cat "$scratch/out")"

# Free runs of all sizes add up to what is free.
expect 0 "$dmactl" frag --json --space swiotlb "$full"
json "$scratch/out"
printed '"schema": "dmactl.frag/1"'
sum=$(awk -F'[:,]' '/"bytes"/ { sum += $2 } END { print sum }' "$scratch/out")
test "$sum" = 360448 || fail "runs of $sum bytes"
expect 0 "$dmactl" frag --space swiotlb "$full"
printed '^free runs of swiotlb$'
printed '^ *128K  *1  *192K  *45.5%$'

# What no allocator owns has no free bytes, and no index.
expect 0 "$dmactl" frag --csv --columns space,free,index "$full"
printed '^memory,,'

# An IOMMU rounds up: 5 pages take 8, 33 take 33.
cat >"$scratch/iova.txt" <<'END'
#dmat-text 1
1.000000000 [000] dd/7 map_page 0000:00:02.0 TO_DEVICE phys=0x1200 dma=0xffff8200 size=20000
1.000001000 [000] dd/7 map_page 0000:00:02.0 TO_DEVICE phys=0x80000 dma=0xfffc0000 size=135168
END
echo '{ "schema": "dmactl.environment/1", "iommu": { "mode": "strict" } }' >"$scratch/iova.json"
expect 0 "$dmactl" frag --raw --noheadings --columns space,used,requested,free \
	--environment "$scratch/iova.json" --space iova "$scratch/iova.txt"
test "$(cat "$scratch/out")" = \
	"iova:0000:00:02.0 $((41 * 4096)) 155168 $(((1048576 - 1 - 41) * 4096))" ||
	fail "iova: $(cat "$scratch/out")"

# Over time: the same numbers at the end as without, and from a pipe.
expect 0 "$dmactl" frag --raw --noheadings --interval 100ms --space swiotlb "$full"
test "$(wc -l <"$scratch/out")" -gt 5 || fail "few rows over time"
cp "$scratch/out" "$scratch/file"
last=$(tail -n 1 "$scratch/out" | cut -d ' ' -f 2-4)
expect 0 "$dmactl" frag --raw --noheadings --at end --columns space,extents,used \
	--space swiotlb "$full"
test "$last" = "$(cat "$scratch/out")" || fail "at the end: $last"
expect 0 "$dmactl" frag --json --interval 1s "$full"
json "$scratch/out"
printed '"moments"'
# A file that is read twice for it is complained about once.
{ cat "$scratch/iova.txt"; echo nonsense; } >"$scratch/damaged.txt"
expect 3 "$dmactl" frag --interval 1s "$scratch/damaged.txt"
test "$(wc -l <"$scratch/err")" -eq 1 || fail "damage is told twice: $(cat "$scratch/err")"

# No line is wider than the terminal.
expect 0 "$dmactl" frag --width 80 "$full"
test "$(awk 'length > 80' "$scratch/out" | wc -l)" -eq 0 || fail "lines over 80 columns"

expect 2 "$dmactl" frag --interval never "$full"
said 'takes a time'
expect 2 "$dmactl" frag --interval 1s --at peak "$full"
expect 2 "$dmactl" frag --columns nonsense "$full"
exit $status
