# SPDX-License-Identifier: GPL-2.0-or-later
# dmactl export: what other programs are given is what the events come to, by the count of
# tests/read-export.py, which reads each format with a reader that is not ours.
. "$srcdir/tests/command.sh"

command -v python3 >/dev/null || { echo "python3 is not installed"; exit 77; }

perfetto=
if "$dmactl" version --build-options | grep -q '^writes:.* perfetto'; then perfetto=perfetto; fi

# read FORMAT [WEIGHT]: $scratch/export is what $scratch/events come to
read_back() {
	python3 "$srcdir/tests/read-export.py" "$1" "$scratch/events" "$scratch/export" \
		${2+"$2"} || fail "$recording as $*"
}

for name in 6.12-swiotlb.dmat 7.2-lazy.dmat 6.12-swiotlbsmall-nvme-ahci.ftrace.zst; do
	recording=$traces/$name
	expect 0 "$dmactl" dump --ndjson "$recording"
	cp "$scratch/out" "$scratch/events"
	for format in csv chrome sqlite $perfetto; do
		expect 0 "$dmactl" export --slices 9999 -f -o "$scratch/export" --to $format "$recording"
		quiet
		read_back $format
	done
done

# A made-up trace: call stacks, what no table may break at, failures, losses.
cat >"$scratch/made.txt" <<'END'
#dmat-text 1
#environment {"schema": "dmactl.environment/1", "clock": "mono"}
1.0 [000] a,"b/1 device 0000:00:02.0 mask=0xffffffff name=drv
1.1 [000] a,"b/1 map_page 0000:00:02.0 TO_DEVICE phys=0x1000 dma=0x1000 size=100 stack=inner+0x1;outer+0x2
1.2 [000] a,"b/1 map_page 0000:00:02.0 TO_DEVICE phys=0x2000 dma=0x2000 size=200 stack=inner+0x9;outer+0x2
1.3 [000] a,"b/1 map_page 0000:00:02.0 TO_DEVICE phys=0x3000 dma=0x3000 size=400 stack=other+0x1;outer+0x2
1.4 [000] a,"b/1 unmap_page 0000:00:02.0 TO_DEVICE dma=0x2000 size=200
1.5 [000] a,"b/1 map_page 0000:00:02.0 TO_DEVICE phys=0x4000 dma=0xffffffffffffffff size=800 error=ENOMEM
1.6 [000] a,"b/1 lost count=7
1.7 [000] a,"b/1 mark text=x
END
recording=$scratch/made.txt
expect 0 "$dmactl" dump --ndjson "$recording"
cp "$scratch/out" "$scratch/events"
for format in sqlite csv $perfetto chrome; do
	expect 0 "$dmactl" export -f --to $format "$recording" "$scratch/export"
	quiet
	read_back $format
done
grep -q '"name":"7 events lost"' "$scratch/export" || fail "chrome does not tell the loss"
if test -n "$perfetto" && command -v protoc >/dev/null; then
	# Google's own decoder takes it, and finds what was lost.
	"$dmactl" export --to perfetto "$recording" - | protoc --decode_raw >"$scratch/raw" ||
		fail "protoc cannot read the export"
	grep -q '23: "7 events lost"' "$scratch/raw" || fail "protoc finds no loss"
	grep -q '23: "map_page failed"' "$scratch/raw" || fail "protoc finds no failure"
fi
"$dmactl" export --to chrome "$recording" - | cmp - "$scratch/export" || fail "- is not as a file"
for weight in count bytes live; do
	expect 0 "$dmactl" export --to folded --weight $weight "$recording" -
	cp "$scratch/out" "$scratch/export"
	read_back folded $weight
done
printf '%s\n' '0000:00:02.0;drv;outer;inner;map_page 100' \
	'0000:00:02.0;drv;outer;other;map_page 400' >"$scratch/want"
same "$scratch/want" "$scratch/out"

# Mappings that no row is left for are counted, and said to be.
expect 0 "$dmactl" export --slices 1 --to chrome "$recording" -
said '0000:00:02.0 drv: 2 mappings beyond 1 at once are in the counters only'
test "$(grep -c '"ph":"B"' "$scratch/out")" = 1 || fail "--slices 1 draws more"
printed '"live mappings","args":{"count":3}'

# The format by OUT's suffix, the trace by default, what was done as JSON.
cd "$scratch"
"$dmactl" convert made.txt dma.dmat
expect 0 "$dmactl" export -o made.csv
expect 0 "$dmactl" export --json -o made.folded
printed '"format": "folded"'
printed '"events": 8'
test "$(wc -l <made.csv)" = 9 || fail "made.csv has no row for each event"

# What is there stays, what is wrong is said, a full disk is no success.
expect 5 "$dmactl" export -o made.csv
said 'made.csv: exists already, --force replaces it'
expect 2 "$dmactl" export -o made.csv made.txt other.csv
said 'OUT is named twice'
expect 2 "$dmactl" export --weight size -o x.folded
said '\-\-weight is count, bytes or live'
expect 2 "$dmactl" export --weight live -o x.csv
said '\-\-weight belongs to the format folded'
expect 2 "$dmactl" export --slices many -o x.csv
said '\-\-slices takes a number'
for format in csv folded chrome $perfetto; do
	expect 5 "$dmactl" export --to $format -o /dev/full
	said '^dmactl convert: /dev/full: No space left'
	got=0
	"$dmactl" export --to $format -o - >/dev/full 2>err || got=$?
	test $got = 5 || fail "$format to a full disk: exit $got"
	expect 5 "$dmactl" export --to $format -o nowhere/x
	said 'nowhere/x: No such file'
	# Of a file that was cut short, what can be read.
	head -c 30000 "$traces/6.1-strict.dmat" >cut.dmat
	expect 3 "$dmactl" export --to $format -f -o cut.out cut.dmat
	said 'cut.dmat: offset'
	test -s cut.out || fail "$format: nothing of a file that was cut short"
done

# A database needs a file that it can go back in.
expect 2 "$dmactl" export --to sqlite -o -
said 'sqlite needs a file that has a name'
expect 5 "$dmactl" export --to sqlite -o made.csv
said 'exists already'
expect 5 "$dmactl" export --to sqlite -o nowhere/x.sqlite
said 'nowhere/x.sqlite: No such file'
expect 5 "$dmactl" export --to sqlite -o /dev/full
said '^dmactl convert: /dev/full: '
expect 3 "$dmactl" export -o cut.sqlite cut.dmat
expect 0 "$dmactl" export -f -o cut.sqlite dma.dmat
expect 0 "$dmactl" export -o :memory:.sqlite dma.dmat
test -s :memory:.sqlite || fail "a name that begins with a colon is no file"
# 512 bytes at a time, of 40 blocks: more than a page, less than the database
got=0
(ulimit -f 40; trap '' XFSZ; "$dmactl" export -o small.sqlite "$traces/6.1-strict.dmat" 2>err) || got=$?
test $got = 5 || fail "no room for the database: exit $got"
grep -q '^dmactl convert: small.sqlite: ' err || fail "no room for the database: $(cat err)"
test -n "$perfetto" || echo "built without Perfetto, which was not tested"
exit "$status"
