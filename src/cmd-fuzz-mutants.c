// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd-fuzz-mutants.c - dmactl fuzz mutants: bugs put back, and who sees them
 *
 * A replay runs the input that is known to show a bug, and is done in seconds. With
 * --time each bug is fuzzed for, from no input at all and from two seeds: that says
 * whether a campaign would have found it, and how soon.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "fuzz-engine.h"
#include "fuzz-mutant.h"
#include "fuzz-replay.h"
#include "fuzz-scratch.h"
#include "json.h"
#include "output.h"
#include "table.h"

#define SEEDS 2

enum {
	COLUMN_BUG,
	COLUMN_TARGET,
	COLUMN_SEEN,
	COLUMN_EXPECTED,
	COLUMN_TIME,
	COLUMN_EXECS,
	COLUMN_SOURCE,
	COLUMN_WHAT,
};

static const struct column columns[] = {
	{ .name = "BUG", .summary = "its name in fuzz/mutants.def" },
	{ .name = "TARGET", .summary = "that is to see it" },
	{ .name = "SEEN", .summary = "by which oracle, or that it survived" },
	{ .name = "EXPECTED", .summary = "by which oracle" },
	{ .name = "TIME",
	  .summary = "until it was seen, the longest of all seeds",
	  .right = true },
	{ .name = "EXECS", .summary = "inputs until then, with --time", .right = true },
	{ .name = "SOURCE", .summary = "where it was", .extra = true, .shrink = true },
	{ .name = "WHAT", .summary = "what it does", .shrink = true },
	{},
};

struct result {
	const struct fuzz_mutant *mutant;
	char seen[48];
	bool killed;
	uint64_t ns;
	uint64_t execs;
};

struct matrix {
	const struct fuzz_options *options;
	struct result *result;
	size_t count, killed;
	bool interrupted;
};

/* Crashes of all kinds are one in mutants.def. */
static void set_seen(const struct fuzz_mutant *mutant, const struct fuzz_outcome *outcome,
		     struct result *ret)
{
	bool named = *outcome->place || !strcmp(outcome->oracle, "ENDLESS");

	snprintf(ret->seen, sizeof(ret->seen), "%s",
		 !outcome->found ? "survived"
		 : named         ? outcome->oracle
				 : "CRASH");
	ret->killed = !strcmp(ret->seen, mutant->oracle);
}

/* What breaks the target without the bug, too, tells nothing of it. */
static int judge(const struct fuzz_target *target, const char *input,
		 struct fuzz_outcome *outcome, struct result *ret)
{
	int status = fuzz_replay(target, input, NULL, outcome, NULL);

	if (!status && outcome->found) {
		snprintf(ret->seen, sizeof(ret->seen), "without it");
		outcome->found = false;
		return EXIT_FINE;
	}
	if (!status)
		status = fuzz_replay(target, input, ret->mutant->id, outcome, NULL);
	if (!status)
		set_seen(ret->mutant, outcome, ret);
	return status;
}

/* Its input passes without the bug, and breaks with it as mutants.def says. */
static int replay(const struct fuzz_options *options, const struct fuzz_target *target,
		  struct result *ret)
{
	const struct fuzz_mutant *mutant = ret->mutant;
	char *input = fuzz_path("%s/corpus/regressions/%s/%s", options->data,
				mutant->target, mutant->id);
	struct fuzz_outcome outcome;
	int status = EXIT_FINE;

	if (access(input, R_OK)) {
		snprintf(ret->seen, sizeof(ret->seen), "no input");
	} else {
		status = judge(target, input, &outcome, ret);
		ret->ns = status ? 0 : outcome.ns;
	}
	free(input);
	return status;
}

/* What ended the campaign, as its first finding shows when it is run again. */
static int look_at_finding(const struct fuzz_target *target,
			   const struct fuzz_campaign *campaign, struct result *ret)
{
	struct fuzz_outcome outcome = { 0 };
	struct fuzz_files findings;
	int status = EXIT_FINE;

	fuzz_campaign_findings(campaign, &findings);
	if (findings.count)
		status = judge(target, findings.path[0], &outcome, ret);
	else
		set_seen(ret->mutant, &outcome, ret);
	/* whoever saw it, it was seen */
	ret->killed = outcome.found;
	fuzz_files_deinit(&findings);
	return status;
}

/* One campaign for one bug, in a folder that is removed. */
static int fuzz_once(const struct fuzz_options *options, const struct fuzz_target *target,
		     struct matrix *matrix, struct result *ret)
{
	struct fuzz_options how = *options;
	struct fuzz_campaign campaign;
	struct fuzz_worker *workers;
	uint64_t begin = clock_ns(), execs = 0;
	size_t count;
	int status;

	how.jobs = 1;
	how.empty = true;
	how.mutant = ret->mutant->id;
	status = fuzz_campaign_create(&how, target, &campaign);
	if (status)
		return status;
	status = fuzz_campaign_run(&how, &campaign);
	begin = clock_ns() - begin;
	matrix->interrupted = campaign.interrupted;
	count = fuzz_campaign_workers(&campaign, &workers);
	for (size_t i = 0; i < count; i++)
		execs += workers[i].execs;
	free(workers);
	ret->ns = begin > ret->ns ? begin : ret->ns;
	ret->execs = execs > ret->execs ? execs : ret->execs;
	if (status == EXIT_FINE || status == EXIT_FOUND)
		status = look_at_finding(target, &campaign, ret);
	fuzz_campaign_close(&campaign);
	return status;
}

static int fuzz_bug(const struct fuzz_options *options, const struct fuzz_target *target,
		    struct matrix *matrix, struct result *ret)
{
	struct fuzz_options how = *options;
	char *folder;
	int status = fuzz_scratch_create(&folder);

	if (status)
		return status;
	how.output = folder;
	for (unsigned int i = 0; i < SEEDS && !status && !matrix->interrupted; i++) {
		how.seed = (options->seed ? options->seed : 1) + i;
		status = fuzz_once(&how, target, matrix, ret);
		if (!ret->killed)
			break;
	}
	fuzz_scratch_destroy(folder);
	return status;
}

static int try_bug(struct matrix *matrix, const struct fuzz_mutant *mutant)
{
	const struct fuzz_options *options = matrix->options;
	struct result *result;
	struct fuzz_target target;
	int status = fuzz_target_find(options, mutant->target, true, &target);

	if (status)
		return status;
	if (options->seconds && target.engine == FUZZ_ENGINE_NONE) {
		complain("%s has no fuzzing engine, which --time needs: see fuzz(7)",
			 target.program);
		status = EXIT_CANNOT;
		goto deinit_target;
	}
	result = &matrix->result[matrix->count];
	*result = (struct result) { .mutant = mutant };
	status = options->seconds ? fuzz_bug(options, &target, matrix, result)
				  : replay(options, &target, result);
	if (status || matrix->interrupted)
		goto deinit_target;
	matrix->count++;
	matrix->killed += result->killed;
deinit_target:
	fuzz_target_deinit(&target);
	return status;
}

static void print_json(const struct matrix *matrix)
{
	json_t *document = json_document("fuzz-mutants"), *list = json_list();

	json_add_count(document, "killed", matrix->killed);
	json_add(document, "seconds",
		 matrix->options->seconds ? json_count(matrix->options->seconds)
					  : json_null());
	for (size_t i = 0; i < matrix->count; i++) {
		const struct result *result = &matrix->result[i];
		json_t *object = json_create();

		json_add(object, "bug", json_text(result->mutant->id));
		json_add(object, "target", json_text(result->mutant->target));
		json_add(object, "seen", json_text(result->seen));
		json_add(object, "killed", json_boolean(result->killed));
		json_add(object, "expected", json_text(result->mutant->oracle));
		json_add_count(object, "ns", result->ns);
		if (matrix->options->seconds)
			json_add_count(object, "execs", result->execs);
		json_add(object, "source", json_text(result->mutant->source));
		json_add(object, "what", json_text(result->mutant->what));
		json_append(list, object);
	}
	json_add(document, "mutants", list);
	json_print(document);
}

static void print_table(const struct matrix *matrix, struct table *table)
{
	char time[16];

	for (size_t i = 0; i < matrix->count; i++) {
		const struct result *result = &matrix->result[i];

		table_row(table);
		if (!result->killed)
			table_color(table, "31");
		table_cell(table, COLUMN_BUG, "%s", result->mutant->id);
		table_cell(table, COLUMN_TARGET, "%s", result->mutant->target);
		table_cell(table, COLUMN_SEEN, "%s", result->seen);
		table_cell(table, COLUMN_EXPECTED, "%s", result->mutant->oracle);
		table_cell(table, COLUMN_TIME, "%s",
			   table_time(result->ns, time, sizeof(time)));
		if (matrix->options->seconds)
			table_cell(table, COLUMN_EXECS, "%" PRIu64, result->execs);
		table_cell(table, COLUMN_SOURCE, "%s", result->mutant->source);
		table_cell(table, COLUMN_WHAT, "%s", result->mutant->what);
	}
	table_print(table);
	if (matrix->options->form.form == FORM_HUMAN)
		printf("%zu of %zu bugs are seen%s\n", matrix->killed, matrix->count,
		       matrix->options->seconds ? "" : ", as they should be");
}

static int try_all(struct matrix *matrix, const struct fuzz_mutant_list *list)
{
	const struct fuzz_options *options = matrix->options;
	int status = EXIT_FINE;

	for (int i = 0; i < options->argc; i++)
		if (!fuzz_mutant_find(list, options->argv[i])) {
			complain("'%.40s' is no bug that can be put back",
				 options->argv[i]);
			return EXIT_USAGE;
		}
	for (int i = 0; i < options->argc && !status && !matrix->interrupted; i++)
		status = try_bug(matrix, fuzz_mutant_find(list, options->argv[i]));
	for (size_t i = 0; i < list->count && !options->argc && !status; i++) {
		status = try_bug(matrix, &list->mutant[i]);
		if (matrix->interrupted)
			break;
	}
	return status;
}

int fuzz_mutants(const struct fuzz_options *options)
{
	struct matrix matrix = { .options = options };
	struct fuzz_mutant_list list;
	struct table *table;
	int status = table_create(&options->form, &options->terminal, columns, &table);

	if (!table)
		return status;
	status = fuzz_mutant_list_read(options, &list);
	if (status)
		goto destroy_table;
	matrix.result =
		calloc(list.count + (size_t)options->argc + 1, sizeof(*matrix.result));
	if (!matrix.result)
		out_of_memory();
	status = try_all(&matrix, &list);
	if (matrix.count && options->form.form == FORM_JSON)
		print_json(&matrix);
	else if (matrix.count)
		print_table(&matrix, table);
	if (!status && matrix.killed < matrix.count)
		status = EXIT_FOUND;
	free(matrix.result);
	fuzz_mutant_list_deinit(&list);
destroy_table:
	table_destroy(table);
	return status;
}
