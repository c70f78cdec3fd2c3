// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * pool.c - small blocks of coherent memory, cut from pages
 *
 * Each block has one word beside the pages: the number of the next free block, or
 * that it is live. So one stack of numbers (in 6.1 a chain a page) gives the kernel's
 * order of addresses, and the word that a free would overwrite says whether it may.
 *
 * Kernel counterpart: mm/dmapool.c (RULES.md P1-P36)
 */
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "base/bits.h"
#include "base/mutant.h"
#include "dma/pool-state.h"

void pool_tell(const struct pool *pool, enum pool_fault fault, const void *cpu,
	       dma_addr_t dma)
{
	const struct pool_report report = {
		.fault = fault,
		.name = pool->name,
		.cpu = cpu,
		.dma = dma,
		.size = pool->size,
	};

	if (pool->options.report)
		pool->options.report(pool->options.report_arg, &report);
}

/* P2-P8: what the kernel makes of the numbers, or refuses. */
static int set_sizes(struct pool *pool, size_t size, size_t align, size_t boundary)
{
	const struct kernel_rules *rules = pool->options.rules;

	if (!align)
		align = 1;
	if (MUTANT(A09b, !is_power_of_two(align), false))
		return -EINVAL;
	if (!(size | MUTANT(A09a, 0, 1)) ||
	    (rules->pool_size_is_int && size > MUTANT(A09e, INT_MAX, SIZE_MAX)))
		return -EINVAL;
	if (MUTANT(A11, size < rules->pool_min_block, !size))
		size = rules->pool_min_block;

	pool->size = align_up(size, align);
	/* the kernel would go on with what is left of them in its own variables */
	if (pool->size < size || (rules->pool_size_is_int && pool->size > UINT_MAX))
		return -EINVAL;

	pool->allocation = pool->size > PAGE_SIZE ? pool->size : PAGE_SIZE;
	pool->allocation = MUTANT(A13, pool->allocation, PAGE_SIZE);
	pool->boundary = boundary ? boundary : pool->allocation;
	if (boundary && (boundary < MUTANT(A09d, pool->size, 0) ||
			 !is_power_of_two(MUTANT(A09c, boundary, 1))))
		return -EINVAL;
	if (rules->pool_boundary_is_clamped && pool->boundary > pool->allocation)
		pool->boundary = pool->allocation;
	return 0;
}

/* P11: as many blocks as fit between one boundary and the next. */
static void cut_whole(struct pool *pool)
{
	uint64_t offset = 0, next = MUTANT(A04, pool->boundary, UINT64_MAX);

	while (offset + pool->size <= pool->allocation) {
		if (offset + pool->size + MUTANT(A01, 0, 1) > next) {
			offset = next;
			next += pool->boundary;
			continue;
		}
		pool->offset[pool->blocks++] = (uint16_t)offset;
		offset += pool->size;
	}
}

/* P12: 6.1 goes on behind a boundary also where a block would end just at it. */
static void cut_short(struct pool *pool)
{
	uint64_t offset = 0, next = pool->boundary;

	do {
		pool->offset[pool->blocks++] = (uint16_t)offset;
		offset += pool->size;
		if (offset + pool->size >= next) {
			offset = next;
			next += pool->boundary;
		}
	} while (offset < pool->allocation);
}

/* By what number a block of a page is known. */
static void number_cells(struct pool *pool)
{
	unsigned int cells = 1;

	pool->cell_shift = 63;
	if (pool->blocks > 1) {
		pool->cell_shift = 63 - (unsigned int)__builtin_clzll(pool->size);
		cells = PAGE_SIZE >> pool->cell_shift;
	}
	pool->cell_bits = log2_up(cells);
	pool->cell_mask = cells - 1;
	for (unsigned int cell = 0; cell < cells; cell++)
		pool->cell_offset[cell] = POOL_NO_OFFSET;
	for (uint32_t place = 0; place < pool->blocks; place++)
		pool->cell_offset[(uint64_t)pool->offset[place] >> pool->cell_shift] =
			pool->offset[place];
}

/* Only pages of 4 KiB have more than one block, so that offsets fit in 16 bits. */
static int cut(struct pool *pool)
{
	size_t inner;

	if (pool->allocation > PAGE_SIZE)
		pool->blocks = 1;
	else if (pool->options.rules->pool_fills_boundary)
		cut_whole(pool);
	else
		cut_short(pool);

	number_cells(pool);
	inner = pool_inner_size(pool, pool->offset[pool->blocks - 1]);
	if (inner < pool_inside_head_size(pool))
		return -EINVAL;
	if (inner < pool->size)
		pool_tell(pool, POOL_OVERRUN, NULL, pool->offset[pool->blocks - 1]);
	return 0;
}

int pool_create(const char *name, size_t size, size_t align, size_t boundary,
		const struct pool_options *options, struct pool **ret)
{
	struct pool *pool;
	int err = -ENOMEM;

	if (!name)
		return -EINVAL;
	pool = heap_alloc(options->heap, 1, sizeof(*pool));
	if (!pool)
		return -ENOMEM;
	strncpy(pool->name, name, sizeof(pool->name) - 1);
	pool->options = *options;
	pool->head = POOL_END;
	pool->one_stack = options->rules->pool_is_one_stack;
	pool->plain = options->layout == POOL_OUTSIDE && !options->debug &&
		      !options->init_on_alloc && !options->init_on_free;

	err = set_sizes(pool, size, align, boundary);
	if (err)
		goto free_pool;
	err = frames_init(&pool->by_dma, options->heap, pool->allocation);
	if (err)
		goto free_pool;
	if (options->layout == POOL_INSIDE)
		err = frames_init(&pool->by_cpu, options->heap, pool->allocation);
	if (err)
		goto deinit_frames;
	err = cut(pool);
	if (err)
		goto deinit_frames;
	*ret = pool;
	return 0;

deinit_frames:
	frames_deinit(&pool->by_cpu);
	frames_deinit(&pool->by_dma);
free_pool:
	heap_free(pool);
	return err;
}

/* P31-P33: newest page first. */
void pool_destroy(struct pool *pool)
{
	bool all, busy;

	if (!pool)
		return;
	all = pool->options.rules->pool_busy_leaks_all;
	busy = all && MUTANT(A15, pool->active, 0);
	if (busy)
		pool_tell(pool, POOL_BUSY, NULL, 0);
	for (uint32_t number = pool->pages; number--;) {
		const struct pool_page *page = &pool->page[number];

		if (!all)
			busy = page->live;
		if (!busy)
			pool->options.pages.free(pool->options.pages.arg,
						 pool->allocation, page->cpu, page->dma);
		else if (!all)
			pool_tell(pool, POOL_BUSY, page->cpu, page->dma);
	}
	bitset_deinit(&pool->ready);
	frames_deinit(&pool->by_cpu);
	frames_deinit(&pool->by_dma);
	heap_free(pool->next);
	heap_free(pool->page);
	heap_free(pool);
}

/* Room for the tables of one page more. What grew already is no harm if more cannot. */
static int reserve(struct pool *pool)
{
	uint32_t room = pool->room ? pool->room * 2 : 4;
	struct heap *heap = pool->options.heap;
	void *memory;

	if (frames_reserve(&pool->by_dma, heap))
		return -ENOMEM;
	if (pool->options.layout == POOL_INSIDE && frames_reserve(&pool->by_cpu, heap))
		return -ENOMEM;
	if (pool->pages < pool->room)
		return 0;
	if ((uint64_t)room << pool->cell_bits > POOL_END)
		return -ENOMEM;
	if (!pool->one_stack && bitset_reserve(&pool->ready, heap, room))
		return -ENOMEM;

	memory = heap_resize(heap, pool->page, room, sizeof(*pool->page));
	if (!memory)
		return -ENOMEM;
	pool->page = memory;
	if (pool->options.layout == POOL_OUTSIDE) {
		memory = heap_resize(heap, pool->next, (size_t)room << pool->cell_bits,
				     sizeof(*pool->next));
		if (!memory)
			return -ENOMEM;
		pool->next = memory;
	}
	pool->room = room;
	return 0;
}

/* The blocks of a fresh page, in ascending order, on top of what is free. */
static void chain_page(struct pool *pool, uint32_t number)
{
	uint32_t first = number << pool->cell_bits;
	uint32_t next = pool->one_stack ? pool->head : POOL_END;

	for (uint32_t cell = 0; cell <= pool->cell_mask; cell++)
		pool->next[first + cell] = POOL_END; /* of no block, so never live */
	for (uint32_t place = pool->blocks; place--;) {
		uint64_t offset = pool->offset[MUTANT(A03, place, pool->blocks - 1 - place)];
		uint32_t block = first + (uint32_t)(offset >> pool->cell_shift);

		pool->next[block] = next;
		next = block;
	}
	if (pool->one_stack) {
		pool->head = next;
	} else {
		pool->page[number].head = next;
		bitset_add(&pool->ready, number);
	}
}

static int grow(struct pool *pool, unsigned int gfp)
{
	struct pool_page page = { .head = POOL_END };
	void *cpu;
	int err;

	err = reserve(pool);
	if (err)
		return err;
	err = pool->options.pages.alloc(pool->options.pages.arg, pool->allocation,
					MUTANT(A07, gfp, 0), &cpu, &page.dma);
	if (err)
		return err;
	page.cpu = cpu;
	if (pool->options.debug)
		memset(cpu, POOL_POISON_FREED, pool->allocation);

	pool->page[pool->pages] = page;
	frames_add(&pool->by_dma, pool->options.heap, page.dma, pool->pages);
	if (pool->options.layout == POOL_OUTSIDE)
		chain_page(pool, pool->pages);
	else
		pool_inside_add_page(pool, pool->pages);
	pool->pages++;
	return 0;
}

/* P16: the stack of the whole pool. */
static int pop_stack(struct pool *pool, uint32_t *ret)
{
	uint32_t *next;

	if (pool->head == POOL_END)
		return -ENOENT;
	next = &pool->next[pool->head];
	*ret = pool->head;
	pool->head = *next;
	*next = POOL_LIVE;
	return 0;
}

/* P17: the chain of the newest page that has a free block. */
static int pop_newest(struct pool *pool, uint32_t *ret)
{
	struct pool_page *page;
	uint64_t number;
	uint32_t *next;

	if (bitset_last(&pool->ready, &number))
		return -ENOENT;
	page = &pool->page[number];
	next = &pool->next[page->head];
	*ret = page->head;
	page->head = *next;
	page->live++;
	*next = POOL_LIVE;
	if (page->head == POOL_END)
		bitset_remove(&pool->ready, number);
	return 0;
}

static int pop(struct pool *pool, char **cpu, dma_addr_t *dma, size_t *inner_size)
{
	const struct pool_page *page;
	uint32_t number, offset;
	int err;

	err = pool->one_stack ? pop_stack(pool, &number) : pop_newest(pool, &number);
	if (err)
		return err;
	page = &pool->page[number >> pool->cell_bits];
	offset = pool->cell_offset[number & pool->cell_mask];
	*cpu = page->cpu + offset;
	*dma = page->dma + offset;
	*inner_size = pool_inner_size(pool, offset);
	return 0;
}

static bool all_bytes_are(const char *data, size_t size, unsigned char byte)
{
	return !size ||
	       ((unsigned char)data[0] == byte && !memcmp(data, data + 1, size - 1));
}

/* P23, P25: what the block holds when its user gets it. */
static void fill_allocated(const struct pool *pool, char *cpu, dma_addr_t dma,
			   size_t size, bool zero)
{
	size_t head = pool_inside_head_size(pool);

	if (pool->options.debug && head < size &&
	    !all_bytes_are(cpu + head, size - head, POOL_POISON_FREED))
		pool_tell(pool, POOL_CORRUPTED, cpu, dma);
	if (zero || pool->options.init_on_alloc)
		memset(cpu, 0, MUTANT(A10, size, size < 16 ? size : 16));
	else if (pool->options.debug)
		memset(cpu, POOL_POISON_ALLOCATED, size);
}

void pool_fill_freed(const struct pool *pool, char *cpu, size_t size)
{
	if (pool->options.debug)
		memset(cpu, POOL_POISON_FREED, size);
	else if (pool->options.init_on_free)
		memset(cpu, 0, size);
}

/* All but the shortest way. */
static int alloc_slowly(struct pool *pool, unsigned int gfp, bool zero, void **cpu,
			dma_addr_t *dma)
{
	bool outside = pool->options.layout == POOL_OUTSIDE;
	size_t size;
	char *block;
	int err;

	while ((err = outside ? pop(pool, &block, dma, &size)
			      : pool_inside_pop(pool, &block, dma, &size)) == -ENOENT) {
		err = grow(pool, gfp);
		if (err)
			return err;
	}
	if (err) {
		pool_tell(pool, POOL_BROKEN_CHAIN, NULL, 0);
		return err;
	}
	pool->active++;
	*cpu = block;
	if (!pool->plain || zero)
		fill_allocated(pool, block, *dma, size, zero);
	return 0;
}

int pool_alloc(struct pool *pool, unsigned int gfp, bool zero, void **cpu,
	       dma_addr_t *dma)
{
	uint32_t number = pool->head, offset;
	const struct pool_page *page;

	/* the stack of POOL_INSIDE and of 6.1 is empty always */
	if (number == POOL_END || !pool->plain || zero)
		return alloc_slowly(pool, gfp, zero, cpu, dma);
	pool->head = pool->next[number];
	pool->next[number] = POOL_LIVE;
	pool->active++;
	page = &pool->page[number >> pool->cell_bits];
	offset = pool->cell_offset[number & pool->cell_mask];
	*cpu = page->cpu + offset;
	*dma = page->dma + offset;
	return 0;
}

static int refuse(const struct pool *pool, enum pool_fault fault, const void *cpu,
		  dma_addr_t dma)
{
	pool_tell(pool, fault, cpu, dma);
	return -EINVAL;
}

/* Make the page that holds a DMA address the recent one, if there is such a page. */
static bool find_page(struct pool *pool, dma_addr_t dma)
{
	uint64_t offset;
	uint32_t number = frames_find(&pool->by_dma, dma, &offset);

	if (number == FRAMES_NONE)
		return false;
	pool->recent = (struct pool_recent) {
		.dma = pool->page[number].dma,
		.size = pool->allocation,
		.cpu = pool->page[number].cpu,
		.first = number << pool->cell_bits,
	};
	return true;
}

/* P17: the free block goes to its own page. */
static void push_to_page(struct pool *pool, uint32_t block)
{
	uint32_t number = block >> pool->cell_bits;
	struct pool_page *page = &pool->page[number];

	pool->next[block] = page->head;
	page->head = block;
	page->live--;
	bitset_add(&pool->ready, number);
}

int pool_free(struct pool *pool, void *cpu, dma_addr_t dma)
{
	uint32_t cell, block;
	uint64_t offset;

	if (pool->options.layout == POOL_INSIDE)
		return pool_inside_free(pool, cpu, dma);

	if (dma - pool->recent.dma >= pool->recent.size && !find_page(pool, dma))
		return refuse(pool, POOL_BAD_DMA, cpu, dma);
	offset = dma - pool->recent.dma;
	if (MUTANT(X01, pool->recent.cpu + offset != cpu, false))
		return refuse(pool, POOL_BAD_VADDR, cpu, dma);
	cell = pool_cell(pool, offset);
	if (cell == POOL_NO_CELL)
		return refuse(pool, POOL_MISALIGNED, cpu, dma);
	block = pool->recent.first + cell;
	if (MUTANT(A12, pool->next[block] != POOL_LIVE, false))
		return refuse(pool, POOL_ALREADY_FREE, cpu, dma);

	if (!pool->plain)
		pool_fill_freed(pool, cpu, pool_inner_size(pool, offset));
	pool->active--;
	if (!pool->one_stack) {
		push_to_page(pool, block);
		return 0;
	}
	pool->next[block] = pool->head;
	pool->head = block;
	return 0;
}

void pool_count(const struct pool *pool, struct pool_counts *ret)
{
	uint64_t a_page = pool->options.rules->pool_counts_carved
				  ? pool->blocks
				  : pool->allocation / pool->size;

	*ret = (struct pool_counts) {
		.active = pool->active,
		.total = pool->pages * a_page,
		.size = pool->size,
		.pages = pool->pages,
		.allocation = pool->allocation,
		.boundary = pool->boundary,
		.blocks = pool->blocks,
	};
}
