/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * replay.h - the state that a trace recorded, at any moment of it
 *
 * A sink of events. It knows what is live now, counts what came and went, and keeps
 * what was live at one moment of the past: the peak, the first failure, a time. All
 * in one pass, so that a pipe will do, and in memory that follows what is live.
 */
#pragma once

#include <libdma/event.h>

/* A moment of a trace. */
enum libdma_moment_kind {
	LIBDMA_MOMENT_AUTO,    /* the first failure; the peak where nothing failed */
	LIBDMA_MOMENT_END,     /* behind the last event */
	LIBDMA_MOMENT_PEAK,    /* when most bytes were live, the first time */
	LIBDMA_MOMENT_FAILURE, /* when a mapping or allocation first failed */
	LIBDMA_MOMENT_EVENT,   /* behind the event of a number */
	LIBDMA_MOMENT_TIME,    /* behind the last event up to a time */
	LIBDMA_MOMENT_AFTER,   /* the same, counted from the first event */
	LIBDMA_MOMENT_KINDS
};

/**
 * struct libdma_position - which moment
 * @kind:	the sort of moment
 * @value:	the event's number from 0, or nanoseconds; otherwise 0
 */
struct libdma_position {
	enum libdma_moment_kind kind;
	uint64_t value;
};

/**
 * libdma_position_parse() - a moment as users write it
 * @text:	"auto", "end", "peak", "failure"; an event as "#1234"; a time in seconds
 *as "3.0014" or "3", or with a unit, "3s", "12ms", "40us", "900ns"; "+1.5" or
 *		"+40us" counts from the first event
 * @ret:	set to the moment
 *
 * Return: 0, -EINVAL where @text is none of these, or -ERANGE for too large a number.
 */
int libdma_position_parse(const char *text, struct libdma_position *ret);

/** libdma_position_name() - "peak", "event" ...: a word for the sort of moment */
const char *libdma_position_name(enum libdma_moment_kind kind);

/* What is counted apart. */
enum libdma_live_class {
	LIBDMA_LIVE_MAPPINGS,
	LIBDMA_LIVE_ALLOCATIONS,
	LIBDMA_LIVE_BLOCKS, /* of pools; their pages are allocations */
	LIBDMA_LIVE_OTHER,  /* pools and regions */
	LIBDMA_LIVE_CLASSES
};

/**
 * struct libdma_replay_count - what came and went of one class
 * @begun:	mapped, allocated, created
 * @ended:	unmapped, freed, destroyed
 * @failed:	calls that the kernel refused
 * @again:	of @begun: where the address was live on the same device
 * @strangers:	ends without a recorded beginning
 * @live:	now
 * @bytes:	of those that are live now
 * @peak:	highest value of @live
 * @peak_bytes:	highest value of @bytes
 */
struct libdma_replay_count {
	uint64_t begun;
	uint64_t ended;
	uint64_t failed;
	uint64_t again;
	uint64_t strangers;
	uint64_t live;
	uint64_t bytes;
	uint64_t peak;
	uint64_t peak_bytes;
};

/**
 * struct libdma_replay_totals - what a trace held up to now
 * @events:	all
 * @neutral:	events that neither begin nor end anything, failures not counted
 * @lost:	events that the recorder is known to have missed
 * @first_ns:	when the first event was
 * @last_ns:	when the last was
 * @count:	by class
 */
struct libdma_replay_totals {
	uint64_t events;
	uint64_t neutral;
	uint64_t lost;
	uint64_t first_ns;
	uint64_t last_ns;
	struct libdma_replay_count count[LIBDMA_LIVE_CLASSES];
};

/**
 * struct libdma_moment - a moment that was reached
 * @kind:	never LIBDMA_MOMENT_AUTO
 * @reached:	false where the trace ended before it: then it is the end, or where
 *		nothing ever failed or was live
 * @number:	the last event before it
 * @ns:		and when that was
 * @failed:	the event that failed, for LIBDMA_MOMENT_FAILURE; without lists
 */
struct libdma_moment {
	enum libdma_moment_kind kind;
	bool reached;
	uint64_t number;
	uint64_t ns;
	struct dma_event failed;
};

/**
 * struct libdma_replay_options - what to keep
 * @at:		the moment
 * @weigh:	the bytes that a mapping counts for the peak, 0 for one that does not
 *		matter; NULL to count all bytes of mappings and allocations
 * @arg:	its first argument
 */
struct libdma_replay_options {
	struct libdma_position at;
	uint64_t (*weigh)(void *arg, const struct dma_event *begin);
	void *arg;
};

struct libdma_replay;

/**
 * libdma_replay_create() - nothing is live
 * @options:	which moment to keep, or NULL for the end
 *
 * Return: the state, or NULL without memory.
 */
struct libdma_replay *libdma_replay_create(const struct libdma_replay_options *options);

/** libdma_replay_destroy() - release it; NULL is allowed */
void libdma_replay_destroy(struct libdma_replay *replay);

/**
 * libdma_replay_put() - show the next event
 *
 * Return: 0, or -ENOMEM.
 */
int libdma_replay_put(struct libdma_replay *replay, const struct dma_event *event);

/* What an event did to what is live. */
enum libdma_change_kind {
	LIBDMA_CHANGE_NONE,	/* nothing */
	LIBDMA_CHANGE_BEGUN,
	LIBDMA_CHANGE_ENDED,
	LIBDMA_CHANGE_STRANGER, /* it ends what was never seen to begin */
	LIBDMA_CHANGE_FAILED,	/* the kernel refused what would have begun */
};

/**
 * struct libdma_change - what an event did
 * @kind:	begin, end or neither
 * @live_class: of what; of no meaning for LIBDMA_CHANGE_NONE
 * @order:	which of all that began, from 1: the same number at its end
 * @times:	how often it is begun and not ended now, see libdma_live_visitor
 * @begin:	the event that began what began or ended, which lasts until the next
 *		event is put; NULL for all other kinds
 */
struct libdma_change {
	enum libdma_change_kind kind;
	enum libdma_live_class live_class;
	uint64_t order;
	uint64_t times;
	const struct dma_event *begin;
};

/** libdma_replay_change() - what the last event did; lasts as long as @replay */
const struct libdma_change *libdma_replay_change(const struct libdma_replay *replay);

/** libdma_replay_totals() - what the events so far came to; lasts as long as @replay */
const struct libdma_replay_totals *
libdma_replay_totals(const struct libdma_replay *replay);

/** libdma_replay_moment() - which moment libdma_replay_walk() shows */
void libdma_replay_moment(const struct libdma_replay *replay, struct libdma_moment *ret);

/**
 * typedef libdma_live_visitor - called for each that was live
 * @arg:	the caller's
 * @begin:	the event that began it
 * @times:	how often it was begun and not ended: more than 1 where a driver maps one
 *		address again and again without an end
 *
 * Return: 0 to go on; what ends the walk.
 */
typedef int libdma_live_visitor(void *arg, const struct dma_event *begin, uint64_t times);

/**
 * libdma_replay_walk() - visit what was live at the moment, oldest first
 *
 * Pools, their blocks and regions are visited too.
 *
 * Return: 0, what @visit returned where that is not 0, or -ENOMEM.
 */
int libdma_replay_walk(const struct libdma_replay *replay, libdma_live_visitor *visit,
		       void *arg);

/** libdma_event_bytes() - what an event maps or allocates; a list's is the sum */
uint64_t libdma_event_bytes(const struct dma_event *event);
