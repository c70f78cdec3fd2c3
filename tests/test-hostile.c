// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Traces that were broken on purpose: the seeds of fuzz-trace with bytes changed, taken
 * out, doubled, or of another seed, given to the target itself. What it asserts is the
 * oracle: reading ends, and what was read comes back from what was written of it.
 */
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dice.h"
#include "test.h"
#include "valgrind.h"

/* Of fuzz/fuzz-trace.c. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MOST_SEEDS 64
#define MOST_BYTES 16384
#define ROUNDS     40

static struct seed {
	uint8_t data[MOST_BYTES];
	size_t size;
} seeds[MOST_SEEDS];

static size_t seed_count;

static int load_seeds(void **state)
{
	char pattern[4096];
	glob_t found;

	(void)state;
	snprintf(pattern, sizeof(pattern), "%s/corpus/trace/*",
		 getenv("srcdir") ? getenv("srcdir") : ".");
	if (glob(pattern, 0, NULL, &found))
		return -1;
	for (size_t i = 0; i < found.gl_pathc && i < MOST_SEEDS; i++) {
		FILE *file = fopen(found.gl_pathv[i], "rb");

		if (!file)
			return -1;
		seeds[i].size = fread(seeds[i].data, 1, MOST_BYTES, file);
		fclose(file);
		seed_count++;
	}
	globfree(&found);
	return seed_count ? 0 : -1;
}

static uint8_t odd_byte(uint8_t was)
{
	static const uint8_t odd[] = { 0, 1, 0x7f, 0x80, 0xff, '0', '9', '-', '{', '\n' };

	switch (roll(3)) {
	case 0:
		return (uint8_t)(was ^ 1U << roll(8));
	case 1:
		return odd[roll(sizeof(odd))];
	default:
		return (uint8_t)roll(256);
	}
}

/* One change; the first byte, which chooses the format, is left as it is. */
static void change(struct seed *seed)
{
	size_t at = 1 + roll(seed->size - 1);
	size_t length = 1 + roll(16), rest = seed->size - at;
	const struct seed *other = &seeds[roll(seed_count)];

	switch (roll(6)) {
	case 0: /* taken out */
		if (length > rest)
			length = rest;
		memmove(seed->data + at, seed->data + at + length, rest - length);
		seed->size -= length;
		break;
	case 1: /* doubled */
		if (length > rest || seed->size + length > MOST_BYTES)
			break;
		memmove(seed->data + at + length, seed->data + at, rest);
		seed->size += length;
		break;
	case 2: /* of another */
		if (at + length < other->size && length <= rest)
			memcpy(seed->data + at, other->data + at, length);
		break;
	case 3: /* cut short */
		if (!roll(4))
			seed->size = at + 1;
		break;
	default:
		seed->data[at] = odd_byte(seed->data[at]);
	}
}

static void what_is_broken_is_read_as_far_as_it_goes(void **state)
{
	static struct seed broken;

	(void)state;
	for (size_t i = 0; i < seed_count; i++)
		for (unsigned int round = 0; round < ROUNDS;
		     round += valgrind_stride(ROUNDS / 2)) {
			broken = seeds[i];
			for (uint64_t n = 1 + roll(4); n && broken.size > 2; n--)
				change(&broken);
			assert_int_equal(LLVMFuzzerTestOneInput(broken.data, broken.size),
					 0);
		}
}

#ifdef HAVE_TRACECMD
/* Mostly in what describes the tracepoints and where each CPU's pages are. */
static void a_broken_trace_dat_is_told_of(void **state)
{
	static uint8_t whole[1 << 18], broken[1 << 18];
	char path[4096];
	size_t size;
	FILE *file;

	(void)state;
	snprintf(path, sizeof(path), "%s/tests/data/6.12-guest.v7.dat",
		 getenv("srcdir") ? getenv("srcdir") : ".");
	file = fopen(path, "rb");
	assert_non_null(file);
	size = 1 + fread(whole + 1, 1, sizeof(whole) - 1, file);
	fclose(file);
	for (unsigned int round = 0; round < 8; round += valgrind_stride(7)) {
		memcpy(broken, whole, size);
		for (uint64_t n = 1 + roll(3); n; n--) {
			size_t at = 1 + (roll(2) ? roll(512) : roll(size - 1));

			broken[at] = odd_byte(broken[at]);
		}
		assert_int_equal(
			LLVMFuzzerTestOneInput(broken, roll(8) ? size : roll(size)), 0);
	}
}
#define TRACE_DAT_TEST cmocka_unit_test(a_broken_trace_dat_is_told_of),
#else
#define TRACE_DAT_TEST
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		TRACE_DAT_TEST cmocka_unit_test(what_is_broken_is_read_as_far_as_it_goes),
	};

	return cmocka_run_group_tests(tests, load_seeds, NULL);
}
