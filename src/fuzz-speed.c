// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fuzz-speed.c - how fast a target runs the same inputs, again and again
 *
 * What a campaign runs depends on what it found; these inputs are always the same. A tenth
 * of all is taken, since two of one size may differ by ten times. One run and many are
 * timed, by the processor time of the process, and what they have in common is taken off.
 * AFL++'s driver has nothing to repeat a file with.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "fuzz-child.h"
#include "fuzz-seeds.h"
#include "fuzz-speed.h"
#include "fuzz-tool.h"
#include "output.h"

#define ENOUGH_NS (SECOND_NS / 3) /* of processor time: more would tell no more */
#define MOST_RUNS (1U << 28)

/* In the child. Does not return. */
static void run(const struct fuzz_target *target, const struct fuzz_files *files,
		unsigned int times)
{
	const struct fuzz_child child = {
		.dies_by = SIGKILL,
		.asan = "allocator_may_return_null=1:detect_leaks=0:",
		.out = -1,
		.err = open("/dev/null", O_WRONLY | O_CLOEXEC),
	};
	struct fuzz_args args = { 0 };

	fuzz_args_add(&args, "%s", target->program);
	fuzz_args_add(&args, "-runs=%u", times);
	fuzz_args_add(&args, "-detect_leaks=0");
	fuzz_args_add(&args, "-timeout=20");
	for (size_t i = 0; i < files->count; i++)
		fuzz_args_add(&args, "%s", files->path[i]);
	fuzz_child_run(&child, args.arg);
}

/* Of a process that ran each so often; 0 where one broke, or it could not be run. */
static uint64_t time_runs(const struct fuzz_target *target, const struct fuzz_files *files,
			  unsigned int times)
{
	struct rusage used;
	int how = 0;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid)
		run(target, files, times);
	if (pid < 0)
		return 0;
	while (wait4(pid, &how, 0, &used) < 0)
		if (errno != EINTR)
			return 0;
	if (how)
		return 0;
	return clock_used_ns(&used);
}

/* Inputs a second, or -1. As often as takes long enough, which is found by trying. */
static double measure(const struct fuzz_target *target, const struct fuzz_files *files)
{
	uint64_t once = time_runs(target, files, 1), all, more;
	unsigned int runs = 16;

	while (once && runs < MOST_RUNS) {
		all = time_runs(target, files, runs);
		if (!all)
			break;
		more = all > once ? all - once : 0;
		if (more >= ENOUGH_NS)
			return (double)(runs - 1) * (double)files->count *
			       (double)SECOND_NS / (double)more;
		/* a few runs say little of many */
		if (64 * more < SECOND_NS)
			runs *= 32;
		else
			runs = (unsigned int)((double)runs * (double)SECOND_NS / 2 /
					      (double)more) +
			       1;
	}
	return -1;
}

static bool was_interrupted(const sigset_t *signals)
{
	const struct timespec now = { 0 };

	return sigtimedwait(signals, NULL, &now) > 0;
}

/* The tenth of them around a place. */
static struct fuzz_speed measure_tenth(const struct fuzz_target *target,
				       const struct fuzz_files *files, size_t percent)
{
	size_t from = files->count * (percent - 5) / 100;
	size_t to = files->count * (percent + 5) / 100;
	struct fuzz_speed speed = { .per_second = -1 };
	struct fuzz_files tenth;

	if (!files->count)
		return speed;
	to = to > from ? to : from + 1;
	tenth = (struct fuzz_files) { files->path + from, to - from };
	speed.inputs = tenth.count;
	speed.size = fuzz_seeds_size(tenth.path[tenth.count / 2]);
	speed.per_second = measure(target, &tenth);
	return speed;
}

static int measure_all(const struct fuzz_target *target, const struct fuzz_files *files,
		       char *empty, struct fuzz_speed ret[FUZZ_SPEEDS])
{
	const struct fuzz_files nothing = { &empty, 1 };
	int err = output_file(empty, "", 0);

	if (err)
		return trouble(empty, err);
	ret[FUZZ_SPEED_EMPTY].inputs = 1;
	ret[FUZZ_SPEED_EMPTY].per_second = measure(target, &nothing);
	ret[FUZZ_SPEED_MEDIAN] = measure_tenth(target, files, 50);
	ret[FUZZ_SPEED_LARGE] = measure_tenth(target, files, 95);
	return EXIT_FINE;
}

int fuzz_speed_measure(const struct fuzz_options *options, const struct fuzz_target *target,
		       const char *folder, bool *interrupted,
		       struct fuzz_speed ret[FUZZ_SPEEDS])
{
	struct fuzz_files files;
	char *corpus, *empty;
	sigset_t signals, kept;
	int status;

	for (int i = 0; i < FUZZ_SPEEDS; i++)
		ret[i] = (struct fuzz_speed) { .per_second = -1 };
	if (target->engine != FUZZ_ENGINE_LIBFUZZER)
		return EXIT_FINE;
	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP);
	sigprocmask(SIG_BLOCK, &signals, &kept);
	corpus = fuzz_path("%s/corpus/%s", options->data, target->name);
	empty = fuzz_path("%s/empty", folder);
	fuzz_files_find(corpus, "", &files);
	fuzz_seeds_sort(&files);
	status = measure_all(target, &files, empty, ret);
	fuzz_files_deinit(&files);
	free(empty);
	free(corpus);
	*interrupted = was_interrupted(&signals);
	sigprocmask(SIG_SETMASK, &kept, NULL);
	return status;
}
