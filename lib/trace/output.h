/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * output.h - a file being written, with a large buffer
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct output {
	unsigned char *buffer;
	size_t used;
	size_t room;
	uint64_t offset; /* bytes handed out, those in the buffer included */
	int fd;
	int error; /* the first one; stays */
};

/* Create @path, or write to standard output for "-". 0, -EEXIST or -errno. */
int output_open(const char *path, bool overwrite, struct output **ret);

/* The first error; may be asked while another thread writes. */
static inline int output_error(const struct output *output)
{
	return __atomic_load_n(&output->error, __ATOMIC_RELAXED);
}

/* Hand what is buffered to the system. 0 or -errno. */
int output_flush(struct output *output);

/* Flush, close and release; NULL is allowed. 0, or the first error there was. */
int output_close(struct output *output);

/* A place for @size more bytes, of which output_commit() tells the number used. */
unsigned char *output_reserve(struct output *output, size_t size);

static inline void output_commit(struct output *output, size_t size)
{
	output->used += size;
	output->offset += size;
}

/* Write @size bytes; an error is kept in output->error. */
void output_write(struct output *output, const void *data, size_t size);

/* Write as printf() does. */
void output_print(struct output *output, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
