// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * replay.c - the state that a trace recorded, at any moment of it
 *
 * A past moment is kept as the difference to now: what had begun before it and has
 * ended since is copied when it ends, and what began since is told by its order. The
 * copies of a moment are never more than what was live at it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <libdma/replay.h>

#include "dma/event-kind.h"
#include "trace/replay.h"

struct kept {
	struct mapping mapping;
	void *lists;
};

/* A past moment. */
struct mark {
	bool set;
	uint64_t order; /* of what began last before it */
	struct libdma_moment moment;
	struct kept *kept; /* live at the moment and no more */
	size_t count, room;
};

struct libdma_replay {
	struct libdma_replay_options options;
	struct live *live;
	struct libdma_replay_totals totals;
	uint8_t class[DMA_EVENT_KINDS]; /* enum libdma_live_class of each kind */
	struct libdma_change change; /* of the last event */
	uint64_t last_number;
	uint64_t order;
	uint64_t weight, most;
	bool wants_peak, wants_failure;
	bool waits; /* for the first event, or for one that is asked for, or a time */
	struct mark peak;
	struct mark once; /* the first failure, an event or a time */
};

static inline uint64_t bytes_of(const struct dma_event *event)
{
	uint64_t bytes = event->size;

	if (bytes || event->kind != DMA_EVENT_MAP_SG || !event->dma_size_list)
		return bytes;
	for (uint32_t i = 0; i < event->dma_count; i++)
		bytes += event->dma_size_list[i];
	return bytes;
}

uint64_t libdma_event_bytes(const struct dma_event *event)
{
	return bytes_of(event);
}

/* By the class of the kind; what is of none is below. */
static const uint8_t live_class[] = {
	[DMA_CLASS_NONE] = LIBDMA_LIVE_OTHER,
	[DMA_CLASS_MAP] = LIBDMA_LIVE_MAPPINGS,
	[DMA_CLASS_UNMAP] = LIBDMA_LIVE_MAPPINGS,
	[DMA_CLASS_ALLOC] = LIBDMA_LIVE_ALLOCATIONS,
	[DMA_CLASS_FREE] = LIBDMA_LIVE_ALLOCATIONS,
	[DMA_CLASS_SYNC] = LIBDMA_LIVE_OTHER,
};

static enum libdma_live_class class_of(unsigned int kind)
{
	if (kind == DMA_EVENT_POOL_ALLOC || kind == DMA_EVENT_POOL_FREE)
		return LIBDMA_LIVE_BLOCKS;
	return live_class[event_kind_class(kind)];
}

static uint64_t weigh_bytes(void *arg, const struct dma_event *begin)
{
	(void)arg;
	return class_of(begin->kind) <= LIBDMA_LIVE_ALLOCATIONS
		       ? libdma_event_bytes(begin)
		       : 0;
}

static bool event_failed(const struct dma_event *event)
{
	enum dma_event_class class = event_kind_class(event->kind);

	if (event->kind == DMA_EVENT_MAP_SG_ERR || event->kind == DMA_EVENT_ALLOC_SGT_ERR)
		return true;
	if (class == DMA_CLASS_MAP && event->dma == DMA_MAPPING_ERROR)
		return true;
	return event->error && (class == DMA_CLASS_MAP || class == DMA_CLASS_ALLOC ||
				event->kind == DMA_EVENT_POOL_ALLOC ||
				event->kind == DMA_EVENT_POOL_CREATE);
}

/*
 * Past moments
 */

static void mark_forget(struct mark *mark)
{
	for (size_t i = 0; i < mark->count; i++)
		free(mark->kept[i].lists);
	mark->count = 0;
}

/* From now on this is the moment. */
static __attribute__((noinline)) void
mark_set(struct libdma_replay *replay, struct mark *mark, enum libdma_moment_kind kind)
{
	mark_forget(mark);
	mark->set = true;
	mark->order = replay->order;
	mark->moment = (struct libdma_moment) {
		.kind = kind,
		.reached = true,
		.number = replay->last_number,
		.ns = replay->totals.last_ns,
	};
}

static const void *copy_list(char **to, const void *from, size_t size)
{
	void *copy = *to;

	if (!from)
		return NULL;
	memcpy(copy, from, size);
	*to += size;
	return copy;
}

static int keep_lists(struct kept *kept)
{
	struct dma_event *event = &kept->mapping.event;
	size_t phys = event->phys_count, dma = event->dma_count;
	char *to;

	kept->lists = NULL;
	if (!phys && !dma)
		return 0;
	kept->lists = to = malloc((phys + dma) * 12);
	if (!to)
		return -ENOMEM;
	event->phys_list = copy_list(&to, event->phys_list, phys * 8);
	event->dma_list = copy_list(&to, event->dma_list, dma * 8);
	event->size_list = copy_list(&to, event->size_list, phys * 4);
	event->dma_size_list = copy_list(&to, event->dma_size_list, dma * 4);
	return 0;
}

/* A mapping has ended that was live at the moment. */
static __attribute__((noinline)) int mark_keep(struct mark *mark,
					       const struct mapping *mapping)
{
	struct kept *kept;

	if (!mark->set || mapping->order > mark->order)
		return 0;
	if (mark->count == mark->room) {
		size_t room = mark->room ? mark->room * 2 : 64;

		kept = realloc(mark->kept, room * sizeof(*kept));
		if (!kept)
			return -ENOMEM;
		mark->kept = kept;
		mark->room = room;
	}
	kept = &mark->kept[mark->count];
	kept->mapping = *mapping;
	kept->mapping.times = 1;
	if (keep_lists(kept))
		return -ENOMEM;
	mark->count++;
	return 0;
}

static void mark_deinit(struct mark *mark)
{
	mark_forget(mark);
	free(mark->kept);
}

/* Does the moment asked for lie before this event? */
static bool position_before(const struct libdma_replay *replay,
			    const struct dma_event *event)
{
	const struct libdma_position *at = &replay->options.at;

	switch (at->kind) {
	case LIBDMA_MOMENT_EVENT:
		return event->number > at->value;
	case LIBDMA_MOMENT_TIME:
		return event->ns > at->value;
	case LIBDMA_MOMENT_AFTER:
		return event->ns > replay->totals.first_ns &&
		       event->ns - replay->totals.first_ns > at->value;
	default:
		return false;
	}
}

/* What is to be looked for. */
static void note_moment(struct libdma_replay *replay, enum libdma_moment_kind kind)
{
	bool any = kind == LIBDMA_MOMENT_AUTO;

	replay->wants_peak = any || kind == LIBDMA_MOMENT_PEAK;
	replay->wants_failure = any || kind == LIBDMA_MOMENT_FAILURE;
	replay->waits = true;
}

/*
 * The events
 */

struct libdma_replay *libdma_replay_create(const struct libdma_replay_options *options)
{
	struct libdma_replay *replay = calloc(1, sizeof(*replay));

	if (!replay)
		return NULL;
	replay->options.at.kind = LIBDMA_MOMENT_END;
	if (options)
		replay->options = *options;
	if (!replay->options.weigh)
		replay->options.weigh = weigh_bytes;
	note_moment(replay, replay->options.at.kind);
	for (unsigned int kind = 0; kind < DMA_EVENT_KINDS; kind++)
		replay->class[kind] = (uint8_t)class_of(kind);
	replay->live = live_create();
	if (!replay->live) {
		free(replay);
		return NULL;
	}
	return replay;
}

void libdma_replay_destroy(struct libdma_replay *replay)
{
	if (!replay)
		return;
	mark_deinit(&replay->peak);
	mark_deinit(&replay->once);
	live_destroy(replay->live);
	free(replay);
}

static void count_begin(struct libdma_replay *replay, const struct mapping *mapping,
			bool again)
{
	struct libdma_replay_count *count =
		&replay->totals.count[replay->class[mapping->event.kind]];

	count->begun++;
	count->again += again;
	count->bytes += bytes_of(&mapping->event);
	if (++count->live > count->peak)
		count->peak = count->live;
	if (count->bytes > count->peak_bytes)
		count->peak_bytes = count->bytes;
	if (mapping->order > replay->order)
		replay->order = mapping->order;
	if (!replay->wants_peak)
		return;
	replay->weight += replay->options.weigh(replay->options.arg, &mapping->event);
	if (replay->weight > replay->most) {
		replay->most = replay->weight;
		mark_set(replay, &replay->peak, LIBDMA_MOMENT_PEAK);
	}
}

static int count_end(struct libdma_replay *replay, const struct mapping *mapping)
{
	struct libdma_replay_count *count =
		&replay->totals.count[replay->class[mapping->event.kind]];

	count->ended++;
	count->live--;
	count->bytes -= bytes_of(&mapping->event);
	if (replay->wants_peak)
		replay->weight -=
			replay->options.weigh(replay->options.arg, &mapping->event);
	if (mapping->times || !(replay->peak.set | replay->once.set))
		return 0;
	if (mark_keep(&replay->peak, mapping) || mark_keep(&replay->once, mapping))
		return -ENOMEM;
	return 0;
}

static __attribute__((noinline)) void
count_failure(struct libdma_replay *replay, const struct dma_event *event)
{
	struct dma_event *failed = &replay->once.moment.failed;

	replay->totals.count[class_of(event->kind)].failed++;
	if (!replay->wants_failure || replay->once.set)
		return;
	mark_set(replay, &replay->once, LIBDMA_MOMENT_FAILURE);
	*failed = *event;
	failed->phys_list = failed->dma_list = NULL;
	failed->size_list = failed->dma_size_list = NULL;
	failed->phys_count = failed->dma_count = 0;
	failed->text = NULL;
	failed->text_size = 0;
}

/* What changed is counted; 0 or -ENOMEM. */
static inline int count_change(struct libdma_replay *replay, const struct dma_event *event,
			enum live_change change, const struct mapping *mapping)
{
	if (change == LIVE_ENDED)
		return count_end(replay, mapping);
	if (change == LIVE_BEGUN || change == LIVE_AGAIN)
		count_begin(replay, mapping, change == LIVE_AGAIN);
	else if (change == LIVE_STRANGER)
		replay->totals.count[class_of(event->kind)].strangers++;
	else if (event_failed(event))
		count_failure(replay, event);
	else
		replay->totals.neutral++;
	if (event->kind == DMA_EVENT_LOST)
		replay->totals.lost += event->count;
	return 0;
}

/* Before the event: is it the first, or does the moment that was asked for lie there? */
static __attribute__((noinline)) void wait_for(struct libdma_replay *replay,
					       const struct dma_event *event)
{
	enum libdma_moment_kind kind = replay->options.at.kind;

	if (!replay->totals.events)
		replay->totals.first_ns = event->ns;
	replay->waits = kind == LIBDMA_MOMENT_EVENT || kind == LIBDMA_MOMENT_TIME ||
			kind == LIBDMA_MOMENT_AFTER;
	if (!position_before(replay, event))
		return;
	mark_set(replay, &replay->once, kind);
	replay->waits = false;
}

int replay_apply(struct libdma_replay *replay, const struct dma_event *event,
		 const struct live_place *place, const struct mapping **ret)
{
	int change, err;

	if (replay->waits)
		wait_for(replay, event);
	replay->totals.events++;
	replay->totals.last_ns = event->ns;
	replay->last_number = event->number;

	change = live_apply_at(replay->live, event, place, ret);
	if (change < 0)
		return change;
	err = count_change(replay, event, change, *ret);
	return err ? err : change;
}

static enum libdma_change_kind change_kind(const struct dma_event *event,
					   enum live_change change)
{
	switch (change) {
	case LIVE_BEGUN:
	case LIVE_AGAIN:
		return LIBDMA_CHANGE_BEGUN;
	case LIVE_ENDED:
		return LIBDMA_CHANGE_ENDED;
	case LIVE_STRANGER:
		return LIBDMA_CHANGE_STRANGER;
	default:
		return event_failed(event) ? LIBDMA_CHANGE_FAILED : LIBDMA_CHANGE_NONE;
	}
}

static void note_change(struct libdma_replay *replay, const struct dma_event *event,
			enum live_change change, const struct mapping *mapping)
{
	replay->change = (struct libdma_change) {
		.kind = change_kind(event, change),
		.live_class = class_of(mapping ? mapping->event.kind : event->kind),
		.order = mapping ? mapping->order : 0,
		.times = mapping ? mapping->times : 0,
		.begin = mapping ? &mapping->event : NULL,
	};
}

int libdma_replay_put(struct libdma_replay *replay, const struct dma_event *event)
{
	struct live_place place = live_place(event);
	const struct mapping *mapping;
	int change = replay_apply(replay, event, &place, &mapping);

	if (change < 0)
		return change;
	note_change(replay, event, change, mapping);
	return 0;
}

struct live *replay_live(const struct libdma_replay *replay)
{
	return replay->live;
}

const struct libdma_change *libdma_replay_change(const struct libdma_replay *replay)
{
	return &replay->change;
}

const struct libdma_replay_totals *
libdma_replay_totals(const struct libdma_replay *replay)
{
	return &replay->totals;
}

/*
 * Looking at the moment
 */

/* The mark of the moment asked for; NULL for the end. */
static const struct mark *chosen(const struct libdma_replay *replay)
{
	if (replay->once.set)
		return &replay->once;
	return replay->peak.set ? &replay->peak : NULL;
}

void libdma_replay_moment(const struct libdma_replay *replay, struct libdma_moment *ret)
{
	const struct mark *mark = chosen(replay);
	const struct libdma_position *at = &replay->options.at;

	if (mark) {
		*ret = mark->moment;
		return;
	}
	*ret = (struct libdma_moment) {
		.kind = LIBDMA_MOMENT_END,
		.number = replay->last_number,
		.ns = replay->totals.last_ns,
	};
	/* the last event may be the very one that was asked for */
	ret->reached = at->kind == LIBDMA_MOMENT_END || at->kind == LIBDMA_MOMENT_AUTO ||
		       (at->kind == LIBDMA_MOMENT_EVENT && replay->totals.events &&
			replay->last_number >= at->value) ||
		       (at->kind == LIBDMA_MOMENT_TIME && ret->ns == at->value) ||
		       (at->kind == LIBDMA_MOMENT_AFTER && replay->totals.events &&
			ret->ns - replay->totals.first_ns == at->value);
}

struct gathering {
	const struct mark *mark;
	const struct mapping **mapping;
	size_t count;
};

static int gather(const struct mapping *mapping, void *arg)
{
	struct gathering *gathering = arg;

	if (!gathering->mark || mapping->order <= gathering->mark->order)
		gathering->mapping[gathering->count++] = mapping;
	return 0;
}

static int compare_order(const void *a, const void *b)
{
	const struct mapping *first = *(const struct mapping *const *)a;
	const struct mapping *second = *(const struct mapping *const *)b;

	return (first->order > second->order) - (first->order < second->order);
}

int libdma_replay_walk(const struct libdma_replay *replay, libdma_live_visitor *visit,
		       void *arg)
{
	struct gathering all = { .mark = chosen(replay) };
	size_t room = live_records(replay->live) + (all.mark ? all.mark->count : 0) + 1;
	int error;

	all.mapping = malloc(room * sizeof(const struct mapping *));
	if (!all.mapping)
		return -ENOMEM;
	error = live_walk(replay->live, gather, &all);
	for (size_t i = 0; !error && all.mark && i < all.mark->count; i++)
		all.mapping[all.count++] = &all.mark->kept[i].mapping;
	if (!error)
		qsort(all.mapping, all.count, sizeof(const struct mapping *),
		      compare_order);
	for (size_t i = 0; i < all.count && !error; i++)
		error = visit(arg, &all.mapping[i]->event, all.mapping[i]->times);
	free(all.mapping);
	return error;
}
