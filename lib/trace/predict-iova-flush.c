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
			.ns = flushes->search->timeline->op[at].ns,
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
		const struct iova_op *op = &timeline->op[at];

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
		if (timeline->op[at].kind == IOVA_OP_RELEASE &&
		    timeline->op[at].pfn == pfn)
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

static int repair(struct search *search, struct past *past, unsigned int repairs);

/* The same with one of the timers, @which of @past, as @timer has it. */
static int repair_as(struct search *search, const struct past *past,
		     const struct iova_timer *which, struct iova_timer timer,
		     unsigned int repairs)
{
	struct past other = *past;

	other.timer[which - past->timer] = timer;
	return repair(search, &other, repairs);
}

/* What the kernel handed out was freed here, and was the last that was. */
static int repair_right(struct search *search, struct past *past, size_t right,
			size_t wrong, unsigned int repairs)
{
	const struct iova_op *miss = &search->timeline->op[past->miss];
	struct iova_timer *timer = freed_by(past, right), moved;
	int r = 0;

	if (!timer)
		return 0;
	moved = *timer;
	moved.cpu = miss->cpu;
	moved.alone = false;
	if (timer->cpu != miss->cpu || timer->alone)
		r = repair_as(search, past, timer, moved, repairs);
	moved.place = right + 1;
	moved.ns = search->timeline->op[right].ns;
	if (!r && timer == freed_by(past, wrong) && moved.place < timer->place)
		r = repair_as(search, past, timer, moved, repairs);
	return r;
}

/* What the model would have was not freed here. */
static int repair_wrong(struct search *search, struct past *past, size_t wrong,
			unsigned int repairs)
{
	const struct iova_op *miss = &search->timeline->op[past->miss];
	unsigned int cpus = iova_cpus(search->timeline->now);
	struct iova_timer *timer = freed_by(past, wrong), moved;
	int r;

	if (!timer)
		return 0;
	moved = *timer;
	moved.alone = !timer->alone;
	r = repair_as(search, past, timer, moved, repairs);
	moved.alone = false;
	for (unsigned int i = 1; timer->cpu == miss->cpu && i < cpus && !r; i++) {
		moved.cpu = (uint16_t)((timer->cpu + i) % cpus);
		r = repair_as(search, past, timer, moved, repairs);
	}
	return r;
}

/* The first wrong answer has its reason in what a timer freed here, or did not. */
static int repair(struct search *search, struct past *past, unsigned int repairs)
{
	const struct timeline *timeline = search->timeline;
	size_t right, wrong;
	int r = search_try(search, past);

	if (r > 0)
		repaired(search->timeline, past);
	if (r || !repairs || !search->budget)
		return r;
	right = released_at(timeline, past, past->miss, timeline->op[past->miss].pfn);
	wrong = released_at(timeline, past, past->miss, past->got);
	r = repair_right(search, past, right, wrong, repairs - 1);
	return r ? r : repair_wrong(search, past, wrong, repairs - 1);
}

static int search_elsewhere(struct timeline *timeline)
{
	struct search search;
	struct past past;
	size_t from;
	int r;

	if (!timeline->timers)
		return 0;
	from = timeline->timer[0].place;
	if (search_begin(&search, timeline, from))
		return -ENOMEM;
	past_init(&past, timeline, from);
	r = repair(&search, &past, MOST_REPAIRS);
	if (r > 0) {
		search_accept(&search, from);
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
