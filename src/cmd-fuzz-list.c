// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd-fuzz-list.c - dmactl fuzz list: the targets, and what belongs to them
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fuzz-build.h"
#include "fuzz-mutant.h"
#include "fuzz-target.h"
#include "json.h"
#include "output.h"
#include "table.h"

enum {
	COLUMN_TARGET,
	COLUMN_BUILD,
	COLUMN_ENGINE,
	COLUMN_SANITIZER,
	COLUMN_INPUTS,
	COLUMN_REGRESSIONS,
	COLUMN_BUGS,
	COLUMN_MUTANTS,
	COLUMN_PROGRAM,
};

static const struct column columns[] = {
	{ .name = "TARGET", .summary = "name of the target" },
	{ .name = "BUILD", .summary = "of 'dmactl fuzz build', or none" },
	{ .name = "ENGINE", .summary = "libfuzzer, afl, or none: it runs files only" },
	{ .name = "SANITIZER", .summary = "what watches over its memory" },
	{ .name = "INPUTS", .summary = "in its corpus", .right = true },
	{ .name = "REGRESSIONS", .summary = "inputs that once broke it", .right = true },
	{ .name = "BUGS", .summary = "that can be put back for it", .right = true },
	{ .name = "MUTANTS", .summary = "is there a program with those bugs?" },
	{ .name = "PROGRAM", .summary = "file of the program", .extra = true },
	{},
};

/* What is known of one target. */
struct row {
	struct fuzz_target target;
	size_t inputs, regressions, bugs;
	bool mutants;
};

static size_t count_files(const struct fuzz_options *options, const char *folder,
			  const char *target)
{
	char *path = fuzz_path("%s/corpus/%s%s", options->data, folder, target);
	struct fuzz_files files;
	size_t count;

	fuzz_files_find(path, "", &files);
	count = files.count;
	fuzz_files_deinit(&files);
	free(path);
	return count;
}

static void look(const struct fuzz_options *options, const struct fuzz_mutant_list *bugs,
		 struct row *row)
{
	const char *name = row->target.name;
	char *program = fuzz_path("%s/mutant-%s", options->programs, name);

	row->inputs = count_files(options, "", name);
	row->regressions = count_files(options, "regressions/", name);
	row->bugs = 0;
	for (size_t i = 0; i < bugs->count; i++)
		row->bugs += !strcmp(bugs->mutant[i].target, name);
	row->mutants = !access(program, X_OK);
	free(program);
}

static json_t *row_json(const struct row *row, const char *build)
{
	json_t *object = json_create();

	json_add(object, "target", json_text(row->target.name));
	json_add(object, "build", build ? json_text(build) : json_null());
	json_add(object, "engine", json_text(fuzz_engine_names[row->target.engine]));
	json_add(object, "sanitizer", json_text(row->target.sanitizer));
	json_add_count(object, "inputs", row->inputs);
	json_add_count(object, "regressions", row->regressions);
	json_add_count(object, "bugs", row->bugs);
	json_add(object, "mutants", json_boolean(row->mutants));
	json_add(object, "program", json_text(row->target.program));
	return object;
}

static void row_table(struct table *table, const struct row *row, const char *build)
{
	table_row(table);
	table_cell(table, COLUMN_TARGET, "%s", row->target.name);
	table_cell(table, COLUMN_BUILD, "%s", build ? build : "none");
	table_cell(table, COLUMN_ENGINE, "%s", fuzz_engine_names[row->target.engine]);
	table_cell(table, COLUMN_SANITIZER, "%s", row->target.sanitizer);
	table_cell(table, COLUMN_INPUTS, "%zu", row->inputs);
	table_cell(table, COLUMN_REGRESSIONS, "%zu", row->regressions);
	table_cell(table, COLUMN_BUGS, "%zu", row->bugs);
	table_cell(table, COLUMN_MUTANTS, "%s", row->mutants ? "yes" : "no");
	table_cell(table, COLUMN_PROGRAM, "%s", row->target.program);
}

/* fuzz-pool, and not fuzz-pool.o or fuzz-pool.options */
static bool is_program(const char *path)
{
	return !strchr(strrchr(path, '/'), '.') && !access(path, X_OK);
}

static size_t add_rows(const struct fuzz_options *options, const char *build,
		       const struct fuzz_mutant_list *bugs, struct table *table,
		       json_t *list)
{
	struct fuzz_files programs;
	size_t count = 0;

	fuzz_files_find(options->programs, "fuzz-", &programs);
	for (size_t i = 0; i < programs.count; i++) {
		const char *name = strrchr(programs.path[i], '/') + strlen("/fuzz-");
		struct row row;

		if (!is_program(programs.path[i]) ||
		    fuzz_target_find(options, name, false, &row.target))
			continue;
		look(options, bugs, &row);
		row_table(table, &row, build);
		json_append(list, row_json(&row, build));
		fuzz_target_deinit(&row.target);
		count++;
	}
	fuzz_files_deinit(&programs);
	return count;
}

/* Those beside this dmactl, or of --programs; and those of each build. */
static size_t add_folders(const struct fuzz_options *options,
			  const struct fuzz_mutant_list *bugs, struct table *table,
			  json_t *list)
{
	struct fuzz_options of = *options;
	size_t count = add_rows(options, NULL, bugs, table, list);

	for (size_t i = 0; i < FUZZ_BUILDS && !options->programs_said; i++) {
		of.programs = fuzz_build_programs(options, &fuzz_builds[i]);
		if (of.programs)
			count += add_rows(&of, fuzz_builds[i].name, bugs, table, list);
		free(of.programs);
	}
	return count;
}

int fuzz_list(const struct fuzz_options *options)
{
	json_t *document, *list;
	struct fuzz_mutant_list bugs;
	struct table *table;
	int status = table_create(&options->form, &options->terminal, columns, &table);

	if (!table)
		return status;
	status = fuzz_mutant_list_read(options, &bugs);
	if (status)
		goto destroy_table;
	document = json_document("fuzz-list");
	list = json_list();
	if (!add_folders(options, &bugs, table, list)) {
		complain(
			"no fuzz-TARGET in %s: 'dmactl fuzz build' makes them, --programs "
			"names another folder",
			options->programs);
		status = EXIT_CANNOT;
	}
	json_add(document, "targets", list);
	if (!status && options->form.form == FORM_JSON)
		json_print(document);
	else
		json_decref(document);
	if (!status && options->form.form != FORM_JSON)
		table_print(table);
	fuzz_mutant_list_deinit(&bugs);
destroy_table:
	table_destroy(table);
	return status;
}
