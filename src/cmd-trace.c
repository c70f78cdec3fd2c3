// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd-trace.c - dmactl trace: what 'dmactl record' sees, on the terminal as it happens
 */
#include <argp.h>

#include "command.h"
#include "output.h"
#include "recorder.h"

enum {
	OPTION_NDJSON = 256,
};

struct options {
	struct recorder_options recorder;
	const char *format;
};

static const struct argp_option options[] = {
	{ .name = "ndjson", .key = OPTION_NDJSON, .doc = "Print one JSON object a line" },
	{},
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct options *opts = state->input;

	(void)arg;
	switch (key) {
	case ARGP_KEY_INIT:
		opts->format = "text";
		state->child_inputs[0] = &opts->recorder;
		return 0;
	case OPTION_NDJSON:
		opts->format = "ndjson";
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse_option,
	.args_doc = "[-- COMMAND [ARGUMENT...]]",
	.doc = "Print what the drivers of this machine ask of the DMA API, as it happens, until "
	       "the command ends, or Ctrl-C.",
	.children = (const struct argp_child[]) { { .argp = &recorder_argp }, {} },
};

static int trace_run(int argc, char **argv)
{
	struct options opts = { 0 };

	argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &opts);
	return recorder_run(&opts.recorder, &(struct recorder_output) {
						    .path = "-",
						    .format = opts.format,
						    .live = true,
					    });
}

const struct command command_trace = {
	.name = "trace",
	.summary = "Print the running kernel's DMA as it happens",
	.argp = &argp,
	.run = trace_run,
};
