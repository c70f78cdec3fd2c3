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

/* All levels are one piece of memory. */
void bitset_deinit(struct bitset *set)
{
	heap_free(set->level[0]);
}

/* What is in one set, in one with more room. Zeroed memory of a new one is not touched. */
static void copy(const struct bitset *set, struct bitset *larger)
{
	if (!set->levels)
		return;
	for (unsigned int level = 0; level < set->levels; level++)
		memcpy(larger->level[level], set->level[level],
		       words_of(set->room, level) * sizeof(uint64_t));
	for (unsigned int level = set->levels; level < larger->levels; level++)
		larger->level[level][0] = !!larger->level[level - 1][0];
}

uint64_t bitset_words(uint64_t room)
{
	uint64_t words = 0;

	for (unsigned int level = 0; level < BITSET_LEVELS; level++) {
		words += words_of(room, level);
		if (words_of(room, level) <= 1)
			return words;
	}
	return 0;
}

void bitset_init(struct bitset *set, uint64_t room, uint64_t *word)
{
	*set = (struct bitset) { .room = room };
	while (room && (!set->levels || words_of(room, set->levels - 1) > 1)) {
		set->level[set->levels] = word;
		word += words_of(room, set->levels++);
	}
}

int bitset_reserve(struct bitset *set, struct heap *heap, uint64_t room)
{
	struct bitset larger;
	uint64_t *word;

	if (room <= set->room)
		return 0;
	if (words_of(room, 0) == words_of(set->room, 0)) {
		set->room = room;
		return 0;
	}
	if (!bitset_words(room))
		return -ENOMEM;
	word = heap_alloc(heap, bitset_words(room), sizeof(*word));
	if (!word)
		return -ENOMEM;
	bitset_init(&larger, room, word);
	copy(set, &larger);
	bitset_deinit(set);
	*set = larger;
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
