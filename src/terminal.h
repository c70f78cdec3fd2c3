/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * terminal.h - who looks at the output: colour, characters, width, pager, progress
 *
 * Options that every command has. Meaning never hangs on colour alone.
 */
#pragma once

#include <argp.h>
#include <stdbool.h>

enum when {
	WHEN_AUTO,
	WHEN_ALWAYS,
	WHEN_NEVER,
};

/**
 * struct terminal - input of terminal_argp; the last four are set when it is done
 * @color:	--color
 * @progress:	--progress
 * @no_pager:	--no-pager
 * @ascii:	draw with ASCII: --ascii, or the locale is not UTF-8
 * @width:	columns: --width, or the terminal's, or 80
 * @fixed:	someone looks at @width columns: --width, or stdout is a terminal
 * @colors:	print colours
 */
struct terminal {
	enum when color;
	enum when progress;
	bool no_pager;
	bool ascii;
	unsigned int width;
	bool fixed;
	bool colors;
};

extern const struct argp terminal_argp;

/* ESC [ @code m where colours are printed, otherwise "". @code is "1;31". */
const char *terminal_color(const struct terminal *terminal, const char *code);

/* Put the pager in between, if stdout is a terminal and the user wants one. */
void terminal_page(const struct terminal *terminal);

/* The same for what is written to descriptor 1 past stdio, or without end. */
void terminal_page_at_once(const struct terminal *terminal);
