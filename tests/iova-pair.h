/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * iova-pair.h - a domain that is driven as the kernel's is, and the timeline that follows it
 */
#pragma once

#include "trace/predict-iova-timeline.h"

#include "test.h"

#define LIMIT 0xfffff
#define US    1000ULL
#define MS    1000000ULL

struct pair {
	struct iova_domain *kernel;
	struct timeline *timeline;
	uint64_t ns;
	uint64_t number;
	uint64_t expected; /* the timeline's last answer */
	uint64_t credit;
};

static inline struct iova_domain *create_domain(bool lazy)
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

static inline void create(struct pair *pair, bool lazy)
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

static inline void destroy(struct pair *pair)
{
	timeline_destroy(pair->timeline);
	iova_domain_destroy(pair->kernel);
}

static inline uint64_t kernel_takes(struct pair *pair, unsigned int cpu)
{
	uint64_t pfn;

	assert_int_equal(iova_alloc_fast(pair->kernel, cpu, 1, LIMIT, true, &pfn), 0);
	return pfn;
}

static inline struct iova_op operation(struct pair *pair, uint8_t kind, unsigned int cpu,
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
static inline uint64_t told(struct pair *pair, unsigned int cpu, uint64_t pfn)
{
	struct iova_op op = operation(pair, IOVA_OP_TAKE, cpu, pfn);

	assert_int_equal(timeline_put(pair->timeline, &op, &pair->expected), 0);
	return pair->expected;
}

static inline uint64_t take(struct pair *pair, unsigned int cpu)
{
	uint64_t pfn = kernel_takes(pair, cpu);

	assert_int_equal(told(pair, cpu, pfn), pfn);
	return pfn;
}

static inline void release_told(struct pair *pair, unsigned int cpu, uint64_t pfn)
{
	struct iova_op op = operation(pair, IOVA_OP_RELEASE, cpu, pfn);

	assert_int_equal(timeline_put(pair->timeline, &op, NULL), 0);
}

static inline void release(struct pair *pair, unsigned int cpu, uint64_t pfn)
{
	iova_release(pair->kernel, cpu, pfn, 1);
	release_told(pair, cpu, pfn);
}

static inline struct iova_explanation explain(struct pair *pair, const struct iova_op *ahead,
				       size_t count)
{
	struct iova_explanation found;

	assert_int_equal(timeline_explain(pair->timeline, pair->expected, pair->ns, ahead, count,
					  &found),
			 0);
	return found;
}
