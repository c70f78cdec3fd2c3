// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fuzz-worker.c - how far the engines say that they are
 *
 * libFuzzer writes a line for each input that is new, and when its count has doubled;
 * AFL++ rewrites a file of figures each minute. The files of a worker that is just
 * writing may end anywhere.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz-campaign.h"
#include "output.h"

/* The number behind a word; false where the line has no such word. */
static bool number_behind(const char *line, const char *word, double *ret)
{
	const char *at = strstr(line, word);

	if (!at)
		return false;
	*ret = strtod(at + strlen(word), NULL);
	return true;
}

static void count_behind(const char *line, const char *word, uint64_t *ret)
{
	double value;

	if (number_behind(line, word, &value) && value >= 0)
		*ret = (uint64_t)value;
}

/*
 * "#4096	NEW    cov: 310 ft: 900 corp: 80/2Kb lim: 50 exec/s: 2048 rss: 40Mb". A
 * log has one beginning a start, and counts from 0 behind each.
 */
void fuzz_worker_read_log(const char *path, struct fuzz_worker *ret)
{
	FILE *file = fopen(path, "re");
	uint64_t here = 0;
	struct stat status;
	char *line = NULL;
	size_t room = 0;

	ret->stability = -1;
	ret->heard = file && !fstat(fileno(file), &status) ? status.st_mtime : 0;
	while (file && getline(&line, &room, file) > 0) {
		if (!strncmp(line, "INFO: Seed: ", 12)) {
			ret->execs += here;
			here = 0;
		}
		if (*line == '#') {
			here = strtoull(line + 1, NULL, 10);
			count_behind(line, "cov: ", &ret->edges);
			count_behind(line, "corp: ", &ret->corpus);
			number_behind(line, "exec/s: ", &ret->speed);
		}
		count_behind(line, "stat::number_of_executed_units: ", &here);
		number_behind(line, "stat::average_exec_per_sec: ", &ret->speed);
		if (strstr(line, "Test unit written to "))
			ret->findings++;
	}
	ret->execs += here;
	free(line);
	if (file)
		fclose(file);
}

/* "execs_done        : 12345" */
void fuzz_worker_read_stats(const char *path, struct fuzz_worker *ret)
{
	FILE *file = fopen(path, "re");
	uint64_t crashes = 0, hangs = 0, heard = 0;
	double seconds = -1;
	char *line = NULL;
	size_t room = 0;

	ret->stability = -1;
	while (file && getline(&line, &room, file) > 0) {
		char *colon = strchr(line, ':');

		if (!colon)
			continue;
		*colon = ' ';
		count_behind(line, "last_update ", &heard);
		number_behind(line, "run_time ", &seconds);
		count_behind(line, "execs_done ", &ret->execs);
		number_behind(line, "execs_per_sec ", &ret->speed);
		count_behind(line, "corpus_count ", &ret->corpus);
		count_behind(line, "edges_found ", &ret->edges);
		number_behind(line, "stability ", &ret->stability);
		count_behind(line, "saved_crashes ", &crashes);
		count_behind(line, "saved_hangs ", &hangs);
	}
	ret->findings = crashes + hangs;
	ret->heard = (int64_t)heard;
	/* its own figure is wild while it has just begun */
	if (seconds >= 0)
		ret->speed = seconds > 0 ? (double)ret->execs / seconds : 0;
	free(line);
	if (file)
		fclose(file);
}

static struct fuzz_worker *add_worker(struct fuzz_worker **workers, size_t *count,
				      const char *path, const char *suffix)
{
	struct fuzz_worker *worker;
	const char *base = strrchr(path, '/') + 1;

	*workers = reallocarray(*workers, *count + 1, sizeof(**workers));
	if (!*workers)
		out_of_memory();
	worker = *workers + (*count)++;
	*worker = (struct fuzz_worker) { 0 };
	snprintf(worker->name, sizeof(worker->name), "%.*s",
		 (int)(strlen(base) - strlen(suffix)), base);
	return worker;
}

size_t fuzz_campaign_workers(const struct fuzz_campaign *campaign,
			     struct fuzz_worker **ret)
{
	bool afl = campaign->engine == FUZZ_ENGINE_AFL && campaign->sync;
	struct fuzz_files files;
	size_t count = 0;

	*ret = NULL;
	fuzz_files_find(afl ? campaign->sync : campaign->folder, afl ? "" : "libfuzzer-",
			&files);
	for (size_t i = 0; i < files.count; i++) {
		char *stats = fuzz_path("%s/fuzzer_stats", files.path[i]);

		if (!afl)
			fuzz_worker_read_log(
				files.path[i],
				add_worker(ret, &count, files.path[i], ".log"));
		else if (!access(stats, F_OK))
			fuzz_worker_read_stats(
				stats, add_worker(ret, &count, files.path[i], ""));
		free(stats);
	}
	fuzz_files_deinit(&files);
	return count;
}
