/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz-build.h - the ways in which the targets are built, and where those builds are
 */
#pragma once

#include <stdbool.h>

#include "fuzz-target.h"

/**
 * struct fuzz_build - a way to build all targets
 * @name:	of --build, and of its folder in OUTPUT/build
 * @engine:	that they are linked with
 * @usual:	built, where nothing is said of what to build
 * @compiler:	name of the program
 * @packages:	of Debian, that have it and what it links
 * @cflags:	for the compiler
 * @link:	LIB_FUZZING_ENGINE, or "" for fuzz/driver.c
 */
struct fuzz_build {
	const char *name;
	enum fuzz_engine engine;
	bool usual;
	const char *compiler;
	const char *packages;
	const char *cflags;
	const char *link;
};

enum fuzz_builds {
	FUZZ_BUILD_LIBFUZZER_ASAN,
	FUZZ_BUILD_LIBFUZZER_PLAIN,
	FUZZ_BUILD_AFL_PLAIN,
	FUZZ_BUILD_AFL_ASAN,
	FUZZ_BUILD_COVERAGE,
	FUZZ_BUILDS
};

extern const struct fuzz_build fuzz_builds[FUZZ_BUILDS];

/* Its folder, as configure has made it, to be freed. */
char *fuzz_build_folder(const struct fuzz_options *options,
			const struct fuzz_build *build);

/* The folder with its programs, to be freed; NULL where there is none. */
char *fuzz_build_programs(const struct fuzz_options *options,
			  const struct fuzz_build *build);

/*
 * Where --programs does not say it: the build of this engine, or of any, that campaigns
 * use, if there is one; else what was found beside this dmactl.
 */
void fuzz_build_choose(struct fuzz_options *options);

/* Build what was asked for. EXIT_FINE, or a message and its status. */
int fuzz_build_make(const struct fuzz_options *options, const struct fuzz_build *build);
