# SPDX-License-Identifier: GPL-2.0-or-later
# libdma.so exports the functions that include/libdma declares, and libdma-kernel.so
# those of include/kernel: all of them, and nothing beside them. And no name is taken twice.
test -e "$builddir/lib/.libs/libdma.so" || { echo "no shared library was built"; exit 77; }

# The names of the prototypes outside of braces, comments and macros.
declared() {	# HEADER...
	sed 's,//.*,,' "$@" | awk '
		{ text = text $0 "\n" }
		function emit(statement) {
			gsub(/__attribute__[^;]*/, "", statement)
			if (statement !~ /typedef/ &&
			    match(statement, /[A-Za-z_][A-Za-z_0-9]*[ \n\t]*\(/) &&
			    substr(statement, RSTART + RLENGTH, 1) != "*") {
				name = substr(statement, RSTART, RLENGTH)
				gsub(/[^A-Za-z_0-9]/, "", name)
				print name
			}
		}
		END {
			while (start = index(text, "/*")) {
				rest = substr(text, start + 2)
				text = substr(text, 1, start - 1) \
					substr(rest, index(rest, "*/") + 2)
			}
			count = split(text, lines, "\n")
			for (i = 1; i <= count; i++) {
				if (lines[i] ~ /^([ \t]*#|DEFINE_)/ || more) {
					more = lines[i] ~ /\\$/
					continue
				}
				body = body lines[i] "\n"
			}
			for (i = 1; i <= length(body); i++) {
				c = substr(body, i, 1)
				if (c == "{") { depth++; statement = "" }
				else if (c == "}") depth--
				else if (depth) continue
				else if (c == ";") { emit(statement); statement = "" }
				else statement = statement c
			}
		}' | sort -u
}

exported() {	# LIBRARY
	nm -D --defined-only "$1" | awk '$2 != "A" { sub(/@.*/, "", $3); print $3 }' |
		grep -v -e '^__asan_' -e '^__odr_asan' -e '^__sancov' -e '^__gcov_' | sort -u
}

# A module brings its two entries, and nobody libdma_build_bug(), which is to be refused.
compare() {	# LIBRARY HEADER...
	so=$1; shift
	declared "$@" | grep -vx -e init_module -e cleanup_module -e libdma_build_bug >declared.$$
	exported "$so" >exported.$$
	strangers=$(comm -13 declared.$$ exported.$$)
	missing=$(comm -23 declared.$$ exported.$$)
	count=$(wc -l <exported.$$)
	rm -f declared.$$ exported.$$
	test "$count" -gt 0 || { echo "$so exports nothing"; status=1; }
	test -z "$strangers" || { echo "exported but declared nowhere:" $strangers; status=1; }
	test -z "$missing" || { echo "declared but not exported:" $missing; status=1; }
}

compare "$builddir/lib/.libs/libdma.so" "$srcdir"/include/libdma/*.h
compare "$builddir/lib/.libs/libdma-kernel.so" "$srcdir"/include/kernel/*/*.h

# Linked statically, dmactl shares one space of names with the library's own.
defined() {
	nm --defined-only "$1" 2>/dev/null | awk 'NF > 2 && $2 ~ /^[TDBR]$/ { print $NF }' |
		grep -v -e '^__' -e '^_' | sort -u
}
defined "$builddir"/lib/.libs/libdma-internal.a >inside.$$
defined "$builddir/src/.libs/dmactl" >command.$$
twice=$(comm -12 inside.$$ command.$$)
test -s inside.$$ && test -s command.$$ || { echo "nothing to compare"; status=1; }
rm -f inside.$$ command.$$
test -z "$twice" || { echo "in the library and in the command:" $twice; status=1; }
exit ${status:-0}
