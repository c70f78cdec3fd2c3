/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * coherent-chunks.h - what the atomic pool of fuzz-coherent stands on
 */
#pragma once

#include <libdma/types.h>

#include "base/extent.h"
#include "reference-pages.h"

#define CHUNKS 16

struct chunk {
	phys_addr_t phys; /* 0: none */
	unsigned int order;
	struct reference_pages pages;
};

/* @chunk: the oldest first; @refusals: that come next; @seen: pages of a walk */
struct chunks {
	unsigned int count, refusals;
	uint64_t seen;
	struct chunk *chunk;
};

/* For struct atomic_pool_pages; @arg: the chunks. */
int chunks_alloc(void *arg, unsigned int order, phys_addr_t *phys);
void chunks_free(void *arg, unsigned int order, phys_addr_t phys);

/* Pages that are free, and all of them. */
uint64_t chunks_available(const struct chunks *chunks, uint64_t *pages);

/* What a walk shows is as the reference has it. */
int chunks_visit(const struct extent *extent, void *arg);
