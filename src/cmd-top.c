// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd-top.c - dmactl top: what each device does just now
 *
 * Of the running kernel, or of a trace that somebody is writing.
 */
#include <argp.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "output.h"
#include "quantity.h"
#include "source.h"
#include "top.h"

enum {
	OPTION_DEVICE = 256,
	OPTION_NDJSON,
	OPTION_REVERSE,
	OPTION_SORT,
};

struct options {
	struct source_options source;
	struct top_options top;
	bool file; /* there is a TRACE */
};

static const struct argp_option options[] = {
	{ .name = "batch", .key = 'b', .doc = "Print, one period below the other" },
	{ .name = "ndjson",
	  .key = OPTION_NDJSON,
	  .doc = "Print one JSON object a period" },
	{ .name = "delay",
	  .key = 'd',
	  .arg = "SECONDS",
	  .doc = "Length of a period, 1 unless told" },
	{ .name = "iterations", .key = 'n', .arg = "NUMBER", .doc = "End after so many" },
	{ .name = "device",
	  .key = OPTION_DEVICE,
	  .arg = "PATTERN",
	  .doc = "Only devices whose names it fits, such as '0000:03:*'" },
	{ .name = "sort",
	  .key = OPTION_SORT,
	  .arg = "COLUMN",
	  .doc = "By device, driver, maps, unmaps, bytes (the default), live, mapped, slots, "
		 "bounces or failed" },
	{ .name = "reverse", .key = OPTION_REVERSE, .doc = "The other way round" },
	{},
};

static uint64_t parse_delay(const char *text, struct argp_state *state)
{
	char *end;
	double seconds = strtod(text, &end);

	if (end == text || *end || !isfinite(seconds) || seconds < 0.001 || seconds > 1e6)
		argp_error(state,
			   "--delay takes a number of seconds from 0.001, not '%s'",
			   text);
	return (uint64_t)(seconds * 1e9 + 0.5);
}

static error_t parse_top(int key, char *arg, struct top_options *top,
			 struct argp_state *state)
{
	switch (key) {
	case 'b':
		top->batch = true;
		return 0;
	case OPTION_NDJSON:
		top->batch = top->ndjson = true;
		return 0;
	case 'd':
		top->delay_ns = parse_delay(arg, state);
		return 0;
	case 'n':
		top->frames = quantity_option("--iterations", arg, 1, UINT64_MAX, state);
		return 0;
	case OPTION_DEVICE:
		free(top->device);
		top->device = strdup(arg);
		if (!top->device)
			out_of_memory();
		return 0;
	case OPTION_SORT:
		if (!top_column_parse(arg, &top->sort))
			argp_error(state,
				   "'%s' is no column to sort by, --help lists them",
				   arg);
		return 0;
	case OPTION_REVERSE:
		top->reverse = true;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct options *opts = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		opts->source.infer = opts->source.follow = true;
		state->child_inputs[0] = &opts->source;
		state->child_inputs[1] = &opts->top.attach;
		return 0;
	case ARGP_KEY_ARG:
		if (opts->file)
			argp_error(state, "one TRACE at a time, '%s' is too many", arg);
		opts->file = true;
		opts->source.path = arg;
		return 0;
	case ARGP_KEY_END:
		if (!opts->top.batch && opts->file && !strcmp(opts->source.path, "-"))
			argp_error(state,
				   "keys come from standard input: with '-' use -b");
		if (!opts->top.batch && (!isatty(STDOUT_FILENO) || !isatty(STDIN_FILENO)))
			argp_error(state, "this is no terminal to draw on: use -b");
		return 0;
	default:
		return parse_top(key, arg, &opts->top, state);
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse_option,
	.args_doc = "[TRACE]",
	.doc = "Show what each device does just now: in the running kernel, which needs "
	       "privilege, or in TRACE, also while it is being written.",
	.children = (const struct argp_child[]) { { .argp = &source_argp },
						  { .argp = &attach_argp },
						  {} },
};

struct file {
	struct top top;
	struct source *source;
};

static const struct libdma_environment *learn(void *source)
{
	return source_environment(source);
}

#ifndef HAVE_BPF
int top_probes(struct top_options *opts)
{
	free(opts->device);
	complain("built without the probes that show the running kernel: name a TRACE");
	return EXIT_CANNOT;
}
#endif

/* Is there a recorder that may still write? */
static bool is_closed(const struct source *source)
{
	const struct libdma_reader *reader = source_reader(source);
	const char *name;
	uint64_t value;

	for (size_t i = 0; (name = libdma_reader_fact(reader, i, &value)); i++)
		if (!strcmp(name, "closed"))
			return value;
	return false;
}

/* While the screen is drawn on nothing else is said. */
static int leave(struct file *file)
{
	const struct libdma_reader *reader = source_reader(file->source);

	top_close(&file->top);
	if (!file->top.options.batch && libdma_reader_damaged(reader))
		complain("%s: parts of it are damaged, 'dmactl verify' tells which",
			 source_name(file->source));
	return source_close(file->source, EXIT_FINE);
}

/*
 * The reader waits for what may never come, and this is called meanwhile: the end is
 * here. The reader is not returned to.
 */
static int idle(void *arg)
{
	struct file *file = arg;
	int ms = top_idle(&file->top);

	if (!file->top.over && file->top.options.batch && is_closed(file->source)) {
		top_end(&file->top);
		file->top.over = true;
	}
	if (!file->top.over && !output_error())
		return ms;
	exit(leave(file));
}

static int show_file(struct options *opts)
{
	struct file file = { .top = { .options = opts->top,
				      .title = opts->source.path } };
	const struct dma_event *event;
	int status;

	opts->source.again = !opts->top.batch;
	status = source_open(&opts->source, NULL, &file.source);

	if (status != EXIT_FINE)
		return status;
	file.top.strings = source_strings(file.source);
	file.top.learn = learn;
	file.top.arg = file.source;
	if (!opts->top.batch) {
		file.top.screen = screen_open();
		if (!file.top.screen)
			return source_close(file.source, EXIT_SYSTEM);
	}
	top_open(&file.top);
	source_idle(file.source, idle, &file);
	while (!file.top.over && !output_error() && source_next(file.source, &event) > 0)
		top_put(&file.top, event);
	top_end(&file.top);
	return leave(&file);
}

static int top_run(int argc, char **argv)
{
	struct options opts = { .top = { .delay_ns = 1000000000, .sort = TOP_BYTES } };

	argp_parse(&argp, argc, argv, 0, NULL, &opts);
	if (opts.file)
		return show_file(&opts);
	return top_probes(&opts.top);
}

const struct command command_top = {
	.name = "top",
	.summary = "Show what each device does just now",
	.argp = &argp,
	.run = top_run,
};
