#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# kernel.sh SUITE - Debian's kernel of a suite, unpacked; prints the folder
#
# What is unpacked stays in $GUEST_CACHE, and is not asked for again: GUEST_UPDATE=1 looks
# for a newer kernel.
set -eu
suite=${1:?which suite?}
cache=${GUEST_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/dmactl/guest}
root=$cache/$suite

if test -e "$root/done" && test -z "${GUEST_UPDATE-}"; then
	echo "$root"
	exit
fi

here=$(cd "$(dirname "$0")" && pwd)
. "$here/apt.sh"
apt_begin
# The package that always names the newest kernel leads to its parts.
image=$(parts linux-image-amd64 'image\|binary\|modules' | head -n 1)
test -n "$image" || { echo "suite $suite has no linux-image-amd64" >&2; exit 77; }
rm -rf "$root" "$root.new"
mkdir -p "$root.new"
for package in $image $(parts "$image" 'image\|binary\|modules'); do
	unpack "$package" "$root.new"
done
apt_end

# One place for all suites: vmlinuz, and modules/ with what depmod makes.
find "$root.new" -name 'vmlinuz*' -exec mv {} "$root.new/vmlinuz" \;
release=$(basename "$(dirname "$(find "$root.new" -type d -path '*/lib/modules/*/kernel' | head -n 1)")")
echo "$release" >"$root.new/release"
mkdir -p "$root.new/tree/lib/modules"
mv "$(find "$root.new" -type d -path "*/lib/modules/$release" ! -path '*/tree/*' | head -n 1)" \
	"$root.new/tree/lib/modules/"
touch "$root.new/tree/lib/modules/$release/modules.order" \
	"$root.new/tree/lib/modules/$release/modules.builtin"
/sbin/depmod -b "$root.new/tree" "$release" 2>/dev/null || :
rm -rf "$root.new/usr" "$root.new/lib" "$root.new/boot"
touch "$root.new/done"
mv "$root.new" "$root"
echo "$root"
