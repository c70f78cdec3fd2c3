// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * direct-alloc.c - coherent memory for devices without an IOMMU
 *
 * Pages are sought in the zone that the mask points to, and in lower ones only where
 * what was found is out of reach: a zone that is empty is the end (RULES.md A10).
 *
 * Kernel counterpart: kernel/dma/direct.c (RULES.md A8-A19)
 */
#include <errno.h>

#include "base/bits.h"
#include "base/mutant.h"
#include "dma/backing.h"
#include "dma/bounce.h"
#include "dma/direct.h"
#include "dma/machine.h"
#include "dma/remap.h"
#include "hardware/cache.h"

/* Where to begin, by the highest address that the device reaches (RULES.md A8). */
static enum memory_zone first_zone(const struct device *dev, phys_addr_t *limit)
{
	*limit = direct_dma_to_phys(
		dev, min_not_zero(dev->coherent_dma_mask, dev->bus_dma_limit));
	return backing_first_zone(dev->machine, *limit);
}

/* Of a restricted device: its own pool serves it, or nothing does (RULES.md S27). */
static int from_own_pool(struct device *dev, size_t size, phys_addr_t *phys)
{
	int err = bounce_alloc(dev, size, phys);

	if (!err && !direct_coherent_capable(dev, *phys, size)) {
		bounce_release(dev, *phys, size);
		return -ENOMEM;
	}
	return err;
}

static int take_pages(struct device *dev, size_t size, gfp_t gfp, phys_addr_t *phys)
{
	enum memory_zone zone;
	phys_addr_t limit;

	if (dev->state->restricted)
		return from_own_pool(dev, size, phys);
	zone = first_zone(dev, &limit);
	if (!backing_contiguous(dev, size, gfp, phys)) {
		if (direct_coherent_capable(dev, *phys, size))
			return 0;
		backing_free(dev, *phys, size);
	}
	for (; zone < MEMORY_ZONES; zone = backing_lower_zone(dev->machine, zone, limit)) {
		if (backing_pages(dev, zone, size, phys))
			return -ENOMEM;
		if (direct_coherent_capable(dev, *phys, size))
			return 0;
		backing_free(dev, *phys, size);
	}
	return -ENOMEM;
}

static void give_back(struct device *dev, phys_addr_t phys, size_t size)
{
	if (dev->state->restricted && bounce_holds(dev, phys))
		bounce_release(dev, phys, size);
	else
		backing_free(dev, phys, size);
}

/* No mapping for the CPU: the page's name is the cookie (RULES.md A11). */
static void *alloc_cookie(struct device *dev, size_t size, dma_addr_t *dma, gfp_t gfp)
{
	phys_addr_t phys;

	if (take_pages(dev, size, gfp, &phys))
		return NULL;
	if (cache_clean(dev->machine->cache, phys, size)) {
		give_back(dev, phys, size);
		return NULL;
	}
	*dma = direct_phys_to_dma(dev, phys);
	return phys_to_page(phys);
}

/*
 * Memory that is not cached: the CPU gets a mapping of its own, which takes time to
 * make, so that a caller who may not sleep is served from the atomic pools.
 */
static void *alloc_uncached(struct device *dev, size_t size, dma_addr_t *dma, gfp_t gfp)
{
	struct cache *cache = dev->machine->cache;
	phys_addr_t phys, limit;
	void *cpu;

	if (dev->machine->config & LIBDMA_CONFIG_NO_REMAP) {
		device_log(dev, LIBDMA_LOG_WARNING,
			   "coherent DMA allocations not supported on this platform.");
		return NULL;
	}
	if (!gfpflags_allow_blocking(gfp) && !dev->state->restricted) {
		if (backing_atomic(dev, first_zone(dev, &limit), size, gfp, &phys))
			return NULL;
		*dma = direct_phys_to_dma(dev, phys);
		return memory_cpu(dev->machine->memory, phys);
	}
	if (take_pages(dev, size, gfp, &phys))
		return NULL;
	backing_zero(dev, phys, size);
	if (cache_bypass(cache, phys, size, true))
		goto give_back;
	cpu = remap_range(dev, phys, size);
	if (!cpu)
		goto end_bypass;
	*dma = direct_phys_to_dma(dev, phys);
	return cpu;

end_bypass:
	cache_bypass(cache, phys, size, false);
give_back:
	give_back(dev, phys, size);
	return NULL;
}

void *direct_alloc(struct device *dev, size_t size, dma_addr_t *dma, gfp_t gfp,
		   unsigned long attrs)
{
	phys_addr_t phys;

	if (!size)
		return NULL;
	size = MUTANT(C05, align_up(size, PAGE_SIZE), size);
	if (attrs & DMA_ATTR_NO_WARN)
		gfp |= __GFP_NOWARN;
	if (attrs & DMA_ATTR_NO_KERNEL_MAPPING && !dev->state->restricted)
		return alloc_cookie(dev, size, dma, gfp);
	if (!dev->dma_coherent)
		return alloc_uncached(dev, size, dma, gfp);
	if (take_pages(dev, size, gfp, &phys))
		return NULL;
	backing_zero(dev, phys, size);
	*dma = direct_phys_to_dma(dev, phys);
	return memory_cpu(dev->machine->memory, phys);
}

void direct_free(struct device *dev, size_t size, void *cpu, dma_addr_t dma,
		 unsigned long attrs)
{
	phys_addr_t phys = direct_dma_to_phys(dev, dma);

	size = align_up(size, PAGE_SIZE);
	if (attrs & DMA_ATTR_NO_KERNEL_MAPPING && !dev->state->restricted) {
		backing_free(dev, page_to_phys(cpu), size);
		return;
	}
	if (!dev->dma_coherent)
		cache_bypass(dev->machine->cache, phys, size, false);
	if (memory_owns(dev->machine->memory, cpu) &&
	    !backing_free_atomic(dev, virt_to_phys(cpu), size))
		return;
	remap_end(dev, remap_find(dev, cpu));
	give_back(dev, phys, size);
}

struct page *direct_alloc_pages(struct device *dev, size_t size, dma_addr_t *dma,
				gfp_t gfp)
{
	phys_addr_t phys;

	if (!size || take_pages(dev, size, gfp, &phys))
		return NULL;
	backing_zero(dev, phys, size);
	*dma = direct_phys_to_dma(dev, phys);
	return phys_to_page(phys);
}

void direct_free_pages(struct device *dev, size_t size, struct page *page)
{
	if (backing_free_atomic(dev, page_to_phys(page), size))
		give_back(dev, page_to_phys(page), size);
}
