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
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "command.h"
#include "form.h"
#include "json.h"
#include "output.h"
#include "source.h"
#include "terminal.h"

enum {
	OPTION_TO = 256,
};

struct options {
	struct source_options source;
	struct form_options form;
	struct terminal terminal;
	const char *out;
	const char *to;
	bool force;
};

static const struct argp_option options[] = {
	{ .name = "to",
	  .key = OPTION_TO,
	  .arg = "FORMAT",
	  .doc = "Write this format; otherwise what OUT's suffix says, or 'binary'" },
	{ .name = "force", .key = 'f', .doc = "Replace OUT where it exists" },
	{},
};

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
		opts->to = arg;
		return 0;
	case 'f':
		opts->force = true;
		return 0;
	case ARGP_KEY_ARG:
		if (opts->out)
			argp_error(state, "one IN and one OUT, '%s' is too many", arg);
		*(opts->source.path ? &opts->out : &opts->source.path) = arg;
		return 0;
	case ARGP_KEY_END:
		if (!opts->out)
			argp_error(state, "IN and OUT are needed");
		if (opts->form.form && !strcmp(opts->out, "-"))
			argp_error(state, "--json goes to standard output, OUT cannot");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* '--help' lists the formats that there are. */
static char *list_formats(int key, const char *text, void *input)
{
	const struct libdma_format *format;
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
	fclose(out);
	return list;
}

static const struct argp argp = {
	.options = options,
	.parser = parse_option,
	.args_doc = "IN OUT",
	.doc = "Write the events of the trace IN to OUT, in whatever format. '-' is standard "
	       "input or output.\v",
	.children = (const struct argp_child[]) { { .argp = &source_argp },
						  { .argp = &selection_argp },
						  { .argp = &form_document_argp },
						  { .argp = &terminal_argp },
						  {} },
	.help_filter = list_formats,
};

static const struct libdma_format *find_writable(const char *name)
{
	const struct libdma_format *format;

	for (size_t i = 0; (format = libdma_format_at(i)); i++)
		if (format->writes && !strcmp(format->name, name))
			return format;
	return NULL;
}

/* The format to write; NULL after a complaint. */
static const char *choose_format(const struct options *opts)
{
	static const struct {
		const char *suffix;
		const char *format;
	} suffixes[] = {
		{ ".txt", "text" },
		{ ".ndjson", "ndjson" },
		{ ".ftrace", "ftrace" },
	};
	const char *suffix = strrchr(opts->out, '.'), *name = opts->to ? opts->to : "binary";

	for (size_t i = 0; !opts->to && suffix && i < 3; i++)
		if (!strcmp(suffix, suffixes[i].suffix))
			name = suffixes[i].format;
	if (find_writable(name))
		return name;
	complain("'%s' is no format that can be written, --help lists them", name);
	return NULL;
}

static bool same_file(const char *in, const char *out)
{
	struct stat a, b;

	return strcmp(in, "-") && strcmp(out, "-") && !stat(in, &a) && !stat(out, &b) &&
	       S_ISREG(a.st_mode) && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

static int check_output(const struct options *opts, const char *format)
{
	if (same_file(opts->source.path, opts->out)) {
		complain("%s: IN and OUT are the same file", opts->out);
		return EXIT_USAGE;
	}
	if (!strcmp(opts->out, "-") && isatty(STDOUT_FILENO) && !strcmp(format, "binary")) {
		complain("binary is nothing for a terminal: name a file, or say --to text");
		return EXIT_USAGE;
	}
	return EXIT_FINE;
}

static const char *out_name(const struct options *opts)
{
	return strcmp(opts->out, "-") ? opts->out : "standard output";
}

static int open_output(const struct options *opts, const char *format,
		       struct source *source, struct libdma_writer **ret)
{
	const struct libdma_writer_options how = {
		.to = format,
		.strings = source_strings(source),
		.environment = source_environment(source),
		.overwrite = opts->force,
	};
	int err = libdma_writer_open(opts->out, &how, ret);

	if (err == -EEXIST) {
		complain("%s: exists already, --force replaces it", opts->out);
		return EXIT_SYSTEM;
	}
	return err ? trouble(out_name(opts), err) : EXIT_FINE;
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
	json_add(document, "out", json_text(opts->out));
	json_add(document, "format", json_text(format));
	json_add_count(document, "events", written);
	json_add_count(document, "left_out", skipped);
	json_print(document);
}

struct pace {
	struct libdma_writer *writer;
	int64_t flushed_ms;
};

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000ll + now.tv_nsec / 1000000;
}

/*
 * What comes slowly is there for readers within a second, and is not lost when dmactl is
 * killed. More often than that would make many small blocks. An error stays with the
 * writer, and the next event finds it.
 */
static int keep_pace(void *arg)
{
	struct pace *pace = arg;
	int64_t now = now_ms(), rest = pace->flushed_ms + 1000 - now;

	if (rest > 0)
		return (int)rest;
	libdma_writer_flush(pace->writer);
	pace->flushed_ms = now;
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
	status = open_output(opts, format, source, &writer);
	if (status)
		return status;
	if (libdma_environment_print(source_environment(source), &before))
		out_of_memory();
	pace = (struct pace) { writer, now_ms() };
	source_idle(source, keep_pace, &pace);
	for (; more > 0 && !err; more = source_next(source, &event), taken++)
		err = libdma_writer_put(writer, event);
	if (!err)
		err = write_learned(writer, source, before);
	free(before);
	skipped = libdma_writer_skipped(writer);
	closed = libdma_writer_close(writer);
	if (err || closed)
		return trouble(out_name(opts), err ? err : closed);
	if (opts->form.form)
		print_outcome(opts, format, source, taken - skipped, skipped);
	else if (skipped)
		complain("%s: %" PRIu64 " event%s left out, which the format %s cannot express",
			 out_name(opts), skipped, skipped == 1 ? "" : "s", format);
	return EXIT_FINE;
}

static int convert_run(int argc, char **argv)
{
	struct options opts = { 0 };
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
	/* Text says what is known in its head; a pipe is not kept waiting for that. */
	opts.source.survey = !strcmp(format, "text") && strcmp(opts.source.path, "-");
	status = source_open(&opts.source, NULL, &source);
	if (status)
		return status;
	return source_close(source, copy_events(&opts, format, source));
}

const struct command command_convert = {
	.name = "convert",
	.aliases = "import export",
	.summary = "Write a trace in another format",
	.argp = &argp,
	.run = convert_run,
};
