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

#define MOST_FLUSHES 4 /* back that a flush may have run at another moment */
#define MOST_REPAIRS 8 /* flushes that ran elsewhere, to explain one answer */
#define WORTH_A_COPY 64 /* operations that are rather run again than kept a copy behind */

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
	uint64_t due = UINT64_MAX;
	unsigned int due_cpu = 0;
	uint64_t got;
	int r = 0;

	for (; at < flushes->end && !r; at++) {
		const struct iova_op *op = timeline_op(timeline, at);

		if (op->ns >= due)
			r = branch(flushes, domain, at, due_cpu);
		if (r ||
		    (due != UINT64_MAX &&
		     op->ns > due + flushes->early + timeline->options.slack) ||
		    !search_run(flushes->search, domain, op, &got))
			break;
		if (op->kind == IOVA_OP_RELEASE && due == UINT64_MAX) {
			due = timeline_due(timeline, op->ns) - flushes->early;
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
	int r;

	if (search_begin(&search, timeline, from))
		return -ENOMEM;
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

/* ---- other CPUs ---- */

/* Where @pfn was released last before operation @at; SIZE_MAX if that is not known. */
static size_t released_at(const struct timeline *timeline, const struct past *past,
			  size_t at, uint64_t pfn)
{
	while (at-- > past->from)
		if (timeline_op(timeline, at)->kind == IOVA_OP_RELEASE &&
		    timeline_op(timeline, at)->pfn == pfn)
			return at;
	return SIZE_MAX;
}

/* The timer that freed what was released at @at. */
static struct iova_timer *freed_by(struct past *past, size_t at)
{
	for (unsigned int i = 0; i < past->timers && at != SIZE_MAX; i++)
		if (past->timer[i].place > at)
			return &past->timer[i];
	return NULL;
}

static void repaired(struct timeline *timeline, const struct past *past)
{
	for (unsigned int i = 0; i < past->timers; i++)
		timeline->timer[timeline->timers - past->timers + i] = past->timer[i];
}

/**
 * struct repairs - one step on the way to a past that fits
 *
 * @past:	as it is believed in this step
 * @from:	it is the same as in the step before up to here
 * @shared:	and what is tried next is the same as @past up to here, if it has a domain
 * @left:	steps that may follow
 */
struct repairs {
	struct search *search;
	struct past past;
	const struct moment *from;
	struct moment shared;
	unsigned int left;
};

static int repair(struct repairs *now);

/* Where the next step begins, that changes nothing before @place. */
static int share(struct repairs *now, size_t place, const struct moment **ret)
{
	const struct moment *from = now->from;

	while (from->place > place)
		from = from->before;
	if (now->shared.domain && now->shared.place <= place &&
	    place - now->shared.place < WORTH_A_COPY)
		from = &now->shared;
	*ret = from;
	if (place - from->place < WORTH_A_COPY)
		return 0;
	iova_domain_destroy(now->shared.domain);
	now->shared = (struct moment){ .before = from, .place = place };
	*ret = &now->shared;
	return search_prepare(now->search, &now->past, from, place, &now->shared.domain);
}

/* The same with one of the timers, @which of the past, as @timer has it. */
static int repair_as(struct repairs *now, const struct iova_timer *which,
		     struct iova_timer timer)
{
	size_t place = which->place < timer.place ? which->place : timer.place;
	struct repairs next = {
		.search = now->search,
		.past = now->past,
		.left = now->left - 1,
	};
	int r;

	if (!now->search->budget)
		return 0;
	r = share(now, place < now->past.miss ? place : now->past.miss, &next.from);
	if (r)
		return r;
	next.past.timer[which - now->past.timer] = timer;
	r = repair(&next);
	iova_domain_destroy(next.shared.domain);
	return r;
}

/* What the kernel handed out was freed here, and was the last that was. */
static int repair_right(struct repairs *now, size_t right, size_t wrong)
{
	const struct timeline *timeline = now->search->timeline;
	const struct iova_op *miss = timeline_op(timeline, now->past.miss);
	struct iova_timer *timer = freed_by(&now->past, right), moved;
	int r = 0;

	if (!timer)
		return 0;
	moved = *timer;
	moved.cpu = miss->cpu;
	moved.alone = false;
	if (timer->cpu != miss->cpu || timer->alone)
		r = repair_as(now, timer, moved);
	moved.place = right + 1;
	moved.ns = timeline_op(timeline, right)->ns;
	if (!r && timer == freed_by(&now->past, wrong) && moved.place < timer->place)
		r = repair_as(now, timer, moved);
	return r;
}

/* What the model would have was not freed here. */
static int repair_wrong(struct repairs *now, size_t wrong)
{
	const struct timeline *timeline = now->search->timeline;
	const struct iova_op *miss = timeline_op(timeline, now->past.miss);
	unsigned int cpus = iova_cpus(timeline->now);
	struct iova_timer *timer = freed_by(&now->past, wrong), moved;
	int r;

	if (!timer)
		return 0;
	moved = *timer;
	moved.alone = !timer->alone;
	r = repair_as(now, timer, moved);
	moved.alone = false;
	for (unsigned int i = 1; timer->cpu == miss->cpu && i < cpus && !r; i++) {
		moved.cpu = (uint16_t)((timer->cpu + i) % cpus);
		r = repair_as(now, timer, moved);
	}
	return r;
}

/* The first wrong answer has its reason in what a timer freed here, or did not. */
static int repair(struct repairs *now)
{
	struct timeline *timeline = now->search->timeline;
	const struct past *past = &now->past;
	size_t right, wrong;
	int r = search_try_from(now->search, &now->past, now->from);

	if (r > 0)
		repaired(timeline, past);
	if (r || !now->left || !now->search->budget)
		return r;
	right = released_at(timeline, past, past->miss,
			    timeline_op(timeline, past->miss)->pfn);
	wrong = released_at(timeline, past, past->miss, past->got);
	r = repair_right(now, right, wrong);
	return r ? r : repair_wrong(now, wrong);
}

static int search_elsewhere(struct timeline *timeline)
{
	struct search search;
	struct repairs now = { .search = &search, .left = MOST_REPAIRS };
	struct moment from = { 0 };
	int r;

	if (!timeline->timers)
		return 0;
	from.place = timeline->timer[0].place;
	if (search_begin(&search, timeline, from.place))
		return -ENOMEM;
	from.domain = search.base;
	now.from = &from;
	past_init(&now.past, timeline, from.place);
	r = repair(&now);
	iova_domain_destroy(now.shared.domain);
	if (r > 0) {
		search_accept(&search, from.place);
		timeline_arm_again(timeline);
	}
	search_end(&search);
	return r;
}

int search_flushes(struct timeline *timeline)
{
	unsigned int timers = timeline->timers;
	int r = search_behind(timeline, timers, 0);

	if (!r)
		r = search_elsewhere(timeline);
	for (unsigned int back = 1; back <= timers && back <= MOST_FLUSHES && !r; back++)
		r = search_behind(timeline, timers - back, 0);
	for (unsigned int back = 0; back <= timers && back <= MOST_FLUSHES && !r; back++)
		r = search_behind(timeline, timers - back, timeline->options.tick);
	return r;
}
