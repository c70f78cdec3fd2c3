// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * afl-mutate.c - mutate.c as a module of AFL++ (AFL_CUSTOM_MUTATOR_LIBRARY)
 *
 * AFL++ runs a mutator in its own process, beside its own changes of bytes. One module
 * is built for each target, which knows the calls that mean something to it; all that
 * is the target's besides is left out by the linker. Where AFL++ has another input at
 * hand, some of its records are put in first.
 */
#include <stdlib.h>
#include <string.h>

#include "target.h"
#include "trace/program.h"

#define EXPORT __attribute__((visibility("default")))
#define ROOM   (1 << 20) /* AFL++ makes no larger inputs */

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned int seed);

struct mutator {
	uint32_t seed;
	uint8_t input[ROOM];
};

/* What AFL++ calls, by its documentation of custom mutators. */
void *afl_custom_init(void *afl, unsigned int seed);
size_t afl_custom_fuzz(struct mutator *mutator, uint8_t *data, size_t size, uint8_t **out,
		       const uint8_t *other, size_t other_size, size_t max);
void afl_custom_deinit(struct mutator *mutator);

EXPORT void *afl_custom_init(void *afl, unsigned int seed)
{
	struct mutator *mutator = malloc(sizeof(*mutator));

	(void)afl;
	if (mutator)
		mutator->seed = seed;
	return mutator;
}

static uint32_t next(struct mutator *mutator)
{
	mutator->seed = mutator->seed * 1664525 + 1013904223;
	return mutator->seed >> 8;
}

/* A run of records of @other at some place between those of the input. */
static size_t splice(struct mutator *mutator, size_t size, size_t max,
		     const uint8_t *other, size_t other_size)
{
	size_t records = (size - PROGRAM_HEADER) / PROGRAM_OP;
	size_t others = (other_size - PROGRAM_HEADER) / PROGRAM_OP;
	size_t many = 1 + next(mutator) % 16, from, at;
	uint8_t *place;

	if (!others)
		return size;
	from = next(mutator) % others;
	at = next(mutator) % (records + 1);
	if (many > others - from)
		many = others - from;
	if (PROGRAM_HEADER + (records + many) * PROGRAM_OP > max)
		return size;
	place = mutator->input + PROGRAM_HEADER + at * PROGRAM_OP;
	memmove(place + many * PROGRAM_OP, place, (records - at) * PROGRAM_OP);
	memcpy(place, other + PROGRAM_HEADER + from * PROGRAM_OP, many * PROGRAM_OP);
	return PROGRAM_HEADER + (records + many) * PROGRAM_OP;
}

EXPORT size_t afl_custom_fuzz(struct mutator *mutator, uint8_t *data, size_t size,
			      uint8_t **out, const uint8_t *other, size_t other_size,
			      size_t max)
{
	if (max > ROOM)
		max = ROOM;
	if (size > max)
		size = max;
	memcpy(mutator->input, data, size);
	if (other && other_size >= PROGRAM_HEADER && size >= PROGRAM_HEADER &&
	    next(mutator) % 8 == 0)
		size = splice(mutator, size, max, other, other_size);
	*out = mutator->input;
	return LLVMFuzzerCustomMutator(mutator->input, size, max, next(mutator));
}

EXPORT void afl_custom_deinit(struct mutator *mutator)
{
	free(mutator);
}
