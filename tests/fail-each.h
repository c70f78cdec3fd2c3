/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fail-each.h - a job is done again and again, and each time another call in it fails
 */
#pragma once

#include "short-of.h"
#include "valgrind.h"

/* What came out, as a number; two runs that agree in it did the same. */
static uint64_t outcome;

static inline void mix(uint64_t value)
{
	outcome = (outcome ^ value) * 0x100000001b3ULL;
	outcome ^= outcome >> 31;
}

static inline void mix_bytes(const void *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		mix(((const unsigned char *)bytes)[i]);
}

struct job {
	char path[500];
	const char *name; /* a format, or an expression */
	unsigned int number;
	uint64_t most; /* of the first calls, if not 150 */
	bool streams;  /* also where the end of a file cannot be asked for first */
	int (*run)(const struct job *job);
};

/* All of the first, then fewer and fewer of the rest. */
static inline uint64_t after(uint64_t nth, uint64_t all)
{
	return nth + valgrind_stride(9) + (nth > all ? nth / 8 : 0);
}

static inline void fail_each(const struct job *job, enum shortage of)
{
	static const char *const names[] = { "allocation", "system call" };
	uint64_t expect, nth = 0;
	size_t before = blocks;
	bool failed;

	fail_nth(of, 0);
	outcome = 0;
	assert_int_equal(job->run(job), 0);
	expect = outcome;
	assert_int_equal(blocks, before);
	do {
		int err;

		nth = after(nth, job->most ? job->most : 150);
		outcome = 0;
		fail_nth(of, nth);
		err = job->run(job);
		failed = has_failed(of);
		fail_nth(of, 0);
		if (blocks != before)
			fail_msg("%s %s: %d blocks left, %s %llu", job->path, job->name,
				 (int)(blocks - before), names[of],
				 (unsigned long long)nth);
		if (!err && outcome != expect && !(of == OF_SYSTEM && job->streams))
			fail_msg("%s %s: another outcome, and no error, %s %llu",
				 job->path, job->name, names[of],
				 (unsigned long long)nth);
		if (err && (!failed || (of == OF_MEMORY && err != -ENOMEM)))
			fail_msg("%s %s: error %d, %s %llu", job->path, job->name, err,
				 names[of], (unsigned long long)nth);
	} while (failed);
}
