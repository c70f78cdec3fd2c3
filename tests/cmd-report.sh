# SPDX-License-Identifier: GPL-2.0-or-later
# dmactl report: one file that needs no other, with what the other commands say.
. "$srcdir/tests/command.sh"
command -v zstd >/dev/null || { echo "needs zstd"; exit 77; }
command -v python3 >/dev/null || { echo "needs python3"; exit 77; }
small=$traces/6.12-swiotlbsmall-nvme-ahci.ftrace.zst

# The texts of a report go to $scratch/out.
read_report() {	# STATUS ARGUMENT...
	want_status=$1; shift
	expect "$want_status" "$dmactl" report -f -o "$scratch/report.html" "$@"
	expect 0 python3 "$srcdir/tests/read-report.py" "$scratch/report.html"
	test "$got" = 0 || grep '^wrong' "$scratch/out"
}
smaller() {	# KILOBYTES
	size=$(wc -c <"$scratch/report.html")
	test "$size" -lt $(($1 * 1024)) || fail "the report has $size bytes"
}

read_report 0 "$small"
smaller 600
printed '^head: 6.12-swiotlbsmall-nvme-ahci.ftrace.zst$'
printed '^head: kernel 6.12.107+deb13-amd64$'
printed '^head: 4600$'
printed '^findings: No rule of the DMA API was broken in 4600 events.$'
printed '^findings: Nothing leaked.$'
printed '^timeline: at most 982 of 1024, at 6.658549 s, event #4024$'
printed '^timeline: failed: #4444 at 6.664168 s, map_page of 237568 bytes for 0000:00:02.0$'
printed '^devices: ahci$'
printed '^map: 6.664168 s, event #4444: the first failure$'
printed '^map: 848 of 1024 slots used, 176 free'
printed "^map: dmactl map --at '#4444' 6.12-swiotlbsmall-nvme-ahci.ftrace.zst$"
printed '^model: fidelity: 99.78 % predicted, 468 of 469, 1 used$'
printed '^machine: 2M at 0x3d000000, 1024 slots in 2 areas, forced$'
test "$(grep -c '^map: [0-9.]* s, event #' "$scratch/out")" = 25 || fail "not 25 moments"

# What it says to do in the terminal is what the terminal does.
sed -n 's/^[a-z]*: \(dmactl .*\)/\1/p' "$scratch/out" | sort -u >"$scratch/commands"
test "$(wc -l <"$scratch/commands")" -gt 30 || fail "few commands"
(cd "$traces" && PATH="$(dirname "$dmactl"):$PATH" && grep -v ' map ' "$scratch/commands" |
	while read -r line; do eval "$line" >/dev/null || echo "$line"; done) >"$scratch/failed"
test ! -s "$scratch/failed" || fail "fails: $(cat "$scratch/failed")"

# The same by a pipe, but for its name; and into one.
zstd -dcq "$small" | "$dmactl" report -o - --environment "${small%.ftrace.zst}.json" - |
	sed 's/>-</>6.12-swiotlbsmall-nvme-ahci.ftrace.zst</; s/<title>-/<title>6.12-swiotlbsmall-nvme-ahci.ftrace.zst/; s/ -<\/code>/ 6.12-swiotlbsmall-nvme-ahci.ftrace.zst<\/code>/' \
		>"$scratch/piped.html"
same "$scratch/piped.html" "$scratch/report.html"

for name in 7.2-direct-nvme 6.12-strict-xhci 6.12-direct-virtio-scsi; do
	read_report 0 --moments 5 "$traces/$name.ftrace.zst"
	smaller 300
done

# Findings have their evidence, and a loss stands at the top.
cat >"$scratch/found.txt" <<'END'
#dmat-text 1
1.000000000 device nic0 name=e1000e mask=0xffffffff
1.000000000 [002] ping/77 map_page nic0 TO_DEVICE phys=0x1000 dma=0x1000 size=4096 stack="e1000_xmit;dev_queue_xmit"
1.000001000 [001] ping/77 unmap_page nic0 TO_DEVICE dma=0x1000 size=512 stack="e1000_clean;napi_poll"
1.100000000 [000] map_page nic0 TO_DEVICE phys=0x3000 dma=0x3000 size=512 stack="e1000_xmit;dev_queue_xmit"
1.200000000 device nic0
END
read_report 0 "$scratch/found.txt"
printed '^findings: DMA[0-9]* unmap-other-size'
printed '^findings: event #2 at 1.000001 s: unmap_page TO_DEVICE at 0x1000, 512 bytes, by ping/77 on CPU 1$'
printed '^findings: begun #1 at 1.000000 s: map_page TO_DEVICE at 0x1000, 4096 bytes, by ping/77 on CPU 2$'
printed '^findings: napi_poll$'
printed '^findings: the oldest #3 at 1.100000 s: map_page'
{ cat "$scratch/found.txt"; echo '1.3 lost count=17'; } >"$scratch/lossy.txt"
read_report 0 "$scratch/lossy.txt"
printed '^head: LOSSY: 17 events lost'
expect 4 "$dmactl" report --strict -f -o "$scratch/report.html" "$scratch/lossy.txt"

# Whatever a recording calls its devices, tasks and pools is text.
cat >"$scratch/<b>'hostile'.txt" <<'END'
#dmat-text 1
1.000000000 device "<script>hacked=1</script>" name="</style><script>hacked=2</script>" mask=0xffffffff
1.000000000 [000] "<img src=x onerror=hacked=3>"/7 map_page "<script>hacked=1</script>" TO_DEVICE phys=0x1000 dma=0x1000 size=4096 stack="</li></ol><script>hacked=4</script>;\" onclick=\"hacked=5"
1.000001000 [000] "<img src=x onerror=hacked=3>"/7 unmap_page "<script>hacked=1</script>" TO_DEVICE dma=0x1000 size=51 stack="<svg onload=hacked=6>"
1.000002000 pool_create "\" onmouseover=\"hacked=7" name="--><script>hacked=8</script>" handle=3 size=64 align=64
1.000002000 pool_alloc "\" onmouseover=\"hacked=7" name="--><script>hacked=8</script>" handle=3 dma=0x2000
1.000003000 map_page "\xe2\x80\xaeevil\xff\x01" TO_DEVICE phys=0x1000 dma=error size=4096 error=ENOMEM
1.000004000 map_page "&lt;script&gt;" TO_DEVICE phys=0x5000 dma=0x5000 size=4096
END
echo '{"schema":"dmactl.environment/1","kernel":"6.12<script>hacked=9</script>"}' \
	>"$scratch/<b>'hostile'.json"
read_report 0 --environment "$scratch/<b>'hostile'.json" "$scratch/<b>'hostile'.txt"
printed '^devices: <script>hacked=1</script>$'
printed '^devices: </style><script>hacked=2</script>$'
printed '^findings: .*by <img src=x onerror=hacked=3>/7'
printed '^findings: </li></ol><script>hacked=4</script>$'
printed '^findings: " onclick="hacked=5$'
printed '^map: pool:--><script>hacked=8</script>@" onmouseover="hacked=7$'
printed '^head: kernel 6.12<script>hacked=9</script>$'
printed '^devices: &lt;script&gt;$'
printed "^findings: dmactl check '<b>'.''hostile'.''.txt'$"
if grep -q "$(printf '\342\200\256')" "$scratch/out"; then fail "text is turned around"; fi

# Its size is bounded, whatever is in the trace.
awk 'BEGIN {
	print "#dmat-text 1"
	for (i = 0; i < 3000; i++)
		printf "1.%09d map_page dev%d TO_DEVICE phys=%d dma=%d size=%d\n", i, i % 600,
			i * 40960, i * 40960, i * 7 % 40000
}' >"$scratch/many.txt"
read_report 0 "$scratch/many.txt"
smaller 3000
printed '^devices: And [0-9]* more devices.$'
printed '^map: And [0-9]* more spaces.$'

# Sizes and addresses that cannot be.
cat >"$scratch/nonsense.txt" <<'END'
#dmat-text 1
1.000000000 [000] a/7 map_page d TO_DEVICE phys=0x1000 dma=0xfffffffffffffff0 size=18446744073709551615
1.000001000 [001] a/7 map_page d TO_DEVICE phys=0xfffffffffffff000 dma=0x0 size=9223372036854775808
1.000005000 [000] a/8 alloc e dma=0xfffffffffffff000 size=18446744073709551615
1.000006000 [000] a/8 declare_coherent_memory g phys=0x1000 dma=0xf000 size=1152921504606846976
1.000006000 [000] a/8 alloc g dma=0xffff000 size=576460752303423488
1.000007000 [000] a/8 pool_create g handle=1 size=18446744073709551615 align=9223372036854775808 boundary=1 name="x"
1.000007000 [000] a/8 pool_alloc g handle=1 dma=0xfffffffffffffff1 size=18446744073709551615
18000000000.000007000 [000] a/8 release_coherent_memory g
END
for said in '' ',"iommu":{"mode":"lazy"}' \
	',"swiotlb":{"start":"0xfffffffffffff000","slots":9223372036854775807}'; do
	echo "{\"schema\":\"dmactl.environment/1\"$said}" >"$scratch/nonsense.json"
	read_report 0 "$scratch/nonsense.txt"
	expect 0 "$dmactl" timeline -f --svg "$scratch/nonsense.svg" "$scratch/nonsense.txt"
done

# A trace in which nothing happens, and files that cannot be.
printf '#dmat-text 1\n1.0 mark "x"\n' >"$scratch/nothing.txt"
read_report 0 "$scratch/nothing.txt"
printed '^timeline: Nothing was ever mapped or allocated.$'
: >"$scratch/empty"
expect 3 "$dmactl" report -o "$scratch/no.html" "$scratch/empty"
test ! -e "$scratch/no.html" || fail "a report of an empty file"
expect 5 "$dmactl" report -o "$scratch/no/such/folder.html" "$small"
expect 2 "$dmactl" report --moments 0 "$small"
head -c 20000 "$small" >"$scratch/cut.zst"
expect 3 "$dmactl" report -f -o "$scratch/report.html" "$scratch/cut.zst"
expect 0 python3 "$srcdir/tests/read-report.py" "$scratch/report.html"
printed '^head: LOSSY: [12] damaged place'
exit $status
