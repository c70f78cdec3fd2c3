// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * timeline.c - the use over time of a trace, in words and in pieces
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "output.h"
#include "stat-print.h"
#include "timeline.h"

struct ranked {
	size_t series;
	const struct libdma_timeline_series *face;
};

/* By the most bytes, and then by the most of anything. */
static int compare(const void *left, const void *right)
{
	const struct ranked *a = left, *b = right;

	for (unsigned int i = 0; i < LIBDMA_TIMELINE_MEASURES; i++)
		if (a->face->peak[i].value != b->face->peak[i].value)
			return a->face->peak[i].value < b->face->peak[i].value ? 1 : -1;
	return (a->series > b->series) - (a->series < b->series);
}

/* Events without a device, say, are no use of anything. */
static bool is_worth(const struct libdma_timeline_series *face)
{
	bool worth = face->failed > 0;

	for (unsigned int i = 0; i < LIBDMA_TIMELINE_MEASURES; i++)
		worth |= face->peak[i].value > 0;
	return worth;
}

void timeline_order(struct timeline_view *view)
{
	struct ranked ranked[LIBDMA_TIMELINE_SERIES + 1];
	const struct libdma_timeline_series *face;

	view->count = 0;
	for (size_t i = 1; (face = libdma_timeline_series(view->timeline, i)); i++)
		if (is_worth(face))
			ranked[view->count++] = (struct ranked) { i, face };
	qsort(ranked, view->count, sizeof(*ranked), compare);
	view->series = calloc(view->count + 1, sizeof(*view->series));
	if (!view->series)
		out_of_memory();
	for (size_t i = 0; i < view->count; i++)
		view->series[i] = ranked[i].series;
}

struct timeline_cut timeline_cut(const struct libdma_timeline *timeline, size_t series,
				 size_t cells)
{
	size_t bins = libdma_timeline_bins(timeline);
	struct timeline_cut cut = { .count = cells < bins ? cells : bins };

	cut.cell = calloc(cut.count + 1, sizeof(*cut.cell));
	cut.ns = calloc(cut.count + 1, sizeof(*cut.ns));
	if (!cut.cell || !cut.ns)
		out_of_memory();
	for (size_t i = 0; i < cut.count; i++) {
		size_t from = i * bins / cut.count, to = (i + 1) * bins / cut.count;

		libdma_timeline_read(timeline, series, from, to, &cut.cell[i]);
		cut.ns[i] = libdma_timeline_time(timeline, from);
		cut.ns[i + 1] = libdma_timeline_time(timeline, to);
	}
	return cut;
}

void timeline_cut_deinit(struct timeline_cut *cut)
{
	free(cut->cell);
	free(cut->ns);
}

const char *timeline_name(const struct timeline_view *view, size_t series,
			  char buffer[32])
{
	const struct libdma_timeline_series *face =
		libdma_timeline_series(view->timeline, series);

	if (!series)
		return "";
	if (face->rest)
		return "(others)";
	return stat_key_text(view->by, face->key, view->strings, buffer);
}

const char *timeline_title(unsigned int measure)
{
	static const char *const titles[LIBDMA_TIMELINE_MEASURES] = {
		[LIBDMA_TIMELINE_BYTES] = "bytes mapped and allocated",
		[LIBDMA_TIMELINE_LIVE] = "mappings and allocations",
		[LIBDMA_TIMELINE_SLOTS] = "slots of the swiotlb",
		[LIBDMA_TIMELINE_IOVA] = "bytes of IOVAs",
	};

	return titles[measure];
}

const char *timeline_value(unsigned int measure, uint64_t value, char *buffer,
			   size_t room)
{
	if (measure == LIBDMA_TIMELINE_BYTES || measure == LIBDMA_TIMELINE_IOVA)
		return table_size(value, buffer, room);
	snprintf(buffer, room, "%" PRIu64, value);
	return buffer;
}

const char *timeline_when(uint64_t ns, char *buffer, size_t room)
{
	snprintf(buffer, room, "%" PRIu64 ".%06" PRIu64 " s", ns / 1000000000,
		 ns % 1000000000 / 1000);
	return buffer;
}

/* How many slots the pool has, where somebody said so. */
static uint64_t slots_of(const struct timeline_view *view)
{
	return view->environment->origin.swiotlb_slots == LIBDMA_GIVEN
		       ? view->environment->swiotlb.slots
		       : 0;
}

/* The whole pool, unless so little of it is used that nothing would be seen. */
uint64_t timeline_top(const struct timeline_view *view, unsigned int measure)
{
	uint64_t peak = libdma_timeline_series(view->timeline, 0)->peak[measure].value;
	uint64_t slots = slots_of(view);

	if (measure == LIBDMA_TIMELINE_SLOTS && slots > peak && slots / 4 <= peak)
		return slots;
	return peak;
}

const char *timeline_peak(const struct timeline_view *view, size_t series,
			  unsigned int measure, char *buffer, size_t room)
{
	const struct libdma_timeline_peak *peak =
		&libdma_timeline_series(view->timeline, series)->peak[measure];
	uint64_t slots = measure == LIBDMA_TIMELINE_SLOTS ? slots_of(view) : 0;
	char value[32], when[48], of[32] = "";

	if (slots)
		snprintf(of, sizeof(of), " of %" PRIu64, slots);
	snprintf(buffer, room, "at most %s%s, at %s, event #%" PRIu64,
		 timeline_value(measure, peak->value, value, sizeof(value)), of,
		 timeline_when(peak->ns, when, sizeof(when)), peak->number);
	return buffer;
}

const char *timeline_mark(const struct timeline_view *view,
			  const struct libdma_timeline_mark *mark, char *buffer,
			  size_t room)
{
	char when[48];

	timeline_when(mark->ns, when, sizeof(when));
	if (mark->kind != DMA_EVENT_LOST)
		snprintf(buffer, room,
			 "failed: #%" PRIu64 " at %s, %s of %" PRIu64 " bytes for %s",
			 mark->number, when, libdma_event_kind_name(mark->kind),
			 mark->size, libdma_strings_get(view->strings, mark->device));
	else if (mark->size)
		snprintf(buffer, room,
			 "lost: %" PRIu64 " event%s before #%" PRIu64 " at %s",
			 mark->size, mark->size == 1 ? "" : "s", mark->number, when);
	else
		snprintf(buffer, room,
			 "lost: nobody knows how many events before #%" PRIu64 " at %s",
			 mark->number, when);
	return buffer;
}
