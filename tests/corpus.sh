# SPDX-License-Identifier: GPL-2.0-or-later
# Every fuzz target holds on its corpus, and on what once broke it, whatever the compiler.
for program in "$builddir"/fuzz/fuzz-*; do
	case $program in *.*) continue ;; esac
	target=${program##*/fuzz-}
	test -d "$srcdir/corpus/$target" || { echo "no corpus/$target"; exit 1; }
	"$program" "$srcdir/corpus/$target"/*
	if test -d "$srcdir/corpus/regressions/$target"; then
		"$program" "$srcdir/corpus/regressions/$target"/*
	fi
done
