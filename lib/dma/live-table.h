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
#define NONE	    UINT32_MAX

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

struct record {
	struct link link[2];
	uint64_t order; /* when it began, from 1; 0 where free */
	uint32_t links;
	uint32_t next_free;
	void *lists;
	struct mapping mapping;
};

struct slot {
	uint32_t hash;
	uint32_t link; /* the oldest of its key, or NONE */
};

struct live {
	struct record **chunk;
	uint32_t chunks;
	uint32_t free;	/* first of the free records, or NONE */
	uint32_t ended; /* the caller may still look at it; NONE if there is none */
	uint64_t order;
	uint64_t count;	  /* begun and not ended */
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
	return &record_at(live, link >> 1)->link[link & 1];
}

static inline bool key_equal(const struct key *a, const struct key *b)
{
	return a->address == b->address && a->whose == b->whose;
}

/* An empty table; 0 or -ENOMEM. */
int table_init(struct live *live);
void table_deinit(struct live *live);

/* A new record of @event with lists of its own, not linked yet; 0 or -ENOMEM. */
int table_add(struct live *live, const struct dma_event *event, uint32_t *ret);

/* Put a record into the chain of its key number @which as the newest, or take it out. */
void table_link(struct live *live, uint32_t number, unsigned int which);
void table_unlink(struct live *live, uint32_t number, unsigned int which);

/* The link of the oldest record that has a key, or NONE. */
uint32_t table_find(const struct live *live, const struct key *key);

/* Release the record that ended last, which was the caller's to look at until now. */
void table_forget_ended(struct live *live);

bool table_valid(const struct live *live);
