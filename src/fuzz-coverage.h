/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz-coverage.h - which lines and branches the inputs of targets reach
 */
#pragma once

#include "fuzz-target.h"

/**
 * struct fuzz_coverage - what was counted, and how to ask for more of it
 * @folder:	where it is kept meanwhile
 * @profile:	the counts, of all targets in one
 * @profdata:	the program llvm-profdata
 * @cov:	the program llvm-cov
 * @program:	of each target that was run
 * @inputs:	run, of all targets
 * @broke:	of them, those on which a target broke: they count nothing
 */
struct fuzz_coverage {
	char *folder;
	char *profile;
	char *profdata;
	char *cov;
	struct fuzz_files program;
	uint64_t inputs;
	uint64_t broke;
};

/* Find LLVM's tools. EXIT_FINE, or a message and EXIT_CANNOT or EXIT_SYSTEM. */
int fuzz_coverage_create(struct fuzz_coverage *ret);
void fuzz_coverage_destroy(struct fuzz_coverage *coverage);

/* Run a target on inputs; those that break it are counted. */
void fuzz_coverage_run(struct fuzz_coverage *coverage, const struct fuzz_target *target,
		       const struct fuzz_files *inputs);

/* When all were run. EXIT_FINE, or a message and EXIT_SYSTEM. */
int fuzz_coverage_merge(struct fuzz_coverage *coverage);

/*
 * What "llvm-cov VERB OPTION... programs" prints, into a file of @coverage->folder that
 * is named to @out, to be freed; the options end with NULL. EXIT_FINE, or a message.
 */
int fuzz_coverage_ask(const struct fuzz_coverage *coverage, const char *verb,
		      const char *const *options, char **out);
