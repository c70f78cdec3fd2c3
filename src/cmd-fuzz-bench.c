// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd-fuzz-bench.c - dmactl fuzz bench: inputs a second of each target, build by build
 *
 * Each is fuzzed for a few seconds by one worker, from the committed inputs and always
 * with the same dice. Others take their part of the processor meanwhile, so how much of
 * one the worker had is measured, too. Then some inputs are run again and again.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "clock.h"
#include "fuzz-build.h"
#include "fuzz-engine.h"
#include "fuzz-scratch.h"
#include "fuzz-seeds.h"
#include "fuzz-speed.h"
#include "json.h"
#include "output.h"
#include "table.h"

#define SECONDS 5 /* for each, where --time does not say it */

enum {
	COLUMN_TARGET,
	COLUMN_ENGINE,
	COLUMN_SANITIZER,
	COLUMN_SPEED,
	COLUMN_PROCESSOR,
	COLUMN_PER_PROCESSOR,
	COLUMN_EMPTY,
	COLUMN_MEDIAN,
	COLUMN_LARGE,
	COLUMN_STABILITY,
	COLUMN_FINDINGS,
	COLUMN_EXECS,
	COLUMN_PROGRAM,
};

static const struct column columns[] = {
	{ .name = "TARGET", .summary = "name of the target" },
	{ .name = "ENGINE", .summary = "libfuzzer or afl" },
	{ .name = "SANITIZER", .summary = "what watches over its memory" },
	{ .name = "EXEC/S", .summary = "inputs run a second", .right = true },
	{ .name = "CPU", .summary = "share of a processor that it had", .right = true },
	{ .name = "EXEC/CPU-S",
	  .summary = "inputs a second of a processor",
	  .right = true },
	{ .name = "EMPTY/S",
	  .summary = "the same of the empty input, again and again",
	  .right = true },
	{ .name = "MEDIAN/S",
	  .summary = "... of the tenth of the committed ones around the median size",
	  .right = true },
	{ .name = "95TH/S", .summary = "... of the largest tenth", .right = true },
	{ .name = "STABILITY",
	  .summary = "branches that are the same each time",
	  .right = true },
	{ .name = "FINDINGS", .summary = "inputs that broke the target", .right = true },
	{ .name = "EXECS", .summary = "inputs run", .right = true, .extra = true },
	{ .name = "PROGRAM", .summary = "file of the program", .extra = true },
	{},
};

struct bench {
	const struct fuzz_options *options;
	char *folder; /* of the campaigns */
	struct table *table;
	json_t *list;
	bool interrupted;
	bool found;
};

/* What a worker did in its seconds. */
struct result {
	struct fuzz_worker worker;
	double processor;     /* percent of one */
	double per_processor; /* inputs a second of one */
	size_t findings;
	struct fuzz_speed speed[FUZZ_SPEEDS];
};

/* AFL++ leaves its processes to be waited for by whoever comes after it: that is us. */
static void wait_for_orphans(void)
{
	const struct timespec pause = { .tv_nsec = 10000000 };

	for (int i = 0; i < 100; i++) {
		pid_t pid = waitpid(-1, NULL, WNOHANG);

		if (pid < 0)
			break;
		if (!pid)
			nanosleep(&pause, NULL);
	}
}

/* Of all that we waited for. */
static uint64_t processor_ns(void)
{
	struct rusage used;

	getrusage(RUSAGE_CHILDREN, &used);
	return clock_used_ns(&used);
}

static int measure(struct bench *bench, const struct fuzz_target *target,
		   struct result *ret)
{
	struct fuzz_options how = *bench->options;
	uint64_t begin, processor = processor_ns();
	struct fuzz_campaign campaign;
	struct fuzz_worker *workers;
	struct fuzz_files findings;
	size_t count;
	int status;

	how.output = bench->folder;
	how.seconds = how.seconds ? how.seconds : SECONDS;
	how.seed = how.seed ? how.seed : 1;
	how.keep_going = true;
	*ret = (struct result) { 0 };
	status = fuzz_campaign_create(&how, target, &campaign);
	if (status)
		return status;
	begin = clock_ns();
	status = fuzz_campaign_run(&how, &campaign);
	begin = clock_ns() - begin;
	bench->interrupted = campaign.interrupted;
	count = fuzz_campaign_workers(&campaign, &workers);
	if (count)
		ret->worker = workers[0];
	free(workers);
	fuzz_campaign_findings(&campaign, &findings);
	ret->findings = findings.count;
	fuzz_files_deinit(&findings);
	wait_for_orphans();
	processor = processor_ns() - processor;
	if (begin && processor) {
		ret->processor = (double)processor * 100 / (double)begin;
		ret->per_processor =
			(double)ret->worker.execs * (double)SECOND_NS / (double)processor;
	}
	fuzz_campaign_close(&campaign);
	return status == EXIT_FOUND ? EXIT_FINE : status;
}

/* Of those that could be measured, also into the row. */
static json_t *add_speeds(struct bench *bench, const struct result *result)
{
	static const char *const names[FUZZ_SPEEDS] = { "empty", "median", "95th" };
	json_t *list = json_list(), *object;

	for (unsigned int i = 0; i < FUZZ_SPEEDS; i++) {
		const struct fuzz_speed *speed = &result->speed[i];

		if (speed->per_second < 0)
			continue;
		table_cell(bench->table, COLUMN_EMPTY + i, "%.0f", speed->per_second);
		object = json_create();
		json_add(object, "input", json_text(names[i]));
		json_add_count(object, "inputs", speed->inputs);
		json_add_count(object, "bytes", speed->size);
		json_add(object, "execs_per_processor_second",
			 json_real(speed->per_second));
		json_append(list, object);
	}
	return list;
}

static void add_row(struct bench *bench, const struct fuzz_target *target,
		    const struct result *result)
{
	const struct fuzz_worker *worker = &result->worker;
	struct table *table = bench->table;
	json_t *object = json_create();

	table_row(table);
	table_cell(table, COLUMN_TARGET, "%s", target->name);
	table_cell(table, COLUMN_ENGINE, "%s", fuzz_engine_names[target->engine]);
	table_cell(table, COLUMN_SANITIZER, "%s",
		   *target->sanitizer ? target->sanitizer : "none");
	table_cell(table, COLUMN_SPEED, "%.0f", worker->speed);
	table_cell(table, COLUMN_PROCESSOR, "%.0f%%", result->processor);
	table_cell(table, COLUMN_PER_PROCESSOR, "%.0f", result->per_processor);
	if (worker->stability >= 0)
		table_cell(table, COLUMN_STABILITY, "%.2f%%", worker->stability);
	table_cell(table, COLUMN_FINDINGS, "%zu", result->findings);
	table_cell(table, COLUMN_EXECS, "%" PRIu64, worker->execs);
	table_cell(table, COLUMN_PROGRAM, "%s", target->program);
	json_add(object, "target", json_text(target->name));
	json_add(object, "engine", json_text(fuzz_engine_names[target->engine]));
	json_add(object, "sanitizer", json_text(target->sanitizer));
	json_add(object, "execs_per_second", json_real(worker->speed));
	json_add(object, "processor", json_real(result->processor / 100));
	json_add(object, "execs_per_processor_second", json_real(result->per_processor));
	json_add(object, "repeated", add_speeds(bench, result));
	json_add(object, "stability",
		 worker->stability < 0 ? json_null() : json_real(worker->stability));
	json_add_count(object, "findings", result->findings);
	json_add_count(object, "execs", worker->execs);
	json_add(object, "program", json_text(target->program));
	json_append(bench->list, object);
}

static int bench_target(struct bench *bench, const char *name)
{
	const struct fuzz_options *options = bench->options;
	struct fuzz_target target;
	struct result result;
	int status = fuzz_target_find(options, name, false, &target);

	if (status)
		return status;
	if (target.engine == FUZZ_ENGINE_NONE) {
		complain("%s has no engine: 'dmactl fuzz build' makes one that has",
			 target.program);
		status = EXIT_CANNOT;
	} else if (!options->engine ||
		   !strcmp(options->engine, fuzz_engine_names[target.engine])) {
		status = measure(bench, &target, &result);
		if (!status && !bench->interrupted)
			status = fuzz_speed_measure(options, &target, bench->folder,
						    &bench->interrupted, result.speed);
		if (!status && !bench->interrupted) {
			bench->found = bench->found || result.findings;
			add_row(bench, &target, &result);
		}
	}
	fuzz_target_deinit(&target);
	return status;
}

/* All targets of one folder. */
static int bench_folder(struct bench *bench, char *programs)
{
	const struct fuzz_options *said = bench->options;
	struct fuzz_options options = *said;
	struct fuzz_files targets;
	int status;

	options.programs = programs;
	bench->options = &options;
	status = fuzz_seeds_targets(&options, programs, &targets);
	for (size_t i = 0; !status && i < targets.count && !bench->interrupted; i++)
		status = bench_target(bench, targets.path[i]);
	fuzz_files_deinit(&targets);
	bench->options = said;
	return status;
}

static int bench_builds(struct bench *bench)
{
	const struct fuzz_options *options = bench->options;
	const char *wanted = options->build;
	int status = EXIT_FINE;
	bool any = false;

	if (options->programs_said)
		return bench_folder(bench, options->programs);
	for (size_t i = 0; i < FUZZ_BUILDS && !status && !bench->interrupted; i++) {
		const struct fuzz_build *build = &fuzz_builds[i];
		char *programs = build->engine != FUZZ_ENGINE_NONE
					 ? fuzz_build_programs(options, build)
					 : NULL;

		if (programs &&
		    (!wanted || !strcmp(wanted, "all") || !strcmp(wanted, build->name))) {
			any = true;
			status = bench_folder(bench, programs);
		}
		free(programs);
	}
	if (!any) {
		complain("no build with an engine in %s/build: 'dmactl fuzz build "
			 "--build=all' makes them",
			 options->output);
		status = EXIT_CANNOT;
	}
	return status;
}

static void print(const struct bench *bench)
{
	json_t *document;

	if (bench->options->form.form == FORM_JSON) {
		document = json_document("fuzz-bench");
		json_add(document, "targets", json_incref(bench->list));
		json_print(document);
	} else {
		table_print(bench->table);
	}
}

int fuzz_bench(const struct fuzz_options *options)
{
	struct bench bench = { .options = options };
	int status =
		table_create(&options->form, &options->terminal, columns, &bench.table);

	if (!bench.table)
		return status;
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	bench.list = json_list();
	status = fuzz_scratch_create(&bench.folder);
	if (status)
		goto free_list;
	status = bench_builds(&bench);
	if (!status || table_rows(bench.table))
		print(&bench);
	if (!status && bench.found)
		status = EXIT_FOUND;
	fuzz_scratch_destroy(bench.folder);
free_list:
	json_decref(bench.list);
	table_destroy(bench.table);
	return status;
}
