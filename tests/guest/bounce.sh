# SPDX-License-Identifier: GPL-2.0-or-later
#
# bounce.sh - in the guest: sixteen transfers at a time, each of 30 pages that all have to
# be copied and are no neighbours, recorded from before the drivers are there. They never
# take more than 960 slots.
. /test/events.sh
cat >/tmp/watched <<'W'
. /test/events.sh
load_until sd_mod
wait_for_disks 2 >/out/disks
for disk in $(disks); do load "$disk" 40 8 30 & done
wait
W
dmactl record -o /tmp/rec.dmat -- sh /tmp/watched >/out/record 2>&1
status=$?
cp /tmp/rec.dmat /out/
dmesg | grep -c "swiotlb buffer is full" >/out/full
exit $status
