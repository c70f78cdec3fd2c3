// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * check-pool.c - pools and their blocks, and the region that a device may have
 *
 * Kernel counterpart: mm/dmapool.c, kernel/dma/coherent.c (RULES.md P26-P32, C2, C4)
 */
#include <errno.h>
#include <stdlib.h>

#include "check/check.h"

static struct pool_check *find_pool(const struct libdma_check *check, uint64_t handle)
{
	struct interval *at = intervals_at(&check->pools, handle);

	return at ? member_of(at, struct pool_check, by_handle) : NULL;
}

static struct pool_check *add_pool(struct libdma_check *check,
				   const struct dma_event *event)
{
	struct pool_check *pool = calloc(1, sizeof(*pool));

	if (!pool)
		return NULL;
	pool->by_handle.start = pool->by_handle.last = event->handle;
	intervals_add(&check->pools, &pool->by_handle);
	return pool;
}

static void remove_block(struct pool_check *pool, struct block_check *block)
{
	intervals_remove(&pool->blocks, &block->by_dma);
	free(block);
}

static void remove_pool(struct libdma_check *check, struct pool_check *pool)
{
	while (pool->blocks.root)
		remove_block(pool,
			     member_of(pool->blocks.root, struct block_check, by_dma));
	intervals_remove(&check->pools, &pool->by_handle);
	free(pool);
}

static int create(struct libdma_check *check, const struct dma_event *event)
{
	struct pool_check *pool = find_pool(check, event->handle);

	if (event->error)
		return 0;
	if (pool)
		remove_pool(check, pool); /* its end was lost */
	pool = add_pool(check, event);
	if (!pool)
		return -ENOMEM;
	pool->event = *event;
	return 0;
}

static int add_block(struct pool_check *pool, const struct dma_event *event)
{
	struct interval *at = intervals_at(&pool->blocks, event->dma);
	struct block_check *block;

	if (event->error)
		return 0;
	if (at) { /* its end was lost */
		member_of(at, struct block_check, by_dma)->event = *event;
		return 0;
	}
	block = calloc(1, sizeof(*block));
	if (!block)
		return -ENOMEM;
	block->event = *event;
	block->by_dma.start = block->by_dma.last = event->dma;
	intervals_add(&pool->blocks, &block->by_dma);
	return 0;
}

static void end_block(struct question *question, struct pool_check *pool)
{
	struct interval *at = intervals_at(&pool->blocks, question->event->dma);
	struct block_check *block = at ? member_of(at, struct block_check, by_dma) : NULL;

	question->block = block;
	check_ask(ON_POOL_FREE, question);
	if (block)
		remove_block(pool, block);
}

int check_pool(struct libdma_check *check, struct device_check *device,
	       const struct dma_event *event)
{
	struct pool_check *pool = find_pool(check, event->handle);
	struct question question = {
		.check = check,
		.device = device,
		.event = event,
		.pool = pool,
		.ref = { .dma = event->dma, .size = pool ? pool->event.size : 0 },
	};

	if (event->kind == DMA_EVENT_POOL_CREATE)
		return create(check, event);
	if (event->kind == DMA_EVENT_POOL_DESTROY) {
		if (!pool)
			return 0;
		check_ask(ON_POOL_DESTROY, &question);
		remove_pool(check, pool);
		return 0;
	}
	if (!pool) {
		pool = add_pool(check, event);
		question.pool = pool;
	}
	if (!pool)
		return -ENOMEM;
	if (event->kind == DMA_EVENT_POOL_ALLOC)
		return add_block(pool, event);
	end_block(&question, pool);
	return 0;
}

void check_region(struct libdma_check *check, struct device_check *device,
		  const struct dma_event *event)
{
	struct region *region = &device->region;

	check_ask(ON_REGION, &(struct question) {
				     .check = check,
				     .device = device,
				     .event = event,
				     .ref = { .dma = event->dma, .size = event->size },
			     });
	if (event->kind == DMA_EVENT_RELEASE_COHERENT_MEMORY)
		*region = (struct region) { 0 };
	if (event->kind == DMA_EVENT_DECLARE_COHERENT_MEMORY && !event->error)
		*region = (struct region) { true, *event };
}
