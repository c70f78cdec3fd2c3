// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Sets of numbers against an array of bytes.
 */
#include <errno.h>
#include <string.h>

#include "base/bitset.h"
#include "base/frames.h"

#include "dice.h"
#include "test.h"

#define MAX_ROOM 300000

static unsigned char has[MAX_ROOM];

static void check(const struct bitset *set, uint64_t room)
{
	uint64_t from = roll(room + 100), found = 7, expected;
	int err;

	for (expected = from; expected < room && !has[expected]; expected++)
		;
	err = bitset_next(set, from, &found);
	assert_int_equal(err, expected < room ? 0 : -ENOENT);
	assert_int_equal(found, expected < room ? expected : 7);

	for (expected = room; expected && !has[expected - 1]; expected--)
		;
	found = 7;
	err = bitset_last(set, &found);
	assert_int_equal(err, expected ? 0 : -ENOENT);
	assert_int_equal(found, expected ? expected - 1 : 7);
	if (from < room)
		assert_int_equal(bitset_has(set, from), has[from]);
}

static void a_set_grows_and_finds_its_neighbours(void **state)
{
	struct heap heap = { .fail_ppm = 400000 };
	struct bitset set = { .room = 0 };
	uint64_t room = 0;

	(void)state;
	memset(has, 0, sizeof(has));
	check(&set, 0);
	for (uint64_t more = 1; more <= MAX_ROOM; more += 1 + more / 7) {
		for (int tries = 0; room < more && tries < 3; tries++)
			if (!bitset_reserve(&set, &heap, more))
				room = more;
		for (int step = 0; room && step < 40; step++) {
			uint64_t number = roll(room);

			has[number] = !has[number];
			has[number] ? bitset_add(&set, number)
				    : bitset_remove(&set, number);
			if (!roll(20)) /* far apart, so that words are empty */
				for (uint64_t at = 0; at < room; at++)
					if (has[at] && roll(10)) {
						has[at] = 0;
						bitset_remove(&set, at);
					}
			check(&set, room);
		}
	}
	assert_int_not_equal(bitset_reserve(&set, NULL, UINT64_MAX), 0);
	bitset_deinit(&set);
}

/* Ranges of one length, at any address, found by any of their bytes and no other. */
static void an_address_finds_its_range(void **state)
{
	static uint64_t start[3000];
	struct heap heap = { .fail_ppm = 300000 };

	(void)state;
	for (unsigned int run = 0; run < 30; run++) {
		uint64_t length = 1 + roll(roll(2) ? 20000 : 4096), offset;
		uint64_t step = roll(2) ? length : length * 2 + roll(5000);
		uint64_t base = roll(2) ? roll(1ULL << 40) : UINT64_MAX - 3000 * step;
		bool down = roll(2); /* where memory is handed out from its end */
		struct frames frames;
		uint32_t count = 0, most = 100 * (run + 1);

		if (roll(2)) { /* pages, perhaps with holes, or somewhere else */
			length = 4096 - (roll(2) ? 0 : roll(2000));
			step = 4096 << roll(4);
			base &= ~4095ULL;
		}

		assert_int_equal(frames_init(&frames, NULL, length), 0);
		while (count < most) {
			if (frames_reserve(&frames, &heap))
				continue;
			start[count] = base + (down ? most - 1 - count : count) * step;
			frames_add(&frames, &heap, start[count], count);
			count++;
		}
		for (uint32_t number = 0; number < count; number++) {
			uint64_t at = roll(length);

			assert_int_equal(
				frames_find(&frames, start[number] + at, &offset),
				number);
			assert_int_equal(offset, at);
			if (step > length)
				assert_int_equal(frames_find(&frames,
							     start[number] + length,
							     &offset),
						 FRAMES_NONE);
		}
		assert_int_equal(frames_find(&frames, base - 1, &offset), FRAMES_NONE);
		frames_deinit(&frames);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_set_grows_and_finds_its_neighbours),
		cmocka_unit_test(an_address_finds_its_range),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
