# SPDX-License-Identifier: GPL-2.0-or-later
#
# apt.sh - for the scripts that fetch packages of a suite: apt with that suite alone, from
# the mirror that this machine's apt uses, whose own lists are left alone. Sourced, with
# $suite and $cache.
apt=$cache/apt-$suite

apt_begin() {
	mirror=$(apt-get indextargets --format '$(REPO_URI) $(ORIGIN) $(CODENAME)' |
		awk '$2 == "Debian" && $3 !~ /-/ { print $1; exit }')
	test -n "$mirror" || { echo "apt knows no mirror of Debian" >&2; exit 77; }
	keys=$(ls /usr/share/keyrings/debian-archive-keyring.* 2>/dev/null | head -n 1)
	mkdir -p "$apt/lists/partial" "$apt/debs"
	echo "deb [${keys:+signed-by=$keys}] $mirror $suite main" >"$apt/sources.list"
	ask apt-get -qq update >&2
}

ask() {	# COMMAND ARGUMENT...
	command=$1; shift
	"$command" -o Dir::Etc::SourceList="$apt/sources.list" -o Dir::Etc::SourceParts=/dev/null \
		-o Dir::State::Lists="$apt/lists" -o Dir::Cache::pkgcache= \
		-o Dir::Cache::srcpkgcache= -o APT::Sandbox::User=root "$@"
}

# What a package depends on, of the names that begin so.
parts() {	# PACKAGE PATTERN
	ask apt-cache depends "$1" | sed -n "s/^ *Depends: \(linux-\($2\)-.*\)\$/\1/p"
}

unpack() {	# PACKAGE FOLDER
	(cd "$apt/debs" && ask apt-get -qq download "$1" >&2)
	dpkg-deb -x "$(ls -t "$apt/debs/${1}"_*.deb | head -n 1)" "$2"
}

apt_end() { rm -rf "$apt"; }
