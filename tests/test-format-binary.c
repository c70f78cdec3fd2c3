// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * test-format-binary.c - .dmat gives back what was put, and bears damage
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include <libdma/trace.h>

#include "events.h"
#include "trace/binary.h"

/* A file in memory, which the library opens by name. */
struct file {
	int fd;
	char path[32];
	unsigned char *data;
	size_t size;
};

static void file_open(struct file *file)
{
	file->fd = memfd_create("trace", 0);
	assert_true(file->fd >= 0);
	snprintf(file->path, sizeof(file->path), "/proc/self/fd/%d", file->fd);
	file->data = NULL;
	file->size = 0;
}

static void file_close(struct file *file)
{
	close(file->fd);
	free(file->data);
}

static void file_take(struct file *file)
{
	file->size = (size_t)lseek(file->fd, 0, SEEK_END);
	file->data = realloc(file->data, file->size + 1);
	assert_int_equal(pread(file->fd, file->data, file->size, 0), file->size);
}

static void file_put(struct file *file, const unsigned char *data, size_t size)
{
	assert_int_equal(ftruncate(file->fd, 0), 0);
	assert_int_equal(pwrite(file->fd, data, size, 0), size);
}

static struct libdma_writer *writer_open(const struct file *file,
					 const struct libdma_strings *strings)
{
	struct libdma_writer_options options = {
		.to = "binary",
		.strings = strings,
		.overwrite = true,
	};
	struct libdma_writer *writer;

	assert_int_equal(libdma_writer_open(file->path, &options, &writer), 0);
	return writer;
}

struct told {
	int count;
	uint64_t offset; /* of the first */
	char reason[256];
};

static void tell(void *arg, const struct libdma_damage *damage)
{
	struct told *told = arg;

	if (!told->count++) {
		told->offset = damage->offset;
		snprintf(told->reason, sizeof(told->reason), "%s", damage->reason);
	}
}

static int reader_open(const struct file *file, struct told *told,
		       struct libdma_reader **reader)
{
	struct libdma_reader_options options = {
		.from = "binary",
		.damage = tell,
		.arg = told,
	};

	memset(told, 0, sizeof(*told));
	return libdma_reader_open(file->path, &options, reader);
}

static void write_drawn(struct file *file, struct draw *draw, unsigned int count)
{
	struct libdma_writer *writer = writer_open(file, draw->strings);

	for (unsigned int i = 0; i < count; i++) {
		struct dma_event event = draw_event(draw);

		assert_int_equal(libdma_writer_put(writer, &event), 0);
	}
	assert_int_equal(libdma_writer_close(writer), 0);
}

static void expect_drawn(const struct file *file, struct draw *draw, unsigned int count)
{
	const struct dma_event *event;
	struct libdma_reader *reader;
	struct told told;

	assert_int_equal(reader_open(file, &told, &reader), 0);
	for (unsigned int i = 0; i < count; i++) {
		struct dma_event want = draw_event(draw);

		assert_int_equal(libdma_reader_next(reader, &event), 1);
		assert_int_equal(event->number, i);
		expect_same_event(draw->strings, &want, libdma_reader_strings(reader), event);
	}
	assert_int_equal(libdma_reader_next(reader, &event), 0);
	if (told.count)
		fail_msg("%s at %llu", told.reason, (unsigned long long)told.offset);
	libdma_reader_close(reader);
}

/* Every member of every kind, of any magnitude, over several blocks. */
static void test_random_events(void **state)
{
	const unsigned int count = 20000;
	struct libdma_strings *strings = libdma_strings_create();
	struct draw draw = { .seed = 7, .strings = strings };
	struct draw again = { .seed = 7, .strings = strings };
	struct file file;

	(void)state;
	file_open(&file);
	write_drawn(&file, &draw, count);
	expect_drawn(&file, &again, count);
	file_close(&file);
	libdma_strings_destroy(strings);
}

/* What a reader says of one variant of a file. */
struct outcome {
	unsigned int events;
	unsigned int wrong; /* events whose time is not that of their number */
	int opened;
	struct told told;
};

/* Events of time 1000 + number. */
static struct outcome read_variant(struct file *file, const unsigned char *data, size_t size)
{
	struct outcome outcome = { 0 };
	const struct dma_event *event;
	struct libdma_reader *reader;
	int more;

	file_put(file, data, size);
	outcome.opened = reader_open(file, &outcome.told, &reader);
	if (outcome.opened)
		return outcome;
	while ((more = libdma_reader_next(reader, &event)) > 0) {
		outcome.events++;
		outcome.wrong += event->ns != 1000 + event->number;
	}
	assert_int_equal(more, 0);
	libdma_reader_close(reader);
	return outcome;
}

#define SMALL_BLOCKS 4
#define SMALL_EVENTS 3

/* Four blocks of three events, made of as many files: their ends are in @ends. */
static void write_small(struct file *file, size_t ends[SMALL_BLOCKS + 1])
{
	struct libdma_strings *strings = libdma_strings_create();
	struct draw draw = { .seed = 3, .strings = strings };
	unsigned char *all = NULL;
	size_t size = 0;

	for (unsigned int i = 0; i < SMALL_BLOCKS; i++) {
		struct libdma_writer *writer = writer_open(file, strings);

		for (unsigned int k = 0; k < SMALL_EVENTS; k++) {
			struct dma_event event = draw_event(&draw);

			event.ns = 1000 + i * SMALL_EVENTS + k;
			assert_int_equal(libdma_writer_put(writer, &event), 0);
		}
		assert_int_equal(libdma_writer_close(writer), 0);
		file_take(file);
		all = realloc(all, size + file->size);
		memcpy(all + size, file->data, file->size);
		size += file->size;
		ends[i + 1] = size;
	}
	ends[0] = 0;
	free(file->data);
	file->data = all;
	file->size = size;
	libdma_strings_destroy(strings);
}

/* Whatever byte the file ends at, the blocks before are there, and a cut is told. */
static void test_every_cut(void **state)
{
	size_t ends[SMALL_BLOCKS + 1];
	struct outcome outcome;
	struct file file;
	unsigned int whole = 0;

	(void)state;
	file_open(&file);
	write_small(&file, ends);
	for (size_t size = 1; size <= file.size; size++) {
		outcome = read_variant(&file, file.data, size);
		while (whole < SMALL_BLOCKS && size >= ends[whole + 1])
			whole++;
		assert_in_range(outcome.events, whole * SMALL_EVENTS,
				(whole + 1) * SMALL_EVENTS);
		assert_int_equal(outcome.wrong, 0);
		assert_in_range(outcome.told.count, 0, 1);
		if (outcome.told.count)
			assert_true(outcome.told.offset < size);
	}
	assert_int_equal(outcome.told.count, 0);
	file_close(&file);
}

/* Whatever byte is wrong, all other blocks are there, and it is told. */
static void test_every_flip(void **state)
{
	size_t ends[SMALL_BLOCKS + 1];
	struct outcome outcome;
	struct file file;

	(void)state;
	file_open(&file);
	write_small(&file, ends);
	for (size_t at = 0; at < file.size; at++) {
		file.data[at] ^= (unsigned char)(1 << at % 8);
		outcome = read_variant(&file, file.data, file.size);
		file.data[at] ^= (unsigned char)(1 << at % 8);
		assert_int_equal(outcome.opened, 0);
		assert_in_range(outcome.events, (SMALL_BLOCKS - 1) * SMALL_EVENTS,
				SMALL_BLOCKS * SMALL_EVENTS);
		assert_int_equal(outcome.told.count, 1);
	}
	file_close(&file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_events),
		cmocka_unit_test(test_every_cut),
		cmocka_unit_test(test_every_flip),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
