/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * figures.h - a trace as a list of figures, to compare it with another
 */
#pragma once

#include "state.h"

/* @name is a constant; @what is a device, "all", or a space. */
struct figure {
	char *what;
	const char *name;
	double value;
};

struct figures {
	struct figure *figure;
	size_t count, room;
};

/**
 * figures_read() - read a trace to its end and measure it
 * @options:	the trace, and the moment at which its spaces are measured
 * @ret:	set to the figures; figures_deinit() them in any case
 * @read:	set to whether there are any; otherwise the reason was printed
 *
 * Return: EXIT_FINE, or the status to exit with.
 */
int figures_read(struct state_options *options, struct figures *ret, bool *read);
void figures_deinit(struct figures *figures);

/* The figure of the same name of the same device or space, or NULL. */
const struct figure *figures_find(const struct figures *figures, const struct figure *like);

/* Are these names of figures, with commas between them? */
bool figures_valid(const char *list);

/* Is it one of these? NULL names all. */
bool figures_wanted(const char *list, const char *name);
