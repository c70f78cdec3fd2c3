/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * live-table.h - records found by key, of which several may have the same
 *
 * Records lie in chunks and are reused; a key (whose, which address) finds them
 * through open addressing. Records of one key form a chain from the oldest to the
 * newest, and the table points to the oldest. A record may have two keys.
 */
#pragma once

#include <errno.h>
#include <string.h>

#include "base/prefetch.h"
#include "dma/live.h"

#define CHUNK_SHIFT 8
#define CHUNK_SIZE  (1U << CHUNK_SHIFT)
/* Where there are so many, as many more are in one piece of memory: a large page. */
#define CHUNKS_LARGE 32
#define NONE        UINT32_MAX

struct key {
	uint64_t whose; /* SPACE_* in the top byte, device or pool below */
	uint64_t address;
};

/* Above the number of a device or pool: what the address of a key is. */
enum {
	SPACE_DMA,    /* a device's DMA address */
	SPACE_LIST,   /* a device's list, by its first physical address */
	SPACE_POOL,   /* a pool, by its handle */
	SPACE_BLOCK,  /* a pool's block, by its DMA address */
	SPACE_REGION, /* a device's region */
};

/* What a kind does here: begin or end, and where its address lies. */
struct role {
	bool begins, ends, frees;
	uint8_t space;
};

extern const struct role live_roles[DMA_EVENT_KINDS];

static inline struct key key_of(unsigned int space, uint64_t number, uint64_t address)
{
	return (struct key) { (uint64_t)space << 56 | (number & (UINT64_MAX >> 8)),
			      address };
}

static inline dma_addr_t first_dma(const struct dma_event *event)
{
	return event->kind == DMA_EVENT_MAP_SG && event->dma_count && event->dma_list
		       ? event->dma_list[0]
		       : event->dma;
}

/* The key by which all but lists are found. */
static inline struct key event_key(const struct dma_event *event)
{
	unsigned int space = live_roles[event->kind].space;

	if (space == SPACE_DMA)
		return key_of(space, event->device, first_dma(event));
	switch (space) {
	case SPACE_POOL:
		return key_of(space, 0, event->handle);
	case SPACE_BLOCK:
		return key_of(space, event->handle, event->dma);
	default:
		return key_of(space, event->device, 0);
	}
}

/* A record's place in the chain of one key; links are named record * 2 + which. */
struct link {
	uint32_t older, newer;
};

/* Kept by the oldest of a chain of more than one. */
struct chain {
	uint32_t newest, length;
};

/* What only lists have: a second key, and the lists themselves. */
struct lists {
	struct link link; /* by its first physical address */
	struct chain chain;
	struct key key;
	uint64_t bytes[];
};

/*
 * One that is live. Mappings of one buffer, by far the most, use only the head of
 * their event, so only that is copied; the tail of a record is 0 unless lists and
 * allocations need it, and again when they are gone. The key is what the event says. So
 * two lines of the cache are what most are.
 */
struct record {
	struct link link; /* where free, @newer is the next of these */
	struct mapping mapping; /* of order 0 where free */
	struct chain chain;
	struct lists *lists;
} __attribute__((aligned(CACHE_LINE)));

#define EVENT_HEAD (offsetof(struct dma_event, handle) + sizeof(uint64_t))

_Static_assert(offsetof(struct record, mapping.event) + EVENT_HEAD == 2 * CACHE_LINE,
	       "one buffer fills two lines");

struct slot {
	uint32_t hash;
	uint32_t link; /* the oldest of its key, or NONE */
};

struct live {
	struct record **chunk;
	uint32_t chunks;
	uint32_t free;  /* first of the free records, or NONE */
	uint32_t ended; /* the caller may still look at it; NONE if there is none */
	uint64_t order;
	uint64_t count;   /* begun and not ended */
	uint64_t records; /* that hold them */
	struct slot *slot;
	uint32_t used;
	uint32_t most;	/* slots that may be used, half of all */
	uint32_t mask;	/* slots, a power of two of them, less one */
	uint32_t shift; /* of a hash to its slot */
};

static inline struct record *record_at(const struct live *live, uint32_t number)
{
	return &live->chunk[number >> CHUNK_SHIFT][number & (CHUNK_SIZE - 1)];
}

static inline struct link *link_at(const struct live *live, uint32_t link)
{
	struct record *record = record_at(live, link >> 1);

	return link & 1 ? &record->lists->link : &record->link;
}

/* That of a chain's oldest; of no meaning where nothing is newer. */
static inline struct chain *chain_at(const struct live *live, uint32_t oldest)
{
	struct record *record = record_at(live, oldest >> 1);

	return oldest & 1 ? &record->lists->chain : &record->chain;
}

static inline struct chain chain_of(const struct live *live, uint32_t oldest)
{
	return link_at(live, oldest)->newer == NONE ? (struct chain) { oldest, 1 }
						    : *chain_at(live, oldest);
}

static inline struct key key_at(const struct live *live, uint32_t link)
{
	const struct record *record = record_at(live, link >> 1);

	return link & 1 ? record->lists->key : event_key(&record->mapping.event);
}

/* Is an event of a list, and does it tell the physical addresses? */
static inline bool has_list(const struct dma_event *event)
{
	return (event->kind == DMA_EVENT_MAP_SG || event->kind == DMA_EVENT_UNMAP_SG ||
		event->kind == DMA_EVENT_ALLOC_SGT ||
		event->kind == DMA_EVENT_FREE_SGT) &&
	       event->phys_count && event->phys_list;
}

/* Does a kind of event use only the head of struct dma_event? */
static inline bool kind_is_short(unsigned int kind)
{
	return kind == DMA_EVENT_MAP_PAGE || kind == DMA_EVENT_MAP_PHYS ||
	       kind == DMA_EVENT_MAP_SINGLE || kind == DMA_EVENT_MAP_RESOURCE;
}

static inline bool key_equal(const struct key *a, const struct key *b)
{
	return a->address == b->address && a->whose == b->whose;
}

/* Never 0. */
static inline uint32_t key_hash(const struct key *key)
{
	uint32_t hash;
	uint64_t mixed = (key->address ^ key->whose << 7) * 0x9e3779b97f4a7c15;

	mixed ^= mixed >> 32;
	hash = (uint32_t)((mixed ^ key->whose) * 0xd6e8feb86659fd93 >> 32);
	return hash ? hash : 1;
}

static inline uint32_t slot_home(const struct live *live, uint32_t hash)
{
	return hash >> live->shift;
}

/* The slot of a key, or the free slot where it would go; lasts until the next change. */
static inline uint32_t slot_find(const struct live *live, const struct key *key,
				 uint32_t hash)
{
	const struct slot *slot = live->slot;
	uint32_t at = slot_home(live, hash);

	while (slot[at].link != NONE) {
		if (slot[at].hash == hash) {
			struct key found = key_at(live, slot[at].link);

			if (key_equal(&found, key))
				break;
		}
		at = (at + 1) & live->mask;
	}
	return at;
}

/* An empty table; 0 or -ENOMEM. */
int table_init(struct live *live);
void table_deinit(struct live *live);

/* Twice as many slots; 0 or -ENOMEM. */
int table_grow(struct live *live);

/* Make room, so that the next two links move no slot; 0 or -ENOMEM. */
static inline int table_reserve(struct live *live)
{
	return live->used + 2 > live->most ? table_grow(live) : 0;
}

/* Some records more that are free; 0 or -ENOMEM. */
int table_grow_records(struct live *live);

/* Give the record all of its event, and lists of its own; 0 or -ENOMEM. */
int table_fill(struct record *record, const struct dma_event *event);

/*
 * A new record of @event with lists of its own, not linked yet by its first key; a list's
 * second key is known then. Its number, or NONE without memory.
 */
static inline uint32_t table_add(struct live *live, const struct dma_event *event,
				 struct record **ret)
{
	uint32_t number;
	struct record *record;

	if (live->free == NONE && table_grow_records(live))
		return NONE;
	number = live->free;
	*ret = record = record_at(live, number);
	if (kind_is_short(event->kind))
		memcpy(&record->mapping.event, event, EVENT_HEAD);
	else if (table_fill(record, event))
		return NONE;
	record->mapping.times = 1;
	live->free = record->link.newer;
	record->mapping.order = ++live->order;
	live->records++;
	return number;
}

/* Put a link behind the newest of a chain. */
void table_append(struct live *live, uint32_t oldest, uint32_t link);

/*
 * Put a link, which is @place, into the chain of its key, as the newest. The slot is where
 * the key is, or a free one that gets the hash.
 */
static inline void table_link(struct live *live, struct slot *slot, uint32_t link,
			      struct link *place, uint32_t hash)
{
	if (slot->link != NONE) {
		table_append(live, slot->link, link);
		return;
	}
	*slot = (struct slot) { hash, link };
	live->used++;
	*place = (struct link) { NONE, NONE };
}

/* Empty a slot, and pull back those that had to go past it. */
void table_clear_slot(struct live *live, uint32_t at);

/* Take a link out of a chain that has others. */
void table_shorten(struct live *live, uint32_t at, uint32_t link);

/* Take a link, which is @place, out of the chain of its key, whose slot is @at. */
static inline void table_unlink(struct live *live, uint32_t at, uint32_t link,
				const struct link *place)
{
	if ((place->older & place->newer) == NONE)
		table_clear_slot(live, at);
	else
		table_shorten(live, at, link);
}

/* Nothing is left of a record's event and lists. */
void table_clear(struct record *record);

/* Release the record that ended last, which was the caller's to look at until now. */
static inline void table_forget_ended(struct live *live)
{
	struct record *record;

	if (live->ended == NONE)
		return;
	record = record_at(live, live->ended);
	if (!kind_is_short(record->mapping.event.kind))
		table_clear(record);
	record->mapping.order = 0;
	record->link.newer = live->free;
	live->free = live->ended;
	live->ended = NONE;
}

bool table_valid(const struct live *live);
