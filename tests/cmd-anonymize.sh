# SPDX-License-Identifier: GPL-2.0-or-later
# dmactl anonymize: no name of the machine is left, and the analyses say what they said.
. "$srcdir/tests/command.sh"

echo 'a key of more than sixteen bytes' >"$scratch/key"

# What the analyses say of a trace, but for names and places.
say() {
	"$dmactl" leaks --all --raw --noheadings --columns verdict,call,direction,count,bytes \
		"$1" | sort
	"$dmactl" check --all --json "$1" | tr ',' '\n' |
		grep -e '"rule"' -e '"count"' -e '"errors"' -e '"doubtful"'
	"$dmactl" stat --csv --by kind "$1"
	"$dmactl" replay "$1" 2>/dev/null | grep -e '^mappings' -e '^allocations' -e '^fidelity' \
		-e '^  [a-z_]*: '
} 2>&1

tried=0
for name in 6.1-direct.dmat 6.12-swiotlb.dmat 7.2-lazy.dmat 6.12-strict-nvme.ftrace.zst \
	6.12-swiotlbsmall-nvme-ahci.ftrace.zst 7.2-direct-nvme.ftrace.zst; do
	file=$traces/$name
	case $file in *.zst) command -v zstd >/dev/null || continue ;; esac
	expect 0 "$dmactl" anonymize --key "$scratch/key" "$file" -f -o "$scratch/out.dmat"
	tried=$((tried + 1))
	say "$file" >"$scratch/before"
	say "$scratch/out.dmat" >"$scratch/after"
	test -s "$scratch/after" || fail "$file: nothing was said"
	same "$scratch/before" "$scratch/after"
	"$dmactl" convert --to text "$scratch/out.dmat" - >"$scratch/text"
	if grep -v '^#' "$scratch/text" | grep -q -e '0000:0' -e virtio -e e1000e -e nvme; then
		fail "$file: a name is left"; fi
	if grep '^#' "$scratch/text" | grep -q -e '"0000:0[0-9]:' -e e1000e -e '"nvme'; then
		fail "$file: a name is left in the environment"; fi
done
test "$tried" -ge 3 || fail "only $tried traces"

# The same key, the same names; another, others; and each part can be kept.
cat >"$scratch/in.txt" <<'END'
#dmat-text 1
5.5 [000] nc/88 map_page nic0 TO_DEVICE phys=0x12345678 dma=0x12345678 size=512 stack="e1000_xmit+0x1/0x2;dev_xmit"
5.6 [001] nc/88 map_page nic0 TO_DEVICE phys=0x12346000 dma=0x12346000 size=512 stack="e1000_xmit+0x1/0x2;other"
5.7 [001] ssh/89 map_page nic1 TO_DEVICE phys=0x112345678 dma=0x112345678 size=512
5.8 mark text="my secret"
5.9 pool_create nic1 name=secrets handle=3 size=64 align=64
END
expect 0 "$dmactl" anonymize --key "$scratch/key" "$scratch/in.txt" -o "$scratch/one.txt"
said '5 events, 1 text left out'
expect 0 "$dmactl" anonymize --key "$scratch/key" "$scratch/in.txt" -o "$scratch/two.txt"
same "$scratch/one.txt" "$scratch/two.txt"
expect 0 "$dmactl" anonymize "$scratch/in.txt" -f -o "$scratch/two.txt"
cmp -s "$scratch/one.txt" "$scratch/two.txt" && fail "another key gives the same names"
for word in nic nc/ ssh e1000 dev_xmit other secret /88 12345678; do
	grep -v '^#' "$scratch/one.txt" | grep -q "$word" && fail "$word is left"
done
# what was the same is the same, and addresses lie where they lay
member() { sed -n "s/.* $2=\([^ ]*\).*/\1/p" "$scratch/one.txt" | sed -n "$1p"; }
test "$(member 1 stack | cut -d';' -f1)" = "$(member 2 stack | cut -d';' -f1)" ||
	fail "one function has two names"
test "$(member 1 phys)" = "$(member 1 dma)" || fail "phys and dma differ"
test $(($(member 2 phys) - $(member 1 phys))) = $((0x12346000 - 0x12345678)) ||
	fail "pages that touched do not"
test $(($(member 1 phys) % 0x200000)) = $((0x12345678 % 0x200000)) || fail "not aligned"
test $(($(member 1 phys) >> 28)) = 1 || fail "not as many bits"
test $(($(member 3 phys) >> 32)) = 1 || fail "not as many bits"

expect 0 "$dmactl" anonymize --keep device,driver,task,pool,symbol,address,text \
	"$scratch/in.txt" -f -o "$scratch/two.txt"
grep -v '^#' "$scratch/in.txt" | cut -d' ' -f2- >"$scratch/want"
grep -v '^#' "$scratch/two.txt" | cut -d' ' -f2- >"$scratch/has"
tr -d '"' <"$scratch/want" | tr ' ' '\n' | sort >"$scratch/want.words"
tr -d '"' <"$scratch/has" | sed 's/\[000\] \(mark\|pool\)/\1/' | tr ' ' '\n' | sort >"$scratch/has.words"
same "$scratch/want.words" "$scratch/has.words"
expect 0 "$dmactl" anonymize --times --json "$scratch/in.txt" -f -o "$scratch/two.txt"
json "$scratch/out"
printed '"schema": "dmactl.anonymize/1"'
grep -q '^0' "$scratch/two.txt" || fail "times do not begin at 0"

echo short >"$scratch/short"
expect 3 "$dmactl" anonymize --key "$scratch/short" "$scratch/in.txt" -f -o "$scratch/two.txt"
said 'a key has 16 bytes or more'
expect 5 "$dmactl" anonymize --key "$scratch/missing" "$scratch/in.txt" -f -o "$scratch/two.txt"
expect 2 "$dmactl" anonymize --keep everything "$scratch/in.txt" -f -o "$scratch/two.txt"
said "not 'everything'"
expect 2 "$dmactl" anonymize -f "$scratch/in.txt" -o "$scratch/in.txt"
exit $status
