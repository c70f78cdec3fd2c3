# SPDX-License-Identifier: GPL-2.0-or-later
# Every file names its licence: LGPL-2.1-or-later in include/ and lib/ and in the
# headers that bpf/ shares with lib/, GPL-2.0-or-later in all the rest.
cd "$srcdir"

# Of a clone: what git knows. Of an unpacked release: what a person wrote.
files() {
	if git ls-files --error-unmatch tests/spdx.sh >/dev/null 2>&1; then
		git ls-files
	else
		ls configure.ac Makefile.am quickstart *.md
		find bench bpf fuzz include lib man src tests \( -name '*.[ch]' -o -name '*.sh' \
			-o -name '*.py' -o -name '*.am' -o -name '*.md' -o -name '*.[1-8]' \
			-o -name '*.sym' -o -name '*.pc.in' \)
	fi 2>/dev/null | grep -v -e '^COPYING' -e '^corpus/' -e '^tests/data/' -e '\.gitkeep$'
}

status=0
count=0
for file in $(files); do
	test -f "$file" || continue	# deleted, and not committed yet
	case $file in
	include/*|lib/*) want=LGPL-2.1-or-later ;;
	*) want=GPL-2.0-or-later ;;
	esac
	count=$((count + 1))
	said=$(head -n 3 "$file" | sed -n 's/.*SPDX-License-Identifier: *\([^ ]*\).*/\1/p')
	case $file:$said in
	bpf/*.h:LGPL-2.1-or-later) ;;
	*:"$want") ;;
	*:) echo "$file: lacks the line 'SPDX-License-Identifier: $want' at its top"; status=1 ;;
	*) echo "$file: says $said, and its folder is $want"; status=1 ;;
	esac
done
test $count -gt 0 || { echo "found no files in $srcdir"; exit 1; }
exit $status
