/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * live.h - which mappings and allocations have begun and not ended
 *
 * Shown one event after the other; the trace writer's checkpoints, replay, the
 * counters and the rules all ask it. Memory follows what is live, not what was.
 *
 * Pools, their blocks and the devices' regions begin and end like mappings and are
 * held beside them: the class of their events is DMA_CLASS_NONE, by which a walk
 * tells them from what the DMA API mapped or allocated.
 */
#pragma once

#include <stdbool.h>

#include <libdma/event.h>

/**
 * struct mapping - a mapping or allocation that is live
 *
 * @order:	how many had begun when this one did, itself included
 * @times:	how often it was begun and not yet ended; more than 1 only where a driver
 *		maps one address without end, which 7.2 allows where nothing need be
 *		undone (dma_need_unmap() is false)
 * @event:	the event that began it; its lists are the mapping's own
 */
struct mapping {
	uint64_t order;
	uint64_t times;
	struct dma_event event;
};

/* What an event did to the table. */
enum live_change {
	LIVE_UNCHANGED, /* no event of this sort, or a failed call, or a free of NULL */
	LIVE_BEGUN,     /* a mapping was added */
	LIVE_ENDED,     /* a mapping was removed */
	LIVE_AGAIN,     /* added, at an address of the device where one was live */
	LIVE_STRANGER,  /* an end without a known beginning; nothing was removed */
};

struct live;

struct live *live_create(void);
void live_destroy(struct live *live);

/**
 * live_apply() - show the next event
 * @live:	the table
 * @event:	the event
 * @ret:	set to the mapping that began or ended, NULL if none; lasts until the next
 *		call
 *
 * A list's unmap carries physical addresses only, and is matched by device and list;
 * a list that the recorder cut is the beginning of the unmap's. Where an address is
 * mapped more than once, an end takes the one whose size and direction fit, the
 * oldest of them first; where none fits it takes the one that fits best.
 *
 * Return: enum live_change, or -ENOMEM.
 */
int live_apply(struct live *live, const struct dma_event *event,
	       const struct mapping **ret);

/**
 * struct live_place - where an event is found
 *
 * @hash:	of its key; 0 for an event that has none, or a list's
 */
struct live_place {
	uint32_t hash;
};

struct live_place live_place(const struct dma_event *event);

/*
 * Two steps towards an event that will be shown soon, so that the memory it needs is
 * nearer then: its place in the table, and some events later what is found there.
 */
void live_come_near(const struct live *live, const struct live_place *place);
void live_come_nearer(const struct live *live, const struct live_place *place);

/** live_apply_at() - live_apply() of an event whose place was looked up before */
int live_apply_at(struct live *live, const struct dma_event *event,
		  const struct live_place *place, const struct mapping **ret);

/** live_restore() - add what a checkpoint tells, once; 0 or -ENOMEM */
int live_restore(struct live *live, const struct dma_event *begin);

/** live_count() - how many are live; what was begun twice counts twice */
size_t live_count(const struct live *live);

/** live_records() - how many of them live_walk() visits */
size_t live_records(const struct live *live);

/**
 * live_find() - the newest mapping that begins at a DMA address of a device
 *
 * Return: the mapping, which lasts until the next call, or NULL.
 */
const struct mapping *live_find(const struct live *live, uint32_t device, dma_addr_t dma);

typedef int live_visitor(const struct mapping *mapping, void *arg);

/**
 * live_walk() - visit each mapping, oldest first
 *
 * Return: 0, what @visit returned when that is not 0, which ends the walk, or -ENOMEM.
 */
int live_walk(const struct live *live, live_visitor *visit, void *arg);

/** live_valid() - do the table's own invariants hold? For tests. */
bool live_valid(const struct live *live);
