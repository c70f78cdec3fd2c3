// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * broken-map.c - rules of what is mapped
 *
 * Kernel counterpart: kernel/dma/debug.c, debug_dma_map_*(), check_sg_segment(),
 * add_dma_entry() (RULES.md E10-E17)
 */
#include <string.h>

#include "base/bits.h"
#include "base/mutant.h"
#include "check/broken.h"

static bool is_resource(const struct question *question)
{
	return question->event->kind == DMA_EVENT_MAP_RESOURCE ||
	       question->ref.attrs & DMA_ATTR_MMIO;
}

/* Does any of a sort of memory overlap the bytes? *@some: it is known where it is. */
static bool touches(const struct question *question, uint64_t size, const char *name,
		    bool *some)
{
	const struct libdma_ranges *memory = &question->check->memory;
	uint64_t last = range_last(question->ref.phys, size);
	bool found = false;

	for (size_t i = 0; i < memory->count; i++) {
		const struct libdma_range *range = &memory->range[i];

		if (strcmp(range->name, name))
			continue;
		*some = true;
		found |= range->start <= last &&
			 range_last(range->start, range->length) >= question->ref.phys;
	}
	return found;
}

/* Memory of the kernel's that drivers can have a page of. */
bool map_no_memory(const struct question *question, struct answer *answer)
{
	bool some = false;

	answer->dma = question->ref.phys;
	return question->ref.type == TYPE_SINGLE && !is_resource(question) &&
	       !touches(question, question->ref.size, "System RAM", &some) && some;
}

/* The kernel looks at the first page alone. */
bool mmio_of_ram(const struct question *question, struct answer *answer)
{
	const struct libdma_check *check = question->check;
	bool debug = check->options.as_kernel, some = false;

	answer->dma = question->ref.phys;
	return is_resource(question) && (!debug || check->rules->debug_maps_are_phys) &&
	       touches(question, debug ? 1 : question->ref.size, "System RAM", &some);
}

bool map_kernel_text(const struct question *question, struct answer *answer)
{
	bool some = false;

	answer->dma = question->ref.phys;
	return question->ref.has_phys && !is_alloc_type(question->ref.type) &&
	       !is_resource(question) &&
	       (touches(question, question->ref.size, "Kernel code", &some) ||
		touches(question, question->ref.size, "Kernel rodata", &some));
}

/*
 * Cache lines
 */

static const struct line_check *kernel_line(const struct question *question)
{
	struct interval *at =
		intervals_at(&question->check->kernel_lines, question->ref.phys >> 6);

	return at && MUTANT(G02, question->ref.dir != DMA_TO_DEVICE, true)
		       ? member_of(at, struct line_check, by_line)
		       : NULL;
}

static bool kernel_overlaps(const struct question *question)
{
	const uint64_t spared =
		DMA_ATTR_DEBUGGING_IGNORE_CACHELINES | DMA_ATTR_REQUIRE_COHERENT;
	const struct libdma_check *check = question->check;
	const struct line_check *line = kernel_line(question);

	if (!line || question->ref.attrs & DMA_ATTR_SKIP_CPU_SYNC)
		return false;
	return !check->rules->debug_spares_lines ||
	       (check->options.cache_alignment >= 64 &&
		!(question->ref.attrs & spared && line->attrs & spared));
}

/* Another mapping that has bytes in the cache lines of this one. */
static const struct record *sharer(const struct question *question, bool same_first)
{
	const struct libdma_check *check = question->check;
	const uint64_t line = check->line_size;
	uint64_t first = align_down(question->ref.phys, line);
	uint64_t last = range_last(question->ref.phys,
				   MUTANT(G05, question->ref.size,
					  question->ref.size + 1)) |
			(line - 1);
	struct interval *at = intervals_first(&check->lines, first, last);

	for (; at; at = intervals_next(at, first, last)) {
		const struct record *other = member_of(at, struct record, by_line);
		bool same = align_down(other->ref.phys, line) == first;

		if (same == same_first && (other->ref.dir != DMA_TO_DEVICE ||
					   question->ref.dir != DMA_TO_DEVICE))
			return other;
	}
	return NULL;
}

static bool is_shared(const struct question *question, struct answer *answer,
		      bool same_first)
{
	const struct record *other;

	if (!question->device->noncoherent || !question->ref.has_phys)
		return false;
	other = sharer(question, same_first);
	if (!other)
		return false;
	answer->begin = &other->origin->event;
	answer->dma = question->ref.phys;
	if (other->may_be_stale)
		answer->doubt = LIBDMA_DOUBT_SKIPPED;
	return true;
}

bool cacheline_overlap(const struct question *question, struct answer *answer)
{
	if (question->check->options.as_kernel)
		return kernel_overlaps(question);
	return is_shared(question, answer, true);
}

bool cacheline_shared(const struct question *question, struct answer *answer)
{
	return is_shared(question, answer, false);
}

/* Told once, as the kernel does. */
bool cacheline_overlaps_many(const struct question *question, struct answer *answer)
{
	const uint64_t spared =
		DMA_ATTR_DEBUGGING_IGNORE_CACHELINES | DMA_ATTR_REQUIRE_COHERENT;
	const struct line_check *line = kernel_line(question);

	answer->is = line ? line->overlaps + 1 : 0;
	if (question->check->overlaps_told || answer->is <= KERNEL_OVERLAPS ||
	    (question->check->rules->debug_spares_lines && question->ref.attrs & spared))
		return false;
	question->check->overlaps_told = true;
	return true;
}

/*
 * What the device can reach
 */

/* The caller's bytes, as the kernel looks at them, or else the device's. */
bool segment_too_long(const struct question *question, struct answer *answer)
{
	const struct dma_event *event = question->event;
	const struct limits *limits = &question->device->limits;
	bool entry = event->size_list && question->index < event->phys_count;

	if (question->ref.type != TYPE_SG || !limits->has_max_segment)
		return false;
	answer->is = entry ? event->size_list[question->index] : 0;
	if (!question->check->options.as_kernel && question->ref.size > answer->is)
		answer->is = question->ref.size;
	answer->was = limits->max_segment;
	return answer->is > answer->was;
}

bool segment_over_boundary(const struct question *question, struct answer *answer)
{
	const struct limits *limits = &question->device->limits;
	uint64_t start = question->ref.dma, end = start + question->ref.size - 1;

	answer->was = limits->boundary;
	answer->is = end;
	return question->ref.type == TYPE_SG && limits->has_boundary &&
	       (start ^ end) & ~limits->boundary;
}

bool beyond_mask(const struct question *question, struct answer *answer)
{
	const struct limits *limits = &question->device->limits;
	bool alloc = question->ref.type == TYPE_COHERENT;

	if (alloc ? !limits->has_coherent_mask : !limits->has_mask)
		return false;
	answer->was = alloc ? limits->coherent_mask : limits->mask;
	if (limits->bus_limit && limits->bus_limit < answer->was)
		answer->was = limits->bus_limit;
	answer->is = range_last(question->ref.dma, question->ref.size);
	return answer->is > answer->was;
}

/* An address that stands for memory of its own has one owner at a time. */
bool address_given_twice(const struct question *question, struct answer *answer)
{
	const struct reference *ref = &question->ref;
	uint64_t last = range_last(ref->dma, ref->size);
	struct interval *at = intervals_first(&question->device->ranges, ref->dma, last);
	const struct record *other = record_of(at);
	bool translated;

	if (!other || !ref->size || !other->ref.size)
		return false;
	translated = ref->has_phys && other->ref.has_phys && ref->dma != ref->phys &&
		     other->ref.dma != other->ref.phys;
	if (!translated && !is_alloc_type(ref->type) && !is_alloc_type(other->ref.type))
		return false;
	answer->begin = &other->origin->event;
	if (other->may_be_stale)
		answer->doubt = LIBDMA_DOUBT_SKIPPED;
	if (other->losses != question->check->losses)
		answer->doubt |= LIBDMA_DOUBT_LOST;
	return true;
}

bool iova_before_flush(const struct question *question, struct answer *answer)
{
	const struct libdma_check *check = question->check;
	const struct ended *ended;

	if (!check->lazy || !check->flushes ||
	    (question->ref.has_phys && question->ref.phys == question->ref.dma))
		return false;
	ended = ledger_ended(check, question->event->device, question->ref.dma,
			     question->ref.size);
	if (!ended || ended->flushes != check->flushes)
		return false;
	answer->begin = &ended->origin->event;
	answer->other = &ended->event;
	return true;
}
