// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>
#include <string.h>

#include <libdma/strings.h>

#include "test.h"

static void one_string_has_one_number(void **state)
{
	struct libdma_strings *strings = libdma_strings_create();
	uint32_t first, second, again;

	(void)state;
	assert_non_null(strings);
	assert_int_equal(libdma_strings_add(strings, "nvme", 4, &first), 0);
	assert_int_equal(libdma_strings_add(strings, "nvme0", 5, &second), 0);
	assert_int_equal(libdma_strings_add(strings, "nvme-and-more", 4, &again), 0);
	assert_int_equal(first, again);
	assert_int_not_equal(first, second);
	assert_string_equal(libdma_strings_get(strings, first), "nvme");
	assert_int_equal(libdma_strings_size(strings, second), 5);
	libdma_strings_destroy(strings);
}

static void the_empty_string_is_number_0(void **state)
{
	struct libdma_strings *strings = libdma_strings_create();
	uint32_t number = 7;

	(void)state;
	assert_int_equal(libdma_strings_add(strings, "", 0, &number), 0);
	assert_int_equal(number, 0);
	assert_string_equal(libdma_strings_get(strings, 0), "");
	assert_string_equal(libdma_strings_get(strings, 12345), "");
	libdma_strings_destroy(strings);
}

static void strings_stay_where_they_are(void **state)
{
	struct libdma_strings *strings = libdma_strings_create();
	const char *first;
	char text[32];
	uint32_t number;

	(void)state;
	assert_int_equal(libdma_strings_add(strings, "first", 5, &number), 0);
	first = libdma_strings_get(strings, number);
	for (int i = 0; i < 100000; i++) {
		int size = snprintf(text, sizeof(text), "string %d", i);

		assert_int_equal(libdma_strings_add(strings, text, (size_t)size, &number), 0);
		assert_int_equal(number, i + 2);
	}
	assert_string_equal(first, "first");
	assert_int_equal(libdma_strings_count(strings), 100002);
	for (int i = 0; i < 100000; i += 997) {
		int size = snprintf(text, sizeof(text), "string %d", i);

		assert_string_equal(libdma_strings_get(strings, (uint32_t)i + 2), text);
		assert_int_equal(libdma_strings_add(strings, text, (size_t)size, &number), 0);
		assert_int_equal(number, i + 2);
	}
	libdma_strings_destroy(strings);
}

static void a_long_string_fits(void **state)
{
	struct libdma_strings *strings = libdma_strings_create();
	static char text[1 << 20];
	uint32_t number;

	(void)state;
	memset(text, 'x', sizeof(text));
	assert_int_equal(libdma_strings_add(strings, text, sizeof(text), &number), 0);
	assert_int_equal(libdma_strings_size(strings, number), sizeof(text));
	assert_int_equal(libdma_strings_get(strings, number)[sizeof(text)], 0);
	libdma_strings_destroy(strings);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_string_has_one_number),
		cmocka_unit_test(the_empty_string_is_number_0),
		cmocka_unit_test(strings_stay_where_they_are),
		cmocka_unit_test(a_long_string_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
