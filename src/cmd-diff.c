// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd-diff.c - dmactl diff: two traces in numbers, side by side
 *
 * Each trace becomes a list of figures, each with its device or space and its name; what
 * both have under one name is compared.
 */
#include <argp.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "figures.h"
#include "form.h"
#include "json.h"
#include "output.h"
#include "state.h"
#include "table.h"
#include "terminal.h"

enum {
	OPTION_THRESHOLD = 928,
	OPTION_ALL,
	OPTION_ONLY,
};

struct options {
	struct state_options state;
	struct form_options form;
	const char *path[2];
	bool limited, all;
	double threshold; /* percent */
	const char *only;
};

static const struct argp_option argp_options[] = {
	{ .doc = "The comparison:", .group = 1 },
	{ .name = "threshold",
	  .key = OPTION_THRESHOLD,
	  .arg = "PERCENT",
	  .doc = "Exit with 1 where a figure of B differs from A's by more than this" },
	{ .name = "only",
	  .key = OPTION_ONLY,
	  .arg = "LIST",
	  .doc = "Compare these figures alone: failed,peak_bytes; those of time, lifetime_p50 "
		 "and lifetime_p99, are never the same twice" },
	{ .name = "all", .key = OPTION_ALL, .doc = "Show figures that are equal, too" },
	{},
};

static void set_threshold(struct options *opts, const char *arg, struct argp_state *state)
{
	char *end;

	opts->threshold = strtod(arg, &end);
	if (*end == '%')
		end++;
	if (end == arg || *end || !(opts->threshold >= 0))
		argp_error(state, "--threshold takes a percentage such as 5%%, not '%s'", arg);
	opts->limited = true;
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct options *opts = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &opts->state;
		state->child_inputs[1] = &opts->form;
		return 0;
	case OPTION_THRESHOLD:
		set_threshold(opts, arg, state);
		return 0;
	case OPTION_ONLY:
		if (!figures_valid(arg))
			argp_error(state, "'%s' has a name that is no figure", arg);
		opts->only = arg;
		return 0;
	case OPTION_ALL:
		opts->all = true;
		return 0;
	case ARGP_KEY_ARG:
		if (opts->path[1])
			argp_error(state, "two traces are compared, '%s' is too many", arg);
		opts->path[opts->path[0] ? 1 : 0] = arg;
		return 0;
	case ARGP_KEY_END:
		if (!opts->path[1])
			argp_error(state, "two traces are compared");
		if (!strcmp(opts->path[0], "-") && !strcmp(opts->path[1], "-"))
			argp_error(state, "only one trace can come from standard input");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = argp_options,
	.parser = parse_option,
	.args_doc = "A B",
	.doc = "Compare two traces, recordings or replays, by device: counts, bytes, peaks, "
	       "lifetimes, how lists merge, and how fragmented the spaces are at the peak.",
	.children = (const struct argp_child[]) { { .argp = &state_argp },
						  { .argp = &form_table_argp },
						  {} },
};

/* ---- the comparison ---- */

struct pair {
	const char *what, *name;
	double a, b;
	double percent; /* of A; infinite where that is 0 */
	bool exceeds;
};

static struct pair make_pair(const struct options *opts, const struct figure *a,
			     const struct figure *b)
{
	struct pair pair = { .what = a ? a->what : b->what,
			     .name = a ? a->name : b->name,
			     .a = a ? a->value : 0,
			     .b = b ? b->value : 0 };

	if (pair.a != pair.b)
		pair.percent = pair.a != 0 ? (pair.b - pair.a) / pair.a * 100
					   : __builtin_inf();
	pair.exceeds = opts->limited && (pair.percent > opts->threshold ||
					 -pair.percent > opts->threshold);
	return pair;
}

/* All pairs: those of A in its order, then what B alone has. */
static struct pair *compare(const struct options *opts, const struct figures figures[2],
			    size_t *count)
{
	struct pair *pair = calloc(figures[0].count + figures[1].count + 1, sizeof(*pair));

	if (!pair)
		out_of_memory();
	*count = 0;
	for (size_t i = 0; i < figures[0].count; i++) {
		const struct figure *a = &figures[0].figure[i];

		if (figures_wanted(opts->only, a->name))
			pair[(*count)++] = make_pair(opts, a, figures_find(&figures[1], a));
	}
	for (size_t i = 0; i < figures[1].count; i++) {
		const struct figure *b = &figures[1].figure[i];

		if (figures_wanted(opts->only, b->name) && !figures_find(&figures[0], b))
			pair[(*count)++] = make_pair(opts, NULL, b);
	}
	return pair;
}

/* ---- printing ---- */

enum {
	COLUMN_WHAT,
	COLUMN_FIGURE,
	COLUMN_A,
	COLUMN_B,
	COLUMN_DELTA,
	COLUMN_PERCENT,
	COLUMN_EXCEEDS,
};

static const struct column columns[] = {
	[COLUMN_WHAT] = { .name = "WHAT", .summary = "a device or a space" },
	[COLUMN_FIGURE] = { .name = "FIGURE", .summary = "what was measured of it" },
	[COLUMN_A] = { .name = "A", .right = true, .summary = "in the first trace" },
	[COLUMN_B] = { .name = "B", .right = true, .summary = "in the second" },
	[COLUMN_DELTA] = { .name = "DELTA", .right = true, .summary = "B less A" },
	[COLUMN_PERCENT] = { .name = "PERCENT",
			     .right = true,
			     .summary = "the same, of A; 'new' where A has none" },
	[COLUMN_EXCEEDS] = { .name = "EXCEEDS", .summary = "is it beyond --threshold?" },
	{},
};

static const char *percent_text(const struct pair *pair, char *buffer, size_t size)
{
	if (__builtin_isinf(pair->percent))
		return "new";
	snprintf(buffer, size, "%+.1f", pair->percent);
	return buffer;
}

static void fill(struct table *table, const struct options *opts, const struct pair *pair,
		 size_t count)
{
	char text[32];

	for (size_t i = 0; i < count; i++) {
		const struct pair *it = &pair[i];

		if (!opts->all && it->a == it->b)
			continue;
		table_row(table);
		table_cell(table, COLUMN_WHAT, "%s", it->what);
		table_cell(table, COLUMN_FIGURE, "%s", it->name);
		table_cell(table, COLUMN_A, "%.15g", it->a);
		table_cell(table, COLUMN_B, "%.15g", it->b);
		table_cell(table, COLUMN_DELTA, "%+.15g", it->b - it->a);
		table_cell(table, COLUMN_PERCENT, "%s",
			   percent_text(it, text, sizeof(text)));
		table_cell(table, COLUMN_EXCEEDS, "%s", it->exceeds ? "yes" : "");
		if (it->exceeds)
			table_color(table, "31");
	}
}

static void print_json(const struct options *opts, const struct pair *pair, size_t count,
		       size_t exceeding)
{
	json_t *document = json_document("diff"), *list = json_list(), *object;

	json_add(document, "a", json_text(opts->path[0]));
	json_add(document, "b", json_text(opts->path[1]));
	for (size_t i = 0; i < count; i++) {
		object = json_create();
		json_add(object, "what", json_text(pair[i].what));
		json_add(object, "figure", json_text(pair[i].name));
		json_add(object, "a", json_real(pair[i].a));
		json_add(object, "b", json_real(pair[i].b));
		if (!__builtin_isinf(pair[i].percent))
			json_add(object, "percent", json_real(pair[i].percent));
		json_add(object, "exceeds", json_boolean(pair[i].exceeds));
		json_append(list, object);
	}
	json_add(document, "figures", list);
	json_add_count(document, "exceeding", exceeding);
	json_print(document);
}

static int show(struct options *opts, const struct figures figures[2], struct table *table)
{
	size_t count, exceeding = 0, different = 0;
	struct pair *pair = compare(opts, figures, &count);

	for (size_t i = 0; i < count; i++) {
		exceeding += pair[i].exceeds;
		different += pair[i].a != pair[i].b;
	}
	if (opts->form.form == FORM_JSON) {
		print_json(opts, pair, count, exceeding);
	} else {
		terminal_page(&opts->state.terminal);
		fill(table, opts, pair, count);
		table_print(table);
	}
	if (opts->form.form == FORM_HUMAN) {
		printf("%zu of %zu figures differ", different, count);
		if (opts->limited)
			printf(", %zu by more than %g %%", exceeding, opts->threshold);
		putchar('\n');
	}
	free(pair);
	return exceeding ? EXIT_FOUND : EXIT_FINE;
}

/* ---- the command ---- */

static int diff_run(int argc, char **argv)
{
	struct options opts = { .state.at.kind = LIBDMA_MOMENT_PEAK };
	struct figures figures[2] = { 0 };
	struct table *table;
	int status, worst = EXIT_FINE;

	argp_parse(&argp, argc, argv, 0, NULL, &opts);
	status = table_create(&opts.form, &opts.state.terminal, columns, &table);
	if (!table)
		return status;
	for (unsigned int i = 0; i < 2; i++) {
		struct state_options one = opts.state;
		bool read;

		one.source.path = opts.path[i];
		status = figures_read(&one, &figures[i], &read);
		worst = status > worst ? status : worst;
		if (!read)
			goto free_figures;
	}
	status = show(&opts, figures, table);
	worst = status > worst ? status : worst;
free_figures:
	figures_deinit(&figures[0]);
	figures_deinit(&figures[1]);
	table_destroy(table);
	return worst;
}

const struct command command_diff = {
	.name = "diff",
	.summary = "Compare two traces by device",
	.argp = &argp,
	.run = diff_run,
};
