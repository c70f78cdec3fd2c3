/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * valgrind.h - is this test watched by valgrind?
 *
 * Then it must not open a terabyte: valgrind keeps notes of every byte.
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
