# SPDX-License-Identifier: GPL-2.0-or-later
#
# crowd.sh - in the guest: two functions have room for no fentry program more, or for one
# where a probe is two. What they are called is recorded from before the drivers are there
# until they are gone
. /test/events.sh
mkfifo /tmp/until
crowd dma_pool_alloc 38 dma_pool_free 37 </tmp/until >/out/crowd 2>&1 &
crowd=$!
exec 3>/tmp/until
until grep -q . /out/crowd; do usleep 100000; done
dmactl doctor --json >/out/doctor.json 2>/out/doctor
cat >/tmp/watched <<'W'
. /test/events.sh
load_until usb_storage
wait_for_disks >/dev/null
for disk in $(disks); do load "$disk" 60; done
sync
sleep 1
rmmod usb_storage ehci_pci ehci_hcd nvme
W
dmactl record --events pool -o /tmp/rec.dmat -- sh /tmp/watched >/out/record 2>&1
status=$?
exec 3>&-
wait $crowd || status=$?
cp /tmp/rec.dmat /out/
exit $status
