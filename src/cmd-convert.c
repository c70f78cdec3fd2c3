// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd-convert.c - dmactl convert: a trace of any format as one of any other
 *
 * What a trace tells of its machine comes with its first event, so that the writer is
 * opened behind that one; what is learned on the way is written at the end.
 */
#include <argp.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "command.h"
#include "export.h"
#include "form.h"
#include "json.h"
#include "out-file.h"
#include "output.h"
#include "quantity.h"
#include "source.h"
#include "terminal.h"

#define SLICES_USUAL 64
#define SLICES_MOST  65536

enum {
	OPTION_TO = 256,
	OPTION_SLICES,
	OPTION_WEIGHT,
};

struct options {
	struct source_options source;
	struct form_options form;
	struct terminal terminal;
	struct export_options export; /* its target is OUT */
	const char *out;              /* of -o */
	bool weighed;
};

static const struct argp_option options[] = {
	{ .name = "to",
	  .key = OPTION_TO,
	  .arg = "FORMAT",
	  .doc = "Write this format; otherwise what OUT's suffix says, or 'binary'" },
	{ .name = "output",
	  .key = 'o',
	  .arg = "OUT",
	  .doc = "Write to OUT; then IN is dma.dmat where none is named" },
	OPTION_FORCE("OUT"),
	{ .name = "slices",
	  .key = OPTION_SLICES,
	  .arg = "NUMBER",
	  .doc = "For chrome and perfetto: draw so many mappings of a device at once, 64 by "
		 "default; all are counted" },
	{ .name = "weight",
	  .key = OPTION_WEIGHT,
	  .arg = "WHAT",
	  .doc = "For folded: weigh call sites by 'count' (the default), 'bytes', or 'live' "
		 "bytes at the end" },
	{},
};

static void finish_options(struct options *opts, struct argp_state *state)
{
	if (opts->out && opts->export.target.path)
		argp_error(state, "OUT is named twice, '%s' and '%s'", opts->out,
			   opts->export.target.path);
	if (opts->out)
		opts->export.target.path = opts->out;
	if (!opts->export.target.path)
		argp_error(state, "IN and OUT are needed");
	form_check(&opts->form, opts->export.target.path, state);
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct options *opts = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		opts->source.infer = true;
		state->child_inputs[0] = &opts->source;
		state->child_inputs[1] = &opts->source;
		state->child_inputs[2] = &opts->form;
		state->child_inputs[3] = &opts->terminal;
		return 0;
	case OPTION_TO:
		opts->export.target.to = arg;
		return 0;
	case 'o':
		opts->out = arg;
		return 0;
	case 'f':
		opts->export.target.force = true;
		return 0;
	case OPTION_SLICES:
		opts->export.slices = (unsigned int)quantity_option("--slices", arg, 0,
								    SLICES_MOST, state);
		return 0;
	case OPTION_WEIGHT:
		opts->weighed = true;
		if (!export_weight_parse(arg, &opts->export.weight))
			argp_error(state, "--weight is count, bytes or live, not '%s'",
				   arg);
		return 0;
	case ARGP_KEY_ARG:
		if (opts->source.path && opts->export.target.path)
			argp_error(state, "one IN and one OUT, '%s' is too many", arg);
		*(opts->source.path ? &opts->export.target.path : &opts->source.path) = arg;
		return 0;
	case ARGP_KEY_END:
		finish_options(opts, state);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* '--help' lists the formats that there are. */
static char *list_formats(int key, const char *text, void *input)
{
	const struct libdma_format *format;
	const struct exporter *exporter;
	char *list = NULL;
	size_t size;
	FILE *out;

	(void)input;
	if (key != ARGP_KEY_HELP_POST_DOC)
		return (char *)text;
	out = open_memstream(&list, &size);
	if (!out)
		return NULL;
	fputs("Formats (r: can be read, w: can be written):\n", out);
	for (size_t i = 0; (format = libdma_format_at(i)); i++)
		fprintf(out, "  %-9s %c%c  %s\n", format->name, format->reads ? 'r' : '-',
			format->writes ? 'w' : '-', format->summary);
	for (size_t i = 0; (exporter = exporter_at(i)); i++)
		fprintf(out, "  %-9s -w  %s\n", exporter->name, exporter->summary);
	fclose(out);
	return list;
}

static const struct argp argp = {
	.options = options,
	.parser = parse_option,
	.args_doc = "IN OUT\n-o OUT [IN]",
	.doc = "Write the events of the trace IN to OUT, in whatever format. '-' is standard "
	       "input or output.\v",
	.children = (const struct argp_child[]) { { .argp = &source_argp },
						  { .argp = &selection_argp },
						  { .argp = &form_document_argp },
						  { .argp = &terminal_argp },
						  {} },
	.help_filter = list_formats,
};

/* The format to write, of the library or for other programs; NULL after a complaint. */
static const char *choose_format(const struct options *opts)
{
	const struct target_options *target = &opts->export.target;
	const char *suffix = strrchr(target->path, '.');
	const struct exporter *exporter = target->to ? exporter_find(target->to) : NULL;

	for (size_t i = 0; !target->to && suffix && (exporter = exporter_at(i)); i++)
		if (exporter->suffix && !strcmp(suffix, exporter->suffix))
			break;
	return exporter ? exporter->name : target_format(target);
}

static int check_output(const struct options *opts, const char *format)
{
	const struct exporter *exporter = exporter_find(format);
	bool binary = exporter ? exporter->binary : !strcmp(format, "binary");
	bool unnamed = !strcmp(opts->export.target.path, "-");
	int status = out_file_check(opts->export.target.path, opts->export.target.force,
				    opts->source.path);

	if (status != EXIT_FINE)
		return status;
	if (opts->weighed && strcmp(format, "folded")) {
		complain("--weight belongs to the format folded, not to %s", format);
		return EXIT_USAGE;
	}
	if (unnamed && exporter && exporter->named) {
		complain("%s needs a file that has a name", format);
		return EXIT_USAGE;
	}
	if (unnamed && binary && isatty(STDOUT_FILENO)) {
		complain("%s is nothing for a terminal: name a file, or say --to text",
			 format);
		return EXIT_USAGE;
	}
	return EXIT_FINE;
}

/* Write what is known of the machine, if that is more than was known at the start. */
static int write_learned(struct libdma_writer *writer, struct source *source,
			 const char *before)
{
	const struct libdma_environment *known = source_environment(source);
	char *now;
	int err = libdma_environment_print(known, &now);

	if (err)
		return err;
	if (strcmp(now, before))
		err = libdma_writer_environment(writer, known);
	free(now);
	return err;
}

/* What was done, for programs. */
static void print_outcome(const struct options *opts, const char *format,
			  const struct source *source, uint64_t written, uint64_t skipped)
{
	json_t *document = json_document("convert");

	json_add(document, "trace", json_text(opts->source.path));
	json_add(document, "completeness", source_completeness(source));
	json_add(document, "out", json_text(opts->export.target.path));
	json_add(document, "format", json_text(format));
	json_add_count(document, "events", written);
	json_add_count(document, "left_out", skipped);
	json_print(document);
}

static void tell_outcome(const struct options *opts, const char *format,
			 const struct source *source, uint64_t written, uint64_t skipped)
{
	if (opts->form.form)
		print_outcome(opts, format, source, written, skipped);
	else if (skipped)
		complain("%s: %" PRIu64
			 " event%s left out, which the format %s cannot express",
			 target_name(&opts->export.target), skipped,
			 skipped == 1 ? "" : "s", format);
}

struct pace {
	struct libdma_writer *writer;
	uint64_t flushed_ns;
};

/*
 * What comes slowly is there for readers within a second, and is not lost when dmactl is
 * killed. More often than that would make many small blocks. An error stays with the
 * writer, and the next event finds it.
 */
static int keep_pace(void *arg)
{
	struct pace *pace = arg;
	uint64_t now = clock_ns(), due = pace->flushed_ns + SECOND_NS;

	if (now < due)
		return (int)((due - now) / 1000000) + 1;
	libdma_writer_flush(pace->writer);
	pace->flushed_ns = now;
	return -1;
}

static int copy_events(const struct options *opts, const char *format,
		       struct source *source)
{
	struct libdma_writer *writer = NULL;
	const struct dma_event *event;
	int more, status, err = 0, closed;
	uint64_t taken = 0, skipped;
	struct pace pace;
	char *before;

	more = source_next(source, &event);
	status = target_open(&opts->export.target, source_strings(source),
			     source_environment(source), &writer);
	if (status)
		return status;
	if (libdma_environment_print(source_environment(source), &before))
		out_of_memory();
	pace = (struct pace) { writer, clock_ns() };
	source_idle(source, keep_pace, &pace);
	for (; more > 0 && !err; more = source_next(source, &event), taken++)
		err = libdma_writer_put(writer, event);
	if (!err)
		err = write_learned(writer, source, before);
	free(before);
	skipped = libdma_writer_skipped(writer);
	closed = libdma_writer_close(writer);
	if (err || closed)
		return trouble(target_name(&opts->export.target), err ? err : closed);
	tell_outcome(opts, format, source, taken - skipped, skipped);
	return EXIT_FINE;
}

static int export_events(const struct options *opts, const struct exporter *exporter,
			 struct source *source)
{
	struct export outcome;
	int status = export_run(exporter, &opts->export, source, &outcome);

	if (status == EXIT_FINE)
		tell_outcome(opts, exporter->name, source,
			     outcome.events - outcome.left_out, outcome.left_out);
	return status;
}

/* Formats that say what is known in their head know it once the trace was read. */
static bool wants_survey(const struct exporter *exporter, const char *format)
{
	return exporter ? exporter->surveys : !strcmp(format, "text");
}

static int convert_run(int argc, char **argv)
{
	struct options opts = { .export.slices = SLICES_USUAL };
	const struct exporter *exporter;
	struct source *source;
	const char *format;
	int status;

	argp_parse(&argp, argc, argv, 0, NULL, &opts);
	format = choose_format(&opts);
	if (!format)
		return EXIT_USAGE;
	status = check_output(&opts, format);
	if (status)
		return status;
	exporter = exporter_find(format);
	/* A pipe is not kept waiting for that. */
	opts.source.survey =
		wants_survey(exporter, format) && strcmp(opts.source.path, "-");
	status = source_open(&opts.source, NULL, &source);
	if (status)
		return status;
	if (exporter)
		status = export_events(&opts, exporter, source);
	else
		status = copy_events(&opts, format, source);
	return source_close(source, status);
}

const struct command command_convert = {
	.name = "convert",
	.aliases = "import export",
	.summary = "Write a trace in another format",
	.argp = &argp,
	.run = convert_run,
};
