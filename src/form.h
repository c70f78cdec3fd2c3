/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * form.h - in what form a command prints: for people, or one of the machine's
 */
#pragma once

#include <argp.h>
#include <stdbool.h>

enum form {
	FORM_HUMAN,
	FORM_JSON,
	FORM_NDJSON,
	FORM_CSV,
	FORM_RAW,
};

/**
 * struct form_options - input of the parsers below
 * @form:	--json, --ndjson, --csv or --raw
 * @noheadings:	--noheadings
 * @columns:	--columns, or NULL
 */
struct form_options {
	enum form form;
	bool noheadings;
	const char *columns;
};

/*
 * Ends in argp_error() where both what is printed in a form and the file @out, if there is
 * one, would go to standard output.
 */
void form_check(const struct form_options *options, const char *out,
		struct argp_state *state);

/* For a command that prints a document: --json. */
extern const struct argp form_document_argp;

/* For one that prints tables: --json --csv --raw --noheadings --columns. */
extern const struct argp form_table_argp;

/* The same for one of which -o is the file that it writes. */
extern const struct argp form_file_argp;

/* For one that prints event after event: --json --ndjson --csv --noheadings --columns. */
extern const struct argp form_stream_argp;
