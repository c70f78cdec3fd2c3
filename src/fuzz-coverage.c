// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fuzz-coverage.c - which lines and branches the inputs of targets reach
 *
 * The targets are built with the compiler's own counters, and write them when they end.
 * One that breaks on an input writes none, so that this input is found, by halves, and
 * left out.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fuzz-coverage.h"
#include "fuzz-scratch.h"
#include "fuzz-tool.h"
#include "output.h"

#define INPUTS_AT_ONCE 256

/* The one that belongs to clang, or of PATH; to be freed, NULL where there is none. */
static char *find_tool(const char *folder, const char *name)
{
	char *out = fuzz_path("%s/name", folder), path[512] = "";
	const char *argv[] = { "clang", NULL, NULL };
	char *question = fuzz_path("-print-prog-name=%s", name);
	struct fuzz_tool tool = { .argv = argv, .out = out };
	FILE *file;

	argv[1] = question;
	if (!fuzz_tool_run(&tool)) {
		file = fopen(out, "re");
		if (file && !fgets(path, sizeof(path), file))
			*path = 0;
		if (file)
			fclose(file);
		path[strcspn(path, "\n")] = 0;
	}
	free(question);
	free(out);
	if (*path == '/' && !access(path, X_OK))
		return fuzz_path("%s", path);
	return fuzz_tool_there(name) ? fuzz_path("%s", name) : NULL;
}

int fuzz_coverage_create(struct fuzz_coverage *ret)
{
	int status;

	*ret = (struct fuzz_coverage) { 0 };
	status = fuzz_scratch_create(&ret->folder);
	if (status)
		return status;
	ret->profile = fuzz_path("%s/all.profdata", ret->folder);
	ret->profdata = find_tool(ret->folder, "llvm-profdata");
	ret->cov = find_tool(ret->folder, "llvm-cov");
	if (ret->profdata && ret->cov)
		return EXIT_FINE;
	complain("there is no %s here: install the package llvm",
		 ret->profdata ? "llvm-cov" : "llvm-profdata");
	fuzz_coverage_destroy(ret);
	return EXIT_CANNOT;
}

void fuzz_coverage_destroy(struct fuzz_coverage *coverage)
{
	fuzz_scratch_destroy(coverage->folder);
	fuzz_files_deinit(&coverage->program);
	free(coverage->profile);
	free(coverage->profdata);
	free(coverage->cov);
	*coverage = (struct fuzz_coverage) { 0 };
}

/* As many at once as do not break it. */
static void run_some(struct fuzz_coverage *coverage, const struct fuzz_target *target,
		     char *const *path, size_t count, const char *environment)
{
	const char *const environments[] = { environment, NULL };
	struct fuzz_args args = { 0 };
	struct fuzz_tool tool = { .environment = environments };
	int how;

	fuzz_args_add(&args, "%s", target->program);
	for (size_t i = 0; i < count; i++)
		fuzz_args_add(&args, "%s", path[i]);
	tool.argv = (const char *const *)args.arg;
	how = fuzz_tool_run(&tool);
	fuzz_args_deinit(&args);
	if (!how || count > 1) {
		coverage->inputs += how ? 0 : count;
	} else {
		complain("%s: %s breaks on it, which counts nothing", path[0],
			 target->name);
		coverage->inputs++;
		coverage->broke++;
	}
	if (how && count > 1) {
		run_some(coverage, target, path, count / 2, environment);
		run_some(coverage, target, path + count / 2, count - count / 2,
			 environment);
	}
}

void fuzz_coverage_run(struct fuzz_coverage *coverage, const struct fuzz_target *target,
		       const struct fuzz_files *inputs)
{
	struct fuzz_files *program = &coverage->program;
	char *environment = fuzz_path("LLVM_PROFILE_FILE=%s/%s-%%p.profraw",
				      coverage->folder, target->name);

	for (size_t at = 0; at < inputs->count; at += INPUTS_AT_ONCE) {
		size_t left = inputs->count - at;

		run_some(coverage, target, inputs->path + at,
			 left < INPUTS_AT_ONCE ? left : INPUTS_AT_ONCE, environment);
	}
	free(environment);
	program->path =
		reallocarray(program->path, program->count + 1, sizeof(*program->path));
	if (!program->path)
		out_of_memory();
	program->path[program->count++] = fuzz_path("%s", target->program);
}

/* What a tool said last, for whoever has to mend it. */
static int failed(const char *name, const char *log)
{
	FILE *file = fopen(log, "re");
	char line[256] = "";

	while (file && fgets(line, sizeof(line), file))
		line[strcspn(line, "\n")] = 0;
	if (file)
		fclose(file);
	complain("%s failed: %s", name, line);
	return EXIT_SYSTEM;
}

int fuzz_coverage_merge(struct fuzz_coverage *coverage)
{
	char *log = fuzz_path("%s/merge.log", coverage->folder);
	struct fuzz_args args = { 0 };
	struct fuzz_tool tool = { .log = log };
	struct fuzz_files files, raw = { 0 };
	int status = EXIT_FINE;

	fuzz_files_find(coverage->folder, "", &files);
	fuzz_args_add(&args, "%s", coverage->profdata);
	fuzz_args_add(&args, "merge");
	fuzz_args_add(&args, "-sparse");
	fuzz_args_add(&args, "-o");
	fuzz_args_add(&args, "%s", coverage->profile);
	for (size_t i = 0; i < files.count; i++)
		if (strstr(files.path[i], ".profraw")) {
			fuzz_args_add(&args, "%s", files.path[i]);
			raw.count++;
		}
	tool.argv = (const char *const *)args.arg;
	if (!raw.count) {
		complain("the targets counted nothing: 'dmactl fuzz build "
			 "--build=coverage' makes those that do");
		status = EXIT_CANNOT;
	} else if (fuzz_tool_run(&tool)) {
		status = failed(coverage->profdata, log);
	}
	fuzz_args_deinit(&args);
	fuzz_files_deinit(&files);
	free(log);
	return status;
}

int fuzz_coverage_ask(const struct fuzz_coverage *coverage, const char *verb,
		      const char *const *options, char **out)
{
	char *log = fuzz_path("%s/%s.log", coverage->folder, verb);
	struct fuzz_args args = { 0 };
	struct fuzz_tool tool = { .log = log };
	int status = EXIT_FINE;

	*out = fuzz_path("%s/%s.out", coverage->folder, verb);
	fuzz_args_add(&args, "%s", coverage->cov);
	fuzz_args_add(&args, "%s", verb);
	for (; *options; options++)
		fuzz_args_add(&args, "%s", *options);
	fuzz_args_add(&args, "-instr-profile=%s", coverage->profile);
	for (size_t i = 0; i < coverage->program.count; i++) {
		if (i)
			fuzz_args_add(&args, "-object");
		fuzz_args_add(&args, "%s", coverage->program.path[i]);
	}
	tool.argv = (const char *const *)args.arg;
	tool.out = *out;
	if (fuzz_tool_run(&tool)) {
		status = failed(coverage->cov, log);
		free(*out);
		*out = NULL;
	}
	fuzz_args_deinit(&args);
	free(log);
	return status;
}
