# SPDX-License-Identifier: GPL-2.0-or-later
# dmactl replay: IOVAs of which iommu:map alone tells, or that no other has. Traces by hand.
. "$srcdir/tests/verdicts.sh"

# a range that no mapping's event tells of is not of the device that came last, but of one
# that maps no lists by itself
silent() {	# DRIVER of 02.0
	echo '#dmat-text 1'
	printf '#environment {"schema": "dmactl.environment/1", "kernel": "7.2", "cpus": 1,'
	printf '"iommu": {"mode": "strict"}, "devices": ['
	printf '{"name": "0000:00:02.0", "driver": "%s", "dma_mask": "0xffffffff"},' "$1"
	printf '{"name": "0000:00:03.0", "driver": "ahci", "dma_mask": "0xffffffff"}]}\n'
	echo '1.00 [0] a/1 iommu_map phys=0x1000 dma=0xfffff000 size=4096'
	echo '1.00 [0] a/1 map_phys 0000:00:02.0 TO_DEVICE phys=0x1000 dma=0xfffff000 size=4096'
	for dma in 0xfffff000 0xffffe000 0xffffd000; do
		echo "1.10 [0] b/2 iommu_map phys=0x2000 dma=$dma size=4096"
		echo "1.10 [0] b/2 map_sg 0000:00:03.0 TO_DEVICE nents=1 ents=1 entries={0x2000} segments={$dma:4096}"
	done
	echo '1.20 [0] a/1 iommu_map phys=0x5000 dma=0xffffc000 size=4096'
	echo '1.20 [0] a/1 iommu_map phys=0x8000 dma=0xffffd000 size=4096'
	# the other device has a page there, which ends
	echo '1.30 [0] b/2 iommu_map phys=0x2000 dma=0xffffc000 size=4096'
	echo '1.30 [0] b/2 map_phys 0000:00:03.0 TO_DEVICE phys=0x2000 dma=0xffffc000 size=4096'
	echo '1.31 [0] b/2 iommu_unmap dma=0xffffc000 size=4096 unmapped=4096'
	echo '1.31 [0] b/2 unmap_phys 0000:00:03.0 TO_DEVICE dma=0xffffc000 size=4096'
	echo '1.40 [0] a/1 iommu_unmap dma=0xffffc000 size=8192 unmapped=8192'
	echo '1.50 [0] b/2 iommu_map phys=0x2000 dma=0xffffc000 size=4096'
	echo '1.50 [0] b/2 map_phys 0000:00:03.0 TO_DEVICE phys=0x2000 dma=0xffffc000 size=4096'
	echo '1.60 [0] a/1 iommu_map phys=0x5000 dma=0xffffc000 size=4096'
	echo '1.60 [0] a/1 iommu_map phys=0x8000 dma=0xffffd000 size=4096'
}
silent nvme >"$scratch/trace"
verdicts 'predicted 8'
# of two that might be meant it is the one that the task mapped for; or that gives this
# answer, which then told so
page() {	# TIME TASK DEVICE DMA
	echo "$1 [0] $2 iommu_map phys=0x2000 dma=$4 size=4096"
	echo "$1 [0] $2 map_phys 0000:00:$3.0 TO_DEVICE phys=0x2000 dma=$4 size=4096"
}
two_pages() {	# TIME TASK DMA
	echo "$1 [0] $2 iommu_map phys=0x5000 dma=$3 size=4096"
	echo "$1 [0] $2 iommu_map phys=0x8000 dma=$(printf '0x%x' $(($3 + 4096))) size=4096"
}
{
	silent nvme | sed -n 's/"ahci"/"nvme"/; /^#/p'
	page 1.0 a/1 02 0xfffff000
	page 1.1 b/2 03 0xfffff000
	page 1.1 b/2 03 0xffffe000
	page 1.1 b/2 03 0xffffd000
	two_pages 1.2 c/3 0xffffa000
	two_pages 1.4 c/3 0xffffc000
	two_pages 1.6 b/2 0xffff8000
} >"$scratch/trace"
verdicts 'predicted 5 2 used'
printed '#8 .* got 0xffffa000: used; its answer tells whose it is'

# how far an IOMMU reaches is told by the first address above 4 GiB
{
	echo '#dmat-text 1'
	printf '#environment {"schema": "dmactl.environment/1", "kernel": "6.12", "cpus": 1,'
	printf '"cmdline": "iommu.forcedac=1", "iommu": {"mode": "strict"}, "devices": ['
	printf '{"name": "0000:00:02.0", "dma_mask": "0xffffffffffffffff"},'
	printf '{"name": "0000:00:03.0", "dma_mask": "0xffffffffffffffff"}]}\n'
	page 1.0 a/1 02 0xfffffffff000
	page 1.1 a/1 02 0xffffffffe000
	page 1.2 a/1 03 0xfffffffff000
} >"$scratch/trace"
verdicts 'predicted 2 1 used'
printed '^assumed: iommu.aperture_end = 0xffffffffffff (the first address above 4 GiB)$'

# what is reserved, where nobody said it, is told by what the kernel leaves out; no other
# device has it either. Less than a mebibyte may be something else.
holes() {	# MEMORY
	echo '#dmat-text 1'
	printf '#environment {"schema": "dmactl.environment/1", "kernel": "6.12", "cpus": 1, %s' "$1"
	printf '"iommu": {"mode": "strict"}, "devices": [{"name": "0000:00:02.0"},'
	printf '{"name": "0000:00:03.0"}]}\n'
	page 1.0 a/1 02 0xfffff000
	page 1.1 b/2 03 0xfffff000
	page 1.2 a/1 02 0xbffff000
	page 1.3 a/1 02 0xbfffe000
	page 1.4 b/2 03 0xbffff000
}
holes >"$scratch/trace"
verdicts 'predicted 4 1 used'
printed '^assumed: iommu.reserved = 0xc0000000-0xffffefff (no address there)$'
printed '#5 .* got 0xbffff000: used; CPU 0, 1 pages: it tells of the machine'
holes '"memory": [{"start": "0x1000", "length": 4096, "name": "System RAM"}],' >"$scratch/trace"
verdicts 'predicted 3 2 unexplained'
{
	holes | sed '/^1\.[2-4]/d'
	page 1.2 a/1 02 0xfff80000
} >"$scratch/trace"
verdicts 'predicted 2 1 unexplained'

# what a task took is shown by iommu:map, behind what came into its call meanwhile: an
# interrupt, or another task
alone() {
	echo '#dmat-text 1'
	printf '#environment {"schema": "dmactl.environment/1", "kernel": "7.2", "cpus": 1,'
	printf '"iommu": {"mode": "strict"}, "devices": [{"name": "0000:00:02.0"}]}\n'
	page 1.0 a/1 02 0xfffff000
	page 1.1 a/1 02 0xffffe000
}
preempted() {
	alone
	echo '2.000000 [0] a/1 iommu_unmap dma=0xfffff000 size=4096 unmapped=4096'
	echo '2.000090 [0] a/1 unmap_phys 0000:00:02.0 TO_DEVICE dma=0xfffff000 size=4096'
}
{
	preempted
	page 2.000400 a/1 02 0xffffd000
} >"$scratch/trace"
verdicts 'predicted 2 1 order'
printed '#7 .* expected 0xfffff000, got 0xffffd000: order, witness #4; .* before the witness'
{
	preempted
	page 2.1 b/2 02 0xffffd000
	page 2.108 a/1 02 0xfffff000
} >"$scratch/trace"
verdicts 'predicted 2 2 order'
printed '#7 .* got 0xffffd000: order, witness #8; .* behind the witness'

# whether a take was before an interrupt is told by how soon behind it its event comes,
# once that is known
interrupt() {	# TIME DMA
	for what in "iommu_unmap dma=$2 size=4096 unmapped=4096" \
		"unmap_phys 0000:00:02.0 TO_DEVICE dma=$2 size=4096"; do
		echo "$1 [0 d.h..] a/1 $what"
	done
}
{
	alone
	interrupt 2.000000 0xfffff000
	page 2.000013 a/1 02 0xffffd000
	interrupt 3.000000 0xffffe000
	page 3.000013 a/1 02 0xfffff000
	interrupt 4.000000 0xffffd000
	page 4.000040 a/1 02 0xffffd000
} >"$scratch/trace"
verdicts 'predicted 4 1 order'
printed '#7 .* got 0xffffd000: order, witness #4; .* before the witness'
{
	interrupt 5.000000 0xfffff000
	page 5.000013 a/1 02 0xfffff000
} >>"$scratch/trace"
verdicts 'predicted 4 2 order'
printed '#19 .* got 0xfffff000: order, witness #16; .* behind the witness after all'

# an interrupt in the midst of a release: what it released itself was free before
{
	alone
	echo '2.000000 [0] a/1 iommu_unmap dma=0xfffff000 size=4096 unmapped=4096'
	interrupt 2.000050 0xffffe000
	echo '2.000060 [0] a/1 unmap_phys 0000:00:02.0 TO_DEVICE dma=0xfffff000 size=4096'
	page 3.0 a/1 02 0xfffff000
	page 3.1 a/1 02 0xffffe000
} >"$scratch/trace"
verdicts 'predicted 4'

# the end of all time is no time at which a timer is due
{
	alone | sed 's/strict/lazy/'
	interrupt 2.0 0xfffff000
	page 18446744073.709551615 a/1 02 0xfffff000
	page 18446744073.709551615 a/1 02 0xffffd000
} >"$scratch/trace"
verdicts 'predicted 4'

exit $status
