// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * predict-iova-search.c - what else could have happened to a domain
 *
 * A take had another answer than the model's. Small changes of the past are tried, the
 * likeliest first; the first that yields all recorded answers, this one included, is
 * what happened.
 */
#include <errno.h>
#include <stdlib.h>

#include "trace/predict-iova-history.h"

#define MOST_RACES  64	 /* operations that a take may overtake */
#define STALL_NS    20000000 /* that a CPU may stand still between an event and its call */
#define SHARE	    8	 /* of the credit, that one explanation may take */
#define ADOPT_COST  8	 /* steps to take an answer over, and not look for it */
#define MANY_RANGES 4096 /* for so many more an operation is one more step */

static void spend(struct search *search, uint64_t steps)
{
	search->budget -= search->budget < steps ? search->budget : steps;
}

bool search_run(struct search *search, struct iova_domain *domain,
		const struct iova_op *op, uint64_t *got)
{
	spend(search, op->adopted ? search->each * ADOPT_COST : search->each);
	*got = 0;
	if (op->adopted)
		return !iova_adopt(domain, op->cpu, op->size, op->pfn);
	*got = timeline_run(search->timeline, domain, op);
	return *got == op->pfn;
}

int search_copy(struct search *search, const struct iova_domain *domain,
		struct iova_domain **ret)
{
	spend(search, search->price);
	return iova_clone(domain, ret);
}

void search_end(struct search *search)
{
	search->timeline->left = search->budget;
	search->timeline->lacked |= !search->budget;
	iova_domain_destroy(search->base);
	iova_domain_destroy(search->found);
	search->base = search->found = NULL;
}

/* The domain as it was before operation @from. */
int search_begin(struct search *search, struct timeline *timeline, size_t from)
{
	bool late = timeline->middle && from >= timeline->half;
	size_t at = late ? timeline->half : 0;
	unsigned int timer = 0;
	uint64_t got;

	*search = (struct search) {
		.timeline = timeline,
		.from = from,
		.price = timeline_copy_cost(timeline),
		.each = 1 + iova_count(timeline->now) / MANY_RANGES,
	};
	if (timeline->left < search->price + (from - at) * search->each) {
		timeline->lacked = true;
		return 0;
	}
	search->budget = timeline->left;
	if (search_copy(search, late ? timeline->middle : timeline->first, &search->base))
		return -ENOMEM;
	for (; timer < timeline->timers && timeline->timer[timer].place < at; timer++)
		;
	for (; at < from; at++) {
		for (; timer < timeline->timers && timeline->timer[timer].place == at;
		     timer++)
			timeline_run_timer(search->base, &timeline->timer[timer]);
		search_run(search, search->base, timeline_op(timeline, at), &got);
	}
	search->flushes = iova_flushes(search->base);
	return 1;
}

void past_init(struct past *past, const struct timeline *timeline, size_t from)
{
	past->from = from;
	past->early = timeline->count - 1;
	past->ahead = NULL;
	past->timers = 0;
	for (unsigned int i = 0; i < timeline->timers; i++)
		if (timeline->timer[i].place >= from)
			past->timer[past->timers++] = timeline->timer[i];
}

/* What of a past runs at the place of operation @at. */
static bool run_at(struct search *search, struct past *past, struct iova_domain *domain,
		   size_t at)
{
	const struct timeline *timeline = search->timeline;
	const struct iova_op *op = timeline_op(timeline, at);
	const struct iova_op *last = timeline_op(timeline, timeline->count - 1);

	past->miss = at;
	if (at == past->early && past->ahead &&
	    !search_run(search, domain, past->ahead, &past->got))
		return false;
	if (at == past->early && !search_run(search, domain, last, &past->got))
		return false;
	return op == last || search_run(search, domain, op, &past->got);
}

/* From the operation before which the domain is, up to another. */
static bool past_fits(struct search *search, struct past *past,
		      struct iova_domain *domain, size_t begin, size_t end)
{
	unsigned int timer = 0;
	bool fits = true;

	while (timer < past->timers && past->timer[timer].place < begin)
		timer++;
	for (size_t at = begin; at < end && fits; at++) {
		for (; timer < past->timers && past->timer[timer].place <= at; timer++)
			timeline_run_timer(domain, &past->timer[timer]);
		fits = run_at(search, past, domain, at);
	}
	past->full = iova_flushes(domain) - search->flushes > timer;
	return fits;
}

int search_prepare(struct search *search, const struct past *past,
		   const struct moment *from, size_t place, struct iova_domain **ret)
{
	struct past same = *past;

	if (search_copy(search, from->domain, ret))
		return -ENOMEM;
	past_fits(search, &same, *ret, from->place, place);
	return 0;
}

int search_try_from(struct search *search, struct past *past, const struct moment *from)
{
	struct iova_domain *domain;

	if (!search->budget)
		return 0;
	if (search_copy(search, from->domain, &domain))
		return -ENOMEM;
	if (!past_fits(search, past, domain, from->place, search->timeline->count)) {
		iova_domain_destroy(domain);
		return 0;
	}
	iova_domain_destroy(search->found);
	search->found = domain;
	return 1;
}

int search_try(struct search *search, struct past *past)
{
	const struct moment from = { NULL, search->base, past->from };

	return search_try_from(search, past, &from);
}

/* A copy from behind the change is none of this past. */
void search_accept(struct search *search, size_t changed)
{
	struct timeline *timeline = search->timeline;

	iova_domain_destroy(timeline->now);
	timeline->now = search->found;
	search->found = NULL;
	if (!timeline->middle || changed >= timeline->half)
		return;
	iova_domain_destroy(timeline->middle);
	timeline->middle = NULL;
	timeline->half = 0;
	timeline_plan(timeline);
}

/* ---- another order ---- */

/* It happened before this. */
static uint64_t until(const struct timeline *timeline, const struct iova_op *op)
{
	return op->late ? op->ns + timeline->options.race : op->ns;
}

/*
 * Is that release still to come, for all that its CPU has shown since? Where flushes have
 * to be inferred, one at another moment is likelier.
 */
static bool may_still_come(const struct timeline *timeline, size_t at, uint64_t ns)
{
	const struct iova_op *op = timeline_op(timeline, at);

	if (!op->late || ns - op->ns > STALL_NS || timeline->options.timeout)
		return false;
	while (++at < timeline->count)
		if (timeline_op(timeline, at)->cpu == op->cpu)
			return false;
	return true;
}

/* The first of the operations that the last one may have come before. */
static size_t first_race(const struct timeline *timeline, uint64_t called)
{
	const struct iova_op *last = timeline_op(timeline, timeline->count - 1);
	size_t at = timeline->count - 1;

	while (at && timeline->count - at <= MOST_RACES) {
		const struct iova_op *op = timeline_op(timeline, at - 1);

		if (op->ns < called &&
		    (until(timeline, op) <= last->since ||
		     op->ns + timeline->options.race < last->ns) &&
		    !may_still_come(timeline, at - 1, last->ns))
			break;
		at--;
	}
	return at;
}

/* @at: the take's place, or behind it if it may have been there, too. */
static int explain_before(struct timeline *timeline, uint64_t called, size_t at,
			  enum iova_change change, struct iova_explanation *ret)
{
	size_t end = timeline->count - 1, from = first_race(timeline, called);
	struct iova_op last = *timeline_op(timeline, end);
	struct past past;
	struct search search;
	int r;

	if (from == at)
		return 0;
	r = search_begin(&search, timeline, from);
	if (r <= 0)
		return r;
	r = 0;
	past_init(&past, timeline, from);
	while (at > from && !r) {
		past.early = --at;
		r = search_try(&search, &past);
	}
	if (r > 0) {
		ret->change = change;
		ret->witness = timeline_op(timeline, at)->number;
		timeline->count--;
		timeline_insert(timeline, at, &last);
		search_accept(&search, at);
	}
	search_end(&search);
	return r < 0 ? r : 0;
}

static int explain_earlier(struct timeline *timeline, uint64_t called,
			   struct iova_explanation *ret)
{
	return explain_before(timeline, called, timeline->count - 1, IOVA_CHANGE_EARLIER, ret);
}

/* The task went on on another CPU between the take and what tells of it. */
static int explain_moved(struct timeline *timeline, uint64_t called,
			 struct iova_explanation *ret)
{
	struct iova_op *last = timeline_op(timeline, timeline->count - 1);
	uint16_t cpu = last->cpu;
	int r;

	if (last->from == cpu)
		return 0;
	last->cpu = last->from;
	r = explain_before(timeline, called, timeline->count, IOVA_CHANGE_MOVED, ret);
	if (ret->change == IOVA_CHANGE_NONE)
		last->cpu = cpu;
	return r;
}

static int explain_later(struct timeline *timeline, const struct iova_op *ahead,
			 size_t count, struct iova_explanation *ret)
{
	size_t end = timeline->count - 1, i = 0;
	struct past past;
	struct search search;
	int r;

	if (!count)
		return 0;
	r = search_begin(&search, timeline, end);
	if (r <= 0)
		return r;
	r = 0;
	past_init(&past, timeline, end);
	for (; i < count && !r; i++) {
		past.ahead = &ahead[i];
		r = search_try(&search, &past);
	}
	if (r > 0) {
		ret->change = IOVA_CHANGE_LATER;
		ret->witness = ahead[i - 1].number;
		ret->ahead = i - 1;
		timeline_insert(timeline, end, &ahead[i - 1]);
		search_accept(&search, end);
	}
	search_end(&search);
	return r < 0 ? r : 0;
}

/* ---- all of it ---- */

static int explain_trim(struct timeline *timeline, int (*search)(struct timeline *timeline),
			struct iova_explanation *ret)
{
	int r = timeline->options.trim ? search(timeline) : 0;

	if (r > 0)
		ret->change = IOVA_CHANGE_TRIM;
	return r < 0 ? r : 0;
}

static int explain_order(struct timeline *timeline, struct iova_explanation *ret)
{
	int r = search_orders(timeline, &ret->witness);

	if (r > 0)
		ret->change = IOVA_CHANGE_ORDER;
	return r < 0 ? r : 0;
}

static int explain_flush(struct timeline *timeline, struct iova_explanation *ret)
{
	int r;

	if (!timeline->options.timeout)
		return 0;
	r = search_flushes(timeline);
	if (r <= 0)
		return r;
	ret->change = IOVA_CHANGE_FLUSH;
	ret->witness = timeline_op(timeline, timeline->count - 1)->number;
	return 0;
}

/* There is no credit to undo the last take: what it took goes to the CPU's cache. */
static void undo_roughly(struct timeline *timeline, uint64_t wrong)
{
	const struct iova_op *last = timeline_op(timeline, timeline->count - 1);

	if (wrong)
		iova_free_fast(timeline->now, last->cpu, wrong, last->size);
}

/* The last take is no more; its place and what is written there stay for now. */
static int undo(struct timeline *timeline, uint64_t wrong)
{
	struct search search;
	int r = search_begin(&search, timeline, timeline->count - 1);

	if (r < 0)
		return r;
	if (!r)
		undo_roughly(timeline, wrong);
	for (unsigned int i = 0; r && i < timeline->timers; i++)
		if (timeline->timer[i].place == timeline->count - 1)
			timeline_run_timer(search.base, &timeline->timer[i]);
	if (r) {
		search.found = search.base;
		search.base = NULL;
		search_accept(&search, timeline->count - 1);
		search_end(&search);
	}
	timeline->count--;
	return 0;
}

/* Undo the last take, and take the recorded answer over. */
static int adopt(struct timeline *timeline, uint64_t wrong)
{
	struct iova_op *last = timeline_op(timeline, timeline->count - 1);
	int r = undo(timeline, wrong);

	if (r || !last->pfn) /* it failed, and left nothing */
		return r;
	last->adopted = true;
	timeline->count++;
	iova_adopt(timeline->now, last->cpu, last->size, last->pfn);
	return 0;
}

int timeline_undo(struct timeline *timeline, uint64_t pfn)
{
	int r;

	timeline_earn(timeline);
	timeline->left = *timeline->options.credit;
	r = undo(timeline, pfn);
	*timeline->options.credit = timeline->left;
	return r;
}

int timeline_explain(struct timeline *timeline, uint64_t wrong, uint64_t called,
		     const struct iova_op *ahead, size_t count,
		     struct iova_explanation *ret)
{
	uint64_t *credit = timeline->options.credit, given;
	int r;

	*ret = (struct iova_explanation) { .change = IOVA_CHANGE_NONE };
	timeline_earn(timeline);
	timeline->left = given = *credit / SHARE;
	timeline->lacked = false;
	r = explain_earlier(timeline, called, ret);
	if (!r && ret->change == IOVA_CHANGE_NONE)
		r = explain_later(timeline, ahead, count, ret);
	if (!r && ret->change == IOVA_CHANGE_NONE)
		r = explain_trim(timeline, search_trim, ret);
	if (!r && ret->change == IOVA_CHANGE_NONE)
		r = explain_flush(timeline, ret);
	if (!r && ret->change == IOVA_CHANGE_NONE)
		r = explain_moved(timeline, called, ret);
	/* where flushes have to be inferred, too, there would be too much to try */
	if (!r && ret->change == IOVA_CHANGE_NONE && !timeline->options.timeout)
		r = explain_trim(timeline, search_trims, ret);
	if (!r && ret->change == IOVA_CHANGE_NONE)
		r = explain_order(timeline, ret);
	timeline_pay(timeline, given - timeline->left);
	if (r || ret->change != IOVA_CHANGE_NONE)
		return r;
	ret->given_up = timeline->lacked;
	timeline->left = *credit;
	r = adopt(timeline, wrong);
	*credit = timeline->left;
	return r;
}
