# SPDX-License-Identifier: GPL-2.0-or-later
# dmactl timeline: against what is worked out by hand from the events, and the pictures.
. "$srcdir/tests/command.sh"
command -v zstd >/dev/null || { echo "needs zstd"; exit 77; }
small=$traces/6.12-swiotlbsmall-nvme-ahci.ftrace.zst

# All pieces of all devices, from every event.
if command -v python3 >/dev/null; then
	for name in swiotlb:6.12-swiotlbsmall-nvme-ahci iova:6.12-strict-nvme \
		swiotlb:6.12-direct-e1000e iova:7.2-lazy-e1000e; do
		file=$traces/${name#*:}.ftrace.zst
		"$dmactl" dump --ndjson "$file" >"$scratch/ndjson"
		for bins in 100 1024; do
			"$dmactl" timeline --csv --bins $bins --columns \
				+lowbytes,lowlive,lowslots,lowiova "$file" >"$scratch/csv"
			expect 0 python3 "$srcdir/tests/timeline-by-hand.py" \
				"$scratch/ndjson" "$scratch/csv" "${name%%:*}"
			test "$got" = 0 || head -n 5 "$scratch/out"
		done
	done
fi

# The kernel itself said at the failure: 848 of 1024 slots used.
expect 0 "$dmactl" timeline --csv --noheadings --columns failed,slots,lowslots --by all \
	--end '#4444' --begin '#4444' "$small"
test "$(tr -d '\r' <"$scratch/out")" = 1,848,848 || fail "at the failure: $(cat "$scratch/out")"

# The peaks are those of stat and replay.
expect 0 "$dmactl" timeline --json "$small"
json "$scratch/out"
printed '"schema": "dmactl.timeline/1"'
printed '"peak": 982'
printed '"what": "failed"'
peak=$(tr -d ' \n' <"$scratch/out" | sed 's/.*"all":{"key":null,"bytes":{"peak":\([0-9]*\),"peak_ns":\([0-9]*\).*/\1 \2/')
"$dmactl" stat --json "$small" | tr -d ' \n' |
	sed 's/.*"total":{[^}]*"peak_bytes":\([0-9]*\),"peak_ns":\([0-9]*\).*/\1 \2\n/' >"$scratch/want"
test "$peak" = "$(cat "$scratch/want")" || fail "peak $peak, stat says $(cat "$scratch/want")"

# On the terminal: no line is wider than it should be, and the two alphabets agree.
# (A long path is.)
ln -s "$small" "$scratch/t"
cd "$scratch"
for width in 20 40 80 200; do
	expect 0 "$dmactl" timeline --ascii --width $width t
	printed '^failed *|.*1$'
	wide=$(awk -v w=$width 'length > w && w >= 40' "$scratch/out" | wc -l)
	test "$wide" = 0 || fail "at $width: $wide lines are wider"
	if LC_ALL=C grep -q '[^ -~]' "$scratch/out"; then fail "at $width: not ASCII"; fi
done
expect 0 "$dmactl" timeline --ascii --width 80 "$small"
printed '^slots of the swiotlb: at most 982 of 1024, at 6.658549 s, event #4024$'
printed '^failed: #4444 at 6.664168 s, map_page of 237568 bytes for 0000:00:02.0$'
printed '^0000:00:1f.2 |.*512$'
if locale -a 2>/dev/null | grep -qix 'C.utf-\?8'; then
	mv "$scratch/out" "$scratch/ascii"
	LC_ALL=C.UTF-8 "$dmactl" timeline --width 80 "$small" |
		sed 's/│/|/g; s/[▁▂▃]/./g; s/[▄▅▆▇]/:/g; s/█/#/g' >"$scratch/unicode"
	LC_ALL=C.UTF-8 "$dmactl" timeline --width 80 "$small" | grep -q '▂' || fail "no blocks"
	same "$scratch/ascii" "$scratch/unicode"
fi
expect 0 "$dmactl" timeline --by all --measure slots --rows 9 --ascii "$small"
test "$(grep -c '|' "$scratch/out")" = 10 || fail "--measure and --rows"

# One device, and a part of the time with what was live when it began.
expect 0 "$dmactl" timeline --device 0000:00:1f.2 --json --measure live "$small"
printed '"peak": 14'
expect 0 "$dmactl" timeline --csv -n --by all --begin '#3000' --end '#3010' --columns lowlive "$small"
sort -n "$scratch/out" | head -n 1 | grep -q '^17' || fail "--begin forgets what is live"
expect 0 "$dmactl" timeline --begin 500 "$small"
said 'no event is in this range$'
expect 0 "$dmactl" timeline --begin 500 --json "$small"
json "$scratch/out"
for by in device driver kind direction cpu comm all; do
	expect 0 "$dmactl" timeline --by $by "$small"
done
expect 2 "$dmactl" timeline --by pool "$small"
expect 2 "$dmactl" timeline --measure slots,pages "$small"
expect 2 "$dmactl" timeline --bins 5000 "$small"
expect 0 "$dmactl" timeline --columns help
printed '^LOWIOVA'

# A pipe is read as a file is.
zstd -dcq "$small" | "$dmactl" timeline --csv --environment "${small%.ftrace.zst}.json" - >"$scratch/piped"
"$dmactl" timeline --csv "$small" >"$scratch/csv"
same "$scratch/piped" "$scratch/csv"

# SVG is XML, and has a mark for the failure; a text of the trace is only text.
expect 0 "$dmactl" timeline --svg "$scratch/t.svg" "$small"
grep -q 'class="fail" d="M[0-9.]* 0V100' "$scratch/t.svg" || fail "no failure in the SVG"
cat >"$scratch/hostile.txt" <<'END'
#dmat-text 1
1.000000000 map_page "<script>alert(1)</script>" TO_DEVICE phys=0x1000 dma=0x1000 size=4096
1.000001000 lost count=3
1.000001000 map_page "a\"'&\x1b[31m\xff" TO_DEVICE phys=0x3000 dma=0x3000 size=512
1.500001000 map_page "]]>" TO_DEVICE phys=0x3000 dma=error size=512 error=ENOMEM
END
expect 0 "$dmactl" timeline --svg "$scratch/hostile.svg" "$scratch/hostile.txt"
if grep -q '<script' "$scratch/hostile.svg"; then fail "a name is markup"; fi
grep -q 'class="gap"' "$scratch/hostile.svg" || fail "no loss in the SVG"
expect 0 "$dmactl" timeline "$scratch/hostile.txt"
printed '^LOSSY: 3 events lost'
printed '^lost: 3 events before #1 at 1.000001 s$'
if grep -q "$(printf '\033')" "$scratch/out"; then fail "a name reaches the terminal"; fi
if command -v xmllint >/dev/null; then
	xmllint --noout "$scratch/t.svg" "$scratch/hostile.svg" || fail "no XML"
elif command -v python3 >/dev/null; then
	python3 -c 'import sys, xml.dom.minidom as m; [m.parse(f) for f in sys.argv[1:]]' \
		"$scratch/t.svg" "$scratch/hostile.svg" || fail "no XML"
fi
expect 4 "$dmactl" timeline --strict --json "$scratch/hostile.txt"
expect 5 "$dmactl" timeline --svg "$scratch/no/such/folder.svg" "$small"
: >"$scratch/empty"
expect 3 "$dmactl" timeline "$scratch/empty"
exit $status
