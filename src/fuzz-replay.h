/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz-replay.h - one input, once, in a process of its own
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "fuzz-target.h"

#define FUZZ_FRAMES         3
#define FUZZ_REPLAY_SECONDS 20

/**
 * struct fuzz_outcome - what came of it
 * @found:	anything but passed
 * @oracle:	who saw it: an oracle's name, or what a sanitizer or the kernel called it
 * @request:	at which request, where @oracle is one of ours
 * @place:	"fuzz-pool.c:200", or "" where not known
 * @condition:	what did not hold, or what was said
 * @frame:	functions of the project that it happened in, the innermost first
 * @frames:	how many are known
 * @status:	as a shell would give it
 * @ns:		how long it took
 */
struct fuzz_outcome {
	bool found;
	char oracle[48];
	unsigned int request;
	char place[64];
	char condition[160];
	char frame[FUZZ_FRAMES][64];
	unsigned int frames;
	int status;
	uint64_t ns;
};

/* Room for a bucket's name: "REFERENCE fuzz-pool.c:200", or with frames. */
#define FUZZ_BUCKET 320

/**
 * fuzz_replay() - run a target on an input
 * @mutant:	the bug to put back, or NULL
 * @text:	set to what it said on standard error, to be freed; NULL: not wanted
 *
 * Return: EXIT_FINE with @ret, or EXIT_SYSTEM where it could not be run, which was said.
 */
int fuzz_replay(const struct fuzz_target *target, const char *input, const char *mutant,
		struct fuzz_outcome *ret, char **text);

/* What makes two findings the same: the oracle, and the functions or else the place. */
void fuzz_bucket(const struct fuzz_outcome *outcome, char bucket[FUZZ_BUCKET]);

/* What a program that was run said, without running it. */
void fuzz_outcome_read(const char *text, int status, struct fuzz_outcome *ret);
