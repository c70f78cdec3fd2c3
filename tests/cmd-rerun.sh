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

for wrong in --kernel=six --iommu=maybe --swiotlb=many --backend=magic --repeat=0 \
	--device-map=one --range=1 --range=a..b; do
	expect 2 "$dmactl" replay "$wrong" "$data/7.2-swiotlb.ftrace"
done

exit $status
