# SPDX-License-Identifier: GPL-2.0-or-later
# check-coverage.sh - how much of each allocator does what is in corpus/ reach?
#
# Builds the targets with clang in corpus-coverage/, replays all inputs, and prints a line
# a file; false where one has less than MIN_LINES or MIN_BRANCHES of a hundred. Left out
# are functions X_valid(): they are oracles, and what is left to reach in them is reached
# by bugs only. With SHOW=FILE it prints the lines of that file that are not reached.
: "${MIN_LINES:=98}" "${MIN_BRANCHES:=95}" "${SHOW:=}" "${srcdir:?}"
targets='api coherent direct hostile iova pool sg stack swiotlb'
flags='-fprofile-instr-generate -fcoverage-mapping'

mkdir -p corpus-coverage && cd corpus-coverage || exit 1
programs=
for target in $targets; do programs="$programs fuzz/fuzz-$target"; done
test -f Makefile || "$srcdir/configure" --disable-bpf --disable-shared CC="${CLANG:-clang}" \
	CFLAGS="-O1 -g $flags" LDFLAGS="$flags" >configure.log 2>&1 || exit 1
# shellcheck disable=SC2086
make $programs >make.log 2>&1 || { tail make.log; exit 1; }

rm -f ./*.profraw
objects=
for target in $targets; do
	objects="$objects -object fuzz/fuzz-$target"
	for folder in "$srcdir/corpus/$target" "$srcdir/corpus/regressions/$target"; do
		test -d "$folder" || continue
		# each run adds to it
		LLVM_PROFILE_FILE="$target-%m.profraw" "fuzz/fuzz-$target" "$folder"/* ||
			exit 1
	done
done
llvm-profdata merge -o all.profdata ./*.profraw || exit 1
# shellcheck disable=SC2086
llvm-cov export ${objects# -object } -instr-profile=all.profdata -format=lcov >all.lcov || exit 1

awk -F'[:,]' -v root="$srcdir/" -v show="$SHOW" -v lines="$MIN_LINES" \
	-v branches="$MIN_BRANCHES" '
	function share(part, all) { return all ? 100 * part / all : 100 }
	function left_out(line,    at, name) {
		at = 0
		for (i = 1; i <= functions; i++)
			if (start[i] <= line && start[i] >= at) {
				at = start[i]
				name = called[i]
			}
		return name ~ /valid$/
	}
	/^SF:/ {
		file = $2
		sub(".*/lib/", "lib/", file)
		on = file ~ /^lib\/alloc\/.*\.c$|^lib\/dma\/pool[a-z-]*\.c$/
		functions = line_all = line_hit = branch_all = branch_hit = 0
	}
	!on { next }
	/^FN:/ { start[++functions] = $2; called[functions] = $NF }
	/^DA:/ && !left_out($2) {
		line_all++
		line_hit += $3 > 0
		if (file == show && $3 == 0)
			print file ":" $2 ": not reached"
	}
	/^BRDA:/ && !left_out($2) {
		branch_all++
		branch_hit += $5 > 0
		if (file == show && !($5 > 0))
			print file ":" $2 ": " ($4 % 2 ? "always true" : "never true")
	}
	/^end_of_record/ {
		few = share(line_hit, line_all) < lines ||
		      share(branch_hit, branch_all) < branches
		bad += few
		printf "%-30s lines %5d of %5d %6.2f %%  branches %5d of %5d %6.2f %% %s\n",
			file, line_hit, line_all, share(line_hit, line_all), branch_hit,
			branch_all, share(branch_hit, branch_all), few ? "<" : ""
	}
	END { exit bad > 0 }' all.lcov
