/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * capture.h - the probes' records as events
 */
#pragma once

#include <libdma/event.h>
#include <libdma/strings.h>

#include "probes.h"

struct capture;

/**
 * struct capture_options - how to understand records, and what to do with events
 * @probes:	which have been started
 * @strings:	where the events' strings go
 * @symbols:	names for the addresses of stacks, or NULL
 * @min_size:	lists of fewer bytes are left out
 * @put:	called for each event; 0 or -errno, which ends the reading
 * @arg:	its first argument
 */
struct capture_options {
	struct probes *probes;
	struct libdma_strings *strings;
	struct symbols *symbols;
	uint64_t min_size;
	int (*put)(void *arg, const struct dma_event *event);
	void *arg;
};

/* NULL after a complaint. */
struct capture *capture_create(const struct capture_options *options);
void capture_destroy(struct capture *capture);

/* Take what is in the ring: how many records, or -errno. */
int capture_read(struct capture *capture);

/*
 * Put an event for what was lost since the last call, one for each probe. @end_ns: when
 * the probes were stopped, after which the counts do not change any more; 0 before.
 */
int capture_losses(struct capture *capture, uint64_t end_ns);

/* What was put, or not, so far. */
struct capture_sum {
	uint64_t events;
	uint64_t dropped; /* no room in the ring */
	uint64_t missed;  /* met a probe all of whose programs were at work */
	uint64_t cut;	  /* lists that were longer than what is recorded */
	uint64_t stackless; /* events whose stack was wanted and could not be had */
};

const struct capture_sum *capture_sum(const struct capture *capture);
