# SPDX-License-Identifier: GPL-2.0-or-later
# dmactl replay: blocks of pools, and whose turn it was. Traces by hand.
. "$srcdir/tests/verdicts.sh"

kernel=6.12

# trace: a trace of the lines on standard input
trace() {
	echo '#dmat-text 1'
	echo "#environment {\"schema\": \"dmactl.environment/1\", \"kernel\": \"$kernel\", \"cpus\": 2, \"iommu\": {\"mode\": \"off\"}}"
	cat
}

# a pool: its page was allocated on the way, blocks come back in reverse
pool() {
	echo '1.0 [0] pool_create nic0 name=p handle=1 size=1024 align=1024'
	echo '1.0 [0] alloc nic0 BIDIRECTIONAL dma=0x100000 size=4096 virt=0x100000'
	echo '1.0 [0] pool_alloc nic0 handle=1 dma=0x100000 virt=0x100000'
	echo '1.0 [0] pool_alloc nic0 handle=1 dma=0x100400 virt=0x100400'
	echo '1.1 [0] pool_free nic0 handle=1 dma=0x100000 virt=0x100000'
	echo '1.1 [0] pool_free nic0 handle=1 dma=0x100400 virt=0x100400'
}
{
	pool
	echo '1.2 [0] pool_alloc nic0 handle=1 dma=0x100400 virt=0x100400'
	echo '1.2 [0] pool_alloc nic0 handle=1 dma=0x100000 virt=0x100000'
	echo '1.2 [0] pool_alloc nic0 handle=1 dma=0x100800 virt=0x100800'
} | trace >"$scratch/trace"
verdicts 'predicted 5'
# where the page's allocation was not recorded, the first block tells it
{
	pool | grep -v ' alloc '
	echo '1.2 [0] pool_alloc nic0 handle=1 dma=0x100400 virt=0x100400'
} | trace >"$scratch/trace"
verdicts 'predicted 2 1 used'
{
	pool
	echo '1.2 [0] pool_alloc nic0 handle=1 dma=0x100000 virt=0x100000'
	echo '1.3 [0] pool_alloc nic0 handle=1 dma=0x100400 virt=0x100400'
} | trace >"$scratch/trace"
verdicts 'predicted 3 1 unexplained'
# the order of two CPUs: a free shown behind, an allocation shown behind
{
	pool
	echo '2.000000 [0] pool_alloc nic0 handle=1 dma=0x100400 virt=0x100400'
	echo '3.000000 [1] pool_alloc nic0 handle=1 dma=0x100400 virt=0x100400'
	echo '3.000001 [0] pool_free nic0 handle=1 dma=0x100400 virt=0x100400'
	echo '4.000000 [1] pool_alloc nic0 handle=1 dma=0x100000 virt=0x100000'
} | trace >"$scratch/trace"
verdicts 'predicted 4 1 order'
{
	pool
	echo '2.000000 [0] pool_alloc nic0 handle=1 dma=0x100000 virt=0x100000'
	echo '2.000001 [1] pool_alloc nic0 handle=1 dma=0x100400 virt=0x100400'
} | trace >"$scratch/trace"
verdicts 'predicted 3 1 order'
# an answer has the time at which it was there, and its place when room for it was: it goes
# before what others show in between, but not before what its own CPU did until then
late() {	# TIME at which the block came back, CPU of what is shown behind that
	pool | sed '$d'
	echo "$1 [1] b/8 pool_free nic0 handle=1 dma=0x100400 virt=0x100400"
	echo "2.000006 [$2] b/8 unmap_page nic0 TO_DEVICE dma=0x5000 size=16"
	echo '2.000003 [0] a/7 pool_alloc nic0 handle=1 dma=0x100000 virt=0x100000'
	echo '3.000000 [0] a/7 pool_alloc nic0 handle=1 dma=0x100400 virt=0x100400'
}
for kernel in 6.1 6.12 7.2; do
	late 2.000005 1 | trace >"$scratch/trace"
	verdicts 'predicted 4'
	late 2.000005 0 | trace >"$scratch/trace"
	verdicts 'predicted 4'
	late 2.000001 1 | trace >"$scratch/trace"
	verdicts 'predicted 3 1 order'
done
kernel=6.12
{
	pool
	echo '2.000004 [0] a/7 pool_alloc nic0 handle=1 dma=0x100000 virt=0x100000'
	echo '2.000002 [1] b/8 pool_alloc nic0 handle=1 dma=0x100400 virt=0x100400'
} | trace >"$scratch/trace"
verdicts 'predicted 4'
# what is late itself does not put the others' answers before their own past
{
	pool
	echo '2.000009 [1] b/8 unmap_page nic0 TO_DEVICE dma=0x5000 size=16'
	echo '2.000001 [0] a/7 pool_alloc nic0 handle=1 dma=0x100400 virt=0x100400'
	echo '2.000002 [0] a/7 pool_free nic0 handle=1 dma=0x100400 virt=0x100400'
	echo '2.000003 [0] a/7 pool_alloc nic0 handle=1 dma=0x100400 virt=0x100400'
	echo '2.000004 [0] a/7 pool_alloc nic0 handle=1 dma=0x100000 virt=0x100000'
} | trace >"$scratch/trace"
verdicts 'predicted 5'
# two CPUs that freed at the same time: the blocks come again in the other order
freed() {	# CPU of the second
	pool | sed '$d'
	echo "1.100001 [$1] pool_free nic0 handle=1 dma=0x100400 virt=0x100400"
	echo '1.2 [0] pool_alloc nic0 handle=1 dma=0x100000 virt=0x100000'
	echo '1.3 [0] pool_alloc nic0 handle=1 dma=0x100400 virt=0x100400'
}
for kernel in 6.1 6.12; do
	freed 1 | trace >"$scratch/trace"
	verdicts 'predicted 3 1 order'
	printed 'expected 0x100400, got 0x100000: order, witness #4'
	freed 0 | trace >"$scratch/trace"
	verdicts 'predicted 3 1 unexplained'
done
# a free is told before it is done: while its CPU shows nothing else it may have been
# interrupted there
stalled() {	# TIME of the other's answer
	pool
	echo '2.000000 [0] a/7 pool_alloc nic0 handle=1 dma=0x100400 virt=0x100400'
	echo '2.100000 [1] b/8 pool_free nic0 handle=1 dma=0x100400 virt=0x100400'
	echo '2.100100 [1] b/8 map_page nic0 TO_DEVICE phys=0x5000 dma=0x5000 size=16'
	echo "$1 [0] a/7 pool_alloc nic0 handle=1 dma=0x100000 virt=0x100000"
}
stalled 2.100400 | sed '/map_page/d' | trace >"$scratch/trace"
verdicts 'predicted 3 1 order'
stalled 2.100400 | trace >"$scratch/trace"
verdicts 'predicted 3 1 unexplained'
stalled 2.140000 | sed '/map_page/d' | trace >"$scratch/trace"
verdicts 'predicted 3 1 unexplained'
# what it showed may be lost, since
stalled 2.100400 | sed 's/\[1\] b.8 map_page.*/[0] lost count=1/' | trace >"$scratch/trace"
verdicts 'predicted 3 1 lost'
stalled 2.100400 | sed '/map_page/d; 1a 1.0 [1] lost count=1' | trace >"$scratch/trace"
verdicts 'predicted 3 1 order'

# a call that an interrupt came into, which gave a block back: it had another by then
interrupted() {	# TASK of the interrupt, what was between
	pool
	echo '2.000000 [0] a/7 pool_alloc nic0 handle=1 dma=0x100400 virt=0x100400'
	echo "3.000000 [0] $1 unmap_page nic0 TO_DEVICE dma=0x5000 size=16"
	echo "3.000200 [0] $1 pool_free nic0 handle=1 dma=0x100400 virt=0x100400"
	test -z "$2" || echo "3.000300 [0] $2"
	echo '3.000400 [0] a/7 pool_alloc nic0 handle=1 dma=0x100000 virt=0x100000'
	echo '4.000000 [0] a/7 pool_alloc nic0 handle=1 dma=0x100400 virt=0x100400'
}
interrupted a/7 | trace >"$scratch/trace"
verdicts 'predicted 4 1 order'
printed 'expected 0x100400, got 0x100000: order, witness #8'
# what another task did may have been in the midst of the call, which it preempted; not what
# was before the CPU was idle, or long ago, nor what the task did before something else
interrupted b/8 | trace >"$scratch/trace"
verdicts 'predicted 4 1 order'
printed 'expected 0x100400, got 0x100000: order, witness #8'
interrupted b/8 'swapper/0/0 unmap_page nic0 TO_DEVICE dma=0x6000 size=16' |
	trace >"$scratch/trace"
verdicts 'predicted 4 1 unexplained'
interrupted b/8 | sed '/a.7/s/3.000400/3.040000/' | trace >"$scratch/trace"
verdicts 'predicted 4 1 unexplained'
interrupted b/8 | sed '/3.000400/{h; s/\[0\].*/[1] a\/7 unmap_page nic0 TO_DEVICE dma=0x6000 size=16/; p; g;}' |
	trace >"$scratch/trace"
verdicts 'predicted 4 1 unexplained'
interrupted a/7 'a/7 map_page nic0 TO_DEVICE phys=0x4000000 dma=0x4000000 size=16' |
	trace >"$scratch/trace"
verdicts 'predicted 4 1 unexplained'
# a pool without a free block gets a page, whatever came back meanwhile: here by an
# interrupt, there by the other CPU; and the page is the pool's from then on
grown() {	# CPU TASK of what came back
	echo '1.0 [0] pool_create nic0 name=p handle=1 size=1408 align=128'
	echo '1.0 [0] alloc nic0 BIDIRECTIONAL dma=0x200000 size=4096 virt=0x200000'
	echo '1.0 [0] pool_alloc nic0 handle=1 dma=0x200000 virt=0x200000'
	echo '1.0 [0] pool_alloc nic0 handle=1 dma=0x200580 virt=0x200580'
	echo '2.000000 [0] a/7 alloc nic0 BIDIRECTIONAL dma=0x100000 size=4096 virt=0x100000'
	echo "2.000100 [$1] $2 pool_free nic0 handle=1 dma=0x200580 virt=0x200580"
	echo '2.000200 [0] a/7 pool_alloc nic0 handle=1 dma=0x100000 virt=0x100000'
	echo '3.0 [0] a/7 pool_alloc nic0 handle=1 dma=0x100580 virt=0x100580'
	echo '3.0 [0] a/7 pool_alloc nic0 handle=1 dma=0x200580 virt=0x200580'
}
for kernel in 6.1 6.12 7.2; do
	grown 0 a/7 | trace >"$scratch/trace"
	verdicts 'predicted 5'
	grown 1 b/8 | trace >"$scratch/trace"
	verdicts 'predicted 5'
	# an interrupt may end a lot
	grown 0 a/7 | awk '/pool_free/ { end = $0; sub(/pool_free.*/, "unmap_page nic0 TO_DEVICE dma=0x5000 size=16", end)
		for (i = 0; i < 200; i++) print end } { print }' | trace >"$scratch/trace"
	verdicts 'predicted 5'
	# two CPUs at once
	{
		grown 1 b/8 | sed 's/pool_free.*/alloc nic0 BIDIRECTIONAL dma=0x300000 size=4096 virt=0x300000/; /3\.0/d'
		echo '2.000201 [1] b/8 pool_alloc nic0 handle=1 dma=0x300000 virt=0x300000'
		echo '3.0 [0] a/7 pool_alloc nic0 handle=1 dma=0x300580 virt=0x300580'
		echo '3.1 [0] a/7 pool_alloc nic0 handle=1 dma=0x100580 virt=0x100580'
	} | trace >"$scratch/trace"
	verdicts 'predicted 6'
	# and that which is shown last got its page first: one difference, not two
	{
		sed '/^3/d' "$scratch/trace"
		echo '3.0 [0] a/7 pool_alloc nic0 handle=1 dma=0x100580 virt=0x100580'
		echo '3.1 [0] a/7 pool_free nic0 handle=1 dma=0x100580 virt=0x100580'
		echo '3.2 [0] a/7 pool_alloc nic0 handle=1 dma=0x100580 virt=0x100580'
		echo '3.3 [0] a/7 pool_alloc nic0 handle=1 dma=0x300580 virt=0x300580'
	} >"$scratch/swapped"
	mv "$scratch/swapped" "$scratch/trace"
	verdicts 'predicted 6 1 order'
done
kernel=6.12
# an allocation of the driver's own is no page: what told that is not predicted
{
	grown 0 a/7 | sed '/2.000200/,$d'
	echo '2.000200 [0] a/7 pool_alloc nic0 handle=1 dma=0x200580 virt=0x200580'
} | trace >"$scratch/trace"
verdicts 'predicted 2 1 used'
# what was lost may be a block's return, until it has come back
{
	pool
	echo '1.5 [0] lost count=1'
	echo '2.0 [0] pool_alloc nic0 handle=1 dma=0x100000 virt=0x100000'
	echo '2.1 [0] pool_free nic0 handle=1 dma=0x100000 virt=0x100000'
} | trace >"$scratch/trace"
verdicts 'predicted 2 1 lost'
{
	cat "$scratch/trace"
	echo '3.0 [0] pool_alloc nic0 handle=1 dma=0x100000 virt=0x100000'
	echo '3.1 [0] pool_alloc nic0 handle=1 dma=0x100400 virt=0x100400'
	echo '3.2 [0] pool_free nic0 handle=1 dma=0x100000 virt=0x100000'
	echo '3.3 [0] pool_free nic0 handle=1 dma=0x100400 virt=0x100400'
	echo '3.4 [0] pool_alloc nic0 handle=1 dma=0x100000 virt=0x100000'
} >"$scratch/more"
mv "$scratch/more" "$scratch/trace"
verdicts 'predicted 4 1 lost 1 unexplained'
# two losses, each told behind what it explains
{
	pool
	echo '2.0 [0] pool_alloc nic0 handle=1 dma=0x100000 virt=0x100000'
	echo '2.1 [0] pool_free nic0 handle=1 dma=0x100000 virt=0x100000'
	echo '1.5 [0] lost count=1 until_ns=1600000000'
	echo '3.0 [0] pool_alloc nic0 handle=1 dma=0x100000 virt=0x100000'
	echo '4.0 [0] pool_alloc nic0 handle=1 dma=0x100000 virt=0x100000'
	echo '4.5 [0] pool_free nic0 handle=1 dma=0x100000 virt=0x100000'
	echo '3.5 [0] lost count=1 until_ns=5000000000'
} | trace >"$scratch/trace"
verdicts 'predicted 3 2 lost'
printed '#6 .* lost, witness #8;'
printed '#10 .* lost, witness #12;'
# a pool from before the recording: what came back is known
{
	echo '1.0 [0] pool_alloc nic0 handle=7 dma=0x100000 virt=0x100000'
	echo '1.0 [0] pool_free nic0 handle=7 dma=0x100400 virt=0x100400'
	echo '1.0 [0] pool_alloc nic0 handle=7 dma=0x100400 virt=0x100400'
} | trace >"$scratch/trace"
verdicts 'predicted 1 1 origin'

exit $status
