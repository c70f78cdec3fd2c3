// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * api-pool.c - pools that fuzz-api.c's driver makes of its device's memory
 *
 * What lies where in a page is fuzz-pool.c's; here it is what a driver asks for, and what
 * the device, an observer and the log have of it. Of an op's device bits 1 is a managed
 * pool, memory for a caller that may not sleep, or an end by the function that belongs to
 * the other sort of pool; 2 is zeroed memory.
 */
#include <string.h>

#include "api.h"
#include "oracle.h"

/* 6.1 hands out blocks that leave their page (rule P15): fuzz-pool.c looks at these. */
static bool leaves_its_page(const struct dma_event *event)
{
	uint64_t whole = api_whole(event->size, event->align);
	uint64_t chunk = whole < PAGE_SIZE ? PAGE_SIZE : whole;

	return api_kernel() == DMA_KERNEL_6_1 && event->boundary > chunk && chunk % whole;
}

static void create(struct api_thing *thing, const struct dma_event *event)
{
	bool fits = !event->boundary ||
		    api_whole(event->size, event->align) <= event->boundary;
	bool valid = event->size && fits;
	bool managed = api.requests.op.flags & 1;

	if (thing->use || event->size > API_BUFFER || (valid && leaves_its_page(event)))
		return;
	thing->pool = managed ? dmam_pool_create("blocks", api.dev, event->size, event->align,
						 event->boundary)
			      : dma_pool_create("blocks", api.dev, event->size, event->align,
						event->boundary);
	expect(ARGUMENT, thing->pool ? valid : !valid || api.fails);
	api_expect_nothing();
	if (!thing->pool)
		return;
	expect(EVENT, api.told == 1 && api.event.kind == DMA_EVENT_POOL_CREATE &&
			      api.event.size == event->size &&
			      api.event.align == event->align &&
			      api.event.boundary == event->boundary);
	expect(EVENT, api.event.handle > api.handles && api.event.name);
	api.handles = thing->handle = api.event.handle;
	thing->use = API_POOL;
	thing->managed = managed;
	thing->size = event->size;
	thing->align = event->align;
	thing->boundary = event->boundary;
	memset(&thing->took, 0, sizeof(thing->took));
	memset(thing->block, 0, sizeof(thing->block));
}

static void expect_block_event(const struct api_thing *thing, enum dma_event_kind kind,
			       const void *cpu, dma_addr_t dma)
{
	expect(EVENT, api.event.kind == kind && api.event.handle == thing->handle);
	expect(EVENT, !api.event.error == !!cpu && api.event.cpu_addr == (uint64_t)cpu);
	expect(EVENT, api.event.dma == dma);
}

/* 6.1 aligns what a restricted pool gives to pages only: larger blocks lie anywhere there. */
static bool lies_anywhere(const struct api_thing *thing)
{
	return api.restricted && api_kernel() == DMA_KERNEL_6_1 &&
	       api_whole(thing->size, thing->align) > PAGE_SIZE;
}

static void check_block(const struct api_thing *thing, const struct api_block *block)
{
	uint64_t last = block->dma + thing->size - 1;
	bool anywhere = lies_anywhere(thing);

	expect(ALIGN, anywhere || block->dma % thing->align == 0);
	expect(EXTENT, anywhere || !thing->boundary ||
			       block->dma / thing->boundary == last / thing->boundary);
	for (unsigned int i = 0; i < API_BLOCKS; i++) {
		const struct api_block *other = &thing->block[i];

		expect(OVERLAP, !other->cpu || other == block ||
					other->dma + thing->size <= block->dma ||
					last < other->dma);
	}
}

static void alloc(struct api_thing *thing, struct api_block *block)
{
	unsigned int flags = api.requests.op.flags;
	gfp_t gfp = (flags & 1 ? GFP_ATOMIC : GFP_KERNEL) | (flags & 2 ? __GFP_ZERO : 0);
	struct api_account took = thing->took;

	if (block->cpu)
		return;
	block->dma = 0;
	block->cpu = dma_pool_alloc(thing->pool, gfp, &block->dma);
	expect_block_event(thing, DMA_EVENT_POOL_ALLOC, block->cpu, block->dma);
	if (!block->cpu) {
		api_expect_nothing();
		return;
	}
	api_take(thing);
	api_account_add(&thing->took, &took);
	check_block(thing, block);
	if (flags & 2 || !(api.config & LIBDMA_CONFIG_NO_INIT_ON_ALLOC))
		expect(ZERO, oracle_filled(block->cpu, 0, thing->size));
	block->pattern = api_pattern();
	memset(block->cpu, block->pattern, thing->size);
	api_device_sees(block->dma, block->cpu, thing->size);
}

static void release(struct api_thing *thing, struct api_block *block)
{
	unsigned char other = (unsigned char)~block->pattern;

	if (!block->cpu)
		return;
	expect(DATA, oracle_filled(block->cpu, block->pattern, thing->size));
	api_device_writes(block->dma, other, thing->size);
	expect(CPU, oracle_filled(block->cpu, other, thing->size));
	api_begin();
	dma_pool_free(thing->pool, block->cpu, block->dma);
	expect(EVENT, api.told == 1);
	expect_block_event(thing, DMA_EVENT_POOL_FREE, block->cpu, block->dma);
	expect(TEXT, !api.said);
	api_expect_nothing();
	block->cpu = NULL;
}

void api_pool_empty(struct api_thing *thing)
{
	for (unsigned int i = 0; i < API_BLOCKS; i++)
		release(thing, &thing->block[i]);
}

void api_pool_end(struct api_thing *thing)
{
	bool wrong = api.requests.op.flags & 1;

	if (thing->use != API_POOL)
		return;
	api_pool_empty(thing);
	api_begin();
	if (thing->managed != wrong)
		dmam_pool_destroy(thing->pool);
	else
		dma_pool_destroy(thing->pool);
	expect(EVENT, api.event.kind == DMA_EVENT_POOL_DESTROY &&
			      api.event.handle == thing->handle);
	expect(TEXT, !api.said == !wrong);
	api.said = 0;
	api_give(thing);
	thing->use = API_UNUSED;
}

void api_pool(struct api_thing *thing, const struct dma_event *event)
{
	struct api_block *block = &thing->block[event->slot % API_BLOCKS];

	if (event->kind == DMA_EVENT_POOL_CREATE)
		create(thing, event);
	else if (thing->use != API_POOL)
		return;
	else if (event->kind == DMA_EVENT_POOL_ALLOC)
		alloc(thing, block);
	else if (event->kind == DMA_EVENT_POOL_FREE)
		release(thing, block);
	else
		api_pool_end(thing);
}
