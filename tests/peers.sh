#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The same random calls at libdma and at the kernel's own files, for each kernel that
# is modelled. Needs builddir and srcdir; `make check-peers` runs it. It is no part of
# `make check`, since it may fetch three packages of 150 MB once.
set -eu
peers=$srcdir/bench/peers
sources=$builddir/peers
status=77

for version in 6.1 6.12 7.2; do
	"$peers/fetch" "$version" "$sources" >"$sources.log" 2>&1 || {
		echo "$version: skipped: $(tail -n 1 "$sources.log")"
		continue
	}
	for peer in pool region; do
		sh "$peers/build" "$sources" $peer "$version" "$sources/$peer-$version.so"
	done
	"$builddir/bench/peers/check" "$version" "$sources/pool-$version.so" \
		"$sources/region-$version.so"
	"$peers/build-iova" "$version" "$sources" >"$sources.log" 2>&1 || { cat "$sources.log"; exit 1; }
	"$builddir/bench/peers/compare-iova" "$version" "$sources/iova-$version.so"
	status=0
done
exit $status
