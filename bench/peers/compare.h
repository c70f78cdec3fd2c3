/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * compare.h - the same random calls at libdma and at the kernel's own file
 *
 * Each compare-PEER is such a program: `compare-PEER KERNEL PEER.so`. It exits 1 at the
 * first difference and tells it.
 */
#pragma once

#include <inttypes.h>
#include <stdbool.h>

#include "base/rules.h"

#include "../rounds.h"
#include "../../tests/dice.h"

static inline void compare(const char *what, uint64_t ours, uint64_t theirs)
{
	if (ours == theirs)
		return;
	fprintf(stderr, "%s: libdma %#" PRIx64 ", the kernel %#" PRIx64 "\n", what, ours,
		theirs);
	exit(1);
}

/* The kernel that the first argument names; the program ends where there is none. */
static inline enum dma_kernel kernel_of(int argc, char **argv)
{
	for (unsigned int kernel = 0; argc == 3 && kernel < DMA_KERNELS; kernel++)
		if (!strcmp(kernel_rules(kernel)->name, argv[1]))
			return kernel;
	fprintf(stderr, "usage: %s KERNEL PEER.so\n", argv[0]);
	exit(2);
}
