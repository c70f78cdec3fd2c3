// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd-completion.c - dmactl completion: what a shell needs to complete dmactl's words
 *
 * Made from the tables that --help is made from, so that nothing is written twice.
 */
#include <argp.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <libdma/trace.h>

#include "command.h"
#include "output.h"

typedef void option_visitor(const struct argp_option *option, void *arg);

static void walk_options(const struct argp *argp, option_visitor *visit, void *arg)
{
	const struct argp_option *option = argp->options;
	const struct argp_child *child = argp->children;

	for (; option && (option->name || option->key || option->doc); option++)
		if (option->name)
			visit(option, arg);
	for (; child && child->argp; child++)
		walk_options(child->argp, visit, arg);
}

/* What argp adds to every command. */
static const struct argp_option usual[] = {
	{ .name = "help", .key = '?', .doc = "Give this help list" },
	{ .name = "usage", .key = 1000, .doc = "Give a short usage message" },
	{ .name = "version", .key = 'V', .doc = "Print program version" },
	{},
};

static const struct argp usual_argp = { .options = usual };

static void walk_command(const struct argp *argp, option_visitor *visit, void *arg)
{
	walk_options(argp, visit, arg);
	walk_options(&usual_argp, visit, arg);
}

static bool has_letter(const struct argp_option *option)
{
	return option->key > ' ' && option->key < 127;
}

/* What an argument can be, by the name that --help gives it; nothing: anything. */
static void print_values(const char *arg)
{
	const struct libdma_format *format;

	if (!strcmp(arg, "WHEN"))
		fputs("auto always never", stdout);
	else if (!strcmp(arg, "WHAT"))
		fputs("device driver kind direction cpu comm pool", stdout);
	else if (!strcmp(arg, "FORMAT"))
		for (size_t i = 0; (format = libdma_format_at(i)); i++)
			printf("%s%s", i ? " " : "", format->name);
}

static bool has_values(const char *arg)
{
	return !strcmp(arg, "WHEN") || !strcmp(arg, "WHAT") || !strcmp(arg, "FORMAT");
}

/* A word for each name and alias, separated by @between. */
static void print_names(const struct command *command, const char *between)
{
	fputs(command->name, stdout);
	for (const char *at = command->aliases; at && *at; at += strspn(at, " ")) {
		size_t size = strcspn(at, " ");

		printf("%s%.*s", between, (int)size, at);
		at += size;
	}
}

static void print_all_names(void)
{
	for (const struct command *const *it = commands; *it; it++) {
		putchar(' ');
		print_names(*it, " ");
	}
}

/* Text for within single quotes; characters of @escaped get a backslash. */
static void print_escaped(const char *text, const char *escaped)
{
	for (; *text; text++) {
		if (*text == '\'')
			fputs("'\\'", stdout);
		else if (strchr(escaped, *text))
			putchar('\\');
		putchar(*text);
	}
}

static void print_quoted(const char *text)
{
	putchar('\'');
	print_escaped(text, "");
	putchar('\'');
}

static void bash_option(const struct argp_option *option, void *arg)
{
	(void)arg;
	printf(" --%s%s", option->name, option->arg ? "=" : "");
	if (has_letter(option))
		printf(" -%c", option->key);
}

static void bash_values(const struct argp_option *option, void *arg)
{
	(void)arg;
	if (!option->arg)
		return;
	printf("\t*:--%s", option->name);
	if (has_letter(option))
		printf("|*:-%c", option->key);
	fputs(") ", stdout);
	if (has_values(option->arg)) {
		fputs("words='", stdout);
		print_values(option->arg);
		fputs("' ;;\n", stdout);
	} else {
		printf("%s ;;\n", strcmp(option->arg, "FILE") ? "return" : "files=1");
	}
}

static void print_bash(void)
{
	fputs("# bash completion for dmactl\n"
	      "_dmactl() {\n"
	      "\tlocal word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}\n"
	      "\tlocal command= words= files= i\n"
	      "\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
	      "\t\tcase ${COMP_WORDS[i]} in -*) ;; *) command=${COMP_WORDS[i]}; break ;; "
	      "esac\n"
	      "\tdone\n"
	      "\t# bash makes '=' a word of its own\n"
	      "\t[ \"$word\" = = ] && word=\n"
	      "\t[ \"$before\" = = ] && before=${COMP_WORDS[COMP_CWORD-2]}\n"
	      "\tcase $command:$before in\n",
	      stdout);
	for (const struct command *const *it = commands; *it; it++)
		walk_options((*it)->argp, bash_values, NULL);
	fputs("\t*)\n\tcase $command in\n\t'') words='", stdout);
	walk_command(&dmactl_argp, bash_option, NULL);
	print_all_names();
	fputs("' ;;\n", stdout);
	for (const struct command *const *it = commands; *it; it++) {
		fputs("\t", stdout);
		print_names(*it, "|");
		fputs(") files=1; words='", stdout);
		walk_command((*it)->argp, bash_option, NULL);
		fputs("' ;;\n", stdout);
	}
	fputs("\tesac\n"
	      "\tcase $command in help) files=; words+='",
	      stdout);
	print_all_names();
	fputs("' ;; completion) files=; words+=' bash zsh fish' ;; esac\n"
	      "\tcase $word in -*) files= ;; *) [ -n \"$command\" ] && [ -n \"$files\" ] && "
	      "words= ;; esac ;;\n"
	      "\tesac\n"
	      "\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$word\"\n"
	      "\t\t[ -n \"$files\" ] && compgen -f -- \"$word\")\n"
	      "\tcase ${COMPREPLY[*]} in *=) compopt -o nospace ;; esac\n"
	      "\t[ -n \"$files\" ] && compopt -o filenames\n"
	      "}\n"
	      "complete -F _dmactl dmactl\n",
	      stdout);
}

/* '(-J --json)'{-J,--json}'[Print one JSON document]' */
static void zsh_option(const struct argp_option *option, void *arg)
{
	(void)arg;
	fputs(" \\\n\t\t", stdout);
	if (has_letter(option))
		printf("{-\\%c%s,--%s%s}", option->key, option->arg ? "+" : "", option->name,
		       option->arg ? "=" : "");
	else
		printf("--%s%s", option->name, option->arg ? "=" : "");
	fputs("'[", stdout);
	print_escaped(option->doc, "[]:\\");
	putchar(']');
	if (option->arg && has_values(option->arg)) {
		printf(":%s:(", option->arg);
		print_values(option->arg);
		putchar(')');
	} else if (option->arg) {
		printf(":%s:%s", option->arg, strcmp(option->arg, "FILE") ? "" : "_files");
	}
	putchar('\'');
}

static void print_zsh(void)
{
	fputs("#compdef dmactl\n"
	      "_dmactl_commands() {\n\tlocal -a names\n\tnames=(\n",
	      stdout);
	for (const struct command *const *it = commands; *it; it++) {
		char text[256];

		snprintf(text, sizeof(text), "%s:%s", (*it)->name, (*it)->summary);
		fputs("\t\t", stdout);
		print_quoted(text);
		putchar('\n');
	}
	fputs("\t)\n\t_describe command names\n}\n"
	      "_dmactl() {\n\tlocal state line\n\ttypeset -A opt_args\n"
	      "\t_arguments -C",
	      stdout);
	walk_command(&dmactl_argp, zsh_option, NULL);
	fputs(" \\\n\t\t'1:command:_dmactl_commands' '*::argument:->argument'\n"
	      "\t[ \"$state\" = argument ] || return\n"
	      "\tcase $line[1] in\n",
	      stdout);
	for (const struct command *const *it = commands; *it; it++) {
		const char *name = (*it)->name;

		putchar('\t');
		print_names(*it, "|");
		fputs(") _arguments", stdout);
		walk_command((*it)->argp, zsh_option, NULL);
		if (!strcmp(name, "completion"))
			fputs(" \\\n\t\t'1:shell:(bash zsh fish)' ;;\n", stdout);
		else
			printf(" \\\n\t\t'*:file:%s' ;;\n",
			       strcmp(name, "help") ? "_files" : "_dmactl_commands");
	}
	fputs("\tesac\n}\n"
	      "if [ \"$funcstack[1]\" = _dmactl ]; then _dmactl \"$@\"; "
	      "else compdef _dmactl dmactl; fi\n",
	      stdout);
}

/* @arg is the command, or NULL for the options that stand before it. */
static void fish_option(const struct argp_option *option, void *arg)
{
	const struct command *command = arg;

	fputs("complete -c dmactl -n '", stdout);
	if (command) {
		fputs("__fish_seen_subcommand_from ", stdout);
		print_names(command, " ");
	} else {
		fputs("__fish_use_subcommand", stdout);
	}
	printf("' -l %s", option->name);
	if (has_letter(option))
		printf(" -s '%c'", option->key);
	if (option->arg && has_values(option->arg)) {
		fputs(" -x -a '", stdout);
		print_values(option->arg);
		putchar('\'');
	} else if (option->arg) {
		fputs(strcmp(option->arg, "FILE") ? " -x" : " -r", stdout);
	}
	fputs(" -d ", stdout);
	print_quoted(option->doc);
	putchar('\n');
}

static void print_fish(void)
{
	fputs("# fish completion for dmactl\n", stdout);
	walk_command(&dmactl_argp, fish_option, NULL);
	for (const struct command *const *it = commands; *it; it++) {
		fputs("complete -c dmactl -n __fish_use_subcommand -f -a '", stdout);
		print_names(*it, " ");
		fputs("' -d ", stdout);
		print_quoted((*it)->summary);
		putchar('\n');
		walk_command((*it)->argp, fish_option, (void *)*it);
	}
	fputs("complete -c dmactl -n '__fish_seen_subcommand_from help' -f -a '", stdout);
	print_all_names();
	fputs("'\ncomplete -c dmactl -n '__fish_seen_subcommand_from completion' -f "
	      "-a 'bash zsh fish'\n",
	      stdout);
}

static const struct {
	const char *name;
	void (*print)(void);
} shells[] = {
	{ "bash", print_bash },
	{ "zsh", print_zsh },
	{ "fish", print_fish },
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	void (**print)(void) = state->input;

	switch (key) {
	case ARGP_KEY_ARG:
		if (*print)
			argp_error(state, "one SHELL at a time, '%s' is too many", arg);
		for (size_t i = 0; i < sizeof(shells) / sizeof(shells[0]); i++)
			if (!strcmp(shells[i].name, arg))
				*print = shells[i].print;
		if (!*print)
			argp_error(state, "'%s' is none of bash, zsh, fish", arg);
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "which SHELL: bash, zsh or fish?");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.parser = parse_option,
	.args_doc = "SHELL",
	.doc = "Print what SHELL (bash, zsh or fish) needs to complete dmactl's commands and "
	       "options.",
};

static int completion_run(int argc, char **argv)
{
	void (*print)(void) = NULL;

	argp_parse(&argp, argc, argv, 0, NULL, &print);
	print();
	return EXIT_FINE;
}

const struct command command_completion = {
	.name = "completion",
	.summary = "Print what a shell needs to complete dmactl",
	.argp = &argp,
	.run = completion_run,
};
