# SPDX-License-Identifier: GPL-2.0-or-later
# dmactl diff: figures of two traces, and what exceeds a threshold.
. "$srcdir/tests/command.sh"

cat >"$scratch/a.txt" <<'END'
#dmat-text 1
1.0 map_page nic0 TO_DEVICE phys=0x1000 dma=0x1000 size=4096
1.1 map_sg nic0 TO_DEVICE nents=4 ents=2 entries={0x8000,0x9000,0xa000,0xb000} segments={0xff8000:8192,0xffa000:8192}
1.2 unmap_page nic0 TO_DEVICE dma=0x1000 size=4096
END
sed '/unmap/d; s/ents=2/ents=1/; s/{0xff8000:8192,0xffa000:8192}/{0xff8000:16384}/' \
	"$scratch/a.txt" >"$scratch/b.txt"

expect 0 "$dmactl" diff --raw --noheadings "$scratch/a.txt" "$scratch/b.txt"
quiet
grep -qx 'nic0 segments 2 1 -1 -50.0 ' "$scratch/out" || fail "segments: $(cat "$scratch/out")"
grep -qx 'nic0 unmaps 1 0 -1 -100.0 ' "$scratch/out" || fail "unmaps: $(cat "$scratch/out")"
grep -qx 'nic0 left 1 2 +1 +100.0 ' "$scratch/out" || fail "left: $(cat "$scratch/out")"
! grep -q ' maps ' "$scratch/out" || fail "what is equal is shown"
expect 0 "$dmactl" diff --raw --noheadings --all "$scratch/a.txt" "$scratch/b.txt"
grep -qx 'nic0 maps 2 2 +0 +0.0 ' "$scratch/out" || fail "maps: $(cat "$scratch/out")"

expect 1 "$dmactl" diff --threshold 5% "$scratch/a.txt" "$scratch/b.txt"
expect 1 "$dmactl" diff --threshold 49.9 --only segments "$scratch/a.txt" "$scratch/b.txt"
expect 0 "$dmactl" diff --threshold 50 --only segments "$scratch/a.txt" "$scratch/b.txt"
printed '1 of 1 figures differ, 0 by more than 50 %'
expect 0 "$dmactl" diff --threshold 0 "$scratch/a.txt" "$scratch/a.txt"
# what only one of them has
sed 's/nic0/nic1/' "$scratch/a.txt" >"$scratch/c.txt"
expect 1 "$dmactl" diff --threshold 1000 --only maps "$scratch/a.txt" "$scratch/c.txt"
printed 'nic1 *maps *0 *2 *+2 *new'
expect 0 "$dmactl" diff --json "$scratch/a.txt" "$scratch/b.txt"
json "$scratch/out"
cat "$scratch/a.txt" | {
	"$dmactl" diff --threshold 0 - "$scratch/a.txt" >"$scratch/out" || fail "by a pipe"
}

if command -v zstd >/dev/null; then
	# a trace, and its replay behind an IOMMU: as many maps, fewer segments
	trace=$traces/6.12-direct-xhci.ftrace.zst
	expect 0 "$dmactl" replay --iommu=lazy -o "$scratch/lazy.dmat" "$trace"
	expect 0 "$dmactl" diff --threshold 0 --only maps,unmaps,bytes,lists \
		"$trace" "$scratch/lazy.dmat"
	expect 1 "$dmactl" diff --threshold 0 --only segments "$trace" "$scratch/lazy.dmat"
fi

for wrong in "" "$scratch/a.txt" "--threshold x a b" "--only maps,colour a b" "- -" "a b c"; do
	# shellcheck disable=SC2086
	expect 2 "$dmactl" diff $wrong
done
expect 5 "$dmactl" diff "$scratch/a.txt" "$scratch/none"

exit $status
