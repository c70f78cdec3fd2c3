# SPDX-License-Identifier: GPL-2.0-or-later
# check-mutants.sh - does each bug of mutants.def break its input of corpus/regressions,
# which the library without bugs passes? Prints what saw it, one line a bug.
killed=0 all=0
while IFS='	' read -r id target oracle source what; do
	case $id in ''|'#'*) continue ;; esac
	all=$((all + 1))
	input=$srcdir/corpus/regressions/$target/$id
	program=$builddir/fuzz/mutant-$target
	: "$source" "$what"
	if ! "$program" "$input" 2>/dev/null; then
		echo "$id	$target	$input breaks the library without any bug"
		continue
	fi
	said=$(LIBDMA_MUTANT=$id timeout 60 "$program" "$input" 2>&1) && said=survived
	case $said in
	survived) saw=SURVIVED ;;
	*oracle*) saw=${said#*oracle } saw=${saw%%[,:]*} ;;
	*) saw=CRASH ;;
	esac
	test "$saw" != "$oracle" || killed=$((killed + 1))
	test "$saw" = "$oracle" || saw="$saw, not $oracle"
	echo "$id	$target	$saw"
done <"$srcdir/fuzz/mutants.def"
echo "$killed of $all bugs are seen, as they should be"
test "$killed" = "$all"
