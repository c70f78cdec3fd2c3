// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * bitmap.c - a fixed number of bits, and where a run of clear ones is
 *
 * Kernel counterpart: lib/bitmap.c, lib/find_bit.c
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "base/bitmap.h"
#include "base/bits.h"

#define WORD_BITS  64
#define GROUP_BITS (64 * WORD_BITS)
#define ORDERS     7 /* 2^0 .. 2^6 bits */

/* Of 64 words. Bit w of an order: word w has 2^order clear bits, aligned. */
struct group {
	uint64_t has[ORDERS];
	uint64_t unused; /* so that a group is as large as a line of the cache */
};

struct bitmap {
	size_t bits;
	size_t words;
	size_t weight;
	uint64_t *word; /* what lies behind the last bit is set */
	struct group *group;
	struct group *top; /* the same of 64 groups: which have such a word */
	size_t groups;
	size_t tops;
};

/* Where a run of 2^order bits may begin in a word. */
static const uint64_t starts[ORDERS] = {
	0xffffffffffffffff, 0x5555555555555555, 0x1111111111111111, 0x0101010101010101,
	0x0001000100010001, 0x0000000100000001, 0x0000000000000001,
};

/* Bit b: from b on, 2^order bits of @free are set, and b is a multiple of it. */
static uint64_t runs(uint64_t free, unsigned int order)
{
	for (unsigned int k = 0; k < order; k++)
		free &= free >> (1U << k);
	return free & starts[order];
}

/* All words of a group alike; the group behind the last whole one is never asked for. */
static bool is_clear(const struct group *group)
{
	return !~group->has[ORDERS - 1];
}

static bool is_full(const struct group *group)
{
	return !group->has[0];
}

/* How many orders have a run in it: a run of an order is two of the one below. */
static unsigned int orders_of(uint64_t free)
{
	unsigned int order = 0;

	if (!~free)
		return ORDERS;
	while (free & starts[order])
		free &= free >> (1U << order++);
	return order;
}

/* A word that had runs of the first @before orders has those of the first @after. */
static void note(struct bitmap *map, size_t word, unsigned int before, unsigned int after)
{
	size_t at = word / WORD_BITS;
	struct group *group = &map->group[at], *top = &map->top[at / WORD_BITS];
	uint64_t bit = 1ULL << word % WORD_BITS, top_bit = 1ULL << at % WORD_BITS;

	for (; before < after; before++) {
		group->has[before] |= bit;
		top->has[before] |= top_bit;
	}
	for (; after < before; after++) {
		group->has[after] &= ~bit;
		if (!group->has[after])
			top->has[after] &= ~top_bit;
	}
}

/* Of @count words, or groups, each has runs of all orders. */
static void note_clear(struct group *group, size_t count)
{
	for (; count; group++) {
		size_t bits = count < WORD_BITS ? count : WORD_BITS;

		for (unsigned int order = 0; order < ORDERS; order++)
			group->has[order] = ~0ULL >> (WORD_BITS - bits);
		count -= bits;
	}
}

int bitmap_create(struct heap *heap, size_t bits, struct bitmap **ret)
{
	size_t words = bits / WORD_BITS + 1, groups = words / WORD_BITS + 1;
	size_t tops = groups / WORD_BITS + 1;
	struct bitmap *map;

	map = heap_alloc(heap, 1, sizeof(*map));
	if (!map)
		return -ENOMEM;
	map->group = heap_alloc(heap, groups + tops, sizeof(*map->group));
	if (!map->group)
		goto free_map;
	map->word = heap_alloc(heap, words, sizeof(*map->word));
	if (!map->word)
		goto free_group;

	map->bits = bits;
	map->words = words;
	map->top = map->group + groups;
	map->groups = groups;
	map->tops = tops;
	map->word[words - 1] = ~0ULL << bits % WORD_BITS;
	/* the last word is not all clear; the last group may have none */
	note_clear(map->group, words);
	note_clear(map->top, (words - 1) / WORD_BITS + 1);
	note(map, words - 1, ORDERS, orders_of(~map->word[words - 1]));
	*ret = map;
	return 0;

free_group:
	heap_free(map->group);
free_map:
	heap_free(map);
	return -ENOMEM;
}

void bitmap_destroy(struct bitmap *map)
{
	if (!map)
		return;
	heap_free(map->word);
	heap_free(map->group);
	heap_free(map);
}

size_t bitmap_size(const struct bitmap *map)
{
	return map->bits;
}

size_t bitmap_weight(const struct bitmap *map)
{
	return map->weight;
}

bool bitmap_test(const struct bitmap *map, size_t bit)
{
	return map->word[bit / WORD_BITS] >> bit % WORD_BITS & 1;
}

/* The bits of a run that lie in its first word; @count is at least 1. */
static uint64_t first_mask(size_t bit, size_t count)
{
	size_t left = WORD_BITS - bit % WORD_BITS;
	uint64_t mask = count < WORD_BITS ? (1ULL << count) - 1 : ~0ULL;

	return left >= count ? mask << bit % WORD_BITS : ~0ULL << bit % WORD_BITS;
}

bool bitmap_all_set(const struct bitmap *map, size_t bit, size_t count)
{
	while (count) {
		size_t step = WORD_BITS - bit % WORD_BITS;

		if (bit % GROUP_BITS == 0 && count >= GROUP_BITS &&
		    is_full(&map->group[bit / GROUP_BITS]))
			step = GROUP_BITS;
		else if (~map->word[bit / WORD_BITS] & first_mask(bit, count))
			return false;
		if (step > count)
			step = count;
		bit += step;
		count -= step;
	}
	return true;
}

/* All bits of a group, of which one look may tell that they are so. */
static void change_group(struct bitmap *map, size_t at, bool set)
{
	struct group *group = &map->group[at], *top = &map->top[at / WORD_BITS];
	uint64_t *word = &map->word[at * WORD_BITS], top_bit = 1ULL << at % WORD_BITS;
	size_t weight = 0;

	if (set ? is_full(group) : is_clear(group))
		return;
	for (size_t i = 0; i < WORD_BITS; i++)
		weight += (size_t)__builtin_popcountll(word[i]);
	map->weight += (set ? GROUP_BITS : 0) - weight;
	memset(word, set ? 0xff : 0, GROUP_BITS / 8);
	for (unsigned int order = 0; order < ORDERS; order++) {
		group->has[order] = set ? 0 : ~0ULL;
		top->has[order] &= ~top_bit;
		top->has[order] |= set ? 0 : top_bit;
	}
}

static void change_word(struct bitmap *map, size_t at, uint64_t mask, bool set)
{
	uint64_t old = map->word[at], new = set ? old | mask : old & ~mask;

	if (new == old)
		return;
	map->word[at] = new;
	map->weight += (size_t)__builtin_popcountll(new);
	map->weight -= (size_t)__builtin_popcountll(old);
	note(map, at, orders_of(~old), orders_of(~new));
}

static void change(struct bitmap *map, size_t bit, size_t count, bool set)
{
	size_t step;

	for (; count; bit += step, count -= step) {
		if (bit % GROUP_BITS == 0 && count >= GROUP_BITS) {
			change_group(map, bit / GROUP_BITS, set);
			step = GROUP_BITS;
			continue;
		}
		change_word(map, bit / WORD_BITS, first_mask(bit, count), set);
		step = WORD_BITS - bit % WORD_BITS;
		if (step > count)
			step = count;
	}
}

void bitmap_set(struct bitmap *map, size_t bit, size_t count)
{
	change(map, bit, count, true);
}

void bitmap_clear(struct bitmap *map, size_t bit, size_t count)
{
	change(map, bit, count, false);
}

size_t bitmap_next_set(const struct bitmap *map, size_t bit)
{
	size_t word = bit / WORD_BITS;
	uint64_t set;

	if (bit >= map->bits)
		return map->bits;
	set = map->word[word] & ~0ULL << bit % WORD_BITS;
	while (!set) { /* the last word ends in set bits */
		word++;
		while (word % WORD_BITS == 0 && is_clear(&map->group[word / WORD_BITS]))
			word += WORD_BITS;
		set = map->word[word];
	}
	bit = word * WORD_BITS + (size_t)__builtin_ctzll(set);
	return bit < map->bits ? bit : map->bits;
}

/* The first group not below @at that has such a word, or the groups' number. */
static size_t next_group(const struct bitmap *map, size_t at, unsigned int order)
{
	size_t top = at / WORD_BITS;
	uint64_t found = map->top[top].has[order] & ~0ULL << at % WORD_BITS;

	while (!found) {
		if (++top == map->tops)
			return map->groups;
		found = map->top[top].has[order];
	}
	return top * WORD_BITS + (size_t)__builtin_ctzll(found);
}

/* The first word not below @word that has a run of 2^order bits, or the words' number. */
static size_t next_word(const struct bitmap *map, size_t word, unsigned int order)
{
	size_t at = word / WORD_BITS;
	uint64_t found;

	if (word >= map->words)
		return map->words;
	found = map->group[at].has[order] & ~0ULL << word % WORD_BITS;
	if (!found) {
		at = next_group(map, at + 1, order);
		if (at == map->groups)
			return map->words;
		found = map->group[at].has[order];
	}
	return at * WORD_BITS + (size_t)__builtin_ctzll(found);
}

size_t bitmap_next_clear(const struct bitmap *map, size_t bit)
{
	size_t word = bit / WORD_BITS;
	uint64_t clear;

	if (bit >= map->bits)
		return map->bits;
	clear = ~map->word[word] & ~0ULL << bit % WORD_BITS;
	if (!clear) {
		word = next_word(map, word + 1, 0);
		if (word == map->words)
			return map->bits;
		clear = ~map->word[word];
	}
	return word * WORD_BITS + (size_t)__builtin_ctzll(clear);
}

/* Runs of whole words: the highest order's bits are themselves a bitmap of them. */
static size_t find_words(const struct bitmap *map, unsigned int order)
{
	const unsigned int last = ORDERS - 1;
	size_t step = order < ORDERS ? 1 : (size_t)1 << (order - ORDERS + 1);

	for (size_t at = 0; at + step <= map->groups; at += step) {
		uint64_t found = map->group[at].has[last];

		for (size_t more = 1; more < step; more++)
			found &= map->group[at + more].has[last];
		found = step == 1 ? runs(found, order) : found == ~0ULL;
		if (found)
			return (at * WORD_BITS + (size_t)__builtin_ctzll(found)) *
			       WORD_BITS;
	}
	return map->bits;
}

size_t bitmap_find_order(const struct bitmap *map, unsigned int order)
{
	size_t word;

	if (order >= WORD_BITS || (size_t)1 << order > map->bits)
		return map->bits;
	if (order >= ORDERS)
		return find_words(map, order - (ORDERS - 1));
	word = next_word(map, 0, order);
	if (word == map->words)
		return map->bits;
	return word * WORD_BITS + (size_t)__builtin_ctzll(runs(~map->word[word], order));
}

size_t bitmap_find_clear(const struct bitmap *map, size_t from, size_t count,
			 size_t align, size_t distance)
{
	size_t bit = from, used;

	while (bit < map->bits && count <= map->bits) {
		bit = bitmap_next_clear(map, bit);
		bit = align_up(bit + distance, align) - distance;
		if (bit > map->bits - count)
			break;
		used = bitmap_next_set(map, bit);
		if (used >= bit + count)
			return bit;
		bit = used + 1;
	}
	return map->bits;
}

/* Is what is kept of a group's words as they are? Their set bits are added to @weight. */
static bool group_valid(const struct bitmap *map, size_t at, size_t *weight)
{
	size_t first = at * WORD_BITS, words = map->words - first;
	uint64_t has[ORDERS] = { 0 }, clear = 0, wrong = 0;

	for (size_t i = 0; i < words && i < WORD_BITS; i++) {
		uint64_t word = map->word[first + i], bit = 1ULL << i;

		if (!word) {
			clear |= bit;
			continue;
		}
		*weight += (size_t)__builtin_popcountll(word);
		for (unsigned int order = orders_of(~word); order--;)
			has[order] |= bit;
	}
	for (unsigned int order = 0; order < ORDERS; order++)
		wrong |= map->group[at].has[order] ^ (has[order] | clear);
	return !wrong;
}

static bool tops_valid(const struct bitmap *map)
{
	for (size_t at = 0; at < map->groups; at++) {
		const struct group *top = &map->top[at / WORD_BITS];

		for (unsigned int order = 0; order < ORDERS; order++)
			if ((top->has[order] >> at % WORD_BITS & 1) !=
			    !!map->group[at].has[order])
				return false;
	}
	return true;
}

/* Are a whole group's words all clear, and is that what is kept of them? */
static bool is_clear_group(const struct bitmap *map, size_t at)
{
	static const uint64_t zeros[WORD_BITS];
	const struct group *group = &map->group[at];
	uint64_t all = ~0ULL;

	for (unsigned int order = 0; order < ORDERS; order++)
		all &= group->has[order];
	return !~all && (at + 1) * WORD_BITS <= map->words &&
	       !memcmp(&map->word[at * WORD_BITS], zeros, sizeof(zeros));
}

bool bitmap_valid(const struct bitmap *map)
{
	size_t weight = 0;

	for (size_t at = 0; at * WORD_BITS < map->words; at++)
		if (!is_clear_group(map, at) && !group_valid(map, at, &weight))
			return false;
	weight -= WORD_BITS - map->bits % WORD_BITS;
	return weight == map->weight && tops_valid(map) &&
	       map->word[map->words - 1] >> map->bits % WORD_BITS ==
		       ~0ULL >> map->bits % WORD_BITS;
}
