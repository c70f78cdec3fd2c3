// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd-fuzz-status.c - dmactl fuzz status and stop: how a campaign goes, and its end
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "fuzz-seeds.h"
#include "fuzz-status.h"
#include "json.h"
#include "output.h"
#include "paragraph.h"
#include "table.h"

#define STOP_SECONDS   20
#define SILENT_SECONDS 180 /* AFL++ says something each minute */

enum {
	COLUMN_WORKER,
	COLUMN_EXECS,
	COLUMN_SPEED,
	COLUMN_CORPUS,
	COLUMN_EDGES,
	COLUMN_STABILITY,
	COLUMN_FINDINGS,
	COLUMN_HEARD,
};

static const struct column columns[] = {
	{ .name = "WORKER", .summary = "process of an engine" },
	{ .name = "EXECS", .summary = "inputs run", .right = true },
	{ .name = "EXEC/S", .summary = "of them a second", .right = true },
	{ .name = "CORPUS", .summary = "inputs kept", .right = true },
	{ .name = "EDGES", .summary = "branches of the program reached", .right = true },
	{ .name = "STABILITY",
	  .summary = "branches that are the same each time",
	  .right = true },
	{ .name = "FINDINGS", .summary = "inputs that broke the target", .right = true },
	{ .name = "HEARD", .summary = "how long ago it said something", .right = true },
	{},
};

/* "12s", "5m", "3h", "2d" */
static const char *age_text(int64_t seconds, char *buffer, size_t room)
{
	static const struct {
		int64_t seconds;
		char unit;
	} units[] = { { 86400, 'd' }, { 3600, 'h' }, { 60, 'm' } };
	size_t i = 0;

	while (i < 3 && seconds < 2 * units[i].seconds)
		i++;
	if (i < 3)
		snprintf(buffer, room, "%" PRId64 "%c", seconds / units[i].seconds,
			 units[i].unit);
	else
		snprintf(buffer, room, "%" PRId64 "s", seconds);
	return buffer;
}

/* When an input was last kept, in seconds since 1970; 0 for never. */
static int64_t last_new(const struct fuzz_campaign *campaign)
{
	struct fuzz_files files = { 0 };
	struct stat status;
	int64_t last = 0;

	fuzz_seeds_kept(campaign, &files);
	for (size_t i = 0; i < files.count; i++)
		if (!lstat(files.path[i], &status) && status.st_mtime > last)
			last = status.st_mtime;
	fuzz_files_deinit(&files);
	return last;
}

/* The dmactl that runs it prints its summary when it is over. */
static bool is_running(const struct fuzz_campaign *campaign)
{
	return campaign->pid != getpid() && fuzz_campaign_alive(campaign);
}

/* Of other machines only what they write is seen. */
static bool is_silent(const struct fuzz_worker *worker)
{
	return worker->heard + SILENT_SECONDS < time(NULL);
}

/* "build7" of AFL++'s "build7-1234-1"; what is no such name is a machine of its own. */
static size_t host_size(const char *name)
{
	const char *end = name + strlen(name);

	for (int dashes = 0; end > name && dashes < 2;)
		dashes += *--end == '-';
	return end > name ? (size_t)(end - name) : strlen(name);
}

/* How many machines AFL++ runs on. */
static size_t count_machines(const struct fuzz_worker *workers, size_t count)
{
	size_t machines = 0;

	for (size_t i = 0; i < count; i++) {
		size_t size = host_size(workers[i].name);
		bool known = false;

		for (size_t j = 0; j < i && !known; j++)
			known = host_size(workers[j].name) == size &&
				!strncmp(workers[j].name, workers[i].name, size);
		machines += !known;
	}
	return machines;
}

/*
 * The rate of all is of those that run; where none does, of those that did. Corpus and
 * edges are the same ones for all, about.
 */
static struct fuzz_worker add_up(const struct fuzz_worker *workers, size_t count)
{
	struct fuzz_worker sum = { .name = "all", .stability = -1 };
	bool all_silent = true;

	for (size_t i = 0; i < count; i++)
		all_silent = all_silent && is_silent(&workers[i]);
	for (size_t i = 0; i < count; i++) {
		const struct fuzz_worker *worker = &workers[i];

		sum.execs += worker->execs;
		sum.speed += all_silent || !is_silent(worker) ? worker->speed : 0;
		sum.corpus = worker->corpus > sum.corpus ? worker->corpus : sum.corpus;
		sum.edges = worker->edges > sum.edges ? worker->edges : sum.edges;
		sum.heard = worker->heard > sum.heard ? worker->heard : sum.heard;
	}
	return sum;
}

static void print_json(const struct fuzz_campaign *campaign,
		       const struct fuzz_worker *workers, size_t count,
		       const struct fuzz_worker *sum)
{
	json_t *document = json_document("fuzz-status"), *list = json_list();
	int64_t last = last_new(campaign);

	json_add(document, "run", json_text(campaign->id));
	json_add(document, "target", json_text(campaign->target));
	json_add(document, "engine", json_text(fuzz_engine_names[campaign->engine]));
	json_add(document, "mutant",
		 *campaign->mutant ? json_text(campaign->mutant) : json_null());
	json_add(document, "alive", json_boolean(is_running(campaign)));
	json_add_count(document, "started", (uint64_t)campaign->started);
	json_add(document, "last_new", last ? json_count((uint64_t)last) : json_null());
	if (campaign->engine == FUZZ_ENGINE_AFL)
		json_add_count(document, "machines", count_machines(workers, count));
	json_add_count(document, "execs", sum->execs);
	json_add(document, "execs_per_second", json_real(sum->speed));
	json_add_count(document, "findings", sum->findings);
	for (size_t i = 0; i < count; i++) {
		json_t *worker = json_create();

		json_add(worker, "worker", json_text(workers[i].name));
		json_add_count(worker, "execs", workers[i].execs);
		json_add(worker, "execs_per_second", json_real(workers[i].speed));
		json_add_count(worker, "corpus", workers[i].corpus);
		json_add_count(worker, "edges", workers[i].edges);
		json_add(worker, "stability",
			 workers[i].stability < 0 ? json_null()
						  : json_real(workers[i].stability));
		json_add_count(worker, "findings", workers[i].findings);
		json_add_count(worker, "heard", (uint64_t)workers[i].heard);
		json_append(list, worker);
	}
	json_add(document, "workers", list);
	json_print(document);
}

static void print_head(const struct fuzz_options *options,
		       const struct fuzz_campaign *campaign, size_t machines)
{
	int64_t last = last_new(campaign), now = time(NULL);
	char bug[32] = "", more[64] = "", kept[64] = "", began[24], ago[24];

	if (*campaign->mutant)
		snprintf(bug, sizeof(bug), ", bug %s put back", campaign->mutant);
	if (campaign->engine == FUZZ_ENGINE_AFL && machines > 1)
		snprintf(more, sizeof(more), " on %zu machines", machines);
	if (last)
		snprintf(kept, sizeof(kept), ", last new input %s ago",
			 age_text(now - last, ago, sizeof(ago)));
	paragraph_print(&options->terminal, 0, 2, "%s: %s%s%s, %s, began %s ago%s",
			campaign->id, fuzz_engine_names[campaign->engine], more, bug,
			is_running(campaign) ? "runs" : "ended",
			age_text(now - campaign->started, began, sizeof(began)), kept);
}

static void add_row(struct table *table, const struct fuzz_worker *worker)
{
	char ago[24];

	table_row(table);
	table_cell(table, COLUMN_WORKER, "%s", worker->name);
	table_cell(table, COLUMN_EXECS, "%" PRIu64, worker->execs);
	table_cell(table, COLUMN_SPEED, "%.0f", worker->speed);
	table_cell(table, COLUMN_CORPUS, "%" PRIu64, worker->corpus);
	table_cell(table, COLUMN_EDGES, "%" PRIu64, worker->edges);
	if (worker->stability >= 0)
		table_cell(table, COLUMN_STABILITY, "%.2f%%", worker->stability);
	table_cell(table, COLUMN_FINDINGS, "%" PRIu64, worker->findings);
	if (worker->heard)
		table_cell(table, COLUMN_HEARD, "%s",
			   age_text(time(NULL) - worker->heard, ago, sizeof(ago)));
}

int fuzz_status_print(const struct fuzz_options *options,
		      const struct fuzz_campaign *campaign)
{
	struct fuzz_worker *workers, sum;
	struct fuzz_files findings;
	struct table *table;
	size_t count;
	int status = table_create(&options->form, &options->terminal, columns, &table);

	if (!table)
		return status;
	count = fuzz_campaign_workers(campaign, &workers);
	for (size_t i = 0; i < count; i++)
		add_row(table, &workers[i]);
	sum = add_up(workers, count);
	fuzz_campaign_findings(campaign, &findings);
	sum.findings = findings.count;
	if (count != 1)
		add_row(table, &sum);
	if (options->form.form == FORM_JSON) {
		print_json(campaign, workers, count, &sum);
	} else {
		if (options->form.form == FORM_HUMAN)
			print_head(options, campaign, count_machines(workers, count));
		table_print(table);
	}
	if (options->form.form == FORM_HUMAN && findings.count)
		printf("\n'dmactl fuzz triage' says which of the findings are the same.\n");
	fuzz_files_deinit(&findings);
	free(workers);
	table_destroy(table);
	return EXIT_FINE;
}

/* Those that run besides the newest: one of each engine, say. */
static void print_others(const struct fuzz_options *options,
			 const struct fuzz_campaign *newest)
{
	struct fuzz_campaign campaign;
	struct fuzz_files all;

	fuzz_files_find(options->output, "", &all);
	for (size_t i = 0; i < all.count; i++) {
		char *run = fuzz_path("%s/run.json", all.path[i]);

		if (!access(run, F_OK) &&
		    !fuzz_campaign_open(options, all.path[i], &campaign)) {
			if (strcmp(campaign.id, newest->id) && is_running(&campaign)) {
				fuzz_status_print(options, &campaign);
				printf("\n");
			}
			fuzz_campaign_close(&campaign);
		}
		free(run);
	}
	fuzz_files_deinit(&all);
}

int fuzz_status(const struct fuzz_options *options)
{
	struct fuzz_campaign campaign;
	int status = fuzz_campaign_open(options, options->argv[0], &campaign);

	if (status)
		return status;
	if (!options->argv[0] && options->form.form == FORM_HUMAN)
		print_others(options, &campaign);
	status = fuzz_status_print(options, &campaign);
	fuzz_campaign_close(&campaign);
	return status;
}

int fuzz_stop(const struct fuzz_options *options)
{
	const struct timespec tenth = { .tv_nsec = 100000000 };
	struct fuzz_campaign campaign;
	int status = fuzz_campaign_open(options, options->argv[0], &campaign);

	if (status)
		return status;
	/* Only the dmactl that runs it, and never another process with its number. */
	if (!fuzz_campaign_alive(&campaign)) {
		complain("%s has ended already", campaign.id);
	} else if (kill(campaign.pid, SIGTERM)) {
		status = trouble(campaign.id, -errno);
	} else {
		for (int i = 0; i < STOP_SECONDS * 10 && fuzz_campaign_alive(&campaign);
		     i++)
			nanosleep(&tenth, NULL);
		if (fuzz_campaign_alive(&campaign)) {
			complain("%s has not ended in %d s", campaign.id, STOP_SECONDS);
			status = EXIT_SYSTEM;
		}
	}
	fuzz_campaign_close(&campaign);
	return status;
}
