# SPDX-License-Identifier: GPL-2.0-or-later
# The tree speaks of the project alone: no file names the folder it was made in, or
# the hosts that this machine gets its packages from.
git -C "$srcdir" ls-files --error-unmatch tests/private.sh >/dev/null 2>&1 ||
	{ echo "no clone, or no git: what belongs to the project cannot be told from what was built"; exit 77; }

words() {
	echo "$srcdir"
	if command -v apt-get >/dev/null; then
		apt-get indextargets --format '$(SITE)' | sed 's,^[a-z+]*://,,; s,/.*,,'
	fi
}

# A name without a dot, or a folder as short as /src, tells nothing of a machine.
found=$(words | sort -u | grep -e '^/.*/' -e '^[^/]*\.' | git -C "$srcdir" grep -nFI -f - || :)
test -z "$found" || { echo "names this machine:"; echo "$found"; exit 1; }
