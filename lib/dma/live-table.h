/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * live-table.h - records found by key, of which several may have the same
 *
 * Records lie in chunks and are reused; a key (whose, which address) finds them
 * through open addressing. Records of one key form a chain from the oldest to the
 * newest, and the table points to the oldest. A record may have two keys.
 */
#pragma once

#include "dma/live.h"

#define CHUNK_SHIFT 8
#define CHUNK_SIZE  (1U << CHUNK_SHIFT)
#define NONE        UINT32_MAX
#define LINE	    64 /* bytes of a cache's line */

struct key {
	uint64_t whose; /* SPACE_* in the top byte, device or pool below */
	uint64_t address;
};

/* A record's place in the chain of one key; links are named record * 2 + which. */
struct link {
	struct key key;
	uint32_t older, newer;
	uint32_t newest, length; /* of the chain; kept by its oldest */
};

/* What only lists have: a second key, and the lists themselves. */
struct lists {
	struct link link; /* by its first physical address */
	uint64_t bytes[];
};

/*
 * One that is live. Mappings of one buffer, by far the most, use only the head of
 * their event, so only that is copied; the tail of a record is 0 unless lists and
 * allocations need it, and again when they are gone. So three lines of the cache are what
 * most are.
 */
struct record {
	struct link link;
	struct lists *lists;
	uint32_t next_free;
	struct mapping mapping; /* of order 0 where free */
} __attribute__((aligned(LINE)));

#define EVENT_HEAD (offsetof(struct dma_event, handle) + sizeof(uint64_t))

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
	uint32_t bits; /* 2^bits slots, at most half of them used */
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

/* Is an event of a list, and does it tell the physical addresses? */
static inline bool has_list(const struct dma_event *event)
{
	return (event->kind == DMA_EVENT_MAP_SG || event->kind == DMA_EVENT_UNMAP_SG ||
		event->kind == DMA_EVENT_ALLOC_SGT ||
		event->kind == DMA_EVENT_FREE_SGT) &&
	       event->phys_count && event->phys_list;
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
	return hash >> (32 - live->bits);
}

/* The slot of a key, or the free slot where it would go; lasts until the next change. */
static inline uint32_t slot_find(const struct live *live, const struct key *key,
				 uint32_t hash)
{
	uint32_t mask = (1U << live->bits) - 1, at = slot_home(live, hash);

	while (live->slot[at].link != NONE) {
		if (live->slot[at].hash == hash &&
		    key_equal(&link_at(live, live->slot[at].link)->key, key))
			break;
		at = (at + 1) & mask;
	}
	return at;
}

/* An empty table; 0 or -ENOMEM. */
int table_init(struct live *live);
void table_deinit(struct live *live);

/* Make room, so that the next two links move no slot; 0 or -ENOMEM. */
int table_reserve(struct live *live);

/* A new record of @event with lists of its own, not linked yet; 0 or -ENOMEM. */
int table_add(struct live *live, const struct dma_event *event, uint32_t *ret);

/*
 * Put a link into the chain of its key, as the newest. The slot is where the key is,
 * or a free one that gets the hash.
 */
void table_link(struct live *live, struct slot *slot, uint32_t link,
		const struct key *key, uint32_t hash);

/* Take a link out of the chain of its key, whose slot is @at. */
void table_unlink(struct live *live, uint32_t at, uint32_t link);

/* Release the record that ended last, which was the caller's to look at until now. */
void table_forget_ended(struct live *live);

bool table_valid(const struct live *live);
