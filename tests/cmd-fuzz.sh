# SPDX-License-Identifier: GPL-2.0-or-later
# dmactl fuzz: campaigns of engines that do as they are told here, and the real targets on
# what they are known to pass. .ci/run has it with the real engines.
. "$srcdir/tests/command.sh"
mkdir "$scratch/programs" "$scratch/bin" "$scratch/data"
out=$scratch/out
logs="$scratch/o"

fuzz() { "$dmactl" fuzz "$@" --programs="$scratch/programs"; }

# ---- the real targets ----

expect 0 "$dmactl" fuzz list --csv --columns=target,engine,regressions
printed '^sg,[a-z]*,[1-9]'
expect 0 "$dmactl" fuzz list --json
json "$out"
expect 0 "$dmactl" fuzz regress sg
printed '^[1-9][0-9]* inputs pass, 0 break their target$'
expect 0 "$dmactl" fuzz repro "$srcdir/corpus/regressions/pool/A12"
printed 'pool_alloc device0'
printed '^pool passes on '

# ---- an engine that does as it is told ----

cat >"$scratch/programs/fuzz-pool" <<'END'
#!/bin/sh
# libFuzzer: what follows is as such a program would do it
for arg; do
	case $arg in
	-artifact_prefix=*) findings=${arg#*=} ;;
	-seed=*) echo "INFO: Seed: ${arg#*=}" ;;
	esac
done
if test "$findings"; then
	test "$FAKE" != lame || { echo "no such flag"; exit 1; }
	test "$LIBDMA_MUTANT" && echo "mutant $LIBDMA_MUTANT"
	printf '#2\tINITED cov: 10 ft: 12 corp: 1/1b exec/s: 0 rss: 30Mb\n'
	printf '#4000\tNEW    cov: 24 ft: 30 corp: 7/1b exec/s: 2000 rss: 30Mb\n'
	case $FAKE in
	find)	for number in 1 2 3; do
			printf "REFERENCE $number" >"${findings}crash-$number"
			echo "Test unit written to ${findings}crash-$number"
		done
		printf 'REFERENCE, and more of it' >"${findings}crash-longer"
		printf ZERO >"${findings}crash-zero"
		exit 77 ;;
	wait)	trap 'echo "stat::number_of_executed_units: 5000"; exit 0' TERM
		while :; do sleep 0.1; done ;;
	esac
	exit 0
fi
# one input: records of which one is KILL, or words that say what is seen
grep -q KILL "$1" && { echo "oracle FREE, request 3, fuzz-pool.c:9: killed" >&2; exit 134; }
grep -q REFERENCE "$1" && {
	echo "oracle REFERENCE, request 7, fuzz-pool.c:200: a == b" >&2; kill -ABRT $$; }
grep -q ZERO "$1" && { echo "==1==ERROR: AddressSanitizer: heap-use-after-free on address" >&2
	echo "    #0 0x4f in oracle_fail /x/fuzz/oracle.c:2:1" >&2
	echo "    #1 0x5f in pool_alloc /x/lib/dma/pool.c:20:3" >&2
	echo "    #2 0x6f in alloc /x/fuzz/fuzz-pool.c:2:3" >&2; exit 77; }
exit 0
END
cp "$scratch/programs/fuzz-pool" "$scratch/programs/mutant-pool"
chmod +x "$scratch/programs"/*

expect 0 fuzz list --raw --columns=target,engine,mutants
printed '^pool libfuzzer yes$'
expect 0 fuzz run pool --time=9 --jobs=2 --seed=5 --output="$logs"
printed '^libfuzzer-2 *4000 *2000 *7 *24 '
printed '^all *8000 *4000 *7 *24 '
run=$(ls "$logs")
grep -q 'Seed: 6' "$logs/$run/libfuzzer-2.log" || fail "the second worker has no seed of its own"
expect 0 "$dmactl" fuzz status "$run" --json --output="$logs"
json "$out"
printed '"execs": 8000'
printed '"alive": false'
expect 0 fuzz triage "$run" --output="$logs"
printed "$run found nothing"
expect 0 "$dmactl" fuzz stop "$run" --output="$logs"
said 'has ended already'

# findings: four of one, and one of another
export FAKE=find
rm -rf "$logs"
expect 1 fuzz run pool --time=9 --mutant=A12 --output="$logs"
printed 'bug A12 put back'
grep -q '^mutant A12$' "$logs"/*/libfuzzer-1.log || fail "the engine has no bug"
expect 1 fuzz triage --output="$logs" --csv --columns=count,seen,size,what
printed '^4,always,11,REFERENCE at fuzz-pool.c:200'
printed '^1,always,4,heap-use-after-free in pool_alloc < alloc'
expect 1 fuzz triage --output="$logs" --json
json "$out"
expect 1 fuzz repro "$logs"/*/findings/crash-1 --json
json "$out"
printed '"request": 7'
printed '"place": "fuzz-pool.c:200"'

# one that cannot work says why; one that goes on is stopped
export FAKE=lame
expect 5 fuzz run pool --output="$scratch/lame"
said 'worker 1 ended at once (exit 1), see .*libfuzzer-1.log: no such flag'
export FAKE='wait'
"$dmactl" fuzz run pool --programs="$scratch/programs" --output="$scratch/long" \
	>"$scratch/summary" 2>&1 &
waited=0
until grep -qs NEW "$scratch"/long/*/libfuzzer-1.log || test $waited = 100; do
	sleep 0.1; waited=$((waited + 1))
done
expect 0 "$dmactl" fuzz status --output="$scratch/long"
printed ', runs, began'
expect 0 "$dmactl" fuzz stop --output="$scratch/long"
wait $! || fail "a campaign that was stopped: exit $?"
grep -q '^libfuzzer-1  *5000 ' "$scratch/summary" || { fail "no summary"; cat "$scratch/summary"; }
unset FAKE

# ---- AFL++ ----

printf '#!/bin/sh\n# ##SIG_AFL_PERSISTENT##\n' >"$scratch/programs/fuzz-iova"
chmod +x "$scratch/programs/fuzz-iova"
cat >"$scratch/bin/afl-fuzz" <<'END'
#!/bin/sh
while test $# -gt 0; do
	case $1 in
	-M|-S) kind=$1 name=$2; shift ;;
	-o) sync=$2; shift ;;
	-i) seeds=$2; shift ;;
	--) break ;;
	esac
	shift
done
test "$(find "$seeds" -type f)" || {
	printf '\033[1;91m[-] PROGRAM ABORT : \033[0mNo usable test cases\n  Location\n'; exit 1; }
mkdir -p "$sync/$name/crashes" "$sync/$name/hangs" "$sync/$name/queue"
test "$kind" = -S || : >"$sync/$name/is_main_node"
printf '%s : %s\n' execs_done 70000 execs_per_sec 3500.25 corpus_count 41 edges_found 900 \
	stability 100.00% saved_crashes 1 saved_hangs 0 last_update "$(date +%s)" >"$sync/$name/fuzzer_stats"
: >"$sync/$name/crashes/id:000000"
sleep 0.3
END
chmod +x "$scratch/bin/afl-fuzz"
PATH=$scratch/bin:$PATH
expect 1 fuzz run iova --time=1 --jobs=2 --empty --keep-going --sync="$scratch/sync" \
	--output="$scratch/afl"
printed ' 70000 *3500 *41 *900 *100.00% *1 *[0-9]s$'
printed '^all *140000 *7000 *41 *900 *2 *[0-9]s$'
expect 1 fuzz run iova --time=1 --keep-going --sync="$scratch/sync" --output="$scratch/afl"
test "$(find "$scratch/afl" -path '*/seeds/E01' -type f)" || fail "no seeds were copied"
printed '^all *210000 '
test "$(ls "$scratch"/sync/*/is_main_node | wc -l)" = 1 || fail "not one main worker"
sed -i '/^test /s/seeds/nothing/' "$scratch/bin/afl-fuzz"
expect 5 fuzz run iova --time=1 --output="$scratch/lame"
said 'afl-1.log: \[-\] PROGRAM ABORT : No usable test cases$'
expect 125 fuzz run pool --sync="$scratch/sync" --output="$scratch/afl"
said 'is a folder of AFL++'
expect 125 fuzz run iova --engine=libfuzzer
said 'is built for afl, not for libfuzzer'

# ---- smaller ----

{ printf 'DM\001\002abcdefghijklmnop'; printf 'firstrecKILL\001\002\003\004third'; } \
	>"$scratch/large"
expect 0 fuzz minimize "$scratch/large" "$scratch/small" pool
printed 'small: 1 of 3 records, FREE at fuzz-pool.c:9'
{ printf 'DM\001\002'; head -c 16 /dev/zero; printf 'KILL\000\000\000\000'; } >"$scratch/least"
same "$scratch/small" "$scratch/least"
printf 'none of a program, KILL and more' >"$scratch/words"
expect 0 fuzz minimize "$scratch/words" "$scratch/word" pool --json
json "$out"
test "$(cat "$scratch/word")" = KILL || fail "left of the words: $(cat "$scratch/word")"
expect 3 fuzz minimize "$srcdir/NEWS" "$scratch/never" pool
said 'pool passes on it'
expect 2 fuzz minimize "$scratch/words" "$scratch/word" pool
said 'exists already'

# Of a trace what check says, or a command: the twin of a rule in a longer one.
{ cat "$data/check/DMA003.txt"; grep -v '^#' "$data/check/DMA001-clean.txt"; } \
	>"$scratch/long.txt"
expect 0 "$dmactl" fuzz minimize "$scratch/long.txt" "$scratch/part.txt"
printed "part.txt: 2 of [0-9]* events, DMA003 and exit status 1"
expect 1 "$dmactl" check "$scratch/part.txt"
test "$(grep -vc '^#' "$scratch/part.txt")" = 2 || fail "$(cat "$scratch/part.txt")"
expect 0 "$dmactl" fuzz minimize --command='! grep -q unmap_page' "$scratch/long.txt" \
	"$scratch/one.txt" --json
json "$out"
printed '"events": 1,'
# out of a folder that has a target's name
cp "$data/check/DMA003-clean.txt" "$scratch/clean.txt"
expect 3 "$dmactl" fuzz minimize "$scratch/clean.txt" "$scratch/never.txt"
said 'exits with 0'
test ! -e "$scratch/never.txt" || fail "a trace that breaks no rule was written"
expect 5 "$dmactl" fuzz minimize "$scratch/bin" "$scratch/never"

# ---- bugs put back ----

mkdir -p "$scratch/data/fuzz" "$scratch/data/corpus/regressions/pool"
printf 'K01\tpool\tFREE\there\tkills\nS01\tpool\tZERO\there\tsurvives\n' \
	>"$scratch/data/fuzz/mutants.def"
cp "$scratch/word" "$scratch/data/corpus/regressions/pool/K01"
cp "$srcdir/NEWS" "$scratch/data/corpus/regressions/pool/S01"
sed 's/^grep -q KILL/test "$LIBDMA_MUTANT" \&\& &/' "$scratch/programs/fuzz-pool" \
	>"$scratch/programs/mutant-pool"
expect 1 fuzz mutants --data="$scratch/data"
printed '^K01 *pool *FREE *FREE '
printed '^S01 *pool *survived *ZERO '
printed '^1 of 2 bugs are seen'
expect 0 fuzz mutants K01 --data="$scratch/data" --json
json "$out"
expect 1 fuzz regress --data="$scratch/data"
printed 'K01 FREE at fuzz-pool.c:9'
printf 'K01 no tabs\n' >>"$scratch/data/fuzz/mutants.def"
expect 3 fuzz mutants --data="$scratch/data"
said 'mutants.def:3: not ID, TARGET'

# ---- what is wrong ----

expect 2 "$dmactl" fuzz
expect 2 "$dmactl" fuzz walk
said "'walk' is none of what it can do"
expect 2 "$dmactl" fuzz list --mutant=A12
said "mutant means nothing to 'list'"
expect 2 "$dmactl" fuzz run
said "'run' takes TARGET"
expect 2 "$dmactl" fuzz run pool --time=0s
expect 2 "$dmactl" fuzz run pool --jobs=0
expect 2 "$dmactl" fuzz run pool --engine=honggfuzz
expect 2 fuzz run ../pool --output="$logs"
expect 2 fuzz run pool --mutant=Z99 --output="$logs"
said "'Z99' is no bug"
expect 125 fuzz run sg --output="$logs"
said 'no fuzz-sg in'
expect 125 "$dmactl" fuzz list --programs="$scratch/none"
expect 125 "$dmactl" fuzz list --data="$scratch/none"
expect 2 "$dmactl" fuzz status --output="$scratch/none"
said 'no campaign in'
expect 2 "$dmactl" fuzz status nobody --output="$logs"
mkdir "$logs/20990101-000000-bad"
echo '{' >"$logs/20990101-000000-bad/run.json"
expect 3 "$dmactl" fuzz status --output="$logs"
said 'run.json:'
echo '{ "schema": "another" }' >"$logs/20990101-000000-bad/run.json"
expect 3 "$dmactl" fuzz stop --output="$logs"
expect 5 fuzz repro "$scratch/none" pool
expect 5 fuzz repro "$scratch/bin" pool
expect 2 fuzz repro "$scratch/word"
said 'its folder tells no target'
expect 5 fuzz run pool --output=/dev/null/out
exit $status
