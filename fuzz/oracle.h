/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * oracle.h - what has to hold after each request, whatever the requests were
 *
 * An expectation carries the name of what it watches over, so that two of them that
 * fail at one place are two findings. Most bugs of allocators crash nothing: these are
 * what finds them. fuzz(7) says what each name means.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define expect(oracle, condition)                                                \
	((condition) ? (void)0 : oracle_fail(#oracle, __FILE__, __LINE__, #condition))

/* Say what did not hold, and abort, as engines and driver.c want to see it. */
_Noreturn void oracle_fail(const char *oracle, const char *file, int line,
			   const char *condition);

/* Which request is being run; told by oracle_fail(). */
void oracle_step(unsigned int request);

/* Are all of these bytes this one? Of none they are. */
bool oracle_filled(const void *bytes, unsigned char byte, size_t size);
