// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd-replay.c - dmactl replay: rebuild the state that a trace recorded
 */
#include <argp.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "fidelity.h"
#include "form.h"
#include "json.h"
#include "machine.h"
#include "output.h"
#include "paragraph.h"
#include "rerun.h"
#include "state.h"
#include "table.h"
#include "terminal.h"

enum {
	OPTION_DUMP_AT = 736,
	OPTION_RANGE,
};

struct options {
	struct state_options state;
	struct fidelity_options fidelity;
	struct rerun_options rerun;
	struct machine_options machine;
	struct form_options form;
	bool dump;
};

static const struct argp_option argp_options[] = {
	{ .doc = "The state:", .group = 1 },
	{ .name = "dump-at",
	  .key = OPTION_DUMP_AT,
	  .arg = "MOMENT",
	  .doc = "List what is live at MOMENT, as --at takes it" },
	{ .name = "range",
	  .key = OPTION_RANGE,
	  .arg = "FROM..TO",
	  .doc = "Only the events from FROM to TO: #100..#200, 3.1..3.2, +0.5.. or ..#200" },
	{},
};

static void parse_range(struct options *opts, char *arg, struct argp_state *state)
{
	struct range *range = &opts->state.source.range;
	char *dots = strstr(arg, ".."), *end;

	if (!dots)
		argp_error(state, "--range takes FROM..TO, not '%s'", arg);
	end = dots + 2;
	*dots = '\0';
	if ((*arg && !place_parse(arg, &range->begin)) ||
	    (*end && !place_parse(end, &range->end)))
		argp_error(state, "--range takes SECONDS, +SECONDS or #EVENT on both sides");
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct options *opts = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &opts->state;
		state->child_inputs[1] = &opts->form;
		state->child_inputs[2] = &opts->fidelity;
		state->child_inputs[3] = &opts->rerun;
		state->child_inputs[4] = &opts->machine;
		return 0;
	case OPTION_DUMP_AT:
		opts->state.at = state_parse_position(arg, state);
		opts->dump = true;
		return 0;
	case OPTION_RANGE:
		parse_range(opts, arg, state);
		return 0;
	case ARGP_KEY_END:
		form_check(&opts->form, opts->rerun.target.path, state);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = argp_options,
	.parser = parse_option,
	.args_doc = "[TRACE]",
	.doc = "Rebuild what was mapped and allocated in TRACE (dma.dmat by default), event "
	       "by event, and tell what began, ended, failed, and is left.",
	.children = (const struct argp_child[]) { { .argp = &state_argp },
						  { .argp = &form_file_argp },
						  { .argp = &fidelity_argp },
						  { .argp = &rerun_argp },
						  { .argp = &machine_argp },
						  {} },
};

static const char *const classes[] = {
	[LIBDMA_LIVE_MAPPINGS] = "mappings",
	[LIBDMA_LIVE_ALLOCATIONS] = "allocations",
	[LIBDMA_LIVE_BLOCKS] = "pool blocks",
	[LIBDMA_LIVE_OTHER] = "pools and regions",
};

static const char *const class_keys[] = {
	[LIBDMA_LIVE_MAPPINGS] = "mappings",
	[LIBDMA_LIVE_ALLOCATIONS] = "allocations",
	[LIBDMA_LIVE_BLOCKS] = "pool_blocks",
	[LIBDMA_LIVE_OTHER] = "pools_and_regions",
};

/*
 * The summary
 */

enum {
	COLUMN_WHAT,
	COLUMN_BEGUN,
	COLUMN_ENDED,
	COLUMN_FAILED,
	COLUMN_AGAIN,
	COLUMN_STRANGERS,
	COLUMN_LIVE,
	COLUMN_BYTES,
	COLUMN_PEAK,
	COLUMN_PEAK_BYTES,
};

static const struct column summary_columns[] = {
	[COLUMN_WHAT] = { .name = "WHAT", .summary = "mappings, allocations, blocks" },
	[COLUMN_BEGUN] = { .name = "BEGUN",
			   .right = true,
			   .summary = "mapped or allocated" },
	[COLUMN_ENDED] = { .name = "ENDED",
			   .right = true,
			   .summary = "unmapped or freed" },
	[COLUMN_FAILED] = { .name = "FAILED",
			    .right = true,
			    .summary = "requests that the kernel refused" },
	[COLUMN_AGAIN] = { .name = "AGAIN",
			   .right = true,
			   .summary = "begun where the same address was live" },
	[COLUMN_STRANGERS] = { .name = "STRANGERS",
			       .right = true,
			       .summary = "ended without a recorded beginning" },
	[COLUMN_LIVE] = { .name = "LEFT", .right = true, .summary = "live at the end" },
	[COLUMN_BYTES] = { .name = "BYTES", .right = true, .summary = "of those" },
	[COLUMN_PEAK] = { .name = "PEAK",
			  .right = true,
			  .summary = "most that were live" },
	[COLUMN_PEAK_BYTES] = { .name = "PEAKBYTES",
				.right = true,
				.summary = "most bytes that were live" },
	{},
};

static void count_cell(struct table *table, size_t column, uint64_t count)
{
	table_cell(table, column, "%" PRIu64, count);
}

static void size_cell(struct table *table, const struct form_options *form, size_t column,
		      uint64_t bytes)
{
	char text[16];

	if (form->form == FORM_HUMAN)
		table_cell(table, column, "%s", table_size(bytes, text, sizeof(text)));
	else
		count_cell(table, column, bytes);
}

static void fill_summary(struct table *table, const struct form_options *form,
			 const struct libdma_replay_totals *totals)
{
	for (unsigned int i = 0; i < LIBDMA_LIVE_CLASSES; i++) {
		const struct libdma_replay_count *count = &totals->count[i];

		if (!(count->begun | count->strangers | count->failed))
			continue;
		table_row(table);
		table_cell(table, COLUMN_WHAT, "%s", classes[i]);
		count_cell(table, COLUMN_BEGUN, count->begun);
		count_cell(table, COLUMN_ENDED, count->ended);
		count_cell(table, COLUMN_FAILED, count->failed);
		count_cell(table, COLUMN_AGAIN, count->again);
		count_cell(table, COLUMN_STRANGERS, count->strangers);
		count_cell(table, COLUMN_LIVE, count->live);
		size_cell(table, form, COLUMN_BYTES, count->bytes);
		count_cell(table, COLUMN_PEAK, count->peak);
		size_cell(table, form, COLUMN_PEAK_BYTES, count->peak_bytes);
	}
}

/*
 * What is live
 */

enum {
	COLUMN_ADDRESS,
	COLUMN_SIZE,
	COLUMN_DEVICE,
	COLUMN_KIND,
	COLUMN_DIRECTION,
	COLUMN_EVENT,
	COLUMN_AGE,
	COLUMN_TIMES,
	COLUMN_PHYS,
	COLUMN_COMM,
};

static const struct column live_columns[] = {
	[COLUMN_ADDRESS] = { .name = "ADDRESS",
			     .right = true,
			     .summary = "DMA address, of a list the first" },
	[COLUMN_SIZE] = { .name = "SIZE", .right = true, .summary = "bytes" },
	[COLUMN_DEVICE] = { .name = "DEVICE", .summary = "whose" },
	[COLUMN_KIND] = { .name = "KIND", .summary = "the event that began it" },
	[COLUMN_DIRECTION] = { .name = "DIRECTION", .summary = "of the transfer" },
	[COLUMN_EVENT] = { .name = "EVENT",
			   .right = true,
			   .summary = "that event's number" },
	[COLUMN_AGE] = { .name = "AGE", .right = true, .summary = "time since then" },
	[COLUMN_TIMES] = { .name = "TIMES",
			   .right = true,
			   .extra = true,
			   .summary = "how often it was begun and not ended" },
	[COLUMN_PHYS] = { .name = "PHYS",
			  .right = true,
			  .extra = true,
			  .summary = "physical address, of a list the first" },
	[COLUMN_COMM] = { .name = "COMM", .extra = true, .summary = "the task" },
	{},
};

static uint64_t first_phys(const struct dma_event *begin)
{
	return begin->phys_count && begin->phys_list ? begin->phys_list[0] : begin->phys;
}

struct listing {
	const struct state *state;
	const struct options *opts;
	struct table *table;
	json_t *json;
};

static int list_row(void *arg, const struct dma_event *begin, uint64_t times)
{
	const struct listing *listing = arg;
	const struct libdma_strings *strings = state_strings(listing->state);
	const char *direction = libdma_direction_name(begin->dir);
	uint64_t now = listing->state->moment.ns;
	uint64_t age = now > begin->ns ? now - begin->ns : 0;
	struct table *table = listing->table;
	char text[16];

	table_row(table);
	table_cell(table, COLUMN_ADDRESS, "0x%" PRIx64, libdma_event_dma(begin));
	table_cell(table, COLUMN_SIZE, "%" PRIu64, libdma_event_bytes(begin));
	table_cell(table, COLUMN_DEVICE, "%s",
		   libdma_strings_get(strings, begin->device));
	table_cell(table, COLUMN_KIND, "%s", libdma_event_kind_name(begin->kind));
	table_cell(table, COLUMN_DIRECTION, "%s", direction ? direction : "");
	count_cell(table, COLUMN_EVENT, begin->number);
	if (listing->opts->form.form == FORM_HUMAN)
		table_cell(table, COLUMN_AGE, "%s", table_time(age, text, sizeof(text)));
	else
		count_cell(table, COLUMN_AGE, age);
	count_cell(table, COLUMN_TIMES, times);
	table_cell(table, COLUMN_PHYS, "0x%" PRIx64, first_phys(begin));
	table_cell(table, COLUMN_COMM, "%s", libdma_strings_get(strings, begin->comm));
	return 0;
}

static int list_json(void *arg, const struct dma_event *begin, uint64_t times)
{
	const struct listing *listing = arg;
	const struct libdma_strings *strings = state_strings(listing->state);
	const char *direction = libdma_direction_name(begin->dir);
	json_t *object = json_create();

	json_add(object, "dma", json_hex(libdma_event_dma(begin)));
	json_add(object, "phys", json_hex(first_phys(begin)));
	json_add_count(object, "size", libdma_event_bytes(begin));
	json_add(object, "device", json_text(libdma_strings_get(strings, begin->device)));
	json_add(object, "kind", json_text(libdma_event_kind_name(begin->kind)));
	json_add(object, "direction", json_text(direction ? direction : ""));
	json_add_count(object, "segments", begin->dma_count);
	json_add_count(object, "event", begin->number);
	json_add_count(object, "ns", begin->ns);
	json_add_count(object, "times", times);
	json_append(listing->json, object);
	return 0;
}

/*
 * The command
 */

/* One of them. */
struct outcome {
	struct fidelity *fidelity;
	struct rerun *rerun;
};

static json_t *class_json(const struct libdma_replay_count *count)
{
	json_t *object = json_create();

	json_add_count(object, "begun", count->begun);
	json_add_count(object, "ended", count->ended);
	json_add_count(object, "failed", count->failed);
	json_add_count(object, "again", count->again);
	json_add_count(object, "strangers", count->strangers);
	json_add_count(object, "live", count->live);
	json_add_count(object, "bytes", count->bytes);
	json_add_count(object, "peak", count->peak);
	json_add_count(object, "peak_bytes", count->peak_bytes);
	return object;
}

static void print_json(const struct options *opts, const struct state *state,
		       const struct outcome *outcome)
{
	const struct libdma_replay_totals *totals = libdma_replay_totals(state->replay);
	struct listing listing = { .state = state };
	json_t *document = json_document("replay");

	json_add(document, "completeness", source_completeness(state->source));
	json_add_count(document, "events", totals->events);
	json_add_count(document, "neutral", totals->neutral);
	json_add_count(document, "lost", totals->lost);
	json_add_count(document, "first_ns", totals->first_ns);
	json_add_count(document, "last_ns", totals->last_ns);
	for (unsigned int i = 0; i < LIBDMA_LIVE_CLASSES; i++)
		json_add(document, class_keys[i], class_json(&totals->count[i]));
	if (opts->dump) {
		listing.json = json_list();
		json_add(document, "moment", state_moment_json(state));
		if (libdma_replay_walk(state->replay, list_json, &listing))
			out_of_memory();
		json_add(document, "live", listing.json);
	}
	if (outcome->rerun)
		json_add(document, "machine", rerun_json(outcome->rerun));
	else
		json_add(document, "fidelity", fidelity_json(outcome->fidelity));
	json_print(document);
}

/* What a modelled machine did, or how well it predicts. */
static void print_model(const struct outcome *outcome, const struct terminal *terminal)
{
	char *text = NULL;
	size_t size = 0;
	FILE *lines = open_memstream(&text, &size);

	if (!lines)
		out_of_memory();
	if (outcome->rerun)
		rerun_print(outcome->rerun, lines);
	else
		fidelity_print(outcome->fidelity, lines);
	if (fclose(lines))
		out_of_memory();
	paragraph_lines(terminal, text);
	free(text);
}

static void print_table(const struct options *opts, const struct state *state,
			const struct outcome *outcome, struct table *table)
{
	const struct libdma_replay_totals *totals = libdma_replay_totals(state->replay);
	struct listing listing = { .state = state, .opts = opts, .table = table };
	char text[16], moment[SENTENCE];

	terminal_page(&opts->state.terminal);
	if (opts->form.form == FORM_HUMAN) {
		source_print_loss(state->source, &opts->state.terminal, stdout);
		printf("%" PRIu64 " events in %s, %" PRIu64
		       " of which begin or end nothing\n",
		       totals->events,
		       table_time(totals->last_ns - totals->first_ns, text, sizeof(text)),
		       totals->neutral);
	}
	if (opts->form.form == FORM_HUMAN && opts->dump) {
		printf("live %s\n", state_describe_moment(state, moment, sizeof(moment)));
	}
	if (!opts->dump)
		fill_summary(table, &opts->form, totals);
	else if (libdma_replay_walk(state->replay, list_row, &listing))
		out_of_memory();
	table_print(table);
	if (opts->form.form == FORM_HUMAN)
		print_model(outcome, &opts->state.terminal);
}

/* In one reading, or where that is not enough in two more. */
static int predict(struct options *opts, struct fidelity *fidelity, struct state *state)
{
	struct source_options *from = &opts->state.source;
	int status = state_open(&opts->state, NULL, state);

	if (status != EXIT_FINE ||
	    (!fidelity_wants_survey(fidelity) && !source_untold(state->source)))
		return status;
	status = state_close(state, status);
	*state = (struct state) { 0 };
	if (status == EXIT_SYSTEM)
		return status;
	from->verbose = false; /* it was said */
	status = fidelity_survey(fidelity, from);
	return status == EXIT_FINE ? state_open(&opts->state, NULL, state) : status;
}

/* On the recording's own machine answers are compared; on another they are new. */
static int run(struct options *opts, struct outcome *outcome, struct state *state)
{
	if (opts->rerun.wanted)
		return rerun_open(&opts->rerun, &opts->state, opts->machine.set,
				  &opts->state.source, state, &outcome->rerun);
	fidelity_create(&opts->fidelity, opts->machine.set, &opts->state.source,
			&outcome->fidelity);
	opts->state.observer = fidelity_observer(outcome->fidelity);
	return predict(opts, outcome->fidelity, state);
}

static int replay_run(int argc, char **argv)
{
	struct options opts = { .state.at.kind = LIBDMA_MOMENT_KINDS };
	struct outcome outcome = { 0 };
	struct state state = { 0 };
	struct table *table;
	bool to_stdout;
	int status;

	argp_parse(&argp, argc, argv, 0, NULL, &opts);
	to_stdout = opts.rerun.target.path && !strcmp(opts.rerun.target.path, "-");
	/* --at means the same here: without a moment there is nothing to list */
	opts.dump = opts.state.at.kind != LIBDMA_MOMENT_KINDS;
	if (!opts.dump)
		opts.state.at.kind = LIBDMA_MOMENT_END;
	status = table_create(&opts.form, &opts.state.terminal,
			      opts.dump ? live_columns : summary_columns, &table);
	if (!table)
		return status;
	status = run(&opts, &outcome, &state);
	if (status == EXIT_FINE && opts.form.form == FORM_JSON)
		print_json(&opts, &state, &outcome);
	else if (status == EXIT_FINE && !to_stdout)
		print_table(&opts, &state, &outcome, table);
	if (status == EXIT_FINE && opts.fidelity.verify && outcome.fidelity &&
	    fidelity_unexplained(outcome.fidelity))
		status = EXIT_FOUND;
	table_destroy(table);
	status = state_close(&state, status);
	fidelity_destroy(outcome.fidelity);
	rerun_close(outcome.rerun);
	machine_options_deinit(&opts.machine);
	return status;
}

const struct command command_replay = {
	.name = "replay",
	.summary = "Rebuild the state that a trace recorded",
	.argp = &argp,
	.run = replay_run,
};
