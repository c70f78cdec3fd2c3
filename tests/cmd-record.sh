# SPDX-License-Identifier: GPL-2.0-or-later
# dmactl record, trace, doctor: options, refusals, and where the kernel lets it, an empty
# recording. What they record is tested in guests (make check-guest).
. "$srcdir/tests/command.sh"

"$dmactl" --list-commands | grep -qx record || { echo "built with --disable-bpf"; exit 77; }

out="$scratch/x.dmat"
expect 2 "$dmactl" record --events nothing
said "'nothing' is no group of events"
expect 2 "$dmactl" record --dir sideways
expect 2 "$dmactl" record --dir ,
expect 2 "$dmactl" record --events ''
expect 2 "$dmactl" record --device ''
expect 2 "$dmactl" record -o - --max-size 1M
expect 2 "$dmactl" record --duration -1
expect 2 "$dmactl" record --duration soon
expect 2 "$dmactl" record --min-size 4q
expect 2 "$dmactl" record --buffer 2G
expect 2 "$dmactl" record --stop-on monday
expect 2 "$dmactl" record --pid 0
expect 2 "$dmactl" record --device 'a*b'
expect 2 "$dmactl" record --device "$(printf %070d 0)"
expect 2 "$dmactl" doctor here
for command in record trace top doctor; do
	expect 2 "$dmactl" $command --attach ptrace
	said "--attach takes auto, fentry or kprobe, not 'ptrace'"
done

# A file that exists is kept, and that is said before anything is done.
echo precious >"$out"
expect 5 "$dmactl" record -o "$out" --duration 0.1
said "exists already, --force replaces it"
grep -qx precious "$out" || fail "the file was replaced"

# Without the kernel's types nobody can.
if ! test -r /sys/kernel/btf/vmlinux; then
	rm -f "$out"
	expect 125 "$dmactl" record -o "$out" --duration 0.1
	said "CONFIG_DEBUG_INFO_BTF"
	expect 125 "$dmactl" doctor
	exit "$status"
fi

# Without privilege: refused, in words that say what to do.
refused() {
	rm -f "$out"
	expect 125 "$@" "$dmactl" record -o "$out" --duration 0.1
	said "CAP_BPF"
	test ! -e "$out" || fail "a file was made"
	expect 125 "$@" "$dmactl" doctor
	printed "CAP_BPF *no"
	expect 125 "$@" "$dmactl" doctor --json
	json "$scratch/out"
}
if test "$(id -u)" != 0; then
	refused env
elif command -v setpriv >/dev/null && setpriv --bounding-set=-all true 2>/dev/null; then
	refused setpriv --bounding-set=-all --inh-caps=-all
fi

# With it: a whole file, whatever happens on this machine meanwhile.
got=0
"$dmactl" doctor >"$scratch/out" 2>&1 || got=$?
test $got = 0 || { test $got = 125 || fail "doctor: exit $got"; exit "$status"; }
printed "Recording *possible"
test "$(awk 'length > 80' "$scratch/out" | wc -l)" = 0 || fail "doctor: more than 80 columns"
for attach in fentry kprobe; do
	expect 0 "$dmactl" doctor --json --attach $attach
	json "$scratch/out"
	case $attach in fentry) other='k.*probe' ;; *) other='fe.*' ;; esac
	! grep -q "\"by\": \"$other\"" "$scratch/out" || fail "--attach $attach takes another"
done
expect 0 "$dmactl" record -f -o "$out" --duration 0.3
said "the time of --duration is over"
said "lost 0"
expect 0 "$dmactl" info --json "$out"
json "$scratch/out"
printed '"closed": 1'
printed '"probes": "[tfk]'
expect 0 "$dmactl" record -f -o "$out" -- sh -c "id -u >$scratch/id; exit 3"
said "the command ended"
test "$(cat "$scratch/id")" = "$(id -u)" || fail "the command is another user's"
expect 3 "$dmactl" record --propagate-exit -f -o "$out" -- sh -c "exit 3"
expect 127 "$dmactl" record -f -o "$out" -- /nowhere/at/all
expect 126 "$dmactl" record -f -o "$out" -- "$scratch"
expect 0 "$dmactl" info "$out"
expect 0 "$dmactl" trace --ndjson --events map,pool --duration 0.2
said "lost 0"
expect 5 "$dmactl" record -f -o "$out" --pid 2147483647
said "there is no process 2147483647"

expect 2 "$dmactl" record --overwrite 0
expect 2 "$dmactl" record --overwrite 1M --max-size 1M

# A file that is there says that the signals are waited for.
appears() {
	tries=0
	until test -s "$1"; do
		tries=$((tries + 1))
		test $tries -lt 600 || { fail "$1 does not appear"; break; }
		sleep 0.1
	done
}
begin() {
	rm -f "$out" "$out.1"
	"$dmactl" record -o "$out" "$@" 2>"$scratch/err" &
	appears "$out"
}

begin --overwrite 1M
kill -USR2 $!
appears "$out.1"
kill -TERM $!
wait $! || fail "told to end: exit $?"
for file in "$out" "$out.1"; do expect 0 "$dmactl" info "$file"; done

# Ended by a signal it is as whole; killed it opens all the same.
begin
kill -INT $!
wait $! || fail "interrupted: exit $?"
said interrupted
expect 0 "$dmactl" info --json "$out"
printed '"closed": 1'
begin
kill -KILL $!
wait $! 2>/dev/null || :
expect 0 "$dmactl" info "$out"
exit "$status"
