/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz-mutant.h - the bugs that can be put back: fuzz/mutants.def
 */
#pragma once

#include <stddef.h>

#include "fuzz.h"

/* A line of it: A01, pool, CRASH, where it was, what it does. */
struct fuzz_mutant {
	char *line; /* that the others point into */
	const char *id;
	const char *target;
	const char *oracle;
	const char *source;
	const char *what;
};

struct fuzz_mutant_list {
	struct fuzz_mutant *mutant;
	size_t count;
};

/* EXIT_FINE, or a message and EXIT_CANNOT (no file) or EXIT_INPUT (a bad line). */
int fuzz_mutant_list_read(const struct fuzz_options *options,
			  struct fuzz_mutant_list *ret);
void fuzz_mutant_list_deinit(struct fuzz_mutant_list *list);

/* NULL where there is none of this name. */
const struct fuzz_mutant *fuzz_mutant_find(const struct fuzz_mutant_list *list,
					   const char *id);

/* Is --mutant, if it was said, one of them? EXIT_FINE, or a message and its status. */
int fuzz_mutant_check(const struct fuzz_options *options);
