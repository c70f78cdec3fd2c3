#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Unmodified files of the kernel, built on include/kernel and run on modelled machines.
# Needs builddir, srcdir and CC; `make check-peers` runs it, since it may fetch two
# packages of 150 MB once. Exit 77 where none can be had.
set -eu
kernel=$srcdir/tests/kernel
sources=$builddir/peers
out=$builddir/kernel-code
passed=0 skipped=0
mkdir -p "$out"

# The kernel is built without strict aliasing, and wraps signed numbers. Its warnings
# are its own, but a call of what is not declared would be a lie of ours.
build() {	# PROGRAM FILE DRIVER...
	program=$1 file=$2; shift 2
	# shellcheck disable=SC2086
	$CC -std=gnu11 -O2 -g -w -Werror=implicit-function-declaration \
		-Werror=incompatible-pointer-types -fno-strict-aliasing -fwrapv -pthread \
		-ffunction-sections -fdata-sections -Wl,--gc-sections \
		${KERNEL_FLAGS:-} -DKBUILD_MODNAME='"'"${program##*/}"'"' \
		-I"$srcdir/include/kernel" -I"$kernel" -I"$srcdir/include" \
		-o "$program" "$file" "$@" "$kernel/run.c" \
		-L"$builddir/lib/.libs" -ldma-kernel -ldma -Wl,-rpath,"$builddir/lib/.libs"
}

try() {	# PROGRAM LINES
	for machine in 0 1 2 3; do
		"$1" $machine >"$1.out" 2>&1 ||
			{ echo "${1##*/}, machine $machine:"; cat "$1.out"; exit 1; }
		lines=$(grep -c '^dmapool test: size:[0-9]* *align:[0-9]* *blocks:[0-9]* *time:[0-9]*$' \
			"$1.out") || :
		test "$lines" -eq "$2" && test "$(wc -l <"$1.out")" -eq "$2" ||
			{ echo "${1##*/}, machine $machine: not $2 lines of dmapool"; cat "$1.out"; exit 1; }
	done
	echo "${1##*/}: ok on 4 machines"
	passed=$((passed + 1))
}

for version in 6.12 7.2; do
	"$srcdir/bench/peers/fetch" "$version" "$sources" >"$out/log" 2>&1 || {
		echo "$version: skipped: $(tail -n 1 "$out/log")"
		skipped=$((skipped + 1))
		continue
	}
	echo "$version: $(cat "$sources/$version/PACKAGE")"
	build "$out/dmapool-$version" "$sources/$version/mm/dmapool_test.c" "$kernel/run-module.c"
	try "$out/dmapool-$version" 6
	build "$out/usb-$version" "$sources/$version/drivers/usb/core/buffer.c" "$kernel/run-usb.c"
	try "$out/usb-$version" 0
	# Until 6.12 it kept DMA addresses in struct page, which has no members here.
	test $version = 6.12 || {
		build "$out/firewire-$version" "$sources/$version/drivers/firewire/core-iso.c" \
			"$kernel/run-firewire.c"
		try "$out/firewire-$version" 0
	}
done

echo "$passed passed, 0 failed, $skipped skipped"
test $passed != 0 || exit 77
