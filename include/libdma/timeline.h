/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * timeline.h - what was in use over time: how much, when most, and when something failed
 *
 * A sink of events. Time is cut into bins of equal length; once there are too many, two
 * and two of them become one. So a trace of any length takes the same memory, in one
 * reading, and the lowest and highest value of each bin stay exact.
 */
#pragma once

#include <libdma/environment.h>
#include <libdma/event.h>
#include <libdma/stat.h>

enum libdma_timeline_measure {
	LIBDMA_TIMELINE_BYTES, /* mapped and allocated, as drivers asked for */
	LIBDMA_TIMELINE_LIVE,  /* mappings and allocations */
	LIBDMA_TIMELINE_SLOTS, /* of the swiotlb */
	LIBDMA_TIMELINE_IOVA,  /* bytes of IOVAs, rounded as their allocator does */
	LIBDMA_TIMELINE_MEASURES
};

/** libdma_timeline_measure_name() - "bytes", "live", "slots", "iova"; NULL for no measure */
const char *libdma_timeline_measure_name(unsigned int measure);

#define LIBDMA_TIMELINE_BINS   1024 /* at most */
#define LIBDMA_TIMELINE_SERIES 64   /* that are kept apart */
#define LIBDMA_TIMELINE_MARKS  64   /* that are kept with what they are */

/**
 * struct libdma_timeline_bin - what was in use during a piece of the time
 * @low:	the lowest value of each measure
 * @high:	the highest
 * @events:	in this time
 * @failed:	calls that failed
 * @gaps:	places where events are missing
 * @lost:	how many, as far as it is known
 */
struct libdma_timeline_bin {
	uint64_t low[LIBDMA_TIMELINE_MEASURES];
	uint64_t high[LIBDMA_TIMELINE_MEASURES];
	uint64_t events;
	uint64_t failed;
	uint64_t gaps;
	uint64_t lost;
};

/**
 * struct libdma_timeline_peak - the most that there was of a measure
 * @value:	how much
 * @ns:		when it was first reached
 * @number:	by which event
 */
struct libdma_timeline_peak {
	uint64_t value;
	uint64_t ns;
	uint64_t number;
};

/**
 * struct libdma_timeline_series - the use of those events that have one key in common
 * @key:	as in struct libdma_stat_group
 * @rest:	all those together that came when there were LIBDMA_TIMELINE_SERIES
 * @now:	at the last event
 * @peak:	the highest of each measure
 * @events:	all
 * @failed:	calls that failed
 * @gaps:	places where events are missing; of all together alone
 * @lost:	events that are missing, as far as is known; likewise
 *
 * What is live counts for the series of the event that began it.
 */
struct libdma_timeline_series {
	uint64_t key;
	bool rest;
	uint64_t now[LIBDMA_TIMELINE_MEASURES];
	struct libdma_timeline_peak peak[LIBDMA_TIMELINE_MEASURES];
	uint64_t events;
	uint64_t failed;
	uint64_t gaps;
	uint64_t lost;
};

/**
 * struct libdma_timeline_mark - a call that failed, or a place where events are missing
 * @kind:	of the event; DMA_EVENT_LOST where some are missing
 * @device:	string
 * @ns:		when
 * @number:	which event; of libdma_timeline_lost() the next one
 * @size:	bytes that were asked for; or how many events are missing, 0 where unknown
 */
struct libdma_timeline_mark {
	uint16_t kind;
	uint32_t device;
	uint64_t ns;
	uint64_t number;
	uint64_t size;
};

/**
 * struct libdma_timeline_options - what to follow
 * @by:		what is followed apart; not LIBDMA_STAT_POOL
 * @environment: the machine, which tells whose addresses are IOVAs and what is bounced;
 *		must outlive the timeline
 * @strings:	of the events; must outlive it, too
 */
struct libdma_timeline_options {
	enum libdma_stat_key by;
	const struct libdma_environment *environment;
	const struct libdma_strings *strings;
};

struct libdma_timeline;

/**
 * libdma_timeline_create() - nothing is in use
 *
 * Return: 0, -EINVAL for a key that is none, or -ENOMEM.
 */
int libdma_timeline_create(const struct libdma_timeline_options *options,
			   struct libdma_timeline **ret);

/** libdma_timeline_destroy() - release; NULL is allowed */
void libdma_timeline_destroy(struct libdma_timeline *timeline);

/**
 * libdma_timeline_driver() - say which driver a device has, as libdma_stat_driver()
 *
 * Return: 0, or -ENOMEM.
 */
int libdma_timeline_driver(struct libdma_timeline *timeline, uint32_t device,
			   uint32_t driver);

/**
 * libdma_timeline_put() - show the next event
 *
 * Time that goes backwards stands still.
 *
 * Return: 0, or -ENOMEM.
 */
int libdma_timeline_put(struct libdma_timeline *timeline, const struct dma_event *event);

/**
 * libdma_timeline_lost() - say that events are missing before the next one
 *
 * Events of kind DMA_EVENT_LOST say it too.
 */
void libdma_timeline_lost(struct libdma_timeline *timeline);

/**
 * libdma_timeline_begin() - forget the time before the next event
 *
 * What is in use stays: this begins a picture in the middle of a trace.
 */
void libdma_timeline_begin(struct libdma_timeline *timeline);

/** libdma_timeline_bins() - how many bins there are; 0 before the first event */
size_t libdma_timeline_bins(const struct libdma_timeline *timeline);

/** libdma_timeline_time() - when the bin of number @index begins, in ns; the one behind
 * the last begins when that ends, which is after the last event
 */
uint64_t libdma_timeline_time(const struct libdma_timeline *timeline, size_t index);

/** libdma_timeline_last() - when the last event was, in ns */
uint64_t libdma_timeline_last(const struct libdma_timeline *timeline);

/**
 * libdma_timeline_series() - one series after the other
 *
 * Return: that of number @index, of all together for 0, and then those that are apart
 * in the order in which they came up; NULL behind the last.
 */
const struct libdma_timeline_series *
libdma_timeline_series(const struct libdma_timeline *timeline, size_t index);

/**
 * libdma_timeline_read() - what was in use from one bin to another
 * @timeline:	the timeline
 * @index:	of the series
 * @from:	the first bin
 * @to:		the one behind the last; at most libdma_timeline_bins(), more than @from
 * @ret:	set to all of them as if they were one
 */
void libdma_timeline_read(const struct libdma_timeline *timeline, size_t index,
			  size_t from, size_t to, struct libdma_timeline_bin *ret);

/** libdma_timeline_mark() - the first failures and gaps, one after the other, or NULL */
const struct libdma_timeline_mark *
libdma_timeline_mark(const struct libdma_timeline *timeline, size_t index);
