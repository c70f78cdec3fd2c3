// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd-leaks.c - dmactl leaks: what is left mapped, and which of it for good
 */
#include <argp.h>
#include <stdlib.h>
#include <string.h>

#include <libdma/replay.h>

#include "command.h"
#include "kernel.h"
#include "leaks-print.h"
#include "output.h"
#include "suppressions.h"

enum {
	OPTION_OLDER = 256,
	OPTION_ALL,
	OPTION_SUPPRESSIONS,
};

struct options {
	struct source_options source;
	struct form_options form;
	struct terminal terminal;
	const char *suppressions;
	struct libdma_filter *filter; /* of what began a leak; all events are followed */
	uint64_t older_ns;
	bool all;
};

static const struct argp_option options[] = {
	{ .name = "older",
	  .key = OPTION_OLDER,
	  .arg = "TIME",
	  .doc = "Whatever is at least this old at the end is a leak: 2s, 500ms" },
	{ .name = "all",
	  .key = OPTION_ALL,
	  .doc = "Show also what may well be in use, was lost sight of, or need not be "
		 "unmapped" },
	{ .name = "suppressions",
	  .key = OPTION_SUPPRESSIONS,
	  .arg = "FILE",
	  .doc = "Leave out what the lines of FILE name: VERDICT [DEVICE [SITE]]" },
	{},
};

static uint64_t parse_age(const char *text, struct argp_state *state)
{
	struct libdma_position position;

	if (libdma_position_parse(text, &position) ||
	    position.kind != LIBDMA_MOMENT_TIME || !position.value)
		argp_error(state, "--older takes a time such as 2s or 500ms, not '%s'",
			   text);
	return position.value;
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct options *opts = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &opts->source;
		state->child_inputs[1] = &opts->source;
		state->child_inputs[2] = &opts->form;
		state->child_inputs[3] = &opts->terminal;
		return 0;
	case OPTION_OLDER:
		opts->older_ns = parse_age(arg, state);
		return 0;
	case OPTION_ALL:
		opts->all = true;
		return 0;
	case OPTION_SUPPRESSIONS:
		opts->suppressions = arg;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse_option,
	.args_doc = "[TRACE]",
	.doc = "Show what TRACE (dma.dmat by default) leaves mapped or allocated that "
	       "nobody will give back, by device and call site.",
	.children = (const struct argp_child[]) { { .argp = &source_argp },
						  { .argp = &selection_argp },
						  { .argp = &form_table_argp },
						  { .argp = &terminal_argp },
						  {} },
};

static struct libdma_leaks *create(struct source *source, const struct options *opts)
{
	const struct libdma_environment *environment = source_environment(source);
	const struct libdma_leaks_options how = { .kernel = kernel_of(environment),
						  .older_ns = opts->older_ns };
	struct libdma_leaks *leaks = libdma_leaks_create(&how);

	if (!leaks ||
	    libdma_leaks_environment(leaks, environment,
				     libdma_reader_strings(source_reader(source))))
		out_of_memory();
	return leaks;
}

/* A trace may tell its machine with the first event, not before. */
static void follow(struct source *source, const struct options *opts,
		   struct leaks_list *list)
{
	const struct dma_event *event;
	struct libdma_leaks *leaks;
	uint64_t damaged = 0;
	bool more = source_next(source, &event) > 0;

	leaks = create(source, opts);
	for (; more; more = source_next(source, &event) > 0) {
		if (libdma_reader_damaged(source_reader(source)) != damaged)
			libdma_leaks_lost(leaks);
		damaged = libdma_reader_damaged(source_reader(source));
		if (libdma_leaks_put(leaks, event))
			out_of_memory();
	}
	if (libdma_leaks_conclude(leaks, &list->leak, &list->count))
		out_of_memory();
	list->strangers = libdma_leaks_strangers(leaks, 0);
	list->source = source;
	libdma_leaks_destroy(leaks);
}

static const void *find_verdict(const char *word)
{
	const char *name;

	for (unsigned int i = 0; i < LIBDMA_LEAK_VERDICTS; i++) {
		name = libdma_leak_verdict_name(i);
		if (!strcmp(name, word))
			return name;
	}
	return NULL;
}

/* Drop what the user does not want to hear of. */
static void select_leaks(struct leaks_list *list, const struct options *opts,
			 const struct suppressions *suppressions)
{
	const struct libdma_strings *strings = source_strings(list->source);
	size_t kept = 0;

	for (size_t i = 0; i < list->count; i++) {
		const struct libdma_leak *leak = &list->leak[i];

		if (opts->filter &&
		    !libdma_filter_match(opts->filter, &leak->oldest, strings))
			continue;
		if (suppressions &&
		    suppressions_match(suppressions,
				       libdma_leak_verdict_name(leak->verdict),
				       libdma_strings_get(strings, leak->oldest.device),
				       libdma_strings_get(strings, leak->oldest.stack))) {
			list->suppressed++;
			continue;
		}
		list->leak[kept++] = *leak;
	}
	list->count = kept;
}

static int teach_filter(void *arg, uint32_t device, uint32_t driver)
{
	return libdma_filter_driver(arg, device, driver);
}

static void print(const struct leaks_list *list, const struct options *opts,
		  struct table *table)
{
	terminal_page(&opts->terminal);
	if (opts->form.form == FORM_JSON) {
		leaks_json(list, opts->source.path);
		return;
	}
	leaks_table_fill(table, list, opts->form.form != FORM_HUMAN, opts->all);
	if (opts->form.form != FORM_HUMAN) {
		table_print(table);
		return;
	}
	leaks_print_summary(list, &opts->terminal, opts->all);
	if (!table_rows(table))
		return;
	putchar('\n');
	table_print(table);
	putchar('\n');
	leaks_print_reasons(list, &opts->terminal, opts->all);
}

static int exit_status(const struct leaks_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		if (leak_is_found(&list->leak[i]))
			return EXIT_FOUND;
	return EXIT_FINE;
}

static int leaks_run(int argc, char **argv)
{
	struct suppressions *suppressions = NULL;
	struct options opts = { 0 };
	struct leaks_list list = { 0 };
	struct source *source;
	struct table *table;
	int status;

	argp_parse(&argp, argc, argv, 0, NULL, &opts);
	status = leaks_table_create(&opts.form, &opts.terminal, &table);
	if (!table)
		return status;
	/* What ends a leak need not be like what began it. */
	opts.filter = opts.source.filter;
	opts.source.filter = NULL;
	if (opts.suppressions)
		status = suppressions_read(
			opts.suppressions, find_verdict,
			"VERDICT [DEVICE [SITE]], such as 'old 0000:03:*'",
			&suppressions);
	if (!status)
		status = source_open(&opts.source, NULL, &source);
	if (status)
		goto destroy_suppressions;

	follow(source, &opts, &list);
	if (opts.filter)
		source_drivers(source, teach_filter, opts.filter);
	select_leaks(&list, &opts, suppressions);
	print(&list, &opts, table);
	status = source_close(source, exit_status(&list));
	free(list.leak);
destroy_suppressions:
	suppressions_destroy(suppressions);
	libdma_filter_destroy(opts.filter);
	table_destroy(table);
	return status;
}

const struct command command_leaks = {
	.name = "leaks",
	.summary = "Show what is left mapped for good",
	.argp = &argp,
	.run = leaks_run,
};
