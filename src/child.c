// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * child.c - the command whose DMA is recorded
 *
 * It is forked before the recorder gives up its privileges, and has what whoever ran
 * dmactl has: same user, same descriptors, no more, also where dmactl is set-uid. It
 * waits until the probes are there, so that nothing of it is missed.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"

/* In the child. Does not return. */
static void run(char **command, int wait, int say)
{
	sigset_t none;
	char go;
	int err;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	if (setresgid(getgid(), getgid(), getgid()) || setresuid(getuid(), getuid(), getuid()))
		_exit(126);
	if (read(wait, &go, 1) != 1)
		_exit(0); /* the recorder is gone */
	execvp(*command, command);
	err = errno;
	if (write(say, &err, sizeof(err)) != sizeof(err))
		_exit(1);
	_exit(err == ENOENT ? 127 : 126);
}

int child_create(char **command, struct child *child)
{
	int go[2], said[2], err;

	if (pipe2(go, O_CLOEXEC))
		return -errno;
	if (pipe2(said, O_CLOEXEC)) {
		err = -errno;
		goto close_go;
	}
	child->pid = fork();
	if (child->pid < 0) {
		err = -errno;
		goto close_said;
	}
	if (!child->pid) {
		close(go[1]);
		close(said[0]);
		run(command, go[0], said[1]);
	}
	close(go[0]);
	close(said[1]);
	child->go = go[1];
	child->said = said[0];
	return 0;

close_said:
	close(said[0]);
	close(said[1]);
close_go:
	close(go[0]);
	close(go[1]);
	child->pid = 0;
	return err;
}

int child_start(struct child *child)
{
	ssize_t put = write(child->go, "", 1), got;
	int err = 0;

	close(child->go);
	if (put != 1)
		return errno;
	/* exec() closes the other end without a word. */
	do
		got = read(child->said, &err, sizeof(err));
	while (got < 0 && errno == EINTR);
	close(child->said);
	return got == sizeof(err) ? err : 0;
}

bool child_ended(struct child *child, int *status)
{
	int how;

	if (!child->pid || waitpid(child->pid, &how, WNOHANG) != child->pid)
		return false;
	child->pid = 0;
	*status = WIFSIGNALED(how) ? 128 + WTERMSIG(how) : WEXITSTATUS(how);
	return true;
}

void child_destroy(struct child *child)
{
	if (!child->pid)
		return;
	close(child->go);
	close(child->said);
	waitpid(child->pid, NULL, 0);
	child->pid = 0;
}
