/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * list-event.h - an event that shows a scatterlist, entry by entry
 */
#pragma once

#include <libdma/event.h>
#include <libdma/scatterlist.h>

#include "base/heap.h"

struct list_event {
	struct dma_event event;
	void *lists;
};

/*
 * Fill the event with @nents entries and the first @ents segments of a list. Without
 * memory the lists are cut, and DMA_EVENT_CUT says so.
 */
void list_event_init(struct list_event *list, struct heap *heap, struct scatterlist *sgl,
		     int nents, int ents);
void list_event_deinit(struct list_event *list);
