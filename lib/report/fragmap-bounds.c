// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * fragmap-bounds.c - where a space begins and ends, and what in it is not to be had
 *
 * As the environment tells; where it does not, as large as what is seen.
 *
 * Kernel counterparts: RULES.md S1-S4 (the swiotlb's pool), I2, I20, I22 (IOVAs that
 * are reserved), P6-P8 (a dma_pool's pages)
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "report/fragmap.h"

#define FOUR_GIB (1ULL << 32)
#define POOL_MAX (1ULL << 40) /* bytes; a larger swiotlb is a mistake of the trace */

/* The lowest address and the one behind the highest that something takes. */
static void seen(const struct libdma_space *space, uint64_t *first, uint64_t *last)
{
	*first = space->extents ? space->extent[0].from : 0;
	*last = 0;
	for (size_t i = 0; i < space->extents; i++) {
		uint64_t end = space->extent[i].from + space->extent[i].taken;

		*last = end > *last ? end : *last;
	}
}

static void bound_swiotlb(struct libdma_space *space,
			  const struct libdma_environment *environment)
{
	uint64_t slots = environment->swiotlb.slots, first, last;
	bool start_known = environment->origin.swiotlb_start != LIBDMA_UNKNOWN;

	seen(space, &first, &last);
	space->unit = SWIOTLB_SLOT;
	space->set = SWIOTLB_SET;
	space->limit = SWIOTLB_SET;
	space->allocates = true;
	space->start = environment->swiotlb.start;
	if (!start_known || (space->extents && first < space->start))
		space->start = align_down(first, SWIOTLB_SET);
	space->size = slots <= POOL_MAX / SWIOTLB_SLOT ? slots * SWIOTLB_SLOT : 0;
	if (space->extents && last - space->start > space->size)
		space->size = align_up(last - space->start, SWIOTLB_SET);
	if (space->size > POOL_MAX || space->size > UINT64_MAX - space->start)
		space->size = 0;
	space->inferred = environment->origin.swiotlb_start != LIBDMA_GIVEN ||
			  environment->origin.swiotlb_slots != LIBDMA_GIVEN;
	if (environment->swiotlb.areas > 1)
		space->area = space->size / environment->swiotlb.areas;
}

static int compare_gaps(const void *a, const void *b)
{
	const struct libdma_range *first = a, *second = b;

	return (first->start > second->start) - (first->start < second->start);
}

static int add_reserved(struct space *space, const struct libdma_group *group)
{
	for (size_t i = 0; i < group->reserved.count; i++) {
		const struct libdma_range *range = &group->reserved.range[i];

		if (space_add_gap(space, range->start, range->length))
			return -ENOMEM;
	}
	return 0;
}

/* Is the group the one whose devices share this space? */
static bool group_has(const struct libdma_group *group, const struct space *space,
		      const char *device)
{
	if (space->id & GROUP_ID)
		return group->number == (uint32_t)space->id;
	for (size_t i = 0; i < group->devices; i++)
		if (!strcmp(group->device[i], device))
			return true;
	return false;
}

/*
 * Addresses below 4 GiB are handed out first (I21), so all above is out of the picture
 * until one of them is seen.
 */
static int bound_iova(struct space *space, const struct libdma_environment *environment,
		      const char *device)
{
	struct libdma_space *face = &space->face;
	uint64_t first, last;

	seen(face, &first, &last);
	face->allocates = true;
	face->aligned = true;
	face->size = last <= FOUR_GIB ? FOUR_GIB : last;
	if (last > FOUR_GIB && log2_up(last) < 64)
		face->size = 1ULL << log2_up(last);
	face->inferred = true;
	/* granule 0 is never handed out */
	if (space_add_gap(space, 0, face->unit))
		return -ENOMEM;
	for (size_t i = 0; i < environment->iommu.groups; i++)
		if (group_has(&environment->iommu.group[i], space, device) &&
		    add_reserved(space, &environment->iommu.group[i]))
			return -ENOMEM;
	for (size_t i = 0; i < environment->memory.count; i++) {
		const struct libdma_range *range = &environment->memory.range[i];

		/* the windows of the host bridge */
		if (range->name && !strncmp(range->name, "PCI Bus", 7) &&
		    space_add_gap(space, range->start, range->length))
			return -ENOMEM;
	}
	qsort(face->gap, face->gaps, sizeof(*face->gap), compare_gaps);
	return 0;
}

/* What is no memory is a gap. */
static int bound_memory(struct space *space, const struct libdma_environment *environment)
{
	uint64_t end = 0;

	for (size_t i = 0; i < environment->memory.count; i++) {
		const struct libdma_range *range = &environment->memory.range[i];

		if (!range->name || strcmp(range->name, "System RAM") ||
		    range->start < end || range->length > UINT64_MAX - range->start)
			continue;
		if (space_add_gap(space, end, range->start - end))
			return -ENOMEM;
		end = range->start + range->length;
	}
	space->face.size = end;
	return 0;
}

/* Behind the last block of a page, or before a boundary, a rest may be too small. */
static int add_rests(struct space *space, uint64_t page)
{
	uint64_t unit = space->face.unit, boundary = space->boundary;
	uint64_t at = 0, end;

	if (!boundary || boundary > space->allocation)
		boundary = space->allocation;
	while (at < space->allocation) {
		end = at + boundary < space->allocation ? at + boundary
							: space->allocation;
		if (space_add_gap(space, page + end - (end - at) % unit,
				  (end - at) % unit))
			return -ENOMEM;
		at = end;
	}
	return 0;
}

/* A pool's pages are those in which a block is taken; others cannot be told. */
static int bound_pool(struct space *space)
{
	struct libdma_space *face = &space->face;
	uint64_t first, last, behind;

	seen(face, &first, &last);
	face->limit = face->unit;
	if (!space->allocation || !face->extents)
		return 0;
	face->allocates = true;
	face->start = behind = first - first % space->allocation;
	for (size_t i = 0; i < face->extents; i++) {
		uint64_t from = face->extent[i].from;
		uint64_t page = from - from % space->allocation;

		if (i && page < behind)
			continue;
		if (space_add_gap(space, behind, page - behind) || add_rests(space, page))
			return -ENOMEM;
		behind = page + space->allocation;
	}
	face->size = behind - face->start;
	return 0;
}

int space_bound(struct space *space, const struct libdma_environment *environment,
		const struct libdma_strings *strings)
{
	const char *device = libdma_strings_get(strings, space->face.device);

	switch (space->face.kind) {
	case LIBDMA_SPACE_SWIOTLB:
		bound_swiotlb(&space->face, environment);
		return 0;
	case LIBDMA_SPACE_IOVA:
		return bound_iova(space, environment, device);
	case LIBDMA_SPACE_MEMORY:
		return bound_memory(space, environment);
	case LIBDMA_SPACE_POOL:
		return bound_pool(space);
	case LIBDMA_SPACE_REGION:
		space->face.allocates = true;
		space->face.aligned = true;
		return 0;
	default:
		return 0;
	}
}
