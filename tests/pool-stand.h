/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pool-stand.h - what a pool under test stands on: pages, a heap, and who is told
 */
#pragma once

#include <errno.h>
#include <stdlib.h>

#include "base/bits.h"
#include "dma/pool.h"

#include "dice.h"
#include "test.h"

#define ARENA (8UL << 20)

/* Pages whose DMA addresses descend while those of the CPU ascend. */
struct arena {
	char *memory;
	uint64_t used;
	unsigned int pages;  /* out */
	unsigned int refuse; /* one in so many calls fails; 0 for none */
	unsigned int odd;    /* bytes by which DMA addresses miss a page */
	unsigned int faults[POOL_BUSY + 1];
	struct pool_report last;
};

#define DMA_TOP 0x7f0000000000ULL

static inline int arena_alloc(void *arg, size_t size, unsigned int gfp, void **cpu,
			      dma_addr_t *dma)
{
	struct arena *arena = arg;
	uint64_t step = PAGE_SIZE << get_order(size);

	assert_int_equal(gfp, 0x42);
	if ((arena->refuse && !roll(arena->refuse)) || arena->used + step > ARENA)
		return -ENOSPC;
	*cpu = arena->memory + arena->used;
	arena->used += step;
	*dma = DMA_TOP - arena->used + arena->odd;
	arena->pages++;
	return 0;
}

static inline void arena_free(void *arg, size_t size, void *cpu, dma_addr_t dma)
{
	struct arena *arena = arg;
	uint64_t at = (uint64_t)((char *)cpu - arena->memory);

	assert_int_equal(dma, DMA_TOP + arena->odd - at - (PAGE_SIZE << get_order(size)));
	arena->pages--;
}

static inline void arena_report(void *arg, const struct pool_report *report)
{
	struct arena *arena = arg;
	char text[200];

	arena->faults[report->fault]++;
	arena->last = *report;
	assert_in_range(pool_report_print(report, text, sizeof(text)), 1,
			sizeof(text) - 1);
}

struct stand {
	struct arena arena;
	struct heap heap;
	struct pool_options options;
	struct pool *pool;
};

static inline void stand_init(struct stand *stand, enum dma_kernel kernel)
{
	*stand = (struct stand) {
		.arena.memory = calloc(1, ARENA),
	};
	assert_non_null(stand->arena.memory);
	stand->options = (struct pool_options) {
		.rules = kernel_rules(kernel),
		.heap = &stand->heap,
		.pages = { arena_alloc, arena_free, &stand->arena },
		.report = arena_report,
		.report_arg = &stand->arena,
	};
}

static inline void stand_deinit(struct stand *stand)
{
	pool_destroy(stand->pool);
	free(stand->arena.memory);
}

static inline void expect_refusal(struct stand *stand, char *cpu, dma_addr_t dma,
				  enum pool_fault fault)
{
	unsigned int before = stand->arena.faults[fault];

	assert_int_equal(pool_free(stand->pool, cpu, dma), -EINVAL);
	assert_int_equal(stand->arena.faults[fault], before + 1);
	assert_int_equal(stand->arena.last.dma, dma);
	assert_ptr_equal(stand->arena.last.cpu, cpu);
	assert_true(pool_valid(stand->pool));
}
