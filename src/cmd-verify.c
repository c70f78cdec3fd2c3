// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd-verify.c - dmactl verify: are these files what their writers left?
 */
#include <argp.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <libdma/verify.h>

#include "command.h"
#include "form.h"
#include "json.h"
#include "output.h"
#include "terminal.h"

#define FLAWS_LISTED 10000 /* of a file in a document; all are counted */

enum {
	OPTION_FROM = 256,
	OPTION_STRICT,
};

struct options {
	struct form_options form;
	struct terminal terminal;
	const char *from;
	char **path;
	size_t paths;
	bool strict;
};

/* One file. */
struct look {
	const char *name;
	const struct terminal *terminal;
	json_t *list; /* of flaws; NULL for people */
	uint64_t levels[LIBDMA_FLAW_ERROR + 1];
};

static const struct argp_option options[] = {
	{ .name = "from",
	  .key = OPTION_FROM,
	  .arg = "FORMAT",
	  .doc = "Read FILE as FORMAT, without looking what it is" },
	{ .name = "strict",
	  .key = OPTION_STRICT,
	  .doc = "Exit with 4 where the recorder lost events" },
	{},
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct options *opts = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &opts->form;
		state->child_inputs[1] = &opts->terminal;
		return 0;
	case OPTION_FROM:
		opts->from = arg;
		return 0;
	case OPTION_STRICT:
		opts->strict = true;
		return 0;
	case ARGP_KEY_ARGS:
		opts->path = state->argv + state->next;
		opts->paths = (size_t)(state->argc - state->next);
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "which FILE?");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse_option,
	.args_doc = "FILE...",
	.doc = "Read each FILE to its end, and say whether every byte of it is what its "
	       "writer left. '-' is standard input.",
	.children = (const struct argp_child[]) { { .argp = &form_document_argp },
						  { .argp = &terminal_argp },
						  {} },
};

static const char *const level_names[] = {
	[LIBDMA_FLAW_NOTE] = "note",
	[LIBDMA_FLAW_WARNING] = "warning",
	[LIBDMA_FLAW_ERROR] = "error",
};

static void list_flaw(struct look *look, const struct libdma_flaw *flaw)
{
	json_t *object;

	if (json_array_size(look->list) == FLAWS_LISTED)
		return;
	object = json_create();
	json_add(object, "kind", json_text(libdma_flaw_name(flaw->kind)));
	json_add(object, "level", json_text(level_names[libdma_flaw_level(flaw->kind)]));
	if (flaw->line)
		json_add_count(object, "line", flaw->line);
	json_add_count(object, "offset", flaw->offset);
	json_add_count(object, "block", flaw->block);
	json_add_count(object, "missing", flaw->missing);
	json_add(object, "text", json_text(flaw->text));
	json_append(look->list, object);
}

static void take_flaw(void *arg, const struct libdma_flaw *flaw)
{
	static const char *const colors[] = { "", "33", "31" };
	struct look *look = arg;
	enum libdma_flaw_level level = libdma_flaw_level(flaw->kind);

	look->levels[level]++;
	if (look->list) {
		list_flaw(look, flaw);
		return;
	}
	if (flaw->line)
		printf("%s:%" PRIu64 ": ", look->name, flaw->line);
	else
		printf("%s: offset %" PRIu64 ", block %" PRIu64 ": ", look->name,
		       flaw->offset, flaw->block);
	printf("%s%s%s: %s\n", terminal_color(look->terminal, colors[level]),
	       libdma_flaw_name(flaw->kind), terminal_color(look->terminal, "0"),
	       flaw->text);
}

/* What is to be said of a file in one word. */
static const char *state_of(const struct look *look)
{
	if (look->levels[LIBDMA_FLAW_ERROR])
		return "damaged";
	return look->levels[LIBDMA_FLAW_WARNING] ? "flawed" : "whole";
}

static void print_verdict(const struct look *look, const struct libdma_verdict *verdict)
{
	printf("%s: ", look->name);
	if (verdict->blocks)
		printf("%" PRIu64 " block%s, ", verdict->blocks,
		       verdict->blocks == 1 ? "" : "s");
	if (verdict->traces > 1)
		printf("%" PRIu64 " traces, ", verdict->traces);
	printf("%" PRIu64 " event%s, ", verdict->events, verdict->events == 1 ? "" : "s");
	if (verdict->checkpoints)
		printf("%" PRIu64 " checkpoint%s, ", verdict->checkpoints,
		       verdict->checkpoints == 1 ? "" : "s");
	if (verdict->missing)
		printf("at least %" PRIu64 " missing, ", verdict->missing);
	if (verdict->lost)
		printf("%" PRIu64 " lost by the recorder, ", verdict->lost);
	printf("%s: %s\n", verdict->format ? verdict->format : "no trace",
	       state_of(look));
}

static json_t *object_of(const struct look *look, const struct libdma_verdict *verdict)
{
	json_t *object = json_create(), *counts = json_create();

	json_add(object, "trace", json_text(look->name));
	json_add(object, "state", json_text(state_of(look)));
	json_add(object, "format",
		 verdict->format ? json_text(verdict->format) : json_null());
	json_add(object, "compression", json_text(verdict->compression));
	json_add_count(object, "bytes", verdict->bytes);
	json_add_count(object, "blocks", verdict->blocks);
	json_add_count(object, "traces", verdict->traces);
	json_add_count(object, "events", verdict->events);
	json_add_count(object, "checkpoints", verdict->checkpoints);
	json_add_count(object, "missing", verdict->missing);
	json_add_count(object, "lost", verdict->lost);
	for (unsigned int i = 0; i < LIBDMA_FLAW_KINDS; i++)
		json_add_count(counts, libdma_flaw_name(i), verdict->flaws[i]);
	json_add(object, "counts", counts);
	json_add(object, "flaws", look->list);
	return object;
}

static int exit_status(const struct look *look, bool strict)
{
	if (look->levels[LIBDMA_FLAW_ERROR])
		return EXIT_INPUT;
	if (strict && look->levels[LIBDMA_FLAW_NOTE])
		return EXIT_LOSSY;
	return look->levels[LIBDMA_FLAW_WARNING] ? EXIT_FOUND : EXIT_FINE;
}

/* Whatever fails outright is worse than damage, which is worse than the rest. */
static int worse(int a, int b)
{
	static const int ranks[] = {
		[EXIT_FINE] = 0,  [EXIT_FOUND] = 1, [EXIT_LOSSY] = 2,
		[EXIT_INPUT] = 3, [EXIT_USAGE] = 4, [EXIT_SYSTEM] = 5,
	};

	return ranks[b] > ranks[a] ? b : a;
}

static int verify(const struct options *opts, const char *path, json_t *files)
{
	struct look look = {
		.name = strcmp(path, "-") ? path : "standard input",
		.terminal = &opts->terminal,
		.list = files ? json_list() : NULL,
	};
	struct libdma_verdict verdict;
	int err = libdma_verify(path, opts->from, take_flaw, &look, &verdict);

	if (err == -EINVAL && opts->from) {
		complain(
			"'%s' is no format that can be read, 'dmactl convert --help' lists "
			"them",
			opts->from);
		json_decref(look.list);
		return EXIT_USAGE;
	}
	if (!files && !err)
		print_verdict(&look, &verdict);
	if (files)
		json_append(files, object_of(&look, &verdict));
	return err ? trouble(look.name, err) : exit_status(&look, opts->strict);
}

static int verify_run(int argc, char **argv)
{
	struct options opts = { 0 };
	json_t *document = NULL, *files = NULL;
	int status = EXIT_FINE;

	argp_parse(&argp, argc, argv, 0, NULL, &opts);
	if (opts.form.form) {
		document = json_document("verify");
		files = json_list();
	}
	for (size_t i = 0; i < opts.paths; i++)
		status = worse(status, verify(&opts, opts.path[i], files));
	if (document) {
		json_add(document, "files", files);
		json_print(document);
	}
	return status;
}

const struct command command_verify = {
	.name = "verify",
	.summary = "Say whether trace files are whole",
	.argp = &argp,
	.run = verify_run,
};
