/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * binary-batch.h - events handed to a thread, many at a time
 *
 * Whoever reads or makes events need not wait until they are encoded. A batch owns
 * all that it holds, the new strings too, so that the two sides share nothing.
 */
#pragma once

#include <libdma/event.h>

#include "trace/binary.h"

#define BATCH_EVENTS 512

/**
 * struct batch - events, and the strings that were not in a batch before
 *
 * @event:	@count events, whose lists and texts are in @bytes
 * @wide:	of each place: the event in it, or that before, uses more than its head
 * @strings:	for each new string, in the order of their numbers, its size as a
 *		varint and its bytes
 */
struct batch {
	struct dma_event event[BATCH_EVENTS];
	bool wide[BATCH_EVENTS];
	uint32_t count;
	struct stream bytes;
	struct stream strings;
};

struct batches;

/*
 * @work is called with one batch after the other, from a thread where there can be
 * one; what it returns first, if not 0, is what later calls here return. NULL without
 * memory.
 */
struct batches *batches_create(const struct libdma_strings *strings,
			       int (*work)(void *arg, const struct batch *batch), void *arg);

/*
 * Add an event. 0; 1 where the format cannot express it, since a list, a text or a string
 * of it is too long; or -errno of this or of an earlier batch.
 */
int batches_put(struct batches *batches, const struct dma_event *event);

/* Work at all that was put, and wait until it is done. 0, or the first error. */
int batches_flush(struct batches *batches);

/* Wait until all work is done. 0, or the first error. */
int batches_finish(struct batches *batches);

/* After batches_finish(). */
void batches_destroy(struct batches *batches);
