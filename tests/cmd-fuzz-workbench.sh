# SPDX-License-Identifier: GPL-2.0-or-later
# dmactl fuzz build, corpus, coverage and bench, by the real engines, on a toy: a source tree
# whose library is one function. .ci/run has them with the whole library.
. "$srcdir/tests/command.sh"
out=$scratch/out
toy=$scratch/toy
kept=$scratch/kept
quick="--data=$toy --output=$scratch/runs"

fuzz() { "$dmactl" fuzz "$@"; }

# ---- recordings as inputs ----

expect 0 fuzz corpus import "$scratch/seeds" "$traces/6.12-swiotlb-nvme.ftrace.zst" \
	"$traces/6.12-swiotlb.dmat" --json
json "$out"
expect 0 "$dmactl" dump --from=program "$scratch/seeds/stack/6.12-swiotlb-nvme.1"
printed 'map_single device0'
expect 0 "$dmactl" dump --from=program "$scratch/seeds/pool/6.12-swiotlb.1"
printed 'pool_create device0 size='
grep -v -e ' pool_' -e '^#' "$out" >"$scratch/rest" && fail "not of a pool: $(head -1 "$scratch/rest")"
for seed in "$scratch"/seeds/*/*; do
	test "$(wc -c <"$seed")" -le 4096 || fail "${seed##*/} is larger than an engine's inputs"
done
# The targets hold on them.
for seeds in "$scratch"/seeds/*; do
	name=${seeds##*/}
	program=$builddir/fuzz/fuzz-$name
	if test -x "$program"; then
		"$program" "$seeds"/* >"$scratch/log" 2>&1 ||
			fail "$name breaks on a recording: $(tail -n 1 "$scratch/log")"
	fi
done
{ head -c 3000 "$traces/6.12-direct.dmat"; echo junk; } >"$scratch/cut.dmat"
expect 3 fuzz corpus import "$scratch/part" "$scratch/cut.dmat"
expect 5 fuzz corpus import "$scratch/part" "$scratch/none"

# ---- counted, and given away ----

expect 0 fuzz corpus list --csv --columns=target,inputs,regressions pool sg
printed '^pool,[1-9][0-9]*,[1-9]'
expect 0 fuzz corpus list --json
json "$out"
expect 2 fuzz corpus list nothing
said "there is no .*/corpus/nothing"
expect 0 fuzz corpus export "$scratch/given" cli
test "$(ls "$srcdir/corpus/cli" | sort)" = "$(ls "$scratch/given/cli" | sort)" ||
	fail "not all of cli was exported"
expect 2 fuzz corpus export "$scratch/given" cli
said 'exists already'
if command -v zip >/dev/null && command -v unzip >/dev/null; then
	expect 0 fuzz corpus export "$scratch/given.zip" cli
	unzip -q -d "$scratch/unpacked" "$scratch/given.zip"
	diff -r "$scratch/given/cli" "$scratch/unpacked/cli" || fail "not the same in a zip"
fi
expect 2 fuzz corpus
expect 2 fuzz corpus walk
said 'can list, merge, import and export'
expect 2 fuzz corpus merge pool
said "'corpus merge' takes TARGET OUT"

# ---- a toy ----

mkdir -p "$toy/fuzz" "$toy/lib" "$toy/corpus/toy" "$toy/corpus/regressions/toy"
cat >"$toy/lib/part.c" <<'END'
int part(const unsigned char *data, unsigned long size);
int part(const unsigned char *data, unsigned long size)
{
	if (size > 1 && data[0] == 'a')
		return 1;
	if (size > 1 && data[1] == 'Q')
		return 2;
	return 0;
}
END
cat >"$toy/fuzz/fuzz-toy.c" <<'END'
int part(const unsigned char *data, unsigned long size);
int LLVMFuzzerTestOneInput(const unsigned char *data, unsigned long size);
int LLVMFuzzerTestOneInput(const unsigned char *data, unsigned long size)
{
	unsigned long sum = 0;

	for (unsigned long i = 0; i < size; i++) {
		sum = (sum ^ data[i]) * 0x9e3779b97f4a7c15UL;
		sum ^= sum >> 29;
	}
	if (sum == 0x775527b6ffe3e444UL) /* "break it", which no engine guesses */
		__builtin_trap();
	part(data, size);
	return 0;
}
END
cp "$srcdir/fuzz/driver.c" "$srcdir/fuzz/target.h" "$toy/fuzz"
printf 'T01\ttoy\tSIGILL\there\tnothing\n' >"$toy/fuzz/mutants.def"
cat >"$toy/configure" <<'END'
#!/bin/sh
# what one of autoconf would leave behind
for arg; do
	case $arg in *=*) eval "${arg%%=*}='${arg#*=}'" ;; esac
done
source=$(dirname "$0")
test "$LIB_FUZZING_ENGINE" || main="-I$source/fuzz $source/fuzz/driver.c"
mkdir -p fuzz
cat >Makefile <<MAKE
abs_top_srcdir = $source
fuzz/fuzz-toy: $source/fuzz/fuzz-toy.c
	$CC $CFLAGS $LIB_FUZZING_ENGINE $main -o \$@ $source/fuzz/fuzz-toy.c $source/lib/part.c
fuzz/mutant-toy: fuzz/fuzz-toy
	cp fuzz/fuzz-toy \$@
fuzz/mutate-toy.so:
	: >\$@
MAKE
: >config.status
END
chmod +x "$toy/configure"
printf a234567 >"$toy/corpus/toy/a"
printf a999999 >"$toy/corpus/toy/alike"
printf 1234567 >"$toy/corpus/toy/other"

# What is not installed is said by its name, before anything is made.
mkdir "$scratch/few"
for tool in sh sed ls cat dirname basename expr env rm mkdir; do
	ln -s "$(command -v $tool)" "$scratch/few/$tool"
done
expect 125 env PATH="$scratch/few" "$dmactl" fuzz build $quick
said 'libfuzzer-asan: there is no clang here: install the package clang'
said 'afl-plain: there is no afl-clang-fast here: install the package afl++'
printed '^afl-plain *afl *0 *0 *failed'
expect 125 env PATH="$scratch/few" "$dmactl" fuzz coverage toy $quick
said "no build that counts in .*: 'dmactl fuzz build --build=coverage' makes it"
expect 125 fuzz bench toy $quick
said 'no build with an engine'
expect 2 fuzz build --build=honggfuzz
said "none of libfuzzer-asan"

# Some systems have clang's runtime in a package of its own.
links() {
	command -v clang >/dev/null || return
	echo 'int LLVMFuzzerTestOneInput(const unsigned char *data, unsigned long size);
int LLVMFuzzerTestOneInput(const unsigned char *data, unsigned long size)
{ return size && *data == 77; }
#ifdef ALONE
int main(void) { return LLVMFuzzerTestOneInput(0, 0); }
#endif' >"$scratch/links.c"
	clang "$@" -o "$scratch/links" "$scratch/links.c" 2>/dev/null
}
if command -v clang >/dev/null && ! links -fsanitize=fuzzer,address,undefined; then
	expect 125 fuzz build toy --engine=libfuzzer $quick
	said 'clang cannot link such a program, see .*build.log; it needs the package'
fi

if links -fsanitize=fuzzer,address,undefined; then
	expect 0 fuzz build toy --engine=libfuzzer $quick
	printed '^libfuzzer-asan *libfuzzer *1 *1 *built *.*runs/build/libfuzzer-asan/fuzz$'
	expect 0 fuzz corpus merge toy "$kept" $quick
	printed 'kept: 2 of 3 inputs, 14 of 21, reach what all do'
	expect 2 fuzz corpus merge toy "$kept" $quick
	said 'is not empty'
	# a campaign, found by 'run', is one of those that are merged
	expect 0 fuzz run toy --time=1 --seed=1 --empty $quick
	expect 0 fuzz corpus merge toy "$scratch/more" $quick --json
	json "$out"
	expect 0 fuzz corpus list --csv --columns=inputs --noheadings $quick \
		--run="$(cd "$scratch/runs" && ls -d *-toy)"
	printed '^[1-9]'
	# all targets and builds by one command, which goes on where it was
	campaign=$srcdir/fuzz/campaign.sh
	for again in once twice; do
		TIME=1s JOBS=1 BUILDS=libfuzzer-asan OUT="$scratch/runs" srcdir="$toy" \
			DMACTL="$dmactl" sh "$campaign" >"$scratch/$again" ||
			fail "a campaign of all targets: exit $?"
	done
	cmp "$scratch/once" "$scratch/twice" || fail "a share was run twice"
	grep -q '^[1-9][0-9]* inputs in all, 0 findings$' "$scratch/runs/report.txt" ||
		{ fail "no report of a campaign"; cat "$scratch/runs/report.txt"; }
	expect 0 fuzz bench toy --time=1s $quick --json
	json "$out"
	printed '"execs_per_second": [1-9]'
	# each again and again: in a process for each it would be a hundred times a second
	test "$(grep -c '"execs_per_processor_second": [1-9][0-9]\{3,\}' "$out")" = 4 ||
		fail "no three figures and a campaign of some thousand a second"
	printed '"inputs": 1'
	printed '"bytes": 7'
	# what breaks has no speed
	mv "$toy/corpus/toy" "$toy/corpus/kept"
	mkdir "$toy/corpus/toy"
	cp "$toy/corpus/kept/a" "$toy/corpus/toy"
	printf 'break it' >"$toy/corpus/toy/breaks"
	expect 1 fuzz bench toy --time=1s $quick --csv --noheadings \
		--columns=empty/s,median/s,95th/s,findings
	printed '^[1-9][0-9]*,[1-9][0-9]*,,[1-9]'
	rm -r "$toy/corpus/toy"
	mv "$toy/corpus/kept" "$toy/corpus/toy"
	echo 'int broken' >>"$toy/fuzz/fuzz-toy.c"
	expect 5 fuzz build --engine=libfuzzer $quick
	said 'make failed, see .*build.log: .*error:'
	sed -i '$d' "$toy/fuzz/fuzz-toy.c"
fi
if command -v afl-clang-fast >/dev/null && command -v afl-cmin >/dev/null; then
	expect 0 fuzz build --engine=afl $quick
	rm -rf "$kept"
	expect 0 fuzz corpus merge toy "$kept" --engine=afl $quick
	printed 'kept: [1-9] of [1-9][0-9]* inputs'
fi
if links -DALONE -fprofile-instr-generate -fcoverage-mapping && command -v llvm-cov >/dev/null; then
	expect 2 fuzz build nothing --build=coverage $quick
	printf 'break it' >"$toy/corpus/regressions/toy/T01"
	expect 0 fuzz build --build=coverage $quick
	expect 0 fuzz coverage $quick --csv --noheadings
	printed '^lib/part.c,7,6,85.71,8,5,62.50'
	said 'regressions/toy/T01: toy breaks on it, which counts nothing'
	expect 1 fuzz coverage $quick --min=98,95 --html="$scratch/pages" --json
	json "$out"
	printed '"lines_reached": 6,'
	test -s "$scratch/pages/index.html" || fail "no pages"
	expect 0 fuzz coverage $quick --min=80
	expect 2 fuzz coverage $quick --files=nothing/
	expect 2 fuzz coverage $quick --min=101
	ln -s "$(command -v cat)" "$scratch/few/llvm-profdata"
	expect 125 env PATH="$scratch/few" "$dmactl" fuzz coverage $quick
	said 'there is no llvm-cov here: install the package llvm'
fi
exit $status
