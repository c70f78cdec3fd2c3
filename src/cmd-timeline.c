// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd-timeline.c - dmactl timeline: what was in use over time
 */
#include <argp.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "out-file.h"
#include "output.h"
#include "paragraph.h"
#include "quantity.h"
#include "stat-print.h"
#include "timeline.h"

#define ROWS_DEFAULT 4
#define ROWS_MAX     64

enum {
	OPTION_BY = 960,
	OPTION_DEVICE,
	OPTION_MEASURE,
	OPTION_BINS,
	OPTION_ROWS,
	OPTION_SVG,
};

struct options {
	struct source_options source;
	struct form_options form;
	struct terminal terminal;
	enum libdma_stat_key by;
	struct range begin, end; /* of the picture */
	const char *device;
	const char *svg;
	bool force;
	bool wanted[LIBDMA_TIMELINE_MEASURES];
	bool chosen; /* by --measure */
	unsigned int cells;
	unsigned int rows;
};

static const struct argp_option argp_options[] = {
	{ .doc = "The picture:", .group = 1 },
	{ .name = "by",
	  .key = OPTION_BY,
	  .arg = "WHAT",
	  .doc = "Follow apart by device (the default), driver, kind, direction, cpu or comm; "
		 "or all together" },
	{ .name = "device",
	  .key = OPTION_DEVICE,
	  .arg = "NAME",
	  .doc = "Only what this device has" },
	{ .name = "measure",
	  .key = OPTION_MEASURE,
	  .arg = "LIST",
	  .doc = "Only these, with commas between: bytes, live, slots (of the swiotlb), "
		 "iova (bytes)" },
	{ .name = "bins",
	  .key = OPTION_BINS,
	  .arg = "N",
	  .doc = "Cut the time into N pieces at most, in all but the picture for the terminal "
		 "(128)" },
	{ .name = "rows",
	  .key = OPTION_ROWS,
	  .arg = "N",
	  .doc = "On the terminal, a chart has N lines (4)" },
	{ .name = "svg",
	  .key = OPTION_SVG,
	  .arg = "FILE",
	  .doc = "Draw into FILE, as SVG, instead of on the terminal" },
	OPTION_FORCE("FILE"),
	{},
};

static void parse_measures(struct options *opts, const char *arg,
			   struct argp_state *state)
{
	opts->chosen = true;
	while (*arg) {
		size_t size = strcspn(arg, ",");
		unsigned int i = 0;
		const char *name;

		while ((name = libdma_timeline_measure_name(i)) &&
		       (strlen(name) != size || memcmp(name, arg, size)))
			i++;
		if (!name)
			argp_error(
				state,
				"--measure takes bytes, live, slots and iova, not '%.*s'",
				(int)size, arg);
		else
			opts->wanted[i] = true;
		arg += size;
		arg += *arg == ',';
	}
}

static enum libdma_stat_key parse_by(const char *arg, struct argp_state *state)
{
	enum libdma_stat_key key =
		strcmp(arg, "all") ? stat_key_find(arg) : LIBDMA_STAT_ALL;

	if (key == LIBDMA_STAT_KEYS || key == LIBDMA_STAT_POOL)
		argp_error(
			state,
			"--by takes device, driver, kind, direction, cpu, comm or all, not "
			"'%s'",
			arg);
	return key;
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct options *opts = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &opts->source;
		state->child_inputs[1] = &opts->source;
		state->child_inputs[2] = &opts->form;
		state->child_inputs[3] = &opts->terminal;
		return 0;
	case OPTION_BY:
		opts->by = parse_by(arg, state);
		return 0;
	case OPTION_DEVICE:
		opts->device = arg;
		return 0;
	case OPTION_MEASURE:
		parse_measures(opts, arg, state);
		return 0;
	case OPTION_BINS:
		opts->cells = (unsigned int)quantity_option("--bins", arg, 1,
							    LIBDMA_TIMELINE_BINS, state);
		return 0;
	case OPTION_ROWS:
		opts->rows =
			(unsigned int)quantity_option("--rows", arg, 1, ROWS_MAX, state);
		return 0;
	case 'f':
		opts->force = true;
		return 0;
	case OPTION_SVG:
		opts->svg = arg;
		return 0;
	case ARGP_KEY_END:
		form_check(&opts->form, opts->svg, state);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = argp_options,
	.parser = parse_option,
	.args_doc = "[TRACE]",
	.doc = "Show how much was in use over the time of TRACE (dma.dmat by default), when "
	       "that was most, and when something failed or was lost.",
	.children = (const struct argp_child[]) { { .argp = &source_argp },
						  { .argp = &selection_argp },
						  { .argp = &form_table_argp },
						  { .argp = &terminal_argp },
						  {} },
};

static int learn_driver(void *arg, uint32_t device, uint32_t driver)
{
	return libdma_timeline_driver(arg, device, driver);
}

static bool is_wanted(const struct options *opts, const struct source *source,
		      const struct dma_event *event)
{
	return !opts->device || !event->device ||
	       !strcmp(libdma_strings_get(source_strings(source), event->device),
		       opts->device);
}

/*
 * What is live at --begin belongs into the picture, so all before it is followed, too.
 * Returns whether anything was in the range.
 */
static bool follow(struct source *source, struct options *opts,
		   struct libdma_timeline *timeline)
{
	const struct dma_event *event;
	uint64_t damaged = 0;
	bool inside = false;
	int more = source_next(source, &event);

	/* A trace may tell its drivers with the first event, not before. */
	source_drivers(source, learn_driver, timeline);
	for (; more > 0; more = source_next(source, &event)) {
		if (libdma_reader_damaged(source_reader(source)) != damaged)
			libdma_timeline_lost(timeline);
		damaged = libdma_reader_damaged(source_reader(source));
		if (!range_holds(&opts->end, event))
			break;
		if (!inside && range_holds(&opts->begin, event)) {
			inside = true;
			libdma_timeline_begin(timeline);
		}
		if (is_wanted(opts, source, event) &&
		    libdma_timeline_put(timeline, event))
			out_of_memory();
	}
	if (!inside)
		libdma_timeline_begin(timeline);
	return inside;
}

/* All of which there was any, unless the user chose. */
static void choose_measures(struct timeline_view *view, const struct options *opts)
{
	const struct libdma_timeline_series *all =
		libdma_timeline_series(view->timeline, 0);
	bool any = false;

	for (unsigned int i = 0; i < LIBDMA_TIMELINE_MEASURES; i++) {
		view->wanted[i] = opts->chosen ? opts->wanted[i] : all->peak[i].value > 0;
		any |= view->wanted[i];
	}
	if (!any)
		view->wanted[LIBDMA_TIMELINE_BYTES] = true;
}

static int print_svg(const struct timeline_view *view, const struct options *opts)
{
	struct out_file file;
	int status = out_file_open(&file, opts->svg, opts->force);

	if (status != EXIT_FINE)
		return status;
	if (timeline_svg(view, opts->cells, file.stream))
		out_of_memory();
	return out_file_close(&file);
}

static void print_terminal(const struct timeline_view *view, const struct options *opts,
			   const struct source *source)
{
	const struct terminal *terminal = &opts->terminal;
	const struct libdma_timeline_series *all =
		libdma_timeline_series(view->timeline, 0);
	uint64_t begin = libdma_timeline_time(view->timeline, 0), past;
	const char *kernel = view->environment->kernel;
	char time[32];

	source_print_loss(source, terminal, stdout);
	past = libdma_timeline_last(view->timeline) - begin;
	paragraph_print(terminal, 0, 2, "%s: %" PRIu64 " events in %s%s%s",
			opts->source.path, all->events,
			table_time(past, time, sizeof(time)), kernel ? ", kernel " : "",
			kernel ? kernel : "");
	timeline_print(view, opts->rows, terminal);
}

static int print(const struct timeline_view *view, const struct options *opts,
		 const struct source *source, struct table *table)
{
	if (opts->form.form == FORM_JSON)
		timeline_json(view, opts->cells, source, opts->source.path);
	else if (opts->form.form != FORM_HUMAN) {
		timeline_table_fill(table, view, opts->cells);
		table_print(table);
	}
	if (opts->svg)
		return print_svg(view, opts);
	if (opts->form.form != FORM_HUMAN)
		return EXIT_FINE;
	terminal_page(&opts->terminal);
	print_terminal(view, opts, source);
	return EXIT_FINE;
}

static struct libdma_environment *copy_environment(struct source *source)
{
	struct libdma_environment *copy = libdma_environment_create();

	if (!copy || libdma_environment_merge(copy, source_environment(source)))
		out_of_memory();
	return copy;
}

static int show(struct options *opts, struct source *source, struct table *table)
{
	struct libdma_environment *environment = copy_environment(source);
	const struct libdma_timeline_options how = { .by = opts->by,
						     .environment = environment,
						     .strings = source_strings(source) };
	struct timeline_view view = { .strings = how.strings,
				      .environment = environment,
				      .by = opts->by };
	struct libdma_timeline *timeline;
	int status = EXIT_FINE;

	if (libdma_timeline_create(&how, &timeline))
		out_of_memory();
	view.timeline = timeline;
	if (!follow(source, opts, timeline))
		complain("%s: no event is in this range", source_name(source));
	choose_measures(&view, opts);
	timeline_order(&view);
	status = print(&view, opts, source, table);
	free(view.series);
	libdma_timeline_destroy(timeline);
	libdma_environment_destroy(environment);
	return status;
}

static int timeline_run(int argc, char **argv)
{
	struct options opts = { .source.survey = true,
				.by = LIBDMA_STAT_DEVICE,
				.cells = TIMELINE_CELLS,
				.rows = ROWS_DEFAULT };
	struct source *source;
	struct table *table;
	int status;

	argp_parse(&argp, argc, argv, 0, NULL, &opts);
	status = !opts.svg ? EXIT_FINE
			   : out_file_check(opts.svg, opts.force, opts.source.path);
	if (status != EXIT_FINE)
		return status;
	opts.begin.begin = opts.source.range.begin;
	opts.end.end = opts.source.range.end;
	opts.source.range = (struct range) { 0 };
	status = timeline_table_create(&opts.form, &opts.terminal, &table);
	if (!table)
		return status;
	status = source_open(&opts.source, NULL, &source);
	if (status == EXIT_FINE)
		status = source_close(source, show(&opts, source, table));
	table_destroy(table);
	return status;
}

const struct command command_timeline = {
	.name = "timeline",
	.summary = "Show what was in use over time",
	.argp = &argp,
	.run = timeline_run,
};
