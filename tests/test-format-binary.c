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
#include "trace/binary-decode.h"
#include "trace/binary-index.h"
#include "valgrind.h"

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
	for (size_t size = 1; size <= file.size; size += valgrind_stride(40)) {
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
	outcome = read_variant(&file, file.data, file.size);
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
	for (size_t at = 0; at < file.size; at += valgrind_stride(40)) {
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

/* A block as another version might write it, with checksums that fit. */
static size_t make_block(unsigned char *out, struct block block, unsigned char major)
{
	static const unsigned char payload[5] = "other";

	block.size = sizeof(payload);
	block_put(&block, payload, out);
	out[8] = major;
	out[9] = 7;
	block_mend(out);
	memcpy(out + BINARY_HEADER_SIZE, payload, sizeof(payload));
	return BINARY_HEADER_SIZE + sizeof(payload);
}

/* Put @block before all others but the first, and read. */
static struct outcome read_with(struct block block, unsigned char major, bool first)
{
	size_t ends[SMALL_BLOCKS + 1], size;
	struct outcome outcome;
	struct file file;
	unsigned char *data;

	file_open(&file);
	write_small(&file, ends);
	data = malloc(file.size + 256);
	size = first ? 0 : ends[1];
	memcpy(data, file.data, size);
	size += make_block(data + size, block, major);
	memcpy(data + size, file.data + (first ? 0 : ends[1]),
	       file.size - (first ? 0 : ends[1]));
	outcome = read_variant(&file, data, file.size + size - (first ? 0 : ends[1]));
	free(data);
	file_close(&file);
	return outcome;
}

/* What a later minor version adds is stepped over, what it requires is refused. */
static void test_other_versions(void **state)
{
	struct block optional = { .type = 99, .sequence = 1, .optional = 0xffff };
	struct block required = { .type = 99, .flags = BLOCK_REQUIRED, .sequence = 1 };
	struct block feature = { .type = BLOCK_EVENTS, .required = 4, .sequence = 1 };
	struct outcome outcome;

	(void)state;
	outcome = read_with(optional, BINARY_MAJOR, false);
	assert_int_equal(outcome.events, SMALL_BLOCKS * SMALL_EVENTS);
	assert_int_equal(outcome.told.count, 0);
	outcome = read_with(required, BINARY_MAJOR, false);
	assert_int_equal(outcome.events, SMALL_BLOCKS * SMALL_EVENTS);
	assert_int_equal(outcome.told.count, 1);
	assert_int_equal(read_with(required, BINARY_MAJOR, true).opened, -ENOTSUP);
	outcome = read_with(feature, BINARY_MAJOR, true);
	assert_int_equal(outcome.opened, -ENOTSUP);
	assert_non_null(strstr(outcome.told.reason, "0x4"));
	outcome = read_with(optional, BINARY_MAJOR + 1, true);
	assert_int_equal(outcome.opened, -ENOTSUP);
	assert_non_null(strstr(outcome.told.reason, "version 2"));
}

static uint64_t count_readable(const struct file *file)
{
	struct libdma_reader *reader;
	const struct dma_event *event;
	uint64_t count = 0;
	struct told told;

	assert_int_equal(reader_open(file, &told, &reader), 0);
	while (libdma_reader_next(reader, &event) > 0)
		count++;
	libdma_reader_close(reader);
	return count;
}

/* A file that grows: whatever is there of it is read, and then no damage is told. */
static void test_growing(void **state)
{
	const unsigned int count = 3000;
	struct libdma_strings *strings = libdma_strings_create();
	struct draw draw = { .seed = 5, .strings = strings };
	struct draw again = { .seed = 5, .strings = strings };
	struct libdma_writer *writer;
	struct file file;

	(void)state;
	file_open(&file);
	writer = writer_open(&file, strings);
	for (unsigned int i = 0; i < count; i++) {
		struct dma_event event = draw_event(&draw);

		assert_int_equal(libdma_writer_put(writer, &event), 0);
		if (i % 500 == 0) {
			struct libdma_reader *reader;
			const struct dma_event *got;
			struct told told;

			assert_int_equal(reader_open(&file, &told, &reader), 0);
			while (libdma_reader_next(reader, &got) > 0)
				assert_true(got->number < i);
			libdma_reader_close(reader);
		}
		if (i % 700 == 0) {
			assert_int_equal(libdma_writer_flush(writer), 0);
			assert_int_equal(count_readable(&file), i + 1);
		}
	}
	assert_int_equal(libdma_writer_close(writer), 0);
	expect_drawn(&file, &again, count);
	file_close(&file);
	libdma_strings_destroy(strings);
}

/* The live mappings that the index leads to are those that the events made. */
static void test_checkpoint(void **state)
{
	const unsigned int count = 1200000, kept = 100;
	struct libdma_strings *strings = libdma_strings_create();
	struct libdma_strings *found = libdma_strings_create();
	const struct dma_event *mapping;
	struct libdma_writer *writer;
	struct decoder *decoder = decoder_create();
	struct index index;
	struct block block;
	unsigned char *payload;
	struct file file;
	unsigned int live = 0, checkpoints = 0;
	uint32_t device;

	(void)state;
	file_open(&file);
	assert_int_equal(libdma_strings_add(strings, "0000:00:02.0", 12, &device), 0);
	writer = writer_open(&file, strings);
	/* Mapping n is made as event 2n, and all but the first hundred end at once. */
	for (unsigned int i = 0; i < count; i++) {
		struct dma_event event = {
			.kind = i % 2 && i / 2 >= kept ? DMA_EVENT_UNMAP_PAGE
				: i % 2		       ? DMA_EVENT_MARK
						       : DMA_EVENT_MAP_PAGE,
			.ns = i,
			.number = 77, /* of another trace */
			.device = device,
			.dma = i % 2 && i / 2 < kept ? 0 : i / 2 * 4096ull,
			.size = i % 2 && i / 2 < kept ? 0 : 4096,
		};

		assert_int_equal(libdma_writer_put(writer, &event), 0);
	}
	assert_int_equal(libdma_writer_close(writer), 0);
	file_take(&file);
	assert_int_equal(index_read(file.fd, file.size, &index), 0);
	for (size_t i = 0; i < index.count; i++) {
		if (index.entry[i].type != BLOCK_CHECKPOINT)
			continue;
		checkpoints++;
		assert_int_equal(index_read_block(file.fd, index.entry[i].offset,
						  BLOCK_CHECKPOINT, &block, &payload),
				 0);
		assert_int_equal(decoder_begin(decoder, &block, payload, found), 0);
		for (live = 0; decoder_next(decoder, &mapping) > 0; live++) {
			assert_int_equal(mapping->number, live * 2);
			assert_int_equal(mapping->dma, live * 4096);
		}
		assert_int_equal(live, kept);
		free(payload);
	}
	assert_int_equal(checkpoints, 1);
	index_deinit(&index);
	decoder_destroy(decoder);
	file_close(&file);
	libdma_strings_destroy(found);
	libdma_strings_destroy(strings);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_events),
		cmocka_unit_test(test_every_cut),
		cmocka_unit_test(test_every_flip),
		cmocka_unit_test(test_other_versions),
		cmocka_unit_test(test_growing),
		cmocka_unit_test(test_checkpoint),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
