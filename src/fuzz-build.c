// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fuzz-build.c - the targets, built for an engine
 *
 * The sources are configured and made in a folder of their own for each way to build
 * them, by the same configure as everything else. What is missing is looked for first,
 * and said by the name of its package; what configure or make say is in a log.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz-build.h"
#include "fuzz-mutant.h"
#include "fuzz-seeds.h"
#include "fuzz-tool.h"
#include "output.h"

#define SANITIZERS "address,undefined"
#define WATCHED    "-O1 -g -fno-sanitize-recover=all "

const struct fuzz_build fuzz_builds[FUZZ_BUILDS] = {
	[FUZZ_BUILD_LIBFUZZER_ASAN] = { "libfuzzer-asan", FUZZ_ENGINE_LIBFUZZER, true,
					"clang",
					"clang (of Debian 13: libclang-rt-dev, too)",
					WATCHED "-fsanitize=fuzzer-no-link," SANITIZERS,
					"-fsanitize=fuzzer," SANITIZERS },
	[FUZZ_BUILD_LIBFUZZER_PLAIN] = { "libfuzzer-plain", FUZZ_ENGINE_LIBFUZZER, false,
					 "clang",
					 "clang (of Debian 13: libclang-rt-dev, too)",
					 "-O2 -g -fsanitize=fuzzer-no-link",
					 "-fsanitize=fuzzer" },
	[FUZZ_BUILD_AFL_PLAIN] = { "afl-plain", FUZZ_ENGINE_AFL, true, "afl-clang-fast",
				   "afl++", "-O2 -g", "-fsanitize=fuzzer" },
	[FUZZ_BUILD_AFL_ASAN] = { "afl-asan", FUZZ_ENGINE_AFL, false, "afl-clang-fast",
				  "afl++", WATCHED "-fsanitize=" SANITIZERS,
				  "-fsanitize=fuzzer" },
	[FUZZ_BUILD_COVERAGE] = { "coverage", FUZZ_ENGINE_NONE, false, "clang",
				  "clang (of Debian 13: libclang-rt-dev, too)",
				  "-O1 -g -fprofile-instr-generate -fcoverage-mapping",
				  "" },
};

char *fuzz_build_folder(const struct fuzz_options *options,
			const struct fuzz_build *build)
{
	return fuzz_path("%s/build/%s", options->output, build->name);
}

char *fuzz_build_programs(const struct fuzz_options *options,
			  const struct fuzz_build *build)
{
	char *folder = fuzz_path("%s/build/%s/fuzz", options->output, build->name);
	struct fuzz_files files;

	/* fuzz-pool, beside fuzz-pool.o */
	fuzz_files_find(folder, "fuzz-", &files);
	for (size_t i = 0; i < files.count; i++)
		if (!strchr(strrchr(files.path[i], '/'), '.')) {
			fuzz_files_deinit(&files);
			return folder;
		}
	fuzz_files_deinit(&files);
	free(folder);
	return NULL;
}

void fuzz_build_choose(struct fuzz_options *options)
{
	const char *engine = options->engine;
	char *found = NULL;

	for (size_t i = 0; i < FUZZ_BUILDS && !found; i++) {
		const struct fuzz_build *build = &fuzz_builds[i];

		if (build->engine != FUZZ_ENGINE_NONE &&
		    (!engine || !strcmp(engine, fuzz_engine_names[build->engine])))
			found = fuzz_build_programs(options, build);
	}
	if (!found)
		return;
	free(options->programs);
	options->programs = found;
}

/* ---- what is needed ---- */

/* What went wrong, in the words of who noticed: of configure or a compiler. */
static void say_failed(const struct fuzz_build *build, const char *what, const char *log)
{
	FILE *file = fopen(log, "re");
	char line[256], why[256] = "";

	while (file && fgets(line, sizeof(line), file))
		if (!*why && (strstr(line, "error: ") || strstr(line, "*** ")))
			snprintf(why, sizeof(why), "%.*s", (int)strcspn(line, "\n"),
				 line);
	if (file)
		fclose(file);
	complain("%s: %s failed, see %s%s%s", build->name, what, log, *why ? ": " : "",
		 why);
}

/* Can this compiler link such a program at all? */
static int probe(const struct fuzz_build *build, const char *folder, const char *log)
{
	static const char source[] =
		"int LLVMFuzzerTestOneInput(const unsigned char *data, unsigned long size);\n"
		"int LLVMFuzzerTestOneInput(const unsigned char *data, unsigned long size)\n"
		"{ return size && *data == 77; }\n"
		"#ifdef ALONE\n"
		"int main(void) { return LLVMFuzzerTestOneInput(0, 0); }\n"
		"#endif\n";
	char *from = fuzz_path("%s/probe.c", folder);
	char *command = fuzz_path("%s %s %s -o probe probe.c", build->compiler,
				  build->cflags, *build->link ? build->link : "-DALONE");
	const char *argv[] = { "sh", "-c", command, NULL };
	struct fuzz_tool tool = { .argv = argv, .folder = folder, .log = log };
	int status = output_file(from, source, sizeof(source) - 1);

	if (status) {
		status = trouble(from, status);
	} else if (fuzz_tool_run(&tool)) {
		complain(
			"%s: %s cannot link such a program, see %s; it needs the package "
			"%s",
			build->name, build->compiler, log, build->packages);
		status = EXIT_CANNOT;
	}
	free(command);
	free(from);
	return status;
}

static int look_for(const struct fuzz_build *build, const char *program,
		    const char *package)
{
	if (fuzz_tool_there(program))
		return EXIT_FINE;
	complain("%s: there is no %s here: install the package %s", build->name, program,
		 package);
	return EXIT_CANNOT;
}

/* ---- steps ---- */

/* A source tree out of version control has no configure yet. */
static int make_configure(const struct fuzz_build *build, const char *source,
			  const char *log)
{
	static const char *const argv[] = { "autoreconf", "-fi", NULL };
	struct fuzz_tool tool = { .argv = argv, .folder = source, .log = log };
	char *configure = fuzz_path("%s/configure", source);
	char *input = fuzz_path("%s/configure.ac", source);
	int status = EXIT_FINE;

	if (!access(configure, X_OK))
		goto free_paths;
	if (access(input, R_OK)) {
		complain("%s: has no sources: --data names a folder that does", source);
		status = EXIT_CANNOT;
		goto free_paths;
	}
	status = look_for(build, "autoreconf", "autoconf, and automake and libtool");
	if (!status && fuzz_tool_run(&tool)) {
		say_failed(build, "autoreconf", log);
		status = EXIT_CANNOT;
	}
free_paths:
	free(input);
	free(configure);
	return status;
}

/* Was the folder made of these sources, and not before they had this configure? */
static bool is_configured(const char *folder, const char *source)
{
	char *of = fuzz_sources_of(folder);
	char *result = fuzz_path("%s/config.status", folder);
	char *configure = fuzz_path("%s/configure", source);
	struct stat made, from;
	bool same = of && !strcmp(of, source) && !stat(result, &made) &&
		    !stat(configure, &from) && made.st_mtime >= from.st_mtime;

	free(configure);
	free(result);
	free(of);
	return same;
}

static int configure(const struct fuzz_build *build, const char *folder,
		     const char *source, const char *log)
{
	struct fuzz_args args = { 0 };
	struct fuzz_tool tool = { .folder = folder, .log = log };
	int status = EXIT_FINE;

	/* targets link neither the probes nor what prints tables */
	fuzz_args_add(&args, "%s/configure", source);
	fuzz_args_add(&args, "-q");
	fuzz_args_add(&args, "--disable-bpf");
	fuzz_args_add(&args, "--disable-shared");
	fuzz_args_add(&args, "--without-perfetto");
	for (const char *const *it =
		     (const char *const[]) { "SMARTCOLS", "NCURSES", "SQLITE", NULL };
	     *it; it++) {
		fuzz_args_add(&args, "%s_CFLAGS= ", *it);
		fuzz_args_add(&args, "%s_LIBS= ", *it);
	}
	fuzz_args_add(&args, "CC=%s", build->compiler);
	fuzz_args_add(&args, "CFLAGS=%s", build->cflags);
	fuzz_args_add(&args, "LIB_FUZZING_ENGINE=%s", build->link);
	tool.argv = (const char *const *)args.arg;
	if (fuzz_tool_run(&tool)) {
		say_failed(build, "configure", log);
		status = EXIT_CANNOT;
	}
	fuzz_args_deinit(&args);
	return status;
}

/* fuzz-pool, and with an engine what bugs can be put back into; for AFL++ its mutator. */
static void add_goals(const struct fuzz_build *build, const struct fuzz_mutant_list *bugs,
		      const char *target, struct fuzz_args *args)
{
	bool mutants = false;

	for (size_t i = 0; i < bugs->count; i++)
		mutants = mutants || !strcmp(bugs->mutant[i].target, target);
	fuzz_args_add(args, "fuzz/fuzz-%s", target);
	if (mutants && build->engine != FUZZ_ENGINE_NONE)
		fuzz_args_add(args, "fuzz/mutant-%s", target);
	if (mutants && build->engine == FUZZ_ENGINE_AFL)
		fuzz_args_add(args, "fuzz/mutate-%s.so", target);
}

/* All targets that there are sources of, or those that were named. */
static int add_all_goals(const struct fuzz_options *options,
			 const struct fuzz_build *build,
			 const struct fuzz_mutant_list *bugs, struct fuzz_args *args)
{
	struct fuzz_files targets;
	int status = fuzz_seeds_targets(options, NULL, &targets);

	for (size_t i = 0; i < targets.count && !status; i++) {
		const char *name = targets.path[i];
		char *source = fuzz_path("%s/fuzz/fuzz-%s.c", options->data, name);

		if (strchr(name, '/') || access(source, R_OK)) {
			complain("'%.40s' is no target: there is no %s", name, source);
			status = EXIT_USAGE;
		}
		add_goals(build, bugs, name, args);
		free(source);
	}
	fuzz_files_deinit(&targets);
	return status;
}

static int make(const struct fuzz_options *options, const struct fuzz_build *build,
		const char *folder, const char *log)
{
	struct fuzz_args args = { 0 };
	struct fuzz_tool tool = { .folder = folder, .log = log };
	struct fuzz_mutant_list bugs;
	int status = fuzz_mutant_list_read(options, &bugs);

	if (status)
		return status;
	fuzz_args_add(&args, "make");
	fuzz_args_add(&args, "-s");
	fuzz_args_add(&args, "-j%u", options->jobs);
	status = add_all_goals(options, build, &bugs, &args);
	tool.argv = (const char *const *)args.arg;
	if (!status && fuzz_tool_run(&tool)) {
		say_failed(build, "make", log);
		status = EXIT_SYSTEM;
	}
	fuzz_args_deinit(&args);
	fuzz_mutant_list_deinit(&bugs);
	return status;
}

int fuzz_build_make(const struct fuzz_options *options, const struct fuzz_build *build)
{
	char *folder = fuzz_build_folder(options, build), *full = NULL;
	char *source = realpath(options->data, NULL), *log = NULL;
	int status = source ? fuzz_folder_make(folder) : trouble(options->data, -errno);

	if (status)
		goto free_paths;
	full = realpath(folder, NULL);
	if (!full) {
		status = trouble(folder, -errno);
		goto free_paths;
	}
	log = fuzz_path("%s/build.log", full);
	unlink(log);
	status = look_for(build, build->compiler, build->packages);
	if (!status)
		status = look_for(build, "make", "make");
	if (!status)
		status = probe(build, full, log);
	if (!status)
		status = make_configure(build, source, log);
	if (!status && !is_configured(full, source)) {
		fprintf(stderr, "%s: configure\n", build->name);
		status = configure(build, full, source, log);
	}
	if (!status) {
		fprintf(stderr, "%s: make\n", build->name);
		status = make(options, build, full, log);
	}
free_paths:
	free(log);
	free(full);
	free(source);
	free(folder);
	return status;
}
