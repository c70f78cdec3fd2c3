// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * predict-region.c - which pages of its own region a device's allocations should get
 *
 * Kernel counterpart: kernel/dma/coherent.c (RULES.md C1-C15)
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <libdma/page.h>

#include "alloc/coherent.h"
#include "trace/predict.h"

/* A larger region is a mistake of the trace; one bit is kept for each of its pages. */
#define REGION_MAX (1ULL << 36)

struct region {
	struct region *next;
	struct predict_device *device;
	struct coherent_region *pages;
	uint64_t number; /* of the last event that fits */
};

struct regions {
	struct libdma_predictor *frame;
	struct region *first;
};

static int regions_create(struct libdma_predictor *frame, void **ret)
{
	struct regions *regions = calloc(1, sizeof(*regions));

	if (!regions)
		return -ENOMEM;
	regions->frame = frame;
	*ret = regions;
	return 0;
}

static void regions_destroy(void *state)
{
	struct regions *regions = state;

	while (regions->first) {
		struct region *region = regions->first;

		regions->first = region->next;
		coherent_destroy(region->pages);
		free(region);
	}
	free(regions);
}

static int regions_start(void *state)
{
	(void)state;
	return 0;
}

static struct region *find(const struct regions *regions,
			   const struct predict_device *device)
{
	struct region *region = regions->first;

	while (region && region->device != device)
		region = region->next;
	return region;
}

static int declare(struct regions *regions, const struct foreseen *event)
{
	const struct dma_event *said = &event->event;
	struct coherent_place place = {
		.cpu = NULL, /* so that a CPU's address is the distance from the start */
		.phys = said->phys,
		.dma = said->dma,
		.size = said->size,
		.flags = COHERENT_EXCLUSIVE,
	};
	struct region *region;
	int err;

	if (said->error || said->size > REGION_MAX || find(regions, event->device))
		return 0;
	region = calloc(1, sizeof(*region));
	if (!region)
		return -ENOMEM;
	err = coherent_create(NULL, regions->frame->rules, &place, &region->pages);
	if (err) {
		free(region);
		return err == -ENOMEM ? err : 0;
	}
	region->device = event->device;
	region->number = said->number;
	region->next = regions->first;
	regions->first = region;
	event->device->has_region = true;
	return 0;
}

static void release(struct regions *regions, const struct foreseen *event)
{
	struct region **at = &regions->first, *region;

	while (*at && (*at)->device != event->device)
		at = &(*at)->next;
	region = *at;
	if (!region || event->event.error)
		return;
	*at = region->next;
	event->device->has_region = false;
	coherent_destroy(region->pages);
	free(region);
}

static void *place_of(const struct region *region, dma_addr_t dma)
{
	return (void *)(uintptr_t)(dma - coherent_place(region->pages)->dma);
}

static bool has_failed(const struct dma_event *said)
{
	return said->error || said->dma == DMA_MAPPING_ERROR ||
	       (!said->dma && !said->cpu_addr);
}

static void judge_alloc(struct regions *regions, struct region *region,
			struct foreseen *event)
{
	const struct libdma_predictor *frame = regions->frame;
	const struct coherent_place *place = coherent_place(region->pages);
	const struct dma_event *said = &event->event;
	struct libdma_divergence divergence = { .decider = LIBDMA_DECIDER_REGION,
						.witness = LIBDMA_NO_WITNESS,
						.expected = DMA_MAPPING_ERROR,
						.got = DMA_MAPPING_ERROR };
	uint64_t offset, pages = coherent_pages(region->pages);
	char state[96];
	bool taken;

	snprintf(state, sizeof(state), "%llu of %llu pages of the region used, %llu bytes",
		 (unsigned long long)coherent_used(region->pages), (unsigned long long)pages,
		 (unsigned long long)said->size);
	taken = !coherent_alloc(region->pages, said->size, &offset);
	if (taken)
		divergence.expected = place->dma + offset;
	if (!has_failed(said))
		divergence.got = said->dma;
	if (divergence.got == divergence.expected) {
		region->number = said->number;
		predict_right(regions->frame, event, LIBDMA_DECIDER_REGION);
		return;
	}
	if (taken)
		coherent_release(region->pages, (unsigned int)get_order(said->size),
				 place_of(region, divergence.expected), NULL);
	if (!has_failed(said))
		coherent_mark(region->pages, said->dma, said->size, &offset);
	divergence.verdict = LIBDMA_VERDICT_UNEXPLAINED;
	if (frame->lost_number != UINT64_MAX && frame->lost_number > region->number) {
		divergence.verdict = LIBDMA_VERDICT_LOST;
		divergence.witness = frame->lost_witness;
	}
	divergence.state = state;
	predict_wrong(regions->frame, event, &divergence);
}

static int regions_judge(void *state, struct foreseen *event)
{
	struct regions *regions = state;
	const struct dma_event *said = &event->event;
	struct region *region;
	uint64_t offset;

	if (!event->device || said->flags & DMA_EVENT_REQUEST)
		return 0;
	if (said->kind == DMA_EVENT_DECLARE_COHERENT_MEMORY)
		return declare(regions, event);
	region = event->device->has_region ? find(regions, event->device) : NULL;
	if (!region)
		return 0;
	switch (said->kind) {
	case DMA_EVENT_RELEASE_COHERENT_MEMORY:
		release(regions, event);
		break;
	case DMA_EVENT_MARK_DECLARED_MEMORY_OCCUPIED:
		if (!said->error)
			coherent_mark(region->pages, said->dma, said->size, &offset);
		break;
	case DMA_EVENT_ALLOC:
		judge_alloc(regions, region, event);
		break;
	case DMA_EVENT_FREE:
		coherent_release(region->pages, (unsigned int)get_order(said->size),
				 place_of(region, said->dma), NULL);
		break;
	}
	return 0;
}

const struct backend backend_region = {
	.create = regions_create,
	.destroy = regions_destroy,
	.start = regions_start,
	.judge = regions_judge,
	.judges = 1ULL << DMA_EVENT_DECLARE_COHERENT_MEMORY |
		  1ULL << DMA_EVENT_RELEASE_COHERENT_MEMORY |
		  1ULL << DMA_EVENT_MARK_DECLARED_MEMORY_OCCUPIED |
		  1ULL << DMA_EVENT_ALLOC | 1ULL << DMA_EVENT_FREE,
};
