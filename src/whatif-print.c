// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * whatif-print.c - what became of a trace on many machines: a table and words
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "paragraph.h"
#include "whatif.h"

#define TEXT 192

enum {
	COLUMN_VALUE,
	COLUMN_SLOTS,
	COLUMN_AREAS,
	COLUMN_BYTES,
	COLUMN_REQUESTS,
	COLUMN_FAILED,
	COLUMN_PEAK,
	COLUMN_P99,
	COLUMN_WASTE,
	COLUMN_LISTS,
	COLUMN_SEGMENTS,
	COLUMN_PER_LIST,
	COLUMN_FLUSHES,
	COLUMN_LOWEST,
	COLUMN_BREACHES,
	COLUMN_TAKES,
	COLUMN_SEARCHES,
	COLUMN_MAGAZINES,
	COLUMN_CACHED,
	COLUMN_PAGES,
	COLUMN_BLOCKS,
	COLUMN_PER_PAGE,
	COLUMN_PER_BLOCK,
};

const struct column whatif_columns[] = {
	[COLUMN_VALUE] = { .name = "VALUE", .summary = "what is varied" },
	[COLUMN_SLOTS] = { .name = "SLOTS", .right = true, .summary = "of the swiotlb" },
	[COLUMN_AREAS] = { .name = "AREAS", .right = true, .summary = "of the swiotlb" },
	[COLUMN_BYTES] = { .name = "BYTES", .right = true, .summary = "of the swiotlb" },
	[COLUMN_REQUESTS] = { .name = "REQUESTS", .right = true, .summary = "asked for" },
	[COLUMN_FAILED] = { .name = "FAILED", .right = true, .summary = "and refused" },
	[COLUMN_PEAK] = { .name = "PEAK",
			  .right = true,
			  .summary =
				  "most that was used: slots, pages of IOVAs, segments of a "
				  "list, blocks" },
	[COLUMN_P99] = { .name = "P99",
			 .right = true,
			 .summary = "used at most in 99 of 100 requests" },
	[COLUMN_WASTE] = { .name = "WASTE",
			   .right = true,
			   .summary =
				   "percent of the bytes that were taken which nobody asked "
				   "for" },
	[COLUMN_LISTS] = { .name = "LISTS", .right = true, .summary = "mapped" },
	[COLUMN_SEGMENTS] = { .name = "SEGMENTS",
			      .right = true,
			      .summary = "that the lists became" },
	[COLUMN_PER_LIST] = { .name = "PERLIST",
			      .right = true,
			      .summary = "segments of a list" },
	[COLUMN_FLUSHES] = { .name = "FLUSHES",
			     .right = true,
			     .summary = "of the IOTLB" },
	[COLUMN_LOWEST] = { .name = "LOWEST",
			    .right = true,
			    .summary = "lowest address that was given" },
	[COLUMN_BREACHES] = { .name = "BREACHES",
			      .right = true,
			      .summary =
				      "segments longer than the device takes, or across "
				      "its boundary" },
	[COLUMN_TAKES] = { .name = "TAKES", .right = true, .summary = "ranges of IOVAs" },
	[COLUMN_SEARCHES] = { .name = "SEARCHES",
			      .right = true,
			      .summary = "takes for which no cache had a range" },
	[COLUMN_MAGAZINES] = { .name = "MAGAZINES",
			       .right = true,
			       .summary = "that there are at the end" },
	[COLUMN_CACHED] = { .name = "CACHED",
			    .right = true,
			    .summary = "bytes of IOVAs that caches hold at the end" },
	[COLUMN_PAGES] = { .name = "PAGES", .right = true, .summary = "that pools took" },
	[COLUMN_BLOCKS] = { .name = "BLOCKS",
			    .right = true,
			    .summary = "most blocks of pools that were live" },
	[COLUMN_PER_PAGE] = { .name = "PERPAGE",
			      .right = true,
			      .summary = "blocks that a pool cuts from a page" },
	[COLUMN_PER_BLOCK] = { .name = "PERBLOCK",
			       .right = true,
			       .summary = "bytes of a page that a block takes beyond its "
					  "size" },
	{},
};

/* Those that say something of a parameter. */
static const char *const shown[WHATIF_PARAMETERS] = {
	[WHATIF_SWIOTLB] = "value,slots,areas,bytes,requests,failed,peak,p99,waste",
	[WHATIF_IOMMU] = "value,requests,failed,lists,segments,flushes,lowest,peak,p99",
	[WHATIF_SG] =
		"value,requests,failed,lists,segments,perlist,peak,p99,breaches,waste",
	[WHATIF_IOVA] = "value,requests,failed,lowest,peak,p99,waste",
	[WHATIF_MAGAZINE] =
		"value,requests,failed,takes,searches,magazines,cached,peak,p99",
	[WHATIF_POOL] = "value,requests,failed,peak,p99,pages,perpage,perblock,waste",
};

const char *whatif_usual_columns(enum whatif_parameter parameter)
{
	return shown[parameter];
}

static void fill_pool(const struct point *point, struct table *table)
{
	uint32_t fewest, most;

	if (!point_per_page(point, &fewest, &most))
		return;
	table_cell(table, COLUMN_PER_PAGE, fewest == most ? "%u" : "%u-%u", fewest, most);
	table_cell(table, COLUMN_PER_BLOCK, "%.1f", point_per_block(point));
}

static void fill_iova(const struct point *point, struct table *table)
{
	table_cell(table, COLUMN_FLUSHES, "%" PRIu64, point->flushes);
	if (point->lowest != UINT64_MAX)
		table_cell(table, COLUMN_LOWEST, "0x%" PRIx64, point->lowest);
	table_cell(table, COLUMN_TAKES, "%" PRIu64, point->takes);
	table_cell(table, COLUMN_SEARCHES, "%" PRIu64, point->iova.searches);
	table_cell(table, COLUMN_MAGAZINES, "%" PRIu64, point->iova.magazines);
	table_cell(table, COLUMN_CACHED, "%" PRIu64, point->iova.cached);
}

static void fill_row(const struct point *point, struct table *table)
{
	char text[TEXT];

	table_row(table);
	axis_print(point, text, sizeof(text));
	table_cell(table, COLUMN_VALUE, "%s", text);
	if (!point->possible) {
		table_cell(table, COLUMN_FAILED, "no such machine");
		return;
	}
	table_cell(table, COLUMN_SLOTS, "%" PRIu64, point->swiotlb.slots);
	table_cell(table, COLUMN_AREAS, "%u", point->swiotlb.areas);
	table_cell(table, COLUMN_BYTES, "%" PRIu64, point->swiotlb.slots * 2048);
	table_cell(table, COLUMN_REQUESTS, "%" PRIu64, point->requests);
	table_cell(table, COLUMN_FAILED, "%" PRIu64, point->failed);
	table_cell(table, COLUMN_PEAK, "%" PRIu64, point->gauge.most);
	table_cell(table, COLUMN_P99, "%" PRIu64, point_p99(point));
	if (point_waste(point) >= 0)
		table_cell(table, COLUMN_WASTE, "%.1f", point_waste(point));
	table_cell(table, COLUMN_LISTS, "%" PRIu64, point->lists);
	table_cell(table, COLUMN_SEGMENTS, "%" PRIu64, point->segments);
	table_cell(table, COLUMN_PER_LIST, "%.2f",
		   point->lists ? (double)point->segments / (double)point->lists : 0);
	table_cell(table, COLUMN_BREACHES, "%" PRIu64, point->breaches);
	table_cell(table, COLUMN_PAGES, "%" PRIu64, point->pages);
	table_cell(table, COLUMN_BLOCKS, "%" PRIu64, point->gauge.most);
	fill_iova(point, table);
	fill_pool(point, table);
}

void whatif_fill(const struct whatif *whatif, struct table *table)
{
	for (size_t i = 0; i < whatif->points; i++)
		fill_row(whatif->point[i], table);
}

/* ---- the swiotlb, whose sizes the kernel rounds ---- */

uint64_t whatif_smallest_value(const struct point *point)
{
	uint64_t slots = point->value[AXIS_SLOTS], low = 1, high = slots, middle;
	struct libdma_swiotlb_size size;
	char text[48];

	while (low < high) {
		middle = low + (high - low) / 2;
		snprintf(text, sizeof(text), "%" PRIu64 ",%" PRIu64, middle,
			 point->value[AXIS_AREAS]);
		if (!libdma_swiotlb_size(text, point->whatif->environment->cpus, &size) &&
		    size.slots >= slots)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

static void print_smallest_swiotlb(const struct whatif *whatif,
				   const struct terminal *terminal,
				   const struct answer *answer)
{
	const struct point *point = whatif->point[answer->point];
	uint64_t slots = point->swiotlb.slots, left = slots - point->swiotlb.peak;
	char call[64];

	axis_print_call(point, call, sizeof(call));
	paragraph_print(terminal, 0, 2,
			"The smallest swiotlb= %s: %s, of which the kernel makes %" PRIu64
			" slots in %u area%s, %" PRIu64
			" bytes (every value up to %" PRIu64 " is rounded up to that).",
			point->failed ? "with no failure that a size can avoid"
				      : "without a failure",
			call, slots, point->swiotlb.areas,
			point->swiotlb.areas == 1 ? "" : "s", slots * 2048, slots);
	paragraph_print(terminal, 0, 2,
			"There at most %" PRIu64 " slots are used, %" PRIu64
			" (%.1f %%) are left.",
			point->swiotlb.peak, left,
			100.0 * (double)left / (double)(slots ? slots : 1));
	if (answer->below < whatif->points)
		paragraph_print(terminal, 0, 2,
				"At the next smaller one, %" PRIu64 " slots, %" PRIu64
				" of %" PRIu64 " requests fail.",
				whatif->point[answer->below]->swiotlb.slots,
				whatif->point[answer->below]->failed,
				whatif->point[answer->below]->requests);
}

static void print_swiotlb(const struct whatif *whatif, const struct terminal *terminal)
{
	struct answer answer;

	if (whatif_answer(whatif, whatif_goals(WHATIF_SWIOTLB), &answer) && !answer.least)
		print_smallest_swiotlb(whatif, terminal, &answer);
	else
		paragraph_print(terminal, 0, 2, "On all of them requests fail.");
	paragraph_print(
		terminal, 0, 2,
		"The largest request has %" PRIu64
		" bytes (%s). A copy lies in one set of 128 slots, so that one of more "
		"than %" PRIu64 " bytes fits no swiotlb of any size; %" PRIu64
		" of the trace do not.",
		whatif->largest,
		libdma_strings_get(whatif->strings, whatif->largest_device),
		whatif->limit, whatif->never);
}

/* ---- all others ---- */

static void print_below(const struct whatif *whatif, const struct terminal *terminal,
			const struct answer *answer)
{
	const struct goal *first = whatif_goals(whatif->parameter), *goal = answer->goal;
	const struct point *below;
	char text[TEXT];

	if (answer->below == whatif->points) {
		paragraph_print(terminal, 2, 2, "No smaller one was tried.");
		return;
	}
	below = whatif->point[answer->below];
	axis_print(below, text, sizeof(text));
	if (!below->possible) {
		paragraph_print(terminal, 2, 2, "%s is no machine.", text);
		return;
	}
	if (first->measure(below) > first->measure(whatif->point[answer->point]))
		goal = first;
	paragraph_print(terminal, 2, 2, "At %s, the next smaller %s, %" PRIu64 " %s.",
			text, answer->exact ? "there is" : "that was tried",
			goal->measure(below), goal->unit);
}

static void print_answer(const struct whatif *whatif, const struct terminal *terminal,
			 const struct answer *answer)
{
	char text[TEXT], call[TEXT];
	const struct point *point = whatif->point[answer->point];

	axis_print(point, text, sizeof(text));
	axis_print_call(point, call, sizeof(call));
	paragraph_print(terminal, 0, 2,
			"The smallest %s: %s (%" PRIu64 " %s). What sets it: %s.",
			answer->least ? answer->goal->fewest : answer->goal->words, text,
			answer->least, answer->goal->unit, call);
	print_below(whatif, terminal, answer);
	if (answer->last + 1 == whatif->points)
		return;
	axis_print(whatif->point[answer->last], text, sizeof(text));
	paragraph_print(terminal, 2, 2, "It is so up to %s.", text);
}

/* How each pool's pages are cut, at the point of an answer. */
static void print_layouts(const struct whatif *whatif, const struct terminal *terminal,
			  const struct point *point)
{
	struct libdma_pool_layout layout;
	uint64_t size;

	for (size_t i = 0; i < whatif->pools; i++) {
		const struct dma_event *event = &whatif->pool[i].event;
		const char *name = libdma_strings_get(whatif->strings, event->name);

		if (!point_layout(point, &whatif->pool[i], &layout, &size)) {
			paragraph_print(terminal, 2, 4, "Pool %s: there is none such.",
					name);
			continue;
		}
		paragraph_print(terminal, 2, 4,
				"Pool %s of %s: %u blocks of %" PRIu64 " bytes (%" PRIu64
				" asked for) in %" PRIu64 " bytes, none across %" PRIu64
				"; %.1f bytes a block are nobody's.",
				name, libdma_strings_get(whatif->strings, event->device),
				layout.blocks, layout.block, size, layout.page,
				layout.boundary,
				(double)layout.page / layout.blocks - (double)size);
	}
}

static void print_modes(const struct whatif *whatif, const struct terminal *terminal)
{
	char text[TEXT], call[TEXT];

	for (size_t i = 0; i < whatif->points; i++) {
		axis_print(whatif->point[i], text, sizeof(text));
		axis_print_call(whatif->point[i], call, sizeof(call));
		paragraph_print(terminal, 0, 2, "What sets %s: %s.", text, call);
	}
}

static void print_answers(const struct whatif *whatif, const struct terminal *terminal)
{
	const struct goal *goal = whatif_goals(whatif->parameter);
	struct answer answer;

	for (; goal->words; goal++) {
		if (!whatif_answer(whatif, goal, &answer))
			continue;
		print_answer(whatif, terminal, &answer);
		if (whatif->parameter == WHATIF_POOL && !goal[1].words)
			print_layouts(whatif, terminal, whatif->point[answer.point]);
	}
}

/* What the machines were not asked for. */
static void print_omitted(const struct whatif *whatif, const struct terminal *terminal)
{
	if (whatif->parameter == WHATIF_POOL)
		return;
	if (whatif->skipped)
		paragraph_print(terminal, 0, 0,
				"%" PRIu64
				" requests are not told whole by the trace, and left out.",
				whatif->skipped);
	if (whatif->untold)
		paragraph_print(terminal, 0, 0,
				"%" PRIu64
				" ranges of dma_iova_*() are left out: of them the trace "
				"has only what the IOMMU mapped. Peaks are higher with "
				"them; `dmactl record` tells of them.",
				whatif->untold);
}

void whatif_print(const struct whatif *whatif, const struct terminal *terminal)
{
	if (whatif->parameter == WHATIF_SWIOTLB)
		print_swiotlb(whatif, terminal);
	else if (whatif->parameter == WHATIF_IOMMU)
		print_modes(whatif, terminal);
	else if (whatif->parameter != WHATIF_POOL || whatif->pools)
		print_answers(whatif, terminal);
	print_omitted(whatif, terminal);
	if (whatif->guessed && whatif->parameter != WHATIF_POOL)
		paragraph_print(terminal, 0, 0,
				"Of %" PRIu64
				" lists the trace tells only the sum of the "
				"entries' sizes; where they end is guessed.",
				whatif->guessed);
	if (whatif->parameter == WHATIF_POOL && !whatif->pools)
		paragraph_print(terminal, 0, 0, "The trace creates no pool.");
	if (whatif->parameter == WHATIF_POOL && whatif->strangers)
		paragraph_print(terminal, 0, 0,
				"%" PRIu64
				" blocks are of pools from before the recording, "
				"whose size nobody tells: they are not run.",
				whatif->strangers);
}
