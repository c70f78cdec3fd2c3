/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pool.h - small blocks of coherent memory, cut from pages
 *
 * The algorithm of dma_pool without its driver's face: which addresses come in
 * which order, what a wrong free does, what the `pools` file says. Pages come from
 * a provider.
 *
 * Who owns which block is written outside the pages, so a device that scribbles over
 * its memory cannot change what the next call hands out, and every wrong free is
 * caught at once. POOL_INSIDE keeps the kernel's layout instead, in the free blocks
 * themselves, to show what happens there. Addresses and their order are the same.
 *
 * Kernel counterpart: mm/dmapool.c (RULES.md P1-P36)
 */
#pragma once

#include <libdma/types.h>

#include "base/extent.h"
#include "base/heap.h"
#include "base/rules.h"

/**
 * struct pool_pages - who provides a pool's pages
 *
 * @alloc:	get @size bytes; @gfp is what pool_alloc() was called with. 0 or -errno
 * @free:	give them back
 * @arg:	for both
 */
struct pool_pages {
	int (*alloc)(void *arg, size_t size, unsigned int gfp, void **cpu,
		     dma_addr_t *dma);
	void (*free)(void *arg, size_t size, void *cpu, dma_addr_t dma);
	void *arg;
};

enum pool_layout {
	POOL_OUTSIDE, /* free blocks are known by a table beside the pages */
	POOL_INSIDE,  /* as in the kernel: by pointers inside the free blocks */
};

enum pool_fault {
	POOL_BAD_DMA,      /* free: no page of the pool has this DMA address */
	POOL_BAD_VADDR,    /* free: the CPU address is another block's, or nobody's */
	POOL_MISALIGNED,   /* free: inside a block, not where one begins */
	POOL_ALREADY_FREE, /* free: the block is */
	POOL_CORRUPTED,    /* alloc: someone wrote into the block while it was free */
	POOL_BROKEN_CHAIN, /* POOL_INSIDE: a free block points out of the pool */
	POOL_OVERRUN,      /* create: the last block of a page leaves it (P15) */
	POOL_BUSY,         /* destroy: blocks are live, their pages are not given back */
};

/**
 * struct pool_report - a fault, told while the block is still as it was found
 *
 * @fault:	what is wrong
 * @name:	the pool's name
 * @cpu:	the block, or the page for the POOL_BUSY of kernels that tell each;
 *		not to be read unless POOL_CORRUPTED
 * @dma:	the DMA address that the caller gave, or the block's
 * @size:	bytes of a block
 */
struct pool_report {
	enum pool_fault fault;
	const char *name;
	const void *cpu;
	dma_addr_t dma;
	size_t size;
};

/**
 * struct pool_options - what does not change from pool to pool of a machine
 *
 * @rules:	of the modelled kernel
 * @heap:	for the descriptors; NULL for one that does not fail
 * @pages:	for the blocks
 * @layout:	where free blocks are known
 * @debug:	fill free blocks with poison and check it (P25); with POOL_INSIDE also
 *		the checks of a kernel built so, which take time by the number of blocks
 * @init_on_alloc: zero every block that is handed out (P23)
 * @init_on_free: zero every block that comes back (P24)
 * @report:	told of every fault; may be NULL
 * @report_arg:	for @report
 */
struct pool_options {
	const struct kernel_rules *rules;
	struct heap *heap;
	struct pool_pages pages;
	enum pool_layout layout;
	bool debug;
	bool init_on_alloc;
	bool init_on_free;
	void (*report)(void *arg, const struct pool_report *report);
	void *report_arg;
};

struct pool;

/**
 * pool_create() - a pool of blocks
 * @name:	for reports and the `pools` file; 31 characters of it are kept
 * @size:	bytes of a block; rounded up to a multiple of @align
 * @align:	in bytes; a power of two, or 0 for 1
 * @boundary:	no block crosses a multiple of it, in bytes; a power of two, or 0 for none
 * @options:	copied
 * @ret:	set to the pool
 *
 * Return: 0; -EINVAL where the modelled kernel returns NULL for such numbers;
 * -ENOMEM.
 */
int pool_create(const char *name, size_t size, size_t align, size_t boundary,
		const struct pool_options *options, struct pool **ret);

/**
 * pool_destroy() - give back a pool's pages; NULL is allowed
 *
 * Where blocks are live, that is reported, and 6.1 keeps the pages that have some,
 * later kernels all pages: the provider never gets them back.
 */
void pool_destroy(struct pool *pool);

/**
 * pool_alloc() - take a block
 * @pool:	where from
 * @gfp:	handed to the provider if a page is needed
 * @zero:	zero the block
 * @cpu:	set to the block's address for the CPU
 * @dma:	set to its address for the device
 *
 * Return: 0; the provider's error, or -ENOMEM, where a page is needed and cannot be
 * had; -EFAULT where POOL_INSIDE finds its chain broken (the kernel crashes). What
 * fails changes nothing.
 */
int pool_alloc(struct pool *pool, unsigned int gfp, bool zero, void **cpu,
	       dma_addr_t *dma);

/**
 * pool_free() - give back a block
 *
 * Return: 0; -EINVAL where the block is not the pool's, not live or not at this DMA
 * address, after a report: nothing is changed then. With POOL_INSIDE only what the
 * modelled kernel checks is caught.
 */
int pool_free(struct pool *pool, void *cpu, dma_addr_t dma);

/**
 * struct pool_counts - a pool in numbers, as the `pools` file tells them
 *
 * @active:	live blocks; wraps below 0 after POOL_INSIDE let a double free pass
 * @total:	all blocks; 6.1 counts some that its pages do not hold (P34)
 * @size:	bytes of a block
 * @pages:	pages obtained
 * @allocation:	bytes of a page
 * @boundary:	that no block crosses
 * @blocks:	of a page
 */
struct pool_counts {
	uint64_t active;
	uint64_t total;
	uint64_t size;
	uint64_t pages;
	uint64_t allocation;
	uint64_t boundary;
	uint32_t blocks;
};

void pool_count(const struct pool *pool, struct pool_counts *ret);

/** pool_name() - the name, as far as it is kept */
const char *pool_name(const struct pool *pool);

/**
 * pool_print() - a pool's line of the `pools` file
 * @pool:	the pool, or NULL for the head of the file
 * @buffer:	the file so far
 * @size:	room in @buffer; the file is cut there, as the kernel cuts it at a page
 * @used:	bytes written so far
 *
 * Return: bytes written, with this line.
 */
size_t pool_print(const struct pool *pool, char *buffer, size_t size, size_t used);

/**
 * pool_report_print() - the line that the kernel logs for a fault
 *
 * Return: length of the whole text, as snprintf() does.
 */
size_t pool_report_print(const struct pool_report *report, char *buffer, size_t size);

/**
 * pool_walk() - show the pages, a run of blocks after another
 *
 * Extents are bytes at DMA addresses; what no block covers is left out. Only blocks
 * whose state is known are told apart, so POOL_INSIDE trusts its chains.
 *
 * Return: 0, what @visit returned, or -ENOMEM.
 */
int pool_walk(const struct pool *pool, extent_visitor *visit, void *arg);

/** pool_valid() - do the pool's own invariants hold? For tests. */
bool pool_valid(const struct pool *pool);
