# SPDX-License-Identifier: GPL-2.0-or-later
# Each command has a man page, and the two name the same long options.
dmactl="$builddir/src/dmactl"
aliases=

help_options() { "$@" --help | grep -o -e '--[a-z][a-z-]*' | sort -u; }
page_options() {
	awk '/^\.SH/ { options = /OPTIONS/ } options' "$1" | sed 's/\\-/-/g' |
		grep -o -e '--[a-z][a-z-]*' | sort -u
}

compare() {
	page="$1"; shift
	test -f "$page" || { echo "no $page"; status=1; return; }
	for option in $(help_options "$@"); do
		case $option in --help|--usage|--version) continue ;; esac
		page_options "$page" | grep -qx -e "$option" ||
			{ echo "$page: lacks $option"; status=1; }
	done
	for option in $(page_options "$page"); do
		help_options "$@" | grep -qx -e "$option" ||
			{ echo "$page: $option is no option of '$*'"; status=1; }
	done
}

compare "$srcdir/man/dmactl.1" "$dmactl"
for command in $("$dmactl" --list-commands); do
	compare "$srcdir/man/dmactl-$command.1" "$dmactl" "$command"
	grep -q "dmactl.-$command (1)" "$srcdir/man/dmactl.1" ||
		{ echo "dmactl.1 does not point to dmactl-$command(1)"; status=1; }
done

# An alias has a page, which is the command's.
for source in "$srcdir"/src/cmd-*.c; do
	command=${source##*/cmd-}
	command=${command%.c}
	for alias in $(sed -n 's/.*\.aliases = "\(.*\)",$/\1/p' "$source"); do
		page="$srcdir/man/dmactl-$alias.1"
		test "$(head -n 1 "$page")" = ".so man1/dmactl-$command.1" ||
			{ echo "$page is not dmactl-$command.1"; status=1; }
		grep -q "/dmactl-$alias.1 " "$srcdir/man/module.am" ||
			{ echo "$page is not installed"; status=1; }
		aliases="$aliases $page"
	done
done
test -n "$aliases" || { echo "found no alias in $srcdir/src"; status=1; }

if command -v mandoc >/dev/null; then
	for page in "$srcdir"/man/*.[1-9]; do
		case "$aliases " in *" $page "*) continue ;; esac
		mandoc -T lint -W warning "$page" || status=1
	done
fi
exit ${status:-0}
