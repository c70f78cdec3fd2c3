/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * reference-pool.h - dma_pool the plain way: places from closed formulas, free blocks
 * in arrays
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <libdma/types.h>

#define REFERENCE_POOL_PAGES  64
#define REFERENCE_POOL_BLOCKS 1024 /* of a page */

/* @free has the stack of the whole pool, or in 6.1 one of each page. */
struct reference_pool {
	bool old; /* 6.1 */
	uint64_t size, allocation, boundary;
	uint32_t blocks;
	uint64_t offset[REFERENCE_POOL_BLOCKS];
	uint64_t inner; /* bytes of all blocks in their page */
	uint32_t pages;
	char *cpu[REFERENCE_POOL_PAGES];
	dma_addr_t dma[REFERENCE_POOL_PAGES];
	uint32_t live[REFERENCE_POOL_PAGES];
	uint32_t frees[REFERENCE_POOL_PAGES]; /* [0] where there is one stack */
	uint32_t free[REFERENCE_POOL_PAGES * REFERENCE_POOL_BLOCKS];
};

/* False where the kernel refuses these numbers (P2-P8). */
bool reference_pool_init(struct reference_pool *pool, bool old, uint64_t size,
			 uint64_t align, uint64_t boundary);

/* Is there a free block? If not, a page comes first. */
bool reference_pool_has(const struct reference_pool *pool);
void reference_pool_add(struct reference_pool *pool, char *cpu, dma_addr_t dma);

/* The block that comes next (P16, P17), which stays free, or is taken. */
uint32_t reference_pool_next(const struct reference_pool *pool);
uint32_t reference_pool_take(struct reference_pool *pool);
void reference_pool_give(struct reference_pool *pool, uint32_t block);

/* Where a block lies, and how much of it in its page (P15). */
char *reference_pool_cpu(const struct reference_pool *pool, uint32_t block);
dma_addr_t reference_pool_dma(const struct reference_pool *pool, uint32_t block);
uint64_t reference_pool_inner(const struct reference_pool *pool, uint32_t block);

/* Blocks that are taken; and does one keep to the boundary? In 6.1 not all have to. */
uint32_t reference_pool_live(const struct reference_pool *pool);
bool reference_pool_bounded(const struct reference_pool *pool, uint32_t block);

/* P15: what is left of the last block may be too little for a link to be in it. */
bool reference_pool_links(const struct reference_pool *pool);
