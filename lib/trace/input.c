// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * input.c - the bytes of a file, unpacked on the way
 *
 * A window slides over the stream: what was not consumed is moved to the front of
 * a buffer, and read(2) or an unpacker fills the rest. Nothing is mapped, so that
 * pipes and files that shrink or grow meanwhile are all the same.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "trace/input.h"
#include "trace/unpack.h"

#define CHUNK ((size_t)256 << 10)
/* Whoever writes a head, and more behind it, makes no longer pause. */
#define PAUSE_MS 100

/* The bytes of a packed file, on their way to the unpacker. */
struct packed {
	struct unpacker *unpacker;
	const unsigned char *data;
	size_t size;
	bool ended;
	unsigned char bytes[CHUNK];
};

/*
 * Does reading not wait? Files never do, but for the kernel's trace_pipe, which looks like
 * one. What cannot be asked is read, and tells itself what it is.
 */
static bool has_come(const struct input *input, int timeout_ms)
{
	struct pollfd file = { .fd = input->fd, .events = POLLIN };
	int ready = poll(&file, 1, timeout_ms);

	/* a signal that has come is no byte that has */
	return ready > 0 || (ready < 0 && errno != EINTR);
}

/* Let the owner do what there is time for while nothing comes. */
static void tell_idle(struct input *input)
{
	int again_ms;

	if (!input->idle || has_come(input, 0))
		return;
	do
		again_ms = input->idle(input->arg);
	while (again_ms >= 0 && !has_come(input, again_ms));
}

static ssize_t read_some(struct input *input, unsigned char *data, size_t size)
{
	ssize_t got;

	tell_idle(input);
	do
		got = read(input->fd, data, size);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return -errno;
	input->raw_done += (uint64_t)got;
	return got;
}

static ssize_t unpack_some(struct input *input, unsigned char *data, size_t size)
{
	struct packed *packed = input->packed;
	unsigned char *out = data;
	ssize_t got;
	int done;

	while (out == data) {
		if (!packed->size && !packed->ended) {
			got = read_some(input, packed->bytes, sizeof(packed->bytes));
			if (got < 0)
				return got;
			packed->data = packed->bytes;
			packed->size = (size_t)got;
			packed->ended = !got;
		}
		done = unpack_step(packed->unpacker, &packed->data, &packed->size, &out,
				   &size, packed->ended);
		if (done == -EBADMSG) {
			input->damage = packed->ended ? "the packed file is cut short"
						      : "the packed file is damaged";
			break;
		}
		if (done < 0)
			return done;
		if (done == 1)
			break;
	}
	return out - data;
}

static int make_room(struct input *input, size_t want)
{
	size_t used = (size_t)(input->data - input->buffer);

	if (used) {
		memmove(input->buffer, input->data, input->size);
		input->data = input->buffer;
	}
	if (input->room < want) {
		unsigned char *buffer = realloc(input->buffer, want + INPUT_SLACK);

		if (!buffer)
			return -ENOMEM;
		input->buffer = buffer;
		input->data = buffer;
		input->room = want;
	}
	return 0;
}

int input_fill(struct input *input, size_t want)
{
	int err;

	if (input->size >= want || input->ended)
		return 0;
	err = make_room(input, want > CHUNK / 2 ? want + CHUNK : CHUNK);
	while (!err && input->size < want && !input->ended) {
		unsigned char *end = input->buffer + input->size;
		size_t room = input->room - input->size;
		ssize_t got = input->packed ? unpack_some(input, end, room)
					    : read_some(input, end, room);

		if (got < 0)
			return (int)got;
		input->size += (size_t)got;
		input->ended = !got;
	}
	return err;
}

int input_fill_head(struct input *input, size_t want)
{
	int err = 0;

	while (!err && input->size < want && !input->ended &&
	       ((input->packed && input->packed->size) || has_come(input, PAUSE_MS)))
		err = input_fill(input, input->size + 1);
	return err;
}

/* The window holds packed bytes: hand them to an unpacker and begin again. */
static int begin_unpacking(struct input *input)
{
	struct packed *packed = malloc(sizeof(*packed));

	if (!packed)
		return -ENOMEM;
	packed->unpacker = unpack_create(input->compression);
	if (!packed->unpacker) {
		free(packed);
		return -ENOMEM;
	}
	memcpy(packed->bytes, input->data, input->size);
	packed->data = packed->bytes;
	packed->size = input->size;
	packed->ended = false;
	input->packed = packed;
	input->size = 0;
	input->ended = false;
	return 0;
}

int input_open(const char *path, struct input **ret)
{
	struct input *input = calloc(1, sizeof(*input));
	struct stat status;
	int err;

	if (!input)
		return -ENOMEM;
	input->fd = strcmp(path, "-") ? open(path, O_RDONLY | O_CLOEXEC) : STDIN_FILENO;
	if (input->fd < 0) {
		err = -errno;
		goto free_input;
	}
	if (!fstat(input->fd, &status) && S_ISDIR(status.st_mode)) {
		err = -EISDIR;
		goto close_input;
	}
	if (S_ISREG(status.st_mode))
		input->raw_total = (uint64_t)status.st_size;

	err = input_fill(input, 16);
	if (err)
		goto close_input;
	input->compression = unpack_recognise(input->data, input->size);
	if (strcmp(input->compression, "none")) {
		err = begin_unpacking(input);
		if (err)
			goto close_input;
	}
	*ret = input;
	return 0;

close_input:
	if (input->fd != STDIN_FILENO)
		close(input->fd);
free_input:
	free(input->buffer);
	free(input);
	return err;
}

void input_close(struct input *input)
{
	if (!input)
		return;
	if (input->packed) {
		unpack_destroy(input->packed->unpacker);
		free(input->packed);
	}
	if (input->fd != STDIN_FILENO)
		close(input->fd);
	free(input->buffer);
	free(input);
}
