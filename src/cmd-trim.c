// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd-trim.c - dmactl trim: a part of a trace, as a trace
 */
#include <argp.h>
#include <ctype.h>
#include <errno.h>
#include <fnmatch.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "excerpt.h"
#include "form.h"
#include "json.h"
#include "output.h"
#include "source.h"
#include "target.h"
#include "terminal.h"

#define CONTEXT_USUAL 1000
#define AROUND_MOST   4096

enum {
	OPTION_BEGIN = 256,
	OPTION_END,
	OPTION_DEVICE,
	OPTION_AROUND,
	OPTION_CONTEXT,
};

struct options {
	struct source_options source;
	struct target_options target;
	struct form_options form;
	struct terminal terminal;
	struct range range;
	const char *device;           /* globs with commas between them, or NULL */
	uint64_t around[AROUND_MOST]; /* in order */
	size_t arounds;
	uint64_t context;
};

static const struct argp_option options[] = {
	{ .name = "begin",
	  .key = OPTION_BEGIN,
	  .arg = "PLACE",
	  .doc = "Not what is before this: a time stamp in seconds, '+SECONDS' from the "
		 "first event, or '#NUMBER' of an event" },
	{ .name = "end",
	  .key = OPTION_END,
	  .arg = "PLACE",
	  .doc = "Not what is behind this" },
	{ .name = "device",
	  .key = OPTION_DEVICE,
	  .arg = "LIST",
	  .doc = "Only events of these devices, and those of no device; globs, with commas "
		 "between them" },
	{ .name = "around",
	  .key = OPTION_AROUND,
	  .arg = "LIST",
	  .doc = "Only what is near the events of these numbers" },
	{ .name = "context",
	  .key = OPTION_CONTEXT,
	  .arg = "COUNT",
	  .doc = "So many events before and behind each of --around (1000)" },
	{},
};

static void parse_place(const char *option, const char *text, struct place *ret,
			struct argp_state *state)
{
	if (!place_parse(text, ret))
		argp_error(state, "%s takes SECONDS, +SECONDS or #EVENT, not '%s'",
			   option, text);
}

static uint64_t parse_number(const char *option, const char *text, const char **end,
			     struct argp_state *state)
{
	char *rest;
	uint64_t number;

	errno = 0;
	number = strtoull(text, &rest, 10);
	if (!isdigit((unsigned char)*text) || errno)
		argp_error(state, "%s takes numbers of events, not '%s'", option, text);
	*end = rest;
	return number;
}

static int compare_numbers(const void *a, const void *b)
{
	uint64_t one = *(const uint64_t *)a, two = *(const uint64_t *)b;

	return (one > two) - (one < two);
}

static void parse_around(struct options *opts, const char *text, struct argp_state *state)
{
	while (*text) {
		text += *text == '#';
		if (opts->arounds == AROUND_MOST)
			argp_error(state, "--around takes at most %d events",
				   AROUND_MOST);
		opts->around[opts->arounds++] =
			parse_number("--around", text, &text, state);
		if (*text && *text++ != ',')
			argp_error(state,
				   "--around takes numbers with commas between them");
	}
	qsort(opts->around, opts->arounds, sizeof(*opts->around), compare_numbers);
}

static void parse_context(struct options *opts, const char *text,
			  struct argp_state *state)
{
	opts->context = parse_number("--context", text, &text, state);
	if (*text)
		argp_error(state, "--context takes a number of events");
}

static void finish_options(const struct options *opts, struct argp_state *state)
{
	form_check(&opts->form, opts->target.path, state);
	if (!opts->range.begin.type && !opts->range.end.type && !opts->device &&
	    !opts->arounds)
		argp_error(state,
			   "which part? --begin, --end, --around or --device says it");
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
	case OPTION_BEGIN:
		parse_place("--begin", arg, &opts->range.begin, state);
		return 0;
	case OPTION_END:
		parse_place("--end", arg, &opts->range.end, state);
		return 0;
	case OPTION_DEVICE:
		opts->device = arg;
		return 0;
	case OPTION_AROUND:
		parse_around(opts, arg, state);
		return 0;
	case OPTION_CONTEXT:
		parse_context(opts, arg, state);
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
	.doc = "Write a part of the trace IN (dma.dmat by default) to OUT, with what must be "
	       "known of the time before.",
	.children = (const struct argp_child[]) { { .argp = &source_argp },
						  { .argp = &target_argp },
						  { .argp = &form_document_argp },
						  { .argp = &terminal_argp },
						  {} },
};

/* A trace being trimmed. */
struct trim {
	struct options *opts;
	struct source *source;
	struct excerpt *excerpt;
	struct libdma_writer *writer;
	signed char
		*device; /* by number: 1 it is wanted, -1 it is not, 0 not asked yet */
	size_t devices;
	size_t around;    /* the first of the list that is not behind */
	uint64_t kept;    /* events of the part */
	uint64_t earlier; /* and of before it */
};

static bool matches(const char *list, const char *name)
{
	char glob[256];

	for (;;) {
		size_t size = strcspn(list, ",");

		if (size < sizeof(glob)) {
			memcpy(glob, list, size);
			glob[size] = '\0';
			if (!fnmatch(glob, name, 0))
				return true;
		}
		if (!list[size])
			return false;
		list += size + 1;
	}
}

/* Asked once for each device. */
static bool is_of_device(struct trim *trim, const struct dma_event *event)
{
	size_t room = trim->devices;
	signed char *known;

	if (!trim->opts->device || !event->device)
		return true;
	if (event->device >= room) {
		room = event->device + 64;
		known = realloc(trim->device, room);
		if (!known)
			out_of_memory();
		memset(known + trim->devices, 0, room - trim->devices);
		trim->device = known;
		trim->devices = room;
	}
	known = &trim->device[event->device];
	if (!*known)
		*known = matches(trim->opts->device,
				 libdma_strings_get(source_strings(trim->source),
						    event->device))
				 ? 1
				 : -1;
	return *known > 0;
}

static bool is_near(struct trim *trim, const struct dma_event *event)
{
	const struct options *opts = trim->opts;
	uint64_t number = event->number;

	if (!opts->arounds)
		return true;
	while (trim->around < opts->arounds && number > opts->around[trim->around] &&
	       number - opts->around[trim->around] > opts->context)
		trim->around++;
	return trim->around < opts->arounds &&
	       (number >= opts->around[trim->around] ||
		opts->around[trim->around] - number <= opts->context);
}

/* Can no further event belong to the part? */
static bool is_over(const struct trim *trim)
{
	const struct options *opts = trim->opts;

	return (opts->arounds && trim->around == opts->arounds) ||
	       range_is_over(&opts->range, source_events(trim->source));
}

static int sink(void *arg, const struct dma_event *event)
{
	struct trim *trim = arg;

	if (event->flags & DMA_EVENT_EARLIER)
		trim->earlier++;
	else
		trim->kept++;
	return libdma_writer_put(trim->writer, event);
}

static int copy(struct trim *trim, const struct dma_event *event, bool more)
{
	bool wanted;
	int err = 0;

	for (; more && !err;
	     more = !is_over(trim) && source_next(trim->source, &event) > 0) {
		wanted = range_holds(&trim->opts->range, event);
		wanted = is_near(trim, event) && wanted;
		if (is_of_device(trim, event))
			err = excerpt_put(trim->excerpt, event, wanted, sink, trim);
	}
	if (!err)
		err = libdma_writer_environment(trim->writer,
						source_environment(trim->source));
	return err;
}

static void print_outcome(const struct trim *trim)
{
	const struct options *opts = trim->opts;
	json_t *document;

	if (!opts->form.form) {
		complain("%s: %" PRIu64 " event%s, and %" PRIu64 " of before",
			 target_name(&opts->target), trim->kept,
			 trim->kept == 1 ? "" : "s", trim->earlier);
		return;
	}
	document = json_document("trim");
	json_add(document, "trace", json_text(opts->source.path));
	json_add(document, "completeness", source_completeness(trim->source));
	json_add(document, "out", json_text(opts->target.path));
	json_add_count(document, "events", trim->kept);
	json_add_count(document, "earlier", trim->earlier);
	json_print(document);
}

static int trim(struct options *opts, struct source *source)
{
	struct trim trim = { .opts = opts, .source = source };
	const struct dma_event *event = NULL;
	bool more = source_next(source, &event) > 0;
	int err, status = target_open(&opts->target, source_strings(source),
				      source_environment(source), &trim.writer);

	if (status)
		return status;
	trim.excerpt = excerpt_create();
	err = copy(&trim, event, more);
	excerpt_destroy(trim.excerpt);
	free(trim.device);
	status = target_close(&opts->target, trim.writer, err);
	if (!status)
		print_outcome(&trim);
	return status;
}

static int trim_run(int argc, char **argv)
{
	struct options opts = { .context = CONTEXT_USUAL };
	struct source *source;
	int status;

	argp_parse(&argp, argc, argv, 0, NULL, &opts);
	status = target_check(&opts.target, opts.source.path);
	if (!status)
		status = source_open(&opts.source, NULL, &source);
	if (status)
		return status;
	return source_close(source, trim(&opts, source));
}

const struct command command_trim = {
	.name = "trim",
	.summary = "Write a part of a trace, with what was mapped before it",
	.argp = &argp,
	.run = trim_run,
};
