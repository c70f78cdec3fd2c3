// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * oracle.c - how a finding is told: one line that says where, and what did not hold
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "oracle.h"

static unsigned int at_request;

void oracle_step(unsigned int request)
{
	at_request = request;
}

void oracle_fail(const char *oracle, const char *file, int line, const char *condition)
{
	const char *name = strrchr(file, '/');

	fprintf(stderr, "oracle %s, request %u, %s:%d: %s\n", oracle, at_request,
		name ? name + 1 : file, line, condition);
	abort();
}

/* Each byte is the one before it, which memcmp() knows of many at once. */
bool oracle_filled(const void *bytes, unsigned char byte, size_t size)
{
	const unsigned char *first = bytes;

	return !size || (*first == byte && !memcmp(first, first + 1, size - 1));
}
