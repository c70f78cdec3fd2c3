# SPDX-License-Identifier: GPL-2.0-or-later
# dmactl replay: what is not predicted has a class only with its witness. Traces by hand.
. "$srcdir/tests/verdicts.sh"

kernel=6.12
machine='{"schema": "dmactl.environment/1", "kernel": "KERNEL", "cpus": 2, "iommu": {"mode": "off"},
	"swiotlb": {"start": "0x4000000", "slots": 512, "areas": AREAS, "force": true},
	"devices": [{"name": "nic0", "min_align_mask": "MASK"}]}'
mask=0x0

# trace AREAS: a trace of the lines on standard input
trace() {
	echo '#dmat-text 1'
	echo "#environment $machine" | sed "s/AREAS/$1/; s/KERNEL/$kernel/; s/MASK/$mask/" | tr -d '\n\t'
	echo
	cat
}

# bounce TIME CPU PHYS SIZE DMA: a search, and the map that it is for, a microsecond later
bounce() {
	echo "$1 [$2] swiotlb_bounced nic0 phys=$3 size=$4 mask=0xffffffffffffffff flags=force"
	echo "$1 [$2] map_page nic0 TO_DEVICE phys=$3 dma=$5 size=$4"
}

# next-fit: what comes back is not given again at once
{
	bounce 1.0 0 0x1000 2048 0x4000000
	echo '1.1 [0] unmap_page nic0 TO_DEVICE dma=0x4000000 size=2048'
	bounce 1.2 0 0x1000 2048 0x4000800
	bounce 1.3 0 0x1000 4096 0x4001000
} | trace 1 >"$scratch/trace"
verdicts 'predicted 3'

# an area a CPU; a wrong answer is unexplained, and the next goes on behind it
{
	bounce 1.0 1 0x1000 2048 0x4080000
	bounce 1.1 0 0x1000 2048 0x4000800
	bounce 1.2 0 0x1000 2048 0x4001000
} | trace 2 >"$scratch/trace"
verdicts 'predicted 2 1 used'
{
	bounce 1.0 0 0x1000 2048 0x4000000
	bounce 1.1 0 0x1000 2048 0x4001000
	bounce 1.2 0 0x1000 2048 0x4001800
} | trace 2 >"$scratch/trace"
verdicts 'predicted 2 1 unexplained'

# two CPUs search one area: the later one came first, as its neighbour's answer says
race() {	# TIME of the second
	echo '1.000000 [0] swiotlb_bounced nic0 phys=0x1000 size=2048 flags=force'
	echo "$1 [1] swiotlb_bounced nic0 phys=0x2000 size=2048 flags=force"
	echo "$1 [0] map_page nic0 TO_DEVICE phys=0x1000 dma=0x4001000 size=2048"
	echo "$1 [1] map_page nic0 TO_DEVICE phys=0x2000 dma=0x4000800 size=2048"
}
{
	bounce 0.5 0 0x5000 2048 0x4000000
	race 1.000001
} | trace 1 >"$scratch/trace"
verdicts 'predicted 2 1 order'
printed 'map_page cpu 0: expected 0x4000800, got 0x4001000: order, witness #3'
# without the neighbour, or a second later, it is no witness
{
	bounce 0.5 0 0x5000 2048 0x4000000
	race 1.000001 | grep -v '\[1\]'
} | trace 1 >"$scratch/trace"
verdicts 'predicted 1 1 unexplained'
{
	bounce 0.5 0 0x5000 2048 0x4000000
	race 1.001000
} | trace 1 >"$scratch/trace"
verdicts 'predicted 1 2 unexplained'
# on the same CPU the recording has the order right
{
	bounce 0.5 0 0x5000 2048 0x4000000
	race 1.000001 | sed 's/\[1\]/[0]/'
} | trace 1 >"$scratch/trace"
verdicts 'predicted 1 2 unexplained'

# a task that is interrupted behind the announcement of its search searches when it goes
# on: another task found what it would have
{
	bounce 0.5 0 0x5000 2048 0x4000000
	echo '1.000000 [0] a/1 swiotlb_bounced nic0 phys=0x1000 size=2048 flags=force'
	bounce 1.001 0 0x2000 2048 0x4000800 | sed 's,\] ,&b/2 ,'
	bounce 1.002 0 0x3000 2048 0x4001000 | sed 's,\] ,&b/2 ,'
	echo '1.003000 [0] a/1 map_page nic0 TO_DEVICE phys=0x1000 dma=0x4001800 size=2048'
	bounce 1.004 0 0x4000 2048 0x4002000
} | trace 1 >"$scratch/trace"
verdicts 'predicted 4 1 order'
printed 'map_page cpu 0: expected 0x4000800, got 0x4001800: order, witness #5'
sed 's,1\.00\([1-4]\),1.05\1,' "$scratch/trace" >"$scratch/late"
mv "$scratch/late" "$scratch/trace"
verdicts 'predicted 4 1 order'	# however long
sed 's,b/2,a/1,' "$scratch/trace" >"$scratch/task"
mv "$scratch/task" "$scratch/trace"
verdicts 'predicted 3 2 unexplained'
# it went on between two of the other's searches, and was interrupted behind its own;
# events that are shown late elsewhere do not bring it back
{
	bounce 0.5 0 0x5000 2048 0x4000000
	echo '1.000000 [0] a/1 swiotlb_bounced nic0 phys=0x1000 size=2048 flags=force'
	bounce 1.001 0 0x2000 2048 0x4000800 | sed 's,\] ,&b/2 ,'
	bounce 1.002 0 0x3000 2048 0x4001800 | sed 's,\] ,&b/2 ,'
	echo '1.003000 [0] a/1 map_page nic0 TO_DEVICE phys=0x1000 dma=0x4001000 size=2048'
	echo '1.005000 [1] c/3 sync_single_for_cpu nic0 TO_DEVICE dma=0x4001000 size=2048'
	echo '1.004000 [0] c/4 sync_single_for_cpu nic0 TO_DEVICE dma=0x4001000 size=2048'
} | trace 1 >"$scratch/trace"
verdicts 'predicted 3 1 order'
printed 'map_page cpu 0: expected 0x4000800, got 0x4001000: order, witness #3'
# an announcement that got its time late: what others did up to then came before
{
	bounce 0.5 0 0x5000 2048 0x4000000
	echo '1.005000 [0] a/1 swiotlb_bounced nic0 phys=0x1000 size=2048 flags=force'
	bounce 1.001 0 0x2000 2048 0x4000800 | sed 's,\] ,&b/2 ,'
	echo '1.006000 [0] a/1 map_page nic0 TO_DEVICE phys=0x1000 dma=0x4001000 size=2048'
} | trace 1 >"$scratch/trace"
verdicts 'predicted 3'
# where the recorder tells when and where it was, nothing has to be worked out: behind
# the other's search, or before it though it is told behind; and on the CPU it moved to
timed() {	# WHEN GOT; and of the other task
	bounce 0.5 0 0x5000 2048 0x4000000
	echo '1.000000 [0] a/1 swiotlb_bounced nic0 phys=0x1000 size=2048 flags=force'
	bounce 1.002 0 0x2000 2048 "$3" | sed 's,\] ,&b/2 ,'
	echo "$1 a/1 swiotlb_map nic0 TO_DEVICE phys=0x1000 dma=$2 size=2048 flags=searched"
	echo "1.003000 [1] a/1 map_page nic0 TO_DEVICE phys=0x1000 dma=$2 size=2048"
}
timed '1.002900 [0]' 0x4001000 0x4000800 | trace 1 >"$scratch/trace"
verdicts 'predicted 3'
timed '1.000001 [0]' 0x4000800 0x4001000 | trace 1 >"$scratch/trace"
verdicts 'predicted 3'
timed '1.002900 [1]' 0x4080000 0x4000800 | trace 2 >"$scratch/trace"
verdicts 'predicted 3'
# it was preempted between that moment and the search: this takes its answer
timed '1.000001 [0]' 0x4001000 0x4000800 | trace 1 >"$scratch/trace"
verdicts 'predicted 2 1 order'
# without the moment so does the first
timed '1.002900 [0]' 0x4001000 0x4000800 | sed 's/ flags=searched//' | trace 1 >"$scratch/trace"
verdicts 'predicted 2 1 order'
# a search that failed has its moment, too
{
	bounce 0.5 0 0x5000 2048 0x4000000
	echo '1.000000 [0] swiotlb_bounced nic0 phys=0x1000 size=524288 flags=force'
	echo '1.000001 [0] swiotlb_map nic0 TO_DEVICE phys=0x1000 dma=error size=524288 flags=searched'
	echo '1.000002 [0] map_page nic0 TO_DEVICE phys=0x1000 dma=error size=524288'
} | trace 1 >"$scratch/trace"
verdicts 'predicted 2'

# a full area: it was left a moment before, though that is shown a moment behind
full() {	# all 512 slots but those of the last two maps
	for page in 0 1 2; do
		bounce 1.0 0 "0x${page}00000" 262144 "$((0x4000000 + page * 262144))"
	done
	bounce 1.0 0 0x300000 260096 0x40c0000
	bounce 1.1 0 0x400000 2048 0x40ff800
}
{
	full
	echo '2.000000 [0] swiotlb_bounced nic0 phys=0x1000 size=2048 flags=force'
	echo '2.000002 [1] unmap_page nic0 TO_DEVICE dma=0x40ff800 size=2048'
	echo '2.000003 [0] map_page nic0 TO_DEVICE phys=0x1000 dma=0x40ff800 size=2048'
	echo '3.0 [0] unmap_page nic0 TO_DEVICE dma=0x40ff800 size=2048'
	bounce 4.0 0 0x2000 2048 0x40ff800
} | trace 1 >"$scratch/trace"
verdicts 'predicted 6 1 order'
# or by an interrupt, behind the announcement of the search
{
	full
	echo '2.000000 [0] a/1 swiotlb_bounced nic0 phys=0x1000 size=2048 flags=force'
	echo '2.001000 [0] a/1 swiotlb_unmap nic0 dma=0x40ff800 size=2048'
	echo '2.001000 [0] a/1 unmap_page nic0 TO_DEVICE dma=0x40ff800 size=2048'
	echo '2.002000 [0] a/1 map_page nic0 TO_DEVICE phys=0x1000 dma=0x40ff800 size=2048'
} | trace 1 >"$scratch/trace"
verdicts 'predicted 5 1 order'
# a list's unmap is shown before it is done: the search came between
{
	full | sed '$d' | sed '$d'
	echo '1.1 [0] swiotlb_bounced nic0 phys=0x400000 size=2048 flags=force'
	echo '1.1 [0] map_sg nic0 TO_DEVICE nents=1 ents=1 entries={0x400000} segments={0x40ff800:2048}'
	echo '2.000000 [1] unmap_sg nic0 TO_DEVICE nents=1 entries={0x400000}'
	echo '2.000002 [0] swiotlb_bounced nic0 phys=0x1000 size=2048 flags=force'
	echo '2.000003 [0] map_page nic0 TO_DEVICE phys=0x1000 dma=error size=2048 error=ENOMEM'
} | trace 1 >"$scratch/trace"
verdicts 'predicted 5 1 order'
# a failure that the model foresees, and one that nothing explains
{
	full
	bounce 2.0 0 0x1000 2048 error
} | trace 1 >"$scratch/trace"
verdicts 'predicted 6'
bounce 2.0 0 0x1000 2048 error | trace 1 >"$scratch/trace"
verdicts 'predicted 0 1 unexplained'
{
	bounce 1.0 0 0x1000 2048 0x4000000
	bounce 2.0 0 0x1000 2048 error
} | trace 1 >"$scratch/trace"
verdicts 'predicted 1 1 unexplained'

# what was live before the recording is known by its end
{
	bounce 1.0 0 0x1000 2048 0x4000800
	bounce 2.0 0 0x1000 2048 0x4001000
	echo '3.0 [0] unmap_page nic0 TO_DEVICE dma=0x4000000 size=2048'
} | trace 1 >"$scratch/trace"
verdicts 'predicted 2'

# lost events: only behind the loss, and only until the slots are known again
{
	bounce 1.0 0 0x1000 2048 0x4000000
	echo '1.5 [0] lost count=3'
	bounce 2.0 0 0x1000 2048 0x4003000
	bounce 3.0 0 0x1000 2048 0x4003800
	bounce 4.0 0 0x1000 2048 0x4007000
} | trace 1 >"$scratch/trace"
verdicts 'predicted 2 2 lost'
{
	echo '0.5 [0] lost count=3'
	for page in 0 1 2 3; do
		bounce 1.0 0 "0x${page}00000" 262144 "$((0x4000000 + page * 262144))"
	done
	for page in 0 1 2 3; do
		echo "2.0 [0] unmap_page nic0 TO_DEVICE dma=$((0x4000000 + page * 262144)) size=262144"
	done
	bounce 3.0 0 0x1000 2048 0x4080000
} | trace 1 >"$scratch/trace"
verdicts 'predicted 4 1 unexplained'

# no announcements: the buffers that a device cannot reach bounce when they are mapped
{
	echo '1.0 [0] map_page nic0 TO_DEVICE phys=0x1000 dma=0x4000000 size=2048'
	echo '1.0 [0] map_page nic0 TO_DEVICE phys=0x1000 dma=0x4000800 size=2048'
} | trace 1 >"$scratch/trace"
verdicts 'predicted 2'

# nobody said that the device's copies keep their place in a page, and one tells
{
	echo '1.0 [0] map_page disk0 TO_DEVICE phys=0x1000 dma=0x4000000 size=512'
	echo '1.1 [0] map_page disk0 TO_DEVICE phys=0x3000 dma=0x4001000 size=512'
	echo '1.2 [0] map_page disk0 TO_DEVICE phys=0x5000 dma=0x4002000 size=512'
} | trace 1 >"$scratch/trace"
verdicts 'predicted 2 1 used'
printed '#1 .* expected 0x4000800, got 0x4001000: used; its answer tells .* min_align_mask'

# takes of IOVAs that were recorded as they returned: two CPUs, and an interrupt
iovas() {
	echo '#dmat-text 1'
	echo '#environment {"schema": "dmactl.environment/1", "kernel": "6.12", "cpus": 2, "iommu": {"mode": "strict"}}'
	echo '0.5 [0] set_mask 0000:00:01.0 mask=0xffffffff'
	cat
}
take() {	# TIME [CPU] TASK START PAGES
	echo "$1 [$2] $3 alloc_iova dma=$4 size=$(($5 * 4096)) limit=0xffffffff handle=1"
	echo "$1 [$2] $3 map_page 0000:00:01.0 TO_DEVICE phys=0x1000 dma=$4 size=$(($5 * 4096))"
}
leave() {	# TIME [CPU] TASK START PAGES
	echo "$1 [$2] $3 free_iova dma=$4 size=$(($5 * 4096)) handle=1"
	echo "$1 [$2] $3 unmap_page 0000:00:01.0 TO_DEVICE dma=$4 size=$(($5 * 4096))"
}
{
	take 1.000000 0 a/1 0xffffe000 1
	take 1.000005 1 b/2 0xfffff000 1
} | iovas >"$scratch/trace"
verdicts 'predicted 0 2 order'
printed '#2 .* expected 0xfffff000, got 0xffffe000: order, witness #3'
{
	take 1.0 0 a/1 0xfffff000 1
	take 1.1 0 a/1 0xffffe000 1
	leave 2.000000 0 a/1 0xfffff000 1
	leave 2.001000 0 a/1 0xffffe000 1
	take 2.002000 0 a/1 0xffffd000 1
	take 3.0 0 a/1 0xffffe000 1
} | iovas >"$scratch/trace"
verdicts 'predicted 3 1 order'
printed 'expected 0xffffe000, got 0xffffd000: order, witness #5'
# what another task left may have come into the call, but not where the CPU had nothing to
# do then: a task that is preempted waits
mv "$scratch/trace" "$scratch/interrupt"
sed '/^2\.00[01]/s,a/1,b/2,' "$scratch/interrupt" >"$scratch/trace"
verdicts 'predicted 3 1 order'
printed 'expected 0xffffe000, got 0xffffd000: order, witness #5'
sed '/^2\.00[01]/s,a/1,swapper/0/0,' "$scratch/interrupt" >"$scratch/trace"
verdicts 'predicted 3 1 unexplained'

# a task that rests in its call shows late what it took, and did nothing since: the others
# took what lay below
rested() {	# CPU of the return
	take 1.0 0 a/1 0xfffff000 1
	take 1.1 0 a/1 0xffffe000 1
	leave 2.0 0 a/1 0xffffe000 1
	leave 2.1 0 a/1 0xfffff000 1
	take 3.000 0 b/2 0xffffe000 1
	test -z "$2" || echo "3.010 [0] $2"
	take 3.050 "$1" c/3 0xfffff000 1
}
for cpu in 0 1; do
	rested "$cpu" | iovas >"$scratch/trace"
	verdicts 'predicted 2 2 order'
	printed 'expected 0xfffff000, got 0xffffe000: order, witness #11'
done
rested 0 'c/3 map_page 0000:00:01.0 TO_DEVICE phys=0x1000 dma=error size=1 error=ENOMEM' |
	iovas >"$scratch/trace"
verdicts 'predicted 3 1 unexplained'
# what an interrupt left behind the answer, as its time says, is not what was taken
{
	take 1.0 0 a/1 0xfffff000 1
	take 1.1 0 a/1 0xffffe000 1
	leave 2.000000 0 a/1 0xfffff000 1
	leave 2.001000 0 a/1 0xffffe000 1
	take 2.000900 0 a/1 0xfffff000 1
	take 3.0 0 a/1 0xffffe000 1
} | iovas >"$scratch/trace"
verdicts 'predicted 4'

# a device that nobody saw set up was at work before
take 1.000000 0 a/1 0xffffe000 1 | iovas | grep -v set_mask >"$scratch/trace"
verdicts 'predicted 0 1 origin'
printed 'origin, witness #1'
take 1.000000 0 a/1 0xffffe000 1 | iovas >"$scratch/trace"
verdicts 'predicted 0 1 unexplained'
# without takes, its limits may tell
older() {	# LIMITS
	take 1.000000 0 a/1 0xffffe000 1 | iovas | grep -v iova |
		sed "s/set_mask.*/device 0000:00:01.0 mask=0xffffffff name=a $1/"
}
older min_align_mask=0xfff >"$scratch/trace"
verdicts 'predicted 0 1 origin'
older max_segment_size=65536 >"$scratch/trace"
verdicts 'predicted 0 1 unexplained'

# what came into a search lies in the same slots, whatever its offset in the first of them
{
	bounce 0.9 0 0x1000 2048 0x4000000
	echo '1.000 [0] a/1 swiotlb_bounced nic0 phys=0x5000 size=4096'
	echo '1.001 [0] a/1 unmap_page nic0 TO_DEVICE dma=0x4000000 size=2048'
	echo '1.002 [0] b/2 swiotlb_bounced nic0 phys=0x2200 size=512'
	echo '1.003 [0] b/2 map_page nic0 TO_DEVICE phys=0x2200 dma=0x4001200 size=512'
	echo '1.004 [0] a/1 map_page nic0 TO_DEVICE phys=0x5000 dma=0x4002000 size=4096'
} | mask=0xfff trace 1 >"$scratch/trace"
verdicts 'predicted 2 1 order'

# a recorder that tells at the end since when it lost events: from then on, until they are
# seen again behind it
{
	bounce 1.0 0 0x1000 2048 0x4000000
	bounce 1.1 0 0x1000 2048 0x4000800
	bounce 1.2 0 0x1000 2048 0x4002000
	bounce 1.3 0 0x1000 2048 0x4002800
	bounce 1.5 0 0x1000 2048 0x4003000
	bounce 1.6 0 0x1000 2048 0x4004000
	echo '1.15 [0] lost count=1 until_ns=1400000000'
} | trace 1 >"$scratch/trace"
verdicts 'predicted 4 2 lost'
printed '#5 .* lost, witness #12'

# a device's region: first fit, in powers of two
region() {
	echo '1.0 [0] declare_coherent_memory nic0 phys=0x80000000 dma=0x80000000 size=32768'
	echo '1.1 [0] alloc nic0 dma=0x80000000 size=4096 virt=0x80000000'
	echo '1.1 [0] alloc nic0 dma=0x80004000 size=12288 virt=0x80004000'
	echo '1.1 [0] alloc nic0 dma=0x80001000 size=100 virt=0x80001000'
	echo '1.1 [0] alloc nic0 size=32768 error=ENOMEM'
	echo '1.2 [0] free nic0 dma=0x80000000 size=4096 virt=0x80000000'
	echo '1.3 [0] alloc nic0 dma=0x80000000 size=4096 virt=0x80000000'
}
region | trace 1 >"$scratch/trace"
verdicts 'predicted 5'
region | sed 's/0x80001000/0x80003000/g' | trace 1 >"$scratch/trace"
verdicts 'predicted 4 1 unexplained'
{
	region | head -n 2
	echo '1.1 [0] lost count=2'
	region | sed -n '4p' | sed 's/0x80001000/0x80003000/g'
} | trace 1 >"$scratch/trace"
verdicts 'predicted 1 1 lost'

exit $status
