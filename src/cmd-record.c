// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd-record.c - dmactl record: what this machine's drivers ask of the DMA API
 */
#include <argp.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "out-file.h"
#include "output.h"
#include "quantity.h"
#include "recorder.h"

enum {
	OPTION_MAX_SIZE = 256,
	OPTION_OVERWRITE,
};

struct options {
	struct recorder_options recorder;
	struct recorder_output output;
};

static const struct argp_option options[] = {
	{ .name = "output",
	  .key = 'o',
	  .arg = "FILE",
	  .doc = "Write to FILE instead of dma.dmat; '-' is standard output" },
	OPTION_FORCE("FILE"),
	{ .name = "max-size",
	  .key = OPTION_MAX_SIZE,
	  .arg = "SIZE",
	  .doc = "Until FILE has SIZE bytes" },
	{ .name = "overwrite",
	  .key = OPTION_OVERWRITE,
	  .arg = "SIZE",
	  .doc = "Keep the newest events in SIZE bytes of memory, and write them at the end; "
		 "SIGUSR2 writes what is kept to FILE.1, FILE.2 ..." },
	{},
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct options *opts = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		opts->output.path = "dma.dmat";
		opts->output.format = "binary";
		state->child_inputs[0] = &opts->recorder;
		return 0;
	case 'o':
		opts->output.path = arg;
		return 0;
	case 'f':
		opts->output.force = true;
		return 0;
	case OPTION_MAX_SIZE:
		if (!quantity_size(arg, &opts->recorder.max_size))
			argp_error(state, "--max-size takes a number of bytes, not '%s'", arg);
		return 0;
	case OPTION_OVERWRITE:
		if (!quantity_size(arg, &opts->recorder.overwrite) || !opts->recorder.overwrite)
			argp_error(state, "--overwrite takes a number of bytes, not '%s'", arg);
		return 0;
	case ARGP_KEY_END:
		if (!strcmp(opts->output.path, "-") &&
		    (opts->recorder.overwrite || opts->recorder.max_size))
			argp_error(state, "--overwrite and --max-size want a file");
		if (opts->recorder.overwrite && opts->recorder.max_size)
			argp_error(state, "--overwrite and --max-size exclude each other");
		if (!strcmp(opts->output.path, "-") && isatty(STDOUT_FILENO))
			argp_error(state, "a recording is nothing for a terminal: name a file, "
				   "or use 'dmactl trace'");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse_option,
	.args_doc = "[-- COMMAND [ARGUMENT...]]",
	.doc = "Record what the drivers of this machine ask of the DMA API, until the command "
	       "ends, or Ctrl-C. 'dmactl doctor' says what will be seen, and what that needs.",
	.children = (const struct argp_child[]) { { .argp = &recorder_argp }, {} },
};

static int record_run(int argc, char **argv)
{
	struct options opts = { 0 };

	argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &opts);
	return recorder_run(&opts.recorder, &opts.output);
}

const struct command command_record = {
	.name = "record",
	.summary = "Record the running kernel's DMA",
	.argp = &argp,
	.run = record_run,
};
