# SPDX-License-Identifier: GPL-2.0-or-later
#
# cost.sh - in the guest: the same load by turns without tracing, with the kernel's own
# tracing of the same events, and with dmactl record; at last with call stacks, and with
# the kernel's count of what the programs take. A line each: how, seconds, and of these the
# recorder's
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
look() { cut -d ' ' -f 1 /proc/uptime; cat /proc/$PPID/schedstat; }
for i in 1 2 3; do
	before=$(look)
	load "$(disks)" 1000
	echo "$1" $before $(look) |
		awk '{ printf "%s %.2f %.4f\n", $1, $6 - $2, ($7 - $3) / 1e9 }' >>/out/cost
done
test "$1" != counted || cat /proc/$PPID/fdinfo/* >/out/fdinfo
W

# The file is in memory, as the kernel's own buffer is.
record() {	# NAME OPTION...
	name=$1; shift
	# shellcheck disable=SC2086
	dmactl record -f -o "/tmp/$name.dmat" $groups "$@" -- sh /tmp/timed "$name" \
		>>"/out/$name" 2>&1 || exit 1
}

sh /tmp/timed warm
for turn in 1 2; do
	sh /tmp/timed none
	echo 1 >$trace/events/$systems/enable
	sh /tmp/timed ftrace
	echo 0 >$trace/events/$systems/enable
	cat $trace/per_cpu/cpu*/stats >"/out/stats.$turn"
	echo >$trace/trace
	record dmactl
done
record stack --stack
echo 1 >/proc/sys/kernel/bpf_stats_enabled
record counted
cp /tmp/dmactl.dmat /out/
exit 0
