/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * input.h - the bytes of a file, unpacked on the way
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes behind the window that may be read, and mean nothing. */
#define INPUT_SLACK 64

/**
 * struct input - a window on the bytes to come
 * @data:	the next bytes; move when input_fill() is called
 * @size:	how many there are now
 * @offset:	position of @data[0] in the unpacked stream
 * @ended:	nothing comes after @data
 * @damage:	why the packed stream ends early, or NULL
 * @compression: "none", "gzip", "xz" or "zstd"
 * @idle:	as in struct libdma_reader_options, or NULL; set by the owner
 * @arg:	its argument
 */
struct input {
	const unsigned char *data;
	size_t size;
	uint64_t offset;
	bool ended;
	const char *damage;
	const char *compression;
	int (*idle)(void *arg);
	void *arg;

	int fd;
	uint64_t raw_done;
	uint64_t raw_total;
	unsigned char *buffer;
	size_t room;
	struct packed *packed; /* NULL where the file is not packed */
};

/* Open @path, or standard input for "-". 0 or -errno. */
int input_open(const char *path, struct input **ret);
void input_close(struct input *input);

/*
 * Have at least @want bytes in the window, unless the stream ends before; @want is
 * a wish, bounded by what the caller checked. 0 or -errno.
 */
int input_fill(struct input *input, size_t want);

/*
 * Have as much of @want bytes in the window as comes without a pause. 0 or -errno.
 */
int input_fill_head(struct input *input, size_t want);

/* Step over @size bytes, which are in the window. */
static inline void input_skip(struct input *input, size_t size)
{
	input->data += size;
	input->size -= size;
	input->offset += size;
}
