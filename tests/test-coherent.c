// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A device's region against an array with an owner a page, searched place by place.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "alloc/coherent.h"
#include "base/bits.h"

#include "dice.h"
#include "test.h"

#define MAX_PAGES 2048
#define DMA       0xfee000000ULL
#define PHYS      0x12345000ULL

struct live {
	uint64_t page;
	unsigned int order;
};

struct stand {
	char *memory;
	struct coherent_region *region;
	uint64_t pages;
	unsigned char used[MAX_PAGES];
	struct live live[MAX_PAGES];
	unsigned int count;
};

static void stand_init(struct stand *stand, enum dma_kernel kernel, uint64_t size)
{
	const struct coherent_place place = {
		.cpu = stand->memory,
		.phys = PHYS,
		.dma = DMA,
		.size = size,
		.flags = COHERENT_EXCLUSIVE,
	};

	memset(stand->used, 0, sizeof(stand->used));
	stand->count = 0;
	stand->pages = size >> PAGE_SHIFT;
	assert_int_equal(
		coherent_create(NULL, kernel_rules(kernel), &place, &stand->region), 0);
	assert_int_equal(coherent_pages(stand->region), stand->pages);
	assert_int_equal(coherent_place(stand->region)->flags, COHERENT_EXCLUSIVE);
}

/* C6: each window of a power of two pages in turn. */
static bool plain_find(const struct stand *stand, uint64_t size, uint64_t *ret,
		       unsigned int *order)
{
	uint64_t window = 1;

	if (size > stand->pages * 4096)
		return false;
	for (*order = 0; window * 4096 < size; window *= 2)
		++*order;
	for (uint64_t start = 0; start + window <= stand->pages; start += window) {
		uint64_t at = 0;

		while (at < window && !stand->used[start + at])
			at++;
		if (at == window) {
			*ret = start;
			return true;
		}
	}
	return false;
}

static void try_alloc(struct stand *stand)
{
	uint64_t size =
		roll(20) ? 1 + roll(5 * PAGE_SIZE) : 1 + roll(stand->pages * 5000 + 1);
	uint64_t page, offset = 1;
	unsigned int order;

	memset(stand->memory, 0x55, (stand->pages + 1) * PAGE_SIZE);
	if (!plain_find(stand, size, &page, &order)) {
		assert_int_equal(coherent_alloc(stand->region, size, &offset), -ENOMEM);
		assert_int_equal(offset, 1);
		return;
	}
	assert_int_equal(coherent_alloc(stand->region, size, &offset), 0);
	assert_int_equal(offset, page << PAGE_SHIFT);
	for (uint64_t at = 0; at < size; at += 1 + size / 50)
		assert_int_equal(stand->memory[offset + at], 0);
	assert_int_equal(stand->memory[offset + size], 0x55);
	memset(stand->used + page, 1, 1UL << order);
	stand->live[stand->count++] = (struct live) { page, order };
}

static void try_release(struct stand *stand)
{
	struct live *live = &stand->live[roll(stand->count)];
	unsigned int wrong = 77;

	assert_int_equal(
		coherent_release(stand->region, live->order,
				 stand->memory + (live->page << PAGE_SHIFT) + roll(4096),
				 &wrong),
		0);
	assert_int_equal(wrong, 0);
	memset(stand->used + live->page, 0, 1UL << live->order);
	*live = stand->live[--stand->count];
}

static int compare_extent(const struct extent *extent, void *arg)
{
	struct stand *stand = arg;
	uint64_t page = (extent->start - DMA) >> PAGE_SHIFT;

	assert_true(extent->length > 0);
	for (uint64_t at = 0; at < extent->length >> PAGE_SHIFT; at++)
		assert_int_equal(stand->used[page + at], extent->used);
	return 0;
}

static void check(struct stand *stand)
{
	uint64_t used = 0, live = 0;

	for (uint64_t page = 0; page < stand->pages; page++)
		used += stand->used[page];
	for (unsigned int at = 0; at < stand->count; at++)
		live += 1ULL << stand->live[at].order;
	assert_int_equal(used, live);
	assert_int_equal(coherent_used(stand->region), used);
	assert_int_equal(coherent_walk(stand->region, compare_extent, stand), 0);
	assert_true(coherent_valid(stand->region));
}

static struct stand *new_stand(void)
{
	struct stand *stand = calloc(1, sizeof(*stand));

	assert_non_null(stand);
	stand->memory = aligned_alloc(PAGE_SIZE, (MAX_PAGES + 1) * PAGE_SIZE);
	assert_non_null(stand->memory);
	return stand;
}

static void free_stand(struct stand *stand)
{
	coherent_destroy(stand->region);
	free(stand->memory);
	free(stand);
}

static void pages_come_as_from_a_plain_search(void **state)
{
	struct stand *stand = new_stand();

	(void)state;
	for (unsigned int run = 0; run < 40; run++) {
		stand_init(stand, run % DMA_KERNELS, 1 + roll(200 * PAGE_SIZE));
		for (unsigned int step = 0; step < 200; step++) {
			if (!stand->count || roll(step % 100 < 50 ? 4 : 2))
				try_alloc(stand);
			else
				try_release(stand);
			check(stand);
		}
		coherent_destroy(stand->region);
	}
	stand->region = NULL;
	free_stand(stand);
}

static void a_wrong_release_does_what_the_kernel_does(void **state)
{
	struct stand *stand = new_stand();
	uint64_t offset;
	unsigned int wrong;

	(void)state;
	stand_init(stand, DMA_KERNEL_6_12, 7 * PAGE_SIZE);
	for (int i = 0; i < 7; i++)
		assert_int_equal(coherent_alloc(stand->region, 1, &offset), 0);
	assert_int_equal(coherent_release(stand->region, 0, stand->memory - 1, &wrong),
			 -ENOENT);
	assert_int_equal(
		coherent_release(stand->region, 0, stand->memory + 7 * PAGE_SIZE, NULL),
		-ENOENT);
	assert_int_equal(coherent_used(stand->region), 7);
	/* neighbours are cleared, and nothing behind the end */
	assert_int_equal(
		coherent_release(stand->region, 2, stand->memory + 5 * PAGE_SIZE, &wrong),
		0);
	assert_int_equal(wrong, COHERENT_MISALIGNED | COHERENT_RUNS_OFF);
	assert_int_equal(coherent_used(stand->region), 5);
	assert_int_equal(
		coherent_release(stand->region, 0, stand->memory + 5 * PAGE_SIZE, &wrong),
		0);
	assert_int_equal(wrong, COHERENT_WAS_FREE);
	/* the order of size 0 */
	assert_int_equal(coherent_release(stand->region, 52, stand->memory, &wrong), 0);
	assert_int_equal(wrong, 0);
	assert_int_equal(coherent_used(stand->region), 5);
	assert_true(coherent_valid(stand->region));
	free_stand(stand);
}

/* C10: from page 60 on, four pages are of the first word and four of the next. */
static void old_kernels_release_word_by_word(void **state)
{
	struct stand *stand = new_stand();
	uint64_t offset;

	(void)state;
	for (unsigned int kernel = 0; kernel < DMA_KERNELS; kernel++) {
		bool old = kernel == DMA_KERNEL_6_1;

		stand_init(stand, kernel, 300 * PAGE_SIZE);
		for (int i = 0; i < 300; i++)
			assert_int_equal(coherent_alloc(stand->region, 1, &offset), 0);
		assert_int_equal(coherent_release(stand->region, 3,
						  stand->memory + 60 * PAGE_SIZE, NULL),
				 0);
		assert_int_equal(coherent_used(stand->region), old ? 296 : 292);
		/* 128 pages from page 130 on: 62 of each of two words, not 64 */
		assert_int_equal(coherent_release(stand->region, 7,
						  stand->memory + 130 * PAGE_SIZE, NULL),
				 0);
		assert_int_equal(coherent_used(stand->region), old ? 172 : 164);
		assert_true(coherent_valid(stand->region));
		coherent_destroy(stand->region);
	}
	stand->region = NULL;
	free_stand(stand);
}

static void size_0_is_page_0_or_nothing(void **state)
{
	struct stand *stand = new_stand();
	uint64_t offset = 9;

	(void)state;
	stand_init(stand, DMA_KERNEL_7_2, 2 * PAGE_SIZE);
	assert_int_equal(coherent_alloc(stand->region, 1, &offset), 0);
	offset = 9;
	assert_int_equal(coherent_alloc(stand->region, 0, &offset), 0);
	assert_int_equal(offset, 0);
	assert_int_equal(coherent_used(stand->region), 1);
	coherent_destroy(stand->region);
	stand_init(stand, DMA_KERNEL_6_1, 2 * PAGE_SIZE);
	assert_int_equal(coherent_alloc(stand->region, 0, &offset), -EINVAL);
	assert_int_equal(coherent_alloc(stand->region, UINT64_MAX - 4, &offset), -ENOMEM);
	free_stand(stand);
}

static void occupied_pages_are_not_handed_out(void **state)
{
	struct stand *stand = new_stand();
	uint64_t offset;

	(void)state;
	stand_init(stand, DMA_KERNEL_6_12, 8 * PAGE_SIZE);
	/* page 1 from its middle on: two pages, from a page that is no multiple of two */
	assert_int_equal(
		coherent_mark(stand->region, DMA + PAGE_SIZE + 0x800, 0x801, &offset), 0);
	assert_int_equal(offset, PAGE_SIZE);
	assert_int_equal(coherent_used(stand->region), 2);
	assert_int_equal(coherent_mark(stand->region, DMA + 2 * PAGE_SIZE, 1, &offset),
			 -EBUSY);
	assert_int_equal(coherent_mark(stand->region, DMA - 1, 1, &offset), -EINVAL);
	assert_int_equal(coherent_mark(stand->region, DMA + 7 * PAGE_SIZE, 4097, &offset),
			 -EINVAL);
	assert_int_equal(coherent_mark(stand->region, DMA, 8 * PAGE_SIZE + 1, &offset),
			 -EINVAL);
	assert_int_equal(coherent_mark(stand->region, DMA, 0, &offset), -EINVAL);
	assert_int_equal(coherent_used(stand->region), 2);
	assert_int_equal(coherent_alloc(stand->region, 2 * PAGE_SIZE, &offset), 0);
	assert_int_equal(offset, 4 * PAGE_SIZE);
	assert_int_equal(coherent_alloc(stand->region, 1, &offset), 0);
	assert_int_equal(offset, 0);
	free_stand(stand);
}

static void a_window_shows_its_allocation_and_no_more(void **state)
{
	struct stand *stand = new_stand();
	char *cpu = stand->memory + 2 * PAGE_SIZE;
	phys_addr_t phys;

	(void)state;
	stand_init(stand, DMA_KERNEL_6_12, 8 * PAGE_SIZE);
	assert_int_equal(coherent_mmap(stand->region, cpu, 3 * PAGE_SIZE, 1, 2, &phys),
			 0);
	assert_int_equal(phys, PHYS + 3 * PAGE_SIZE);
	assert_int_equal(
		coherent_mmap(stand->region, cpu, 2 * PAGE_SIZE + 1, 2, 1, &phys), 0);
	assert_int_equal(coherent_mmap(stand->region, cpu, 3 * PAGE_SIZE, 1, 3, &phys),
			 -ENXIO);
	assert_int_equal(coherent_mmap(stand->region, cpu, 3 * PAGE_SIZE, 3, 0, &phys),
			 -ENXIO);
	assert_int_equal(coherent_mmap(stand->region, cpu, 7 * PAGE_SIZE, 0, 1, &phys),
			 -ENOENT);
	assert_int_equal(coherent_mmap(stand->region, stand->memory - 1, 1, 0, 1, &phys),
			 -ENOENT);
	free_stand(stand);
}

static void declaring_fails_as_it_should(void **state)
{
	struct coherent_place place = { .size = 0 };
	struct coherent_region *region = NULL;
	uint64_t offset;

	(void)state;
	assert_int_equal(coherent_create(NULL, kernel_rules(0), &place, &region),
			 -EINVAL);
	place.size = 1 << 20;
	for (uint64_t nth = 1; nth <= 3; nth++) {
		struct heap heap = { .fail_nth = nth };

		assert_int_equal(coherent_create(&heap, kernel_rules(0), &place, &region),
				 -ENOMEM);
		assert_null(region);
	}
	place.size = 4095;
	assert_int_equal(coherent_create(NULL, kernel_rules(0), &place, &region), 0);
	assert_int_equal(coherent_alloc(region, 1, &offset), -ENOMEM);
	coherent_destroy(region);
	coherent_destroy(NULL);
	assert_int_equal(coherent_declare_result(COHERENT_MAP | COHERENT_IO),
			 COHERENT_MAP);
	assert_int_equal(coherent_declare_result(COHERENT_IO | COHERENT_EXCLUSIVE),
			 COHERENT_IO);
	assert_int_equal(coherent_declare_result(COHERENT_EXCLUSIVE), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pages_come_as_from_a_plain_search),
		cmocka_unit_test(a_wrong_release_does_what_the_kernel_does),
		cmocka_unit_test(old_kernels_release_word_by_word),
		cmocka_unit_test(size_0_is_page_0_or_nothing),
		cmocka_unit_test(occupied_pages_are_not_handed_out),
		cmocka_unit_test(a_window_shows_its_allocation_and_no_more),
		cmocka_unit_test(declaring_fails_as_it_should),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
