// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * pool-inside.c - free blocks known as the kernel knows them: by what lies in them
 *
 * For comparison: what a wrong free or a scribbling device does to the kernel's pool
 * happens here too, up to where the kernel would read or write memory that is not the
 * pool's. There the call fails instead.
 *
 * Kernel counterpart: mm/dmapool.c (RULES.md P21, P22, P26-P29)
 */
#include <errno.h>
#include <string.h>

#include "dma/pool-state.h"

/* What a free block begins with; 6.1 has the offset of the next one and no more. */
struct inside_head {
	char *next;
	dma_addr_t dma;
};

size_t pool_inside_head_size(const struct pool *pool)
{
	if (pool->options.layout == POOL_OUTSIDE)
		return 0;
	return pool->one_stack ? sizeof(struct inside_head) : sizeof(uint32_t);
}

/* Does the pool own the head of a block at @cpu? If so, its offset is set. */
static bool owns(const struct pool *pool, const char *cpu, uint64_t *offset)
{
	return frames_find(&pool->by_cpu, (uintptr_t)cpu, offset) != FRAMES_NONE &&
	       pool->allocation - *offset >= pool_inside_head_size(pool);
}

static uint32_t load_offset(const char *cpu)
{
	uint32_t offset;

	memcpy(&offset, cpu, sizeof(offset));
	return offset;
}

static struct inside_head load_head(const char *cpu)
{
	struct inside_head head;

	memcpy(&head, cpu, sizeof(head));
	return head;
}

static void store_head(char *cpu, char *next, dma_addr_t dma)
{
	memcpy(cpu, &(struct inside_head) { next, dma }, sizeof(struct inside_head));
}

static void add_to_stack(struct pool *pool, const struct pool_page *page)
{
	char *next = pool->inside;

	for (uint32_t place = pool->blocks; place--;) {
		char *cpu = page->cpu + pool->offset[place];

		store_head(cpu, next, page->dma + pool->offset[place]);
		next = cpu;
	}
	pool->inside = next;
}

static void add_chain(struct pool *pool, struct pool_page *page)
{
	uint32_t next = (uint32_t)pool->allocation;

	for (uint32_t place = pool->blocks; place--;) {
		memcpy(page->cpu + pool->offset[place], &next, sizeof(next));
		next = pool->offset[place];
	}
	page->head = next;
}

void pool_inside_add_page(struct pool *pool, uint32_t number)
{
	struct pool_page *page = &pool->page[number];

	frames_add(&pool->by_cpu, pool->options.heap, (uintptr_t)page->cpu, number);
	if (pool->one_stack) {
		add_to_stack(pool, page);
	} else {
		add_chain(pool, page);
		bitset_add(&pool->ready, number);
	}
}

static int pop_stack(struct pool *pool, char **cpu, dma_addr_t *dma, size_t *inner_size)
{
	struct inside_head head;
	uint64_t offset;

	if (!pool->inside)
		return -ENOENT;
	if (!owns(pool, pool->inside, &offset))
		return -EFAULT;
	head = load_head(pool->inside);
	*cpu = pool->inside;
	*dma = head.dma;
	*inner_size = pool_inner_size(pool, offset);
	pool->inside = head.next;
	return 0;
}

static int pop_newest(struct pool *pool, char **cpu, dma_addr_t *dma, size_t *inner_size)
{
	struct pool_page *page;
	uint64_t number;
	uint32_t offset;

	if (bitset_last(&pool->ready, &number))
		return -ENOENT;
	page = &pool->page[number];
	offset = page->head;
	if (pool->allocation - offset < sizeof(offset))
		return -EFAULT;
	*cpu = page->cpu + offset;
	*dma = page->dma + offset;
	*inner_size = pool_inner_size(pool, offset);
	page->head = load_offset(*cpu);
	page->live++;
	if (page->head >= pool->allocation)
		bitset_remove(&pool->ready, number);
	return 0;
}

int pool_inside_pop(struct pool *pool, char **cpu, dma_addr_t *dma, size_t *inner_size)
{
	if (pool->one_stack)
		return pop_stack(pool, cpu, dma, inner_size);
	return pop_newest(pool, cpu, dma, inner_size);
}

/* P27, P28: the walk that a debug build takes. A chain that bites its tail ends too. */
static bool is_on_stack(const struct pool *pool, const char *cpu)
{
	uint64_t left = (uint64_t)pool->pages * pool->blocks, offset;

	for (const char *at = pool->inside; at && left; left--) {
		if (at == cpu)
			return true;
		if (!owns(pool, at, &offset))
			return false;
		at = load_head(at).next;
	}
	return false;
}

static bool is_on_chain(const struct pool *pool, const struct pool_page *page,
			uint32_t offset)
{
	uint64_t left = pool->blocks;

	for (uint64_t at = page->head; at < pool->allocation && left; left--) {
		if (at == offset)
			return true;
		if (pool->allocation - at < sizeof(uint32_t))
			return false;
		at = load_offset(page->cpu + at);
	}
	return false;
}

static int refuse(const struct pool *pool, enum pool_fault fault, const void *cpu,
		  dma_addr_t dma)
{
	pool_tell(pool, fault, cpu, dma);
	return -EINVAL;
}

static void push_chain(struct pool *pool, uint32_t number, char *cpu, uint32_t offset)
{
	struct pool_page *page = &pool->page[number];

	memcpy(cpu, &page->head, sizeof(page->head));
	page->head = offset;
	page->live--;
	if (offset < pool->allocation)
		bitset_add(&pool->ready, number);
	else
		bitset_remove(&pool->ready, number);
}

int pool_inside_free(struct pool *pool, char *cpu, dma_addr_t dma)
{
	const struct kernel_rules *rules = pool->options.rules;
	bool debug = pool->options.debug, is_free;
	uint64_t by_dma, by_cpu;
	uint32_t number, offset;

	number = frames_find(&pool->by_dma, dma, &by_dma);
	if (number == FRAMES_NONE && (debug || rules->pool_always_finds_page))
		return refuse(pool, POOL_BAD_DMA, cpu, dma);
	/* here the kernel would write where nobody allowed it to */
	if (!owns(pool, cpu, &by_cpu))
		return refuse(pool, POOL_BAD_VADDR, cpu, dma);

	offset = pool->one_stack ? 0 : (uint32_t)(cpu - pool->page[number].cpu);
	if (debug && rules->pool_checks_vaddr && by_dma != offset)
		return refuse(pool, POOL_BAD_VADDR, cpu, dma);
	if (debug) {
		is_free = pool->one_stack
				  ? is_on_stack(pool, cpu)
				  : is_on_chain(pool, &pool->page[number], offset);
		if (is_free)
			return refuse(pool, POOL_ALREADY_FREE, cpu, dma);
	}

	pool_fill_freed(pool, cpu, pool_inner_size(pool, by_cpu));
	if (pool->one_stack) {
		store_head(cpu, pool->inside, dma);
		pool->inside = cpu;
	} else {
		push_chain(pool, number, cpu, offset);
	}
	pool->active--;
	return 0;
}

static int mark(const struct pool *pool, uint32_t number, uint64_t offset,
		unsigned char *is_free)
{
	uint32_t cell = pool_cell(pool, offset);
	unsigned char *flag;

	if (cell == POOL_NO_CELL)
		return -EFAULT;
	flag = &is_free[((size_t)number << pool->cell_bits) + cell];
	if (*flag)
		return -EFAULT;
	*flag = 1;
	return 0;
}

static int64_t mark_stack(const struct pool *pool, unsigned char *is_free)
{
	int64_t count = 0;
	uint64_t offset;

	for (const char *at = pool->inside; at; at = load_head(at).next, count++) {
		if (!owns(pool, at, &offset) ||
		    mark(pool, frames_find(&pool->by_cpu, (uintptr_t)at, &offset), offset,
			 is_free))
			return -EFAULT;
	}
	return count;
}

static int64_t mark_chains(const struct pool *pool, unsigned char *is_free)
{
	int64_t count = 0;

	for (uint32_t number = 0; number < pool->pages; number++) {
		const struct pool_page *page = &pool->page[number];
		uint64_t at;

		for (at = page->head; at < pool->allocation; count++) {
			if (mark(pool, number, at, is_free))
				return -EFAULT;
			at = load_offset(page->cpu + at);
		}
	}
	return count;
}

int64_t pool_inside_mark(const struct pool *pool, unsigned char *is_free)
{
	return pool->one_stack ? mark_stack(pool, is_free) : mark_chains(pool, is_free);
}
