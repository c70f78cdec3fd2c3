// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Bitmaps against an array of bytes, where each place is tried one after the other.
 */
#include <stdlib.h>
#include <string.h>

#include "base/bitmap.h"

#include "dice.h"
#include "test.h"

#define MAX_BITS 300000 /* more than 64 groups of 64 words */

struct plain {
	size_t bits;
	unsigned char set[MAX_BITS];
};

static size_t plain_find(const struct plain *plain, size_t from, size_t count,
			 size_t align, size_t distance)
{
	size_t bit, length;

	for (bit = from; bit < plain->bits; bit++) {
		if ((bit + distance) % align || count > plain->bits - bit)
			continue;
		for (length = 0; length < count && !plain->set[bit + length]; length++)
			;
		if (length == count)
			return bit;
	}
	return plain->bits;
}

static size_t plain_next(const struct plain *plain, size_t bit, int set)
{
	while (bit < plain->bits && plain->set[bit] != set)
		bit++;
	return bit < plain->bits ? bit : plain->bits;
}

static void check(const struct bitmap *map, const struct plain *plain)
{
	size_t from = roll(plain->bits + 70), count = 1 + roll(roll(2) ? 10 : 300);
	size_t align = 1UL << roll(8), distance = roll(1000), weight = 0;
	unsigned int order = (unsigned int)roll(16);

	assert_int_equal(bitmap_next_set(map, from), plain_next(plain, from, 1));
	assert_int_equal(bitmap_next_clear(map, from), plain_next(plain, from, 0));
	assert_int_equal(bitmap_find_clear(map, from, count, align, distance),
			 plain_find(plain, from, count, align, distance));
	assert_int_equal(bitmap_find_order(map, order),
			 plain_find(plain, 0, 1UL << order, 1UL << order, 0));
	for (size_t bit = 0; bit < plain->bits; bit++)
		weight += plain->set[bit];
	assert_int_equal(bitmap_weight(map), weight);
	if (from < plain->bits && count <= plain->bits - from)
		assert_int_equal(bitmap_all_set(map, from, count),
				 plain_next(plain, from, 0) >= from + count);
	if (from < plain->bits)
		assert_int_equal(bitmap_test(map, from), plain->set[from]);
	assert_true(bitmap_valid(map));
}

static void play(struct plain *plain, size_t bits, unsigned int steps)
{
	struct bitmap *map;

	memset(plain, 0, sizeof(*plain));
	plain->bits = bits;
	assert_int_equal(bitmap_create(NULL, bits, &map), 0);
	assert_int_equal(bitmap_size(map), bits);
	for (unsigned int step = 0; step < steps; step++) {
		size_t bit = bits ? roll(bits) : 0, most = bits - bit, count;
		int set = (int)roll(2);

		count = roll(roll(3) ? 80 : bits + 1);
		if (count > most)
			count = most;
		set ? bitmap_set(map, bit, count) : bitmap_clear(map, bit, count);
		memset(plain->set + bit, set, count);
		check(map, plain);
	}
	bitmap_destroy(map);
}

static void runs_are_found_where_a_plain_search_finds_them(void **state)
{
	struct plain *plain = malloc(sizeof(*plain));

	(void)state;
	for (size_t bits = 0; bits < 200; bits += 1 + bits / 60)
		play(plain, bits, 40);
	for (int run = 0; run < 20; run++)
		play(plain, 200 + roll(5000), 100);
	play(plain, 40000, 300);
	play(plain, MAX_BITS, 100);
	play(plain, 32768, 300);
	free(plain);
}

/* Also where the last word is the last of its group, and none is left for the next. */
static void a_new_map_is_clear(void **state)
{
	struct bitmap *map;

	(void)state;
	for (size_t groups = 1; groups <= 65; groups++) {
		for (size_t bits = groups * 4096 - 66; bits <= groups * 4096; bits++) {
			assert_int_equal(bitmap_create(NULL, bits, &map), 0);
			assert_true(bitmap_valid(map));
			assert_int_equal(bitmap_find_clear(map, 0, bits, 1, 0), 0);
			assert_int_equal(bitmap_find_clear(map, 0, bits + 1, 1, 0), bits);
			bitmap_destroy(map);
		}
	}
}

/* A pattern that leaves few runs: the search must not stop at the first clear bits. */
static void a_crowded_map_has_the_same_answers(void **state)
{
	struct plain *plain = calloc(1, sizeof(*plain));
	struct bitmap *map;

	(void)state;
	plain->bits = 20000;
	assert_int_equal(bitmap_create(NULL, plain->bits, &map), 0);
	for (size_t bit = 0; bit < plain->bits; bit++) {
		if (roll(10)) {
			bitmap_set(map, bit, 1);
			plain->set[bit] = 1;
		}
	}
	for (int hole = 0; hole < 60; hole++) {
		size_t bit = roll(plain->bits - 512), count = roll(512);

		bitmap_clear(map, bit, count);
		memset(plain->set + bit, 0, count);
		for (int again = 0; again < 5; again++)
			check(map, plain);
	}
	bitmap_destroy(map);
	free(plain);
}

static void without_memory_there_is_no_map(void **state)
{
	struct bitmap *map = NULL;

	(void)state;
	for (uint64_t nth = 1; nth <= 2; nth++) {
		struct heap heap = { .fail_nth = nth };

		assert_int_not_equal(bitmap_create(&heap, 10, &map), 0);
		assert_null(map);
	}
	bitmap_destroy(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(runs_are_found_where_a_plain_search_finds_them),
		cmocka_unit_test(a_new_map_is_clear),
		cmocka_unit_test(a_crowded_map_has_the_same_answers),
		cmocka_unit_test(without_memory_there_is_no_map),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
