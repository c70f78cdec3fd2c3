# SPDX-License-Identifier: GPL-2.0-or-later
# campaign.sh - all targets, built in several ways, so many at once for so long; writes
# OUT/report.txt: a line for each, what all ran, and what they found.
#
# Each target has the same share of TIME in each of BUILDS (dmactl-fuzz(1) names them) and
# goes on after a finding. Stopped and begun again in the same OUT, what has had its share
# is left as it is. False where something was found. "make campaign" sets srcdir and DMACTL.
: "${TIME:=2h}" "${JOBS:=$(nproc)}" "${OUT:=campaign}" "${srcdir:?}" "${DMACTL:?}"
: "${BUILDS:=libfuzzer-asan libfuzzer-plain afl-plain}" "${TARGETS:=}"
export OUT srcdir DMACTL

fail() {
	echo "campaign: $*" >&2
	exit 2
}

# ---- what was asked for, before anything is built ----

seconds=$(echo "$TIME" | awk '/^[0-9]+[smh]?$/ && length < 9 {
	printf "%.0f", $1 * ($1 ~ /h$/ ? 3600 : $1 ~ /m$/ ? 60 : 1) }')
test -n "$seconds" || fail "TIME=$TIME is no time such as 90s, 30m or 2h"
case $JOBS in
'' | 0* | *[!0-9]* | ????*) fail "JOBS=$JOBS is no number of workers, 1 to 999" ;;
esac
for build in $BUILDS; do
	case $build in
	libfuzzer-asan | libfuzzer-plain | afl-asan | afl-plain) ;;
	*)	fail "BUILDS: '$build' is none of libfuzzer-asan libfuzzer-plain afl-asan" \
			"afl-plain" ;;
	esac
done
all=$(find "$srcdir/fuzz" -name 'fuzz-*.c' | sed 's,.*/fuzz-,,; s,\.c$,,' | sort)
TARGETS=${TARGETS:-$all}
for target in $TARGETS; do
	# shellcheck disable=SC2086
	echo "$all" | grep -qxF -e "$target" || fail "TARGETS: '$target' is none of" $all
done

pairs() {
	for target in $TARGETS; do
		for build in $BUILDS; do echo "$build $target"; done
	done | awk '!seen[$0]++'
}
turns=$((($(pairs | wc -l) + JOBS - 1) / JOBS))
test "$turns" -ge 1 || fail "TARGETS=$TARGETS, BUILDS=$BUILDS: one of them names nothing"
SHARE=$((seconds / turns))
test "$SHARE" -ge 1 ||
	fail "TIME=$TIME is too short: each target takes a second in each build:" \
		"${turns}s is the least"
test "$SHARE" -le 1000000 ||
	fail "TIME=$TIME is too long: no target takes more than 1000000s in a build"
export SHARE

why=$(mkdir -p "$OUT/build" 2>&1) ||
	fail "OUT=$OUT: ${why##*: }: name a folder that can be written to"

# ---- and now to it ----

for build in $BUILDS; do
	# shellcheck disable=SC2086
	"$DMACTL" fuzz build --build="$build" --data="$srcdir" --output="$OUT" $TARGETS \
		>/dev/null || exit
done

# shellcheck disable=SC2016
pairs | xargs -P "$JOBS" -L 1 sh -c '
	one=$OUT/$1-$2
	trap "exit 130" INT # some shells would go on
	test ! -e "$one/ended" || exit 0
	"$DMACTL" fuzz run "$2" --programs="$OUT/build/$1/fuzz" --data="$srcdir" \
		--output="$one" --time="${SHARE}s" --keep-going >"$one.txt" 2>&1
	case $? in
	0|1)	echo >"$one/ended" ;;
	*)	cat "$one.txt" >&2; exit 1 ;;
	esac' sh || exit

# More than one of a target where it was stopped.
runs() {
	pairs | while read -r build target; do
		for run in "$OUT/$build-$target"/*/run.json; do
			echo "$build $target ${run%/run.json}"
		done
	done
}

runs | while read -r build target run; do
	echo "$build $target $("$DMACTL" fuzz status "$run" \
		--raw --noheadings --columns=EXECS,EXEC/S,CORPUS,EDGES,STABILITY,FINDINGS)"
done | awk '
	BEGIN {
		form = "%-16s %-9s %12s %8s %7s %6s %9s %8s\n"
		printf form, "BUILD", "TARGET", "EXECS", "EXEC/S", "CORPUS", "EDGES",
			"STABILITY", "FINDINGS"
	}
	{
		printf form, $1, $2, $3, $4, $5, $6, (NF > 7 ? $7 : "-"), $NF
		execs += $3
		findings += $NF
	}
	END {
		printf "%d inputs in all, %d findings\n", execs, findings
		exit findings > 0
	}' >"$OUT/report.txt"
found=$?
test $found = 0 || runs | while read -r build target run; do
	what=$("$DMACTL" fuzz triage "$run") && continue
	printf '\n%s, %s\n%s\n' "$build" "$target" "$what"
done >>"$OUT/report.txt"
cat "$OUT/report.txt"
exit $found
