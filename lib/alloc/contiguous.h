/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * contiguous.h - memory kept for large allocations (CMA)
 *
 * One bit a page; the first run from the area's start is taken whose address has the
 * alignment that its size asks for.
 *
 * Kernel counterpart: mm/cma.c, kernel/dma/contiguous.c (RULES.md A14, A15)
 */
#pragma once

#include <libdma/types.h>

#include "base/extent.h"
#include "base/heap.h"

/* Alignment is by size, up to 2^8 pages: the kernel's CONFIG_CMA_ALIGNMENT. */
#define CONTIGUOUS_MAX_ALIGN_ORDER 8

struct contiguous;

/**
 * contiguous_create() - an area of which nothing is taken
 * @heap:	for the descriptors
 * @phys:	its first byte, a multiple of a page
 * @size:	bytes, a multiple of a page
 * @ret:	set to the area
 *
 * Return: 0; -EINVAL for no size, or one that is no multiple of a page; -ENOMEM.
 */
int contiguous_create(struct heap *heap, phys_addr_t phys, uint64_t size,
		      struct contiguous **ret);

/** contiguous_destroy() - release an area; NULL is allowed */
void contiguous_destroy(struct contiguous *area);

/**
 * contiguous_set_busy() - who knows that movable pages cannot be moved away
 * @area:	the area
 * @busy:	asked for each run before it is taken; where it says yes, the next run is
 *		tried. NULL: nothing is in the way
 * @arg:	for @busy
 */
void contiguous_set_busy(struct contiguous *area,
			 bool (*busy)(void *arg, phys_addr_t phys, uint64_t pages),
			 void *arg);

/**
 * contiguous_alloc() - take pages
 * @area:	where from
 * @pages:	how many
 * @align_order: log2 of the alignment in pages
 * @phys:	set to the first page's address
 *
 * Return: 0; -ENOMEM where there is no such run; -EINVAL for no pages.
 */
int contiguous_alloc(struct contiguous *area, uint64_t pages, unsigned int align_order,
		     phys_addr_t *phys);

/** contiguous_align_order() - what dma_alloc_contiguous() asks for bytes of a size */
unsigned int contiguous_align_order(uint64_t size);

/**
 * contiguous_free() - give back pages, or some of those that were taken together
 *
 * Return: 0; -ENOENT where the first page is not the area's, and another allocator may
 * know it; -EINVAL where some are not taken: nothing changes.
 */
int contiguous_free(struct contiguous *area, phys_addr_t phys, uint64_t pages);

/** contiguous_end() - the first physical address behind the area */
phys_addr_t contiguous_end(const struct contiguous *area);

/** contiguous_used() - how many pages are taken */
uint64_t contiguous_used(const struct contiguous *area);

/** contiguous_walk() - show the area, in physical addresses */
int contiguous_walk(const struct contiguous *area, extent_visitor *visit, void *arg);

/** contiguous_valid() - do the area's own invariants hold? For tests. */
bool contiguous_valid(const struct contiguous *area);
