// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fuzz-coherent.c - a device's own region, the atomic pool, the contiguous area
 *
 * Of the region: declare_coherent_memory begins a new one, alloc and free, mark_declared
 * and, for what a user may map of an allocation, sync_single_for_cpu. Of the atomic
 * pool: alloc_pages, free_pages, and mapping_error lets it grow. Of the contiguous area:
 * alloc_sgt, free_sgt. A free's direction says how wrong it is. Config: pool, a power
 * of two, is the region's pages, up to 8 GiB, of which no byte exists; segment those of
 * the contiguous area, boundary its place, align a page of it that cannot be had. What
 * is no allocation is looked at in coherent-shape.c.
 */
#include <errno.h>
#include <string.h>

#include <libdma/page.h>

#include "alloc/atomic-pool.h"
#include "alloc/coherent.h"
#include "alloc/contiguous.h"
#include "coherent-chunks.h"
#include "coherent-shape.h"
#include "kinds.h"
#include "oracle.h"
#include "requests.h"
#include "target.h"

#define THINGS 256
#define REGION 0x180000000ULL
#define DEVICE 0x40000000ULL
#define BYTES  (1UL << 18) /* of a small region; of a large one there are none */
#define JUNK   0x5a        /* all bytes that nobody was given as zeros, all the time */

struct thing {
	bool live;
	uint64_t page, count, size;
};

/* Of an input that has run nothing is live. */
static struct thing own[THINGS], atomic[THINGS], large[THINGS];
static struct reference_pages region_pages, area_pages;
static struct chunk chunk_room[CHUNKS];
static unsigned char bytes[BYTES] __attribute__((aligned(4096)));

static struct world {
	struct requests requests;
	struct coherent_region *region;
	struct coherent_place place;
	struct atomic_pool *pool;
	struct contiguous *area;
	uint64_t asked[THINGS / 64]; /* slots of requests so far, a bit each */
	struct chunks chunks;        /* of the atomic pool */
	phys_addr_t area_start;
	const struct kernel_rules *rules;
	bool old, busy;
} world;

/* ---- the device's own ---- */

static char *cpu_of(uint64_t page)
{
	/* Nobody reads there where the region has no bytes. */
	return (char *)((uintptr_t)world.place.cpu + (page << PAGE_SHIFT));
}

/* The first slot not below @slot that was asked for, or THINGS. */
static unsigned int next_asked(unsigned int slot)
{
	for (; slot < THINGS; slot = (slot | 63) + 1) {
		uint64_t left = world.asked[slot / 64] & ~0ULL << slot % 64;

		if (left)
			return (slot & ~63U) + (unsigned int)__builtin_ctzll(left);
	}
	return THINGS;
}

static __attribute__((constructor)) void fill(void)
{
	memset(bytes, JUNK, sizeof(bytes));
}

static void declare(uint64_t size)
{
	uint8_t exponent = requests_config(&world.requests)[CONFIG_POOL];

	for (unsigned int at = next_asked(0); at < THINGS; at = next_asked(at + 1))
		own[at].live = false;
	coherent_destroy(world.region);
	world.region = NULL;
	if (!size)
		size = PAGE_SIZE << (exponent ? exponent % 22 : 6);
	if (size > 8ULL << 30)
		size = 8ULL << 30;
	world.place = (struct coherent_place) { .cpu = size <= BYTES ? bytes : NULL,
						.phys = REGION,
						.dma = DEVICE,
						.size = size };
	expect(MEMORY, !coherent_create(NULL, world.rules, &world.place, &world.region));
	reference_pages_init(&region_pages, size >> PAGE_SHIFT);
}

static uint64_t power_of(uint64_t pages)
{
	uint64_t power = 1;

	while (power < pages)
		power *= 2;
	return power;
}

static void own_alloc(struct thing *thing, uint64_t size)
{
	uint64_t count = power_of((size >> PAGE_SHIFT) + !!(size % PAGE_SIZE));
	uint64_t offset, page = region_pages.size;
	int err;

	if (thing->live)
		return;
	err = coherent_alloc(world.region, size, &offset);
	if (!size) {
		expect(ARGUMENT, err == (world.old ? -EINVAL : 0));
		expect(ARGUMENT, !offset);
		return;
	}
	if (size <= region_pages.size << PAGE_SHIFT)
		page = reference_pages_find(&region_pages, count, count, 0);
	expect(COMPLETE, err == (page < region_pages.size ? 0 : -ENOMEM));
	if (err)
		return;
	expect(REGION, offset + size <= world.place.size && offset % PAGE_SIZE == 0);
	expect(REFERENCE, offset == page << PAGE_SHIFT);
	reference_pages_take(&region_pages, page, count);
	*thing = (struct thing) { true, page, count, size };
	if (!world.place.cpu)
		return;
	expect(ZERO, oracle_filled(bytes + offset, 0, size));
	memset(bytes + offset, JUNK, count << PAGE_SHIFT);
}

static unsigned int order_of(uint64_t count)
{
	return (unsigned int)__builtin_ctzll(count);
}

/* As the largest blocks that fit. */
static void release_aligned(uint64_t page, uint64_t end)
{
	unsigned int order;

	for (; page < end; page += 1ULL << order) {
		order = order_of(page | power_of(end - page + 1) / 2);
		coherent_release(world.region, order, cpu_of(page), NULL);
	}
}

/* Of another region's address nothing is freed; of a free one its pages stay free. */
static void own_free(struct thing *thing, unsigned int how)
{
	void *before = (void *)((uintptr_t)world.place.cpu - 1);
	uint64_t pages = region_pages.size, used;
	unsigned int wrong = 0, order;
	int err;

	if (!thing->live)
		return;
	if (how == 1)
		expect(OWNER,
		       coherent_release(world.region, 0, cpu_of(pages), NULL) == -ENOENT);
	if (how == 2 && world.place.cpu)
		expect(OWNER, coherent_release(world.region, 0, before, NULL) == -ENOENT);
	/* What was marked may begin anywhere, which 6.1 gives back wrongly (C10). */
	if (world.old && thing->page % thing->count) {
		release_aligned(thing->page, thing->page + thing->count);
		reference_pages_give(&region_pages, thing->page, thing->count);
		thing->live = false;
		return;
	}
	order = order_of(thing->count);
	used = reference_pages_used(&region_pages, thing->page, thing->count);
	err = coherent_release(world.region, order, cpu_of(thing->page), &wrong);
	expect(FREE, !err && !!(wrong & COHERENT_WAS_FREE) == (used < thing->count));
	reference_pages_give(&region_pages, thing->page, thing->count);
	if (how == 3) {
		err = coherent_release(world.region, order, cpu_of(thing->page), &wrong);
		expect(FREE, !err && wrong & COHERENT_WAS_FREE);
	}
	thing->live = false;
}

/* Firmware's pages, or another's (C19). */
static void own_mark(struct thing *thing, uint64_t at, uint64_t size)
{
	uint64_t page = at >> PAGE_SHIFT, offset = 0, count = 0;
	unsigned __int128 with = (unsigned __int128)size + at % PAGE_SIZE;
	int err, expected = 0;

	if (thing->live)
		return;
	err = coherent_mark(world.region, DEVICE + at, size, &offset);
	if (with > UINT64_MAX)
		with = (uint64_t)with;
	if (!with || with > region_pages.size << PAGE_SHIFT || page >= region_pages.size)
		expected = -EINVAL;
	else
		count = power_of((uint64_t)((with + PAGE_SIZE - 1) >> PAGE_SHIFT));
	if (!expected && count > region_pages.size - page)
		expected = -EINVAL;
	else if (!expected && reference_pages_used(&region_pages, page, count))
		expected = -EBUSY;
	expect(ARGUMENT, err == expected);
	if (err)
		return;
	expect(REFERENCE, offset == page << PAGE_SHIFT);
	reference_pages_take(&region_pages, page, count);
	*thing = (struct thing) { true, page, count, count << PAGE_SHIFT };
}

/* A user's window lies in the allocation, or is refused (C11). */
static void own_map(const struct thing *thing, uint64_t first, uint64_t window)
{
	uint64_t count = (thing->size + PAGE_SIZE - 1) >> PAGE_SHIFT;
	phys_addr_t phys = 0;
	int err;

	if (!thing->live)
		return;
	err = coherent_mmap(world.region, cpu_of(thing->page), thing->size, first, window,
			    &phys);
	expect(WINDOW, err == ((unsigned __int128)first + window <= count && first < count
				       ? 0
				       : -ENXIO));
	expect(WINDOW, err || phys == REGION + ((thing->page + first) << PAGE_SHIFT));
	expect(OWNER, coherent_mmap(world.region, cpu_of(region_pages.size), PAGE_SIZE, 0,
				    1, &phys) == -ENOENT);
}

/* ---- the atomic pool ---- */

static void atomic_alloc(struct thing *thing, uint64_t size)
{
	uint64_t count = (size >> PAGE_SHIFT) + !!(size % PAGE_SIZE), page = 0;
	struct chunk *chunk = NULL;
	phys_addr_t phys;
	int err;

	if (thing->live)
		return;
	err = atomic_pool_alloc(world.pool, size, &phys);
	if (!size) {
		expect(ARGUMENT, err == -EINVAL);
		return;
	}
	for (unsigned int i = world.chunks.count; i-- && !chunk && count <= 1 << 20;) {
		page = reference_pages_find(&world.chunks.chunk[i].pages, count,
					    power_of(count), 0);
		if (page < world.chunks.chunk[i].pages.size)
			chunk = &world.chunks.chunk[i];
	}
	expect(COMPLETE, err == (chunk ? 0 : -ENOMEM));
	if (err)
		return;
	expect(REFERENCE, phys == chunk->phys + (page << PAGE_SHIFT));
	reference_pages_take(&chunk->pages, page, count);
	*thing = (struct thing) { true, phys, count, size };
}

static void atomic_release(struct thing *thing, unsigned int how)
{
	struct chunk *chunk = world.chunks.chunk;

	if (!thing->live)
		return;
	if (how == 1)
		expect(OWNER,
		       atomic_pool_free(world.pool, 0x1000, thing->size) == -ENOENT);
	if (how == 2)
		expect(FREE, atomic_pool_free(world.pool, thing->page + 16,
					      PAGE_SIZE / 2) == -EINVAL);
	expect(FREE, !atomic_pool_free(world.pool, thing->page, thing->size));
	if (how == 3)
		expect(FREE,
		       atomic_pool_free(world.pool, thing->page, thing->size) == -EINVAL);
	while (thing->page - chunk->phys >= PAGE_SIZE << chunk->order)
		chunk++;
	reference_pages_give(&chunk->pages, (thing->page - chunk->phys) >> PAGE_SHIFT,
			     thing->count);
	thing->live = false;
}

/* As large as the pool, or as can be had. */
static void grow(unsigned int refusals)
{
	unsigned int before = world.chunks.count;

	world.chunks.refusals = refusals;
	expect(COMPLETE, atomic_pool_grow(world.pool) ==
				 (world.chunks.count > before ? 0 : -ENOSPC));
	world.chunks.refusals = 0;
}

static void atomic_check(void)
{
	uint64_t target = PAGE_SIZE << requests_config(&world.requests)[CONFIG_AREAS] % 8;
	uint64_t pages, available = chunks_available(&world.chunks, &pages) << PAGE_SHIFT;

	expect(COUNTERS, atomic_pool_size(world.pool) == pages << PAGE_SHIFT);
	expect(COUNTERS, atomic_pool_available(world.pool) == available);
	expect(COUNTERS, atomic_pool_is_low(world.pool) == (available < target));
	expect(VALID, atomic_pool_valid(world.pool));
	world.chunks.seen = 0;
	expect(WALK, !atomic_pool_walk(world.pool, chunks_visit, &world.chunks));
	expect(WALK, world.chunks.seen == pages);
}

/* ---- the contiguous area ---- */

static void large_alloc(struct thing *thing, uint64_t size)
{
	uint64_t count = (size >> PAGE_SHIFT) + !!(size % PAGE_SIZE), page;
	unsigned int order = contiguous_align_order(size);
	phys_addr_t phys;
	int err;

	if (thing->live)
		return;
	err = contiguous_alloc(world.area, count, order, &phys);
	if (!count) {
		expect(ARGUMENT, err == -EINVAL);
		return;
	}
	expect(ALIGN, count > 256 || 1ULL << order == power_of(count));
	expect(ALIGN, count <= 256 || order == 8);
	page = area_pages.size;
	if (count <= area_pages.size)
		page = reference_pages_find(&area_pages, count, 1ULL << order,
					    world.area_start >> PAGE_SHIFT);
	expect(COMPLETE, err == (page < area_pages.size ? 0 : -ENOMEM));
	if (err)
		return;
	expect(REFERENCE, phys == world.area_start + (page << PAGE_SHIFT));
	reference_pages_take(&area_pages, page, count);
	*thing = (struct thing) { true, page, count, size };
}

static void large_free(struct thing *thing, unsigned int how)
{
	phys_addr_t phys = world.area_start + (thing->page << PAGE_SHIFT);

	if (!thing->live)
		return;
	if (how == 1)
		expect(OWNER, contiguous_free(world.area, world.area_start - PAGE_SIZE,
					      1) == -ENOENT);
	if (how == 2)
		expect(FREE,
		       contiguous_free(world.area, phys, area_pages.size + 1) == -EINVAL);
	expect(FREE, !contiguous_free(world.area, phys, thing->count));
	if (how == 3)
		expect(FREE, contiguous_free(world.area, phys, thing->count) == -EINVAL);
	reference_pages_give(&area_pages, thing->page, thing->count);
	thing->live = false;
}

/* ---- all of them ---- */

static void check_all(void)
{
	expect(VALID, coherent_valid(world.region) && contiguous_valid(world.area));
	expect(COUNTERS,
	       coherent_used(world.region) ==
		       reference_pages_used(&region_pages, 0, region_pages.size));
	expect(COUNTERS, contiguous_used(world.area) + world.busy ==
				 reference_pages_used(&area_pages, 0, area_pages.size));
	shape_expect_region(world.region, &region_pages, DEVICE);
	if (!world.busy)
		shape_expect_area(world.area, &area_pages, world.area_start);
	atomic_check();
}

static void run(const struct dma_event *event)
{
	unsigned int slot = (unsigned int)event->handle % THINGS;

	world.asked[slot / 64] |= 1ULL << slot % 64;
	switch (event->kind) {
	case DMA_EVENT_DECLARE_COHERENT_MEMORY:
		declare(event->size);
		break;
	case DMA_EVENT_ALLOC:
		own_alloc(&own[slot], event->size);
		break;
	case DMA_EVENT_FREE:
		own_free(&own[slot], event->dir);
		break;
	case DMA_EVENT_MARK_DECLARED_MEMORY_OCCUPIED:
		own_mark(&own[slot], event->offset + event->dir * 100, event->size);
		break;
	case DMA_EVENT_SYNC_SINGLE_FOR_CPU:
		own_map(&own[slot], event->offset / PROGRAM_PLACE_UNIT,
			world.requests.op.arg % 1024);
		break;
	case DMA_EVENT_ALLOC_PAGES:
		atomic_alloc(&atomic[slot], event->size);
		break;
	case DMA_EVENT_FREE_PAGES:
		atomic_release(&atomic[slot], event->dir);
		break;
	case DMA_EVENT_MAPPING_ERROR:
		grow(event->dir);
		shape_check_choice(world.rules, slot % 8);
		break;
	case DMA_EVENT_ALLOC_SGT:
		large_alloc(&large[slot], event->size);
		break;
	case DMA_EVENT_FREE_SGT:
		large_free(&large[slot], event->dir);
		break;
	default:
		return;
	}
	/* a large region takes long to look at */
	if (world.requests.number % 8 == 0 && region_pages.size <= 4096)
		check_all();
}

const uint16_t target_kinds[] = { KINDS_OF_COHERENT, DMA_EVENT_NONE };

/* A page that somebody holds. */
static bool is_busy(void *arg, phys_addr_t phys, uint64_t pages)
{
	phys_addr_t page = world.area_start + *(const uint8_t *)arg * PAGE_SIZE;

	return page >= phys && page < phys + pages * PAGE_SIZE;
}

static void set_busy(const uint8_t *page)
{
	if (!*page || *page >= area_pages.size)
		return;
	contiguous_set_busy(world.area, is_busy, (void *)(uintptr_t)page);
	reference_pages_take(&area_pages, *page, 1);
	world.busy = true;
}

static void begin(void)
{
	const uint8_t *config = requests_config(&world.requests);
	const struct atomic_pool_pages pages = { chunks_alloc, chunks_free,
						 &world.chunks };
	uint64_t size = PAGE_SIZE
			<< (config[CONFIG_SEGMENT] ? config[CONFIG_SEGMENT] % 16 : 9);

	world.chunks.chunk = chunk_room;
	world.rules = kernel_rules(requests_kernel(&world.requests));
	world.old = requests_kernel(&world.requests) == DMA_KERNEL_6_1;
	shape_refuses(world.rules, &pages, config[CONFIG_HEAP] % 8);
	world.area_start = 0x20000000 + config[CONFIG_BOUNDARY] * PAGE_SIZE;
	declare(0);
	expect(MEMORY,
	       !atomic_pool_create(NULL, &pages, PAGE_SIZE << config[CONFIG_AREAS] % 8,
				   &world.pool));
	expect(MEMORY, !contiguous_create(NULL, world.area_start, size, &world.area));
	reference_pages_init(&area_pages, size >> PAGE_SHIFT);
	set_busy(&config[CONFIG_ALIGN]);
}

static void end(void)
{
	for (unsigned int slot = next_asked(0); slot < THINGS;
	     slot = next_asked(slot + 1)) {
		own_free(&own[slot], 0);
		atomic_release(&atomic[slot], 0);
		large_free(&large[slot], 0);
	}
	expect(CONSERVE, !coherent_used(world.region) && !contiguous_used(world.area));
	expect(CONSERVE,
	       atomic_pool_available(world.pool) == atomic_pool_size(world.pool));
	shape_release_wrongly(world.rules, world.region);
	coherent_destroy(world.region);
	contiguous_destroy(world.area);
	atomic_pool_destroy(world.pool);
	expect(CONSERVE, !world.chunks.count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	requests_open(&world.requests, data, size);
	memset(&world.region, 0, sizeof(world) - offsetof(struct world, region));
	begin();
	while (requests_next(&world.requests))
		run(&world.requests.event);
	check_all();
	end();
	return 0;
}
