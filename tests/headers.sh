# SPDX-License-Identifier: GPL-2.0-or-later
# Each public header compiles alone, as C and as C++, with only the public ones beside it.
compile() {	# LANGUAGE STANDARD HEADER
	printf '#include <libdma/%s>\n' "$3" |
		$CC -std="$2" -Wall -Wextra -Werror -I"$srcdir/include" -fsyntax-only -x "$1" -
}

languages="c:gnu11 c:c99"
if echo 'int main() { return 0; }' | $CC -fsyntax-only -x c++ - 2>/dev/null; then
	languages="$languages c++:c++11"
else
	echo "$CC compiles no C++: only C was tried"
fi

for header in "$srcdir"/include/libdma/*.h; do
	for language in $languages; do
		compile "${language%:*}" "${language#*:}" "${header##*/}" ||
			{ echo "${header##*/}: does not compile alone as ${language#*:}"; status=1; }
	done
done

# The kernel face: C alone, before the system's headers of the same names.
for header in "$srcdir"/include/kernel/*/*.h; do
	name=${header#"$srcdir"/include/kernel/}
	printf '#include <%s>\n' "$name" |
		$CC -std=gnu11 -Wall -Wextra -Werror -I"$srcdir/include/kernel" \
			-I"$srcdir/include" -fsyntax-only -x c - ||
		{ echo "kernel/$name: does not compile alone"; status=1; }
done
exit ${status:-0}
