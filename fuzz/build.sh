#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# build.sh - the fuzz targets, as OSS-Fuzz and ClusterFuzzLite have a project built
#
# Takes CC, CFLAGS, CXX, CXXFLAGS and LIB_FUZZING_ENGINE, builds in a folder of WORK, and
# leaves in OUT of each target the program, NAME.options, NAME_seed_corpus.zip, and where
# it has one NAME.dict. SRC only says where the sources are if this is a copy. Libraries
# that what runs the targets may lack are linked into them.
set -eu
source=$(cd "$(dirname "$0")/.." && pwd)
test -f "$source/fuzz/target.h" || source=$SRC/dmactl
: "${OUT:?says where the targets go}" "${WORK:?says where to build}"
: "${LIB_FUZZING_ENGINE:?says what has the main() of an engine}"
CC=${CC-clang} CFLAGS=${CFLAGS-} CXX=${CXX-} CXXFLAGS=${CXXFLAGS-}

# The archive of a library, or how to find it where there is none.
archive() {
	local file
	file=$($CC -print-file-name="lib$1.a")
	case $file in /*) echo "$file" ;; *) echo "-l$1" ;; esac
}

cd "$source"
test -x configure || autoreconf -fi
mkdir -p "$WORK/dmactl" "$OUT"
cd "$WORK/dmactl"
"$source/configure" -q --disable-bpf --disable-shared --without-tracecmd --without-perfetto \
	CC="$CC" CFLAGS="$CFLAGS" LIB_FUZZING_ENGINE="$LIB_FUZZING_ENGINE" \
	PACK_LIBS=' ' JANSSON_LIBS=' '
libraries="$(archive zstd) $(archive xxhash) $(archive z) $(archive lzma) $(archive jansson)"

names=$(cd "$source/fuzz" && echo fuzz-*.c)
names=${names//.c/}
# Engines are written in C++, and so the linker is CXX where there is one.
# shellcheck disable=SC2086
make -s -j"$(nproc)" LIBS="$libraries" ${CXX:+CCLD="$CXX $CXXFLAGS"} ${names//fuzz-/fuzz/fuzz-}

for name in $names; do
	cp "fuzz/$name" "$OUT/$name"
	cp "$source/fuzz/options" "$OUT/$name.options"
	test ! -f "$source/fuzz/$name.dict" || cp "$source/fuzz/$name.dict" "$OUT/"
	rm -rf seeds "$OUT/${name}_seed_corpus.zip"
	mkdir seeds
	cp "$source/corpus/${name#fuzz-}"/* seeds
	test ! -d "$source/corpus/regressions/${name#fuzz-}" ||
		cp "$source/corpus/regressions/${name#fuzz-}"/* seeds
	(cd seeds && zip -q -r "$OUT/${name}_seed_corpus.zip" .)
done
rm -r seeds
