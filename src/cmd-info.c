// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd-info.c - dmactl info: what a trace is, and what is known of its machine
 */
#include <argp.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "command.h"
#include "environment-print.h"
#include "form.h"
#include "json.h"
#include "output.h"
#include "source.h"
#include "stat-print.h"
#include "table.h"
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
		opts->source.infer = true;
		state->child_inputs[0] = &opts->source;
		state->child_inputs[1] = &opts->form;
		state->child_inputs[2] = &opts->terminal;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.parser = parse_option,
	.args_doc = "[TRACE]",
	.doc = "Say what TRACE (dma.dmat by default) is, and what is known of the machine "
	       "that it was recorded on.",
	.children = (const struct argp_child[]) { { .argp = &source_argp },
						  { .argp = &form_document_argp },
						  { .argp = &terminal_argp },
						  {} },
};

/* Bytes of the file; 0 where it has no size. */
static uint64_t file_size(const char *path)
{
	struct stat status;

	if (!strcmp(path, "-") || stat(path, &status) || !S_ISREG(status.st_mode))
		return 0;
	return (uint64_t)status.st_size;
}

/* What the format counts beside events: { "blocks": 3, ... }, or null. */
static json_t *fact_object(const struct libdma_reader *reader)
{
	json_t *object;
	const char *name;
	uint64_t value;

	if (!libdma_reader_fact(reader, 0, &value))
		return json_null();
	object = json_create();
	for (size_t i = 0; (name = libdma_reader_fact(reader, i, &value)); i++)
		json_add_count(object, name, value);
	return object;
}

static json_t *time_object(const struct libdma_stat *stat,
			   const struct libdma_environment *environment)
{
	json_t *object = json_create();
	uint64_t first, last;

	libdma_stat_time(stat, &first, &last);
	json_add(object, "clock",
		 environment->clock ? json_text(environment->clock) : json_null());
	json_add_count(object, "first_ns", first);
	json_add_count(object, "last_ns", last);
	json_add_count(object, "duration_ns", last - first);
	return object;
}

static json_t *device_list(const struct libdma_stat *stat,
			   const struct libdma_strings *strings)
{
	json_t *list = json_list(), *object;
	const struct libdma_stat_group **sorted;
	size_t count;

	sorted = stat_sorted(stat, &count);
	for (size_t i = 0; i < count; i++) {
		if (!sorted[i]->key)
			continue;
		object = json_create();
		json_add(object, "device",
			 json_text(libdma_strings_get(strings, (uint32_t)sorted[i]->key)));
		json_add_count(object, "events", sorted[i]->events);
		json_add_count(object, "bytes", sorted[i]->bytes);
		json_append(list, object);
	}
	free(sorted);
	return list;
}

static void print_json(const struct libdma_stat *stat, const struct options *opts,
		       struct source *source)
{
	const struct libdma_environment *environment = source_environment(source);
	const struct libdma_reader *reader = source_reader(source);
	const char *beside = source_beside(source);
	json_t *document = json_document("info");

	json_add(document, "trace", json_text(opts->source.path));
	json_add(document, "format", json_string(libdma_reader_format(reader)));
	json_add(document, "compression", json_string(libdma_reader_compression(reader)));
	json_add_count(document, "size", file_size(opts->source.path));
	json_add(document, "structure", fact_object(reader));
	json_add(document, "completeness", source_completeness(source));
	json_add_count(document, "events", source_events(source));
	json_add_count(document, "lost", source_lost(source));
	json_add(document, "time", time_object(stat, environment));
	json_add(document, "kinds", stat_kinds(stat));
	json_add(document, "devices", device_list(stat, source_strings(source)));
	json_add(document, "environment_file", beside ? json_text(beside) : json_null());
	json_add(document, "environment", environment_object(environment));
	json_print(document);
}

static void print_file(const struct options *opts, const struct source *source)
{
	const struct libdma_reader *reader = source_reader(source);
	const char *packed = libdma_reader_compression(reader);
	uint64_t size = file_size(opts->source.path), value;
	const char *name;

	printf("Trace        %s\n", opts->source.path);
	printf("Format       %s%s%s", libdma_reader_format(reader),
	       strcmp(packed, "none") ? ", packed by " : "",
	       strcmp(packed, "none") ? packed : "");
	if (size)
		printf(", %" PRIu64 " bytes", size);
	putchar('\n');
	if (!libdma_reader_fact(reader, 0, &value))
		return;
	printf("Structure   ");
	for (size_t i = 0; (name = libdma_reader_fact(reader, i, &value)); i++)
		if (!strcmp(name, "closed"))
			printf(", %s", value ? "closed" : "not closed: being written, or cut off");
		else
			printf("%s %" PRIu64 " %.*s", i ? "," : "", value,
			       (int)strlen(name) - (value == 1), name);
	putchar('\n');
}

static void print_events(const struct libdma_stat *stat, const struct source *source,
			 const struct libdma_environment *environment)
{
	uint64_t first, last, events = source_events(source);

	libdma_stat_time(stat, &first, &last);
	printf("Events       %" PRIu64 ", %" PRIu64 " lost\n", events, source_lost(source));
	if (!events)
		return;
	printf("Time         %.6f s to %.6f s, %.6f s long", (double)first / 1e9,
	       (double)last / 1e9, (double)(last - first) / 1e9);
	if (environment->clock)
		printf(" (clock %s)", environment->clock);
	putchar('\n');
}

/* "map_page 17, unmap_page 12, ...", broken to the width */
static void print_kinds(const struct libdma_stat *stat, unsigned int width)
{
	unsigned int column = 0;
	char word[64];

	for (unsigned int kind = 1; kind < DMA_EVENT_KINDS; kind++) {
		unsigned int size;

		if (!libdma_stat_kinds(stat, kind))
			continue;
		size = (unsigned int)snprintf(word, sizeof(word), "%s %" PRIu64,
					      libdma_event_kind_name(kind),
					      libdma_stat_kinds(stat, kind));
		if (!column || column + size + 3 > width) {
			printf("%s%-13s%s", column ? ",\n" : "", column ? "" : "Kinds", word);
			column = 13 + size;
		} else {
			printf(", %s", word);
			column += size + 2;
		}
	}
	if (column)
		putchar('\n');
}

static void print_human(const struct libdma_stat *stat, const struct options *opts,
			struct source *source)
{
	const struct libdma_environment *environment = source_environment(source);

	source_print_loss(source, &opts->terminal, stdout);
	print_file(opts, source);
	print_events(stat, source, environment);
	print_kinds(stat, opts->terminal.width);
	if (source_beside(source))
		printf("Environment  from %s\n", source_beside(source));
	environment_print(environment);
	environment_print_devices(environment, stat, source_strings(source), &opts->terminal);
}

static int info_run(int argc, char **argv)
{
	struct options opts = { 0 };
	const struct dma_event *event;
	struct libdma_stat *stat;
	struct source *source;
	int status;

	argp_parse(&argp, argc, argv, 0, NULL, &opts);
	status = source_open(&opts.source, NULL, &source);
	if (status)
		return status;
	if (libdma_stat_create(LIBDMA_STAT_DEVICE, false, &stat))
		out_of_memory();
	while (source_next(source, &event) > 0)
		if (libdma_stat_put(stat, event))
			out_of_memory();
	terminal_page(&opts.terminal);
	if (opts.form.form == FORM_JSON)
		print_json(stat, &opts, source);
	else
		print_human(stat, &opts, source);
	libdma_stat_destroy(stat);
	return source_close(source, EXIT_FINE);
}

const struct command command_info = {
	.name = "info",
	.summary = "Say what a trace is and where it was recorded",
	.argp = &argp,
	.run = info_run,
};
