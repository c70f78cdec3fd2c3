// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * predict-iova-repair.c - flushes of a lazy domain, put right by what the answers say
 *
 * A wrong answer names two ranges: the one that the kernel handed out must have been
 * freed by then, and on this CPU as the last; the one that the model would have handed
 * out must not. What freed them, or did not, is the flush behind the release of each. It
 * ran elsewhere, or at another moment within its time; then the next wrong answer is
 * looked at, with as few such steps as will do.
 */
#include <errno.h>
#include <string.h>

#include "trace/predict-iova-history.h"

#define MOST_REPAIRS 8	/* steps to explain one answer */
#define MOST_LATE    3	/* releases while a flush ran */
#define WORTH_A_COPY 64 /* operations that are rather run again than kept a copy behind */

/**
 * struct repairs - one step on the way to a past that fits
 *
 * @past:	as it is believed in this step
 * @from:	it is the same as in the step before up to here
 * @shared:	and what is tried next is the same as @past up to here, if it has a domain
 * @left:	steps that may follow
 * @deeper:	with more steps there is more to try
 */
struct repairs {
	struct search *search;
	struct past past;
	const struct moment *from;
	struct moment shared;
	unsigned int left;
	bool *deeper;
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

/* One step further, with a past that is the same up to @place. */
static int step(struct repairs *now, const struct past *past, size_t place)
{
	struct repairs next = {
		.search = now->search,
		.past = *past,
		.left = now->left - 1,
		.deeper = now->deeper,
	};
	int r;

	if (!now->search->budget)
		return 0;
	r = share(now, place < now->past.miss ? place : now->past.miss, &next.from);
	if (!r)
		r = repair(&next);
	iova_domain_destroy(next.shared.domain);
	return r;
}

/* ---- a timer ran elsewhere ---- */

/* A timer of the past was @timer, at the same place. */
static int repair_cpu(struct repairs *now, unsigned int which, struct iova_timer timer)
{
	struct past past = now->past;

	past.timer[which] = timer;
	return step(now, &past, timer.place);
}

/* ---- a timer ran at another moment ---- */

/* When the timer is due that was set behind the one before it. */
static uint64_t due_of(const struct timeline *timeline, const struct past *past,
		       unsigned int which)
{
	size_t at = which ? past->timer[which - 1].place : past->from;

	for (; at < timeline->count; at++)
		if (timeline_op(timeline, at)->kind == IOVA_OP_RELEASE)
			return timeline_due(timeline, timeline_op(timeline, at)->ns,
					    timeline->options.timeout);
	return UINT64_MAX;
}

static bool is_early(const struct timeline *timeline, const struct past *past,
		     unsigned int which)
{
	uint64_t due = due_of(timeline, past, which);
	size_t place = past->timer[which].place;

	return due == UINT64_MAX ||
	       timeline_op(timeline, place)->ns + timeline_early(timeline) < due;
}

static bool is_late(const struct timeline *timeline, const struct past *past,
		    unsigned int which)
{
	uint64_t late = timeline->options.slack + timeline->options.tick, passed = 0;
	uint64_t due = due_of(timeline, past, which);
	size_t at = past->timer[which].place;

	while (passed <= late && at-- && timeline_op(timeline, at)->ns > due)
		passed += timeline_passed(timeline, at);
	return passed > late;
}

static void remove_timer(struct past *past, unsigned int which)
{
	past->timers--;
	memmove(&past->timer[which], &past->timer[which + 1],
		(past->timers - which) * sizeof(*past->timer));
}

/* Is there time for the timer there? Those that would then run too soon do not run. */
static bool settle(const struct timeline *timeline, struct past *past, unsigned int which)
{
	unsigned int behind = which + 1;

	/* what set the first may have been forgotten */
	if (which && (is_early(timeline, past, which) || is_late(timeline, past, which)))
		return false;
	while (behind < past->timers &&
	       (past->timer[behind].place < past->timer[which].place ||
		is_early(timeline, past, behind)))
		remove_timer(past, behind);
	return behind == past->timers || !is_late(timeline, past, behind);
}

/* A timer of the past was @timer, at another place. */
static int repair_move(struct repairs *now, unsigned int which, struct iova_timer timer)
{
	const struct timeline *timeline = now->search->timeline;
	struct past past = now->past;
	size_t place = past.timer[which].place;

	timer.ns = timeline_op(timeline, timer.place)->ns;
	if (timer.place != place)
		timer.late = 0; /* what was queued just before it, there */
	past.timer[which] = timer;
	if (!settle(timeline, &past, which))
		return 0;
	return step(now, &past, place < timer.place ? place : timer.place);
}

/* There was one more before one of the past. */
static int repair_add(struct repairs *now, unsigned int which, struct iova_timer timer)
{
	const struct timeline *timeline = now->search->timeline;
	struct past past = now->past;

	if (past.timers == TIMELINE_TIMERS)
		return 0;
	memmove(&past.timer[which + 1], &past.timer[which],
		(past.timers - which) * sizeof(timer));
	past.timers++;
	timer.ns = timeline_op(timeline, timer.place)->ns;
	past.timer[which] = timer;
	return settle(timeline, &past, which) ? step(now, &past, timer.place) : 0;
}

/* ---- what a wrong answer says ---- */

/* Where @pfn was released last before the miss; SIZE_MAX if that is not known. */
static size_t released_at(struct repairs *now, uint64_t pfn)
{
	const struct timeline *timeline = now->search->timeline;
	struct search *search = now->search;
	size_t at = now->past.miss;
	uint64_t steps;

	while (at > now->past.from &&
	       (timeline_op(timeline, at - 1)->kind != IOVA_OP_RELEASE ||
		timeline_op(timeline, at - 1)->pfn != pfn))
		at--;
	steps = (now->past.miss - at) / TIMELINE_WALK;
	search->budget -= search->budget < steps ? search->budget : steps;
	return at > now->past.from ? at - 1 : SIZE_MAX;
}

/* The timer that freed what was released at @at; their count if none has yet. */
static unsigned int freed_by(const struct past *past, size_t at)
{
	unsigned int which = 0;

	while (which < past->timers && past->timer[which].place <= at)
		which++;
	return which;
}

/*
 * It was freed at once when it had been released: by the timer that is believed to run
 * next, by the one before, or by one that is not known yet.
 */
static int repair_moment(struct repairs *now, struct iova_timer timer)
{
	const struct past *past = &now->past;
	unsigned int which = freed_by(past, timer.place - 1);
	bool later = which == past->timers || past->timer[which].place > past->miss;
	int r = 0;

	if (which < past->timers && timer.place < past->timer[which].place)
		r = repair_move(now, which, timer);
	if (!r && which)
		r = repair_move(now, which - 1, timer);
	if (!r && later)
		r = repair_add(now, which, timer);
	if (r || !later || timer.alone)
		return r;
	timer.place = past->miss;
	return repair_add(now, which, timer);
}

/* The flush was elsewhere, and where it was released that was freed by its own CPU. */
static int repair_alone(struct repairs *now, size_t right, unsigned int which)
{
	const struct timeline *timeline = now->search->timeline;
	const struct past *past = &now->past;
	struct iova_timer timer;

	if (which == past->timers)
		return 0;
	timer = past->timer[which];
	if (timer.alone || timer.place > past->miss ||
	    timer.cpu == timeline_op(timeline, right)->cpu)
		return 0;
	timer.alone = true;
	return repair_cpu(now, which, timer);
}

/* What the kernel handed out was freed here, and was the last that was. */
static int repair_right(struct repairs *now, size_t right)
{
	const struct timeline *timeline = now->search->timeline;
	const struct past *past = &now->past;
	uint16_t cpu = timeline_op(timeline, past->miss)->cpu;
	unsigned int cpus = iova_cpus(timeline->now), which = freed_by(past, right);
	struct iova_timer here = { .place = right + 1, .cpu = cpu }, moved;
	int r = 0;

	if (right == SIZE_MAX)
		return 0;
	moved = past->timer[which < past->timers ? which : 0];
	if (which < past->timers && moved.place <= past->miss &&
	    (moved.cpu != cpu || moved.alone)) {
		moved.cpu = cpu;
		moved.alone = false;
		r = repair_cpu(now, which, moved);
	}
	if (!r)
		r = repair_alone(now, right, which);
	if (!r)
		r = repair_moment(now, here);
	/* the flush was elsewhere, and this CPU freed its own with its next release */
	here.alone = true;
	for (unsigned int i = 1; i < cpus && !r; i++) {
		here.cpu = (uint16_t)((cpu + i) % cpus);
		r = repair_moment(now, here);
	}
	return r;
}

static bool is_release(const struct timeline *timeline, size_t at)
{
	return timeline_op(timeline, at)->kind == IOVA_OP_RELEASE;
}

/* What the model would have was queued while the flush ran, which so did not free it. */
static int repair_late(struct repairs *now, size_t wrong, unsigned int which)
{
	const struct timeline *timeline = now->search->timeline;
	struct iova_timer timer = now->past.timer[which];
	uint16_t cpu = timeline_op(timeline, wrong)->cpu;
	unsigned int count = 0;

	if (!timeline->rare || cpu == timer.cpu || timer.late)
		return 0;
	for (size_t at = wrong; at < timer.place && count <= MOST_LATE; at++)
		count += is_release(timeline, at) && timeline_op(timeline, at)->cpu == cpu;
	if (count > MOST_LATE)
		return 0;
	timer.late_cpu = cpu;
	timer.late = (uint8_t)count;
	return repair_cpu(now, which, timer);
}

/* What the model would have was not freed here, not yet, or long before. */
static int repair_wrong(struct repairs *now, size_t wrong)
{
	const struct timeline *timeline = now->search->timeline;
	const struct past *past = &now->past;
	const struct iova_op *miss = timeline_op(timeline, past->miss);
	unsigned int cpus = iova_cpus(timeline->now), which = freed_by(past, wrong);
	struct iova_timer timer, moved;
	int r;

	if (wrong == SIZE_MAX || which == past->timers)
		return 0;
	timer = moved = past->timer[which];
	moved.alone = !timer.alone;
	r = repair_cpu(now, which, moved);
	moved.alone = false;
	for (unsigned int i = 1; timer.cpu == miss->cpu && i < cpus && !r; i++) {
		moved.cpu = (uint16_t)((timer.cpu + i) % cpus);
		r = repair_cpu(now, which, moved);
	}
	moved = timer;
	moved.place = past->miss + 1;
	if (!r && timer.place <= past->miss && moved.place < timeline->count)
		r = repair_move(now, which, moved);
	moved.place = wrong;
	if (!r && wrong > past->from)
		r = repair_move(now, which, moved);
	/* or by the flush before, under what the next CPU's ring had */
	if (!r && which) {
		moved = past->timer[which - 1];
		moved.place = wrong + 1;
		r = repair_move(now, which - 1, moved);
	}
	return r || timer.place > past->miss ? r : repair_late(now, wrong, which);
}

/* A place with so many releases between it and @place. */
static size_t releases_from(const struct timeline *timeline, size_t place, int distance)
{
	while (distance < 0 && place)
		distance += is_release(timeline, --place);
	while (distance > 0 && place < timeline->count)
		distance -= is_release(timeline, place++);
	return distance ? SIZE_MAX : place;
}

/*
 * A queue was full and so flushed; with a few entries more or less, which the timer before
 * left or took, that was elsewhere.
 */
static int repair_full(struct repairs *now, size_t right)
{
	static const int distances[] = { -1, 1, -2, 2, -3, 3 };
	const struct past *past = &now->past;
	unsigned int which = freed_by(past, right < past->miss ? right : past->miss);
	int r = 0;

	if (!past->full || !which--)
		return 0;
	for (unsigned int i = 0; i < sizeof(distances) / sizeof(*distances) && !r; i++) {
		struct iova_timer moved = past->timer[which];

		moved.place = releases_from(now->search->timeline, moved.place, distances[i]);
		if (moved.place != SIZE_MAX && moved.place >= past->from &&
		    moved.place <= past->miss)
			r = repair_move(now, which, moved);
	}
	return r;
}

/* ---- all of it ---- */

static void repaired(struct timeline *timeline, const struct past *past)
{
	unsigned int first = 0;

	while (first < timeline->timers && timeline->timer[first].place < past->from)
		first++;
	memcpy(&timeline->timer[first], past->timer, past->timers * sizeof(*past->timer));
	timeline->timers = first + past->timers;
}

/* The first wrong answer has its reason in what a timer freed here, or did not. */
static int repair(struct repairs *now)
{
	struct timeline *timeline = now->search->timeline;
	const struct past *past = &now->past;
	int r = search_try_from(now->search, &now->past, now->from);
	size_t right;

	if (r > 0)
		repaired(timeline, past);
	*now->deeper |= !r && !now->left;
	if (r || !now->left || !now->search->budget)
		return r;
	right = released_at(now, timeline_op(timeline, past->miss)->pfn);
	r = repair_right(now, right);
	if (!r)
		r = repair_wrong(now, released_at(now, past->got));
	return r ? r : repair_full(now, right);
}

/* With so many steps; the search's base is as it was. */
static int repair_within(struct search *search, unsigned int left, bool *deeper)
{
	const struct moment from = { NULL, search->base, search->from };
	struct repairs now = {
		.search = search,
		.from = &from,
		.left = left,
		.deeper = deeper,
	};
	int r;

	*deeper = false;
	past_init(&now.past, search->timeline, search->from);
	r = repair(&now);
	iova_domain_destroy(now.shared.domain);
	return r;
}

int search_repairs(struct timeline *timeline)
{
	struct search search;
	bool deeper = true;
	int r;

	if (!timeline->timers)
		return 0;
	r = search_begin(&search, timeline, timeline->timer[0].place);
	if (r <= 0)
		return r;
	r = 0;
	for (unsigned int left = 1; left <= MOST_REPAIRS && deeper && !r; left++)
		r = repair_within(&search, left, &deeper);
	if (r > 0) {
		search_accept(&search, search.from);
		timeline_arm_again(timeline);
	}
	search_end(&search);
	return r;
}
