// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test-mutate.c - changes of whole requests, as AFL++ asks for them
 *
 * Whatever goes in, what comes out is a program of whole records, no longer than was
 * allowed, and the same each time; over many changes all that can change does.
 */
#include <string.h>

#include <libdma/event.h>

#include "test.h"

#include "target.h"
#include "trace/program.h"

#define CHANGES 20000
#define MOST	512

struct mutator;

void *afl_custom_init(void *afl, unsigned int seed);
size_t afl_custom_fuzz(struct mutator *mutator, uint8_t *data, size_t size, uint8_t **out,
		       const uint8_t *other, size_t other_size, size_t max);
void afl_custom_deinit(struct mutator *mutator);

const uint16_t target_kinds[] = { DMA_EVENT_MAP_SINGLE, DMA_EVENT_POOL_ALLOC,
				  DMA_EVENT_NONE };

static const uint8_t nothing[PROGRAM_HEADER] = "DM\x01";

/* The last change of a row that begins with @data; returns its size. */
static size_t change(unsigned int seed, unsigned int times, uint8_t data[MOST], size_t size)
{
	struct mutator *mutator = afl_custom_init(NULL, seed);
	uint8_t *out;

	assert_non_null(mutator);
	for (unsigned int i = 0; i < times; i++) {
		size = afl_custom_fuzz(mutator, data, size, &out, NULL, 0, MOST);
		assert_true(size <= MOST);
		memcpy(data, out, size);
	}
	afl_custom_deinit(mutator);
	return size;
}

static void test_programs_of_whole_records(void **state)
{
	struct mutator *mutator = afl_custom_init(NULL, 1);
	uint8_t data[MOST] = "no program at all", *out;
	bool had[PROGRAM_CODES] = { false };
	size_t size = 17, longest = 0, shortest = MOST;

	(void)state;
	for (unsigned int i = 0; i < CHANGES; i++) {
		size = afl_custom_fuzz(mutator, data, size, &out, NULL, 0, MOST);
		assert_true(size >= PROGRAM_HEADER && size <= MOST);
		assert_memory_equal(out, nothing, 3);
		assert_int_equal((size - PROGRAM_HEADER) % PROGRAM_OP, 0);
		memcpy(data, out, size);
		for (size_t at = PROGRAM_HEADER; at < size; at += PROGRAM_OP)
			had[program_op_get(data + at).code % PROGRAM_CODES] = true;
		longest = size > longest ? size : longest;
		if (i > 100)
			shortest = size < shortest ? size : shortest;
	}
	afl_custom_deinit(mutator);
	assert_true(longest > MOST - 2 * PROGRAM_OP);
	assert_true(shortest < longest);
	/* the target's calls, and no other's */
	for (uint8_t code = PROGRAM_CALLS; code < PROGRAM_CODES; code++) {
		enum dma_event_kind kind = program_kind(code);

		assert_int_equal(had[code], kind == DMA_EVENT_MAP_SINGLE ||
						    kind == DMA_EVENT_POOL_ALLOC);
	}
	assert_true(had[PROGRAM_TIME] && had[PROGRAM_CPU]);
}

static void test_one_seed_one_row(void **state)
{
	uint8_t first[MOST], second[MOST], third[MOST];
	size_t sizes[3];

	(void)state;
	memcpy(first, nothing, sizeof(nothing));
	memcpy(second, nothing, sizeof(nothing));
	memcpy(third, nothing, sizeof(nothing));
	sizes[0] = change(7, 50, first, sizeof(nothing));
	sizes[1] = change(7, 50, second, sizeof(nothing));
	sizes[2] = change(8, 50, third, sizeof(nothing));
	assert_int_equal(sizes[0], sizes[1]);
	assert_memory_equal(first, second, sizes[0]);
	assert_true(sizes[0] != sizes[2] || memcmp(first, third, sizes[0]) != 0);
}

/* Records of another input are put in, whole. */
static void test_records_of_another(void **state)
{
	uint8_t data[PROGRAM_HEADER + 4 * PROGRAM_OP], other[sizeof(data)], *out;
	struct mutator *mutator = afl_custom_init(NULL, 3);
	unsigned int seen = 0;

	(void)state;
	memset(data, 0, sizeof(data));
	memcpy(data, nothing, 3);
	memset(other, 0xee, sizeof(other));
	memcpy(other, nothing, 3);
	for (unsigned int i = 0; i < 2000; i++) {
		size_t size = afl_custom_fuzz(mutator, data, sizeof(data), &out, other,
					      sizeof(other), MOST);

		assert_true(size <= MOST);
		for (size_t at = PROGRAM_HEADER; at < size; at += PROGRAM_OP)
			seen += !memcmp(out + at, other + PROGRAM_HEADER, PROGRAM_OP);
	}
	afl_custom_deinit(mutator);
	assert_true(seen > 100);
}

/* No room for a record: the input stays as it is. */
static void test_no_room(void **state)
{
	struct mutator *mutator = afl_custom_init(NULL, 3);
	uint8_t data[] = "abc", *out;

	(void)state;
	for (size_t max = 1; max < PROGRAM_HEADER + PROGRAM_OP; max++)
		assert_true(afl_custom_fuzz(mutator, data, 3, &out, NULL, 0, max) <= max);
	afl_custom_deinit(mutator);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_programs_of_whole_records),
		cmocka_unit_test(test_one_seed_one_row),
		cmocka_unit_test(test_records_of_another),
		cmocka_unit_test(test_no_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
