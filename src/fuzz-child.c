// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fuzz-child.c - the process of an engine, or of one input
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "fuzz-child.h"
#include "fuzz-target.h"
#include "output.h"

void fuzz_child_run(const struct fuzz_child *child, char *const *arg)
{
	const char *asan = getenv("ASAN_OPTIONS");
	int null = open("/dev/null", O_RDWR);
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	prctl(PR_SET_PDEATHSIG, child->dies_by);
	setpgid(0, 0);
	signal(SIGPIPE, SIG_DFL);
	setenv("ASAN_OPTIONS", fuzz_path("%s%s", child->asan, asan ? asan : ""), 1);
	if (child->mutant)
		setenv("LIBDMA_MUTANT", child->mutant, 1);
	else
		unsetenv("LIBDMA_MUTANT");
	dup2(null, STDIN_FILENO);
	dup2(child->out < 0 ? null : child->out, STDOUT_FILENO);
	dup2(child->err, STDERR_FILENO);
	execvp(arg[0], arg);
	dprintf(STDERR_FILENO, "cannot run %s: %s\n", arg[0], strerror(errno));
	_exit(EXIT_CANNOT);
}
