# SPDX-License-Identifier: GPL-2.0-or-later
# Who may include whom. lib/README.md draws the same floors.
floors="base hardware alloc dma"	# each may include itself and those before it
tops="trace report check"		# stand on the floors, strangers to each other

complain() { echo "$1: $2"; status=1; }

# What of lib/ a file includes, as folder/header, however it is spelt.
used_by() {	# FOLDER/FILE
	sed -n 's,^[[:space:]]*#[[:space:]]*include[[:space:]]*["<]\([^">]*\)[">].*,\1,p' \
		"$srcdir/$1" |
	while read -r used; do
		case $1:$used in
		*:libdma/*) ;;	# the public face is for everybody
		*:../*|*:lib/*) echo "$used" ;;
		*:*/*) if test -d "$srcdir/lib/${used%%/*}"; then echo "$used"; fi ;;
		lib/*) folder=${1#lib/}
		       if test -e "$srcdir/${1%/*}/$used"; then echo "${folder%/*}/$used"; fi ;;
		esac
	done
}

allow() {	# FOLDER MAY-INCLUDE...
	folder=$1; shift
	for file in "$srcdir/$folder"/*.[ch]; do
		test -e "$file" || continue
		file=$folder/${file##*/}
		for used in $(used_by "$file"); do
			case " $* " in
			*" ${used%%/*} "*) ;;
			*) complain "$file" "may not include $used" ;;
			esac
		done
	done
}

below=
for floor in $floors; do
	below="$below $floor"
	allow "lib/$floor" $below
done
for top in $tops; do
	allow "lib/$top" $floors "$top"
done
allow lib/kernel $floors kernel
allow include/libdma
allow src
for outside in bench fuzz tests; do
	allow "$outside" $floors $tops
done

# Who hands out addresses stands alone: an allocator's files share its first word.
for file in "$srcdir"/lib/alloc/*.[ch]; do
	test -e "$file" || continue
	file=lib/alloc/${file##*/}
	word=${file##*/}
	word=${word%%[-.]*}
	for used in $(used_by "$file"); do
		case $used in
		alloc/"$word"[-.]*) ;;
		alloc/*) complain "$file" "may not include another allocator's $used" ;;
		esac
	done
done

# A new folder of lib/ belongs into the picture first.
for file in "$srcdir"/lib/*/*.[ch]; do
	folder=$(basename "$(dirname "$file")")
	case " $floors $tops kernel " in
	*" $folder "*) ;;
	*) complain "lib/$folder/${file##*/}" "stands on no floor of tests/layers.sh" ;;
	esac
done
exit ${status:-0}
