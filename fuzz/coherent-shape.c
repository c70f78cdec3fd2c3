// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * coherent-shape.c - what walks of regions and areas show, and what is refused
 */
#include <errno.h>
#include <string.h>

#include <libdma/page.h>

#include "coherent-shape.h"
#include "oracle.h"

/* ---- walks ---- */

struct shape {
	const struct reference_pages *pages;
	uint64_t start, next;
	bool used; /* the run before */
};

static int visit(const struct extent *extent, void *arg)
{
	struct shape *shape = arg;
	uint64_t pages = extent->length >> PAGE_SHIFT;

	expect(WALK, extent->start == shape->start + (shape->next << PAGE_SHIFT));
	expect(WALK, pages && !(extent->length % PAGE_SIZE));
	expect(WALK, !shape->next || extent->used != shape->used);
	expect(WALK, reference_pages_used(shape->pages, shape->next, pages) ==
			     (extent->used ? pages : 0));
	shape->next += pages;
	shape->used = extent->used;
	return 0;
}

static int stop(const struct extent *extent, void *arg)
{
	expect(WALK, extent->length);
	++*(int *)arg;
	return 1;
}

void shape_expect_region(const struct coherent_region *region,
			 const struct reference_pages *pages, uint64_t dma)
{
	struct shape shape = { .pages = pages, .start = dma };
	int visits = 0;

	expect(WALK, !coherent_walk(region, visit, &shape));
	expect(WALK, shape.next == pages->size && coherent_pages(region) == pages->size);
	if (pages->size)
		expect(WALK, coherent_walk(region, stop, &visits) == 1 && visits == 1);
	expect(WALK, coherent_place(region)->dma == dma);
}

void shape_expect_area(const struct contiguous *area, const struct reference_pages *pages,
		       uint64_t phys)
{
	struct shape shape = { .pages = pages, .start = phys };
	int visits = 0;

	expect(WALK, !contiguous_walk(area, visit, &shape));
	expect(WALK, shape.next == pages->size);
	expect(WALK, contiguous_walk(area, stop, &visits) == 1 && visits == 1);
	expect(WALK, contiguous_end(area) == phys + (pages->size << PAGE_SHIFT));
}

/* ---- refusals ---- */

static void check_flags(void)
{
	for (unsigned int flags = 0; flags < 16; flags++)
		expect(ARGUMENT, coherent_declare_result(flags) == (flags & 1   ? 1
								    : flags & 2 ? 2
										: 0));
}

void shape_refuses(const struct kernel_rules *rules,
		   const struct atomic_pool_pages *pages, uint64_t fail_nth)
{
	struct coherent_place place = { .dma = 4096 };
	struct coherent_region *region;
	struct contiguous *area;
	struct atomic_pool *pool;
	struct heap heap = { .fail_nth = fail_nth };
	phys_addr_t phys;
	int err;

	check_flags();
	expect(ARGUMENT, coherent_create(NULL, rules, &place, &region) == -EINVAL);
	expect(ARGUMENT, contiguous_create(NULL, 4096, 0, &area) == -EINVAL);
	expect(ARGUMENT, contiguous_create(NULL, 4096, 4095, &area) == -EINVAL);
	expect(ARGUMENT, contiguous_create(NULL, 4095, 4096, &area) == -EINVAL);
	expect(ARGUMENT, contiguous_create(NULL, -4096ULL, 8192, &area) == -EINVAL);
	expect(ARGUMENT, atomic_pool_create(NULL, pages, 0, &pool) == -EINVAL);
	place.size = 2 * PAGE_SIZE;
	err = coherent_create(&heap, rules, &place, &region);
	expect(MEMORY, err == (heap.calls == fail_nth ? -ENOMEM : 0));
	coherent_destroy(err ? NULL : region);
	heap.calls = 0;
	err = contiguous_create(&heap, 4096, 4096, &area);
	expect(MEMORY, err == (heap.calls == fail_nth ? -ENOMEM : 0));
	if (!err) {
		expect(ARGUMENT, contiguous_alloc(area, 1, 63, &phys) == -EINVAL);
		expect(FREE, contiguous_free(area, 4096, 0) == -EINVAL);
		expect(FREE, contiguous_free(area, 4097, 1) == -EINVAL);
		expect(FREE, contiguous_free(area, 8192, 1) == -ENOENT);
	}
	contiguous_destroy(err ? NULL : area);
	heap.calls = 0;
	err = atomic_pool_create(&heap, pages, PAGE_SIZE, &pool);
	expect(MEMORY, err == (heap.calls == fail_nth ? -ENOMEM : 0) || err == -ENOSPC);
	if (!err) {
		expect(CAPACITY, atomic_pool_size(pool) == PAGE_SIZE);
		expect(FREE, atomic_pool_free(pool, 0, 0) == -ENOENT);
		heap.fail_nth = heap.calls + 1;
		expect(MEMORY, atomic_pool_grow(pool) == -ENOMEM);
	}
	atomic_pool_destroy(err ? NULL : pool);
}

/* ---- which pool ---- */

static int first_there(const char *zones, unsigned int has)
{
	for (; *zones; zones++)
		if (has >> (*zones - '0') & 1)
			return *zones - '0';
	return -1;
}

/* A share of the memory in whole pages, in bounds (A16). */
static void check_default_size(uint64_t memory)
{
	uint64_t size = memory / 8192 / PAGE_SIZE * PAGE_SIZE;

	size = size > 4UL << 20 ? 4UL << 20 : size;
	expect(CHOICE,
	       atomic_pool_default_size(memory) == (size > 131072 ? size : 131072));
}

void shape_check_choice(const struct kernel_rules *rules, unsigned int has)
{
	/* zones by their numbers: 0 the lowest, 1 up to 32 bits, 2 all */
	static const char *const after[3] = { "", "0", "10" };
	static const char *const first[2][3] = { { "02", "1", "2" },
						 { "012", "102", "210" } };
	bool there[MEMORY_ZONES] = { has & 1, has & 2, has & 4 };
	uint64_t memory = (uint64_t)has << 24 << has;

	for (int zone = 0; zone < 3; zone++) {
		expect(CHOICE,
		       atomic_pool_next(rules, there, -1, (enum memory_zone)zone) ==
			       first_there(first[rules->atomic_pool_tries_all][zone],
					   has));
		expect(CHOICE, atomic_pool_next(rules, there, zone, MEMORY_ZONE_NORMAL) ==
				       first_there(after[zone], has));
	}
	check_default_size(memory);
	check_default_size(memory << 8);
}

/* ---- what nobody checks ---- */

void shape_release_wrongly(const struct kernel_rules *rules,
			   struct coherent_region *region)
{
	const struct coherent_place *place = coherent_place(region);
	uint64_t pages = coherent_pages(region), offset, left;
	unsigned int wrong = 0;

	if (!pages)
		return;
	expect(FREE, !coherent_release(region, 40, place->cpu, &wrong) && !wrong);
	expect(FREE, !coherent_release(region, 31, place->cpu, NULL));
	expect(FREE, !coherent_release(region, 31, place->cpu, &wrong));
	expect(FREE, wrong == (COHERENT_WAS_FREE | COHERENT_RUNS_OFF));
	if (pages < 160)
		return;
	/* C10: 6.1 leaves out what would reach into the next word */
	expect(FREE, !coherent_mark(region, place->dma + (96 << PAGE_SHIFT),
				    64 << PAGE_SHIFT, &offset));
	expect(FREE, !coherent_release(region, 6,
				       (char *)((uintptr_t)place->cpu + offset), &wrong));
	left = rules->coherent_clears_by_words ? 32 : 0;
	expect(FREE, wrong == COHERENT_MISALIGNED && coherent_used(region) == left);
	offset += 32 << PAGE_SHIFT;
	coherent_release(region, 5, (char *)((uintptr_t)place->cpu + offset), NULL);
	expect(FREE, !coherent_used(region));
}
