// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * export-csv.c - every column of every event, for spreadsheets and data frames
 */
#include "event-csv.h"
#include "export.h"
#include "output.h"

struct csv {
	struct event_csv *events;
	struct source *source;
};

static void csv_destroy(void *state)
{
	struct csv *csv = state;

	event_csv_destroy(csv->events);
	free(csv);
}

static void *csv_create(struct export *export)
{
	struct csv *csv = calloc(1, sizeof(*csv));

	if (!csv)
		out_of_memory();
	csv->source = export->source;
	if (event_csv_create("all", export->out, &csv->events) == EXIT_FINE) {
		event_csv_head(csv->events);
		return csv;
	}
	csv_destroy(csv);
	return NULL;
}

static int csv_put(void *state, const struct dma_event *event,
		   const struct libdma_change *change)
{
	struct csv *csv = state;

	(void)change;
	event_csv_print(csv->events, event, source_strings(csv->source));
	return EXIT_FINE;
}

static int csv_finish(void *state)
{
	(void)state;
	return EXIT_FINE;
}

const struct exporter export_csv = {
	.name = "csv",
	.suffix = ".csv",
	.summary = "a table of all events, comma-separated (RFC 4180)",
	.create = csv_create,
	.put = csv_put,
	.finish = csv_finish,
	.destroy = csv_destroy,
};
