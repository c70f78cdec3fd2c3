// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * leaks.c - what a trace leaves mapped, and which of it nobody will give back
 *
 * Only what is live is kept, and a few numbers a site. When the survivors of a site
 * began tells a leak from a working set: a leak goes on all the time.
 *
 * Kernel counterpart: none; 7.2's skipped unmaps are RULES.md Y11
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <libdma/leaks.h>

#include "check/check.h"
#include "dma/live.h"

#define OVERDUE_TIMES  4 /* the longest life that a site has shown */
#define GROWING_LEAST  8 /* overdue, and in at least */
#define GROWING_SLICES 6 /* of the slices */

/* A device, as far as it is judged by. */
struct owner {
	struct interval by_number;
	uint64_t allocs, freed; /* live, and given back so far */
	uint64_t last_free_ns, last_begin_ns, gone_ns;
	uint64_t strangers;
	bool gone, skip_sync, has_skip_sync;
};

struct site {
	struct interval by_key;
	uint32_t device, stack;
	uint16_t kind;
	uint8_t dir, size_class;
	struct libdma_leak leak;
};

struct libdma_leaks {
	struct libdma_leaks_options options;
	struct live *live;
	struct intervals owners, sites;
	const struct libdma_strings *strings; /* of the events, or NULL */
	uint64_t first_ns, last_ns, lost_ns;
	bool begun, lost;
	uint64_t strangers;
	size_t left; /* sites with some left, while they are judged */
};

const char *libdma_leak_verdict_name(enum libdma_leak_verdict verdict)
{
	static const char *const names[] = { "in-use", "skipped", "lost",
					     "old",    "growing", "left" };

	return verdict < LIBDMA_LEAK_VERDICTS ? names[verdict] : NULL;
}

const char *libdma_leak_verdict_reason(enum libdma_leak_verdict verdict)
{
	static const char *const reasons[] = {
		"nothing says that it is not in use",
		"this driver need not unmap on this kernel",
		"events were lost since, and its end may be one of them",
		"it is older than you said it should get",
		"ever more of it began all the time, and it is older than any that ended",
		"its driver has gone, or has given back all other memory, and not this",
	};

	return verdict < LIBDMA_LEAK_VERDICTS ? reasons[verdict] : NULL;
}

struct libdma_leaks *libdma_leaks_create(const struct libdma_leaks_options *options)
{
	struct libdma_leaks *leaks = calloc(1, sizeof(*leaks));

	if (!leaks)
		return NULL;
	leaks->options = *options;
	leaks->live = live_create();
	if (leaks->live)
		return leaks;
	free(leaks);
	return NULL;
}

void libdma_leaks_destroy(struct libdma_leaks *leaks)
{
	struct interval *it;

	if (!leaks)
		return;
	while ((it = leaks->owners.root)) {
		intervals_remove(&leaks->owners, it);
		free(member_of(it, struct owner, by_number));
	}
	while ((it = leaks->sites.root)) {
		intervals_remove(&leaks->sites, it);
		free(member_of(it, struct site, by_key));
	}
	live_destroy(leaks->live);
	free(leaks);
}

static struct owner *owner_of(struct libdma_leaks *leaks, uint32_t device)
{
	struct interval *at = intervals_at(&leaks->owners, device);
	struct owner *owner;

	if (at)
		return member_of(at, struct owner, by_number);
	owner = calloc(1, sizeof(*owner));
	if (!owner)
		return NULL;
	owner->by_number.start = owner->by_number.last = device;
	intervals_add(&leaks->owners, &owner->by_number);
	return owner;
}

int libdma_leaks_environment(struct libdma_leaks *leaks,
			     const struct libdma_environment *environment,
			     struct libdma_strings *strings)
{
	leaks->strings = strings;
	for (size_t i = 0; i < environment->devices; i++) {
		const struct libdma_device_environment *known = &environment->device[i];
		struct owner *owner;
		uint32_t number;

		if (known->origin.skip_sync != LIBDMA_GIVEN)
			continue;
		if (libdma_strings_add(strings, known->name, strlen(known->name),
				       &number))
			return -ENOMEM;
		owner = owner_of(leaks, number);
		if (!owner)
			return -ENOMEM;
		owner->has_skip_sync = true;
		owner->skip_sync = known->skip_sync;
	}
	return 0;
}

void libdma_leaks_lost(struct libdma_leaks *leaks)
{
	leaks->lost = true;
	leaks->lost_ns = leaks->last_ns;
}

/*
 * Sites
 */

static uint64_t begin_bytes(const struct dma_event *begin)
{
	uint64_t bytes = begin->size;

	if (begin->kind != DMA_EVENT_MAP_SG || bytes || !begin->dma_size_list)
		return bytes;
	for (uint32_t i = 0; i < begin->dma_count; i++)
		bytes += begin->dma_size_list[i];
	return bytes;
}

static uint8_t size_class(uint64_t size)
{
	return size ? (uint8_t)(64 - __builtin_clzll(size)) : 0;
}

static uint64_t site_key(const struct site *site)
{
	uint64_t key = (uint64_t)site->device << 32 | site->stack;

	key ^= ((uint64_t)site->kind << 16 | (uint64_t)site->dir << 8 |
		site->size_class) *
	       0x9e3779b97f4a7c15;
	return key;
}

static bool is_same_site(const struct site *a, const struct site *b)
{
	return a->device == b->device && a->stack == b->stack && a->kind == b->kind &&
	       a->dir == b->dir && a->size_class == b->size_class;
}

/* The site of a beginning, made if it is new; NULL without memory. */
static struct site *site_of(struct libdma_leaks *leaks, const struct dma_event *begin)
{
	struct site wanted = { .device = begin->device,
			       .stack = begin->stack,
			       .kind = begin->kind,
			       .dir = begin->dir };
	struct interval *at;
	struct site *site;

	if (!begin->stack)
		wanted.size_class = size_class(begin_bytes(begin));
	wanted.by_key.start = wanted.by_key.last = site_key(&wanted);
	for (at = intervals_at(&leaks->sites, wanted.by_key.start); at;
	     at = intervals_newer(at))
		if (is_same_site(member_of(at, struct site, by_key), &wanted))
			return member_of(at, struct site, by_key);
	site = calloc(1, sizeof(*site));
	if (!site)
		return NULL;
	*site = wanted;
	intervals_add(&leaks->sites, &site->by_key);
	return site;
}

static int note_begin(struct libdma_leaks *leaks, struct owner *owner,
		      const struct dma_event *begin)
{
	struct site *site = site_of(leaks, begin);

	if (!site)
		return -ENOMEM;
	site->leak.begun++;
	owner->last_begin_ns = begin->ns;
	owner->gone = false;
	owner->allocs += libdma_event_kind_class(begin->kind) == DMA_CLASS_ALLOC;
	return 0;
}

static int note_end(struct libdma_leaks *leaks, struct owner *owner,
		    const struct dma_event *begin, const struct dma_event *end)
{
	struct site *site = site_of(leaks, begin);
	uint64_t lived = end->ns > begin->ns ? end->ns - begin->ns : 0;

	if (!site)
		return -ENOMEM;
	site->leak.ended++;
	if (lived > site->leak.longest_ns)
		site->leak.longest_ns = lived;
	if (libdma_event_kind_class(begin->kind) != DMA_CLASS_ALLOC)
		return 0;
	owner->allocs -= owner->allocs > 0;
	owner->freed++;
	owner->last_free_ns = end->ns;
	return 0;
}

/* What befalls a device; a driver that has gone may come back. */
static void note_device(struct owner *owner, const struct dma_event *event)
{
	bool bare = !event->name && !event->mask && !event->max_segment_size;

	if (event->kind == DMA_EVENT_IOMMU_REMOVE_DEVICE_FROM_GROUP ||
	    (event->kind == DMA_EVENT_DEVICE && bare)) {
		owner->gone = true;
		owner->gone_ns = event->ns;
	} else if (event->kind == DMA_EVENT_DEVICE) {
		owner->has_skip_sync = true;
		owner->skip_sync = event->flags & DMA_EVENT_SKIP_SYNC;
	}
}

/* May what is live have ended among the events that were lost? */
static bool may_end(const struct libdma_leaks *leaks, const struct dma_event *lost)
{
	return !leaks->strings ||
	       libdma_probe_is_end(libdma_strings_get(leaks->strings, lost->name));
}

int libdma_leaks_put(struct libdma_leaks *leaks, const struct dma_event *event)
{
	const struct mapping *mapping;
	struct owner *owner;
	int change;

	/* events of several CPUs may come a little out of order */
	if (!leaks->begun || event->ns < leaks->first_ns)
		leaks->first_ns = event->ns;
	leaks->begun = true;
	if (event->ns > leaks->last_ns)
		leaks->last_ns = event->ns;
	if (event->kind == DMA_EVENT_LOST && may_end(leaks, event))
		libdma_leaks_lost(leaks);
	if (!event->device)
		return 0;
	owner = owner_of(leaks, event->device);
	if (!owner)
		return -ENOMEM;
	note_device(owner, event);
	change = live_apply(leaks->live, event, &mapping);
	if (change < 0)
		return change;
	if (change == LIVE_STRANGER) {
		owner->strangers++;
		leaks->strangers++;
	}
	if (change == LIVE_BEGUN || change == LIVE_AGAIN)
		return note_begin(leaks, owner, &mapping->event);
	return change == LIVE_ENDED ? note_end(leaks, owner, &mapping->event, event) : 0;
}

uint64_t libdma_leaks_strangers(const struct libdma_leaks *leaks, uint32_t device)
{
	struct interval *at = intervals_at(&leaks->owners, device);

	if (!device)
		return leaks->strangers;
	return at ? member_of(at, struct owner, by_number)->strangers : 0;
}

/*
 * The end
 */

/* Has the driver gone, or given back all it had allocated, and done nothing since? */
static bool is_left(const struct owner *owner, const struct dma_event *begin)
{
	if (owner->gone && begin->ns <= owner->gone_ns)
		return true;
	return owner->freed && !owner->allocs && begin->ns <= owner->last_free_ns &&
	       owner->last_begin_ns <= owner->last_free_ns;
}

static bool may_skip(const struct libdma_leaks *leaks, const struct owner *owner,
		     const struct dma_event *begin)
{
	return unmap_may_be_skipped(kernel_rules(leaks->options.kernel), begin) &&
	       (owner->skip_sync || !owner->has_skip_sync);
}

/* Growth is seen when all of a site is known. */
static enum libdma_leak_verdict judge(const struct libdma_leaks *leaks,
				      const struct owner *owner,
				      const struct dma_event *begin, uint64_t age)
{
	if (may_skip(leaks, owner, begin))
		return LIBDMA_LEAK_SKIPPED;
	if (leaks->lost && begin->ns <= leaks->lost_ns)
		return LIBDMA_LEAK_LOST;
	if (is_left(owner, begin))
		return LIBDMA_LEAK_LEFT;
	if (leaks->options.older_ns && age >= leaks->options.older_ns)
		return LIBDMA_LEAK_OLD;
	return LIBDMA_LEAK_IN_USE;
}

static void add_survivor(struct libdma_leak *leak, const struct dma_event *begin,
			 uint64_t times, uint64_t age)
{
	uint64_t bytes = begin_bytes(begin);

	if (!leak->count || age > leak->oldest_ns) {
		leak->oldest = *begin;
		leak->oldest.dma = libdma_event_dma(begin);
		leak->oldest.phys_list = leak->oldest.dma_list = NULL;
		leak->oldest.size_list = leak->oldest.dma_size_list = NULL;
		leak->oldest_ns = age;
	}
	if (!leak->count || age < leak->youngest_ns)
		leak->youngest_ns = age;
	if (!leak->count || bytes < leak->smallest)
		leak->smallest = bytes;
	if (bytes > leak->largest)
		leak->largest = bytes;
	leak->count += times;
	leak->bytes += bytes * times;
}

/* Add one that is live to what is left of its site. */
static int look_at(const struct mapping *mapping, void *arg)
{
	const struct dma_event *begin = &mapping->event;
	struct libdma_leaks *leaks = arg;
	struct site *site = site_of(leaks, begin);
	struct owner *owner = owner_of(leaks, begin->device);
	uint64_t age = leaks->last_ns > begin->ns ? leaks->last_ns - begin->ns : 0;
	uint64_t length = leaks->last_ns - leaks->first_ns, slice;
	enum libdma_leak_verdict verdict;

	if (!site || !owner)
		return -ENOMEM;
	leaks->left += !site->leak.count;
	add_survivor(&site->leak, begin, mapping->times, age);
	verdict = judge(leaks, owner, begin, age);
	if (verdict > site->leak.verdict)
		site->leak.verdict = verdict;
	if (site->leak.ended && age / OVERDUE_TIMES <= site->leak.longest_ns)
		return 0;
	slice = (begin->ns - leaks->first_ns) / (length / LIBDMA_LEAK_SLICES + 1);
	site->leak.overdue += mapping->times;
	site->leak.births[slice] += mapping->times;
	return 0;
}

/* What is overdue began in most slices; the last ones are often too young for it. */
static void judge_growth(const struct libdma_leaks *leaks, struct libdma_leak *leak)
{
	double seconds = (double)(leaks->last_ns - leaks->first_ns) / 1e9;
	unsigned int slices = 0;

	for (unsigned int i = 0; i < LIBDMA_LEAK_SLICES; i++)
		slices += leak->births[i] > 0;
	if (leak->overdue < GROWING_LEAST || slices < GROWING_SLICES)
		return;
	leak->slope = seconds > 0 ? (double)leak->overdue / seconds : 0;
	if (leak->verdict == LIBDMA_LEAK_IN_USE || leak->verdict == LIBDMA_LEAK_OLD)
		leak->verdict = LIBDMA_LEAK_GROWING;
}

static int compare(const void *a, const void *b)
{
	const struct libdma_leak *x = a, *y = b;

	if (x->verdict != y->verdict)
		return x->verdict > y->verdict ? -1 : 1;
	if (x->bytes != y->bytes)
		return x->bytes > y->bytes ? -1 : 1;
	return (x->oldest.number > y->oldest.number) -
	       (x->oldest.number < y->oldest.number);
}

/* What an earlier conclusion found is forgotten. */
static void forget(struct libdma_leaks *leaks)
{
	struct interval *it = intervals_first(&leaks->sites, 0, UINT64_MAX);

	for (; it; it = intervals_next(it, 0, UINT64_MAX)) {
		struct libdma_leak *leak = &member_of(it, struct site, by_key)->leak;

		*leak = (struct libdma_leak) { .begun = leak->begun,
					       .ended = leak->ended,
					       .longest_ns = leak->longest_ns };
	}
	leaks->left = 0;
}

int libdma_leaks_conclude(struct libdma_leaks *leaks, struct libdma_leak **ret,
			  size_t *count)
{
	struct interval *it;
	int err;

	forget(leaks);
	err = live_walk(leaks->live, look_at, leaks);
	if (err)
		return err;
	*ret = calloc(leaks->left + 1, sizeof(**ret));
	if (!*ret)
		return -ENOMEM;
	*count = 0;
	it = intervals_first(&leaks->sites, 0, UINT64_MAX);
	for (; it; it = intervals_next(it, 0, UINT64_MAX)) {
		struct libdma_leak *leak = &member_of(it, struct site, by_key)->leak;

		if (!leak->count)
			continue;
		judge_growth(leaks, leak);
		(*ret)[(*count)++] = *leak;
	}
	qsort(*ret, *count, sizeof(**ret), compare);
	return 0;
}
