// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * backing.c - where the pages of allocations come from: CMA, zones, atomic pools
 *
 * Kernel counterpart: kernel/dma/contiguous.c, kernel/dma/pool.c (RULES.md A14-A19)
 */
#include <errno.h>
#include <string.h>

#include "alloc/atomic-pool.h"
#include "alloc/contiguous.h"
#include "base/bits.h"
#include "dma/backing.h"
#include "dma/direct.h"
#include "dma/machine.h"
#include "hardware/cache.h"
#include "hardware/pages.h"

/* --- the atomic pools --- */

/* A CMA area serves their chunks too, if it ends where the zone does or before. */
static bool contiguous_serves(const struct libdma_machine *machine, enum memory_zone zone)
{
	phys_addr_t end = contiguous_end(machine->contiguous);

	return zone == MEMORY_ZONE_NORMAL ||
	       end <= (zone == MEMORY_ZONE_DMA ? ZONE_DMA_END : 1ULL << 32);
}

static int chunk_alloc(void *arg, unsigned int order, phys_addr_t *phys)
{
	const struct chunk_source *source = arg;
	const struct libdma_machine *machine = source->machine;
	uint64_t size = PAGE_SIZE << order;

	if (machine->contiguous && contiguous_serves(machine, source->zone) &&
	    !contiguous_alloc(machine->contiguous, size >> PAGE_SHIFT,
			      contiguous_align_order(size), phys))
		return 0;
	return pages_alloc(machine->pages, source->zone, order, phys);
}

static void chunk_free(void *arg, unsigned int order, phys_addr_t phys)
{
	const struct chunk_source *source = arg;
	const struct libdma_machine *machine = source->machine;

	if (!machine->contiguous ||
	    contiguous_free(machine->contiguous, phys, 1ULL << order) == -ENOENT)
		pages_free(machine->pages, phys, order);
}

static int add_length(const struct extent *extent, void *arg)
{
	*(uint64_t *)arg += extent->length;
	return 0;
}

/* Bytes that the kernel has to give: of CMA too, but not what swiotlb reserved (A16). */
static uint64_t managed_memory(const struct libdma_machine *machine)
{
	uint64_t pages = 0, size = 0;

	for (unsigned int zone = 0; zone < MEMORY_ZONES; zone++)
		pages += pages_count_free(machine->pages, (enum memory_zone)zone);
	if (machine->contiguous)
		contiguous_walk(machine->contiguous, add_length, &size);
	return size + (pages << PAGE_SHIFT);
}

/* Only a pool of ZONE_DMA always needs such a zone (RULES.md A17). */
static bool wants_pool(const struct libdma_machine *machine, enum memory_zone zone)
{
	return pages_count_free(machine->pages, zone) ||
	       (zone != MEMORY_ZONE_DMA && !machine->rules->atomic_pool_needs_zone);
}

/* A kernel that finds no page for a pool goes on without it. */
static void log_missing_pool(const struct libdma_machine *machine, enum memory_zone zone,
			     uint64_t target)
{
	static const char *const flags[] = { "GFP_KERNEL|GFP_DMA", "GFP_KERNEL|GFP_DMA32",
					     "GFP_KERNEL" };

	machine_log(machine, LIBDMA_LOG_ERROR,
		    "DMA: failed to allocate %llu KiB %s pool for atomic allocation",
		    (unsigned long long)target >> 10, flags[zone]);
}

int backing_create_pools(struct libdma_machine *machine, uint64_t target)
{
	static const enum memory_zone order[] = {
		MEMORY_ZONE_NORMAL,
		MEMORY_ZONE_DMA,
		MEMORY_ZONE_DMA32,
	};
	int err;

	if (!target)
		target = atomic_pool_default_size(managed_memory(machine));
	for (unsigned int i = 0; i < MEMORY_ZONES; i++) {
		struct chunk_source *source = &machine->chunk_source[order[i]];
		struct atomic_pool_pages pages = { chunk_alloc, chunk_free, source };

		*source = (struct chunk_source) { machine, order[i] };
		if (!wants_pool(machine, order[i]))
			continue;
		err = atomic_pool_create(&machine->heap, &pages, target,
					 &machine->atomic_pool[order[i]]);
		if (err == -ENOSPC)
			log_missing_pool(machine, order[i], target);
		else if (err)
			return err;
	}
	return 0;
}

void backing_destroy_pools(struct libdma_machine *machine)
{
	for (int zone = 0; zone < MEMORY_ZONES; zone++)
		atomic_pool_destroy(machine->atomic_pool[zone]);
}

/* The kernel does it a moment later, for all pools; nothing can come between here. */
static void grow_pools(const struct libdma_machine *machine)
{
	for (int zone = 0; zone < MEMORY_ZONES; zone++) {
		struct atomic_pool *pool = machine->atomic_pool[zone];

		if (pool && atomic_pool_is_low(pool))
			atomic_pool_grow(pool);
	}
}

/* --- zones --- */

static bool has_dma_zone(const struct libdma_machine *machine)
{
	return !(machine->config & LIBDMA_CONFIG_NO_ZONE_DMA);
}

enum memory_zone backing_first_zone(const struct libdma_machine *machine,
				    phys_addr_t limit)
{
	/* The kernel asks for a zone that it has not, and so for any. */
	if (limit < ZONE_DMA_END)
		return has_dma_zone(machine) ? MEMORY_ZONE_DMA : MEMORY_ZONE_NORMAL;
	return limit <= DMA_BIT_MASK(32) ? MEMORY_ZONE_DMA32 : MEMORY_ZONE_NORMAL;
}

enum memory_zone backing_lower_zone(const struct libdma_machine *machine,
				    enum memory_zone zone, phys_addr_t limit)
{
	if (limit < ZONE_DMA_END)
		return MEMORY_ZONES;
	if (zone == MEMORY_ZONE_NORMAL && limit < DMA_BIT_MASK(64))
		return MEMORY_ZONE_DMA32;
	if (zone != MEMORY_ZONE_DMA && has_dma_zone(machine))
		return MEMORY_ZONE_DMA;
	return MEMORY_ZONES;
}

int backing_below(const struct libdma_machine *machine, size_t size, phys_addr_t limit,
		  phys_addr_t *phys)
{
	enum memory_zone zone = backing_first_zone(machine, limit);
	unsigned int order = (unsigned int)get_order(size);

	for (; zone < MEMORY_ZONES; zone = backing_lower_zone(machine, zone, limit)) {
		if (pages_alloc(machine->pages, zone, order, phys))
			return -ENOMEM;
		if (*phys + size - 1 <= limit)
			return 0;
		pages_free(machine->pages, *phys, order);
	}
	return -ENOMEM;
}

/* --- for a device --- */

int backing_contiguous(struct device *dev, size_t size, gfp_t gfp, phys_addr_t *phys)
{
	struct contiguous *area = dev->machine->contiguous;

	if (!area || !gfpflags_allow_blocking(gfp) || size <= PAGE_SIZE)
		return -ENOMEM;
	return contiguous_alloc(area, size >> PAGE_SHIFT, contiguous_align_order(size),
				phys);
}

int backing_pages(struct device *dev, enum memory_zone zone, size_t size,
		  phys_addr_t *phys)
{
	return pages_alloc(dev->machine->pages, zone, (unsigned int)get_order(size),
			   phys);
}

void backing_free(struct device *dev, phys_addr_t phys, size_t size)
{
	struct libdma_machine *machine = dev->machine;
	int err = machine->contiguous
			  ? contiguous_free(machine->contiguous, phys,
					    align_up(size, PAGE_SIZE) >> PAGE_SHIFT)
			  : -ENOENT;

	if (err == -ENOENT)
		err = pages_free(machine->pages, phys, (unsigned int)get_order(size));
	if (err)
		device_log(dev, LIBDMA_LOG_ERROR,
			   "BUG: frees %zu bytes at 0x%llx that were not allocated so",
			   size, (unsigned long long)phys);
}

/* What the device cannot reach goes back, and the next pool is asked. */
static int atomic_from(struct device *dev, enum memory_zone zone, size_t size,
		       phys_addr_t *phys)
{
	struct atomic_pool *pool = dev->machine->atomic_pool[zone];
	int err = atomic_pool_alloc(pool, size, phys);

	if (err)
		return err;
	if ((device_is_direct(dev) && !direct_coherent_capable(dev, *phys, size)) ||
	    cache_bypass(dev->machine->cache, *phys, size, true)) {
		atomic_pool_free(pool, *phys, size);
		return -ENOMEM;
	}
	if (atomic_pool_is_low(pool))
		grow_pools(dev->machine);
	return 0;
}

int backing_atomic(struct device *dev, enum memory_zone zone, size_t size, gfp_t gfp,
		   phys_addr_t *phys)
{
	const struct libdma_machine *machine = dev->machine;
	bool has[MEMORY_ZONES];
	int pool = -1;

	for (int i = 0; i < MEMORY_ZONES; i++)
		has[i] = machine->atomic_pool[i];
	for (;;) {
		pool = atomic_pool_next(machine->rules, has, pool, zone);
		if (pool < 0)
			break;
		if (!atomic_from(dev, (enum memory_zone)pool, size, phys)) {
			backing_zero(dev, *phys, size);
			return 0;
		}
	}
	if (!(gfp & __GFP_NOWARN))
		device_log(dev, LIBDMA_LOG_WARNING,
			   "failed to get %zu bytes from the atomic pools", size);
	return -ENOMEM;
}

int backing_free_atomic(struct device *dev, phys_addr_t phys, size_t size)
{
	struct libdma_machine *machine = dev->machine;

	for (int zone = MEMORY_ZONES - 1; zone >= 0; zone--)
		if (machine->atomic_pool[zone] &&
		    atomic_pool_free(machine->atomic_pool[zone], phys, size) != -ENOENT)
			return 0;
	return -ENOENT;
}

void backing_zero(struct device *dev, phys_addr_t phys, size_t size)
{
	memset(memory_cpu(dev->machine->memory, phys), 0, size);
}
