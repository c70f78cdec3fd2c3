// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd-dump.c - dmactl dump: a trace's events, one a line
 *
 * Text and NDJSON are formats of the library, which writes them; CSV is columns of
 * the user's choice, and JSON one document around the objects of NDJSON, so are made
 * here.
 */
#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "event-csv.h"
#include "form.h"
#include "json.h"
#include "output.h"
#include "source.h"
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
		state->child_inputs[1] = &opts->source;
		state->child_inputs[2] = &opts->form;
		state->child_inputs[3] = &opts->terminal;
		return 0;
	case ARGP_KEY_END:
		if (opts->form.columns && !strcmp(opts->form.columns, "help")) {
			event_csv_help();
			exit(EXIT_FINE);
		}
		if ((opts->form.columns || opts->form.noheadings) &&
		    opts->form.form != FORM_CSV)
			argp_error(state, "--columns and --noheadings belong to --csv");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.parser = parse_option,
	.args_doc = "[TRACE]",
	.doc = "Print the events of TRACE (dma.dmat by default), one a line.",
	.children = (const struct argp_child[]) { { .argp = &source_argp },
						  { .argp = &selection_argp },
						  { .argp = &form_stream_argp },
						  { .argp = &terminal_argp },
						  {} },
};

static int dump_csv(const struct options *opts, struct source *source)
{
	const struct dma_event *event;
	struct event_csv *csv;
	int status = event_csv_create(opts->form.columns, stdout, &csv);

	if (!csv)
		return status;
	if (!opts->form.noheadings)
		event_csv_head(csv);
	while (!output_error() && source_next(source, &event) > 0)
		event_csv_print(csv, event, source_strings(source));
	event_csv_destroy(csv);
	return EXIT_FINE;
}

/* One document, printed as it is made: memory must not follow the trace's length. */
static int dump_json(const struct options *opts, struct source *source)
{
	const char *gap = "\n    ";
	const struct dma_event *event;
	char *object;

	printf("{\n  \"schema\": \"dmactl.dump/1\",\n  \"trace\": ");
	json_print_part(json_text(opts->source.path));
	printf(",\n  \"events\": [");
	while (!output_error() && source_next(source, &event) > 0) {
		int err = libdma_event_object(event, source_strings(source), &object);

		if (err == -ENOMEM)
			out_of_memory();
		if (err)
			continue;
		printf("%s%s", gap, object);
		free(object);
		gap = ",\n    ";
	}
	printf("\n  ],\n  \"completeness\": ");
	json_print_part(source_completeness(source));
	printf("\n}\n");
	return EXIT_FINE;
}

/* An error stays with the writer, and the next event finds it. */
static int flush_writer(void *writer)
{
	libdma_writer_flush(writer);
	return -1;
}

static int dump_written(const char *format, struct source *source)
{
	const struct libdma_writer_options how = {
		.to = format,
		.strings = source_strings(source),
	};
	const struct dma_event *event;
	struct libdma_writer *writer;
	int err, closed;

	fflush(stdout);
	err = libdma_writer_open("-", &how, &writer);
	if (err)
		return trouble("standard output", err);
	source_idle(source, flush_writer, writer);
	while (!err && source_next(source, &event) > 0)
		err = libdma_writer_put(writer, event);
	closed = libdma_writer_close(writer);
	if (err || closed)
		return trouble("standard output", err ? err : closed);
	return EXIT_FINE;
}

static int dump_run(int argc, char **argv)
{
	struct options opts = { 0 };
	struct source *source;
	int status;

	argp_parse(&argp, argc, argv, 0, NULL, &opts);
	status = source_open(&opts.source, NULL, &source);
	if (status)
		return status;
	source_idle(source, source_flush_stdout, NULL);
	terminal_page_at_once(&opts.terminal);
	if (opts.form.form == FORM_CSV)
		status = dump_csv(&opts, source);
	else if (opts.form.form == FORM_JSON)
		status = dump_json(&opts, source);
	else
		status = dump_written(opts.form.form == FORM_NDJSON ? "ndjson" : "text",
				      source);
	if (source_lossy(source))
		source_print_loss(source, &opts.terminal, stderr);
	return source_close(source, status);
}

const struct command command_dump = {
	.name = "dump",
	.summary = "Print a trace's events, one a line",
	.argp = &argp,
	.run = dump_run,
};
