// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd-split.c - dmactl split: one trace as several
 *
 * Each part can be read alone: it begins with what is mapped there. Parts by device are
 * all written at once, and each knows all of its device.
 */
#include <argp.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <libdma/replay.h>

#include "command.h"
#include "excerpt.h"
#include "form.h"
#include "json.h"
#include "output.h"
#include "quantity.h"
#include "source.h"
#include "target.h"
#include "terminal.h"

#define PARTS_MOST   100000
#define DEVICES_MOST 256  /* each has a file open */
#define SIZE_EVENTS  4096 /* the size of a part is looked at after so many */

enum {
	OPTION_EVERY = 256,
	OPTION_EVENTS,
	OPTION_SIZE,
	OPTION_BY_DEVICE,
};

struct options {
	struct source_options source;
	struct target_options target;
	struct form_options form;
	struct terminal terminal;
	uint64_t every_ns, events, size;
	bool by_device;
};

static const struct argp_option options[] = {
	{ .name = "every",
	  .key = OPTION_EVERY,
	  .arg = "TIME",
	  .doc = "A part for each so much time: 10s, 500ms" },
	{ .name = "events",
	  .key = OPTION_EVENTS,
	  .arg = "COUNT",
	  .doc = "A part for each so many events" },
	{ .name = "size",
	  .key = OPTION_SIZE,
	  .arg = "BYTES",
	  .doc = "A part for each so many bytes that were written, or a little more: 100M" },
	{ .name = "by-device",
	  .key = OPTION_BY_DEVICE,
	  .doc = "A part for each device; what is of no device is in all of them" },
	{},
};

static uint64_t parse_time(const char *text, struct argp_state *state)
{
	struct libdma_position position;

	if (libdma_position_parse(text, &position) ||
	    position.kind != LIBDMA_MOMENT_TIME || !position.value)
		argp_error(state, "--every takes a time such as 10s or 500ms, not '%s'",
			   text);
	return position.value;
}

static uint64_t parse_quantity(const char *option, const char *text,
			       struct argp_state *state)
{
	uint64_t value = 0;

	if (!quantity_size(text, &value) || !value)
		argp_error(state, "%s takes a number, not '%s'", option, text);
	return value;
}

static void finish_options(const struct options *opts, struct argp_state *state)
{
	int ways = !!opts->every_ns + !!opts->events + !!opts->size + opts->by_device;

	if (ways != 1)
		argp_error(state,
			   "one of --every, --events, --size and --by-device is needed");
	if (opts->target.path && !strcmp(opts->target.path, "-"))
		argp_error(state, "the parts need files, standard output is one");
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct options *opts = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &opts->source;
		state->child_inputs[1] = &opts->target;
		state->child_inputs[2] = &opts->form;
		state->child_inputs[3] = &opts->terminal;
		return 0;
	case OPTION_EVERY:
		opts->every_ns = parse_time(arg, state);
		return 0;
	case OPTION_EVENTS:
		opts->events = parse_quantity("--events", arg, state);
		return 0;
	case OPTION_SIZE:
		opts->size = parse_quantity("--size", arg, state);
		return 0;
	case OPTION_BY_DEVICE:
		opts->by_device = true;
		return 0;
	case ARGP_KEY_END:
		finish_options(opts, state);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse_option,
	.args_doc = "[IN]",
	.doc = "Write the trace IN (dma.dmat by default) as several, named as OUT with a "
	       "number or a device before its suffix.",
	.children = (const struct argp_child[]) { { .argp = &source_argp },
						  { .argp = &target_argp },
						  { .argp = &form_document_argp },
						  { .argp = &terminal_argp },
						  {} },
};

/* A part that is being written, or was. */
struct part {
	struct target_options target;
	struct libdma_writer *writer;
	uint32_t device;
	uint64_t events, earlier;
};

struct split {
	const struct options *opts;
	struct source *source;
	struct excerpt *excerpt;
	struct part *part;
	size_t parts;
	uint64_t first_ns; /* of the present part */
	int status;
};

/* "out-3.dmat", "out-0000:00:02.0.dmat": a device's name can hold anything. */
static char *name_part(const char *out, const char *word)
{
	const char *slash = strrchr(out, '/'), *base = slash ? slash + 1 : out;
	const char *suffix = strrchr(base, '.');
	size_t stem = suffix && suffix != base ? (size_t)(suffix - out) : strlen(out);
	char *name;

	if (asprintf(&name, "%.*s-%s%s", (int)stem, out, word, out + stem) < 0)
		out_of_memory();
	for (char *it = name + stem + 1; it < name + stem + 1 + strlen(word); it++)
		if (*it == '/' || (unsigned char)*it <= ' ' || *it == 0x7f)
			*it = '_';
	return name;
}

static struct part *open_part(struct split *split, const char *word, uint32_t device)
{
	const struct options *opts = split->opts;
	struct part *part;

	split->part = reallocarray(split->part, split->parts + 1, sizeof(*part));
	if (!split->part)
		out_of_memory();
	part = &split->part[split->parts];
	*part = (struct part) { .target = opts->target, .device = device };
	part->target.path = name_part(opts->target.path, word);
	split->status = target_check(&part->target, opts->source.path);
	if (!split->status)
		split->status =
			target_open(&part->target, source_strings(split->source),
				    source_environment(split->source), &part->writer);
	if (split->status)
		free((char *)part->target.path);
	else
		split->parts++;
	return split->status ? NULL : part;
}

static void close_part(struct split *split, struct part *part, int err)
{
	int status;

	if (!part->writer)
		return;
	if (!err)
		err = libdma_writer_environment(part->writer,
						source_environment(split->source));
	status = target_close(&part->target, part->writer, err);
	part->writer = NULL;
	if (!split->status)
		split->status = status;
}

static int sink(void *arg, const struct dma_event *event)
{
	struct part *part = arg;

	if (event->flags & DMA_EVENT_EARLIER)
		part->earlier++;
	else
		part->events++;
	return libdma_writer_put(part->writer, event);
}

static uint64_t bytes_written(const struct part *part)
{
	struct stat status;

	libdma_writer_flush(part->writer);
	return stat(part->target.path, &status) ? 0 : (uint64_t)status.st_size;
}

/* Does the present part end before this event? */
static bool is_full(const struct split *split, const struct part *part,
		    const struct dma_event *event)
{
	const struct options *opts = split->opts;

	if (opts->events)
		return part->events >= opts->events;
	if (opts->every_ns)
		return event->ns > split->first_ns &&
		       event->ns - split->first_ns >= opts->every_ns;
	return part->events && part->events % SIZE_EVENTS == 0 &&
	       bytes_written(part) >= opts->size;
}

static struct part *next_part(struct split *split, const struct dma_event *event)
{
	char word[24];

	if (split->parts == PARTS_MOST) {
		complain("more than %d parts: make them larger", PARTS_MOST);
		split->status = EXIT_USAGE;
		return NULL;
	}
	if (split->parts)
		close_part(split, &split->part[split->parts - 1], 0);
	if (split->status)
		return NULL;
	/* Parts of equal time begin at multiples of it, even where some would be empty.
	 */
	if (split->parts && split->opts->every_ns)
		split->first_ns += (event->ns - split->first_ns) / split->opts->every_ns *
				   split->opts->every_ns;
	else
		split->first_ns = event->ns;
	snprintf(word, sizeof(word), "%zu", split->parts + 1);
	excerpt_restart(split->excerpt);
	return open_part(split, word, 0);
}

static void split_in_order(struct split *split)
{
	const struct dma_event *event;
	struct part *part = NULL;
	int err = 0;

	split->excerpt = excerpt_create();
	while (!err && source_next(split->source, &event) > 0) {
		if (!part || is_full(split, part, event))
			part = next_part(split, event);
		if (!part)
			break;
		err = excerpt_put(split->excerpt, event, true, sink, part);
	}
	if (split->parts)
		close_part(split, &split->part[split->parts - 1], err);
	excerpt_destroy(split->excerpt);
}

/*
 * The parts by device are those of the devices that the trace has, which is known when it
 * was read; a first reading finds them.
 */
static void find_devices(struct split *split)
{
	struct source_options again = split->opts->source;
	const struct libdma_strings *strings = source_strings(split->source);
	const struct dma_event *event;
	struct source *source;
	size_t i;

	again.again = true;
	split->status = source_open(
		&again, libdma_reader_strings(source_reader(split->source)), &source);
	if (split->status)
		return;
	while (!split->status && source_next(source, &event) > 0) {
		for (i = 0; i < split->parts && split->part[i].device != event->device;
		     i++)
			;
		if (i < split->parts || !event->device)
			continue;
		if (split->parts == DEVICES_MOST) {
			complain(
				"more than %d devices: 'dmactl trim --device' takes some of "
				"them",
				DEVICES_MOST);
			split->status = EXIT_USAGE;
			break;
		}
		open_part(split, libdma_strings_get(strings, event->device),
			  event->device);
	}
	/* Only what goes wrong with the second reading counts. */
	if (source_close(source, EXIT_FINE) == EXIT_SYSTEM && !split->status)
		split->status = EXIT_SYSTEM;
}

static void split_by_device(struct split *split)
{
	const struct dma_event *event;
	int err = 0;

	find_devices(split);
	while (!err && !split->status && source_next(split->source, &event) > 0)
		for (size_t i = 0; i < split->parts && !err; i++)
			if (!event->device || event->device == split->part[i].device)
				err = sink(&split->part[i], event);
	for (size_t i = 0; i < split->parts; i++)
		close_part(split, &split->part[i], err);
}

static void print_parts(const struct split *split)
{
	json_t *document = NULL, *list = NULL;

	if (split->opts->form.form) {
		document = json_document("split");
		list = json_list();
		json_add(document, "trace", json_text(split->opts->source.path));
		json_add(document, "completeness", source_completeness(split->source));
	}
	for (size_t i = 0; i < split->parts; i++) {
		const struct part *part = &split->part[i];
		json_t *object;

		if (!document) {
			printf("%s: %" PRIu64 " event%s, and %" PRIu64 " of before\n",
			       part->target.path, part->events,
			       part->events == 1 ? "" : "s", part->earlier);
			continue;
		}
		object = json_create();
		json_add(object, "out", json_text(part->target.path));
		json_add_count(object, "events", part->events);
		json_add_count(object, "earlier", part->earlier);
		json_append(list, object);
	}
	if (!document)
		return;
	json_add(document, "parts", list);
	json_print(document);
}

static int split_run(int argc, char **argv)
{
	struct options opts = { 0 };
	struct split split = { .opts = &opts };
	int status;

	argp_parse(&argp, argc, argv, 0, NULL, &opts);
	if (opts.by_device && !strcmp(opts.source.path, "-")) {
		complain(
			"--by-device reads the trace twice, which standard input cannot be");
		return EXIT_USAGE;
	}
	status = source_open(&opts.source, NULL, &split.source);
	if (status)
		return status;
	if (opts.by_device)
		split_by_device(&split);
	else
		split_in_order(&split);
	if (!split.status)
		print_parts(&split);
	for (size_t i = 0; i < split.parts; i++)
		free((char *)split.part[i].target.path);
	free(split.part);
	return source_close(split.source, split.status);
}

const struct command command_split = {
	.name = "split",
	.summary = "Write one trace as several, each of which can be read alone",
	.argp = &argp,
	.run = split_run,
};
