# SPDX-License-Identifier: GPL-2.0-or-later
# For the tests of commands, which source it: run dmactl, and say what it should do.
# shellcheck disable=SC2034
dmactl="${DMACTL:-$builddir/src/dmactl}"
data="$srcdir/tests/data"
traces="$srcdir/corpus/traces"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
status=0

fail() { echo "$*"; status=1; }

# expect STATUS COMMAND...: what it prints is kept in $scratch/out and $scratch/err
expect() {
	want=$1; shift
	got=0
	"$@" >"$scratch/out" 2>"$scratch/err" </dev/null || got=$?
	test "$got" = "$want" || { fail "$*: exit $got, not $want"; cat "$scratch/err"; }
}

said() { grep -q -e "$1" "$scratch/err" || { fail "not said: $1"; cat "$scratch/err"; }; }
printed() { grep -q -e "$1" "$scratch/out" || { fail "not printed: $1"; head "$scratch/out"; }; }
quiet() { test ! -s "$scratch/err" || { fail "said too much:"; cat "$scratch/err"; }; }

# same FILE FILE
same() { cmp -s "$1" "$2" || { fail "$1 and $2 differ"; diff "$1" "$2" | head -5; }; }

# Is this one JSON document? Only where there is something to ask.
json() {
	if command -v python3 >/dev/null; then
		python3 -c 'import json, sys; json.load(open(sys.argv[1]))' "$1" ||
			fail "$1 is no JSON"
	fi
}
