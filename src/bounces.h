/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bounces.h - how many slots of the swiotlb an event takes or gives back
 */
#pragma once

#include <libdma/environment.h>
#include <libdma/replay.h>

struct bounces;

struct bounces *bounces_create(void);
void bounces_destroy(struct bounces *bounces);

/**
 * bounces_put() - show the next event
 * @bounces:	the state
 * @event:	the event
 * @change:	what it did to what is live
 * @machine:	what is known of the machine
 *
 * Where the allocator's own events were recorded they are counted; otherwise mappings
 * whose DMA address lies in the swiotlb.
 *
 * Return: slots of @event's device, negative where they are given back.
 */
int64_t bounces_put(struct bounces *bounces, const struct dma_event *event,
		    const struct libdma_change *change,
		    const struct libdma_environment *machine);
