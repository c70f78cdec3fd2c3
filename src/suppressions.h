/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * suppressions.h - what the user does not want to hear of
 */
#pragma once

#include <libdma/check.h>

struct suppressions;

/**
 * suppressions_read() - read a file
 * @path:	the file; a line is RULE [DEVICE [SITE]], # begins a comment
 * @ret:	set to what it says; suppressions_destroy() it
 *
 * Return: EXIT_FINE, or the status to exit with; the reason was printed.
 */
int suppressions_read(const char *path, struct suppressions **ret);
void suppressions_destroy(struct suppressions *suppressions);

/* Does any line hold for a verdict of a rule about a device, with this stack? */
bool suppressions_match(const struct suppressions *suppressions,
			const struct libdma_check_rule *rule, const char *device,
			const char *site);
