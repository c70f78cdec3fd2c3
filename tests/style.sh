# SPDX-License-Identifier: GPL-2.0-or-later
# The budgets of CONTRIBUTING.md: 500 lines a file, 60 a function, 100 columns, no
# conditional compilation inside a function, no words that promise later work.
cd "$srcdir"

folders=$(ls -d bench bpf fuzz include lib man src tests 2>/dev/null || :)
sources=$(find $folders -name '*.[ch]')
scripts="$(ls quickstart 2>/dev/null || :) $(find $folders -name '*.sh' -o -name '*.py')"
texts="configure.ac Makefile.am $(ls *.md NEWS 2>/dev/null || :)
	$(find $folders -name '*.md' -o -name '*.am' -o -name '*.[1-8]')"
test -n "$sources" || { echo "found no sources in $srcdir"; exit 1; }

found=$({
	for file in $sources $scripts; do
		awk -v file="$file" 'END { if (NR > 500) print file ": " NR " lines, more than 500" }' "$file"
	done

	# The style puts a function's braces, and only those, alone at a line's start.
	# The rows of a table inside are data, not length.
	for file in $sources; do
		expand "$file" | awk -v file="$file" '
			/^{$/ { start = NR; rows = 0; table = 0 }
			start && /^ *# *if/ { print file ":" NR ": conditional compilation inside a function" }
			start && /^ +}.*;$/ { table = 0 }
			table { rows++ }
			start && /= {$/ { table = 1 }
			/^}/ {
				if (start && NR - start + 1 - rows > 60)
					print file ":" start ": a function of " NR - start + 1 - rows " lines, more than 60"
				start = 0
			}
			length > 100 && !/[^ -~]/ { print file ":" NR ": " length " columns, more than 100" }'
	done

	grep -nE '[T]ODO|[F]IXME|(^|[^X])[X]XX[^X]|not [i]mplemented|un[i]mplemented|[p]laceholder' \
		$sources $scripts $texts </dev/null | sed 's/$/  <- a promise/'
} || :)

test -z "$found" || { echo "$found"; exit 1; }
