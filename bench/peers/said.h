/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * said.h - the verdicts on one call, in the order in which they were told
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libdma/check.h>

#define VERDICTS 64 /* of one call */

/* Numbers of rules. */
struct said {
	unsigned int rule[VERDICTS];
	unsigned int count;
};

static inline void said_add(struct said *said, const struct libdma_check_rule *rule)
{
	if (said->count == VERDICTS) {
		fprintf(stderr, "a call has too many verdicts\n");
		exit(1);
	}
	said->rule[said->count++] = (unsigned int)atoi(rule->id + 3);
}

static inline bool said_same(const struct said *a, const struct said *b)
{
	return a->count == b->count &&
	       !memcmp(a->rule, b->rule, a->count * sizeof(*a->rule));
}

static inline void said_tell(const char *who, const struct said *said)
{
	fprintf(stderr, "  %s:", who);
	for (unsigned int i = 0; i < said->count; i++)
		fprintf(stderr, " DMA%03u", said->rule[i]);
	fputc('\n', stderr);
}
