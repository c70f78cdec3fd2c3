#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The same random calls at libdma and at the kernel's own files, for each kernel that
# is modelled. Its arguments are the programs that do so; it needs builddir and srcdir.
# `make check-peers` runs it. It is no part of `make check`, since it may fetch three
# packages of 150 MB once. Exit 77 where none can be had.
set -eu
peers=$srcdir/bench/peers
sources=$builddir/peers
passed=0 failed=0 skipped=0

for version in 6.1 6.12 7.2; do
	"$peers/fetch" "$version" "$sources" >"$sources.log" 2>&1 || {
		echo "$version: skipped: $(tail -n 1 "$sources.log")"
		skipped=$((skipped + $#))
		continue
	}
	for program; do
		peer=${program##*/compare-}
		so=$sources/$peer-$version.so
		if "$peers/build" "$sources" "$peer" "$version" "$so" &&
			"$builddir/$program" "$version" "$so"; then
			passed=$((passed + 1))
		else
			echo "$peer of $version: FAILED"
			failed=$((failed + 1))
		fi
	done
done

echo "$passed passed, $failed failed, $skipped skipped"
test $failed = 0 || exit 1
test $passed != 0 || exit 77
