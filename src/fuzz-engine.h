/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz-engine.h - the processes of a campaign: how an engine is started
 */
#pragma once

#include <sys/types.h>

#include "fuzz-campaign.h"

#define FUZZ_INPUT_MOST 4096 /* bytes of an input that an engine makes */

/* What a worker is told besides the campaign. */
struct fuzz_start {
	const struct fuzz_options *options;
	const struct fuzz_campaign *campaign;
	unsigned int number;  /* of the worker, from 1 */
	unsigned int again;   /* how often it was started before */
	unsigned int seconds; /* left, 0 for no end */
};

/*
 * Start a worker in a process group of its own, which ends when dmactl does; what it
 * says goes to a log in the campaign's folder. Its pid, or -errno.
 */
pid_t fuzz_engine_start(const struct fuzz_start *start);

/* "libfuzzer-1.log" or "afl-1.log" */
char *fuzz_engine_log(const struct fuzz_campaign *campaign, unsigned int number);

/* Inputs for AFL++, which needs one. EXIT_FINE or a message and EXIT_SYSTEM. */
int fuzz_engine_seed(const struct fuzz_options *options,
		     const struct fuzz_campaign *campaign);

/*
 * The whole campaign, until its time is over, a finding ends it, or a signal, of which
 * @campaign then tells. EXIT_FINE, EXIT_FOUND, or a message and EXIT_SYSTEM.
 */
int fuzz_campaign_run(const struct fuzz_options *options, struct fuzz_campaign *campaign);
