// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * CMA against an array with a byte a page, where every place is tried in turn.
 */
#include <errno.h>
#include <string.h>

#include "alloc/contiguous.h"
#include "base/bits.h"

#include "dice.h"
#include "test.h"

#define MAX_PAGES 3000

struct live {
	uint64_t page, count;
};

struct stand {
	struct contiguous *area;
	uint64_t first; /* page frame of the area's first page */
	uint64_t pages;
	unsigned char used[MAX_PAGES];
	struct live live[MAX_PAGES];
	unsigned int count;
	uint64_t stuck; /* a page that cannot be moved away */
};

static bool is_busy(void *arg, phys_addr_t phys, uint64_t pages)
{
	const struct stand *stand = arg;

	return stand->stuck - ((phys >> PAGE_SHIFT) - stand->first) < pages;
}

static uint64_t plain_find(const struct stand *stand, uint64_t pages, uint64_t align)
{
	for (uint64_t page = 0; page + pages <= stand->pages; page++) {
		uint64_t at = 0;

		if ((stand->first + page) % align)
			continue;
		while (at < pages && !stand->used[page + at] && page + at != stand->stuck)
			at++;
		if (at == pages)
			return page;
	}
	return UINT64_MAX;
}

static void try_alloc(struct stand *stand)
{
	uint64_t pages = 1 + roll(roll(5) ? 20 : stand->pages + 2), expected;
	unsigned int order = roll(4) ? contiguous_align_order(pages << PAGE_SHIFT)
				     : (unsigned int)roll(10);
	phys_addr_t phys;
	int err;

	expected = plain_find(stand, pages, 1ULL << order);
	err = contiguous_alloc(stand->area, pages, order, &phys);
	assert_int_equal(err, expected == UINT64_MAX ? -ENOMEM : 0);
	if (err)
		return;
	assert_int_equal(phys, (stand->first + expected) << PAGE_SHIFT);
	memset(stand->used + expected, 1, pages);
	stand->live[stand->count++] = (struct live) { expected, pages };
}

static void try_free(struct stand *stand)
{
	struct live *live = &stand->live[roll(stand->count)];
	phys_addr_t phys = (stand->first + live->page) << PAGE_SHIFT;
	uint64_t some = 1 + roll(live->count);

	assert_int_equal(contiguous_free(stand->area, phys + 1, live->count), -EINVAL);
	assert_int_equal(contiguous_free(stand->area, phys, stand->pages + 1), -EINVAL);
	assert_int_equal(contiguous_free(stand->area, phys, 0), -EINVAL);
	assert_int_equal(contiguous_free(stand->area, phys, some), 0);
	assert_int_equal(contiguous_free(stand->area, phys, 1), -EINVAL);
	memset(stand->used + live->page, 0, some);
	live->page += some;
	live->count -= some;
	if (!live->count)
		*live = stand->live[--stand->count];
}

static int compare_extent(const struct extent *extent, void *arg)
{
	const struct stand *stand = arg;

	for (uint64_t at = 0; at < extent->length >> PAGE_SHIFT; at++)
		assert_int_equal(
			stand->used[(extent->start >> PAGE_SHIFT) - stand->first + at],
			extent->used);
	return 0;
}

static void check(struct stand *stand)
{
	uint64_t used = 0;

	for (uint64_t page = 0; page < stand->pages; page++)
		used += stand->used[page];
	assert_int_equal(contiguous_used(stand->area), used);
	assert_int_equal(contiguous_walk(stand->area, compare_extent, stand), 0);
	assert_true(contiguous_valid(stand->area));
}

static void runs_come_as_from_a_plain_search(void **state)
{
	static struct stand stand;

	(void)state;
	for (unsigned int run = 0; run < 30; run++) {
		memset(&stand, 0, sizeof(stand));
		stand.first = 0x40000 + roll(5000);
		stand.pages = 1 + roll(roll(2) ? 200 : MAX_PAGES - 1);
		stand.stuck = UINT64_MAX / 2;
		assert_int_equal(contiguous_create(NULL, stand.first << PAGE_SHIFT,
						   stand.pages << PAGE_SHIFT,
						   &stand.area),
				 0);
		if (run % 2) {
			stand.stuck = roll(stand.pages);
			contiguous_set_busy(stand.area, is_busy, &stand);
		}
		for (unsigned int step = 0; step < 200; step++) {
			if (!stand.count || roll(step % 100 < 50 ? 4 : 2))
				try_alloc(&stand);
			else
				try_free(&stand);
			check(&stand);
		}
		contiguous_destroy(stand.area);
	}
}

static void limits_and_wrong_numbers(void **state)
{
	struct contiguous *area = NULL;
	phys_addr_t phys;

	(void)state;
	assert_int_equal(contiguous_align_order(1), 0);
	assert_int_equal(contiguous_align_order(3 * PAGE_SIZE), 2);
	assert_int_equal(contiguous_align_order(64 << 20), 8);
	assert_int_equal(contiguous_create(NULL, 0, 0, &area), -EINVAL);
	assert_int_equal(contiguous_create(NULL, 1, PAGE_SIZE, &area), -EINVAL);
	assert_int_equal(contiguous_create(NULL, -PAGE_SIZE, 2 * PAGE_SIZE, &area),
			 -EINVAL);
	for (uint64_t nth = 1; nth <= 3; nth++) {
		struct heap heap = { .fail_nth = nth };

		assert_int_equal(contiguous_create(&heap, 0, PAGE_SIZE, &area), -ENOMEM);
		assert_null(area);
	}
	assert_int_equal(contiguous_create(NULL, 16 * PAGE_SIZE, PAGE_SIZE, &area), 0);
	assert_int_equal(contiguous_alloc(area, 0, 0, &phys), -EINVAL);
	assert_int_equal(contiguous_free(area, 15 * PAGE_SIZE, 1), -ENOENT);
	assert_int_equal(contiguous_free(area, 17 * PAGE_SIZE, 1), -ENOENT);
	contiguous_destroy(area);
	contiguous_destroy(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(runs_come_as_from_a_plain_search),
		cmocka_unit_test(limits_and_wrong_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
