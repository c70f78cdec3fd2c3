/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pages.h - who has which pages of the memory: a buddy allocator
 *
 * 2^order pages begin at a multiple of 2^order pages and lie in one zone. Of the
 * blocks that would do, the one of the smallest order and then of the lowest address
 * is taken, so that the same calls give the same pages: the kernel's own choice
 * depends on all that ever ran.
 *
 * Kernel counterpart: mm/page_alloc.c (RULES.md A8-A12)
 */
#pragma once

#include "base/extent.h"
#include "hardware/memory.h"

#define PAGES_MAX_ORDER 10 /* 4 MiB: the kernel's MAX_PAGE_ORDER on x86 */

struct pages;

/**
 * pages_create() - all pages of a memory, none of them taken
 *
 * Return: 0 or -ENOMEM. @memory outlives it.
 */
int pages_create(struct heap *heap, const struct memory *memory, struct pages **ret);

/** pages_destroy() - forget who has which pages; NULL is allowed */
void pages_destroy(struct pages *pages);

/**
 * pages_alloc() - take 2^order pages
 * @pages:	where from
 * @zone:	the zone; when it is empty those of lower addresses, as the kernel does
 * @order:	log2 of the number of pages
 * @phys:	set to the address of the first
 *
 * Return: 0, or -ENOMEM.
 */
int pages_alloc(struct pages *pages, enum memory_zone zone, unsigned int order,
		phys_addr_t *phys);

/**
 * pages_free() - give back what pages_alloc() gave
 *
 * Return: 0, or -EINVAL where no block of this order was taken there: nothing changes.
 */
int pages_free(struct pages *pages, phys_addr_t phys, unsigned int order);

/**
 * pages_split() - let the pages of a block be freed one by one, with order 0
 *
 * Kernel: split_page().
 *
 * Return: 0, or -EINVAL where no block of this order was taken there.
 */
int pages_split(struct pages *pages, phys_addr_t phys, unsigned int order);

/**
 * pages_reserve() - take a range for good: firmware, CMA, a bounce pool
 * @pages:	where from
 * @phys:	its first byte, a multiple of a page
 * @size:	bytes, a multiple of a page
 *
 * Return: 0; -EINVAL where it is no range of whole pages; -EBUSY where some of it is
 * taken already or no memory: nothing changes.
 */
int pages_reserve(struct pages *pages, phys_addr_t phys, uint64_t size);

/**
 * pages_unreserve() - give back a range, or a part of one
 *
 * Return: 0, or -EINVAL where some of it is free, no memory, or was taken by
 * pages_alloc().
 */
int pages_unreserve(struct pages *pages, phys_addr_t phys, uint64_t size);

/**
 * pages_find_top() - the highest free range, as memblock finds one while booting
 * @pages:	where
 * @size:	bytes
 * @align:	bytes, a power of two
 * @limit:	the range ends here or below
 * @phys:	set to its first byte
 *
 * Return: 0, or -ENOMEM where there is none.
 */
int pages_find_top(const struct pages *pages, uint64_t size, uint64_t align,
		   phys_addr_t limit, phys_addr_t *phys);

/** pages_count_free() - free pages of a zone */
uint64_t pages_count_free(const struct pages *pages, enum memory_zone zone);

/** pages_walk() - show all memory, taken and free, in physical addresses */
int pages_walk(const struct pages *pages, extent_visitor *visit, void *arg);

/** pages_valid() - do the allocator's own invariants hold? For tests. */
bool pages_valid(const struct pages *pages);
