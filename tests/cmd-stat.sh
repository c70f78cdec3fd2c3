# SPDX-License-Identifier: GPL-2.0-or-later
# dmactl stat: counts against those of awk over the same lines, and the other forms.
. "$srcdir/tests/command.sh"

# "kind count" of a recording of ftrace, by the tracepoints' names in its lines
kinds() {
	grep -v '^#' |
		sed -E 's/^.{16}-[0-9]+ +\[[0-9]+\] [^ ]+ +[0-9.]+: ([a-z_0-9]+):.*/\1/' |
		sed -E 's/^dma_//; s/^(map|unmap|add_device_to_group|attach_device_to_domain)$/iommu_&/; s/^tracing_mark_write$/mark/' |
		sort | uniq -c | awk '{ print $2, $1 }'
}

check_kinds() {
	kinds <"$2" >"$scratch/want"
	expect 0 "$dmactl" stat --raw --noheadings --columns kind,events "$1"
	quiet
	sort "$scratch/out" >"$scratch/got"
	test -s "$scratch/want" || fail "no events in $2"
	same "$scratch/want" "$scratch/got"
}

for file in "$data"/*.ftrace; do
	check_kinds "$file" "$file"
done
if command -v zstd >/dev/null; then
	for file in "$traces"/6.12-s*.ftrace.zst "$traces"/7.2-*.ftrace.zst; do
		zstd -dcq "$file" >"$scratch/plain"
		check_kinds "$file" "$scratch/plain"
	done
fi

# A trace small enough to count by hand: CPUs, failures, peaks, strangers, a NULL free.
cat >"$scratch/small.txt" <<'END'
#dmat-text 1
1.000000000 [000] dd/7 map_page 0000:00:02.0 TO_DEVICE phys=0x1000 dma=0x1000 size=4096
1.000001000 [001] dd/7 map_page 0000:00:02.0 TO_DEVICE phys=0x3000 dma=0x3000 size=512
1.000002000 [001] dd/7 unmap_page 0000:00:02.0 TO_DEVICE dma=0x1000 size=4096
1.000003000 [000] dd/7 map_page 0000:00:02.0 FROM_DEVICE phys=0x5000 dma=error size=8192 error=ENOMEM
1.000004000 [000] dd/8 unmap_page 0000:00:03.0 TO_DEVICE dma=0x9000 size=16
1.000005000 [000] dd/8 alloc 0000:00:03.0 dma=0xa000 size=100
1.000006000 [000] dd/8 free 0000:00:03.0
END
expect 0 "$dmactl" stat --csv --by device --columns \
	device,events,maps,unmaps,allocs,frees,failed,strangers,bytes,peak,peakbytes,live,lifetime \
	"$scratch/small.txt"
tr -d '\r' <"$scratch/out" >"$scratch/got"
cat >"$scratch/want" <<'END'
DEVICE,EVENTS,MAPS,UNMAPS,ALLOCS,FREES,FAILED,STRANGERS,BYTES,PEAK,PEAKBYTES,LIVE,LIFETIME
0000:00:02.0,4,2,1,0,0,1,0,4608,2,4608,1,2000
0000:00:03.0,3,0,1,1,0,0,1,100,1,100,1,
END
same "$scratch/want" "$scratch/got"

expect 0 "$dmactl" stat --json "$scratch/small.txt"
json "$scratch/out"
printed '"schema": "dmactl.stat/1"'
printed '"map_page": 3'
printed '"lost": 0'
printed '"complete": true'
for key in device driver kind direction cpu comm pool; do
	expect 0 "$dmactl" stat --json --by $key "$scratch/small.txt"
	json "$scratch/out"
	expect 0 "$dmactl" stat --by $key "$scratch/small.txt"
	if grep -q ' $' "$scratch/out"; then fail "--by $key: spaces at the end of a line"; fi
done
expect 2 "$dmactl" stat --by nonsense "$scratch/small.txt"

# Drivers come from the environment.
expect 0 "$dmactl" stat --by driver "$traces/6.12-direct-nvme.ftrace.zst"
printed '^nvme '

# What is counted is what was selected.
expect 0 "$dmactl" stat --raw -n --columns events,kind --filter 'cpu == 1' "$scratch/small.txt"
test "$(sort "$scratch/out" | tr '\n' ' ')" = "1 map_page 1 unmap_page " || fail "--filter"
expect 0 "$dmactl" stat --raw -n --columns events --begin '#1' --end '#2' "$scratch/small.txt"
test "$(wc -l <"$scratch/out")" = 2 || fail "--begin and --end"

# Losses are in the first line, in JSON, and in the exit status if wanted.
{ cat "$scratch/small.txt"; echo '1.000007000 [000] lost count=17'; } >"$scratch/lossy.txt"
expect 0 "$dmactl" stat "$scratch/lossy.txt"
head -n 1 "$scratch/out" | grep -q '^LOSSY: 17 events lost (68 %)$' || fail "no LOSSY line"
expect 4 "$dmactl" stat --strict --json "$scratch/lossy.txt"
printed '"lost": 17'
printed '"complete": false'

# Histograms, in both alphabets.
expect 0 "$dmactl" stat --histogram --ascii "$scratch/small.txt"
printed '4K - 8K .* 1  ##'
printed '1.0us - 2.0us .* 1  ##'

# Rows that are wider than the terminal are printed one cell a line, with the same cells.
expect 0 "$dmactl" stat --csv "$traces/6.12-strict-nvme.ftrace.zst"
events=$(awk -F, 'NR > 1 { sum += $2; rows++ } END { print sum, rows }' "$scratch/out")
for width in 20 40 60; do
	expect 0 "$dmactl" stat --width $width "$traces/6.12-strict-nvme.ftrace.zst"
	got=$(awk '/^EVENTS/ { sum += $2 } /^KIND/ { rows++ } END { print sum, rows }' "$scratch/out")
	test "$got" = "$events" || fail "--width $width: $got, not $events"
	if sed -n '/^KIND/,$p' "$scratch/out" | awk -v w=$width 'length > w' | grep -q .; then
		fail "--width $width: lines are wider"
	fi
done
expect 0 "$dmactl" stat --width 80 "$traces/6.12-strict-nvme.ftrace.zst"
printed '^KIND  *EVENTS '


# Who maps most, by the recorded stacks; what is live counts for who mapped it.
cat >"$scratch/sites.txt" <<'END'
#dmat-text 1
1.0 map_page nic0 TO_DEVICE phys=0x5000 dma=0x5000 size=512 stack="xmit;net"
1.1 map_page nic0 TO_DEVICE phys=0x6000 dma=0x6000 size=512 stack="xmit;net"
1.2 map_page nic0 FROM_DEVICE phys=0x7000 dma=0x7000 size=4096 stack="refill;poll"
1.3 unmap_page nic0 TO_DEVICE dma=0x5000 size=512 stack="clean;poll"
END
expect 0 "$dmactl" stat --by site --raw --noheadings --columns site,maps,bytes,live \
	"$scratch/sites.txt"
awk '$2' "$scratch/out" | sort >"$scratch/has"
printf 'refill;poll 1 4096 1\nxmit;net 2 1024 1\n' >"$scratch/want"
same "$scratch/want" "$scratch/has"
exit $status
