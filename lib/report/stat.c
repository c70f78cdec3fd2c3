// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * stat.c - events in numbers
 *
 * One hash look-up an event, by the key that the user chose; all else is adding. The
 * table of live mappings is asked only where lifetimes are wanted.
 */
#include <errno.h>
#include <stdlib.h>

#include <libdma/stat.h>

#include "dma/drivers.h"
#include "dma/live.h"
#include "report/key.h"

#define RECENT 16

struct libdma_stat {
	enum libdma_stat_key by;
	uint64_t kind[DMA_EVENT_KINDS];
	uint64_t first_ns, last_ns;
	struct libdma_stat_group total;

	struct libdma_stat_group **group;
	size_t groups;
	size_t room;
	uint32_t *slot; /* number of a group and one, or 0; a power of two of them */
	size_t slots;

	struct libdma_stat_group *recent[RECENT]; /* found lately, by key */

	struct drivers drivers;
	struct live *live; /* NULL where nobody asks */
};

int libdma_stat_create(enum libdma_stat_key by, bool live, struct libdma_stat **ret)
{
	struct libdma_stat *stat;

	if (by >= LIBDMA_STAT_KEYS)
		return -EINVAL;
	stat = calloc(1, sizeof(*stat));
	if (!stat)
		return -ENOMEM;
	stat->by = by;
	stat->slots = 64;
	stat->slot = calloc(stat->slots, sizeof(*stat->slot));
	if (!stat->slot)
		goto destroy_stat;
	if (live) {
		stat->live = live_create();
		if (!stat->live)
			goto destroy_stat;
	}
	*ret = stat;
	return 0;

destroy_stat:
	libdma_stat_destroy(stat);
	return -ENOMEM;
}

void libdma_stat_destroy(struct libdma_stat *stat)
{
	if (!stat)
		return;
	for (size_t i = 0; i < stat->groups; i++)
		free(stat->group[i]);
	free(stat->group);
	free(stat->slot);
	drivers_deinit(&stat->drivers);
	live_destroy(stat->live);
	free(stat);
}

int libdma_stat_driver(struct libdma_stat *stat, uint32_t device, uint32_t driver)
{
	return drivers_set(&stat->drivers, device, driver);
}

static size_t home(const struct libdma_stat *stat, uint64_t key)
{
	return (size_t)(key * 0x9e3779b97f4a7c15ull >> 32) & (stat->slots - 1);
}

static int grow(struct libdma_stat *stat)
{
	size_t slots = stat->slots * 2, room = stat->room ? stat->room * 2 : 32;
	struct libdma_stat_group **group;
	uint32_t *slot;

	group = realloc(stat->group, room * sizeof(*group));
	if (!group)
		return -ENOMEM;
	stat->group = group;
	stat->room = room;
	slot = calloc(slots, sizeof(*slot));
	if (!slot)
		return -ENOMEM;
	free(stat->slot);
	stat->slot = slot;
	stat->slots = slots;
	for (size_t i = 0; i < stat->groups; i++) {
		size_t at = home(stat, stat->group[i]->key);

		while (slot[at])
			at = (at + 1) & (slots - 1);
		slot[at] = (uint32_t)i + 1;
	}
	return 0;
}

static struct libdma_stat_group *add_group(struct libdma_stat *stat, uint64_t key)
{
	struct libdma_stat_group *group;
	size_t at;

	if (stat->groups == stat->room && grow(stat))
		return NULL;
	group = calloc(1, sizeof(*group));
	if (!group)
		return NULL;
	group->key = key;
	for (at = home(stat, key); stat->slot[at]; at = (at + 1) & (stat->slots - 1))
		;
	stat->group[stat->groups++] = group;
	stat->slot[at] = (uint32_t)stat->groups;
	return group;
}

static struct libdma_stat_group *find_group(struct libdma_stat *stat, uint64_t key)
{
	struct libdma_stat_group *recent = stat->recent[key % RECENT];
	size_t at;

	if (recent && recent->key == key)
		return recent;
	for (at = home(stat, key); stat->slot[at]; at = (at + 1) & (stat->slots - 1)) {
		struct libdma_stat_group *group = stat->group[stat->slot[at] - 1];

		if (group->key == key) {
			stat->recent[key % RECENT] = group;
			return group;
		}
	}
	return add_group(stat, key);
}

static bool is_of_pool(const struct dma_event *event)
{
	return event->kind >= DMA_EVENT_POOL_CREATE && event->kind <= DMA_EVENT_POOL_DESTROY;
}

/* Does the event count by the key? Counting by pool looks at nothing else. */
static bool is_counted(const struct libdma_stat *stat, const struct dma_event *event)
{
	return stat->by != LIBDMA_STAT_POOL || is_of_pool(event);
}

static enum dma_event_class find_class(const struct libdma_stat_group *group,
				       const struct libdma_stat *stat,
				       const struct dma_event *event)
{
	if (group != &stat->total && event->kind == DMA_EVENT_POOL_ALLOC)
		return DMA_CLASS_ALLOC;
	if (group != &stat->total && event->kind == DMA_EVENT_POOL_FREE)
		return DMA_CLASS_FREE;
	return libdma_event_kind_class(event->kind);
}

static void count(struct libdma_stat_group *group, const struct dma_event *event,
		  enum dma_event_class class)
{
	group->events++;
	if (event->flags & DMA_EVENT_CUT)
		group->cut++;
	if (event->error) {
		group->failed++;
		return;
	}
	switch (class) {
	case DMA_CLASS_MAP:
	case DMA_CLASS_ALLOC:
		*(class == DMA_CLASS_MAP ? &group->maps : &group->allocs) += 1;
		libdma_histogram_add(&group->sizes, event->size);
		group->bytes = group->sizes.sum;
		break;
	case DMA_CLASS_UNMAP:
		group->unmaps++;
		break;
	case DMA_CLASS_FREE:
		group->frees += event->dma || event->cpu_addr || event->size;
		break;
	case DMA_CLASS_SYNC:
		group->syncs++;
		break;
	default:
		break;
	}
}

static void count_begin(struct libdma_stat_group *group, const struct dma_event *event)
{
	group->live++;
	if (__builtin_add_overflow(group->live_bytes, event->size, &group->live_bytes))
		group->live_bytes = UINT64_MAX;
	if (group->live > group->peak)
		group->peak = group->live;
	if (group->live_bytes > group->peak_bytes) {
		group->peak_bytes = group->live_bytes;
		group->peak_ns = event->ns;
	}
}

/* A device may have changed its driver meanwhile, so that another group is asked. */
static void count_end(struct libdma_stat_group *group, const struct dma_event *begin,
		      uint64_t ns)
{
	if (group->live) {
		group->live--;
		group->live_bytes -= begin->size < group->live_bytes ? begin->size
								     : group->live_bytes;
	}
	libdma_histogram_add(&group->lifetimes, ns > begin->ns ? ns - begin->ns : 0);
}

static void count_change(struct libdma_stat_group *group, const struct dma_event *event,
			 enum live_change change, const struct dma_event *begin)
{
	if (change == LIVE_BEGUN || change == LIVE_AGAIN)
		count_begin(group, event);
	else if (change == LIVE_ENDED)
		count_end(group, begin, event->ns);
	else
		group->strangers++;
}

/* What the event did to what is live. */
static int follow(struct libdma_stat *stat, const struct dma_event *event)
{
	const struct mapping *mapping = NULL;
	const struct dma_event *begin;
	struct libdma_stat_group *group;
	int change = live_apply(stat->live, event, &mapping);

	if (change < 0)
		return change;
	if (change == LIVE_UNCHANGED)
		return 0;
	begin = mapping ? &mapping->event : event;
	if (libdma_event_kind_class(begin->kind) != DMA_CLASS_NONE)
		count_change(&stat->total, event, change, begin);
	else if (stat->by != LIBDMA_STAT_POOL || begin->kind == DMA_EVENT_POOL_CREATE)
		return 0; /* a pool or a region, which is no mapping */
	if (stat->by == LIBDMA_STAT_ALL || !is_counted(stat, event))
		return 0;
	group = find_group(stat, key_of(stat->by, &stat->drivers, begin));
	if (!group)
		return -ENOMEM;
	count_change(group, event, change, begin);
	return 0;
}

int libdma_stat_put(struct libdma_stat *stat, const struct dma_event *event)
{
	struct libdma_stat_group *group;

	if (event->kind == DMA_EVENT_DEVICE && event->name &&
	    libdma_stat_driver(stat, event->device, event->name))
		return -ENOMEM;
	if (stat->by != LIBDMA_STAT_ALL && is_counted(stat, event)) {
		group = find_group(stat, key_of(stat->by, &stat->drivers, event));
		if (!group)
			return -ENOMEM;
		if (event->kind == DMA_EVENT_POOL_CREATE)
			group->name = event->name;
		count(group, event, find_class(group, stat, event));
	}
	if (!stat->total.events || event->ns < stat->first_ns)
		stat->first_ns = event->ns;
	if (event->ns > stat->last_ns)
		stat->last_ns = event->ns;
	count(&stat->total, event, libdma_event_kind_class(event->kind));
	if (event->kind < DMA_EVENT_KINDS)
		stat->kind[event->kind]++;
	return stat->live ? follow(stat, event) : 0;
}

uint64_t libdma_stat_kinds(const struct libdma_stat *stat, unsigned int kind)
{
	return kind < DMA_EVENT_KINDS ? stat->kind[kind] : 0;
}

void libdma_stat_time(const struct libdma_stat *stat, uint64_t *first, uint64_t *last)
{
	*first = stat->first_ns;
	*last = stat->last_ns;
}

const struct libdma_stat_group *libdma_stat_total(const struct libdma_stat *stat)
{
	return &stat->total;
}

const struct libdma_stat_group *libdma_stat_group(const struct libdma_stat *stat,
						  size_t index)
{
	return index < stat->groups ? stat->group[index] : NULL;
}
