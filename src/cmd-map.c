// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd-map.c - dmactl map: a picture of who holds which addresses
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "draw.h"
#include "form.h"
#include "json.h"
#include "out-file.h"
#include "output.h"
#include "paragraph.h"
#include "quantity.h"
#include "space.h"
#include "state.h"
#include "terminal.h"

#define ROWS_DEFAULT 16
#define ROWS_MAX     4096

enum {
	OPTION_SVG = 704,
	OPTION_ROWS,
};

struct options {
	struct state_options state;
	struct space_options space;
	struct form_options form;
	const char *svg;
	bool force;
	unsigned int rows;
};

static const struct argp_option argp_options[] = {
	{ .doc = "The picture:", .group = 1 },
	{ .name = "svg",
	  .key = OPTION_SVG,
	  .arg = "FILE",
	  .doc = "Draw into FILE, as SVG, instead of on the terminal" },
	OPTION_FORCE("FILE"),
	{ .name = "rows",
	  .key = OPTION_ROWS,
	  .arg = "N",
	  .doc = "Draw a space on N rows at most (16)" },
	{},
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct options *opts = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &opts->space;
		state->child_inputs[1] = &opts->state;
		state->child_inputs[2] = &opts->form;
		return 0;
	case 'f':
		opts->force = true;
		return 0;
	case OPTION_SVG:
		opts->svg = arg;
		return 0;
	case OPTION_ROWS:
		opts->rows =
			(unsigned int)quantity_option("--rows", arg, 1, ROWS_MAX, state);
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
	.doc = "Draw who holds which addresses at one moment of TRACE (dma.dmat by default): "
	       "the swiotlb's slots, each device's DMA addresses, regions and pools, and the "
	       "memory behind them.",
	.children = (const struct argp_child[]) { { .argp = &space_argp },
						  { .argp = &state_argp },
						  { .argp = &form_document_argp },
						  {} },
};

static void print_head(const struct options *opts, const struct state *state)
{
	const struct libdma_replay_totals *totals = libdma_replay_totals(state->replay);
	const struct terminal *terminal = &opts->state.terminal;
	const char *kernel = state->environment->kernel;
	char moment[SENTENCE];

	source_print_loss(state->source, terminal, stdout);
	printf("%s%s%s", terminal_color(terminal, "1"), opts->state.source.path,
	       terminal_color(terminal, "0"));
	paragraph_rest(terminal, (unsigned int)strlen(opts->state.source.path), 2,
		       ": %" PRIu64 " events%s%s", totals->events, kernel ? ", kernel " : "",
		       kernel ? kernel : "");
	draw_text(state_describe_moment(state, moment, sizeof(moment)), terminal);
	putchar('\n');
}

static void print_terminal(const struct options *opts, const struct state *state,
			   struct picture *const *picture, size_t count)
{
	terminal_page(&opts->state.terminal);
	print_head(opts, state);
	for (size_t i = 0; i < count; i++)
		draw_space(picture[i], state, &opts->state.terminal);
	if (count)
		draw_legend(picture, count, &opts->state.terminal);
	else
		puts("nothing is live at this moment");
}

static int print_svg(const struct options *opts, const struct state *state,
		     struct picture *const *picture, size_t count)
{
	struct out_file file;
	int status = out_file_open(&file, opts->svg, opts->force);

	if (status != EXIT_FINE)
		return status;
	if (draw_svg(picture, count, state, file.stream))
		out_of_memory();
	return out_file_close(&file);
}

static void print_json(const struct state *state, const struct space_list *list)
{
	json_t *document = json_document("map"), *spaces = json_list();

	json_add(document, "completeness", source_completeness(state->source));
	json_add(document, "moment", state_moment_json(state));
	for (size_t i = 0; i < list->count; i++) {
		json_t *space = space_json(list->space[i], state);

		json_add(space, "extents", space_extents_json(list->space[i], state));
		json_append(spaces, space);
	}
	json_add(document, "spaces", spaces);
	json_print(document);
}

static int print_pictures(const struct options *opts, const struct state *state,
			  const struct space_list *list)
{
	struct picture **picture = calloc(list->count + 1, sizeof(struct picture *));
	int status = EXIT_FINE;

	if (!picture)
		out_of_memory();
	for (size_t i = 0; i < list->count; i++)
		picture[i] = picture_create(
			list->space[i], state,
			opts->svg ? 128
				  : draw_columns(list->space[i], &opts->state.terminal),
			opts->rows);
	if (opts->svg)
		status = print_svg(opts, state, picture, list->count);
	else
		print_terminal(opts, state, picture, list->count);
	for (size_t i = 0; i < list->count; i++)
		picture_destroy(picture[i]);
	free(picture);
	return status;
}

static int map_run(int argc, char **argv)
{
	struct options opts = { .state.source.infer = true, .rows = ROWS_DEFAULT };
	struct libdma_fragmap *fragmap;
	struct state_weight weight;
	struct space_list list;
	struct state state;
	int status;

	argp_parse(&argp, argc, argv, 0, NULL, &opts);
	status = !opts.svg ? EXIT_FINE
			   : out_file_check(opts.svg, opts.force, opts.state.source.path);
	if (status != EXIT_FINE)
		return status;
	weight = space_weight(&opts.space);
	status = state_open(&opts.state, &weight, &state);
	if (status)
		goto close_state;
	fragmap = state_fragmap(&state);
	status = space_choose(&opts.space, &state, fragmap, &list);
	if (status)
		goto destroy_fragmap;
	if (opts.form.form == FORM_JSON)
		print_json(&state, &list);
	if (opts.form.form != FORM_JSON || opts.svg)
		status = print_pictures(&opts, &state, &list);
	free(list.space);
destroy_fragmap:
	libdma_fragmap_destroy(fragmap);
close_state:
	return state_close(&state, status);
}

const struct command command_map = {
	.name = "map",
	.summary = "Draw who holds which addresses",
	.argp = &argp,
	.run = map_run,
};
