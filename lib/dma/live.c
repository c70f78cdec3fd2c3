// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * live.c - which mappings and allocations have begun and not ended
 *
 * What each kind of event begins or ends, and which beginning an end belongs to. All
 * but lists are found by their DMA address. A list is found by that too, and by its
 * first physical address, which is all that its unmap tells.
 *
 * Kernel counterpart: the hash of kernel/dma/debug.c (RULES.md T2, T3)
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dma/live-table.h"

/* Equal mappings of one address beyond this many are only counted. */
#define CHAIN_KEPT 16
/* How far a chain is searched for the best fit, so that no trace costs n^2. */
#define CHAIN_SEARCHED 1024
/* Slots behind its home where one that is looked for may be, or what pulls it back. */
#define NEXT 3

const struct role live_roles[DMA_EVENT_KINDS] = {
	[DMA_EVENT_MAP_SINGLE] = { .begins = true },
	[DMA_EVENT_MAP_PAGE] = { .begins = true },
	[DMA_EVENT_MAP_PHYS] = { .begins = true },
	[DMA_EVENT_MAP_RESOURCE] = { .begins = true },
	[DMA_EVENT_UNMAP_SINGLE] = { .ends = true },
	[DMA_EVENT_UNMAP_PAGE] = { .ends = true },
	[DMA_EVENT_UNMAP_PHYS] = { .ends = true },
	[DMA_EVENT_UNMAP_RESOURCE] = { .ends = true },
	[DMA_EVENT_MAP_SG] = { .begins = true },
	[DMA_EVENT_UNMAP_SG] = { .ends = true },
	[DMA_EVENT_ALLOC] = { .begins = true },
	[DMA_EVENT_FREE] = { .ends = true, .frees = true },
	[DMA_EVENT_ALLOC_PAGES] = { .begins = true },
	[DMA_EVENT_FREE_PAGES] = { .ends = true, .frees = true },
	[DMA_EVENT_ALLOC_SGT] = { .begins = true },
	[DMA_EVENT_FREE_SGT] = { .ends = true, .frees = true },
	[DMA_EVENT_POOL_CREATE] = { .begins = true, .space = SPACE_POOL },
	[DMA_EVENT_POOL_DESTROY] = { .ends = true, .space = SPACE_POOL },
	[DMA_EVENT_POOL_ALLOC] = { .begins = true, .space = SPACE_BLOCK },
	[DMA_EVENT_POOL_FREE] = { .ends = true, .space = SPACE_BLOCK },
	[DMA_EVENT_DECLARE_COHERENT_MEMORY] = { .begins = true, .space = SPACE_REGION },
	[DMA_EVENT_RELEASE_COHERENT_MEMORY] = { .ends = true, .space = SPACE_REGION },
	[DMA_EVENT_IOVA_TRY_ALLOC] = { .begins = true },
	[DMA_EVENT_IOVA_FREE] = { .ends = true },
	[DMA_EVENT_IOVA_DESTROY] = { .ends = true },
};

static struct key list_key(const struct dma_event *event)
{
	return key_of(SPACE_LIST, event->device, event->phys_list[0]);
}

static bool is_alloc(unsigned int kind)
{
	return kind == DMA_EVENT_ALLOC || kind == DMA_EVENT_ALLOC_PAGES ||
	       kind == DMA_EVENT_ALLOC_SGT;
}

/* Failed calls, and those whose outcome nobody knows, begin nothing. */
static bool event_begins(const struct dma_event *event)
{
	if (!live_roles[event->kind].begins || event->error ||
	    event->flags & DMA_EVENT_REQUEST)
		return false;
	if (event->kind == DMA_EVENT_MAP_SG)
		return event->phys_count || event->dma_count;
	return event->dma != DMA_MAPPING_ERROR;
}

/* Drivers may free NULL, which ends nothing. */
static bool event_ends(const struct dma_event *event)
{
	const struct role *role = &live_roles[event->kind];

	return role->ends &&
	       (!role->frees || event->dma || event->size || event->phys_count);
}

/* Is @begin the same request as @event, so that one may stand for both? */
static bool same_request(const struct dma_event *begin, const struct dma_event *event)
{
	return begin->size == event->size && begin->dir == event->dir &&
	       begin->kind == event->kind && begin->phys == event->phys &&
	       !has_list(begin) && !has_list(event);
}

/* How well an end fits a beginning; the higher the better. */
static unsigned int end_fit(const struct dma_event *begin, const struct dma_event *end)
{
	return (is_alloc(begin->kind) == live_roles[end->kind].frees) * 4 +
	       (begin->size == end->size) * 2 + (begin->dir == end->dir);
}

/* The lists agree, as far as the recorder kept the beginning's. */
static bool list_fits(const struct dma_event *begin, const struct dma_event *end)
{
	bool whole = begin->phys_count == end->phys_count;
	bool cut = begin->flags & DMA_EVENT_CUT && begin->phys_count < end->phys_count;

	return (whole || cut) && !memcmp(begin->phys_list, end->phys_list,
					 begin->phys_count * sizeof(*begin->phys_list));
}

/* The end of a list among the chain of its key. */
static uint32_t find_list_end(const struct live *live, uint32_t link,
			      const struct dma_event *event)
{
	uint32_t found = NONE;

	for (unsigned int i = 0; link != NONE && i < CHAIN_SEARCHED; i++) {
		const struct dma_event *begin =
			&record_at(live, link >> 1)->mapping.event;

		if (list_fits(begin, event)) {
			if (begin->dir == event->dir)
				return link;
			if (found == NONE)
				found = link;
		}
		link = link_at(live, link)->newer;
	}
	return found;
}

/* The best fit of a chain of several. */
static __attribute__((noinline)) uint32_t
find_best_end(const struct live *live, uint32_t link, const struct dma_event *event)
{
	unsigned int best_fit = 0;
	uint32_t best = NONE;

	for (unsigned int i = 0; link != NONE && i < CHAIN_SEARCHED; i++) {
		const struct dma_event *begin =
			&record_at(live, link >> 1)->mapping.event;
		unsigned int fit = end_fit(begin, event) + 1;

		if (fit > best_fit) {
			best_fit = fit;
			best = link;
		}
		if (fit == 8)
			break;
		link = link_at(live, link)->newer;
	}
	return best;
}

/* One of the newest of a long chain that can stand for @event as well, or NONE. */
static __attribute__((noinline)) uint32_t
find_same(const struct live *live, uint32_t oldest, const struct dma_event *event)
{
	struct chain chain = chain_of(live, oldest);
	uint32_t link = chain.newest;

	if (chain.length < CHAIN_KEPT)
		return NONE;
	for (unsigned int i = 0; link != NONE && i < CHAIN_KEPT; i++) {
		if (same_request(&record_at(live, link >> 1)->mapping.event, event))
			return link >> 1;
		link = link_at(live, link)->older;
	}
	return NONE;
}

/* Find a list by its first physical address, too. */
static __attribute__((noinline)) void
link_list(struct live *live, uint32_t number, struct record *record)
{
	struct key key = record->lists->key;
	uint32_t hash = key_hash(&key), at = slot_find(live, &key, hash);

	table_link(live, &live->slot[at], number * 2 + 1, &record->lists->link, hash);
}

static __attribute__((noinline)) void
unlink_list(struct live *live, uint32_t number, const struct record *record)
{
	struct key key = record->lists->key;

	table_unlink(live, slot_find(live, &key, key_hash(&key)), number * 2 + 1,
		     &record->lists->link);
}

static int begin(struct live *live, const struct dma_event *event,
		 const struct live_place *place, const struct mapping **ret)
{
	struct key key = event_key(event);
	uint32_t oldest, number = NONE;
	struct record *record;
	struct slot *slot;

	if (table_reserve(live))
		return -ENOMEM;
	slot = &live->slot[slot_find(live, &key, place->hash)];
	oldest = slot->link;
	if (oldest != NONE)
		number = find_same(live, oldest, event);
	if (number != NONE) {
		record = record_at(live, number);
		record->mapping.times++;
	} else {
		number = table_add(live, event, &record);
		if (number == NONE)
			return -ENOMEM;
		table_link(live, slot, number * 2, &record->link, place->hash);
		if (has_list(event))
			link_list(live, number, record);
	}
	live->count++;
	*ret = &record->mapping;
	return oldest == NONE ? LIVE_BEGUN : LIVE_AGAIN;
}

/* One that is found by its DMA address, at slot @at, is gone. */
static inline int end_one(struct live *live, uint32_t at, uint32_t number,
			  const struct record *record)
{
	struct key key;

	if (has_list(&record->mapping.event)) {
		unlink_list(live, number, record);
		key = key_at(live, number * 2);
		at = slot_find(live, &key, key_hash(&key));
	}
	table_unlink(live, at, number * 2, &record->link);
	live->records--;
	live->ended = number;
	return LIVE_ENDED;
}

static int end(struct live *live, const struct dma_event *event,
	       const struct live_place *place, const struct mapping **ret)
{
	struct key key = event_key(event);
	uint32_t at = slot_find(live, &key, place->hash), link = live->slot[at].link;
	struct record *record;

	if (link == NONE)
		return LIVE_STRANGER;
	record = record_at(live, link >> 1);
	if (record->link.newer != NONE) {
		link = find_best_end(live, link, event);
		record = record_at(live, link >> 1);
	}
	*ret = &record->mapping;
	live->count--;
	return --record->mapping.times ? LIVE_ENDED
				       : end_one(live, at, link >> 1, record);
}

/* The end of a list, which does not tell where it is mapped. */
static __attribute__((noinline)) int
end_list(struct live *live, const struct dma_event *event, const struct mapping **ret)
{
	struct key key = list_key(event);
	uint32_t at = slot_find(live, &key, key_hash(&key));
	uint32_t link = find_list_end(live, live->slot[at].link, event);
	struct record *record;

	if (link == NONE)
		return LIVE_STRANGER;
	record = record_at(live, link >> 1);
	*ret = &record->mapping;
	live->count--;
	if (--record->mapping.times)
		return LIVE_ENDED;
	key = key_at(live, link & ~1U);
	return end_one(live, slot_find(live, &key, key_hash(&key)), link >> 1, record);
}

static bool has_place(const struct dma_event *event)
{
	return event->kind < DMA_EVENT_KINDS &&
	       (live_roles[event->kind].begins | live_roles[event->kind].ends) &&
	       !(event->kind == DMA_EVENT_UNMAP_SG && has_list(event));
}

struct live_place live_place(const struct dma_event *event)
{
	struct key key;

	if (!has_place(event))
		return (struct live_place) { 0 };
	key = event_key(event);
	return (struct live_place) { key_hash(&key) };
}

void live_come_near(const struct live *live, const struct live_place *place)
{
	const struct slot *home = &live->slot[slot_home(live, place->hash)];

	if (!place->hash)
		return;
	__builtin_prefetch(home);
	__builtin_prefetch(home + NEXT); /* where those are that had to go past it */
}

void live_come_nearer(const struct live *live, const struct live_place *place)
{
	const struct slot *slot = live->slot;
	uint32_t at = slot_home(live, place->hash);
	const char *record;

	if (!place->hash)
		return;
	while (slot[at].link != NONE && slot[at].hash != place->hash)
		at = (at + 1) & live->mask;
	if (slot[at].link == NONE)
		return;
	record = (const char *)record_at(live, slot[at].link >> 1);
	for (size_t line = 0; line < offsetof(struct record, mapping.event) + EVENT_HEAD;
	     line += CACHE_LINE)
		__builtin_prefetch(record + line);
}

struct live *live_create(void)
{
	struct live *live = calloc(1, sizeof(*live));

	if (live && table_init(live)) {
		live_destroy(live);
		return NULL;
	}
	return live;
}

void live_destroy(struct live *live)
{
	if (!live)
		return;
	table_deinit(live);
	free(live);
}

int live_apply_at(struct live *live, const struct dma_event *event,
		  const struct live_place *place, const struct mapping **ret)
{
	*ret = NULL;
	if (event->kind >= DMA_EVENT_KINDS)
		return LIVE_UNCHANGED;
	table_forget_ended(live);
	if (event_begins(event))
		return begin(live, event, place, ret);
	if (!event_ends(event))
		return LIVE_UNCHANGED;
	return place->hash ? end(live, event, place, ret) : end_list(live, event, ret);
}

int live_apply(struct live *live, const struct dma_event *event,
	       const struct mapping **ret)
{
	struct live_place place = live_place(event);

	return live_apply_at(live, event, &place, ret);
}

int live_restore(struct live *live, const struct dma_event *event)
{
	const struct mapping *mapping;
	int change = live_apply(live, event, &mapping);

	return change < 0 ? change : 0;
}

size_t live_count(const struct live *live)
{
	return live->count;
}

size_t live_records(const struct live *live)
{
	return live->records;
}

const struct mapping *live_find(const struct live *live, uint32_t device, dma_addr_t dma)
{
	struct key key = key_of(SPACE_DMA, device, dma);
	uint32_t oldest = live->slot[slot_find(live, &key, key_hash(&key))].link;

	if (oldest == NONE)
		return NULL;
	return &record_at(live, chain_of(live, oldest).newest >> 1)->mapping;
}

static int compare_order(const void *a, const void *b)
{
	const struct record *first = *(struct record *const *)a;
	const struct record *second = *(struct record *const *)b;

	return (first->mapping.order > second->mapping.order) -
	       (first->mapping.order < second->mapping.order);
}

int live_walk(const struct live *live, live_visitor *visit, void *arg)
{
	struct record **sorted;
	size_t count = 0;
	int error = 0;

	sorted = malloc((live->records + 1) * sizeof(struct record *));
	if (!sorted)
		return -ENOMEM;
	for (uint32_t i = 0; i < live->chunks * CHUNK_SIZE; i++)
		if (record_at(live, i)->mapping.order && i != live->ended)
			sorted[count++] = record_at(live, i);
	qsort(sorted, count, sizeof(struct record *), compare_order);
	for (size_t i = 0; i < count && !error; i++)
		error = visit(&sorted[i]->mapping, arg);
	free(sorted);
	return error;
}

bool live_valid(const struct live *live)
{
	return table_valid(live);
}
