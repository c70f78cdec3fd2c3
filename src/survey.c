// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * survey.c - read a trace for its machine first, and for its events afterwards
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <libdma/trace.h>

#include "progress.h"
#include "survey.h"

static int copy_all(int from, int to)
{
	static char buffer[256 << 10];
	ssize_t got, put;

	for (;;) {
		got = read(from, buffer, sizeof(buffer));
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got ? -errno : 0;
		for (ssize_t done = 0; done < got; done += put) {
			put = write(to, buffer + done, (size_t)(got - done));
			if (put < 0 && errno != EINTR)
				return -errno;
			if (put < 0)
				put = 0;
		}
	}
}

/* A file without a name; not every file system can make one. */
static int open_nameless(void)
{
	const char *folder = getenv("TMPDIR");
	int fd = open(folder && *folder ? folder : "/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC,
		      0600);
	FILE *file;

	if (fd >= 0)
		return fd;
	file = tmpfile();
	if (!file)
		return -errno;
	fd = dup(fileno(file));
	if (fd < 0)
		fd = -errno;
	fclose(file);
	return fd;
}

int survey_spool(int *ret)
{
	int fd = open_nameless(), err;

	if (fd < 0)
		return fd;
	err = copy_all(STDIN_FILENO, fd);
	if (err) {
		close(fd);
		return err;
	}
	*ret = fd;
	return 0;
}

static int observe(struct libdma_reader *reader, struct libdma_inference *inference)
{
	const struct libdma_strings *strings = libdma_reader_strings(reader);
	const struct dma_event *event;
	uint64_t done, total, events = 0;
	int more;

	while ((more = libdma_reader_next(reader, &event)) > 0) {
		more = libdma_inference_observe(inference, event, strings);
		if (more)
			break;
		if (progress_due(++events)) {
			libdma_reader_progress(reader, &done, &total);
			progress_show(done, total, events);
		}
	}
	return more;
}

int survey_trace(const char *path, const char *from, struct libdma_environment *environment)
{
	struct libdma_inference *inference = libdma_inference_create();
	struct libdma_reader *reader = NULL;
	int err = -ENOMEM;

	if (!inference)
		return err;
	err = libdma_reader_open(path, &(struct libdma_reader_options) { .from = from },
				 &reader);
	if (!err)
		err = observe(reader, inference);
	if (!err)
		err = libdma_environment_merge(environment,
					       libdma_reader_environment(reader));
	if (!err)
		err = libdma_inference_conclude(inference, environment);
	libdma_reader_close(reader);
	libdma_inference_destroy(inference);
	return err;
}
