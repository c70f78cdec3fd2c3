/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz-tool.h - programs that do a part of the work: a compiler, make, llvm-cov, zip
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/**
 * struct fuzz_tool - how to run one
 * @argv:	its name, which is looked for in PATH, and its arguments; ends with NULL
 * @folder:	where it is run, or NULL for here
 * @out:	file that gets its standard output, or NULL for @log
 * @log:	file to which all else that it says is appended, or NULL for /dev/null
 * @environment: "NAME=VALUE" that it finds besides ours, ended by NULL; or NULL
 */
struct fuzz_tool {
	const char *const *argv;
	const char *folder;
	const char *out;
	const char *log;
	const char *const *environment;
};

/*
 * Run it to its end, which comes with ours at the latest. Its exit status as a shell
 * would give it, EXIT_CANNOT where it cannot be run; or -errno.
 */
int fuzz_tool_run(const struct fuzz_tool *tool);

/* Is there a program of this name in PATH? */
bool fuzz_tool_there(const char *name);

/* A list of arguments that grows; each is freed with it. */
struct fuzz_args {
	char **arg; /* ends with NULL */
	size_t count;
};

/* Add what printf() makes of it. */
void fuzz_args_add(struct fuzz_args *args, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void fuzz_args_deinit(struct fuzz_args *args);

/* Make a folder, and those above it that are missing. EXIT_FINE, or a message. */
int fuzz_folder_make(const char *path);

/* A copy of a file, of any size. EXIT_FINE, or a message and EXIT_SYSTEM. */
int fuzz_file_copy(const char *from, const char *to);
