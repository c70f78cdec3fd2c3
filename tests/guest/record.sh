# SPDX-License-Identifier: GPL-2.0-or-later
#
# record.sh - in the guest: dmactl and the kernel's own tracing watch the same load,
# from before the drivers are there
. /test/events.sh

uname -r >/out/release
case $mode-$attach in
direct-* | *-kprobe) dmactl doctor --attach="$attach" >/out/doctor 2>&1 ;; # it takes long
esac
kernel_tracing_begin
ls $trace/events/dma $trace/events/swiotlb $trace/events/iommu >/out/tracepoints 2>/dev/null
cat >/tmp/watched <<'W'
. /test/events.sh
mark begin
load_until e1000e
wait_for_disks >/out/disks
work 60 >/out/work 2>&1
sync
sleep 1
mark end
W
dmactl record --attach="$attach" -o /tmp/rec.dmat -- sh /tmp/watched >/out/record 2>&1
echo $? >/out/record.status
kernel_tracing_end /tmp/trace
cat $trace/kprobe_events >/out/kprobe_events
gzip -c /tmp/trace >/out/trace.gz
cp /tmp/trace.stats /tmp/rec.dmat /out/
exit "$(cat /out/record.status)"
