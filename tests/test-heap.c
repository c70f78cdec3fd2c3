// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/heap.h"

#include "test.h"

static void the_nth_call_fails_and_no_other(void **state)
{
	struct heap heap = { .fail_nth = 3 };
	char *memory = NULL;

	(void)state;
	for (int call = 1; call <= 10; call++) {
		char *next = heap_resize(&heap, memory, (size_t)call, 16);

		if (call == 3) {
			assert_null(next);
		} else {
			assert_non_null(next);
			memory = next;
		}
	}
	assert_int_equal(heap.calls, 10);
	heap_free(memory);
}

static void some_of_a_million_fail(void **state)
{
	struct heap heap = { .fail_ppm = 250000, .random = 1 }, again = heap;
	int failed = 0;

	(void)state;
	for (int call = 0; call < 100000; call++) {
		void *memory = heap_alloc(&heap, 1, 1), *same = heap_alloc(&again, 1, 1);

		assert_int_equal(!memory, !same);
		failed += !memory;
		heap_free(memory);
		heap_free(same);
	}
	assert_in_range(failed, 24000, 26000);
}

static void memory_is_zeroed_and_sizes_do_not_wrap(void **state)
{
	unsigned char *memory = heap_alloc(NULL, 7, 11);

	(void)state;
	assert_non_null(memory);
	for (int i = 0; i < 77; i++)
		assert_int_equal(memory[i], 0);
	assert_null(heap_alloc(NULL, SIZE_MAX / 2, 4));
	assert_null(heap_resize(NULL, memory, SIZE_MAX / 2, 4));
	heap_free(memory);
	heap_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_nth_call_fails_and_no_other),
		cmocka_unit_test(some_of_a_million_fail),
		cmocka_unit_test(memory_is_zeroed_and_sizes_do_not_wrap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
