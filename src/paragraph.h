/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * paragraph.h - sentences that keep to the terminal
 */
#pragma once

#include "terminal.h"

/*
 * Print a text of at most 2047 bytes, broken between words where the terminal ends.
 * The first line is indented by @first columns, the others by @indent. What would move
 * the cursor, or is no UTF-8, is replaced.
 */
void paragraph_print(const struct terminal *terminal, unsigned int first,
		     unsigned int indent, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* The same, where @column columns of the line were printed already. */
void paragraph_rest(const struct terminal *terminal, unsigned int column,
		    unsigned int indent, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/*
 * Print lines as they are, or, where somebody looks at them on a terminal, broken there
 * and indented by four columns more: whoever reads a pipe finds each in one piece.
 */
void paragraph_lines(const struct terminal *terminal, const char *text);
