// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd-stat.c - dmactl stat: what a trace asked for, in numbers
 */
#include <argp.h>
#include <stdio.h>

#include "command.h"
#include "form.h"
#include "json.h"
#include "output.h"
#include "source.h"
#include "stat-print.h"
#include "table.h"
#include "terminal.h"

enum {
	OPTION_BY = 256,
	OPTION_HISTOGRAM,
};

struct options {
	struct source_options source;
	struct form_options form;
	struct terminal terminal;
	enum libdma_stat_key by;
	bool histogram;
};

static const struct argp_option options[] = {
	{ .name = "by",
	  .key = OPTION_BY,
	  .arg = "WHAT",
	  .doc = "Count apart by device, driver, kind (the default), direction, cpu, comm, "
		 "pool or site (call stack)" },
	{ .name = "histogram",
	  .key = OPTION_HISTOGRAM,
	  .doc = "Draw how often which sizes and lifetimes come" },
	{},
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct options *opts = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		opts->by = LIBDMA_STAT_KIND;
		state->child_inputs[0] = &opts->source;
		state->child_inputs[1] = &opts->source;
		state->child_inputs[2] = &opts->form;
		state->child_inputs[3] = &opts->terminal;
		return 0;
	case OPTION_BY:
		opts->by = stat_key_find(arg);
		if (opts->by == LIBDMA_STAT_KEYS)
			argp_error(state,
				   "--by takes device, driver, kind, direction, cpu, comm, "
				   "pool or site, not '%s'",
				   arg);
		return 0;
	case OPTION_HISTOGRAM:
		opts->histogram = true;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse_option,
	.args_doc = "[TRACE]",
	.doc = "Count what the drivers in TRACE (dma.dmat by default) asked for.",
	.children = (const struct argp_child[]) { { .argp = &source_argp },
						  { .argp = &selection_argp },
						  { .argp = &form_table_argp },
						  { .argp = &terminal_argp },
						  {} },
};

static int learn_driver(void *arg, uint32_t device, uint32_t driver)
{
	return libdma_stat_driver(arg, device, driver);
}

static struct libdma_stat *count_events(struct source *source, enum libdma_stat_key by)
{
	const struct dma_event *event;
	struct libdma_stat *stat;
	int more;

	if (libdma_stat_create(by, true, &stat))
		out_of_memory();
	more = source_next(source, &event);
	/* A trace may tell its drivers with the first event, not before. */
	source_drivers(source, learn_driver, stat);
	for (; more > 0; more = source_next(source, &event))
		if (libdma_stat_put(stat, event))
			out_of_memory();
	return stat;
}

static void print_json(const struct libdma_stat *stat, const struct options *opts,
		       const struct source *source)
{
	json_t *document = json_document("stat");
	uint64_t first, last;

	libdma_stat_time(stat, &first, &last);
	json_add(document, "trace", json_text(opts->source.path));
	json_add(document, "completeness", source_completeness(source));
	json_add_count(document, "events", libdma_stat_total(stat)->events);
	json_add_count(document, "lost", source_lost(source));
	json_add_count(document, "first_ns", first);
	json_add_count(document, "last_ns", last);
	json_add(document, "kinds", stat_kinds(stat));
	json_add(document, "total", stat_group(libdma_stat_total(stat)));
	json_add(document, "by", json_string(stat_key_name(opts->by)));
	json_add(document, "groups", stat_groups(stat, opts->by, source_strings(source)));
	json_print(document);
}

static void print_human(const struct libdma_stat *stat, const struct options *opts,
			const struct source *source, struct table *table)
{
	source_print_loss(source, &opts->terminal, stdout);
	stat_print_total(stat);
	putchar('\n');
	table_print(table);
	if (opts->histogram)
		stat_print_histograms(stat, &opts->terminal);
}

static int stat_run(int argc, char **argv)
{
	struct options opts = { 0 };
	struct libdma_stat *stat;
	struct source *source;
	struct table *table;
	int status;

	argp_parse(&argp, argc, argv, 0, NULL, &opts);
	status = stat_table_create(opts.by, &opts.form, &opts.terminal, &table);
	if (!table)
		return status;
	status = source_open(&opts.source, NULL, &source);
	if (status)
		goto destroy_table;

	stat = count_events(source, opts.by);
	terminal_page(&opts.terminal);
	stat_table_fill(table, opts.by, opts.form.form != FORM_HUMAN, stat,
			source_strings(source));
	if (opts.form.form == FORM_JSON)
		print_json(stat, &opts, source);
	else if (opts.form.form == FORM_HUMAN)
		print_human(stat, &opts, source, table);
	else
		table_print(table);
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
