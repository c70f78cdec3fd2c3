// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * selection.c - --filter, --begin and --end: which events a command looks at
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "output.h"
#include "source.h"

#define LINE_SHOWN 72 /* bytes of a long expression that are shown with a mistake */

enum {
	OPTION_FILTER = 608,
	OPTION_BEGIN,
	OPTION_END,
};

static const struct argp_option options[] = {
	{ .doc = "Which events:", .group = 7 },
	{ .name = "filter",
	  .key = OPTION_FILTER,
	  .arg = "EXPRESSION",
	  .doc = "Only events for which this holds, such as 'size > 4k && dir != "
		 "to_device'; 'help' lists the fields" },
	{ .name = "begin",
	  .key = OPTION_BEGIN,
	  .arg = "PLACE",
	  .doc = "Not what is before this: a time stamp in seconds, '+SECONDS' from the "
		 "first event, or '#NUMBER' of an event" },
	{ .name = "end", .key = OPTION_END, .arg = "PLACE", .doc = "Not what is behind this" },
	{},
};

/* The expression, and a caret under the place. */
static void show_mistake(const char *text, size_t place, const char *why)
{
	size_t skip = place > LINE_SHOWN / 2 ? place - LINE_SHOWN / 2 : 0;

	complain("--filter: %s", why);
	fprintf(stderr, "  %.*s\n  %*s^\n", LINE_SHOWN, text + skip, (int)(place - skip), "");
}

static void list_fields(void)
{
	const struct libdma_filter_field *field;

	for (size_t i = 0; (field = libdma_filter_field_at(i)); i++)
		printf("%-10s %s\n", field->name, field->summary);
}

static void parse_filter(struct source_options *source, const char *text)
{
	size_t place;
	char *why;
	int err;

	if (!strcmp(text, "help")) {
		list_fields();
		exit(EXIT_FINE);
	}
	libdma_filter_destroy(source->filter);
	source->filter = NULL;
	err = libdma_filter_create(text, &source->filter, &place, &why);
	if (!err)
		return;
	if (err == -ENOMEM)
		out_of_memory();
	show_mistake(text, place, why);
	exit(EXIT_USAGE);
}

static void parse_place(const char *option, const char *text, struct place *ret,
			struct argp_state *state)
{
	if (!place_parse(text, ret))
		argp_error(state, "%s takes SECONDS, +SECONDS or #EVENT, not '%s'", option,
			   text);
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct source_options *source = state->input;

	switch (key) {
	case OPTION_FILTER:
		parse_filter(source, arg);
		return 0;
	case OPTION_BEGIN:
		parse_place("--begin", arg, &source->range.begin, state);
		return 0;
	case OPTION_END:
		parse_place("--end", arg, &source->range.end, state);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

const struct argp selection_argp = { .options = options, .parser = parse_option };
