# SPDX-License-Identifier: GPL-2.0-or-later
# dmactl replay: a list's answer is every segment of it. Traces by hand, after vectors of
# the kernel's iommu_dma_map_sg().
. "$srcdir/tests/verdicts.sh"

# trace BOUNDARY LONGEST: a trace of the lines on standard input
trace() {
	echo '#dmat-text 1'
	printf '#environment {"schema": "dmactl.environment/1", "kernel": "6.12", "cpus": 2, '
	printf '"iommu": {"mode": "strict"}, "devices": [{"name": "nic0", '
	printf '"segment_boundary_mask": "%s", "max_segment_size": %s}]}\n' "$1" "$2"
	cat
}

# list ENTRIES NENTS SEGMENTS ENTS
list() { echo "1.0 [0] map_sg nic0 TO_DEVICE nents=$2 ents=$4 entries={$1} segments={$3}"; }

# spoil N SEGMENTS: the N-th number of them is another one
spoil() {
	echo "$2" | tr ',:' '\n\n' | awk -v which="$1" '
		{ printf "%s%s%s", NR == 1 ? "" : NR % 2 ? "," : ":", $0, NR == which ? "0" : "" }'
}

# case_of BOUNDARY LONGEST ENTRIES NENTS SEGMENTS ENTS: predicted; and with any other
# number in SEGMENTS, or another number of them, it is not
case_of() {
	list "$3" "$4" "$5" "$6" | trace "$1" "$2" >"$scratch/trace"
	verdicts 'predicted 1'
	list "$3" "$4" "$5" "$(($6 + 1))" | trace "$1" "$2" >"$scratch/trace"
	verdicts 'predicted 0 1 unexplained'
	for which in $(seq 2 $(($6 * 2))); do
		list "$3" "$4" "$(spoil "$which" "$5")" "$6" | trace "$1" "$2" >"$scratch/trace"
		verdicts 'predicted 0 1 unexplained'
	done
}

# pages that lie anywhere are neighbours; one that begins in its page is not
case_of 0xffffffff 65536 0x10000:4096,0x30000:4096,0x50200:1536 3 \
	0xffffc000:8192,0xffffe200:1536 2
# a boundary: what would cross it begins behind it
case_of 0xffff 65536 0x100000:61440,0x200000:8192,0x300000:4096 3 \
	0xfffe0000:61440,0xffff0000:12288 2
# a boundary of one page: nothing merges
case_of 0xfff 65536 0x10000:4096,0x30000:4096 2 0xffffe000:4096,0xfffff000:4096 2
# no segment is longer than the device takes
case_of 0xffffffff 65536 0x100000:32768,0x200000:32768,0x300000:32768,0x400000:32768 4 \
	0xfffe0000:65536,0xffff0000:65536 2
case_of 0xffffffff 131072 0x100000:32768,0x200000:32768,0x300000:32768,0x400000:32768 4 \
	0xfffe0000:131072 1

# where the recorder could not see the lengths, what the IOMMU was told does: two runs,
# the first of two entries
runs() {
	echo '1.0 [0] iommu_map phys=0x10000 dma=0xffffc000 size=8192'
	echo '1.0 [0] iommu_map phys=0x50000 dma=0xffffe000 size=4096'
}
{
	runs
	list 0x10000,0x11000,0x50200 3 0xffffc000:8192,0xffffe200:1536 2
} | trace 0xffffffff 65536 >"$scratch/trace"
verdicts 'predicted 1'
for wrong in 0xffffc000:4096,0xffffe200:1536 0xffffc000:8192,0xffffe000:1536 \
	0xffffc000:12288,0xffffe200:1536 0xffffc000:8193,0xffffe200:1536; do
	{
		runs
		list 0x10000,0x11000,0x50200 3 "$wrong" 2
	} | trace 0xffffffff 65536 >"$scratch/trace"
	verdicts 'predicted 0 1 unexplained'
done
{
	runs
	list 0x10000,0x11000,0x50200 3 0xffffc000:4096,0xffffd000:4096,0xffffe200:1536 3
} | trace 0xffffffff 65536 >"$scratch/trace"
verdicts 'predicted 0 1 unexplained'
printed ': unexplained; segment 0: bytes 0x1000, not 0x2000'
# without these the answer is the only one who knows
list 0x10000,0x11000,0x50200 3 0xffffc000:8192,0xffffe200:1536 2 |
	trace 0xffffffff 65536 >"$scratch/trace"
verdicts 'predicted 0 1 used'
printed 'its answer tells how long its entries are'
# a list that was cut: what is left of it is compared
cut() {
	runs
	echo '1.0 [0] iommu_map phys=0x90000 dma=0xfffff000 size=4096'
	list 0x10000,0x11000,0x50000 4 "$1" "$2" | sed 's/$/ flags=cut/'
}
cut 0xffffc000:16384 1 | trace 0xffffffff 65536 >"$scratch/trace"
verdicts 'predicted 1'
cut 0xffffc000:8192,0xffffe000:8192 2 | trace 0xffffffff 65536 >"$scratch/trace"
verdicts 'predicted 0 1 unexplained'

# without an IOMMU each entry is a segment, at its buffer or where it was copied to
bounced() {	# SEGMENTS ENTS
	echo '#dmat-text 1'
	echo '#environment {"schema": "dmactl.environment/1", "kernel": "6.12", "cpus": 1,' \
		'"iommu": {"mode": "off"},' \
		'"swiotlb": {"start": "0x4000000", "slots": 512, "areas": 1}}'
	echo '1.0 [0] swiotlb_bounced nic0 phys=0x200000000 size=2048'
	list 0x10000,0x200000000 2 "$1" "$2"
}
bounced 0x10000:2048,0x4000000:2048 2 >"$scratch/trace"
verdicts 'predicted 1'
for wrong in "0x11000:2048,0x4000000:2048 2" \
	"0x10000:2048,0x4000000:2048 1"; do
	set -- $wrong
	bounced "$1" "$2" >"$scratch/trace"
	verdicts 'predicted 0 1 unexplained'
done

# no allocator decides a direct map, but it is the model's answer nevertheless
direct() {
	echo '#dmat-text 1'
	echo '#environment {"schema": "dmactl.environment/1", "kernel": "6.12", "iommu": {"mode": "off"}}'
	list 0x10000:4096 1 0x10000:4096 1
	list 0x10000:4096,0x11000:4096 2 "$1" "$2"
}
direct 0x10000:4096,0x11000:4096 2 >"$scratch/trace"
expect 0 "$dmactl" replay --verify "$scratch/trace"
for wrong in "0x10000:8192 1" "0x10000:4096,0x12000:4096 2" "0x10000:4096,0x11000:4095 2"; do
	set -- $wrong
	direct "$1" "$2" >"$scratch/trace"
	expect 1 "$dmactl" replay --verify "$scratch/trace"
	printed '^mapped directly: 2, 1 of them not at the buffer'
done

# a list's end that was cut off: where its copies lie only the model knows, and what
# follows in that area may be elsewhere
{
	echo '#dmat-text 1'
	echo '#environment {"schema": "dmactl.environment/1", "kernel": "6.12", "cpus": 1,' \
		'"iommu": {"mode": "off"},' \
		'"swiotlb": {"start": "0x4000000", "slots": 512, "areas": 1, "force": true}}'
	for phys in 0x10000 0x20000 0x30000; do
		echo "1.0 [0] swiotlb_bounced nic0 phys=$phys size=2048 flags=force"
	done
	list 0x10000,0x20000 3 0x4000000:2048,0x4000800:2048 3 | sed 's/$/ flags=cut/'
	echo '2.0 [0] swiotlb_bounced nic0 phys=0x40000 size=2048 flags=force'
	echo '2.0 [0] map_page nic0 TO_DEVICE phys=0x40000 dma=0x4002000 size=2048'
} >"$scratch/trace"
verdicts 'predicted 1 1 cut'
printed 'cut, witness #3'

exit $status
