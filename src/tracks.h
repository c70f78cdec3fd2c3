/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tracks.h - a trace as tracks of a timeline: what trace viewers draw
 *
 * A device has counters, and rows for the mappings that are live at the same time: a
 * mapping takes the first free row, so that slices of one row never overlap.
 */
#pragma once

#include <stdint.h>

#include <libdma/replay.h>

#include "source.h"

enum track_counter {
	TRACK_MAPPINGS,
	TRACK_MAPPED_BYTES,
	TRACK_ALLOCATIONS,
	TRACK_ALLOCATED_BYTES,
	TRACK_SWIOTLB_SLOTS,
	TRACK_COUNTERS
};

/* "live mappings": what a counter is called. */
const char *track_counter_name(enum track_counter counter);

/* Is it in bytes? */
bool track_counter_is_bytes(enum track_counter counter);

/**
 * struct track_device - a device as it is drawn
 * @number:	from 1, in the order in which they come up
 * @device:	string: its name
 * @value:	of its counters
 * @shown:	for who draws: rows of which the viewer was told
 * @row:	the order of the mapping that is drawn there, 0 while the row is free
 * @rows:	how many there are, as many as were needed at once
 * @not_drawn:	mappings that no row was left for
 */
struct track_device {
	uint32_t number;
	uint32_t device;
	int64_t value[TRACK_COUNTERS];
	unsigned int shown;
	uint64_t *row;
	unsigned int rows;
	uint64_t not_drawn;
};

/**
 * struct track_step - what an event does to the timeline
 * @device:	the event's
 * @is_new:	it was never seen before
 * @ns:		when; never before the step before, whatever the event says
 * @begins:	row of the mapping that begins, or -1
 * @ends:	row of the one that ends, or -1
 * @changed:	bits of enum track_counter
 */
struct track_step {
	struct track_device *device;
	bool is_new;
	uint64_t ns;
	int begins;
	int ends;
	unsigned int changed;
};

struct tracks;

/* Of each device so many mappings are drawn at once. */
struct tracks *tracks_create(struct source *source, unsigned int rows);
void tracks_destroy(struct tracks *tracks);

/* Show an event. */
void tracks_put(struct tracks *tracks, const struct dma_event *event,
		const struct libdma_change *change, struct track_step *ret);

/* Ask the source once more what is known of the machine. */
void tracks_learn(struct tracks *tracks);

/* A device's name and its driver, "0000:00:02.0 nvme"; free() it. */
char *tracks_name(const struct tracks *tracks, const struct track_device *device);

/* Call @visit for each device. */
void tracks_walk(const struct tracks *tracks,
		 void (*visit)(void *arg, const struct track_device *device), void *arg);

/* Say on standard error which mappings are in the counters only. */
void tracks_tell_not_drawn(const struct tracks *tracks);

/* Is the event one for the eye: a failure, a loss, a mark? Then @ret is its name. */
bool track_instant(const struct dma_event *event, const struct libdma_change *change,
		   char *ret, size_t room);
