// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * cmdline.c - a parameter of the kernel's command line
 */
#include <string.h>

#include "trace/cmdline.h"

const char *cmdline_find(const char *cmdline, const char *name, size_t *length)
{
	const char *found = NULL, *word = cmdline;
	size_t size = strlen(name);

	while (word && *word) {
		if (!strncmp(word, name, size) && word[size] == '=')
			found = word + size + 1;
		word += strcspn(word, " \t\n");
		word += strspn(word, " \t\n");
	}
	if (found)
		*length = strcspn(found, " \t\n");
	return found;
}

/* Only the first letter counts, but for "on" and "off". */
bool cmdline_flag(const char *cmdline, const char *name, bool otherwise)
{
	size_t length = 0;
	const char *value = cmdline_find(cmdline, name, &length);

	if (!value || !length)
		return otherwise;
	if (strchr("yYtT1", value[0]))
		return true;
	if (strchr("nNfF0", value[0]))
		return false;
	if (length > 1 && strchr("oO", value[0]) && strchr("nN", value[1]))
		return true;
	if (length > 1 && strchr("oO", value[0]) && strchr("fF", value[1]))
		return false;
	return otherwise;
}
