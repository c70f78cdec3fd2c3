#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# headers.sh SUITE - what Debian builds modules with, for the very kernel that kernel.sh
# has; prints the folder to give to make. Exit status 77 where they cannot be had.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
suite=${1:?which suite?}
cache=${GUEST_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/dmactl/guest}
release=$(cat "$("$here/kernel.sh" "$suite")/release")
root=$cache/$suite/headers-$release
build=$root/usr/src/linux-headers-$release

if test -e "$root/done"; then
	echo "$build"
	exit
fi

. "$here/apt.sh"
apt_begin
ask apt-cache show "linux-headers-$release" >/dev/null 2>&1 || {
	echo "the mirror has no linux-headers-$release (any more)" >&2
	exit 77
}
rm -rf "$root"
mkdir -p "$root"
for package in "linux-headers-$release" $(parts "linux-headers-$release" 'headers\|kbuild'); do
	unpack "$package" "$root"
done

# Programs of a later suite than this machine's run with its libraries.
libraries=$root/libraries/usr/lib/x86_64-linux-gnu
find "$root"/usr/lib/linux-kbuild-* -type f -perm -1 | while read -r program; do
	ldd "$program" 2>&1 | grep -q "not found" || continue
	test -e "$libraries" || for package in libc6 libelf1t64 zlib1g libzstd1; do
		unpack "$package" "$root/libraries"
	done
	mv "$program" "$program.elf"
	cat >"$program" <<W
#!/bin/sh
exec $libraries/ld-linux-x86-64.so.2 --library-path $libraries "\$0.elf" "\$@"
W
	chmod +x "$program"
done
apt_end

# They name each other by where a package would have them. Without vmlinux no one asks
# for pahole.
sed -i "s#/usr/src/#$root/usr/src/#g" "$build/Makefile"
rm -f "$build/vmlinux"
touch "$root/done"
echo "$build"
