// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A set of ranges against a plain bitmap of a small space, and in a large one
 * against a sorted array.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/ranges.h"

#include "test.h"

static uint64_t seed = 1;

static uint32_t dice(uint32_t sides)
{
	seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (uint32_t)(seed >> 33) % sides;
}

/* ---- the reference: ranges in an array, lowest first ---- */

#define MOST 4096

static struct range model[MOST];
static unsigned int members;

static void model_insert(struct range range)
{
	unsigned int at = members;

	while (at && model[at - 1].lo > range.lo)
		at--;
	memmove(model + at + 1, model + at, (members - at) * sizeof(*model));
	model[at] = range;
	members++;
}

static void model_remove(unsigned int at)
{
	members--;
	memmove(model + at, model + at + 1, (members - at) * sizeof(*model));
}

/* Gap after gap from the top; in each the highest aligned start is tried alone. */
static bool model_take(uint64_t size, uint64_t below, uint64_t floor, uint64_t *ret)
{
	uint64_t align = 1, to, from, lo;

	while (align < size)
		align *= 2;
	for (unsigned int i = members + 1; i-- > 0;) {
		to = i == members || model[i].lo > below ? below : model[i].lo;
		from = i ? model[i - 1].hi + 1 : 0;
		if (to < size || to < from)
			continue;
		lo = (to - size) / align * align;
		if (lo < from)
			continue;
		*ret = lo;
		return lo >= floor;
	}
	return false;
}

static int compare(struct range range, void *arg)
{
	unsigned int *next = arg;

	assert_true(*next < members);
	assert_true(model[*next].lo == range.lo && model[*next].hi == range.hi);
	(*next)++;
	return 0;
}

static void check(const struct ranges *ranges)
{
	unsigned int next = 0;

	assert_true(ranges_valid(ranges));
	assert_int_equal(ranges_count(ranges), members);
	assert_int_equal(ranges_walk(ranges, compare, &next), 0);
	assert_int_equal(next, members);
}

static void look(const struct ranges *ranges, uint64_t number)
{
	struct range range, next = { RANGES_END, RANGES_END };
	bool found = false;

	for (unsigned int i = members; i-- > 0;) {
		if (model[i].lo >= number)
			next = model[i];
		if (model[i].lo <= number && number <= model[i].hi) {
			found = true;
			assert_int_equal(ranges_find(ranges, number, &range), 0);
			assert_true(range.lo == model[i].lo && range.hi == model[i].hi);
		}
	}
	if (!found)
		assert_int_equal(ranges_find(ranges, number, &range), -ENOENT);
	range = ranges_next(ranges, number);
	assert_true(range.lo == next.lo && range.hi == next.hi);
}

/* By its first number, or by any. */
static void remove_at(struct ranges *ranges, unsigned int at)
{
	const struct range end = { RANGES_END, RANGES_END }, range = model[at];
	struct range above = at + 1 < members ? model[at + 1] : end, got, next;
	uint64_t number = range.lo + dice(3) * ((range.hi - range.lo) / 2);

	if (dice(2)) {
		assert_int_equal(ranges_remove(ranges, range.lo), 0);
	} else {
		assert_int_equal(ranges_extract(ranges, number, &got, &next), 0);
		assert_true(got.lo == range.lo && got.hi == range.hi);
		assert_true(next.lo == above.lo && next.hi == above.hi);
		assert_int_equal(ranges_extract(ranges, number, &got, &next), -ENOENT);
	}
	model_remove(at);
}

static void step(struct ranges *ranges, uint64_t space, uint32_t sizes, uint32_t full)
{
	uint64_t size = 1 + dice(sizes), below = 1 + seed % space, floor = dice(64), lo, want;
	bool fits;

	look(ranges, seed % space);
	if (dice(full * 2) < full && members < full) {
		if (dice(4))
			below = space;
		fits = model_take(size, below, floor, &want);
		assert_int_equal(ranges_take(ranges, size, below, floor, &lo),
				 fits ? 0 : -ENOSPC);
		if (fits) {
			assert_true(lo == want);
			model_insert((struct range){ lo, lo + size - 1 });
		}
	} else if (members && dice(8)) {
		remove_at(ranges, dice(members));
	} else {
		struct range range = { below, below + size - 1 };
		bool free = true;

		for (unsigned int i = 0; i < members; i++)
			free &= model[i].hi < range.lo || model[i].lo > range.hi;
		assert_int_equal(ranges_insert(ranges, range), free ? 0 : -EEXIST);
		if (free)
			model_insert(range);
	}
}

static void trial(uint64_t space, uint32_t sizes, uint32_t full, unsigned int steps)
{
	struct ranges *ranges;

	members = 0;
	assert_int_equal(ranges_create(NULL, &ranges), 0);
	for (unsigned int i = 0; i < steps; i++) {
		step(ranges, space, sizes, full);
		check(ranges);
	}
	while (members) {
		remove_at(ranges, dice(members));
		check(ranges);
	}
	ranges_destroy(ranges);
}

static void answers_are_those_of_a_sorted_array(void **state)
{
	(void)state;
	trial(64, 8, 32, 4000);
	trial(4096, 16, 400, 6000);
	trial(4096, 70, 400, 6000);
	trial(1ULL << 20, 64, 3000, 12000);
	trial(1ULL << 62, 1000000, 1000, 6000);
}

static void descending_fill_keeps_leaves_full(void **state)
{
	struct ranges *ranges;
	uint64_t lo;

	(void)state;
	assert_int_equal(ranges_create(NULL, &ranges), 0);
	for (unsigned int i = 0; i < 100000; i++) {
		assert_int_equal(ranges_take(ranges, 1, 1ULL << 40, 1, &lo), 0);
		assert_true(lo == (1ULL << 40) - 1 - i);
	}
	assert_true(ranges_valid(ranges));
	assert_true(ranges_memory(ranges) < 100000 * 20);
	while (ranges_count(ranges) > 10)
		ranges_remove(ranges, ranges_next(ranges, dice(100000) + (1ULL << 40) - 100000).lo);
	assert_true(ranges_valid(ranges));
	assert_true(ranges_memory(ranges) < 4096);
	ranges_destroy(ranges);
}

static void what_makes_no_sense_is_refused(void **state)
{
	struct ranges *ranges;
	struct range got, next;
	uint64_t lo;

	(void)state;
	assert_int_equal(ranges_create(NULL, &ranges), 0);
	assert_int_equal(ranges_take(ranges, 0, 100, 1, &lo), -EINVAL);
	assert_int_equal(ranges_take(ranges, (1ULL << 63) + 1, ~0ULL, 0, &lo), -EINVAL);
	assert_int_equal(ranges_take(ranges, 1ULL << 63, ~0ULL, 0, &lo), 0);
	assert_true(lo == 0);
	assert_int_equal(ranges_insert(ranges, (struct range){ 5, 4 }), -EINVAL);
	assert_int_equal(ranges_insert(ranges, (struct range){ 5, RANGES_END }), -EINVAL);
	assert_int_equal(ranges_remove(ranges, RANGES_END), -ENOENT);
	assert_int_equal(ranges_remove(ranges, 1), -ENOENT);
	assert_int_equal(ranges_extract(ranges, RANGES_END, &got, &next), -ENOENT);
	assert_int_equal(ranges_extract(ranges, 1ULL << 63, &got, &next), -ENOENT);
	ranges_destroy(ranges);
}

static void a_failed_allocation_changes_nothing(void **state)
{
	struct heap heap = { .fail_ppm = 400000, .random = 7 };
	struct ranges *ranges = NULL;
	unsigned int failed = 0;
	uint64_t lo;
	int r;

	(void)state;
	while (ranges_create(&heap, &ranges))
		failed++;
	members = 0;
	while (members < 3000) {
		r = ranges_take(ranges, 1, 1 + dice(100000), 0, &lo);
		if (r == -ENOMEM)
			failed++;
		else if (!r)
			model_insert((struct range){ lo, lo });
		check(ranges);
	}
	assert_true(failed > 50);
	ranges_destroy(ranges);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_are_those_of_a_sorted_array),
		cmocka_unit_test(descending_fill_keeps_leaves_full),
		cmocka_unit_test(what_makes_no_sense_is_refused),
		cmocka_unit_test(a_failed_allocation_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
