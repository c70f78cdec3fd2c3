#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# boot.sh SUITE MODE SCRIPT OUT - run SCRIPT on a Debian kernel in QEMU
#
# MODE is direct, swiotlb, swiotlb=SLOTS, strict or lazy, or an IOMMU that is not Intel's:
# amd, which is strict in a guest whatever one asks for, or virtio, which is lazy. The
# guest has an NVMe disk, a SATA disk behind AHCI, a USB disk behind EHCI, which lives on
# dma_pools, and an e1000e. It runs SCRIPT as root, with dmactl, load and crowd in its PATH and
# $GUEST_FILES beside it; what that leaves in /out is in OUT. The exit status is SCRIPT's,
# or 124 where the guest did not come to its end. $GUEST_CPUS is 2 unless told,
# $GUEST_TIMEOUT 300 seconds;
# $GUEST_ATTACH is dmactl's --attach.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
suite=$1 mode=$2
script=$(realpath "$3") out=$(realpath -m "$4")
builddir=$(realpath "${builddir:-.}")
case $mode in virtio) first=virtio_iommu ;; *) first= ;; esac
modules="$first virtio_pci 9pnet_virtio 9p nvme ahci sd_mod ehci_pci usb_storage e1000e"

kernel=$("$here/kernel.sh" "$suite")
release=$(cat "$kernel/release")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$out" "$work/root"
cd "$work/root"
mkdir -p bin dev lib64 out proc sys tmp modules test

cp "$(command -v busybox)" bin/busybox
for name in $(bin/busybox --list | grep -vx busybox); do ln -s busybox "bin/$name"; done

# Modules in the order in which they must be loaded, unpacked.
for module in $modules; do
	/sbin/modprobe -d "$kernel/tree" -S "$release" --show-depends "$module" 2>/dev/null |
		awk '$1 == "insmod" { print $2 }' >"$work/insmod"
	while read -r file; do
		name=$(basename "$file")
		case $name in
		*.xz) name=${name%.xz}; xz -dc "$file" >"modules/$name" ;;
		*.zst) name=${name%.zst}; zstd -qdcf "$file" >"modules/$name" ;;
		*) cp "$file" "modules/$name" ;;
		esac
		grep -qx "$name" modules/order 2>/dev/null || echo "$name" >>modules/order
	done <"$work/insmod"
	echo "$module" >>modules/order
done

# dmactl as it was built here, with its libraries; the loader has a fixed place.
"$builddir/libtool" --mode=install cp "$builddir/src/dmactl" "$work/root/bin/dmactl" \
	>/dev/null 2>&1
mkdir -p lib
for file in $("$builddir/libtool" --mode=execute ldd "$builddir/src/dmactl" |
	awk '$3 ~ /^\// { print $3 } $1 ~ /^\// { print $1 }'); do
	case $file in
	*/ld-linux*) cp "$file" lib64/ ;;
	*) cp "$file" lib/ ;;
	esac
done
${CC:-cc} -static -O2 -o bin/load "$here/load.c"
${CC:-cc} -O2 -o bin/crowd "$here/crowd.c" -lbpf
cp "$here/init" init
# shellcheck disable=SC2086
cp "$here/events.sh" "$script" ${GUEST_FILES-} test/
mkdir -p etc
printf 'root:x:0:0::/:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\n' >etc/passwd
echo "script=/test/$(basename "$script") mode=$mode attach=${GUEST_ATTACH:-auto}" >test/settings
chmod +x init
find . | cpio -o -H newc --quiet >"$work/initrd"

machine=
# A host that is busy keeps the timer waiting, which the kernel would take for broken.
options="console=ttyS0 quiet panic=-1 no_timer_check"
case $mode in
direct) ;;
swiotlb) options="$options swiotlb=force" ;;
swiotlb=*) options="$options $mode,force" ;;
strict) machine="-device intel-iommu,intremap=off"; options="$options intel_iommu=on iommu.strict=1" ;;
lazy) machine="-device intel-iommu,intremap=off"; options="$options intel_iommu=on iommu.strict=0" ;;
amd) machine="-device amd-iommu" ;;
virtio) machine="-device virtio-iommu-pci"; options="$options iommu.strict=0" ;;
*) echo "boot.sh: '$mode' is no mode" >&2; exit 2 ;;
esac
for disk in nvme sata usb; do truncate -s 64M "$work/$disk"; done

set +e
# shellcheck disable=SC2086
timeout -k 5 "${GUEST_TIMEOUT:-300}" qemu-system-x86_64 -machine q35,accel=tcg -m 768M \
	-smp "${GUEST_CPUS:-2}" -nodefaults -nographic -no-reboot -serial stdio -monitor none \
	-kernel "$kernel/vmlinuz" -initrd "$work/initrd" -append "$options" $machine \
	-virtfs "local,path=$out,mount_tag=out,security_model=none" \
	-drive "if=none,id=d0,format=raw,file=$work/nvme" -device nvme,drive=d0,serial=0 \
	-drive "if=none,id=d1,format=raw,file=$work/sata" -device ahci,id=sata \
	-device ide-hd,bus=sata.0,drive=d1 \
	-drive "if=none,id=d2,format=raw,file=$work/usb" -device usb-ehci,id=usb \
	-device usb-storage,bus=usb.0,drive=d2 \
	-netdev "user,id=n0,restrict=on,guestfwd=tcp:10.0.2.100:80-cmd:head -c 1000000 /dev/zero" \
	-device e1000e,netdev=n0,romfile= >"$out/console" 2>&1 </dev/null
status=$(tr -d '\r' <"$out/console" | sed -n 's/^guest: exit \([0-9]*\)$/\1/p' | tail -n 1)
exit "${status:-124}"
