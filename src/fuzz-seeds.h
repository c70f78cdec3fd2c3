/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz-seeds.h - the inputs that there are for a target
 */
#pragma once

#include "fuzz-campaign.h"

/* The inputs that a campaign kept, of every worker and machine, added to a list. */
void fuzz_seeds_kept(const struct fuzz_campaign *campaign, struct fuzz_files *list);

/* Those of corpus/TARGET and corpus/regressions/TARGET, added to a list. */
void fuzz_seeds_committed(const struct fuzz_options *options, const char *target,
			  struct fuzz_files *list);

/* How large one is, 0 where that cannot be told. */
uint64_t fuzz_seeds_size(const char *path);

/* By size, ascending; of one size by name, which is the same on each file system. */
void fuzz_seeds_sort(struct fuzz_files *files);

/* How large they are, ascending; to be freed. NULL for none. */
uint64_t *fuzz_seeds_sizes(const struct fuzz_files *files);

/*
 * The targets that were named; with --run that of the campaign; or else all that there is
 * a program of in @programs, or where that is NULL a source. EXIT_FINE, or a message and
 * its status.
 */
int fuzz_seeds_targets(const struct fuzz_options *options, const char *programs,
		       struct fuzz_files *ret);

/*
 * What a target is to be run on: what the campaign of --run kept, or else what is
 * committed. EXIT_FINE, or a message and its status.
 */
int fuzz_seeds_find(const struct fuzz_options *options, const char *target,
		    struct fuzz_files *ret);
