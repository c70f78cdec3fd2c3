// SPDX-License-Identifier: GPL-2.0-or-later
#include "iova-pair.h"

/* An interrupt released between the take and its event, on the same CPU. */
static void a_take_came_before_what_is_recorded_before_it(void **state)
{
	struct iova_explanation found;
	uint64_t first, second;
	struct pair pair;

	(void)state;
	create(&pair, false);
	first = take(&pair, 0);
	second = kernel_takes(&pair, 0);
	iova_release(pair.kernel, 0, first, 1);
	release_told(&pair, 0, first);
	assert_int_equal(told(&pair, 0, second), first);
	found = explain(&pair, NULL, 0);
	assert_int_equal(found.change, IOVA_CHANGE_EARLIER);
	assert_int_equal(found.witness, 1);
	/* From now on both agree. */
	assert_int_equal(take(&pair, 0), first);
	take(&pair, 0);
	destroy(&pair);
}

/* A task that was on the other CPU before took it there, though this is told here. */
static void a_task_went_on_elsewhere(void **state)
{
	struct iova_explanation found;
	struct iova_op op;
	struct pair pair;
	uint64_t pfn;

	(void)state;
	create(&pair, false);
	pfn = take(&pair, 1);
	release(&pair, 1, pfn);
	op = operation(&pair, IOVA_OP_TAKE, 1, kernel_takes(&pair, 0));
	op.from = 0;
	op.since = op.ns - 1; /* the release is over */
	assert_int_equal(timeline_put(pair.timeline, &op, &pair.expected), 0);
	assert_int_equal(pair.expected, pfn);
	found = explain(&pair, NULL, 0);
	assert_int_equal(found.change, IOVA_CHANGE_MOVED);
	assert_int_equal(take(&pair, 1), pfn);
	destroy(&pair);
}

/*
 * What is recorded before it, as above, but long before: then it is no race, and nothing
 * else explains it.
 */
static void what_is_too_far_away_is_no_witness(void **state)
{
	struct iova_explanation found;
	uint64_t first, second;
	struct pair pair;

	(void)state;
	create(&pair, false);
	first = take(&pair, 0);
	second = kernel_takes(&pair, 0);
	iova_release(pair.kernel, 0, first, 1);
	release_told(&pair, 0, first);
	pair.ns += 200 * US;
	assert_int_equal(told(&pair, 0, second), first);
	found = explain(&pair, NULL, 0);
	assert_int_equal(found.change, IOVA_CHANGE_NONE);
	/* The answer was adopted. */
	take(&pair, 0);
	destroy(&pair);
}

/* More than the caches keep: it comes from the tree, and goes back there. */
static uint64_t kernel_takes_many(struct pair *pair, unsigned int cpu, uint64_t size)
{
	uint64_t pfn;

	assert_int_equal(iova_alloc_fast(pair->kernel, cpu, size, LIMIT, true, &pfn), 0);
	return pfn;
}

static uint64_t told_many(struct pair *pair, unsigned int cpu, uint64_t pfn, uint64_t size)
{
	struct iova_op op = operation(pair, IOVA_OP_TAKE, cpu, pfn);

	op.size = size;
	assert_int_equal(timeline_put(pair->timeline, &op, &pair->expected), 0);
	return pair->expected;
}

static void release_many_told(struct pair *pair, unsigned int cpu, uint64_t pfn, uint64_t size)
{
	struct iova_op op = operation(pair, IOVA_OP_RELEASE, cpu, pfn);

	op.size = size;
	op.late = true;
	assert_int_equal(timeline_put(pair->timeline, &op, NULL), 0);
}

/* Two ranges of the tree, the lower one of which stays. */
static uint64_t fill(struct pair *pair)
{
	uint64_t upper = kernel_takes_many(pair, 0, 64);
	uint64_t lower = kernel_takes_many(pair, 0, 64);

	assert_int_equal(told_many(pair, 0, upper, 64), upper);
	assert_int_equal(told_many(pair, 0, lower, 64), lower);
	return upper;
}

/*
 * A release and a large take of two CPUs are recorded the wrong way round, which changes
 * neither's answer, but where the next search of the tree begins.
 */
static struct iova_explanation swap_early(struct pair *pair, uint64_t apart, bool stretch)
{
	uint64_t upper = fill(pair), seen = pair->ns, large;
	struct iova_explanation found;
	struct iova_op op;

	large = kernel_takes_many(pair, 1, 128);
	iova_release(pair->kernel, 0, upper, 64);
	release_many_told(pair, 0, upper, 64);
	pair->ns += apart;
	assert_int_equal(told_many(pair, 1, large, 128), large);
	/* the task of this one was seen behind both */
	op = operation(pair, IOVA_OP_TAKE, 0, kernel_takes(pair, 0));
	op.since = op.ns - 1;
	assert_int_equal(timeline_put(pair->timeline, &op, &pair->expected), 0);
	assert_int_not_equal(pair->expected, op.pfn);
	if (stretch)
		timeline_stretch(pair->timeline, op.number - 1, seen);
	found = explain(pair, NULL, 0);
	if (found.change != IOVA_CHANGE_NONE)
		take(pair, 0);
	take(pair, 1);
	return found;
}

static void an_order_shows_only_later(void **state)
{
	struct iova_explanation found;
	struct pair pair;

	(void)state;
	create(&pair, false);
	found = swap_early(&pair, 0, false);
	assert_int_equal(found.change, IOVA_CHANGE_ORDER);
	assert_int_equal(found.witness, 3);
	destroy(&pair);
}

static void something_came_into_a_call(void **state)
{
	struct iova_explanation found;
	struct pair pair;

	(void)state;
	create(&pair, false);
	found = swap_early(&pair, 300 * US, false);
	assert_int_equal(found.change, IOVA_CHANGE_NONE);
	destroy(&pair);
	create(&pair, false);
	found = swap_early(&pair, 300 * US, true);
	assert_int_equal(found.change, IOVA_CHANGE_ORDER);
	assert_int_equal(found.witness, 3);
	destroy(&pair);
}

/* Where no order explained so many answers, another is not looked for. */
static void orders_are_looked_for_in_vain(void **state)
{
	struct iova_explanation found;
	struct pair pair;

	(void)state;
	create(&pair, false);
	for (unsigned int i = 0; i < 40; i++) {
		assert_true(timeline_seeks_orders(pair.timeline) == (i < 32));
		take(&pair, 0);
		take(&pair, 1);
		told(&pair, 0, 0x1000 + 64 * i);
		assert_int_equal(iova_adopt(pair.kernel, 0, 1, 0x1000 + 64 * i), 0);
		assert_int_equal(explain(&pair, NULL, 0).change, IOVA_CHANGE_NONE);
		pair.ns += 1 * MS;
	}
	found = swap_early(&pair, 0, false);
	assert_int_equal(found.change, IOVA_CHANGE_NONE);
	destroy(&pair);
}

/*
 * Long after a release is recorded nothing shows that its CPU has gone on; or that CPU
 * released another range.
 */
static void a_cpu_stands_still(void **state)
{
	(void)state;
	for (unsigned int goes_on = 0; goes_on < 2; goes_on++) {
		struct iova_explanation found;
		uint64_t upper, pfn;
		struct pair pair;

		create(&pair, false);
		upper = fill(&pair);
		pfn = kernel_takes(&pair, 1);
		iova_release(pair.kernel, 0, upper, 64);
		release_many_told(&pair, 0, upper, 64);
		if (goes_on) {
			iova_release(pair.kernel, 0, upper - 64, 64);
			release_many_told(&pair, 0, upper - 64, 64);
		}
		pair.ns += 300 * US;
		assert_int_not_equal(told(&pair, 1, pfn), pfn);
		found = explain(&pair, NULL, 0);
		assert_int_equal(found.change,
				 goes_on ? IOVA_CHANGE_NONE : IOVA_CHANGE_EARLIER);
		if (!goes_on) {
			assert_int_equal(found.witness, 2);
			take(&pair, 0);
		}
		destroy(&pair);
	}
}

/* A release on the other CPU is recorded behind the take that it served. */
static void a_take_came_behind_what_is_recorded_later(void **state)
{
	struct iova_explanation found;
	uint64_t one, other;
	struct iova_op ahead;
	struct pair pair;

	(void)state;
	create(&pair, false);
	one = take(&pair, 0);
	other = kernel_takes(&pair, 1);
	assert_int_equal(kernel_takes(&pair, 0), other - 1);
	assert_int_equal(one, other + 1);
	/* The kernel was on CPU 1 first. */
	assert_int_equal(told(&pair, 0, other - 1), other);
	ahead = operation(&pair, IOVA_OP_TAKE, 1, other);
	found = explain(&pair, &ahead, 1);
	assert_int_equal(found.change, IOVA_CHANGE_LATER);
	assert_int_equal(found.ahead, 0);
	assert_int_equal(found.witness, ahead.number);
	take(&pair, 0);
	take(&pair, 1);
	destroy(&pair);
}

/* A take that did not happen then leaves nothing, with credit or roughly without. */
static void a_take_is_undone(void **state)
{
	struct pair pair;
	uint64_t pfn;

	(void)state;
	create(&pair, false);
	for (unsigned int i = 0; i < 20000; i++) /* more than an operation pays to copy */
		take(&pair, 0);
	pfn = take(&pair, 0);
	release(&pair, 0, pfn);
	for (unsigned int i = 0; i < 2; i++) {
		assert_int_equal(told(&pair, 0, pfn - 7), pfn);
		assert_int_equal(timeline_undo(pair.timeline, pfn), 0);
		assert_int_equal(!pair.credit, i);
		pair.credit = 0;
	}
	assert_int_equal(take(&pair, 0), pfn);
	destroy(&pair);
}

/* It was late, but nobody may look for it: that is said, and the answer is taken over. */
static void nothing_is_found_without_credit(void **state)
{
	struct iova_explanation found;
	struct pair pair;
	uint64_t pfn;

	(void)state;
	create(&pair, true);
	pfn = take(&pair, 1);
	release(&pair, 1, pfn);
	pair.ns += 17 * MS;
	assert_int_equal(told(&pair, 1, kernel_takes(&pair, 1)), pfn);
	pair.credit = 0;
	found = explain(&pair, NULL, 0);
	assert_int_equal(found.change, IOVA_CHANGE_NONE);
	assert_true(found.given_up);
	assert_int_equal(take(&pair, 1), pfn - 2);
	destroy(&pair);
}

#define LIVE	600
#define WAITING 64
#define ANSWERS	2000 /* of these answers */
#define EARNED	4000 /* steps for an operation */

/* One of those that have been released, and no flush explains which. */
static uint64_t any_of(uint64_t *waiting, uint64_t released, uint64_t *seed)
{
	uint64_t at = (*seed = *seed * 6364136223846793005ULL + 1) >> 58, pfn = waiting[at];

	waiting[at] = released;
	return pfn;
}

/* Answers without a reason: each search is cut short, and no more is spent than is paid. */
static void what_nothing_explains_costs_so_much(void **state)
{
	uint64_t live[LIVE], waiting[WAITING], seed = 1, spent = 0, before, given_up = 0;
	struct pair pair;

	(void)state;
	create(&pair, true);
	for (unsigned int i = 0; i < LIVE; i++)
		live[i] = take(&pair, i % 2);
	for (unsigned int i = 0; i < WAITING; i++) {
		waiting[i] = live[i];
		release_told(&pair, i % 2, live[i]);
		live[i] = take(&pair, i % 2);
	}
	pair.credit = before = 1000000;
	for (unsigned int i = 0; i < ANSWERS; i++) {
		struct iova_explanation found = { 0 };

		release_told(&pair, i % 2, live[i % LIVE]);
		live[i % LIVE] = any_of(waiting, live[i % LIVE], &seed);
		if (told(&pair, i % 2, live[i % LIVE]) != live[i % LIVE])
			found = explain(&pair, NULL, 0);
		given_up += found.given_up;
		before += 2 * EARNED;
		spent += before > pair.credit ? before - pair.credit : 0;
		before = pair.credit;
	}
	assert_in_range(spent, 1000000 / 2, 1000000 + (2 * ANSWERS + 2 * LIVE) * EARNED);
	assert_in_range(given_up, ANSWERS / 2, ANSWERS);
	destroy(&pair);
}

/* A long past is forgotten, and what was live remains. */
static void a_long_timeline_goes_on(void **state)
{
	uint64_t live[64], seed = 1;
	struct pair pair;

	(void)state;
	create(&pair, true);
	for (unsigned int i = 0; i < 64; i++)
		live[i] = take(&pair, i % 2);
	for (unsigned int i = 0; i < 20000; i++) {
		unsigned int at = (seed = seed * 6364136223846793005ULL + 1) >> 58;

		release(&pair, at % 2, live[at]);
		if (!(i % 100)) {
			iova_expire(pair.kernel, at % 2, false);
			assert_int_equal(timeline_flush(pair.timeline, at % 2, pair.ns),
					 0);
		}
		live[at] = take(&pair, i % 2);
	}
	destroy(&pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_take_came_before_what_is_recorded_before_it),
		cmocka_unit_test(a_task_went_on_elsewhere),
		cmocka_unit_test(what_is_too_far_away_is_no_witness),
		cmocka_unit_test(an_order_shows_only_later),
		cmocka_unit_test(something_came_into_a_call),
		cmocka_unit_test(orders_are_looked_for_in_vain),
		cmocka_unit_test(a_cpu_stands_still),
		cmocka_unit_test(a_take_came_behind_what_is_recorded_later),
		cmocka_unit_test(a_take_is_undone),
		cmocka_unit_test(nothing_is_found_without_credit),
		cmocka_unit_test(what_nothing_explains_costs_so_much),
		cmocka_unit_test(a_long_timeline_goes_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
