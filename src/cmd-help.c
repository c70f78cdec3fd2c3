// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd-help.c - dmactl help: a command's manual, or its options
 *
 * Where no manual is installed, as in a build tree, the options must do.
 */
#include <argp.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "command.h"
#include "output.h"

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	const char **name = state->input;

	if (key != ARGP_KEY_ARG)
		return ARGP_ERR_UNKNOWN;
	if (*name)
		argp_error(state, "one COMMAND at a time, '%s' is too many", arg);
	*name = arg;
	return 0;
}

static const struct argp argp = {
	.parser = parse_option,
	.args_doc = "[COMMAND]",
	.doc = "Show the manual of COMMAND, or of dmactl.",
};

/* True when man(1) has shown @page. */
static bool show_page(const char *page)
{
	pid_t child = fork();
	int status = -1;

	if (!child) {
		int null = open("/dev/null", O_WRONLY);

		dup2(null, STDERR_FILENO);
		execlp("man", "man", page, (char *)NULL);
		_exit(127);
	}
	if (child < 0)
		return false;
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) && !WEXITSTATUS(status);
}

static int help_run(int argc, char **argv)
{
	const struct command *command = NULL;
	const char *name = NULL;
	char help[] = "--help", page[64], *again[] = { NULL, help, NULL };

	argp_parse(&argp, argc, argv, 0, NULL, &name);
	if (name) {
		command = command_find(name);
		if (!command)
			return command_unknown(name);
	}
	snprintf(page, sizeof(page), "dmactl%s%s", command ? "-" : "",
		 command ? command->name : "");
	if (show_page(page))
		return EXIT_FINE;
	if (command)
		return command_run(command, 2, again);
	again[0] = page;
	return argp_parse(&dmactl_argp, 2, again, 0, NULL, NULL);
}

const struct command command_help = {
	.name = "help",
	.summary = "Show the manual of a command",
	.argp = &argp,
	.run = help_run,
};
