// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * iova-clone.c - clones, and what they adopt
 *
 * What a caller says that the kernel did is done, wherever the range was, or refused
 * where it was handed out already; nothing else of the set changes.
 */
#include <errno.h>

#include "iova-clone.h"
#include "oracle.h"

void iova_refuses(const struct iova_options *options)
{
	struct iova_options wrong[8];
	struct iova_domain *domain;

	for (unsigned int i = 0; i < 8; i++) {
		wrong[i] = *options;
		wrong[i].start = 1;
	}
	wrong[0].start = 0;
	wrong[1].granule = 0;
	wrong[2].granule += options->granule / 2;
	wrong[3].granule = 256;
	wrong[4].granule = 1ULL << 32;
	wrong[5].cpus = 0;
	wrong[6].cpus = (1U << 16) + 1;
	wrong[7].magazine = (1U << 16) + 1;
	for (unsigned int i = 0; i < 8; i++)
		expect(ARGUMENT, iova_domain_create(&wrong[i], &domain) == -EINVAL);
	iova_domain_destroy(NULL);
}

struct seen {
	uint64_t pfn, size;
	enum iova_state state;
	bool there;
};

static int look_for(const struct iova_range *range, void *arg)
{
	struct seen *seen = arg;

	if (range->pfn != seen->pfn)
		return 0;
	seen->size = range->size;
	seen->state = range->state;
	seen->there = true;
	return 1;
}

static int stop(const struct iova_range *range, void *arg)
{
	(void)range;
	(void)arg;
	return 7;
}

void iova_walk_stops(const struct iova_domain *domain)
{
	expect(VALID, iova_walk(domain, stop, NULL) == (iova_count(domain) ? 7 : 0));
}

static bool overlaps(const struct reference_iova *reference, uint64_t pfn, uint64_t size)
{
	for (unsigned int i = 0; i < reference->spans; i++)
		if (reference->span[i].lo <= pfn + size - 1 &&
		    reference->span[i].hi >= pfn)
			return true;
	return false;
}

static void check_find(const struct iova_domain *domain, const struct seen *seen,
		       uint64_t size)
{
	uint64_t first, found, pfn = seen->pfn;

	expect(OWNER, !iova_find(domain, pfn + size - 1, &first, &found));
	expect(OWNER, first == pfn && found == size);
	expect(OWNER, seen->there && seen->state == IOVA_LIVE);
}

/*
 * One range, and all the others, whatever order they are kept in, and how many of all wait
 * for a flush.
 */
struct census {
	struct seen one;
	uint64_t sum;
	size_t waiting;
};

static int count_range(const struct iova_range *range, void *arg)
{
	struct census *census = arg;
	uint64_t mixed = (range->pfn * 8 + range->state) * 0x9e3779b97f4a7c15;

	census->waiting += range->state == IOVA_QUEUED;
	if (!look_for(range, &census->one))
		census->sum += (mixed ^ mixed >> 29) * (2 * range->size + 1);
	return 0;
}

static struct census take_census(const struct iova_domain *domain, uint64_t pfn)
{
	struct census census = { .one = { .pfn = pfn } };

	expect(VALID, !iova_walk(domain, count_range, &census));
	return census;
}

/*
 * The timer takes a magazine from a depot that has more than there are CPUs. @emptied: what
 * was adopted told that the depot had none.
 */
static void trim(struct iova_domain *clone, const struct reference_iova *reference,
		 uint64_t size, bool emptied)
{
	unsigned int kind = 0;
	size_t count = iova_count(clone);
	bool some;

	while (1ULL << kind < size && kind < REFERENCE_IOVA_CLASSES)
		kind++;
	some = kind < REFERENCE_IOVA_CLASSES && reference->is_list &&
	       reference->depots[kind] > reference->cpus;
	iova_trim(clone, size);
	/* what was adopted may be one of the depot's */
	if (some && reference->depots[kind] > reference->cpus + 1 && !reference->grown &&
	    !emptied)
		expect(COUNTERS, iova_count(clone) < count);
	else if (!some)
		expect(COUNTERS, iova_count(clone) <= count);
}

/* What it then does with it, and with its timers. */
static void use(struct iova_domain *clone, const struct reference_iova *reference,
		unsigned int cpu, uint64_t pfn, uint64_t size, bool emptied)
{
	unsigned int late = pfn >> 1 & 3;
	size_t count = iova_count(clone), waiting;
	uint64_t flushes = iova_flushes(clone) + iova_will_flush(clone, cpu);

	iova_release(clone, cpu, pfn, size);
	expect(COUNTERS, iova_flushes(clone) == flushes);
	trim(clone, reference, size, emptied);
	waiting = iova_waiting(clone);
	iova_queued_late(clone, cpu, late);
	iova_expire(clone, cpu % iova_cpus(clone), pfn & 1);
	expect(COUNTERS, iova_count(clone) <= count && iova_waiting(clone) <= waiting);
	/* what was released here is the last of its queue */
	expect(COUNTERS, !late || !reference->lazy || iova_waiting(clone));
	expect(COUNTERS, pfn & 1 || iova_waiting(clone) <= late);
	iova_expire(clone, cpu % iova_cpus(clone), false);
	expect(COUNTERS, !iova_waiting(clone));
	/* nothing is left for the clock to do, however late it is */
	iova_advance(clone, reference->now + 1);
	iova_advance(clone, UINT64_MAX);
	expect(COUNTERS, iova_count(clone) <= count && !iova_waiting(clone));
}

static void adopt(struct iova_domain *clone, const struct reference_iova *reference,
		  const struct requests *requests, struct heap *heap)
{
	unsigned int slot = (unsigned int)requests->event.handle;
	uint64_t pfn = 1 + requests->event.offset / PROGRAM_PLACE_UNIT;
	uint64_t size = 1 + requests->event.size % 128, rounded = 1, first;
	size_t count = iova_count(clone);
	struct census was, is;
	struct seen before;
	bool frees;
	int err;

	if (reference->spans && slot % 4) {
		pfn = reference->span[slot % reference->spans].lo;
		if (requests->op.arg % 4)
			size = reference->span[slot % reference->spans].hi - pfn + 1;
	}
	while (rounded < size && rounded < 64)
		rounded *= 2;
	rounded = rounded > 32 ? size : rounded;
	if (pfn >> 60 || size >> 60)
		return;
	was = take_census(clone, pfn);
	before = was.one;
	if (requests->event.dir == DMA_NONE)
		heap->fail_nth = heap->calls + 1;
	err = iova_adopt(clone, (unsigned int)requests->event.cpu, size, pfn);
	heap->fail_nth = 0;
	is = take_census(clone, pfn);
	/* what waited before it waits no more, and 6.1 has no room for more than so many */
	frees = before.state == IOVA_QUEUED || !reference->is_list;
	expect(COUNTERS, iova_waiting(clone) == is.waiting || reference->grown);
	expect(COUNTERS, is.waiting <= was.waiting);
	expect(UNCHANGED, is.sum == was.sum || reference->grown || (frees && !err));
	expect(UNCHANGED, !err || is.one.state == before.state);
	/* of the depot's magazines one need not be full any more */
	expect(VALID, before.state == IOVA_CACHED || iova_valid(clone));
	/* a range that grew no longer begins where a magazine says */
	if (reference->grown)
		expect(OWNER, !err || err == -EEXIST || err == -ENOMEM);
	else if (before.there && before.size == rounded && before.state != IOVA_LIVE &&
		 before.state != IOVA_RESERVED)
		expect(COMPLETE, !err && (iova_count(clone) == count ||
					  (frees && iova_count(clone) < count)));
	else if (overlaps(reference, pfn, rounded))
		expect(OWNER, err == -EEXIST && iova_count(clone) == count);
	else if (err == -ENOMEM)
		expect(MEMORY, requests->event.dir == DMA_NONE &&
				       iova_find(clone, pfn, &first, &first) == -ENOENT);
	else
		expect(COMPLETE, !err && (iova_count(clone) == count + 1 ||
					  (frees && iova_count(clone) <= count)));
	if (err)
		return;
	check_find(clone, &is.one, rounded);
	use(clone, reference, (unsigned int)requests->event.cpu, pfn, size,
	    reference->lazy && !before.there);
}

void iova_clone_adopts(const struct iova_domain *domain,
		       const struct reference_iova *reference,
		       const struct requests *requests, struct heap *heap)
{
	struct iova_domain *clone;

	expect(MEMORY, !iova_clone(domain, &clone));
	/* what it flushes is not told to the domain that it came from */
	adopt(clone, reference, requests, heap);
	iova_domain_destroy(clone);
}
