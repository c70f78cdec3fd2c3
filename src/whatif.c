// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * whatif.c - one trace on many machines that differ in a parameter
 *
 * The trace is read once, and each request runs on all machines.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "output.h"
#include "whatif.h"

#define SET_BYTES 262144 /* of a slot set: no copy is larger */
#define SLOT	  2048

/* ---- the machines ---- */

bool whatif_add(struct whatif *whatif, const struct point *from)
{
	struct point point = *from;
	struct libdma_swiotlb_size size;
	char text[32];

	if (whatif->points == POINTS_MAX)
		return false;
	if (point.slots) {
		snprintf(text, sizeof(text), point.areas ? "%" PRIu64 ",%u" : "%" PRIu64,
			 point.slots, point.areas);
		if (libdma_swiotlb_size(text, whatif->environment->cpus, &size))
			return true;
		point.slots = size.slots;
		point.areas = size.areas;
		for (size_t i = 0; i < whatif->points; i++)
			if (whatif->point[i].slots == size.slots &&
			    whatif->point[i].areas == size.areas)
				return true;
	}
	whatif->point[whatif->points++] = point;
	return true;
}

static void set_count(uint64_t *place, enum libdma_origin *origin, uint64_t value)
{
	if (!value)
		return;
	*place = value;
	*origin = LIBDMA_GIVEN;
}

static void set_devices(struct libdma_environment *machine, const struct point *point)
{
	for (size_t i = 0; i < machine->devices; i++) {
		struct libdma_device_environment *device = &machine->device[i];

		set_count(&device->max_segment_size, &device->origin.max_segment_size,
			  point->max_segment);
		set_count(&device->segment_boundary_mask,
			  &device->origin.segment_boundary_mask, point->boundary);
		set_count(&device->dma_mask, &device->origin.dma_mask, point->mask);
		set_count(&device->coherent_dma_mask, &device->origin.coherent_dma_mask,
			  point->mask);
	}
}

static void set_machine(struct libdma_environment *machine, const struct point *point)
{
	if (point->slots) {
		machine->swiotlb.start = 0;
		machine->origin.swiotlb_start = LIBDMA_UNKNOWN;
		machine->swiotlb.slots = point->slots;
		machine->origin.swiotlb_slots = LIBDMA_GIVEN;
		machine->swiotlb.areas = point->areas;
		machine->origin.swiotlb_areas = LIBDMA_GIVEN;
	}
	machine->iommu.mode = point->mode;
	machine->origin.iommu_mode = LIBDMA_GIVEN;
	set_devices(machine, point);
}

static void count_map(struct point *point, const struct dma_event *event)
{
	dma_addr_t dma = event->dma_count && event->dma_list ? event->dma_list[0] : event->dma;

	if (event->error || dma == DMA_MAPPING_ERROR)
		return;
	if (dma < point->lowest)
		point->lowest = dma;
	if (event->kind != DMA_EVENT_MAP_SG)
		return;
	point->lists++;
	point->entries += event->nents;
	point->segments += event->ents;
}

/* What a machine did. */
static void see(void *arg, const struct dma_event *event)
{
	struct point *point = arg;

	switch (event->kind) {
	case DMA_EVENT_FLUSH:
		point->flushes++;
		break;
	case DMA_EVENT_POOL_ALLOC:
		if (!event->error && ++point->blocks > point->most_blocks)
			point->most_blocks = point->blocks;
		break;
	case DMA_EVENT_POOL_FREE:
		point->blocks -= !event->error;
		break;
	case DMA_EVENT_ALLOC:
		point->pages += point->pool_depth && !event->error
					? (event->size + 4095) / 4096
					: 0;
		break;
	default:
		if (libdma_event_kind_class(event->kind) == DMA_CLASS_MAP)
			count_map(point, event);
	}
}

static int build(struct whatif *whatif, struct point *point)
{
	struct libdma_environment *machine = libdma_environment_create();
	struct libdma_rerun_options how = { .environment = machine,
					    .strings = whatif->strings };
	int err;

	if (!machine || libdma_environment_merge(machine, whatif->environment))
		out_of_memory();
	set_machine(machine, point);
	point->lowest = UINT64_MAX;
	err = libdma_rerun_create(&how, &point->rerun);
	libdma_environment_destroy(machine);
	if (err == -ENOMEM)
		out_of_memory();
	if (!err)
		libdma_machine_observe(libdma_rerun_machine(point->rerun), see, point);
	return err;
}

/* ---- the trace ---- */

/* Limits that the recording tells later must not undo what is varied. */
static void vary(const struct point *point, struct dma_event *event)
{
	if (event->kind == DMA_EVENT_POOL_CREATE) {
		event->align = point->align ? point->align : event->align;
		event->boundary = point->boundary ? point->boundary : event->boundary;
		return;
	}
	if (event->kind == DMA_EVENT_SET_MASK || event->kind == DMA_EVENT_SET_COHERENT_MASK)
		event->mask = point->mask ? point->mask : event->mask;
	if (event->kind != DMA_EVENT_DEVICE)
		return;
	if (point->mask)
		event->mask = event->coherent_mask = point->mask;
	if (point->max_segment && event->max_segment_size)
		event->max_segment_size = point->max_segment;
	if (point->boundary && event->boundary)
		event->boundary = point->boundary;
}

static uint64_t copy_limit(const struct whatif *whatif, uint32_t device)
{
	const struct libdma_device_environment *known = libdma_environment_find_device(
		whatif->environment, libdma_strings_get(whatif->strings, device));
	uint64_t keep = known ? known->min_align_mask : 0;

	return SET_BYTES - (keep + SLOT - 1) / SLOT * SLOT;
}

static void note_size(struct whatif *whatif, const struct dma_event *event, uint64_t size)
{
	uint64_t limit = copy_limit(whatif, event->device);

	if (!whatif->limit || limit < whatif->limit)
		whatif->limit = limit;
	whatif->never += size > limit;
	if (size <= whatif->largest)
		return;
	whatif->largest = size;
	whatif->largest_device = event->device;
}

static void note_request(struct whatif *whatif, const struct dma_event *event)
{
	if (libdma_event_kind_class(event->kind) != DMA_CLASS_MAP)
		return;
	if (event->kind != DMA_EVENT_MAP_SG) {
		note_size(whatif, event, event->size);
		return;
	}
	for (uint32_t i = 0; event->size_list && i < event->phys_count; i++)
		note_size(whatif, event, event->size_list[i]);
	for (uint32_t i = 0; !event->size_list && event->ents == event->nents &&
			     event->dma_size_list && i < event->dma_count;
	     i++)
		note_size(whatif, event, event->dma_size_list[i]);
}

static void run(struct whatif *whatif, struct point *point, const struct dma_event *event)
{
	struct dma_event varied = *event;

	if (!point->rerun)
		return;
	vary(point, &varied);
	point->pool_depth = event->kind == DMA_EVENT_POOL_ALLOC;
	/* a pool's pages were recorded on their own too, and come from the pool here */
	if (whatif->parameter == WHATIF_POOL &&
	    (event->kind == DMA_EVENT_ALLOC || event->kind == DMA_EVENT_FREE))
		return;
	if (libdma_rerun_put(point->rerun, &varied))
		out_of_memory();
}

static void conclude(struct whatif *whatif, struct point *point)
{
	const struct libdma_rerun_count *count;

	if (!point->rerun)
		return;
	count = libdma_rerun_count(point->rerun);
	point->requests = count->requests;
	point->failed = count->failed;
	whatif->guessed = count->guessed;
	libdma_rerun_swiotlb(point->rerun, &point->swiotlb);
}

int whatif_run(struct whatif *whatif, struct source *source)
{
	const struct dma_event *event;
	size_t built = 0;

	for (size_t i = 0; i < whatif->points; i++)
		built += !build(whatif, &whatif->point[i]);
	if (!built) {
		complain("there is no such machine");
		return EXIT_USAGE;
	}
	while (source_next(source, &event) > 0) {
		note_request(whatif, event);
		for (size_t i = 0; i < whatif->points; i++)
			run(whatif, &whatif->point[i], event);
	}
	for (size_t i = 0; i < whatif->points; i++)
		conclude(whatif, &whatif->point[i]);
	return EXIT_FINE;
}

void whatif_deinit(struct whatif *whatif)
{
	for (size_t i = 0; i < whatif->points; i++)
		libdma_rerun_destroy(whatif->point[i].rerun);
	libdma_environment_destroy(whatif->environment);
	libdma_strings_destroy(whatif->strings);
}

size_t whatif_smallest(const struct whatif *whatif)
{
	size_t smallest = whatif->points;
	uint64_t least;

	while (smallest && !whatif->point[smallest - 1].rerun)
		smallest--;
	if (!smallest)
		return whatif->points;
	least = whatif->point[smallest - 1].failed;
	while (smallest && whatif->point[smallest - 1].rerun &&
	       whatif->point[smallest - 1].failed <= least)
		smallest--;
	return smallest;
}

uint64_t whatif_smallest_value(const struct whatif *whatif, const struct point *point)
{
	struct libdma_swiotlb_size size;
	uint64_t low = 1, high = point->slots, middle;
	char text[32];

	while (low < high) {
		middle = low + (high - low) / 2;
		snprintf(text, sizeof(text), "%" PRIu64 ",%u", middle, point->areas);
		if (!libdma_swiotlb_size(text, whatif->environment->cpus, &size) &&
		    size.slots >= point->slots)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}
