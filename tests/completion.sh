# SPDX-License-Identifier: GPL-2.0-or-later
# Completion: each shell understands its script, and bash completes with it.
. "$srcdir/tests/command.sh"

for shell in bash zsh fish; do
	expect 0 "$dmactl" completion $shell
	cp "$scratch/out" "$scratch/$shell"
	test -s "$scratch/$shell" || fail "nothing for $shell"
	command -v $shell >/dev/null || { echo "$shell is not installed"; continue; }
	$shell -n "$scratch/$shell" || fail "$shell does not understand its script"
done
expect 2 "$dmactl" completion
expect 2 "$dmactl" completion csh

command -v bash >/dev/null || exit "$status"

# ask WORD...: what bash offers for the last word
ask() {
	bash -c '. "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); compopt() { :; }
		_dmactl; printf "%s\n" "${COMPREPLY[@]}"' "$scratch/bash" "$@" | sort | tr '\n' ' '
}

offers() { test "$got" = "$1 " || fail "offered '$got' instead of '$1'"; }

got=$(ask dmactl sta); offers stat
got=$(ask dmactl im); offers import
got=$(ask dmactl stat --js); offers --json
got=$(ask dmactl stat --color = al); offers always
got=$(ask dmactl stat --by driv); offers driver
got=$(ask dmactl convert --to te); offers text
got=$(ask dmactl help inf); offers info
got=$(cd "$srcdir/man" && ask dmactl stat module); offers module.am
for command in $("$dmactl" --list-commands); do
	got=$(ask dmactl "$command" --hel); offers --help
done

exit "$status"
