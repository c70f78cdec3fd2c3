// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * remap.c - mappings for the CPU of memory that is scattered, or must not be cached
 *
 * Kernel counterpart: kernel/dma/remap.c
 */
#include <string.h>

#include "dma/machine.h"
#include "dma/remap.h"
#include "hardware/memory.h"

static struct remap *create(struct device *dev, size_t pages)
{
	struct remap *remap = heap_alloc(&dev->machine->heap, 1,
					 sizeof(*remap) + pages * sizeof(phys_addr_t));

	if (remap)
		remap->pages = pages;
	return remap;
}

static void *add(struct device *dev, struct remap *remap)
{
	remap->cpu = memory_remap(dev->machine->memory, remap->page, remap->pages);
	if (!remap->cpu) {
		heap_free(remap);
		return NULL;
	}
	remap->next = dev->state->remaps;
	dev->state->remaps = remap;
	return remap->cpu;
}

void *remap_range(struct device *dev, phys_addr_t phys, size_t size)
{
	struct remap *remap = create(dev, size >> PAGE_SHIFT);

	if (!remap)
		return NULL;
	for (size_t i = 0; i < remap->pages; i++)
		remap->page[i] = phys + (i << PAGE_SHIFT);
	return add(dev, remap);
}

void *remap_pages(struct device *dev, const phys_addr_t *page, size_t pages)
{
	struct remap *remap = create(dev, pages);

	if (!remap)
		return NULL;
	memcpy(remap->page, page, pages * sizeof(*page));
	remap->scattered = true;
	return add(dev, remap);
}

struct remap *remap_find(const struct device *dev, const void *cpu)
{
	struct remap *remap = dev->state->remaps;

	while (remap && remap->cpu != cpu)
		remap = remap->next;
	return remap;
}

void remap_end(struct device *dev, struct remap *remap)
{
	struct remap **at = &dev->state->remaps;

	if (!remap)
		return;
	while (*at != remap)
		at = &(*at)->next;
	*at = remap->next;
	memory_unmap(remap->cpu, remap->pages);
	heap_free(remap);
}

void remap_end_all(struct device *dev)
{
	while (dev->state->remaps)
		remap_end(dev, dev->state->remaps);
}
