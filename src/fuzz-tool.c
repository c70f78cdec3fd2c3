// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fuzz-tool.c - programs that do a part of the work: a compiler, make, llvm-cov, zip
 *
 * They say a lot, which goes to a file: who uses the workbench gets one line, and the
 * file's name where it is to be read.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fuzz-child.h"
#include "fuzz-target.h"
#include "fuzz-tool.h"
#include "output.h"

/* In the child. Does not return. */
static void run(const struct fuzz_tool *tool)
{
	const char *log = tool->log ? tool->log : "/dev/null";
	struct fuzz_child child = {
		.dies_by = SIGTERM,
		.asan = "allocator_may_return_null=1:abort_on_error=1:symbolize=0:"
			"detect_leaks=0:",
		.err = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666),
	};

	child.out = child.err;
	if (tool->out)
		child.out =
			open(tool->out, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (child.err < 0 || child.out < 0)
		_exit(EXIT_CANNOT);
	for (size_t i = 0; tool->environment && tool->environment[i]; i++)
		putenv((char *)tool->environment[i]);
	if (tool->folder && chdir(tool->folder)) {
		dprintf(child.err, "%s: %s\n", tool->folder, strerror(errno));
		_exit(EXIT_CANNOT);
	}
	fuzz_child_run(&child, (char *const *)tool->argv);
}

int fuzz_tool_run(const struct fuzz_tool *tool)
{
	pid_t pid;
	int how = 0;

	fflush(stdout);
	pid = fork();
	if (!pid)
		run(tool);
	if (pid < 0)
		return -errno;
	while (waitpid(pid, &how, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFSIGNALED(how) ? 128 + WTERMSIG(how) : WEXITSTATUS(how);
}

bool fuzz_tool_there(const char *name)
{
	const char *path = getenv("PATH");
	bool found = false;

	if (strchr(name, '/'))
		return !access(name, X_OK);
	while (path && *path && !found) {
		size_t size = strcspn(path, ":");
		char *file = fuzz_path("%.*s/%s", (int)size, path, name);

		found = !access(file, X_OK);
		free(file);
		path += size + (path[size] == ':');
	}
	return found;
}

/* ---- arguments ---- */

void fuzz_args_add(struct fuzz_args *args, const char *format, ...)
{
	va_list list;
	char *arg;
	int size;

	va_start(list, format);
	size = vasprintf(&arg, format, list);
	va_end(list);
	args->arg = reallocarray(args->arg, args->count + 2, sizeof(*args->arg));
	if (size < 0 || !args->arg)
		out_of_memory();
	args->arg[args->count++] = arg;
	args->arg[args->count] = NULL;
}

void fuzz_args_deinit(struct fuzz_args *args)
{
	for (size_t i = 0; i < args->count; i++)
		free(args->arg[i]);
	free(args->arg);
	*args = (struct fuzz_args) { 0 };
}

/* ---- folders and files ---- */

int fuzz_folder_make(const char *path)
{
	char *part = fuzz_path("%s", path);
	int status = EXIT_FINE;

	for (char *at = part + 1; *at && !status; at++) {
		if (*at != '/')
			continue;
		*at = 0;
		if (mkdir(part, 0777) && errno != EEXIST)
			status = trouble(part, -errno);
		*at = '/';
	}
	if (!status && mkdir(part, 0777) && errno != EEXIST)
		status = trouble(part, -errno);
	free(part);
	return status;
}

int fuzz_file_copy(const char *from, const char *to)
{
	int in = open(from, O_RDONLY | O_CLOEXEC), out, status = EXIT_FINE;
	ssize_t put;

	if (in < 0)
		return trouble(from, -errno);
	out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (out < 0) {
		status = trouble(to, -errno);
		goto close_in;
	}
	do
		put = sendfile(out, in, NULL, 1 << 20);
	while (put > 0);
	if (put < 0)
		status = trouble(to, -errno);
	if (close(out) && !status)
		status = trouble(to, -errno);
close_in:
	close(in);
	return status;
}
