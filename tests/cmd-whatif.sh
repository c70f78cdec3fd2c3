# SPDX-License-Identifier: GPL-2.0-or-later
# dmactl whatif: the value it names serves the trace when it is replayed, the one below not.
. "$srcdir/tests/command.sh"

# failures OPTION TRACE: of a replay
failures() {
	expect 0 "$dmactl" replay "$@"
	sed -n 's/^requests: [0-9]*, failed \([0-9]*\),.*/\1/p' "$scratch/out"
}

if command -v zstd >/dev/null; then
	for name in 6.12-swiotlbsmall-nvme-ahci 6.12-swiotlb-virtio-net 7.2-swiotlb-nvme \
		6.12-direct5g-e100; do
		trace=$traces/$name.ftrace.zst
		expect 0 "$dmactl" whatif swiotlb "$trace"
		quiet
		value=$(sed -n 's/^The smallest swiotlb= without a failure: swiotlb=\([0-9]*\),.*/\1/p' \
			"$scratch/out")
		test -n "$value" || fail "$name: no smallest swiotlb="
		test "$(failures --swiotlb="$value" "$trace")" = 0 || fail "$name: $value fails"
		# below 256 slots the kernel makes no pool of two areas
		test "$value" = 1 || test "$(failures --swiotlb=$((value - 1)) "$trace")" != 0 ||
			fail "$name: $((value - 1)) would do too"
	done

	expect 0 "$dmactl" whatif --raw --noheadings --columns value,failed,peak swiotlb \
		"$traces/6.12-swiotlbsmall-nvme-ahci.ftrace.zst"
	grep -qx 'swiotlb=1024,2,force 1 982' "$scratch/out" || fail "not the guest's own figures"
	grep -qx 'swiotlb=2048,2,force 0 982' "$scratch/out" || fail "not 2048 without failure"

	# one area more is a search elsewhere, not more room
	expect 0 "$dmactl" whatif --sweep areas=1:4 --sweep slots=1024:2048 --csv --noheadings \
		--columns slots,areas swiotlb "$traces/6.12-swiotlbsmall-nvme-ahci.ftrace.zst"
	test "$(tr '\r\n' '  ' <"$scratch/out" | tr -s ' ')" = \
		"1024,1 2048,1 1024,2 2048,2 1024,4 2048,4 " || fail "$(cat "$scratch/out")"

	# strict and lazy merge alike; without an IOMMU nothing merges
	expect 0 "$dmactl" whatif --raw --noheadings --columns value,lists,segments iommu \
		"$traces/6.12-direct-xhci.ftrace.zst"
	grep -qx 'off 573 8647' "$scratch/out" || fail "$(cat "$scratch/out")"
	test "$(grep -c ' 573 573$' "$scratch/out")" = 2 || fail "$(cat "$scratch/out")"
	expect 0 "$dmactl" whatif --raw --noheadings --columns value,segments sg \
		"$traces/6.12-direct-xhci.ftrace.zst"
	grep -qx 'max-segment=4096 6401' "$scratch/out" || fail "$(cat "$scratch/out")"
	grep -qx 'max-segment=65536 1373' "$scratch/out" || fail "$(cat "$scratch/out")"
	# 16 MiB of addresses are enough for this disk, 4 KiB are not
	expect 0 "$dmactl" whatif --raw --noheadings --columns value,failed \
		--sweep mask=13:24:11 iova "$traces/6.12-strict-nvme.ftrace.zst"
	grep -qx 'mask=0xffffff 0' "$scratch/out" || fail "$(cat "$scratch/out")"
	! grep -q 'mask=0x1fff 0$' "$scratch/out" || fail "$(cat "$scratch/out")"

	expect 0 "$dmactl" whatif --json swiotlb "$traces/6.12-swiotlbsmall-nvme-ahci.ftrace.zst"
	json "$scratch/out"
	printed '"parameter": *"swiotlb=1025,2,force"'
fi

# a size that fits no swiotlb is said, and not held against its size
cat >"$scratch/large" <<'END'
#dmat-text 1
#environment {"schema": "dmactl.environment/1", "kernel": "6.12", "cpus": 1, "iommu": {"mode": "off"}, "swiotlb": {"force": true}}
1.0 map_page nic0 TO_DEVICE phys=0x100000 dma=error size=300000 error=ENOMEM
2.0 map_page nic0 TO_DEVICE phys=0x200000 dma=0x5000 size=4096
END
expect 0 "$dmactl" whatif --width=400 swiotlb "$scratch/large"
printed 'with no failure that a size can avoid: swiotlb=1,[0-9]*\(,force\)\?, of which the kernel makes 128 slots'
printed 'more than 262144 bytes fits no swiotlb of any size; 1 of the trace do not'

# a list that failed twice, its lengths told or not, is one that 128 slots are too few for
for length in :4096 ""; do
	entries=$(seq 70 | while read -r i; do printf '0x%x%s,' $((i * 8192)) $length; done)
	cat >"$scratch/list" <<-END
	#dmat-text 1
	#environment {"schema": "dmactl.environment/1", "kernel": "6.12", "cpus": 1, "iommu": {"mode": "off"}, "swiotlb": {"force": true}}
	1.0 map_sg_err nic0 TO_DEVICE nents=70 entries={${entries%,}} error=ENOMEM
	2.0 map_sg_err nic0 TO_DEVICE nents=70 entries={${entries%,}} error=ENOMEM
	END
	expect 0 "$dmactl" whatif --raw --noheadings --columns slots,failed,peak swiotlb \
		"$scratch/list"
	grep -qx '128 2 128' "$scratch/out" || fail "$(cat "$scratch/out")"
	grep -qx '256 0 140' "$scratch/out" || fail "$(cat "$scratch/out")"
done

# a pool: 3 blocks of 1024 bytes take one page, aligned to 2048 two
cat >"$scratch/pool" <<'END'
#dmat-text 1
1.0 pool_create nic0 name=p handle=1 size=1024 align=16
1.0 pool_alloc nic0 handle=1 dma=0x1000 virt=0x1000
1.0 pool_alloc nic0 handle=1 dma=0x1400 virt=0x1400
1.0 pool_alloc nic0 handle=1 dma=0x1800 virt=0x1800
END
expect 0 "$dmactl" whatif --raw --noheadings --columns pages,blocks \
	--sweep align=16:2048:*128 pool "$scratch/pool"
test "$(tr '\n' ' ' <"$scratch/out")" = "1 3 2 3 " || fail "$(cat "$scratch/out")"

for wrong in nothing "iommu --sweep slots=1:2" "swiotlb --sweep slots=5:6:x" \
	"swiotlb --sweep slots=9:5" "swiotlb --sweep slots" "sg --sweep max-segment=1:99:1"; do
	# shellcheck disable=SC2086
	expect 2 "$dmactl" whatif $wrong "$scratch/pool"
done
expect 2 "$dmactl" whatif

exit $status
