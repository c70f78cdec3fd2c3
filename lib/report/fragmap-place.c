// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * fragmap-place.c - the place of each live thing
 *
 * Which space it is in follows from the environment: behind an IOMMU a DMA address is
 * the domain's; elsewhere it is the swiotlb's where the buffer was bounced, a region's
 * for a device that has one, and otherwise nobody's but the bus's. What a thing takes
 * is its size, rounded as the allocator of its space rounds.
 *
 * Kernel counterparts: RULES.md S1-S8 (slots), I1, I13, I24 (IOVAs), C6-C8 (regions),
 * P4-P8 (pools)
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <libdma/page.h>

#include "base/bits.h"
#include "report/fragmap.h"

static struct libdma_extent extent_of(const struct dma_event *begin, uint64_t times,
				      uint64_t start, uint64_t size)
{
	/* what would run over the top of all addresses ends there */
	if (size > UINT64_MAX - start)
		size = UINT64_MAX - start;
	return (struct libdma_extent) {
		.start = start,
		.size = size,
		.from = start,
		.taken = size,
		.device = begin->device,
		.kind = begin->kind,
		.dir = begin->dir,
		.times = times,
		.number = begin->number,
		.ns = begin->ns,
	};
}

/* Let an extent take whole units of an allocator. */
static void round_extent(struct libdma_extent *extent, uint64_t unit)
{
	uint64_t end = extent->start + extent->size;

	extent->from = extent->start - extent->start % unit;
	extent->taken = end - extent->from;
	if (extent->taken % unit && extent->taken <= UINT64_MAX - unit)
		extent->taken += unit - extent->taken % unit;
	if (extent->taken > UINT64_MAX - extent->from)
		extent->taken = UINT64_MAX - extent->from;
}

static uint64_t granule(const struct libdma_environment *environment)
{
	uint64_t size = environment->iommu.granule;

	return is_power_of_two(size) && size >= 512 && size <= 1 << 30 ? size : PAGE_SIZE;
}

static uint64_t page_size(const struct libdma_environment *environment)
{
	uint64_t size = environment->page_size;

	return is_power_of_two(size) && size >= 512 && size <= 1 << 30 ? size : PAGE_SIZE;
}

/* Fewer than 32 granules are rounded up to a power of two (I13). */
static int place_iova(struct libdma_fragmap *fragmap, const struct place *place,
		      struct libdma_extent *extent)
{
	uint64_t unit = granule(fragmap->environment);
	struct space *space;

	if (fragmap_space(fragmap, LIBDMA_SPACE_IOVA, place->domain, &space))
		return -ENOMEM;
	space->face.unit = unit;
	round_extent(extent, unit);
	if (extent->taken / unit < 32 && extent->taken)
		extent->taken = unit << log2_up(extent->taken / unit);
	if (extent->taken > UINT64_MAX - extent->from)
		extent->taken = UINT64_MAX - extent->from;
	if (!(place->domain & GROUP_ID))
		space->face.device = extent->device;
	return space_add_extent(space, extent);
}

static int place_bus(struct libdma_fragmap *fragmap, struct libdma_extent *extent)
{
	struct space *space;

	if (fragmap_space(fragmap, LIBDMA_SPACE_BUS, extent->device, &space))
		return -ENOMEM;
	space->face.device = extent->device;
	space->face.unit = page_size(fragmap->environment);
	if (libdma_event_kind_class(extent->kind) == DMA_CLASS_ALLOC)
		round_extent(extent, space->face.unit);
	return space_add_extent(space, extent);
}

static int place_slots(struct libdma_fragmap *fragmap, struct libdma_extent *extent)
{
	struct space *space;

	if (fragmap_space(fragmap, LIBDMA_SPACE_SWIOTLB, 0, &space))
		return -ENOMEM;
	round_extent(extent, SWIOTLB_SLOT);
	return space_add_extent(space, extent);
}

/* Was a buffer bounced? Where the pool is known its addresses tell. */
static bool is_bounced(const struct libdma_environment *environment, uint64_t dma,
		       uint64_t phys, bool has_phys)
{
	uint64_t size = environment->swiotlb.slots * SWIOTLB_SLOT;

	if (environment->origin.swiotlb_start == LIBDMA_GIVEN &&
	    environment->origin.swiotlb_slots)
		return dma >= environment->swiotlb.start &&
		       dma - environment->swiotlb.start < size;
	return has_phys && dma != phys;
}

static int place_memory(struct libdma_fragmap *fragmap, const struct dma_event *begin,
			uint64_t times, uint64_t phys, uint64_t size)
{
	struct libdma_extent extent = extent_of(begin, times, phys, size);
	struct space *space;

	if (fragmap_space(fragmap, LIBDMA_SPACE_MEMORY, 0, &space))
		return -ENOMEM;
	space->face.unit = page_size(fragmap->environment);
	if (libdma_event_kind_class(extent.kind) == DMA_CLASS_ALLOC)
		round_extent(&extent, space->face.unit);
	return space_add_extent(space, &extent);
}

static int unplaced(struct libdma_fragmap *fragmap, uint64_t things)
{
	struct space *space;

	if (fragmap_space(fragmap, LIBDMA_SPACE_MEMORY, 0, &space))
		return -ENOMEM;
	space->face.unit = page_size(fragmap->environment);
	space->face.unplaced += things;
	return 0;
}

static int place_single(struct libdma_fragmap *fragmap, const struct place *place,
			const struct dma_event *begin, uint64_t times)
{
	bool allocated = libdma_event_kind_class(begin->kind) == DMA_CLASS_ALLOC;
	bool has_phys = !allocated && begin->kind != DMA_EVENT_IOVA_TRY_ALLOC;
	struct libdma_extent extent = extent_of(begin, times, begin->dma, begin->size);
	int err;

	if (place->translated)
		err = place_iova(fragmap, place, &extent);
	else if (!allocated &&
		 is_bounced(fragmap->environment, begin->dma, begin->phys, has_phys))
		err = place_slots(fragmap, &extent);
	else
		err = place_bus(fragmap, &extent);
	if (err)
		return err;
	if (has_phys)
		return place_memory(fragmap, begin, times, begin->phys, begin->size);
	/* without an IOMMU an allocation lies where its address says */
	if (!place->translated)
		return place_memory(fragmap, begin, times, begin->dma, begin->size);
	return unplaced(fragmap, 1);
}

/* The segments of a list behind an IOMMU are one range, if all of them are known. */
static bool list_is_range(const struct dma_event *begin, uint64_t unit, uint64_t *ret)
{
	uint64_t end = 0;

	for (uint32_t i = 0; i < begin->dma_count; i++) {
		uint64_t dma = begin->dma_list[i];

		if (i && (dma < end || dma - end >= 2 * unit))
			return false;
		end = dma + begin->dma_size_list[i];
		if (end < dma)
			return false;
	}
	*ret = end - begin->dma_list[0];
	return true;
}

static int place_segments(struct libdma_fragmap *fragmap, const struct place *place,
			  const struct dma_event *begin, uint64_t times)
{
	bool pairs = begin->dma_count == begin->phys_count && begin->phys_list;
	int err = 0;

	for (uint32_t i = 0; i < begin->dma_count && !err; i++) {
		struct libdma_extent extent = extent_of(begin, times, begin->dma_list[i],
							begin->dma_size_list[i]);

		extent.cut = begin->flags & DMA_EVENT_CUT;
		if (place->translated)
			err = place_iova(fragmap, place, &extent);
		else if (is_bounced(fragmap->environment, extent.start,
				    pairs ? begin->phys_list[i] : 0, pairs))
			err = place_slots(fragmap, &extent);
		else
			err = place_bus(fragmap, &extent);
	}
	return err;
}

static int place_list_memory(struct libdma_fragmap *fragmap,
			     const struct dma_event *begin, uint64_t times)
{
	const uint32_t *sizes = begin->size_list;
	int err = 0;

	/* without merging each entry became one segment */
	if (!sizes && begin->dma_count == begin->phys_count)
		sizes = begin->dma_size_list;
	if (!sizes)
		return unplaced(fragmap, begin->phys_count);
	for (uint32_t i = 0; i < begin->phys_count && !err; i++)
		err = place_memory(fragmap, begin, times, begin->phys_list[i], sizes[i]);
	return err;
}

static int place_list(struct libdma_fragmap *fragmap, const struct place *place,
		      const struct dma_event *begin, uint64_t times)
{
	uint64_t size;
	int err;

	if (!begin->dma_list || !begin->dma_size_list)
		return unplaced(fragmap, 1);
	if (place->translated &&
	    list_is_range(begin, granule(fragmap->environment), &size)) {
		struct libdma_extent extent =
			extent_of(begin, times, begin->dma_list[0], size);

		extent.cut = begin->flags & DMA_EVENT_CUT;
		err = place_iova(fragmap, place, &extent);
	} else {
		err = place_segments(fragmap, place, begin, times);
	}
	return err ? err : place_list_memory(fragmap, begin, times);
}

static int add_region(struct libdma_fragmap *fragmap, struct place *place,
		      const struct dma_event *begin)
{
	uint64_t page = page_size(fragmap->environment);
	struct space *space;

	if (fragmap_space(fragmap, LIBDMA_SPACE_REGION, begin->device, &space))
		return -ENOMEM;
	space->face.device = begin->device;
	space->face.start = begin->dma;
	space->face.size = begin->size - begin->size % page;
	if (space->face.size > UINT64_MAX - space->face.start)
		space->face.size = 0;
	space->face.unit = page;
	for (size_t i = 0; i < fragmap->count; i++)
		if (fragmap->space[i] == space)
			place->region = i;
	return 0;
}

/* A device with a region allocates from it alone (C5), whole orders of pages (C6). */
static int place_region(struct libdma_fragmap *fragmap, const struct place *place,
			const struct dma_event *begin, uint64_t times)
{
	struct libdma_extent extent = extent_of(begin, times, begin->dma, begin->size);
	struct space *space = fragmap->space[place->region];

	round_extent(&extent, space->face.unit);
	extent.taken = space->face.unit << log2_up(extent.taken / space->face.unit);
	return space_add_extent(space, &extent);
}

static bool in_region(const struct libdma_fragmap *fragmap, const struct place *place,
		      const struct dma_event *begin)
{
	const struct libdma_space *space;

	if (place->region == NO_SPACE ||
	    libdma_event_kind_class(begin->kind) != DMA_CLASS_ALLOC)
		return false;
	space = &fragmap->space[place->region]->face;
	return begin->dma >= space->start && begin->dma - space->start < space->size &&
	       begin->size <= space->size;
}

static int add_pool(struct libdma_fragmap *fragmap, const struct dma_event *begin)
{
	const char *name = libdma_strings_get(fragmap->strings, begin->name);
	const char *device = libdma_strings_get(fragmap->strings, begin->device);
	uint64_t align = is_power_of_two(begin->align) ? begin->align : 1;
	struct space *space;

	if (fragmap_space(fragmap, LIBDMA_SPACE_POOL, begin->handle, &space))
		return -ENOMEM;
	space->face.device = begin->device;
	/* a block holds at least what links the free ones (P4), and has a limit (P3) */
	space->face.unit = begin->size > 16 ? begin->size : 16;
	if (space->face.unit > INT32_MAX || align > INT32_MAX)
		space->face.unit = align = 1U << 31;
	space->face.unit = align_up(space->face.unit, align);
	space->allocation = align_up(space->face.unit, page_size(fragmap->environment));
	space->boundary =
		begin->boundary < space->face.unit ? space->allocation : begin->boundary;
	free(space->face.name);
	if (asprintf(&space->face.name, "pool:%s@%s", name, device) < 0) {
		space->face.name = NULL;
		return -ENOMEM;
	}
	return 0;
}

static int place_block(struct libdma_fragmap *fragmap, const struct dma_event *begin,
		       uint64_t times)
{
	struct libdma_extent extent = extent_of(begin, times, begin->dma, begin->size);
	struct space *space;

	if (fragmap_space(fragmap, LIBDMA_SPACE_POOL, begin->handle, &space))
		return -ENOMEM;
	if (!space->face.unit) /* the pool was made before the recording began */
		space->face.unit = begin->size ? begin->size : 1;
	if (!space->face.device)
		space->face.device = begin->device;
	if (extent.size < space->face.unit)
		extent.taken = space->face.unit;
	return space_add_extent(space, &extent);
}

int libdma_fragmap_add(struct libdma_fragmap *fragmap, const struct dma_event *begin,
		       uint64_t times)
{
	struct place *place;

	if (fragmap_place(fragmap, begin->device, &place))
		return -ENOMEM;
	switch (begin->kind) {
	case DMA_EVENT_POOL_CREATE:
		return add_pool(fragmap, begin);
	case DMA_EVENT_POOL_ALLOC:
		return place_block(fragmap, begin, times);
	case DMA_EVENT_DECLARE_COHERENT_MEMORY:
		return add_region(fragmap, place, begin);
	case DMA_EVENT_MAP_SG:
		return place_list(fragmap, place, begin, times);
	default:
		return in_region(fragmap, place, begin)
			       ? place_region(fragmap, place, begin, times)
			       : place_single(fragmap, place, begin, times);
	}
}

int fragmap_weigh(struct libdma_fragmap *fragmap, const struct dma_event *begin,
		  struct fragmap_weight *ret)
{
	struct space *slots, *iova = NULL;
	struct place *place;
	int err;

	if (fragmap_place(fragmap, begin->device, &place) ||
	    fragmap_space(fragmap, LIBDMA_SPACE_SWIOTLB, 0, &slots))
		return -ENOMEM;
	slots->weight = 0;
	if (place->translated &&
	    fragmap_space(fragmap, LIBDMA_SPACE_IOVA, place->domain, &iova))
		return -ENOMEM;
	if (iova)
		iova->weight = 0;
	err = libdma_fragmap_add(fragmap, begin, 1);
	ret->slots = slots->weight / SWIOTLB_SLOT;
	ret->iova = iova ? iova->weight : 0;
	return err;
}
