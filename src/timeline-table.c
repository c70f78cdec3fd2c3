// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * timeline-table.c - the use over time in numbers
 */
#include <inttypes.h>
#include <stdlib.h>

#include "json.h"
#include "stat-print.h"
#include "timeline.h"

enum {
	COLUMN_KEY,
	COLUMN_FROM,
	COLUMN_TO,
	COLUMN_BYTES,
	COLUMN_LIVE,
	COLUMN_SLOTS,
	COLUMN_IOVA,
	COLUMN_LOW_BYTES,
	COLUMN_LOW_LIVE,
	COLUMN_LOW_SLOTS,
	COLUMN_LOW_IOVA,
	COLUMN_EVENTS,
	COLUMN_FAILED,
	COLUMN_GAPS,
	COLUMN_LOST,
};

static const struct column columns[] = {
	[COLUMN_KEY] = { .name = "KEY", .summary = "who; empty for all together" },
	[COLUMN_FROM] = { .name = "FROM", .summary = "when it begins", .right = true },
	[COLUMN_TO] = { .name = "TO", .summary = "when it ends", .right = true },
	[COLUMN_BYTES] = { .name = "BYTES",
			   .summary = "most that were mapped and allocated",
			   .right = true },
	[COLUMN_LIVE] = { .name = "LIVE",
			  .summary = "most mappings and allocations",
			  .right = true },
	[COLUMN_SLOTS] = { .name = "SLOTS",
			   .summary = "most slots of the swiotlb",
			   .right = true },
	[COLUMN_IOVA] = { .name = "IOVA",
			  .summary = "most bytes of IOVAs",
			  .right = true },
	[COLUMN_LOW_BYTES] = { .name = "LOWBYTES",
			       .summary = "fewest bytes",
			       .right = true,
			       .extra = true },
	[COLUMN_LOW_LIVE] = { .name = "LOWLIVE",
			      .summary = "fewest mappings and allocations",
			      .right = true,
			      .extra = true },
	[COLUMN_LOW_SLOTS] = { .name = "LOWSLOTS",
			       .summary = "fewest slots",
			       .right = true,
			       .extra = true },
	[COLUMN_LOW_IOVA] = { .name = "LOWIOVA",
			      .summary = "fewest bytes of IOVAs",
			      .right = true,
			      .extra = true },
	[COLUMN_EVENTS] = { .name = "EVENTS", .summary = "events", .right = true },
	[COLUMN_FAILED] = { .name = "FAILED",
			    .summary = "calls that failed",
			    .right = true },
	[COLUMN_GAPS] = { .name = "GAPS",
			  .summary = "places where events are missing",
			  .right = true },
	[COLUMN_LOST] = { .name = "LOST",
			  .summary = "how many, as far as is known",
			  .right = true,
			  .extra = true },
	{},
};

int timeline_table_create(const struct form_options *form,
			  const struct terminal *terminal, struct table **ret)
{
	return table_create(form, terminal, columns, ret);
}

static void fill_count(struct table *table, size_t column, uint64_t value)
{
	table_cell(table, column, "%" PRIu64, value);
}

static void fill_row(struct table *table, const struct timeline_view *view, size_t series,
		     const struct timeline_cut *cut, size_t cell)
{
	const struct libdma_timeline_bin *bin = &cut->cell[cell];
	char buffer[32];

	table_row(table);
	table_cell(table, COLUMN_KEY, "%s", timeline_name(view, series, buffer));
	fill_count(table, COLUMN_FROM, cut->ns[cell]);
	fill_count(table, COLUMN_TO, cut->ns[cell + 1]);
	for (unsigned int i = 0; i < LIBDMA_TIMELINE_MEASURES; i++) {
		fill_count(table, COLUMN_BYTES + i, bin->high[i]);
		fill_count(table, COLUMN_LOW_BYTES + i, bin->low[i]);
	}
	fill_count(table, COLUMN_EVENTS, bin->events);
	fill_count(table, COLUMN_FAILED, bin->failed);
	fill_count(table, COLUMN_GAPS, bin->gaps);
	fill_count(table, COLUMN_LOST, bin->lost);
}

void timeline_table_fill(struct table *table, const struct timeline_view *view,
			 size_t cells)
{
	for (size_t i = 0; i <= view->count; i++) {
		size_t series = i ? view->series[i - 1] : 0;
		struct timeline_cut cut = timeline_cut(view->timeline, series, cells);

		for (size_t j = 0; j < cut.count; j++)
			fill_row(table, view, series, &cut, j);
		timeline_cut_deinit(&cut);
	}
}

/*
 * The document
 */

static json_t *counts_json(const struct timeline_cut *cut,
			   uint64_t (*count)(const struct libdma_timeline_bin *cell))
{
	json_t *list = json_list();

	for (size_t i = 0; i < cut->count; i++)
		json_append(list, json_count(count(&cut->cell[i])));
	return list;
}

static uint64_t count_events(const struct libdma_timeline_bin *cell)
{
	return cell->events;
}

static uint64_t count_failed(const struct libdma_timeline_bin *cell)
{
	return cell->failed;
}

static uint64_t count_gaps(const struct libdma_timeline_bin *cell)
{
	return cell->gaps;
}

static uint64_t count_lost(const struct libdma_timeline_bin *cell)
{
	return cell->lost;
}

static json_t *measure_json(const struct libdma_timeline_series *face,
			    const struct timeline_cut *cut, unsigned int measure)
{
	json_t *object = json_create(), *low = json_list(), *high = json_list();

	json_add_count(object, "peak", face->peak[measure].value);
	json_add_count(object, "peak_ns", face->peak[measure].ns);
	json_add_count(object, "peak_event", face->peak[measure].number);
	json_add_count(object, "end", face->now[measure]);
	for (size_t i = 0; i < cut->count; i++) {
		json_append(low, json_count(cut->cell[i].low[measure]));
		json_append(high, json_count(cut->cell[i].high[measure]));
	}
	json_add(object, "low", low);
	json_add(object, "high", high);
	return object;
}

static json_t *series_json(const struct timeline_view *view, size_t series, size_t cells)
{
	const struct libdma_timeline_series *face =
		libdma_timeline_series(view->timeline, series);
	struct timeline_cut cut = timeline_cut(view->timeline, series, cells);
	json_t *object = json_create();
	char buffer[32];

	json_add(object, "key",
		 series ? json_text(timeline_name(view, series, buffer)) : json_null());
	for (unsigned int i = 0; i < LIBDMA_TIMELINE_MEASURES; i++)
		if (view->wanted[i])
			json_add(object, libdma_timeline_measure_name(i),
				 measure_json(face, &cut, i));
	json_add(object, "events", counts_json(&cut, count_events));
	json_add(object, "failed", counts_json(&cut, count_failed));
	if (!series) {
		json_add(object, "gaps", counts_json(&cut, count_gaps));
		json_add(object, "lost", counts_json(&cut, count_lost));
	}
	timeline_cut_deinit(&cut);
	return object;
}

static json_t *times_json(const struct timeline_view *view, size_t cells)
{
	struct timeline_cut cut = timeline_cut(view->timeline, 0, cells);
	json_t *list = json_list();

	for (size_t i = 0; cut.count && i <= cut.count; i++)
		json_append(list, json_count(cut.ns[i]));
	timeline_cut_deinit(&cut);
	return list;
}

static json_t *marks_json(const struct timeline_view *view)
{
	const struct libdma_timeline_mark *mark;
	json_t *list = json_list();

	for (size_t i = 0; (mark = libdma_timeline_mark(view->timeline, i)); i++) {
		bool lost = mark->kind == DMA_EVENT_LOST;
		json_t *object = json_create();

		json_add(object, "what", json_text(lost ? "lost" : "failed"));
		json_add_count(object, "event", mark->number);
		json_add_count(object, "ns", mark->ns);
		json_add(object, "kind", json_text(libdma_event_kind_name(mark->kind)));
		json_add(object, "device",
			 json_text(libdma_strings_get(view->strings, mark->device)));
		json_add_count(object, lost ? "lost" : "size", mark->size);
		json_append(list, object);
	}
	return list;
}

void timeline_json(const struct timeline_view *view, size_t cells,
		   const struct source *source, const char *path)
{
	json_t *document = json_document("timeline"), *list = json_list();
	const struct libdma_timeline_series *all =
		libdma_timeline_series(view->timeline, 0);

	json_add(document, "trace", json_text(path));
	json_add(document, "completeness", source_completeness(source));
	json_add_count(document, "events", all->events);
	json_add_count(document, "failed", all->failed);
	json_add(document, "by", json_string(stat_key_name(view->by)));
	json_add(document, "ns", times_json(view, cells));
	json_add(document, "all", series_json(view, 0, cells));
	for (size_t i = 0; i < view->count; i++)
		json_append(list, series_json(view, view->series[i], cells));
	json_add(document, "series", list);
	json_add(document, "marks", marks_json(view));
	json_print(document);
}
