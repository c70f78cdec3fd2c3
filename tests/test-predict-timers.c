// SPDX-License-Identifier: GPL-2.0-or-later
#include "iova-pair.h"

/* Another flush than the model's explains what the kernel takes now; the model's answer. */
static uint64_t explain_by_flush(struct pair *pair, unsigned int cpu)
{
	uint64_t pfn = kernel_takes(pair, cpu), expected = told(pair, cpu, pfn);

	assert_int_not_equal(expected, pfn);
	assert_int_equal(explain(pair, NULL, 0).change, IOVA_CHANGE_FLUSH);
	return expected;
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

static void explain_by_trim(struct pair *pair)
{
	uint64_t pfn = kernel_takes(pair, 0);

	assert_int_not_equal(told(pair, 0, pfn), pfn);
	assert_int_equal(explain(pair, NULL, 0).change, IOVA_CHANGE_TRIM);
}

/* What the depot has tells that its timer ran already, or not yet. */
static void a_depot_is_trimmed_at_another_moment(void **state)
{
	struct pair pair;

	(void)state;
	for (unsigned int early = 0; early < 2; early++) {
		create(&pair, false);
		fill_depot(&pair);
		pair.ns += early ? 90 * MS : 106 * MS;
		if (early)
			iova_trim(pair.kernel, 1);
		take_many(&pair, IN_CACHES);
		explain_by_trim(&pair);
		if (!early)
			iova_trim(pair.kernel, 1);
		take_many(&pair, BURST);
		destroy(&pair);
	}
}

/* While a depot grows it matters before which magazine came, and shows much later. */
static void a_depot_was_trimmed_while_it_grew(void **state)
{
	uint64_t pfn[BURST + 127];
	unsigned int explained = 0;
	struct pair pair;

	(void)state;
	create(&pair, false);
	for (unsigned int i = 0; i < BURST + 127; i++)
		pfn[i] = take(&pair, 0);
	for (unsigned int i = 0; i < BURST; i++)
		release(&pair, 0, pfn[i]);
	pair.ns += 88 * MS; /* the model's timer is due a while after this */
	iova_trim(pair.kernel, 1);
	for (unsigned int i = BURST; i < BURST + 127; i++)
		release(&pair, 0, pfn[i]);
	pair.ns += 60 * MS;
	for (unsigned int i = 0; i < BURST; i++) {
		uint64_t taken = kernel_takes(&pair, 0);

		if (told(&pair, 0, taken) == taken)
			continue;
		assert_int_equal(explain(&pair, NULL, 0).change, IOVA_CHANGE_TRIM);
		explained++;
	}
	assert_in_range(explained, 1, 2);
	destroy(&pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_flush_is_expected),
		cmocka_unit_test(a_flush_was_elsewhere),
		cmocka_unit_test(a_flush_was_late),
		cmocka_unit_test(a_flush_waited_for_the_machine),
		cmocka_unit_test(a_flush_took_long),
		cmocka_unit_test(a_flush_freed_the_other_ring_too),
		cmocka_unit_test(a_depot_is_trimmed),
		cmocka_unit_test(a_depot_is_trimmed_at_another_moment),
		cmocka_unit_test(a_depot_was_trimmed_while_it_grew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
