# SPDX-License-Identifier: GPL-2.0-or-later
# dmactl inspect: the state of a kernel from saved trees, good and hostile.
. "$srcdir/tests/command.sh"

root=$scratch/root
put() { mkdir -p "$root/$(dirname "$1")"; printf '%b' "$2" >"$root/$1"; }

# As a guest of 6.12 with NVMe, swiotlb=force and an IOMMU group had it.
pci=sys/devices/pci0000:00
put proc/sys/kernel/osrelease '6.12.107+deb13-amd64\n'
put proc/cmdline 'console=ttyS0 quiet swiotlb=force iommu.strict=1 root=/dev/secret panic=-1\n'
put proc/meminfo 'MemTotal:         923968 kB\nCmaTotal:          65536 kB\nCmaFree:           61440 kB\n'
for device in 0000:00:02.0 0000:00:1f.2; do
	put "$pci/$device/dma_mask_bits" '64\n'
	put "$pci/$device/consistent_dma_mask_bits" '32\n'
done
put "$pci/0000:00:02.0/pools" 'poolinfo - 0.1\nprp list 256        0   16  256  1\nprp list page       3    4 4096  4\nprp list page       1   32  128  1\n'
ln -s ../../../bus/pci/drivers/nvme "$root/$pci/0000:00:02.0/driver"
ln -s ../../../kernel/iommu_groups/2 "$root/$pci/0000:00:02.0/iommu_group"
put sys/kernel/debug/swiotlb/io_tlb_nslabs '32768\n'
put sys/kernel/debug/swiotlb/io_tlb_used '12\n'
put sys/kernel/debug/swiotlb/io_tlb_used_hiwater '538\n'
put sys/kernel/debug/swiotlb/restricted/io_tlb_nslabs '1024\n'
put sys/kernel/debug/cma/reserved/count '16384\n'
put sys/kernel/debug/cma/reserved/used '1024\n'
put sys/kernel/debug/cma/reserved/maxchunk '8192\n'
put sys/kernel/mm/cma/reserved/alloc_pages_success '4711\n'
put sys/kernel/mm/cma/reserved/alloc_pages_fail '2\n'
put sys/kernel/iommu_groups/2/type 'DMA-FQ\n'
put sys/kernel/iommu_groups/2/reserved_regions '0x00000000fee00000 0x00000000feefffff msi\n'
put sys/kernel/iommu_groups/2/devices/0000:00:02.0/x ''
put sys/kernel/iommu_groups/10/type 'identity\n'
put sys/kernel/debug/dma-api/disabled 'N\n'
put sys/kernel/debug/dma-api/error_count '7\n'
put sys/kernel/debug/dma-api/num_free_entries '65000\n'

expect 0 "$dmactl" inspect --root "$root" --width 100
quiet
cat >"$scratch/want" <<'END'
Kernel       6.12.107+deb13-amd64
Command line swiotlb=force iommu.strict=1
CMA          64M, 60M free

DEVICE       DRIVER MASK COHERENT GROUP
0000:00:02.0 nvme     64       32     2
0000:00:1f.2 -        64       32     -

DEVICE       POOL          SIZE USED BLOCKS PAGES HELD UNUSED
0000:00:02.0 prp list 256   256    0     16     1   4K     4K
0000:00:02.0 prp list page 4096    3      4     4  16K     4K
0000:00:02.0 prp list page  128    1     32     1   4K   3.9K

SWIOTLB    SLOTS USED HIWATER TRANSIENT
default    32768   12     538         -
restricted  1024    -       -         -

CMA      PAGES USED LARGEST SERVED FAILED
reserved 16384 1024    8192   4711      2

GROUP TYPE     DEVICES      RESERVED
    2 DMA-FQ   0000:00:02.0 0x00000000fee00000 0x00000000feefffff msi
   10 identity -            -

dma-debug: checks, error_count 7, num_free_entries 65000
END
sed 's/ *$//' "$scratch/out" >"$scratch/has"
same "$scratch/want" "$scratch/has"

expect 0 "$dmactl" snapshot --root "$root" --json
json "$scratch/out"
printed '"schema": "dmactl.inspect/1"'
printed '"hiwater": 538'
printed '"unused": 3968'
printed '"alloc\|"served_pages": 4711'
expect 0 "$dmactl" inspect --root "$root" pools --json
printed '"pools"'
grep -q '"swiotlb"' "$scratch/out" && fail "a section too many"

# Each sample once, behind its type.
expect 0 "$dmactl" inspect --root "$root" --prometheus
printed '^dmactl_pool_used_blocks{device="0000:00:02.0",pool="prp list page",index="1"} 3$'
printed '^dmactl_swiotlb_used_slots_max{swiotlb="default"} 538$'
printed '^dmactl_iommu_group_info{group="2",type="DMA-FQ"} 1$'
printed '^dmactl_dma_debug_errors_total 7$'
test -z "$(grep -v '^#' "$scratch/out" | sed 's/ [0-9]*$//' | sort | uniq -d)" ||
	fail "a sample comes twice"
grep -v '^#' "$scratch/out" | grep -qv '^dmactl_[a-z_]*\({[a-z]*="[^"]*"\(,[a-z]*="[^"]*"\)*}\)\{0,1\} [0-9]*$' &&
	fail "not what Prometheus reads"

# Lines that are none, links that lead out, and what is no file.
root=$scratch/hostile
put proc/sys/kernel/osrelease '1\n'
put "$pci/0000:00:02.0/pools" 'poolinfo - 0.1\nno numbers here\n1 2 3 4\na 99999999999999999999 1 1 1\n"q\\\\uote" 1 2 3 4\nb -1 2 3 4\n\n'
put "$pci/0000:00:02.0/dma_mask_bits" 'many\n'
mkdir -p "$root/sys/kernel/debug/swiotlb" "$root/sys/kernel/debug/cma" "$root/sys/kernel/iommu_groups"
mkfifo "$root/sys/kernel/debug/swiotlb/io_tlb_nslabs"
ln -s /etc/passwd "$root/sys/kernel/debug/swiotlb/io_tlb_used"
ln -s ../../../../../../../../../../etc "$root/sys/kernel/debug/cma/etc"
ln -s .. "$root/sys/kernel/iommu_groups/loop"
ln -s . "$root/$pci/again"
mkdir "$root/$pci/$(printf '\033[31mred')"
echo 64 >"$root/$pci/$(printf '\033[31mred')/dma_mask_bits"
expect 0 timeout 20 "$dmactl" inspect --root "$root"
printed 'not read: /sys/kernel/debug/swiotlb/io_tlb_nslabs: '
printed "not understood: /sys/.*pools: 'no numbers here'\|not understood: .*no numbers here"
printed "not understood: .*dma_mask_bits: 'many'"
grep -q root: "$scratch/out" && fail "read out of the tree"
grep -q "$(printf '\033')" "$scratch/out" && fail "sends escapes to the terminal"
expect 0 timeout 20 "$dmactl" inspect --root "$root" --json
json "$scratch/out"
expect 0 timeout 20 "$dmactl" inspect --root "$root" --prometheus
grep -qF 'pool="\"q\\\\uote\""' "$scratch/out" || fail "a label is not escaped"
printf 'x%.0s' $(seq 3000) >"$root/proc/sys/kernel/osrelease"
head -c 3000000 /dev/zero >"$root/$pci/0000:00:02.0/pools"
expect 0 timeout 20 "$dmactl" inspect --root "$root" --json
json "$scratch/out"

# What privilege is missing for is said.
if test "$(id -u)" != 0; then
	root=$scratch/locked
	put proc/sys/kernel/osrelease '1\n'
	put sys/kernel/debug/swiotlb/io_tlb_used '1\n'
	chmod 0 "$root/sys/kernel/debug"
	expect 0 "$dmactl" inspect --root "$root"
	printed 'not read: /sys/kernel/debug/swiotlb: Permission denied'
	chmod 700 "$root/sys/kernel/debug"
fi

expect 5 "$dmactl" inspect --root "$scratch/missing"
mkdir "$scratch/nothing"
expect 3 "$dmactl" inspect --root "$scratch/nothing"
said 'nothing of a kernel is there'
expect 2 "$dmactl" inspect everything
expect 2 "$dmactl" inspect --json --prometheus
# The running system, whatever it is.
got=0
"$dmactl" inspect >"$scratch/out" 2>"$scratch/err" </dev/null || got=$?
case $got in 0|125) ;; *) fail "the running system: exit $got" ;; esac
exit $status
