/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * suppressions.h - what the user does not want to hear of
 */
#pragma once

#include <stdbool.h>

struct suppressions;

/**
 * suppressions_read() - read a file
 * @path:	the file; a line is RULE [DEVICE [SITE]], # begins a comment
 * @find:	what a word for a rule stands for; NULL where it stands for none
 * @hint:	what a line is, for who wrote another
 * @ret:	set to what it says; suppressions_destroy() it
 *
 * Return: EXIT_FINE, or the status to exit with; the reason was printed.
 */
int suppressions_read(const char *path, const void *(*find)(const char *word),
		      const char *hint, struct suppressions **ret);
void suppressions_destroy(struct suppressions *suppressions);

/*
 * Does any line hold for a verdict of a rule, as @find gives it, about a device with this
 * stack?
 */
bool suppressions_match(const struct suppressions *suppressions, const void *rule,
			const char *device, const char *site);
