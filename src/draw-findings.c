// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * draw-findings.c - what a picture means, in sentences for whoever must act on it
 *
 * Kernel counterparts: RULES.md S5, S20, S21 (why a swiotlb is "full")
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "draw.h"
#include "table.h"

struct speech {
	draw_sentence *say;
	void *arg;
};

static void say(const struct speech *speech, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void say(const struct speech *speech, const char *format, ...)
{
	char sentence[SENTENCE];
	va_list args;

	va_start(args, format);
	vsnprintf(sentence, sizeof(sentence), format, args);
	va_end(args);
	speech->say(speech->arg, sentence);
}

static uint64_t slots(uint64_t bytes)
{
	return (bytes + 2047) / 2048;
}

/* Why the request that failed at this very moment was not served. */
static void explain_failure(const struct libdma_space *space, const struct state *state,
			    const struct speech *speech)
{
	const struct libdma_fragmentation *numbers = &space->numbers;
	uint64_t size = state->moment.failed.size;

	say(speech,
	    "the request of %" PRIu64 " bytes that failed needs %" PRIu64
	    " slots in a row within one set",
	    size, slots(size));
	switch (space_refusal(space, size)) {
	case SPACE_TOO_BIG:
		say(speech,
		    "it is larger than a set, 256K: no pool of any size serves it");
		return;
	case SPACE_FULL:
		say(speech,
		    "only %" PRIu64 " slots are free: the pool is too small for it",
		    numbers->free / 2048);
		return;
	case SPACE_FRAGMENTED:
		say(speech,
		    "%" PRIu64 " slots are free, but not in a row: "
		    "this is fragmentation",
		    numbers->free / 2048);
		return;
	case SPACE_SERVES:
		say(speech,
		    "it fits by these numbers: another CPU's request or an alignment "
		    "that the trace does not tell stood against it");
	}
}

/* How a set is the freest of all: what stands in the way of a whole one. */
struct sets {
	const struct libdma_space *space;
	uint64_t empty;
	uint64_t set; /* that of the longest run */
	uint64_t longest;
};

static int look_at_run(void *arg, uint64_t start, uint64_t size)
{
	struct sets *sets = arg;

	sets->empty += size == sets->space->set;
	if (size > sets->longest) {
		sets->longest = size;
		sets->set = (start - sets->space->start) / sets->space->set;
	}
	return 0;
}

static void speak_of_slots(const struct libdma_space *space, const struct state *state,
			   const struct speech *speech)
{
	const struct libdma_fragmentation *numbers = &space->numbers;
	struct sets sets = { .space = space };

	libdma_space_walk_free(space, 0, UINT64_MAX, look_at_run, &sets);
	say(speech,
	    "%" PRIu64 " of %" PRIu64 " slots used, %" PRIu64 " free, %" PRIu64
	    " of %" PRIu64 " sets of 128 empty; fragmentation %.2f",
	    numbers->used / 2048, space->size / 2048, numbers->free / 2048, sets.empty,
	    slots(space->size) / 128, numbers->index);
	if (!numbers->free)
		say(speech, "nothing fits: the pool is full");
	else if (sets.empty)
		say(speech, "a request of 256K (128 slots, the most there can be) fits");
	else
		say(speech,
		    "the largest request that fits is %" PRIu64 " bytes (%" PRIu64
		    " slots), in set %" PRIu64 "; one of 128 slots finds no empty set",
		    numbers->largest_request, slots(numbers->largest_request), sets.set);
	if (state->moment.kind == LIBDMA_MOMENT_FAILURE)
		explain_failure(space, state, speech);
	if (space->inferred)
		say(speech,
		    "where the pool begins or ends is worked out from the events");
}

static void speak_of_fit(const struct libdma_space *space, const struct speech *speech)
{
	const struct libdma_fragmentation *numbers = &space->numbers;
	char fits[16];

	say(speech, "the largest request that fits is %s; fragmentation %.2f",
	    table_size(numbers->largest_request, fits, sizeof(fits)), numbers->index);
}

void draw_findings(const struct libdma_space *space, const struct state *state,
		   draw_sentence *sentence, void *arg)
{
	struct speech speech = { sentence, arg };
	char shared[16];

	if (space->kind == LIBDMA_SPACE_SWIOTLB && space->size)
		speak_of_slots(space, state, &speech);
	else if (space->kind == LIBDMA_SPACE_SWIOTLB)
		say(&speech, "nobody told how large the pool is: --environment can");
	else if (space->allocates && space->size)
		speak_of_fit(space, &speech);
	if (space->numbers.shared)
		say(&speech, "%s lie in more than one of them",
		    table_size(space->numbers.shared, shared, sizeof(shared)));
	if (space->unplaced)
		say(&speech,
		    "%" PRIu64
		    " more are not drawn: the trace does not tell where they lie",
		    space->unplaced);
}
