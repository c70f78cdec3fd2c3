/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mutant.h - places where bugs that history made can be put back
 *
 * MUTANT(A01, good, bad) is @good: in every library that is installed, tested or
 * linked. Only `make check-mutants` builds one in which it is @bad while A01 is the bug
 * chosen, to see that the fuzz targets notice. fuzz/mutants.def says which bugs these
 * were.
 */
#pragma once

#ifdef LIBDMA_MUTANTS
#include <stdint.h>

/* Letter, two digits, and maybe a letter more, as a number. */
#define MUTANT_NUMBER(id)                                                              \
	((uint32_t)(id)[0] << 24 | (uint32_t)(id)[1] << 16 | (uint32_t)(id)[2] << 8 | \
	 (uint32_t)(id)[3])

/* Which bug is chosen, 0 for none; whoever links this library has it. */
extern uint32_t libdma_mutant;

#define MUTANT(id, good, bad) (libdma_mutant == MUTANT_NUMBER(#id) ? (bad) : (good))
#else
#define MUTANT(id, good, bad) (good)
#endif
