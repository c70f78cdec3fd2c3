// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * bitset.c - a set of numbers, whose neighbours are found at once
 */
#include <errno.h>
#include <string.h>

#include "base/bitset.h"

static uint64_t words_of(uint64_t room, unsigned int level)
{
	unsigned int shift = 6 * (level + 1);

	return room ? ((room - 1) >> shift) + 1 : 0;
}

void bitset_deinit(struct bitset *set)
{
	for (unsigned int level = 0; level < BITSET_LEVELS; level++)
		heap_free(set->level[level]);
}

/* A level for the first time, or longer. Zeroed memory of a new one is not touched. */
static int reserve_level(struct bitset *set, struct heap *heap, unsigned int level,
			 uint64_t room)
{
	uint64_t old = words_of(set->room, level), words = words_of(room, level);
	uint64_t *word;

	if (set->level[level] && words == old)
		return 0;
	if (!set->level[level]) {
		set->level[level] = heap_alloc(heap, words, sizeof(*word));
		return set->level[level] ? 0 : -ENOMEM;
	}
	word = heap_resize(heap, set->level[level], words, sizeof(*word));
	if (!word)
		return -ENOMEM;
	memset(word + old, 0, (words - old) * sizeof(*word));
	set->level[level] = word;
	return 0;
}

int bitset_reserve(struct bitset *set, struct heap *heap, uint64_t room)
{
	unsigned int levels = 1;

	if (room <= set->room)
		return 0;
	while (levels <= BITSET_LEVELS && words_of(room, levels - 1) > 1)
		levels++;
	if (levels > BITSET_LEVELS)
		return -ENOMEM;
	/* a level that grew while a later one could not is longer, and no harm */
	for (unsigned int level = 0; level < levels; level++)
		if (reserve_level(set, heap, level, room))
			return -ENOMEM;
	for (unsigned int level = set->levels ? set->levels : 1; level < levels; level++)
		set->level[level][0] = !!set->level[level - 1][0];
	set->levels = levels;
	set->room = room;
	return 0;
}

void bitset_add(struct bitset *set, uint64_t number)
{
	for (unsigned int level = 0; level < set->levels; level++) {
		uint64_t *word = &set->level[level][number >> 6], old = *word;

		*word |= 1ULL << (number & 63);
		if (old)
			return;
		number >>= 6;
	}
}

void bitset_remove(struct bitset *set, uint64_t number)
{
	for (unsigned int level = 0; level < set->levels; level++) {
		uint64_t *word = &set->level[level][number >> 6];

		*word &= ~(1ULL << (number & 63));
		if (*word)
			return;
		number >>= 6;
	}
}

bool bitset_has(const struct bitset *set, uint64_t number)
{
	return set->level[0][number >> 6] >> (number & 63) & 1;
}

int bitset_last(const struct bitset *set, uint64_t *ret)
{
	uint64_t number = 0;

	if (!set->levels || !set->level[set->levels - 1][0])
		return -ENOENT;
	for (unsigned int level = set->levels; level--;) {
		uint64_t word = set->level[level][number];

		number = number << 6 | (63 - (uint64_t)__builtin_clzll(word));
	}
	*ret = number;
	return 0;
}

int bitset_next(const struct bitset *set, uint64_t from, uint64_t *ret)
{
	unsigned int level;
	uint64_t word = 0;

	if (from >= set->room)
		return -ENOENT;
	/* up, until a word has a bit that is not before us */
	for (level = 0; level < set->levels; level++) {
		word = set->level[level][from >> 6] & ~0ULL << (from & 63);
		if (word)
			break;
		from = (from >> 6) + 1;
		if (from >= words_of(set->room, level))
			return -ENOENT;
	}
	if (!word)
		return -ENOENT;
	/* and down, always by the first */
	for (;;) {
		from = (from & ~63ULL) | (uint64_t)__builtin_ctzll(word);
		if (!level--)
			break;
		word = set->level[level][from];
		from <<= 6;
	}
	*ret = from;
	return 0;
}
