/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * command.h - what a subcommand gives to dmactl
 *
 * Each cmd-NAME.c ends in one of these, and the table of commands.c lists them
 * all. --help, shell completion and 'dmactl help' are made from the table alone.
 */
#pragma once

#include <argp.h>
#include <stdbool.h>

/**
 * struct command - one subcommand
 * @name:	as it is typed
 * @aliases:	further names, separated by a space; or NULL
 * @summary:	one line for 'dmactl --help', without a full stop
 * @argp:	its options, for shell completion
 * @run:	parses them and does the work; returns enum exit_status. @argv[0] is
 *		"dmactl NAME", so that argp's usage and errors name the command
 */
struct command {
	const char *name;
	const char *aliases;
	const char *summary;
	const struct argp *argp;
	int (*run)(int argc, char **argv);
};

/* All commands, in the order of --help; ends in NULL. */
extern const struct command *const commands[];

/* The options that stand before the command. */
extern const struct argp dmactl_argp;

/* The command of a name or alias; NULL where there is none. */
const struct command *command_find(const char *name);

/* Run a command as if it had been typed. */
int command_run(const struct command *command, int argc, char **argv);

/* Say that @name is no command and which ones are spelt alike; EXIT_USAGE. */
int command_unknown(const char *name);

extern const struct command command_anonymize;
extern const struct command command_check;
extern const struct command command_completion;
extern const struct command command_convert;
extern const struct command command_diff;
extern const struct command command_doctor;
extern const struct command command_dump;
extern const struct command command_explain;
extern const struct command command_frag;
extern const struct command command_fuzz;
extern const struct command command_help;
extern const struct command command_info;
extern const struct command command_inspect;
extern const struct command command_leaks;
extern const struct command command_map;
extern const struct command command_merge;
extern const struct command command_record;
extern const struct command command_repair;
extern const struct command command_replay;
extern const struct command command_report;
extern const struct command command_whatif;
extern const struct command command_split;
extern const struct command command_stat;
extern const struct command command_timeline;
extern const struct command command_top;
extern const struct command command_trace;
extern const struct command command_trim;
extern const struct command command_verify;
extern const struct command command_version;
