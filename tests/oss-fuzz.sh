# SPDX-License-Identifier: GPL-2.0-or-later
# What fuzz/build.sh leaves in OUT, as OSS-Fuzz calls it: with libFuzzer, and with a main()
# that only runs files. Two whole builds; .ci/run has it, 'make check' does not. What is
# there with libFuzzer is moved to $keep where that is told.
command -v clang >/dev/null || { echo "clang is not installed"; exit 77; }
command -v zip >/dev/null && command -v unzip >/dev/null || {
	echo "zip or unzip is not installed"; exit 77; }
test ! -f "$srcdir/config.status" || { echo "the sources are configured in place"; exit 77; }
srcdir=$(cd "$srcdir" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
status=0

fail() { echo "$*"; status=1; }

# built_with ENGINE CFLAGS: OUT is $work/out
built_with() {
	rm -rf "$work/out" "$work/work"
	mkdir "$work/out" "$work/work"
	env SRC="$work" OUT="$work/out" WORK="$work/work" CC=clang CXX="$3" CXXFLAGS="$2" \
		CFLAGS="$2 ${4-}" LIB_FUZZING_ENGINE="$1" "$srcdir/fuzz/build.sh" \
		>"$work/log" 2>&1 || { tail -n 20 "$work/log"; exit 1; }
}

# Every target is there, with all that belongs to it, needs no library that a bare machine
# lacks, and holds on its seeds.
look() {
	for source in "$srcdir"/fuzz/fuzz-*.c; do
		name=${source##*/} name=${name%.c}
		program=$work/out/$name
		test -x "$program" || { fail "no $name"; continue; }
		grep -q '^max_len = [0-9]' "$program.options" || fail "no $name.options"
		test ! -f "${source%.c}.dict" || cmp "${source%.c}.dict" "$program.dict" ||
			fail "no $name.dict"
		ldd "$program" | grep -e jansson -e zstd -e xxhash -e lzma -e libz &&
			fail "$name needs a library that is not in OUT"
		rm -rf "$work/seeds"
		unzip -q -d "$work/seeds" "${program}_seed_corpus.zip" || { fail "no seeds"; continue; }
		for seed in "$srcdir/corpus/${name#fuzz-}"/*; do
			cmp -s "$seed" "$work/seeds/${seed##*/}" || fail "$name: lacks ${seed##*/}"
		done
		(cd "$work" && timeout 300 "$program" seeds/*) >"$work/log" 2>&1 ||
			{ fail "$name breaks on a seed"; tail -n 20 "$work/log"; }
	done
}

export ASAN_OPTIONS=allocator_may_return_null=1:detect_leaks=0
built_with -fsanitize=fuzzer \
	"-O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all" \
	clang++ -fsanitize=fuzzer-no-link
look
if test -f "$work/out/fuzz-trace"; then
	(cd "$work" && out/fuzz-trace -dict=out/fuzz-trace.dict -runs=100 seeds) >"$work/log" 2>&1 ||
		{ fail "the dictionary is not understood"; tail -n 5 "$work/log"; }
	grep -q 'Dictionary: [1-9]' "$work/log" || fail "no words in the dictionary"
fi
if test -n "${keep-}"; then
	rm -rf "$keep"
	mv "$work/out" "$keep"
fi

# The main() of such an engine takes files, whatever compiler made it.
clang -O1 -c -I"$srcdir/fuzz" "$srcdir/fuzz/driver.c" -o "$work/driver.o"
ar rc "$work/engine.a" "$work/driver.o"
built_with "$work/engine.a" -O0 ''
look
exit $status
