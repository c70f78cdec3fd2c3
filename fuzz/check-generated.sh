# SPDX-License-Identifier: GPL-2.0-or-later
# check-generated.sh - small mistakes, made one after the other all over the allocators and
# the DMA API: does a target see each of them, by what is in corpus/? Prints a line a mistake.
#
# A comparison turned, a boundary off by one, a mask inverted, && for ||, a statement left
# out. Of all places about every STEP-th is tried, chosen by what the line says: an edit
# elsewhere in the file changes nothing. Each mistake is one file, compiled with ASan and
# UBSan and linked in front of the library, and all inputs in one process a target: less
# than a second of processor time. False where fewer than MIN_SEEN of a hundred are seen, where one survives
# that survivors.def does not explain, and where that explains one that is seen.
# "make check-generated" sets what all is built by.
: "${STEP:=9}" "${JOBS:=2}" "${MIN_SEEN:=85}" "${FILES:=}" "${SECONDS_EACH:=5}"
: "${srcdir:?}" "${CC:?}" "${FLAGS?}" "${LIBS?}"
export srcdir CC FLAGS LIBS SECONDS_EACH
sanitizers='-fsanitize=address,undefined -fno-sanitize-recover=all'
export ASAN_OPTIONS=hard_rss_limit_mb=1000
this=$srcdir/fuzz/check-generated.sh

# File, the targets that are shown it.
parts() {
	cat <<END
lib/alloc/atomic-pool.c coherent stack
lib/alloc/coherent.c coherent stack
lib/alloc/contiguous.c coherent stack
lib/alloc/iova.c iova stack
lib/alloc/iova-cache.c iova
lib/alloc/iova-flush.c iova stack
lib/alloc/iova-follow.c iova
lib/alloc/iova-walk.c iova
lib/alloc/swiotlb.c swiotlb stack hostile
lib/alloc/swiotlb-bank.c swiotlb stack hostile
lib/alloc/swiotlb-place.c swiotlb
lib/alloc/swiotlb-search.c swiotlb stack
lib/alloc/swiotlb-size.c swiotlb direct stack
lib/dma/pool.c pool hostile
lib/dma/pool-inside.c pool hostile
lib/dma/pool-show.c pool
lib/dma/scatterlist.c sg stack
lib/dma/iommu-sg.c sg stack
lib/dma/mask.c direct stack
lib/check/broken-device.c check
lib/check/broken-end.c check
lib/check/broken-map.c check
lib/check/broken-sync.c check
lib/check/check.c check
lib/check/check-device.c check
lib/check/check-end.c check
lib/check/check-map.c check
lib/check/check-pool.c check
lib/check/check-rules.c check
lib/check/check-sync.c check
lib/check/ledger.c check
lib/check/ledger-find.c check
lib/check/verdict.c check
lib/dma/direct.c direct api stack
lib/dma/direct-alloc.c api direct
lib/dma/bounce.c api stack hostile
lib/dma/iommu-dma.c api stack
lib/dma/iommu-dma-alloc.c api stack
lib/dma/iommu-dma-iova.c api
lib/dma/iommu-dma-sg.c api stack
lib/dma/mapping.c api
lib/dma/mapping-sg.c api
lib/dma/sync.c api stack
lib/dma/allocation.c api
lib/dma/device.c api direct hostile
lib/dma/dmapool.c api hostile
lib/dma/managed.c api
lib/dma/region.c api
lib/dma/sharing.c api
lib/dma/remap.c api
lib/dma/group.c api hostile
lib/dma/restricted.c api
lib/dma/list-event.c api
lib/hardware/cache.c api direct stack hostile
lib/hardware/iommu.c api stack hostile
lib/hardware/page-table.c api stack hostile
END
}

# Every place where a mistake can be made: file, line, sed's command, what the line says.
# No comment, no macro, no MUTANT(), and no function X_valid(), which is an oracle itself.
# First of all none, which has to pass.
places() {
	printf '%s\t1\ts/^//\tno mistake\n' "$1"
	awk -v file="$1" -v step="$STEP" '
		BEGIN {
			for (i = 1; i < 128; i++)
				code[sprintf("%c", i)] = i
		}
		function chosen(text,    hash, i) {
			hash = 7
			for (i = 1; i <= length(text); i++)
				hash = (hash * 31 + code[substr(text, i, 1)]) % 16777213
			return hash % step == 0
		}
		function make(change,    text) {
			text = $0
			gsub(/^[\t ]+|[\t ]+$/, "", text)
			gsub(/\t/, " ", text)
			if (chosen(file " " change " " text))
				print file "\t" NR "\t" change "\t" text
		}
		function try(pattern, with) {
			if ($0 ~ pattern) {
				gsub(/\\/, "", pattern)
				make("s/" pattern "/" with "/")
			}
		}
		/^[a-z].*valid\(/ { oracle = 1 }
		/^}/ { oracle = 0 }
		/MUTANT/ { mutant = 1 }
		/^\/?\*|^ \*|^#|^\t*\/\*|include/ || oracle || mutant {
			if (/[;{]$/)
				mutant = 0
			before = $0
			next
		}
		{
			try(" < ", " <= "); try(" <= ", " < "); try(" > ", " >= ")
			try(" >= ", " > "); try(" == ", " != "); try(" != ", " == ")
			try(" - 1", ""); try(" \\+ 1", ""); try(" && ", " || ")
			try(" \\|\\| ", " \\&\\& "); try("\\+\\+;", "--;")
			try(" \\+= ", " -= "); try(" << ", " >> "); try(" & ~", " | ~")
			try("if \\(!", "if (")
		}
		/^\t.*;$/ && !/return|break;|continue;|goto |\(void\)|^\t+(const|struct|enum) / &&
		before ~ /[;{}:]$|^$|^\t+(if|for|while) .*\)$|else$/ { make("s/.*/;/") }
		{ before = $0 }' "$srcdir/$1"
}

# What sees the mistake in $scratch/NUMBER.o, or nothing.
shown_to() {
	for target in $2; do
		# shellcheck disable=SC2086
		$CC $FLAGS $sanitizers -o "$scratch/$1-$target" "$scratch/$1.o" "fuzz/fuzz-$target.o" \
			"$scratch/support.a" fuzz/.libs/libdriver.a lib/.libs/libdma-internal.a \
			$LIBS 2>/dev/null || exit 1
		set -- "$1" "$2" "$srcdir/corpus/$target"/*
		test ! -d "$srcdir/corpus/regressions/$target" ||
			set -- "$@" "$srcdir/corpus/regressions/$target"/*
		number=$1
		shift 2
		said=$(ulimit -c 0; ulimit -S -t "$SECONDS_EACH"; exec "$scratch/$number-$target" "$@" 2>&1)
		case $?$said in
		0*) saw= ;;
		152*) saw=ENDLESS ;; # of processor time
		*leaked*) saw=LEAKED ;;
		*'runtime error'*) saw=UNDEFINED ;;
		*oracle*) saw=${said#*oracle } saw=${saw%%[,:]*} ;;
		*) saw=CRASH ;;
		esac
		rm -f "$scratch/$number-$target"
		set -- "$number" "$targets"
		test -z "$saw" || { echo "$saw by $target"; return; }
	done
}

# One line of $scratch/places, in a process of its own; its answer is a file.
judge() {
	IFS='	' read -r file line change text <<END
$(sed -n "$1p" "$scratch/places")
END
	targets=$(awk -v file="$file" '$1 == file { $1 = ""; print }' "$scratch/parts")
	sed "$line$change" "$srcdir/$file" >"$scratch/$1.c"
	# shellcheck disable=SC2086
	$CC $FLAGS $sanitizers -w -c -o "$scratch/$1.o" "$scratch/$1.c" 2>/dev/null || return 0
	saw=$(shown_to "$1" "$targets") || { echo "$file:$line does not link" >&2; exit 1; }
	printf '%s\t%s\t%s\t%s\t%s\n' "${saw:-SURVIVED}" "$file" "$line" "$change" "$text" \
		>"$scratch/$1.answer"
	rm -f "$scratch/$1.c" "$scratch/$1.o"
}

if test "${1-}" = judge; then
	judge "$2"
	exit
fi
scratch=$(mktemp -d)
export scratch
trap 'rm -rf "$scratch"' EXIT
trap 'exit 1' INT TERM

ar rc "$scratch/support.a" fuzz/mutate.o fuzz/oracle.o fuzz/requests.o fuzz/api-*.o \
	fuzz/stack-bytes.o fuzz/coherent-*.o fuzz/iova-clone.o fuzz/pool-shape.o \
	fuzz/swiotlb-grow.o fuzz/swiotlb-size.o fuzz/reference-*.o \
	fuzz/verdict-words.o || exit 1
parts | while read -r file targets; do
	case $file in *"$FILES"*) echo "$file $targets" ;; esac
done >"$scratch/parts"
while read -r file targets; do
	places "$file"
done <"$scratch/parts" >"$scratch/places"
awk '{ print NR }' "$scratch/places" | xargs -P "$JOBS" -n 1 sh "$this" judge || exit 1
for number in $(awk '{ print NR }' "$scratch/places"); do
	test ! -f "$scratch/$number.answer" || cat "$scratch/$number.answer"
done | awk -F '\t' -v least="$MIN_SEEN" '
	function name(    key) {
		return $2 "\t" $4 "\t" $5
	}
	FNR == NR {
		if (!/^#/ && NF == 5) {
			class[$1 "\t" $2 "\t" $3] = $4
			why[$1 "\t" $2 "\t" $3] = $5
		}
		next
	}
	$5 == "no mistake" {
		if ($1 != "SURVIVED") {
			bad++
			print $1 "\t" $2 "\tbreaks without any mistake"
		}
		next
	}
	{
		tried++
		survived = $1 == "SURVIVED"
		seen += !survived
		key = name()
		if (survived && !(key in class)) {
			bad++
			$1 = "UNEXPLAINED"
		} else if (survived) {
			kept[key] = 1
			kinds[class[key]]++
			$1 = "survives, " class[key]
		}
		else if (key in class)
			told[key] = 1
		print $1 "\t" $2 ":" $3 "\t" $4 "\t" $5
	}
	END {
		for (key in told)
			if (!(key in kept)) {
				bad++
				print "is seen, but survivors.def explains it\t" key
			}
		for (kind in kinds)
			printf "%d survive, %s\n", kinds[kind], kind
		printf "%d of %d mistakes are seen, %.1f %%; %d are unexplained\n", seen,
			tried, tried ? 100 * seen / tried : 100, bad
		exit bad || 100 * seen < least * tried
	}' "$srcdir/fuzz/survivors.def" -
