/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * draw.h - pictures for a terminal and as SVG
 */
#pragma once

#include <stdio.h>

#include "picture.h"
#include "state.h"
#include "terminal.h"

/* How many cells fit side by side on a terminal for this space: a power of two. */
unsigned int draw_columns(const struct libdma_space *space,
			  const struct terminal *terminal);

/* Print a line, or several where it is wider than the terminal. */
void draw_text(const char *text, const struct terminal *terminal);

/* Print one space: its name and numbers, the cells, who holds it, what does not fit. */
void draw_space(const struct picture *picture, const struct state *state,
		const struct terminal *terminal);

/* What the cells of the pictures mean, and what they do not show. */
void draw_legend(struct picture *const *picture, size_t count,
		 const struct terminal *terminal);

/* A whole document with all pictures; 0 or -ENOMEM. */
int draw_svg(struct picture *const *picture, size_t count, const struct state *state,
	     FILE *out);

/* The sentences about a space that an operator needs: printed one by one. */
typedef void draw_sentence(void *arg, const char *sentence);
void draw_findings(const struct libdma_space *space, const struct state *state,
		   draw_sentence *say, void *arg);
