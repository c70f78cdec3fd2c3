/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * dmapool.h - small blocks of coherent memory, all of one size
 *
 * Kernel counterpart: include/linux/dmapool.h, mm/dmapool.c (RULES.md P1-P36)
 */
#pragma once

#include <libdma/device.h>
#include <libdma/gfp.h>

struct dma_pool;

/**
 * dma_pool_create() - a pool of blocks for a device
 * @name:	for messages and the pools text; 31 characters are kept
 * @dev:	the device
 * @size:	bytes of a block; rounded up to @align, and to 16 (6.1: 4)
 * @align:	a power of two; 0 stands for 1
 * @boundary:	no block crosses a multiple of it: a power of two, 0 for none
 *
 * Return: the pool, or NULL where an argument is wrong or memory is out.
 */
struct dma_pool *dma_pool_create(const char *name, struct device *dev, size_t size,
				 size_t align, size_t boundary);

/** dma_pool_create_node() - the same, with a NUMA node that the model ignores; 7.2 */
struct dma_pool *dma_pool_create_node(const char *name, struct device *dev, size_t size,
				      size_t align, size_t boundary, int node);

/**
 * dma_pool_destroy() - release a pool; NULL is allowed
 *
 * One of dmam_pool_create() is told to the log, and the driver core forgets it: in the
 * kernel it would end twice.
 * Blocks still in use are told to the log, and their pages are not given back: all of
 * the pool's pages since 6.4, before that only the busy ones (RULES.md P31, P32).
 */
void dma_pool_destroy(struct dma_pool *pool);

/**
 * dma_pool_alloc() - a block
 * @pool:	where from
 * @gfp:	GFP_KERNEL, or GFP_ATOMIC where the caller may not sleep; __GFP_ZERO
 * @dma:	set to the device's address of it
 *
 * Return: the CPU's address, or NULL, @dma untouched. NULL also for no @pool, where the
 * kernel stops.
 */
void *dma_pool_alloc(struct dma_pool *pool, gfp_t gfp, dma_addr_t *dma);

/** dma_pool_zalloc() - a block whose bytes are 0 */
static inline void *dma_pool_zalloc(struct dma_pool *pool, gfp_t gfp, dma_addr_t *dma)
{
	return dma_pool_alloc(pool, gfp | __GFP_ZERO, dma);
}

/**
 * dma_pool_free() - put a block back
 *
 * A block that is free already, of another pool, inside of a block, or with another
 * block's @dma is told to the log and changes nothing. No @pool: nothing is done, where
 * the kernel stops.
 */
void dma_pool_free(struct dma_pool *pool, void *cpu, dma_addr_t dma);

/** dmam_pool_create() - a pool that ends when the driver leaves the device */
struct dma_pool *dmam_pool_create(const char *name, struct device *dev, size_t size,
				  size_t align, size_t boundary);

/** dmam_pool_destroy() - end a managed pool before that; NULL is allowed */
void dmam_pool_destroy(struct dma_pool *pool);

/**
 * libdma_device_pools() - the text of the device's sysfs file "pools"
 * @dev:	the device
 * @buffer:	where to
 * @size:	room; the kernel has one page
 *
 * Return: bytes written without the final NUL, 0 where the device has no pool and so
 * no such file (RULES.md P34).
 */
size_t libdma_device_pools(struct device *dev, char *buffer, size_t size);
