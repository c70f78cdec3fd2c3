# SPDX-License-Identifier: GPL-2.0-or-later
#
# live.sh - in the guest: what looks at a live kernel whose swiotlb is too small. top beside
# a recording of the same, and recordings that a failure ends; inspect of the kernel, and of
# a copy that is saved as the manual says; explain of the kernel's log
. /test/events.sh
load_until sd_mod
wait_for_disks 2 >/dev/null
sleep 1

# In the background; both see nothing before the load begins.
dmactl record -o /tmp/rec.dmat >/out/record 2>&1 &
recorder=$!
dmactl top --ndjson -d 1 >/out/top 2>/out/top.said &
top=$!
dmactl record -o /tmp/full.dmat --events swiotlb --stop-on swiotlb-full >/out/full 2>&1 &
full=$!
dmactl record -o /tmp/failed.dmat --events map,sg --stop-on map-fail >/out/failed 2>&1 &
failed=$!
for file in /tmp/rec.dmat /out/top /tmp/full.dmat /tmp/failed.dmat; do
	until test -s $file; do usleep 100000; done
done
for disk in $(disks); do load "$disk" 40 8 30 & done
while pidof load >/dev/null; do usleep 100000; done
sleep 2
kill -INT $top $recorder $full $failed
wait $top
echo "top $?" >/out/status
wait $recorder
echo "record $?" >>/out/status
wait $full
echo "full $?" >>/out/status
wait $failed
echo "failed $?" >>/out/status
cp /tmp/rec.dmat /tmp/full.dmat /tmp/failed.dmat /out/

sed -n '/^# cd/,/^\$ /p' /test/dmactl-inspect.1 |
	sed "/^\\$ /d; s/^# //; s/\\\\e/\\\\/g; s/\\\\-/-/g; s/\\\\(aq/'/g" >/tmp/save
sh /tmp/save >/out/save 2>&1
echo "save $?" >>/out/status
tar -C /tmp/state -cf /out/state.tar .
dmactl inspect --json >/out/inspect.json 2>/out/inspect
echo "inspect $?" >>/out/status
dmactl explain --dmesg --json >/out/explain.json 2>/out/explain
test $? != 1 || echo "explain 0" >>/out/status # it must find something
exit 0
