# SPDX-License-Identifier: GPL-2.0-or-later
# A reader that was written after dmat(5), in another language, finds in .dmat files of
# recordings what dmactl prints of the recordings themselves.
command -v python3 >/dev/null || { echo "needs python3"; exit 77; }
command -v zstd >/dev/null || { echo "needs zstd"; exit 77; }
. "$srcdir/tests/command.sh"

for name in 6.12-direct-xhci 6.12-strict-nvme 7.2-swiotlb-e1000e; do
	test -f "$traces/$name.ftrace.zst" || { fail "no recording $name"; continue; }
	expect 0 "$dmactl" convert --to binary "$traces/$name.ftrace.zst" "$scratch/$name.dmat"
	expect 0 "$dmactl" dump --ndjson "$traces/$name.ftrace.zst"
	mv "$scratch/out" "$scratch/$name.ndjson"
	expect 0 python3 "$srcdir/tests/read-dmat.py" "$srcdir/include/libdma/event.h" \
		"$scratch/$name.dmat" "$scratch/$name.ndjson"
	printed '^map_'
done
exit $status
