// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * output.c - a file being written, with a large buffer
 *
 * The first error is kept and everything after it dropped, so that a writer asks
 * once in a while instead of after each byte.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "trace/output.h"

#define ROOM ((size_t)256 << 10)

int output_open(const char *path, bool overwrite, struct output **ret)
{
	int flags = O_WRONLY | O_CREAT | O_CLOEXEC | (overwrite ? O_TRUNC : O_EXCL);
	struct output *output = calloc(1, sizeof(*output));
	struct stat status;
	int err;

	if (!output)
		return -ENOMEM;
	output->room = ROOM;
	output->buffer = malloc(output->room);
	if (!output->buffer) {
		err = -ENOMEM;
		goto free_output;
	}
	/* A device or a pipe exists already, and nothing of it would be lost. */
	if (!stat(path, &status) && !S_ISREG(status.st_mode))
		flags = O_WRONLY | O_CLOEXEC;
	output->fd = strcmp(path, "-") ? open(path, flags, 0666) : STDOUT_FILENO;
	if (output->fd < 0) {
		err = -errno;
		goto free_buffer;
	}
	*ret = output;
	return 0;

free_buffer:
	free(output->buffer);
free_output:
	free(output);
	return err;
}

int output_flush(struct output *output)
{
	const unsigned char *data = output->buffer;

	while (output->used && !output->error) {
		ssize_t put = write(output->fd, data, output->used);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0) {
			__atomic_store_n(&output->error, -errno, __ATOMIC_RELAXED);
			break;
		}
		data += put;
		output->used -= (size_t)put;
	}
	output->used = 0;
	return output->error;
}

int output_close(struct output *output)
{
	int err;

	if (!output)
		return 0;
	err = output_flush(output);
	if (output->fd != STDOUT_FILENO && close(output->fd) && !err)
		err = -errno;
	free(output->buffer);
	free(output);
	return err;
}

unsigned char *output_reserve(struct output *output, size_t size)
{
	if (output->room - output->used < size)
		output_flush(output);
	if (output->room < size) {
		unsigned char *buffer = realloc(output->buffer, size);

		if (!buffer) {
			__atomic_store_n(&output->error, -ENOMEM, __ATOMIC_RELAXED);
			return NULL;
		}
		output->buffer = buffer;
		output->room = size;
	}
	return output->buffer + output->used;
}

void output_write(struct output *output, const void *data, size_t size)
{
	unsigned char *place = output_reserve(output, size);

	if (!place)
		return;
	memcpy(place, data, size);
	output_commit(output, size);
}

void output_print(struct output *output, const char *format, ...)
{
	size_t room = 256;
	unsigned char *place;
	va_list args;
	int size;

	for (;;) {
		place = output_reserve(output, room);
		if (!place)
			return;
		va_start(args, format);
		size = vsnprintf((char *)place, room, format, args);
		va_end(args);
		if (size < 0)
			return;
		if ((size_t)size < room)
			break;
		room = (size_t)size + 1;
	}
	output_commit(output, (size_t)size);
}
