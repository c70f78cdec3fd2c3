// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * shim.c - what of the shim is not inline
 */
#include "shim.h"

unsigned int shim_cpu, shim_cpus = 1;
unsigned long shim_now;
struct delayed_work *shim_works;
struct timer_list *shim_timer;

void *shim_percpu_alloc(size_t size)
{
	return calloc(SHIM_CPUS, (size + 63) & ~63UL);
}

struct kmem_cache *shim_cache_create(size_t size)
{
	struct kmem_cache *cache = calloc(1, sizeof(*cache));

	if (!cache)
		abort();
	cache->size = (size + 63) & ~63UL;
	return cache;
}

/* A slab of a page, or eight objects; all of its pieces become free, first first. */
void shim_cache_grow(struct kmem_cache *cache)
{
	size_t size = cache->size * 8 > PAGE_SIZE ? cache->size * 8 : PAGE_SIZE;
	char *slab = aligned_alloc(PAGE_SIZE, (size + PAGE_SIZE - 1) & PAGE_MASK);

	if (!slab)
		abort();
	for (size_t at = size / cache->size; at-- > 0;)
		kmem_cache_free(cache, slab + at * cache->size);
}

void shim_work_init(struct delayed_work *work, void (*func)(struct work_struct *work))
{
	work->work.func = func;
	work->due = 0;
	work->next = shim_works;
	shim_works = work;
}

void shim_work_cancel(struct delayed_work *work)
{
	struct delayed_work **link = &shim_works;

	while (*link && *link != work)
		link = &(*link)->next;
	if (*link)
		*link = work->next;
}

/* The earliest; of those due at once the one that was made first. */
static struct delayed_work *earliest_work(unsigned long now)
{
	struct delayed_work *found = NULL;

	for (struct delayed_work *work = shim_works; work; work = work->next)
		if (work->due && work->due <= now && (!found || work->due <= found->due))
			found = work;
	return found;
}

void shim_advance(unsigned long now)
{
	for (;;) {
		struct delayed_work *work = earliest_work(now);
		struct timer_list *timer = shim_timer;
		unsigned int cpu = shim_cpu;

		if (timer && timer->due && timer->due <= now &&
		    (!work || timer->due <= work->due)) {
			shim_now = timer->due;
			timer->due = 0;
			shim_cpu = timer->cpu;
			timer->func(timer);
			shim_cpu = cpu;
		} else if (work) {
			shim_now = work->due;
			work->due = 0;
			work->work.func(&work->work);
		} else {
			break;
		}
	}
	shim_now = now;
}
