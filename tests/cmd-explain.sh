# SPDX-License-Identifier: GPL-2.0-or-later
# dmactl explain: the logs of public reports, each with its cause.
. "$srcdir/tests/command.sh"
logs="$data/kernel-logs.txt"

# Cut the file into excerpts, and what is expected of each.
mkdir "$scratch/logs"
awk -v to="$scratch/logs" '
	/^#/ { if (filled || !n) { n++; filled = 0; name = sprintf("%s/%02d", to, n) }; next }
	/^= / { device = $3; gsub(/stream:/, "stream ", device)
		print $2, (device == "-" ? "null" : device) >name ".want"; filled = 1; next }
	NF { print >name ".log"; filled = 1 }' "$logs"

excerpts=0
for log in "$scratch"/logs/*.log; do
	wanted="${log%.log}.want"
	excerpts=$((excerpts + 1))
	if test -e "$wanted"; then
		expect 1 "$dmactl" explain --json "$log"
	else
		: >"$wanted"
		expect 0 "$dmactl" explain --json "$log"
	fi
	json "$scratch/out"
	sed -n 's/^ *"id": "\(.*\)",$/\1/p' "$scratch/out" >"$scratch/ids"
	sed -n 's/^ *"device": "*\([^"]*\)"*,$/\1/p' "$scratch/out" >"$scratch/devices"
	paste -d' ' "$scratch/ids" "$scratch/devices" >"$scratch/got"
	cmp -s "$scratch/got" "$wanted" || {
		fail "$(head -1 "$log"):"
		diff "$wanted" "$scratch/got"
	}
done
test "$excerpts" -ge 50 || fail "only $excerpts excerpts"
test "$(cat "$scratch"/logs/*.want | cut -d' ' -f1 | sort -u | wc -l)" -ge 15 ||
	fail "too few kinds"

# What people read: a request that is too big is told from a full pool, with the numbers.
printf '%s\n' 'usb 1-1: swiotlb buffer is full (sz: 524288 bytes), total 32768 (slots), used 4 (slots)' \
	>"$scratch/log"
expect 1 "$dmactl" explain "$scratch/log"
quiet
printed '^error: swiotlb-too-big, 1-1 (usb)$'
printed '512 KiB can never be bounced'
printed '512 KiB need 256 slots; a set has 128'
printed '32764 of 32768 slots were free'

# README.md shows this one.
expect 1 "$dmactl" explain --width 80 "$scratch/log"
awk '/^# dmesg \| dmactl explain/ { inside = 1; next } /^```/ { inside = 0 } inside' \
	"$srcdir/README.md" >"$scratch/readme"
sed '$d' "$scratch/out" >"$scratch/shown"
same "$scratch/readme" "$scratch/shown"

# What an IOMMU does not tell, explain does not claim: Intel's words are the same for an
# address that is not mapped and for the other direction. Raw words are decoded.
excerpt() { # LINE...
	printf '%s\n' "$@" >"$scratch/excerpt"
	expect 1 "$dmactl" explain "$scratch/excerpt"
	tr -s '\n ' '  ' <"$scratch/out" >"$scratch/joined"
	mv "$scratch/joined" "$scratch/out"
}
# An address that is not told, or only ends like one of those, is none of AMD's special ones.
for address in '' ' address=0x12fe00000000'; do
	excerpt "AMD-Vi: Event logged [INVALID_DEVICE_REQUEST device=00:00.1$address flags=0x0a00]"
	! grep -q 'keeps for interrupts' "$scratch/out" || fail "special:$address"
done
excerpt 'AMD-Vi: Event logged [INVALID_DEVICE_REQUEST device=00:00.1 address=0xfffffffdf8000000 flags=0x0a00]'
printed 'keeps for interrupts'
excerpt 'DMAR: [DMA Write] Request device [99:00.0] fault addr 0 [fault reason 05] PTE Write access is not set'
printed 'write to 0x0, which is not mapped, or for the other direction only'
printed 'The address is 0'
excerpt 'DMAR: [DMA Read NO_PASID] Request device [6a:01.0] fault addr 0x1000 [fault reason 0x0d] PCE for translation request specifies blocking'
printed 'refused to let the device read 0x1000'
excerpt 'arm-smmu-v3 s.smmu: event 0x10 received:'
printed 'tried to use an address, where nothing is mapped'
if grep -q 'The address is 0' "$scratch/out"; then fail "an address that is not known is 0"; fi
excerpt 'arm-smmu-v3 s.smmu: event 0x13 received:' 'arm-smmu-v3 s.smmu: 	0x0000030000000013' \
	'arm-smmu-v3 s.smmu: 	0x0000000800000000' 'arm-smmu-v3 s.smmu: 	0x00000000fffff040'
printed 'tried to read 0xfffff040, which is mapped for the other direction'
printed 'Stream ID 0x300 '
excerpt 'AMD-Vi: Event logged [INVALID_DEVICE_REQUEST device=00:00.1 address=0x000000fdf8000020 flags=0x0a00]'
printed 'no memory, and no mapping failed'

# A kernel patched to larger slot sets is another matter.
expect 1 "$dmactl" explain --segment 1024 "$scratch/log"
printed '^error: swiotlb-fragmented'

# A pool that stays full for long looks like a leak; the next power of two is offered.
{
	echo '[  100.000000] e100 0000:00:03.0: swiotlb buffer is full (sz: 2048 bytes), total 32768 (slots), used 32768 (slots)'
	echo '[ 7300.000000] e100 0000:00:03.0: swiotlb buffer is full (sz: 2048 bytes), total 32768 (slots), used 32768 (slots)'
} >"$scratch/log"
expect 1 "$dmactl" explain --width 80 "$scratch/log"
printed 'stayed full for 7200 seconds'
printed 'swiotlb=65536'
printed '2 lines, 1 to 2'
test "$(awk '{ if (length > most) most = length } END { print most }' "$scratch/out")" -le 80 ||
	fail "lines longer than 80 columns"

# From a pipe, from nothing, from bytes that are no text.
got=0
"$dmactl" explain <"$scratch/log" >"$scratch/out" 2>"$scratch/err" || got=$?
test "$got" = 1 || fail "standard input: exit $got"
: >"$scratch/empty"
expect 0 "$dmactl" explain "$scratch/empty"
printed '^None of the 0 lines is about DMA'
head -c 100000 /dev/urandom >"$scratch/noise"
"$dmactl" explain "$scratch/noise" >"$scratch/out" 2>"$scratch/err" || test $? = 1 ||
	fail "noise: $(cat "$scratch/err")"
{ printf 'a 0000:01:00.0: swiotlb buffer is full (sz: '; head -c 100000 /dev/zero | tr '\0' 9; echo; } >"$scratch/long"
expect 1 "$dmactl" explain --json "$scratch/long"
json "$scratch/out"

# With a recording of the same time the evidence is from there. This one was made when the
# kernel wrote this line; by itself, its numbers are those of the line.
line='nvme 0000:00:02.0: swiotlb buffer is full (sz: 237568 bytes), total 1024 (slots), used 848 (slots)'
small=$traces/6.12-swiotlbsmall-nvme-ahci.ftrace.zst
recorded() {	# WORDS: the log, and this recording, give this answer
	want_answer=$1; shift
	expect 1 "$dmactl" explain --json "$@" "$scratch/log"
	json "$scratch/out"
	printed "^ *\"answer\": \"$want_answer\",*$"
	expect 1 "$dmactl" explain --width 1000 "$@" "$scratch/log"
	quiet
}
if command -v zstd >/dev/null; then
	echo "[    6.670879] $line" >"$scratch/log"
	recorded 'failed call' --trace "$small"
	printed '#4444 at 6.664168 s: map_page .* which is 0.006711 s before line 1'
	printed '848 of 1024 slots used, 176 free'
	printed 'largest request that fits is 196608 bytes'
	printed '176 slots are free, but not in a row: this is fragmentation'
	printed 'Held most by 0000:00:02.0 (nvme)'
	printed 'No leak'
	printed 'swiotlb=1025,2,force, of which the kernel makes 2048 slots in 2 areas, would have served'
	expect 1 "$dmactl" explain --json --trace "$small" "$scratch/log"
	printed '^ *"cause": "fragmented",*$'
	printed '^ *"smallest_value": 1025,*$'
	"$dmactl" whatif swiotlb "$small" >"$scratch/whatif"
	grep -q 'swiotlb=1025,2,force, of which' "$scratch/whatif" || fail "whatif says another size"
	expect 1 "$dmactl" explain --width 80 --trace "$small" "$scratch/log"
	test "$(awk '{ if (length > most) most = length } END { print most }' "$scratch/out")" -le 80 ||
		fail "evidence wider than 80 columns"

	# Without a time the size tells which call it was; of several lines the one that matches.
	echo "$line" >"$scratch/log"
	recorded 'failed call' --trace "$small"
	printed '#4444 at'
	{ echo "[    3.000000] $line"; echo "[    6.670879] $line"; echo "[  500.000000] $line"; } >"$scratch/log"
	recorded 'failed call' --trace "$small"
	printed 'before line 2'

	# The moment is not in it, or nothing failed then.
	echo "[  500.670879] $line" >"$scratch/log"
	recorded 'not recorded' --trace "$small"
	printed 'does not hold the moment: it is of 2.985971 s to 6.758920 s, and the line of 500.670879 s'
	echo "[    4.000000] $line" >"$scratch/log"
	recorded 'no failed call' --trace "$small"
	printed 'no call of 0000:00:02.0 that failed there'
	printed 'slots used'

	# Another machine: by its kernel, by its pool, by its devices.
	{ echo '[    0.000000] Linux version 6.1.0-17-amd64 (x@y) #1 SMP'; echo "[    6.670879] $line"; } >"$scratch/log"
	recorded 'another machine' --trace "$small"
	printed 'is of kernel 6.12.107+deb13-amd64, and the log of 6.1.0-17-amd64'
	echo "[    6.670879] $line" | sed 's/total 1024/total 32768/' >"$scratch/log"
	recorded 'another machine' --trace "$small"
	printed 'with 1024 slots, and the log of one with 32768'
	echo "[    6.670879] $line" | sed 's/:02.0/:1d.7/' >"$scratch/log"
	recorded 'another machine' --trace "$small"
	printed 'has nothing of 0000:00:1d.7'

	# What is left of a damaged one is evidence still.
	echo "[    3.300000] $line" >"$scratch/log"
	head -c 9000 "$small" >"$scratch/cut.ftrace.zst"
	cp "${small%.ftrace.zst}.json" "$scratch/cut.json"
	expect 3 "$dmactl" explain --width 1000 --trace "$scratch/cut.ftrace.zst" "$scratch/log"
	printed 'no call of 0000:00:02.0 that failed there'
	printed 'The recording lost events'
fi

# A pool of 128 slots of which a driver forgets to give back one each second: two are left
# when another's 6 KiB come, and then a request comes that no pool can serve.
{
	echo '#dmat-text 1'
	awk 'BEGIN { for (i = 0; i < 126; i++) {
		printf "%d.500000000 map_page nic0 FROM_DEVICE phys=%d dma=%d size=2048 stack=\"rx_alloc;open\"\n",
			i, 1048576 + i * 4096, 268435456 + i * 2048
		print i ".600000000 map_page nic0 FROM_DEVICE phys=0x2000 dma=0x1003f800 size=2048 stack=\"rx_alloc;open\""
		print i ".700000000 unmap_page nic0 FROM_DEVICE dma=0x1003f800 size=2048"
	} }'
	echo '126.000000000 map_page disk0 TO_DEVICE phys=4096 dma=0xffffffffffffffff size=6144'
	echo '127.000000000 map_page disk0 TO_DEVICE phys=4096 dma=0xffffffffffffffff size=524288'
} >"$scratch/leak.txt"
cat >"$scratch/machine.json" <<'EOF'
{ "schema": "dmactl.environment/1", "cpus": 1, "iommu": { "mode": "off" },
  "swiotlb": { "start": "0x10000000", "slots": 128, "areas": 1, "slot_size": 2048, "force": true } }
EOF
{
	echo '[  126.100000] sd disk0: swiotlb buffer is full (sz: 6144 bytes)'
	echo '[  127.000000] sd disk0: swiotlb buffer is full (sz: 524288 bytes)'
} >"$scratch/log"
recorded 'failed call' --trace "$scratch/leak.txt" --environment "$scratch/machine.json"
printed 'Only 2 slots are free: the pool is too small'
printed 'It is larger than a set, 256K: no pool of any size serves it'
printed 'Held most by nic0 with 126 live map_page of 252K in all, .* from rx_alloc;open'
printed 'A leak: 126 of map_page, 252K in all, are left of nic0'
expect 1 "$dmactl" explain --json --trace "$scratch/leak.txt" --environment "$scratch/machine.json" "$scratch/log"
printed '"cause": "full"'
printed '"cause": "too big"'

# A recording that cannot be read leaves the log explained.
for trace in missing .; do
	expect 5 "$dmactl" explain --trace "$scratch/$trace" "$scratch/log"
	said "$scratch/$trace: "
	printed '^error: swiotlb-too-big, disk0'
done
expect 2 "$dmactl" explain --trace - "$scratch/log"
said 'read more than once'

expect 5 "$dmactl" explain "$scratch/missing"
said "$scratch/missing: No such file"
expect 2 "$dmactl" explain --segment 100 "$scratch/log"
said 'power of two'
expect 2 "$dmactl" explain --dmesg "$scratch/log"
expect 2 "$dmactl" explain "$scratch/log" "$scratch/log"
exit $status
