/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * arguments.h - the command line's own parsers, with what may happen in them
 *
 * They say a mistake and exit, as a command does; here the exit is a jump back, and
 * what they said is counted. Whatever they held then is lost: some bytes a mistake.
 */
#pragma once

#include <argp.h>

#define ARGUMENTS_MOST 16
#define ARGUMENT_SIZE  512

/**
 * arguments_parse() - give arguments to a parser of options
 * @argp:	the parser
 * @input:	its input
 * @count:	of @words, ARGUMENTS_MOST at most
 * @words:	the arguments
 *
 * Return: 0, or the exit status with which the command would have ended, having said
 * why; -1 where it would have ended well, as behind a list of what there is.
 */
int arguments_parse(const struct argp *argp, void *input, int count, char **words);
