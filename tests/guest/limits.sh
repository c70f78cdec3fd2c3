# SPDX-License-Identifier: GPL-2.0-or-later
#
# limits.sh - in the guest: a ring that overruns, a recorder that is killed, a full disk,
# and no privilege
. /test/events.sh
load_until e1000e
wait_for_disks >/dev/null

# A recorder that sleeps, with room for a few hundred events.
kernel_tracing_begin
cat >/tmp/overrun <<'W'
. /test/events.sh
mark begin
kill -STOP "$PPID"
for disk in $(disks); do load "$disk" 20; done
sleep 1
mark end
kill -CONT "$PPID"
W
dmactl record -o /tmp/overrun.dmat --buffer 64k --events map,sg,coherent -- sh /tmp/overrun \
	>/out/overrun 2>&1
echo "overrun $?" >/out/status
kernel_tracing_end /tmp/trace
gzip -c /tmp/trace >/out/trace.gz
cp /tmp/trace.stats /tmp/overrun.dmat /out/

# Killed in the middle of work: when, and what the file has.
dmactl record -o /tmp/killed.dmat >/dev/null 2>&1 &
until test -s /tmp/killed.dmat; do usleep 100000; done
for disk in $(disks); do load "$disk" 400 & done
sleep 4
cut -d ' ' -f 1 /proc/uptime >/out/killed.uptime
kill -KILL $!; kill -KILL "$(pidof dmactl)"
killall load
cp /tmp/killed.dmat /out/

# A disk that is full.
mkdir /tmp/small
mount -t tmpfs -o size=32k small /tmp/small
dmactl record -o /tmp/small/full.dmat -- sh -c '. /test/events.sh
	for disk in $(disks); do load "$disk" 60; done; sleep 1' >/out/full 2>&1
echo "full $?" >>/out/status
dmactl info /tmp/small/full.dmat >/out/full.info 2>&1
echo "full-info $?" >>/out/status

# Nobody may record.
chmod 777 /tmp
su -s /bin/sh nobody -c 'dmactl record -o /tmp/nobody.dmat' >/out/nobody 2>&1
echo "nobody $?" >>/out/status
exit 0
