# SPDX-License-Identifier: GPL-2.0-or-later
# For the tests of what replay predicts, which source it instead of command.sh.
. "$srcdir/tests/command.sh"

# verdicts WANT: the trace in $scratch is met so: "predicted 3 1 order"
verdicts() {
	expect 0 "$dmactl" replay "$scratch/trace"
	quiet
	sed -n 's/^fidelity: [0-9.]* % predicted, \([0-9]*\) of [0-9]*/predicted \1/p' \
		"$scratch/out" | tr -d , | tr '\n' ' ' | sed 's/ $//' >"$scratch/got"
	events=$(grep -vc '^#' "$scratch/trace")
	grep -q "^$events event" "$scratch/out" || fail "not $events events: $(head -n 1 "$scratch/out")"
	test "$(cat "$scratch/got")" = "$1" ||
		fail "'$(cat "$scratch/got")', not '$1', for: $(cat "$scratch/trace")"
}
