// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * reference-use.c - what is wrong with a call between a mapping's beginning and its
 * end, with pools and regions, and with what a driver leaves behind
 */
#include "reference-check.h"
#include "reference.h"

REFERENCE_BEGIN

#define FAULT_WRITE 1

/* ---- syncs ---- */

static bool is_for_cpu(const struct reference_call *call)
{
	return call->event->kind == DMA_EVENT_SYNC_SINGLE_FOR_CPU ||
	       call->event->kind == DMA_EVENT_SYNC_SG_FOR_CPU;
}

static void sync_compare(const struct reference_call *call,
			 const struct reference_range *range)
{
	const struct reference_ref *ref = &call->ref, *was = &range->ref;
	bool for_cpu = is_for_cpu(call);
	bool reads = for_cpu && was->dir != DMA_FROM_DEVICE && ref->dir != DMA_TO_DEVICE;
	bool writes =
		!for_cpu && was->dir != DMA_TO_DEVICE && ref->dir != DMA_FROM_DEVICE;

	if (was->dir != DMA_BIDIRECTIONAL) {
		bool says_more = reads || writes;

		if (was->dir != ref->dir && (call->reference->as_kernel || !says_more))
			reference_differ(reference_say_of_past(call, range, 20, 0),
					 was->dir, ref->dir);
		if (reads)
			reference_differ(reference_say_of_past(call, range, 21, 0),
					 was->dir, ref->dir);
		if (writes)
			reference_differ(reference_say_of_past(call, range, 22, 0),
					 was->dir, ref->dir);
		if (ref->type == LIST && ref->nents && ref->nents != was->nents)
			reference_differ(reference_say_of_past(call, range, 23, 0),
					 was->nents, ref->nents);
	}
	if (!for_cpu && call->device->noncoherent && was->dir != DMA_TO_DEVICE &&
	    !reference_is_memory(was->type) && range->with_device &&
	    ref->size >= was->size)
		reference_say_of_past(call, range, 104, 0);
}

static void sync_unknown(const struct reference_call *call)
{
	struct reference_check *reference = call->reference;
	const struct reference_ref *ref = &call->ref;
	uint32_t device = call->event->device;
	const struct reference_ended *ended =
		reference_ended(reference, device, ref->dma, ref->size);
	const struct reference_range *range =
		reference_overlap(reference, device, ref->dma, 1);
	struct reference_said *said;

	if (reference->as_kernel) {
		reference_check_say(reference, 18, 0);
	} else if (range) {
		said = reference_say_of_past(call, NULL, 19, 0);
		reference_of_range(said, range);
		reference_differ(said, range->ref.size,
				 ref->dma - range->ref.dma + ref->size);
	} else if (ended) {
		reference_of_ended(reference_say_of_past(call, NULL, 102, 0), ended);
	} else {
		reference_say_of_past(call, NULL, 18, reference_late(call));
	}
}

static void sync_range(const struct reference_call *call, bool asks)
{
	struct reference_range *range =
		reference_find_around(call->reference, call->event->device, &call->ref);

	if (!range) {
		sync_unknown(call);
		return;
	}
	if (asks)
		sync_compare(call, range);
	if (is_for_cpu(call)) {
		range->with_device = false;
		return;
	}
	range->synced = true;
	range->with_device |= call->ref.size >= range->ref.size;
}

void reference_sync(struct reference_call *call)
{
	bool as_kernel = call->reference->as_kernel;
	const struct reference_range *first;
	uint32_t count;

	if (call->ref.type != LIST) {
		sync_range(call, true);
		return;
	}
	if (!call->event->dma_count)
		return;
	first = reference_find(call->reference, call->event->device, &call->ref);
	count = first ? first->ents : !as_kernel;
	for (uint32_t i = 0; i < count && i < call->event->dma_count; i++) {
		call->ref = reference_ref(call, i);
		sync_range(call, as_kernel || !i);
	}
}

/* ---- pools and regions ---- */

static void of_event(struct reference_said *said, uint64_t number)
{
	if (said)
		said->begin = number + 1;
}

static struct reference_block *block_of(struct reference_check *reference,
					unsigned int which, uint64_t dma)
{
	for (unsigned int i = 0; i < reference->pool[which].blocks; i++)
		if (reference->pool[which].block[i].dma == dma)
			return &reference->pool[which].block[i];
	return NULL;
}

static void free_block(const struct reference_call *call, unsigned int which)
{
	struct reference_check *reference = call->reference;
	const struct dma_event *event = call->event;
	struct reference_block *block = block_of(reference, which, event->dma);
	struct reference_block *by_cpu = NULL;
	struct reference_said *said;

	for (unsigned int i = 0; !block && i < reference->pool[which].blocks; i++)
		if (reference->pool[which].block[i].cpu == event->cpu_addr)
			by_cpu = &reference->pool[which].block[i];
	if (!block && !by_cpu)
		reference_say_of_past(
			call, NULL, 113,
			reference->pool[which].seen_create ? 0 : LIBDMA_DOUBT_LATE);
	if (by_cpu ? by_cpu->dma && event->dma : block && block->cpu != event->cpu_addr) {
		said = reference_say_of_past(call, NULL, 114, 0);
		of_event(said, block ? block->number : by_cpu->number);
		if (block)
			reference_differ(said, block->cpu, event->cpu_addr);
		else
			reference_differ(said, by_cpu->dma, event->dma);
	}
	if (block)
		*block = reference->pool[which].block[--reference->pool[which].blocks];
}

static void add_block(const struct reference_call *call, unsigned int which)
{
	struct reference_check *reference = call->reference;
	const struct dma_event *event = call->event;
	struct reference_block *block = block_of(reference, which, event->dma);

	if (event->error)
		return;
	if (!block)
		block = &reference->pool[which].block[reference->pool[which].blocks++];
	*block = (struct reference_block) { .dma = event->dma,
					    .cpu = event->cpu_addr,
					    .number = event->number };
}

static void destroy_pool(const struct reference_call *call, unsigned int which)
{
	const unsigned int blocks = call->reference->pool[which].blocks;
	const struct reference_block *block = call->reference->pool[which].block;
	const struct reference_block *first = block;
	struct reference_said *said;

	if (!blocks)
		return;
	for (unsigned int i = 1; i < blocks; i++)
		if (block[i].dma < first->dma)
			first = &block[i];
	said = reference_say_of_past(call, NULL, 115, 0);
	of_event(said, first->number);
	reference_differ(said, 0, blocks);
}

static void pool(const struct reference_call *call)
{
	struct reference_check *reference = call->reference;
	unsigned int which = (unsigned int)call->event->handle;

	switch (call->event->kind) {
	case DMA_EVENT_POOL_CREATE:
		if (call->event->error)
			return;
		reference->pool[which].blocks = 0;
		reference->pool[which].live = reference->pool[which].seen_create = true;
		break;
	case DMA_EVENT_POOL_ALLOC:
		reference->pool[which].live = true;
		add_block(call, which);
		break;
	case DMA_EVENT_POOL_FREE:
		reference->pool[which].live = true;
		free_block(call, which);
		break;
	default:
		destroy_pool(call, which);
		reference->pool[which].blocks = 0;
		reference->pool[which].live = reference->pool[which].seen_create = false;
	}
}

static void release_region(const struct reference_call *call)
{
	struct reference_device *device = call->device;
	uint64_t last = reference_last(device->region_dma, device->region_size);
	const struct reference_range *busy = NULL;
	struct reference_said *said;

	for (unsigned int i = 0; i < call->reference->ranges; i++) {
		const struct reference_range *range = &call->reference->range[i];

		if (range->device == call->event->device &&
		    reference_is_memory(range->ref.type) && range->ref.dma <= last &&
		    reference_last(range->ref.dma, range->ref.size) >=
			    device->region_dma &&
		    (!busy || range->ref.dma < busy->ref.dma))
			busy = range;
	}
	if (device->has_region && busy) {
		said = reference_say_of_past(call, NULL, 117, 0);
		reference_of_range(said, busy);
		if (said)
			said->other = device->region_number + 1;
	}
	device->has_region = false;
}

static void declare_region(const struct reference_call *call)
{
	struct reference_device *device = call->device;

	if (device->has_region)
		of_event(reference_say_of_past(call, NULL, 116, 0),
			 device->region_number);
	if (call->event->error)
		return;
	device->has_region = true;
	device->region_dma = call->event->dma;
	device->region_size = call->event->size;
	device->region_number = call->event->number;
}

/* ---- devices ---- */

/* One mapping that the driver cannot have been right to leave behind is enough. */
static void leave(const struct reference_call *call)
{
	const struct reference_check *reference = call->reference;
	const struct reference_range *first = NULL, *sure = NULL;
	struct reference_said *said;

	for (unsigned int i = 0; i < reference->ranges; i++) {
		const struct reference_range *range = &reference->range[i];

		if (range->device != call->event->device)
			continue;
		if (!range->stale && (!sure || range->ref.dma < sure->ref.dma))
			sure = range;
		if (!first || range->ref.dma < first->ref.dma)
			first = range;
	}
	call->device->driver = 0;
	if (!first)
		return;
	said = reference_say_of_past(call, first, 24, sure ? 0 : LIBDMA_DOUBT_SKIPPED);
	reference_differ(said, 0, reference_live(reference, call->event->device));
	if (said)
		said->begin = 0; /* which of those that may be stale is not compared */
	reference_of_range(said, sure);
}

static void learn(const struct reference_call *call)
{
	const struct dma_event *event = call->event;
	struct reference_device *device = call->device;
	bool bare = !event->name && !event->mask && !event->max_segment_size;

	if (device->driver && (bare || (event->name && event->name != device->driver)))
		leave(call);
	if (event->name)
		device->driver = event->name;
	if (bare)
		return;
	device->mask = event->mask;
	device->coherent_mask = event->coherent_mask;
	device->boundary = event->boundary;
	device->max_segment = event->max_segment_size;
	device->has_skip_sync = true;
	device->skip_sync = event->flags & DMA_EVENT_SKIP_SYNC;
}

static void set_mask(const struct reference_call *call)
{
	if (call->event->error)
		return;
	if (!reference_live(call->reference, call->event->device))
		call->device->seen_probe = true;
	if (call->event->kind == DMA_EVENT_SET_MASK)
		call->device->mask = call->event->mask;
	else
		call->device->coherent_mask = call->event->mask;
}

static void fault(const struct reference_call *call)
{
	struct reference_check *reference = call->reference;
	const struct dma_event *event = call->event;
	const struct reference_range *range =
		reference_overlap(reference, event->device, event->dma, 1);
	const struct reference_ended *ended =
		reference_ended(reference, event->device, event->dma, 1);
	uint8_t did = event->fault & FAULT_WRITE ? DMA_FROM_DEVICE : DMA_TO_DEVICE;

	if (range) {
		if (range->ref.dir != DMA_BIDIRECTIONAL && range->ref.dir != did)
			reference_differ(reference_say_of_past(call, range, 111, 0),
					 range->ref.dir, did);
	} else if (ended) {
		reference_of_ended(reference_say_of_past(call, NULL, 110, 0), ended);
	} else {
		reference_say_of_past(call, NULL, 112, reference_late(call));
	}
}

static void ask_error(const struct reference_call *call)
{
	struct reference_range *range = reference_unchecked(
		call->reference, call->event->device, call->event->dma);

	call->reference->errors_seen = true;
	if (range)
		range->unchecked = false;
}

void reference_other(struct reference_call *call)
{
	const struct reference_range *range;

	switch (call->event->kind) {
	case DMA_EVENT_POOL_CREATE:
	case DMA_EVENT_POOL_ALLOC:
	case DMA_EVENT_POOL_FREE:
	case DMA_EVENT_POOL_DESTROY:
		pool(call);
		break;
	case DMA_EVENT_DECLARE_COHERENT_MEMORY:
		declare_region(call);
		break;
	case DMA_EVENT_RELEASE_COHERENT_MEMORY:
		release_region(call);
		break;
	case DMA_EVENT_MARK_DECLARED_MEMORY_OCCUPIED:
		range = reference_overlap(call->reference, call->event->device,
					  call->event->dma, call->event->size);
		if (range)
			reference_of_range(reference_say_of_past(call, NULL, 118, 0),
					   range);
		break;
	case DMA_EVENT_SET_MASK:
	case DMA_EVENT_SET_COHERENT_MASK:
		set_mask(call);
		break;
	case DMA_EVENT_DEVICE:
		learn(call);
		break;
	case DMA_EVENT_IOMMU_IO_PAGE_FAULT:
		fault(call);
		break;
	case DMA_EVENT_MAPPING_ERROR:
		ask_error(call);
		break;
	default:
		break;
	}
}

REFERENCE_END
