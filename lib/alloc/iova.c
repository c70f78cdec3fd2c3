// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * iova.c - the addresses of an IOMMU domain
 *
 * The kernel walks its ranges downwards from the one handed out last. Where that walk
 * ends, a tree that knows the gaps finds at once: below the cached range, the highest
 * gap that is large enough; if there is none, the highest above it.
 *
 * Kernel counterpart: drivers/iommu/iova.c (RULES.md I1-I14)
 */
#include <errno.h>
#include <string.h>

#include "alloc/iova-domain.h"
#include "base/bits.h"
#include "base/mutant.h"

int iova_domain_create(const struct iova_options *options, struct iova_domain **ret)
{
	struct iova_domain *domain;
	size_t caches;

	if (!is_power_of_two(options->granule) || options->granule < 512 ||
	    options->granule > 1UL << 31 || MUTANT(E21, !options->start, false) ||
	    !options->cpus || options->cpus > 1U << 16 || options->magazine > 1U << 16)
		return -EINVAL;

	caches = (size_t)options->cpus * IOVA_CLASSES;
	domain = heap_alloc(options->heap, 1,
			    sizeof(*domain) + caches * sizeof(struct cpu_cache));
	if (!domain)
		return -ENOMEM;
	if (ranges_create(options->heap, &domain->ranges))
		goto free_domain;
	if (ranges_create(options->heap, &domain->reserved))
		goto destroy_ranges;

	domain->rules = options->rules;
	domain->heap = options->heap;
	domain->cpus = options->cpus;
	domain->start = options->start;
	domain->magazine = options->magazine ? options->magazine : MAGAZINE_SIZE;
	domain->shift = log2_up(options->granule);
	domain->pfn32 = domain->max32 = 1UL << (32 - domain->shift);
	domain->cached = domain->cached32 = (struct range){ RANGES_END, RANGES_END };
	domain->due = NEVER;
	for (unsigned int class = 0; class < IOVA_CLASSES; class++)
		domain->depot[class].due = NEVER;
	*ret = domain;
	return 0;

destroy_ranges:
	ranges_destroy(domain->ranges);
free_domain:
	heap_free(domain);
	return -ENOMEM;
}

void iova_domain_destroy(struct iova_domain *domain)
{
	if (!domain)
		return;
	iova_queue_destroy(domain->queue);
	iova_cache_deinit(domain);
	heap_free(domain->piece);
	ranges_destroy(domain->ranges);
	ranges_destroy(domain->reserved);
	heap_free(domain);
}

/* ---- the set of ranges ---- */

int iova_alloc(struct iova_domain *domain, uint64_t size, uint64_t limit, uint64_t *ret)
{
	uint64_t end = limit + 1, below, lo;
	struct range *cached;
	int r;

	if (!size || size >> 63 || limit >> 63)
		return -EINVAL;
	if (end <= domain->pfn32 && size >= domain->max32)
		return -ENOSPC;

	cached = end <= domain->pfn32 ? &domain->cached32 : &domain->cached;
	below = cached->lo < end ? cached->lo : end;
	domain->searches++;
	r = ranges_take(domain->ranges, size, below, domain->start, &lo);
	if (r == -ENOSPC && MUTANT(E03, MUTANT(E02, cached->hi < end, true), false))
		r = ranges_take(domain->ranges, size, end, cached->hi + 1, &lo);
	if (r == -ENOSPC && MUTANT(E16, true, end == domain->pfn32))
		domain->max32 = size; /* whatever the limit was */
	if (r)
		return r;

	cached = lo + size - 1 < domain->pfn32 ? &domain->cached32 : &domain->cached;
	*cached = (struct range){ lo, lo + size - 1 };
	*ret = lo;
	return 0;
}

/* Rule I10: the next search begins above what was removed. */
static void note_removed(struct iova_domain *domain, struct range range, struct range next)
{
	bool is_low = range.lo == domain->cached32.lo ||
		      (range.hi < domain->pfn32 && range.lo >= domain->cached32.lo);

	if (MUTANT(E04, range.lo < domain->pfn32, false))
		domain->max32 = domain->pfn32;
	if (MUTANT(E12b, is_low, false))
		domain->cached32 = next;
	if (MUTANT(E12, range.lo >= domain->cached.lo, false))
		domain->cached = next;
}

int iova_free(struct iova_domain *domain, uint64_t pfn)
{
	struct range range, next;

	if (ranges_extract(domain->ranges, pfn, &range, &next))
		return -ENOENT;
	note_removed(domain, range, next);
	/* A reservation may be freed like any range; then it is none. */
	if (ranges_count(domain->reserved))
		ranges_remove(domain->reserved, range.lo);
	return 0;
}

/* ---- with the caches before it ---- */

/* A division would cost as much as all the rest. */
static unsigned int cpu_of(const struct iova_domain *domain, unsigned int cpu)
{
	return cpu < domain->cpus ? cpu : cpu % domain->cpus;
}

/* The usual case, without a look at the other magazines: the one loaded has a range. */
static bool pop(struct iova_domain *domain, unsigned int cpu, unsigned int class,
		uint64_t highest, uint64_t *ret)
{
	struct magazine *loaded = domain->cache[cpu * IOVA_CLASSES + class].loaded;

	if (!loaded || !loaded->count || loaded->pfn[loaded->count - 1] > highest)
		return iova_cache_get(domain, cpu, class, highest, ret);
	*ret = loaded->pfn[--loaded->count];
	return true;
}

/* And there, that it has room. */
static bool push(struct iova_domain *domain, unsigned int cpu, unsigned int class,
		 uint64_t pfn)
{
	struct magazine *loaded = domain->cache[cpu * IOVA_CLASSES + class].loaded;

	if (!loaded || loaded->count == domain->magazine)
		return iova_cache_put(domain, cpu, class, pfn);
	loaded->pfn[loaded->count++] = pfn;
	return true;
}

int iova_alloc_fast(struct iova_domain *domain, unsigned int cpu, uint64_t size,
		    uint64_t limit, bool flush, uint64_t *ret)
{
	unsigned int class;
	int r;

	if (!size || size >> 63 || limit >> 63)
		return -EINVAL;
	class = log2_up(size);
	if (class < IOVA_CLASSES) {
		size = MUTANT(E07, 1UL << class, size);
		/* 0 is to say that there was none: one that was freed so is lost (I13). */
		if (pop(domain, cpu_of(domain, cpu), class, limit + 1 - size, ret) && *ret)
			return 0;
	}
	r = iova_alloc(domain, size, limit, ret);
	if (!r || !flush)
		return r;
	iova_cache_drain(domain);
	return iova_alloc(domain, size, limit, ret);
}

void iova_free_fast(struct iova_domain *domain, unsigned int cpu, uint64_t pfn,
		    uint64_t size)
{
	unsigned int class = MUTANT(E19, log2_up(size), log2_up(size + 1));

	if (class >= IOVA_CLASSES || !push(domain, cpu_of(domain, cpu), class, pfn))
		iova_free(domain, pfn);
}

/* ---- reservations ---- */

/* What overlaps @lo to @hi, lowest first; RANGES_END after the last. */
static struct range first_overlap(const struct iova_domain *domain, uint64_t lo)
{
	struct range range;

	return ranges_find(domain->ranges, lo, &range) ? ranges_next(domain->ranges, lo)
						       : range;
}

/* The kernel's reservation that is new: in the set, and known to be one. */
static int reserve_new(struct iova_domain *domain, struct range range)
{
	int r = ranges_insert(domain->reserved, range);

	if (r)
		return r;
	r = ranges_insert(domain->ranges, range);
	if (r)
		ranges_remove(domain->reserved, range.lo);
	return r;
}

/* A range's lower end moves down; it may be one that a search begins at. */
static void lower_range(struct iova_domain *domain, uint64_t from, uint64_t to)
{
	ranges_lower(domain->ranges, from, to);
	ranges_lower(domain->reserved, from, to);
	if (domain->cached.lo == from)
		domain->cached.lo = to;
	if (domain->cached32.lo == from)
		domain->cached32.lo = to;
}

int iova_reserve(struct iova_domain *domain, uint64_t lo, uint64_t hi)
{
	uint64_t tail = lo;
	struct range range;
	int r;

	if (MUTANT(E10, MUTANT(E11, lo > hi, false), lo >= hi) ||
	    (lo | hi) > UINT64_MAX >> domain->shift)
		return -EINVAL;

	for (range = first_overlap(domain, lo); range.lo <= hi;
	     range = ranges_next(domain->ranges, tail))
		tail = range.hi + 1;
	if (tail <= hi) {
		r = reserve_new(domain, (struct range){ tail, hi });
		if (r)
			return r;
	}

	/* Now that nothing can fail: what was there grows down over the gaps. */
	for (range = first_overlap(domain, lo); range.lo < tail && range.lo <= hi;
	     range = ranges_next(domain->ranges, lo)) {
		if (MUTANT(E14, lo < range.lo, false))
			lower_range(domain, range.lo, lo);
		lo = range.hi + 1;
	}
	return 0;
}
