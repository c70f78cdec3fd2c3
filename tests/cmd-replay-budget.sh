# SPDX-License-Identifier: GPL-2.0-or-later
# dmactl replay: a trace whose answers nothing explains does not take for ever.
. "$srcdir/tests/command.sh"

# A lazy IOMMU of four CPUs that gives ranges again in an order that is nobody's. Each
# answer was looked for as long as the first one, which took minutes.
awk -v maps=4000 '
function random(n) { seed = (seed * 1103515245 + 12345) % 2147483648; return int(seed / 65536) % n }
function call(what) {
	us += 50
	printf "%d.%06d000 [00%d] a/7 %s 0000:00:02.0 TO_DEVICE ", 1 + us / 1000000, us % 1000000,
		random(4), what
}
function map(i) { call("map_page"); printf "phys=0x%x000 dma=0x%x000 size=4096\n", 4096 + i, dma[i] }
function unmap(i) { call("unmap_page"); printf "dma=0x%x000 size=4096\n", dma[i] }
BEGIN {
	seed = 1
	print "#dmat-text 1"
	for (i = 0; i < 600; i++) {
		dma[i] = 1048575 - i
		map(i)
	}
	for (i = 0; i < maps; i++) {
		one = random(300)
		unmap(one)
		free[last++] = dma[one]
		dma[one] = 1048575 - 600 - last
		if (last - first > 64) {
			again = first + random(64)
			dma[one] = free[again]
			free[again] = free[first++]
		}
		map(one)
	}
}' >"$scratch/unlike.txt"

expect 0 timeout 600 "$dmactl" replay --divergences --set iommu.mode=lazy --set cpus=4 \
	"$scratch/unlike.txt"
quiet
given_up=$(grep -c 'the search was given up, it took too long$' "$scratch/out")
test "$given_up" -gt 1000 || fail "only $given_up searches were given up"
test "$(grep 'the search was given up' "$scratch/out" | grep -c ': unexplained;')" = "$given_up" ||
	fail "what was not looked for is said to be explained"

exit "$status"
