/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * predict-iova-history.h - the inside of a timeline, for its files alone
 */
#pragma once

#include "trace/predict-iova-timeline.h"

#define TIMELINE_TIMERS 64
#define TIMELINE_WALK	8   /* operations that are looked at in a step */
#define TIMELINE_VAIN	32  /* searches of a sort in vain, in a row: it is looked for no more */
#define TIMELINE_COPY	500 /* steps of a copy of the domain, and one for each four ranges */

/**
 * struct iova_timer - the flush queue's timer, when it ran
 *
 * @place:	before this operation
 * @cpu:	where
 * @alone:	the other CPUs freed what they had queued
 * @late:	so many releases on @late_cpu before it were queued while the flush ran
 * @ns:		when
 */
struct iova_timer {
	size_t place;
	uint16_t cpu, late_cpu;
	bool alone;
	uint8_t late;
	uint64_t ns;
};

/**
 * struct timeline - see predict-iova-timeline.h
 *
 * @now:	the domain after the last operation
 * @first:	before op[0]
 * @middle:	before op[half], or NULL
 * @op:		ring of the operations, @room of them: timeline_op()
 * @start:	where the oldest of them is
 * @count:	how many there are
 * @step:	how many lie between two copies
 * @quiet:	while there are fewer, the next needs neither room nor another copy
 * @timer:	in the order of their places
 * @low:	the highest number below 4 GiB
 * @due:	ns, when the flush queue's timer runs next, UINT64_MAX if it is not set
 * @trims:	iova_trims() of @now, as far as known,
 * @trim_due:	ns: when each of these timers runs, UINT64_MAX if it is not set,
 * @next_trim:	and the first of them
 * @soonest:	the first of all these timers
 * @forgotten:	operations before op[0]
 * @paid:	operations that have paid for searches
 * @own:	the credit where none was given
 * @left:	steps that the explanation that is looked for may take
 * @lacked:	it could not be looked for everywhere
 * @vain_orders, @vain_trims: how often in a row search_orders() and search_trims() found
 *		nothing
 * @rare:	what is rare is looked for as well: a machine that was stopped between
 *		operations, a flush that took long
 */
struct timeline {
	struct timeline_options options;
	struct iova_domain *now, *first, *middle;
	struct iova_op *op;
	size_t start, count, room, half, step, quiet;
	struct iova_timer timer[TIMELINE_TIMERS];
	unsigned int timers;
	uint64_t low;
	uint64_t due;
	uint16_t due_cpu;
	unsigned int trims;
	uint64_t trim_due[IOVA_CLASSES], next_trim;
	uint64_t soonest;
	uint64_t forgotten, paid;
	uint64_t own, left;
	unsigned int vain_orders, vain_trims;
	bool lacked;
	bool rare;
};

/* Operation @at, from 0; its place lasts until the next timeline_put(). */
static inline struct iova_op *timeline_op(const struct timeline *timeline, size_t at)
{
	size_t place = timeline->start + at;

	return &timeline->op[place < timeline->room ? place : place - timeline->room];
}

/*
 * ns that passed before operation @at. A machine that was stopped for long runs its
 * timers long after they were due: of a pause only a tick counts then.
 */
static inline uint64_t timeline_passed(const struct timeline *timeline, size_t at)
{
	uint64_t ns = at ? timeline_op(timeline, at)->ns - timeline_op(timeline, at - 1)->ns : 0;

	return !timeline->rare || ns < timeline->options.tick ? ns : timeline->options.tick;
}

/* ns that a timer may run before it seems due: where it is set jiffies may lag behind. */
static inline uint64_t timeline_early(const struct timeline *timeline)
{
	return timeline->options.tick * (timeline->rare ? 2 : 1);
}

void timeline_earn(struct timeline *timeline);

/* Pay for what is looked for; false, and nothing is left, where the credit is too low. */
static inline bool timeline_pay(struct timeline *timeline, uint64_t steps)
{
	uint64_t *credit = timeline->options.credit;
	bool enough = *credit >= steps;

	*credit -= enough ? steps : *credit;
	return enough;
}

static inline uint64_t timeline_copy_cost(const struct timeline *timeline)
{
	return TIMELINE_COPY + iova_count(timeline->now) / 4;
}

/* Run an operation on a domain; a take's answer, 0 for none. */
uint64_t timeline_run(const struct timeline *timeline, struct iova_domain *domain,
		      const struct iova_op *op);
void timeline_run_timer(struct iova_domain *domain, const struct iova_timer *timer);

/* When a timer runs that is set now, for so long. */
uint64_t timeline_due(const struct timeline *timeline, uint64_t ns, uint64_t timeout);

/* Another copy was made, or given up, or there is more room. */
void timeline_plan(struct timeline *timeline);

/* The timer of the depot of a size runs then. */
void timeline_set_trim(struct timeline *timeline, unsigned int depot, uint64_t due);

/* The same from all operations since that timer ran last. */
void timeline_arm_again(struct timeline *timeline);

/* Put an operation before another, or take it out again; there is room for one. */
void timeline_insert(struct timeline *timeline, size_t place, const struct iova_op *op);
void timeline_remove(struct timeline *timeline, size_t place);

/* ---- what else could have been: predict-iova-search.c ---- */

/**
 * struct past - one that could have been
 *
 * @from:	another from this operation on
 * @early:	the last operation ran before this one; its own place if it did not
 * @ahead:	what ran before the last, or NULL
 * @timer:	the timers from @from on
 * @miss:	where it was run: the first operation whose answer is not the recorded one
 * @got:	and its answer
 * @full:	a queue had no room until then, and was flushed without a timer
 */
struct past {
	size_t from;
	size_t early;
	const struct iova_op *ahead;
	struct iova_timer timer[TIMELINE_TIMERS];
	unsigned int timers;
	size_t miss;
	uint64_t got;
	bool full;
};

/**
 * struct search - the way to an explanation
 *
 * @base:	the domain before operation @from
 * @flushes:	of its queue until then
 * @found:	the domain as it is now after a past that fits, NULL until one does
 * @budget:	steps that may be taken
 * @price:	of a copy of the domain
 * @each:	of an operation
 */
struct search {
	struct timeline *timeline;
	struct iova_domain *base;
	uint64_t flushes;
	size_t from;
	struct iova_domain *found;
	uint64_t budget;
	uint64_t price, each;
};

/* Begin with the domain as it was before @from; 1, 0 where that costs too much, -ENOMEM. */
int search_begin(struct search *search, struct timeline *timeline, size_t from);
void search_end(struct search *search);

int search_copy(struct search *search, const struct iova_domain *domain,
		struct iova_domain **ret);

/* Once more: does the recorded answer come out? @got is what does. */
bool search_run(struct search *search, struct iova_domain *domain,
		const struct iova_op *op, uint64_t *got);

/* The past as it is believed, from @from on. */
void past_init(struct past *past, const struct timeline *timeline, size_t from);

/* 1 if every answer comes out: then it is what was found; 0, or -ENOMEM. */
int search_try(struct search *search, struct past *past);

/**
 * struct moment - up to here several pasts are the same
 *
 * @before:	an earlier one, or NULL
 * @domain:	as it is then: before operation @place, and before the timers there
 */
struct moment {
	const struct moment *before;
	struct iova_domain *domain;
	size_t place;
};

/* The same, but what comes before @from is the same as there, and is not run again. */
int search_try_from(struct search *search, struct past *past, const struct moment *from);

/* Such a domain, of a past whose answers come out up to @place; 0 or -ENOMEM. */
int search_prepare(struct search *search, const struct past *past,
		   const struct moment *from, size_t place, struct iova_domain **ret);

/* What was found is so from now on; it differs from operation @changed on. */
void search_accept(struct search *search, size_t changed);

/*
 * predict-iova-trim.c: a depot's timer that ran already, or not yet; or any of the last at
 * another moment, unless that was in vain too often. 1, 0 or -ENOMEM.
 */
int search_trim(struct timeline *timeline);
int search_trims(struct timeline *timeline);

/* predict-iova-repair.c: what the wrong answers themselves say; 1, 0 or -ENOMEM */
int search_repairs(struct timeline *timeline);

/* predict-iova-flush.c: flushes at other moments, on other CPUs; 1, 0 or -ENOMEM */
int search_flushes(struct timeline *timeline);

/*
 * predict-iova-order.c: a take before the last ran before what is recorded before it.
 * 1, and @witness is the number of its event; 0, also where timeline_seeks_orders() does
 * not hold; or -ENOMEM.
 */
int search_orders(struct timeline *timeline, uint64_t *witness);
