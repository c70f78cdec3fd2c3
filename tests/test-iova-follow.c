// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>

#include "alloc/iova.h"

#include "test.h"

#define LIMIT 0xfffff

static uint64_t seed = 1;

static uint64_t dice(uint64_t sides)
{
	seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (seed >> 24) % sides;
}

static struct iova_domain *create(enum dma_kernel kernel, enum iova_release release)
{
	struct iova_options options = {
		.rules = kernel_rules(kernel),
		.granule = 4096,
		.start = 1,
		.cpus = 2,
	};
	struct iova_domain *domain;

	assert_int_equal(iova_domain_create(&options, &domain), 0);
	assert_int_equal(iova_reserve(domain, 0xfee00, 0xfeeff), 0);
	assert_int_equal(iova_set_release(domain, release, NULL, NULL), 0);
	return domain;
}

static uint64_t take(struct iova_domain *domain, unsigned int cpu, uint64_t size)
{
	uint64_t pfn;

	return iova_alloc_fast(domain, cpu, size, LIMIT, true, &pfn) ? 0 : pfn;
}

struct live {
	uint64_t pfn[600], size[600];
	unsigned int count;
};

/* The same step on each of both domains; the answers must be the same. */
static void step(struct iova_domain *one, struct iova_domain *other, struct live *live)
{
	unsigned int cpu = dice(2), at;
	uint64_t size = dice(8) ? 1 + dice(40) : 1 + dice(300);

	if (live->count < 600 && dice(5) < 3) {
		live->pfn[live->count] = take(one, cpu, size);
		live->size[live->count] = size;
		if (other)
			assert_int_equal(take(other, cpu, size), live->pfn[live->count]);
		live->count += !!live->pfn[live->count];
	} else if (live->count) {
		at = dice(live->count);
		iova_release(one, cpu, live->pfn[at], live->size[at]);
		if (other)
			iova_release(other, cpu, live->pfn[at], live->size[at]);
		live->count--;
		live->pfn[at] = live->pfn[live->count];
		live->size[at] = live->size[live->count];
	}
	if (!dice(200)) {
		iova_expire(one, cpu, false);
		if (other)
			iova_expire(other, cpu, false);
	}
}

static void a_clone_goes_on_as_its_domain(void **state)
{
	(void)state;
	for (unsigned int round = 0; round < 12; round++) {
		enum dma_kernel kernel = round % 2 ? DMA_KERNEL_6_1 : DMA_KERNEL_7_2;
		struct iova_domain *domain, *clone;
		struct live live = { .count = 0 };

		domain = create(kernel, round % 3 ? IOVA_LAZY : IOVA_STRICT);
		for (unsigned int i = 0; i < 3000; i++)
			step(domain, NULL, &live);
		assert_int_equal(iova_clone(domain, &clone), 0);
		assert_int_equal(iova_count(clone), iova_count(domain));
		assert_true(iova_memory(clone) <= iova_memory(domain));
		for (unsigned int i = 0; i < 3000; i++)
			step(domain, clone, &live);
		assert_true(iova_valid(clone));
		iova_domain_destroy(clone);
		iova_domain_destroy(domain);
	}
}

/* @count single granules, which are all had at once. */
static void take_and_release(struct iova_domain *domain, unsigned int cpu, uint64_t *pfn,
			     unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		pfn[i] = take(domain, cpu, 1);
	for (unsigned int i = 0; i < count; i++)
		iova_release(domain, cpu, pfn[i], 1);
}

static void a_clone_shares_nothing(void **state)
{
	struct iova_domain *domain = create(DMA_KERNEL_7_2, IOVA_LAZY), *clone;
	uint64_t pfn = take(domain, 0, 1);

	(void)state;
	iova_release(domain, 0, pfn, 1);
	assert_int_equal(iova_clone(domain, &clone), 0);
	iova_expire(clone, 0, false);
	assert_int_equal(iova_waiting(clone), 0);
	assert_int_equal(iova_waiting(domain), 1);
	assert_int_equal(take(clone, 0, 1), pfn);
	assert_int_equal(take(domain, 0, 1), pfn - 1);
	iova_domain_destroy(domain);
	assert_int_equal(take(clone, 0, 1), pfn - 1);
	iova_domain_destroy(clone);
}

/* A free range is adopted as if the model had found it: the search goes on below. */
static void a_free_range_is_adopted(void **state)
{
	struct iova_domain *domain = create(DMA_KERNEL_7_2, IOVA_STRICT);

	(void)state;
	assert_int_equal(iova_adopt(domain, 0, 3, 0xff000), 0);
	assert_int_equal(take(domain, 0, 1), 0xfefff);
	assert_int_equal(iova_adopt(domain, 0, 1, 0xff003), -EEXIST); /* 3 take 4 */
	assert_int_equal(iova_adopt(domain, 0, 3, 0xff000), -EEXIST);
	assert_true(iova_valid(domain));
	iova_domain_destroy(domain);
}

/* What another CPU has cached comes with all of its magazine. */
static void a_magazine_is_adopted_whole(void **state)
{
	struct iova_domain *domain = create(DMA_KERNEL_7_2, IOVA_STRICT);
	uint64_t pfn[3];

	(void)state;
	take_and_release(domain, 0, pfn, 3);
	assert_int_equal(iova_adopt(domain, 1, 1, pfn[2]), 0);
	assert_int_equal(take(domain, 1, 1), pfn[1]);
	assert_int_equal(take(domain, 1, 1), pfn[0]);
	assert_true(take(domain, 0, 1) < pfn[2]);
	assert_true(iova_valid(domain));
	iova_domain_destroy(domain);
}

static void the_depots_magazine_is_adopted(void **state)
{
	struct iova_domain *domain = create(DMA_KERNEL_7_2, IOVA_STRICT);
	uint64_t pfn[128 * 3];

	(void)state;
	take_and_release(domain, 0, pfn, 128 * 3);
	/* Of three hundred, the first full magazine lies in the depot. */
	assert_int_equal(iova_adopt(domain, 1, 1, pfn[126]), 0);
	assert_int_equal(take(domain, 1, 1), pfn[125]);
	iova_domain_destroy(domain);
}

/* What a lazy domain would have handed out before it was freed on the other CPU. */
static void what_lies_above_was_freed_elsewhere(void **state)
{
	struct iova_domain *domain = create(DMA_KERNEL_7_2, IOVA_LAZY);
	uint64_t pfn[4];

	(void)state;
	take_and_release(domain, 0, pfn, 4);
	iova_expire(domain, 0, false);
	assert_int_equal(iova_adopt(domain, 0, 1, pfn[1]), 0);
	assert_int_equal(take(domain, 0, 1), pfn[0]);
	assert_int_equal(take(domain, 1, 1), pfn[3]);
	assert_int_equal(take(domain, 1, 1), pfn[2]);
	assert_true(iova_valid(domain));
	iova_domain_destroy(domain);
}

static void what_waits_is_adopted(void **state)
{
	struct iova_domain *domain = create(DMA_KERNEL_7_2, IOVA_LAZY);
	uint64_t pfn[3];

	(void)state;
	take_and_release(domain, 0, pfn, 3);
	assert_int_equal(iova_adopt(domain, 1, 1, pfn[1]), 0);
	assert_int_equal(iova_waiting(domain), 1);
	assert_int_equal(take(domain, 1, 1), pfn[0]);
	iova_expire(domain, 1, false);
	assert_int_equal(take(domain, 1, 1), pfn[2]);
	assert_true(iova_valid(domain));
	iova_domain_destroy(domain);
}

/* One that nobody had yet: what the model has there was freed on the other CPU. */
static void a_new_range_tells_that_none_was_cached(void **state)
{
	struct iova_domain *domain = create(DMA_KERNEL_7_2, IOVA_LAZY);
	uint64_t pfn[3], large;

	(void)state;
	take_and_release(domain, 0, pfn, 3);
	large = take(domain, 0, 2);
	iova_release(domain, 0, large, 2);
	iova_expire(domain, 0, false);
	assert_int_equal(iova_adopt(domain, 0, 1, large - 1), 0);
	assert_int_equal(take(domain, 0, 1), large - 2);
	for (unsigned int i = 3; i--;)
		assert_int_equal(take(domain, 1, 1), pfn[i]);
	assert_int_equal(take(domain, 0, 2), large); /* of another size */
	assert_true(iova_valid(domain));
	iova_domain_destroy(domain);
}

/* Nor had the depot any: what the model has in it the other CPU has. */
static void a_new_range_tells_that_the_depot_was_empty(void **state)
{
	struct iova_domain *domain = create(DMA_KERNEL_7_2, IOVA_LAZY);
	uint64_t pfn[128 * 3];

	(void)state;
	take_and_release(domain, 0, pfn, 128 * 3);
	iova_expire(domain, 0, false);
	for (unsigned int i = 0; i < 128 * 3 - 2 * 127; i++)
		take(domain, 0, 1); /* what is left is two magazines in the depot */
	assert_int_equal(iova_adopt(domain, 0, 1, pfn[383] - 1), 0);
	assert_int_equal(take(domain, 0, 1), pfn[383] - 2);
	for (unsigned int i = 0; i < 2 * 127; i++)
		assert_in_range(take(domain, 1, 1), pfn[383], pfn[0]);
	assert_true(iova_valid(domain));
	iova_domain_destroy(domain);
}

/* A flush frees what was queued before it began, and not what was while it ran. */
static void what_was_queued_during_a_flush_waits(void **state)
{
	struct iova_domain *domain = create(DMA_KERNEL_7_2, IOVA_LAZY);
	uint64_t pfn[3];

	(void)state;
	take_and_release(domain, 1, pfn, 3);
	iova_queued_late(domain, 1, 2);
	iova_expire(domain, 0, false);
	assert_int_equal(iova_waiting(domain), 2);
	assert_true(iova_valid(domain));
	assert_int_equal(take(domain, 0, 1), pfn[0]);
	iova_queued_late(domain, 1, 5); /* there are two */
	iova_expire(domain, 0, false);
	iova_expire(domain, 0, false);
	assert_int_equal(take(domain, 0, 1), pfn[2]);
	iova_domain_destroy(domain);
}

/* A release finds its CPU's queue full when all but one of its places wait. */
static void a_full_queue_is_told(void **state)
{
	struct iova_domain *domain = create(DMA_KERNEL_7_2, IOVA_LAZY);

	(void)state;
	for (unsigned int i = 0; i < 255; i++) {
		assert_false(iova_will_flush(domain, 0));
		iova_release(domain, 0, take(domain, 0, 1), 1);
	}
	assert_true(iova_will_flush(domain, 0));
	assert_false(iova_will_flush(domain, 1));
	iova_release(domain, 0, take(domain, 0, 1), 1);
	assert_int_equal(iova_flushes(domain), 1);
	assert_int_equal(iova_waiting(domain), 1);
	assert_false(iova_will_flush(domain, 0));
	iova_domain_destroy(domain);
}

/* The other CPU, releasing at that moment, gets what it had queued itself. */
static void a_flush_may_leave_the_rings_to_their_cpus(void **state)
{
	struct iova_domain *domain = create(DMA_KERNEL_7_2, IOVA_LAZY);
	uint64_t one = take(domain, 0, 1), other = take(domain, 1, 1);
	uint64_t third = take(domain, 1, 1);

	(void)state;
	iova_release(domain, 0, one, 1);
	iova_release(domain, 1, other, 1);
	iova_expire(domain, 0, true);
	assert_int_equal(iova_waiting(domain), 1);
	iova_release(domain, 1, third, 1);
	assert_int_equal(take(domain, 0, 1), one);
	assert_int_equal(take(domain, 1, 1), other);
	assert_int_equal(iova_flushes(domain), 1);
	iova_domain_destroy(domain);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_clone_goes_on_as_its_domain),
		cmocka_unit_test(a_clone_shares_nothing),
		cmocka_unit_test(a_free_range_is_adopted),
		cmocka_unit_test(a_magazine_is_adopted_whole),
		cmocka_unit_test(the_depots_magazine_is_adopted),
		cmocka_unit_test(what_lies_above_was_freed_elsewhere),
		cmocka_unit_test(what_waits_is_adopted),
		cmocka_unit_test(a_new_range_tells_that_none_was_cached),
		cmocka_unit_test(a_new_range_tells_that_the_depot_was_empty),
		cmocka_unit_test(what_was_queued_during_a_flush_waits),
		cmocka_unit_test(a_full_queue_is_told),
		cmocka_unit_test(a_flush_may_leave_the_rings_to_their_cpus),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
