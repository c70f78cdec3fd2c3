// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * program-slots.c - in which slot of a program each live thing of a recording is
 */
#include <errno.h>
#include <stdlib.h>

#include "dma/live.h"
#include "trace/program-slots.h"
#include "trace/program.h"

enum thing {
	THING_NONE,
	THING_MAPPING, /* a: number of the event that began it */
	THING_POOL,    /* a: handle */
	THING_BLOCK,   /* a: handle, b: DMA address */
	THING_RANGE,   /* of dma_iova_*; a: device, b: DMA address */
};

struct program_slots {
	struct live *live;
	unsigned int used; /* slots from here on are free */
	unsigned int hand; /* the next mapping to lose its slot, when none is free */
	struct {
		enum thing thing;
		uint64_t a, b;
	} slot[PROGRAM_SLOTS];
};

struct program_slots *program_slots_create(void)
{
	struct program_slots *slots = calloc(1, sizeof(*slots));

	if (!slots)
		return NULL;
	slots->live = live_create();
	if (slots->live)
		return slots;
	free(slots);
	return NULL;
}

void program_slots_destroy(struct program_slots *slots)
{
	if (!slots)
		return;
	live_destroy(slots->live);
	free(slots);
}

/* PROGRAM_SLOTS if there is none */
static unsigned int find(const struct program_slots *slots, enum thing thing, uint64_t a,
			 uint64_t b)
{
	for (unsigned int i = 0; i < slots->used; i++)
		if (slots->slot[i].thing == thing && slots->slot[i].a == a &&
		    slots->slot[i].b == b)
			return i;
	return PROGRAM_SLOTS;
}

/*
 * A slot for what begins. Where a driver never unmaps there are none left: then a
 * mapping stays live without a name, which is what leaking it means.
 */
static unsigned int find_free(struct program_slots *slots)
{
	unsigned int i = 0;

	while (i < slots->used && slots->slot[i].thing != THING_NONE)
		i++;
	if (i < PROGRAM_SLOTS)
		return i;
	for (i = 0; i < PROGRAM_SLOTS; i++) {
		unsigned int slot = slots->hand++ % PROGRAM_SLOTS;

		if (slots->slot[slot].thing == THING_MAPPING)
			return slot;
	}
	return PROGRAM_SLOTS;
}

static unsigned int take(struct program_slots *slots, enum thing thing, uint64_t a,
			 uint64_t b)
{
	unsigned int slot = find_free(slots);

	if (slot == PROGRAM_SLOTS)
		return slot;
	slots->slot[slot].thing = thing;
	slots->slot[slot].a = a;
	slots->slot[slot].b = b;
	if (slot == slots->used)
		slots->used++;
	return slot;
}

static unsigned int release(struct program_slots *slots, unsigned int slot)
{
	if (slot < PROGRAM_SLOTS)
		slots->slot[slot].thing = THING_NONE;
	while (slots->used && slots->slot[slots->used - 1].thing == THING_NONE)
		slots->used--;
	return slot;
}

static bool begins(unsigned int kind)
{
	enum dma_event_class class = libdma_event_kind_class(kind);

	return class == DMA_CLASS_MAP || class == DMA_CLASS_ALLOC;
}

/* A call that failed was asked for as well, but leaves nothing behind. */
static int find_mapping(struct program_slots *slots, const struct dma_event *event,
			unsigned int *slot)
{
	const struct mapping *mapping = NULL;
	int change = live_apply(slots->live, event, &mapping);

	if (change < 0)
		return change;
	if (change == LIVE_BEGUN || change == LIVE_AGAIN)
		*slot = take(slots, THING_MAPPING, event->number, 0);
	else if (change == LIVE_ENDED)
		*slot = release(slots,
				find(slots, THING_MAPPING, mapping->event.number, 0));
	else if (begins(event->kind))
		*slot = find_free(slots);
	return 0;
}

static unsigned int find_synced(struct program_slots *slots,
				const struct dma_event *event)
{
	const struct mapping *mapping =
		live_find(slots->live, event->device, libdma_event_dma(event));

	return mapping ? find(slots, THING_MAPPING, mapping->event.number, 0)
		       : PROGRAM_SLOTS;
}

static unsigned int find_block(struct program_slots *slots, struct dma_event *event)
{
	unsigned int pool = find(slots, THING_POOL, event->handle, 0), slot;

	if (pool == PROGRAM_SLOTS)
		return PROGRAM_SLOTS;
	if (event->kind == DMA_EVENT_POOL_FREE)
		slot = release(slots,
			       find(slots, THING_BLOCK, event->handle, event->dma));
	else if (event->error)
		slot = find_free(slots);
	else
		slot = take(slots, THING_BLOCK, event->handle, event->dma);
	event->handle = pool;
	event->slot = slot;
	return slot;
}

static unsigned int find_range(struct program_slots *slots, const struct dma_event *event)
{
	unsigned int slot = find(slots, THING_RANGE, event->device, event->dma);

	switch (event->kind) {
	case DMA_EVENT_IOVA_TRY_ALLOC:
		return event->error ? find_free(slots)
				    : take(slots, THING_RANGE, event->device, event->dma);
	case DMA_EVENT_IOVA_FREE:
	case DMA_EVENT_IOVA_DESTROY:
		return release(slots, slot);
	}
	if (slot == PROGRAM_SLOTS)
		slot = find(slots, THING_RANGE, event->device,
			    event->dma - event->offset);
	return slot;
}

static int find_recorded(struct program_slots *slots, struct dma_event *event,
			 unsigned int *slot)
{
	switch (event->kind) {
	case DMA_EVENT_POOL_CREATE:
		*slot = take(slots, THING_POOL, event->handle, 0);
		return 0;
	case DMA_EVENT_POOL_DESTROY:
		*slot = release(slots, find(slots, THING_POOL, event->handle, 0));
		return 0;
	case DMA_EVENT_POOL_ALLOC:
	case DMA_EVENT_POOL_FREE:
		*slot = find_block(slots, event);
		return 0;
	case DMA_EVENT_IOVA_TRY_ALLOC:
	case DMA_EVENT_IOVA_FREE:
	case DMA_EVENT_IOVA_LINK:
	case DMA_EVENT_IOVA_UNLINK:
	case DMA_EVENT_IOVA_SYNC:
	case DMA_EVENT_IOVA_DESTROY:
		*slot = find_range(slots, event);
		return 0;
	case DMA_EVENT_SYNC_SINGLE_FOR_CPU:
	case DMA_EVENT_SYNC_SINGLE_FOR_DEVICE:
	case DMA_EVENT_SYNC_SG_FOR_CPU:
	case DMA_EVENT_SYNC_SG_FOR_DEVICE:
	case DMA_EVENT_MAPPING_ERROR:
		*slot = find_synced(slots, event);
		return 0;
	case DMA_EVENT_DECLARE_COHERENT_MEMORY:
	case DMA_EVENT_RELEASE_COHERENT_MEMORY:
	case DMA_EVENT_MARK_DECLARED_MEMORY_OCCUPIED:
	case DMA_EVENT_SET_MASK:
	case DMA_EVENT_SET_COHERENT_MASK:
		*slot = 0;
		return 0;
	}
	return find_mapping(slots, event, slot);
}

static bool is_of_block(unsigned int kind)
{
	return kind == DMA_EVENT_POOL_ALLOC || kind == DMA_EVENT_POOL_FREE;
}

int program_slots_find(struct program_slots *slots, struct dma_event *event,
		       unsigned int *slot)
{
	uint64_t handle = is_of_block(event->kind) ? event->slot : event->handle;

	*slot = PROGRAM_SLOTS;
	if (!(event->flags & DMA_EVENT_REQUEST))
		return find_recorded(slots, event, slot);
	if (handle < PROGRAM_SLOTS)
		*slot = (unsigned int)handle;
	return 0;
}
