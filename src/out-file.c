// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * out-file.c - a file that a command writes, as a stream that remembers its first error
 *
 * stdio forgets why a write failed, so the stream writes through a function of ours.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "out-file.h"
#include "output.h"

#define BUFFER_SIZE (256 << 10)

/* Never fails towards stdio, which would only lose the reason. */
static ssize_t write_file(void *cookie, const char *data, size_t size)
{
	struct out_file *file = cookie;
	size_t left = size;

	while (left && !file->error) {
		ssize_t put = write(file->fd, data, left);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0) {
			file->error = -errno;
			break;
		}
		data += put;
		left -= (size_t)put;
	}
	return (ssize_t)size;
}

static bool same_file(const struct stat *out, const char *in)
{
	struct stat status;

	return strcmp(in, "-") && !stat(in, &status) && status.st_dev == out->st_dev &&
	       status.st_ino == out->st_ino;
}

int out_file_check(const char *path, bool force, const char *in)
{
	struct stat status;

	/* A device or a pipe exists already, and nothing of it would be lost. */
	if (!strcmp(path, "-") || stat(path, &status) || !S_ISREG(status.st_mode))
		return EXIT_FINE;
	if (same_file(&status, in)) {
		complain("%s: what is read and what is written are the same file", path);
		return EXIT_USAGE;
	}
	return force ? EXIT_FINE : trouble(path, -EEXIST);
}

int out_file_open(struct out_file *file, const char *path, bool force)
{
	const cookie_io_functions_t functions = { .write = write_file };
	int flags = O_WRONLY | O_CREAT | O_CLOEXEC | (force ? O_TRUNC : O_EXCL);
	struct stat status;

	*file = (struct out_file) { .stream = stdout, .fd = -1, .path = path };
	if (!strcmp(path, "-"))
		return EXIT_FINE;
	if (!stat(path, &status) && !S_ISREG(status.st_mode))
		flags = O_WRONLY | O_CLOEXEC;
	file->fd = open(path, flags, 0666);
	if (file->fd < 0)
		return trouble(path, -errno);
	file->stream = fopencookie(file, "w", functions);
	if (!file->stream)
		out_of_memory();
	setvbuf(file->stream, NULL, _IOFBF, BUFFER_SIZE);
	return EXIT_FINE;
}

bool out_file_failed(const struct out_file *file)
{
	return file->fd < 0 ? output_error() : file->error;
}

int out_file_close(struct out_file *file)
{
	if (file->fd < 0) {
		fflush(stdout);
		return output_error() ? EXIT_SYSTEM : EXIT_FINE;
	}
	fclose(file->stream);
	if (close(file->fd) && !file->error)
		file->error = -errno;
	return file->error ? trouble(file->path, file->error) : EXIT_FINE;
}
