// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fuzz-speed.c - how fast a target runs one input, again and again
 *
 * What a campaign runs depends on what it found; these inputs are always the same. One run
 * and many are timed, by the processor time of the process, and what they have in common is
 * taken off. AFL++'s driver has nothing to repeat a file with.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "fuzz-child.h"
#include "fuzz-seeds.h"
#include "fuzz-speed.h"
#include "output.h"

#define ENOUGH_NS (SECOND_NS / 3) /* of processor time: more would tell no more */
#define WANTED_NS (SECOND_NS / 2)
#define MOST_RUNS (1U << 28)

/* In the child. Does not return. */
static void run(const struct fuzz_target *target, const char *path, unsigned int times)
{
	const struct fuzz_child child = {
		.dies_by = SIGKILL,
		.asan = "allocator_may_return_null=1:detect_leaks=0:",
		.out = -1,
		.err = open("/dev/null", O_WRONLY | O_CLOEXEC),
	};
	char *runs = fuzz_path("-runs=%u", times);

	fuzz_child_run(&child,
		       (char *[]) { target->program, runs, (char *)"-detect_leaks=0",
				    (char *)"-timeout=20", (char *)path, NULL });
}

/* Of a process that ran it so often; 0 where it broke, or could not be run. */
static uint64_t time_runs(const struct fuzz_target *target, const char *path,
			  unsigned int times)
{
	struct rusage used;
	int how = 0;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid)
		run(target, path, times);
	if (pid < 0)
		return 0;
	while (wait4(pid, &how, 0, &used) < 0)
		if (errno != EINTR)
			return 0;
	if (how)
		return 0;
	return ((uint64_t)used.ru_utime.tv_sec + (uint64_t)used.ru_stime.tv_sec) *
		       SECOND_NS +
	       ((uint64_t)used.ru_utime.tv_usec + (uint64_t)used.ru_stime.tv_usec) * 1000;
}

/* Times a second, or -1. As often as makes enough of it, which is found by trying. */
static double measure(const struct fuzz_target *target, const char *path)
{
	uint64_t once = time_runs(target, path, 1), all, more;
	unsigned int runs = 16;

	while (once && runs < MOST_RUNS) {
		all = time_runs(target, path, runs);
		if (!all)
			break;
		more = all > once ? all - once : 0;
		if (more >= ENOUGH_NS)
			return (double)(runs - 1) * (double)SECOND_NS / (double)more;
		/* a few runs say little of many */
		if (more < WANTED_NS / 32)
			runs *= 32;
		else
			runs = (unsigned int)((double)runs * (double)WANTED_NS /
					      (double)more);
	}
	return -1;
}

static uint64_t size_of(const char *path)
{
	struct stat status;

	return stat(path, &status) ? 0 : (uint64_t)status.st_size;
}

/* The first, by name, of those that so many of a hundred are smaller than. */
static char *find_ranked(const struct fuzz_files *files, size_t percent)
{
	uint64_t *sizes = fuzz_seeds_sizes(files), wanted;
	size_t i = 0;

	if (!sizes)
		return NULL;
	wanted = sizes[files->count * percent / 100];
	free(sizes);
	while (i + 1 < files->count && size_of(files->path[i]) != wanted)
		i++;
	return fuzz_path("%s", files->path[i]);
}

static bool was_interrupted(const sigset_t *signals)
{
	const struct timespec now = { 0 };

	return sigtimedwait(signals, NULL, &now) > 0;
}

static int choose(const struct fuzz_options *options, const struct fuzz_target *target,
		  const char *folder, struct fuzz_speed ret[FUZZ_SPEEDS])
{
	char *corpus = fuzz_path("%s/corpus/%s", options->data, target->name);
	char *empty = fuzz_path("%s/empty", folder);
	struct fuzz_files files;
	int err = output_file(empty, "", 0);

	fuzz_files_find(corpus, "", &files);
	ret[FUZZ_SPEED_EMPTY].path = empty;
	ret[FUZZ_SPEED_MEDIAN].path = find_ranked(&files, 50);
	ret[FUZZ_SPEED_LARGE].path = find_ranked(&files, 95);
	fuzz_files_deinit(&files);
	free(corpus);
	return err ? trouble(empty, err) : EXIT_FINE;
}

int fuzz_speed_measure(const struct fuzz_options *options, const struct fuzz_target *target,
		       const char *folder, bool *interrupted,
		       struct fuzz_speed ret[FUZZ_SPEEDS])
{
	sigset_t signals, kept;
	int status = EXIT_FINE;

	for (int i = 0; i < FUZZ_SPEEDS; i++)
		ret[i] = (struct fuzz_speed) { .per_second = -1 };
	if (target->engine != FUZZ_ENGINE_LIBFUZZER)
		return EXIT_FINE;
	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP);
	sigprocmask(SIG_BLOCK, &signals, &kept);
	status = choose(options, target, folder, ret);
	for (int i = 0; i < FUZZ_SPEEDS && !status && !*interrupted; i++) {
		if (!ret[i].path)
			continue;
		ret[i].size = size_of(ret[i].path);
		ret[i].per_second = measure(target, ret[i].path);
		*interrupted = was_interrupted(&signals);
	}
	sigprocmask(SIG_SETMASK, &kept, NULL);
	return status;
}

void fuzz_speed_deinit(struct fuzz_speed speeds[FUZZ_SPEEDS])
{
	for (int i = 0; i < FUZZ_SPEEDS; i++)
		free(speeds[i].path);
}
