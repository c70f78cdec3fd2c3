// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fuzz-options.c - the options of all verbs of 'dmactl fuzz', and what they may be
 *
 * Which of them a verb takes is said where the verbs are, in cmd-fuzz.c.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz-build.h"
#include "fuzz-options.h"
#include "quantity.h"

const struct argp_option fuzz_options[] = {
	{ .name = "programs",
	  .key = OPTION_PROGRAMS,
	  .arg = "FOLDER",
	  .doc = "Where the targets' programs are" },
	{ .name = "data",
	  .key = OPTION_DATA,
	  .arg = "FOLDER",
	  .doc = "Where corpus/ and fuzz/mutants.def are" },
	{ .name = "output",
	  .key = OPTION_OUTPUT,
	  .arg = "FOLDER",
	  .doc = "Where campaigns are kept (./out)" },
	{ .name = "time",
	  .key = 't',
	  .arg = "TIME",
	  .doc = "run: how long; bench: each target (5s); mutants: fuzz each bug so long "
		 "instead of running its input: 90s, 10m, 2h" },
	{ .name = "jobs",
	  .key = 'j',
	  .arg = "NUMBER",
	  .doc = "Workers at once (1); build: as many processors as there are" },
	{ .name = "build",
	  .key = OPTION_BUILD,
	  .arg = "NAME",
	  .doc = "Which one: libfuzzer-asan and afl-plain, where nothing is said, "
		 "libfuzzer-plain, afl-asan, coverage, or all" },
	{ .name = "engine",
	  .key = 'e',
	  .arg = "ENGINE",
	  .doc = "The one of both that is wanted: libfuzzer or afl" },
	{ .name = "run",
	  .key = OPTION_RUN,
	  .arg = "RUN",
	  .doc = "Take what this campaign kept, in place of the committed inputs" },
	{ .name = "files",
	  .key = OPTION_FILES,
	  .arg = "PREFIX",
	  .doc = "coverage: of sources that begin so (lib/)" },
	{ .name = "html",
	  .key = OPTION_HTML,
	  .arg = "FOLDER",
	  .doc = "coverage: write the sources there, with how often each line ran" },
	{ .name = "min",
	  .key = OPTION_MIN,
	  .arg = "LINES[,BRANCHES]",
	  .doc = "coverage: exit with 1 if a file has less, in percent" },
	{ .name = "keep-going", .key = 'k', .doc = "Go on after a finding" },
	{ .name = "seed",
	  .key = OPTION_SEED,
	  .arg = "NUMBER",
	  .doc = "Where the engines' dice begin" },
	{ .name = "empty", .key = OPTION_EMPTY, .doc = "Begin without any input" },
	{ .name = "mutant",
	  .key = OPTION_MUTANT,
	  .arg = "BUG",
	  .doc = "Put this bug back" },
	{ .name = "command",
	  .key = OPTION_COMMAND,
	  .arg = "COMMAND",
	  .doc = "minimize: INPUT is a trace, for which COMMAND is to exit as it does "
		 "for the whole" },
	{ .name = "sync",
	  .key = OPTION_SYNC,
	  .arg = "FOLDER",
	  .doc = "Share what AFL++ finds with all who run with this folder" },
	{},
};

/* "90s", "10m", "2h", "30": seconds. */
static unsigned int parse_time(const char *text, struct argp_state *state)
{
	char *end;
	unsigned long value, unit = 1;

	errno = 0;
	value = strtoul(text, &end, 10);
	if (*end && !end[1])
		unit = *end == 's' ? 1 : *end == 'm' ? 60 : *end == 'h' ? 3600 : 0;
	else if (*end)
		unit = 0;
	if (*text < '0' || *text > '9' || errno || !unit || !value ||
	    value > 1000000 / unit)
		argp_error(state, "--time takes a time such as 90s, 10m or 2h, not '%s'",
			   text);
	return (unsigned int)(value * unit);
}

/* "98,95": percent of lines, and of branches. */
static void parse_least(struct fuzz_options *opts, const char *text,
			struct argp_state *state)
{
	char *end;
	unsigned long lines = strtoul(text, &end, 10), branches = 0;

	if (*text >= '0' && *text <= '9' && *end == ',' && end[1] >= '0' && end[1] <= '9')
		branches = strtoul(end + 1, &end, 10);
	if (*text < '0' || *text > '9' || *end || lines > 100 || branches > 100)
		argp_error(state, "--min takes percents such as 98 or 98,95, not '%s'",
			   text);
	opts->least_lines = (unsigned int)lines;
	opts->least_branches = (unsigned int)branches;
}

static const char *parse_engine(const char *text, struct argp_state *state)
{
	for (unsigned int i = FUZZ_ENGINE_NONE + 1; i < FUZZ_ENGINES; i++)
		if (!strcmp(text, fuzz_engine_names[i]))
			return fuzz_engine_names[i];
	argp_error(state, "'%s' is none of libfuzzer, afl", text);
	return NULL;
}

static const char *parse_build(const char *text, struct argp_state *state)
{
	for (unsigned int i = 0; i < FUZZ_BUILDS; i++)
		if (!strcmp(text, fuzz_builds[i].name))
			return text;
	if (strcmp(text, "all"))
		argp_error(state,
			   "'%.40s' is none of libfuzzer-asan, libfuzzer-plain, "
			   "afl-plain, afl-asan, coverage, all",
			   text);
	return text;
}

/* Where what is kept as it was written goes; NULL for an option that is not. */
static const char **text_of(struct fuzz_options *opts, int key)
{
	switch (key) {
	case OPTION_OUTPUT:
		return &opts->output;
	case OPTION_MUTANT:
		return &opts->mutant;
	case OPTION_COMMAND:
		return &opts->command;
	case OPTION_SYNC:
		return &opts->sync;
	case OPTION_RUN:
		return &opts->run;
	case OPTION_FILES:
		return &opts->files;
	case OPTION_HTML:
		return &opts->html;
	default:
		return NULL;
	}
}

error_t fuzz_option_parse(struct fuzz_options *opts, int key, char *arg,
			  struct argp_state *state)
{
	switch (key) {
	case OPTION_PROGRAMS:
		free(opts->programs);
		opts->programs = fuzz_path("%s", arg);
		return 0;
	case OPTION_DATA:
		free(opts->data);
		opts->data = fuzz_path("%s", arg);
		return 0;
	case OPTION_SEED:
		opts->seed = (unsigned int)quantity_option("--seed", arg, 1, 1000000000,
							   state);
		return 0;
	case OPTION_EMPTY:
		opts->empty = true;
		return 0;
	case OPTION_BUILD:
		opts->build = parse_build(arg, state);
		return 0;
	case OPTION_MIN:
		parse_least(opts, arg, state);
		return 0;
	case 'e':
		opts->engine = parse_engine(arg, state);
		return 0;
	case 'j':
		opts->jobs = (unsigned int)quantity_option("--jobs", arg, 1,
							   FUZZ_JOBS_MOST, state);
		return 0;
	case 'k':
		opts->keep_going = true;
		return 0;
	case 't':
		opts->seconds = parse_time(arg, state);
		return 0;
	default:
		if (!text_of(opts, key))
			return ARGP_ERR_UNKNOWN;
		*text_of(opts, key) = arg;
		return 0;
	}
}
