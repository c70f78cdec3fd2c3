// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * form.c - in what form a command prints: for people, or one of the machine's
 */
#include <string.h>

#include "form.h"

enum {
	OPTION_CSV = 544,
	OPTION_NDJSON,
	OPTION_COLUMNS,
};

#define HEADING	   { .doc = "Form of the output:", .group = 10 }
#define JSON	   { .name = "json", .key = 'J', .doc = "Print one JSON document" }
#define NDJSON	   { .name = "ndjson", .key = OPTION_NDJSON, \
		     .doc = "Print one JSON object a line" }
#define CSV	   { .name = "csv", .key = OPTION_CSV, \
		     .doc = "Print comma-separated values (RFC 4180)" }
#define RAW	   { .name = "raw", .key = 'r', .doc = "Print a table without alignment" }
#define NOHEADINGS { .name = "noheadings", .key = 'n', .doc = "Print no line of headings" }
#define COLUMNS	   { .name = "columns", .key = 'o', .arg = "LIST", \
		     .doc = "Print these columns, or '+LIST' besides the usual ones; " \
			    "'help' lists them" }

/* Where -o is the file that is written. */
#define LONG_COLUMNS { .name = "columns", .key = OPTION_COLUMNS, .arg = "LIST", \
		       .doc = "Print these columns, or '+LIST' besides the usual ones; " \
			      "'help' lists them" }

static const struct argp_option document_options[] = { HEADING, JSON, {} };
static const struct argp_option table_options[] = { HEADING, JSON,	 CSV, RAW,
						    NOHEADINGS, COLUMNS, {} };
static const struct argp_option file_options[] = { HEADING,	  JSON,		CSV, RAW,
						   NOHEADINGS, LONG_COLUMNS, {} };
static const struct argp_option stream_options[] = { HEADING, JSON,	  NDJSON,  CSV,
						     NOHEADINGS, COLUMNS, {} };

static void choose(struct form_options *options, enum form form, struct argp_state *state)
{
	if (options->form && options->form != form)
		argp_error(state, "one form of output at a time");
	options->form = form;
}

void form_check(const struct form_options *options, const char *out,
		struct argp_state *state)
{
	if (options->form && out && !strcmp(out, "-"))
		argp_error(state, "%s goes to standard output, OUT cannot",
			   options->form == FORM_JSON ? "--json" : "a table");
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct form_options *options = state->input;

	switch (key) {
	case 'J':
		choose(options, FORM_JSON, state);
		return 0;
	case 'r':
		choose(options, FORM_RAW, state);
		return 0;
	case OPTION_NDJSON:
		choose(options, FORM_NDJSON, state);
		return 0;
	case OPTION_CSV:
		choose(options, FORM_CSV, state);
		return 0;
	case 'n':
		options->noheadings = true;
		return 0;
	case 'o':
	case OPTION_COLUMNS:
		options->columns = arg;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

const struct argp form_document_argp = { .options = document_options,
					 .parser = parse_option };
const struct argp form_table_argp = { .options = table_options, .parser = parse_option };
const struct argp form_file_argp = { .options = file_options, .parser = parse_option };
const struct argp form_stream_argp = { .options = stream_options, .parser = parse_option };
