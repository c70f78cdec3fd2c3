// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>

#include "alloc/iova.h"

#include "test.h"

#define MS 1000000ULL

static uint64_t seed = 1;

static uint64_t dice(uint64_t sides)
{
	seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (seed >> 24) % sides;
}

/* I19 */
static void the_rules_example_comes_out(void **state)
{
	static const struct {
		uint64_t size, limit, expected;
	} call[] = {
		{ 1, 0xfffff, 0xfffff }, { 1, 0xfffff, 0xffffe }, { 3, 0xfffff, 0xffff8 },
		{ 1, 0xfffff, 0xffff7 }, { 512, 0xfffff, 0xffc00 }, { 1, 0xfffff, 0xffbff },
		{ 0, 0, 0xffffe }, { 1, 0xfffff, 0xffffe }, { 2, 0xfffff, 0xffbfc },
		{ 33, 0xfffff, 0xffbc0 }, { 33, 0xfffff, 0xffb80 }, { 33, 0xfffff, 0xffb40 },
		{ 1, 0xfffffffff, 0xfffffffff }, { 4097, 0xfffff, 0xfc000 },
	};
	struct iova_options options = { .rules = kernel_rules(DMA_KERNEL_7_2), .granule = 4096,
					.start = 1, .cpus = 1 };
	struct iova_domain *domain;
	uint64_t address;

	(void)state;
	assert_int_equal(iova_domain_create(&options, &domain), 0);
	assert_int_equal(iova_reserve(domain, 0xfee00, 0xfeeff), 0);
	for (size_t i = 0; i < sizeof(call) / sizeof(call[0]); i++) {
		if (!call[i].size) {
			iova_free_fast(domain, 0, call[i].expected, 1);
			continue;
		}
		assert_int_equal(iova_alloc_fast(domain, 0, call[i].size, call[i].limit, true,
						 &address), 0);
		assert_true(address == call[i].expected);
	}
	iova_domain_destroy(domain);
}

static void count_flush(void *arg, unsigned int cpu)
{
	(void)cpu;
	++*(unsigned int *)arg;
}

/* I32: nothing is handed out twice before a flush, and then oldest magazines last. */
static void a_lazy_address_waits_for_its_flush(void **state)
{
	struct iova_options options = { .rules = kernel_rules(DMA_KERNEL_6_12),
					.granule = 4096, .start = 1, .cpus = 1 };
	unsigned int flushes = 0;
	struct iova_domain *domain;
	uint64_t address;

	(void)state;
	assert_int_equal(iova_domain_create(&options, &domain), 0);
	assert_int_equal(iova_set_release(domain, IOVA_LAZY, count_flush, &flushes), 0);
	assert_int_equal(iova_set_release(domain, IOVA_LAZY, NULL, NULL), -EINVAL);
	for (uint64_t i = 0; i < 1000; i++) {
		assert_int_equal(iova_alloc_fast(domain, 0, 1, 0xfffff, true, &address), 0);
		if (i < 256)
			assert_true(address == 0xfffff - i);
		else if (i == 256)
			assert_true(address == 0xfff01);
		else if (i < 257 + 127)
			assert_true(address == 0xfff81 + (i - 257));
		assert_int_equal(flushes, i / 255 - (i && i % 255 == 0));
		iova_release(domain, 0, address, 1);
	}
	flushes = 0;
	iova_advance(domain, 9 * MS);
	assert_int_equal(flushes, 0);
	iova_advance(domain, 10 * MS);
	assert_int_equal(flushes, 1);
	iova_advance(domain, 5 * MS);
	iova_advance(domain, 10000 * MS);
	assert_int_equal(flushes, 1);
	iova_domain_destroy(domain);
}

static void one_ring_for_all_is_of_new_kernels(void **state)
{
	struct iova_options options = { .rules = kernel_rules(DMA_KERNEL_6_1),
					.granule = 4096, .start = 1, .cpus = 2 };
	unsigned int flushes = 0;
	struct iova_domain *domain;
	uint64_t address;

	(void)state;
	assert_int_equal(iova_domain_create(&options, &domain), 0);
	assert_int_equal(iova_set_release(domain, IOVA_LAZY_SHARED, NULL, NULL), -EINVAL);
	iova_domain_destroy(domain);

	options.rules = kernel_rules(DMA_KERNEL_7_2);
	assert_int_equal(iova_domain_create(&options, &domain), 0);
	assert_int_equal(iova_set_release(domain, IOVA_LAZY_SHARED, count_flush, &flushes), 0);
	for (uint64_t i = 0; i < 32768; i++) {
		assert_int_equal(flushes, 0);
		assert_int_equal(iova_alloc_fast(domain, i & 1, 1, 0xfffff, true, &address), 0);
		assert_true(address == 0xfffff - i);
		iova_release(domain, i & 1, address, 1);
	}
	assert_int_equal(flushes, 1);
	iova_advance(domain, 999 * MS);
	assert_int_equal(flushes, 1);
	iova_advance(domain, 1000 * MS);
	assert_int_equal(flushes, 2);
	assert_true(iova_valid(domain));
	iova_domain_destroy(domain);
}

/* ---- reservations ---- */

static bool reserved[512];

static int mark(const struct iova_range *range, void *arg)
{
	bool *held = arg;

	for (uint64_t i = 0; i < range->size; i++) {
		assert_false(held[range->pfn + i]);
		held[range->pfn + i] = true;
	}
	assert_int_equal(range->state, IOVA_RESERVED);
	return 0;
}

static void reservations_cover_what_they_say(void **state)
{
	struct iova_options options = { .rules = kernel_rules(DMA_KERNEL_7_2), .granule = 4096,
					.start = 1, .cpus = 1 };
	struct iova_domain *domain;

	(void)state;
	for (int trial = 0; trial < 300; trial++) {
		memset(reserved, 0, sizeof(reserved));
		assert_int_equal(iova_domain_create(&options, &domain), 0);
		for (uint64_t i = 0; i < dice(20); i++) {
			uint64_t lo = dice(400), hi = lo + dice(100);
			bool held[512] = { 0 };

			assert_int_equal(iova_reserve(domain, lo, hi), 0);
			memset(reserved + lo, true, hi - lo + 1);
			assert_int_equal(iova_walk(domain, mark, held), 0);
			assert_memory_equal(held, reserved, sizeof(held));
			assert_true(iova_valid(domain));
		}
		iova_domain_destroy(domain);
	}
	assert_int_equal(iova_domain_create(&options, &domain), 0);
	assert_int_equal(iova_reserve(domain, 0, 1ULL << 52), -EINVAL);
	assert_int_equal(iova_reserve(domain, 2, 1), -EINVAL);
	assert_int_equal(iova_reserve(domain, 0, (1ULL << 52) - 1), 0);
	assert_int_equal(iova_alloc(domain, 1, (1ULL << 52) - 1, &(uint64_t){ 0 }), -ENOSPC);
	iova_domain_destroy(domain);
}

static int count_state(const struct iova_range *range, void *arg)
{
	((unsigned int *)arg)[range->state]++;
	return 0;
}

static void a_walk_tells_what_a_range_is_doing(void **state)
{
	struct iova_options options = { .rules = kernel_rules(DMA_KERNEL_7_2), .granule = 4096,
					.start = 1, .cpus = 2 };
	unsigned int count[4] = { 0 };
	uint64_t address[6], first, size;
	struct iova_domain *domain;

	(void)state;
	assert_int_equal(iova_domain_create(&options, &domain), 0);
	assert_int_equal(iova_set_release(domain, IOVA_LAZY, NULL, NULL), 0);
	assert_int_equal(iova_reserve(domain, 0xfee00, 0xfeeff), 0);
	for (int i = 0; i < 6; i++)
		assert_int_equal(iova_alloc_fast(domain, 0, 3, 0xfffff, true, &address[i]), 0);
	iova_release(domain, 0, address[0], 3);
	iova_release(domain, 1, address[1], 3);
	iova_free_fast(domain, 1, address[2], 3);
	assert_int_equal(iova_walk(domain, count_state, count), 0);
	assert_int_equal(count[IOVA_LIVE], 3);
	assert_int_equal(count[IOVA_QUEUED], 2);
	assert_int_equal(count[IOVA_CACHED], 1);
	assert_int_equal(count[IOVA_RESERVED], 1);
	assert_int_equal(iova_count(domain), 7);
	assert_int_equal(iova_find(domain, address[4] + 2, &first, &size), 0);
	assert_true(first == address[4] && size == 4);
	assert_int_equal(iova_find(domain, 5, &first, &size), -ENOENT);
	/* what is reserved nobody uses, what waits somebody did */
	assert_true(iova_is_unused(domain, 0xfed00, 0xfefff));
	assert_true(iova_is_unused(domain, 0xfee10, address[5] - 1));
	assert_false(iova_is_unused(domain, 0xfee10, address[5]));
	assert_false(iova_is_unused(domain, address[0] + 3, 0xfffff));
	iova_free(domain, 0xfee80);
	assert_int_equal(iova_reserve(domain, 0xfee00, 0xfee01), 0);
	iova_domain_destroy(domain);
}

static void nonsense_is_refused(void **state)
{
	struct iova_options options = { .rules = kernel_rules(DMA_KERNEL_7_2), .granule = 4096,
					.start = 1, .cpus = 1 };
	struct iova_options wrong;
	struct iova_domain *domain;
	uint64_t address;

	(void)state;
	wrong = options, wrong.granule = 4097;
	assert_int_equal(iova_domain_create(&wrong, &domain), -EINVAL);
	wrong = options, wrong.start = 0;
	assert_int_equal(iova_domain_create(&wrong, &domain), -EINVAL);
	wrong = options, wrong.cpus = 0;
	assert_int_equal(iova_domain_create(&wrong, &domain), -EINVAL);
	assert_int_equal(iova_domain_create(&options, &domain), 0);
	assert_int_equal(iova_alloc_fast(domain, 0, 0, 1, true, &address), -EINVAL);
	assert_int_equal(iova_alloc_fast(domain, 0, 1, ~0ULL, true, &address), -EINVAL);
	assert_int_equal(iova_alloc(domain, 1ULL << 63, 100, &address), -EINVAL);
	assert_int_equal(iova_alloc(domain, 5, 3, &address), -ENOSPC);
	assert_int_equal(iova_free(domain, 5), -ENOENT);
	iova_free_fast(domain, 0, 77777, 1000);
	assert_true(iova_valid(domain));
	/* A small one that was never handed out is, as in the kernel. */
	iova_free_fast(domain, 0, 77777, 1);
	assert_int_equal(iova_alloc_fast(domain, 0, 1, 0xfffff, true, &address), 0);
	assert_int_equal(address, 77777);
	iova_domain_destroy(domain);
	iova_domain_destroy(NULL);
}

/* ---- memory that runs out ---- */

/* I13: the magazines say 0 for none, so that a 0 in them is lost. */
static void a_zero_that_was_freed_is_never_handed_out(void **state)
{
	const struct iova_options options = { .rules = kernel_rules(DMA_KERNEL_7_2),
					      .granule = 4096,
					      .start = 1,
					      .cpus = 1 };
	struct iova_domain *domain;
	uint64_t pfn;

	(void)state;
	assert_int_equal(iova_domain_create(&options, &domain), 0);
	iova_free_fast(domain, 0, 0, 4);
	assert_int_equal(iova_alloc_fast(domain, 0, 4, 0xfffff, true, &pfn), 0);
	assert_int_equal(pfn, 0xffffc);
	iova_domain_destroy(domain);
}

static void without_a_magazine_ranges_go_to_the_set(void **state)
{
	struct heap heap = { 0 };
	struct iova_options options = { .rules = kernel_rules(DMA_KERNEL_7_2), .heap = &heap,
					.granule = 4096, .start = 1, .cpus = 1 };
	struct iova_domain *domain;
	uint64_t address[300];

	(void)state;
	assert_int_equal(iova_domain_create(&options, &domain), 0);
	for (int i = 0; i < 300; i++)
		assert_int_equal(iova_alloc_fast(domain, 0, 1, 0xfffff, true, &address[i]), 0);
	heap.fail_ppm = 1000000;
	iova_free_fast(domain, 0, address[0], 1);
	assert_int_equal(iova_count(domain), 299);
	heap.fail_ppm = 0;
	for (int i = 1; i < 255; i++)
		iova_free_fast(domain, 0, address[i], 1);
	assert_int_equal(iova_count(domain), 299);
	heap.fail_ppm = 1000000;
	iova_free_fast(domain, 0, address[255], 1);
	assert_int_equal(iova_count(domain), 298);
	heap.fail_ppm = 0;
	iova_free_fast(domain, 0, address[256], 1);
	assert_int_equal(iova_count(domain), 298);
	assert_true(iova_valid(domain));
	iova_domain_destroy(domain);
}

static int digest(const struct iova_range *range, void *arg)
{
	uint64_t *sum = arg;

	*sum = (*sum ^ range->pfn) * 0x9e3779b97f4a7c15 + range->size;
	return 0;
}

static void a_failure_leaves_all_as_it_was(void **state)
{
	struct heap heap = { 0 };
	struct iova_options options = { .rules = kernel_rules(DMA_KERNEL_7_2), .heap = &heap,
					.granule = 4096, .start = 1, .cpus = 1 };
	unsigned int failed = 0;
	struct iova_domain *domain;
	uint64_t before, after, address;
	int r;

	(void)state;
	for (uint64_t nth = 1; nth < 5; nth++) {
		heap = (struct heap){ .fail_nth = nth };
		assert_int_equal(iova_domain_create(&options, &domain), -ENOMEM);
		heap = (struct heap){ 0 };
		assert_int_equal(iova_domain_create(&options, &domain), 0);
		heap = (struct heap){ .fail_nth = nth };
		if (nth < 3)
			assert_int_equal(iova_set_release(domain, IOVA_LAZY, NULL, NULL), -ENOMEM);
		iova_domain_destroy(domain);
	}
	heap = (struct heap){ 0 };
	assert_int_equal(iova_domain_create(&options, &domain), 0);
	for (uint64_t i = 0; i < 5000; i++) {
		before = after = 0;
		assert_int_equal(iova_walk(domain, digest, &before), 0);
		heap = (struct heap){ .fail_nth = 1 + dice(2) };
		address = dice(1 << 24);
		r = dice(4) ? iova_alloc(domain, 1 + dice(40), 1 + dice(1 << 24), &address)
			    : iova_reserve(domain, address, address + dice(9));
		if (r == -ENOMEM) {
			failed++;
			heap = (struct heap){ 0 };
			assert_int_equal(iova_walk(domain, digest, &after), 0);
			assert_true(before == after);
		}
		assert_true(iova_valid(domain));
		heap = (struct heap){ 0 };
	}
	assert_true(failed > 30);
	iova_domain_destroy(domain);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_rules_example_comes_out),
		cmocka_unit_test(a_lazy_address_waits_for_its_flush),
		cmocka_unit_test(one_ring_for_all_is_of_new_kernels),
		cmocka_unit_test(reservations_cover_what_they_say),
		cmocka_unit_test(a_walk_tells_what_a_range_is_doing),
		cmocka_unit_test(nonsense_is_refused),
		cmocka_unit_test(a_zero_that_was_freed_is_never_handed_out),
		cmocka_unit_test(without_a_magazine_ranges_go_to_the_set),
		cmocka_unit_test(a_failure_leaves_all_as_it_was),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
