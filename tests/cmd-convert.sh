# SPDX-License-Identifier: GPL-2.0-or-later
# dmactl convert: nothing is lost from one format to the next, nothing overwritten.
. "$srcdir/tests/command.sh"

for file in "$data"/*.ftrace "$traces"/6.12-strict-nvme.ftrace.zst; do
	expect 0 "$dmactl" convert -f "$file" "$scratch/a.txt"
	quiet
	expect 0 "$dmactl" convert -f "$scratch/a.txt" "$scratch/b.dmat"
	expect 0 "$dmactl" convert -f "$scratch/b.dmat" "$scratch/c.txt"
	same "$scratch/a.txt" "$scratch/c.txt"
	# The kernel's form has no place for the environment, but for all the events.
	expect 0 "$dmactl" dump "$file"
	cp "$scratch/out" "$scratch/events"
	expect 0 "$dmactl" dump "$scratch/b.dmat"
	same "$scratch/events" "$scratch/out"
done

# The aliases, and pipes on both sides.
expect 0 "$dmactl" import "$data/6.12-strict.ftrace" "$scratch/d.dmat"
expect 0 "$dmactl" export --to text "$scratch/d.dmat" -
cp "$scratch/out" "$scratch/d.txt"
# shellcheck disable=SC2002
cat "$scratch/d.dmat" | "$dmactl" convert --to text - - | grep -v '^#env' >"$scratch/e.txt"
grep -v '^#env' "$scratch/d.txt" >"$scratch/f.txt"; mv "$scratch/f.txt" "$scratch/d.txt"
same "$scratch/d.txt" "$scratch/e.txt"

# What is there stays there, unless --force is given; IN is never OUT.
expect 5 "$dmactl" convert "$data/6.12-strict.ftrace" "$scratch/d.dmat"
said 'exists already'
expect 0 "$dmactl" convert --force "$data/6.12-strict.ftrace" "$scratch/d.dmat"
expect 2 "$dmactl" convert --force "$scratch/d.dmat" "$scratch/d.dmat"
said 'the same file'
cp "$data/6.12-strict.ftrace" "$scratch/kept"
expect 3 "$dmactl" convert -f "$builddir/config.h" "$scratch/kept"
same "$data/6.12-strict.ftrace" "$scratch/kept"

# The environment of a file beside the recording is taken along, and can be overruled.
expect 0 "$dmactl" convert -v "$traces/6.12-strict-nvme.ftrace.zst" "$scratch/f.dmat"
said 'environment is read from .*6.12-strict-nvme.json'
expect 0 "$dmactl" info --json "$scratch/f.dmat"
printed '"kernel": "6.12'
echo '{ "schema": "dmactl.environment/1", "kernel": "9.9" }' >"$scratch/other.json"
expect 0 "$dmactl" convert --environment "$scratch/other.json" "$scratch/f.dmat" "$scratch/g.dmat"
expect 0 "$dmactl" info --json "$scratch/g.dmat"
printed '"kernel": "9.9"'
echo '{ "kernel": 5 }' >"$scratch/other.json"
expect 3 "$dmactl" convert --environment "$scratch/other.json" "$scratch/f.dmat" "$scratch/h.dmat"
said "^dmactl convert: $scratch/other.json: "

# A part of it.
expect 0 "$dmactl" convert --to text --filter 'kind == map_page' "$data/6.12-strict.ftrace" -
if grep -v '^#' "$scratch/out" | grep -qv ' map_page '; then fail "--filter let something else through"; fi
printed ' map_page '

# What the format cannot express is counted.
printf '#dmat-text 1\n1.0 [000] dd/1 pool_create 0000:00:02.0 size=64 align=8 name=x handle=1\n' >"$scratch/pool.txt"
expect 0 "$dmactl" convert "$scratch/pool.txt" "$scratch/pool.ftrace"
said '1 event left out'
expect 0 "$dmactl" convert --json -f "$scratch/pool.txt" "$scratch/pool.ftrace"
quiet
cat >"$scratch/want" <<END
{
  "schema": "dmactl.convert/1",
  "trace": "$scratch/pool.txt",
  "completeness": {
    "complete": true,
    "lost": 0,
    "damaged": 0
  },
  "out": "$scratch/pool.ftrace",
  "format": "ftrace",
  "events": 0,
  "left_out": 1
}
END
same "$scratch/want" "$scratch/out"
expect 2 "$dmactl" convert --json "$scratch/pool.txt" -

# What comes slowly can be read meanwhile, long before a block is full.
mkfifo "$scratch/slow"
"$dmactl" convert "--from=text" - "$scratch/slow.dmat" <"$scratch/slow" &
exec 5>"$scratch/slow"
printf '#dmat-text 1\n1.0 [000] dd/1 mark text=a\n' >&5
tries=0 seen=0
while test "$seen" -lt 2 && test $tries -lt 100; do
	sleep 0.2
	printf '1.0 [000] dd/1 mark text=b\n' >&5
	tries=$((tries + 1))
	seen=$("$dmactl" dump --csv -n --columns number "$scratch/slow.dmat" 2>"$scratch/err" | wc -l)
done
exec 5>&-
wait
test "$seen" -ge 2 || fail "a trace that grows slowly cannot be read: $(cat "$scratch/err")"
expect 0 "$dmactl" dump --csv -n --columns number "$scratch/slow.dmat"
test "$(wc -l <"$scratch/out")" -eq $((tries + 1)) || fail "events were lost: $(wc -l <"$scratch/out")"

# So can what came in a burst, when nothing follows: no event waits for the next one.
mkfifo "$scratch/burst"
"$dmactl" convert - "$scratch/burst.dmat" <"$scratch/burst" &
exec 5>"$scratch/burst"
printf '#dmat-text 1\n1.0 [000] dd/1 mark text=a\n1.1 [000] dd/1 mark text=b\n' >&5
tries=0 seen=0
while test "$seen" -lt 2 && test $tries -lt 100; do
	sleep 0.2
	tries=$((tries + 1))
	seen=$("$dmactl" dump --csv -n --columns number "$scratch/burst.dmat" 2>"$scratch/err" | wc -l)
done
exec 5>&-
wait
test "$seen" = 2 || fail "of a burst of 2 events there are $seen: $(cat "$scratch/err")"

expect 2 "$dmactl" convert one
expect 2 "$dmactl" convert one two three
expect 2 "$dmactl" convert --to nonsense "$scratch/f.dmat" "$scratch/x"
said "'nonsense' is no format"
expect 2 "$dmactl" convert --from nonsense "$scratch/f.dmat" "$scratch/x"
said "'nonsense' is no format"
if test -w /dev/full; then
	expect 5 "$dmactl" convert -f "$scratch/f.dmat" /dev/full
	said '^dmactl convert: /dev/full: No space left'
fi

exit "$status"
