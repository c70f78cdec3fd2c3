// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * slot-use.c - how many slots of the swiotlb an event takes or gives back
 *
 * BPF probes record where a buffer was bounced to, ftrace does not: there it is told
 * from the address that the mapping got. Memory follows what is bounced.
 *
 * Kernel counterpart: swiotlb_tbl_map_single() of kernel/dma/swiotlb.c
 */
#include <search.h>
#include <stdlib.h>

#include "output.h"
#include "slot-use.h"

#define SLOT 2048

struct bounce {
	uint64_t dma;
	int64_t slots;
};

struct slot_use {
	void *taken;   /* of tsearch(3), by address */
	bool recorded; /* the allocator's own events are */
};

struct slot_use *slot_use_create(void)
{
	struct slot_use *use = calloc(1, sizeof(*use));

	if (!use)
		out_of_memory();
	return use;
}

void slot_use_destroy(struct slot_use *use)
{
	if (!use)
		return;
	tdestroy(use->taken, free);
	free(use);
}

static int compare(const void *a, const void *b)
{
	const struct bounce *first = a, *second = b;

	return (first->dma > second->dma) - (first->dma < second->dma);
}

/* What a copy takes that begins at @dma: an alignment may lie before it and behind. */
static int64_t slots_of(uint64_t dma, uint64_t size, uint64_t align_mask)
{
	uint64_t end = size + (dma & (align_mask | (SLOT - 1)));

	end = (end + align_mask) & ~align_mask;
	return (int64_t)((end + SLOT - 1) / SLOT);
}

static int64_t take(struct slot_use *use, const struct dma_event *event)
{
	struct bounce *bounce = malloc(sizeof(*bounce)), **found;

	if (!bounce)
		out_of_memory();
	*bounce = (struct bounce) { event->dma, slots_of(event->dma, event->size,
							 event->align_mask) };
	found = tsearch(bounce, &use->taken, compare);
	if (!found)
		out_of_memory();
	if (*found == bounce)
		return bounce->slots;
	/* its end was lost, and the slots were given anew */
	free(bounce);
	return 0;
}

static int64_t give_back(struct slot_use *use, uint64_t dma)
{
	struct bounce wanted = { .dma = dma }, **found, *bounce;
	int64_t slots;

	found = tfind(&wanted, &use->taken, compare);
	if (!found)
		return 0;
	bounce = *found;
	slots = bounce->slots;
	tdelete(&wanted, &use->taken, compare);
	free(bounce);
	return -slots;
}

static bool is_bounced(const struct libdma_environment *machine, uint64_t dma)
{
	return dma >= machine->swiotlb.start &&
	       dma - machine->swiotlb.start < machine->swiotlb.slots * SLOT;
}

/* The slots of a mapping, as far as its addresses tell. */
static int64_t mapped_slots(const struct libdma_environment *machine,
			    const struct dma_event *begin)
{
	int64_t slots = 0;

	if (machine->iommu.mode > LIBDMA_IOMMU_PASSTHROUGH || !machine->swiotlb.slots)
		return 0;
	if (begin->kind != DMA_EVENT_MAP_SG)
		return is_bounced(machine, begin->dma)
			       ? slots_of(begin->dma, begin->size, 0)
			       : 0;
	for (uint32_t i = 0; i < begin->dma_count; i++)
		if (is_bounced(machine, begin->dma_list[i]))
			slots += slots_of(begin->dma_list[i], begin->dma_size_list[i], 0);
	return slots;
}

int64_t slot_use_put(struct slot_use *use, const struct dma_event *event,
		    const struct libdma_change *change,
		    const struct libdma_environment *machine)
{
	if (event->kind == DMA_EVENT_SWIOTLB_MAP) {
		use->recorded = true;
		return event->error ? 0 : take(use, event);
	}
	if (event->kind == DMA_EVENT_SWIOTLB_UNMAP)
		return give_back(use, event->dma);
	if (use->recorded || !change->begin || change->live_class != LIBDMA_LIVE_MAPPINGS)
		return 0;
	return change->kind == LIBDMA_CHANGE_BEGUN
		       ? mapped_slots(machine, change->begin)
		       : -mapped_slots(machine, change->begin);
}
