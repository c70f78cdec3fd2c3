# SPDX-License-Identifier: GPL-2.0-or-later
#
# filters.sh - in the guest: recordings of a part of what happens, all at once, beside
# the kernel's own trace and a recording of everything
. /test/events.sh
load_until e1000e
wait_for_disks >/dev/null
network_begin
for device in /sys/bus/pci/devices/*; do
	echo "${device##*/} $(basename "$(readlink "$device/driver")")"
done >/out/drivers
ls $trace/events/dma $trace/events/swiotlb $trace/events/iommu >/out/tracepoints 2>/dev/null

# In the background; once the file is begun all probes are there. Its process is $last.
record() {	# NAME OPTION...
	name=$1; shift
	echo "${*%% -- *}" >"/out/$name.options"
	dmactl record -o "/tmp/$name.dmat" "$@" >"/tmp/$name.said" 2>&1 &
	last=$!
}

begun() {	# NAME...
	for name; do
		until test -s "/tmp/$name.dmat"; do usleep 100000; done
	done
}

ended() {	# NAME PROCESS
	wait "$2"
	echo "$1 $?" >>/out/status
	cp "/tmp/$1".dmat* "/tmp/$1.said" /out/
}

kernel_tracing_begin
record all
all=$last

# What is to be recorded. One process waits until it is watched.
sh -c 'kill -STOP $$; exec load "$0" 10 0' "$(disks | head -n 1)" &
watched=$!
recorders=
parts="devices driver lists others direction size"
record devices --device '0000:00:1*' --device 0000:00:02.0 --device 0000:00:05.0
recorders="$recorders $last"
record driver --driver ahci --driver 'e1000*'
recorders="$recorders $last"
record lists --events sg,iommu
recorders="$recorders $last"
record others --events coherent,pool,iova,mask,swiotlb
recorders="$recorders $last"
record direction --dir to_device --events map,sg
recorders="$recorders $last"
record size --min-size 16k --events map,sg
recorders="$recorders $last"
record pid --pid $watched
pid=$last
# shellcheck disable=SC2086
begun all pid $parts
mark begin
for disk in $(disks); do load "$disk" 4 & done
kill -CONT $watched
wait $watched
ping -c 2 -i 0.2 10.0.2.2 >/dev/null
while pidof load >/dev/null; do usleep 100000; done
mark end
ended pid $pid
# shellcheck disable=SC2086
kill -INT $recorders
for process in $recorders; do
	ended "${parts%% *}" "$process"
	parts=${parts#* }
done

# When it ends.
cat >/tmp/long <<'W'
. /test/events.sh
mark "begin long"
i=0
while test $i -lt 100 && ! { grep -q "events in" /tmp/duration.said &&
		grep -q "events in" /tmp/limit.said && test -e /tmp/overwrite.dmat.1; }; do
	for disk in $(disks); do load "$disk" 5; done
	i=$((i + 1))
	test $i != 4 || kill -USR2 "$1"
done
# Something comes after the snapshot, however soon the rest was there.
for disk in $(disks); do load "$disk" 5; done
mark "end long"
W
record limit --max-size 20k --events map,sg
limit=$last
record overwrite --overwrite 128k --events map,sg
overwrite=$last
begun limit overwrite
record duration --duration 2 --events map,sg -- sh /tmp/long $overwrite
ended duration $last
ended limit $limit
kill -INT $overwrite
ended overwrite $overwrite
kill -INT $all
ended all $all
kernel_tracing_end /tmp/trace
gzip -c /tmp/trace >/out/trace.gz

# Call stacks, which the kernel's tracing can tell too.
kernel_tracing_begin
echo 1 >$trace/options/stacktrace
record stack --stack --events map,sg,coherent
begun stack
for disk in $(disks); do load "$disk" 4; done
kill -INT "$last"
ended stack "$last"
echo 0 >$trace/options/stacktrace
kernel_tracing_end /tmp/trace
gzip -c /tmp/trace >/out/stacks.gz
network_end
exit 0
