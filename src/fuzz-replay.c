// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fuzz-replay.c - one input, once, in a process of its own
 *
 * Engines and drivers alike run the files they are given. What they say on standard
 * error is all that is known of a finding; fuzz-outcome.c reads it.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "fuzz-child.h"
#include "fuzz-replay.h"
#include "output.h"

#define TEXT_MOST (256 << 10) /* of what it says; the rest is dropped */

/* In the child. Does not return. */
static void run(const struct fuzz_target *target, const char *input, const char *mutant,
		int err)
{
	const struct fuzz_child child = {
		.dies_by = SIGKILL,
		.mutant = mutant,
		.asan = "allocator_may_return_null=1:",
		.out = -1,
		.err = err,
	};

	fuzz_child_run(&child, (char *[]) { target->program, (char *)input, NULL });
}

/* All it says, until it ends or its time is over; false for the latter. */
static bool listen(int fd, uint64_t until_ns, char *text)
{
	struct pollfd wait = { .fd = fd, .events = POLLIN };
	char dropped[4096];
	size_t used = 0;
	ssize_t got;

	for (;;) {
		uint64_t now = clock_ns();
		size_t room = TEXT_MOST - 1 - used;

		if (now >= until_ns)
			break;
		if (poll(&wait, 1, (int)((until_ns - now) / 1000000) + 1) <= 0)
			continue;
		got = read(fd, room ? text + used : dropped,
			   room ? room : sizeof(dropped));
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		used += room ? (size_t)got : 0;
	}
	text[used] = 0;
	return clock_ns() < until_ns;
}

int fuzz_replay(const struct fuzz_target *target, const char *input, const char *mutant,
		struct fuzz_outcome *ret, char **text)
{
	uint64_t begin = clock_ns();
	char *said = malloc(TEXT_MOST);
	int err[2], how = 0;
	bool ended;
	pid_t pid;

	if (!said)
		out_of_memory();
	if (pipe2(err, O_CLOEXEC)) {
		free(said);
		return trouble(target->program, -errno);
	}
	fflush(stdout);
	pid = fork();
	if (!pid)
		run(target, input, mutant, err[1]);
	close(err[1]);
	if (pid < 0) {
		close(err[0]);
		free(said);
		return trouble(target->program, -errno);
	}
	ended = listen(err[0], begin + FUZZ_REPLAY_SECONDS * 1000000000ULL, said);
	if (!ended)
		kill(-pid, SIGKILL);
	close(err[0]);
	while (waitpid(pid, &how, 0) < 0 && errno == EINTR)
		;
	how = WIFSIGNALED(how) ? 128 + WTERMSIG(how) : WEXITSTATUS(how);
	fuzz_outcome_read(said, how, ret);
	if (!ended)
		snprintf(ret->oracle, sizeof(ret->oracle), "ENDLESS");
	ret->ns = clock_ns() - begin;
	if (how == EXIT_CANNOT)
		complain("%s", said);
	if (text)
		*text = said;
	else
		free(said);
	return how == EXIT_CANNOT ? EXIT_SYSTEM : EXIT_FINE;
}
