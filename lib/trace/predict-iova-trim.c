// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * predict-iova-trim.c - depots that were trimmed at another moment than it seemed
 *
 * A depot's timer gives its newest magazine back. When it ran nothing tells but what the
 * depot has afterwards, and where the depot grew just then, not even that for a while.
 *
 * Kernel counterpart: iova_depot_work_func() of drivers/iommu/iova.c (RULES.md I17)
 */
#include "trace/predict-iova-history.h"

#define MOST_TRIMS 32 /* that may have been at another moment */

/* What is written from there on is what happened, if every answer comes out: then 1. */
static int believe(struct timeline *timeline, size_t from)
{
	struct search search;
	struct past past;
	int r = search_begin(&search, timeline, from);

	if (r <= 0)
		return r;
	past_init(&past, timeline, from);
	r = search_try(&search, &past);
	if (r > 0)
		search_accept(&search, from);
	search_end(&search);
	return r;
}

/* Where flushes have to be inferred, too, they are likelier than what is so early or late. */
static uint64_t slack_of(const struct timeline *timeline)
{
	return timeline->options.timeout ? timeline->options.slack
					 : timeline->options.trim / 2;
}

/* It ran just before the last take. */
static int search_early(struct timeline *timeline, unsigned int depot)
{
	size_t end = timeline->count - 1;
	uint64_t ns = timeline_op(timeline, end)->ns;
	const struct iova_op trim = {
		.kind = IOVA_OP_TRIM,
		.size = 1U << depot,
		.since = ns,
		.ns = ns,
	};
	int r;

	if (timeline->trim_due[depot] > ns + slack_of(timeline))
		return 0;
	timeline_insert(timeline, end, &trim);
	r = believe(timeline, end);
	if (r > 0)
		timeline_set_trim(timeline, depot,
				  timeline_due(timeline, ns, timeline->options.trim));
	else
		timeline_remove(timeline, end);
	return r;
}

/* Where the last ran, if it may have been later; SIZE_MAX if none. */
static size_t last_trim(const struct timeline *timeline, uint64_t ns)
{
	for (size_t at = timeline->count - 1; at--;) {
		const struct iova_op *op = timeline_op(timeline, at);

		if (op->ns + slack_of(timeline) < ns)
			break;
		if (op->kind == IOVA_OP_TRIM)
			return at;
	}
	return SIZE_MAX;
}

/* The last has not run yet. */
static int search_late(struct timeline *timeline)
{
	uint64_t ns = timeline_op(timeline, timeline->count - 1)->ns;
	size_t at = last_trim(timeline, ns);
	struct iova_op *op;
	int r;

	if (at == SIZE_MAX)
		return 0;
	op = timeline_op(timeline, at);
	op->kind = IOVA_OP_NONE;
	r = believe(timeline, at);
	if (r > 0)
		timeline_set_trim(timeline, (unsigned int)__builtin_ctzll(op->size), ns);
	else
		op->kind = IOVA_OP_TRIM;
	return r;
}

int search_trim(struct timeline *timeline)
{
	int r = 0;

	for (unsigned int i = 0; i < IOVA_CLASSES && !r; i++)
		r = search_early(timeline, i);
	return r ? r : search_late(timeline);
}

/* The first operation at @ns or later, looked for from @at on. */
static size_t place_at(const struct timeline *timeline, size_t at, uint64_t ns)
{
	while (at && timeline_op(timeline, at - 1)->ns >= ns)
		at--;
	while (at < timeline->count - 1 && timeline_op(timeline, at)->ns < ns)
		at++;
	return at;
}

/* What ran before operation @at + 1 ran before @to. */
static int search_moved(struct timeline *timeline, size_t at, size_t to)
{
	struct iova_op trim = *timeline_op(timeline, at);
	int r;

	/* what lies behind it moves there, and back */
	timeline_pay(timeline, 2 * (timeline->count - to) / TIMELINE_WALK);
	trim.since = trim.ns = timeline_op(timeline, to)->ns;
	timeline_op(timeline, at)->kind = IOVA_OP_NONE;
	timeline_insert(timeline, to, &trim);
	r = believe(timeline, at < to ? at : to);
	if (r > 0)
		return r;
	timeline_remove(timeline, to);
	timeline_op(timeline, at)->kind = IOVA_OP_TRIM;
	return r;
}

static int search_moments(struct timeline *timeline, size_t at)
{
	static const int ticks[] = { -1, 1, -2, 2, -3, 3, -4, 4, -6, 6, -8, 8 };
	uint64_t ns = timeline_op(timeline, at)->ns;
	size_t to, last = at;
	int r = 0;

	for (unsigned int i = 0; i < sizeof(ticks) / sizeof(*ticks) && !r; i++) {
		to = place_at(timeline, at, ns + (uint64_t)ticks[i] * timeline->options.tick);
		if (to != at && to != at + 1 && to != last)
			r = search_moved(timeline, at, to);
		last = to;
	}
	return r;
}

int search_trims(struct timeline *timeline)
{
	unsigned int trims = 0;
	int r = 0;

	if (timeline->vain_trims == TIMELINE_VAIN)
		return 0;
	for (size_t at = timeline->count - 1; at-- && trims < MOST_TRIMS && !r;) {
		if (timeline_op(timeline, at)->kind != IOVA_OP_TRIM)
			continue;
		trims++;
		r = search_moments(timeline, at);
	}
	if (trims)
		timeline->vain_trims = r > 0 ? 0 : timeline->vain_trims + 1;
	return r;
}
