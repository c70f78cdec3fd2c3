// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * iova-follow.c - to follow a kernel whose answers are known
 *
 * Whoever compares the model with a recording tries what else could have happened on
 * a clone, and where nothing tells how the kernel came to its answer, adopts it.
 */
#include <errno.h>
#include <string.h>

#include "alloc/iova-domain.h"
#include "base/bits.h"

/* Of a magazine only what it holds is copied: many are tried for each that is kept. */
static struct magazine *magazine_clone(struct iova_domain *domain,
				       const struct magazine *of)
{
	char *place = domain->piece + domain->magazines * magazine_bytes(domain);
	struct magazine *magazine = (struct magazine *)place;

	if (!of)
		return NULL;
	magazine->count = of->count;
	magazine->next = NULL;
	memcpy(magazine->pfn, of->pfn, of->count * sizeof(of->pfn[0]));
	domain->magazines++;
	return magazine;
}

static void depot_clone(struct iova_domain *domain, const struct depot *of,
			struct depot *depot)
{
	struct magazine **end = &depot->top;

	for (const struct magazine *it = of->top; it; it = it->next) {
		*end = magazine_clone(domain, it);
		depot->count++;
		end = &(*end)->next;
	}
	depot->due = of->due;
}

/* All magazines are one piece of memory; there is one at least. */
static int cache_clone(struct iova_domain *domain, const struct iova_domain *of)
{
	domain->piece_size = (of->magazines + 1) * magazine_bytes(of);
	domain->piece = heap_resize(domain->heap, NULL, 1, domain->piece_size);
	if (!domain->piece) {
		domain->piece_size = 0;
		return -ENOMEM;
	}
	for (unsigned int i = 0; i < of->cpus * IOVA_CLASSES; i++) {
		domain->cache[i].loaded = magazine_clone(domain, of->cache[i].loaded);
		domain->cache[i].prev = magazine_clone(domain, of->cache[i].prev);
	}
	for (unsigned int class = 0; class < IOVA_CLASSES; class ++)
		depot_clone(domain, &of->depot[class], &domain->depot[class]);
	return 0;
}

int iova_clone(const struct iova_domain *of, struct iova_domain **ret)
{
	size_t caches = (size_t)of->cpus * IOVA_CLASSES * sizeof(struct cpu_cache);
	struct iova_domain *domain = heap_alloc(of->heap, 1, sizeof(*domain) + caches);

	if (!domain)
		return -ENOMEM;
	*domain = *of;
	domain->ranges = domain->reserved = NULL;
	domain->queue = NULL;
	domain->piece = NULL;
	domain->magazines = domain->piece_size = 0;
	memset(domain->depot, 0, sizeof(domain->depot));
	if (ranges_clone(of->ranges, &domain->ranges) ||
	    ranges_clone(of->reserved, &domain->reserved) || cache_clone(domain, of) ||
	    (of->queue && iova_queue_clone(of->heap, of->queue, &domain->queue))) {
		iova_domain_destroy(domain);
		return -ENOMEM;
	}
	*ret = domain;
	return 0;
}

/* ---- to adopt an answer ---- */

static bool magazine_has(const struct magazine *magazine, uint64_t pfn)
{
	for (unsigned int i = magazine ? magazine->count : 0; i-- > 0;)
		if (magazine->pfn[i] == pfn)
			return true;
	return false;
}

static void magazine_take(struct magazine *magazine, uint64_t pfn)
{
	unsigned int i = magazine->count;

	while (magazine->pfn[--i] != pfn)
		;
	magazine->pfn[i] = magazine->pfn[--magazine->count];
}

/* Another CPU; one whose magazines are not full, if there is any: the depot gets none. */
static unsigned int find_other(const struct iova_domain *domain, unsigned int cpu,
			       unsigned int class)
{
	for (unsigned int i = 1; i < domain->cpus; i++) {
		unsigned int other = (cpu + i) % domain->cpus;
		const struct cpu_cache *cache = &domain->cache[other * IOVA_CLASSES + class];

		if (!cache->loaded || !cache->prev ||
		    cache->loaded->count < domain->magazine ||
		    cache->prev->count < domain->magazine)
			return other;
	}
	return (cpu + 1) % domain->cpus;
}

static bool flushes_elsewhere(const struct iova_domain *domain)
{
	return domain->queue && domain->cpus > 1;
}

/* Of a lazy domain: what @magazine has from place @at on a flush freed on another CPU. */
static void shed(struct iova_domain *domain, unsigned int cpu, unsigned int class,
		 struct magazine *magazine, unsigned int at)
{
	unsigned int end = magazine->count;

	if (!flushes_elsewhere(domain))
		return;
	magazine->count = at;
	/* where memory is short the rest stays where it is */
	for (; at < end; at++)
		if (!iova_cache_put(domain, find_other(domain, cpu, class), class,
				    magazine->pfn[at]))
			magazine->pfn[magazine->count++] = magazine->pfn[at];
}

/* What the model has above @pfn the kernel would have handed out before it. */
static void shed_above(struct iova_domain *domain, unsigned int cpu, unsigned int class,
		       uint64_t pfn)
{
	struct magazine *loaded = domain->cache[cpu * IOVA_CLASSES + class].loaded;
	unsigned int at = loaded->count;

	while (loaded->pfn[at - 1] != pfn)
		at--;
	shed(domain, cpu, class, loaded, at);
}

/* Where memory is short what is left of a magazine goes to @cpu, or is free. */
static void shed_depot(struct iova_domain *domain, unsigned int cpu, unsigned int class)
{
	struct depot *depot = &domain->depot[class];
	struct magazine *magazine = depot->top;

	if (!flushes_elsewhere(domain))
		return;
	depot->top = NULL;
	depot->count = 0;
	while (magazine) {
		struct magazine *next = magazine->next;

		shed(domain, cpu, class, magazine, 0);
		for (unsigned int i = 0; i < magazine->count; i++)
			if (!iova_cache_put(domain, cpu, class, magazine->pfn[i]))
				iova_free(domain, magazine->pfn[i]);
		domain->magazines--;
		magazine_free(domain, magazine);
		magazine = next;
	}
}

/* A range that nobody had yet: of the CPU's magazines and the depot's none was left. */
static void shed_all(struct iova_domain *domain, unsigned int cpu, unsigned int class)
{
	struct cpu_cache *cache = &domain->cache[cpu * IOVA_CLASSES + class];

	if (cache->prev)
		shed(domain, cpu, class, cache->prev, 0);
	if (cache->loaded)
		shed(domain, cpu, class, cache->loaded, 0);
	shed_depot(domain, cpu, class);
}

static void swap(struct magazine **one, struct magazine **other)
{
	struct magazine *magazine = *one;

	*one = *other;
	*other = magazine;
}

/* One of the depot's is loaded, and what was loaded goes where it was, if it has any. */
static void depot_load(struct iova_domain *domain, struct depot *depot,
		       struct magazine **at, struct cpu_cache *cache)
{
	struct magazine *magazine = *at, *loaded = cache->loaded;

	if (loaded && loaded->count) {
		loaded->next = magazine->next;
		*at = loaded;
	} else {
		*at = magazine->next;
		depot->count--;
		domain->magazines -= !!loaded;
		magazine_free(domain, loaded);
	}
	magazine->next = NULL;
	cache->loaded = magazine;
}

/* Another CPU's magazine, or the depot's, and this one's loaded change places. */
static bool cache_load(struct iova_domain *domain, unsigned int cpu, unsigned int class,
		       uint64_t pfn)
{
	struct cpu_cache *own = &domain->cache[cpu * IOVA_CLASSES + class];
	struct depot *depot = &domain->depot[class];

	for (unsigned int i = 0; i < domain->cpus; i++) {
		struct cpu_cache *cache =
			&domain->cache[(cpu + i) % domain->cpus * IOVA_CLASSES + class];

		if (magazine_has(cache->loaded, pfn)) {
			swap(&cache->loaded, &own->loaded);
			return true;
		}
		if (magazine_has(cache->prev, pfn)) {
			swap(&cache->prev, &own->loaded);
			return true;
		}
	}
	for (struct magazine **at = &depot->top; *at; at = &(*at)->next)
		if (magazine_has(*at, pfn)) {
			depot_load(domain, depot, at, own);
			return true;
		}
	return false;
}

static bool cache_adopt(struct iova_domain *domain, unsigned int cpu, unsigned int class,
			uint64_t pfn)
{
	if (!cache_load(domain, cpu, class, pfn))
		return false;
	shed_above(domain, cpu, class, pfn);
	magazine_take(domain->cache[cpu * IOVA_CLASSES + class].loaded, pfn);
	return true;
}

/* The ring's entries up to that of @pfn have waited for the flush that freed it. */
static bool ring_take(struct iova_domain *domain, unsigned int cpu, struct ring *ring,
		      uint64_t pfn)
{
	unsigned int mask = domain->queue->slots - 1, at = ring->head;

	while (at != ring->tail && ring->entry[at].pfn != pfn)
		at = (at + 1) & mask;
	if (at == ring->tail)
		return false;
	for (; ring->head != at; ring->head = (ring->head + 1) & mask)
		iova_free_fast(domain, cpu, ring->entry[ring->head].pfn,
			       ring->entry[ring->head].size);
	ring->head = (at + 1) & mask;
	return true;
}

static bool queue_adopt(struct iova_domain *domain, unsigned int cpu, uint64_t pfn)
{
	struct iova_queue *queue = domain->queue;

	for (unsigned int i = 0; queue && i < queue->rings; i++)
		if (ring_take(domain, cpu, &queue->ring[i], pfn))
			return true;
	return false;
}

int iova_adopt(struct iova_domain *domain, unsigned int cpu, uint64_t size, uint64_t pfn)
{
	unsigned int class = log2_up(size);
	struct range range, *cached;
	int r;

	cpu %= domain->cpus;
	if (class < IOVA_CLASSES)
		size = 1UL << class;
	if (!ranges_find(domain->ranges, pfn, &range)) {
		if (range.lo != pfn || range.hi != pfn + size - 1)
			return -EEXIST;
		if (class < IOVA_CLASSES && cache_adopt(domain, cpu, class, pfn))
			return 0;
		return queue_adopt(domain, cpu, pfn) ? 0 : -EEXIST;
	}
	range = (struct range) { pfn, pfn + size - 1 };
	r = ranges_insert(domain->ranges, range);
	if (r)
		return r;
	if (class < IOVA_CLASSES)
		shed_all(domain, cpu, class);
	cached = range.hi < domain->pfn32 ? &domain->cached32 : &domain->cached;
	*cached = range;
	return 0;
}

void iova_trim(struct iova_domain *domain, uint64_t size)
{
	unsigned int class = log2_up(size);

	if (class < IOVA_CLASSES && domain->rules->iova_depot_is_list)
		iova_depot_trim(domain, class);
}

unsigned int iova_trims(const struct iova_domain *domain)
{
	return domain->trims; /* sizes are powers of two */
}

size_t iova_waiting(const struct iova_domain *domain)
{
	const struct iova_queue *queue = domain->queue;
	size_t count = 0;

	for (unsigned int i = 0; queue && i < queue->rings; i++)
		count += (queue->ring[i].tail - queue->ring[i].head) & (queue->slots - 1);
	return count;
}

void iova_queued_late(struct iova_domain *domain, unsigned int cpu, unsigned int count)
{
	struct iova_queue *queue = domain->queue;
	struct ring *ring;
	unsigned int at;

	if (!queue)
		return;
	ring = iova_queue_ring(queue, cpu);
	for (at = ring->tail; count-- && at != ring->head;) {
		at = (at - 1) & (queue->slots - 1);
		ring->entry[at].counter = queue->started + 1;
	}
}

bool iova_will_flush(const struct iova_domain *domain, unsigned int cpu)
{
	struct iova_queue *queue = domain->queue;
	const struct ring *ring = queue ? iova_queue_ring(queue, cpu) : NULL;

	return ring && iova_ring_is_full(queue, ring) &&
	       ring->entry[ring->head].counter >= queue->finished;
}

unsigned int iova_shift(const struct iova_domain *domain)
{
	return domain->shift;
}

unsigned int iova_cpus(const struct iova_domain *domain)
{
	return domain->cpus;
}

uint64_t iova_flushes(const struct iova_domain *domain)
{
	return domain->queue ? domain->queue->finished : 0;
}
