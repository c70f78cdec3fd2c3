// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * rerun.c - a recording's requests on another machine
 *
 * What is live in the recording is followed, and each of it points to what it became
 * here. A request that failed in the recording and not here has no recorded end: it is
 * held until the same buffer is asked for again, as a driver does that tries again.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "alloc/swiotlb.h"
#include "dma/machine.h"
#include "trace/rerun.h"

int libdma_rerun_create(const struct libdma_rerun_options *options,
			struct libdma_rerun **ret)
{
	struct libdma_rerun *rerun = calloc(1, sizeof(*rerun));
	uint64_t slots, used, most;
	int err = -ENOMEM;

	if (!rerun)
		return -ENOMEM;
	rerun->made.next = rerun->made.previous = &rerun->made;
	rerun->strings = options->strings;
	rerun->environment = libdma_environment_create();
	rerun->live = live_create();
	if (!rerun->environment || !rerun->live)
		goto destroy_rerun;
	err = libdma_environment_merge(rerun->environment, options->environment);
	if (!err)
		err = rerun_machine(rerun, options);
	if (err)
		goto destroy_rerun;
	if (rerun->machine->swiotlb) {
		swiotlb_usage(rerun->machine->swiotlb, &slots, &used, &most);
		rerun->used = calloc(slots + 1, sizeof(*rerun->used));
		err = rerun->used ? 0 : -ENOMEM;
	}
	if (err)
		goto destroy_rerun;
	*ret = rerun;
	return 0;

destroy_rerun:
	libdma_rerun_destroy(rerun);
	return err;
}

void libdma_rerun_destroy(struct libdma_rerun *rerun)
{
	if (!rerun)
		return;
	while (rerun->made.next != &rerun->made) {
		struct made *made = rerun->made.next;

		rerun->made.next = made->next;
		rerun_forget(made);
	}
	live_destroy(rerun->live);
	libdma_machine_destroy(rerun->machine);
	libdma_environment_destroy(rerun->environment);
	free(rerun->device);
	free(rerun->pool);
	free(rerun->used);
	free(rerun);
}

struct libdma_machine *libdma_rerun_machine(const struct libdma_rerun *rerun)
{
	return rerun->machine;
}

const struct libdma_rerun_count *libdma_rerun_count(const struct libdma_rerun *rerun)
{
	return &rerun->count;
}

/* ---- the events ---- */

static bool has_failed(const struct dma_event *event)
{
	return event->error || event->dma == DMA_MAPPING_ERROR ||
	       event->kind == DMA_EVENT_MAP_SG_ERR ||
	       (libdma_event_kind_class(event->kind) == DMA_CLASS_ALLOC && !event->dma &&
		!event->cpu_addr);
}

static bool is_request(const struct dma_event *event)
{
	enum dma_event_class class = libdma_event_kind_class(event->kind);

	return class == DMA_CLASS_MAP || class == DMA_CLASS_ALLOC ||
	       event->kind == DMA_EVENT_POOL_ALLOC;
}

static bool is_same(const struct made *made, const struct dma_event *event)
{
	if (rerun_is_list(event))
		return made->kind == DMA_EVENT_MAP_SG && made->nents == event->phys_count &&
		       made->phys == event->phys_list[0];
	return made->kind == event->kind && made->phys == event->phys &&
	       made->size == event->size;
}

/* A driver tries again what failed. */
static void end_extra(struct libdma_rerun *rerun, const struct device *dev,
		      const struct dma_event *event)
{
	for (struct made *made = rerun->made.next; made != &rerun->made; made = made->next)
		if (made->extra && made->dev == dev && is_same(made, event)) {
			rerun_undo(rerun, made);
			return;
		}
}

bool rerun_is_bounced(const struct libdma_rerun *rerun, dma_addr_t dma)
{
	return rerun->machine->swiotlb && swiotlb_holds(rerun->machine->swiotlb, dma);
}

static void note_use(struct libdma_rerun *rerun, struct made *made)
{
	uint64_t slots, used, most;

	if (!rerun->used)
		return;
	if (made && !made->range &&
	    libdma_event_kind_class(made->kind) == DMA_CLASS_MAP &&
	    rerun_is_bounced(rerun, made->dma)) {
		made->bounced = true;
		rerun->bytes += made->size;
	}
	swiotlb_usage(rerun->machine->swiotlb, &slots, &used, &most);
	rerun->used[used <= slots ? used : slots]++;
	if (used <= rerun->peak)
		return;
	rerun->peak = used;
	rerun->peak_bytes = rerun->bytes;
}

static int run_request(struct libdma_rerun *rerun, struct device *dev,
		       const struct dma_event *event)
{
	struct dma_event noted = *event;
	const struct mapping *mapping;
	uint64_t before = rerun->count.requests;
	bool failed = has_failed(event);
	struct made *made;
	int err;

	if (rerun->extras)
		end_extra(rerun, dev, event);
	err = rerun_request(rerun, dev, event, &made);
	if (err)
		return err;
	if (rerun->count.requests != before)
		rerun->count.same += made ? made->dma == libdma_event_dma(event) : failed;
	note_use(rerun, made);
	if (failed && made && made->range) {
		/* its pieces were mapped one by one, and so are recorded */
		rerun_undo(rerun, made);
	} else if (failed) {
		if (made)
			made->extra = rerun->extras = true;
	}
	if (failed)
		return 0;
	noted.attrs = (uint64_t)(uintptr_t)made;
	err = live_apply(rerun->live, &noted, &mapping);
	return err < 0 ? err : 0;
}

static int run_end(struct libdma_rerun *rerun, const struct dma_event *event)
{
	const struct mapping *mapping;
	int change = live_apply(rerun->live, event, &mapping);
	struct made *made;

	if (change < 0)
		return change;
	if (change != LIVE_ENDED)
		return 0;
	made = (struct made *)(uintptr_t)mapping->event.attrs;
	if (made)
		rerun_undo(rerun, made);
	return 0;
}

static int run_pool(struct libdma_rerun *rerun, struct device *dev,
		    const struct dma_event *event)
{
	struct rerun_pool *grown;
	struct dma_pool *pool;

	if (event->error)
		return 0;
	if (event->kind == DMA_EVENT_POOL_DESTROY) {
		for (size_t i = 0; i < rerun->pools; i++)
			if (rerun->pool[i].handle == event->handle) {
				dma_pool_destroy(rerun->pool[i].pool);
				rerun->pool[i] = rerun->pool[--rerun->pools];
				return 0;
			}
		return 0;
	}
	pool = dma_pool_create(libdma_strings_get(rerun->strings, event->name), dev,
			       event->size, event->align, event->boundary);
	if (!pool)
		return 0;
	grown = realloc(rerun->pool, (rerun->pools + 1) * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	rerun->pool = grown;
	grown[rerun->pools++] = (struct rerun_pool) { event->handle, pool };
	return 0;
}

static int run_sync(struct libdma_rerun *rerun, const struct dma_event *event)
{
	const struct mapping *mapping = live_find(rerun->live, event->device, event->dma);
	struct made *made =
		mapping ? (struct made *)(uintptr_t)mapping->event.attrs : NULL;

	if (!made || made->kind == DMA_EVENT_MAP_SG || event->size > made->size)
		return 0;
	if (event->kind == DMA_EVENT_SYNC_SINGLE_FOR_CPU)
		dma_sync_single_for_cpu(made->dev, made->dma, event->size, event->dir);
	else if (event->kind == DMA_EVENT_SYNC_SINGLE_FOR_DEVICE)
		dma_sync_single_for_device(made->dev, made->dma, event->size, event->dir);
	return 0;
}

static int run_range(struct libdma_rerun *rerun, const struct dma_event *event)
{
	const struct mapping *mapping = live_find(rerun->live, event->device, event->dma);
	struct made *made =
		mapping ? (struct made *)(uintptr_t)mapping->event.attrs : NULL;
	int err = made && made->range ? 0 : -EINVAL;

	if (!err && event->kind == DMA_EVENT_IOVA_SYNC)
		range_sync(made);
	else if (!err && event->kind == DMA_EVENT_IOVA_UNLINK)
		range_unlink(rerun, made, event);
	else if (!err)
		err = range_link(rerun, made, event);
	rerun->count.skipped += err == -EINVAL && event->kind == DMA_EVENT_IOVA_LINK;
	if (event->kind == DMA_EVENT_IOVA_LINK)
		note_use(rerun, NULL);
	return err == -ENOMEM ? err : 0;
}

int libdma_rerun_put(struct libdma_rerun *rerun, const struct dma_event *event)
{
	enum dma_event_class class = libdma_event_kind_class(event->kind);
	struct device *dev;
	int err = rerun_device(rerun, event->device, &dev);

	ranges_watch(rerun, event);
	if (err || !dev)
		return err;
	if (event->ns + rerun->shift_ns > rerun->last_ns) {
		rerun->last_ns = event->ns + rerun->shift_ns;
		libdma_machine_set_time(rerun->machine, rerun->last_ns);
	}
	libdma_machine_set_cpu(rerun->machine, event->cpu);
	if (is_request(event))
		return run_request(rerun, dev, event);
	if (class == DMA_CLASS_UNMAP || class == DMA_CLASS_FREE ||
	    event->kind == DMA_EVENT_POOL_FREE)
		return run_end(rerun, event);
	if (class == DMA_CLASS_SYNC)
		return run_sync(rerun, event);
	switch (event->kind) {
	case DMA_EVENT_POOL_CREATE:
	case DMA_EVENT_POOL_DESTROY:
		return run_pool(rerun, dev, event);
	case DMA_EVENT_IOVA_LINK:
	case DMA_EVENT_IOVA_SYNC:
	case DMA_EVENT_IOVA_UNLINK:
		return event->error ? 0 : run_range(rerun, event);
	case DMA_EVENT_DECLARE_COHERENT_MEMORY:
		if (!event->error)
			dma_declare_coherent_memory(dev, event->phys, event->dma,
						    event->size);
		break;
	case DMA_EVENT_RELEASE_COHERENT_MEMORY:
		dma_release_coherent_memory(dev);
		break;
	default:
		rerun_device_update(dev, event);
	}
	return 0;
}

int libdma_rerun_end(struct libdma_rerun *rerun)
{
	while (rerun->made.next != &rerun->made)
		rerun_undo(rerun, rerun->made.next);
	while (rerun->pools)
		dma_pool_destroy(rerun->pool[--rerun->pools].pool);
	live_destroy(rerun->live);
	rerun->live = live_create();
	rerun->shift_ns = rerun->last_ns;
	return rerun->live ? 0 : -ENOMEM;
}
