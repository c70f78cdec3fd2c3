/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * list.h - the lists of events, from the kernel's own entries
 */
#pragma once

#include <libdma/event.h>

#include "probes.h"

struct lists;

/* NULL without memory. */
struct lists *lists_create(struct probes *probes);
void lists_destroy(struct lists *lists);

/* Keep a piece of the list of an event that is still to come. 0 or -ENOMEM. */
int lists_add(struct lists *lists, const struct dma_probe_event *record, size_t size);

/*
 * Give @event the list whose last entries @record has; it lasts until the next call.
 * 0 or -ENOMEM.
 */
int lists_finish(struct lists *lists, const struct dma_probe_event *record, size_t size,
		 struct dma_event *event);

/* The physical address @offset behind a struct page at @page; 0 where unknown. */
uint64_t lists_phys(const struct lists *lists, uint64_t page, uint64_t offset);
