// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * reference-pool.c - dma_pool the plain way (RULES.md P2-P20)
 */
#include <assert.h>
#include <limits.h>

#include <libdma/page.h>

#include "reference-pool.h"
#include "reference.h"

REFERENCE_BEGIN

static bool is_power(uint64_t value)
{
	return value && !(value & (value - 1));
}

/* Blocks between one boundary and the next. */
static uint64_t count_between(const struct reference_pool *pool, uint64_t start)
{
	uint64_t left = pool->allocation - start, count;

	if (!pool->old)
		return (left < pool->boundary ? left : pool->boundary) / pool->size;
	/* P12: as many as do not reach the boundary, but one at least */
	count = (pool->boundary - 1) / pool->size;
	if (count > (left + pool->size - 1) / pool->size)
		count = (left + pool->size - 1) / pool->size;
	return count ? count : 1;
}

static void place_blocks(struct reference_pool *pool)
{
	for (uint64_t start = 0; start < pool->allocation; start += pool->boundary) {
		uint64_t count = count_between(pool, start);

		for (uint64_t i = 0; i < count; i++)
			pool->offset[pool->blocks++] = start + i * pool->size;
		if (pool->boundary > pool->allocation - start)
			break;
	}
}

bool reference_pool_init(struct reference_pool *pool, bool old, uint64_t size,
			 uint64_t align, uint64_t boundary)
{
	uint64_t least = old ? 4 : 16;
	unsigned __int128 rounded;

	align = align ? align : 1;
	if (!is_power(align) || !size || (!old && size > INT_MAX))
		return false;
	rounded = size < least ? least : size;
	rounded = (rounded + align - 1) / align * align;
	if (rounded > UINT64_MAX || (boundary && (boundary < rounded || !is_power(boundary))))
		return false;
	pool->old = old;
	pool->size = (uint64_t)rounded;
	pool->allocation = pool->size > PAGE_SIZE ? pool->size : PAGE_SIZE;
	pool->boundary = boundary ? boundary : pool->allocation;
	if (!old && pool->boundary > pool->allocation)
		pool->boundary = pool->allocation;
	pool->pages = 0;
	pool->blocks = 0;
	pool->frees[0] = 0;
	if (pool->allocation > PAGE_SIZE) {
		pool->blocks = 1;
		pool->offset[0] = 0;
	} else {
		place_blocks(pool);
	}
	pool->inner = 0;
	for (uint32_t block = 0; block < pool->blocks; block++)
		pool->inner += reference_pool_inner(pool, block);
	return true;
}

/* The page whose stack serves; pages where none does. */
static uint32_t serving(const struct reference_pool *pool)
{
	uint32_t page = pool->old ? pool->pages : 1;

	while (page--)
		if (pool->frees[page])
			return page;
	return pool->pages;
}

bool reference_pool_has(const struct reference_pool *pool)
{
	return pool->pages && serving(pool) < pool->pages;
}

static uint32_t *stack_of(struct reference_pool *pool, uint32_t page)
{
	return pool->free + (pool->old ? page * REFERENCE_POOL_BLOCKS : 0);
}

static void push(struct reference_pool *pool, uint32_t block)
{
	uint32_t page = pool->old ? block / REFERENCE_POOL_BLOCKS : 0;

	stack_of(pool, page)[pool->frees[page]++] = block;
}

void reference_pool_add(struct reference_pool *pool, char *cpu, dma_addr_t dma)
{
	uint32_t page = pool->pages++;

	assert(pool->pages <= REFERENCE_POOL_PAGES);
	pool->cpu[page] = cpu;
	pool->dma[page] = dma;
	pool->live[page] = 0;
	if (pool->old)
		pool->frees[page] = 0;
	for (uint32_t place = pool->blocks; place--;)
		push(pool, page * REFERENCE_POOL_BLOCKS + place);
}

uint32_t reference_pool_next(const struct reference_pool *pool)
{
	uint32_t page = serving(pool);
	uint32_t first = pool->old ? page * REFERENCE_POOL_BLOCKS : 0;

	return pool->free[first + pool->frees[page] - 1];
}

uint32_t reference_pool_take(struct reference_pool *pool)
{
	uint32_t block = reference_pool_next(pool);

	pool->frees[serving(pool)]--;
	pool->live[block / REFERENCE_POOL_BLOCKS]++;
	return block;
}

void reference_pool_give(struct reference_pool *pool, uint32_t block)
{
	pool->live[block / REFERENCE_POOL_BLOCKS]--;
	push(pool, block);
}

char *reference_pool_cpu(const struct reference_pool *pool, uint32_t block)
{
	return pool->cpu[block / REFERENCE_POOL_BLOCKS] +
	       pool->offset[block % REFERENCE_POOL_BLOCKS];
}

dma_addr_t reference_pool_dma(const struct reference_pool *pool, uint32_t block)
{
	return pool->dma[block / REFERENCE_POOL_BLOCKS] +
	       pool->offset[block % REFERENCE_POOL_BLOCKS];
}

uint64_t reference_pool_inner(const struct reference_pool *pool, uint32_t block)
{
	uint64_t left = pool->allocation - pool->offset[block % REFERENCE_POOL_BLOCKS];

	return left < pool->size ? left : pool->size;
}

uint32_t reference_pool_live(const struct reference_pool *pool)
{
	uint32_t live = 0;

	for (uint32_t page = 0; page < pool->pages; page++)
		live += pool->live[page];
	return live;
}

bool reference_pool_bounded(const struct reference_pool *pool, uint32_t block)
{
	uint64_t offset = pool->offset[block % REFERENCE_POOL_BLOCKS];

	if (pool->old && pool->boundary > pool->allocation)
		return true;
	return offset / pool->boundary == (offset + pool->size - 1) / pool->boundary;
}

bool reference_pool_links(const struct reference_pool *pool)
{
	return reference_pool_inner(pool, pool->blocks - 1) >= (pool->old ? 4 : 16);
}

REFERENCE_END
