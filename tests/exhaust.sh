# SPDX-License-Identifier: GPL-2.0-or-later
# All sequences of up to three requests hold on every target that has an alphabet, and
# what is wrong with an alphabet is said. 'make check-exhaust' goes on to six.
for alphabet in "$srcdir"/corpus/exhaust/*; do
	"$builddir/fuzz/exhaust-${alphabet##*/}" "$alphabet" 3
done

. "$srcdir/tests/command.sh"
program=$builddir/fuzz/exhaust-pool
# TEXT WORDS: what is said of an alphabet
refuse() {
	printf '%b\n' "$1" >"$scratch/alphabet"
	expect 1 "$program" "$scratch/alphabet" 1
	grep -q -- "$2" "$scratch/err" || fail "$1: $(cat "$scratch/err")"
}
refuse 'op pool_alloc slot=0' 'one config and one op'
refuse 'config 0=2\nop pool_allok slot=0' 'alphabet:2: no request: pool_allok'
refuse 'config 16=2' 'alphabet:1: no byte of the config: 16=2'
refuse 'config 0=2\nop pool_alloc slot=256' 'alphabet:2: .*too large: slot=256'
refuse 'config 0=2\nop pool_alloc slot=x' 'alphabet:2: no number: slot=x'
refuse 'letter pool_alloc' 'alphabet:1: not config, begin or op'
expect 1 "$program" "$scratch/missing"
grep -q 'missing.*cannot be read' "$scratch/err" || fail "$(cat "$scratch/err")"
exit $status
