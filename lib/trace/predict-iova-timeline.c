// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * predict-iova-timeline.c - what happened to a domain
 *
 * Two copies of the domain trail behind, so that there is always one from before the
 * last operations: as many as there are ranges, which makes the copies cheap.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/large.h"
#include "base/prefetch.h"
#include "trace/predict-iova-history.h"

#define LEAST_OPS 1024 /* between two copies */
#define INCOME	  4000 /* steps of searches that each operation pays for */
#define NEAR	  8    /* operations ahead, whose places are asked for */

static int copy_now(struct timeline *timeline, struct iova_domain **ret)
{
	timeline->step = iova_count(timeline->now);
	if (timeline->step < LEAST_OPS)
		timeline->step = LEAST_OPS;
	return iova_clone(timeline->now, ret);
}

int timeline_create(const struct timeline_options *options, struct timeline **ret)
{
	struct timeline *timeline = calloc(1, sizeof(*timeline));

	if (!timeline)
		return -ENOMEM;
	timeline->options = *options;
	timeline->now = options->domain;
	timeline->low = UINT32_MAX >> iova_shift(options->domain);
	timeline->due = timeline->next_trim = timeline->soonest = UINT64_MAX;
	for (unsigned int i = 0; i < IOVA_CLASSES; i++)
		timeline->trim_due[i] = UINT64_MAX;
	timeline->own = TIMELINE_CREDIT;
	if (!timeline->options.credit)
		timeline->options.credit = &timeline->own;
	if (copy_now(timeline, &timeline->first)) {
		free(timeline);
		return -ENOMEM;
	}
	*ret = timeline;
	return 0;
}

void timeline_destroy(struct timeline *timeline)
{
	if (!timeline)
		return;
	iova_domain_destroy(timeline->now);
	iova_domain_destroy(timeline->first);
	iova_domain_destroy(timeline->middle);
	free(timeline->op);
	free(timeline);
}

struct iova_domain *timeline_domain(struct timeline *timeline)
{
	return timeline->now;
}

/* ---- operations ---- */

static inline uint64_t take(struct iova_domain *domain, const struct iova_op *op,
			    uint64_t low)
{
	uint64_t pfn;

	if (op->low && op->limit > low &&
	    !iova_alloc_fast(domain, op->cpu, op->size, low, false, &pfn))
		return pfn;
	if (!iova_alloc_fast(domain, op->cpu, op->size, op->limit, true, &pfn))
		return pfn;
	return 0;
}

static inline uint64_t run(struct iova_domain *domain, const struct iova_op *op,
			   uint64_t low)
{
	switch (op->kind) {
	case IOVA_OP_TAKE:
		return take(domain, op, low);
	case IOVA_OP_RELEASE:
		iova_release(domain, op->cpu, op->pfn, op->size);
		break;
	case IOVA_OP_FREE:
		iova_free_fast(domain, op->cpu, op->pfn, op->size);
		break;
	case IOVA_OP_TRIM:
		iova_trim(domain, op->size);
		break;
	}
	return op->pfn;
}

uint64_t timeline_run(const struct timeline *timeline, struct iova_domain *domain,
		      const struct iova_op *op)
{
	return run(domain, op, timeline->low);
}

void timeline_run_timer(struct iova_domain *domain, const struct iova_timer *timer)
{
	if (timer->late)
		iova_queued_late(domain, timer->late_cpu, timer->late);
	iova_expire(domain, timer->cpu, timer->alone);
}

void timeline_plan(struct timeline *timeline)
{
	size_t copy = timeline->half + timeline->step;

	/* an explanation may put one more among them */
	timeline->quiet = timeline->room ? timeline->room - 1 : 0;
	if (timeline->quiet > copy)
		timeline->quiet = copy;
}

static int grow(struct timeline *timeline)
{
	/* up to where the next copy is made */
	size_t needed = timeline->half + timeline->step + 2;
	size_t room = timeline->room + timeline->room / 4;
	struct iova_op *op;

	if (room < needed)
		room = needed;
	op = large_alloc((room + NEAR) * sizeof(*op));
	if (!op)
		return -ENOMEM;
	for (size_t i = 0; i < timeline->count; i++)
		op[i] = *timeline_op(timeline, i);
	free(timeline->op);
	timeline->op = op;
	timeline->start = 0;
	timeline->room = room;
	return 0;
}

/* Forget the first @count operations, and the timers before them. */
static void forget(struct timeline *timeline, size_t count)
{
	unsigned int kept = 0;

	timeline->count -= count;
	timeline->forgotten += count;
	timeline->start += count;
	if (timeline->start >= timeline->room)
		timeline->start -= timeline->room;
	for (unsigned int i = 0; i < timeline->timers; i++) {
		if (timeline->timer[i].place < count)
			continue;
		timeline->timer[kept] = timeline->timer[i];
		timeline->timer[kept++].place -= count;
	}
	timeline->timers = kept;
}

void timeline_insert(struct timeline *timeline, size_t place, const struct iova_op *op)
{
	for (size_t at = timeline->count++; at > place; at--)
		*timeline_op(timeline, at) = *timeline_op(timeline, at - 1);
	*timeline_op(timeline, place) = *op;
	for (unsigned int i = 0; i < timeline->timers; i++)
		timeline->timer[i].place += timeline->timer[i].place > place;
}

void timeline_remove(struct timeline *timeline, size_t place)
{
	for (size_t at = place; at + 1 < timeline->count; at++)
		*timeline_op(timeline, at) = *timeline_op(timeline, at + 1);
	timeline->count--;
	for (unsigned int i = 0; i < timeline->timers; i++)
		timeline->timer[i].place -= timeline->timer[i].place > place;
}

/* The older copy is given up for the newer, and that for one of now. */
static int trail(struct timeline *timeline)
{
	struct iova_domain *copy;

	if (copy_now(timeline, &copy))
		return -ENOMEM;
	if (timeline->middle) {
		iova_domain_destroy(timeline->first);
		timeline->first = timeline->middle;
		forget(timeline, timeline->half);
	}
	timeline->middle = copy;
	timeline->half = timeline->count;
	timeline_plan(timeline);
	return 0;
}

/* ---- timers ---- */

/*
 * A timer runs with a tick, the one after its time: that of the tick in which it was
 * set, and the timeout in whole ticks.
 */
uint64_t timeline_due(const struct timeline *timeline, uint64_t ns, uint64_t timeout)
{
	uint64_t tick = timeline->options.tick, ticks = (timeout + tick - 1) / tick;

	return (ns / tick + ticks + 1) * tick;
}

static void set_due(struct timeline *timeline, uint64_t due)
{
	timeline->due = due;
	timeline->soonest = due < timeline->next_trim ? due : timeline->next_trim;
}

/* The operation sets the flush queue's timer if it is not set. */
static inline void arm(struct timeline *timeline, const struct iova_op *op)
{
	if (!timeline->options.timeout || op->kind != IOVA_OP_RELEASE ||
	    timeline->due != UINT64_MAX)
		return;
	set_due(timeline, timeline_due(timeline, op->ns, timeline->options.timeout));
	timeline->due_cpu = op->cpu;
}

void timeline_arm_again(struct timeline *timeline)
{
	size_t at = 0;

	for (unsigned int i = 0; i < timeline->timers; i++)
		at = timeline->timer[i].place;
	set_due(timeline, UINT64_MAX);
	for (; at < timeline->count && timeline->due == UINT64_MAX; at++)
		arm(timeline, timeline_op(timeline, at));
}

void timeline_set_trim(struct timeline *timeline, unsigned int depot, uint64_t due)
{
	timeline->trim_due[depot] = due;
	timeline->next_trim = UINT64_MAX;
	for (unsigned int i = 0; i < IOVA_CLASSES; i++)
		if (timeline->trim_due[i] < timeline->next_trim)
			timeline->next_trim = timeline->trim_due[i];
	set_due(timeline, timeline->due);
}

/* Depots have grown or are empty: their timers are set now, or are not any more. */
static void note_trims(struct timeline *timeline, uint64_t ns)
{
	unsigned int before = timeline->trims;

	if (!timeline->options.trim || iova_trims(timeline->now) == before)
		return;

	timeline->trims = iova_trims(timeline->now);
	for (unsigned int i = 0; i < IOVA_CLASSES; i++)
		if ((timeline->trims & ~before) >> i & 1)
			timeline_set_trim(timeline, i,
					  timeline_due(timeline, ns, timeline->options.trim));
}

int timeline_flush(struct timeline *timeline, unsigned int cpu, uint64_t ns)
{
	struct iova_timer timer = { .cpu = (uint16_t)cpu, .ns = ns };

	while (timeline->timers == TIMELINE_TIMERS)
		if (trail(timeline))
			return -ENOMEM;
	timer.place = timeline->count;
	timeline->timer[timeline->timers++] = timer;
	timeline_run_timer(timeline->now, &timer);
	note_trims(timeline, ns);
	set_due(timeline, UINT64_MAX);
	return 0;
}

static __attribute__((noinline)) int go_on(struct timeline *timeline)
{
	if (timeline->count >= timeline->half + timeline->step && trail(timeline))
		return -ENOMEM;
	if (timeline->count + 1 >= timeline->room && grow(timeline))
		return -ENOMEM;
	timeline_plan(timeline);
	return 0;
}

static inline int make_place(struct timeline *timeline, struct iova_op **ret)
{
	if (timeline->count >= timeline->quiet && go_on(timeline))
		return -ENOMEM;
	*ret = timeline_op(timeline, timeline->count);
	return 0;
}

/* The depot's timer gives a magazine back, and is set again, or finds few in it. */
static int run_trim(struct timeline *timeline)
{
	unsigned int depot = 0;
	uint64_t due = timeline->next_trim;
	struct iova_op *op;
	int err = make_place(timeline, &op);

	if (err)
		return err;
	while (timeline->trim_due[depot] != due)
		depot++;
	*op = (struct iova_op) {
		.kind = IOVA_OP_TRIM,
		.size = 1U << depot,
		.since = due,
		.ns = due,
	};
	timeline->count++;
	timeline->trims &= ~(1U << depot);
	timeline_set_trim(timeline, depot, UINT64_MAX);
	iova_trim(timeline->now, op->size);
	note_trims(timeline, due);
	return 0;
}

static __attribute__((noinline)) int run_timers(struct timeline *timeline, uint64_t ns)
{
	int err = 0;

	if (ns == UINT64_MAX) /* as what is not set has it */
		ns--;
	while (!err && (timeline->due <= ns || timeline->next_trim <= ns))
		err = timeline->due <= timeline->next_trim
			      ? timeline_flush(timeline, timeline->due_cpu, timeline->due)
			      : run_trim(timeline);
	return err;
}

int timeline_next(struct timeline *timeline, uint64_t ns, struct iova_op **ret)
{
	int err = ns < timeline->soonest ? 0 : run_timers(timeline, ns);

	if (!err)
		err = make_place(timeline, ret);
	if (!err)
		prefetch_write(*ret + NEAR);
	return err;
}

uint64_t timeline_go(struct timeline *timeline, const struct iova_op *op)
{
	timeline->count++;
	if (op->kind == IOVA_OP_TAKE)
		return take(timeline->now, op, timeline->low);
	arm(timeline, op);
	run(timeline->now, op, timeline->low);
	note_trims(timeline, op->ns);
	return op->pfn;
}

int timeline_put(struct timeline *timeline, const struct iova_op *op, uint64_t *ret)
{
	struct iova_op *place;
	int err = timeline_next(timeline, op->ns, &place);
	uint64_t pfn;

	if (err)
		return err;
	*place = *op;
	pfn = timeline_go(timeline, place);
	if (ret)
		*ret = pfn;
	return 0;
}

/* The operations since the last search pay, up to what there is at the beginning. */
void timeline_earn(struct timeline *timeline)
{
	uint64_t put = timeline->forgotten + timeline->count;
	uint64_t *credit = timeline->options.credit;

	if (put <= timeline->paid)
		return;
	*credit += (put - timeline->paid) * INCOME;
	if (*credit > TIMELINE_CREDIT)
		*credit = TIMELINE_CREDIT;
	timeline->paid = put;
}

int timeline_would(struct timeline *timeline, const struct iova_op *op, uint64_t *ret)
{
	struct iova_domain *copy;

	*ret = op->pfn;
	timeline_earn(timeline);
	if (!timeline_pay(timeline, timeline_copy_cost(timeline)))
		return 0;
	if (iova_clone(timeline->now, &copy))
		return -ENOMEM;
	*ret = timeline_run(timeline, copy, op);
	iova_domain_destroy(copy);
	return 0;
}

int timeline_begin(struct timeline *timeline, const struct iova_op *op)
{
	iova_adopt(timeline->first, op->cpu, op->size, op->pfn);
	if (timeline->middle)
		iova_adopt(timeline->middle, op->cpu, op->size, op->pfn);
	iova_adopt(timeline->now, op->cpu, op->size, op->pfn);
	return 0;
}

int timeline_reserve(struct timeline *timeline, uint64_t lo, uint64_t hi)
{
	struct iova_domain *const copies[] = { timeline->now, timeline->first,
					       timeline->middle };
	unsigned int count = timeline->middle ? 3 : 2;
	int err = 0;

	for (unsigned int i = 0; i < count; i++)
		if (!iova_is_unused(copies[i], lo, hi))
			return 0;
	for (unsigned int i = 0; i < count && !err; i++)
		err = iova_reserve(copies[i], lo, hi);
	return err ? err : 1;
}

size_t timeline_freed(struct timeline *timeline, uint64_t pfn)
{
	size_t at = timeline->count;

	if (!timeline_pay(timeline, 1))
		return SIZE_MAX;
	while (at && (timeline_op(timeline, at - 1)->kind != IOVA_OP_RELEASE ||
		      timeline_op(timeline, at - 1)->pfn != pfn))
		at--;
	timeline_pay(timeline, (timeline->count - at) / TIMELINE_WALK);
	for (unsigned int i = 0; at && i < timeline->timers; i++)
		if (timeline->timer[i].place >= at)
			return i;
	return SIZE_MAX;
}
