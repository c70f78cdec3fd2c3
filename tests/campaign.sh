# SPDX-License-Identifier: GPL-2.0-or-later
# make campaign: what is wrong is said before anything is built; what has had its share is
# left as it is, what was stopped begins anew, and the report has all of it. In place of
# dmactl is what does as it is told.
. "$srcdir/tests/command.sh"
srcdir=$(cd "$srcdir" && pwd)
out="$scratch/an out"

cat >"$scratch/dmactl" <<'END'
#!/bin/sh
echo "$2 $3" >>"$LOG"
case $2 in
run)	for arg; do
		case $arg in
		--output=*) folder=${arg#*=}/$(grep -c '^run' "$LOG") ;;
		--time=*) echo "for ${arg#*=}" >>"$LOG" ;;
		esac
	done
	mkdir -p "$folder"
	echo '{}' >"$folder/run.json"
	test "$FAKE" != stopped || { trap '' INT; kill -INT 0; }
	exit 0 ;;
status)	echo "1000 10 3 2  ${FINDINGS:-0}" ;;
triage)	echo "a finding"; exit 1 ;;
esac
END
chmod +x "$scratch/dmactl"

# campaign STATUS NAME=VALUE...: what is not said is what takes no time
campaign() {
	wanted=$1; shift
	: >"$scratch/log"
	expect "$wanted" env --default-signal=INT LOG="$scratch/log" \
		DMACTL="$scratch/dmactl" srcdir="$srcdir" OUT="$out" \
		TIME=8s JOBS=1 BUILDS=afl-plain TARGETS=pool "$@" \
		setsid sh "$srcdir/fuzz/campaign.sh"
}

# ---- one line, and nothing is built ----

while read -r bad what; do
	campaign 2 "$bad"
	said "^campaign: $what"
	test "$(wc -l <"$scratch/err")" = 1 || fail "$bad: more than one line is said"
	test ! -s "$scratch/log" || fail "$bad: something ran"
done <<END
TIME=foo	TIME=foo is no time
TIME=0s		TIME=0s is too short: .* 1s is the least
TIME=9999999h	TIME=9999999h is too long
JOBS=0		JOBS=0 is no number
JOBS=x		JOBS=x is no number
JOBS=99999999999999999999	JOBS=9* is no number
BUILDS=nonsense	BUILDS: 'nonsense' is none of .* afl-plain
BUILDS=coverage	BUILDS: 'coverage' is none of
TARGETS=nobody	TARGETS: 'nobody' is none of .* pool
TARGETS=../src/pool	TARGETS: '../src/pool' is none of
OUT=$scratch/dmactl/x	OUT=.*: Not a directory: name a folder
END

# ---- one that is stopped, and begun again ----

FAKE=stopped
export FAKE
campaign 130
test ! -e "$out/afl-plain-pool/ended" || fail "what was stopped had its share"
unset FAKE
mv "$out/afl-plain-pool/1" "$out/afl-plain-pool/0"
campaign 0 JOBS=3
grep -q '^for 8s$' "$scratch/log" || fail "TIME is not for how long it runs"
printed '^2000 inputs in all, 0 findings$'
campaign 1 FINDINGS=1
printed '^2000 inputs in all, 2 findings$'
printed '^a finding$'
test "$(grep -c '^run' "$scratch/log")" = 0 || fail "what had its share runs again"
campaign 0 "TARGETS=iova sg iova" OUT="$scratch/other"
grep -q '^for 4s$' "$scratch/log" || fail "two do not share TIME"
printed '^2000 inputs in all, 0 findings$'
exit $status
