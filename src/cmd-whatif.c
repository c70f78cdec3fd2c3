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

#include "command.h"
#include "form.h"
#include "machine.h"
#include "output.h"
#include "rerun.h"
#include "table.h"
#include "terminal.h"
#include "whatif.h"

#define OPTION_SWEEP 896

struct sweep {
	char name[16];
	uint64_t from, to, step;
	bool times; /* step is a factor */
};

struct options {
	struct source_options source;
	struct rerun_options rerun;
	struct machine_options machine;
	struct form_options form;
	struct terminal terminal;
	const char *parameter;
	struct sweep sweep[2];
	size_t sweeps;
};

/* What each can vary; the first is varied where no --sweep says otherwise. */
static const struct sweep sweeps[WHATIF_PARAMETERS][3] = {
	[WHATIF_SWIOTLB] = { { "slots", 128, 131072, 2, true }, { "areas", 1, 8, 2, true } },
	[WHATIF_SG] = { { "max-segment", 4096, 1048576, 4, true },
			{ "boundary", 4096, 1ULL << 32, 4, true } },
	[WHATIF_IOVA] = { { "mask", 24, 64, 8, false } },
	[WHATIF_POOL] = { { "align", 8, 512, 2, true }, { "boundary", 1024, 4096, 2, true } },
};

static const struct argp_option argp_options[] = {
	{ .doc = "What is varied:", .group = 1 },
	{ .name = "sweep",
	  .key = OPTION_SWEEP,
	  .arg = "NAME=FROM:TO[:STEP]",
	  .doc = "Values of one NAME, or with a second --sweep of two: slots and areas of "
		 "swiotlb, max-segment and boundary of sg, mask (bits) of iova, align and "
		 "boundary of pool; a STEP such as *2 is a factor" },
	{},
};

static uint64_t number(const char **text, struct argp_state *state, const char *arg)
{
	char *end;
	uint64_t value = strtoull(*text, &end, 0);

	if (end == *text || **text == '-')
		argp_error(state, "--sweep takes NAME=FROM:TO[:STEP], not '%s'", arg);
	*text = end;
	return value;
}

static void parse_sweep(struct options *opts, const char *arg, struct argp_state *state)
{
	const char *at = strchr(arg, '=');
	struct sweep *sweep = &opts->sweep[opts->sweeps];

	if (opts->sweeps == 2)
		argp_error(state, "two --sweep are the most");
	if (!at)
		argp_error(state, "--sweep takes NAME=FROM:TO[:STEP], not '%s'", arg);
	snprintf(sweep->name, sizeof(sweep->name), "%.*s", (int)(at - arg), arg);
	at++;
	sweep->from = sweep->to = number(&at, state, arg);
	sweep->step = 2;
	sweep->times = true;
	if (*at == ':') {
		at++;
		sweep->to = number(&at, state, arg);
	}
	if (*at == ':') {
		sweep->times = at[1] == '*';
		at += 1 + sweep->times;
		sweep->step = number(&at, state, arg);
	}
	if (*at || !sweep->from || sweep->to < sweep->from ||
	    sweep->step < 1 + (uint64_t)sweep->times)
		argp_error(state, "'%s' is no range that goes on upwards", arg);
	opts->sweeps++;
}

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
		parse_sweep(opts, arg, state);
		return 0;
	case ARGP_KEY_ARG:
		if (opts->parameter)
			return ARGP_ERR_UNKNOWN; /* the TRACE: source_argp's */
		opts->parameter = arg;
		return 0;
	case ARGP_KEY_END:
		if (!opts->parameter)
			argp_error(state, "say what is varied: swiotlb, iommu, sg, iova, pool");
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
	       "PARAMETER, which is swiotlb, iommu, sg, iova or pool, and tell what fails, "
	       "how much is used, and the smallest value that will do.",
	.children = (const struct argp_child[]) { { .argp = &source_argp },
						  { .argp = &machine_argp },
						  { .argp = &form_table_argp },
						  { .argp = &terminal_argp },
						  {} },
};

/* ---- the points ---- */

static void set_point(struct whatif *whatif, struct point *point, const char *name,
		      uint64_t value)
{
	if (!strcmp(name, "slots"))
		point->slots = value;
	else if (!strcmp(name, "areas"))
		point->areas = (uint32_t)value;
	else if (!strcmp(name, "max-segment"))
		point->max_segment = value;
	else if (!strcmp(name, "boundary"))
		point->boundary = whatif->parameter == WHATIF_SG ? value - 1 : value;
	else if (!strcmp(name, "mask"))
		point->mask = value >= 64 ? UINT64_MAX : (1ULL << value) - 1;
	else
		point->align = value;
}

static bool sweep_on(struct whatif *whatif, const struct sweep *sweep,
		     const struct sweep *second, struct point point)
{
	uint64_t value = sweep->from, next;

	for (; value <= sweep->to; value = next) {
		set_point(whatif, &point, sweep->name, value);
		if (second ? !sweep_on(whatif, second, NULL, point)
			   : !whatif_add(whatif, &point))
			return false;
		next = sweep->times ? value * sweep->step : value + sweep->step;
		if (next <= value)
			break;
	}
	return true;
}

static int make_points(struct options *opts, struct whatif *whatif)
{
	const struct libdma_environment *known = whatif->environment;
	const struct sweep *first = opts->sweeps ? &opts->sweep[0]
						 : &sweeps[whatif->parameter][0];
	struct point point = { .mode = known->iommu.mode == LIBDMA_IOMMU_TRANSLATED
					       ? LIBDMA_IOMMU_LAZY
					       : known->iommu.mode };

	if (whatif->parameter == WHATIF_IOMMU) {
		for (unsigned int mode = LIBDMA_IOMMU_OFF; mode <= LIBDMA_IOMMU_LAZY; mode++) {
			point.mode = mode;
			if (mode != LIBDMA_IOMMU_PASSTHROUGH)
				whatif_add(whatif, &point);
		}
		return EXIT_FINE;
	}
	/* lists merge, and masks matter, where an IOMMU maps */
	if ((whatif->parameter == WHATIF_SG || whatif->parameter == WHATIF_IOVA) &&
	    point.mode < LIBDMA_IOMMU_STRICT)
		point.mode = LIBDMA_IOMMU_LAZY;
	if (whatif->parameter == WHATIF_SWIOTLB)
		point.areas = opts->sweeps ? 0 : known->swiotlb.areas;
	if (whatif->parameter == WHATIF_SWIOTLB && opts->sweeps == 1 &&
	    !strcmp(first->name, "areas"))
		point.slots = known->swiotlb.slots ? known->swiotlb.slots : 32768;
	if (sweep_on(whatif, first, opts->sweeps == 2 ? &opts->sweep[1] : NULL, point))
		return EXIT_FINE;
	complain("more than %d machines", POINTS_MAX);
	return EXIT_USAGE;
}

static int check_sweeps(const struct options *opts, enum whatif_parameter parameter)
{
	for (size_t i = 0; i < opts->sweeps; i++) {
		const struct sweep *known = sweeps[parameter];

		while (*known->name && strcmp(known->name, opts->sweep[i].name))
			known++;
		if (!*known->name) {
			complain("%s has no '%s' to sweep", opts->parameter,
				 opts->sweep[i].name);
			return EXIT_USAGE;
		}
	}
	return EXIT_FINE;
}

/* ---- the command ---- */

static int answer(struct options *opts, struct whatif *whatif, struct source *source,
		  struct table *table)
{
	int status;

	whatif->environment = rerun_environment(&opts->rerun, source_environment(source),
						opts->machine.set);
	if (!whatif->environment->cpus)
		whatif->environment->cpus = 1;
	status = make_points(opts, whatif);
	if (status == EXIT_FINE)
		status = whatif_run(whatif, source);
	if (status != EXIT_FINE)
		return status;
	if (opts->form.form == FORM_JSON) {
		whatif_print_json(whatif, source);
		return EXIT_FINE;
	}
	terminal_page(&opts->terminal);
	if (opts->form.form == FORM_HUMAN)
		source_print_loss(source, &opts->terminal, stdout);
	whatif_fill(whatif, table);
	table_print(table);
	if (opts->form.form == FORM_HUMAN)
		whatif_print(whatif);
	return EXIT_FINE;
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
	while (whatif->parameter < WHATIF_PARAMETERS &&
	       strcmp(whatif_name(whatif->parameter), opts.parameter) != 0)
		whatif->parameter++;
	if (whatif->parameter == WHATIF_PARAMETERS) {
		complain("'%s' is none of swiotlb, iommu, sg, iova, pool", opts.parameter);
		status = EXIT_USAGE;
		goto free_whatif;
	}
	if (!opts.form.columns)
		opts.form.columns = whatif_usual_columns(whatif->parameter);
	status = check_sweeps(&opts, whatif->parameter);
	if (status == EXIT_FINE)
		status = table_create(&opts.form, &opts.terminal, whatif_columns, &table);
	if (!table)
		goto free_whatif;
	whatif->strings = libdma_strings_create();
	if (!whatif->strings)
		out_of_memory();
	opts.source.survey = true;
	status = source_open(&opts.source, whatif->strings, &source);
	if (status == EXIT_FINE)
		status = answer(&opts, whatif, source, table);
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
