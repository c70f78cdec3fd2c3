# SPDX-License-Identifier: GPL-2.0-or-later
#
# cost.sh - in the guest: the same load by turns without tracing, with the kernel's own
# tracing of the same events, and with dmactl record, also with call stacks
. /test/events.sh
load_until nvme
wait_for_disks 1 >/dev/null
groups="--events map,sg,coherent,sync" systems=dma
if test ! -d $trace/events/dma; then
	groups="--events iommu" systems=iommu
fi
echo 24000 >$trace/buffer_size_kb
cat >/tmp/timed <<'W'
. /test/events.sh
begin=$(cut -d ' ' -f 1 /proc/uptime)
load "$(disks)" 1000
echo "$1 $begin $(cut -d ' ' -f 1 /proc/uptime)" >>/tmp/cost
W

# The file is in memory, as the kernel's own buffer is.
record() {	# NAME OPTION...
	name=$1; shift
	# shellcheck disable=SC2086
	dmactl record -f -o "/tmp/$name.dmat" $groups "$@" -- sh /tmp/timed "$name" \
		>>"/out/$name" 2>&1 || exit 1
}

sh /tmp/timed warm
for i in 1 2 3 4 5; do
	sh /tmp/timed none
	echo 1 >$trace/events/$systems/enable
	sh /tmp/timed ftrace
	echo 0 >$trace/events/$systems/enable
	cat $trace/per_cpu/cpu*/stats >"/out/stats.$i"
	echo >$trace/trace
	record dmactl
done
record stack --stack
cp /tmp/cost /tmp/dmactl.dmat /out/
exit 0
