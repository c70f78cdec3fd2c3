// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * reference-check.c - the rules of the DMA API, one call after the other
 *
 * Written from what RULES.md says of dma-debug (E1-E25) and from the summaries of our
 * own rules, call by call where the library has a table: what a map, an unmap, a sync
 * breaks is said in one place each.
 */
#include <string.h>

#include "oracle.h"
#include "reference-check.h"
#include "reference.h"

REFERENCE_BEGIN

void reference_check_init(struct reference_check *reference, enum dma_kernel kernel,
			  bool as_kernel)
{
	reference->kernel = kernel;
	reference->as_kernel = as_kernel;
	memset(reference->device, 0, sizeof(reference->device));
	memset(reference->pool, 0, sizeof(reference->pool));
	reference->ranges = reference->origins = reference->endeds = reference->lines = 0;
	reference->losses = reference->saids = 0;
	reference->flushes = reference->entered = 0;
	reference->errors_seen = reference->many_told = false;
}

struct reference_said *reference_check_say(struct reference_check *reference,
					   unsigned int rule, uint32_t doubt)
{
	bool ours = rule == 10 || rule == 19 || rule > 100;
	struct reference_said *said = &reference->said[reference->saids];

	if (reference->as_kernel ? ours : rule == 25)
		return NULL;
	expect(MEMORY, reference->saids++ < REFERENCE_CHECK_SAID);
	*said = (struct reference_said) {
		.rule = rule,
		.doubt = reference->as_kernel ? 0 : doubt,
	};
	return said;
}

void reference_differ(struct reference_said *said, uint64_t was, uint64_t is)
{
	if (!said)
		return;
	said->was = was;
	said->is = is;
}

void reference_of_range(struct reference_said *said, const struct reference_range *range)
{
	if (said && range)
		said->begin = range->origin->number + 1;
}

void reference_of_ended(struct reference_said *said, const struct reference_ended *ended)
{
	if (!said || !ended)
		return;
	said->begin = ended->begun_by + 1;
	said->other = ended->ended_by + 1;
}

struct reference_said *reference_say_of_past(const struct reference_call *call,
					     const struct reference_range *range,
					     unsigned int rule, uint32_t doubt)
{
	unsigned int losses = call->reference->losses;
	struct reference_said *said;

	if (range ? range->losses != losses : losses)
		doubt |= LIBDMA_DOUBT_LOST;
	said = reference_check_say(call->reference, rule, doubt);
	reference_of_range(said, range);
	return said;
}

uint32_t reference_late(const struct reference_call *call)
{
	return call->reference->from_start || call->device->seen_probe
		       ? 0
		       : LIBDMA_DOUBT_LATE;
}

bool reference_is_memory(enum reference_type type)
{
	return type == MEMORY || type == PAGES;
}

enum reference_type reference_type(const struct reference_check *reference,
				   unsigned int kind)
{
	bool renamed = reference->as_kernel && reference->kernel == DMA_KERNEL_7_2;

	switch (kind) {
	case DMA_EVENT_MAP_SG:
	case DMA_EVENT_UNMAP_SG:
	case DMA_EVENT_SYNC_SG_FOR_CPU:
	case DMA_EVENT_SYNC_SG_FOR_DEVICE:
		return LIST;
	case DMA_EVENT_ALLOC:
	case DMA_EVENT_FREE:
		return MEMORY;
	case DMA_EVENT_ALLOC_PAGES:
	case DMA_EVENT_FREE_PAGES:
		return reference->as_kernel && reference->kernel == DMA_KERNEL_6_1
			       ? ONE
			       : PAGES;
	case DMA_EVENT_MAP_RESOURCE:
	case DMA_EVENT_UNMAP_RESOURCE:
		return renamed ? PLACE : REGISTERS;
	case DMA_EVENT_IOVA_TRY_ALLOC:
	case DMA_EVENT_IOVA_FREE:
		return ADDRESSES;
	case DMA_EVENT_SYNC_SINGLE_FOR_CPU:
	case DMA_EVENT_SYNC_SINGLE_FOR_DEVICE:
		return ONE;
	default:
		return renamed ? PLACE : ONE;
	}
}

struct reference_ref reference_ref(const struct reference_call *call,
				   unsigned int segment)
{
	const struct dma_event *event = call->event;
	struct reference_ref ref = {
		.dma = event->dma,
		.size = event->size,
		.phys = event->phys,
		.cpu = event->cpu_addr,
		.attrs = event->attrs,
		.type = reference_type(call->reference, event->kind),
		.dir = event->dir,
		.has_phys = true,
	};

	if (ref.type != LIST || !event->dma_count)
		return ref;
	ref.dma = event->dma_list[segment];
	ref.size = event->dma_size_list[segment];
	ref.has_phys = event->phys_list && segment < event->phys_count;
	ref.phys = ref.has_phys ? event->phys_list[segment] : 0;
	ref.nents = event->nents;
	return ref;
}

/* What it is about: its slot of the arrays of devices is the number of its name. */
void reference_check_put(struct reference_check *reference, const struct dma_event *event)
{
	struct reference_call call = {
		.reference = reference,
		.device = &reference->device[event->device],
		.event = event,
	};

	reference->saids = 0;
	reference->losses += event->kind == DMA_EVENT_LOST;
	reference->flushes += event->kind == DMA_EVENT_FLUSH;
	if (!event->device)
		return;
	call.ref = reference_ref(&call, 0);
	switch (libdma_event_kind_class(event->kind)) {
	case DMA_CLASS_MAP:
	case DMA_CLASS_ALLOC:
		reference_map(&call);
		break;
	case DMA_CLASS_UNMAP:
	case DMA_CLASS_FREE:
		reference_unmap(&call);
		break;
	case DMA_CLASS_SYNC:
		reference_sync(&call);
		break;
	default:
		reference_other(&call);
	}
}

REFERENCE_END
