// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * atomic-pool.c - memory set aside for allocations that must not wait
 *
 * Kernel counterpart: kernel/dma/pool.c, lib/genalloc.c (RULES.md A16-A19)
 */
#include <errno.h>

#include "alloc/atomic-pool.h"
#include "base/bitmap.h"
#include "base/bits.h"
#include "base/mutant.h"

#define KIB 1024ULL

struct chunk {
	struct chunk *next; /* older */
	phys_addr_t phys;
	unsigned int order;
	struct bitmap *used; /* one bit a page */
};

struct atomic_pool {
	struct heap *heap;
	struct atomic_pool_pages pages;
	struct chunk *chunks;
	uint64_t target;
	uint64_t size;
	uint64_t available;
};

uint64_t atomic_pool_default_size(uint64_t memory)
{
	/* 128 KiB a GiB, in whole pages */
	uint64_t pages = (memory >> PAGE_SHIFT) / (1024 * KIB * KIB / (128 * KIB));

	if (pages > 1ULL << ATOMIC_POOL_MAX_ORDER)
		pages = 1ULL << ATOMIC_POOL_MAX_ORDER;
	return pages << PAGE_SHIFT > 128 * KIB ? pages << PAGE_SHIFT : 128 * KIB;
}

/* A chunk of @size bytes, or the largest there is below. */
static int add_chunk(struct atomic_pool *pool, uint64_t size)
{
	unsigned int order = (unsigned int)get_order(size);
	struct chunk *chunk;
	int err = -ENOSPC;

	chunk = heap_alloc(pool->heap, 1, sizeof(*chunk));
	if (!chunk)
		return -ENOMEM;
	chunk->order = order < ATOMIC_POOL_MAX_ORDER ? order : ATOMIC_POOL_MAX_ORDER;
	while (pool->pages.alloc(pool->pages.arg, chunk->order, &chunk->phys))
		if (!chunk->order--)
			goto free_chunk;
	err = bitmap_create(pool->heap, (size_t)1 << chunk->order, &chunk->used);
	if (err)
		goto free_pages;

	chunk->next = pool->chunks;
	pool->chunks = chunk;
	pool->size += PAGE_SIZE << chunk->order;
	pool->available += PAGE_SIZE << chunk->order;
	return 0;

free_pages:
	pool->pages.free(pool->pages.arg, chunk->order, chunk->phys);
free_chunk:
	heap_free(chunk);
	return err;
}

int atomic_pool_create(struct heap *heap, const struct atomic_pool_pages *pages,
		       uint64_t target, struct atomic_pool **ret)
{
	struct atomic_pool *pool;
	int err;

	if (!target)
		return -EINVAL;
	pool = heap_alloc(heap, 1, sizeof(*pool));
	if (!pool)
		return -ENOMEM;
	pool->heap = heap;
	pool->pages = *pages;
	pool->target = target;
	err = add_chunk(pool, target);
	if (err)
		goto free_pool;
	*ret = pool;
	return 0;

free_pool:
	heap_free(pool);
	return err;
}

void atomic_pool_destroy(struct atomic_pool *pool)
{
	struct chunk *chunk, *next;

	if (!pool)
		return;
	for (chunk = pool->chunks; chunk; chunk = next) {
		next = chunk->next;
		pool->pages.free(pool->pages.arg, chunk->order, chunk->phys);
		bitmap_destroy(chunk->used);
		heap_free(chunk);
	}
	heap_free(pool);
}

static uint64_t pages_of(uint64_t size)
{
	return (size >> PAGE_SHIFT) + !!(size & (PAGE_SIZE - 1));
}

/* A18: alignment is by the place in the chunk. */
int atomic_pool_alloc(struct atomic_pool *pool, uint64_t size, phys_addr_t *phys)
{
	uint64_t pages = pages_of(size);

	if (!size)
		return -EINVAL;
	if (size > pool->available)
		return -ENOMEM;
	for (struct chunk *chunk = pool->chunks; chunk; chunk = chunk->next) {
		size_t bits = bitmap_size(chunk->used), bit;

		if (pages > bits - bitmap_weight(chunk->used))
			continue;
		bit = bitmap_find_clear(chunk->used, 0, pages,
					MUTANT(X04, 1ULL << log2_up(pages), 1), 0);
		if (bit == bits)
			continue;
		bitmap_set(chunk->used, bit, pages);
		pool->available -= pages << PAGE_SHIFT;
		*phys = chunk->phys + ((phys_addr_t)bit << PAGE_SHIFT);
		return 0;
	}
	return -ENOMEM;
}

int atomic_pool_free(struct atomic_pool *pool, phys_addr_t phys, uint64_t size)
{
	uint64_t pages = pages_of(size);

	for (struct chunk *chunk = pool->chunks; chunk; chunk = chunk->next) {
		uint64_t bit = (phys - chunk->phys) >> PAGE_SHIFT;

		if (phys < chunk->phys || bit >= bitmap_size(chunk->used) ||
		    pages > bitmap_size(chunk->used) - bit)
			continue;
		if (!size || phys & (PAGE_SIZE - 1) ||
		    !bitmap_all_set(chunk->used, bit, pages))
			return -EINVAL;
		bitmap_clear(chunk->used, bit, pages);
		pool->available += pages << PAGE_SHIFT;
		return 0;
	}
	return -ENOENT;
}

bool atomic_pool_is_low(const struct atomic_pool *pool)
{
	return pool->available < pool->target;
}

int atomic_pool_grow(struct atomic_pool *pool)
{
	return add_chunk(pool, pool->size);
}

uint64_t atomic_pool_size(const struct atomic_pool *pool)
{
	return pool->size;
}

uint64_t atomic_pool_available(const struct atomic_pool *pool)
{
	return pool->available;
}

/* The first of three zones that has a pool. */
static int first_of(const bool has[MEMORY_ZONES], int a, int b, int c)
{
	return has[a] ? a : has[b] ? b : has[c] ? c : -1;
}

int atomic_pool_next(const struct kernel_rules *rules, const bool has[MEMORY_ZONES],
		     int previous, enum memory_zone zone)
{
	const int dma = MEMORY_ZONE_DMA, dma32 = MEMORY_ZONE_DMA32;
	const int normal = MEMORY_ZONE_NORMAL;

	if (previous == normal)
		return first_of(has, dma32, dma, dma);
	if (previous == dma32)
		return has[dma] ? dma : -1;
	if (previous == dma)
		return -1;
	if (rules->atomic_pool_tries_all) {
		if (zone == MEMORY_ZONE_DMA)
			return first_of(has, dma, dma32, normal);
		if (zone == MEMORY_ZONE_DMA32)
			return first_of(has, dma32, dma, normal);
		return first_of(has, normal, dma32, dma);
	}
	if (zone == MEMORY_ZONE_DMA32)
		return has[dma32] ? dma32 : -1;
	if (zone == MEMORY_ZONE_DMA && has[dma])
		return dma;
	return has[normal] ? normal : -1;
}

static int walk_chunk(const struct chunk *chunk, extent_visitor *visit, void *arg)
{
	size_t bits = bitmap_size(chunk->used), start, end;
	int err = 0;

	for (start = 0; start < bits && !err; start = end) {
		struct extent extent = { .used = bitmap_test(chunk->used, start) };

		end = extent.used ? bitmap_next_clear(chunk->used, start)
				  : bitmap_next_set(chunk->used, start);
		extent.start = chunk->phys + ((uint64_t)start << PAGE_SHIFT);
		extent.length = (uint64_t)(end - start) << PAGE_SHIFT;
		err = visit(&extent, arg);
	}
	return err;
}

int atomic_pool_walk(const struct atomic_pool *pool, extent_visitor *visit, void *arg)
{
	int err = 0;

	for (const struct chunk *chunk = pool->chunks; chunk && !err; chunk = chunk->next)
		err = walk_chunk(chunk, visit, arg);
	return err;
}

bool atomic_pool_valid(const struct atomic_pool *pool)
{
	uint64_t size = 0, used = 0;

	for (const struct chunk *chunk = pool->chunks; chunk; chunk = chunk->next) {
		if (!bitmap_valid(chunk->used))
			return false;
		size += PAGE_SIZE << chunk->order;
		used += (uint64_t)bitmap_weight(chunk->used) << PAGE_SHIFT;
	}
	return size == pool->size && size - used == pool->available;
}
