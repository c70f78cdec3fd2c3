/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * load.h - what each device does just now: a sink of events for 'dmactl top'
 *
 * Counts are of a period and begin anew with the next; what is live goes on. Memory
 * follows what is live, and the number of devices.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <libdma/environment.h>
#include <libdma/event.h>

/**
 * struct load_row - a device
 * @device:	string: its name; 0 for what belongs to none
 * @driver:	string: its driver, 0 where not known
 * @events:	in this period
 * @maps:	mappings and allocations that began in it
 * @unmaps:	and that ended
 * @bytes:	what those that began asked for
 * @bounces:	buffers that were copied to the swiotlb
 * @failed:	calls that failed
 * @live:	mappings and allocations now
 * @live_bytes:	what they asked for
 * @slots:	of the swiotlb
 */
struct load_row {
	uint32_t device;
	uint32_t driver;
	uint64_t events;
	uint64_t maps;
	uint64_t unmaps;
	uint64_t bytes;
	uint64_t bounces;
	uint64_t failed;
	uint64_t live;
	uint64_t live_bytes;
	int64_t slots;
};

struct load;

struct load *load_create(void);
void load_destroy(struct load *load);

/* What is known of the machine now; must last until the next call. */
void load_learn(struct load *load, const struct libdma_environment *machine);

void load_put(struct load *load, const struct dma_event *event);

/* The devices so far, @count of them; valid until the next event. */
struct load_row *const *load_rows(const struct load *load, uint32_t *count);

/* Events that were lost, and whether there may be more of them than that. */
uint64_t load_lost(const struct load *load, bool *more);

/* Begin a period: all of its counts are 0. */
void load_begin(struct load *load);
