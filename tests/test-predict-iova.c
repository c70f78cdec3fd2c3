// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>

#include "trace/predict-iova-timeline.h"

#include "test.h"

#define LIMIT 0xfffff
#define US    1000ULL
#define MS    1000000ULL

/* A domain that is driven as the kernel's is, and the timeline that follows it. */
struct pair {
	struct iova_domain *kernel;
	struct timeline *timeline;
	uint64_t ns;
	uint64_t number;
	uint64_t expected; /* the timeline's last answer */
	uint64_t credit;
};

static struct iova_domain *create_domain(bool lazy)
{
	struct iova_options options = {
		.rules = kernel_rules(DMA_KERNEL_6_12),
		.granule = 4096,
		.start = 1,
		.cpus = 2,
	};
	struct iova_domain *domain;

	assert_int_equal(iova_domain_create(&options, &domain), 0);
	if (lazy)
		assert_int_equal(iova_set_release(domain, IOVA_LAZY, NULL, NULL), 0);
	return domain;
}

static void create(struct pair *pair, bool lazy)
{
	struct timeline_options options = {
		.domain = create_domain(lazy),
		.race = 100 * US,
		.tick = 4 * MS,
		.slack = 16 * MS,
		.timeout = lazy ? 10 * MS : 0,
		.trim = 100 * MS,
		.credit = &pair->credit,
	};

	*pair = (struct pair) {
		.kernel = create_domain(lazy),
		.ns = 1000 * MS,
		.credit = TIMELINE_CREDIT,
	};
	assert_int_equal(timeline_create(&options, &pair->timeline), 0);
}

static void destroy(struct pair *pair)
{
	timeline_destroy(pair->timeline);
	iova_domain_destroy(pair->kernel);
}

static uint64_t kernel_takes(struct pair *pair, unsigned int cpu)
{
	uint64_t pfn;

	assert_int_equal(iova_alloc_fast(pair->kernel, cpu, 1, LIMIT, true, &pfn), 0);
	return pfn;
}

static struct iova_op operation(struct pair *pair, uint8_t kind, unsigned int cpu,
				uint64_t pfn)
{
	pair->ns += 10 * US;
	return (struct iova_op) {
		.kind = kind,
		.cpu = (uint16_t)cpu,
		.from = (uint16_t)cpu,
		.size = 1,
		.pfn = pfn,
		.limit = LIMIT,
		.since = pair->ns - 50 * US,
		.ns = pair->ns,
		.number = pair->number++,
	};
}

/* The timeline is told what the kernel answered; its own answer. */
static uint64_t told(struct pair *pair, unsigned int cpu, uint64_t pfn)
{
	struct iova_op op = operation(pair, IOVA_OP_TAKE, cpu, pfn);

	assert_int_equal(timeline_put(pair->timeline, &op, &pair->expected), 0);
	return pair->expected;
}

static uint64_t take(struct pair *pair, unsigned int cpu)
{
	uint64_t pfn = kernel_takes(pair, cpu);

	assert_int_equal(told(pair, cpu, pfn), pfn);
	return pfn;
}

static void release_told(struct pair *pair, unsigned int cpu, uint64_t pfn)
{
	struct iova_op op = operation(pair, IOVA_OP_RELEASE, cpu, pfn);

	assert_int_equal(timeline_put(pair->timeline, &op, NULL), 0);
}

static void release(struct pair *pair, unsigned int cpu, uint64_t pfn)
{
	iova_release(pair->kernel, cpu, pfn, 1);
	release_told(pair, cpu, pfn);
}

static struct iova_explanation explain(struct pair *pair, const struct iova_op *ahead,
				       size_t count)
{
	struct iova_explanation found;

	assert_int_equal(timeline_explain(pair->timeline, pair->expected, pair->ns, ahead, count,
					  &found),
			 0);
	return found;
}

/* Another flush than the model's explains what the kernel takes now; the model's answer. */
static uint64_t explain_by_flush(struct pair *pair, unsigned int cpu)
{
	uint64_t pfn = kernel_takes(pair, cpu), expected = told(pair, cpu, pfn);

	assert_int_not_equal(expected, pfn);
	assert_int_equal(explain(pair, NULL, 0).change, IOVA_CHANGE_FLUSH);
	return expected;
}

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

/* The queue's timer: where it was set, at the tick after ten milliseconds. */
static void a_flush_is_expected(void **state)
{
	struct pair pair;
	uint64_t pfn;

	(void)state;
	create(&pair, true);
	pfn = take(&pair, 1);
	release(&pair, 1, pfn);
	pair.ns += 8 * MS;
	assert_int_equal(take(&pair, 1), pfn - 1); /* not yet */
	iova_expire(pair.kernel, 1, false);
	pair.ns += 8 * MS;
	assert_int_equal(take(&pair, 1), pfn);
	destroy(&pair);
}

/* It ran elsewhere, which shows one flush later. */
static void a_flush_was_elsewhere(void **state)
{
	uint64_t first, second;
	struct pair pair;

	(void)state;
	create(&pair, true);
	first = take(&pair, 1);
	second = take(&pair, 1);
	release(&pair, 1, first);
	pair.ns += 17 * MS;
	iova_expire(pair.kernel, 0, false);
	release(&pair, 1, second);
	pair.ns += 17 * MS;
	iova_expire(pair.kernel, 1, false);
	take(&pair, 1);
	assert_int_equal(explain_by_flush(&pair, 1), first);
	assert_int_equal(take(&pair, 0), first);
	destroy(&pair);
}

/* It was late: the take before it got a new address. */
static void a_flush_was_late(void **state)
{
	struct pair pair;
	uint64_t pfn;

	(void)state;
	create(&pair, true);
	pfn = take(&pair, 1);
	release(&pair, 1, pfn);
	pair.ns += 17 * MS;
	assert_int_equal(explain_by_flush(&pair, 1), pfn);
	iova_expire(pair.kernel, 1, false);
	assert_int_equal(explain_by_flush(&pair, 1), pfn - 2);
	take(&pair, 1);
	destroy(&pair);
}

/* The machine stood still, twice; the timer ran with the first tick behind it. */
static void a_flush_waited_for_the_machine(void **state)
{
	struct pair pair;
	uint64_t pfn;

	(void)state;
	create(&pair, true);
	pfn = take(&pair, 1);
	release(&pair, 1, pfn);
	pair.ns += 200 * MS;
	assert_int_equal(explain_by_flush(&pair, 1), pfn);
	pair.ns += 200 * MS;
	take(&pair, 1);
	iova_expire(pair.kernel, 1, false);
	assert_int_not_equal(explain_by_flush(&pair, 1), pfn);
	take(&pair, 1);
	destroy(&pair);
}

/* It ran elsewhere and took long: what was released here meanwhile it did not free. */
static void a_flush_took_long(void **state)
{
	uint64_t first, second, third;
	struct pair pair;

	(void)state;
	create(&pair, true);
	first = take(&pair, 1);
	release(&pair, 1, first);
	pair.ns += 17 * MS;
	iova_expire(pair.kernel, 1, false);
	assert_int_equal(take(&pair, 1), first);
	second = take(&pair, 1);
	third = take(&pair, 1);
	release(&pair, 1, first);
	pair.ns += 17 * MS;
	release(&pair, 1, second);
	assert_int_equal(explain_by_flush(&pair, 1), first);
	iova_queued_late(pair.kernel, 1, 1);
	iova_expire(pair.kernel, 0, true);
	release(&pair, 1, third);
	assert_int_not_equal(explain_by_flush(&pair, 1), first);
	destroy(&pair);
}

/* So late that it freed what another CPU released meanwhile, under what was there before. */
static void a_flush_freed_the_other_ring_too(void **state)
{
	uint64_t first, second, third;
	struct pair pair;

	(void)state;
	create(&pair, true);
	first = take(&pair, 1);
	second = take(&pair, 0);
	third = take(&pair, 0);
	release(&pair, 1, first);
	pair.ns += 17 * MS;
	release(&pair, 0, second);
	iova_expire(pair.kernel, 0, false);
	pair.ns += MS;
	release(&pair, 0, third);
	pair.ns += 17 * MS;
	iova_expire(pair.kernel, 0, false);
	assert_int_equal(take(&pair, 0), third);
	assert_int_not_equal(explain_by_flush(&pair, 0), first);
	assert_int_equal(take(&pair, 0), second);
	destroy(&pair);
}

#define BURST	   (127 * 8)
#define IN_CACHES  (127 * 2) /* that a CPU takes before it asks the depot */

/* Eight magazines, two of them the CPU's own; the depot's timer is set by the third. */
static void fill_depot(struct pair *pair)
{
	uint64_t pfn[BURST];

	for (unsigned int i = 0; i < BURST; i++)
		pfn[i] = take(pair, 0);
	for (unsigned int i = 0; i < BURST; i++)
		release(pair, 0, pfn[i]);
	pair->ns -= (BURST - IN_CACHES) * 10 * US; /* it is as if it had been filled at once */
}

static void take_many(struct pair *pair, unsigned int count)
{
	while (count--)
		take(pair, 0);
}

/* After a tenth of a second, and again. */
static void a_depot_is_trimmed(void **state)
{
	struct pair pair;

	(void)state;
	create(&pair, false);
	fill_depot(&pair);
	pair.ns += 110 * MS;
	iova_trim(pair.kernel, 1);
	pair.ns += 104 * MS;
	iova_trim(pair.kernel, 1);
	take_many(&pair, BURST);
	destroy(&pair);
}

/* What the depot has tells that its timer ran already, or not yet. */
static void a_depot_is_trimmed_at_another_moment(void **state)
{
	struct pair pair;
	uint64_t pfn;

	(void)state;
	for (unsigned int early = 0; early < 2; early++) {
		create(&pair, false);
		fill_depot(&pair);
		pair.ns += early ? 90 * MS : 106 * MS;
		if (early)
			iova_trim(pair.kernel, 1);
		take_many(&pair, IN_CACHES);
		pfn = kernel_takes(&pair, 0);
		assert_int_not_equal(told(&pair, 0, pfn), pfn);
		assert_int_equal(explain(&pair, NULL, 0).change, IOVA_CHANGE_TRIM);
		if (!early)
			iova_trim(pair.kernel, 1);
		take_many(&pair, BURST);
		destroy(&pair);
	}
}

/* A take that did not happen then leaves nothing, with credit or roughly without. */
static void a_take_is_undone(void **state)
{
	struct pair pair;
	uint64_t pfn;

	(void)state;
	create(&pair, false);
	pfn = take(&pair, 0);
	release(&pair, 0, pfn);
	for (unsigned int i = 0; i < 2; i++) {
		assert_int_equal(told(&pair, 0, pfn - 7), pfn);
		assert_int_equal(timeline_undo(pair.timeline, pfn), 0);
		assert_int_equal(take(&pair, 0), pfn);
		release(&pair, 0, pfn);
		pair.credit = 0;
	}
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
		cmocka_unit_test(a_take_came_behind_what_is_recorded_later),
		cmocka_unit_test(a_flush_is_expected),
		cmocka_unit_test(a_flush_was_elsewhere),
		cmocka_unit_test(a_flush_was_late),
		cmocka_unit_test(a_flush_waited_for_the_machine),
		cmocka_unit_test(a_flush_took_long),
		cmocka_unit_test(a_flush_freed_the_other_ring_too),
		cmocka_unit_test(a_depot_is_trimmed),
		cmocka_unit_test(a_depot_is_trimmed_at_another_moment),
		cmocka_unit_test(a_take_is_undone),
		cmocka_unit_test(nothing_is_found_without_credit),
		cmocka_unit_test(what_nothing_explains_costs_so_much),
		cmocka_unit_test(a_long_timeline_goes_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
