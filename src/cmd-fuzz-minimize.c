// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd-fuzz-minimize.c - dmactl fuzz minimize: the same finding from less
 *
 * Whole records are taken out first, many at once and then fewer, since what is left has
 * to mean the same; then each number is made 0, 1, or a power of two. What is no program
 * loses bytes instead of records. Whatever is taken away, the finding has to stay in its
 * bucket.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz-input.h"
#include "fuzz-mutant.h"
#include "fuzz-replay.h"
#include "json.h"
#include "output.h"

/**
 * struct reduction - an input that becomes smaller
 * @data:	what still breaks the target
 * @head:	bytes at the beginning that stay
 * @unit:	bytes that stand or fall together
 * @tries:	runs of the target
 * @status:	not EXIT_FINE when the target could not be run
 */
struct reduction {
	const struct fuzz_options *options;
	const struct fuzz_target *target;
	char bucket[FUZZ_BUCKET];
	char path[40];
	uint8_t *data, *other;
	size_t size;
	size_t head;
	size_t unit;
	unsigned long tries;
	int status;
};

/* Does it still break alike? */
static bool breaks(struct reduction *reduction, const uint8_t *data, size_t size)
{
	struct fuzz_outcome outcome;
	char bucket[FUZZ_BUCKET];
	int err;

	if (reduction->status)
		return false;
	err = output_file(reduction->path, (const char *)data, size);
	if (err) {
		reduction->status = trouble(reduction->path, err);
		return false;
	}
	reduction->tries++;
	reduction->status = fuzz_replay(reduction->target, reduction->path,
					reduction->options->mutant, &outcome, NULL);
	if (reduction->status || !outcome.found)
		return false;
	fuzz_bucket(&outcome, bucket);
	if (!*reduction->bucket)
		memcpy(reduction->bucket, bucket, sizeof(bucket));
	return !strcmp(bucket, reduction->bucket);
}

static bool try_without(struct reduction *reduction, size_t at, size_t length)
{
	size_t rest = reduction->size - at - length;

	memcpy(reduction->other, reduction->data, at);
	memcpy(reduction->other + at, reduction->data + at + length, rest);
	if (!breaks(reduction, reduction->other, at + rest))
		return false;
	memcpy(reduction->data, reduction->other, at + rest);
	reduction->size = at + rest;
	return true;
}

/* From the end, so that what is needed for what comes later goes after it. */
static bool drop_units(struct reduction *reduction)
{
	size_t units = (reduction->size - reduction->head + reduction->unit - 1) /
		       reduction->unit;
	bool smaller = false;

	for (size_t many = units ? units : 1; many; many /= 2) {
		size_t length = many * reduction->unit, at = reduction->size;

		while (at > reduction->head && !reduction->status) {
			size_t from = at > reduction->head + length ? at - length
								    : reduction->head;

			/* the last record may be cut short */
			from += (reduction->unit -
				 (from - reduction->head) % reduction->unit) %
				reduction->unit;
			if (try_without(reduction, from, at - from))
				smaller = true;
			at = from;
		}
	}
	return smaller;
}

static bool try_byte(struct reduction *reduction, size_t at, uint8_t value)
{
	uint8_t before = reduction->data[at];

	if (before <= value)
		return false;
	reduction->data[at] = value;
	if (breaks(reduction, reduction->data, reduction->size))
		return true;
	reduction->data[at] = before;
	return false;
}

static uint32_t get_arg(const uint8_t *record)
{
	return (uint32_t)record[4] | (uint32_t)record[5] << 8 |
	       (uint32_t)record[6] << 16 | (uint32_t)record[7] << 24;
}

static void put_arg(uint8_t *record, uint32_t arg)
{
	for (int i = 0; i < 4; i++)
		record[4 + i] = (uint8_t)(arg >> 8 * i);
}

static bool try_arg(struct reduction *reduction, uint8_t *record, uint32_t value)
{
	uint32_t before = get_arg(record);

	if (before <= value)
		return false;
	put_arg(record, value);
	if (breaks(reduction, reduction->data, reduction->size))
		return true;
	put_arg(record, before);
	return false;
}

/* 0, 1, a power of two, or without the bits that say how to read the rest. */
static bool shrink_arg(struct reduction *reduction, uint8_t *record)
{
	uint32_t arg = get_arg(record), power = 1;

	while (power <= arg / 2)
		power *= 2;
	return try_arg(reduction, record, 0) || try_arg(reduction, record, 1) ||
	       try_arg(reduction, record, arg & 0xfffffff) ||
	       try_arg(reduction, record, power) ||
	       try_arg(reduction, record, arg & 0xf0000000);
}

static bool shrink_byte(struct reduction *reduction, size_t at)
{
	uint8_t value = reduction->data[at], power = 1;

	while (power <= value / 2)
		power *= 2;
	return try_byte(reduction, at, 0) || try_byte(reduction, at, 1) ||
	       try_byte(reduction, at, power);
}

static bool shrink_values(struct reduction *reduction)
{
	bool smaller = false;

	for (size_t at = 4; at < reduction->head;
	     at++) /* the machine; before it the magic */
		smaller |= shrink_byte(reduction, at);
	for (size_t at = reduction->head; at + FUZZ_INPUT_RECORD <= reduction->size;
	     at += FUZZ_INPUT_RECORD) {
		for (size_t i = 1; i < 4; i++) /* slot, flags, aux */
			smaller |= shrink_byte(reduction, at + i);
		smaller |= shrink_arg(reduction, reduction->data + at);
	}
	return smaller;
}

static void reduce(struct reduction *reduction)
{
	bool more = true;

	while (more && !reduction->status) {
		more = drop_units(reduction);
		if (reduction->unit > 1)
			more |= shrink_values(reduction);
	}
}

/* A file that is there stays. */
static int write_new(const char *path, const uint8_t *data, size_t size)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);

	if (fd < 0) {
		complain("%s: %s", path, strerror(errno));
		return EXIT_SYSTEM;
	}
	close(fd);
	fd = output_file(path, (const char *)data, size);
	return fd ? trouble(path, fd) : EXIT_FINE;
}

static void print(const struct reduction *reduction, const char *out, size_t before)
{
	json_t *document;

	if (reduction->options->form.form == FORM_JSON) {
		document = json_document("fuzz-minimize");
		json_add(document, "out", json_text(out));
		json_add(document, "what", json_text(reduction->bucket));
		json_add_count(document, "size_before", before);
		json_add_count(document, "size", reduction->size);
		json_add_count(document, "tries", reduction->tries);
		json_print(document);
	} else if (reduction->unit > 1) {
		printf("%s: %zu of %zu records, %s\n", out,
		       (reduction->size - reduction->head + 7) / FUZZ_INPUT_RECORD,
		       (before - reduction->head + 7) / FUZZ_INPUT_RECORD,
		       reduction->bucket);
	} else {
		printf("%s: %zu of %zu bytes, %s\n", out, reduction->size, before,
		       reduction->bucket);
	}
}

static int minimize(struct reduction *reduction, const char *input, const char *out)
{
	size_t before = reduction->size;
	int fd = memfd_create("input", MFD_CLOEXEC), status;

	if (fd < 0)
		return trouble(input, -errno);
	snprintf(reduction->path, sizeof(reduction->path), "/proc/%d/fd/%d",
		 (int)getpid(), fd);
	if (!breaks(reduction, reduction->data, reduction->size)) {
		status = reduction->status;
		if (!status) {
			complain("%s: %s passes on it, so nothing can be made smaller",
				 input, reduction->target->name);
			status = EXIT_INPUT;
		}
		goto close;
	}
	reduce(reduction);
	status = reduction->status;
	if (!status)
		status = write_new(out, reduction->data, reduction->size);
	if (!status)
		print(reduction, out, before);
close:
	close(fd);
	return status;
}

int fuzz_minimize(const struct fuzz_options *options)
{
	const char *input = options->argv[0], *out = options->argv[1];
	struct reduction reduction = { .options = options, .unit = 1 };
	struct fuzz_target target;
	int status = fuzz_mutant_check(options);
	bool is_trace =
		options->command || (!options->argv[2] && !fuzz_input_is_program(input) &&
				     !fuzz_target_of(options, input));

	if (!status && !access(out, F_OK)) {
		complain("%s exists already, and stays as it is", out);
		status = EXIT_USAGE;
	}
	if (!status && is_trace)
		return fuzz_minimize_trace(options, input, out);
	if (!status)
		status = fuzz_input_target(options, input, options->argv[2], &target);
	if (status)
		return status;
	status = fuzz_input_read(input, &reduction.data, &reduction.size);
	if (status)
		goto deinit_target;
	if (fuzz_input_is_program(input) && reduction.size >= FUZZ_INPUT_HEADER) {
		reduction.head = FUZZ_INPUT_HEADER;
		reduction.unit = FUZZ_INPUT_RECORD;
	}
	reduction.target = &target;
	reduction.other = malloc(reduction.size + 1);
	if (!reduction.other)
		out_of_memory();
	status = minimize(&reduction, input, out);
	free(reduction.other);
	free(reduction.data);
deinit_target:
	fuzz_target_deinit(&target);
	return status;
}
