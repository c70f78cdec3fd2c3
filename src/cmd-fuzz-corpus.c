// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd-fuzz-corpus.c - dmactl fuzz corpus: the inputs of the targets, counted or given
 * away
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fuzz-corpus.h"
#include "fuzz-scratch.h"
#include "fuzz-seeds.h"
#include "fuzz-tool.h"
#include "json.h"
#include "output.h"
#include "table.h"

static const struct action {
	const char *name;
	const char *args;
	int least;
	int (*run)(const struct fuzz_options *options);
} actions[] = {
	{ "list", "[TARGET...]", 0, fuzz_corpus_list },
	{ "merge", "TARGET OUT [RUN|FOLDER...]", 2, fuzz_corpus_merge },
	{ "import", "OUT TRACE...", 2, fuzz_corpus_import },
	{ "export", "OUT [TARGET...]", 1, fuzz_corpus_export },
};

#define ACTIONS (sizeof(actions) / sizeof(actions[0]))

int fuzz_corpus(const struct fuzz_options *options)
{
	struct fuzz_options behind = *options;
	const struct action *action = NULL;

	for (size_t i = 0; i < ACTIONS; i++)
		if (!strcmp(actions[i].name, options->argv[0]))
			action = &actions[i];
	behind.argv++;
	behind.argc--;
	if (action && behind.argc >= action->least)
		return action->run(&behind);
	if (action)
		complain("'corpus %s' takes %s", action->name, action->args);
	else
		complain("'corpus' can list, merge, import and export, not '%.40s'",
			 options->argv[0]);
	return EXIT_USAGE;
}

/* ---- list ---- */

enum {
	COLUMN_TARGET,
	COLUMN_INPUTS,
	COLUMN_BYTES,
	COLUMN_MEDIAN,
	COLUMN_LARGEST,
	COLUMN_REGRESSIONS,
};

static const struct column columns[] = {
	{ .name = "TARGET", .summary = "name of the target" },
	{ .name = "INPUTS",
	  .summary = "in its corpus, or kept by a campaign",
	  .right = true },
	{ .name = "BYTES", .summary = "of them all", .right = true },
	{ .name = "MEDIAN", .summary = "bytes of one in the middle", .right = true },
	{ .name = "LARGEST", .summary = "bytes of the largest", .right = true },
	{ .name = "REGRESSIONS", .summary = "inputs that once broke it", .right = true },
	{},
};

struct row {
	uint64_t inputs, bytes, median, largest, regressions;
};

static int look(const struct fuzz_options *options, const char *target, struct row *ret)
{
	char *folder = fuzz_path("%s/corpus/%s", options->data, target);
	char *broken = fuzz_path("%s/corpus/regressions/%s", options->data, target);
	struct fuzz_files files = { 0 }, regressions = { 0 };
	uint64_t *sizes;
	int status = EXIT_FINE;

	*ret = (struct row) { 0 };
	if (options->run)
		status = fuzz_seeds_find(options, target, &files);
	else
		fuzz_files_add(folder, "", &files);
	fuzz_files_add(broken, "", &regressions);
	sizes = fuzz_seeds_sizes(&files);
	for (size_t i = 0; i < files.count; i++)
		ret->bytes += sizes[i];
	if (files.count) {
		ret->median = sizes[files.count / 2];
		ret->largest = sizes[files.count - 1];
	}
	ret->inputs = files.count;
	ret->regressions = regressions.count;
	if (!status && !files.count && access(folder, F_OK)) {
		complain("'%.40s': there is no %s", target, folder);
		status = EXIT_USAGE;
	}
	free(sizes);
	fuzz_files_deinit(&regressions);
	fuzz_files_deinit(&files);
	free(broken);
	free(folder);
	return status;
}

static void add_row(struct table *table, const char *name, const struct row *row)
{
	table_row(table);
	table_cell(table, COLUMN_TARGET, "%s", name);
	table_cell(table, COLUMN_INPUTS, "%" PRIu64, row->inputs);
	table_cell(table, COLUMN_BYTES, "%" PRIu64, row->bytes);
	table_cell(table, COLUMN_MEDIAN, "%" PRIu64, row->median);
	table_cell(table, COLUMN_LARGEST, "%" PRIu64, row->largest);
	table_cell(table, COLUMN_REGRESSIONS, "%" PRIu64, row->regressions);
}

static json_t *row_json(const char *name, const struct row *row)
{
	json_t *object = json_create();

	json_add(object, "target", json_text(name));
	json_add_count(object, "inputs", row->inputs);
	json_add_count(object, "bytes", row->bytes);
	json_add_count(object, "median", row->median);
	json_add_count(object, "largest", row->largest);
	json_add_count(object, "regressions", row->regressions);
	return object;
}

static int add_rows(const struct fuzz_options *options, struct table *table, json_t *list)
{
	struct row row, sum = { 0 };
	struct fuzz_files targets;
	int status = fuzz_seeds_targets(options, NULL, &targets);

	for (size_t i = 0; i < targets.count && !status; i++) {
		status = look(options, targets.path[i], &row);
		if (status)
			break;
		add_row(table, targets.path[i], &row);
		json_append(list, row_json(targets.path[i], &row));
		sum.inputs += row.inputs;
		sum.bytes += row.bytes;
		sum.largest = row.largest > sum.largest ? row.largest : sum.largest;
		sum.regressions += row.regressions;
	}
	if (!status && targets.count > 1 && options->form.form == FORM_HUMAN) {
		add_row(table, "all", &sum);
		table_cell(table, COLUMN_MEDIAN, "%s", "");
	}
	if (!status && !targets.count) {
		complain("no target in %s/fuzz: --data names another folder",
			 options->data);
		status = EXIT_CANNOT;
	}
	fuzz_files_deinit(&targets);
	return status;
}

int fuzz_corpus_list(const struct fuzz_options *options)
{
	struct table *table;
	json_t *document, *list;
	int status = table_create(&options->form, &options->terminal, columns, &table);

	if (!table)
		return status;
	document = json_document("fuzz-corpus-list");
	list = json_list();
	status = add_rows(options, table, list);
	json_add(document, "targets", list);
	if (!status && options->form.form == FORM_JSON)
		json_print(document);
	else
		json_decref(document);
	if (!status && options->form.form != FORM_JSON)
		table_print(table);
	table_destroy(table);
	return status;
}

/* ---- export ---- */

/* Into @folder/TARGET, by their names; those of workers that share one get a number. */
static int copy_inputs(const struct fuzz_options *options, const char *folder,
		       const char *target, uint64_t *count)
{
	char *to = fuzz_path("%s/%s", folder, target);
	struct fuzz_files files = { 0 };
	int status = fuzz_seeds_find(options, target, &files);

	if (!status)
		status = fuzz_folder_make(to);
	for (size_t i = 0; i < files.count && !status; i++) {
		char *copy = fuzz_path("%s/%s", to, strrchr(files.path[i], '/') + 1);

		if (!access(copy, F_OK)) {
			free(copy);
			copy = fuzz_path("%s/%s.%zu", to, strrchr(files.path[i], '/') + 1,
					 i);
		}
		status = fuzz_file_copy(files.path[i], copy);
		free(copy);
	}
	*count += files.count;
	fuzz_files_deinit(&files);
	free(to);
	return status;
}

static int pack(const char *folder, const char *out)
{
	const char *argv[] = { "zip", "-q", "-r", NULL, ".", NULL };
	char *here = getcwd(NULL, 0);
	char *path = *out == '/' || !here ? fuzz_path("%s", out)
					  : fuzz_path("%s/%s", here, out);
	struct fuzz_tool tool = { .argv = argv, .folder = folder };
	int status = EXIT_FINE, how;

	argv[3] = path;
	if (!fuzz_tool_there("zip")) {
		complain("there is no zip here: install the package zip, or export to a "
			 "folder");
		status = EXIT_CANNOT;
	} else {
		how = fuzz_tool_run(&tool);
		if (how) {
			complain("%s: zip ended with %d", out, how);
			status = EXIT_SYSTEM;
		}
	}
	free(path);
	free(here);
	return status;
}

static int export(const struct fuzz_options *options, const char *out, bool zip)
{
	struct fuzz_files targets = { 0 };
	uint64_t count = 0;
	char *folder;
	int status = EXIT_FINE;

	if (zip)
		status = fuzz_scratch_create(&folder);
	else
		folder = fuzz_path("%s", out);
	if (status)
		return status;
	status = fuzz_seeds_targets(options, NULL, &targets);
	for (size_t i = 0; i < targets.count && !status; i++)
		status = copy_inputs(options, folder, targets.path[i], &count);
	if (!status && !count) {
		complain("there is no input to export");
		status = EXIT_USAGE;
	}
	if (!status && zip)
		status = pack(folder, out);
	if (!status && options->form.form == FORM_JSON) {
		json_t *document = json_document("fuzz-corpus-export");

		json_add(document, "out", json_text(out));
		json_add_count(document, "targets", targets.count);
		json_add_count(document, "inputs", count);
		json_print(document);
	} else if (!status) {
		printf("%s: %" PRIu64 " inputs of %zu targets\n", out, count,
		       targets.count);
	}
	fuzz_files_deinit(&targets);
	if (zip)
		fuzz_scratch_destroy(folder);
	else
		free(folder);
	return status;
}

int fuzz_corpus_export(const struct fuzz_options *options)
{
	struct fuzz_options behind = *options;
	const char *out = options->argv[0];
	size_t size = strlen(out);

	behind.argv++;
	behind.argc--;
	if (!access(out, F_OK)) {
		complain("%s exists already, and stays as it is", out);
		return EXIT_USAGE;
	}
	return export(&behind, out, size > 4 && !strcmp(out + size - 4, ".zip"));
}
