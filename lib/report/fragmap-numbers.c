// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * fragmap-numbers.c - what is free between the extents, and what still fits there
 *
 * Kernel counterparts: RULES.md S5, S13, S20 (runs and requests of the swiotlb), I4
 * (alignment by size), C6 (orders of pages)
 */
#include <stdlib.h>

#include "base/bits.h"
#include "report/fragmap.h"

static int compare_extents(const void *a, const void *b)
{
	const struct libdma_extent *first = a, *second = b;

	if (first->from != second->from)
		return first->from < second->from ? -1 : 1;
	if (first->start != second->start)
		return first->start < second->start ? -1 : 1;
	return (first->number > second->number) - (first->number < second->number);
}

/* Bytes that lie in two extents or more, of extents that come by their start. */
struct sharing {
	struct libdma_extent *widest; /* of those so far, that which ends last */
	uint64_t end;                 /* where it ends */
	uint64_t twice;               /* to here, what is shared is counted */
	uint64_t bytes;
};

static void share(struct sharing *sharing, struct libdma_extent *extent)
{
	uint64_t end = extent->start + extent->size;
	uint64_t reach = extent->times > 1 ? end : sharing->end;
	uint64_t from = extent->start > sharing->twice ? extent->start : sharing->twice;
	uint64_t to = end < reach ? end : reach;

	if (extent->times > 1)
		extent->shared = true;
	if (sharing->widest && extent->start < sharing->end && extent->size)
		extent->shared = sharing->widest->shared = true;
	if (to > from) {
		sharing->bytes += to - from;
		sharing->twice = to;
	}
	if (!sharing->widest || end > sharing->end) {
		sharing->widest = extent;
		sharing->end = end;
	}
}

void space_sort(struct libdma_space *space)
{
	struct sharing sharing = { 0 };

	if (space->extents)
		qsort(space->extent, space->extents, sizeof(*space->extent),
		      compare_extents);
	for (size_t i = 0; i < space->extents; i++)
		share(&sharing, &space->extent[i]);
	space->numbers.shared = sharing.bytes;
}

/*
 * Free runs
 */

struct walk {
	const struct libdma_space *space;
	uint64_t from, to;
	libdma_run_visitor *visit;
	void *arg;
};

/* A free run, cut where the allocator ends its runs and where the caller looks. */
static int visit_run(const struct walk *walk, uint64_t start, uint64_t end)
{
	const struct libdma_space *space = walk->space;
	int stop = 0;

	start = start > walk->from ? start : walk->from;
	end = end < walk->to ? end : walk->to;
	while (start < end && !stop) {
		uint64_t stretch = end - start;

		if (space->set) {
			uint64_t left = space->set - (start - space->start) % space->set;

			stretch = stretch < left ? stretch : left;
		}
		stop = walk->visit(walk->arg, start, stretch);
		start += stretch;
	}
	return stop;
}

int libdma_space_walk_free(const struct libdma_space *space, uint64_t from, uint64_t to,
			   libdma_run_visitor *visit, void *arg)
{
	struct walk walk = { space, from, to, visit, arg };
	uint64_t at = space->start, end = space->start + space->size;
	size_t extent = 0, gap = 0;

	if (!space->size || !space->allocates)
		return 0;
	while (extent < space->extents || gap < space->gaps) {
		bool is_gap = gap < space->gaps &&
			      (extent == space->extents ||
			       space->gap[gap].start < space->extent[extent].from);
		uint64_t start, size;
		int stop;

		if (is_gap) {
			start = space->gap[gap].start;
			size = space->gap[gap].length;
			gap++;
		} else {
			start = space->extent[extent].from;
			size = space->extent[extent].taken;
			extent++;
		}
		if (start >= end || start >= to)
			break;
		stop = start > at ? visit_run(&walk, at, start) : 0;
		if (stop)
			return stop;
		if (start + size > at)
			at = start + size;
	}
	return at < end ? visit_run(&walk, at, end) : 0;
}

/* Slots: requests of 4096 bytes and more begin at a page (S13). */
static uint64_t fits_slots(const struct libdma_space *space, uint64_t start,
			   uint64_t size)
{
	uint64_t skip = align_up(start, 4096) - start;
	uint64_t paged = size > skip ? size - skip : 0;
	uint64_t small = size < 4095 ? size : 4095;
	uint64_t best = paged >= 4096 ? paged : small;

	return best < space->limit ? best : space->limit;
}

/* A power of two of units, at a multiple of itself; or less, where that is allowed. */
static uint64_t fits_aligned(const struct libdma_space *space, uint64_t start,
			     uint64_t size)
{
	/* regions align by their own start (C7), IOVAs by the address (I4) */
	bool region = space->kind == LIBDMA_SPACE_REGION;
	uint64_t base = region ? space->start : 0;

	for (int shift = 62; shift >= 0; shift--) {
		uint64_t block = 1ULL << shift, begin, room;

		if (block < space->unit || block / 2 >= size)
			continue;
		begin = align_up(start - base, block) + base;
		if (begin < start || begin - start >= size)
			continue;
		room = size - (begin - start);
		if (room >= block)
			return block;
		/* from 32 units on nothing is rounded up (I13) */
		if (!region && room > block / 2 && room / space->unit >= 32)
			return room - room % space->unit;
	}
	return 0;
}

uint64_t libdma_space_fits(const struct libdma_space *space, uint64_t start,
			   uint64_t size)
{
	if (!space->allocates)
		return 0;
	if (space->kind == LIBDMA_SPACE_SWIOTLB)
		return fits_slots(space, start, size);
	if (space->aligned)
		return fits_aligned(space, start, size);
	return space->limit && size > space->limit ? space->limit : size;
}

static int widen(void *arg, uint64_t start, uint64_t size)
{
	struct libdma_space *space = arg;
	uint64_t fits = libdma_space_fits(space, start, size);

	if (fits > space->numbers.possible)
		space->numbers.possible = fits;
	return 0;
}

/* What would be served if the free bytes were one run, in a place the best for it. */
static uint64_t fits_at_best(const struct libdma_space *space, uint64_t free)
{
	uint64_t base = space->kind == LIBDMA_SPACE_REGION ? space->start : 0, fits;
	struct libdma_space empty = *space;

	empty.extents = 0;
	empty.numbers.possible = 0;
	libdma_space_walk_free(&empty, 0, UINT64_MAX, widen, &empty);
	fits = libdma_space_fits(space, base, free);
	return fits < empty.numbers.possible ? fits : empty.numbers.possible;
}

static int count_run(void *arg, uint64_t start, uint64_t size)
{
	struct libdma_space *space = arg;
	struct libdma_fragmentation *numbers = &space->numbers;
	uint64_t units = size / space->unit, fits = libdma_space_fits(space, start, size);
	unsigned int bucket = units ? 63 - (unsigned int)__builtin_clzll(units) : 0;

	numbers->free += size;
	numbers->runs++;
	numbers->run_count[bucket]++;
	numbers->run_bytes[bucket] += size;
	if (size > numbers->largest_free)
		numbers->largest_free = size;
	if (fits > numbers->largest_request)
		numbers->largest_request = fits;
	return 0;
}

/* Sizes in a trace may be nonsense, but their sum shall not be small. */
static uint64_t sum(uint64_t a, uint64_t b)
{
	return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

void space_count(struct libdma_space *space)
{
	struct libdma_fragmentation *numbers = &space->numbers;
	uint64_t end = 0;

	for (size_t i = 0; i < space->extents; i++) {
		const struct libdma_extent *extent = &space->extent[i];
		uint64_t behind = extent->from + extent->taken;
		uint64_t from = i && extent->from < end ? end : extent->from;

		numbers->requested = sum(numbers->requested, extent->size);
		numbers->taken = sum(numbers->taken, extent->taken);
		if (behind > from)
			numbers->used += behind - from;
		end = behind > end ? behind : end;
	}
	if (space->extents) {
		numbers->first = space->extent[0].from;
		numbers->last = end;
	}
	libdma_space_walk_free(space, 0, UINT64_MAX, count_run, space);
	numbers->possible = fits_at_best(space, numbers->free);
	if (numbers->possible > numbers->largest_request)
		numbers->index =
			1 - (double)numbers->largest_request / (double)numbers->possible;
}
