// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * iommu-dma-alloc.c - memory for devices behind an IOMMU
 *
 * The device sees one piece, whatever pages there are. Where the caller may sleep the
 * pages are taken one by one and the CPU gets a mapping of its own; else they lie
 * together. Which pages a kernel would find depends on all that ever ran; here they
 * are the lowest.
 *
 * Kernel counterpart: drivers/iommu/dma-iommu.c, kernel/dma/ops_helpers.c
 * (RULES.md I40, I41)
 */
#include <errno.h>

#include "base/bits.h"
#include "dma/backing.h"
#include "dma/group.h"
#include "dma/iommu-dma.h"
#include "dma/remap.h"
#include "hardware/cache.h"
#include "hardware/iommu.h"
#include "hardware/pages.h"

/* What becomes of each page that is taken. */
struct treatment {
	bool zero;
	bool uncached; /* the CPU reaches it past the caches, else it is written back */
};

static void free_each(struct device *dev, const phys_addr_t *page, size_t pages,
		      struct treatment how)
{
	while (pages--) {
		if (how.uncached)
			cache_bypass(dev->machine->cache, page[pages], PAGE_SIZE, false);
		pages_free(dev->machine->pages, page[pages], 0);
	}
}

static int prepare(struct device *dev, phys_addr_t phys, struct treatment how)
{
	struct cache *cache = dev->machine->cache;

	if (how.uncached)
		return cache_bypass(cache, phys, PAGE_SIZE, true);
	return dev->dma_coherent ? 0 : cache_clean(cache, phys, PAGE_SIZE);
}

/* 0 or -ENOMEM. */
static int alloc_one(struct device *dev, struct treatment how, phys_addr_t *phys)
{
	if (backing_pages(dev, MEMORY_ZONE_NORMAL, PAGE_SIZE, phys))
		return -ENOMEM;
	if (how.zero)
		backing_zero(dev, *phys, PAGE_SIZE);
	if (prepare(dev, *phys, how)) {
		backing_free(dev, *phys, PAGE_SIZE);
		return -ENOMEM;
	}
	return 0;
}

/* Is there so much at all? Asked first, so that no page is touched in vain. */
static bool has_pages(const struct device *dev, size_t pages)
{
	uint64_t left = 0;

	for (int zone = 0; zone < MEMORY_ZONES; zone++)
		left += pages_count_free(dev->machine->pages, (enum memory_zone)zone);
	return pages <= left;
}

static phys_addr_t *alloc_each(struct device *dev, size_t pages, struct treatment how)
{
	phys_addr_t *page;

	if (!has_pages(dev, pages))
		return NULL;
	page = heap_alloc(&dev->machine->heap, pages, sizeof(*page));
	if (!page)
		return NULL;
	for (size_t i = 0; i < pages; i++)
		if (alloc_one(dev, how, &page[i])) {
			free_each(dev, page, i, how);
			heap_free(page);
			return NULL;
		}
	return page;
}

/* One range of IOVAs for all pages; 0 without one or without a table. */
static dma_addr_t translate_pages(struct device *dev, const phys_addr_t *page,
				  size_t pages)
{
	size_t size = pages << PAGE_SHIFT, run;
	dma_addr_t dma = iommu_dma_alloc_iova(dev, align_up(size, dev->machine->granule),
					      dev->coherent_dma_mask);

	if (!dma)
		return 0;
	for (size_t at = 0; at < pages; at += run) {
		for (run = 1; at + run < pages; run++)
			if (page[at + run] != page[at] + (run << PAGE_SHIFT))
				break;
		if (iommu_dma_translate(dev, dma + (at << PAGE_SHIFT), page[at],
					run << PAGE_SHIFT, IOMMU_READ | IOMMU_WRITE)) {
			iommu_unmap(dev->state->group->table, dma, at << PAGE_SHIFT);
			iommu_dma_free_iova(dev, dma,
					    align_up(size, dev->machine->granule));
			return 0;
		}
	}
	return dma;
}

/* Coherent memory is zeroed, and for a device that is not coherent not cached. */
static struct treatment coherent_treatment(const struct device *dev)
{
	return (struct treatment) { .zero = true, .uncached = !dev->dma_coherent };
}

static void *alloc_scattered(struct device *dev, size_t size, dma_addr_t *dma)
{
	struct treatment how = coherent_treatment(dev);
	size_t pages = PAGE_ALIGN(size) >> PAGE_SHIFT;
	phys_addr_t *page = alloc_each(dev, pages, how);
	void *cpu;

	if (!page)
		return NULL;
	*dma = translate_pages(dev, page, pages);
	if (!*dma)
		goto free_pages;
	cpu = remap_pages(dev, page, pages);
	if (!cpu)
		goto unmap;
	heap_free(page);
	return cpu;

unmap:
	iommu_dma_unmap_range(dev, *dma, size);
free_pages:
	free_each(dev, page, pages, how);
	heap_free(page);
	return NULL;
}

static int take_together(struct device *dev, size_t size, gfp_t gfp, phys_addr_t *phys)
{
	size = PAGE_ALIGN(size);
	if (!dev->dma_coherent && !gfpflags_allow_blocking(gfp))
		return backing_atomic(dev, MEMORY_ZONE_NORMAL, size, gfp, phys);
	if (backing_contiguous(dev, size, gfp, phys) &&
	    backing_pages(dev, MEMORY_ZONE_NORMAL, size, phys))
		return -ENOMEM;
	backing_zero(dev, *phys, size);
	return 0;
}

static void *alloc_together(struct device *dev, size_t size, dma_addr_t *dma, gfp_t gfp)
{
	struct cache *cache = dev->machine->cache;
	phys_addr_t phys;

	if (take_together(dev, size, gfp, &phys))
		return NULL;
	if (!dev->dma_coherent && cache_bypass(cache, phys, PAGE_ALIGN(size), true))
		goto free_pages;
	*dma = iommu_dma_map_range(dev, phys, size, DMA_BIDIRECTIONAL,
				   dev->coherent_dma_mask);
	if (*dma != DMA_MAPPING_ERROR)
		return memory_cpu(dev->machine->memory, phys);
	if (!dev->dma_coherent)
		cache_bypass(cache, phys, PAGE_ALIGN(size), false);
free_pages:
	if (backing_free_atomic(dev, phys, PAGE_ALIGN(size)))
		backing_free(dev, phys, PAGE_ALIGN(size));
	return NULL;
}

void *iommu_dma_alloc(struct device *dev, size_t size, dma_addr_t *dma, gfp_t gfp,
		      unsigned long attrs)
{
	if (!size)
		return NULL;
	if (gfpflags_allow_blocking(gfp) && !(attrs & DMA_ATTR_FORCE_CONTIGUOUS))
		return alloc_scattered(dev, size, dma);
	return alloc_together(dev, size, dma, gfp);
}

static void free_together(struct device *dev, phys_addr_t phys, size_t size)
{
	if (!dev->dma_coherent)
		cache_bypass(dev->machine->cache, phys, PAGE_ALIGN(size), false);
	if (backing_free_atomic(dev, phys, PAGE_ALIGN(size)))
		backing_free(dev, phys, PAGE_ALIGN(size));
}

void iommu_dma_free(struct device *dev, size_t size, void *cpu, dma_addr_t dma)
{
	struct remap *remap = remap_find(dev, cpu);

	iommu_dma_unmap_range(dev, dma, size);
	if (!remap) {
		free_together(dev, virt_to_phys(cpu), size);
		return;
	}
	free_each(dev, remap->page, remap->pages, coherent_treatment(dev));
	remap_end(dev, remap);
}

struct page *iommu_dma_alloc_pages(struct device *dev, size_t size, dma_addr_t *dma,
				   enum dma_data_direction dir, gfp_t gfp)
{
	phys_addr_t phys;

	if (!size)
		return NULL;
	if (backing_contiguous(dev, size, gfp, &phys) &&
	    backing_pages(dev, MEMORY_ZONE_NORMAL, size, &phys))
		return NULL;
	*dma = iommu_dma_map(dev, phys, size, dir, DMA_ATTR_SKIP_CPU_SYNC);
	if (*dma == DMA_MAPPING_ERROR) {
		backing_free(dev, phys, size);
		return NULL;
	}
	backing_zero(dev, phys, size);
	return phys_to_page(phys);
}

void iommu_dma_free_pages(struct device *dev, size_t size, struct page *page,
			  dma_addr_t dma, enum dma_data_direction dir)
{
	iommu_dma_unmap(dev, dma, size, dir, DMA_ATTR_SKIP_CPU_SYNC);
	backing_free(dev, page_to_phys(page), size);
}

/* --- memory in pieces, of which the driver gets the table --- */

static int table_of(struct sg_table *table, const phys_addr_t *page, size_t pages,
		    struct heap *heap)
{
	struct page **name = heap_alloc(heap, pages, sizeof(*name));
	int err;

	if (!name)
		return -ENOMEM;
	for (size_t i = 0; i < pages; i++)
		name[i] = phys_to_page(page[i]);
	err = sg_alloc_table_from_pages(table, name, (unsigned int)pages, 0,
					pages << PAGE_SHIFT, GFP_KERNEL);
	heap_free(name);
	return err;
}

struct sg_table *iommu_dma_alloc_noncontiguous(struct device *dev, size_t size, gfp_t gfp,
					       unsigned long attrs)
{
	size_t pages = PAGE_ALIGN(size) >> PAGE_SHIFT;
	struct heap *heap = &dev->machine->heap;
	struct sg_table *table = heap_alloc(heap, 1, sizeof(*table));
	struct treatment how = {
		.zero = gfp & __GFP_ZERO ||
			!(dev->machine->config & LIBDMA_CONFIG_NO_INIT_ON_ALLOC),
	};
	phys_addr_t *page;

	(void)attrs;
	if (!table)
		return NULL;
	page = size ? alloc_each(dev, pages, how) : NULL;
	if (!page)
		goto free_table;
	if (table_of(table, page, pages, heap))
		goto free_pages;
	table->sgl->dma_address = translate_pages(dev, page, pages);
	if (!table->sgl->dma_address)
		goto free_entries;
	table->sgl->dma_length = (unsigned int)align_up(size, dev->machine->granule);
	heap_free(page);
	return table;

free_entries:
	sg_free_table(table);
free_pages:
	free_each(dev, page, pages, how);
	heap_free(page);
free_table:
	heap_free(table);
	return NULL;
}

void iommu_dma_free_noncontiguous(struct device *dev, size_t size, struct sg_table *table)
{
	struct scatterlist *sg;
	unsigned int i;

	iommu_dma_unmap_range(dev, table->sgl->dma_address, size);
	for_each_sgtable_sg(table, sg, i)
		for (unsigned int at = 0; at < sg->length; at += PAGE_SIZE)
			pages_free(dev->machine->pages, sg_phys(sg) + at, 0);
	sg_free_table(table);
	heap_free(table);
}
