/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz.h - what the verbs of 'dmactl fuzz' have in common
 *
 * fuzz(7) tells of targets, oracles and bugs put back; each verb is a cmd-fuzz-VERB.c.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "form.h"
#include "terminal.h"

/**
 * struct fuzz_options - all that can be said to 'dmactl fuzz'
 * @programs:	--programs: where fuzz-TARGET and mutant-TARGET are
 * @data:	--data: where corpus/ and fuzz/mutants.def are
 * @output:	--output: where campaigns are kept
 * @engine:	--engine, or NULL for whichever the program has
 * @sync:	--sync: a folder that AFL++ on several machines share, or NULL
 * @mutant:	--mutant: the bug to put back, or NULL
 * @command:	--command: minimize a trace, of which it is to say the same, or NULL
 * @build:	--build: the name of one, "all", or NULL
 * @run:	--run: a campaign whose inputs are taken, or NULL
 * @files:	--files: what the names of sources begin with, or NULL
 * @html:	--html: a folder to be written, or NULL
 * @least_lines: --min: percent of a file's lines, 0 for any
 * @least_branches: the same of its branches
 * @programs_said: @programs is of --programs
 * @jobs:	--jobs
 * @seconds:	--time, 0 for not said
 * @seed:	--seed, 0 for any
 * @empty:	--empty: without inputs to begin with
 * @keep_going:	--keep-going: after a finding
 * @argv:	the arguments behind the verb
 */
struct fuzz_options {
	struct form_options form;
	struct terminal terminal;
	char *programs;
	char *data;
	const char *output;
	const char *engine;
	const char *sync;
	const char *mutant;
	const char *command;
	const char *build;
	const char *run;
	const char *files;
	const char *html;
	unsigned int least_lines;
	unsigned int least_branches;
	unsigned int jobs;
	unsigned int seconds;
	unsigned int seed;
	bool programs_said;
	bool empty;
	bool keep_going;
	char **argv;
	int argc;
};

int fuzz_list(const struct fuzz_options *options);
int fuzz_build(const struct fuzz_options *options);
int fuzz_run(const struct fuzz_options *options);
int fuzz_status(const struct fuzz_options *options);
int fuzz_stop(const struct fuzz_options *options);
int fuzz_triage(const struct fuzz_options *options);
int fuzz_repro(const struct fuzz_options *options);
int fuzz_minimize(const struct fuzz_options *options);
/* Of a recording, which @options->command or 'dmactl check' is asked about. */
int fuzz_minimize_trace(const struct fuzz_options *options, const char *input,
			const char *out);
int fuzz_regress(const struct fuzz_options *options);
int fuzz_corpus(const struct fuzz_options *options);
int fuzz_coverage(const struct fuzz_options *options);
int fuzz_bench(const struct fuzz_options *options);
int fuzz_mutants(const struct fuzz_options *options);
