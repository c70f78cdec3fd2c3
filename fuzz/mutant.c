// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * mutant.c - which of the bugs of mutants.def is in the library, by LIBDMA_MUTANT=ID
 */
#include <stdlib.h>
#include <string.h>

#ifndef LIBDMA_MUTANTS
#define LIBDMA_MUTANTS
#endif
#include "base/mutant.h"

uint32_t libdma_mutant;

__attribute__((constructor)) static void choose(void)
{
	const char *name = getenv("LIBDMA_MUTANT");
	char id[5] = "";

	if (!name)
		return;
	strncpy(id, name, sizeof(id) - 1);
	libdma_mutant = MUTANT_NUMBER(id);
}
