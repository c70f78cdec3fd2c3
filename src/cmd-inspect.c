// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd-inspect.c - dmactl inspect: what the kernel says of its DMA without being probed
 */
#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "inspect.h"
#include "output.h"

enum {
	OPTION_ROOT = 256,
	OPTION_PROMETHEUS,
};

struct options {
	struct form_options form;
	struct terminal terminal;
	const char *root;
	unsigned int sections;
	bool prometheus;
};

static const struct argp_option options[] = {
	{ .name = "root",
	  .key = OPTION_ROOT,
	  .arg = "DIR",
	  .doc = "Read DIR/sys and DIR/proc, a saved copy" },
	{ .name = "prometheus",
	  .key = OPTION_PROMETHEUS,
	  .doc = "Print metrics, as node_exporter's textfile collector reads them",
	  .group = 10 },
	{},
};

static const struct {
	const char *name;
	enum inspect_section section;
} sections[] = {
	{ "devices", INSPECT_DEVICES }, { "pools", INSPECT_POOLS },
	{ "swiotlb", INSPECT_SWIOTLB }, { "cma", INSPECT_CMA },
	{ "iommu", INSPECT_IOMMU },     { "dma-debug", INSPECT_DMA_DEBUG },
};

static unsigned int parse_section(const char *name, struct argp_state *state)
{
	for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++)
		if (!strcmp(name, sections[i].name))
			return sections[i].section;
	argp_error(state,
		   "a section is devices, pools, swiotlb, cma, iommu or dma-debug, not "
		   "'%s'",
		   name);
	return 0;
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct options *opts = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &opts->form;
		state->child_inputs[1] = &opts->terminal;
		return 0;
	case OPTION_ROOT:
		opts->root = arg;
		return 0;
	case OPTION_PROMETHEUS:
		opts->prometheus = true;
		return 0;
	case ARGP_KEY_ARG:
		opts->sections |= parse_section(arg, state);
		return 0;
	case ARGP_KEY_END:
		if (opts->prometheus && opts->form.form)
			argp_error(state, "one form of output at a time");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse_option,
	.args_doc = "[SECTION...]",
	.doc = "Show what the kernel says of its DMA: devices, pools, swiotlb, cma, iommu, "
	       "dma-debug; all of them, or each SECTION.",
	.children = (const struct argp_child[]) { { .argp = &form_document_argp },
						  { .argp = &terminal_argp },
						  {} },
};

static void complain_of_refusals(const struct tree *tree)
{
	const struct tree_refusal *refusal;
	size_t count;

	refusal = tree_refusals(tree, &count);
	for (size_t i = 0; i < count; i++)
		complain("/%s: %s", refusal[i].path, strerror(refusal[i].err));
}

static int inspect_run(int argc, char **argv)
{
	struct options opts = { 0 };
	struct inspect *inspect;
	int err, status = EXIT_FINE;
	struct tree *tree;

	argp_parse(&argp, argc, argv, 0, NULL, &opts);
	err = tree_open(opts.root ? opts.root : "/", &tree);
	if (err)
		return trouble(opts.root ? opts.root : "/", err);
	inspect = inspect_create(tree, opts.sections ? opts.sections : INSPECT_ALL);
	if (inspect_is_empty(inspect)) {
		complain("%s: nothing of a kernel is there%s",
			 opts.root ? opts.root : "/",
			 opts.root ? ", neither sys nor proc"
				   : ": are sysfs and /proc mounted?");
		status = opts.root ? EXIT_INPUT : EXIT_CANNOT;
	} else {
		terminal_page(&opts.terminal);
	}
	if (opts.form.form) {
		inspect_json(inspect, opts.root ? opts.root : "/");
	} else if (opts.prometheus) {
		inspect_prometheus(inspect);
		complain_of_refusals(tree);
	} else if (!status) {
		inspect_print(inspect, &opts.terminal);
	}
	inspect_destroy(inspect);
	tree_close(tree);
	return status;
}

const struct command command_inspect = {
	.name = "inspect",
	.aliases = "snapshot",
	.summary = "Show what the kernel says of its DMA without being probed",
	.argp = &argp,
	.run = inspect_run,
};
