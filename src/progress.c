// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * progress.c - one line on the terminal for whoever waits longer than a second
 */
#include <inttypes.h>
#include <stdio.h>

#include "clock.h"
#include "progress.h"

#define FIRST_NS    1000000000ull
#define INTERVAL_NS 100000000ull

static struct {
	bool wanted;
	bool shown;
	uint64_t next_ns;
} line;

void progress_begin(bool wanted)
{
	line.wanted = wanted;
	line.next_ns = clock_ns() + FIRST_NS;
}

bool progress_wanted(void)
{
	return line.wanted;
}

void progress_show(uint64_t done, uint64_t total, uint64_t events)
{
	uint64_t now = clock_ns();

	if (now < line.next_ns)
		return;
	line.next_ns = now + INTERVAL_NS;
	line.shown = true;
	if (total)
		fprintf(stderr, "\r\033[K%3.0f %% of %.1f MiB, %" PRIu64 " events",
			100.0 * (double)done / (double)total, (double)total / 1048576,
			events);
	else
		fprintf(stderr, "\r\033[K%" PRIu64 " events", events);
	fflush(stderr);
}

void progress_clear(void)
{
	if (!line.shown)
		return;
	line.shown = false;
	fputs("\r\033[K", stderr);
	fflush(stderr);
}
