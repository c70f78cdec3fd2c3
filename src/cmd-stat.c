// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd-stat.c - dmactl stat: what a trace asked for, in numbers
 */
#include <argp.h>
#include <inttypes.h>
#include <stdio.h>

#include <libdma/stat.h>

#include "command.h"
#include "form.h"
#include "json.h"
#include "output.h"
#include "source.h"
#include "table.h"
#include "terminal.h"

struct options {
	struct source_options source;
	struct form_options form;
	struct terminal terminal;
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct options *opts = state->input;

	(void)arg;
	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &opts->source;
		state->child_inputs[1] = &opts->form;
		state->child_inputs[2] = &opts->terminal;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.parser = parse_option,
	.args_doc = "[TRACE]",
	.doc = "Count what the drivers in TRACE (dma.dmat by default) asked for.",
	.children = (const struct argp_child[]) { { .argp = &source_argp },
						  { .argp = &form_table_argp },
						  { .argp = &terminal_argp },
						  {} },
};

enum {
	COLUMN_KIND,
	COLUMN_EVENTS,
};

static const struct column columns[] = {
	[COLUMN_KIND] = { .name = "KIND", .summary = "kind of event" },
	[COLUMN_EVENTS] = { .name = "EVENTS", .summary = "how many there are", .right = true },
	{},
};

static void print_json(const struct libdma_stat *stat, const struct source *source)
{
	json_t *document = json_document("stat"), *kinds = json_create();

	json_add(document, "completeness", source_completeness(source));
	json_add_count(document, "events", source_events(source));
	json_add_count(document, "lost", source_lost(source));
	for (unsigned int kind = 1; kind < DMA_EVENT_KINDS; kind++)
		if (libdma_stat_kinds(stat, kind))
			json_add_count(kinds, libdma_event_kind_name(kind),
				       libdma_stat_kinds(stat, kind));
	json_add(document, "kinds", kinds);
	json_print(document);
}

static void fill_table(struct table *table, const struct libdma_stat *stat)
{
	for (unsigned int kind = 1; kind < DMA_EVENT_KINDS; kind++) {
		if (!libdma_stat_kinds(stat, kind))
			continue;
		table_row(table);
		table_cell(table, COLUMN_KIND, "%s", libdma_event_kind_name(kind));
		table_cell(table, COLUMN_EVENTS, "%" PRIu64, libdma_stat_kinds(stat, kind));
	}
}

static int stat_run(int argc, char **argv)
{
	struct options opts = { 0 };
	const struct dma_event *event;
	struct libdma_stat *stat;
	struct source *source;
	struct table *table;
	int status;

	argp_parse(&argp, argc, argv, 0, NULL, &opts);
	status = table_create(&opts.form, &opts.terminal, columns, &table);
	if (!table)
		return status;
	status = source_open(&opts.source, NULL, &source);
	if (status)
		goto destroy_table;
	if (libdma_stat_create(LIBDMA_STAT_ALL, &stat))
		out_of_memory();

	while (source_next(source, &event) > 0)
		if (libdma_stat_put(stat, event))
			out_of_memory();
	terminal_page(&opts.terminal);
	if (opts.form.form == FORM_JSON) {
		print_json(stat, source);
	} else {
		if (opts.form.form == FORM_HUMAN)
			source_print_loss(source, &opts.terminal, stdout);
		fill_table(table, stat);
		table_print(table);
	}
	libdma_stat_destroy(stat);
	status = source_close(source, EXIT_FINE);
destroy_table:
	table_destroy(table);
	return status;
}

const struct command command_stat = {
	.name = "stat",
	.summary = "Count what a trace asked for",
	.argp = &argp,
	.run = stat_run,
};
