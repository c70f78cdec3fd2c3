// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * bitset.c - a set of small numbers, whose greatest is found at once
 */
#include <errno.h>
#include <string.h>

#include "base/bitset.h"

static size_t words_of(uint32_t room, unsigned int level)
{
	uint64_t bits = 64ULL << 6 * level;

	return (size_t)((room + bits - 1) / bits);
}

void bitset_deinit(struct bitset *set)
{
	for (unsigned int level = 0; level < BITSET_LEVELS; level++)
		heap_free(set->level[level]);
}

int bitset_reserve(struct bitset *set, struct heap *heap, uint32_t room)
{
	if (room <= set->room)
		return 0;
	if (room > BITSET_ROOM)
		return -ENOMEM;
	for (unsigned int level = 0; level < BITSET_LEVELS; level++) {
		size_t old = set->room ? words_of(set->room, level) : 0;
		size_t words = words_of(room, level);
		uint64_t *word;

		if (words == old)
			continue;
		/* a level that grew while a later one could not is longer, and no harm */
		word = heap_resize(heap, set->level[level], words, sizeof(*word));
		if (!word)
			return -ENOMEM;
		memset(word + old, 0, (words - old) * sizeof(*word));
		set->level[level] = word;
	}
	set->room = room;
	return 0;
}

void bitset_add(struct bitset *set, uint32_t number)
{
	for (unsigned int level = 0; level < BITSET_LEVELS; level++) {
		uint64_t *word = &set->level[level][number >> 6], old = *word;

		*word |= 1ULL << (number & 63);
		if (old)
			return;
		number >>= 6;
	}
}

void bitset_remove(struct bitset *set, uint32_t number)
{
	for (unsigned int level = 0; level < BITSET_LEVELS; level++) {
		uint64_t *word = &set->level[level][number >> 6];

		*word &= ~(1ULL << (number & 63));
		if (*word)
			return;
		number >>= 6;
	}
}

bool bitset_has(const struct bitset *set, uint32_t number)
{
	return set->level[0][number >> 6] >> (number & 63) & 1;
}

int bitset_last(const struct bitset *set, uint32_t *ret)
{
	uint32_t number = 0;

	if (!set->room || !set->level[BITSET_LEVELS - 1][0])
		return -ENOENT;
	for (unsigned int level = BITSET_LEVELS; level--;) {
		uint64_t word = set->level[level][number];

		number = number << 6 | (63 - (uint32_t)__builtin_clzll(word));
	}
	*ret = number;
	return 0;
}
