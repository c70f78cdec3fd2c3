/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cache.h - CPU caches that devices do not see, line by line
 *
 * What the CPU sees is the machine's memory as the program reads and writes it. What a
 * device sees that is not coherent is kept here: what was written back, or what devices
 * wrote themselves. The cache is as bad as one may be: it writes nothing back unless it
 * is told to, and drops whole lines, whoever else has bytes in them.
 *
 * Kernel counterpart: arch_sync_dma_for_device() and arch_sync_dma_for_cpu(),
 * arch/arm64/mm/dma-mapping.c (RULES.md Y1-Y4, Y12)
 */
#pragma once

#include <libdma/types.h>

#include "base/heap.h"
#include "hardware/memory.h"

struct cache;

/**
 * cache_create() - caches in which nothing was ever written back
 * @heap:	for what devices see; NULL for plain memory
 * @memory:	what the CPU sees; outlives it
 * @line:	bytes of a line, a power of two from 16 to 4096
 * @ret:	set to the caches
 *
 * Return: 0, -EINVAL for such a line, -ENOMEM.
 */
int cache_create(struct heap *heap, const struct memory *memory, unsigned int line,
		 struct cache **ret);

/** cache_destroy() - forget what devices see; NULL is allowed */
void cache_destroy(struct cache *cache);

/** cache_line() - bytes of a line */
unsigned int cache_line(const struct cache *cache);

/**
 * cache_clean() - write back the lines of a range: devices see what the CPU does
 *
 * What is not memory, all or in part, has no lines: nothing happens, here and below.
 *
 * Return: 0, or -ENOMEM with nothing written back.
 */
int cache_clean(struct cache *cache, phys_addr_t phys, uint64_t size);

/**
 * cache_invalidate() - drop the lines of a range: the CPU sees what devices do
 *
 * What the CPU wrote into such a line and did not write back is lost.
 */
void cache_invalidate(struct cache *cache, phys_addr_t phys, uint64_t size);

/**
 * cache_bypass() - let the CPU reach pages past the caches, or no longer
 * @phys:	a multiple of a page
 * @size:	bytes, a multiple of a page
 * @bypass:	write back, then keep both views the same; false ends that
 *
 * Return: 0, or -ENOMEM with nothing changed, which only the beginning can give.
 */
int cache_bypass(struct cache *cache, phys_addr_t phys, uint64_t size, bool bypass);

/**
 * cache_device_read() - what a device sees
 *
 * The range must be memory. Lines never written back are zero.
 */
void cache_device_read(const struct cache *cache, phys_addr_t phys, void *buffer,
		       size_t size);

/** cache_device_write() - what a device writes; 0, or -ENOMEM with nothing written */
int cache_device_write(struct cache *cache, phys_addr_t phys, const void *buffer,
		       size_t size);

/** cache_agrees() - do CPU and devices see the same bytes of a range? */
bool cache_agrees(const struct cache *cache, phys_addr_t phys, uint64_t size);

/** cache_valid() - do its own invariants hold? For tests. */
bool cache_valid(const struct cache *cache);
