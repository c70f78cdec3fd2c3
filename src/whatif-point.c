// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * whatif-point.c - which machines are tried, and which of them is the answer
 *
 * The user's sweep brackets the answer; more machines are then tried between the last
 * that does not do and the first that does, until nothing lies between the two.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "output.h"
#include "whatif.h"

#define BETWEEN 7 /* machines in a gap that are tried at once */

/* ---- the points of a sweep ---- */

static void insert(struct whatif *whatif, size_t place, struct point *point)
{
	memmove(&whatif->point[place + 1], &whatif->point[place],
		(whatif->points - place) * sizeof(whatif->point[0]));
	whatif->point[place] = point;
	whatif->points++;
}

void whatif_drop(struct whatif *whatif, size_t index)
{
	libdma_rerun_destroy(whatif->point[index]->rerun);
	free(whatif->point[index]->refused);
	free(whatif->point[index]);
	whatif->points--;
	memmove(&whatif->point[index], &whatif->point[index + 1],
		(whatif->points - index) * sizeof(whatif->point[0]));
}

/* What the kernel rounds the slots to is one machine only once. */
static bool round_slots(struct whatif *whatif, struct point *point)
{
	struct libdma_swiotlb_size size;
	char text[48];

	snprintf(text, sizeof(text),
		 point->value[AXIS_AREAS] ? "%" PRIu64 ",%" PRIu64 : "%" PRIu64,
		 point->value[AXIS_SLOTS], point->value[AXIS_AREAS]);
	if (libdma_swiotlb_size(text, whatif->environment->cpus, &size))
		return false;
	point->value[AXIS_SLOTS] = size.slots;
	point->value[AXIS_AREAS] = size.areas;
	return true;
}

static bool is_known(const struct whatif *whatif, const struct point *point)
{
	for (size_t i = 0; i < whatif->points; i++)
		if (!memcmp(whatif->point[i]->value, point->value, sizeof(point->value)))
			return true;
	return false;
}

bool whatif_add(struct whatif *whatif, const struct point *like)
{
	enum axis axis = whatif->sweep[0].axis;
	struct point *point;
	size_t place = whatif->points;

	if (whatif->points == POINTS_MAX)
		return false;
	point = malloc(sizeof(*point));
	if (!point)
		out_of_memory();
	*point = *like;
	point->whatif = whatif;
	if ((point->varied & 1U << AXIS_SLOTS && !round_slots(whatif, point)) ||
	    is_known(whatif, point)) {
		free(point);
		return true;
	}
	while (!point->swept && place &&
	       whatif->point[place - 1]->value[axis] > point->value[axis])
		place--;
	insert(whatif, place, point);
	return true;
}

static bool sweep_on(struct whatif *whatif, size_t which, const struct point *from)
{
	const struct sweep *sweep = &whatif->sweep[which];
	struct point *point = malloc(sizeof(*point));
	uint64_t value = sweep->from, next;
	bool room = true;

	if (!point)
		out_of_memory();
	*point = *from;
	point->varied |= 1U << sweep->axis;
	for (; value <= sweep->to && room; value = next) {
		point->value[sweep->axis] = value;
		room = which + 1 < whatif->sweeps
			       ? sweep_on(whatif, which + 1, point)
			       : whatif->points < SWEEP_MAX && whatif_add(whatif, point);
		next = sweep->times ? value * sweep->step : value + sweep->step;
		if (next <= value)
			break;
	}
	free(point);
	return room;
}

static void set_mode(const struct whatif *whatif, struct point *point)
{
	enum libdma_iommu_mode mode = whatif->environment->iommu.mode;

	if (mode == LIBDMA_IOMMU_TRANSLATED)
		mode = LIBDMA_IOMMU_LAZY;
	/* lists merge, and IOVAs are given, where an IOMMU maps */
	if ((whatif->parameter == WHATIF_SG || whatif->parameter == WHATIF_IOVA ||
	     whatif->parameter == WHATIF_MAGAZINE) &&
	    mode < LIBDMA_IOMMU_STRICT)
		mode = LIBDMA_IOMMU_LAZY;
	point->value[AXIS_MODE] = mode;
}

static int make_modes(struct whatif *whatif, struct point *point)
{
	static const enum libdma_iommu_mode modes[] = { LIBDMA_IOMMU_OFF,
							LIBDMA_IOMMU_STRICT,
							LIBDMA_IOMMU_LAZY };

	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		point->value[AXIS_MODE] = modes[i];
		point->varied |= 1U << AXIS_MODE;
		whatif_add(whatif, point);
	}
	return EXIT_FINE;
}

static void set_swiotlb(const struct whatif *whatif, struct point *point)
{
	const struct libdma_environment *known = whatif->environment;
	bool areas_alone = whatif->sweeps == 1 && whatif->sweep[0].axis == AXIS_AREAS;

	point->varied |= 1U << AXIS_SLOTS;
	if (areas_alone)
		point->value[AXIS_SLOTS] =
			known->swiotlb.slots ? known->swiotlb.slots : 32768;
	else if (whatif->sweeps == 1)
		point->value[AXIS_AREAS] = known->swiotlb.areas;
}

int whatif_make_points(struct whatif *whatif)
{
	struct point *point = calloc(1, sizeof(*point));
	int status = EXIT_FINE;

	if (!point)
		out_of_memory();
	if (!whatif->sweeps)
		whatif->sweep[whatif->sweeps++] =
			axis_sweep(axis_first(whatif->parameter));
	point->swept = true;
	set_mode(whatif, point);
	if (whatif->parameter == WHATIF_SWIOTLB)
		set_swiotlb(whatif, point);
	if (whatif->parameter == WHATIF_IOMMU) {
		status = make_modes(whatif, point);
	} else if (!sweep_on(whatif, 0, point)) {
		complain("more than %d machines", SWEEP_MAX);
		status = EXIT_USAGE;
	}
	free(point);
	return status;
}

/* ---- goals ---- */

static uint64_t avoidable(const struct point *point)
{
	uint64_t never = point->whatif->never;

	return point->failed > never ? point->failed - never : 0;
}

static uint64_t failed(const struct point *point)
{
	return point->failed;
}

static uint64_t breaches(const struct point *point)
{
	return point->breaches;
}

static uint64_t segments(const struct point *point)
{
	return point->segments;
}

static uint64_t searches(const struct point *point)
{
	return point->iova.searches;
}

static uint64_t pages(const struct point *point)
{
	return point->pages;
}

const struct goal *whatif_goals(enum whatif_parameter parameter)
{
	static const struct goal goals[WHATIF_PARAMETERS][GOALS + 1] = {
		[WHATIF_SWIOTLB] = { { "without a failure", "with the fewest failures",
				       "requests fail", avoidable } },
		[WHATIF_SG] = { { "without a breach", "with the fewest breaches",
				  "breaches", breaches },
				{ "with the fewest segments", "with the fewest segments",
				  "segments", segments } },
		[WHATIF_IOVA] = { { "without a failure", "with the fewest failures",
				    "requests fail", failed } },
		[WHATIF_MAGAZINE] = { { "without a failure", "with the fewest failures",
					"requests fail", failed },
				      { "with the fewest searches of a domain",
					"with the fewest searches of a domain",
					"searches", searches } },
		[WHATIF_POOL] = { { "without a failure", "with the fewest failures",
				    "requests fail", failed },
				  { "with the fewest pages", "with the fewest pages",
				    "pages", pages } },
	};

	return goals[parameter];
}

/* Who does not reach the first goal is out of the race for the second. */
static uint64_t measured(const struct whatif *whatif, const struct goal *goal,
			 const struct point *point)
{
	const struct goal *before = whatif_goals(whatif->parameter);
	uint64_t least = UINT64_MAX;

	if (!point->possible || goal == before)
		return point->possible ? goal->measure(point) : UINT64_MAX;
	for (size_t i = 0; i < whatif->points; i++)
		if (whatif->point[i]->possible &&
		    before->measure(whatif->point[i]) < least)
			least = before->measure(whatif->point[i]);
	return before->measure(point) > least ? UINT64_MAX : goal->measure(point);
}

/*
 * Of the points that come nearest to the goal the last run of neighbours: what a smaller
 * value reached by chance, with a larger one between that did not, is no answer.
 */
bool whatif_answer(const struct whatif *whatif, const struct goal *goal,
		   struct answer *ret)
{
	enum axis axis = whatif->sweep[0].axis;
	size_t last = whatif->points, first;
	uint64_t least = UINT64_MAX;

	for (size_t i = 0; i < whatif->points; i++) {
		uint64_t got = measured(whatif, goal, whatif->point[i]);

		if (got == UINT64_MAX || got > least)
			continue;
		least = got;
		last = i;
	}
	if (last == whatif->points)
		return false;
	first = last;
	while (first && measured(whatif, goal, whatif->point[first - 1]) == least)
		first--;
	*ret = (struct answer) {
		.goal = goal,
		.point = first,
		.last = last,
		.below = first ? first - 1 : whatif->points,
		.least = least,
	};
	ret->exact = first && whatif->sweeps == 1 &&
		     axis_next(whatif, axis, whatif->point[first - 1]->value[axis]) ==
			     whatif->point[first]->value[axis];
	return true;
}

/* ---- what lies between ---- */

static size_t add_between(struct whatif *whatif, const struct point *low,
			  const struct point *high)
{
	enum axis axis = whatif->sweep[0].axis;
	uint64_t from = low->value[axis], to = high->value[axis];
	uint64_t unit = axis_next(whatif, axis, from) - from;
	uint64_t step = ((to - from) / unit + BETWEEN) / (BETWEEN + 1) * unit;
	struct point *point = calloc(1, sizeof(*point));
	size_t before = whatif->points;

	if (!point)
		out_of_memory();
	memcpy(point->value, high->value, sizeof(point->value));
	point->varied = high->varied;
	for (size_t i = 0; i < BETWEEN; i++) {
		from = axis_is_power(axis) ? axis_next(whatif, axis, from) : from + step;
		point->value[axis] = from;
		if (from >= to || !whatif_add(whatif, point))
			break;
	}
	free(point);
	return whatif->points - before;
}

size_t whatif_narrow(struct whatif *whatif)
{
	const struct goal *goal = whatif_goals(whatif->parameter);
	struct answer answer;
	size_t added = 0;

	if (whatif->sweeps != 1 || whatif->once)
		return 0;
	for (; goal->words; goal++)
		if (whatif_answer(whatif, goal, &answer) && !answer.exact &&
		    answer.below < whatif->points)
			added += add_between(whatif, whatif->point[answer.below],
					     whatif->point[answer.point]);
	return added;
}

static bool is_bracket(const struct whatif *whatif, size_t index)
{
	const struct goal *goal = whatif_goals(whatif->parameter);
	struct answer answer;

	for (; goal->words; goal++)
		if (whatif_answer(whatif, goal, &answer) &&
		    (answer.point == index || answer.below == index))
			return true;
	return false;
}

void whatif_tidy(struct whatif *whatif)
{
	for (size_t i = whatif->points; i--;)
		if (!whatif->point[i]->swept && !is_bracket(whatif, i))
			whatif_drop(whatif, i);
}
