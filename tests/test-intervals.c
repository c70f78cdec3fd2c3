// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test-intervals.c - overlapping ranges, beside a plain array of them
 */
#include <stdlib.h>

#include "base/intervals.h"

#include "dice.h"
#include "test.h"

#define RANGES 400
#define STEPS  20000

static struct interval range[RANGES];
static bool live[RANGES];
static struct intervals set;

static bool overlaps(const struct interval *it, uint64_t start, uint64_t last)
{
	return it->start <= last && it->last >= start;
}

static bool comes_before(const struct interval *a, const struct interval *b)
{
	return a->start < b->start || (a->start == b->start && a->order < b->order);
}

static const struct interval *lowest_behind(const struct interval *behind, uint64_t start,
					    uint64_t last)
{
	const struct interval *found = NULL;

	for (unsigned int i = 0; i < RANGES; i++)
		if (live[i] && overlaps(&range[i], start, last) &&
		    (!behind || comes_before(behind, &range[i])) &&
		    (!found || comes_before(&range[i], found)))
			found = &range[i];
	return found;
}

static void expect_search(void)
{
	uint64_t start = roll(1000), last = start + (roll(3) ? roll(30) : 0);
	const struct interval *want = lowest_behind(NULL, start, last);
	const struct interval *got = intervals_first(&set, start, last);

	for (;;) {
		assert_ptr_equal(got, want);
		if (!got)
			break;
		want = lowest_behind(want, start, last);
		got = intervals_next(got, start, last);
	}
}

/* The chain of one start, oldest first. */
static void expect_chain(void)
{
	uint64_t start = roll(1000);
	const struct interval *got = intervals_at(&set, start);

	for (uint64_t order = 0;;) {
		const struct interval *want = NULL;

		for (unsigned int i = 0; i < RANGES; i++)
			if (live[i] && range[i].start == start &&
			    range[i].order > order &&
			    (!want || range[i].order < want->order))
				want = &range[i];
		assert_ptr_equal(got, want);
		if (!got)
			break;
		order = got->order;
		got = intervals_newer(got);
	}
}

static void test_random(void **state)
{
	(void)state;
	for (unsigned int step = 0; step < STEPS; step++) {
		unsigned int i = (unsigned int)roll(RANGES);

		if (live[i]) {
			intervals_remove(&set, &range[i]);
		} else {
			range[i].start = roll(4) ? roll(1000) : roll(10);
			range[i].last = range[i].start + (roll(9) ? roll(20) : roll(900));
			intervals_add(&set, &range[i]);
		}
		live[i] = !live[i];
		if (step % 16 == 0)
			assert_true(intervals_valid(&set));
		expect_search();
		expect_chain();
	}
}

/* The first and the last number that there is. */
static void test_ends(void **state)
{
	struct interval low = { .start = 0, .last = 0 };
	struct interval high = { .start = UINT64_MAX, .last = UINT64_MAX };
	struct intervals ends = { 0 };

	(void)state;
	assert_null(intervals_first(&ends, 0, UINT64_MAX));
	assert_null(intervals_at(&ends, 0));
	intervals_add(&ends, &high);
	intervals_add(&ends, &low);
	assert_ptr_equal(intervals_first(&ends, 0, UINT64_MAX), &low);
	assert_ptr_equal(intervals_next(&low, 0, UINT64_MAX), &high);
	assert_null(intervals_next(&high, 0, UINT64_MAX));
	assert_null(intervals_first(&ends, 1, UINT64_MAX - 1));
	intervals_remove(&ends, &low);
	assert_null(intervals_at(&ends, 0));
	intervals_remove(&ends, &high);
	assert_null(ends.root);
	assert_true(intervals_valid(&ends));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
