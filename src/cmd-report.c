// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd-report.c - dmactl report: all that a trace tells, as one HTML file
 */
#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "out-file.h"
#include "output.h"
#include "quantity.h"
#include "report.h"
#include "survey.h"

#define FILE_DEFAULT "report.html"
#define MOMENTS_MAX  200

#define OPTION_MOMENTS 992

struct options {
	struct source_options source;
	struct terminal terminal;
	const char *file;
	bool force;
	unsigned int moments;
};

static const struct argp_option argp_options[] = {
	{ .doc = "The report:", .group = 1 },
	{ .name = "output",
	  .key = 'o',
	  .arg = "FILE",
	  .doc = "Write into FILE (" FILE_DEFAULT "); '-' is stdout" },
	OPTION_FORCE("FILE"),
	{ .name = "moments",
	  .key = OPTION_MOMENTS,
	  .arg = "N",
	  .doc = "Draw the map at N moments (24), the peak and the first failure" },
	{},
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct options *opts = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &opts->source;
		state->child_inputs[1] = &opts->terminal;
		return 0;
	case 'o':
		opts->file = arg;
		return 0;
	case 'f':
		opts->force = true;
		return 0;
	case OPTION_MOMENTS:
		opts->moments = (unsigned int)quantity_option("--moments", arg, 1,
							      MOMENTS_MAX, state);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = argp_options,
	.parser = parse_option,
	.args_doc = "[TRACE]",
	.doc = "Write all that TRACE (dma.dmat by default) tells into one HTML file: findings, "
	       "use over time, devices, a map with a time slider, and how well a model "
	       "predicts it.",
	.children = (const struct argp_child[]) { { .argp = &source_argp },
						  { .argp = &terminal_argp },
						  {} },
};

/* What can be read but once is kept, since it is read three times. */
static int spool(struct options *opts, char *path, size_t room, int *fd)
{
	int err;

	if (strcmp(opts->source.path, "-"))
		return EXIT_FINE;
	err = survey_spool(fd);
	if (err)
		return trouble("standard input", err);
	snprintf(path, room, "/dev/fd/%d", *fd);
	opts->source.path = path;
	return EXIT_FINE;
}

static int write_file(const struct report *report, const struct options *opts)
{
	struct out_file file;
	int status = out_file_open(&file, opts->file, opts->force);

	if (status != EXIT_FINE)
		return status;
	report_write(report, file.stream);
	return out_file_close(&file);
}

static int report_run(int argc, char **argv)
{
	struct options opts = { .file = FILE_DEFAULT, .moments = REPORT_MOMENTS };
	struct report report = { 0 };
	char path[32];
	int status, fd = -1;

	argp_parse(&argp, argc, argv, 0, NULL, &opts);
	status = out_file_check(opts.file, opts.force, opts.source.path);
	if (status != EXIT_FINE)
		return status;
	status = spool(&opts, path, sizeof(path), &fd);
	if (status == EXIT_FINE)
		status = report_read(&opts.source, opts.moments, &report);
	if (fd >= 0)
		report.title = "-";
	if (status == EXIT_FINE)
		status = write_file(&report, &opts);
	return report_close(&report, status);
}

const struct command command_report = {
	.name = "report",
	.summary = "Write all that a trace tells into one HTML file",
	.argp = &argp,
	.run = report_run,
};
