// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Domains against the reference of fuzz/, address by address, for longer than an input
 * of a fuzz target lasts.
 */
#include <stdlib.h>

#include "alloc/iova.h"

#include "reference-iova.h"
#include "test.h"

#define MS   1000000ULL
#define CPUS 3

static uint64_t seed = 1;

static uint64_t dice(uint64_t sides)
{
	seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (seed >> 24) % sides;
}

/* ---- comparing ---- */

#define LIVE 6000

static struct reference_iova *ref;
static struct span live[LIVE]; /* address, size as asked for */
static unsigned int lives;

static int same_span(const struct iova_range *range, void *arg)
{
	unsigned int *at = arg;

	assert_true(*at < ref->spans);
	assert_true(range->pfn == ref->span[*at].lo);
	assert_true(range->size == ref->span[*at].hi - ref->span[*at].lo + 1);
	++*at;
	return 0;
}

static void compare_all(const struct iova_domain *domain)
{
	unsigned int at = 0;

	assert_true(iova_valid(domain));
	assert_int_equal(iova_walk(domain, same_span, &at), 0);
	assert_int_equal(at, ref->spans);
}

/* What 6.9 says of addresses. */
static void invariants(uint64_t address, uint64_t size, uint64_t limit)
{
	uint64_t align = 1;

	while (align < size)
		align *= 2;
	assert_true(address >= ref->start && address + size - 1 <= limit);
	assert_true(address % align == 0);
	for (unsigned int i = 0; i < lives; i++)
		assert_true(live[i].lo + live[i].hi <= address ||
			    address + size <= live[i].lo);
}

struct trial {
	enum dma_kernel kernel;
	bool lazy;
	uint64_t limit; /* the lowest of the limits */
	unsigned int sizes;
	unsigned int most; /* live ranges */
	unsigned int steps;
	bool steep; /* first all are allocated, then all freed: the depot fills */
};

static void allocate(struct iova_domain *domain, const struct trial *trial)
{
	uint64_t size = dice(8) ? 1 + dice(trial->sizes) : 1ULL << dice(10);
	uint64_t limit = dice(3) ? trial->limit : trial->limit << dice(20), address, expected;
	int cpu = (int)dice(CPUS);
	bool flush = dice(4);

	expected = reference_iova_alloc_fast(ref, (unsigned int)cpu, size, limit, flush);
	if (iova_alloc_fast(domain, (unsigned int)cpu, size, limit, flush, &address))
		address = 0;
	assert_true(address == expected);
	if (address) {
		invariants(address, size, limit);
		live[lives++] = (struct span){ address, size };
	}
}

static void release(struct iova_domain *domain)
{
	unsigned int at = (unsigned int)dice(lives);
	/* The last CPU seldom frees: it lives on what the others put into the depot. */
	int cpu = (int)dice(dice(5000) ? CPUS - 1 : CPUS);

	reference_iova_release(ref, (unsigned int)cpu, live[at].lo, live[at].hi);
	iova_release(domain, (unsigned int)cpu, live[at].lo, live[at].hi);
	live[at] = live[--lives];
}

static void run(const struct trial *trial)
{
	struct iova_options options = { .rules = kernel_rules(trial->kernel), .granule = 4096,
					.start = 1 + dice(100), .cpus = CPUS };
	struct iova_domain *domain;
	uint64_t now = 0;
	bool growing = true;

	reference_iova_init(ref, trial->kernel != DMA_KERNEL_6_1, CPUS, options.start, 1 << 20);
	if (trial->lazy)
		reference_iova_set_lazy(ref, false);
	lives = 0;
	assert_int_equal(iova_domain_create(&options, &domain), 0);
	assert_int_equal(iova_set_release(domain, trial->lazy ? IOVA_LAZY : IOVA_STRICT, NULL,
					  NULL), 0);
	for (unsigned int step = 0; step < trial->steps; step++) {
		unsigned int ups = growing ? 5 : 3; /* of 8 */

		if (trial->steep)
			ups = growing ? 8 : 0;
		if (!lives)
			growing = true;
		if (lives == trial->most)
			growing = false;
		if (dice(8) < ups && lives < trial->most)
			allocate(domain, trial);
		else if (lives)
			release(domain);
		now += dice(2000) ? dice(MS / 8) : dice(300 * MS);
		reference_iova_advance(ref, now);
		iova_advance(domain, now);
		if (step % 64 == 0)
			compare_all(domain);
	}
	compare_all(domain);
	iova_domain_destroy(domain);
}

static void every_address_is_that_of_the_reference(void **state)
{
	(void)state;
	for (unsigned int kernel = 0; kernel < DMA_KERNELS; kernel++) {
		for (unsigned int lazy = 0; lazy < 2; lazy++) {
			run(&(struct trial){ kernel, lazy, 0xfff, 64, 100, 4000, false });
			run(&(struct trial){ kernel, lazy, 0xfffff, 64, 3000, 12000, false });
			run(&(struct trial){ kernel, lazy, 0xffff, 8, 5000, 20000, false });
			run(&(struct trial){ kernel, lazy, 0xfffff, 2, 5900, 24000, false });
		}
		run(&(struct trial){ kernel, false, 0xfffff, 1, 5900, 20000, true });
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_address_is_that_of_the_reference),
	};
	int failed;

	ref = malloc(sizeof(*ref));
	if (!ref)
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	free(ref);
	return failed;
}
