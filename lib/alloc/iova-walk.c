// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * iova-walk.c - what each range of a domain is doing, and whether all is well
 *
 * The set does not know which of its ranges lie in a cache or wait for a flush: those
 * are collected and sorted, and the walk goes along both.
 */
#include <errno.h>
#include <stdlib.h>

#include "alloc/iova-domain.h"
#include "base/bits.h"

struct idle {
	uint64_t pfn;
	enum iova_state state;
};

struct walk {
	const struct iova_domain *domain;
	struct idle *idle;
	size_t count, next;
	iova_visitor *visit;
	void *arg;
};

static void count_cached(uint64_t pfn, void *arg)
{
	(void)pfn;
	++*(size_t *)arg;
}

static void collect_cached(uint64_t pfn, void *arg)
{
	struct walk *walk = arg;

	walk->idle[walk->count++] = (struct idle){ pfn, IOVA_CACHED };
}

static void collect_queued(const struct iova_queue *queue, struct walk *walk)
{
	for (unsigned int i = 0; i < queue->rings; i++) {
		const struct ring *ring = &queue->ring[i];

		for (unsigned int at = ring->head; at != ring->tail;
		     at = (at + 1) & (queue->slots - 1))
			walk->idle[walk->count++] =
				(struct idle){ ring->entry[at].pfn, IOVA_QUEUED };
	}
}

static size_t idle_count(const struct iova_domain *domain)
{
	size_t count = iova_waiting(domain);

	iova_cache_walk(domain, count_cached, &count);
	return count;
}

static int compare(const void *a, const void *b)
{
	const struct idle *one = a, *two = b;

	return one->pfn < two->pfn ? -1 : one->pfn > two->pfn;
}

static int visit_range(struct range range, void *arg)
{
	struct walk *walk = arg;
	struct iova_range out = { range.lo, range.hi - range.lo + 1, IOVA_LIVE };
	struct range reserved;

	while (walk->next < walk->count && walk->idle[walk->next].pfn < range.lo)
		walk->next++;
	if (walk->next < walk->count && walk->idle[walk->next].pfn <= range.hi)
		out.state = walk->idle[walk->next].state;
	else if (!ranges_find(walk->domain->reserved, range.lo, &reserved))
		out.state = IOVA_RESERVED;
	return walk->visit(&out, walk->arg);
}

int iova_walk(const struct iova_domain *domain, iova_visitor *visit, void *arg)
{
	struct walk walk = { .domain = domain, .visit = visit, .arg = arg };
	int r;

	walk.idle = heap_alloc(domain->heap, idle_count(domain) + 1, sizeof(*walk.idle));
	if (!walk.idle)
		return -ENOMEM;
	iova_cache_walk(domain, collect_cached, &walk);
	if (domain->queue)
		collect_queued(domain->queue, &walk);
	qsort(walk.idle, walk.count, sizeof(*walk.idle), compare);
	r = ranges_walk(domain->ranges, visit_range, &walk);
	heap_free(walk.idle);
	return r;
}

int iova_find(const struct iova_domain *domain, uint64_t pfn, uint64_t *first,
	      uint64_t *size)
{
	struct range range;
	int r = ranges_find(domain->ranges, pfn, &range);

	if (r)
		return r;
	*first = range.lo;
	*size = range.hi - range.lo + 1;
	return 0;
}

bool iova_is_unused(const struct iova_domain *domain, uint64_t lo, uint64_t hi)
{
	struct range range, reserved;

	if (ranges_find(domain->ranges, lo, &range))
		range = ranges_next(domain->ranges, lo);
	for (; range.lo <= hi; range = ranges_next(domain->ranges, range.hi + 1))
		if (ranges_find(domain->reserved, range.lo, &reserved))
			return false;
	return true;
}

uint64_t iova_searches(const struct iova_domain *domain)
{
	return domain->searches;
}

size_t iova_magazines(const struct iova_domain *domain)
{
	return domain->magazines;
}

size_t iova_count(const struct iova_domain *domain)
{
	return ranges_count(domain->ranges);
}

size_t iova_memory(const struct iova_domain *domain)
{
	const struct iova_queue *queue = domain->queue;
	size_t size = sizeof(*domain) +
		      (size_t)domain->cpus * IOVA_CLASSES * sizeof(struct cpu_cache);

	if (queue)
		size += sizeof(*queue) +
			queue->rings * (sizeof(struct ring) +
					queue->slots * sizeof(struct queue_entry));
	return size + domain->magazines * magazine_bytes(domain) +
	       ranges_memory(domain->ranges) + ranges_memory(domain->reserved);
}

/* ---- for tests ---- */

static bool cached_valid(const struct iova_domain *domain, struct range cached)
{
	struct range range;

	if (cached.lo == RANGES_END)
		return cached.hi == RANGES_END;
	return !ranges_find(domain->ranges, cached.lo, &range) && range.lo == cached.lo &&
	       range.hi == cached.hi;
}

bool iova_valid(const struct iova_domain *domain)
{
	return ranges_valid(domain->ranges) && ranges_valid(domain->reserved) &&
	       iova_cache_valid(domain) &&
	       (!domain->queue || iova_queue_valid(domain->queue)) &&
	       cached_valid(domain, domain->cached) &&
	       cached_valid(domain, domain->cached32) && domain->max32;
}
