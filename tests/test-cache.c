// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The reference has two plain arrays of bytes: what the CPU sees, what devices see.
 */
#include <errno.h>
#include <string.h>

#include "base/heap.h"
#include "dice.h"
#include "hardware/cache.h"
#include "test.h"

#define BASE  0x100000UL
#define PAGES 5
#define BYTES (PAGES * PAGE_SIZE)

static struct memory *memory_of(struct heap *heap)
{
	static const struct memory_range range = { BASE, BYTES };
	const struct memory_layout layout = { .range = &range, .ranges = 1 };
	struct memory *memory;

	assert_int_equal(memory_create(heap, &layout, &memory), 0);
	return memory;
}

static void a_line_is_a_power_of_two(void **state)
{
	static const unsigned int wrong[] = { 0, 8, 24, 100, 8192 };
	struct memory *memory = memory_of(NULL);
	struct cache *cache;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_equal(cache_create(NULL, memory, wrong[i], &cache), -EINVAL);
	memory_destroy(memory);
}

static void a_neighbour_in_the_line_loses_what_it_wrote(void **state)
{
	struct memory *memory = memory_of(NULL);
	unsigned char *cpu = memory_cpu(memory, BASE);
	struct cache *cache;

	(void)state;
	assert_int_equal(cache_create(NULL, memory, 64, &cache), 0);
	memset(cpu, 1, 128);
	assert_int_equal(cache_clean(cache, BASE, 32), 0); /* map 32 bytes */
	cpu[40] = 2;					   /* another's byte */
	cpu[70] = 3;					   /* in the next line */
	assert_int_equal(cache_device_write(cache, BASE, "dev", 3), 0);
	assert_int_equal(cpu[0], 1);
	cache_invalidate(cache, BASE, 32); /* unmap */
	assert_memory_equal(cpu, "dev", 3);
	assert_int_equal(cpu[40], 1);
	assert_int_equal(cpu[70], 3);
	cache_destroy(cache);
	memory_destroy(memory);
}

struct reference {
	unsigned char cpu[BYTES];
	unsigned char device[BYTES];
	bool bypassed[PAGES];
};

static void show(struct reference *model, size_t at)
{
	if (model->bypassed[at / PAGE_SIZE])
		model->device[at] = model->cpu[at];
}

static void step(struct cache *cache, struct memory *memory, struct reference *model,
		 unsigned int line)
{
	unsigned char *cpu = memory_cpu(memory, BASE), bytes[300], seen[300];
	size_t at = roll(BYTES - 300), size = roll(300), low, high;

	low = at / line * line;
	high = size ? (at + size + line - 1) / line * line : low;
	for (size_t i = 0; i < size; i++)
		bytes[i] = (unsigned char)roll(256);
	switch (roll(6)) {
	case 0:
		for (size_t i = 0; i < size; i++) {
			cpu[at + i] = model->cpu[at + i] = bytes[i];
			show(model, at + i);
		}
		break;
	case 1:
		assert_int_equal(cache_device_write(cache, BASE + at, bytes, size), 0);
		for (size_t i = 0; i < size; i++) {
			model->device[at + i] = bytes[i];
			if (model->bypassed[(at + i) / PAGE_SIZE])
				model->cpu[at + i] = bytes[i];
		}
		break;
	case 2:
		assert_int_equal(cache_clean(cache, BASE + at, size), 0);
		memcpy(model->device + low, model->cpu + low, high - low);
		break;
	case 3:
		cache_invalidate(cache, BASE + at, size);
		memcpy(model->cpu + low, model->device + low, high - low);
		break;
	case 4:
		cache_device_read(cache, BASE + at, seen, size);
		assert_memory_equal(seen, model->device + at, size);
		assert_int_equal(cache_agrees(cache, BASE + at, size),
				 !memcmp(model->cpu + at, model->device + at, size));
		break;
	default:
		if (roll(8))
			break;
		at = at / PAGE_SIZE;
		model->bypassed[at] = !model->bypassed[at];
		assert_int_equal(cache_bypass(cache, BASE + at * PAGE_SIZE, PAGE_SIZE,
					      model->bypassed[at]),
				 0);
		memcpy(model->device + at * PAGE_SIZE, model->cpu + at * PAGE_SIZE,
		       PAGE_SIZE);
	}
	assert_memory_equal(cpu, model->cpu, BYTES);
	assert_true(cache_valid(cache));
}

static void both_views_are_as_two_arrays_say(void **state)
{
	static struct reference model;

	(void)state;
	for (unsigned int line = 16; line <= 4096; line *= 4) {
		struct memory *memory = memory_of(NULL);
		struct cache *cache;

		memset(&model, 0, sizeof(model));
		assert_int_equal(cache_create(NULL, memory, line, &cache), 0);
		assert_int_equal(cache_line(cache), line);
		for (int i = 0; i < 4000; i++)
			step(cache, memory, &model, line);
		cache_destroy(cache);
		memory_destroy(memory);
	}
}

static void without_memory_nothing_is_believed_written_back(void **state)
{
	struct heap heap = { 0 };
	struct memory *memory = memory_of(NULL);
	unsigned char byte;
	struct cache *cache;

	(void)state;
	assert_int_equal(cache_create(&heap, memory, 64, &cache), 0);
	*(unsigned char *)memory_cpu(memory, BASE) = 9;
	heap.fail_nth = heap.calls + 1;
	assert_int_equal(cache_clean(cache, BASE, 1), -ENOMEM);
	assert_true(cache_valid(cache));
	cache_device_read(cache, BASE, &byte, 1);
	assert_int_equal(byte, 0);
	assert_int_equal(cache_clean(cache, BASE, 1), 0);
	cache_device_read(cache, BASE, &byte, 1);
	assert_int_equal(byte, 9);
	heap.fail_nth = heap.calls + 1;
	assert_int_equal(cache_bypass(cache, BASE + PAGE_SIZE, PAGE_SIZE, true), -ENOMEM);
	heap.fail_nth = heap.calls + 1;
	assert_int_equal(cache_device_write(cache, BASE + PAGE_SIZE, &byte, 1), -ENOMEM);
	cache_destroy(cache);
	for (uint64_t nth = 1; nth <= 2; nth++) {
		heap.fail_nth = heap.calls + nth;
		assert_int_equal(cache_create(&heap, memory, 64, &cache), -ENOMEM);
	}
	memory_destroy(memory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_is_a_power_of_two),
		cmocka_unit_test(a_neighbour_in_the_line_loses_what_it_wrote),
		cmocka_unit_test(both_views_are_as_two_arrays_say),
		cmocka_unit_test(without_memory_nothing_is_believed_written_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
