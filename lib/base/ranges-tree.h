/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ranges-tree.h - the tree below a set of ranges, for the files of that set alone
 */
#pragma once

#include "base/ranges.h"

#define LEAF_RANGES 30 /* 512 bytes */
#define FANOUT	    31
#define MAX_HEIGHT  16

struct leaf {
	struct leaf *prev, *next;
	uint64_t fit; /* the largest of the gaps below its ranges */
	unsigned int count;
	uint64_t lo[LEAF_RANGES];
	uint64_t hi[LEAF_RANGES];
};

struct inner {
	unsigned int count;
	uint64_t last[FANOUT]; /* the highest lo of each child */
	uint64_t fit[FANOUT];
	void *child[FANOUT];
};

struct ranges {
	struct heap *heap;
	void *root;
	unsigned int height; /* levels of inner nodes above the leaves */
	size_t count;
	size_t leaves, inners; /* those at hand included */
	struct leaf *spare_leaf;
	struct inner *spare_inner[MAX_HEIGHT + 1];
	unsigned int spares;
	char *piece; /* of memory, which all nodes that were cloned are part of */
	size_t piece_size, piece_nodes;
};

/* Is a node part of a piece, and lasts as long? Then it counts as long, too. */
static inline bool tree_in_piece(const struct ranges *ranges, const void *node)
{
	return (uintptr_t)node - (uintptr_t)ranges->piece < ranges->piece_size;
}

/* The way to one range: node[0] is the root, index[] the child taken. */
struct path {
	struct inner *node[MAX_HEIGHT];
	unsigned int index[MAX_HEIGHT];
	struct leaf *leaf;
	unsigned int at;
};

/* The largest size that fits, naturally aligned, from @from to before @to. */
uint64_t tree_gap_fit(uint64_t from, uint64_t to);

/* The first number above the range before the one at @at. */
static inline uint64_t tree_gap_start(const struct leaf *leaf, unsigned int at)
{
	if (at)
		return leaf->hi[at - 1] + 1;
	return leaf->prev ? leaf->prev->hi[leaf->prev->count - 1] + 1 : 0;
}

/*
 * A search goes from line to line of a node, and waits for each unless all are under
 * way. Lower trees are in the first caches anyway.
 */
static inline void tree_come_near(const struct ranges *ranges, const void *node)
{
	if (ranges->height < 3)
		return;
	for (size_t at = 0; at < sizeof(struct leaf); at += 64)
		__builtin_prefetch((const char *)node + at);
}

/* The largest of the gaps below a node. */
uint64_t tree_leaf_fit(const struct leaf *leaf);
uint64_t tree_inner_fit(const struct inner *inner);

/* To the first range with lo >= @key: there is one, that of RANGES_END. */
void tree_descend(const struct ranges *ranges, uint64_t key, struct path *path);

/* Before the range of the path, whose gap holds @range; 0 or -ENOMEM. */
int tree_insert(struct ranges *ranges, struct path *path, struct range range);

/* What the path leads to, which is not that of RANGES_END. */
void tree_remove(struct ranges *ranges, struct path *path);

/* Let it begin at @to, which is in the gap below it. */
void tree_lower(struct ranges *ranges, struct path *path, uint64_t to);
