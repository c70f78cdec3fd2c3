#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# As dmactl, with the exit status 99 where valgrind finds a fault: DMACTL of the command
# tests for `make check-valgrind`.
exec "$builddir/libtool" --mode=execute valgrind -q --error-exitcode=99 \
	--leak-check=full --errors-for-leak-kinds=definite --show-leak-kinds=definite \
	--suppressions="$srcdir/tests/data/valgrind.supp" \
	"$builddir/src/dmactl" "$@"
