# SPDX-License-Identifier: GPL-2.0-or-later
# dmactl info: what a trace is, and from where each thing is known.
. "$srcdir/tests/command.sh"

trace="$traces/6.12-strict-nvme.ftrace.zst"
expect 0 "$dmactl" info "$trace"
quiet
printed '^Format  *ftrace, packed by zstd, [0-9]* bytes$'
printed '^Kernel  *6\.12'
printed '^IOMMU  *strict'
printed '^Environment  *from .*6.12-strict-nvme.json$'
printed '^0000:00:02.0 *nvme '
if grep -q ' $' "$scratch/out"; then fail "spaces at the end of a line"; fi
if awk 'length > 80 && !/^(Trace|Environment)/' "$scratch/out" | grep -q .; then fail "more than 80 columns"; fi

expect 0 "$dmactl" info --json "$trace"
json "$scratch/out"
for word in '"schema": "dmactl.info/1"' '"format": "ftrace"' '"compression": "zstd"' \
	'"mode": "strict"' '"complete": true' '"map_sg": [1-9]'; do
	printed "$word"
done

# Without the file beside it less is known, and what is worked out says so.
cp "$trace" "$scratch/alone.ftrace.zst"
expect 0 "$dmactl" info "$scratch/alone.ftrace.zst"
printed '^Kernel  *unknown$'

expect 0 "$dmactl" convert "$trace" "$scratch/a.dmat"
expect 0 "$dmactl" info "$scratch/a.dmat"
printed '^Format  *binary, '
printed '^Structure  *[1-9][0-9]* blocks, [0-9]* checkpoints, closed$'
printed '^Kernel  *6\.12'
second=$(grep -abo DMAT "$scratch/a.dmat" | sed -n '2s/:.*//p')
head -c $((second - 1)) "$scratch/a.dmat" >"$scratch/one.dmat"
expect 0 "$dmactl" info "$scratch/one.dmat"
printed '^Structure  *1 block, 0 checkpoints, not closed'
head -c $(($(wc -c <"$scratch/a.dmat") - 1)) "$scratch/a.dmat" >"$scratch/b.dmat"
expect 3 "$dmactl" info --json "$scratch/b.dmat"
printed '"closed": 0'
"$dmactl" info - <"$scratch/a.dmat" >"$scratch/out" || fail "from a pipe"
printed '^Trace  *-$'

exit "$status"
