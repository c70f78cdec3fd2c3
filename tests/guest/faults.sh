# SPDX-License-Identifier: GPL-2.0-or-later
#
# faults.sh - in the guest: a module that misuses the DMA API, in each way, recorded with
# call stacks from its loading on, while the disks' drivers do nothing wrong
. /test/events.sh
load_until usb_storage
wait_for_disks >/dev/null
cat >/tmp/watched <<'W'
. /test/events.sh
run=/sys/module/dma_faults/parameters/run
insmod /test/dma_faults.ko
cat $run >/out/ways
for disk in $(disks); do load "$disk" 4 & done
# A leak is one by being there again and again, for most of the time.
while read -r way; do
	for leak in leak_single leak_sg leak_coherent leak_block; do echo $leak >$run; done
	case $way in leak_*) ;; *) echo "$way" >$run ;; esac
	usleep 100000
done </out/ways
wait
W
dmactl record -o /tmp/rec.dmat --stack -- sh /tmp/watched >/out/record 2>&1
status=$?
cp /tmp/rec.dmat /out/
exit $status
