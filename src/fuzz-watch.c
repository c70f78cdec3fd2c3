// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fuzz-watch.c - the workers of a campaign, from the first to the end of the last
 *
 * dmactl stays to watch them: it starts those again that ended for a finding, where the
 * campaign is to go on, and ends them all when the time is over, when it is told to, or
 * when it ends itself.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "fuzz-engine.h"
#include "output.h"

#define GRACE_SECONDS 10 /* until a worker that was told to end is killed */
#define OVER_SECONDS  30 /* an engine may take to see that its time is over */
#define EARLY_SECONDS 2  /* who ends before, and found nothing, cannot work */

/* A worker's process, 0 when it has ended, and how often it was begun before. */
struct process {
	pid_t pid;
	time_t began;
	unsigned int again;
};

struct run {
	const struct fuzz_options *options;
	struct fuzz_campaign *campaign;
	struct process *worker;
	unsigned int left;
	bool stopping;
	int status;
};

static time_t now(void)
{
	return (time_t)(clock_ns() / SECOND_NS);
}

static size_t findings(const struct run *run)
{
	struct fuzz_files files;
	size_t count;

	fuzz_campaign_findings(run->campaign, &files);
	count = files.count;
	fuzz_files_deinit(&files);
	return count;
}

static void start(struct run *run, unsigned int number, unsigned int seconds)
{
	const struct fuzz_start how = { .options = run->options,
					.campaign = run->campaign,
					.number = number + 1,
					.again = run->worker[number].again,
					.seconds = seconds };
	pid_t pid = fuzz_engine_start(&how);

	run->worker[number].began = now();
	run->worker[number].pid = pid > 0 ? pid : 0;
	run->left += pid > 0;
	if (pid < 0)
		run->status = trouble(run->campaign->program, pid);
}

static void signal_all(const struct run *run, int number)
{
	for (unsigned int i = 0; i < run->options->jobs; i++)
		if (run->worker[i].pid)
			kill(-run->worker[i].pid, number);
}

/* AFL++ paints what it says. */
static void strip_colors(char *line)
{
	char *to = line;

	for (; *line; line++)
		if (*line == '\033')
			line += strcspn(line, "mhl") - (line[strcspn(line, "mhl")] == 0);
		else if (*line != '\n')
			*to++ = *line;
	*to = 0;
}

/* For who has to mend it: what AFL++ ended with, or else the last line. */
static void say_why(struct run *run, unsigned int number, int how)
{
	char *path = fuzz_engine_log(run->campaign, number + 1), line[256], why[256] = "";
	FILE *file = fopen(path, "re");

	while (file && !strstr(why, "PROGRAM ABORT") && fgets(line, sizeof(line), file)) {
		strip_colors(line);
		if (line[strspn(line, " \t\r")])
			snprintf(why, sizeof(why), "%s", line);
	}
	if (file)
		fclose(file);
	complain("worker %u ended at once (%s %d), see %s: %s", number + 1,
		 WIFSIGNALED(how) ? "signal" : "exit",
		 WIFSIGNALED(how) ? WTERMSIG(how) : WEXITSTATUS(how), path, why);
	free(path);
	run->status = EXIT_SYSTEM;
}

/* A worker has ended: for a finding, at the end of its time, or because it cannot work.
 */
static void ended(struct run *run, unsigned int number, int how, time_t until)
{
	bool failed = !WIFEXITED(how) || WEXITSTATUS(how);
	bool found = findings(run) > 0;

	run->worker[number].pid = 0;
	run->left--;
	if (run->stopping)
		return;
	if (failed && !found && now() - run->worker[number].began < EARLY_SECONDS) {
		say_why(run, number, how);
		run->stopping = true;
	} else if (found && !run->options->keep_going) {
		run->stopping = true;
	} else if (failed && (!until || now() < until)) {
		run->worker[number].again++;
		start(run, number, until ? (unsigned int)(until - now()) : 0);
	}
	if (run->stopping)
		signal_all(run, SIGTERM);
}

static void reap(struct run *run, time_t until)
{
	int how;

	for (unsigned int i = 0; i < run->options->jobs; i++) {
		pid_t pid = run->worker[i].pid;

		if (pid && waitpid(pid, &how, WNOHANG) == pid)
			ended(run, i, how, until);
	}
}

static void watch(struct run *run)
{
	const struct timespec second = { .tv_sec = 1 };
	unsigned int seconds = run->options->seconds;
	time_t until = seconds ? now() + seconds : 0, killed_at = 0;
	sigset_t wanted;
	int number;

	sigemptyset(&wanted);
	sigaddset(&wanted, SIGCHLD);
	sigaddset(&wanted, SIGINT);
	sigaddset(&wanted, SIGTERM);
	sigaddset(&wanted, SIGHUP);
	while (run->left) {
		number = sigtimedwait(&wanted, NULL, &second);
		if (number == SIGINT || number == SIGTERM || number == SIGHUP ||
		    (until && now() > until + OVER_SECONDS)) {
			run->campaign->interrupted = number > 0;
			run->stopping = true;
			signal_all(run, SIGTERM);
		}
		reap(run, until);
		if (run->stopping && !killed_at)
			killed_at = now() + GRACE_SECONDS;
		if (killed_at && now() >= killed_at)
			signal_all(run, SIGKILL);
	}
}

/* Signals are waited for, so that none comes between two looks at them. */
static void hold_signals(sigset_t *before)
{
	sigset_t held;

	sigemptyset(&held);
	sigaddset(&held, SIGCHLD);
	sigaddset(&held, SIGINT);
	sigaddset(&held, SIGTERM);
	sigaddset(&held, SIGHUP);
	sigprocmask(SIG_BLOCK, &held, before);
}

int fuzz_campaign_run(const struct fuzz_options *options, struct fuzz_campaign *campaign)
{
	struct run run = { .options = options, .campaign = campaign };
	sigset_t before;
	bool found;

	if (campaign->engine == FUZZ_ENGINE_AFL)
		run.status = fuzz_engine_seed(options, campaign);
	run.worker = calloc(options->jobs, sizeof(*run.worker));
	if (!run.worker)
		out_of_memory();
	hold_signals(&before);
	for (unsigned int i = 0; i < options->jobs && !run.status; i++)
		start(&run, i, options->seconds);
	watch(&run);
	sigprocmask(SIG_SETMASK, &before, NULL);
	free(run.worker);
	found = findings(&run) > 0;
	return run.status ? run.status : found ? EXIT_FOUND : EXIT_FINE;
}
