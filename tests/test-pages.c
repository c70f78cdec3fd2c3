// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The buddy allocator against an array with a state a page: what is free is looked for
 * page by page, what a block of each order would be by trying every place.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "hardware/pages.h"

#include "dice.h"
#include "test.h"
#include "valgrind.h"

#define PAGES     9000
#define DMA_END   700
#define DMA32_END 3333 /* no multiple of a block: none may lie across it */

enum state {
	HOLE,
	FREE,
	TAKEN,
	RESERVED
};

struct live {
	phys_addr_t phys;
	unsigned int order;
};

struct stand {
	struct memory *memory;
	struct pages *pages;
	unsigned char state[PAGES];
	struct live live[PAGES];
	unsigned int count;
};

static const struct memory_range ranges[] = {
	{ 0x1000, 0x9e000 },
	{ 0x100000, 0x700000 },
	{ 0x900000, (4500 - 0x900) * 4096ULL },
	/* behind a hole of more than the largest block, which no block is numbered in */
	{ 7333 * 4096ULL, (PAGES - 7333) * 4096ULL },
};

static enum memory_zone zone_of(uint64_t page)
{
	return page < DMA_END     ? MEMORY_ZONE_DMA
	       : page < DMA32_END ? MEMORY_ZONE_DMA32
				  : MEMORY_ZONE_NORMAL;
}

static struct stand *new_stand(void)
{
	const struct memory_layout layout = { ranges, 4, DMA_END * PAGE_SIZE,
					      DMA32_END * PAGE_SIZE, NULL };
	struct stand *stand = calloc(1, sizeof(*stand));

	assert_non_null(stand);
	assert_int_equal(memory_create(NULL, &layout, &stand->memory), 0);
	assert_int_equal(pages_create(NULL, stand->memory, &stand->pages), 0);
	for (size_t i = 0; i < 4; i++)
		memset(stand->state + (ranges[i].start >> PAGE_SHIFT), FREE,
		       ranges[i].length >> PAGE_SHIFT);
	return stand;
}

static void free_stand(struct stand *stand)
{
	pages_destroy(stand->pages);
	memory_destroy(stand->memory);
	free(stand);
}

static bool all_are(const struct stand *stand, uint64_t page, uint64_t count,
		    enum state state)
{
	if (page + count > PAGES || zone_of(page) != zone_of(page + count - 1))
		return false;
	for (uint64_t at = 0; at < count; at++)
		if (stand->state[page + at] != state)
			return false;
	return true;
}

/* The order of the largest aligned free block around a free page. */
static unsigned int block_order(const struct stand *stand, uint64_t page)
{
	unsigned int order = 0;

	while (order < PAGES_MAX_ORDER &&
	       all_are(stand, page >> (order + 1) << (order + 1), 2ULL << order, FREE))
		order++;
	return order;
}

static bool plain_find(const struct stand *stand, enum memory_zone zone,
		       unsigned int order, uint64_t *ret)
{
	unsigned int best = PAGES_MAX_ORDER + 1, found;

	for (uint64_t page = 0; page < PAGES; page += 1ULL << order) {
		if (zone_of(page) != zone || !all_are(stand, page, 1ULL << order, FREE))
			continue;
		found = block_order(stand, page);
		if (found < best) {
			best = found;
			*ret = page;
		}
	}
	return best <= PAGES_MAX_ORDER;
}

static void try_alloc(struct stand *stand)
{
	enum memory_zone zone = (enum memory_zone)roll(MEMORY_ZONES);
	unsigned int order =
		(unsigned int)(roll(4) ? roll(4) : roll(PAGES_MAX_ORDER + 2));
	phys_addr_t phys = 1;
	uint64_t page = 0;
	bool found = false;

	for (unsigned int at = zone + 1; at-- && !found;)
		found = order <= PAGES_MAX_ORDER && plain_find(stand, at, order, &page);
	assert_int_equal(pages_alloc(stand->pages, zone, order, &phys),
			 found ? 0 : -ENOMEM);
	assert_int_equal(phys, found ? page << PAGE_SHIFT : 1);
	if (!found)
		return;
	memset(stand->state + page, TAKEN, 1ULL << order);
	stand->live[stand->count++] = (struct live) { phys, order };
}

static void try_free(struct stand *stand)
{
	struct live *live = &stand->live[roll(stand->count)];

	assert_int_equal(pages_free(stand->pages, live->phys, live->order + 1), -EINVAL);
	assert_int_equal(pages_free(stand->pages, live->phys + 1, live->order), -EINVAL);
	assert_int_equal(pages_free(stand->pages, live->phys, live->order), 0);
	assert_int_equal(pages_free(stand->pages, live->phys, live->order), -EINVAL);
	memset(stand->state + (live->phys >> PAGE_SHIFT), FREE, 1ULL << live->order);
	*live = stand->live[--stand->count];
}

static void try_reserve(struct stand *stand)
{
	uint64_t page = roll(PAGES), count = 1 + roll(roll(2) ? 50 : 1500), at;
	int expected = -EBUSY;

	if (count > PAGES - page)
		expected = -EINVAL;
	for (at = 0; page + at < PAGES && at < count && stand->state[page + at] == FREE;
	     at++)
		;
	if (at == count)
		expected = 0;
	assert_int_equal(
		pages_reserve(stand->pages, page << PAGE_SHIFT, count << PAGE_SHIFT),
		expected);
	if (!expected)
		memset(stand->state + page, RESERVED, count);
}

static void try_unreserve(struct stand *stand)
{
	uint64_t page = roll(PAGES), count = 1 + roll(60), at;

	if (count > PAGES - page)
		count = PAGES - page;
	for (at = 0; at < count && stand->state[page + at] == RESERVED; at++)
		;
	assert_int_equal(
		pages_unreserve(stand->pages, page << PAGE_SHIFT, count << PAGE_SHIFT),
		at == count ? 0 : -EINVAL);
	if (at == count)
		memset(stand->state + page, FREE, count);
}

static void try_find_top(struct stand *stand)
{
	uint64_t count = 1 + roll(300), align = 1ULL << roll(9), limit = roll(PAGES + 10),
		 page;
	phys_addr_t phys = 1;

	for (page = PAGES; page--;) {
		uint64_t at;

		if (page % align || page + count > PAGES || page + count > limit)
			continue;
		for (at = 0; at < count && stand->state[page + at] == FREE; at++)
			;
		if (at == count)
			break;
	}
	assert_int_equal(pages_find_top(stand->pages, count << PAGE_SHIFT,
					align << PAGE_SHIFT, limit << PAGE_SHIFT, &phys),
			 page == UINT64_MAX ? -ENOMEM : 0);
	assert_int_equal(phys, page == UINT64_MAX ? 1 : page << PAGE_SHIFT);
}

static int compare_extent(const struct extent *extent, void *arg)
{
	const struct stand *stand = arg;

	for (uint64_t at = extent->start; at < extent->start + extent->length;
	     at += PAGE_SIZE)
		assert_int_equal(stand->state[at >> PAGE_SHIFT] != FREE, extent->used);
	return 0;
}

static void check(struct stand *stand)
{
	uint64_t count[MEMORY_ZONES] = { 0 };

	for (uint64_t page = 0; page < PAGES; page++)
		count[zone_of(page)] += stand->state[page] == FREE;
	for (unsigned int zone = 0; zone < MEMORY_ZONES; zone++)
		assert_int_equal(pages_count_free(stand->pages, zone), count[zone]);
	assert_int_equal(pages_walk(stand->pages, compare_extent, stand), 0);
	assert_true(pages_valid(stand->pages));
}

static void pages_come_as_from_a_plain_search(void **state)
{
	struct stand *stand = new_stand();

	(void)state;
	check(stand);
	for (unsigned int step = 0; step < 3000; step++) {
		uint64_t what = roll(20);

		if (what == 0)
			try_reserve(stand);
		else if (what < 3)
			try_unreserve(stand);
		else if (what == 3)
			try_find_top(stand);
		else if (!stand->count || roll(step % 600 < 300 ? 4 : 2))
			try_alloc(stand);
		else
			try_free(stand);
		check(stand);
	}
	while (stand->count)
		try_free(stand);
	check(stand);
	free_stand(stand);
}

/* Of a block that was split each page is freed by itself, and by nothing larger. */
static void a_split_block_is_freed_page_by_page(void **state)
{
	struct stand *stand = new_stand();
	uint64_t before[MEMORY_ZONES];
	phys_addr_t phys;

	(void)state;
	for (int zone = 0; zone < MEMORY_ZONES; zone++)
		before[zone] = pages_count_free(stand->pages, (enum memory_zone)zone);
	assert_int_equal(pages_alloc(stand->pages, MEMORY_ZONE_NORMAL, 4, &phys), 0);
	assert_int_equal(pages_split(stand->pages, phys, 3), -EINVAL);
	assert_int_equal(pages_split(stand->pages, phys + PAGE_SIZE, 4), -EINVAL);
	assert_int_equal(pages_split(stand->pages, phys, PAGES_MAX_ORDER + 1), -EINVAL);
	assert_int_equal(pages_split(stand->pages, 1ULL << 41, 0), -EINVAL);
	assert_int_equal(pages_free(stand->pages, phys + PAGE_SIZE, 0), -EINVAL);
	assert_int_equal(pages_split(stand->pages, phys, 4), 0);
	assert_int_equal(pages_free(stand->pages, phys, 4), -EINVAL);
	for (unsigned int page = 0; page < 16; page++) {
		assert_int_equal(pages_free(stand->pages,
					    phys + (page * 7 % 16) * PAGE_SIZE, 0),
				 0);
		assert_true(pages_valid(stand->pages));
	}
	for (int zone = 0; zone < MEMORY_ZONES; zone++)
		assert_int_equal(pages_count_free(stand->pages, (enum memory_zone)zone),
				 before[zone]);
	free_stand(stand);
}

static void a_terabyte_has_all_its_pages(void **state)
{
	const struct memory_range range = { 0, 1ULL << 40 };
	const struct memory_layout layout = { &range, 1, 1 << 24, 1ULL << 32, NULL };
	struct memory *memory;
	struct pages *pages;
	phys_addr_t phys;

	(void)state;
	if (runs_under_valgrind())
		skip();
	assert_int_equal(memory_create(NULL, &layout, &memory), 0);
	assert_int_equal(pages_create(NULL, memory, &pages), 0);
	assert_int_equal(pages_count_free(pages, MEMORY_ZONE_NORMAL),
			 (1ULL << 28) - (1ULL << 20));
	assert_int_equal(pages_alloc(pages, MEMORY_ZONE_NORMAL, 0, &phys), 0);
	assert_int_equal(phys, 1ULL << 32);
	assert_int_equal(pages_find_top(pages, 64 << 20, PAGE_SIZE, 1ULL << 32, &phys),
			 0);
	assert_int_equal(phys, (1ULL << 32) - (64 << 20));
	pages_destroy(pages);
	memory_destroy(memory);
}

static void creation_can_fail_at_each_step(void **state)
{
	const struct memory_layout layout = { ranges, 4, 0, 0, NULL };
	struct pages *pages = NULL;
	struct memory *memory;
	uint64_t nth;

	(void)state;
	assert_int_equal(memory_create(NULL, &layout, &memory), 0);
	for (nth = 1;; nth++) {
		struct heap heap = { .fail_nth = nth };

		if (!pages_create(&heap, memory, &pages))
			break;
		assert_null(pages);
	}
	assert_int_equal(nth, 4); /* itself, its sections, its sets */
	pages_destroy(pages);
	pages_destroy(NULL);
	memory_destroy(memory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pages_come_as_from_a_plain_search),
		cmocka_unit_test(a_split_block_is_freed_page_by_page),
		cmocka_unit_test(a_terabyte_has_all_its_pages),
		cmocka_unit_test(creation_can_fail_at_each_step),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
