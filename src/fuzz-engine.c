// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fuzz-engine.c - the processes of a campaign: how an engine is started
 *
 * Workers differ: every second libFuzzer looks at values, too, and one AFL++ is the main
 * one, which tries all changes in turn, where no other machine has it. Findings alone end
 * libFuzzer; the campaign starts it again where it is to go on.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fuzz-child.h"
#include "fuzz-engine.h"
#include "fuzz-input.h"
#include "output.h"

#define ARGS_MOST 32

struct args {
	char *arg[ARGS_MOST + 1];
	size_t count;
};

static void add(struct args *args, char *arg)
{
	if (args->count < ARGS_MOST)
		args->arg[args->count++] = arg;
}

char *fuzz_engine_log(const struct fuzz_campaign *campaign, unsigned int number)
{
	return fuzz_path("%s/%s-%u.log", campaign->folder,
			 fuzz_engine_names[campaign->engine], number);
}

static void add_readable(struct args *args, char *folder)
{
	if (access(folder, R_OK))
		free(folder);
	else
		add(args, folder);
}

/* Folders of inputs to begin with: what is known to show a bug would end a mutant at once. */
static void add_seeds(const struct fuzz_start *start, struct args *args)
{
	const char *data = start->options->data, *target = start->campaign->target;

	if (start->options->empty)
		return;
	add_readable(args, fuzz_path("%s/corpus/%s", data, target));
	if (!*start->campaign->mutant)
		add_readable(args, fuzz_path("%s/corpus/regressions/%s", data, target));
}

static char *dictionary(const struct fuzz_start *start)
{
	char *path = fuzz_path("%s/fuzz/fuzz-%s.dict", start->options->data,
			       start->campaign->target);

	return access(path, R_OK) ? NULL : path;
}

static void libfuzzer_args(const struct fuzz_start *start, struct args *args)
{
	const struct fuzz_campaign *campaign = start->campaign;
	unsigned int seed = start->options->seed;
	char *words = dictionary(start);

	add(args, campaign->program);
	if (seed) /* another one each time, and the same ones in the next campaign */
		add(args, fuzz_path("-seed=%u",
				    seed + start->number - 1 + 1000 * start->again));
	if (start->seconds)
		add(args, fuzz_path("-max_total_time=%u", start->seconds));
	if (start->number % 2 == 0)
		add(args, fuzz_path("-use_value_profile=1"));
	if (words)
		add(args, fuzz_path("-dict=%s", words));
	add(args, fuzz_path("-max_len=%d", FUZZ_INPUT_MOST));
	/* what it takes to fill an allocator is long: do not begin with short inputs only */
	add(args, fuzz_path("-len_control=0"));
	/* keeping count of what is rare takes a third of the time */
	add(args, fuzz_path("-entropic=0"));
	add(args, fuzz_path("-timeout=5")); /* an input takes some milliseconds */
	add(args, fuzz_path("-rss_limit_mb=2048"));
	add(args, fuzz_path("-detect_leaks=0"));
	add(args, fuzz_path("-reload=1"));
	add(args, fuzz_path("-print_final_stats=1"));
	add(args, fuzz_path("-artifact_prefix=%s/findings/", campaign->folder));
	add(args, fuzz_path("%s/corpus", campaign->folder));
	add_seeds(start, args);
}

/* Names are those of the machine and the process, or two machines would share one. */
static char *afl_name(const struct fuzz_start *start)
{
	char host[32] = "";

	gethostname(host, sizeof(host) - 1);
	for (char *it = host; *it; it++)
		if (!strchr("0123456789abcdefghijklmnopqrstuvwxyz"
			    "ABCDEFGHIJKLMNOPQRSTUVWXYZ_-",
			    *it))
			*it = '_';
	return fuzz_path("%.12s-%d-%u", host, (int)start->campaign->pid,
			 start->number + 100 * start->again);
}

/* Is the folder of AFL++ without a main one, and this the first worker? */
static bool is_main(const struct fuzz_start *start)
{
	struct fuzz_files workers;
	bool found = false;

	fuzz_files_find(start->campaign->sync, "", &workers);
	for (size_t i = 0; i < workers.count; i++) {
		char *mark = fuzz_path("%s/is_main_node", workers.path[i]);

		found = found || !access(mark, F_OK);
		free(mark);
	}
	fuzz_files_deinit(&workers);
	return start->number == 1 && !start->again && !found;
}

static void afl_args(const struct fuzz_start *start, struct args *args)
{
	const struct fuzz_campaign *campaign = start->campaign;
	char *words = dictionary(start);

	add(args, fuzz_path("afl-fuzz"));
	add(args, fuzz_path(is_main(start) ? "-M" : "-S"));
	add(args, afl_name(start));
	add(args, fuzz_path("-i"));
	add(args, fuzz_path("%s/seeds", campaign->folder));
	add(args, fuzz_path("-o"));
	add(args, campaign->sync);
	add(args, fuzz_path("-t"));
	add(args, fuzz_path("10000"));
	add(args, fuzz_path("-m"));
	add(args, fuzz_path("none"));
	add(args, fuzz_path("-G"));
	add(args, fuzz_path("%d", FUZZ_INPUT_MOST));
	if (start->seconds) {
		add(args, fuzz_path("-V"));
		add(args, fuzz_path("%u", start->seconds));
	}
	if (start->options->seed) {
		add(args, fuzz_path("-s"));
		add(args, fuzz_path("%u", start->options->seed + start->number - 1));
	}
	if (words) {
		add(args, fuzz_path("-x"));
		add(args, words);
	}
	add(args, fuzz_path("--"));
	add(args, campaign->program);
}

static void afl_environment(const struct fuzz_start *start)
{
	char *program = start->campaign->program, *slash = strrchr(program, '/');
	char *mutator = fuzz_path("%.*s/mutate-%s.so", (int)(slash - program), program,
				  start->campaign->target);

	setenv("AFL_NO_UI", "1", 1);
	setenv("AFL_NO_AFFINITY", "1", 1);
	setenv("AFL_SKIP_CPUFREQ", "1", 1);
	setenv("AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES", "1", 1);
	if (!start->options->keep_going)
		setenv("AFL_BENCH_UNTIL_CRASH", "1", 1);
	if (!access(mutator, R_OK))
		setenv("AFL_CUSTOM_MUTATOR_LIBRARY", mutator, 1);
}

/* In the child. Does not return. AFL++ insists on the two that it reads crashes from. */
static void run(const struct fuzz_start *start, int log)
{
	const struct fuzz_campaign *campaign = start->campaign;
	bool afl = campaign->engine == FUZZ_ENGINE_AFL;
	const struct fuzz_child child = {
		.dies_by = SIGTERM,
		.mutant = *campaign->mutant ? campaign->mutant : NULL,
		.asan = afl ? "allocator_may_return_null=1:detect_leaks=0:abort_on_error=1:"
			      "symbolize=0:"
			    : "allocator_may_return_null=1:detect_leaks=0:",
		.out = log,
		.err = log,
	};
	struct args args = { 0 };

	if (afl) {
		afl_environment(start);
		afl_args(start, &args);
	} else {
		libfuzzer_args(start, &args);
	}
	fuzz_child_run(&child, args.arg);
}

pid_t fuzz_engine_start(const struct fuzz_start *start)
{
	char *path = fuzz_engine_log(start->campaign, start->number);
	int log = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
	pid_t pid;

	free(path);
	if (log < 0)
		return -errno;
	fflush(stdout);
	pid = fork();
	if (!pid)
		run(start, log);
	if (pid < 0)
		pid = -errno;
	close(log);
	return pid;
}

/* Into the campaign's folder of seeds: AFL++ reads one folder, and no links. */
static int copy_seed(const struct fuzz_campaign *campaign, const char *path)
{
	char *copy = fuzz_path("%s/seeds/%s", campaign->folder, strrchr(path, '/') + 1);
	uint8_t *data;
	size_t size;
	int status = fuzz_input_read(path, &data, &size), err;

	if (!status) {
		err = output_file(copy, (const char *)data, size);
		status = err ? trouble(copy, err) : EXIT_FINE;
		free(data);
	}
	free(copy);
	return status;
}

int fuzz_engine_seed(const struct fuzz_options *options,
		     const struct fuzz_campaign *campaign)
{
	static const char nothing[20] = "DM\x01"; /* a program of no requests */
	struct args folders = { 0 };
	struct fuzz_start start = { .options = options, .campaign = campaign };
	struct fuzz_files files = { 0 };
	int status = EXIT_FINE;
	char *path;

	add_seeds(&start, &folders);
	for (size_t i = 0; i < folders.count; i++) {
		fuzz_files_add(folders.arg[i], "", &files);
		free(folders.arg[i]);
	}
	for (size_t i = 0; i < files.count && !status; i++)
		status = copy_seed(campaign, files.path[i]);
	if (!files.count) {
		path = fuzz_path("%s/seeds/nothing", campaign->folder);
		status = output_file(path, nothing, sizeof(nothing));
		status = status ? trouble(path, status) : EXIT_FINE;
		free(path);
	}
	fuzz_files_deinit(&files);
	return status;
}
