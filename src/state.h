/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * state.h - what a trace had live at one moment, on the machine it was made on
 *
 * The way of map, frag and replay from a trace to what they print.
 */
#pragma once

#include <argp.h>
#include <jansson.h>
#include <stdio.h>

#include <libdma/environment.h>
#include <libdma/fragmap.h>
#include <libdma/replay.h>

#include "source.h"
#include "terminal.h"

/**
 * struct state_observer - who else is shown a trace
 * @strings:	table for the strings of its events
 * @begin:	called before the first event, with what is known of the machine then
 * @follow:	called before @begin with the state that @see is to show the events to;
 *		NULL where it does not
 * @see:	called for each event; false: no more of them, nor of what they came to
 * @end:	called behind the last, with what is known of the machine then; false: as
 *		@see
 * @arg:	their first argument
 */
struct state_observer {
	struct libdma_strings *strings;
	void (*begin)(void *arg, const struct libdma_environment *environment);
	void (*follow)(void *arg, struct libdma_replay *replay);
	bool (*see)(void *arg, const struct dma_event *event);
	bool (*end)(void *arg, const struct libdma_environment *environment);
	void *arg;
};

/**
 * struct state_options - input of state_argp, which has the parsers of the other two
 * @at:		--at: the moment; the caller sets what holds without it
 * @observer:	or NULL
 * @source:	the trace
 * @terminal:	where the state is printed
 */
struct state_options {
	struct libdma_position at;
	const struct state_observer *observer;
	struct source_options source;
	struct terminal terminal;
};

extern const struct argp state_argp;

/* Read a moment, for options of other parsers; ends in argp_error() where it is none. */
struct libdma_position state_parse_position(const char *text, struct argp_state *argp);

/**
 * struct state - a trace that was read to its end
 * @source:	the trace
 * @environment: what it, --environment and the events say of its machine
 * @replay:	the state
 * @moment:	which moment of it
 */
struct state {
	struct source *source;
	const struct libdma_environment *environment;
	struct libdma_replay *replay;
	struct libdma_moment moment;
	struct libdma_environment *learned; /* state_series()' own */
};

/**
 * struct state_weight - which mappings count where the moment is the peak
 * @device:	only those of this device, or NULL
 * @bounced:	only those that have slots of the swiotlb
 */
struct state_weight {
	const char *device;
	bool bounced;
};

/**
 * state_open() - read a trace
 * @options:	as state_argp left them
 * @weight:	or NULL
 * @ret:	filled; state_close() it in any case
 *
 * Return: EXIT_FINE, or the status to exit with; the reason was printed.
 */
int state_open(struct state_options *options, const struct state_weight *weight,
	       struct state *ret);

/* Called at one moment after the other; state->moment says which. */
typedef int state_visitor(void *arg, const struct state *state);

/**
 * state_series() - look at a trace again and again while it is read
 * @options:	as state_argp left them; @at is not used
 * @interval_ns: after each time of this length in which something happened, and at the
 *		end
 * @visit:	called then
 * @arg:	its first argument
 * @ret:	filled; state_close() it in any case
 *
 * A file is read twice, so that what its events tell of the machine is known from the
 * start; of a pipe it is known only as far as it was read.
 *
 * Return: EXIT_FINE, or the status to exit with; the reason was printed.
 */
int state_series(struct state_options *options, uint64_t interval_ns,
		 state_visitor *visit, void *arg, struct state *ret);

/* Release all; returns @status, or a worse one that the trace gave reason for. */
int state_close(struct state *state, int status);

/* The fragmap of the moment; it ends the program where there is no memory. */
struct libdma_fragmap *state_fragmap(const struct state *state);

const struct libdma_strings *state_strings(const struct state *state);

/* The driver of a device, as far as known; otherwise "". */
const char *state_driver(const struct state *state, uint32_t device);

#define SENTENCE 256 /* bytes; longer ones are cut */

/* "at event #12, 3.113603 s: the first failure" and what failed; returns @buffer. */
const char *state_describe_moment(const struct state *state, char *buffer, size_t size);

/* { "kind": "peak", "event": 12, "ns": 3113603000, ... } */
json_t *state_moment_json(const struct state *state);
