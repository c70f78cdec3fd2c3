// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/large.h"
#include "base/prefetch.h"

#include "test.h"

/* All of it can be written, and begins where it should. */
static void expect_room(size_t size, size_t align)
{
	unsigned char *memory = large_alloc(size);

	assert_non_null(memory);
	assert_int_equal((uintptr_t)memory % align, 0);
	memset(memory, 0x5a, size);
	assert_int_equal(memory[size - 1], 0x5a);
	free(memory);
}

static void what_fills_a_large_page_begins_with_one(void **state)
{
	(void)state;
	expect_room(1, CACHE_LINE);
	expect_room(LARGE_PAGE - 1, CACHE_LINE);
	expect_room(LARGE_PAGE, LARGE_PAGE);
	expect_room(LARGE_PAGE + 1, LARGE_PAGE);
}

static void what_no_machine_has_is_refused(void **state)
{
	(void)state;
	assert_null(large_alloc(SIZE_MAX));
	assert_null(large_alloc(SIZE_MAX - LARGE_PAGE + 1));
	assert_null(large_alloc(SIZE_MAX / 2));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_fills_a_large_page_begins_with_one),
		cmocka_unit_test(what_no_machine_has_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
