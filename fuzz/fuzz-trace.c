// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fuzz-trace.c - any bytes as a trace of any format
 *
 * The first byte chooses the format: 0 lets the reader recognise it, 255 makes the
 * rest the payload of a block of .dmat, other values count through the formats.
 * Checksums of blocks are mended first, or no change would be seen behind them.
 * What was read is written as text and as .dmat, and both must give it back.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xxhash.h>

#include <libdma/trace.h>

#include "target.h"
#include "trace/binary.h"

#define RAW_PAYLOAD 255

/* A trace in memory, with the name by which the library opens it. */
struct file {
	int fd;
	char path[32];
};

static void file_open(struct file *file)
{
	file->fd = memfd_create("trace", MFD_CLOEXEC);
	assert(file->fd >= 0);
	snprintf(file->path, sizeof(file->path), "/proc/self/fd/%d", file->fd);
}

static void file_write(const struct file *file, const uint8_t *data, size_t size)
{
	while (size) {
		ssize_t put = write(file->fd, data, size);

		assert(put > 0);
		data += put;
		size -= (size_t)put;
	}
}

static void put64(uint8_t *out, uint64_t value)
{
	for (int i = 0; i < 8; i++)
		out[i] = (uint8_t)(value >> 8 * i);
}

/* Let the checksums fit of every block that seems to begin in @data. */
static void mend_checksums(uint8_t *data, size_t size)
{
	for (size_t at = 0; size - at >= BINARY_HEADER_SIZE; at++) {
		uint32_t head = block_header_size(data + at);
		uint32_t payload;

		if (!head || head > size - at)
			continue;
		memcpy(&payload, data + at + 16, sizeof(payload));
		if (payload <= size - at - head)
			put64(data + at + 72, XXH3_64bits(data + at + head, payload));
		block_mend(data + at);
	}
}

static void write_payload(const struct file *file, const uint8_t *data, size_t size)
{
	struct block block = { .type = BLOCK_EVENTS, .size = (uint32_t)size };
	unsigned char head[BINARY_HEADER_SIZE];

	if (size >= 2) {
		block.events = (uint32_t)(data[0] | data[1] << 8);
		block.size -= 2;
		data += 2;
	}
	block_put(&block, data, head);
	file_write(file, head, sizeof(head));
	file_write(file, data, block.size);
}

static const char *format_of(uint8_t choice)
{
	size_t count = 0;
	const struct libdma_format *format;

	if (!choice || choice == RAW_PAYLOAD)
		return NULL;
	while (libdma_format_at(count))
		count++;
	format = libdma_format_at(choice % count);
	return format->reads ? format->name : NULL;
}

/* Write what @from holds to @to. False where not all can be read, or written. */
static bool copy(const struct file *from, const char *from_format, const struct file *to,
		 const char *to_format)
{
	struct libdma_reader_options options = { .from = from_format };
	struct libdma_writer_options how = { .to = to_format, .overwrite = true };
	const struct dma_event *event;
	struct libdma_reader *reader;
	struct libdma_writer *writer;
	bool whole;
	int more;

	if (libdma_reader_open(from->path, &options, &reader))
		return false;
	how.strings = libdma_reader_strings(reader);
	assert(!libdma_writer_open(to->path, &how, &writer));
	while ((more = libdma_reader_next(reader, &event)) > 0)
		assert(!libdma_writer_put(writer, event));
	/* what a newer writer wrote may come late */
	assert(!more || more == -ENOTSUP);
	whole = !more && !libdma_writer_skipped(writer);
	assert(!libdma_writer_close(writer));
	libdma_reader_close(reader);
	return whole;
}

static void expect_same(const struct file *a, const struct file *b)
{
	off_t size = lseek(a->fd, 0, SEEK_END);
	char *x, *y;

	assert(size == lseek(b->fd, 0, SEEK_END));
	x = malloc((size_t)size);
	y = malloc((size_t)size);
	assert(x && y);
	assert(pread(a->fd, x, (size_t)size, 0) == size);
	assert(pread(b->fd, y, (size_t)size, 0) == size);
	assert(!memcmp(x, y, (size_t)size));
	free(x);
	free(y);
}

static void check_copies(const struct file *input, const char *format)
{
	struct file text, binary, again;

	file_open(&text);
	file_open(&binary);
	file_open(&again);
	if (copy(input, format, &text, "text")) {
		assert(copy(&text, "text", &again, "text"));
		expect_same(&text, &again);
		assert(copy(input, format, &binary, "binary"));
		assert(copy(&binary, "binary", &again, "text"));
		expect_same(&text, &again);
	}
	close(text.fd);
	close(binary.fd);
	close(again.fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct file input;
	uint8_t *copied;

	if (!size)
		return 0;
	copied = malloc(size);
	assert(copied);
	memcpy(copied, data, size);
	file_open(&input);
	if (*data == RAW_PAYLOAD) {
		write_payload(&input, copied + 1, size - 1);
	} else {
		mend_checksums(copied + 1, size - 1);
		file_write(&input, copied + 1, size - 1);
	}
	check_copies(&input, *data == RAW_PAYLOAD ? "binary" : format_of(*data));
	close(input.fd);
	free(copied);
	return 0;
}
