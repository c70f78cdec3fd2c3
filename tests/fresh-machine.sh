#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# fresh-machine.sh SUITE [ARGUMENT...] - ./quickstart on a new Debian
#
# Puts Debian's SUITE (bookworm, trixie) with nothing but its essentials into a folder,
# and a clone of what is committed here into that, and runs ./quickstart there as root
# (with "check", or with the arguments given). Packages come from where this machine's
# apt gets its own. Takes minutes, so it is no part of 'make check': .ci/run calls it.
set -eu
suite=${1:?which suite?}
shift
test $# -gt 0 || set -- check

skip() { echo "$1"; exit 77; }
test "$(id -u)" = 0 || skip "needs root to make a file system of Debian $suite"
command -v debootstrap >/dev/null || skip "debootstrap is not installed"
unshare --mount true 2>/dev/null || skip "may not mount here"

source=$(git -C "$(dirname "$0")" rev-parse --show-toplevel)
mirror=$(. /etc/os-release
	apt-get indextargets --format '$(SITE)' "Codename: $VERSION_CODENAME" | head -n 1)
eval "$(apt-config shell http_proxy Acquire::http::Proxy)"
if test -n "${http_proxy-}"; then export http_proxy; fi

folder=$(mktemp -d)
trap 'rm -rf --one-file-system "$folder"' EXIT
trap 'exit 1' HUP INT TERM

echo "putting Debian $suite into $folder"
# shellcheck disable=SC2086
debootstrap --variant=minbase "$suite" "$folder/root" $mirror >"$folder/log" 2>&1 ||
	{ tail "$folder/log"; exit 1; }
# A path with a space in it has to work too.
git clone -q --no-hardlinks "$source" "$folder/root/root/a clone"

# Mounts end with the name space, so that none is left to remove through.
unshare --mount --propagation private sh -euc '
	mount -t proc proc "$1/proc"
	root=$1; shift
	exec chroot "$root" /usr/bin/env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin \
		LANG=C.UTF-8 ${http_proxy:+http_proxy="$http_proxy"} \
		"/root/a clone/quickstart" "$@"' sh "$folder/root" "$@" </dev/null
