// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * reference-ledger.c - what is mapped, as an array in the order of time
 *
 * Nothing is indexed: what a call means is found by looking at all that is mapped.
 */
#include <string.h>

#include "oracle.h"
#include "reference-check.h"
#include "reference.h"

REFERENCE_BEGIN

#define KEPT     1024 /* ranges that ended and are remembered */
#define PER_HASH 8192 /* bytes of DMA addresses in one bucket of dma-debug's */
#define HASHES   16384
#define OVERLAPS 7

uint64_t reference_last(uint64_t start, uint64_t size)
{
	if (!size)
		return start;
	return size - 1 > UINT64_MAX - start ? UINT64_MAX : start + size - 1;
}

static bool agrees(const struct reference_ref *a, const struct reference_ref *b)
{
	return a->type == b->type && a->size == b->size && a->dir == b->dir &&
	       a->nents == b->nents;
}

/* Ours: the type outweighs the size, that the direction, that the entries. */
static bool fits_better(const struct reference_ref *ref, const struct reference_ref *a,
			const struct reference_ref *b)
{
	if ((a->type == ref->type) != (b->type == ref->type))
		return a->type == ref->type;
	if ((a->size == ref->size) != (b->size == ref->size))
		return a->size == ref->size;
	if ((a->dir == ref->dir) != (b->dir == ref->dir))
		return a->dir == ref->dir;
	return a->nents == ref->nents && b->nents != ref->nents;
}

struct reference_range *reference_find(struct reference_check *reference, uint32_t device,
				       const struct reference_ref *ref)
{
	struct reference_range *best = NULL;
	unsigned int count = 0;

	for (unsigned int i = 0; i < reference->ranges; i++) {
		struct reference_range *range = &reference->range[i];

		if (range->device != device || range->ref.dma != ref->dma)
			continue;
		if (agrees(&range->ref, ref))
			return range;
		count++;
		if (!best || fits_better(ref, &range->ref, &best->ref))
			best = range;
	}
	return reference->as_kernel && count > 1 ? NULL : best;
}

/* The kernel adds, and what it adds may wrap around. */
static bool kernel_holds(const struct reference_range *range, const struct reference_ref *ref)
{
	return range->ref.dma <= ref->dma &&
	       range->ref.dma + range->ref.size >= ref->dma + ref->size;
}

/* Bucket by bucket downwards; in one of them as at an unmap. */
static struct reference_range *kernel_around(struct reference_check *reference,
					     uint32_t device,
					     const struct reference_ref *ref)
{
	uint64_t top = ref->dma / PER_HASH, steps = top + 1 < HASHES ? top + 1 : HASHES;
	uint64_t nearest = HASHES; /* so far; what lies nearer told nothing */

	for (uint64_t from = 0; from < steps; from = nearest + 1) {
		struct reference_range *only = NULL;
		unsigned int count = 0;

		nearest = steps;
		for (unsigned int i = 0; i < reference->ranges; i++) {
			struct reference_range *range = &reference->range[i];
			uint64_t down = (top - range->ref.dma / PER_HASH) % HASHES;

			if (range->device != device || !kernel_holds(range, ref) ||
			    down < from || down > nearest)
				continue;
			if (down < nearest)
				count = 0;
			nearest = down;
			if (!count || agrees(&range->ref, ref))
				only = count && agrees(&only->ref, ref) ? only : range;
			count++;
		}
		if (only && (count == 1 || agrees(&only->ref, ref)))
			return only;
	}
	return NULL;
}

/* All bytes of a call are a range's. */
static bool holds(const struct reference_range *range, const struct reference_ref *ref)
{
	uint64_t before = ref->dma - range->ref.dma;

	return range->ref.dma <= ref->dma && before <= range->ref.size &&
	       range->ref.size - before >= ref->size;
}

struct reference_range *reference_find_around(struct reference_check *reference,
					      uint32_t device,
					      const struct reference_ref *ref)
{
	struct reference_range *best = NULL;

	if (reference->as_kernel)
		return kernel_around(reference, device, ref);
	for (unsigned int i = 0; i < reference->ranges; i++) {
		struct reference_range *range = &reference->range[i];

		if (range->device != device || !holds(range, ref) ||
		    reference_last(range->ref.dma, range->ref.size) < ref->dma)
			continue;
		if (!best || fits_better(ref, &range->ref, &best->ref) ||
		    (!fits_better(ref, &best->ref, &range->ref) &&
		     range->ref.dma < best->ref.dma))
			best = range;
	}
	return best;
}

struct reference_range *reference_overlap(struct reference_check *reference,
					  uint32_t device, uint64_t dma, uint64_t size)
{
	struct reference_range *first = NULL;

	for (unsigned int i = 0; i < reference->ranges; i++) {
		struct reference_range *range = &reference->range[i];

		if (range->device == device &&
		    range->ref.dma <= reference_last(dma, size) &&
		    reference_last(range->ref.dma, range->ref.size) >= dma &&
		    (!first || range->ref.dma < first->ref.dma))
			first = range;
	}
	return first;
}

struct reference_range *reference_unchecked(struct reference_check *reference,
					    uint32_t device, uint64_t dma)
{
	for (unsigned int i = 0; i < reference->ranges; i++)
		if (reference->range[i].device == device &&
		    reference->range[i].ref.dma == dma && reference->range[i].unchecked)
			return &reference->range[i];
	return NULL;
}

const struct reference_ended *reference_ended(const struct reference_check *reference,
					      uint32_t device, uint64_t dma,
					      uint64_t size)
{
	for (unsigned int i = 1; i <= reference->endeds && i <= KEPT; i++) {
		const struct reference_ended *ended =
			&reference->ended[reference->endeds - i];

		if (ended->device == device &&
		    ended->start <= reference_last(dma, size) &&
		    reference_last(ended->start, ended->size) >= dma)
			return ended;
	}
	return NULL;
}

unsigned int reference_live(const struct reference_check *reference, uint32_t device)
{
	unsigned int live = 0;

	for (unsigned int i = 0; i < reference->ranges; i++)
		live += reference->range[i].device == device;
	return live;
}

struct reference_line *reference_line(struct reference_check *reference, uint64_t phys)
{
	for (unsigned int i = 0; i < reference->lines; i++)
		if (reference->line[i].line == phys / 64)
			return &reference->line[i];
	return NULL;
}

/* dma-debug counts how often the first line of what a device may write is mapped. */
static void count_line(struct reference_check *reference, const struct reference_ref *ref)
{
	struct reference_line *line = reference_line(reference, ref->phys);

	if (ref->dir == DMA_TO_DEVICE)
		return;
	if (!line)
		reference->line[reference->lines++] =
			(struct reference_line) { ref->phys / 64, ref->attrs, 0 };
	else if (line->overlaps < OVERLAPS)
		line->overlaps++;
}

static void uncount_line(struct reference_check *reference,
			 const struct reference_ref *ref)
{
	struct reference_line *line = reference_line(reference, ref->phys);

	if (ref->dir == DMA_TO_DEVICE || !line)
		return;
	if (line->overlaps)
		line->overlaps--;
	else
		*line = reference->line[--reference->lines];
}

/* 7.2's drivers may leave out the unmap where memory is mapped in place. */
static bool may_stay(const struct reference_check *reference,
		     const struct reference_origin *origin)
{
	const struct reference_device *device = &reference->device[origin->device];

	return !reference->as_kernel && origin->direct &&
	       (reference->kernel == DMA_KERNEL_7_2 || origin->by_phys) &&
	       (!device->has_skip_sync || device->skip_sync);
}

void reference_enter(struct reference_check *reference, struct reference_origin *origin,
		     const struct reference_ref *ref, uint32_t ents, uint32_t segment)
{
	bool stays = may_stay(reference, origin);
	struct reference_range *range;

	for (unsigned int i = 0; stays && i < reference->ranges; i++) {
		range = &reference->range[i];
		if (range->device != origin->device || range->ref.dma != ref->dma ||
		    !range->stale || range->ref.size != ref->size ||
		    range->ref.dir != ref->dir || range->ref.type != ref->type ||
		    ref->type == LIST)
			continue;
		range->times++;
		range->origin = origin;
		return;
	}
	if (reference->as_kernel)
		count_line(reference, ref);
	if (!origin->entered)
		origin->entered = ++reference->entered;
	reference->range[reference->ranges++] = (struct reference_range) {
		.ref = *ref,
		.device = origin->device,
		.ents = ents,
		.segment = segment,
		.origin = origin,
		.times = 1,
		.losses = reference->losses,
		.unchecked =
			ref->type == ONE || ref->type == PLACE || ref->type == REGISTERS,
		.stale = stays,
		.with_device = !(ref->attrs & DMA_ATTR_SKIP_CPU_SYNC),
	};
}

void reference_end(struct reference_check *reference, struct reference_range *range,
		   const struct dma_event *event)
{
	unsigned int at = (unsigned int)(range - reference->range);

	if (--range->times)
		return;
	if (reference->as_kernel)
		uncount_line(reference, &range->ref);
	else
		reference->ended[reference->endeds++] = (struct reference_ended) {
			.device = range->device,
			.start = range->ref.dma,
			.size = range->ref.size,
			.end_size = event->size,
			.type = range->ref.type,
			.flushes = reference->flushes,
			.begun_by = range->origin->number,
			.ended_by = event->number,
		};
	memmove(range, range + 1, (reference->ranges - at - 1) * sizeof(*range));
	reference->ranges--;
}

REFERENCE_END
