/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pool-shape.h - what fuzz-pool asks besides blocks: what walks show, what is printed,
 * what a device makes of free blocks that have the kernel's links in them
 */
#pragma once

#include "dma/pool.h"
#include "reference-pool.h"

/* Writes over all of it; of what is larger than a page over some of each, and the end. */
void shape_soil(char *cpu, char byte, uint64_t size);

/* A walk shows @used bytes of all, and the block at @dma, unless it is 0, among them. */
void shape_expect_pool(const struct pool *pool, const struct reference_pool *reference,
		       uint64_t used, dma_addr_t dma);

/* The line of the pools file has the numbers, however little room there is. */
void shape_expect_line(const struct pool *pool, const struct reference_pool *reference,
		       uint64_t active);

/* The line of the log names the pool. */
void shape_expect_report(const struct pool_report *report);

/*
 * From a chain that leads out of the pool come no blocks of elsewhere, and no crash;
 * @how: to where no memory is, to itself, into the middle of a block, to where a page
 * ends; bit 2: a block is freed by another page's address. There is a free block.
 */
void shape_break_chain(struct pool *pool, struct reference_pool *reference,
		       unsigned int how);

/* A walk that has no memory visits nothing. */
void shape_walk_short(const struct pool *pool, struct heap *heap);
