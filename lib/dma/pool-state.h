/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pool-state.h - what the files of dma_pool share: its state, and the kernel's layout
 */
#pragma once

#include "base/bitset.h"
#include "base/frames.h"
#include "dma/pool.h"

#define POOL_NAME_SIZE  32
#define POOL_MAX_BLOCKS 1024 /* of a page: 4096 / 4 */

/* Kernel: linux/poison.h */
#define POOL_POISON_FREED     0xa7
#define POOL_POISON_ALLOCATED 0xa9

/* A block's entry: the number of the next free block, or one of these. */
#define POOL_LIVE UINT32_MAX
#define POOL_END  (UINT32_MAX - 1)

#define POOL_NO_CELL   UINT32_MAX
#define POOL_NO_OFFSET UINT16_MAX

/**
 * struct pool_page - bytes that the provider gave
 *
 * @head:	6.1: the first free block; POOL_END where there is none. POOL_INSIDE: its
 *		offset, none where it is not below the allocation
 * @live:	blocks handed out
 */
struct pool_page {
	char *cpu;
	dma_addr_t dma;
	uint32_t head;
	uint32_t live;
};

/* A page as a free needs it. */
struct pool_recent {
	dma_addr_t dma;
	uint64_t size; /* 0 while there is none */
	char *cpu;
	uint32_t first; /* the number of its first cell */
};

/**
 * struct pool - see pool.h
 *
 * A page is divided into cells, of the greatest power of two that is not above the
 * size of a block: so a cell holds the beginning of one block or none, and a shift
 * finds it. A block's number is its page's number << @cell_bits, plus its cell.
 *
 * @head:	the stack of all free blocks; 6.1 has a chain a page instead
 * @next:	of each block: POOL_LIVE, or the free block below it
 * @cell_shift:	log2 of a cell's bytes; 63 where a page is one block
 * @cell_offset: of each cell, where in the page its block begins; POOL_NO_OFFSET
 * @offset:	of each block of a page, ascending
 * @recent:	the page of the last free: the next one is often of the same
 * @ready:	6.1: the pages with free blocks
 * @by_dma:	the page of a DMA address
 * @by_cpu:	POOL_INSIDE: the page of a CPU address
 * @inside:	POOL_INSIDE: the free block on top of the stack
 */
struct pool {
	uint32_t head;
	uint32_t cell_bits;
	uint32_t cell_mask; /* 2^cell_bits - 1 */
	uint32_t *next;
	struct pool_page *page;
	uint64_t active;
	uint64_t size;
	bool plain; /* nothing to fill, check or zero, and free blocks known outside */
	bool one_stack;

	unsigned int cell_shift;
	uint32_t blocks; /* of a page */
	struct pool_recent recent;
	struct frames by_dma;
	uint16_t cell_offset[POOL_MAX_BLOCKS];
	uint16_t offset[POOL_MAX_BLOCKS];

	uint32_t pages;
	uint32_t room; /* pages for which there is room */
	struct bitset ready;
	uint64_t allocation;
	uint64_t boundary;
	struct pool_options options;
	struct frames by_cpu;
	char *inside;
	char name[POOL_NAME_SIZE];
};

/* The number in its page of the block that begins at @offset, or POOL_NO_CELL. */
static inline uint32_t pool_cell(const struct pool *pool, uint64_t offset)
{
	uint64_t cell = offset >> pool->cell_shift;

	return pool->cell_offset[cell] == offset ? (uint32_t)cell : POOL_NO_CELL;
}

/* Bytes of the block at @offset that lie in its page: all, but for P15. */
static inline size_t pool_inner_size(const struct pool *pool, uint64_t offset)
{
	uint64_t left = pool->allocation - offset;

	return left < pool->size ? left : pool->size;
}

/* Tell of a fault, if anybody listens. */
void pool_tell(const struct pool *pool, enum pool_fault fault, const void *cpu,
	       dma_addr_t dma);

/* Fill a block that comes back, as the options say. */
void pool_fill_freed(const struct pool *pool, char *cpu, size_t size);

/*
 * The kernel's layout. A free block begins with a pointer to the next and with its DMA
 * address, or in 6.1 with the offset of the next one of its page.
 */

/* Bytes at the start of a free block that are not its user's. */
size_t pool_inside_head_size(const struct pool *pool);

/* Write the chain of a fresh page into it. */
void pool_inside_add_page(struct pool *pool, uint32_t number);

/* Take the next free block; -ENOENT where there is none, -EFAULT where it is nowhere. */
int pool_inside_pop(struct pool *pool, char **cpu, dma_addr_t *dma, size_t *inner_size);

/* As pool_free(). */
int pool_inside_free(struct pool *pool, char *cpu, dma_addr_t dma);

/*
 * Mark each free block in @is_free, by number. Returns how many there are, or -EFAULT
 * where the chains are broken.
 */
int64_t pool_inside_mark(const struct pool *pool, unsigned char *is_free);
