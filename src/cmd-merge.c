// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd-merge.c - dmactl merge: several traces as one, in the order of time
 *
 * Times can be compared only where clocks are the same, and names of devices mean the
 * same only on one machine. Where the traces say otherwise they are refused, unless the
 * user says what is to be done: --labels, --align.
 */
#include <argp.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "command.h"
#include "environment.h"
#include "form.h"
#include "json.h"
#include "output.h"
#include "source.h"
#include "target.h"
#include "terminal.h"

#define INPUTS_MOST 64

enum {
	OPTION_LABELS = 256,
	OPTION_ALIGN,
};

struct options {
	struct target_options target;
	struct form_options form;
	struct terminal terminal;
	char **path;
	size_t paths;
	const char *labels; /* or NULL */
	bool align_start;
};

static const struct argp_option options[] = {
	{ .name = "labels",
	  .key = OPTION_LABELS,
	  .arg = "LIST",
	  .doc = "The traces are of different machines or boots: names for them, with "
		 "commas between, that stand before the names of their devices" },
	{ .name = "align",
	  .key = OPTION_ALIGN,
	  .arg = "HOW",
	  .doc = "'none' (as it is) takes times as they are, 'start' counts those of each "
		 "trace from its first event" },
	{},
};

static error_t parse_align(struct options *opts, const char *arg,
			   struct argp_state *state)
{
	opts->align_start = !strcmp(arg, "start");
	if (!opts->align_start && strcmp(arg, "none"))
		argp_error(state, "--align takes none or start, not '%s'", arg);
	return 0;
}

static void finish_options(const struct options *opts, struct argp_state *state)
{
	size_t labels = opts->labels ? 1 : 0;

	if (opts->paths < 2)
		argp_error(state, "two files or more can be merged");
	if (opts->paths > INPUTS_MOST)
		argp_error(state, "at most %d files can be merged at once", INPUTS_MOST);
	for (const char *it = opts->labels; it && (it = strchr(it, ',')); it++)
		labels++;
	if (labels && labels != opts->paths)
		argp_error(state, "%zu labels for %zu files", labels, opts->paths);
	form_check(&opts->form, opts->target.path, state);
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct options *opts = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &opts->target;
		state->child_inputs[1] = &opts->form;
		state->child_inputs[2] = &opts->terminal;
		return 0;
	case OPTION_LABELS:
		opts->labels = arg;
		return 0;
	case OPTION_ALIGN:
		return parse_align(opts, arg, state);
	case ARGP_KEY_ARGS:
		opts->path = state->argv + state->next;
		opts->paths = (size_t)(state->argc - state->next);
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
	.args_doc = "IN IN...",
	.doc = "Write the events of several traces to OUT, in the order of their times.",
	.children = (const struct argp_child[]) { { .argp = &target_argp },
						  { .argp = &form_document_argp },
						  { .argp = &terminal_argp },
						  {} },
};

/* One of the traces. */
struct input {
	struct source_options options;
	struct source *source;
	const struct dma_event *event; /* the next one, or NULL */
	char label[64];                /* with a colon, or empty */
	uint64_t number;               /* from 1; of those with labels */
	uint64_t first_ns;
	bool earlier;     /* what it tells of before is known from another */
	uint32_t *device; /* with the label, by number; 0: not asked yet */
	size_t devices;
	uint64_t events;
};

struct merge {
	const struct options *opts;
	struct libdma_strings *strings;
	struct libdma_environment *environment;
	struct input input[INPUTS_MOST];
	struct libdma_writer *writer;
};

static void take_label(struct input *input, const char **labels)
{
	size_t size = *labels ? strcspn(*labels, ",") : 0;

	if (!*labels)
		return;
	snprintf(input->label, sizeof(input->label), "%.*s:", (int)size, *labels);
	*labels += size + (*labels)[size] / ',';
}

static void next(struct input *input)
{
	if (source_next(input->source, &input->event) <= 0)
		input->event = NULL;
}

/* Open a trace, and find when its own first event is. */
static int open_input(struct merge *merge, struct input *input, const char *path)
{
	const struct dma_event *event;
	struct source *source;
	int status;

	input->options.path = path;
	if (strcmp(path, "-")) {
		struct source_options ahead = { .path = path, .again = true };

		status = source_open(&ahead, NULL, &source);
		if (status == EXIT_SYSTEM)
			return status;
		if (status)
			goto open;
		input->first_ns = UINT64_MAX;
		while (source_next(source, &event) > 0)
			if (!(event->flags & DMA_EVENT_EARLIER)) {
				input->first_ns = event->ns;
				break;
			}
		source_close(source, EXIT_FINE);
	}
open:
	status = source_open(&input->options, merge->strings, &input->source);
	if (!status)
		next(input);
	if (!status && !strcmp(path, "-") && input->event)
		input->first_ns = input->event->ns;
	return status;
}

static bool differ(const char *a, const char *b)
{
	return a && b && strcmp(a, b);
}

/* What two environments disagree on, as words; NULL for nothing. */
static const char *disagreement(const struct libdma_environment *a,
				const struct libdma_environment *b)
{
	if (differ(a->kernel, b->kernel))
		return "kernels";
	if (differ(a->arch, b->arch))
		return "architectures";
	if (differ(a->cmdline, b->cmdline))
		return "command lines";
	if (a->cpus && b->cpus && a->origin.cpus == LIBDMA_GIVEN &&
	    b->origin.cpus == LIBDMA_GIVEN && a->cpus != b->cpus)
		return "numbers of CPUs";
	return NULL;
}

static int refuse(const struct merge *merge, const struct input *input, const char *what,
		  const char *advice)
{
	complain("%s and %s have different %s: %s", source_name(merge->input[0].source),
		 source_name(input->source), what, advice);
	return EXIT_USAGE;
}

/* Can the traces be one? */
static int compare_inputs(struct merge *merge)
{
	const struct options *opts = merge->opts;
	const struct libdma_environment *first =
		source_environment(merge->input[0].source);
	const char *what;

	for (size_t i = 1; i < opts->paths; i++) {
		struct input *input = &merge->input[i];
		const struct libdma_environment *other =
			source_environment(input->source);

		what = disagreement(first, other);
		if (what && !opts->labels)
			return refuse(merge, input, what,
				      "--labels tells their devices apart");
		if (differ(first->clock, other->clock) && !opts->align_start)
			return refuse(merge, input, "clocks",
				      "--align=start counts each from its own start");
	}
	return EXIT_FINE;
}

static char *add_label(void *arg, const char *name)
{
	const struct input *input = arg;
	char *whole;

	if (asprintf(&whole, "%s%s", input->label, name) < 0)
		out_of_memory();
	return whole;
}

/* What is known of the machines: of one, all; of several, their devices. */
static void merge_environments(struct merge *merge)
{
	libdma_environment_destroy(merge->environment);
	merge->environment = libdma_environment_create();
	if (!merge->environment)
		out_of_memory();
	for (size_t i = 0; i < merge->opts->paths; i++) {
		struct input *input = &merge->input[i];
		struct libdma_environment *own = libdma_environment_create();
		int err = own ? libdma_environment_merge(
					own, source_environment(input->source))
			      : -1;

		if (!err && merge->opts->labels)
			environment_keep_devices(own, add_label, input);
		if (err || libdma_environment_merge(merge->environment, own))
			out_of_memory();
		libdma_environment_destroy(own);
	}
}

/* The device's name with the label of its trace. */
static uint32_t label_device(struct merge *merge, struct input *input, uint32_t device)
{
	char *name;

	if (!*input->label || !device)
		return device;
	if (device >= input->devices) {
		size_t room = device + 64;

		input->device = reallocarray(input->device, room, sizeof(*input->device));
		if (!input->device)
			out_of_memory();
		memset(input->device + input->devices, 0,
		       (room - input->devices) * sizeof(*input->device));
		input->devices = room;
	}
	if (!input->device[device]) {
		name = add_label(input, libdma_strings_get(merge->strings, device));
		if (libdma_strings_add(merge->strings, name, strlen(name),
				       &input->device[device]))
			out_of_memory();
		free(name);
	}
	return input->device[device];
}

static uint64_t time_of(const struct merge *merge, const struct input *input, uint64_t ns)
{
	if (!merge->opts->align_start)
		return ns;
	return ns > input->first_ns ? ns - input->first_ns : 0;
}

static int put(struct merge *merge, struct input *input)
{
	struct dma_event event = *input->event;

	event.ns = time_of(merge, input, event.ns);
	if (event.kind == DMA_EVENT_LOST && event.until_ns)
		event.until_ns = time_of(merge, input, event.until_ns);
	event.device = label_device(merge, input, event.device);
	/* Numbers that a trace made up mean another thing in another trace. */
	if (input->number && event.handle)
		event.handle ^= input->number << 56;
	input->events++;
	return libdma_writer_put(merge->writer, &event);
}

/* The input whose event is next: the earliest, and of equals the first named. */
static struct input *choose(struct merge *merge)
{
	struct input *best = NULL;

	for (size_t i = 0; i < merge->opts->paths; i++) {
		struct input *input = &merge->input[i];

		if (input->event &&
		    (!best || time_of(merge, input, input->event->ns) <
				      time_of(merge, best, best->event->ns)))
			best = input;
	}
	return best;
}

/*
 * Parts of one trace tell again what the part before knows. Only the first of them is
 * believed; of a machine of its own, each.
 */
static void forget_earlier(struct merge *merge)
{
	const struct input *first = &merge->input[0];

	for (size_t i = 1; i < merge->opts->paths; i++)
		if (merge->input[i].first_ns < first->first_ns)
			first = &merge->input[i];
	for (size_t i = 0; i < merge->opts->paths; i++) {
		struct input *input = &merge->input[i];

		if (merge->opts->labels || input == first)
			continue;
		while (input->event && input->event->flags & DMA_EVENT_EARLIER)
			next(input);
	}
}

static int copy(struct merge *merge)
{
	struct input *input;
	int err = 0;

	forget_earlier(merge);
	while (!err && (input = choose(merge))) {
		err = put(merge, input);
		next(input);
	}
	merge_environments(merge);
	return err ? err : libdma_writer_environment(merge->writer, merge->environment);
}

static void print_outcome(struct merge *merge)
{
	const struct options *opts = merge->opts;
	json_t *document, *list;
	uint64_t events = 0;

	for (size_t i = 0; i < opts->paths; i++)
		events += merge->input[i].events;
	if (!opts->form.form) {
		complain("%s: %" PRIu64 " event%s of %zu traces",
			 target_name(&opts->target), events, events == 1 ? "" : "s",
			 opts->paths);
		return;
	}
	document = json_document("merge");
	list = json_list();
	json_add(document, "out", json_text(opts->target.path));
	json_add_count(document, "events", events);
	for (size_t i = 0; i < opts->paths; i++) {
		json_t *object = json_create();

		json_add(object, "trace", json_text(opts->path[i]));
		json_add(object, "completeness",
			 source_completeness(merge->input[i].source));
		json_add_count(object, "events", merge->input[i].events);
		json_append(list, object);
	}
	json_add(document, "traces", list);
	json_print(document);
}

/* A trace beside itself would tell each call twice. */
static int check_twice(const struct options *opts, size_t index)
{
	struct stat now, other;

	if (stat(opts->path[index], &now) || !S_ISREG(now.st_mode))
		return EXIT_FINE;
	for (size_t i = 0; i < index; i++) {
		if (stat(opts->path[i], &other) || other.st_dev != now.st_dev ||
		    other.st_ino != now.st_ino)
			continue;
		complain("%s: the same trace as %s", opts->path[index], opts->path[i]);
		return EXIT_USAGE;
	}
	return EXIT_FINE;
}

static int merge_all(struct merge *merge)
{
	const struct options *opts = merge->opts;
	const char *labels = opts->labels;
	int err, status = EXIT_FINE;

	for (size_t i = 0; i < opts->paths && !status; i++) {
		take_label(&merge->input[i], &labels);
		merge->input[i].number = opts->labels ? i + 1 : 0;
		status = target_check(&opts->target, opts->path[i]);
		if (!status)
			status = check_twice(opts, i);
		if (!status)
			status = open_input(merge, &merge->input[i], opts->path[i]);
	}
	if (!status)
		status = compare_inputs(merge);
	if (status)
		return status;
	merge_environments(merge);
	status = target_open(&opts->target, merge->strings, merge->environment,
			     &merge->writer);
	if (status)
		return status;
	err = copy(merge);
	status = target_close(&opts->target, merge->writer, err);
	if (!status)
		print_outcome(merge);
	return status;
}

static int merge_run(int argc, char **argv)
{
	struct options opts = { 0 };
	struct merge merge = { .opts = &opts, .strings = libdma_strings_create() };
	int status;

	if (!merge.strings)
		out_of_memory();
	argp_parse(&argp, argc, argv, 0, NULL, &opts);
	status = merge_all(&merge);
	for (size_t i = 0; i < opts.paths; i++) {
		status = source_close(merge.input[i].source, status);
		free(merge.input[i].device);
	}
	libdma_environment_destroy(merge.environment);
	libdma_strings_destroy(merge.strings);
	return status;
}

const struct command command_merge = {
	.name = "merge",
	.summary = "Write several traces as one, in the order of time",
	.argp = &argp,
	.run = merge_run,
};
