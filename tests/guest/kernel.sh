#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# kernel.sh SUITE - Debian's kernel of a suite, unpacked; prints the folder
#
# The packages come from the mirror that this machine's apt uses, whose own lists are
# left alone, and stay in $GUEST_CACHE. What is there is not asked for again:
# GUEST_UPDATE=1 looks for a newer kernel.
set -eu
suite=${1:?which suite?}
cache=${GUEST_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/dmactl/guest}
root=$cache/$suite

if test -e "$root/done" && test -z "${GUEST_UPDATE-}"; then
	echo "$root"
	exit
fi

mirror=$(apt-get indextargets --format '$(REPO_URI) $(ORIGIN) $(CODENAME)' |
	awk '$2 == "Debian" && $3 !~ /-/ { print $1; exit }')
test -n "$mirror" || { echo "apt knows no mirror of Debian" >&2; exit 77; }
keys=$(ls /usr/share/keyrings/debian-archive-keyring.* 2>/dev/null | head -n 1)

apt=$cache/apt-$suite
mkdir -p "$apt/lists/partial" "$apt/debs"
echo "deb [${keys:+signed-by=$keys}] $mirror $suite main" >"$apt/sources.list"
ask() {	# COMMAND ARGUMENT...: apt with this suite alone
	command=$1; shift
	"$command" -o Dir::Etc::SourceList="$apt/sources.list" -o Dir::Etc::SourceParts=/dev/null \
		-o Dir::State::Lists="$apt/lists" -o Dir::Cache::pkgcache= \
		-o Dir::Cache::srcpkgcache= -o APT::Sandbox::User=root "$@"
}

# What the package that always names the newest kernel leads to.
parts() {	# PACKAGE
	ask apt-cache depends "$1" |
		sed -n 's/^ *Depends: \(linux-\(image\|binary\|modules\)-.*\)$/\1/p'
}

ask apt-get -qq update >&2
image=$(parts linux-image-amd64 | head -n 1)
test -n "$image" || { echo "suite $suite has no linux-image-amd64" >&2; exit 77; }
rm -rf "$root" "$root.new"
mkdir -p "$root.new"
for package in $image $(parts "$image"); do
	(cd "$apt/debs" && ask apt-get -qq download "$package" >&2)
	dpkg-deb -x "$(ls -t "$apt/debs/${package}"_*.deb | head -n 1)" "$root.new"
done
rm -rf "$apt"

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
