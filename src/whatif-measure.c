// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * whatif-measure.c - what a trace came to on one machine
 */
#include <string.h>

#include <libdma/replay.h>

#include "whatif.h"

#define SLOT 2048
#define PAGE 4096

/* ---- how much was used ---- */

/* Two bins in one: it is twice as far to the last one. */
static void widen(struct gauge *gauge)
{
	for (size_t i = 0; i < GAUGE_BINS / 2; i++)
		gauge->times[i] = gauge->times[2 * i] + gauge->times[2 * i + 1];
	memset(&gauge->times[GAUGE_BINS / 2], 0, GAUGE_BINS / 2 * sizeof(*gauge->times));
	gauge->shift++;
}

void gauge_sample(struct gauge *gauge)
{
	while (gauge->now >> gauge->shift >= GAUGE_BINS)
		widen(gauge);
	gauge->times[gauge->now >> gauge->shift]++;
	gauge->samples++;
	if (gauge->now > gauge->most)
		gauge->most = gauge->now;
}

uint64_t gauge_p99(const struct gauge *gauge)
{
	uint64_t seen = 0, value;

	for (uint64_t i = 0; i < GAUGE_BINS; i++) {
		seen += gauge->times[i];
		if (seen * 100 < gauge->samples * 99)
			continue;
		value = ((i + 1) << gauge->shift) - 1;
		return value < gauge->most ? value : gauge->most;
	}
	return gauge->most;
}

/* ---- what the machine tells ---- */

/* As dma-debug has it: longer than the device takes, or across its boundary. */
static void count_breaches(struct point *point, const struct dma_event *list)
{
	uint64_t longest = point->value[AXIS_MAX_SEGMENT];
	uint64_t boundary = point->value[AXIS_SEGMENT_BOUNDARY];

	for (uint32_t i = 0; list->dma_size_list && i < list->dma_count; i++) {
		uint64_t first = list->dma_list[i], size = list->dma_size_list[i];

		point->breaches +=
			(point->varied & 1U << AXIS_MAX_SEGMENT && size > longest) ||
			(point->varied & 1U << AXIS_SEGMENT_BOUNDARY && size &&
			 (first ^ (first + size - 1)) >= boundary);
	}
}

static void see_list(struct point *point, const struct dma_event *list)
{
	point->lists++;
	point->entries += list->nents;
	point->segments += list->ents;
	count_breaches(point, list);
	if (point->whatif->parameter != WHATIF_SG)
		return;
	point->gauge.now = list->ents;
	gauge_sample(&point->gauge);
}

static void see_map(struct point *point, const struct dma_event *event)
{
	dma_addr_t dma = libdma_event_dma(event);

	if (event->error || dma == DMA_MAPPING_ERROR)
		return;
	if (dma < point->lowest)
		point->lowest = dma;
	point->asked += libdma_event_bytes(event);
	if (event->kind == DMA_EVENT_MAP_SG)
		see_list(point, event);
}

static bool gauges_iova(const struct point *point)
{
	enum whatif_parameter parameter = point->whatif->parameter;

	return parameter == WHATIF_IOVA || parameter == WHATIF_MAGAZINE ||
	       parameter == WHATIF_IOMMU;
}

static void see_iova(struct point *point, const struct dma_event *event)
{
	bool taken = event->kind == DMA_EVENT_ALLOC_IOVA;

	if (event->error)
		return;
	point->takes += taken;
	point->taken += taken ? event->size : 0;
	if (!gauges_iova(point))
		return;
	point->gauge.now += taken ? event->size / PAGE : -(event->size / PAGE);
	if (taken)
		gauge_sample(&point->gauge);
}

static void see_block(struct point *point, const struct dma_event *event)
{
	if (point->whatif->parameter != WHATIF_POOL || event->error)
		return;
	point->gauge.now += event->kind == DMA_EVENT_POOL_ALLOC ? 1 : -1;
	if (event->kind == DMA_EVENT_POOL_ALLOC)
		gauge_sample(&point->gauge);
}

static void see_alloc(struct point *point, const struct dma_event *event)
{
	if (event->error)
		return;
	point->asked += event->size;
	if (!point->in_pool)
		return;
	point->pages += (event->size + PAGE - 1) / PAGE;
	point->page_bytes += event->size;
}

void point_see(void *arg, const struct dma_event *event)
{
	struct point *point = arg;

	switch (event->kind) {
	case DMA_EVENT_FLUSH:
		point->flushes++;
		break;
	case DMA_EVENT_ALLOC_IOVA:
	case DMA_EVENT_FREE_IOVA:
		see_iova(point, event);
		break;
	case DMA_EVENT_POOL_ALLOC:
	case DMA_EVENT_POOL_FREE:
		see_block(point, event);
		break;
	case DMA_EVENT_ALLOC:
	case DMA_EVENT_ALLOC_PAGES:
		see_alloc(point, event);
		break;
	default:
		if (libdma_event_kind_class(event->kind) == DMA_CLASS_MAP)
			see_map(point, event);
	}
}

/* ---- what that comes to ---- */

static double percent_left(uint64_t all, uint64_t part)
{
	return all > part ? 100.0 * (double)(all - part) / (double)all : 0;
}

uint64_t point_p99(const struct point *point)
{
	return point->whatif->parameter == WHATIF_SWIOTLB ? point->swiotlb.p99
							  : gauge_p99(&point->gauge);
}

double point_waste(const struct point *point)
{
	switch (point->whatif->parameter) {
	case WHATIF_SWIOTLB:
		return percent_left(point->swiotlb.peak * SLOT,
				    point->swiotlb.peak_bytes);
	case WHATIF_POOL:
		return percent_left(point->page_bytes, point->most_bytes);
	default:
		return point->taken ? percent_left(point->taken, point->asked) : -1;
	}
}

bool point_layout(const struct point *point, const struct whatif_pool *pool,
		  struct libdma_pool_layout *ret, uint64_t *size)
{
	struct dma_event event = pool->event;

	axis_vary(point, &event);
	*size = event.size;
	return !libdma_pool_layout(point->whatif->kernel, event.size, event.align,
				   event.boundary, ret);
}

bool point_per_page(const struct point *point, uint32_t *fewest, uint32_t *most)
{
	const struct whatif *whatif = point->whatif;
	struct libdma_pool_layout layout;
	uint64_t size;

	*fewest = UINT32_MAX;
	*most = 0;
	for (size_t i = 0; i < whatif->pools; i++) {
		if (!point_layout(point, &whatif->pool[i], &layout, &size))
			continue;
		if (layout.blocks < *fewest)
			*fewest = layout.blocks;
		if (layout.blocks > *most)
			*most = layout.blocks;
	}
	return *most;
}

double point_per_block(const struct point *point)
{
	const struct whatif *whatif = point->whatif;
	struct libdma_pool_layout layout;
	double waste = 0, blocks = 0;
	uint64_t size;

	for (size_t i = 0; i < whatif->pools; i++) {
		const struct whatif_pool *pool = &whatif->pool[i];

		if (!point_layout(point, pool, &layout, &size))
			continue;
		waste += (double)pool->blocks *
			 ((double)layout.page / layout.blocks - (double)size);
		blocks += (double)pool->blocks;
	}
	return blocks > 0 ? waste / blocks : 0;
}
