/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * progress.h - one line on the terminal for whoever waits longer than a second
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Show progress from now on; it appears once a second has passed. */
void progress_begin(bool wanted);

/*
 * How far the work is: @done of @total bytes (0 where unknown), @events so far. Cheap
 * enough for each event; draws ten times a second at most.
 */
void progress_show(uint64_t done, uint64_t total, uint64_t events);

bool progress_wanted(void);

/* Is it time to call progress_show()? Cheaper still. */
static inline bool progress_due(uint64_t events)
{
	return !(events % 4096) && progress_wanted();
}

/* Take the line away, before something else is printed. */
void progress_clear(void);
