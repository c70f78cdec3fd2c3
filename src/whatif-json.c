// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * whatif-json.c - what became of a trace on many machines, as a document
 */
#include <inttypes.h>
#include <stdio.h>

#include "json.h"
#include "whatif.h"

#define TEXT 192

static json_t *pool_json(const struct point *point, const struct whatif_pool *pool)
{
	const struct libdma_strings *strings = point->whatif->strings;
	struct libdma_pool_layout layout;
	json_t *object = json_create();
	uint64_t size;
	bool possible = point_layout(point, pool, &layout, &size);

	json_add(object, "name",
		 json_text(libdma_strings_get(strings, pool->event.name)));
	json_add(object, "device",
		 json_text(libdma_strings_get(strings, pool->event.device)));
	json_add_count(object, "size", size);
	json_add(object, "possible", json_boolean(possible));
	if (!possible)
		return object;
	json_add_count(object, "block", layout.block);
	json_add_count(object, "page", layout.page);
	json_add_count(object, "boundary", layout.boundary);
	json_add_count(object, "blocks_per_page", layout.blocks);
	json_add(object, "waste_per_block",
		 json_real((double)layout.page / layout.blocks - (double)size));
	return object;
}

static void add_pools(json_t *object, const struct point *point)
{
	json_t *list = json_list();

	for (size_t i = 0; i < point->whatif->pools; i++)
		json_append(list, pool_json(point, &point->whatif->pool[i]));
	json_add(object, "pools", list);
	json_add_count(object, "pages", point->pages);
	json_add_count(object, "blocks", point->gauge.most);
	json_add(object, "waste_per_block", json_real(point_per_block(point)));
}

static void add_swiotlb(json_t *object, const struct point *point)
{
	json_add_count(object, "slots", point->swiotlb.slots);
	json_add_count(object, "areas", point->swiotlb.areas);
	json_add_count(object, "bytes", point->swiotlb.slots * 2048);
	json_add_count(object, "peak_bytes", point->swiotlb.peak_bytes);
}

static void add_iova(json_t *object, const struct point *point)
{
	json_add_count(object, "flushes", point->flushes);
	if (point->lowest != UINT64_MAX)
		json_add(object, "lowest", json_hex(point->lowest));
	json_add_count(object, "takes", point->takes);
	json_add_count(object, "searches", point->iova.searches);
	json_add_count(object, "magazines", point->iova.magazines);
	json_add_count(object, "cached", point->iova.cached);
}

static json_t *point_json(const struct point *point)
{
	json_t *object = json_create();
	char text[TEXT];

	axis_print(point, text, sizeof(text));
	json_add(object, "value", json_text(text));
	axis_print_call(point, text, sizeof(text));
	json_add(object, "set", json_text(text));
	json_add(object, "possible", json_boolean(point->possible));
	if (!point->possible)
		return object;
	json_add_count(object, "requests", point->requests);
	json_add_count(object, "failed", point->failed);
	json_add_count(object, "peak", point->gauge.most);
	json_add_count(object, "p99", point_p99(point));
	if (point_waste(point) >= 0)
		json_add(object, "waste", json_real(point_waste(point)));
	add_swiotlb(object, point);
	json_add_count(object, "lists", point->lists);
	json_add_count(object, "entries", point->entries);
	json_add_count(object, "segments", point->segments);
	json_add_count(object, "breaches", point->breaches);
	add_iova(object, point);
	if (point->whatif->parameter == WHATIF_POOL)
		add_pools(object, point);
	return object;
}

/* The number that stands behind swiotlb=, and how many others would do. */
static void add_smallest_swiotlb(json_t *object, const struct point *point)
{
	uint64_t value = whatif_smallest_value(point);
	char text[TEXT];

	axis_print_call(point, text, sizeof(text));
	json_add(object, "parameter", json_text(text));
	json_add_count(object, "smallest_value", value);
	json_add_count(object, "largest_value", point->swiotlb.slots);
	json_add_count(object, "margin", point->swiotlb.slots - point->swiotlb.peak);
}

json_t *whatif_answer_json(const struct whatif *whatif, const struct answer *answer)
{
	const struct point *point = whatif->point[answer->point];
	json_t *object = point_json(point);

	json_add(object, "goal",
		 json_text(answer->least ? answer->goal->fewest : answer->goal->words));
	json_add_count(object, "measured", answer->least);
	json_add(object, "exact", json_boolean(answer->exact));
	if (answer->below < whatif->points)
		json_add(object, "below", point_json(whatif->point[answer->below]));
	if (whatif->parameter == WHATIF_SWIOTLB)
		add_smallest_swiotlb(object, point);
	return object;
}

static void add_answers(json_t *document, const struct whatif *whatif)
{
	const struct goal *goal = whatif_goals(whatif->parameter);
	json_t *list = json_list();
	struct answer answer;
	bool first = true;

	for (; goal->words; goal++, first = false) {
		if (!whatif_answer(whatif, goal, &answer))
			continue;
		if (first && !answer.least)
			json_add(document, "smallest",
				 whatif_answer_json(whatif, &answer));
		json_append(list, whatif_answer_json(whatif, &answer));
	}
	json_add(document, "answers", list);
}

void whatif_print_json(const struct whatif *whatif, const struct source *source)
{
	json_t *document = json_document("whatif"), *list = json_list();

	json_add(document, "completeness", source_completeness(source));
	json_add(document, "parameter", json_text(whatif_name(whatif->parameter)));
	for (size_t i = 0; i < whatif->points; i++)
		json_append(list, point_json(whatif->point[i]));
	json_add(document, "points", list);
	add_answers(document, whatif);
	json_add_count(document, "largest_request", whatif->largest);
	json_add_count(document, "largest_possible", whatif->limit);
	json_add_count(document, "never_fit", whatif->never);
	json_add_count(document, "skipped", whatif->skipped);
	json_add_count(document, "untold", whatif->untold);
	json_add_count(document, "guessed", whatif->guessed);
	json_add_count(document, "strangers", whatif->strangers);
	json_print(document);
}
