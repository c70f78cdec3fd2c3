// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd-fuzz-build.c - dmactl fuzz build: the targets, for each engine
 *
 * Builds are in OUTPUT/build, where 'run', 'bench' and 'coverage' look for them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz-build.h"
#include "json.h"
#include "output.h"
#include "table.h"

enum {
	COLUMN_BUILD,
	COLUMN_ENGINE,
	COLUMN_TARGETS,
	COLUMN_MUTANTS,
	COLUMN_RESULT,
	COLUMN_PROGRAMS,
};

static const struct column columns[] = {
	{ .name = "BUILD", .summary = "its name" },
	{ .name = "ENGINE", .summary = "libfuzzer, afl, or none: it runs files only" },
	{ .name = "TARGETS", .summary = "programs that there are", .right = true },
	{ .name = "MUTANTS",
	  .summary = "of them, those with bugs to put back",
	  .right = true },
	{ .name = "RESULT", .summary = "built, or failed" },
	{ .name = "PROGRAMS", .summary = "their folder" },
	{},
};

/* Without '.': fuzz-pool, and not fuzz-pool.o or fuzz-pool.options. */
static size_t count_programs(const char *folder, const char *prefix)
{
	struct fuzz_files files;
	size_t count = 0;

	fuzz_files_find(folder, prefix, &files);
	for (size_t i = 0; i < files.count; i++)
		count += !strchr(strrchr(files.path[i], '/'), '.');
	fuzz_files_deinit(&files);
	return count;
}

static void add_row(const struct fuzz_options *options, const struct fuzz_build *build,
		    int status, struct table *table, json_t *list)
{
	char *folder = fuzz_path("%s/build/%s/fuzz", options->output, build->name);
	size_t targets = count_programs(folder, "fuzz-");
	size_t mutants = count_programs(folder, "mutant-");
	json_t *object = json_create();

	table_row(table);
	table_cell(table, COLUMN_BUILD, "%s", build->name);
	table_cell(table, COLUMN_ENGINE, "%s", fuzz_engine_names[build->engine]);
	table_cell(table, COLUMN_TARGETS, "%zu", targets);
	table_cell(table, COLUMN_MUTANTS, "%zu", mutants);
	table_cell(table, COLUMN_RESULT, "%s", status ? "failed" : "built");
	table_cell(table, COLUMN_PROGRAMS, "%s", folder);
	json_add(object, "build", json_text(build->name));
	json_add(object, "engine", json_text(fuzz_engine_names[build->engine]));
	json_add_count(object, "targets", targets);
	json_add_count(object, "mutants", mutants);
	json_add(object, "built", json_boolean(!status));
	json_add(object, "programs", json_text(folder));
	json_append(list, object);
	free(folder);
}

static bool wanted(const struct fuzz_options *options, const struct fuzz_build *build)
{
	if (options->build)
		return !strcmp(options->build, "all") ||
		       !strcmp(options->build, build->name);
	if (options->engine)
		return build->usual &&
		       !strcmp(options->engine, fuzz_engine_names[build->engine]);
	return build->usual;
}

int fuzz_build(const struct fuzz_options *options)
{
	json_t *document, *list;
	struct table *table;
	int status = table_create(&options->form, &options->terminal, columns, &table),
	    got;

	if (!table)
		return status;
	document = json_document("fuzz-build");
	list = json_list();
	/* what cannot be built keeps none of the others from it */
	for (size_t i = 0; i < FUZZ_BUILDS && status != EXIT_USAGE; i++) {
		if (!wanted(options, &fuzz_builds[i]))
			continue;
		got = fuzz_build_make(options, &fuzz_builds[i]);
		status = got ? got : status;
		if (got != EXIT_USAGE)
			add_row(options, &fuzz_builds[i], got, table, list);
	}
	json_add(document, "builds", list);
	if (status == EXIT_USAGE || options->form.form != FORM_JSON)
		json_decref(document);
	else
		json_print(document);
	if (status != EXIT_USAGE && options->form.form != FORM_JSON)
		table_print(table);
	table_destroy(table);
	return status;
}
