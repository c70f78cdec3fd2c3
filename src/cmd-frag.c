// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd-frag.c - dmactl frag: what is taken, what is free, and what would still fit
 */
#include <argp.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "draw.h"
#include "form.h"
#include "json.h"
#include "output.h"
#include "space.h"
#include "state.h"
#include "table.h"
#include "terminal.h"

#define OPTION_INTERVAL 768

struct options {
	uint64_t interval_ns;
	struct state_options state;
	struct space_options space;
	struct form_options form;
};

static const struct argp_option argp_options[] = {
	{ .doc = "The numbers:", .group = 1 },
	{ .name = "interval",
	  .key = OPTION_INTERVAL,
	  .arg = "TIME",
	  .doc = "Print them again and again, after each TIME of the trace (10ms, 1.5s)" },
	{},
};

static uint64_t parse_interval(const char *arg, struct argp_state *state)
{
	struct libdma_position position;

	if (libdma_position_parse(arg, &position) ||
	    position.kind != LIBDMA_MOMENT_TIME || !position.value)
		argp_error(state,
			   "--interval takes a time such as 10ms or 1.5s, not '%s'", arg);
	return position.value;
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct options *opts = state->input;

	switch (key) {
	case OPTION_INTERVAL:
		opts->interval_ns = parse_interval(arg, state);
		return 0;
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &opts->space;
		state->child_inputs[1] = &opts->state;
		state->child_inputs[2] = &opts->form;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = argp_options,
	.parser = parse_option,
	.args_doc = "[TRACE]",
	.doc = "Print how full and how fragmented each space of addresses is at one moment of "
	       "TRACE (dma.dmat by default), and the largest request that it would serve.",
	.children = (const struct argp_child[]) { { .argp = &space_argp },
						  { .argp = &state_argp },
						  { .argp = &form_table_argp },
						  {} },
};

enum {
	COLUMN_TIME,
	COLUMN_SPACE,
	COLUMN_EXTENTS,
	COLUMN_USED,
	COLUMN_REQUESTED,
	COLUMN_WASTE,
	COLUMN_FREE,
	COLUMN_RUNS,
	COLUMN_LONGEST,
	COLUMN_FITS,
	COLUMN_INDEX,
	COLUMN_SHARED,
	COLUMN_UNPLACED,
	COLUMN_FIRST,
	COLUMN_LAST,
	COLUMN_UNIT,
};

static const struct column columns[] = {
	[COLUMN_TIME] = { .name = "TIME",
			  .right = true,
			  .extra = true,
			  .summary = "when, in seconds on the trace's clock" },
	[COLUMN_SPACE] = { .name = "SPACE",
			   .summary = "the space's name",
			   .shrink = true },
	[COLUMN_EXTENTS] = { .name = "EXTENTS",
			     .right = true,
			     .summary = "mappings, allocations or blocks in it" },
	[COLUMN_USED] = { .name = "USED",
			  .right = true,
			  .summary = "bytes taken, each counted once" },
	[COLUMN_REQUESTED] = { .name = "REQUESTED",
			       .right = true,
			       .summary = "bytes that were asked for" },
	[COLUMN_WASTE] = { .name = "WASTE",
			   .right = true,
			   .summary = "part of what is taken that nobody asked for" },
	[COLUMN_FREE] = { .name = "FREE", .right = true, .summary = "free bytes" },
	[COLUMN_RUNS] = { .name = "RUNS",
			  .right = true,
			  .summary = "runs of free addresses" },
	[COLUMN_LONGEST] = { .name = "LONGEST",
			     .right = true,
			     .summary = "the longest of them" },
	[COLUMN_FITS] = { .name = "FITS",
			  .right = true,
			  .summary = "largest request that would be served now" },
	[COLUMN_INDEX] = { .name = "INDEX",
			   .right = true,
			   .summary = "fragmentation: 0 none, 1 only crumbs are free" },
	[COLUMN_SHARED] = { .name = "SHARED",
			    .right = true,
			    .extra = true,
			    .summary = "bytes in more than one thing" },
	[COLUMN_UNPLACED] = { .name = "UNPLACED",
			      .right = true,
			      .extra = true,
			      .summary = "things whose place the trace does not tell" },
	[COLUMN_FIRST] = { .name = "FIRST",
			   .right = true,
			   .extra = true,
			   .summary = "lowest address that is taken" },
	[COLUMN_LAST] = { .name = "LAST",
			  .right = true,
			  .extra = true,
			  .summary = "the address behind the highest" },
	[COLUMN_UNIT] = { .name = "UNIT",
			  .right = true,
			  .extra = true,
			  .summary = "bytes that the allocator counts in" },
	{},
};

/* For people 1.5M; exact bytes for machines. */
static void size_cell(struct table *table, const struct form_options *form, size_t column,
		      uint64_t bytes)
{
	char text[16];

	if (form->form == FORM_HUMAN)
		table_cell(table, column, "%s", table_size(bytes, text, sizeof(text)));
	else
		table_cell(table, column, "%" PRIu64, bytes);
}

static void fill_free(struct table *table, const struct form_options *form,
		      const struct libdma_space *space)
{
	const struct libdma_fragmentation *numbers = &space->numbers;

	size_cell(table, form, COLUMN_FREE, numbers->free);
	table_cell(table, COLUMN_RUNS, "%" PRIu64, numbers->runs);
	size_cell(table, form, COLUMN_LONGEST, numbers->largest_free);
	size_cell(table, form, COLUMN_FITS, numbers->largest_request);
	table_cell(table, COLUMN_INDEX, "%.2f", numbers->index);
}

static void fill_row(struct table *table, const struct form_options *form,
		     const struct libdma_space *space, uint64_t ns)
{
	const struct libdma_fragmentation *numbers = &space->numbers;
	uint64_t waste = numbers->taken > numbers->requested
				 ? numbers->taken - numbers->requested
				 : 0;

	table_row(table);
	table_cell(table, COLUMN_TIME, "%" PRIu64 ".%06" PRIu64, ns / 1000000000,
		   ns % 1000000000 / 1000);
	table_cell(table, COLUMN_SPACE, "%s", space->name);
	table_cell(table, COLUMN_EXTENTS, "%zu", space->extents);
	size_cell(table, form, COLUMN_USED, numbers->used);
	size_cell(table, form, COLUMN_REQUESTED, numbers->requested);
	table_cell(table, COLUMN_WASTE, "%.1f%%",
		   numbers->taken ? 100.0 * (double)waste / (double)numbers->taken : 0.0);
	if (space->allocates && space->size)
		fill_free(table, form, space);
	size_cell(table, form, COLUMN_SHARED, numbers->shared);
	table_cell(table, COLUMN_UNPLACED, "%" PRIu64, space->unplaced);
	table_cell(table, COLUMN_FIRST, "0x%" PRIx64, numbers->first);
	table_cell(table, COLUMN_LAST, "0x%" PRIx64, numbers->last);
	table_cell(table, COLUMN_UNIT, "%" PRIu64, space->unit);
}

/* How many runs there are of each size, and what a request of it cannot use. */
static void print_runs(const struct libdma_space *space)
{
	const struct libdma_fragmentation *numbers = &space->numbers;
	uint64_t smaller = 0;
	char from[16], bytes[16];

	if (!numbers->runs)
		return;
	printf("\nfree runs of %s\n%9s %8s %8s %9s\n", space->name, "FROM", "RUNS",
	       "BYTES", "UNUSABLE");
	for (unsigned int i = 0; i < LIBDMA_FRAGMAP_BUCKETS; i++) {
		if (!numbers->run_count[i])
			continue;
		printf("%9s %8" PRIu64 " %8s %8.1f%%\n",
		       table_size(space->unit << i, from, sizeof(from)),
		       numbers->run_count[i],
		       table_size(numbers->run_bytes[i], bytes, sizeof(bytes)),
		       100.0 * (double)smaller / (double)numbers->free);
		smaller += numbers->run_bytes[i];
	}
}

static json_t *spaces_json(const struct state *state, const struct space_list *list)
{
	json_t *spaces = json_list();

	for (size_t i = 0; i < list->count; i++)
		json_append(spaces, space_json(list->space[i], state));
	return spaces;
}

static void print_json(const struct state *state, const struct space_list *list)
{
	json_t *document = json_document("frag");

	json_add(document, "completeness", source_completeness(state->source));
	json_add(document, "moment", state_moment_json(state));
	json_add(document, "spaces", spaces_json(state, list));
	json_print(document);
}

static void print_table(const struct options *opts, const struct state *state,
			struct table *table, const struct space_list *list)
{
	bool human = opts->form.form == FORM_HUMAN;
	char moment[SENTENCE];

	terminal_page(&opts->state.terminal);
	if (human) {
		source_print_loss(state->source, &opts->state.terminal, stdout);
		draw_text(state_describe_moment(state, moment, sizeof(moment)),
			  &opts->state.terminal);
		putchar('\n');
	}
	for (size_t i = 0; i < list->count; i++)
		fill_row(table, &opts->form, list->space[i], state->moment.ns);
	table_print(table);
	for (size_t i = 0; human && opts->space.space && i < list->count; i++)
		print_runs(list->space[i]);
}

static int frag_once(struct options *opts, struct table *table)
{
	struct state_weight weight = space_weight(&opts->space);
	struct libdma_fragmap *fragmap;
	struct space_list list;
	struct state state;
	int status;

	status = state_open(&opts->state, &weight, &state);
	if (status)
		goto close_state;
	fragmap = state_fragmap(&state);
	status = space_choose(&opts->space, &state, fragmap, &list);
	if (status)
		goto destroy_fragmap;
	if (opts->form.form == FORM_JSON)
		print_json(&state, &list);
	else
		print_table(opts, &state, table, &list);
	free(list.space);
destroy_fragmap:
	libdma_fragmap_destroy(fragmap);
close_state:
	return state_close(&state, status);
}

/*
 * Over time
 */

struct series {
	const struct options *opts;
	struct table *table;
	json_t *moments; /* NULL for a table */
};

/* A row for each space, or a member of "moments". */
static int add_moment(void *arg, const struct state *state)
{
	const struct series *series = arg;
	struct libdma_fragmap *fragmap = state_fragmap(state);
	struct space_list list = space_list(&series->opts->space, state, fragmap);

	if (series->moments) {
		json_t *moment = json_create();

		json_add(moment, "moment", state_moment_json(state));
		json_add(moment, "spaces", spaces_json(state, &list));
		json_append(series->moments, moment);
	}
	for (size_t i = 0; !series->moments && i < list.count; i++)
		fill_row(series->table, &series->opts->form, list.space[i],
			 state->moment.ns);
	free(list.space);
	libdma_fragmap_destroy(fragmap);
	return 0;
}

static int frag_over_time(struct options *opts, struct table *table)
{
	struct series series = { .opts = opts, .table = table };
	struct state state;
	int status;

	if (opts->form.form == FORM_JSON)
		series.moments = json_list();
	status = state_series(&opts->state, opts->interval_ns, add_moment, &series,
			      &state);
	if (status) {
		json_decref(series.moments);
		return state_close(&state, status);
	}
	terminal_page(&opts->state.terminal);
	if (series.moments) {
		json_t *document = json_document("frag");

		json_add(document, "completeness", source_completeness(state.source));
		json_add_count(document, "interval_ns", opts->interval_ns);
		json_add(document, "moments", series.moments);
		json_print(document);
	} else {
		if (opts->form.form == FORM_HUMAN)
			source_print_loss(state.source, &opts->state.terminal, stdout);
		table_print(table);
	}
	return state_close(&state, EXIT_FINE);
}

static int frag_run(int argc, char **argv)
{
	struct options opts = { .state.source.infer = true };
	struct table *table;
	int status;

	argp_parse(&argp, argc, argv, 0, NULL, &opts);
	if (opts.interval_ns && opts.state.at.kind != LIBDMA_MOMENT_AUTO) {
		complain("--at is one moment, --interval many: give one of them");
		return EXIT_USAGE;
	}
	if (opts.interval_ns && !opts.form.columns)
		opts.form.columns =
			"time,space,extents,used,requested,free,longest,fits,index";
	status = table_create(&opts.form, &opts.state.terminal, columns, &table);
	if (!table)
		return status;
	status =
		opts.interval_ns ? frag_over_time(&opts, table) : frag_once(&opts, table);
	table_destroy(table);
	return status;
}

const struct command command_frag = {
	.name = "frag",
	.summary = "Tell how fragmented address spaces are, and what still fits",
	.argp = &argp,
	.run = frag_run,
};
