# SPDX-License-Identifier: GPL-2.0-or-later
# dmactl replay: how much of a recording the model predicts. A figure that falls fails.
. "$srcdir/tests/command.sh"

# figure NAME: "PREDICTED of PREDICTABLE" of a line of the output
figure() { sed -n "s/^ *$1: [0-9.]* % predicted, \([0-9]* of [0-9]*\).*/\1/p" "$scratch/out"; }

# every bounce, but for the one that tells where the swiotlb lies
check_swiotlb() {	# NAME ANSWERS
	expect 0 "$dmactl" replay --verify "$traces/$1.ftrace.zst"
	quiet
	test "$(figure swiotlb)" = "$(($2 - 1)) of $2" || fail "$1: $(figure swiotlb) of $2"
	grep -q '^assumed: swiotlb.start = 0x[0-9a-f]* (the first bounce)$' "$scratch/out" ||
		fail "$1: where the swiotlb lies is not said to be assumed"
}

# behind an IOMMU, strict: what is not predicted has a witness
check_strict() {	# NAME FIGURE
	expect 0 "$dmactl" replay --verify "$traces/$1.ftrace.zst"
	quiet
	test "$(figure iova)" = "$2" || fail "$1: $(figure iova), not $2"
}

# lazy: nothing tells when the queue was flushed; so many are predicted at least. What is
# said of its timer has another event for its witness, and all that differs is explained.
check_lazy() {	# NAME LEAST ALL
	expect 0 "$dmactl" replay --verify --divergences "$traces/$1.ftrace.zst"
	sed -n 's/^  #\([0-9]*\) .*: timer\(, witness #\([0-9]*\)\)\{0,1\};.*/\1 \3/p' "$scratch/out" |
		while read -r event witness; do
			test -n "$witness" && test "$witness" != "$event" && continue
			echo "$1: #$event has no witness"
		done >"$scratch/alone"
	test ! -s "$scratch/alone" || fail "$(cat "$scratch/alone")"
	set -- "$@" "$(figure iova)"
	test "${4% of *}" -ge "$2" || fail "$1: $4, not $2"
	test "${4#* of }" -eq "$3" || fail "$1: $4 predictable, not $3"
}

# recorded by dmactl itself, with each allocation of IOVAs: none is missed, lazy or not
for each in "6.1-strict 274" "6.1-lazy 268" "6.12-strict 305" "6.12-lazy 297" "7.2-strict 215" \
	"7.2-lazy 217"; do
	set -- $each
	expect 0 "$dmactl" replay --verify "$traces/$1.dmat"
	test "$(figure iova)" = "$2 of $2" || fail "$1: $(figure iova), not all $2"
done

# and without an IOMMU: all that an allocator decides
check_own() {	# NAME LEAST ALL
	expect 0 "$dmactl" replay --verify "$traces/$1.dmat"
	got=$(figure fidelity)
	test "${got% of *}" -ge "$2" && test "${got#* of }" = "$3" || fail "$1: $got, not $2 of $3"
}
check_own 6.1-direct 2430 2430
check_own 6.1-swiotlb 310 310
check_own 6.12-direct 2464 2464
check_own 6.12-swiotlb 310 310
check_own 7.2-direct 248 251	# three frees of two CPUs are told in the other order
check_own 7.2-swiotlb 1266 1266
check_own 6.1-interrupt-lazy 7935 7936	# an order that only a later answer shows
check_own 7.2-preempted-strict 7957 7959	# a task that is shown late with what it took
check_own 6.12-bursts-lazy 17515 17530	# when depots were trimmed, answers tell

if command -v zstd >/dev/null; then
	check_strict 6.12-strict-e1000e "877 of 877"
	check_strict 6.12-strict-nvme "934 of 935"
	check_strict 6.12-strict-xhci "413 of 413"
	check_strict 7.2-strict-nvme "933 of 935"
	check_strict 6.12-strict-megasas-xhci "2437 of 2445"	# orders that show only later
	check_strict 6.12-amd-nvme-e1000e "4145 of 4156"	# interrupts come into its maps
	check_lazy 6.12-lazy-nvme 922 935
	check_lazy 6.12-lazy-e1000e 3184 3230
	check_lazy 6.12-lazy-virtio-net 862 866
	check_lazy 6.12-lazy-xhci 90 91
	check_lazy 7.2-lazy-e1000e 872 873
	check_lazy 7.2-lazy-nvme 111 111

	# with one cache for both CPUs other addresses come out
	expect 1 "$dmactl" replay --verify --set cpus=1 "$traces/6.12-strict-e1000e.ftrace.zst"

	# what the user says of the IOMMU holds for its groups: where nothing is used again
	# at once other addresses come out
	expect 1 "$dmactl" replay --verify --set iommu.mode=lazy \
		"$traces/6.12-strict-e1000e.ftrace.zst"
	expect 0 "$dmactl" replay --verify --set iommu.mode=strict \
		"$traces/6.12-strict-e1000e.ftrace.zst"

	check_swiotlb 6.12-swiotlb-nvme 755
	check_swiotlb 6.12-swiotlbsmall-nvme-ahci 469	# a failure among them

	# where nobody says how large it is, the first bounces of two CPUs do
	cp "$traces/6.12-swiotlbsmall-nvme-ahci.ftrace.zst" "$scratch/alone.zst"
	expect 0 "$dmactl" replay --verify "$scratch/alone.zst"
	test "$(figure swiotlb)" = "467 of 469" || fail "alone: $(figure swiotlb)"
	printed '^assumed: swiotlb.slots = 1024 (the first bounces of two CPUs)$'
	check_swiotlb 7.2-swiotlb-nvme 1039
	check_swiotlb 7.2-swiotlb-e1000e 1080
	check_swiotlb 6.12-swiotlb-virtio-net 1082

	# a mask of 32 bits and memory beyond it; where the swiotlb lies was recorded
	expect 0 "$dmactl" replay --verify "$traces/6.12-direct5g-e100.ftrace.zst"
	test "$(figure swiotlb)" = "762 of 762" || fail "direct5g: $(figure swiotlb)"

	# a part from the middle: what was there before is known by its end, where the swiotlb
	# lies by what bounces reach, and where its areas went on by the first answer of each
	expect 0 "$dmactl" convert --begin '#1500' "$traces/6.12-swiotlbsmall-nvme-ahci.ftrace.zst" \
		"$scratch/tail.dmat"
	expect 0 "$dmactl" replay --verify "$scratch/tail.dmat"
	printed '^assumed: swiotlb.start = 0x3d000000 (what bounces reach)$'
	test "$(figure swiotlb)" = "265 of 267" || fail "tail: $(figure swiotlb)"

	# where it is given, nothing is taken from the answers
	expect 0 "$dmactl" replay --verify --set swiotlb.start=0x39200000 \
		"$traces/6.12-swiotlb-nvme.ftrace.zst"
	test "$(figure swiotlb)" = "755 of 755" || fail "$(figure swiotlb)"

	# a wrong size is seen at once, and --verify says so
	expect 1 "$dmactl" replay --verify --set swiotlb.areas=8 \
		"$traces/6.12-swiotlb-nvme.ftrace.zst"
	expect 0 "$dmactl" replay --set swiotlb.areas=8 "$traces/6.12-swiotlb-nvme.ftrace.zst"

	# direct maps need no prediction
	expect 0 "$dmactl" replay --verify "$traces/6.12-direct-e1000e.ftrace.zst"
	grep -q '^fidelity: nothing to predict$' "$scratch/out" || fail "something to predict"
	grep -q '^mapped directly: 3073$' "$scratch/out" || fail "not 3073 mapped directly"
	for each in "6.12-direct-nvme 705" "6.12-direct-virtio-scsi 1970" \
		"6.12-direct-xhci 596" "7.2-direct-nvme 10006"; do
		set -- $each
		expect 0 "$dmactl" replay --verify "$traces/$1.ftrace.zst"
		grep -q "^mapped directly: $2\$" "$scratch/out" || fail "$1: not $2 mapped directly"
	done
fi

# a recording without a figure here could get worse unseen
for file in "$traces"/*.dmat "$traces"/*.ftrace.zst; do
	name=$(basename "$file")
	name=${name%.dmat}
	name=${name%.ftrace.zst}
	grep -v '^#' "$srcdir/tests/cmd-fidelity.sh" | grep -q "\(check_[a-z]* \|[\"/]\)${name}[. ]" ||
		fail "$name: nobody says how much of it is predicted"
done

expect 2 "$dmactl" replay --set swiotlb.slots "$traces/6.12-direct-e1000e.ftrace.zst"
expect 2 "$dmactl" replay --set swiotlb.colour=red "$traces/6.12-direct-e1000e.ftrace.zst"
for wrong in iommu.granule=5000 swiotlb.areas=3; do
	expect 2 "$dmactl" replay --set $wrong "$traces/6.12-direct-e1000e.ftrace.zst"
	grep -q "'$wrong': .*a power of two" "$scratch/err" ||
		fail "$wrong: $(cat "$scratch/err")"
done
expect 2 "$dmactl" replay --set cpus=-1 "$traces/6.12-direct-e1000e.ftrace.zst"
grep -q "'cpus=-1': .*a number below 0" "$scratch/err" || fail "cpus=-1: $(cat "$scratch/err")"

exit $status
