// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * rerun-request.c - a recorded request, asked again of another machine
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <libdma/gfp.h>

#include "trace/rerun.h"

#define LENGTH_MAX 0x7fffffffULL /* of an entry */
#define SIZE_LIMIT (1ULL << 32)  /* of a buffer: beyond all that drivers map */

static gfp_t gfp_of(const struct libdma_rerun *rerun, const struct dma_event *event)
{
	const char *text = libdma_strings_get(rerun->strings, event->gfp);
	gfp_t gfp = GFP_KERNEL;

	if (strstr(text, "GFP_ATOMIC"))
		gfp = GFP_ATOMIC;
	else if (strstr(text, "GFP_NOWAIT"))
		gfp = GFP_NOWAIT;
	if (strstr(text, "__GFP_ZERO"))
		gfp |= __GFP_ZERO;
	return gfp;
}

/* ---- lists ---- */

/*
 * A tracepoint tells the segments' lengths, not the entries'. Where nothing was merged
 * they are the same. Else an entry in the middle of a segment ends with its page, and
 * the last one has the rest.
 */
static void guess_lengths(const struct dma_event *event, uint32_t *length)
{
	uint32_t last = event->phys_count - 1;
	uint64_t left = 0;

	for (uint32_t i = 0; i < event->dma_count; i++)
		left += event->dma_size_list[i];
	for (uint32_t i = 0; i < last; i++) {
		uint64_t size = PAGE_SIZE - (event->phys_list[i] & (PAGE_SIZE - 1));

		if (size + (last - i) > left)
			size = left > last - i ? left - (last - i) : 1;
		length[i] = (uint32_t)size;
		left -= size < left ? size : left;
	}
	length[last] = (uint32_t)(left && left <= LENGTH_MAX ? left : 1);
}

/* Nothing is told of a list that failed: each entry ends with its page. */
static void guess_pages(const struct dma_event *event, uint32_t *length)
{
	for (uint32_t i = 0; i < event->phys_count; i++)
		length[i] = PAGE_SIZE - (uint32_t)(event->phys_list[i] & (PAGE_SIZE - 1));
}

/* The bytes of each entry; false where they are not known at all. */
static bool entry_lengths(struct libdma_rerun *rerun, const struct dma_event *event,
			  uint32_t *length)
{
	if (event->size_list) {
		memcpy(length, event->size_list, event->phys_count * sizeof(*length));
		return true;
	}
	if (event->kind == DMA_EVENT_MAP_SG_ERR) {
		guess_pages(event, length);
		rerun->count.guessed++;
		return true;
	}
	if (!event->dma_size_list || !event->dma_count)
		return false;
	if (event->dma_count == event->phys_count && event->ents == event->nents) {
		memcpy(length, event->dma_size_list, event->phys_count * sizeof(*length));
		return true;
	}
	guess_lengths(event, length);
	rerun->count.guessed++;
	return true;
}

static int make_list(struct libdma_rerun *rerun, const struct dma_event *event,
		     struct made *made)
{
	uint32_t count = event->phys_count, *length = calloc(count + 1, sizeof(*length));
	int err = length ? 0 : -ENOMEM;

	if (!err && !entry_lengths(rerun, event, length))
		err = -EINVAL;
	if (!err)
		made->list = calloc(count, sizeof(*made->list));
	if (!err && !made->list)
		err = -ENOMEM;
	if (err)
		goto free_length;
	sg_init_table(made->list, count);
	made->nents = count;
	for (uint32_t i = 0; i < count; i++) {
		sg_set_page(&made->list[i], phys_to_page(event->phys_list[i]),
			    length[i] ? length[i] : 1,
			    (unsigned int)(event->phys_list[i] & (PAGE_SIZE - 1)));
		made->size += length[i];
	}
free_length:
	free(length);
	return err;
}

static int map_list(struct libdma_rerun *rerun, struct device *dev,
		    const struct dma_event *event, struct made *made)
{
	int err = event->phys_count && event->phys_list ? make_list(rerun, event, made)
							: -EINVAL;

	if (err)
		return err;
	rerun->count.bytes += made->size;
	if (!dma_map_sg_attrs(dev, made->list, (int)made->nents, made->dir, made->attrs))
		return -EIO;
	made->dma = sg_dma_address(made->list);
	return 0;
}

/* ---- one buffer ---- */

int rerun_map_single(struct libdma_rerun *rerun, struct device *dev,
		     const struct dma_event *event, dma_addr_t *ret)
{
	unsigned long attrs = (unsigned long)event->attrs;

	if (!event->size || event->size > SIZE_LIMIT)
		return -EINVAL;
	rerun->count.bytes += event->size;
	if (event->kind == DMA_EVENT_MAP_RESOURCE || attrs & DMA_ATTR_MMIO)
		*ret = dma_map_resource(dev, event->phys, event->size, event->dir,
					attrs & ~DMA_ATTR_MMIO);
	else
		*ret = dma_map_page_attrs(dev, phys_to_page(event->phys),
					  event->phys & (PAGE_SIZE - 1), event->size,
					  event->dir, attrs);
	return *ret == DMA_MAPPING_ERROR ? -EIO : 0;
}

void rerun_unmap_single(struct device *dev, dma_addr_t dma, uint64_t size,
			enum dma_data_direction dir, unsigned long attrs)
{
	if (attrs & DMA_ATTR_MMIO)
		dma_unmap_resource(dev, dma, size, dir, attrs & ~DMA_ATTR_MMIO);
	else
		dma_unmap_page_attrs(dev, dma, size, dir, attrs);
}

/* ---- allocations ---- */

static struct dma_pool *find_pool(const struct libdma_rerun *rerun, uint64_t handle)
{
	for (size_t i = 0; i < rerun->pools; i++)
		if (rerun->pool[i].handle == handle)
			return rerun->pool[i].pool;
	return NULL;
}

static int alloc(struct libdma_rerun *rerun, struct device *dev,
		 const struct dma_event *event, struct made *made)
{
	gfp_t gfp = gfp_of(rerun, event);

	switch (event->kind) {
	case DMA_EVENT_ALLOC_PAGES:
		made->page = dma_alloc_pages(dev, event->size, &made->dma, made->dir, gfp);
		return made->page ? 0 : -EIO;
	case DMA_EVENT_POOL_ALLOC:
		made->pool = find_pool(rerun, event->handle);
		if (!made->pool)
			return -EINVAL;
		made->cpu = dma_pool_alloc(made->pool, gfp, &made->dma);
		return made->cpu ? 0 : -EIO;
	default:
		made->cpu = dma_alloc_attrs(dev, event->size, &made->dma, gfp, made->attrs);
		return made->cpu ? 0 : -EIO;
	}
}

static int ask(struct libdma_rerun *rerun, struct device *dev,
	       const struct dma_event *event, struct made *made)
{
	switch (event->kind) {
	case DMA_EVENT_MAP_SG:
	case DMA_EVENT_MAP_SG_ERR:
		return map_list(rerun, dev, event, made);
	case DMA_EVENT_MAP_SINGLE:
	case DMA_EVENT_MAP_PAGE:
	case DMA_EVENT_MAP_PHYS:
	case DMA_EVENT_MAP_RESOURCE:
		return rerun_map_single(rerun, dev, event, &made->dma);
	case DMA_EVENT_IOVA_TRY_ALLOC:
		return event->size && event->size <= SIZE_LIMIT ? range_begin(rerun, made)
								: -EINVAL;
	case DMA_EVENT_ALLOC:
	case DMA_EVENT_ALLOC_PAGES:
	case DMA_EVENT_POOL_ALLOC:
		return (event->size && event->size <= SIZE_LIMIT) ||
				       event->kind == DMA_EVENT_POOL_ALLOC
			       ? alloc(rerun, dev, event, made)
			       : -EINVAL;
	default:
		return -EINVAL;
	}
}

static void link_made(struct libdma_rerun *rerun, struct made *made)
{
	made->next = &rerun->made;
	made->previous = rerun->made.previous;
	made->previous->next = made;
	rerun->made.previous = made;
}

bool rerun_is_list(const struct dma_event *event)
{
	return (event->kind == DMA_EVENT_MAP_SG || event->kind == DMA_EVENT_MAP_SG_ERR) &&
	       event->phys_count && event->phys_list;
}

void rerun_forget(struct made *made)
{
	range_destroy(made->range);
	free(made->list);
	free(made);
}

int rerun_request(struct libdma_rerun *rerun, struct device *dev,
		  const struct dma_event *event, struct made **ret)
{
	struct made *made = calloc(1, sizeof(*made));
	int err;

	*ret = NULL;
	if (!made)
		return -ENOMEM;
	made->dev = dev;
	made->kind = rerun_is_list(event) ? DMA_EVENT_MAP_SG : event->kind;
	made->dir = event->dir;
	made->phys = rerun_is_list(event) ? event->phys_list[0] : event->phys;
	made->size = made->kind == DMA_EVENT_MAP_SG ? 0 : event->size;
	made->attrs = (unsigned long)event->attrs;
	err = ask(rerun, dev, event, made);
	if ((err == -EIO || !err) && made->kind != DMA_EVENT_IOVA_TRY_ALLOC)
		rerun->count.requests++;
	rerun->count.failed += err == -EIO;
	rerun->count.skipped += err == -EINVAL;
	if (err) {
		rerun_forget(made);
		return err == -ENOMEM ? err : 0;
	}
	link_made(rerun, made);
	*ret = made;
	return 0;
}

void rerun_undo(struct libdma_rerun *rerun, struct made *made)
{
	if (made->bounced)
		rerun->bytes -= made->size;
	made->next->previous = made->previous;
	made->previous->next = made->next;
	switch (made->kind) {
	case DMA_EVENT_MAP_SG:
		dma_unmap_sg_attrs(made->dev, made->list, (int)made->nents, made->dir,
				   made->attrs);
		break;
	case DMA_EVENT_ALLOC:
		dma_free_attrs(made->dev, made->size, made->cpu, made->dma, made->attrs);
		break;
	case DMA_EVENT_ALLOC_PAGES:
		dma_free_pages(made->dev, made->size, made->page, made->dma, made->dir);
		break;
	case DMA_EVENT_POOL_ALLOC:
		dma_pool_free(made->pool, made->cpu, made->dma);
		break;
	case DMA_EVENT_IOVA_TRY_ALLOC:
		range_end(rerun, made);
		break;
	default:
		rerun_unmap_single(made->dev, made->dma, made->size, made->dir,
				   made->kind == DMA_EVENT_MAP_RESOURCE
					   ? made->attrs | DMA_ATTR_MMIO
					   : made->attrs);
	}
	rerun_forget(made);
}
