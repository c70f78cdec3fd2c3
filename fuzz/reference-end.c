// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * reference-end.c - what is wrong with a call that unmaps or frees
 */
#include "reference-check.h"
#include "reference.h"

REFERENCE_BEGIN

#define OF_BOTH                                                                   \
	(DMA_ATTR_NO_KERNEL_MAPPING | DMA_ATTR_FORCE_CONTIGUOUS | DMA_ATTR_MMIO | \
	 DMA_ATTR_REQUIRE_COHERENT | DMA_ATTR_PRIVILEGED | DMA_ATTR_CC_SHARED)

static void end_unknown(const struct reference_call *call)
{
	struct reference_check *reference = call->reference;
	const struct reference_ref *ref = &call->ref;
	const struct reference_ended *ended =
		reference_ended(reference, call->event->device, ref->dma, ref->size);
	struct reference_range *older;
	bool again = ended && ended->start == ref->dma && ended->type == ref->type &&
		     (ref->type == LIST || ended->end_size == ref->size);

	if (ref->dma == DMA_MAPPING_ERROR)
		reference_check_say(reference, 1, 0);
	else if (!again)
		reference_say_of_past(call, NULL, 2, reference_late(call));
	if (again)
		reference_of_ended(reference_say_of_past(call, NULL, 101, 0), ended);
	if (!reference->as_kernel)
		return;
	older = reference_unchecked(reference, call->event->device, ref->dma);
	if (older)
		older->unchecked = false;
}

static void end_compare(const struct reference_call *call,
			const struct reference_range *range)
{
	const struct reference_check *reference = call->reference;
	const struct reference_ref *ref = &call->ref, *was = &range->ref;
	bool returned = ref->nents == range->ents && range->ents < was->nents;
	unsigned int many = reference->as_kernel || !returned ? 6 : 107;

	if (was->size != ref->size)
		reference_differ(reference_say_of_past(call, range, 3, 0), was->size,
				 ref->size);
	if (was->type != ref->type)
		reference_say_of_past(call, range, 4, 0);
	else if (reference_is_memory(ref->type) && was->cpu && ref->cpu &&
		 was->cpu != ref->cpu)
		reference_differ(reference_say_of_past(call, range, 5, 0), was->cpu,
				 ref->cpu);
	if (ref->type == LIST && ref->nents && ref->nents != was->nents)
		reference_differ(
			reference_say_of_past(call, range, many, 0), was->nents,
			ref->nents);
	if (was->dir != ref->dir && ref->type != ADDRESSES)
		reference_differ(reference_say_of_past(call, range, 7, 0), was->dir,
				 ref->dir);
	if (range->unchecked && reference->errors_seen)
		reference_say_of_past(call, range, 8, 0);
	if (reference->kernel == DMA_KERNEL_7_2 && (was->attrs ^ ref->attrs) & OF_BOTH)
		reference_differ(reference_say_of_past(call, range, 9, 0), was->attrs,
				 ref->attrs);
	if (call->device->noncoherent && was->dir != DMA_FROM_DEVICE &&
	    was->attrs & DMA_ATTR_SKIP_CPU_SYNC && !reference_is_memory(was->type) &&
	    !range->synced)
		reference_say_of_past(call, range, 103, 0);
}

static bool end_one(struct reference_call *call)
{
	struct reference_range *range =
		reference_find(call->reference, call->event->device, &call->ref);

	if (!range) {
		end_unknown(call);
		return false;
	}
	if (call->ref.type == ADDRESSES)
		call->ref.size = range->ref.size;
	end_compare(call, range);
	reference_end(call->reference, range, call->event);
	return true;
}

static void end_list_as_kernel(struct reference_call *call)
{
	uint32_t count = call->event->dma_count, mapped = 0;
	const struct reference_range *first;

	for (uint32_t i = 0; i < count && (!mapped || i < mapped); i++) {
		call->ref = reference_ref(call, i);
		first = i ? NULL
			  : reference_find(call->reference, call->event->device,
					   &call->ref);
		if (first)
			mapped = first->ents;
		end_one(call);
	}
}

/* How well do the entries that a call names agree with what a list was mapped of? */
static unsigned int list_fit(const struct reference_origin *origin,
			     const struct dma_event *event)
{
	bool whole = origin->phys_count == event->phys_count;

	for (uint32_t i = 0; i < origin->phys_count && i < event->phys_count; i++)
		if (origin->phys[i] != event->phys_list[i])
			return 0;
	return 1 + 2 * whole + (origin->dir == event->dir);
}

static struct reference_origin *list_by_phys(const struct reference_call *call)
{
	const struct reference_check *reference = call->reference;
	struct reference_origin *best = NULL;
	unsigned int best_fit = 0;

	for (unsigned int i = 0; i < reference->ranges; i++) {
		struct reference_origin *origin = reference->range[i].origin;
		unsigned int fit;

		if (!origin->has_list || origin->device != call->event->device ||
		    origin->phys[0] != call->event->phys_list[0])
			continue;
		fit = list_fit(origin, call->event);
		if (fit > best_fit ||
		    (fit && fit == best_fit && origin->entered < best->entered)) {
			best = origin;
			best_fit = fit;
		}
	}
	return best;
}

static struct reference_range *segment_of(struct reference_check *reference,
					  const struct reference_origin *origin,
					  uint32_t segment)
{
	for (unsigned int i = 0; i < reference->ranges; i++)
		if (reference->range[i].origin == origin &&
		    reference->range[i].segment == segment)
			return &reference->range[i];
	return NULL;
}

static void end_list(struct reference_call *call)
{
	struct reference_origin *origin;
	struct reference_range *range;

	if (call->event->dma_count) {
		call->ref = reference_ref(call, 0);
		range = reference_find(call->reference, call->event->device, &call->ref);
		origin = range ? range->origin : NULL;
	} else {
		origin = list_by_phys(call);
	}
	if (!origin) {
		end_unknown(call);
		return;
	}
	range = segment_of(call->reference, origin, 0);
	if (!range)
		return;
	if (!call->event->dma_count) {
		call->ref.size = range->ref.size;
		call->ref.nents = call->event->nents;
	}
	end_compare(call, range);
	for (uint32_t i = 0; i < REFERENCE_CHECK_ENTRIES; i++) {
		range = segment_of(call->reference, origin, i);
		if (range)
			reference_end(call->reference, range, call->event);
	}
}

void reference_unmap(struct reference_call *call)
{
	if (call->event->kind != DMA_EVENT_UNMAP_SG)
		end_one(call);
	else if (call->reference->as_kernel)
		end_list_as_kernel(call);
	else
		end_list(call);
}

REFERENCE_END
