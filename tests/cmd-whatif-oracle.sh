# SPDX-License-Identifier: GPL-2.0-or-later
# dmactl whatif sg, iova, magazine, pool: against models in awk that share no code with it,
# and at the value that it names, and at the next smaller one.
. "$srcdir/tests/command.sh"

# trace KERNEL [MODE]: a trace of the lines on standard input
trace() {
	echo '#dmat-text 1'
	echo "#environment {\"schema\": \"dmactl.environment/1\", \"kernel\": \"$1\", \"cpus\": 1," \
		"\"iommu\": {\"mode\": \"${2:-strict}\"}}"
	cat
}

# rows COLUMNS ARGUMENT...: of the table, on one line each
rows() {
	columns=$1
	shift
	expect 0 "$dmactl" whatif --raw --noheadings --columns "$columns" "$@"
}

# ---- pools ----

# A page as mm/dmapool.c cuts it: "blocks page block", or "none".
cat >"$scratch/pool.awk" <<'MODEL'
function power(n) { while (n > 1 && n % 2 == 0) n /= 2; return n == 1 }
{
	size = $1; align = $2 ? $2 : 1; boundary = $3; least = old ? 4 : 16
	if (!power(align) || (boundary && (!power(boundary)))) { print "none"; next }
	if (size < least) size = least
	size = int((size + align - 1) / align) * align
	if (boundary && boundary < size) { print "none"; next }
	page = size > 4096 ? size : 4096
	if (!boundary) boundary = page
	if (page > 4096) { print 1, page, size; next }
	blocks = 0
	if (old) {
		next_one = boundary
		for (at = 0; at < page;) {
			blocks++
			at += size
			if (at + size >= next_one) { at = next_one; next_one += boundary }
		}
	} else {
		for (start = 0; start < page; start += boundary) {
			end = start + boundary < page ? start + boundary : page
			blocks += int((end - start) / size)
		}
	}
	print blocks, page, size
}
MODEL

# The model's own: 4 blocks of 1000 bytes lie in a page, 3 where each has 1024 of 4096
# less one boundary of 2048: figures worked out by hand.
test "$(echo '1000 8 0' | awk -f "$scratch/pool.awk")" = "4 4096 1000" || fail "awk: 1000"
test "$(echo '1200 8 2048' | awk -f "$scratch/pool.awk")" = "2 4096 1200" || fail "awk: 1200"
test "$(echo '5000 8 0' | awk -f "$scratch/pool.awk")" = "1 5000 5000" || fail "awk: 5000"

# pools KERNEL OLD: every size, alignment and boundary in turn
pools() {
	for size in 3 48 100 600 1000 3000 5000; do
		{
			echo "1.0 pool_create nic0 name=p handle=1 size=$size align=4"
			for block in 0 1 2 3 4 5 6 7 8; do
				echo "1.0 pool_alloc nic0 handle=1 dma=0x${block}0000 virt=0x${block}0000"
			done
		} | trace "$1" off >"$scratch/pool"
		rows value,failed,perpage,perblock --sweep align=2:4096:*8 \
			--sweep boundary=512:8192:*4 pool "$scratch/pool"
		sed 's/\\x20/ /' "$scratch/out" >"$scratch/rows"
		while read -r align boundary failed per_page per_block; do
			set -- "$1" "$2" "$align" "$boundary" "$failed" "$per_page" "$per_block"
			want=$(echo "$size ${3#align=} ${4#boundary=}" |
				awk -v old="$2" -f "$scratch/pool.awk" |
				awk -v size="$size" '/none/ { print 9; next }
					{ printf "0 %d %.1f\n", $1, $2 / $1 - size }')
			got=$5${6:+ $6}${7:+ $7}
			test "$got" = "$want" || fail "$1: $size $3 $4: '$got', not '$want'"
		done <"$scratch/rows"
	done
}
pools 6.12 0
pools 7.2 0
pools 6.1 1

# the smallest boundary that a pool of 600 bytes can have, and one that is none
{
	echo '1.0 pool_create nic0 name=p handle=1 size=600 align=4'
	echo '1.0 pool_alloc nic0 handle=1 dma=0x1000 virt=0x1000'
} | trace 6.12 off >"$scratch/pool"
expect 0 "$dmactl" whatif --sweep boundary=128:4096:*32 pool "$scratch/pool"
printed 'without a failure: boundary=1024 (0 requests fail).*'
printed 'dma_pool_create(name, dev, size, align, 1024)'
printed 'At boundary=512, the next smaller there is, 1 requests fail'
printed 'Pool p of nic0: 4 blocks of 600 bytes (600 asked for) in 4096 bytes, none'
rows failed --sweep boundary=1023:1024:+1 pool "$scratch/pool"
test "$(tr '\n' ' ' <"$scratch/out")" = "1 0 " || fail "1023: $(cat "$scratch/out")"

# ---- lists ----

# Lists by dice, the same each time: "list ADDRESS:SIZE,..."
awk 'BEGIN {
	srand(7)
	for (list = 0; list < 60; list++) {
		printf "%s", list ? "\n" : ""
		entries = 1 + int(rand() * 12)
		for (i = 0; i < entries; i++) {
			offset = rand() < 0.8 ? 0 : 512 * int(rand() * 8)
			size = rand() < 0.7 ? 4096 * (1 + int(rand() * 4)) - offset : \
				512 * (1 + int(rand() * 8))
			printf "%s0x%x:%d", i ? "," : "", 65536 + 65536 * int(rand() * 1000) + offset, size
		}
	}
	print ""
}' >"$scratch/lists"
awk -F, '{
	printf "1.0 map_sg nic0 TO_DEVICE nents=%d ents=%d entries={%s} segments={", NF, NF, $0
	for (i = 1; i <= NF; i++)
		printf "%s%s", (i > 1 ? "," : ""), $i
	print "}"
}' "$scratch/lists" | trace 6.12 >"$scratch/sg"

# Segments and breaches as drivers/iommu/dma-iommu.c lays a list out. Where all of it
# lies does not matter: it is as aligned as it is long.
cat >"$scratch/sg.awk" <<'MODEL'
function finish() { if (current) { segments++; breach += current > longest || \
	int(start / boundary) != int((start + current - 1) / boundary) } }
function hex(text,   i, value) {
	for (i = 3; i <= length(text); i++)
		value = value * 16 + index("0123456789abcdef", substr(text, i, 1)) - 1
	return value
}
{
	entries = split($0, entry, ",")
	total = 0
	for (i = 1; i <= entries; i++) {
		split(entry[i], part, ":")
		offset[i] = hex(part[1]) % 4096
		size[i] = part[2]
		whole[i] = int((size[i] + offset[i] + 4095) / 4096) * 4096
		pad = (boundary - total % boundary) % boundary
		if (pad && pad < whole[i] - 1) {
			whole[i - 1] += pad
			total += pad
		}
		total += whole[i]
	}
	at = current = room = 0
	for (i = 1; i <= entries; i++) {
		# what is left of a segment is an unsigned number: of one too long, all
		if (room && !offset[i] && at % boundary &&
		    (current > longest || current + size[i] <= longest))
			current += size[i]
		else {
			finish()
			start = at + offset[i]
			current = size[i]
		}
		room = size[i] + offset[i] == whole[i]
		at += whole[i]
	}
	finish()
	current = 0
}
END { print segments, breach + 0 }
MODEL
rows value,segments,breaches --sweep max-segment=4096:65536:*4 --sweep boundary=4096:262144:*4 \
	sg "$scratch/sg"
test "$(wc -l <"$scratch/out")" = 12 || fail "sg: $(cat "$scratch/out")"
sed 's/max-segment=//; s/boundary=//; s/\\x20/ /' "$scratch/out" >"$scratch/rows"
while read -r longest mask segments breaches; do
	want=$(awk -v longest="$longest" -v boundary="$((mask + 1))" -f "$scratch/sg.awk" \
		"$scratch/lists")
	test "$segments $breaches" = "$want" ||
		fail "sg: $longest $mask: $segments $breaches, not $want"
done <"$scratch/rows"

# exact: the longest entry, to the byte
longest=$(tr ',' '\n' <"$scratch/lists" | sed 's/.*://' | sort -n | tail -n 1)
expect 0 "$dmactl" whatif --width 200 sg "$scratch/sg"
printed "without a breach: max-segment=$longest (0 breaches). What sets it: dma_set_max_seg_size(dev, $longest)"
printed "At max-segment=$((longest - 1)), the next smaller there is, [1-9][0-9]* breaches"
expect 0 "$dmactl" whatif --json sg "$scratch/sg"
json "$scratch/out"
printed '"exact": *true'
printed "\"set\": *\"dma_set_max_seg_size(dev, $longest)\""

# ---- IOVAs ----

# 37 pages that stay: with page 0, which is never given, 38
page=0
while test $page -lt 37; do
	echo "1.0 map_page nic0 TO_DEVICE phys=0x$((page + 10))000 dma=0x$((page + 10))000 size=4096"
	page=$((page + 1))
done | trace 6.12 >"$scratch/iova"
expect 0 "$dmactl" whatif --width 200 --sweep window=8192:1048576 iova "$scratch/iova"
printed "without a failure: window=$((38 * 4096)) (0 requests fail). What sets it: no parameter"
printed "At window=$((37 * 4096)), the next smaller there is, 1 requests fail"
rows failed,peak --sweep window=$((37 * 4096)):$((38 * 4096)):4096 iova "$scratch/iova"
test "$(tr '\n' ' ' <"$scratch/out")" = "1 36 0 37 " || fail "window: $(cat "$scratch/out")"
expect 0 "$dmactl" whatif --width 200 iova "$scratch/iova"
printed 'without a failure: mask=0x3ffff (0 requests fail). What sets it: dma_set_mask_and_coherent(dev, DMA_BIT_MASK(18))'
printed 'At mask=0x1ffff, the next smaller there is, 6 requests fail'
# what no call can say is no machine, and no answer
for wrong in mask=65:65 forcedac=2:2; do
	expect 2 "$dmactl" whatif --sweep $wrong iova "$scratch/iova"
	said 'there is no such machine'
done
for wrong in boundary=5000:5000 max-segment=4294967296:4294967296; do
	expect 2 "$dmactl" whatif --sweep $wrong sg "$scratch/sg"
	said 'there is no such machine'
done
# all that is taken is asked for; of half pages half is waste
rows waste --sweep mask=32:32 iova "$scratch/iova"
test "$(cat "$scratch/out")" = 0.0 || fail "waste $(cat "$scratch/out")"
sed 's/size=4096/size=2048/' "$scratch/iova" >"$scratch/half"
rows waste --sweep mask=32:32 iova "$scratch/half"
test "$(cat "$scratch/out")" = 50.0 || fail "waste $(cat "$scratch/out")"
# from a pipe it can be read but once: what was tried is said, and no more
"$dmactl" whatif --sweep window=8192:1048576 iova - <"$scratch/iova" >"$scratch/out"
printed 'window=262144 (0 requests fail)'
printed 'At window=131072, the next smaller that was tried, 6 requests fail'

# a device that can reach more than 4 GiB, and a kernel that lets it
{
	echo '1.0 device nic0 name=d mask=0xffffffffffffffff coherent_mask=0xffffffffffffffff'
	grep ' map_page ' "$scratch/iova"
} | sed 's/nic0/0000:00:05.0/' | trace 6.12 >"$scratch/dac"
rows value,lowest --sweep forcedac=0:1 iova "$scratch/dac"
grep -q '^forcedac=0 0x[0-9a-f]\{8\}$' "$scratch/out" || fail "$(cat "$scratch/out")"
grep -q '^forcedac=1 0x[0-9a-f]\{9,\}$' "$scratch/out" || fail "$(cat "$scratch/out")"

# ---- magazines ----

# 80 pages are taken, given back, and taken again. 6.1 keeps two magazines a CPU and 32 in
# a depot: what does not fit there is searched for.
{
	for time in 1 2; do
		page=100
		while test $page -lt 180; do
			echo "$time.0 map_page nic0 TO_DEVICE phys=0x${page}000 dma=0x${page}000 size=4096"
			page=$((page + 1))
		done
		page=100
		while test $page -lt 180; do
			echo "$time.5 unmap_page nic0 TO_DEVICE dma=0x${page}000 size=4096"
			page=$((page + 1))
		done
	done
} | trace 6.1 >"$scratch/magazine"
rows value,takes,searches --sweep ranges=1:4:1 magazine "$scratch/magazine"
for ranges in 1 2 3 4; do
	kept=$((34 * ranges < 80 ? 34 * ranges : 80))
	grep -qx "ranges=$ranges 160 $((160 - kept))" "$scratch/out" ||
		fail "ranges=$ranges: not $((160 - kept)) searches: $(cat "$scratch/out")"
done
expect 0 "$dmactl" whatif --width 200 --sweep ranges=1:16:*16 magazine "$scratch/magazine"
printed 'fewest searches of a domain: ranges=3 (80 searches). What sets it: no parameter: IOVA_MAG_SIZE'
printed 'At ranges=2, the next smaller there is, 92 searches'
rows failed --sweep ranges=0:1:1 magazine "$scratch/magazine"
test "$(tr '\n' ' ' <"$scratch/out")" = "no\\x20such\\x20machine 0 " || fail "$(cat "$scratch/out")"
rows failed --sweep ranges=65536:65537:1 magazine "$scratch/magazine"
test "$(tr '\n' ' ' <"$scratch/out")" = "0 no\\x20such\\x20machine " || fail "$(cat "$scratch/out")"

exit $status
