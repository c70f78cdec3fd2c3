// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * top-screen.c - 'dmactl top' on a terminal, by ncurses
 */
#include <ncurses.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "output.h"
#include "top.h"

#define PATTERN_ROOM 64
#define CONTROL_L    ('L' & 0x1f) /* draw anew what something else has spoilt */

struct screen {
	SCREEN *terminal;
	FILE *out;
	bool help;
	bool asks;                 /* for a pattern of devices */
	char answer[PATTERN_ROOM]; /* so far */
	size_t answered;
};

static const char *const help[] = {
	"q        end",
	"space p  pause, and go on",
	"< >      sort by the column before, behind",
	"r        the other way round",
	"d        only devices that a pattern fits: 0000:00:02.0, 0000:03:*; empty for all",
	"h ?      this, and back",
	"",
	"Rates are of one period of the trace's own time; FAILED is in one period.",
	"LIVE, MAPPED and SLOTS are what began since the trace did and has not ended.",
};

struct screen *screen_open(void)
{
	struct screen *screen = calloc(1, sizeof(*screen));
	const char *type = getenv("TERM");

	if (!screen)
		out_of_memory();
	/* stdout is a stream of our own, which has no descriptor */
	screen->out = fdopen(dup(STDOUT_FILENO), "w");
	if (screen->out)
		screen->terminal = newterm(NULL, screen->out, stdin);
	if (!screen->terminal) {
		complain("cannot draw on a terminal of type '%s', -b prints", type ?: "");
		screen_close(screen);
		return NULL;
	}
	set_term(screen->terminal);
	cbreak();
	noecho();
	nonl();
	curs_set(0);
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	return screen;
}

void screen_close(struct screen *screen)
{
	if (!screen)
		return;
	if (screen->terminal) {
		endwin();
		delscreen(screen->terminal);
	}
	if (screen->out)
		fclose(screen->out);
	free(screen);
}

static void draw_line(int row, const char *text, attr_t attributes)
{
	if (row >= LINES)
		return;
	attrset(attributes);
	mvaddnstr(row, 0, text, COLS);
	clrtoeol();
}

static void draw_rows(const struct top *top)
{
	char line[512];

	top_print_row(top, NULL, line, sizeof(line));
	draw_line(2, line, A_REVERSE);
	for (uint32_t i = 0; i < top->frame.rows; i++) {
		const struct load_row *row = &top->frame.row[i];

		top_print_row(top, row, line, sizeof(line));
		draw_line(3 + (int)i, line, row->failed ? A_BOLD : A_NORMAL);
	}
}

void screen_draw(struct screen *screen, const struct top *top)
{
	char line[512];

	erase();
	top_print_head(top, line, sizeof(line));
	draw_line(0, line, top->frame.lost || top->frame.lost_more ? A_BOLD : A_NORMAL);
	if (screen->asks)
		snprintf(line, sizeof(line), "devices: %s_", screen->answer);
	else
		snprintf(line, sizeof(line),
			 "%sq end, p pause, < > sort, d devices, h help",
			 top->paused ? "PAUSED  " : "");
	draw_line(1, line, A_NORMAL);
	for (size_t i = 0; screen->help && i < sizeof(help) / sizeof(help[0]); i++)
		draw_line(3 + (int)i, help[i], A_NORMAL);
	if (!screen->help)
		draw_rows(top);
	attrset(A_NORMAL);
	refresh();
}

/* The pattern, letter by letter. */
static void take_answer(struct screen *screen, struct top *top, int key)
{
	if (key == KEY_BACKSPACE || key == 127 || key == '\b') {
		if (screen->answered)
			screen->answer[--screen->answered] = '\0';
	} else if (key == '\r' || key == '\n' || key == KEY_ENTER) {
		screen->asks = false;
		free(top->options.device);
		top->options.device = screen->answered ? strdup(screen->answer) : NULL;
		if (screen->answered && !top->options.device)
			out_of_memory();
	} else if (key == 27) {
		screen->asks = false;
	} else if (key > ' ' && key < 127 && screen->answered + 1 < PATTERN_ROOM) {
		screen->answer[screen->answered++] = (char)key;
		screen->answer[screen->answered] = '\0';
	}
}

static void take_key(struct screen *screen, struct top *top, int key)
{
	struct top_options *options = &top->options;

	switch (key) {
	case 'q':
		top->over = true;
		break;
	case ' ':
	case 'p':
		top->paused = !top->paused;
		break;
	case '<':
		options->sort = (options->sort + TOP_COLUMNS - 1) % TOP_COLUMNS;
		top_arrange(top);
		break;
	case '>':
		options->sort = (options->sort + 1) % TOP_COLUMNS;
		top_arrange(top);
		break;
	case 'r':
		options->reverse = !options->reverse;
		top_arrange(top);
		break;
	case 'd':
		screen->asks = true;
		screen->answered = 0;
		screen->answer[0] = '\0';
		break;
	case 'h':
	case '?':
		screen->help = !screen->help;
		break;
	default:
		break; /* a new size, too: everything is drawn anew */
	}
}

void screen_keys(struct screen *screen, struct top *top)
{
	int key;

	while ((key = getch()) != ERR) {
		if (key == CONTROL_L)
			clearok(curscr, TRUE);
		else if (screen->asks && key != KEY_RESIZE)
			take_answer(screen, top, key);
		else
			take_key(screen, top, key);
	}
}
