// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * iommu-dma-alloc.c - memory for devices behind an IOMMU
 *
 * The device sees one piece, whatever pages there are. Where the caller may sleep they
 * are taken in blocks that fill an entry of a table, the largest first, and the CPU gets
 * a mapping of its own; else they lie together. Which pages a kernel would find depends
 * on all that ever ran; here they are the lowest.
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
	unsigned int orders; /* of the blocks that are taken, a bit each */
};

static void free_each(struct device *dev, const phys_addr_t *page, size_t pages,
		      bool uncached)
{
	while (pages--) {
		if (uncached)
			cache_bypass(dev->machine->cache, page[pages], PAGE_SIZE, false);
		pages_free(dev->machine->pages, page[pages], 0);
	}
}

/*
 * Orders of pages that fill one entry of a translation table: of its last level, and of
 * the level above, since a table is a granule of entries of 8 bytes. So they are on
 * Intel's and Arm's IOMMUs. Kernel: pgsize_bitmap of struct iommu_domain.
 */
static unsigned int table_orders(const struct device *dev, unsigned long attrs)
{
	unsigned int granule = log2_up(dev->machine->granule);
	unsigned int least = granule - PAGE_SHIFT, above = least + granule - 3;
	unsigned int orders = 0;

	if (least <= PAGES_MAX_ORDER)
		orders = 1U << least;
	if (above <= PAGES_MAX_ORDER && !(attrs & DMA_ATTR_ALLOC_SINGLE_PAGES))
		orders |= 1U << above;
	return orders;
}

/* The largest of @orders that @pages have room for and memory has; -1 without any. */
static int take_block(struct device *dev, unsigned int orders, size_t pages,
		      phys_addr_t *phys)
{
	for (int order = PAGES_MAX_ORDER; order >= 0; order--)
		if (orders & 1U << order && pages >> order &&
		    !backing_pages(dev, MEMORY_ZONE_NORMAL, PAGE_SIZE << order, phys)) {
			pages_split(dev->machine->pages, *phys, (unsigned int)order);
			return order;
		}
	return -1;
}

static int prepare(struct device *dev, phys_addr_t phys, size_t size,
		   struct treatment how)
{
	struct cache *cache = dev->machine->cache;

	if (how.zero)
		backing_zero(dev, phys, size);
	if (how.uncached)
		return cache_bypass(cache, phys, size, true);
	return dev->dma_coherent ? 0 : cache_clean(cache, phys, size);
}

/* Some of @pages in one block; 0 where there is none. */
static size_t alloc_block(struct device *dev, size_t pages, struct treatment how,
			  phys_addr_t *page)
{
	int order = take_block(dev, how.orders, pages, page);

	if (order < 0)
		return 0;
	for (size_t i = 1; i < 1UL << order; i++)
		page[i] = page[0] + (i << PAGE_SHIFT);
	if (!prepare(dev, page[0], PAGE_SIZE << order, how))
		return 1UL << order;
	free_each(dev, page, 1UL << order, false);
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

	if (!how.orders || !has_pages(dev, pages))
		return NULL;
	page = heap_alloc(&dev->machine->heap, pages, sizeof(*page));
	if (!page)
		return NULL;
	for (size_t done = 0, more; done < pages; done += more) {
		more = alloc_block(dev, pages - done, how, page + done);
		if (!more) {
			free_each(dev, page, done, how.uncached);
			heap_free(page);
			return NULL;
		}
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
			iommu_dma_forget(dev, dma, at << PAGE_SHIFT, false);
			iommu_dma_free_iova(dev, dma,
					    align_up(size, dev->machine->granule));
			return 0;
		}
	}
	return dma;
}

/* Coherent memory is zeroed, and for a device that is not coherent not cached. */
static struct treatment coherent_treatment(const struct device *dev, unsigned long attrs)
{
	return (struct treatment) { .zero = true,
				    .uncached = !dev->dma_coherent,
				    .orders = table_orders(dev, attrs) };
}

/* Pages of whole granules. */
static size_t pages_of(const struct device *dev, size_t size)
{
	return align_up(size, dev->machine->granule) >> PAGE_SHIFT;
}

static void *alloc_scattered(struct device *dev, size_t size, dma_addr_t *dma,
			     unsigned long attrs)
{
	struct treatment how = coherent_treatment(dev, attrs);
	size_t pages = pages_of(dev, size);
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
	free_each(dev, page, pages, how.uncached);
	heap_free(page);
	return NULL;
}

/*
 * One piece for a caller who may sleep, or whose device is coherent. What must not be
 * cached gets a mapping of its own.
 */
static void *take_together(struct device *dev, size_t size, gfp_t gfp, phys_addr_t *phys)
{
	struct cache *cache = dev->machine->cache;
	void *cpu;

	if (backing_contiguous(dev, size, gfp, phys) &&
	    backing_pages(dev, MEMORY_ZONE_NORMAL, size, phys))
		return NULL;
	backing_zero(dev, *phys, size);
	if (dev->dma_coherent)
		return memory_cpu(dev->machine->memory, *phys);
	if (cache_bypass(cache, *phys, size, true))
		goto free_pages;
	cpu = remap_range(dev, *phys, size);
	if (cpu)
		return cpu;
	cache_bypass(cache, *phys, size, false);
free_pages:
	backing_free(dev, *phys, size);
	return NULL;
}

static void *take_atomic(struct device *dev, size_t size, gfp_t gfp, phys_addr_t *phys)
{
	return backing_atomic(dev, MEMORY_ZONE_NORMAL, size, gfp, phys)
		       ? NULL
		       : memory_cpu(dev->machine->memory, *phys);
}

static void free_together(struct device *dev, void *cpu, size_t size)
{
	struct remap *remap = remap_find(dev, cpu);
	phys_addr_t phys = remap ? remap->page[0] : virt_to_phys(cpu);

	size = PAGE_ALIGN(size);
	if (!dev->dma_coherent)
		cache_bypass(dev->machine->cache, phys, size, false);
	if (backing_free_atomic(dev, phys, size))
		backing_free(dev, phys, size);
	remap_end(dev, remap);
}

static void *alloc_together(struct device *dev, size_t size, dma_addr_t *dma, gfp_t gfp)
{
	phys_addr_t phys;
	void *cpu = !dev->dma_coherent && !gfpflags_allow_blocking(gfp)
			    ? take_atomic(dev, PAGE_ALIGN(size), gfp, &phys)
			    : take_together(dev, PAGE_ALIGN(size), gfp, &phys);

	if (!cpu)
		return NULL;
	*dma = iommu_dma_map_range(dev, phys, size, DMA_BIDIRECTIONAL,
				   dev->coherent_dma_mask);
	if (*dma != DMA_MAPPING_ERROR)
		return cpu;
	free_together(dev, cpu, size);
	return NULL;
}

void *iommu_dma_alloc(struct device *dev, size_t size, dma_addr_t *dma, gfp_t gfp,
		      unsigned long attrs)
{
	if (!size)
		return NULL;
	if (gfpflags_allow_blocking(gfp) && !(attrs & DMA_ATTR_FORCE_CONTIGUOUS))
		return alloc_scattered(dev, size, dma, attrs);
	return alloc_together(dev, size, dma, gfp);
}

void iommu_dma_free(struct device *dev, size_t size, void *cpu, dma_addr_t dma)
{
	struct remap *remap = remap_find(dev, cpu);

	iommu_dma_unmap_range(dev, dma, size);
	if (remap && remap->scattered) {
		free_each(dev, remap->page, remap->pages, !dev->dma_coherent);
		remap_end(dev, remap);
	} else {
		free_together(dev, cpu, size);
	}
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
	size_t pages = pages_of(dev, size);
	struct heap *heap = &dev->machine->heap;
	struct sg_table *table = heap_alloc(heap, 1, sizeof(*table));
	struct treatment how = {
		.zero = gfp & __GFP_ZERO ||
			!(dev->machine->config & LIBDMA_CONFIG_NO_INIT_ON_ALLOC),
		.orders = table_orders(dev, attrs),
	};
	phys_addr_t *page;

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
	free_each(dev, page, pages, false);
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
