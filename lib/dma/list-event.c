// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * list-event.c - an event that shows a scatterlist, entry by entry
 */
#include "dma/list-event.h"

static void show_entries(struct scatterlist *sgl, int nents, phys_addr_t *phys,
			 uint32_t *sizes)
{
	struct scatterlist *sg;
	int i;

	for_each_sg(sgl, sg, nents, i)
	{
		phys[i] = sg_phys(sg);
		sizes[i] = sg->length;
	}
}

static uint64_t show_segments(struct scatterlist *sgl, int ents, dma_addr_t *dma,
			      uint32_t *sizes)
{
	struct scatterlist *sg;
	uint64_t total = 0;
	int i;

	for_each_sg(sgl, sg, ents, i)
	{
		dma[i] = sg_dma_address(sg);
		sizes[i] = sg_dma_len(sg);
		total += sizes[i];
	}
	return total;
}

void list_event_init(struct list_event *list, struct heap *heap, struct scatterlist *sgl,
		     int nents, int ents)
{
	size_t phys_count = nents > 0 ? (size_t)nents : 0;
	size_t dma_count = ents > 0 ? (size_t)ents : 0;
	uint64_t *addresses;
	uint32_t *sizes;

	*list = (struct list_event) {
		.event = { .nents = (uint32_t)phys_count, .ents = (uint32_t)dma_count },
	};
	list->lists = heap_alloc(heap, phys_count + dma_count + 1,
				 sizeof(*addresses) + sizeof(*sizes));
	if (!list->lists) {
		list->event.flags = DMA_EVENT_CUT;
		return;
	}
	addresses = list->lists;
	sizes = (uint32_t *)(addresses + phys_count + dma_count);
	show_entries(sgl, nents, addresses, sizes);
	list->event.size =
		show_segments(sgl, ents, addresses + phys_count, sizes + phys_count);
	list->event.phys_count = (uint32_t)phys_count;
	list->event.phys_list = addresses;
	list->event.size_list = sizes;
	list->event.dma_count = (uint32_t)dma_count;
	list->event.dma_list = addresses + phys_count;
	list->event.dma_size_list = sizes + phys_count;
}

void list_event_deinit(struct list_event *list)
{
	heap_free(list->lists);
}
