// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd-fuzz-status.c - dmactl fuzz status and stop: how a campaign goes, and its end
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "fuzz-status.h"
#include "json.h"
#include "output.h"
#include "table.h"

#define STOP_SECONDS 20

enum {
	COLUMN_WORKER,
	COLUMN_EXECS,
	COLUMN_SPEED,
	COLUMN_CORPUS,
	COLUMN_EDGES,
	COLUMN_STABILITY,
	COLUMN_FINDINGS,
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
	{},
};

/* When an input was last kept, in seconds since 1970; 0 for never. */
static int64_t last_new(const struct fuzz_campaign *campaign)
{
	struct fuzz_files files = { 0 }, workers = { 0 };
	int64_t last = 0;
	char *folder = fuzz_path("%s/corpus", campaign->folder);
	struct stat status;

	fuzz_files_add(folder, "", &files);
	free(folder);
	if (campaign->sync)
		fuzz_files_find(campaign->sync, "", &workers);
	for (size_t i = 0; i < workers.count; i++) {
		folder = fuzz_path("%s/queue", workers.path[i]);
		fuzz_files_add(folder, "id", &files);
		free(folder);
	}
	for (size_t i = 0; i < files.count; i++)
		if (!lstat(files.path[i], &status) && status.st_mtime > last)
			last = status.st_mtime;
	fuzz_files_deinit(&workers);
	fuzz_files_deinit(&files);
	return last;
}

/* The dmactl that runs it prints its summary when it is over. */
static bool is_running(const struct fuzz_campaign *campaign)
{
	return campaign->pid != getpid() && fuzz_campaign_alive(campaign);
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
		json_append(list, worker);
	}
	json_add(document, "workers", list);
	json_print(document);
}

static void print_head(const struct fuzz_campaign *campaign)
{
	int64_t last = last_new(campaign), now = time(NULL);

	printf("%s: %s", campaign->id, fuzz_engine_names[campaign->engine]);
	if (*campaign->mutant)
		printf(", bug %s put back", campaign->mutant);
	printf(", %s, began %" PRId64 " s ago", is_running(campaign) ? "runs" : "ended",
	       now - campaign->started);
	if (last)
		printf(", last new input %" PRId64 " s ago", now - last);
	printf("\n");
}

static void add_row(struct table *table, const struct fuzz_worker *worker)
{
	table_row(table);
	table_cell(table, COLUMN_WORKER, "%s", worker->name);
	table_cell(table, COLUMN_EXECS, "%" PRIu64, worker->execs);
	table_cell(table, COLUMN_SPEED, "%.0f", worker->speed);
	table_cell(table, COLUMN_CORPUS, "%" PRIu64, worker->corpus);
	table_cell(table, COLUMN_EDGES, "%" PRIu64, worker->edges);
	if (worker->stability >= 0)
		table_cell(table, COLUMN_STABILITY, "%.2f%%", worker->stability);
	table_cell(table, COLUMN_FINDINGS, "%" PRIu64, worker->findings);
}

int fuzz_status_print(const struct fuzz_options *options,
		      const struct fuzz_campaign *campaign)
{
	struct fuzz_worker *workers, sum = { .name = "all", .stability = -1 };
	struct fuzz_files findings;
	struct table *table;
	size_t count;
	int status = table_create(&options->form, &options->terminal, columns, &table);

	if (!table)
		return status;
	count = fuzz_campaign_workers(campaign, &workers);
	for (size_t i = 0; i < count; i++) {
		sum.execs += workers[i].execs;
		sum.speed += workers[i].speed;
		sum.corpus =
			workers[i].corpus > sum.corpus ? workers[i].corpus : sum.corpus;
		sum.edges = workers[i].edges > sum.edges ? workers[i].edges : sum.edges;
		add_row(table, &workers[i]);
	}
	fuzz_campaign_findings(campaign, &findings);
	sum.findings = findings.count;
	if (count != 1)
		add_row(table, &sum);
	if (options->form.form == FORM_JSON) {
		print_json(campaign, workers, count, &sum);
	} else {
		if (options->form.form == FORM_HUMAN)
			print_head(campaign);
		table_print(table);
	}
	if (options->form.form == FORM_HUMAN && findings.count)
		printf("\n'dmactl fuzz triage' says which of the findings are the same.\n");
	fuzz_files_deinit(&findings);
	free(workers);
	table_destroy(table);
	return EXIT_FINE;
}

int fuzz_status(const struct fuzz_options *options)
{
	struct fuzz_campaign campaign;
	int status = fuzz_campaign_open(options, options->argv[0], &campaign);

	if (status)
		return status;
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
