// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd-fuzz-coverage.c - dmactl fuzz coverage: lines and branches that inputs reach
 *
 * Only files of the library are shown: a target and its reference have arms for what must
 * not be.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz-build.h"
#include "fuzz-coverage.h"
#include "fuzz-seeds.h"
#include "fuzz-tool.h"
#include "json.h"
#include "output.h"
#include "table.h"

enum {
	COLUMN_FILE,
	COLUMN_LINES,
	COLUMN_REACHED,
	COLUMN_LINE_SHARE,
	COLUMN_BRANCHES,
	COLUMN_TAKEN,
	COLUMN_BRANCH_SHARE,
	COLUMN_FUNCTIONS,
	COLUMN_CALLED,
};

static const struct column columns[] = {
	{ .name = "FILE", .summary = "of the sources" },
	{ .name = "LINES", .summary = "that have code", .right = true },
	{ .name = "REACHED", .summary = "of the lines", .right = true },
	{ .name = "LINE%", .summary = "share of them", .right = true },
	{ .name = "BRANCHES", .summary = "both ways of each", .right = true },
	{ .name = "TAKEN", .summary = "of the branches", .right = true },
	{ .name = "BRANCH%", .summary = "share of them", .right = true },
	{ .name = "FUNCTIONS", .summary = "that it has", .right = true, .extra = true },
	{ .name = "CALLED", .summary = "of the functions", .right = true, .extra = true },
	{},
};

/* Of a file, or of all: how many, and how many of them were reached. */
struct share {
	uint64_t count, reached;
};

struct figures {
	struct share lines, branches, functions;
};

struct view {
	const struct fuzz_options *options;
	const char *source; /* where the sources are */
	struct table *table;
	json_t *list;
	struct figures all;
	uint64_t below;
	uint64_t inputs, broke; /* that were run, and on which a target broke */
	size_t targets;
};

static struct share read_share(const json_t *summary, const char *name)
{
	const json_t *part = json_object_get(summary, name);

	return (struct share) {
		.count = (uint64_t)json_integer_value(json_object_get(part, "count")),
		.reached = (uint64_t)json_integer_value(json_object_get(part, "covered")),
	};
}

static void add_share(struct share *sum, struct share more)
{
	sum->count += more.count;
	sum->reached += more.reached;
}

/* Rounded down: what is not all is never said to be 100 %. */
static double percent(struct share share)
{
	uint64_t hundredths = share.count ? share.reached * 10000 / share.count : 10000;

	return (double)hundredths / 100;
}

static void add_row(struct table *table, const char *name, const struct figures *figures)
{
	table_row(table);
	table_cell(table, COLUMN_FILE, "%s", name);
	table_cell(table, COLUMN_LINES, "%" PRIu64, figures->lines.count);
	table_cell(table, COLUMN_REACHED, "%" PRIu64, figures->lines.reached);
	table_cell(table, COLUMN_LINE_SHARE, "%.2f", percent(figures->lines));
	table_cell(table, COLUMN_BRANCHES, "%" PRIu64, figures->branches.count);
	table_cell(table, COLUMN_TAKEN, "%" PRIu64, figures->branches.reached);
	table_cell(table, COLUMN_BRANCH_SHARE, "%.2f", percent(figures->branches));
	table_cell(table, COLUMN_FUNCTIONS, "%" PRIu64, figures->functions.count);
	table_cell(table, COLUMN_CALLED, "%" PRIu64, figures->functions.reached);
}

static json_t *figures_json(const char *file, const struct figures *figures)
{
	json_t *object = json_create();

	if (file)
		json_add(object, "file", json_text(file));
	json_add_count(object, "lines", figures->lines.count);
	json_add_count(object, "lines_reached", figures->lines.reached);
	json_add_count(object, "branches", figures->branches.count);
	json_add_count(object, "branches_taken", figures->branches.reached);
	json_add_count(object, "functions", figures->functions.count);
	json_add_count(object, "functions_called", figures->functions.reached);
	return object;
}

/* A file of llvm-cov's list, if it is one of those that are wanted. */
static void add_file(struct view *view, const json_t *file)
{
	const struct fuzz_options *options = view->options;
	const char *name = json_string_value(json_object_get(file, "filename"));
	const json_t *summary = json_object_get(file, "summary");
	const char *wanted = options->files ? options->files : "lib/";
	size_t size = strlen(view->source);
	struct figures figures;

	if (!name || strncmp(name, view->source, size) || name[size] != '/')
		return;
	name += size + 1;
	if (strncmp(name, wanted, strlen(wanted)))
		return;
	figures.lines = read_share(summary, "lines");
	figures.branches = read_share(summary, "branches");
	figures.functions = read_share(summary, "functions");
	if (!figures.lines.count) /* a header of declarations */
		return;
	view->below += percent(figures.lines) < options->least_lines ||
		       percent(figures.branches) < options->least_branches;
	add_row(view->table, name, &figures);
	json_append(view->list, figures_json(name, &figures));
	add_share(&view->all.lines, figures.lines);
	add_share(&view->all.branches, figures.branches);
	add_share(&view->all.functions, figures.functions);
}

static int read_summary(const struct fuzz_coverage *coverage, struct view *view)
{
	static const char *const how[] = { "-summary-only", "-format=text", NULL };
	char *path;
	json_t *document;
	const json_t *files, *file;
	json_error_t error;
	size_t index;
	int status = fuzz_coverage_ask(coverage, "export", how, &path);

	if (status)
		return status;
	document = json_load_file(path, 0, &error);
	files = json_object_get(json_array_get(json_object_get(document, "data"), 0),
				"files");
	json_array_foreach(files, index, file) add_file(view, file);
	if (!table_rows(view->table)) {
		complain("none of the files that were counted begins with %s",
			 view->options->files ? view->options->files : "lib/");
		status = EXIT_USAGE;
	}
	json_decref(document);
	free(path);
	return status;
}

static int write_html(const struct fuzz_coverage *coverage,
		      const struct fuzz_options *options)
{
	char *where = fuzz_path("-output-dir=%s", options->html), *path;
	const char *how[] = { "-format=html", "-show-branches=count", where, NULL };
	int status = fuzz_coverage_ask(coverage, "show", how, &path);

	if (!status) {
		fprintf(stderr, "%s/index.html is written\n", options->html);
		free(path);
	}
	free(where);
	return status;
}

static void print(const struct view *view)
{
	const struct fuzz_options *options = view->options;
	json_t *document;

	if (options->form.form == FORM_JSON) {
		document = json_document("fuzz-coverage");
		json_add_count(document, "inputs", view->inputs);
		json_add_count(document, "broke", view->broke);
		json_add(document, "all", figures_json(NULL, &view->all));
		json_add(document, "files", json_incref(view->list));
		json_print(document);
		return;
	}
	if (options->form.form == FORM_HUMAN) {
		add_row(view->table, "all", &view->all);
		printf("%" PRIu64 " inputs of %zu targets\n", view->inputs,
		       view->targets);
	}
	table_print(view->table);
	if (options->form.form == FORM_HUMAN &&
	    (options->least_lines || options->least_branches))
		printf("%" PRIu64 " files are below the %u %% of lines and %u %% of "
		       "branches that are wanted\n",
		       view->below, options->least_lines, options->least_branches);
}

static int run_targets(const struct fuzz_options *options, struct fuzz_coverage *coverage)
{
	struct fuzz_files targets, inputs;
	struct fuzz_target target;
	int status = fuzz_seeds_targets(options, options->programs, &targets);

	for (size_t i = 0; !status && i < targets.count; i++) {
		status = fuzz_target_find(options, targets.path[i], false, &target);
		if (status)
			break;
		status = fuzz_seeds_find(options, targets.path[i], &inputs);
		if (!status) {
			fuzz_coverage_run(coverage, &target, &inputs);
			fuzz_files_deinit(&inputs);
		}
		fuzz_target_deinit(&target);
	}
	fuzz_files_deinit(&targets);
	return status ? status : fuzz_coverage_merge(coverage);
}

static int measure(const struct fuzz_options *options, struct view *view)
{
	struct fuzz_coverage coverage;
	int status = fuzz_coverage_create(&coverage);

	if (status)
		return status;
	status = run_targets(options, &coverage);
	if (!status)
		status = read_summary(&coverage, view);
	if (!status && options->html)
		status = write_html(&coverage, options);
	view->inputs = coverage.inputs;
	view->broke = coverage.broke;
	view->targets = coverage.program.count;
	/* before anything is printed: who reads it may go away */
	fuzz_coverage_destroy(&coverage);
	if (status)
		return status;
	print(view);
	return view->below ? EXIT_FOUND : EXIT_FINE;
}

/* --programs, or the build that counts. */
static int find_programs(struct fuzz_options *options)
{
	const struct fuzz_build *build = &fuzz_builds[FUZZ_BUILD_COVERAGE];

	options->programs = options->programs_said ? fuzz_path("%s", options->programs)
						   : fuzz_build_programs(options, build);
	if (options->programs)
		return EXIT_FINE;
	complain("no build that counts in %s/build: 'dmactl fuzz build --build=coverage' "
		 "makes it",
		 options->output);
	return EXIT_CANNOT;
}

int fuzz_coverage(const struct fuzz_options *options)
{
	struct fuzz_options with = *options;
	struct view view = { .options = &with };
	char *folder = NULL, *source = NULL;
	int status = find_programs(&with);

	if (status)
		return status;
	folder = fuzz_path("%s/..", with.programs);
	source = fuzz_sources_of(folder);
	view.source = source ? source : "";
	status = table_create(&options->form, &options->terminal, columns, &view.table);
	if (view.table) {
		view.list = json_list();
		status = measure(&with, &view);
		json_decref(view.list);
		table_destroy(view.table);
	}
	free(source);
	free(folder);
	free(with.programs);
	return status;
}
