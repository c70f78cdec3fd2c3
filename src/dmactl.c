// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * dmactl.c - choose a command and hand it its arguments
 *
 * Two parsers follow each other: this one stops at the first word that is no
 * option, which is the command; all that comes behind it is the command's own.
 */
#include <argp.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>

#include "command.h"
#include "output.h"
#include "version.h"

struct choice {
	const char *name;
	int argc;
	char **argv;
};

enum {
	OPTION_LIST_COMMANDS = 256,
};

static void print_names(void)
{
	for (const struct command *const *it = commands; *it; it++)
		puts((*it)->name);
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct choice *choice = state->input;

	switch (key) {
	case OPTION_LIST_COMMANDS:
		print_names();
		exit(EXIT_FINE);
	case ARGP_KEY_ARG:
		choice->name = arg;
		choice->argc = state->argc - state->next + 1;
		choice->argv = &state->argv[state->next - 1];
		state->next = state->argc; /* the rest is the command's own */
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_usage(state);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* 'dmactl --help' lists the table of commands, so it cannot fall out of step. */
static char *list_commands(int key, const char *text, void *input)
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
	fputs("Commands:\n", out);
	for (const struct command *const *it = commands; *it; it++)
		fprintf(out, "  %-10s %s\n", (*it)->name, (*it)->summary);
	fputs("\n'dmactl help COMMAND' shows the manual of a command, 'dmactl COMMAND --help'\n"
	      "its options. Exit status: 0 done, 1 something was found, 2 wrong usage, 3 the\n"
	      "input is damaged, 4 it is lossy where that was forbidden, 5 input, output or\n"
	      "memory failed, 125 not possible on this machine.\n",
	      out);
	fclose(out);
	return list;
}

static const struct argp_option options[] = {
	{ .name = "list-commands",
	  .key = OPTION_LIST_COMMANDS,
	  .doc = "Print the commands' names, one a line" },
	{},
};

const struct argp dmactl_argp = {
	.options = options,
	.parser = parse_option,
	.args_doc = "COMMAND [ARGUMENT...]",
	.doc = "Inspect what Linux drivers ask of the DMA API.\v",
	.help_filter = list_commands,
};

int main(int argc, char **argv)
{
	struct choice choice = { 0 };
	const struct command *command;
	char name[] = "dmactl";

	setlocale(LC_CTYPE, ""); /* which characters; numbers stay as C writes them */
	output_begin();
	argp_err_exit_status = EXIT_USAGE;
	argp_program_version_hook = version_print;
	if (argc)
		argv[0] = name;
	argp_parse(&dmactl_argp, argc, argv, ARGP_IN_ORDER, NULL, &choice);

	command = command_find(choice.name);
	if (!command)
		return command_unknown(choice.name);
	return command_run(command, choice.argc, choice.argv);
}
