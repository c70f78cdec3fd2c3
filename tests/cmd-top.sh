# SPDX-License-Identifier: GPL-2.0-or-later
# dmactl top: its periods are what the events come to by the count of tests/read-export.py,
# of a file that is there and of one that grows; its keys, on a terminal of the test's own.
. "$srcdir/tests/command.sh"

command -v python3 >/dev/null || { echo "python3 is not installed"; exit 77; }

for name in 6.12-swiotlb 7.2-lazy; do
	expect 0 "$dmactl" dump --ndjson "$traces/$name.dmat"
	cp "$scratch/out" "$scratch/events"
	expect 0 timeout 60 "$dmactl" top --ndjson -d 0.25 "$traces/$name.dmat"
	quiet
	python3 "$srcdir/tests/read-export.py" top "$scratch/events" "$scratch/out" 250000000 ||
		fail "$name"
done

# For people: sorted, chosen, ended.
expect 0 timeout 60 "$dmactl" top -b -d 60 --sort live "$traces/6.12-swiotlb.dmat"
cat >"$scratch/want" <<'END'
DEVICE DRIVER MAPS/s UNMAPS/s BYTES/s LIVE MAPPED SLOTS BOUNCES/s FAILED
0000:00:02.0 nvme 2.1 1.9 120K 15 459K 138 29.4 0
0000:00:03.0 ahci 0.2 0.1 9.1K 6 536K 0 0.1 0
0000:00:1f.2 ahci 0.1 0 8.9K 6 536K 0 0 0
0000:00:04.0 ehci-pci 0.6 0.6 533 4 16K 0 0.6 0
0000:00:05.0 e1000e 0 0 0 0 0 0 0 0
END
sed 1d "$scratch/out" | tr -s ' ' >"$scratch/rows"
same "$scratch/want" "$scratch/rows"
expect 0 timeout 60 "$dmactl" top -b -d 60 --sort device --reverse --device '*:0[34].0' \
	"$traces/6.12-swiotlb.dmat"
printed ' s: .* nothing lost, by device, of \*:0\[34\].0; .*/6.12-swiotlb.dmat$'
test "$(sed 1,2d "$scratch/out" | cut -d ' ' -f 1 | xargs)" = "0000:00:04.0 0000:00:03.0" ||
	fail "--sort, --reverse and --device: $(cat "$scratch/out")"
expect 0 timeout 60 "$dmactl" top --ndjson -d 0.25 -n 2 "$traces/6.12-swiotlb.dmat"
test "$(wc -l <"$scratch/out")" = 2 || fail "-n 2 is not two periods"

# A list that found no bounce buffer is one call that failed, and no bounce.
cat >"$scratch/full" <<'END'
#dmat-text 1
1.0 swiotlb_map nic0 TO_DEVICE phys=0x1000 dma=0x81000 size=4096
1.1 swiotlb_map nic0 TO_DEVICE phys=0x3000 dma=error size=4096 error=ENOMEM
1.2 map_sg_err nic0 TO_DEVICE nents=2 entries={0x1000:4096,0x3000:4096} error=ENOMEM
END
expect 0 "$dmactl" convert "$scratch/full" "$scratch/full.dmat"
expect 0 timeout 60 "$dmactl" top --ndjson -d 60 "$scratch/full.dmat"
printed '"bounces": 1, "failed": 1}'

# A file that grows: what is in it is shown while it does, and all of it in the end.
mkfifo "$scratch/slow"
"$dmactl" convert --from text - "$scratch/grows.dmat" <"$scratch/slow" &
exec 5>"$scratch/slow"
printf '#dmat-text 1\n1.0 [000] dd/1 map_page a TO_DEVICE dma=0x1000 size=100\n' >&5
printf '2.1 [000] dd/1 lost count=3\n' >&5
tries=0
while ! test -s "$scratch/grows.dmat" && test $tries -lt 100; do sleep 0.1; tries=$((tries + 1)); done
timeout 60 "$dmactl" top --ndjson "$scratch/grows.dmat" >"$scratch/periods" 5>&- &
tries=0
while ! test -s "$scratch/periods" && test $tries -lt 300; do sleep 0.1; tries=$((tries + 1)); done
grep -q '"maps": 1, .*"live": 1, "mapped": 100' "$scratch/periods" ||
	fail "not shown while it grows: $(cat "$scratch/periods")"
printf '3.5 [000] dd/1 map_page a TO_DEVICE dma=0x2000 size=10\n' >&5
printf '4.6 [000] dd/1 unmap_page a TO_DEVICE dma=0x1000 size=100\n' >&5
exec 5>&-
wait
tail -n 1 "$scratch/periods" | grep -q '"lost": 3, .*"live": 1, "mapped": 10,' ||
	fail "the end of what grew: $(cat "$scratch/periods")"
test "$(grep -o '"maps": [0-9]*' "$scratch/periods" | awk '{ sum += $2 } END { print sum }')" = 2 ||
	fail "not all mappings were shown: $(cat "$scratch/periods")"

# Its keys.
python3 "$srcdir/tests/drive-top.py" "$builddir/src/dmactl" "$traces/6.12-swiotlb.dmat" ||
	fail "on a terminal"

# What cannot be.
expect 2 "$dmactl" top "$traces/6.12-swiotlb.dmat"
said 'this is no terminal to draw on: use -b'
expect 2 "$dmactl" top -b --sort size "$traces/6.12-swiotlb.dmat"
said "'size' is no column to sort by"
expect 2 "$dmactl" top -b -d 0 "$traces/6.12-swiotlb.dmat"
said '\-\-delay takes a number of seconds'
expect 2 "$dmactl" top -b -n 0 "$traces/6.12-swiotlb.dmat"
said '\-\-iterations takes a number'
expect 5 "$dmactl" top -b "$scratch/nowhere.dmat"
said 'nowhere.dmat: No such file'
got=0
head -c 30000 "$traces/6.1-strict.dmat" >"$scratch/cut.dmat"
timeout 60 "$dmactl" top -b - <"$scratch/cut.dmat" >"$scratch/out" 2>"$scratch/err" || got=$?
test $got = 3 || fail "cut short: exit $got"
said 'standard input: offset'
test -s "$scratch/out" || fail "nothing of what was cut short"
if test -w /dev/full; then
	got=0
	timeout 60 "$dmactl" top -b "$traces/6.12-swiotlb.dmat" >/dev/full 2>"$scratch/err" || got=$?
	test $got = 5 || fail "a full disk: exit $got"
fi
if test "$(id -u)" != 0; then
	expect 125 timeout 60 "$dmactl" top -b -n 1
fi
exit "$status"
