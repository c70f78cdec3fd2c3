// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd-whatif.c - dmactl whatif: a trace's requests on machines that differ in one thing
 */
#include <argp.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <libdma/environment.h>

#include "command.h"
#include "form.h"
#include "machine.h"
#include "output.h"
#include "rerun.h"
#include "table.h"
#include "terminal.h"
#include "whatif.h"

#define OPTION_SWEEP 896
#define NAMES        "swiotlb, iommu, sg, iova, magazine, pool"

struct options {
	struct source_options source;
	struct rerun_options rerun;
	struct machine_options machine;
	struct form_options form;
	struct terminal terminal;
	const char *parameter;
	const char *sweep[2]; /* --sweep, as it was given */
	size_t sweeps;
};

static const struct argp_option argp_options[] = {
	{ .doc = "What is varied:", .group = 1 },
	{ .name = "sweep",
	  .key = OPTION_SWEEP,
	  .arg = "NAME=FROM:TO[:STEP]",
	  .doc = "Values of one NAME, or with a second --sweep of two: slots and areas of "
		 "swiotlb, max-segment and boundary of sg, mask (bits), window (bytes) and "
		 "forcedac of iova, ranges of magazine, size, align and boundary of pool; a "
		 "STEP such as *2 is a factor" },
	{},
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct options *opts = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &opts->source;
		state->child_inputs[1] = &opts->machine;
		state->child_inputs[2] = &opts->form;
		state->child_inputs[3] = &opts->terminal;
		return 0;
	case OPTION_SWEEP:
		if (opts->sweeps == 2)
			argp_error(state, "two --sweep are the most");
		opts->sweep[opts->sweeps++] = arg;
		return 0;
	case ARGP_KEY_ARG:
		if (opts->parameter)
			return ARGP_ERR_UNKNOWN; /* the TRACE: source_argp's */
		opts->parameter = arg;
		return 0;
	case ARGP_KEY_END:
		if (!opts->parameter)
			argp_error(state, "say what is varied: " NAMES);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = argp_options,
	.parser = parse_option,
	.args_doc = "PARAMETER [TRACE]",
	.doc = "Run the requests of TRACE (dma.dmat by default) on machines that differ in "
	       "PARAMETER, one of " NAMES
	       ", and tell what fails, how much is used, the smallest "
	       "value that will do, and what sets it.",
	.children = (const struct argp_child[]) { { .argp = &source_argp },
						  { .argp = &machine_argp },
						  { .argp = &form_table_argp },
						  { .argp = &terminal_argp },
						  {} },
};

/* ---- the sweeps ---- */

static bool read_number(const char **text, uint64_t *ret)
{
	char *end;

	*ret = strtoull(*text, &end, 0);
	if (end == *text || **text == '-')
		return false;
	*text = end;
	return true;
}

/* FROM[:TO[:STEP]] */
static bool read_values(const char *text, struct sweep *sweep)
{
	sweep->step = 2;
	sweep->times = true;
	if (!read_number(&text, &sweep->from))
		return false;
	sweep->to = sweep->from;
	if (*text == ':' && (text++, !read_number(&text, &sweep->to)))
		return false;
	if (*text == ':') {
		sweep->times = text[1] == '*';
		text += 1 + sweep->times;
		if (!read_number(&text, &sweep->step))
			return false;
	} else if (!sweep->from) {
		sweep->step = 1;
		sweep->times = false;
	}
	return !*text && sweep->to >= sweep->from && (sweep->from || !sweep->times) &&
	       sweep->step > sweep->times;
}

static int parse_sweep(struct whatif *whatif, const char *text)
{
	struct sweep *sweep = &whatif->sweep[whatif->sweeps++];
	size_t length = strcspn(text, "=");
	char name[16];

	snprintf(name, sizeof(name), "%.*s", (int)length, text);
	sweep->axis = length < sizeof(name) ? axis_find(whatif->parameter, name) : AXES;
	if (sweep->axis == AXES || whatif->parameter == WHATIF_IOMMU) {
		complain("%s has no '%.*s' to sweep", whatif_name(whatif->parameter),
			 (int)length, text);
		return EXIT_USAGE;
	}
	if (text[length] && read_values(text + length + 1, sweep))
		return EXIT_FINE;
	complain("--sweep takes NAME=FROM:TO[:STEP], which goes on upwards, not '%s'",
		 text);
	return EXIT_USAGE;
}

static int parse_parameter(const struct options *opts, struct whatif *whatif)
{
	int status = EXIT_FINE;

	while (whatif->parameter < WHATIF_PARAMETERS &&
	       strcmp(whatif_name(whatif->parameter), opts->parameter) != 0)
		whatif->parameter++;
	if (whatif->parameter == WHATIF_PARAMETERS) {
		complain("'%s' is none of " NAMES, opts->parameter);
		return EXIT_USAGE;
	}
	for (size_t i = 0; i < opts->sweeps && status == EXIT_FINE; i++)
		status = parse_sweep(whatif, opts->sweep[i]);
	return status;
}

/* ---- the command ---- */

/* The trace again, for the machines between those that bracket an answer. */
static int narrow(struct options *opts, struct whatif *whatif, struct source **source)
{
	int status = EXIT_FINE;

	while (status == EXIT_FINE && whatif_narrow(whatif)) {
		source_close(*source, EXIT_FINE);
		*source = NULL;
		opts->source.again = true;
		opts->source.survey = false;
		status = source_open(&opts->source, whatif->strings, source);
		if (status == EXIT_FINE)
			status = whatif_run(whatif, *source);
		whatif_tidy(whatif);
	}
	return status;
}

static int find(struct options *opts, struct whatif *whatif, struct source **source)
{
	struct stat file;
	int status;

	whatif->environment = rerun_environment(&opts->rerun, source_environment(*source),
						opts->machine.set);
	whatif->kernel = DMA_KERNEL_6_12;
	if (whatif->environment->kernel)
		libdma_kernel_parse(whatif->environment->kernel, &whatif->kernel);
	if (!whatif->environment->cpus)
		whatif->environment->cpus = 1;
	whatif->once = stat(opts->source.path, &file) || !S_ISREG(file.st_mode);
	status = whatif_make_points(whatif);
	if (status == EXIT_FINE)
		status = whatif_run(whatif, *source);
	return status == EXIT_FINE ? narrow(opts, whatif, source) : status;
}

static void print(struct options *opts, const struct whatif *whatif,
		  const struct source *source, struct table *table)
{
	if (opts->form.form == FORM_JSON) {
		whatif_print_json(whatif, source);
		return;
	}
	terminal_page(&opts->terminal);
	if (opts->form.form == FORM_HUMAN)
		source_print_loss(source, &opts->terminal, stdout);
	whatif_fill(whatif, table);
	table_print(table);
	if (opts->form.form == FORM_HUMAN)
		whatif_print(whatif, &opts->terminal);
}

static int whatif_main(int argc, char **argv)
{
	struct options opts = { 0 };
	struct whatif *whatif = calloc(1, sizeof(*whatif));
	struct source *source = NULL;
	struct table *table = NULL;
	int status;

	if (!whatif)
		out_of_memory();
	argp_parse(&argp, argc, argv, 0, NULL, &opts);
	status = parse_parameter(&opts, whatif);
	if (status != EXIT_FINE)
		goto free_whatif;
	if (!opts.form.columns)
		opts.form.columns = whatif_usual_columns(whatif->parameter);
	status = table_create(&opts.form, &opts.terminal, whatif_columns, &table);
	if (!table)
		goto free_whatif;
	whatif->strings = libdma_strings_create();
	if (!whatif->strings)
		out_of_memory();
	opts.source.survey = true;
	status = source_open(&opts.source, whatif->strings, &source);
	if (status == EXIT_FINE)
		status = find(&opts, whatif, &source);
	if (status == EXIT_FINE)
		print(&opts, whatif, source, table);
	status = source_close(source, status);
	table_destroy(table);
free_whatif:
	whatif_deinit(whatif);
	machine_options_deinit(&opts.machine);
	free(whatif);
	return status;
}

const struct command command_whatif = {
	.name = "whatif",
	.summary = "Find the smallest swiotlb= and other values that serve a trace",
	.argp = &argp,
	.run = whatif_main,
};
