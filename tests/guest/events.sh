# SPDX-License-Identifier: GPL-2.0-or-later
#
# events.sh - for the scripts that run in the guest: drivers, load, and the kernel's own
# tracing beside dmactl. Sourced.
trace=/sys/kernel/tracing

# Load modules in their order, up to the one of this name.
load_until() {
	while read -r module; do
		case $module in
		*.ko) name=$(basename "$module" .ko | tr - _)
		      grep -q "^$name " /proc/modules || insmod "/modules/$module" ;;
		"$1") return ;;
		esac
	done </modules/order
}

disks() {
	for disk in /sys/block/*; do
		case ${disk##*/} in nvme*|sd*) echo "/dev/${disk##*/}" ;; esac
	done
}

# Until all three disks are there, or so many.
wait_for_disks() {
	i=0
	while test $i -lt 150 && test "$(disks | wc -l)" -lt "${1:-3}"; do
		usleep 100000
		i=$((i + 1))
	done
	disks | wc -l
}

kernel_tracing_begin() {
	echo 0 >$trace/options/overwrite
	echo 24000 >$trace/buffer_size_kb
	echo mono >$trace/trace_clock
	for system in dma swiotlb iommu; do
		test ! -d $trace/events/$system || echo 1 >$trace/events/$system/enable
	done
}

mark() { echo "$*" >$trace/trace_marker; }

kernel_tracing_end() {	# FILE
	for system in dma swiotlb iommu; do
		test ! -d $trace/events/$system || echo 0 >$trace/events/$system/enable
	done
	cat $trace/per_cpu/cpu*/stats >"$1.stats"
	cat $trace/trace >"$1"
	echo >$trace/trace
}

network_begin() {
	for interface in /sys/class/net/*; do
		interface=${interface##*/}
		test "$interface" = lo || break
	done
	ip link set "$interface" up
	ip addr add 10.0.2.15/24 dev "$interface"
	sleep 2
}

network_end() {
	ip addr flush dev "$interface"
	ip link set "$interface" down
}

network() {
	network_begin
	ping -c 3 -i 0.2 10.0.2.2 >/dev/null
	for i in 1 2 3 4 5 6; do nc 10.0.2.100 80 </dev/null | wc -c; done
	ping -c 2 -s 1400 -i 0.2 10.0.2.2 >/dev/null
	network_end
}

# TIMES
work() {
	for disk in $(disks); do load "$disk" "$1"; done
	network
}
