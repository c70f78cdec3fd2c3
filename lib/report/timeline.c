// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * timeline.c - what was in use over time
 *
 * A series is an array of bins, filled up to the one in which it last had an event; all
 * behind that are as it left things. When time leaves the last bin, two and two become
 * one, and a bin stands for twice the time: that happens 64 times at most.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <libdma/fragmap.h>
#include <libdma/timeline.h>

#include "dma/drivers.h"
#include "dma/live.h"
#include "report/fragmap.h"
#include "report/key.h"

struct series {
	struct libdma_timeline_series face;
	size_t filled; /* bins */
	struct libdma_timeline_bin bin[LIBDMA_TIMELINE_BINS];
};

struct libdma_timeline {
	enum libdma_stat_key by;
	struct drivers drivers;
	struct live *live;
	struct libdma_fragmap *weigher;
	struct series *series[LIBDMA_TIMELINE_SERIES + 1]; /* 0: of all together */
	size_t count;
	bool started;
	bool lost; /* before the next event */
	uint64_t first_ns, last_ns;
	unsigned int shift; /* a bin is so many ns, as a power of two */
	struct libdma_timeline_mark mark[LIBDMA_TIMELINE_MARKS];
	size_t marks;
};

const char *libdma_timeline_measure_name(unsigned int measure)
{
	static const char *const names[LIBDMA_TIMELINE_MEASURES] = {
		[LIBDMA_TIMELINE_BYTES] = "bytes",
		[LIBDMA_TIMELINE_LIVE] = "live",
		[LIBDMA_TIMELINE_SLOTS] = "slots",
		[LIBDMA_TIMELINE_IOVA] = "iova",
	};

	return measure < LIBDMA_TIMELINE_MEASURES ? names[measure] : NULL;
}

static struct series *add_series(struct libdma_timeline *timeline, uint64_t key)
{
	struct series *series = calloc(1, sizeof(*series));

	if (!series)
		return NULL;
	series->face.key = key;
	series->face.rest = timeline->count == LIBDMA_TIMELINE_SERIES;
	timeline->series[timeline->count++] = series;
	return series;
}

int libdma_timeline_create(const struct libdma_timeline_options *options,
			   struct libdma_timeline **ret)
{
	struct libdma_timeline *timeline;

	if (options->by >= LIBDMA_STAT_KEYS || options->by == LIBDMA_STAT_POOL)
		return -EINVAL;
	timeline = calloc(1, sizeof(*timeline));
	if (!timeline)
		return -ENOMEM;
	timeline->by = options->by;
	timeline->live = live_create();
	timeline->weigher = libdma_fragmap_create(options->environment, options->strings);
	if (!timeline->live || !timeline->weigher || !add_series(timeline, 0)) {
		libdma_timeline_destroy(timeline);
		return -ENOMEM;
	}
	timeline->weigher->weighs = true;
	*ret = timeline;
	return 0;
}

void libdma_timeline_destroy(struct libdma_timeline *timeline)
{
	if (!timeline)
		return;
	for (size_t i = 0; i < timeline->count; i++)
		free(timeline->series[i]);
	libdma_fragmap_destroy(timeline->weigher);
	live_destroy(timeline->live);
	drivers_deinit(&timeline->drivers);
	free(timeline);
}

int libdma_timeline_driver(struct libdma_timeline *timeline, uint32_t device,
			   uint32_t driver)
{
	return drivers_set(&timeline->drivers, device, driver);
}

/*
 * Bins
 */

static void merge(struct libdma_timeline_bin *bin,
		  const struct libdma_timeline_bin *other)
{
	for (unsigned int i = 0; i < LIBDMA_TIMELINE_MEASURES; i++) {
		if (other->low[i] < bin->low[i])
			bin->low[i] = other->low[i];
		if (other->high[i] > bin->high[i])
			bin->high[i] = other->high[i];
	}
	bin->events += other->events;
	bin->failed += other->failed;
	bin->gaps += other->gaps;
	if (__builtin_add_overflow(bin->lost, other->lost, &bin->lost))
		bin->lost = UINT64_MAX;
}

static void halve(struct series *series)
{
	for (size_t i = 0; i < series->filled; i += 2) {
		series->bin[i / 2] = series->bin[i];
		if (i + 1 < series->filled)
			merge(&series->bin[i / 2], &series->bin[i + 1]);
	}
	series->filled = (series->filled + 1) / 2;
}

static size_t bin_at(const struct libdma_timeline *timeline, uint64_t ns)
{
	return (size_t)((ns - timeline->first_ns) >> timeline->shift);
}

/* Time goes on: let there be a bin for it. */
static void reach(struct libdma_timeline *timeline, uint64_t ns)
{
	if (!timeline->started) {
		timeline->started = true;
		timeline->first_ns = timeline->last_ns = ns;
	}
	if (ns > timeline->last_ns)
		timeline->last_ns = ns;
	while (timeline->last_ns - timeline->first_ns >= LIBDMA_TIMELINE_BINS &&
	       bin_at(timeline, timeline->last_ns) >= LIBDMA_TIMELINE_BINS) {
		for (size_t i = 0; i < timeline->count; i++)
			halve(timeline->series[i]);
		timeline->shift++;
	}
}

/* The bin of this moment; those before it that nothing happened in are as they were. */
static struct libdma_timeline_bin *bin_now(const struct libdma_timeline *timeline,
					   struct series *series)
{
	size_t index = bin_at(timeline, timeline->last_ns);

	while (series->filled <= index) {
		struct libdma_timeline_bin *bin = &series->bin[series->filled++];

		*bin = (struct libdma_timeline_bin) { 0 };
		memcpy(bin->low, series->face.now, sizeof(bin->low));
		memcpy(bin->high, series->face.now, sizeof(bin->high));
	}
	return &series->bin[index];
}

/*
 * Events
 */

static struct series *find_series(struct libdma_timeline *timeline, uint64_t key)
{
	for (size_t i = 1; i < timeline->count; i++)
		if (timeline->series[i]->face.key == key ||
		    timeline->series[i]->face.rest)
			return timeline->series[i];
	return add_series(timeline, key);
}

static void add_mark(struct libdma_timeline *timeline, const struct dma_event *event,
		     uint16_t kind, uint64_t size)
{
	if (timeline->marks == LIBDMA_TIMELINE_MARKS)
		return;
	timeline->mark[timeline->marks++] = (struct libdma_timeline_mark) {
		.kind = kind,
		.device = event->device,
		.ns = event->ns,
		.number = event->number,
		.size = size,
	};
}

static void count_gap(struct libdma_timeline *timeline, const struct dma_event *event,
		      uint64_t lost)
{
	struct series *all = timeline->series[0];
	struct libdma_timeline_bin *bin = bin_now(timeline, all);

	all->face.gaps++;
	bin->gaps++;
	if (__builtin_add_overflow(bin->lost, lost, &bin->lost))
		bin->lost = UINT64_MAX;
	if (__builtin_add_overflow(all->face.lost, lost, &all->face.lost))
		all->face.lost = UINT64_MAX;
	add_mark(timeline, event, DMA_EVENT_LOST, lost);
}

static void count(const struct libdma_timeline *timeline, struct series *series,
		  const struct dma_event *event)
{
	struct libdma_timeline_bin *bin = bin_now(timeline, series);

	series->face.events++;
	bin->events++;
	if (event->error) {
		series->face.failed++;
		bin->failed++;
	}
}

static void take(const struct libdma_timeline *timeline, struct series *series,
		 const struct dma_event *event, const uint64_t *weight)
{
	struct libdma_timeline_bin *bin = bin_now(timeline, series);

	for (unsigned int i = 0; i < LIBDMA_TIMELINE_MEASURES; i++) {
		uint64_t *now = &series->face.now[i];

		if (__builtin_add_overflow(*now, weight[i], now))
			*now = UINT64_MAX;
		if (*now > bin->high[i])
			bin->high[i] = *now;
		if (*now > series->face.peak[i].value)
			series->face.peak[i] =
				(struct libdma_timeline_peak) { *now, event->ns,
								event->number };
	}
}

/* A device may have changed its driver meanwhile, so that another series is asked. */
static void give_back(const struct libdma_timeline *timeline, struct series *series,
		      const uint64_t *weight)
{
	struct libdma_timeline_bin *bin = bin_now(timeline, series);

	for (unsigned int i = 0; i < LIBDMA_TIMELINE_MEASURES; i++) {
		uint64_t *now = &series->face.now[i];

		*now -= weight[i] < *now ? weight[i] : *now;
		if (*now < bin->low[i])
			bin->low[i] = *now;
	}
}

/* What a mapping or an allocation counts in each measure; 0 or -ENOMEM. */
static int weigh(struct libdma_timeline *timeline, const struct dma_event *begin,
		 uint64_t *ret)
{
	struct fragmap_weight weight;
	int err = fragmap_weigh(timeline->weigher, begin, &weight);

	ret[LIBDMA_TIMELINE_BYTES] = begin->size;
	ret[LIBDMA_TIMELINE_LIVE] = 1;
	ret[LIBDMA_TIMELINE_SLOTS] = weight.slots;
	ret[LIBDMA_TIMELINE_IOVA] = weight.iova;
	return err;
}

/* What the event did to what is live. */
static int follow(struct libdma_timeline *timeline, const struct dma_event *event)
{
	uint64_t weight[LIBDMA_TIMELINE_MEASURES];
	const struct mapping *mapping = NULL;
	struct series *both[2] = { timeline->series[0] };
	const struct dma_event *begin;
	int change = live_apply(timeline->live, event, &mapping);

	if (change < 0)
		return change;
	if (change == LIVE_UNCHANGED || change == LIVE_STRANGER)
		return 0;
	begin = mapping && change == LIVE_ENDED ? &mapping->event : event;
	if (libdma_event_kind_class(begin->kind) == DMA_CLASS_NONE)
		return 0; /* a pool or a region, which is no mapping */
	if (weigh(timeline, begin, weight))
		return -ENOMEM;
	if (timeline->by != LIBDMA_STAT_ALL) {
		both[1] = find_series(timeline,
				      key_of(timeline->by, &timeline->drivers, begin));
		if (!both[1])
			return -ENOMEM;
	}
	for (unsigned int i = 0; i < 2 && both[i]; i++)
		if (change == LIVE_ENDED)
			give_back(timeline, both[i], weight);
		else
			take(timeline, both[i], event, weight);
	return 0;
}

/* A device's region decides where its allocations lie. */
static int follow_region(struct libdma_timeline *timeline, const struct dma_event *event)
{
	struct place *place;

	if (event->kind == DMA_EVENT_DECLARE_COHERENT_MEMORY && !event->error)
		return libdma_fragmap_add(timeline->weigher, event, 1);
	if (event->kind != DMA_EVENT_RELEASE_COHERENT_MEMORY)
		return 0;
	if (fragmap_place(timeline->weigher, event->device, &place))
		return -ENOMEM;
	place->region = NO_SPACE;
	return 0;
}

int libdma_timeline_put(struct libdma_timeline *timeline, const struct dma_event *event)
{
	struct series *series;

	if (event->kind == DMA_EVENT_DEVICE && event->name &&
	    libdma_timeline_driver(timeline, event->device, event->name))
		return -ENOMEM;
	reach(timeline, event->ns);
	if (timeline->lost)
		count_gap(timeline, event, 0);
	timeline->lost = false;
	if (event->kind == DMA_EVENT_LOST)
		count_gap(timeline, event, event->count);
	if (event->error)
		add_mark(timeline, event, event->kind, event->size);
	count(timeline, timeline->series[0], event);
	if (timeline->by != LIBDMA_STAT_ALL) {
		series = find_series(timeline,
				     key_of(timeline->by, &timeline->drivers, event));
		if (!series)
			return -ENOMEM;
		count(timeline, series, event);
	}
	if (follow_region(timeline, event))
		return -ENOMEM;
	return follow(timeline, event);
}

void libdma_timeline_lost(struct libdma_timeline *timeline)
{
	timeline->lost = true;
}

void libdma_timeline_begin(struct libdma_timeline *timeline)
{
	for (size_t i = 0; i < timeline->count; i++) {
		struct libdma_timeline_series *face = &timeline->series[i]->face;

		timeline->series[i]->filled = 0;
		face->events = face->failed = face->gaps = face->lost = 0;
		for (unsigned int j = 0; j < LIBDMA_TIMELINE_MEASURES; j++)
			face->peak[j] =
				(struct libdma_timeline_peak) { face->now[j],
								timeline->last_ns, 0 };
	}
	timeline->started = timeline->lost = false;
	timeline->shift = 0;
	timeline->marks = 0;
}

/*
 * Answers
 */

size_t libdma_timeline_bins(const struct libdma_timeline *timeline)
{
	return timeline->started ? bin_at(timeline, timeline->last_ns) + 1 : 0;
}

uint64_t libdma_timeline_time(const struct libdma_timeline *timeline, size_t index)
{
	uint64_t past = (uint64_t)index << timeline->shift;

	if (past >> timeline->shift != index || past > UINT64_MAX - timeline->first_ns)
		return UINT64_MAX;
	return timeline->first_ns + past;
}

uint64_t libdma_timeline_last(const struct libdma_timeline *timeline)
{
	return timeline->last_ns;
}

const struct libdma_timeline_series *
libdma_timeline_series(const struct libdma_timeline *timeline, size_t index)
{
	return index < timeline->count ? &timeline->series[index]->face : NULL;
}

void libdma_timeline_read(const struct libdma_timeline *timeline, size_t index,
			  size_t from, size_t to, struct libdma_timeline_bin *ret)
{
	const struct series *series = timeline->series[index];
	size_t end = to < series->filled ? to : series->filled;

	*ret = (struct libdma_timeline_bin) { 0 };
	if (from < end)
		*ret = series->bin[from];
	for (size_t i = from + 1; i < end; i++)
		merge(ret, &series->bin[i]);
	if (to > series->filled) {
		struct libdma_timeline_bin rest = { 0 };

		memcpy(rest.low, series->face.now, sizeof(rest.low));
		memcpy(rest.high, series->face.now, sizeof(rest.high));
		if (from < end)
			merge(ret, &rest);
		else
			*ret = rest;
	}
}

const struct libdma_timeline_mark *
libdma_timeline_mark(const struct libdma_timeline *timeline, size_t index)
{
	return index < timeline->marks ? &timeline->mark[index] : NULL;
}
