/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * valgrind.h - is this test watched by valgrind?
 *
 * Then it must not open a terabyte: valgrind keeps notes of every byte. And it takes
 * thirty times as long, so that long tests try but some of what they try else.
 */
#pragma once

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static inline bool runs_under_valgrind(void)
{
	const char *preload = getenv("LD_PRELOAD");

	return preload && strstr(preload, "vgpreload");
}

/* One of so many is tried under valgrind, and else each. */
static inline unsigned int valgrind_stride(unsigned int stride)
{
	return runs_under_valgrind() ? stride : 1;
}
