// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * follow.c - a file that grows, as a pipe that goes on
 *
 * A process reads the file and waits where it ends. So whoever reads the pipe waits as
 * for any pipe, and has time for other things meanwhile.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "follow.h"

#define CHUNK  (64 << 10)
#define NAP_NS (50 * 1000000) /* between two looks whether more was written */

static int put_all(int fd, const char *data, size_t size)
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

/* In the process. Ends with its parent, or where nobody reads any more. */
static void copy(int file, int pipe)
{
	const struct timespec nap = { .tv_nsec = NAP_NS };
	static char data[CHUNK];

	signal(SIGPIPE, SIG_IGN);
	/* what the terminal sends is for the parent, which then ends this */
	signal(SIGINT, SIG_IGN);
	for (;;) {
		ssize_t got = read(file, data, sizeof(data));

		if (got < 0 && errno != EINTR)
			break;
		if (got > 0 && put_all(pipe, data, (size_t)got))
			break;
		if (!got)
			nanosleep(&nap, NULL);
	}
	_exit(0);
}

int follower_create(const char *path, struct follower *ret)
{
	int file = open(path, O_RDONLY | O_CLOEXEC), ends[2], err;
	pid_t parent = getpid();

	if (file < 0)
		return -errno;
	if (pipe2(ends, O_CLOEXEC)) {
		err = -errno;
		goto close_file;
	}
	ret->pid = fork();
	if (ret->pid < 0) {
		err = -errno;
		goto close_pipe;
	}
	if (!ret->pid) {
		close(ends[0]);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(0);
		copy(file, ends[1]);
	}
	close(ends[1]);
	close(file);
	ret->fd = ends[0];
	return 0;

close_pipe:
	close(ends[0]);
	close(ends[1]);
close_file:
	close(file);
	ret->pid = 0;
	return err;
}

void follower_destroy(struct follower *follower)
{
	if (follower->fd >= 0)
		close(follower->fd);
	follower->fd = -1;
	if (!follower->pid)
		return;
	kill(follower->pid, SIGKILL);
	while (waitpid(follower->pid, NULL, 0) < 0 && errno == EINTR)
		;
	follower->pid = 0;
}
