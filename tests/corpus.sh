# SPDX-License-Identifier: GPL-2.0-or-later
# Every fuzz target holds on its corpus, whatever the compiler.
for program in "$builddir"/fuzz/fuzz-*; do
	case $program in *.*) continue ;; esac
	target=${program##*/fuzz-}
	test -d "$srcdir/corpus/$target" || { echo "no corpus/$target"; exit 1; }
	"$program" "$srcdir/corpus/$target"/*
done
