// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fuzz-mutant.c - the bugs that can be put back: fuzz/mutants.def
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz-mutant.h"
#include "fuzz-target.h"
#include "output.h"

#define ID_MOST 4 /* characters; the program compares as many */

/* Five fields between tabs; the line is cut up. */
static bool read_fields(struct fuzz_mutant *mutant)
{
	const char **field[] = { &mutant->id, &mutant->target, &mutant->oracle,
				 &mutant->source, &mutant->what };
	char *rest = mutant->line;

	for (size_t i = 0; i < 5; i++) {
		*field[i] = strsep(&rest, "\t");
		if (!*field[i] || !**field[i])
			return false;
	}
	return strlen(mutant->id) <= ID_MOST && !strchr(mutant->id, '/') &&
	       !strchr(mutant->target, '/');
}

static int read_lines(FILE *file, const char *path, struct fuzz_mutant_list *ret)
{
	char *line = NULL;
	size_t room = 0;
	int number = 0, status = EXIT_FINE;

	while (!status && getline(&line, &room, file) > 0) {
		struct fuzz_mutant *mutant;

		number++;
		line[strcspn(line, "\n")] = 0;
		if (!*line || *line == '#')
			continue;
		ret->mutant =
			reallocarray(ret->mutant, ret->count + 1, sizeof(*ret->mutant));
		if (!ret->mutant)
			out_of_memory();
		mutant = &ret->mutant[ret->count++];
		mutant->line = fuzz_path("%s", line);
		if (!read_fields(mutant)) {
			complain(
				"%s:%d: not ID, TARGET, ORACLE, SOURCE and WHAT, with tabs "
				"between them",
				path, number);
			status = EXIT_INPUT;
		}
	}
	free(line);
	return status;
}

int fuzz_mutant_list_read(const struct fuzz_options *options,
			  struct fuzz_mutant_list *ret)
{
	char *path = fuzz_path("%s/fuzz/mutants.def", options->data);
	FILE *file = fopen(path, "re");
	int status = EXIT_CANNOT;

	*ret = (struct fuzz_mutant_list) { 0 };
	if (!file) {
		complain("%s: %s; --data names another folder", path, strerror(errno));
	} else {
		status = read_lines(file, path, ret);
		fclose(file);
	}
	if (status)
		fuzz_mutant_list_deinit(ret);
	free(path);
	return status;
}

void fuzz_mutant_list_deinit(struct fuzz_mutant_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->mutant[i].line);
	free(list->mutant);
	*list = (struct fuzz_mutant_list) { 0 };
}

const struct fuzz_mutant *fuzz_mutant_find(const struct fuzz_mutant_list *list,
					   const char *id)
{
	for (size_t i = 0; i < list->count; i++)
		if (!strcmp(list->mutant[i].id, id))
			return &list->mutant[i];
	return NULL;
}

int fuzz_mutant_check(const struct fuzz_options *options)
{
	struct fuzz_mutant_list list;
	int status;

	if (!options->mutant)
		return EXIT_FINE;
	status = fuzz_mutant_list_read(options, &list);
	if (status)
		return status;
	if (!fuzz_mutant_find(&list, options->mutant)) {
		complain(
			"'%.40s' is no bug that can be put back, 'dmactl fuzz mutants' lists them",
			options->mutant);
		status = EXIT_USAGE;
	}
	fuzz_mutant_list_deinit(&list);
	return status;
}
