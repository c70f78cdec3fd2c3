/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * stat.h - events in numbers: how many, how large, how long, how many at once
 *
 * A sink of events. It counts all of them together, and apart by device, driver or
 * whatever else is asked for; its memory follows the number of such groups.
 */
#pragma once

#include <libdma/event.h>

/* What events are counted apart by. */
enum libdma_stat_key {
	LIBDMA_STAT_ALL, /* nothing: one group */
	LIBDMA_STAT_DEVICE,
	LIBDMA_STAT_DRIVER,
	LIBDMA_STAT_KIND,
	LIBDMA_STAT_DIRECTION,
	LIBDMA_STAT_CPU,
	LIBDMA_STAT_COMM,
	LIBDMA_STAT_POOL, /* of pools and their blocks alone */
	LIBDMA_STAT_SITE, /* the call stack, where it was recorded */
	LIBDMA_STAT_KEYS
};

#define LIBDMA_HISTOGRAM_BUCKETS 496

/**
 * struct libdma_histogram - how often values of each size came
 * @count:	values seen
 * @sum:	of all of them; stays at UINT64_MAX rather than wrap
 * @min:	the smallest, exact
 * @max:	the largest, exact
 * @bucket:	counts of neighbouring values: each value below 16 alone, then eight
 *		buckets for each power of two, so that a bucket is 1/8 wide at most
 * @total:	sum of the values of each bucket; stays at UINT64_MAX rather than wrap
 */
struct libdma_histogram {
	uint64_t count;
	uint64_t sum;
	uint64_t min;
	uint64_t max;
	uint64_t bucket[LIBDMA_HISTOGRAM_BUCKETS];
	uint64_t total[LIBDMA_HISTOGRAM_BUCKETS];
};

/** libdma_histogram_add() - count a value */
void libdma_histogram_add(struct libdma_histogram *histogram, uint64_t value);

/** libdma_histogram_first() - the smallest value of a bucket */
uint64_t libdma_histogram_first(unsigned int bucket);

/**
 * libdma_histogram_quantile() - the value that a part of all values does not exceed
 * @histogram:	the values
 * @part:	0 to 1: 0.5 is the median
 *
 * Return: the average of the bucket that holds it, which is exact where a bucket's
 * values are all the same, as sizes often are; 0 where no value was counted.
 */
uint64_t libdma_histogram_quantile(const struct libdma_histogram *histogram, double part);

/**
 * struct libdma_stat_group - events that have one key in common
 * @key:	string number (device, driver, comm), or kind, direction, CPU or pool
 * @name:	string number: the pool's name
 * @events:	all
 * @maps:	mappings that were made, by any call
 * @unmaps:	mappings that were ended
 * @allocs:	allocations that were made; by pool: blocks
 * @frees:	allocations that were given back; of NULL are none; by pool: blocks
 * @syncs:	changes of ownership
 * @failed:	calls that failed
 * @cut:	lists that the recorder cut short
 * @strangers:	ends of what began before the trace did, or was never seen to begin
 * @bytes:	what the maps and allocations asked for
 * @sizes:	the same, each counted
 * @live:	mappings and allocations that began and did not end yet
 * @live_bytes:	what they asked for
 * @peak:	the largest @live there was
 * @peak_bytes:	the largest @live_bytes
 * @peak_ns:	when @peak_bytes was reached
 * @lifetimes:	ns from the beginning of each to its end
 *
 * What lives counts for the group of the event that began it.
 */
struct libdma_stat_group {
	uint64_t key;
	uint64_t events;
	uint64_t maps;
	uint64_t unmaps;
	uint64_t allocs;
	uint64_t frees;
	uint64_t syncs;
	uint64_t failed;
	uint64_t cut;
	uint64_t strangers;
	uint64_t bytes;
	uint64_t live;
	uint64_t live_bytes;
	uint64_t peak;
	uint64_t peak_bytes;
	uint64_t peak_ns;
	uint32_t name;
	struct libdma_histogram sizes;
	struct libdma_histogram lifetimes;
};

struct libdma_stat;

/**
 * libdma_stat_create() - nothing counted yet
 * @by:		what to count apart by
 * @live:	follow what is live: lifetimes, peaks, strangers; takes memory for it
 * @ret:	set to the counter
 *
 * Return: 0, -EINVAL for an unknown key, or -ENOMEM.
 */
int libdma_stat_create(enum libdma_stat_key by, bool live, struct libdma_stat **ret);

/** libdma_stat_destroy() - release; NULL is allowed */
void libdma_stat_destroy(struct libdma_stat *stat);

/**
 * libdma_stat_driver() - say which driver a device has
 * @stat:	the counter
 * @device:	string number of the device
 * @driver:	string number of its driver, by which its events count from now on
 *
 * Events of kind DMA_EVENT_DEVICE say it too, where they name a driver.
 *
 * Return: 0, or -ENOMEM.
 */
int libdma_stat_driver(struct libdma_stat *stat, uint32_t device, uint32_t driver);

/**
 * libdma_stat_put() - count an event
 *
 * Return: 0, or -ENOMEM.
 */
int libdma_stat_put(struct libdma_stat *stat, const struct dma_event *event);

/** libdma_stat_kinds() - how many events of a kind there were */
uint64_t libdma_stat_kinds(const struct libdma_stat *stat, unsigned int kind);

/** libdma_stat_time() - the time stamps of the earliest and the latest event, in ns */
void libdma_stat_time(const struct libdma_stat *stat, uint64_t *first, uint64_t *last);

/** libdma_stat_total() - all events together */
const struct libdma_stat_group *libdma_stat_total(const struct libdma_stat *stat);

/**
 * libdma_stat_group() - the groups, in the order in which they came up
 *
 * Return: the group of number @index, from 0; NULL behind the last.
 */
const struct libdma_stat_group *libdma_stat_group(const struct libdma_stat *stat,
						  size_t index);
