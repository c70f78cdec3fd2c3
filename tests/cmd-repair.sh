# SPDX-License-Identifier: GPL-2.0-or-later
# dmactl verify and repair: what they say, and what they exit with. That every damage is
# noticed and mended is asked by test-verify.
. "$srcdir/tests/command.sh"

"$dmactl" convert "$traces/6.12-strict-nvme.ftrace.zst" "$scratch/good.dmat"
size=$(wc -c <"$scratch/good.dmat")

# What is whole, in whatever format.
expect 0 "$dmactl" verify "$scratch/good.dmat" "$traces/6.12-strict-nvme.ftrace.zst" \
	"$data/6.12-strict.perf"
quiet
printed "good.dmat: [0-9]* blocks, 9927 events, binary: whole"
printed "nvme.ftrace.zst: 9927 events, ftrace: whole"
for file in "$traces"/*.dmat; do
	expect 0 "$dmactl" verify "$file"
	printed ': whole$'
done
got=0
"$dmactl" verify - <"$scratch/good.dmat" >"$scratch/out" || got=$?
test "$got" = 0 || fail "standard input: exit $got"
printed '^standard input: .*whole$'

# A trace that lost events is whole, but for who is strict.
expect 0 "$dmactl" verify "$data/7.2-swiotlb.ftrace"
printed 'loss: 32668 events were lost'
expect 4 "$dmactl" verify --strict "$data/7.2-swiotlb.ftrace"

# A writer that was stopped.
index=$(od -An -tu4 -j $((size - 16)) -N 4 "$scratch/good.dmat" | tr -d ' ')
head -c $((size - index)) "$scratch/good.dmat" >"$scratch/stopped.dmat"
expect 1 "$dmactl" verify "$scratch/stopped.dmat"
printed 'unclosed: the trace has no index'
printed ': flawed$'
expect 0 "$dmactl" repair "$scratch/stopped.dmat" -o "$scratch/mended.dmat"
said '9927 events, 0 known to be missing, in 0 places'
expect 0 "$dmactl" verify "$scratch/mended.dmat"
same "$scratch/mended.dmat" "$scratch/good.dmat"

# Cut in the middle, and a byte changed.
head -c $((size * 2 / 3)) "$scratch/good.dmat" >"$scratch/cut.dmat"
expect 3 "$dmactl" verify "$scratch/cut.dmat"
printed 'cut.dmat: offset [0-9]*, block 1: cut: the file ends inside a block; .* at least 9927 events'
printed 'at least 9927 missing'
{ head -c 300 "$scratch/good.dmat"; printf 'X'; tail -c +302 "$scratch/good.dmat"; } \
	>"$scratch/hurt.dmat"
expect 3 "$dmactl" verify "$scratch/hurt.dmat" "$scratch/good.dmat" "$scratch/stopped.dmat"
printed 'hurt.dmat: offset 0, block 0: damage: the checksum of a block'
printed 'good.dmat: .*whole'
expect 3 "$dmactl" verify --json "$scratch/hurt.dmat" "$scratch/good.dmat"
json "$scratch/out"
printed '"schema": "dmactl.verify/1"'
printed '"state": "damaged"'
printed '"damage": 1'
printed '"state": "whole"'

# Repaired is whole, with a record of what is missing, and the input is as it was.
"$dmactl" convert "$traces/6.12-direct-nvme.ftrace.zst" "$scratch/one.txt" 2>/dev/null
{ sed -n 1,500p "$scratch/one.txt"; echo 'this is no event'; sed -n '501,$p' "$scratch/one.txt"; } \
	>"$scratch/hurt.txt"
cp "$scratch/hurt.txt" "$scratch/before"
expect 3 "$dmactl" repair "$scratch/hurt.txt" -o "$scratch/mended.txt"
said "hurt.txt:501: "
said '1451 events, 0 known to be missing, in 1 place$'
same "$scratch/before" "$scratch/hurt.txt"
test "$(grep -c ' lost ' "$scratch/mended.txt")" = 1 || fail "no record of the loss"
grep -v -e ' lost ' -e '^#' "$scratch/mended.txt" | cut -d' ' -f3- >"$scratch/has"
grep -v '^#' "$scratch/one.txt" | cut -d' ' -f3- >"$scratch/want"
same "$scratch/want" "$scratch/has"
expect 3 "$dmactl" repair --json "$scratch/hurt.txt" -f -o "$scratch/mended.txt"
json "$scratch/out"
printed '"schema": "dmactl.repair/1"'
printed '"loss_records": 1'

# Never over the input, never over another file unasked.
expect 2 "$dmactl" repair -f "$scratch/hurt.dmat" -o "$scratch/hurt.dmat"
said 'the same file'
ln "$scratch/hurt.dmat" "$scratch/link.dmat"
expect 2 "$dmactl" repair -f "$scratch/hurt.dmat" -o "$scratch/link.dmat"
expect 5 "$dmactl" repair "$scratch/hurt.dmat" -o "$scratch/good.dmat"
said 'exists already'
expect 2 "$dmactl" repair "$scratch/hurt.dmat"
said '\-o OUT is needed'
expect 2 "$dmactl" verify
said 'which FILE'
expect 2 "$dmactl" verify --from nothing "$scratch/good.dmat"
said "'nothing' is no format"

# What is no trace.
: >"$scratch/empty"
expect 3 "$dmactl" verify "$scratch/empty"
printed 'damage: the file is empty'
printed 'no trace: damaged'
expect 5 "$dmactl" verify "$scratch/missing" "$scratch/empty"
said 'missing: No such file'
expect 3 "$dmactl" repair "$scratch/empty" -o "$scratch/new"
test ! -e "$scratch/new" || fail "made a trace of nothing"
exit $status
