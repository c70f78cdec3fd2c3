// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * commands.c - the one table of commands
 *
 * A command is found by its whole name only: an abbreviation that is unique today
 * would break a script with the next command.
 */
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "output.h"

const struct command *const commands[] = {
#ifdef HAVE_BPF
	&command_record,
	&command_trace,
	&command_doctor,
#endif
	&command_inspect,
	&command_convert,
	&command_info,
	&command_dump,
	&command_explain,
	&command_stat,
	&command_top,
	&command_replay,
	&command_whatif,
	&command_diff,
	&command_report,
	&command_timeline,
	&command_map,
	&command_frag,
	&command_check,
	&command_leaks,
	&command_verify,
	&command_repair,
	&command_trim,
	&command_split,
	&command_merge,
	&command_anonymize,
	&command_fuzz,
	&command_help,
	&command_version,
	&command_completion,
	NULL,
};

/* Is @name one of the space-separated @words? */
static bool has_word(const char *words, const char *name)
{
	size_t size = strlen(name);

	while (words && *words) {
		size_t length = strcspn(words, " ");

		if (length == size && !memcmp(words, name, size))
			return true;
		words += length + strspn(words + length, " ");
	}
	return false;
}

const struct command *command_find(const char *name)
{
	for (const struct command *const *it = commands; *it; it++)
		if (!strcmp((*it)->name, name) || has_word((*it)->aliases, name))
			return *it;
	return NULL;
}

int command_run(const struct command *command, int argc, char **argv)
{
	char name[64];

	snprintf(name, sizeof(name), "dmactl %s", command->name);
	output_name(name);
	argv[0] = name;
	return command->run(argc, argv);
}

static unsigned int least(unsigned int a, unsigned int b)
{
	return a < b ? a : b;
}

#define WORD_SIZE 24

/*
 * How many letters must be inserted, removed, replaced or swapped with their
 * neighbour to turn one word into the other.
 */
static unsigned int distance(const char *a, const char *b)
{
	unsigned int d[WORD_SIZE + 1][WORD_SIZE + 1];
	size_t m = strlen(a), n = strlen(b);

	if (m > WORD_SIZE || n > WORD_SIZE)
		return WORD_SIZE;
	for (size_t i = 0; i <= m; i++)
		for (size_t j = 0; j <= n; j++) {
			if (!i || !j) {
				d[i][j] = (unsigned int)(i + j);
				continue;
			}
			d[i][j] = least(least(d[i - 1][j], d[i][j - 1]) + 1,
					d[i - 1][j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				d[i][j] = least(d[i][j], d[i - 2][j - 2] + 1);
		}
	return d[m][n];
}

/* How unlike a command's name, or the nearest of its aliases, @name is. */
static unsigned int command_distance(const struct command *command, const char *name)
{
	unsigned int best = distance(command->name, name);
	const char *alias = command->aliases;

	if (!strncmp(command->name, name, strlen(name)))
		return 0;
	while (alias && *alias) {
		size_t length = strcspn(alias, " ");
		char word[WORD_SIZE + 1];

		snprintf(word, sizeof(word), "%.*s", (int)length, alias);
		best = least(best, distance(word, name));
		alias += length + strspn(alias + length, " ");
	}
	return best;
}

int command_unknown(const char *name)
{
	unsigned int best = 3, alike = 0;

	complain("'%.40s' is not a dmactl command, see 'dmactl --help'", name);
	for (const struct command *const *it = commands; *it; it++)
		best = least(best, command_distance(*it, name));
	if (best > 2)
		return EXIT_USAGE;
	for (const struct command *const *it = commands; *it; it++)
		alike += command_distance(*it, name) == best;
	fprintf(stderr, "\nThe most similar command%s\n", alike > 1 ? "s are" : " is");
	for (const struct command *const *it = commands; *it; it++)
		if (command_distance(*it, name) == best)
			fprintf(stderr, "\t%s\n", (*it)->name);
	return EXIT_USAGE;
}
