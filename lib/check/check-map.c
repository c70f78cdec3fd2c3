// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * check-map.c - calls that map or allocate: each range is asked about, then entered
 *
 * Kernel counterpart: kernel/dma/debug.c, debug_dma_map_*(), debug_dma_alloc_*()
 */
#include <errno.h>

#include "base/mutant.h"
#include "check/call.h"

enum mapping_type call_type(const struct libdma_check *check, unsigned int kind)
{
	bool debug = check->options.as_kernel;

	switch (kind) {
	case DMA_EVENT_MAP_SG:
	case DMA_EVENT_UNMAP_SG:
	case DMA_EVENT_ALLOC_SGT:
	case DMA_EVENT_FREE_SGT:
	case DMA_EVENT_SYNC_SG_FOR_CPU:
	case DMA_EVENT_SYNC_SG_FOR_DEVICE:
		return TYPE_SG;
	case DMA_EVENT_ALLOC:
	case DMA_EVENT_FREE:
		return TYPE_COHERENT;
	case DMA_EVENT_ALLOC_PAGES:
	case DMA_EVENT_FREE_PAGES:
		return debug && !check->rules->debug_knows_pages ? TYPE_SINGLE
								 : TYPE_NONCOHERENT;
	case DMA_EVENT_IOVA_TRY_ALLOC:
	case DMA_EVENT_IOVA_FREE:
	case DMA_EVENT_IOVA_DESTROY:
		return TYPE_IOVA;
	case DMA_EVENT_SYNC_SINGLE_FOR_CPU:
	case DMA_EVENT_SYNC_SINGLE_FOR_DEVICE:
		return TYPE_SINGLE;
	case DMA_EVENT_MAP_RESOURCE:
	case DMA_EVENT_UNMAP_RESOURCE:
		return debug && check->rules->debug_maps_are_phys ? TYPE_PHYS
								  : TYPE_RESOURCE;
	default:
		return debug && check->rules->debug_maps_are_phys ? TYPE_PHYS
								  : TYPE_SINGLE;
	}
}

struct reference call_reference(const struct libdma_check *check,
				const struct dma_event *event)
{
	bool alloc = libdma_event_kind_class(event->kind) == DMA_CLASS_ALLOC;

	return (struct reference) {
		.dma = event->dma,
		.size = event->size,
		.phys = event->phys,
		.cpu_addr = event->cpu_addr,
		.attrs = event->attrs,
		.type = call_type(check, event->kind),
		.dir = event->dir,
		.has_phys = !alloc || event->phys,
	};
}

struct reference call_segment(const struct libdma_check *check,
			      const struct dma_event *event, unsigned int index)
{
	struct reference ref = call_reference(check, event);

	ref.dma = event->dma_list[index];
	ref.size = event->dma_size_list ? event->dma_size_list[index] : 0;
	ref.has_phys = event->phys_list && index < event->phys_count;
	ref.phys = ref.has_phys ? event->phys_list[index] : 0;
	ref.nents = event->nents ? event->nents : event->phys_count;
	ref.segment = index;
	return ref;
}

/* The kernel asks dma_mapping_error() itself, by which an older mapping is checked. */
static void check_older(struct libdma_check *check, struct device_check *device,
			const struct reference *ref)
{
	struct record *older;

	if (!check->options.as_kernel ||
	    (ref->type != TYPE_SINGLE && ref->type != TYPE_PHYS))
		return;
	older = ledger_find_unchecked(device, ref->dma);
	if (older)
		older->error = ERROR_CHECKED;
}

static enum error_state first_state(const struct reference *ref)
{
	return ref->type == TYPE_SINGLE || ref->type == TYPE_PHYS ||
			       ref->type == TYPE_RESOURCE
		       ? ERROR_NOT_CHECKED
		       : ERROR_NOT_ASKED_FOR;
}

static int add_range(struct libdma_check *check, struct device_check *device,
		     const struct dma_event *event, struct origin *origin,
		     const struct reference *ref, unsigned int index)
{
	const struct question question = {
		.check = check,
		.device = device,
		.event = event,
		.ref = *ref,
		.index = index,
	};

	check_ask(ON_SEGMENT, &question);
	check_ask(ON_RANGE, &question);
	return ledger_add(check, device, origin, ref, event->ents, first_state(ref));
}

/* What the caller passed, piece by piece. */
static void ask_entries(struct libdma_check *check, struct device_check *device,
			const struct dma_event *event)
{
	struct question question = {
		.check = check,
		.device = device,
		.event = event,
		.ref = call_reference(check, event),
	};

	if (event->kind != DMA_EVENT_MAP_SG) {
		check_ask(ON_ENTRY, &question);
		return;
	}
	for (unsigned int i = 0; event->phys_list &&
				 i < MUTANT(G01, event->phys_count, event->ents);
	     i++) {
		question.index = i;
		question.ref.phys = event->phys_list[i];
		question.ref.size = event->size_list ? event->size_list[i] : 1;
		check_ask(ON_ENTRY, &question);
	}
}

/* Did the call make something that is to be ended? */
static bool has_begun(const struct libdma_check *check, const struct dma_event *event)
{
	if (event->kind == DMA_EVENT_MAP_SG)
		return !event->error && event->dma_count && event->dma_list;
	if (event->kind == DMA_EVENT_MAP_SG_ERR || event->kind == DMA_EVENT_ALLOC_SGT_ERR)
		return false;
	if (event->kind == DMA_EVENT_MAP_RESOURCE && check->options.as_kernel &&
	    check->rules->debug_records_failures)
		return true;
	return !event->error &&
	       MUTANT(G09, event->dma != DMA_MAPPING_ERROR, true);
}

/* Where one buffer was refused, what was passed may be why; the kernel does not look. */
static bool is_refused(const struct libdma_check *check, const struct dma_event *event)
{
	return !check->options.as_kernel &&
	       libdma_event_kind_class(event->kind) == DMA_CLASS_MAP &&
	       event->kind != DMA_EVENT_MAP_SG && event->kind != DMA_EVENT_MAP_SG_ERR;
}

int check_map(struct libdma_check *check, struct device_check *device,
	      const struct dma_event *event)
{
	struct reference ref = call_reference(check, event);
	struct origin *origin;
	int err = 0;

	check_older(check, device, &ref);
	if (has_begun(check, event) || is_refused(check, event))
		ask_entries(check, device, event);
	if (!has_begun(check, event))
		return 0;
	origin = ledger_origin(event);
	if (!origin)
		return -ENOMEM;
	if (event->kind == DMA_EVENT_MAP_SG) {
		for (unsigned int i = 0; i < event->dma_count && !err; i++) {
			ref = call_segment(check, event, i);
			err = add_range(check, device, event, origin, &ref, i);
		}
	} else {
		err = add_range(check, device, event, origin, &ref, 0);
	}
	ledger_release(origin);
	return err;
}
