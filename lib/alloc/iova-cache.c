// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * iova-cache.c - what each CPU keeps of the ranges it was given back
 *
 * Two magazines a CPU and class, and behind them a depot of full ones that all CPUs
 * share: the same stacks as the kernel's, so that the same range comes out.
 *
 * Kernel counterpart: drivers/iommu/iova.c, from iova_magazine on (RULES.md I13-I17)
 */
#include "alloc/iova-domain.h"
#include "base/mutant.h"

#define DEPOT_ARRAY   32 /* magazines, where the depot is no list */
#define TRIM_INTERVAL 100000000ULL /* ns */

static struct magazine *magazine_create(struct iova_domain *domain)
{
	struct magazine *magazine = heap_alloc(domain->heap, 1, magazine_bytes(domain));

	if (magazine)
		domain->magazines++;
	return magazine;
}

static void magazine_destroy(struct iova_domain *domain, struct magazine *magazine)
{
	domain->magazines -= !!magazine;
	magazine_free(domain, magazine);
}

static void magazine_drain(struct iova_domain *domain, struct magazine *magazine)
{
	for (unsigned int i = 0; i < magazine->count; i++)
		iova_free(domain, magazine->pfn[i]);
	magazine->count = 0;
}

static void depot_push(struct depot *depot, struct magazine *magazine)
{
	magazine->next = depot->top;
	depot->top = magazine;
	depot->count++;
}

static struct magazine *depot_pop(struct depot *depot)
{
	struct magazine *magazine = depot->top;

	depot->top = magazine->next;
	depot->count--;
	return magazine;
}

static struct cpu_cache *cache_of(struct iova_domain *domain, unsigned int cpu,
				  unsigned int class)
{
	return &domain->cache[cpu * IOVA_CLASSES + class];
}

static void swap(struct cpu_cache *cache)
{
	struct magazine *loaded = cache->loaded;

	cache->loaded = cache->prev;
	cache->prev = loaded;
}

bool iova_cache_get(struct iova_domain *domain, unsigned int cpu, unsigned int class,
		    uint64_t highest, uint64_t *ret)
{
	struct cpu_cache *cache = cache_of(domain, cpu, class);
	struct magazine *magazine = cache->loaded;
	unsigned int at;

	if (!magazine || !magazine->count) {
		if (cache->prev && cache->prev->count) {
			swap(cache);
		} else if (domain->depot[class].top) {
			magazine_destroy(domain, magazine);
			cache->loaded = depot_pop(&domain->depot[class]);
		} else {
			return false;
		}
		magazine = cache->loaded;
	}

	/* Where all of this one are too high, the others are not looked at. */
	for (at = magazine->count; MUTANT(X09, magazine->pfn[at - 1] > highest, false);)
		if (!--at)
			return false;
	*ret = magazine->pfn[at - 1];
	magazine->pfn[at - 1] = magazine->pfn[--magazine->count];
	return true;
}

/* The first range of a CPU and class: the kernel has made these two beforehand. */
static bool cache_init(struct iova_domain *domain, struct cpu_cache *cache)
{
	if (!cache->prev)
		cache->prev = magazine_create(domain);
	if (!cache->loaded)
		cache->loaded = magazine_create(domain);
	return cache->prev && cache->loaded;
}

static void set_timer(struct iova_domain *domain, unsigned int class, uint64_t due)
{
	domain->depot[class].due = due;
	domain->trims &= ~(1U << class);
	domain->trims |= (unsigned int)(due != NEVER) << class;
}

/* Both magazines are full: one goes to the depot, or where that is full to the set. */
static bool cache_displace(struct iova_domain *domain, struct cpu_cache *cache,
			   unsigned int class, struct magazine **surplus)
{
	struct depot *depot = &domain->depot[class];
	struct magazine *empty = magazine_create(domain);

	if (!empty)
		return false;
	if (domain->rules->iova_depot_is_list || depot->count < DEPOT_ARRAY) {
		depot_push(depot, cache->loaded);
		if (domain->rules->iova_depot_is_list && depot->due == NEVER) {
			set_timer(domain, class, domain->now + TRIM_INTERVAL);
			iova_due(domain, depot->due);
		}
	} else {
		*surplus = cache->loaded;
	}
	cache->loaded = empty;
	return true;
}

bool iova_cache_put(struct iova_domain *domain, unsigned int cpu, unsigned int class,
		    uint64_t pfn)
{
	struct cpu_cache *cache = cache_of(domain, cpu, class);
	struct magazine *surplus = NULL;

	if ((!cache->loaded || !cache->prev) && !cache_init(domain, cache))
		return false;
	if (cache->loaded->count == domain->magazine) {
		if (cache->prev->count < domain->magazine)
			swap(cache);
		else if (!cache_displace(domain, cache, class, &surplus))
			return false;
	}
	cache->loaded->pfn[cache->loaded->count++] = pfn;
	if (surplus) {
		magazine_drain(domain, surplus);
		magazine_destroy(domain, surplus);
	}
	return true;
}

/* The kernel empties an array from its beginning: what came first goes first. */
static void depot_turn(struct depot *depot)
{
	struct magazine *turned = NULL, *magazine;

	while (depot->top) {
		magazine = depot->top;
		depot->top = magazine->next;
		magazine->next = turned;
		turned = magazine;
	}
	depot->top = turned;
}

static void depot_drain(struct iova_domain *domain, struct depot *depot)
{
	struct magazine *magazine;

	if (!domain->rules->iova_depot_is_list)
		depot_turn(depot);
	while (depot->top) {
		magazine = depot_pop(depot);
		magazine_drain(domain, magazine);
		magazine_destroy(domain, magazine);
	}
}

void iova_cache_drain(struct iova_domain *domain)
{
	for (unsigned int i = 0; i < MUTANT(E06a, domain->cpus, 1) * IOVA_CLASSES; i++) {
		if (domain->cache[i].loaded)
			magazine_drain(domain, domain->cache[i].loaded);
		if (domain->cache[i].prev)
			magazine_drain(domain, domain->cache[i].prev);
	}
	for (unsigned int class = 0; class < MUTANT(E06b, IOVA_CLASSES, 0); class++)
		depot_drain(domain, &domain->depot[class]);
}

void iova_depot_trim(struct iova_domain *domain, unsigned int class)
{
	struct depot *depot = &domain->depot[class];
	struct magazine *magazine;
	uint64_t due = depot->due;

	set_timer(domain, class, NEVER);
	if (depot->count <= domain->cpus)
		return;
	magazine = depot_pop(depot);
	magazine_drain(domain, magazine);
	magazine_destroy(domain, magazine);
	set_timer(domain, class, due + TRIM_INTERVAL);
}

static void magazine_walk(const struct magazine *magazine, iova_cache_visitor *visit,
			  void *arg)
{
	for (unsigned int i = 0; magazine && i < magazine->count; i++)
		visit(magazine->pfn[i], arg);
}

void iova_cache_walk(const struct iova_domain *domain, iova_cache_visitor *visit, void *arg)
{
	for (unsigned int i = 0; i < domain->cpus * IOVA_CLASSES; i++) {
		const struct cpu_cache *cache = &domain->cache[i];

		magazine_walk(cache->loaded, visit, arg);
		magazine_walk(cache->prev, visit, arg);
	}
	for (unsigned int class = 0; class < IOVA_CLASSES; class++)
		for (const struct magazine *full = domain->depot[class].top; full;
		     full = full->next)
			magazine_walk(full, visit, arg);
}

bool iova_cache_valid(const struct iova_domain *domain)
{
	for (unsigned int class = 0; class < IOVA_CLASSES; class++) {
		const struct depot *depot = &domain->depot[class];
		unsigned int count = 0;

		for (const struct magazine *full = depot->top; full; full = full->next)
			count += full->count == domain->magazine;
		if (count != depot->count)
			return false;
		if (!domain->rules->iova_depot_is_list && count > DEPOT_ARRAY)
			return false;
	}
	for (unsigned int i = 0; i < domain->cpus * IOVA_CLASSES; i++) {
		const struct cpu_cache *cache = &domain->cache[i];

		if ((cache->loaded && cache->loaded->count > domain->magazine) ||
		    (cache->prev && cache->prev->count > domain->magazine))
			return false;
	}
	return true;
}

void iova_cache_deinit(struct iova_domain *domain)
{
	for (unsigned int i = 0; i < domain->cpus * IOVA_CLASSES; i++) {
		magazine_free(domain, domain->cache[i].loaded);
		magazine_free(domain, domain->cache[i].prev);
	}
	for (unsigned int class = 0; class < IOVA_CLASSES; class++)
		while (domain->depot[class].top)
			magazine_free(domain, depot_pop(&domain->depot[class]));
}
