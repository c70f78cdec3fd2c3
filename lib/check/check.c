// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * check.c - the rules of the DMA API, held against the events of a trace
 *
 * Which event goes where, and what is known of the machine.
 *
 * Kernel counterpart: kernel/dma/debug.c (RULES.md E1-E25)
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "check/check.h"

#define LINE_USUAL 64

int libdma_check_create(const struct libdma_check_options *options,
			struct libdma_check **ret)
{
	struct libdma_check *check;

	if (!options->verdict || options->kernel >= DMA_KERNELS ||
	    (options->cache_alignment & (options->cache_alignment - 1)))
		return -EINVAL;
	check = calloc(1, sizeof(*check));
	if (!check)
		return -ENOMEM;
	check->options = *options;
	check->rules = kernel_rules(options->kernel);
	check->line_size = options->cache_alignment > LINE_USUAL
				   ? options->cache_alignment
				   : LINE_USUAL;
	*ret = check;
	return 0;
}

static void free_memory(struct libdma_ranges *memory)
{
	for (size_t i = 0; i < memory->count; i++)
		free(memory->range[i].name);
	free(memory->range);
	*memory = (struct libdma_ranges) { 0 };
}

void libdma_check_destroy(struct libdma_check *check)
{
	if (!check)
		return;
	ledger_deinit(check);
	free_memory(&check->memory);
	free(check);
}

static int copy_memory(struct libdma_check *check, const struct libdma_ranges *memory)
{
	struct libdma_ranges *own = &check->memory;

	free_memory(own);
	own->range = calloc(memory->count + 1, sizeof(*own->range));
	if (!own->range)
		return -ENOMEM;
	for (size_t i = 0; i < memory->count; i++) {
		own->range[i] = memory->range[i];
		own->range[i].name =
			strdup(memory->range[i].name ? memory->range[i].name : "");
		if (!own->range[i].name)
			return -ENOMEM;
		own->count++;
	}
	return 0;
}

static void learn_limits(struct device_check *device,
			 const struct libdma_device_environment *known)
{
	struct limits *limits = &device->limits;

	if (known->origin.dma_mask == LIBDMA_GIVEN && known->dma_mask) {
		limits->mask = known->dma_mask;
		limits->has_mask = true;
	}
	if (known->origin.coherent_dma_mask == LIBDMA_GIVEN && known->coherent_dma_mask) {
		limits->coherent_mask = known->coherent_dma_mask;
		limits->has_coherent_mask = true;
	}
	if (known->origin.max_segment_size == LIBDMA_GIVEN && known->max_segment_size) {
		limits->max_segment = known->max_segment_size;
		limits->has_max_segment = true;
	}
	if (known->origin.segment_boundary_mask == LIBDMA_GIVEN &&
	    known->segment_boundary_mask) {
		limits->boundary = known->segment_boundary_mask;
		limits->has_boundary = true;
	}
	if (known->origin.bus_dma_limit == LIBDMA_GIVEN)
		limits->bus_limit = known->bus_dma_limit;
	device->noncoherent = known->origin.coherent == LIBDMA_GIVEN && !known->coherent;
	if (known->origin.skip_sync == LIBDMA_GIVEN) {
		device->has_skip_sync = true;
		device->skip_sync = known->skip_sync;
	}
}

int libdma_check_environment(struct libdma_check *check,
			     const struct libdma_environment *environment,
			     struct libdma_strings *strings)
{
	check->strings = strings;
	if (environment->origin.memory == LIBDMA_GIVEN &&
	    copy_memory(check, &environment->memory))
		return -ENOMEM;
	check->lazy = environment->iommu.mode == LIBDMA_IOMMU_LAZY;
	for (size_t i = 0; i < environment->devices; i++) {
		const struct libdma_device_environment *known = &environment->device[i];
		struct device_check *device;
		uint32_t number;

		if (libdma_strings_add(strings, known->name, strlen(known->name),
				       &number))
			return -ENOMEM;
		device = ledger_device(check, number);
		if (!device)
			return -ENOMEM;
		learn_limits(device, known);
		if (known->driver &&
		    libdma_strings_add(strings, known->driver, strlen(known->driver),
				       &device->driver))
			return -ENOMEM;
	}
	return 0;
}

void libdma_check_lost(struct libdma_check *check)
{
	check->losses++;
}

static int put_other(struct libdma_check *check, struct device_check *device,
		     const struct dma_event *event)
{
	switch (event->kind) {
	case DMA_EVENT_POOL_CREATE:
	case DMA_EVENT_POOL_ALLOC:
	case DMA_EVENT_POOL_FREE:
	case DMA_EVENT_POOL_DESTROY:
		return check_pool(check, device, event);
	case DMA_EVENT_DECLARE_COHERENT_MEMORY:
	case DMA_EVENT_RELEASE_COHERENT_MEMORY:
	case DMA_EVENT_MARK_DECLARED_MEMORY_OCCUPIED:
		check_region(check, device, event);
		return 0;
	default:
		check_device(check, device, event);
		return 0;
	}
}

int libdma_check_put(struct libdma_check *check, const struct dma_event *event)
{
	struct device_check *device;

	if (event->kind == DMA_EVENT_LOST &&
	    !(check->strings &&
	      libdma_probe_is_bounce(libdma_strings_get(check->strings, event->name))))
		check->losses++;
	if (event->kind == DMA_EVENT_FLUSH)
		check->flushes++;
	if (!event->device || event->flags & DMA_EVENT_REQUEST)
		return 0;
	device = ledger_device(check, event->device);
	if (!device)
		return -ENOMEM;
	switch (libdma_event_kind_class(event->kind)) {
	case DMA_CLASS_MAP:
	case DMA_CLASS_ALLOC:
		return check_map(check, device, event);
	case DMA_CLASS_UNMAP:
	case DMA_CLASS_FREE:
		return check_end(check, device, event);
	case DMA_CLASS_SYNC:
		check_sync(check, device, event);
		return 0;
	default:
		return put_other(check, device, event);
	}
}
