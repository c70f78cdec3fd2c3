// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd-fuzz-regress.c - dmactl fuzz regress: the targets on what once broke them
 *
 * Each input of corpus/regressions/TARGET showed a bug that was mended, or one that can
 * be put back; the library as it is passes them all.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz-replay.h"
#include "json.h"
#include "output.h"
#include "table.h"

enum {
	COLUMN_TARGET,
	COLUMN_INPUT,
	COLUMN_RESULT,
	COLUMN_TIME,
};

static const struct column columns[] = {
	{ .name = "TARGET", .summary = "name of the target" },
	{ .name = "INPUT", .summary = "of corpus/regressions/TARGET" },
	{ .name = "RESULT", .summary = "passed, or who saw what" },
	{ .name = "TIME", .summary = "how long it took", .right = true, .extra = true },
	{},
};

struct regress {
	const struct fuzz_options *options;
	struct table *table;
	json_t *list;
	uint64_t passed, broke;
};

static int run_input(struct regress *regress, const struct fuzz_target *target,
		     const char *path)
{
	struct fuzz_outcome outcome;
	char result[FUZZ_BUCKET] = "passed", time[16];
	json_t *object;
	int status = fuzz_replay(target, path, NULL, &outcome, NULL);

	if (status)
		return status;
	if (outcome.found)
		fuzz_bucket(&outcome, result);
	regress->passed += !outcome.found;
	regress->broke += outcome.found;
	object = json_create();
	json_add(object, "target", json_text(target->name));
	json_add(object, "input", json_text(path));
	json_add(object, "passed", json_boolean(!outcome.found));
	json_add(object, "what", outcome.found ? json_text(result) : json_null());
	json_add_count(object, "ns", outcome.ns);
	json_append(regress->list, object);
	/* people want to see what is wrong, machines all */
	if (!outcome.found && regress->options->form.form == FORM_HUMAN)
		return EXIT_FINE;
	table_row(regress->table);
	table_cell(regress->table, COLUMN_TARGET, "%s", target->name);
	table_cell(regress->table, COLUMN_INPUT, "%s", path);
	table_cell(regress->table, COLUMN_RESULT, "%s", result);
	table_cell(regress->table, COLUMN_TIME, "%s",
		   table_time(outcome.ns, time, sizeof(time)));
	return EXIT_FINE;
}

static int run_target(struct regress *regress, const char *name)
{
	char *folder =
		fuzz_path("%s/corpus/regressions/%s", regress->options->data, name);
	struct fuzz_files files;
	struct fuzz_target target;
	int status = fuzz_target_find(regress->options, name, false, &target);

	if (status)
		goto free_folder;
	fuzz_files_find(folder, "", &files);
	for (size_t i = 0; i < files.count && !status; i++)
		status = run_input(regress, &target, files.path[i]);
	fuzz_files_deinit(&files);
	fuzz_target_deinit(&target);
free_folder:
	free(folder);
	return status;
}

static int run_all(struct regress *regress)
{
	const struct fuzz_options *options = regress->options;
	char *folder = fuzz_path("%s/corpus/regressions", options->data);
	struct fuzz_files targets = { 0 };
	int status = EXIT_FINE;

	for (int i = 0; i < options->argc && !status; i++)
		status = run_target(regress, options->argv[i]);
	if (!options->argc)
		fuzz_files_find(folder, "", &targets);
	for (size_t i = 0; i < targets.count && !status; i++)
		status = run_target(regress, strrchr(targets.path[i], '/') + 1);
	if (!status && !regress->passed && !regress->broke) {
		complain("no input in %s: --data names another folder", folder);
		status = EXIT_CANNOT;
	}
	fuzz_files_deinit(&targets);
	free(folder);
	return status;
}

static void print(const struct regress *regress)
{
	json_t *document;

	if (regress->options->form.form == FORM_JSON) {
		document = json_document("fuzz-regress");
		json_add_count(document, "passed", regress->passed);
		json_add_count(document, "broke", regress->broke);
		json_add(document, "inputs", json_incref(regress->list));
		json_print(document);
		return;
	}
	if (table_rows(regress->table))
		table_print(regress->table);
	if (regress->options->form.form == FORM_HUMAN)
		printf("%" PRIu64 " inputs pass, %" PRIu64 " break their target\n",
		       regress->passed, regress->broke);
}

int fuzz_regress(const struct fuzz_options *options)
{
	struct regress regress = { .options = options };
	int status =
		table_create(&options->form, &options->terminal, columns, &regress.table);

	if (!regress.table)
		return status;
	regress.list = json_list();
	status = run_all(&regress);
	if (!status || regress.passed || regress.broke)
		print(&regress);
	if (!status && regress.broke)
		status = EXIT_FOUND;
	json_decref(regress.list);
	table_destroy(regress.table);
	return status;
}
