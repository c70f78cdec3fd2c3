/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * bitset.h - a set of small numbers, whose greatest is found at once
 *
 * A tree of 64-bit words: a bit of a level says that the word below it has one.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/heap.h"

#define BITSET_LEVELS 4
#define BITSET_ROOM   (1U << 6 * BITSET_LEVELS)

struct bitset {
	uint64_t *level[BITSET_LEVELS]; /* level 0 has a bit a number */
	uint32_t room;                  /* numbers below it may be added */
};

/** bitset_deinit() - release what bitset_reserve() took; an empty set is all zero */
void bitset_deinit(struct bitset *set);

/** bitset_reserve() - make room for the numbers below @room, at most BITSET_ROOM; 0 or
 * -ENOMEM */
int bitset_reserve(struct bitset *set, struct heap *heap, uint32_t room);

/* Numbers are below what was reserved; adding one twice is adding it once. */
void bitset_add(struct bitset *set, uint32_t number);
void bitset_remove(struct bitset *set, uint32_t number);
bool bitset_has(const struct bitset *set, uint32_t number);

/** bitset_last() - the greatest number; 0 or -ENOENT where the set is empty */
int bitset_last(const struct bitset *set, uint32_t *ret);
