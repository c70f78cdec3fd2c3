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
#include <unistd.h>

#include "command.h"
#include "fuzz-build.h"
#include "fuzz-campaign.h"
#include "fuzz-options.h"
#include "output.h"

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
	  { OPTION_OUTPUT },
	  fuzz_list },
	{ "build",
	  "[TARGET...]",
	  "Build the targets for the engines",
	  0,
	  64,
	  { 'e', 'j', OPTION_BUILD, OPTION_OUTPUT },
	  fuzz_build },
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
	{ "corpus",
	  "ACTION [ARGUMENT...]",
	  "List, merge, import or export inputs",
	  1,
	  1024,
	  { 'e', OPTION_OUTPUT, OPTION_RUN },
	  fuzz_corpus },
	{ "coverage",
	  "[TARGET...]",
	  "Show which lines and branches inputs reach",
	  0,
	  64,
	  { OPTION_OUTPUT, OPTION_RUN, OPTION_FILES, OPTION_HTML, OPTION_MIN },
	  fuzz_coverage },
	{ "bench",
	  "[TARGET...]",
	  "Measure how many inputs a second run",
	  0,
	  64,
	  { 'e', 't', OPTION_OUTPUT, OPTION_BUILD, OPTION_SEED },
	  fuzz_bench },
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
	for (const struct argp_option *it = fuzz_options; it->name; it++)
		if (it->key == key && parsed->given < 16) {
			parsed->option[parsed->given] = it->name;
			parsed->key[parsed->given++] = key;
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
		return fuzz_option_parse(&parsed->options, key, arg, state);
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
	.options = fuzz_options,
	.parser = parse_option,
	.args_doc = "VERB [ARGUMENT...]",
	.doc = "Fuzz the library's allocators, and sort what was found. fuzz(7) says what the "
	       "targets are and what they see.\v",
	.help_filter = list_verbs,
	.children = (const struct argp_child[]) { { .argp = &form_file_argp },
						  { .argp = &terminal_argp },
						  {} },
};

static unsigned int processors(void)
{
	long count = sysconf(_SC_NPROCESSORS_ONLN);

	return count > 0 && count <= FUZZ_JOBS_MOST ? (unsigned int)count : 1;
}

/*
 * Campaigns take what 'build' made, and so does everything where there is nothing beside
 * this dmactl, as where it was installed; else that is what belongs to these sources.
 */
static void choose_programs(struct fuzz_options *opts, const struct verb *verb)
{
	struct fuzz_files beside;

	opts->programs_said = opts->programs != NULL;
	fuzz_home_find(opts);
	fuzz_files_find(opts->programs, "fuzz-", &beside);
	if (!opts->programs_said && verb->run != fuzz_list &&
	    (!beside.count || verb->run == fuzz_run ||
	     (verb->run == fuzz_mutants && opts->seconds)))
		fuzz_build_choose(opts);
	fuzz_files_deinit(&beside);
}

static int fuzz(int argc, char **argv)
{
	struct parsed parsed = { .options = { .output = "out" } };
	struct fuzz_options *opts = &parsed.options;
	int status;

	parsed.rest = calloc((size_t)argc + 1, sizeof(*parsed.rest));
	if (!parsed.rest)
		out_of_memory();
	argp_parse(&argp, argc, argv, 0, NULL, &parsed);
	choose_programs(opts, parsed.verb);
	if (parsed.verb->run == fuzz_repro || parsed.verb->run == fuzz_minimize)
		fuzz_campaign_adopt(opts, opts->argv[0]);
	if (!opts->jobs)
		opts->jobs = parsed.verb->run == fuzz_build ? processors() : 1;
	status = parsed.verb->run(opts);
	free(opts->programs);
	free(opts->data);
	free(parsed.rest);
	return status;
}

const struct command command_fuzz = {
	.name = "fuzz",
	.summary = "Fuzz the library, and sort what was found",
	.argp = &argp,
	.run = fuzz,
};
