// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * suppressions.c - what the user does not want to hear of
 */
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "output.h"
#include "suppressions.h"

struct suppression {
	const void *rule;    /* NULL: all */
	char *device, *site; /* globs */
	struct suppression *next;
};

struct suppressions {
	struct suppression *first;
};

static char *copy(const char *word)
{
	char *text = strdup(word);

	if (!text)
		out_of_memory();
	return text;
}

/* A glob for a place in the stack need not name all of it. */
static char *around(const char *word)
{
	char *text = malloc(strlen(word) + 3);

	if (!text)
		out_of_memory();
	sprintf(text, "*%s*", word);
	return text;
}

static bool read_line(struct suppressions *suppressions, char *line,
		      const void *(*find)(const char *word))
{
	char *rest = NULL, *rule, *device, *site;
	struct suppression *it;

	line[strcspn(line, "#\r\n")] = '\0';
	rule = strtok_r(line, " \t", &rest);
	if (!rule)
		return true;
	device = strtok_r(NULL, " \t", &rest);
	site = strtok_r(NULL, " \t", &rest);
	if ((strcmp(rule, "*") && !find(rule)) || strtok_r(NULL, " \t", &rest))
		return false;
	it = calloc(1, sizeof(*it));
	if (!it)
		out_of_memory();
	it->rule = find(rule);
	it->device = copy(device ? device : "*");
	it->site = around(site ? site : "");
	it->next = suppressions->first;
	suppressions->first = it;
	return true;
}

int suppressions_read(const char *path, const void *(*find)(const char *word),
		      const char *hint, struct suppressions **ret)
{
	FILE *file = fopen(path, "r");
	int status = EXIT_FINE;
	unsigned int number = 0;
	char *line = NULL;
	size_t room = 0;

	if (!file)
		return trouble(path, -errno);
	*ret = calloc(1, sizeof(**ret));
	if (!*ret)
		out_of_memory();
	while (getline(&line, &room, file) >= 0) {
		number++;
		if (read_line(*ret, line, find))
			continue;
		complain("%s:%u: a line is %s", path, number, hint);
		status = EXIT_USAGE;
		break;
	}
	if (ferror(file))
		status = trouble(path, -errno);
	free(line);
	fclose(file);
	return status;
}

void suppressions_destroy(struct suppressions *suppressions)
{
	struct suppression *next;

	if (!suppressions)
		return;
	for (struct suppression *it = suppressions->first; it; it = next) {
		next = it->next;
		free(it->device);
		free(it->site);
		free(it);
	}
	free(suppressions);
}

bool suppressions_match(const struct suppressions *suppressions, const void *rule,
			const char *device, const char *site)
{
	for (const struct suppression *it = suppressions->first; it; it = it->next)
		if ((!it->rule || it->rule == rule) && !fnmatch(it->device, device, 0) &&
		    !fnmatch(it->site, site, 0))
			return true;
	return false;
}
