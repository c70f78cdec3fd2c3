// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd-check.c - dmactl check: who broke the rules of the DMA API?
 */
#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check-print.h"
#include "command.h"
#include "findings.h"
#include "kernel.h"
#include "output.h"
#include "source.h"
#include "terminal.h"

enum {
	OPTION_RULES = 256,
	OPTION_ALL,
	OPTION_SUPPRESSIONS,
	OPTION_FAIL_ON,
	OPTION_FROM_START,
	OPTION_DMA_DEBUG,
	OPTION_SARIF,
};

/* What --fail-on may say beside a severity. */
#define FAIL_NEVER LIBDMA_CHECK_SEVERITIES

struct options {
	struct source_options source;
	struct range range; /* of the calls whose verdicts are wanted */
	struct form_options form;
	struct terminal terminal;
	const char *suppressions;
	unsigned int fail_on;
	bool rules;
	bool all;
	bool from_start;
	bool dma_debug;
	bool sarif;
};

static const struct argp_option options[] = {
	{ .name = "rules",
	  .key = OPTION_RULES,
	  .doc = "List the rules, and read no trace" },
	{ .name = "all",
	  .key = OPTION_ALL,
	  .doc = "Show also what lost events, a late start of the recording or a driver "
		 "that need not unmap could explain" },
	{ .name = "suppressions",
	  .key = OPTION_SUPPRESSIONS,
	  .arg = "FILE",
	  .doc = "Leave out what the lines of FILE name: RULE [DEVICE [SITE]]" },
	{ .name = "fail-on",
	  .key = OPTION_FAIL_ON,
	  .arg = "SEVERITY",
	  .doc = "Exit with 1 only for an error, a warning or worse (the default), a note or "
		 "worse, or never" },
	{ .name = "from-start",
	  .key = OPTION_FROM_START,
	  .doc = "The recording began before the first driver: what it does not show was "
		 "never mapped" },
	{ .name = "dma-debug",
	  .key = OPTION_DMA_DEBUG,
	  .doc = "Say what a kernel with CONFIG_DMA_API_DEBUG would, and nothing else" },
	{ .name = "sarif",
	  .key = OPTION_SARIF,
	  .doc = "Print the findings as SARIF 2.1.0, which code reviews read",
	  .group = 10 },
	{},
};

static unsigned int parse_severity(const char *word, struct argp_state *state)
{
	if (!strcmp(word, "never"))
		return FAIL_NEVER;
	for (unsigned int i = 0; i < LIBDMA_CHECK_SEVERITIES; i++)
		if (!strcmp(word, libdma_check_severity_name(i)))
			return i;
	argp_error(state, "--fail-on takes error, warning, note or never, not '%s'",
		   word);
	return FAIL_NEVER;
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct options *opts = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		opts->fail_on = LIBDMA_CHECK_WARNING;
		state->child_inputs[0] = &opts->source;
		state->child_inputs[1] = &opts->source;
		state->child_inputs[2] = &opts->form;
		state->child_inputs[3] = &opts->terminal;
		return 0;
	case OPTION_RULES:
		opts->rules = true;
		return 0;
	case OPTION_ALL:
		opts->all = true;
		return 0;
	case OPTION_SUPPRESSIONS:
		opts->suppressions = arg;
		return 0;
	case OPTION_FAIL_ON:
		opts->fail_on = parse_severity(arg, state);
		return 0;
	case OPTION_FROM_START:
		opts->from_start = true;
		return 0;
	case OPTION_DMA_DEBUG:
		opts->dma_debug = true;
		return 0;
	case OPTION_SARIF:
		opts->sarif = true;
		return 0;
	case ARGP_KEY_END:
		if (opts->sarif && opts->form.form)
			argp_error(state, "one form of output at a time");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse_option,
	.args_doc = "[TRACE]",
	.doc = "Hold the rules of the DMA API against the calls in TRACE (dma.dmat by "
	       "default), and show who broke which.",
	.children = (const struct argp_child[]) { { .argp = &source_argp },
						  { .argp = &selection_argp },
						  { .argp = &form_document_argp },
						  { .argp = &terminal_argp },
						  {} },
};

static struct libdma_check *create(struct source *source, const struct options *opts,
				   struct findings *findings)
{
	const struct libdma_environment *environment = source_environment(source);
	const struct libdma_check_options how = {
		.kernel = kernel_of(environment),
		.as_kernel = opts->dma_debug,
		.from_start = opts->from_start,
		.verdict = findings_add,
		.arg = findings,
	};
	struct libdma_check *check;

	if (libdma_check_create(&how, &check) ||
	    libdma_check_environment(check, environment,
				     libdma_reader_strings(source_reader(source))))
		out_of_memory();
	return check;
}

static int teach_filter(void *arg, uint32_t device, uint32_t driver)
{
	return libdma_filter_driver(arg, device, driver);
}

/* A trace may tell its machine with the first event, not before. */
static void check_events(struct source *source, struct options *opts,
			 struct findings *findings)
{
	struct libdma_check *check = NULL;
	const struct dma_event *event;
	uint64_t damaged = 0;
	bool more = source_next(source, &event) > 0;

	findings->strings = source_strings(source);
	source_drivers(source, findings_driver, findings);
	if (findings->filter)
		source_drivers(source, teach_filter, findings->filter);
	check = create(source, opts, findings);
	for (; more; more = source_next(source, &event) > 0) {
		if (libdma_reader_damaged(source_reader(source)) != damaged) {
			damaged = libdma_reader_damaged(source_reader(source));
			libdma_check_lost(check);
		}
		if (event->kind == DMA_EVENT_DEVICE && event->name)
			findings_driver(findings, event->device, event->name);
		findings->muted = !range_holds(&opts->range, event);
		if (libdma_check_put(check, event))
			out_of_memory();
	}
	libdma_check_destroy(check);
	findings_sort(findings);
}

static int exit_status(const struct findings *findings, unsigned int fail_on)
{
	for (unsigned int i = fail_on; i < LIBDMA_CHECK_SEVERITIES; i++)
		if (findings_of(findings, i))
			return EXIT_FOUND;
	return EXIT_FINE;
}

static void print(const struct findings *findings, const struct source *source,
		  const struct options *opts)
{
	terminal_page(&opts->terminal);
	if (opts->sarif)
		check_sarif(findings, opts->source.path);
	else if (opts->form.form == FORM_JSON)
		check_json(findings, source, opts->source.path);
	else
		check_print(findings, source, &opts->terminal, opts->all);
}

static const void *find_rule(const char *word)
{
	return libdma_check_rule_find(word);
}

static int check_run(int argc, char **argv)
{
	struct suppressions *suppressions = NULL;
	struct findings findings = { 0 };
	struct options opts = { 0 };
	struct source *source;
	int status = EXIT_FINE;

	argp_parse(&argp, argc, argv, 0, NULL, &opts);
	/* A verdict hangs on events that are not wanted themselves. */
	opts.range = opts.source.range;
	opts.source.range = (struct range) { 0 };
	findings.filter = opts.source.filter;
	opts.source.filter = NULL;
	if (opts.rules)
		return check_list_rules(&opts.form, &opts.terminal);
	if (opts.suppressions)
		status = suppressions_read(opts.suppressions, find_rule,
					   "RULE [DEVICE [SITE]], see 'dmactl check --rules'",
					   &suppressions);
	if (!status)
		status = source_open(&opts.source, NULL, &source);
	if (status)
		goto destroy_suppressions;

	findings.suppressions = suppressions;
	check_events(source, &opts, &findings);
	print(&findings, source, &opts);
	status = source_close(source, exit_status(&findings, opts.fail_on));
	findings_deinit(&findings);
destroy_suppressions:
	libdma_filter_destroy(findings.filter);
	suppressions_destroy(suppressions);
	return status;
}

const struct command command_check = {
	.name = "check",
	.summary = "Show who broke the rules of the DMA API",
	.argp = &argp,
	.run = check_run,
};
