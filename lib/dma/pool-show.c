// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * pool-show.c - what a pool says of itself: the `pools` file, extents, invariants
 *
 * Kernel counterpart: mm/dmapool.c (RULES.md P29, P34)
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "dma/pool-state.h"

const char *pool_name(const struct pool *pool)
{
	return pool->name;
}

size_t pool_print(const struct pool *pool, char *buffer, size_t size, size_t used)
{
	struct pool_counts count;
	size_t left = size - used;
	int length;

	if (!pool) {
		length = snprintf(buffer + used, left, "poolinfo - 0.1\n");
	} else {
		pool_count(pool, &count);
		length = snprintf(
			buffer + used, left,
			"%-16s %4" PRIu64 " %4" PRIu64 " %4" PRIu64 " %2" PRIu64 "\n",
			pool->name, count.active, count.total, count.size, count.pages);
	}
	if (left && (size_t)length >= left)
		length = (int)left - 1;
	return used + (left ? (size_t)length : 0);
}

size_t pool_report_print(const struct pool_report *report, char *buffer, size_t size)
{
	static const char *const where[] = {
		[POOL_BAD_DMA] = "dma_pool_free",
		[POOL_BAD_VADDR] = "dma_pool_free",
		[POOL_MISALIGNED] = "dma_pool_free",
		[POOL_ALREADY_FREE] = "dma_pool_free",
		[POOL_CORRUPTED] = "dma_pool_alloc",
		[POOL_BROKEN_CHAIN] = "dma_pool_alloc",
		[POOL_OVERRUN] = "dma_pool_create",
		[POOL_BUSY] = "dma_pool_destroy",
	};
	const char *function = where[report->fault], *name = report->name;
	uint64_t cpu = (uintptr_t)report->cpu, dma = report->dma;
	int length = 0;

	switch (report->fault) {
	case POOL_BAD_DMA:
		length = snprintf(buffer, size,
				  "%s %s, 0x%" PRIx64 "/0x%" PRIx64 " (bad dma)",
				  function, name, cpu, dma);
		break;
	case POOL_BAD_VADDR:
		length = snprintf(buffer, size,
				  "%s %s, 0x%" PRIx64 " (bad vaddr)/0x%" PRIx64, function,
				  name, cpu, dma);
		break;
	case POOL_MISALIGNED:
		length = snprintf(buffer, size,
				  "%s %s, 0x%" PRIx64 "/0x%" PRIx64
				  " (not the start of a block)",
				  function, name, cpu, dma);
		break;
	case POOL_ALREADY_FREE:
		length = snprintf(buffer, size, "%s %s, dma 0x%" PRIx64 " already free",
				  function, name, dma);
		break;
	case POOL_CORRUPTED:
		length = snprintf(buffer, size, "%s %s, 0x%" PRIx64 " (corrupted)",
				  function, name, cpu);
		break;
	case POOL_BROKEN_CHAIN:
		length = snprintf(buffer, size,
				  "%s %s, a free block points out of the pool", function,
				  name);
		break;
	case POOL_OVERRUN:
		length = snprintf(buffer, size,
				  "%s %s, the block at 0x%" PRIx64
				  " of each page leaves it",
				  function, name, dma);
		break;
	case POOL_BUSY:
		length =
			snprintf(buffer, size,
				 report->cpu ? "%s %s, 0x%" PRIx64 " busy" : "%s %s busy",
				 function, name, cpu);
		break;
	}
	return (size_t)length;
}

/* One byte a block number: is it free? For heap_free(). */
static unsigned char *free_blocks(const struct pool *pool, struct heap *heap,
				  int64_t *count)
{
	size_t blocks = (size_t)pool->pages << pool->cell_bits;
	unsigned char *is_free;

	*count = 0;
	is_free = heap_alloc(heap, blocks + 1, 1);
	if (!is_free)
		return NULL;
	if (pool->options.layout == POOL_INSIDE) {
		*count = pool_inside_mark(pool, is_free);
		return is_free;
	}
	for (size_t block = 0; block < blocks; block++) {
		if (pool->cell_offset[block & pool->cell_mask] == POOL_NO_OFFSET)
			continue;
		is_free[block] = pool->next[block] != POOL_LIVE;
		*count += is_free[block];
	}
	return is_free;
}

static int compare_pages(const void *a, const void *b)
{
	const struct pool_page *const *one = a, *const *other = b;

	return (*one)->dma < (*other)->dma ? -1 : (*one)->dma > (*other)->dma;
}

/* Neighbouring blocks in the same state are one extent. */
static int walk_page(const struct pool *pool, const struct pool_page *page,
		     const unsigned char *is_free, extent_visitor *visit, void *arg)
{
	struct extent extent = { .start = page->dma, .used = !is_free[0] };
	int err;

	for (uint32_t place = 0; place < pool->blocks; place++) {
		uint64_t start = page->dma + pool->offset[place];
		bool used = !is_free[(uint64_t)pool->offset[place] >> pool->cell_shift];

		if (used != extent.used || start != extent.start + extent.length) {
			err = visit(&extent, arg);
			if (err)
				return err;
			extent = (struct extent) { .start = start, .used = used };
		}
		extent.length += pool_inner_size(pool, pool->offset[place]);
	}
	return visit(&extent, arg);
}

int pool_walk(const struct pool *pool, extent_visitor *visit, void *arg)
{
	const struct pool_page **order;
	unsigned char *is_free;
	int64_t count;
	int err = -ENOMEM;

	order = heap_alloc(pool->options.heap, pool->pages + 1, sizeof(*order));
	if (!order)
		return -ENOMEM;
	is_free = free_blocks(pool, pool->options.heap, &count);
	if (!is_free)
		goto free_order;

	for (uint32_t number = 0; number < pool->pages; number++)
		order[number] = &pool->page[number];
	qsort(order, pool->pages, sizeof(*order), compare_pages);
	err = 0;
	for (uint32_t at = 0; at < pool->pages && !err; at++) {
		size_t first = (size_t)(order[at] - pool->page) << pool->cell_bits;

		err = walk_page(pool, order[at], is_free + first, visit, arg);
	}
	heap_free(is_free);
free_order:
	heap_free(order);
	return err;
}

/* Follow free blocks from @head: how many are they, if the chain is one? */
static bool chain_valid(const struct pool *pool, uint32_t head, uint32_t first,
			uint32_t end, int64_t *length)
{
	*length = 0;
	for (uint32_t block = head; block != POOL_END; block = pool->next[block]) {
		if (block < first || block >= end || *length > (int64_t)(end - first) ||
		    pool->cell_offset[block & pool->cell_mask] == POOL_NO_OFFSET)
			return false;
		++*length;
	}
	return true;
}

static bool chains_valid(const struct pool *pool, int64_t free)
{
	uint32_t number, first;
	int64_t length, sum = 0;

	if (pool->one_stack)
		return chain_valid(pool, pool->head, 0, pool->pages << pool->cell_bits,
				   &length) &&
		       length == free;
	for (number = 0; number < pool->pages; number++) {
		const struct pool_page *page = &pool->page[number];

		first = number << pool->cell_bits;
		if (!chain_valid(pool, page->head, first, first + pool->cell_mask + 1,
				 &length) ||
		    length + page->live != pool->blocks ||
		    bitset_has(&pool->ready, number) != (length > 0))
			return false;
		sum += length;
	}
	return sum == free;
}

static bool pages_valid(const struct pool *pool)
{
	uint64_t offset = 0;

	for (uint32_t number = 0; number < pool->pages; number++) {
		dma_addr_t dma = pool->page[number].dma;

		if (frames_find(&pool->by_dma, dma, &offset) != number || offset)
			return false;
		if (frames_find(&pool->by_dma, dma + pool->allocation - 1, &offset) !=
		    number)
			return false;
	}
	return true;
}

bool pool_valid(const struct pool *pool)
{
	uint64_t blocks = (uint64_t)pool->pages * pool->blocks;
	int64_t free;

	heap_free(free_blocks(pool, NULL, &free));
	if (free < 0 || (uint64_t)free + pool->active != blocks)
		return false;
	if (pool->options.layout == POOL_OUTSIDE && !chains_valid(pool, free))
		return false;
	return pages_valid(pool);
}
