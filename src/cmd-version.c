// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd-version.c - dmactl version: which dmactl this is, and what it was built with
 */
#include <argp.h>
#include <jansson.h>
#include <libsmartcols/libsmartcols.h>
#include <stdbool.h>
#include <stdio.h>

#include <libdma/trace.h>

#include "command.h"
#include "export.h"
#include "output.h"
#include "version.h"

enum {
	OPTION_BUILD_OPTIONS = 256,
};

static const struct argp_option options[] = {
	{ .name = "build-options",
	  .key = OPTION_BUILD_OPTIONS,
	  .doc = "Print how it was built, and what it can read and write" },
	{},
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	bool *build_options = state->input;

	switch (key) {
	case OPTION_BUILD_OPTIONS:
		*build_options = true;
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "no argument is taken, '%s' is too many", arg);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse_option,
	.doc = "Print the version of dmactl.",
};

void version_print(FILE *out, struct argp_state *state)
{
	(void)state;
	fprintf(out, "%s\n", PACKAGE_STRING);
}

static void print_formats(const char *what, bool writes)
{
	const struct libdma_format *format;
	const struct exporter *exporter;

	printf("%s:", what);
	for (size_t i = 0; (format = libdma_format_at(i)); i++)
		if (writes ? format->writes : format->reads)
			printf(" %s", format->name);
	for (size_t i = 0; writes && (exporter = exporter_at(i)); i++)
		printf(" %s", exporter->name);
	putchar('\n');
}

static void print_build_options(void)
{
	printf("compiler: %s\n", __VERSION__);
	printf("jansson: %s\n", jansson_version_str());
	printf("libsmartcols: %s\n", LIBSMARTCOLS_VERSION);
	print_formats("reads", false);
	print_formats("writes", true);
}

static int version_run(int argc, char **argv)
{
	bool build_options = false;

	argp_parse(&argp, argc, argv, 0, NULL, &build_options);
	version_print(stdout, NULL);
	if (build_options)
		print_build_options();
	return EXIT_FINE;
}

const struct command command_version = {
	.name = "version",
	.summary = "Print the version and how dmactl was built",
	.argp = &argp,
	.run = version_run,
};
