// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * output.c - what dmactl says, and what it exits with
 *
 * stdout is a stream of our own over descriptor 1: it remembers why a write failed,
 * which stdio forgets, and puts a pager in between when the screen is full.
 * A reader that goes away (SIGPIPE) has seen enough: that ends dmactl quietly.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "output.h"
#include "pager.h"
#include "progress.h"

#define BUFFER_SIZE (64 << 10)

static struct {
	char name[64];
	int error;
	struct pager *pager;
} out = { .name = "dmactl" };

static void enough(int signal)
{
	(void)signal;
	_exit(EXIT_FINE);
}

static int write_all(int fd, const char *data, size_t size)
{
	while (size) {
		ssize_t put = write(fd, data, size);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return -errno;
		data += put;
		size -= (size_t)put;
	}
	return 0;
}

/* Never fails towards stdio, which would only lose the reason. */
static ssize_t write_out(void *cookie, const char *data, size_t size)
{
	(void)cookie;
	if (!out.error && (!out.pager || !pager_hold(out.pager, data, size)))
		out.error = -write_all(STDOUT_FILENO, data, size);
	return (ssize_t)size;
}

/* A descriptor that is closed would be given to the next file that is opened. */
static void occupy(int fd, int flags)
{
	if (fcntl(fd, F_GETFD) < 0 && errno == EBADF)
		open("/dev/null", flags);
}

/* At exit: a full disk is never a success. */
static void finish(void)
{
	fflush(stdout);
	if (out.pager) {
		size_t size;
		const char *held = pager_held(out.pager, &size);

		if (!out.error)
			out.error = -write_all(STDOUT_FILENO, held, size);
		pager_destroy(out.pager);
	}
	/* Some file systems report a full disk at close only. */
	if (!out.error && close(STDOUT_FILENO))
		out.error = errno;
	if (out.error)
		_exit(trouble("standard output", -out.error));
}

void output_begin(void)
{
	const cookie_io_functions_t functions = { .write = write_out };
	FILE *stream;

	/* In the wrong direction, so that using them fails as it should. */
	occupy(STDIN_FILENO, O_WRONLY);
	occupy(STDOUT_FILENO, O_RDONLY);
	occupy(STDERR_FILENO, O_RDONLY);
	signal(SIGPIPE, enough);
	stream = fopencookie(NULL, "w", functions);
	if (!stream)
		out_of_memory();
	setvbuf(stream, NULL, _IOFBF, BUFFER_SIZE);
	stdout = stream;
	atexit(finish);
}

void output_name(const char *name)
{
	snprintf(out.name, sizeof(out.name), "%s", name);
}

void output_page(unsigned int rows)
{
	out.pager = pager_create(rows);
	if (out.pager && !rows)
		pager_hold(out.pager, "", 0);
}

int output_file(const char *path, const char *data, size_t size)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666), err;

	if (fd < 0)
		return -errno;
	err = write_all(fd, data, size);
	if (close(fd) && !err)
		err = -errno;
	return err;
}

int output_error(void)
{
	return out.error;
}

void complain(const char *format, ...)
{
	va_list args;

	progress_clear();
	fprintf(stderr, "%s: ", out.name);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
}

int trouble(const char *what, int err)
{
	complain("%s: %s", what,
		 err == -EEXIST ? "exists already, --force replaces it" : strerror(-err));
	return EXIT_SYSTEM;
}

void out_of_memory(void)
{
	complain("%s", strerror(ENOMEM));
	exit(EXIT_SYSTEM);
}
