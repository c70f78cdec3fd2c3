// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * rerun-range.c - a recorded range that its driver filled, asked again
 *
 * Where a machine has no such range, since the device is not translated, or the kernel
 * is older, or no range is free, the driver maps the pieces one by one, as the kernel's
 * block layer does.
 *
 * Kernel counterpart: blk_rq_dma_map_iter_start() of block/blk-mq-dma.c
 */
#include <errno.h>
#include <stdlib.h>

#include "dma/machine.h"
#include "trace/rerun.h"

/* A piece that was mapped by itself. */
struct piece {
	dma_addr_t dma;
	uint64_t offset, size;
	bool bounced;
};

/**
 * struct rerun_range - a range of IOVAs, or the pieces that take its place
 *
 * @state:	dma_use_iova() where it is a range
 * @linked:	bytes from its start that are linked
 * @piece:	else: @pieces of them
 * @dir, @attrs: as the pieces were linked
 */
struct rerun_range {
	struct dma_iova_state state;
	uint64_t linked;
	struct piece *piece;
	size_t pieces, room;
	enum dma_data_direction dir;
	unsigned long attrs;
};

int range_begin(struct libdma_rerun *rerun, struct made *made)
{
	struct rerun_range *range = calloc(1, sizeof(*range));
	struct device *dev = made->dev;
	bool asked = !device_is_direct(dev) && rerun->machine->rules->has_iova_api;

	if (!range)
		return -ENOMEM;
	made->range = range;
	made->dma = DMA_MAPPING_ERROR;
	if (dma_iova_try_alloc(dev, &range->state, made->phys, made->size))
		made->dma = range->state.addr;
	rerun->count.requests += asked;
	rerun->count.failed += asked && !dma_use_iova(&range->state);
	return 0;
}

static void end_piece(struct libdma_rerun *rerun, const struct made *made,
		      const struct piece *piece)
{
	if (piece->bounced)
		rerun->bytes -= piece->size;
	rerun_unmap_single(made->dev, piece->dma, piece->size, made->range->dir,
			   made->range->attrs);
}

static int add_piece(struct libdma_rerun *rerun, struct made *made,
		     const struct dma_event *event)
{
	struct rerun_range *range = made->range;
	size_t room = range->room ? range->room * 2 : 8;
	struct piece *grown, *piece;

	if (range->pieces == range->room) {
		grown = realloc(range->piece, room * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		range->piece = grown;
		range->room = room;
	}
	piece = &range->piece[range->pieces];
	*piece = (struct piece) { .offset = event->offset, .size = event->size };
	rerun->count.requests++;
	if (rerun_map_single(rerun, made->dev, event, &piece->dma)) {
		rerun->count.failed++;
		return 0;
	}
	range->pieces++;
	piece->bounced = rerun_is_bounced(rerun, piece->dma);
	rerun->bytes += piece->bounced ? piece->size : 0;
	return 0;
}

int range_link(struct libdma_rerun *rerun, struct made *made,
	       const struct dma_event *event)
{
	struct rerun_range *range = made->range;
	uint64_t end = event->offset + event->size;

	if (!event->size || end < event->offset || end > made->size)
		return -EINVAL;
	range->dir = event->dir;
	range->attrs = (unsigned long)event->attrs;
	if (!dma_use_iova(&range->state))
		return add_piece(rerun, made, event);
	rerun->count.bytes += event->size;
	if (event->offset != range->linked)
		return -EINVAL;
	if (!dma_iova_link(made->dev, &range->state, event->phys, event->offset,
			   event->size, event->dir, range->attrs)) {
		range->linked = end;
	} else {
		rerun->count.requests++;
		rerun->count.failed++;
	}
	return 0;
}

void range_sync(struct made *made)
{
	struct rerun_range *range = made->range;

	if (dma_use_iova(&range->state) && range->linked)
		dma_iova_sync(made->dev, &range->state, 0, range->linked);
}

void range_unlink(struct libdma_rerun *rerun, struct made *made,
		  const struct dma_event *event)
{
	struct rerun_range *range = made->range;
	uint64_t end = event->offset + event->size;
	size_t left = 0;

	if (dma_use_iova(&range->state)) {
		if (!event->size || end != range->linked)
			return;
		dma_iova_unlink(made->dev, &range->state, event->offset, event->size,
				range->dir, range->attrs);
		range->linked = event->offset;
		return;
	}
	for (size_t i = 0; i < range->pieces; i++) {
		const struct piece *piece = &range->piece[i];

		if (piece->offset >= event->offset && piece->offset + piece->size <= end)
			end_piece(rerun, made, piece);
		else
			range->piece[left++] = *piece;
	}
	range->pieces = left;
}

void range_end(struct libdma_rerun *rerun, struct made *made)
{
	struct rerun_range *range = made->range;

	for (size_t i = 0; i < range->pieces; i++)
		end_piece(rerun, made, &range->piece[i]);
	if (dma_use_iova(&range->state) && range->linked)
		dma_iova_destroy(made->dev, &range->state, range->linked, range->dir,
				 range->attrs);
	else if (dma_use_iova(&range->state))
		dma_iova_free(made->dev, &range->state);
}

void range_destroy(struct rerun_range *range)
{
	if (range)
		free(range->piece);
	free(range);
}

/* ---- ranges of which only the IOMMU tells ---- */

/*
 * Tracepoints tell of each mapping when it is there, and before that of the pages that
 * the IOMMU got for it. Where no mapping follows they were a range's: they count as that
 * until then.
 */
void ranges_watch(struct libdma_rerun *rerun, const struct dma_event *event)
{
	uint32_t who = event->pid ? (uint32_t)event->pid : ~event->cpu;
	struct iommu_run *run = &rerun->run[who % IOMMU_RUNS];
	enum dma_event_class class = libdma_event_kind_class(event->kind);
	uint64_t dma = libdma_event_dma(event);

	rerun->told |= event->kind == DMA_EVENT_ALLOC_IOVA ||
		       event->kind == DMA_EVENT_IOVA_TRY_ALLOC;
	if (rerun->told || !rerun->machine->rules->has_iova_api)
		return;
	if (event->kind == DMA_EVENT_IOMMU_MAP) {
		if (run->who != who || run->end != dma) {
			*run = (struct iommu_run) { .who = who, .start = dma };
			rerun->count.untold++;
		}
		run->end = dma + event->size;
	} else if ((class == DMA_CLASS_MAP || class == DMA_CLASS_ALLOC) &&
		   run->who == who && dma - run->start < run->end - run->start) {
		rerun->count.untold -= !run->claimed;
		run->claimed = true;
	}
}
