// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd-fuzz.c - dmactl fuzz: the workbench for the fuzz targets
 *
 * One parser reads the options of all verbs, and refuses those that mean nothing to the
 * verb; a verb is a row of the table below.
 */
#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "fuzz-target.h"
#include "output.h"
#include "quantity.h"

#define JOBS_MOST 1024

enum {
	OPTION_PROGRAMS = 256,
	OPTION_DATA,
	OPTION_OUTPUT,
	OPTION_SEED,
	OPTION_EMPTY,
	OPTION_MUTANT,
	OPTION_SYNC,
	OPTION_COMMAND,
};

/**
 * struct verb - what stands behind 'dmactl fuzz'
 * @args:	its arguments, of which there are @least to @most
 * @keys:	of the options that it takes besides those of all verbs, ended by 0
 */
struct verb {
	const char *name;
	const char *args;
	const char *summary;
	int least, most;
	int keys[10];
	int (*run)(const struct fuzz_options *options);
};

static const struct verb verbs[] = {
	{ "list",
	  "",
	  "Show the targets, and what belongs to them",
	  0,
	  0,
	  { 0 },
	  fuzz_list },
	{ "run",
	  "TARGET",
	  "Fuzz a target until it breaks, or time is over",
	  1,
	  1,
	  { 'e', 'j', 'k', 't', OPTION_OUTPUT, OPTION_SEED, OPTION_EMPTY, OPTION_MUTANT,
	    OPTION_SYNC },
	  fuzz_run },
	{ "status",
	  "[RUN]",
	  "Show how a campaign goes, or went",
	  0,
	  1,
	  { OPTION_OUTPUT },
	  fuzz_status },
	{ "stop", "[RUN]", "End a campaign", 0, 1, { OPTION_OUTPUT }, fuzz_stop },
	{ "triage",
	  "[RUN]",
	  "Show which of its findings are the same",
	  0,
	  1,
	  { OPTION_OUTPUT },
	  fuzz_triage },
	{ "repro",
	  "INPUT [TARGET]",
	  "Run a target on an input, and show both",
	  1,
	  2,
	  { OPTION_MUTANT },
	  fuzz_repro },
	{ "minimize",
	  "INPUT OUT [TARGET]",
	  "Make an input small that breaks it alike",
	  2,
	  3,
	  { OPTION_MUTANT, OPTION_COMMAND },
	  fuzz_minimize },
	{ "regress",
	  "[TARGET...]",
	  "Run the targets on what once broke them",
	  0,
	  64,
	  { 0 },
	  fuzz_regress },
	{ "mutants",
	  "[BUG...]",
	  "Put bugs back, and show who sees them",
	  0,
	  512,
	  { 't', OPTION_SEED },
	  fuzz_mutants },
};

#define VERBS (sizeof(verbs) / sizeof(verbs[0]))

struct parsed {
	struct fuzz_options options;
	const struct verb *verb;
	const char *option[16]; /* names of those that were given, and their keys */
	int key[16];
	unsigned int given;
	char **rest; /* room for all arguments */
};

static const struct argp_option options[] = {
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
	  .doc = "run: how long; mutants: fuzz each bug so long instead of running its "
		 "input: 90s, 10m, 2h" },
	{ .name = "jobs", .key = 'j', .arg = "NUMBER", .doc = "Workers at once (1)" },
	{ .name = "engine",
	  .key = 'e',
	  .arg = "ENGINE",
	  .doc = "Only if the program is built for it: libfuzzer or afl" },
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

static const char *parse_engine(const char *text, struct argp_state *state)
{
	for (unsigned int i = FUZZ_ENGINE_NONE + 1; i < FUZZ_ENGINES; i++)
		if (!strcmp(text, fuzz_engine_names[i]))
			return fuzz_engine_names[i];
	argp_error(state, "'%s' is none of libfuzzer, afl", text);
	return NULL;
}

static void parse_verb(struct parsed *parsed, const char *name, struct argp_state *state)
{
	for (size_t i = 0; i < VERBS; i++)
		if (!strcmp(verbs[i].name, name))
			parsed->verb = &verbs[i];
	if (!parsed->verb)
		argp_error(state, "'%.40s' is none of what it can do", name);
	parsed->options.argv = parsed->rest;
}

static bool takes(const struct verb *verb, int key)
{
	for (const int *it = verb->keys; *it; it++)
		if (*it == key)
			return true;
	return key == OPTION_PROGRAMS || key == OPTION_DATA;
}

static void finish(const struct parsed *parsed, struct argp_state *state)
{
	const struct verb *verb = parsed->verb;

	if (!verb)
		argp_error(state, "what is to be done: list, run, ...?");
	for (unsigned int i = 0; i < parsed->given; i++)
		if (!takes(verb, parsed->key[i]))
			argp_error(state, "--%s means nothing to '%s'", parsed->option[i],
				   verb->name);
	if (parsed->options.argc < verb->least || parsed->options.argc > verb->most)
		argp_error(state, "'%s' takes %s", verb->name,
			   *verb->args ? verb->args : "no argument");
}

/* Remember which options there were; the verb may come behind them. */
static void note(struct parsed *parsed, int key)
{
	for (const struct argp_option *it = options; it->name; it++)
		if (it->key == key && parsed->given < 16) {
			parsed->option[parsed->given] = it->name;
			parsed->key[parsed->given++] = key;
		}
}

static error_t parse_value(struct fuzz_options *opts, int key, char *arg,
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
	case OPTION_OUTPUT:
		opts->output = arg;
		return 0;
	case OPTION_SEED:
		opts->seed = (unsigned int)quantity_option("--seed", arg, 1, 1000000000,
							   state);
		return 0;
	case OPTION_EMPTY:
		opts->empty = true;
		return 0;
	case OPTION_MUTANT:
		opts->mutant = arg;
		return 0;
	case OPTION_COMMAND:
		opts->command = arg;
		return 0;
	case OPTION_SYNC:
		opts->sync = arg;
		return 0;
	case 'e':
		opts->engine = parse_engine(arg, state);
		return 0;
	case 'j':
		opts->jobs =
			(unsigned int)quantity_option("--jobs", arg, 1, JOBS_MOST, state);
		return 0;
	case 'k':
		opts->keep_going = true;
		return 0;
	case 't':
		opts->seconds = parse_time(arg, state);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct parsed *parsed = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &parsed->options.form;
		state->child_inputs[1] = &parsed->options.terminal;
		return 0;
	case ARGP_KEY_ARG:
		if (!parsed->verb)
			parse_verb(parsed, arg, state);
		else
			parsed->options.argv[parsed->options.argc++] = arg;
		return 0;
	case ARGP_KEY_END:
		finish(parsed, state);
		return 0;
	default:
		note(parsed, key);
		return parse_value(&parsed->options, key, arg, state);
	}
}

/* The list of verbs is the table's. */
static char *list_verbs(int key, const char *text, void *input)
{
	char *list = NULL;
	size_t size;
	FILE *out;

	(void)input;
	if (key != ARGP_KEY_HELP_POST_DOC)
		return (char *)text;
	out = open_memstream(&list, &size);
	if (!out)
		return NULL;
	for (size_t i = 0; i < VERBS; i++) {
		char *usage = fuzz_path("%s %s", verbs[i].name, verbs[i].args);

		fprintf(out, "  %-28s %s\n", usage, verbs[i].summary);
		free(usage);
	}
	fclose(out);
	return list;
}

static const struct argp argp = {
	.options = options,
	.parser = parse_option,
	.args_doc = "VERB [ARGUMENT...]",
	.doc = "Fuzz the library's allocators, and sort what was found. fuzz(7) says what the "
	       "targets are and what they see.\v",
	.help_filter = list_verbs,
	.children = (const struct argp_child[]) { { .argp = &form_file_argp },
						  { .argp = &terminal_argp },
						  {} },
};

static int fuzz(int argc, char **argv)
{
	struct parsed parsed = { .options = { .output = "out", .jobs = 1 } };
	int status;

	parsed.rest = calloc((size_t)argc + 1, sizeof(*parsed.rest));
	if (!parsed.rest)
		out_of_memory();
	argp_parse(&argp, argc, argv, 0, NULL, &parsed);
	fuzz_home_find(&parsed.options);
	status = parsed.verb->run(&parsed.options);
	free(parsed.options.programs);
	free(parsed.options.data);
	free(parsed.rest);
	return status;
}

const struct command command_fuzz = {
	.name = "fuzz",
	.summary = "Fuzz the library, and sort what was found",
	.argp = &argp,
	.run = fuzz,
};
