// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fuzz-machine.c - what users say of a machine: files of JSON, and --set NAME=VALUE
 *
 * Lines up to an empty one are settings, which may not begin with '-'; what follows is
 * a machine file. What was understood is printed, and that must mean the same; what was
 * refused must have changed nothing, and is told in one line. Of an environment that is
 * not too large a machine is built, which holds its invariants or was refused.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <libdma/machine.h>
#include <libdma/rerun.h>

#include "arguments.h"
#include "machine.h"
#include "oracle.h"
#include "output.h"
#include "target.h"

#define LARGEST	    (1ULL << 36) /* bytes of memory that is modelled */
#define MOST_SLOTS  (1ULL << 16)
#define MOST_CPUS   64
#define MOST_RANGES 32

static char *print(const struct libdma_environment *environment)
{
	char *text = NULL;

	expect(MEMORY, !libdma_environment_print(environment, &text));
	return text;
}

/* Printed and read again it says the same. */
static void check_print(const struct libdma_environment *environment)
{
	struct libdma_environment *again = libdma_environment_create();
	char *text = print(environment), *second, *why = NULL;

	expect(MEMORY, again);
	expect(PRINT, !libdma_environment_parse(again, text, strlen(text), &why) && !why);
	second = print(again);
	expect(PRINT, !strcmp(text, second));
	free(text);
	free(second);
	libdma_environment_destroy(again);
}

/* Twice is once; what is refused changes nothing. */
static void read_file(struct libdma_environment *environment, const char *json, size_t size)
{
	char *before = print(environment), *after, *why = NULL;
	int err = libdma_environment_parse(environment, json, size, &why);

	after = print(environment);
	if (err) {
		expect(ERROR, err == -EINVAL);
		expect(TEXT, why && *why && !strchr(why, '\n'));
		expect(UNCHANGED, !strcmp(before, after));
	} else {
		expect(TEXT, !why);
		free(before);
		before = after;
		expect(TWICE, !libdma_environment_parse(environment, json, size, &why));
		after = print(environment);
		expect(TWICE, !strcmp(before, after));
		check_print(environment);
	}
	free(before);
	free(after);
	free(why);
}

static bool is_small(const struct libdma_environment *environment)
{
	if (environment->memory.count > MOST_RANGES ||
	    environment->swiotlb.slots > MOST_SLOTS || environment->cpus > MOST_CPUS ||
	    environment->iommu.groups > MOST_RANGES || environment->devices > MOST_RANGES)
		return false;
	for (size_t i = 0; i < environment->memory.count; i++)
		if (environment->memory.range[i].start > LARGEST ||
		    environment->memory.range[i].length > LARGEST)
			return false;
	return true;
}

static void build(const struct libdma_environment *environment)
{
	struct libdma_strings *strings = libdma_strings_create();
	struct libdma_rerun_options options = { .environment = environment,
						.strings = strings };
	struct libdma_rerun *rerun;
	int err;

	expect(MEMORY, strings);
	err = libdma_rerun_create(&options, &rerun);
	expect(ERROR, !err || err == -EINVAL || err == -ENOMEM);
	if (!err) {
		expect(VALID, libdma_machine_valid(libdma_rerun_machine(rerun)));
		libdma_rerun_destroy(rerun);
	}
	libdma_strings_destroy(strings);
}

/* The settings before the empty line; where the file begins. */
static char *take_settings(char *text, int *count, char **words)
{
	static char set[] = "--set";

	while (text && *text && *text != '{') {
		char *word = strsep(&text, "\n");

		if (!*word)
			break;
		if (*word == '-' || *count + 2 > ARGUMENTS_MOST)
			continue;
		words[(*count)++] = set;
		words[(*count)++] = word;
	}
	return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), *words[ARGUMENTS_MOST], *file;
	struct machine_options options = { 0 };
	int count = 0, status;

	expect(MEMORY, text);
	memcpy(text, data, size);
	text[size] = '\0';
	file = take_settings(text, &count, words);
	status = arguments_parse(&machine_argp, &options, count, words);
	expect(STATUS, !status || status == EXIT_USAGE);
	expect(MEMORY, options.set);
	check_print(options.set);
	if (file)
		read_file(options.set, file, size - (size_t)(file - text));
	if (is_small(options.set))
		build(options.set);
	machine_options_deinit(&options);
	free(text);
	return 0;
}
