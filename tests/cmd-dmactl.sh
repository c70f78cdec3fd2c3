# SPDX-License-Identifier: GPL-2.0-or-later
# The program around the commands: usage, suggestions, exit statuses, broken output.
. "$srcdir/tests/command.sh"

expect 0 "$dmactl" --help
cp "$scratch/out" "$scratch/help"
for command in $("$dmactl" --list-commands); do
	grep -q "^  $command " "$scratch/help" || fail "--help lacks $command"
	expect 0 "$dmactl" "$command" --help
	printed "^Usage: dmactl $command"
	expect 2 "$dmactl" "$command" --no-such-option
	said "^dmactl $command: "
done

expect 0 "$dmactl" --version
printed '^dmactl [0-9]'
expect 0 "$dmactl" version --build-options
printed '^compiler: '

expect 2 "$dmactl"
expect 2 "$dmactl" statt
said "^dmactl: 'statt' is not a dmactl command"
said '^	stat$'
expect 2 "$dmactl" sta		# no abbreviations, but a hint
said '^	stat$'
expect 2 "$dmactl" zzzzzzzzzz
if grep -q similar "$scratch/err"; then fail "a suggestion for zzzzzzzzzz"; fi
expect 2 "$dmactl" help nonsense
expect 2 "$dmactl" stat --width=1
expect 2 "$dmactl" stat --color=perhaps
expect 2 "$dmactl" stat --json --csv
expect 2 "$dmactl" stat one two
expect 0 "$dmactl" stat --columns help

# No output is lost silently.
for sink in 'full' 'closed'; do
	got=0
	case $sink in
	full) test -w /dev/full || continue
	      "$dmactl" --help >/dev/full 2>"$scratch/err" || got=$? ;;
	closed) "$dmactl" --help >&- 2>"$scratch/err" || got=$? ;;
	esac
	test "$got" = 5 || fail "output $sink: exit $got, not 5"
	said '^dmactl: standard output: '
done

# Whoever stops reading has seen enough.
{ "$dmactl" --help; echo $? >"$scratch/status"; } | :
test "$(cat "$scratch/status")" = 0 || fail "closed pipe: exit $(cat "$scratch/status")"

# A file that cannot be opened is named.
expect 5 "$dmactl" stat "$scratch/missing"
said "^dmactl stat: $scratch/missing: No such file"
expect 5 "$dmactl" stat "$scratch"
said "^dmactl stat: $scratch: Is a directory"
: >"$scratch/empty"
expect 3 "$dmactl" stat "$scratch/empty"
said "^dmactl stat: $scratch/empty: the file is empty"

exit $status
