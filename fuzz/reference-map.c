// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * reference-map.c - what is wrong with a call that maps or allocates
 */
#include "reference-check.h"
#include "reference.h"

REFERENCE_BEGIN

#define SPARED (DMA_ATTR_DEBUGGING_IGNORE_CACHELINES | DMA_ATTR_REQUIRE_COHERENT)

static bool touches(uint64_t phys, uint64_t size, uint64_t start, uint64_t end)
{
	return phys < end && phys + (size ? size : 1) > start;
}

/* What memory is it? */
static void map_piece(const struct reference_call *call, uint64_t phys, uint64_t size)
{
	const struct reference_check *reference = call->reference;
	bool registers = call->event->kind == DMA_EVENT_MAP_RESOURCE ||
			 call->ref.attrs & DMA_ATTR_MMIO;
	bool ram, kernels = reference->as_kernel;

	if (!reference->ram_end)
		return;
	ram = touches(phys, registers && kernels ? 1 : size, reference->ram_start,
		      reference->ram_end);
	if (call->ref.type == ONE && !registers && !ram)
		reference_check_say(call->reference, 10, 0);
	if (!registers && !reference_is_memory(call->ref.type) &&
	    touches(phys, size, reference->text_start, reference->text_end))
		reference_check_say(call->reference, 13, 0);
	if (registers && ram && (!kernels || reference->kernel == DMA_KERNEL_7_2))
		reference_check_say(call->reference, 17, 0);
}

static void map_lines_as_kernel(const struct reference_call *call)
{
	struct reference_check *reference = call->reference;
	const struct reference_line *line = reference_line(reference, call->ref.phys);
	bool new = reference->kernel == DMA_KERNEL_7_2, spares = call->ref.attrs &SPARED;

	if (!line || call->ref.dir == DMA_TO_DEVICE)
		return;
	if (!(call->ref.attrs & DMA_ATTR_SKIP_CPU_SYNC) &&
	    !(new && (reference->alignment < 64 || (spares && line->attrs & SPARED))))
		reference_check_say(reference, 14, 0);
	if (line->overlaps == 7 && !reference->many_told && !(new &&spares)) {
		reference->many_told = true;
		reference_check_say(reference, 25, 0);
	}
}

static void say_shared(const struct reference_call *call,
		       const struct reference_range *other, unsigned int rule)
{
	uint32_t doubt = other->stale ? LIBDMA_DOUBT_SKIPPED : 0;

	reference_of_range(reference_say_of_past(call, NULL, rule, doubt), other);
}

/* Mappings that share a line of a device that is not coherent: by the first, or not. */
static void map_lines(const struct reference_call *call)
{
	const struct reference_check *reference = call->reference;
	const struct reference_range *by_first = NULL, *other = NULL;
	uint64_t line = reference->alignment > 64 ? reference->alignment : 64;
	uint64_t first = call->ref.phys / line;
	uint64_t last = reference_last(call->ref.phys, call->ref.size) / line;

	if (!call->device->noncoherent || !call->ref.has_phys)
		return;
	for (unsigned int i = 0; i < reference->ranges; i++) {
		const struct reference_range *range = &reference->range[i];
		const struct reference_range **which =
			range->ref.phys / line == first ? &by_first : &other;
		uint64_t end = reference_last(range->ref.phys, range->ref.size) / line;

		if (!reference->device[range->device].noncoherent ||
		    !range->ref.has_phys || end < first || range->ref.phys / line > last)
			continue;
		/* in its last line it may end before this one's bytes, not before its
		 * line */
		if (reference_last(range->ref.phys, range->ref.size) < first * line)
			continue;
		if (range->ref.dir == DMA_TO_DEVICE && call->ref.dir == DMA_TO_DEVICE)
			continue;
		if (!*which || range->ref.phys < (*which)->ref.phys)
			*which = range;
	}
	if (by_first)
		say_shared(call, by_first, 14);
	if (other)
		say_shared(call, other, 105);
}

static void map_reach(const struct reference_call *call)
{
	const struct reference_device *device = call->device;
	const struct reference_ref *ref = &call->ref;
	uint64_t mask = ref->type == MEMORY ? device->coherent_mask : device->mask;

	if (mask && device->bus_limit && device->bus_limit < mask)
		mask = device->bus_limit;
	if (mask && reference_last(ref->dma, ref->size) > mask)
		reference_differ(reference_check_say(call->reference, 106, 0), mask,
				 reference_last(ref->dma, ref->size));
}

/* An address that is not the memory's own has one owner. */
static void map_twice(const struct reference_call *call)
{
	const struct reference_ref *ref = &call->ref;
	const struct reference_range *other = reference_overlap(
		call->reference, call->event->device, ref->dma, ref->size);
	uint32_t doubt = 0;

	if (!other)
		return;
	if (!reference_is_memory(ref->type) && !reference_is_memory(other->ref.type) &&
	    !(ref->has_phys && other->ref.has_phys && ref->phys != ref->dma &&
	      other->ref.phys != other->ref.dma))
		return;
	if (other->stale)
		doubt |= LIBDMA_DOUBT_SKIPPED;
	if (other->losses != call->reference->losses)
		doubt |= LIBDMA_DOUBT_LOST;
	reference_of_range(reference_say_of_past(call, NULL, 108, doubt), other);
}

static void map_before_flush(const struct reference_call *call)
{
	const struct reference_check *reference = call->reference;
	const struct reference_ref *ref = &call->ref;
	const struct reference_ended *ended =
		reference_ended(reference, call->event->device, ref->dma, ref->size);

	if (reference->lazy && reference->flushes && ended &&
	    ended->flushes == reference->flushes &&
	    !(ref->has_phys && ref->phys == ref->dma))
		reference_of_ended(reference_say_of_past(call, NULL, 109, 0), ended);
}

static void map_segment(const struct reference_call *call, unsigned int segment)
{
	const struct dma_event *event = call->event;
	const struct reference_device *device = call->device;
	const struct reference_ref *ref = &call->ref;
	uint64_t boundary = device->boundary, length = ref->size;

	if (ref->type == LIST && segment < event->phys_count)
		length = event->size_list[segment];
	/* dma-debug looks at what the caller has, the device at what that became */
	if (!call->reference->as_kernel && ref->size > length)
		length = ref->size;
	if (ref->type == LIST && device->max_segment && length > device->max_segment)
		reference_differ(reference_check_say(call->reference, 15, 0),
				 device->max_segment, length);
	if (ref->type == LIST && boundary &&
	    ref->dma / (boundary + 1) != (ref->dma + ref->size - 1) / (boundary + 1))
		reference_differ(reference_check_say(call->reference, 16, 0), boundary,
				 ref->dma + ref->size - 1);
	if (call->reference->as_kernel) {
		map_lines_as_kernel(call);
		return;
	}
	map_lines(call);
	map_reach(call);
	map_twice(call);
	map_before_flush(call);
}

static void check_as_it_maps(const struct reference_call *call)
{
	struct reference_range *older;

	if (!call->reference->as_kernel ||
	    (call->ref.type != ONE && call->ref.type != PLACE))
		return;
	older = reference_unchecked(call->reference, call->event->device, call->ref.dma);
	if (older)
		older->unchecked = false;
}

void reference_map(struct reference_call *call)
{
	struct reference_check *reference = call->reference;
	const struct dma_event *event = call->event;
	struct reference_origin *origin = &reference->origin[reference->origins];
	bool list = event->kind == DMA_EVENT_MAP_SG;
	bool records_failure = event->kind == DMA_EVENT_MAP_RESOURCE &&
			       reference->as_kernel &&
			       reference->kernel != DMA_KERNEL_7_2;
	bool is_memory_kind = event->kind == DMA_EVENT_ALLOC ||
			      event->kind == DMA_EVENT_ALLOC_PAGES;

	check_as_it_maps(call);
	if (!records_failure && (event->error || event->dma == DMA_MAPPING_ERROR)) {
		/* what was passed may be why; dma-debug does not look */
		if (!reference->as_kernel && !list && !is_memory_kind)
			map_piece(call, event->phys, event->size);
		return;
	}
	reference->origins++;
	*origin = (struct reference_origin) {
		.number = event->number,
		.device = event->device,
		.dir = event->dir,
		.has_list = list,
		.by_phys = event->kind == DMA_EVENT_MAP_PHYS,
		.direct = (list ? event->phys_list[0] == event->dma_list[0]
				: event->phys == event->dma) &&
			  !is_memory_kind,
		.phys_count = list ? event->phys_count : 0,
		.dma_count = list ? event->dma_count : 1,
	};
	for (unsigned int i = 0; i < origin->phys_count; i++)
		origin->phys[i] = event->phys_list[i];
	for (unsigned int i = 0; i < origin->phys_count; i++)
		map_piece(call, event->phys_list[i], event->size_list[i]);
	if (!list)
		map_piece(call, event->phys, event->size);
	for (unsigned int i = 0; i < origin->dma_count; i++) {
		call->ref = reference_ref(call, i);
		map_segment(call, i);
		reference_enter(reference, origin, &call->ref, event->ents, i);
	}
}

REFERENCE_END
