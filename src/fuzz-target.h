/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz-target.h - the programs that are fuzzed, and what belongs to them
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "fuzz.h"

enum fuzz_engine {
	FUZZ_ENGINE_NONE, /* runs files, and no more */
	FUZZ_ENGINE_LIBFUZZER,
	FUZZ_ENGINE_AFL,
	FUZZ_ENGINES
};

/**
 * struct fuzz_target - a program
 * @name:	"pool" of fuzz-pool
 * @program:	its path
 * @engine:	the one it is linked with
 * @sanitizer:	"asan", "ubsan", "asan+ubsan", or ""
 * @mutants:	it is mutant-NAME: bugs can be put back
 */
struct fuzz_target {
	char name[32];
	char *program;
	enum fuzz_engine engine;
	const char *sanitizer;
	bool mutants;
};

/* A list of files or folders, in the order of their names. */
struct fuzz_files {
	char **path;
	size_t count;
};

extern const char *const fuzz_engine_names[FUZZ_ENGINES];

/* Where programs and data are, unless the user said it. */
void fuzz_home_find(struct fuzz_options *options);

/* The sources that a build folder was configured of, to be freed; NULL where it is none. */
char *fuzz_sources_of(const char *folder);

/*
 * The program of a target, with or without bugs to put back. EXIT_FINE, or a message
 * and EXIT_USAGE (no such target) or EXIT_CANNOT (not built).
 */
int fuzz_target_find(const struct fuzz_options *options, const char *name, bool mutants,
		     struct fuzz_target *ret);
void fuzz_target_deinit(struct fuzz_target *target);

/*
 * Which target an input belongs to: that of the folder it is in, or of the campaign
 * it was found in. NULL where the path tells none.
 */
const char *fuzz_target_of(const struct fuzz_options *options, const char *path);

/* All names in a folder that begin with @prefix; a folder that is not there has none. */
void fuzz_files_find(const char *folder, const char *prefix, struct fuzz_files *ret);

/* More of them, at the end of a list. */
void fuzz_files_add(const char *folder, const char *prefix, struct fuzz_files *list);
void fuzz_files_deinit(struct fuzz_files *files);

/* printf() into memory that the caller frees; there always is some. */
char *fuzz_path(const char *format, ...) __attribute__((format(printf, 1, 2)));
