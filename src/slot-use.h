/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * slot-use.h - how many slots of the swiotlb an event takes or gives back
 */
#pragma once

#include <libdma/environment.h>
#include <libdma/replay.h>

struct slot_use;

struct slot_use *slot_use_create(void);
void slot_use_destroy(struct slot_use *use);

/**
 * slot_use_put() - show the next event
 * @use:	the state
 * @event:	the event
 * @change:	what it did to what is live
 * @machine:	what is known of the machine
 *
 * Where the allocator's own events were recorded they are counted; otherwise mappings
 * whose DMA address lies in the swiotlb.
 *
 * Return: slots of @event's device, negative where they are given back.
 */
int64_t slot_use_put(struct slot_use *use, const struct dma_event *event,
		    const struct libdma_change *change,
		    const struct libdma_environment *machine);
