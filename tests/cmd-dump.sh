# SPDX-License-Identifier: GPL-2.0-or-later
# dmactl dump: text that is a trace again, JSON and CSV that others can read.
. "$srcdir/tests/command.sh"

cat >"$scratch/small.txt" <<'END'
#dmat-text 1
1.000000000 [000] "a,\"b\xff\n"/7 map_page 0000:00:02.0 TO_DEVICE phys=0x1000 dma=0x1000 size=4096 attrs=SKIP_CPU_SYNC|NO_WARN
1.500000000 [001] dd/7 map_sg 0000:00:02.0 FROM_DEVICE nents=2 ents=1 entries={0x1000:512,0x2000:512} segments={0xfff00000:1024}
2.000000000 [001] dd/7 map_page 0000:00:03.0 FROM_DEVICE phys=0x5000 dma=error size=8192 error=ENOMEM
END

# Text comes out as it went in.
expect 0 "$dmactl" dump "$scratch/small.txt"
quiet
same "$scratch/small.txt" "$scratch/out"
for file in "$data"/*.ftrace; do
	expect 0 "$dmactl" dump "$file"
	cp "$scratch/out" "$scratch/once.txt"
	expect 0 "$dmactl" dump "$scratch/once.txt"
	same "$scratch/once.txt" "$scratch/out"
done

# One object a line; bytes that are no UTF-8 are replaced.
expect 0 "$dmactl" dump --ndjson "$scratch/small.txt"
cat >"$scratch/want" <<'END'
{"number":0,"ns":1000000000,"cpu":0,"pid":7,"comm":"a,\"b�\u000a","kind":"map_page","device":"0000:00:02.0","dir":"TO_DEVICE","phys":"0x1000","dma":"0x1000","size":4096,"attrs":["SKIP_CPU_SYNC","NO_WARN"]}
{"number":1,"ns":1500000000,"cpu":1,"pid":7,"comm":"dd","kind":"map_sg","device":"0000:00:02.0","dir":"FROM_DEVICE","nents":2,"ents":1,"entries":[{"phys":"0x1000","size":512},{"phys":"0x2000","size":512}],"segments":[{"dma":"0xfff00000","size":1024}]}
{"number":2,"ns":2000000000,"cpu":1,"pid":7,"comm":"dd","kind":"map_page","device":"0000:00:03.0","dir":"FROM_DEVICE","phys":"0x5000","dma":"0xffffffffffffffff","size":8192,"error":"ENOMEM"}
END
same "$scratch/want" "$scratch/out"

# The same objects in one document, which says whether it is complete.
expect 0 "$dmactl" dump --json "$scratch/small.txt"
quiet
json "$scratch/out"
sed -n 's/^    \(.*}\),*$/\1/p' "$scratch/out" >"$scratch/objects"
same "$scratch/want" "$scratch/objects"
printed '^  "schema": "dmactl.dump/1",$'
printed '^  "completeness": {"complete": true, "lost": 0, "damaged": 0}$'
expect 0 "$dmactl" dump --json --filter 'size == 1' "$scratch/small.txt"
json "$scratch/out"
{ cat "$scratch/small.txt"; echo nonsense; } >"$scratch/damaged.txt"
expect 3 "$dmactl" dump --json "$scratch/damaged.txt"
json "$scratch/out"
printed '"complete": false, "lost": 0, "damaged": 1'

# Every line of a recording is JSON, and has as many entries as the recording.
if command -v python3 >/dev/null; then
	expect 0 "$dmactl" dump --ndjson "$data/6.12-strict.ftrace"
	python3 - "$scratch/out" "$data/6.12-strict.ftrace" <<'END' || fail "--ndjson differs from the recording"
import json, re, sys
events = [json.loads(line) for line in open(sys.argv[1])]
lines = [line for line in open(sys.argv[2]) if not line.startswith('#')]
assert len(events) == len(lines), (len(events), len(lines))
for event, line in zip(events, lines):
    phys = re.search(r'phys_addrs=\{([^}]*)\}', line)
    if phys:
        want = [int(word, 16) for word in re.split('[, ]+', phys.group(1).strip())]
        got = [int(entry['phys'], 16) for entry in event['entries']]
        assert want == got, line
END
	# CSV as another reader of CSV sees it
	expect 0 "$dmactl" dump --csv --columns +entries "$scratch/small.txt"
	python3 - "$scratch/out" <<'END' || fail "--csv cannot be read back"
import csv, sys
rows = list(csv.reader(open(sys.argv[1], newline='')))
assert len(rows) == 4 and all(len(row) == len(rows[0]) for row in rows), rows
first = dict(zip(rows[0], rows[1]))
assert first['comm'] == 'a,"b\ufffd\n', first
assert first['time'] == '1.000000000' and first['attrs'] == 'SKIP_CPU_SYNC|NO_WARN'
assert dict(zip(rows[0], rows[2]))['entries'] == '0x1000:512 0x2000:512'
assert dict(zip(rows[0], rows[3]))['error'] == 'ENOMEM'
END
fi

# count OPTION...: how many events are left
count() { "$dmactl" dump --csv -n --columns number "$@" "$scratch/small.txt" | tr -d '\r' | tr '\n' ' '; }
test "$(count)" = "0 1 2 " || fail "all events"
test "$(count --begin 1.5)" = "1 2 " || fail "--begin at a time"
test "$(count --end +0.5)" = "0 1 " || fail "--end behind the first event"
test "$(count --begin '#1' --end '#1')" = "1 " || fail "from an event to an event"
test "$(count --filter 'dma == 0xfff00000')" = "1 " || fail "an entry of a list"
test "$(count --filter 'failed || size == 4k')" = "0 2 " || fail "failed || size"

expect 2 "$dmactl" dump --filter 'size > 4q' "$scratch/small.txt"
said "^dmactl dump: --filter: '4q' is no number"
said '^         ^$'
expect 2 "$dmactl" dump --begin yesterday "$scratch/small.txt"
expect 2 "$dmactl" dump --columns number "$scratch/small.txt"
expect 2 "$dmactl" dump --csv --columns nonsense "$scratch/small.txt"
expect 0 "$dmactl" dump --columns help
expect 0 "$dmactl" dump --filter help
printed '^dev '

# What came is printed though the pipe stays open and nothing follows.
mkfifo "$scratch/quiet"
for form in '' --ndjson '--csv -n'; do
	# shellcheck disable=SC2086
	"$dmactl" dump $form - <"$scratch/quiet" >"$scratch/out" &
	exec 5>"$scratch/quiet"
	head -n 40 "$data/6.12-strict.ftrace" >&5
	tries=0
	while test "$(grep -c 'dma_\|map\|alloc\|mark' "$scratch/out")" -lt 10 && test $tries -lt 100; do
		sleep 0.1
		tries=$((tries + 1))
	done
	test $tries -lt 100 || fail "dump $form of a quiet pipe prints nothing"
	exec 5>&-
	wait
done

exit "$status"
