// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * reference-iova.c - an IOVA domain the plain way (RULES.md I1-I19, I29-I32)
 */
#include <assert.h>
#include <string.h>

#include "reference-iova.h"
#include "reference.h"

REFERENCE_BEGIN

#define MS	 1000000ULL
#define TOP	 (~0ULL)
#define NO_TIMER (~0ULL)

/* Only what counts is cleared: the arrays are large. */
void reference_iova_init(struct reference_iova *ref, bool is_list, unsigned int cpus,
			 uint64_t start, uint64_t pfn32)
{
	assert(cpus <= REFERENCE_IOVA_CPUS);
	ref->is_list = is_list;
	ref->cpus = cpus;
	ref->full = 127;
	ref->span = ref->room + REFERENCE_IOVA_RANGES;
	ref->spans = 0;
	ref->start = start;
	ref->pfn32 = ref->max32 = pfn32;
	ref->cached = ref->cached32 = (struct span){ TOP, TOP };
	ref->lazy = ref->shared = ref->grown = false;
	ref->flushes = ref->now = 0;
	ref->timer = NO_TIMER;
	memset(ref->trim, 0xff, sizeof(ref->trim));
	memset(ref->depots, 0, sizeof(ref->depots));
	memset(ref->queued, 0, sizeof(ref->queued));
	for (unsigned int cpu = 0; cpu < REFERENCE_IOVA_CPUS; cpu++)
		for (int class = 0; class < REFERENCE_IOVA_CLASSES; class++)
			ref->loaded[cpu][class].count = ref->prev[cpu][class].count = 0;
}

void reference_iova_set_lazy(struct reference_iova *ref, bool shared)
{
	ref->lazy = true;
	ref->shared = shared;
	ref->slots = shared ? REFERENCE_IOVA_QUEUE : 256;
}

/* ---- the ranges ---- */

static struct span at_index(const struct reference_iova *ref, unsigned int at)
{
	return at < ref->spans ? ref->span[at] : (struct span){ TOP, TOP };
}

/* The first range that does not begin below @lo. */
static unsigned int index_of(const struct reference_iova *ref, uint64_t lo)
{
	unsigned int from = 0, to = ref->spans;

	while (from < to) {
		unsigned int middle = (from + to) / 2;

		if (ref->span[middle].lo < lo)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

/* Most come and go at the lower end: those of the shorter side make way. */
static void put(struct reference_iova *ref, struct span span)
{
	unsigned int at = index_of(ref, span.lo);

	assert(ref->spans < REFERENCE_IOVA_RANGES);
	assert(span.hi < at_index(ref, at).lo && (!at || ref->span[at - 1].hi < span.lo));
	if (at < ref->spans / 2 && ref->span > ref->room) {
		ref->span--;
		memmove(ref->span, ref->span + 1, at * sizeof(span));
	} else {
		assert(ref->span + ref->spans < ref->room + 2 * REFERENCE_IOVA_RANGES);
		memmove(ref->span + at + 1, ref->span + at,
			(ref->spans - at) * sizeof(span));
	}
	ref->span[at] = span;
	ref->spans++;
}

static void take_out(struct reference_iova *ref, unsigned int at)
{
	if (at < ref->spans / 2)
		memmove(ref->span + 1, ref->span, at * sizeof(*ref->span));
	else
		memmove(ref->span + at, ref->span + at + 1,
			(ref->spans - at - 1) * sizeof(*ref->span));
	ref->span += at < ref->spans / 2;
	ref->spans--;
}

/* Walk down from a range: I7. Returns the address, or 0. */
static uint64_t walk(const struct reference_iova *ref, unsigned int at, uint64_t size,
		     uint64_t high, uint64_t low)
{
	uint64_t align = 1, address;

	while (align < size)
		align *= 2;
	for (;; at--) {
		high = at_index(ref, at).lo < high ? at_index(ref, at).lo : high;
		if (high < size)
			return 0;
		address = (high - size) & -align;
		if (address < low)
			return 0;
		if (!at || address > ref->span[at - 1].hi)
			return address;
	}
}

uint64_t reference_iova_alloc(struct reference_iova *ref, uint64_t size, uint64_t limit)
{
	uint64_t end = limit + 1, address;
	struct span from = end <= ref->pfn32 ? ref->cached32 : ref->cached;

	if (end <= ref->pfn32 && size >= ref->max32)
		return 0;
	address = walk(ref, index_of(ref, from.lo), size, end, ref->start);
	if (!address && from.hi < end)
		address = walk(ref, index_of(ref, end), size, end, from.hi + 1);
	if (!address) {
		ref->max32 = size;
		return 0;
	}
	put(ref, (struct span){ address, address + size - 1 });
	if (address + size - 1 < ref->pfn32)
		ref->cached32 = (struct span){ address, address + size - 1 };
	else
		ref->cached = (struct span){ address, address + size - 1 };
	return address;
}

bool reference_iova_free(struct reference_iova *ref, uint64_t pfn)
{
	unsigned int at = index_of(ref, pfn);
	struct span span, next;

	if (at_index(ref, at).lo != pfn) {
		if (!at || ref->span[at - 1].hi < pfn)
			return false;
		at--;
	}
	span = ref->span[at];
	next = at_index(ref, at + 1);
	if (span.lo == ref->cached32.lo ||
	    (span.hi < ref->pfn32 && span.lo >= ref->cached32.lo))
		ref->cached32 = next;
	if (span.lo < ref->pfn32)
		ref->max32 = ref->pfn32;
	if (span.lo >= ref->cached.lo)
		ref->cached = next;
	take_out(ref, at);
	return true;
}

/* I12: gaps are taken by the range that follows them, the last one by a new range. */
void reference_iova_reserve(struct reference_iova *ref, uint64_t lo, uint64_t hi)
{
	for (unsigned int at = 0; at < ref->spans && lo <= hi; at++) {
		struct span *span = &ref->span[at];

		if (span->hi < lo || span->lo > hi)
			continue;
		if (lo < span->lo) {
			if (ref->cached.lo == span->lo)
				ref->cached.lo = lo;
			if (ref->cached32.lo == span->lo)
				ref->cached32.lo = lo;
			span->lo = lo;
			ref->grown = true;
		}
		lo = span->hi + 1;
	}
	if (lo <= hi)
		put(ref, (struct span){ lo, hi });
}

bool reference_iova_fits(const struct reference_iova *ref, uint64_t size, uint64_t limit)
{
	uint64_t from = ref->start, align = 1;

	while (align < size)
		align *= 2;
	for (unsigned int at = 0; at <= ref->spans; at++) {
		uint64_t end = at_index(ref, at).lo;
		unsigned __int128 address = (unsigned __int128)from + (-from & (align - 1));

		if (end > limit)
			end = limit + 1;
		if (address + size <= end)
			return true;
		if (at == ref->spans || end > limit)
			break;
		from = ref->span[at].hi + 1 > from ? ref->span[at].hi + 1 : from;
	}
	return false;
}

/* ---- the caches ---- */

static int class_of(uint64_t size)
{
	int class = 0;

	while (class < REFERENCE_IOVA_CLASSES && 1ULL << class < size)
		class++;
	return class;
}

static void empty(struct reference_iova *ref, struct magazine_stack *stack)
{
	for (unsigned int i = 0; i < stack->count; i++)
		reference_iova_free(ref, stack->pfn[i]);
	stack->count = 0;
}

static void drain(struct reference_iova *ref)
{
	for (unsigned int cpu = 0; cpu < ref->cpus; cpu++) {
		for (int class = 0; class < REFERENCE_IOVA_CLASSES; class++) {
			empty(ref, &ref->loaded[cpu][class]);
			empty(ref, &ref->prev[cpu][class]);
		}
	}
	for (int class = 0; class < REFERENCE_IOVA_CLASSES; class++) {
		unsigned int full = ref->depots[class];

		for (unsigned int i = 0; i < full; i++)
			empty(ref, &ref->depot[class][ref->is_list ? full - 1 - i : i]);
		ref->depots[class] = 0;
	}
}

static void exchange(struct magazine_stack *a, struct magazine_stack *b)
{
	struct magazine_stack kept = *a;

	*a = *b;
	*b = kept;
}

void reference_iova_free_fast(struct reference_iova *ref, unsigned int cpu, uint64_t pfn,
			      uint64_t size)
{
	int class = class_of(size);
	struct magazine_stack *loaded, *prev, surplus = { .count = 0 };

	if (class >= REFERENCE_IOVA_CLASSES) {
		reference_iova_free(ref, pfn);
		return;
	}
	loaded = &ref->loaded[cpu][class];
	prev = &ref->prev[cpu][class];
	if (loaded->count == ref->full && prev->count < ref->full) {
		exchange(loaded, prev);
	} else if (loaded->count == ref->full) {
		if (!ref->is_list && ref->depots[class] == 32)
			surplus = *loaded;
		else
			ref->depot[class][ref->depots[class]++] = *loaded;
		assert(ref->depots[class] < REFERENCE_IOVA_DEPOT);
		if (ref->is_list && ref->trim[class] == NO_TIMER)
			ref->trim[class] = ref->now + 100 * MS;
		loaded->count = 0;
	}
	loaded->pfn[loaded->count++] = pfn;
	empty(ref, &surplus);
}

uint64_t reference_iova_alloc_fast(struct reference_iova *ref, unsigned int cpu,
				   uint64_t size, uint64_t limit, bool flush)
{
	int class = class_of(size);
	uint64_t address;

	if (class < REFERENCE_IOVA_CLASSES) {
		struct magazine_stack *loaded = &ref->loaded[cpu][class];

		size = 1ULL << class;
		if (!loaded->count && ref->prev[cpu][class].count)
			exchange(loaded, &ref->prev[cpu][class]);
		else if (!loaded->count && ref->depots[class])
			*loaded = ref->depot[class][--ref->depots[class]];
		for (int i = (int)loaded->count - 1; i >= 0; i--) {
			/* wraps where the size is beyond the limit: I16 */
			if (loaded->pfn[i] > limit + 1 - size)
				continue;
			address = loaded->pfn[i];
			loaded->pfn[i] = loaded->pfn[--loaded->count];
			return address;
		}
	}
	address = reference_iova_alloc(ref, size, limit);
	if (address || !flush)
		return address;
	drain(ref);
	return reference_iova_alloc(ref, size, limit);
}

/* ---- the queue, and time ---- */

static void leave_queue(struct reference_iova *ref, unsigned int ring, unsigned int cpu)
{
	struct waiting *queue = ref->queue + ring * 256;
	unsigned int gone = 0;

	while (gone < ref->queued[ring] && queue[gone].counter < ref->flushes) {
		reference_iova_free_fast(ref, cpu, queue[gone].pfn, queue[gone].size);
		gone++;
	}
	ref->queued[ring] -= gone;
	if (gone)
		memmove(queue, queue + gone, ref->queued[ring] * sizeof(*queue));
}

void reference_iova_release(struct reference_iova *ref, unsigned int cpu, uint64_t pfn,
			    uint64_t size)
{
	unsigned int ring = ref->shared ? 0 : cpu;

	if (!ref->lazy) {
		reference_iova_free_fast(ref, cpu, pfn, size);
		return;
	}
	leave_queue(ref, ring, cpu);
	if (ref->queued[ring] == ref->slots - 1) {
		ref->flushes++;
		leave_queue(ref, ring, cpu);
	}
	ref->queue[ring * 256 + ref->queued[ring]++] =
		(struct waiting){ pfn, size, ref->flushes };
	if (ref->timer == NO_TIMER) {
		ref->timer = ref->now + (ref->shared ? 1000 : 10) * MS;
		ref->timer_cpu = cpu;
	}
}

static void trim(struct reference_iova *ref, int class)
{
	uint64_t due = ref->trim[class];

	ref->trim[class] = NO_TIMER;
	if (ref->depots[class] <= ref->cpus)
		return;
	ref->depots[class]--;
	empty(ref, &ref->depot[class][ref->depots[class]]);
	ref->trim[class] = due + 100 * MS;
}

void reference_iova_advance(struct reference_iova *ref, uint64_t now)
{
	for (;;) {
		uint64_t due = ref->timer;
		int which = REFERENCE_IOVA_CLASSES;

		for (int class = 0; class < REFERENCE_IOVA_CLASSES; class++) {
			if (ref->trim[class] < due) {
				due = ref->trim[class];
				which = class;
			}
		}
		if (due > now || due == NO_TIMER)
			break;
		ref->now = due;
		if (which < REFERENCE_IOVA_CLASSES) {
			trim(ref, which);
			continue;
		}
		ref->timer = NO_TIMER;
		ref->flushes++;
		for (unsigned int ring = 0; ring < (ref->shared ? 1 : ref->cpus); ring++)
			leave_queue(ref, ring, ref->timer_cpu);
	}
	ref->now = now > ref->now ? now : ref->now;
}

REFERENCE_END
