/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz-options.h - the options of all verbs of 'dmactl fuzz', and what they may be
 */
#pragma once

#include <argp.h>

#include "fuzz.h"

#define FUZZ_JOBS_MOST 1024

/* Keys of those that have no letter. */
enum fuzz_option {
	OPTION_PROGRAMS = 256,
	OPTION_DATA,
	OPTION_OUTPUT,
	OPTION_SEED,
	OPTION_EMPTY,
	OPTION_MUTANT,
	OPTION_SYNC,
	OPTION_COMMAND,
	OPTION_BUILD,
	OPTION_RUN,
	OPTION_FILES,
	OPTION_HTML,
	OPTION_MIN,
};

extern const struct argp_option fuzz_options[];

/* A value into @opts; ends in argp_error() for one that cannot be. */
error_t fuzz_option_parse(struct fuzz_options *opts, int key, char *arg,
			  struct argp_state *state);
