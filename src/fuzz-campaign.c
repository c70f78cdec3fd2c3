// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fuzz-campaign.c - the folder of a campaign: what was begun, how it goes, what it found
 *
 *	run.json	what was begun, and by which process
 *	NAME.log	what a worker said
 *	corpus/		inputs that libFuzzer kept; all workers share them
 *	findings/	inputs that broke the target
 *	sync/		AFL++'s own folder: WORKER/{queue,crashes,hangs,fuzzer_stats}
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "fuzz-campaign.h"
#include "json.h"
#include "output.h"

#define SCHEMA "dmactl.fuzz-run/1"

/* When a process began, in ticks since boot: field 22 of its stat; 0 for none. */
static uint64_t process_start(pid_t pid)
{
	char *path = fuzz_path("/proc/%d/stat", (int)pid), text[1024] = "", *at;
	FILE *file = fopen(path, "re");

	free(path);
	if (!file)
		return 0;
	if (!fgets(text, sizeof(text), file))
		*text = 0;
	fclose(file);
	at = strrchr(text, ')'); /* a name can hold anything */
	for (int field = 2; at && field < 22; field++)
		at = strchr(at + 1, ' ');
	return at ? strtoull(at, NULL, 10) : 0;
}

bool fuzz_campaign_alive(const struct fuzz_campaign *campaign)
{
	return campaign->pid && campaign->pid_start &&
	       process_start(campaign->pid) == campaign->pid_start;
}

static int make_folder(const char *folder)
{
	return mkdir(folder, 0777) && errno != EEXIST ? trouble(folder, -errno)
						      : EXIT_FINE;
}

/* out/20261121-213000-pool, or one with -2 behind it where two began in one second. */
static int make_named(struct fuzz_campaign *campaign, const char *output)
{
	time_t now = time(NULL);
	char when[32];
	struct tm tm;

	campaign->started = now;
	strftime(when, sizeof(when), "%Y%m%d-%H%M%S", localtime_r(&now, &tm));
	for (int number = 1; number < 1000; number++) {
		char more[16] = "";

		if (number > 1)
			snprintf(more, sizeof(more), "-%d", number);
		campaign->folder =
			fuzz_path("%s/%s-%s%s", output, when, campaign->target, more);
		if (!mkdir(campaign->folder, 0777))
			return EXIT_FINE;
		if (errno != EEXIST)
			break;
		free(campaign->folder);
		campaign->folder = NULL;
	}
	return trouble(campaign->folder ? campaign->folder : output, -errno);
}

static int write_run(const struct fuzz_campaign *campaign)
{
	json_t *run = json_create();
	char *path = fuzz_path("%s/run.json", campaign->folder), *text;
	int status;

	json_add(run, "schema", json_text(SCHEMA));
	json_add(run, "target", json_text(campaign->target));
	json_add(run, "program", json_text(campaign->program));
	json_add(run, "engine", json_text(fuzz_engine_names[campaign->engine]));
	json_add(run, "mutant", json_text(campaign->mutant));
	json_add(run, "sync", campaign->sync ? json_text(campaign->sync) : json_null());
	json_add_count(run, "pid", (uint64_t)campaign->pid);
	json_add_count(run, "pid_start", campaign->pid_start);
	json_add_count(run, "started", (uint64_t)campaign->started);
	json_add_count(run, "seconds", campaign->seconds);
	json_add_count(run, "jobs", campaign->jobs);
	text = json_dumps(run, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
	if (!text)
		out_of_memory();
	json_decref(run);
	status = output_file(path, text, strlen(text));
	status = status ? trouble(path, status) : EXIT_FINE;
	free(text);
	free(path);
	return status;
}

static int make_inside(const struct fuzz_campaign *campaign)
{
	static const char *const inside[] = { "corpus", "findings", "seeds" };
	int status = EXIT_FINE;

	for (size_t i = 0; i < sizeof(inside) / sizeof(inside[0]) && !status; i++) {
		char *folder = fuzz_path("%s/%s", campaign->folder, inside[i]);

		status = make_folder(folder);
		free(folder);
	}
	if (!status && campaign->sync)
		status = make_folder(campaign->sync);
	return status;
}

int fuzz_campaign_create(const struct fuzz_options *options,
			 const struct fuzz_target *target, struct fuzz_campaign *ret)
{
	int status;

	*ret = (struct fuzz_campaign) { .engine = target->engine,
					.program = realpath(target->program, NULL),
					.pid = getpid(),
					.pid_start = process_start(getpid()),
					.seconds = options->seconds,
					.jobs = options->jobs };
	snprintf(ret->target, sizeof(ret->target), "%s", target->name);
	snprintf(ret->mutant, sizeof(ret->mutant), "%s",
		 options->mutant ? options->mutant : "");
	status = make_folder(options->output);
	if (!status)
		status = make_named(ret, options->output);
	if (status)
		goto close;
	ret->id = strrchr(ret->folder, '/') + 1;
	if (options->sync)
		ret->sync = fuzz_path("%s", options->sync);
	else if (target->engine == FUZZ_ENGINE_AFL)
		ret->sync = fuzz_path("%s/sync", ret->folder);
	status = make_inside(ret);
	if (!status)
		status = write_run(ret);
	if (!status)
		return EXIT_FINE;
close:
	fuzz_campaign_close(ret);
	return status;
}

static const char *text_of(const json_t *run, const char *key)
{
	const char *text = json_string_value(json_object_get(run, key));

	return text ? text : "";
}

static int64_t number_of(const json_t *run, const char *key)
{
	return json_integer_value(json_object_get(run, key));
}

/* What run.json says; whoever changed it gets a message, not a crash. */
static int read_run(struct fuzz_campaign *campaign)
{
	char *path = fuzz_path("%s/run.json", campaign->folder);
	json_error_t error;
	json_t *run = json_load_file(path, 0, &error);
	int status = EXIT_INPUT;
	const char *sync;

	if (!run) {
		complain("%s:%d: %s", path, error.line, error.text);
	} else if (strcmp(text_of(run, "schema"), SCHEMA) || !*text_of(run, "program") ||
		   strchr(text_of(run, "target"), '/')) {
		complain("%s: is not of the form '%s'", path, SCHEMA);
	} else {
		snprintf(campaign->target, sizeof(campaign->target), "%s",
			 text_of(run, "target"));
		snprintf(campaign->mutant, sizeof(campaign->mutant), "%s",
			 text_of(run, "mutant"));
		campaign->program = fuzz_path("%s", text_of(run, "program"));
		for (unsigned int i = 0; i < FUZZ_ENGINES; i++)
			if (!strcmp(text_of(run, "engine"), fuzz_engine_names[i]))
				campaign->engine = i;
		sync = text_of(run, "sync");
		campaign->sync = *sync ? fuzz_path("%s", sync) : NULL;
		campaign->pid = (pid_t)number_of(run, "pid");
		campaign->pid_start = (uint64_t)number_of(run, "pid_start");
		campaign->started = number_of(run, "started");
		campaign->seconds = (unsigned int)number_of(run, "seconds");
		campaign->jobs = (unsigned int)number_of(run, "jobs");
		status = EXIT_FINE;
	}
	json_decref(run);
	free(path);
	return status;
}

/* The newest, by the names, which begin with the time. */
static char *newest(const char *output)
{
	struct fuzz_files all;
	char *found = NULL;

	fuzz_files_find(output, "", &all);
	for (size_t i = all.count; i && !found; i--) {
		char *run = fuzz_path("%s/run.json", all.path[i - 1]);

		if (!access(run, F_OK))
			found = fuzz_path("%s", all.path[i - 1]);
		free(run);
	}
	fuzz_files_deinit(&all);
	return found;
}

int fuzz_campaign_open(const struct fuzz_options *options, const char *name,
		       struct fuzz_campaign *ret)
{
	struct stat status;
	int got;

	*ret = (struct fuzz_campaign) { 0 };
	if (!name)
		ret->folder = newest(options->output);
	else if (strchr(name, '/'))
		ret->folder = fuzz_path(
			"%.*s", (int)strlen(name) - (name[strlen(name) - 1] == '/'),
			name);
	else
		ret->folder = fuzz_path("%s/%s", options->output, name);
	if (!ret->folder || stat(ret->folder, &status) || !S_ISDIR(status.st_mode)) {
		if (ret->folder)
			complain("%s: there is no such campaign", ret->folder);
		else
			complain(
				"no campaign in '%s': 'dmactl fuzz run' begins one, --output "
				"names another folder",
				options->output);
		fuzz_campaign_close(ret);
		return EXIT_USAGE;
	}
	ret->id = strrchr(ret->folder, '/');
	ret->id = ret->id ? ret->id + 1 : ret->folder;
	got = read_run(ret);
	if (got)
		fuzz_campaign_close(ret);
	return got;
}

/* RUN of RUN/findings/INPUT, RUN/corpus/INPUT and RUN/sync/WORKER/crashes/INPUT. */
static char *folder_of(const char *input)
{
	char *path = realpath(input, NULL), *slash;

	for (int up = 0; path && up < 4; up++) {
		char *run;
		bool found;

		slash = strrchr(path, '/');
		if (!slash || slash == path)
			break;
		*slash = 0;
		run = fuzz_path("%s/run.json", path);
		found = !access(run, R_OK);
		free(run);
		if (found)
			return path;
	}
	free(path);
	return NULL;
}

void fuzz_campaign_adopt(struct fuzz_options *options, const char *input)
{
	char *folder = folder_of(input);
	struct fuzz_campaign campaign;

	if (!folder)
		return;
	if (!options->programs_said && !fuzz_campaign_open(options, folder, &campaign)) {
		char *slash = strrchr(campaign.program, '/');

		free(options->programs);
		options->programs =
			slash ? fuzz_path("%.*s", (int)(slash - campaign.program),
					  campaign.program)
			      : fuzz_path(".");
		if (!options->mutant && *campaign.mutant)
			options->mutant = fuzz_path("%s", campaign.mutant);
		fuzz_campaign_close(&campaign);
	}
	free(folder);
}

void fuzz_campaign_close(struct fuzz_campaign *campaign)
{
	free(campaign->folder);
	free(campaign->program);
	free(campaign->sync);
	*campaign = (struct fuzz_campaign) { 0 };
}

void fuzz_campaign_findings(const struct fuzz_campaign *campaign, struct fuzz_files *ret)
{
	char *folder = fuzz_path("%s/findings", campaign->folder);
	struct fuzz_files workers = { 0 };

	fuzz_files_find(folder, "", ret);
	free(folder);
	if (campaign->sync)
		fuzz_files_find(campaign->sync, "", &workers);
	for (size_t i = 0; i < workers.count; i++) {
		char *crashes = fuzz_path("%s/crashes", workers.path[i]);
		char *hangs = fuzz_path("%s/hangs", workers.path[i]);

		fuzz_files_add(crashes, "id", ret);
		fuzz_files_add(hangs, "id", ret);
		free(crashes);
		free(hangs);
	}
	fuzz_files_deinit(&workers);
}
