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

expect 3 "$dmactl" explain "$scratch/missing"
said "$scratch/missing: No such file"
expect 2 "$dmactl" explain --segment 100 "$scratch/log"
said 'power of two'
expect 2 "$dmactl" explain --dmesg "$scratch/log"
expect 2 "$dmactl" explain "$scratch/log" "$scratch/log"
exit $status
