// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * whatif.c - one trace on many machines that differ in a parameter
 *
 * Each time that the trace is read, a request runs on all machines that are new.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "output.h"
#include "whatif.h"

#define SET_BYTES 262144 /* of a slot set: no copy is larger */
#define SLOT      2048

/* ---- the machines ---- */

static int build(struct whatif *whatif, struct point *point)
{
	struct libdma_environment *machine = libdma_environment_create();
	struct libdma_rerun_options how = { .environment = machine,
					    .strings = whatif->strings };
	uint64_t ranges = point->value[AXIS_MAGAZINE];
	int err = -EINVAL;

	if (!machine || libdma_environment_merge(machine, whatif->environment))
		out_of_memory();
	axis_set_machine(point, machine);
	how.magazine = ranges < UINT32_MAX ? (unsigned int)ranges : UINT32_MAX;
	point->lowest = UINT64_MAX;
	if (axis_possible(point))
		err = libdma_rerun_create(&how, &point->rerun);
	libdma_environment_destroy(machine);
	if (err == -ENOMEM)
		out_of_memory();
	point->possible = !err;
	point->done = err;
	if (!err)
		libdma_machine_observe(libdma_rerun_machine(point->rerun), point_see,
				       point);
	return err;
}

/* ---- what the trace asks for, whatever the machine ---- */

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

static void note_map(struct whatif *whatif, const struct dma_event *event)
{
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

static struct whatif_pool *find_pool(struct whatif *whatif, uint64_t handle)
{
	for (size_t i = whatif->pools; i--;)
		if (whatif->pool[i].event.handle == handle)
			return &whatif->pool[i];
	return NULL;
}

static void note_pool(struct whatif *whatif, const struct dma_event *event)
{
	struct whatif_pool *grown;

	if (event->error)
		return;
	grown = realloc(whatif->pool, (whatif->pools + 1) * sizeof(*grown));
	if (!grown)
		out_of_memory();
	whatif->pool = grown;
	grown[whatif->pools++] = (struct whatif_pool) {
		.event = {
			.kind = event->kind,
			.device = event->device,
			.name = event->name,
			.handle = event->handle,
			.size = event->size,
			.align = event->align,
			.boundary = event->boundary,
		},
	};
}

static void note_request(struct whatif *whatif, const struct dma_event *event)
{
	struct whatif_pool *pool;

	if (event->kind == DMA_EVENT_POOL_CREATE) {
		note_pool(whatif, event);
	} else if (event->kind == DMA_EVENT_POOL_ALLOC) {
		pool = find_pool(whatif, event->handle);
		if (pool)
			pool->blocks++;
		else
			whatif->strangers++;
	} else if (event->kind == DMA_EVENT_IOVA_LINK) {
		note_size(whatif, event, event->size);
	} else if (event->kind != DMA_EVENT_IOVA_TRY_ALLOC &&
		   libdma_event_kind_class(event->kind) == DMA_CLASS_MAP) {
		note_map(whatif, event);
	}
}

/* ---- the trace ---- */

static bool is_refused(const struct point *point, uint64_t handle)
{
	for (size_t i = 0; i < point->refusals; i++)
		if (point->refused[i] == handle)
			return true;
	return false;
}

/* A pool that this machine's kernel would not make: its blocks fail. */
static void refuse(struct point *point, const struct dma_event *create)
{
	uint64_t *grown;
	struct libdma_pool_layout layout;

	if (create->error ||
	    !libdma_pool_layout(point->whatif->kernel, create->size, create->align,
				create->boundary, &layout))
		return;
	grown = realloc(point->refused, (point->refusals + 1) * sizeof(*grown));
	if (!grown)
		out_of_memory();
	point->refused = grown;
	grown[point->refusals++] = create->handle;
}

/* Bytes that live blocks asked for: the event that the machine emitted has no size. */
static void weigh_block(struct point *point, const struct dma_event *event,
			uint64_t before)
{
	struct whatif_pool *pool =
		find_pool((struct whatif *)point->whatif, event->handle);
	struct dma_event create;

	if (!pool || point->gauge.now == before)
		return;
	create = pool->event;
	axis_vary(point, &create);
	point->block_bytes += point->gauge.now > before ? create.size : -create.size;
	if (point->block_bytes > point->most_bytes)
		point->most_bytes = point->block_bytes;
}

static void run_on(struct point *point, const struct dma_event *event)
{
	uint64_t before = point->gauge.now;

	point->in_pool = event->kind == DMA_EVENT_POOL_ALLOC;
	if (libdma_rerun_put(point->rerun, event))
		out_of_memory();
	if (event->kind == DMA_EVENT_POOL_ALLOC || event->kind == DMA_EVENT_POOL_FREE)
		weigh_block(point, event, before);
}

static void run(struct whatif *whatif, struct point *point, const struct dma_event *event)
{
	struct dma_event varied = *event;

	/* a pool's pages were recorded on their own too, and come from the pool here */
	if (whatif->parameter == WHATIF_POOL &&
	    (event->kind == DMA_EVENT_ALLOC || event->kind == DMA_EVENT_FREE))
		return;
	axis_vary(point, &varied);
	if (event->kind == DMA_EVENT_POOL_CREATE)
		refuse(point, &varied);
	if (point->refusals && event->kind == DMA_EVENT_POOL_ALLOC &&
	    is_refused(point, event->handle)) {
		point->requests++;
		point->failed++;
		return;
	}
	run_on(point, &varied);
}

static void conclude(struct whatif *whatif, struct point *point)
{
	const struct libdma_rerun_count *count = libdma_rerun_count(point->rerun);

	point->requests += count->requests;
	point->failed += count->failed;
	whatif->skipped = count->skipped;
	whatif->untold = count->untold;
	whatif->guessed = count->guessed;
	libdma_rerun_swiotlb(point->rerun, &point->swiotlb);
	if (whatif->parameter == WHATIF_SWIOTLB) {
		point->gauge.most = point->swiotlb.peak;
	} else if (libdma_rerun_iova(point->rerun, &point->iova)) {
		out_of_memory();
	}
	libdma_rerun_destroy(point->rerun);
	point->rerun = NULL;
	point->done = true;
}

int whatif_run(struct whatif *whatif, struct source *source)
{
	const struct dma_event *event;
	size_t built = 0;

	for (size_t i = 0; i < whatif->points; i++)
		built += !whatif->point[i]->done && !build(whatif, whatif->point[i]);
	if (!built) {
		complain("there is no such machine");
		return EXIT_USAGE;
	}
	while (source_next(source, &event) > 0) {
		if (!whatif->read)
			note_request(whatif, event);
		for (size_t i = 0; i < whatif->points; i++)
			if (!whatif->point[i]->done)
				run(whatif, whatif->point[i], event);
	}
	for (size_t i = 0; i < whatif->points; i++)
		if (!whatif->point[i]->done)
			conclude(whatif, whatif->point[i]);
	whatif->read = true;
	return EXIT_FINE;
}

void whatif_deinit(struct whatif *whatif)
{
	while (whatif->points)
		whatif_drop(whatif, whatif->points - 1);
	free(whatif->pool);
	libdma_environment_destroy(whatif->environment);
	libdma_strings_destroy(whatif->strings);
}
