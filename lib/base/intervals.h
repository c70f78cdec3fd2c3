/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * intervals.h - ranges that may overlap, found by what they overlap
 *
 * The caller's structures hold the nodes. Among ranges with one start the order in
 * which they were added is kept, which is the order of the kernel's lists.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * struct interval - a range that can be in one set
 * @start:	its first number
 * @last:	its last number, @start or above
 * @order:	later additions have higher ones
 * The other members are the set's.
 */
struct interval {
	uint64_t start;
	uint64_t last;
	uint64_t order;
	uint64_t highest; /* of the @last of the subtree */
	uint32_t priority;
	struct interval *left, *right, *parent;
};

/* An empty set is one of zeros. */
struct intervals {
	struct interval *root;
	uint64_t added;
};

/* The structure that a pointer to its member points into. */
#define member_of(pointer, type, member) \
	((type *)(void *)((char *)(pointer)-offsetof(type, member)))

/** intervals_add() - add a range; @start and @last are set */
void intervals_add(struct intervals *set, struct interval *range);

/** intervals_remove() - take a range out, which is in the set */
void intervals_remove(struct intervals *set, struct interval *range);

/** intervals_first() - the first in order of start that overlaps start..last, or NULL */
struct interval *intervals_first(const struct intervals *set, uint64_t start,
				 uint64_t last);

/** intervals_next() - the next of these behind @range, or NULL */
struct interval *intervals_next(const struct interval *range, uint64_t start,
				uint64_t last);

/** intervals_at() - the oldest of the ranges that begin at @start, or NULL */
struct interval *intervals_at(const struct intervals *set, uint64_t start);

/** intervals_newer() - the next range if it begins where @range does, or NULL */
struct interval *intervals_newer(const struct interval *range);

/** intervals_valid() - do the set's own invariants hold? For tests. */
bool intervals_valid(const struct intervals *set);
