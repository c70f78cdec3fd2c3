# SPDX-License-Identifier: GPL-2.0-or-later
# libdma(3) names each function and macro of the DMA API that the headers have, and none
# beside them; its example compiles without a warning and prints what the manual says.
page="$srcdir/man/libdma.3"
so=$builddir/lib/.libs/libdma.so
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Prototypes, inline functions and macros with arguments; those with LEGACY in their
# name are how legacy.h tells old callers from new.
for header in dma-mapping dmapool scatterlist legacy; do
	cat "$srcdir/include/libdma/$header.h"
done | awk '
	/^[ \t]*(\/\*|\*)/ { next }
	/^#define [A-Za-z_]+\(/ { sub(/^#define /, ""); sub(/\(.*/, ""); print; next }
	/^[a-z].*\(/ && !/^typedef/ {
		sub(/\(.*/, ""); sub(/.*[ *]/, ""); print
	}' | grep -vi -e '^legacy_' -e '^DMA_BIT_MASK$' | sort -u >"$work/declared"
sed -n 's/^\.Fn \([A-Za-z_]*\).*/\1/p' "$page" | sort -u >"$work/named"

test "$(wc -l <"$work/declared")" -gt 150 || { echo "found few names"; status=1; }
lacks=$(comm -23 "$work/declared" "$work/named")
test -z "$lacks" || { echo "libdma(3) lacks:" $lacks; status=1; }
for name in $(comm -13 "$work/declared" "$work/named"); do
	grep -qw "$name" "$srcdir"/include/libdma/*.h ||
		{ echo "libdma(3) has $name, which no header declares"; status=1; }
done

# The number of a literal block.
block() {
	awk -v wanted="$1" '
		/^\.Bd -literal/ { inside = ++count == wanted; next }
		/^\.Ed/ { inside = 0 }
		inside { sub(/^\\&/, ""); gsub(/\\-/, "-"); gsub(/\\e/, "\\"); print }' "$page"
}

block 1 >"$work/example.c"
block 2 >"$work/says"
$CC -std=gnu11 -Wall -Werror -I"$srcdir/include" -fsyntax-only "$work/example.c" || status=1
test -e "$so" || exit "${status:-0}"
# A program that is not instrumented cannot load a library that is
! nm -D "$so" | grep -q __asan_ || exit "${status:-0}"
$CC -std=gnu11 -I"$srcdir/include" -o "$work/example" "$work/example.c" \
	-L"${so%/*}" -ldma -Wl,-rpath,"$(cd "${so%/*}" && pwd)"
"$work/example" >"$work/prints" || { echo "the example fails"; status=1; }
diff -u "$work/says" "$work/prints" || status=1
exit "${status:-0}"
