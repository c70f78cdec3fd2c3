# SPDX-License-Identifier: GPL-2.0-or-later
# What README.md shows after a "$ " is what that command prints; one that shows nothing
# only has to succeed. Commands at a "# " prompt want root and are not run.
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
ln -s "$srcdir/corpus" "$scratch/corpus"
cd "$scratch"

# Write the commands to 1.run, 2.run ... and what each is said to print to N.says.
awk '
	/^```/ { inside = !inside; file = ""; next }
	!inside { next }
	/^\$ / { file = ++count; print substr($0, 3) >file ".run"; printf "" >file ".says"; next }
	/^# / { file = ""; next }
	file { print >file ".says" }
	END { print count + 0 }' "$srcdir/README.md" >count

number=0
while test "$number" -lt "$(cat count)"; do
	number=$((number + 1))
	if ! PATH="$builddir/src:$PATH" LC_ALL=C.UTF-8 sh -e "./$number.run" \
		>"$number.prints" 2>"$number.err" </dev/null; then
		echo "README.md: fails: $(cat "$number.run")"; cat "$number.err"; status=1
	elif test -s "$number.says" && ! diff -u "$number.says" "$number.prints"; then
		echo "README.md: prints something else: $(cat "$number.run")"; status=1
	fi
done
test "$number" -gt 0 || { echo "README.md shows no command"; status=1; }
exit ${status:-0}
