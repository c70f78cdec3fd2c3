// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * terminal.c - who looks at the output: colour, characters, width, pager, progress
 */
#include <langinfo.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "output.h"
#include "progress.h"
#include "quantity.h"
#include "terminal.h"

#define WIDTH_MIN     20
#define WIDTH_MAX     10000
#define WIDTH_DEFAULT 80

enum {
	OPTION_COLOR = 512,
	OPTION_ASCII,
	OPTION_WIDTH,
	OPTION_PROGRESS,
	OPTION_NO_PAGER,
};

static const struct argp_option options[] = {
	{ .doc = "For the terminal:", .group = 20 },
	{ .name = "color",
	  .key = OPTION_COLOR,
	  .arg = "WHEN",
	  .doc = "Use colours: auto, always or never" },
	{ .name = "ascii", .key = OPTION_ASCII, .doc = "Draw with ASCII characters only" },
	{ .name = "width",
	  .key = OPTION_WIDTH,
	  .arg = "COLUMNS",
	  .doc = "Fit the output to so many columns" },
	{ .name = "progress",
	  .key = OPTION_PROGRESS,
	  .arg = "WHEN",
	  .doc = "Show progress on standard error: auto, always or never" },
	{ .name = "no-pager",
	  .key = OPTION_NO_PAGER,
	  .doc = "Never start a pager for long output" },
	{},
};

static enum when parse_when(const char *arg, struct argp_state *state)
{
	static const char *const words[] = { "auto", "always", "never" };

	for (unsigned int when = WHEN_AUTO; when <= WHEN_NEVER; when++)
		if (!strcmp(arg, words[when]))
			return when;
	argp_error(state, "'%s' is none of auto, always, never", arg);
	return WHEN_AUTO;
}

/* The terminal that stdout is; false where it is none. */
static bool find_size(struct winsize *size)
{
	if (!isatty(STDOUT_FILENO))
		return false;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, size) || !size->ws_col) {
		size->ws_col = WIDTH_DEFAULT;
		size->ws_row = 24;
	}
	if (size->ws_col < WIDTH_MIN)
		size->ws_col = WIDTH_MIN;
	return true;
}

/* https://no-color.org: set and not empty. */
static bool colors_welcome(void)
{
	const char *refusal = getenv("NO_COLOR"), *term = getenv("TERM");

	return (!refusal || !*refusal) && term && strcmp(term, "dumb");
}

static void conclude(struct terminal *terminal)
{
	struct winsize size;
	bool tty = find_size(&size);

	terminal->fixed = terminal->width || tty;
	if (!terminal->width)
		terminal->width = tty ? size.ws_col : WIDTH_DEFAULT;
	if (strcmp(nl_langinfo(CODESET), "UTF-8"))
		terminal->ascii = true;
	terminal->colors = terminal->color == WHEN_ALWAYS ||
			   (terminal->color == WHEN_AUTO && tty && colors_welcome());
	progress_begin(terminal->progress == WHEN_ALWAYS ||
		       (terminal->progress == WHEN_AUTO && isatty(STDERR_FILENO)));
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct terminal *terminal = state->input;

	switch (key) {
	case OPTION_COLOR:
		terminal->color = parse_when(arg, state);
		return 0;
	case OPTION_ASCII:
		terminal->ascii = true;
		return 0;
	case OPTION_WIDTH:
		terminal->width = (unsigned int)quantity_option("--width", arg, WIDTH_MIN,
								WIDTH_MAX, state);
		return 0;
	case OPTION_PROGRESS:
		terminal->progress = parse_when(arg, state);
		return 0;
	case OPTION_NO_PAGER:
		terminal->no_pager = true;
		return 0;
	case ARGP_KEY_SUCCESS:
		conclude(terminal);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

const struct argp terminal_argp = { .options = options, .parser = parse_option };

const char *terminal_color(const struct terminal *terminal, const char *code)
{
	static const struct {
		const char *code;
		const char *sequence;
	} known[] = {
		{ "0", "\033[0m" },	{ "1", "\033[1m" },	  { "2", "\033[2m" },
		{ "31", "\033[31m" },	{ "32", "\033[32m" },	  { "33", "\033[33m" },
		{ "34", "\033[34m" },	{ "35", "\033[35m" },	  { "36", "\033[36m" },
		{ "1;31", "\033[1;31m" }, { "1;33", "\033[1;33m" },
		{ "30;42", "\033[30;42m" }, { "30;43", "\033[30;43m" },
		{ "97;44", "\033[97;44m" }, { "30;45", "\033[30;45m" },
		{ "30;46", "\033[30;46m" }, { "30;47", "\033[30;47m" },
		{ "97;41", "\033[97;41m" },
	};

	for (size_t i = 0; terminal->colors && i < sizeof(known) / sizeof(known[0]); i++)
		if (!strcmp(known[i].code, code))
			return known[i].sequence;
	return "";
}

void terminal_page(const struct terminal *terminal)
{
	struct winsize size;

	if (!terminal->no_pager && find_size(&size) && size.ws_row > 1)
		output_page(size.ws_row);
}

void terminal_page_at_once(const struct terminal *terminal)
{
	if (!terminal->no_pager && isatty(STDOUT_FILENO))
		output_page(0);
}
