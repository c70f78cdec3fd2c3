# SPDX-License-Identifier: GPL-2.0-or-later
# dmactl replay on another machine: its answers, its trace, and that both are always the same.
. "$srcdir/tests/command.sh"

# requests: "REQUESTS FAILED SAME" of the last run
requests() {
	sed -n 's/^requests: \([0-9]*\), failed \([0-9]*\), .* \([0-9]*\)$/\1 \2 \3/p' "$scratch/out"
}

if command -v zstd >/dev/null; then
	small=$traces/6.12-swiotlbsmall-nvme-ahci.ftrace.zst

	# the machine of the recording: its failure, and the guest's io_tlb_used_hiwater of 982
	expect 0 "$dmactl" replay --swiotlb=1024,force "$small"
	quiet
	test "$(requests)" = "487 1 469" || fail "$(requests)"
	printed 'swiotlb of 1024 slots in 2 areas, forced: 982 used at most'
	# the next larger one has none, a smaller one more
	expect 0 "$dmactl" replay --swiotlb=1025 "$small"
	test "$(requests | cut -d' ' -f1,2)" = "487 0" || fail "$(requests)"
	printed 'swiotlb of 2048 slots in 2 areas'
	expect 0 "$dmactl" replay --swiotlb=512 "$small"
	test "$(requests | cut -d' ' -f1,2)" = "487 11" || fail "$(requests)"

	# what a machine does is predicted from its trace, whatever the kernel and the size
	for kernel in 6.1 6.12 7.2; do
		for size in 32768 256,1; do
			for name in 6.12-strict-nvme 7.2-swiotlb-nvme 6.12-direct5g-e100; do
				expect 0 "$dmactl" replay --kernel=$kernel --backend=swiotlb \
					--swiotlb=$size -f -o "$scratch/own.dmat" \
					"$traces/$name.ftrace.zst"
				expect 0 "$dmactl" replay --verify "$scratch/own.dmat"
				printed '^fidelity: 100.00 % predicted'
			done
		done
	done

	# behind an IOMMU too, whether or not the trace has what the IOMMU's code told
	for kernel in 6.1 6.12 7.2; do
		expect 0 "$dmactl" replay --kernel=$kernel --iommu=strict -f \
			-o "$scratch/own.dmat" "$traces/6.12-strict-nvme.ftrace.zst"
		expect 0 "$dmactl" convert -f --filter="kind !~ *_iova && kind !~ iommu_*" \
			"$scratch/own.dmat" "$scratch/calls.dmat"
		for name in own calls; do
			expect 0 "$dmactl" replay --verify "$scratch/$name.dmat"
			printed '^fidelity: 100.00 % predicted, 935 of 935$'
		done
	done

	# and behind an IOMMU, whose flushes such a trace tells
	for iommu in strict lazy; do
		for name in 6.12-strict-nvme 7.2-swiotlb-nvme 6.12-lazy-virtio-net; do
			expect 0 "$dmactl" replay --kernel=7.2 --iommu=$iommu -f \
				-o "$scratch/own.dmat" "$traces/$name.ftrace.zst"
			expect 0 "$dmactl" replay --verify "$scratch/own.dmat"
			printed '^fidelity: 100.00 % predicted'
		done
	done

	# the same every time
	for name in one two; do
		expect 0 "$dmactl" replay --iommu=lazy -o "$scratch/$name.dmat" "$small"
	done
	same "$scratch/one.dmat" "$scratch/two.dmat"
	expect 5 "$dmactl" replay --iommu=lazy -o "$scratch/two.dmat" "$small"
	said 'exists already'

	# behind an IOMMU nothing bounces
	expect 0 "$dmactl" replay --iommu=strict "$small"
	test "$(requests)" = "487 0 0" || fail "$(requests)"
	printed 'iommu strict, swiotlb of 1024 slots in 2 areas, forced: 0 used at most'

	# twice, a part, and as another device
	expect 0 "$dmactl" replay --repeat=2 --backend=direct "$small"
	test "$(requests | cut -d' ' -f1,2)" = "974 0" || fail "$(requests)"
	expect 2 "$dmactl" replay --repeat=2 - <"$small"
	expect 0 "$dmactl" replay --range='#0..#4' --backend=direct "$small"
	test "$(requests | cut -d' ' -f1,2)" = "3 0" || fail "$(requests)"
	expect 0 "$dmactl" replay --device-map=0000:00:02.0=nic9 --backend=direct -f \
		-o "$scratch/own.txt" "$small"
	grep -q ' nic9 ' "$scratch/own.txt" || fail "no request of nic9"
	! grep -q ' map_page 0000:00:02.0' "$scratch/own.txt" || fail "0000:00:02.0 is still there"
	expect 0 "$dmactl" replay --json --backend=direct "$small"
	json "$scratch/out"
fi

# another kernel's rules stand for those of one that is not modelled; what the trace leaves
# behind is no driver's fault
environment='#environment {"schema": "dmactl.environment/1", "kernel": "6.6.30", "cpus": 1}'
{
	echo '#dmat-text 1'
	echo "$environment"
	echo '1.0 [0] pool_create nic0 name=rings handle=5 size=64 align=64'
	echo '1.1 [0] pool_alloc nic0 handle=5 dma=0x10000 size=64'
} >"$scratch/held"
expect 0 "$dmactl" replay --kernel=9.9 "$scratch/held"
quiet
printed 'machine: kernel 9.9 by the rules of 7.2, '
expect 0 "$dmactl" replay --kernel=6.1.170 "$scratch/held"
quiet
printed 'machine: kernel 6.1.170, '
expect 0 "$dmactl" replay "$scratch/held"
printed 'assumed: kernel = 6.12 (the nearest modelled)'

# what no machine can be is said
printf '{"schema": "dmactl.environment/1", "cpus": 1, "memory":
	[{"start": "0x0", "length": 100, "name": "System RAM"}]}' >"$scratch/no-page.json"
expect 2 "$dmactl" replay --machine="$scratch/no-page.json" --iommu=strict "$scratch/held"
said 'its memory has no whole page'

for wrong in --kernel=six --iommu=maybe --swiotlb=many --backend=magic --repeat=0 \
	--device-map=one --range=1 --range=a..b; do
	expect 2 "$dmactl" replay "$wrong" "$data/7.2-swiotlb.ftrace"
done


# ranges that a driver fills itself: 64 KiB in two pieces, ended at once; then one that is
# given back unfilled. Where there is no IOMMU, or an older kernel, the pieces are mapped
ranges() {
	echo '#dmat-text 1'
	echo '#environment {"schema": "dmactl.environment/1", "kernel": "7.2", "cpus": 1, "iommu": {"mode": "strict"}}'
	echo '1.0 [0] set_mask 0000:00:01.0 mask=0xffffffff'
	echo '1.1 [0] iova_try_alloc 0000:00:01.0 dma=0xffff0000 phys=0x10000 size=65536'
	echo '1.1 [0] iova_link 0000:00:01.0 TO_DEVICE dma=0xffff0000 phys=0x10000 offset=0 size=16384'
	echo '1.1 [0] iova_link 0000:00:01.0 TO_DEVICE dma=0xffff0000 phys=0x80000 offset=16384 size=49152'
	echo '1.1 [0] iova_sync 0000:00:01.0 dma=0xffff0000 offset=0 size=65536'
	echo '1.2 [0] iova_destroy 0000:00:01.0 TO_DEVICE dma=0xffff0000 size=65536'
	echo '1.3 [0] iova_try_alloc 0000:00:01.0 dma=0xffff0000 phys=0x10000 size=65536'
	echo '1.4 [0] iova_free 0000:00:01.0 dma=0xffff0000 size=65536'
}
ranges >"$scratch/ranges"
expect 0 "$dmactl" replay --verify "$scratch/ranges"
printed 'iova: 100.00 % predicted, 2 of 2'
expect 0 "$dmactl" replay --kernel 7.2 "$scratch/ranges"
printed '^requests: 2, failed 0, at the recorded address or failed there too 2$'
expect 0 "$dmactl" replay --kernel 7.2 --output "$scratch/again.txt" "$scratch/ranges"
for each in iova_try_alloc:2 iova_link:2 iova_sync:1 iova_destroy:1 iova_free:1 alloc_iova:2; do
	test "$(grep -c "] ${each%:*} " "$scratch/again.txt")" = "${each#*:}" || fail "not $each"
done
expect 0 "$dmactl" replay --iommu=off "$scratch/ranges"
printed '^requests: 2, failed 0,'
expect 0 "$dmactl" replay --kernel 6.12 "$scratch/ranges"
printed '^requests: 2, failed 0,'
expect 0 "$dmactl" replay --iommu=off --swiotlb=1024,1,force "$scratch/ranges"
printed 'forced: 32 used at most'
expect 0 "$dmactl" whatif --raw --noheadings --columns value,failed --sweep mask=16:17:1 iova \
	"$scratch/ranges"
printed 'mask=0x1ffff 0$'
printed 'mask=0xffff [1-9]'
# linked twice at one place, beyond the end, or of a range that nobody took: not repeated
sed '/offset=16384/s/offset=16384/offset=0/; /iova_sync/s/sync/link/' "$scratch/ranges" >"$scratch/odd"
expect 0 "$dmactl" replay --kernel 7.2 "$scratch/odd"
printed '^skipped: '
# where only the IOMMU tells of it, it is left out, and that is said
sed '/iova_[tlsf]/d; s/iova_destroy.*/iommu_map dma=0xffff0000 phys=0x10000 size=65536/' \
	"$scratch/ranges" >"$scratch/untold"
expect 0 "$dmactl" replay --kernel 7.2 "$scratch/untold"
printed '^left out: 1 ranges of dma_iova_'
expect 0 "$dmactl" whatif iova "$scratch/untold"
printed '^1 ranges of dma_iova_.* are left out'

exit $status
