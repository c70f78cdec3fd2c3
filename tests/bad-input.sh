# SPDX-License-Identifier: GPL-2.0-or-later
# Whatever a file holds, every command ends in time, with a line that says what is
# wrong, the exit status of dmactl(1), and what was readable on standard output.
. "$srcdir/tests/command.sh"

LC_ALL=C
export LC_ALL

# run STATUSES COMMAND...: the exit status is one of those
run() {
	want=$1; shift
	got=0
	timeout 20 "$@" >"$scratch/out" 2>"$scratch/err" </dev/null || got=$?
	case " $want " in
	*" $got "*) ;;
	*) fail "$*: exit $got, not $want"; head -n 3 "$scratch/err" ;;
	esac
	if test "$got" != 0 && test ! -s "$scratch/err"; then fail "$*: silent"; fi
	# one line for each thing that is wrong, and an end to them
	if test "$(wc -l <"$scratch/err")" -gt 14; then fail "$*: a flood of messages"; fi
	if grep -v '^dmactl [a-z]*: ' "$scratch/err" | grep -v '^LOSSY' | grep -q .; then
		fail "$*: said something else"; head -n 3 "$scratch/err"
	fi
}

# each STATUSES FILE: all commands that read a trace
each() {
	run "$1" "$dmactl" info "$2"
	run "$1" "$dmactl" stat --json "$2"
	run "$1" "$dmactl" dump "$2"
	run "$1" "$dmactl" dump --ndjson "$2"
	run "$1" "$dmactl" convert --to text "$2" -
	run "$1" "$dmactl" convert -f "$2" "$scratch/converted"
}

# Nothing to read at all.
each 5 "$scratch/missing"
said 'No such file'
each 5 "$scratch"
said 'Is a directory'
: >"$scratch/empty"
each 3 "$scratch/empty"
said 'the file is empty'
if test "$(id -u)" != 0; then
	: >"$scratch/locked"; chmod 0 "$scratch/locked"
	each 5 "$scratch/locked"
	said 'Permission denied'
fi

# No trace.
head -c 100000 "$dmactl" >"$scratch/noise"
printf '\000\377\376' >"$scratch/bytes"
awk 'BEGIN { for (i = 0; i < 100000; i++) print "This is not a trace." }' >"$scratch/prose"
head -c 1000000 /dev/zero >"$scratch/zeroes"
for name in noise bytes prose zeroes; do
	each 3 "$scratch/$name"
done

# Every good trace, cut short and with bytes overwritten.
"$dmactl" convert "$data/6.12-strict.ftrace" "$scratch/good.dmat"
"$dmactl" convert "$data/6.12-strict.ftrace" "$scratch/good.txt"
cp "$data/6.12-strict.ftrace" "$scratch/good.ftrace"
cp "$traces/6.12-swiotlb-virtio-net.ftrace.zst" "$scratch/good.zst"
gzip -c "$scratch/good.ftrace" >"$scratch/good.gz"
for name in dmat txt ftrace zst gz; do
	size=$(wc -c <"$scratch/good.$name")
	for part in 1 2 5 9; do
		head -c $((size * part / 10)) "$scratch/good.$name" >"$scratch/cut"
		run '0 3' "$dmactl" stat "$scratch/cut"
		run '0 3' "$dmactl" dump --ndjson "$scratch/cut"
		{ head -c $((size * part / 10)) "$scratch/good.$name"
		  printf '\377\000\200\n\377\377\377\377\377\377\377\377\177'
		  tail -c +$((size * part / 10 + 14)) "$scratch/good.$name"; } >"$scratch/hurt"
		run '0 3' "$dmactl" info "$scratch/hurt"
		run '0 3' "$dmactl" convert --to text "$scratch/hurt" -
	done
done

# What comes before and after damage is delivered, and its place is told.
{ sed -n 1,20p "$scratch/good.txt"
  printf '9.0 [000] dd/1 map_page dma=zero\n9.1 [000] \377\377 nonsense\n'
  sed -n '21,$p' "$scratch/good.txt"; } >"$scratch/hurt.txt"
run 3 "$dmactl" dump "$scratch/hurt.txt"
said "^dmactl dump: $scratch/hurt.txt:21: "
said "^dmactl dump: $scratch/hurt.txt:22: "
grep -v '^#environment' "$scratch/good.txt" >"$scratch/want"
same "$scratch/want" "$scratch/out"
run 3 "$dmactl" stat --json "$scratch/hurt.txt"
printed '"complete": false'
printed '"damaged": 2'

# More damage than anyone reads is counted.
awk 'BEGIN { print "#dmat-text 1"; for (i = 0; i < 1000; i++) print "9.0 [000] nonsense" }' \
	>"$scratch/flood.txt"
run 3 "$dmactl" stat "$scratch/flood.txt"
said '990 more damaged places'

# Numbers that are too large for anything, and lists that promise more than they hold.
cat >"$scratch/hostile.txt" <<'END'
#dmat-text 1
1.0 [4294967295] dd/2147483647 map_page a TO_DEVICE phys=0xffffffffffffffff dma=0xfffffffffffffffe size=18446744073709551615
1.0 [000] dd/1 map_page a TO_DEVICE phys=0xffffffffffffffff dma=0xfffffffffffffffe size=9223372036854775808
1.0 [000] dd/1 map_sg a TO_DEVICE nents=4294967295 ents=4294967295 entries={0x1000:4294967295} segments={0x1000:4294967295}
18446744073.709551615 [000] dd/1 alloc a dma=0x1 size=9223372036854775807
1.0 [000] lost count=18446744073709551615
1.0 [000] lost count=18446744073709551615
END
each '0 3' "$scratch/hostile.txt"
run '0 3' "$dmactl" stat --histogram --by device "$scratch/hostile.txt"
for number in 99999999999999999999 -1 0x 1e400; do
	printf '#dmat-text 1\n1.0 [000] dd/1 map_page a size=%s\n' "$number" >"$scratch/number.txt"
	run 3 "$dmactl" stat "$scratch/number.txt"
done

# Lines without end, NULs, and bytes that are no UTF-8 in every string.
{ printf '#dmat-text 1\n'; head -c 20000000 /dev/zero | tr '\0' 'x'; printf '\n'
  sed -n '3,$p' "$scratch/good.txt"; } >"$scratch/long.txt"
run 3 "$dmactl" stat --json "$scratch/long.txt"
printed '"alloc": [1-9]'
{ cat "$scratch/good.ftrace"; head -c 20000000 /dev/zero; printf '\n'; sed -n '/^[^#]/p' \
	"$scratch/good.ftrace"; } >"$scratch/long.ftrace"
run 3 "$dmactl" stat --json "$scratch/long.ftrace"
printf '#dmat-text 1\n1.0 [000] "\\x1b[31m\\xff"/1 map_page "\\x00\\x7f\\xc0" TO_DEVICE size=1\n' \
	>"$scratch/bytes.txt"
each '0 3' "$scratch/bytes.txt"
for by in device comm; do
	run '0 3' "$dmactl" stat --by $by "$scratch/bytes.txt"
	if grep -q "$(printf '\033')" "$scratch/out"; then fail "--by $by: sends escapes to the terminal"; fi
	run '0 3' "$dmactl" stat --json --by $by "$scratch/bytes.txt"
	json "$scratch/out"
done

# Versions of the formats that are not known yet.
printf '#dmat-text 9\n' >"$scratch/new.txt"
each 3 "$scratch/new.txt"
said 'version'

# Environments.
for text in '' '{' '[]' '{"schema": "other/1"}' '{"kernel": "\ud800"}' '{"cpus": 1e300}' \
	'{"memory": [{"start": "0x0"}]}'; do
	printf '%s' "$text" >"$scratch/environment.json"
	run 3 "$dmactl" info --environment "$scratch/environment.json" "$scratch/good.txt"
	said "^dmactl info: $scratch/environment.json: "
done
run 5 "$dmactl" info --environment "$scratch/missing" "$scratch/good.txt"

# Outputs that take nothing.
for command in info stat 'stat --json' dump 'dump --ndjson' 'dump --csv'; do
	if test -w /dev/full; then
		got=0
		# shellcheck disable=SC2086
		"$dmactl" $command "$scratch/good.dmat" >/dev/full 2>"$scratch/err" || got=$?
		test "$got" = 5 || fail "$command >/dev/full: exit $got"
		said ': standard output: No space left'
		test "$(wc -l <"$scratch/err")" = 1 || { fail "$command >/dev/full: said too much"; cat "$scratch/err"; }
	fi
	got=0
	# shellcheck disable=SC2086
	"$dmactl" $command "$scratch/good.dmat" >&- 2>"$scratch/err" || got=$?
	test "$got" = 5 || fail "$command >&-: exit $got"
	# shellcheck disable=SC2086
	{ "$dmactl" $command "$scratch/good.dmat" 2>"$scratch/err"; echo $? >"$scratch/got"; } | :
	test "$(cat "$scratch/got")" = 0 || fail "$command |: exit $(cat "$scratch/got")"
	test ! -s "$scratch/err" || { fail "$command |: not quiet"; cat "$scratch/err"; }
done

# What is read is never written over, by whatever name.
ln -s "$scratch/good.dmat" "$scratch/link.dmat"
cp "$scratch/good.dmat" "$scratch/kept.dmat"
for out in "$scratch/good.dmat" "$scratch/link.dmat"; do
	run 2 "$dmactl" report -o "$out" "$scratch/good.dmat"
	run 2 "$dmactl" map --svg="$out" "$scratch/good.dmat"
	run 2 "$dmactl" timeline --svg="$out" "$scratch/good.dmat"
	run 2 "$dmactl" replay --backend direct -f -o "$out" "$scratch/good.dmat"
	run 2 "$dmactl" convert -f "$scratch/good.dmat" "$out"
	run 2 "$dmactl" trim -f --end '#9' -o "$out" "$scratch/good.dmat"
	run 2 "$dmactl" anonymize -f -o "$out" "$scratch/good.dmat"
	run 2 "$dmactl" repair -f -o "$out" "$scratch/good.dmat"
	run 2 "$dmactl" merge -f -o "$out" "$scratch/good.dmat" "$scratch/kept.dmat"
done
said 'the same file'
same "$scratch/good.dmat" "$scratch/kept.dmat"

# Nor what exists, unless --force is given; nobody waits long to be told.
echo precious >"$scratch/precious.svg"
for command in 'report -o' 'map --svg' 'timeline --svg' 'replay --backend=direct -o' \
	'convert --to=text -o' 'export --to=csv -o' 'export --to=sqlite -o' 'trim --end=#9 -o' 'anonymize -o' \
	'repair -o' "merge $scratch/kept.dmat -o"; do
	# shellcheck disable=SC2086
	run 5 "$dmactl" $command "$scratch/precious.svg" "$scratch/good.dmat"
	said 'precious.svg: exists already, --force replaces it'
	grep -qx precious "$scratch/precious.svg" || fail "$command: replaced what exists"
	cp "$scratch/precious.svg" "$scratch/replaced.svg"
	# shellcheck disable=SC2086
	run 0 "$dmactl" $command "$scratch/replaced.svg" -f "$scratch/good.dmat"
	if grep -qx precious "$scratch/replaced.svg"; then fail "$command -f: did not replace"; fi
done

# Standard output is of one thing.
expect 2 "$dmactl" map --json --svg=- "$scratch/good.dmat"
expect 2 "$dmactl" timeline --csv --svg=- "$scratch/good.dmat"
expect 2 "$dmactl" replay --json --backend direct -o - "$scratch/good.dmat"
said 'goes to standard output'
expect 0 "$dmactl" replay --backend direct -o - "$scratch/good.dmat"
mv "$scratch/out" "$scratch/answers.dmat"
expect 0 "$dmactl" info "$scratch/answers.dmat"
run 5 "$dmactl" merge -o "$scratch/merged" "$scratch/missing" "$scratch/good.dmat"
test "$(wc -l <"$scratch/err")" = 1 || fail "merge: said twice what is missing"

exit "$status"
