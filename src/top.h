/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * top.h - 'dmactl top': periods of a trace that goes on, on a screen or one below another
 *
 * A period is so much of the trace's own time, so that what is read late, or all at once,
 * still has the rates that it had. Only where nothing comes does the clock on the wall
 * end one.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <libdma/event.h>

#include "attach.h"
#include "load.h"

enum top_column {
	TOP_DEVICE,
	TOP_DRIVER,
	TOP_MAPS,
	TOP_UNMAPS,
	TOP_BYTES,
	TOP_LIVE,
	TOP_MAPPED,
	TOP_SLOTS,
	TOP_BOUNCES,
	TOP_FAILED,
	TOP_COLUMNS
};

/**
 * struct top_options - what the user wants
 * @delay_ns:	a period
 * @frames:	end after so many; 0: never
 * @device:	only devices that this pattern fits, or NULL
 * @sort:	by what; numbers from the largest, names from the first
 * @reverse:	the other way round
 * @batch:	print, instead of drawing on the terminal
 * @ndjson:	print objects
 * @attach:	how the running kernel is watched
 */
struct top_options {
	uint64_t delay_ns;
	uint64_t frames;
	char *device;
	enum top_column sort;
	bool reverse;
	bool batch;
	bool ndjson;
	enum attach attach;
};

/**
 * struct top_frame - a period that is over
 * @number:	from 1
 * @ns:		where it ended, on the trace's clock
 * @events:	in it
 * @lost:	since the beginning
 * @lost_more:	and an unknown number besides
 * @row:	its devices, @rows of them, as the user wants them
 */
struct top_frame {
	uint64_t number;
	uint64_t ns;
	uint64_t events;
	uint64_t lost;
	bool lost_more;
	struct load_row *row;
	uint32_t rows;
};

struct screen;

/**
 * struct top - all of it
 * @options:	as the user has them now
 * @title:	what is looked at
 * @strings:	of the events
 * @learn:	asked at each period for what is known of the machine; or NULL
 * @arg:	its argument
 * @now:	the events are those of the running kernel
 * @over:	the user wants no more of it, or has seen all frames
 */
struct top {
	struct top_options options;
	const char *title;
	const struct libdma_strings *strings;
	const struct libdma_environment *(*learn)(void *arg);
	void *arg;
	bool now;
	bool over;

	struct load *load;
	struct top_frame frame;
	struct screen *screen; /* NULL in batch */
	uint64_t begin_ns, last_ns;
	bool begun, paused;
	bool any;           /* events since the period began */
	uint64_t events;    /* since the clock was looked at */
	uint64_t quiet_ns;  /* wall clock: since when nothing came */
	uint64_t looked_ns; /* wall clock: when keys were looked for */
};

/* The column of a name; false if there is none. */
bool top_column_parse(const char *name, enum top_column *ret);
const char *top_column_name(enum top_column column);

/* Begin and end; what the user chose is in @top->options. */
void top_open(struct top *top);
void top_close(struct top *top);

/* The next event. */
void top_put(struct top *top, const struct dma_event *event);

/* Nothing comes: look for keys, end a period that is long over. Milliseconds to wait. */
int top_idle(struct top *top);

/* The trace is at its end: what began is a period, too. */
void top_end(struct top *top);

/* Choose and sort the devices of the last period once more. */
void top_arrange(struct top *top);

/* The headings, or a row, as a line of text; @row NULL for the headings. */
void top_print_row(const struct top *top, const struct load_row *row, char *buffer,
		   size_t room);

/* What stands above them: how much, and what was lost. */
void top_print_head(const struct top *top, char *buffer, size_t room);

/* The terminal; NULL after a complaint. */
struct screen *screen_open(void);
void screen_close(struct screen *screen);

/* Draw @top's frame. */
void screen_draw(struct screen *screen, const struct top *top);

/* Do what the keys that were pressed ask for. */
void screen_keys(struct screen *screen, struct top *top);

/* The running kernel, until the user has enough; an exit status. */
int top_probes(struct top_options *options);
