// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * predict-iova-order.c - what ran in another order long before an answer shows it
 *
 * A take that the tree answers, or a depot, may have the recorded answer in either order
 * with what another CPU did: the tree is then searched from elsewhere the next time.
 *
 * Kernel counterpart: __cached_rbnode_insert_update() and __cached_rbnode_delete_update()
 * of drivers/iommu/iova.c
 */
#include <string.h>

#include "trace/predict-iova-history.h"

#define LAST_OPS    64 /* of which one changed places */
#define MOST_PLACES 16 /* that it may have overtaken */

/* May the operation have come before this one, and before all between? */
static bool may_overtake(const struct timeline *timeline, const struct iova_op *op,
			 const struct iova_op *other)
{
	uint64_t race = timeline->options.race;

	if (other->ns + (other->late ? race : 0) <= op->since)
		return false;
	return op->stretched || (other->cpu != op->cpu && other->ns + race >= op->ns);
}

static size_t first_place(const struct timeline *timeline, size_t at)
{
	const struct iova_op *op = timeline_op(timeline, at);
	size_t place = at;

	if (op->kind != IOVA_OP_TAKE)
		return at;
	while (place && at - place < MOST_PLACES &&
	       may_overtake(timeline, op, timeline_op(timeline, place - 1)))
		place--;
	return place;
}

/* Operation @at ran before @place: 1 if so every answer comes out, 0, or -ENOMEM. */
static int try_place(struct search *search, size_t at, size_t place)
{
	struct timeline *timeline = search->timeline;
	const struct iova_op moved = *timeline_op(timeline, at);
	struct iova_timer timer[TIMELINE_TIMERS];
	struct past past;
	int r;

	memcpy(timer, timeline->timer, sizeof(timer));
	timeline_remove(timeline, at);
	timeline_insert(timeline, place, &moved);
	past_init(&past, timeline, search->from);
	r = search_try(search, &past);
	if (r > 0) {
		search_accept(search, place);
		return r;
	}
	timeline_remove(timeline, place);
	timeline_insert(timeline, at, &moved);
	memcpy(timeline->timer, timer, sizeof(timer));
	return r;
}

bool timeline_seeks_orders(const struct timeline *timeline)
{
	return !timeline->options.timeout && timeline->vain_orders < TIMELINE_VAIN;
}

void timeline_stretch(struct timeline *timeline, uint64_t number, uint64_t since)
{
	size_t at = timeline->count;

	while (at && timeline->count - at < LAST_OPS) {
		struct iova_op *op = timeline_op(timeline, --at);

		if (op->number != number || op->kind != IOVA_OP_TAKE)
			continue;
		op->stretched = true;
		op->since = since;
		return;
	}
}

int search_orders(struct timeline *timeline, uint64_t *witness)
{
	size_t last = timeline->count - 1, oldest, from, at, place;
	struct search search;
	int r;

	if (!timeline_seeks_orders(timeline))
		return 0;
	oldest = last > LAST_OPS ? last - LAST_OPS : 0;
	for (at = from = last; at > oldest; at--) {
		place = first_place(timeline, at - 1);
		if (place < at - 1)
			from = place < from ? place : from;
	}
	if (from == last)
		return 0;
	r = search_begin(&search, timeline, from);
	if (r <= 0)
		return r;
	r = 0;
	for (at = last; at > oldest && !r; at--)
		for (place = at - 1; place > first_place(timeline, at - 1) && !r; place--)
			r = try_place(&search, at - 1, place - 1);
	if (r > 0)
		*witness = timeline_op(timeline, place)->number;
	timeline->vain_orders = r > 0 ? 0 : timeline->vain_orders + 1;
	search_end(&search);
	return r;
}
