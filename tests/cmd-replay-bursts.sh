# SPDX-License-Identifier: GPL-2.0-or-later
# dmactl replay: many ranges that end at once fill depots, which are trimmed a while later.
. "$srcdir/tests/command.sh"

# Four times 1500 pages are mapped, and then all unmapped, on two CPUs.
awk '
function random(n) { seed = (seed * 1103515245 + 12345) % 2147483648; return int(seed / 65536) % n }
function call(what) {
	us += 20
	if (!random(100))
		cpu = !cpu
	printf "%d.%06d000 [%d] a/7 %s 0000:00:02.0 TO_DEVICE ", 1 + us / 1000000, us % 1000000,
		cpu, what
}
BEGIN {
	seed = 1
	print "#dmat-text 1"
	printf "#environment {\"schema\": \"dmactl.environment/1\", \"kernel\": \"7.2\", \"cpus\": 2, "
	print "\"iommu\": {\"mode\": \"off\"}, \"devices\": [{\"name\": \"0000:00:02.0\"}]}"
	for (burst = 0; burst < 4; burst++) {
		for (i = 0; i < 1500; i++) {
			call("map_page")
			printf "phys=0x%x000 dma=0x%x000 size=4096\n", 4096 + i, 4096 + i
		}
		for (i = 0; i < 1500; i++) {
			call("unmap_page")
			printf "dma=0x%x000 size=4096\n", 4096 + i
		}
		us += 50000 + random(600000)
	}
}' >"$scratch/bursts.txt"

# The model runs it, with a clock, and what it recorded is predicted from the calls.
for kernel in 6.1 6.12 7.2; do
	for mode in strict lazy; do
		expect 0 "$dmactl" replay --backend=iommu --iommu=$mode --kernel=$kernel \
			-o "$scratch/$mode.dmat" -f "$scratch/bursts.txt"
		expect 0 "$dmactl" replay --verify "$scratch/$mode.dmat"
		printed '^fidelity: 100.00 % predicted, 6000 of 6000$'
	done
done

exit $status
