# SPDX-License-Identifier: GPL-2.0-or-later
# dmactl trim, split and merge: each part is what was asked for, knows what was mapped
# before it, and the parts make the whole again.
. "$srcdir/tests/command.sh"

# What is live at the end, and how many ends have no beginning.
state() {
	"$dmactl" replay --raw --noheadings --columns what,left,bytes,strangers "$1" 2>/dev/null |
		awk '$2 || $4'
}
events() { "$dmactl" dump "$@" | grep -v -e '^#' -e 'flags=[a-z_|]*earlier'; }

# What is live 400 events behind an event.
live() {
	"$dmactl" replay --raw --noheadings --at "#$(($1 + 400))" "$2" 2>/dev/null |
		awk '{ print $1, $2, $3, $4 }'
}

for name in 6.12-strict.dmat 7.2-lazy.dmat 6.12-lazy-xhci.ftrace.zst \
	6.12-swiotlbsmall-nvme-ahci.ftrace.zst; do
	file=$traces/$name
	case $name in *.zst) command -v zstd >/dev/null || continue ;; esac
	state "$file" >"$scratch/want"
	for at in 1 1500; do
		# all from there on ends where the whole ends
		expect 0 "$dmactl" trim --begin "#$at" "$file" -f -o "$scratch/part.dmat"
		expect 0 "$dmactl" verify "$scratch/part.dmat"
		state "$scratch/part.dmat" >"$scratch/has"
		grep -o '^[a-z]* [0-9]*' "$scratch/want" >"$scratch/want.left"
		grep -o '^[a-z]* [0-9]*' "$scratch/has" >"$scratch/has.left"
		same "$scratch/want.left" "$scratch/has.left"
		# and has the events that it should
		events --begin "#$at" --end "#$((at + 400))" "$file" >"$scratch/events"
		expect 0 "$dmactl" trim --begin "#$at" --end "#$((at + 400))" "$file" -f \
			-o "$scratch/part.dmat"
		said "part.dmat: 401 events, and"
		events "$scratch/part.dmat" >"$scratch/kept"
		same "$scratch/events" "$scratch/kept"
		# what is live at its end is what was live there
		live "$at" "$file" >"$scratch/then.live"
		last=$("$dmactl" dump "$scratch/part.dmat" | grep -vc '^#')
		live "$((last - 401))" "$scratch/part.dmat" >"$scratch/now.live"
		same "$scratch/then.live" "$scratch/now.live"
	done
	# parts, put together again
	rm -f "$scratch"/p-*
	expect 0 "$dmactl" split --events 900 "$file" -o "$scratch/p.dmat"
	expect 0 "$dmactl" verify "$scratch"/p-*.dmat
	expect 0 "$dmactl" merge "$scratch"/p-*.dmat -f -o "$scratch/whole.dmat"
	"$dmactl" dump "$file" | grep -v '^#' >"$scratch/want"
	"$dmactl" dump "$scratch/whole.dmat" | grep -v '^#' >"$scratch/has"
	same "$scratch/want" "$scratch/has"
done

# By hand: what begins in a gap and is live behind it, and what ends in the gap.
cat >"$scratch/hand.txt" <<'END'
#dmat-text 1
1.0 device nic0 name=e1000e mask=0xffffffff
1.0 map_page nic0 TO_DEVICE phys=0x1000 dma=0x1000 size=1
1.1 map_page nic0 TO_DEVICE phys=0x2000 dma=0x2000 size=2
1.2 map_page nic1 TO_DEVICE phys=0x9000 dma=0x9000 size=9
1.3 mark text=first
1.4 unmap_page nic0 TO_DEVICE dma=0x1000 size=1
1.5 lost count=7
1.5 map_page nic0 TO_DEVICE phys=0x3000 dma=0x3000 size=3
1.6 map_page nic0 TO_DEVICE phys=0x4000 dma=0x4000 size=4
1.7 unmap_page nic0 TO_DEVICE dma=0x4000 size=4
1.8 mark text=second
END
expect 0 "$dmactl" trim --around 4,10 --context 0 --device 'nic0,x*' "$scratch/hand.txt" \
	-o "$scratch/out.txt"
said '2 events, and 6 of before'
grep -v '^#' "$scratch/out.txt" | cut -d' ' -f3- >"$scratch/has"
cat >"$scratch/want" <<'END'
device nic0 mask=0xffffffff name=e1000e flags=earlier
map_page nic0 TO_DEVICE phys=0x1000 dma=0x1000 size=1 flags=earlier
map_page nic0 TO_DEVICE phys=0x2000 dma=0x2000 size=2 flags=earlier
mark text="first"
unmap_page nic0 TO_DEVICE dma=0x1000 size=1 flags=earlier
lost count=7 until_ns=1500000000 flags=earlier
map_page nic0 TO_DEVICE phys=0x3000 dma=0x3000 size=3 flags=earlier
mark text="second"
END
same "$scratch/want" "$scratch/has"
expect 0 "$dmactl" trim --json --begin 1.3 --end 1.3 "$scratch/hand.txt" -f -o "$scratch/x.dmat"
json "$scratch/out"
printed '"schema": "dmactl.trim/1"'
printed '"earlier": 4'

# By time, by size, by device.
expect 0 "$dmactl" split --every 400ms "$scratch/hand.txt" -o "$scratch/t.txt"
printed 't-1.txt: 5 events, and 0 of before'
printed 't-2.txt: 5 events, and 4 of before'
printed 't-3.txt: 1 event, and 4 of before'
expect 0 "$dmactl" split --by-device "$scratch/hand.txt" -o "$scratch/d.txt"
printed 'd-nic0.txt: 10 events'
printed 'd-nic1.txt: 4 events'
expect 0 "$dmactl" split --json --size 20k "$traces/6.12-strict.dmat" -o "$scratch/s.dmat"
json "$scratch/out"
printed '"schema": "dmactl.split/1"'
expect 0 "$dmactl" verify "$scratch"/s-*.dmat
test "$(wc -c <"$scratch/s-1.dmat")" -lt 60000 || fail "the part is too large"

# Traces of different machines and clocks.
machine() { # NAME KERNEL CLOCK
	printf '#dmat-text 1\n#environment {"schema": "dmactl.environment/1", "kernel": "%s", "clock": "%s", "devices": [{"name": "nic0", "driver": "e1000e"}]}\n' \
		"$2" "$3" >"$scratch/$1.txt"
	sed 1d "$scratch/hand.txt" >>"$scratch/$1.txt"
}
machine a 6.1 mono
machine b 6.12 mono
machine c 6.1 boot
expect 2 "$dmactl" merge "$scratch/a.txt" "$scratch/b.txt" -o "$scratch/ab.txt"
said 'a.txt and .*b.txt have different kernels: --labels'
expect 2 "$dmactl" merge "$scratch/a.txt" "$scratch/c.txt" -o "$scratch/ac.txt"
said 'different clocks: --align=start'
expect 0 "$dmactl" merge --labels one,two "$scratch/a.txt" "$scratch/b.txt" -o "$scratch/ab.txt"
said '22 events of 2 traces'
test "$(grep -c 'map_page one:nic0' "$scratch/ab.txt")" = 6 || fail "no labels"
test "$(grep -c 'map_page two:nic1' "$scratch/ab.txt")" = 1 || fail "no labels"
grep -q '"name": "two:nic0"' "$scratch/ab.txt" || fail "the environment has no labels"
grep -q '"kernel"' "$scratch/ab.txt" && fail "whose kernel is it?"
expect 0 "$dmactl" merge --json --align start "$scratch/c.txt" "$scratch/a.txt" -f -o "$scratch/ac.txt"
json "$scratch/out"
printed '"schema": "dmactl.merge/1"'
sed -n 3p "$scratch/ac.txt" | grep -q '^0' || fail "times do not begin at 0"

expect 2 "$dmactl" trim "$scratch/hand.txt" -o "$scratch/y.dmat"
said 'which part'
expect 2 "$dmactl" trim --around one "$scratch/hand.txt" -o "$scratch/y.dmat"
expect 2 "$dmactl" trim --begin 1 -f "$scratch/hand.txt" -o "$scratch/hand.txt"
said 'same file'
expect 2 "$dmactl" split "$scratch/hand.txt" -o "$scratch/y.dmat"
said 'one of --every, --events, --size and --by-device'
expect 5 "$dmactl" split --events 5 "$scratch/hand.txt" -o "$scratch/t.txt"
said 'exists already'
expect 2 "$dmactl" merge "$scratch/a.txt" -o "$scratch/y.dmat"
ln -s a.txt "$scratch/again.txt"
expect 2 "$dmactl" merge "$scratch/a.txt" "$scratch/again.txt" -o "$scratch/y.dmat"
said 'again.txt: the same trace as '
expect 2 "$dmactl" merge --labels x "$scratch/a.txt" "$scratch/b.txt" -o "$scratch/y.dmat"
said '1 labels for 2 files'
exit $status
