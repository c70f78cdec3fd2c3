# SPDX-License-Identifier: GPL-2.0-or-later
# check-generated.sh - small mistakes, made one after the other all over the allocators:
# does a target see each of them, by what is in corpus/? Prints a line a mistake.
#
# A comparison turned, a boundary off by one, a mask inverted, && for ||. Of all places
# every STEP-th is tried, from FIRST on. "make check-generated" sets what it is built by.
: "${STEP:=7}" "${FIRST:=1}" "${srcdir:?}" "${CC:?}" "${FLAGS?}" "${LIBS?}"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
trap 'exit 1' INT TERM

# File, the targets that are shown it.
parts() {
	cat <<END
lib/alloc/atomic-pool.c coherent
lib/alloc/coherent.c coherent
lib/alloc/contiguous.c coherent
lib/alloc/iova.c iova
lib/alloc/iova-cache.c iova
lib/alloc/iova-flush.c iova
lib/alloc/swiotlb.c swiotlb stack
lib/alloc/swiotlb-place.c swiotlb
lib/alloc/swiotlb-search.c swiotlb
lib/alloc/swiotlb-size.c swiotlb direct
lib/dma/pool.c pool
lib/dma/pool-inside.c pool
lib/dma/scatterlist.c sg
lib/dma/iommu-sg.c sg stack
lib/dma/mask.c direct
lib/check/ledger-find.c check
lib/check/broken-map.c check
lib/check/broken-end.c check
END
}

# Every place where a mistake can be made: "line<TAB>sed's command". No comment, no macro.
places() {
	awk '
		function try(pattern, with) {
			if ($0 ~ pattern) {
				gsub(/\\/, "", pattern)
				print NR "\ts/" pattern "/" with "/"
			}
		}
		/^\/?\*|^ \*|^#|^\t*\/\*|include/ { next }
		{
			try(" < ", " <= "); try(" <= ", " < "); try(" > ", " >= ")
			try(" >= ", " > "); try(" == ", " != "); try(" != ", " == ")
			try(" - 1", ""); try(" \\+ 1", ""); try(" && ", " || ")
			try(" \\|\\| ", " \\&\\& "); try("\\+\\+;", "--;")
			try(" \\+= ", " -= "); try(" << ", " >> "); try(" & ~", " | ~")
			try("if \\(!", "if (")
		}' "$1"
}

ar rc "$scratch/support.a" fuzz/mutate.o fuzz/oracle.o fuzz/requests.o \
	fuzz/stack-bytes.o fuzz/coherent-*.o fuzz/iova-clone.o fuzz/pool-shape.o \
	fuzz/swiotlb-grow.o fuzz/reference-*.o || exit 1

# Link the mistake in front of the library, and run all inputs: what saw it, or nothing.
judge() {
	for target in $1; do
		# shellcheck disable=SC2086
		$CC $FLAGS -o "$scratch/$target" "$scratch/wrong.o" "fuzz/fuzz-$target.o" \
			"$scratch/support.a" fuzz/.libs/libdriver.a lib/.libs/libdma-internal.a $LIBS || exit 1
		for folder in "$srcdir/corpus/$target" "$srcdir/corpus/regressions/$target"; do
			test -d "$folder" || continue
			said=$(timeout 60 "$scratch/$target" "$folder"/* 2>&1) && continue
			saw=${said#*oracle } saw=${saw%%[,:]*}
			case $said in *oracle*) ;; *) saw=CRASH ;; esac
			echo "$saw"
			return
		done
	done
}

number=0 tried=0 seen=0
parts >"$scratch/parts"
while read -r file targets; do
	places "$srcdir/$file" >"$scratch/places"
	while IFS='	' read -r line change <&3; do
		number=$((number + 1))
		test $((number % STEP)) = $((FIRST % STEP)) || continue
		sed "${line}$change" "$srcdir/$file" >"$scratch/wrong.c"
		# shellcheck disable=SC2086
		$CC $FLAGS -w -c -o "$scratch/wrong.o" "$scratch/wrong.c" 2>/dev/null || continue
		tried=$((tried + 1))
		saw=$(judge "$targets" 2>/dev/null) || exit 1
		test -z "$saw" || seen=$((seen + 1))
		echo "${saw:-SURVIVED}	$file:$line	$change"
	done 3<"$scratch/places"
done <"$scratch/parts"
echo "$seen of $tried mistakes are seen"
