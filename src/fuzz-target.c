// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fuzz-target.c - the programs that are fuzzed, and what belongs to them
 *
 * Nothing is written down about how they were built: which engine and which sanitizers
 * a program has is read from the program.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz-target.h"
#include "output.h"

const char *const fuzz_engine_names[FUZZ_ENGINES] = { "none", "libfuzzer", "afl" };

char *fuzz_path(const char *format, ...)
{
	va_list args;
	char *path;
	int size;

	va_start(args, format);
	size = vasprintf(&path, format, args);
	va_end(args);
	if (size < 0)
		out_of_memory();
	return path;
}

/* ---- files ---- */

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void fuzz_files_add(const char *folder, const char *prefix, struct fuzz_files *list)
{
	size_t before = list->count;
	DIR *dir = opendir(folder);
	struct dirent *entry;

	if (!dir)
		return;
	while ((entry = readdir(dir))) {
		if (*entry->d_name == '.' ||
		    strncmp(entry->d_name, prefix, strlen(prefix)))
			continue;
		list->path =
			reallocarray(list->path, list->count + 1, sizeof(*list->path));
		if (!list->path)
			out_of_memory();
		list->path[list->count++] = fuzz_path("%s/%s", folder, entry->d_name);
	}
	closedir(dir);
	if (list->count > before)
		qsort(list->path + before, list->count - before, sizeof(*list->path),
		      by_name);
}

void fuzz_files_find(const char *folder, const char *prefix, struct fuzz_files *ret)
{
	*ret = (struct fuzz_files) { 0 };
	fuzz_files_add(folder, prefix, ret);
}

void fuzz_files_deinit(struct fuzz_files *files)
{
	for (size_t i = 0; i < files->count; i++)
		free(files->path[i]);
	free(files->path);
	*files = (struct fuzz_files) { 0 };
}

/* ---- where they are ---- */

/* "abs_top_srcdir = /sources" of its Makefile */
char *fuzz_sources_of(const char *folder)
{
	static const char wanted[] = "abs_top_srcdir = ";
	char *name = fuzz_path("%s/Makefile", folder), *line = NULL, *found = NULL;
	FILE *file = fopen(name, "re");
	size_t room = 0;

	while (file && !found && getline(&line, &room, file) > 0) {
		line[strcspn(line, "\n")] = 0;
		if (!strncmp(line, wanted, sizeof(wanted) - 1))
			found = fuzz_path("%s", line + sizeof(wanted) - 1);
	}
	if (file)
		fclose(file);
	free(line);
	free(name);
	return found;
}

/* A dmactl that was not installed is BUILD/src/dmactl, or BUILD/src/.libs/dmactl. */
static bool find_build(struct fuzz_options *options)
{
	char self[PATH_MAX];
	ssize_t size = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *slash, *data = NULL;

	self[size > 0 ? size : 0] = 0;
	for (int up = 0; up < 3 && !data; up++) {
		slash = strrchr(self, '/');
		if (!slash)
			return false;
		*slash = 0;
		data = up ? fuzz_sources_of(self) : NULL;
	}
	if (!data)
		return false;
	if (!options->programs)
		options->programs = fuzz_path("%s/fuzz", self);
	if (!options->data)
		options->data = data;
	else
		free(data);
	return true;
}

/*
 * PREFIX/bin/dmactl, wherever PREFIX was moved to: its folders are beside it, as 'make
 * install' has them without other words.
 */
static void find_beside(struct fuzz_options *options)
{
	char self[PATH_MAX], *bugs, *at;
	ssize_t size = readlink("/proc/self/exe", self, sizeof(self) - 1);

	self[size > 0 ? size : 0] = 0;
	for (int up = 0; up < 2; up++) {
		at = strrchr(self, '/');
		if (!at)
			return;
		*at = 0;
	}
	bugs = fuzz_path("%s/share/dmactl/fuzz/mutants.def", self);
	if (!access(bugs, R_OK)) {
		if (!options->data)
			options->data = fuzz_path("%s/share/dmactl", self);
		if (!options->programs)
			options->programs = fuzz_path("%s/libexec/dmactl/fuzz", self);
	}
	free(bugs);
}

void fuzz_home_find(struct fuzz_options *options)
{
	if (!find_build(options))
		find_beside(options);
	if (!options->programs)
		options->programs = fuzz_path("%s", FUZZ_PROGRAMS);
	if (!options->data)
		options->data = fuzz_path("%s", FUZZ_DATA);
}

/* ---- programs ---- */

static bool has_text(const void *data, size_t size, const char *text)
{
	return memmem(data, size, text, strlen(text)) != NULL;
}

/*
 * UBSan names the types of what it watches. Its own words tell nothing: libFuzzer brings
 * them along.
 */
static bool has_type(const void *data, size_t size)
{
	return memmem(data, size, "'int'", sizeof("'int'")) ||
	       memmem(data, size, "'unsigned long'", sizeof("'unsigned long'"));
}

/* Which runtime's words are in the program. */
static int look_inside(struct fuzz_target *target)
{
	int fd = open(target->program, O_RDONLY | O_CLOEXEC);
	bool address, undefined;
	struct stat status;
	void *data;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &status) || !S_ISREG(status.st_mode) || !status.st_size) {
		close(fd);
		return -ENOEXEC;
	}
	data = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	if (data == MAP_FAILED)
		return -errno;
	/* afl-fuzz looks for the same words. */
	if (has_text(data, (size_t)status.st_size, "##SIG_AFL_PERSISTENT##"))
		target->engine = FUZZ_ENGINE_AFL;
	else if (has_text(data, (size_t)status.st_size, "libFuzzer: "))
		target->engine = FUZZ_ENGINE_LIBFUZZER;
	address = has_text(data, (size_t)status.st_size, "AddressSanitizer: ");
	undefined = has_type(data, (size_t)status.st_size);
	target->sanitizer = address && undefined ? "asan+ubsan"
			    : address            ? "asan"
			    : undefined          ? "ubsan"
						 : "";
	munmap(data, (size_t)status.st_size);
	return 0;
}

int fuzz_target_find(const struct fuzz_options *options, const char *name, bool mutants,
		     struct fuzz_target *ret)
{
	const char *kind = mutants ? "mutant" : "fuzz";
	int err;

	*ret = (struct fuzz_target) { .mutants = mutants };
	if (!*name || strlen(name) >= sizeof(ret->name) || strchr(name, '/')) {
		complain("'%.40s' is no target, see 'dmactl fuzz list'", name);
		return EXIT_USAGE;
	}
	snprintf(ret->name, sizeof(ret->name), "%s", name);
	ret->program = fuzz_path("%s/%s-%s", options->programs, kind, name);
	err = look_inside(ret);
	if (!err && !access(ret->program, X_OK))
		return EXIT_FINE;
	if (err == -ENOENT)
		complain("no %s-%s in %s: 'dmactl fuzz build' makes it, or --programs "
			 "names its folder; 'dmactl fuzz list' shows what there is",
			 kind, name, options->programs);
	else
		complain("%s: %s", ret->program, strerror(err ? -err : EACCES));
	fuzz_target_deinit(ret);
	return EXIT_CANNOT;
}

void fuzz_target_deinit(struct fuzz_target *target)
{
	free(target->program);
	target->program = NULL;
}

static bool ends_in(const char *begin, const char *end, const char *what)
{
	size_t size = strlen(what);

	return (size_t)(end - begin) >= size && !memcmp(end - size, what, size);
}

/* corpus/pool/INPUT, corpus/regressions/pool/A01, out/20261121-213000-pool/findings/...
 */
static bool is_folder_of(const char *path, const char *at, size_t size)
{
	const char *rest = at + size;

	if (ends_in(path, at, "/corpus/") || ends_in(path, at, "/corpus/regressions/"))
		return *rest == '/';
	return ends_in(path, at, "-") &&
	       (!strncmp(rest, "/findings/", 10) || !strncmp(rest, "/sync/", 6) ||
		!strncmp(rest, "/corpus/", 8));
}

const char *fuzz_target_of(const struct fuzz_options *options, const char *path)
{
	struct fuzz_files programs;
	const char *found = NULL;
	static char name[32];
	char *full = realpath(path, NULL);

	fuzz_files_find(options->programs, "fuzz-", &programs);
	for (size_t i = 0; full && i < programs.count; i++) {
		const char *base = strrchr(programs.path[i], '/') + strlen("/fuzz-");
		size_t size = strlen(base);

		for (const char *at = full; (at = strstr(at, base)); at++)
			if (is_folder_of(full, at, size)) {
				snprintf(name, sizeof(name), "%s", base);
				found = name;
			}
	}
	fuzz_files_deinit(&programs);
	free(full);
	return found;
}
