/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * predict-iova-timeline.h - what happened to a domain, and what else could have
 *
 * The operations on a domain in the order in which the model ran them, back to a copy
 * of the domain from before. So another order, or a timer that ran at another moment,
 * can be tried: on a copy, and every answer since must come out again.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "alloc/iova.h"

enum iova_op_kind {
	IOVA_OP_TAKE,
	IOVA_OP_RELEASE,
	IOVA_OP_FREE, /* at once, in a lazy domain too */
	IOVA_OP_TRIM, /* the depot's timer ran */
	IOVA_OP_NONE,
};

/**
 * struct iova_op - one operation on a domain
 *
 * @kind:	enum iova_op_kind
 * @low:	take: below 4 GiB first
 * @adopted:	take: the answer is not the model's
 * @late:	release: it happened up to a race behind @ns, and not just then
 * @stretched:	take: something came into its call, however long that took
 * @cpu:	where
 * @from:	take: where its task was seen before
 * @size:	granules; trim: of the depot's ranges
 * @pfn:	take: the kernel's answer, 0 for none; otherwise what is released
 * @limit:	take: the highest number
 * @since:	ns: it happened after this,
 * @ns:		about now
 * @number:	of the event
 */
struct iova_op {
	uint8_t kind;
	bool low;
	bool adopted;
	bool late : 1;
	bool stretched : 1;
	uint16_t cpu, from;
	uint64_t size;
	uint64_t pfn;
	uint64_t limit;
	uint64_t since;
	uint64_t ns;
	uint64_t number;
};

struct timeline;

/* Steps that searches may take before any operation has paid for some. */
#define TIMELINE_CREDIT 240000000

/**
 * struct timeline_options - what a timeline is of
 *
 * @domain:	the domain, the timeline's own from now on
 * @race:	ns that two operations may be apart and yet have happened the other way
 * @tick:	ns between two ticks of the kernel's timers
 * @slack:	ns that a timer may be late
 * @timeout:	ns after which the flush queue's timer runs; 0 where flushes are recorded
 * @trim:	ns after which a depot's timer runs; 0 where depots have none
 * @credit:	steps that searches may take, of all timelines that share it, so that time
 *		follows the length of a recording; NULL: the timeline's own
 */
struct timeline_options {
	struct iova_domain *domain;
	uint64_t race;
	uint64_t tick;
	uint64_t slack;
	uint64_t timeout;
	uint64_t trim;
	uint64_t *credit;
};

/** timeline_create() - 0 or -ENOMEM */
int timeline_create(const struct timeline_options *options, struct timeline **ret);
void timeline_destroy(struct timeline *timeline);

/** timeline_domain() - as it is after the last operation */
struct iova_domain *timeline_domain(struct timeline *timeline);

/**
 * timeline_put() - run one more, and what timers were due before it
 * @timeline:	the timeline
 * @op:		what
 * @ret:	take: set to the model's answer, 0 for none; may be NULL
 *
 * Where a take's answer is not @op->pfn, timeline_explain() must follow.
 *
 * Return: 0 or -ENOMEM.
 */
int timeline_put(struct timeline *timeline, const struct iova_op *op, uint64_t *ret);

/**
 * timeline_next() - the same in two steps: first run what timers are due
 * @timeline:	the timeline
 * @ns:		when the operation is
 * @ret:	set to where it is to be written
 *
 * Return: 0 or -ENOMEM.
 */
int timeline_next(struct timeline *timeline, uint64_t ns, struct iova_op **ret);

/** timeline_go() - then what was written there; the model's answer to a take */
uint64_t timeline_go(struct timeline *timeline, const struct iova_op *op);

/**
 * timeline_undo() - the last take did not happen then
 * @timeline:	the timeline, after a take whose answer is not the recorded one
 * @pfn:	that answer
 *
 * Return: 0 or -ENOMEM.
 */
int timeline_undo(struct timeline *timeline, uint64_t pfn);

/** timeline_would() - what a take would be answered now; @op->pfn if there is no credit */
int timeline_would(struct timeline *timeline, const struct iova_op *op, uint64_t *ret);

/**
 * timeline_begin() - this range was taken before the first operation
 *
 * Return: 0 or -ENOMEM.
 */
int timeline_begin(struct timeline *timeline, const struct iova_op *op);

/**
 * timeline_reserve() - these numbers were never to be had
 *
 * Return: 1, 0 where a range lies among them, or -ENOMEM.
 */
int timeline_reserve(struct timeline *timeline, uint64_t lo, uint64_t hi);

/** timeline_flush() - the queue's timer ran here; 0 or -ENOMEM */
int timeline_flush(struct timeline *timeline, unsigned int cpu, uint64_t ns);

/**
 * timeline_seeks_orders() - would timeline_explain() look for other orders of the past?
 *
 * Not where that was in vain too often: then it is not the order that is wrong.
 */
bool timeline_seeks_orders(const struct timeline *timeline);

/**
 * timeline_stretch() - something came into a take's call
 * @timeline:	the timeline
 * @number:	of the take's event; nothing is done where it is none of the last takes
 * @since:	ns: the take may have happened after this, before what came into the call
 */
void timeline_stretch(struct timeline *timeline, uint64_t number, uint64_t since);

/**
 * timeline_freed() - the flush that freed a range, as it is believed
 * @timeline:	the timeline
 * @pfn:	the range
 *
 * Return: place of the flush, from 0; SIZE_MAX where no release of @pfn is remembered, or
 * no flush behind it, or where there is no credit to look.
 */
size_t timeline_freed(struct timeline *timeline, uint64_t pfn);

/* What else must have happened. */
enum iova_change {
	IOVA_CHANGE_NONE,    /* nothing that was tried yields the answer: it is adopted */
	IOVA_CHANGE_EARLIER, /* the take came before an operation */
	IOVA_CHANGE_LATER,   /* it came after one that the recording has later */
	IOVA_CHANGE_MOVED,   /* the task took it where it was before */
	IOVA_CHANGE_FLUSH,   /* the queue's timer ran at another moment, or elsewhere */
	IOVA_CHANGE_TRIM,    /* the depot's timer ran */
	IOVA_CHANGE_ORDER,   /* two operations before it ran the other way round */
};

/**
 * struct iova_explanation - what yields a recorded answer
 *
 * @change:	what
 * @witness:	number of the operation that changed places, or of the one before which
 *		the timer ran
 * @ahead:	IOVA_CHANGE_LATER: which of those that were given
 * @given_up:	IOVA_CHANGE_NONE: there were more ways to try, but no credit
 */
struct iova_explanation {
	enum iova_change change;
	uint64_t witness;
	size_t ahead;
	bool given_up;
};

/**
 * timeline_explain() - find what yields the last take's recorded answer
 * @timeline:	the timeline, after a take with another answer
 * @wrong:	that answer
 * @called:	ns: the take may have happened here already, though nothing races so long
 * @ahead:	operations that are recorded later, and may have come before it
 * @count:	how many
 * @ret:	set to what was found; the timeline is now that one
 *
 * Return: 0, or -ENOMEM.
 */
int timeline_explain(struct timeline *timeline, uint64_t wrong, uint64_t called,
		     const struct iova_op *ahead, size_t count,
		     struct iova_explanation *ret);
