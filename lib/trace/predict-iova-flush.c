// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * predict-iova-flush.c - flushes of a lazy domain at other moments, on other CPUs
 *
 * Nothing in a recording of tracepoints tells when the queue's timer ran and where. It
 * ran about the tick after its timeout, mostly where it was set. What it freed is handed
 * out on that CPU, the newest first, which tells where it was and when; in part at once,
 * in part much later.
 */
#include <errno.h>
#include <stdlib.h>

#include "trace/predict-iova-history.h"

#define MOST_FLUSHES 4			     /* back that a flush may have run at another moment */
#define WAYS	     (3 + 2 * MOST_FLUSHES) /* to look for them: search_way() */
#define FIRST_SLICE  60000		     /* steps for each way, and then so many times more */
#define MORE_SLICE   8
#define FOR_RARE     4 /* of the steps one in so many is kept for what is rare */

/* ---- other moments ---- */

/**
 * struct flushes - the flushes from some moment on, as they may have been
 *
 * @timer:	those that the way so far has
 * @timers:	how many
 * @early:	ns that a timer may run before it is due
 * @end:	operations; the last is the one to explain
 */
struct flushes {
	struct search *search;
	struct iova_timer timer[MOST_FLUSHES + 1];
	unsigned int timers;
	uint64_t early;
	size_t end;
};

static int follow(struct flushes *flushes, struct iova_domain *domain, size_t at);

/* The timer runs before operation @at, here or there. */
static int branch(struct flushes *flushes, const struct iova_domain *domain, size_t at,
		  unsigned int due_cpu)
{
	unsigned int cpus = iova_cpus(domain), ways = 2 * cpus;
	struct iova_domain *branched;
	int r = 0;

	if (flushes->timers > MOST_FLUSHES)
		return 0;
	for (unsigned int way = 0; way < ways && !r && flushes->search->budget; way++) {
		struct iova_timer *timer = &flushes->timer[flushes->timers];

		*timer = (struct iova_timer) {
			.place = at,
			.cpu = (uint16_t)((due_cpu + way) % cpus),
			.alone = way >= cpus,
			.ns = timeline_op(flushes->search->timeline, at)->ns,
		};
		if (search_copy(flushes->search, domain, &branched))
			return -ENOMEM;
		timeline_run_timer(branched, timer);
		flushes->timers++;
		r = follow(flushes, branched, at);
		flushes->timers -= !r;
	}
	return r;
}

/*
 * From operation @at on, with the timer not set before it: 1 if a way was found on
 * which all answers come out. The domain is used up.
 */
static int follow(struct flushes *flushes, struct iova_domain *domain, size_t at)
{
	const struct timeline *timeline = flushes->search->timeline;
	uint64_t due = UINT64_MAX, late = 0;
	unsigned int due_cpu = 0;
	uint64_t got;
	int r = 0;

	for (; at < flushes->end && !r; at++) {
		const struct iova_op *op = timeline_op(timeline, at);

		if (op->ns >= due)
			r = branch(flushes, domain, at, due_cpu);
		if (op->ns >= due && op->ns - due > flushes->early)
			late += timeline_passed(timeline, at);
		if (r || late > timeline->options.slack ||
		    !search_run(flushes->search, domain, op, &got))
			break;
		if (op->kind == IOVA_OP_RELEASE && due == UINT64_MAX) {
			due = timeline_due(timeline, op->ns,
					   timeline->options.timeout) -
			      flushes->early;
			due_cpu = op->cpu;
		}
	}
	if (r || at < flushes->end) {
		iova_domain_destroy(domain);
		return r;
	}
	iova_domain_destroy(flushes->search->found);
	flushes->search->found = domain;
	return 1;
}

/* The timers from number @first on become those of the way that was found. */
static void accept_flushes(const struct flushes *flushes, unsigned int first)
{
	struct timeline *timeline = flushes->search->timeline;

	timeline->timers = first;
	for (unsigned int i = 0; i < flushes->timers; i++)
		timeline->timer[timeline->timers++] = flushes->timer[i];
	search_accept(flushes->search, flushes->search->from);
	timeline_arm_again(timeline);
}

/* All flushes up to number @first are right, those behind may be wrong. */
static int search_behind(struct timeline *timeline, unsigned int first, uint64_t early)
{
	struct flushes flushes = { .end = timeline->count, .early = early };
	struct search search;
	struct iova_domain *domain;
	size_t from = first ? timeline->timer[first - 1].place : 0;
	int r = search_begin(&search, timeline, from);

	if (r <= 0)
		return r;
	if (first)
		timeline_run_timer(search.base, &timeline->timer[first - 1]);
	domain = search.base;
	search.base = NULL;
	flushes.search = &search;
	r = follow(&flushes, domain, from);
	if (r > 0 && first + flushes.timers > TIMELINE_TIMERS)
		r = 0;
	if (r > 0)
		accept_flushes(&flushes, first);
	search_end(&search);
	return r;
}

/* ---- all of it ---- */

/**
 * struct slice - so many steps for each way, before a way gets more
 *
 * @each:	so many
 * @rest:	what is left besides
 * @cut:	one had too few
 */
struct slice {
	struct timeline *timeline;
	uint64_t each, rest;
	bool cut;
};

static void slice_begin(struct slice *slice)
{
	slice->timeline->left = slice->rest < slice->each ? slice->rest : slice->each;
	slice->rest -= slice->timeline->left;
	slice->timeline->lacked = false;
}

static void slice_end(struct slice *slice)
{
	slice->cut |= slice->timeline->lacked;
	slice->rest += slice->timeline->left;
}

/* The likeliest first; nobody can know which is the shortest. */
static int search_way(struct timeline *timeline, unsigned int way)
{
	unsigned int back = way > 1 ? way - 1 : 0;
	uint64_t early = 0;

	if (way == 1)
		return search_repairs(timeline);
	if (back > MOST_FLUSHES) {
		back -= MOST_FLUSHES + 1;
		early = timeline_early(timeline);
	}
	if (back > timeline->timers)
		return 0;
	return search_behind(timeline, timeline->timers - back, early);
}

static int search_ways(struct slice *slice)
{
	int r = 0;

	slice->cut = false;
	for (unsigned int way = 0; way < WAYS && !r; way++) {
		slice_begin(slice);
		r = search_way(slice->timeline, way);
		slice_end(slice);
	}
	return r;
}

/* With so many steps, of which what is not taken is put back. */
static int search_slices(struct timeline *timeline, uint64_t steps)
{
	struct slice slice = { timeline, FIRST_SLICE, steps, true };
	uint64_t kept = timeline->left - steps;
	bool lacked = timeline->lacked;
	int r = 0;

	for (; slice.cut && slice.each / MORE_SLICE < steps && !r; slice.each *= MORE_SLICE)
		r = search_ways(&slice);
	timeline->left = slice.rest + kept;
	timeline->lacked = lacked || slice.cut;
	return r;
}

int search_flushes(struct timeline *timeline)
{
	int r;

	timeline->rare = false;
	r = search_slices(timeline, timeline->left - timeline->left / FOR_RARE);
	if (r)
		return r;
	timeline->rare = true;
	return search_slices(timeline, timeline->left);
}
