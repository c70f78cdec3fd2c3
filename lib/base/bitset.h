/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * bitset.h - a set of numbers, whose neighbours are found at once
 *
 * A tree of 64-bit words: a bit of a level says that the word below it has one. What
 * no number touched stays untouched memory, so an almost empty set costs little.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/heap.h"

#define BITSET_LEVELS 6

/**
 * struct bitset - an empty one is all zero
 *
 * @level:	level 0 has a bit a number; the highest has one word
 * @levels:	how many there are
 * @room:	numbers below it may be added
 */
struct bitset {
	uint64_t *level[BITSET_LEVELS];
	unsigned int levels;
	uint64_t room;
};

/** bitset_deinit() - release what bitset_reserve() took */
void bitset_deinit(struct bitset *set);

/** bitset_reserve() - make room for all numbers below @room; 0 or -ENOMEM */
int bitset_reserve(struct bitset *set, struct heap *heap, uint64_t room);

/**
 * bitset_words() - how many words a set takes with room for all numbers below @room
 *
 * Return: the words; 0 where there are none, or too many.
 */
uint64_t bitset_words(uint64_t room);

/** bitset_init() - an empty set, for good, in bitset_words() zeroed words of the caller's */
void bitset_init(struct bitset *set, uint64_t room, uint64_t *word);

/* Numbers are below what was reserved; adding one twice is adding it once. */
void bitset_add(struct bitset *set, uint64_t number);
void bitset_remove(struct bitset *set, uint64_t number);
static inline bool bitset_has(const struct bitset *set, uint64_t number)
{
	return set->level[0][number >> 6] >> (number & 63) & 1;
}

/** bitset_last() - the greatest number; 0, or -ENOENT where the set is empty */
int bitset_last(const struct bitset *set, uint64_t *ret);

/** bitset_next() - the smallest number not below @from; 0, or -ENOENT */
int bitset_next(const struct bitset *set, uint64_t from, uint64_t *ret);
