// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Numbers of all lengths with all sorts of bytes behind them, against strtoull().
 */
#include <stdio.h>
#include <stdlib.h>

#include "test.h"
#include "trace/scan.h"

static uint64_t random_number(uint64_t *state)
{
	*state = *state * 6364136223846793005ULL + 1442695040888963407ULL;
	return *state >> 8 ^ *state << 40;
}

/* @text and a byte that ends it, in room as lines have it. */
static struct scan lay_out(char line[32 + SCAN_SLACK], const char *text, int end)
{
	memset(line, 'f', 32 + SCAN_SLACK);
	memcpy(line, text, strlen(text));
	line[strlen(text)] = (char)end;
	return (struct scan) { .at = line };
}

static const char ends[] = " \n\r,}:/g`@GAZ\xff\x80";

static void hexadecimal_numbers(void **state)
{
	char line[32 + SCAN_SLACK], text[32];
	uint64_t seed = 1;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		uint64_t value = random_number(&seed) >> (i % 64);
		int width = i % 17;
		struct scan scan, plain;

		snprintf(text, sizeof(text), "%0*llx", width, (unsigned long long)value);
		scan = plain = lay_out(line, text, ends[i % (sizeof(ends) - 1)]);
		assert_true(scan_hex(&scan) == value);
		assert_true(scan_hex_plain(&plain) == value);
		assert_int_equal(scan.error, 0);
		assert_int_equal(plain.error, 0);
		assert_ptr_equal(scan.at, line + strlen(text));
		assert_ptr_equal(plain.at, line + strlen(text));
	}
}

static void decimal_numbers(void **state)
{
	char line[32 + SCAN_SLACK], text[32];
	uint64_t seed = 2;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		uint64_t value = random_number(&seed) >> (i % 64);
		struct scan scan;

		snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
		scan = lay_out(line, text, ends[i % (sizeof(ends) - 1)]);
		assert_true(scan_decimal(&scan) == value);
		assert_int_equal(scan.error, 0);
		assert_ptr_equal(scan.at, line + strlen(text));
	}
}

static void numbers_that_are_none_or_too_large(void **state)
{
	static const char *const hex[] = { "", "g", "A", "12345678901234567" };
	static const char *const decimal[] = { "", "a", "18446744073709551616",
					       "99999999999999999999999" };
	char line[32 + SCAN_SLACK];

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct scan scan = lay_out(line, hex[i], '\n'), plain = scan;

		scan_hex(&scan);
		assert_int_equal(scan.error, -EBADMSG);
		scan_hex_plain(&plain);
		assert_int_equal(plain.error, -EBADMSG);
		scan = lay_out(line, decimal[i], '\n');
		scan_decimal(&scan);
		assert_int_equal(scan.error, -EBADMSG);
	}
}

static void every_byte_is_known_for_what_it_is(void **state)
{
	(void)state;
	for (unsigned int byte = 0; byte < 256; byte++) {
		bool decimal = byte >= '0' && byte <= '9';
		bool hex = decimal || (byte >= 'a' && byte <= 'f');

		for (int place = 0; place < 8; place++) {
			uint64_t around = SCAN_BYTES('7');
			uint64_t word = (around & ~(0xffULL << 8 * place)) |
					(uint64_t)byte << 8 * place;

			assert_int_equal(scan_before(scan_no_decimal(word)),
					 decimal ? 8 : place);
			assert_int_equal(scan_before(scan_no_hex(word)), hex ? 8 : place);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hexadecimal_numbers),
		cmocka_unit_test(decimal_numbers),
		cmocka_unit_test(numbers_that_are_none_or_too_large),
		cmocka_unit_test(every_byte_is_known_for_what_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
