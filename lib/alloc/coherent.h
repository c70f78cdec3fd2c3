/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * coherent.h - memory that belongs to one device
 *
 * A device may own a region from which its coherent allocations are served before
 * any other memory. 2^n pages begin at a multiple of 2^n pages from the region's start,
 * at the first such place that is free.
 *
 * Kernel counterpart: kernel/dma/coherent.c, until 4.13 drivers/base/dma-coherent.c
 * (RULES.md C1-C20)
 */
#pragma once

#include <libdma/types.h>

#include "base/extent.h"
#include "base/heap.h"
#include "base/rules.h"

/* What the callers of kernels before 5.1 passed (C16, C17). */
#define COHERENT_MAP               1U
#define COHERENT_IO                2U
#define COHERENT_INCLUDES_CHILDREN 4U
#define COHERENT_EXCLUSIVE         8U

/**
 * struct coherent_place - where a region lies
 *
 * @cpu:	its first byte for the CPU; NULL where nobody reads what is allocated
 * @phys:	its physical address
 * @dma:	its address for the device
 * @size:	bytes; those behind the last whole page are not used
 * @flags:	COHERENT_*; kernels since 5.1 are always EXCLUSIVE
 */
struct coherent_place {
	void *cpu;
	phys_addr_t phys;
	dma_addr_t dma;
	uint64_t size;
	unsigned int flags;
};

struct coherent_region;

/**
 * coherent_create() - a region of which nothing is allocated
 *
 * Return: 0; -EINVAL for size 0; -ENOMEM. A size below a page makes a region that
 * serves nothing, as the kernel's does (C3).
 */
int coherent_create(struct heap *heap, const struct kernel_rules *rules,
		    const struct coherent_place *place, struct coherent_region **ret);

/** coherent_destroy() - release a region, in use or not (C4); NULL is allowed */
void coherent_destroy(struct coherent_region *region);

/** coherent_declare_result() - what old kernels' declare returns: MAP, else IO, else 0 */
unsigned int coherent_declare_result(unsigned int flags);

const struct coherent_place *coherent_place(const struct coherent_region *region);

/** coherent_pages() - how many pages the region has */
uint64_t coherent_pages(const struct coherent_region *region);

/** coherent_used() - how many of them are allocated */
uint64_t coherent_used(const struct coherent_region *region);

/**
 * coherent_alloc() - take memory from a region
 * @region:	where from
 * @size:	bytes wanted; a power of two pages is taken, and @size bytes zeroed
 * @offset:	set to the distance from the region's start, in bytes
 *
 * Return: 0, or -ENOMEM, after which a caller falls back to other memory unless
 * the region is COHERENT_EXCLUSIVE. Size 0 yields page 0 without taking it (C14), and
 * -EINVAL in 6.1, where the kernel's behaviour is undefined.
 */
int coherent_alloc(struct coherent_region *region, uint64_t size, uint64_t *offset);

/* What a release did besides giving back what one allocation took. */
#define COHERENT_WAS_FREE   1U /* some of it was not allocated */
#define COHERENT_MISALIGNED 2U /* it does not begin where an allocation of its size can \
				*/
#define COHERENT_RUNS_OFF 4U   /* it reaches behind the region */

/**
 * coherent_release() - give back 2^order pages
 * @region:	the region
 * @order:	log2 of the pages
 * @cpu:	address for the CPU, as much of it as of the first byte of its page
 * @wrong:	set to COHERENT_* of what the kernel does not notice; may be NULL
 *
 * As in the kernel all bits of the range are cleared, whoever took them (C10).
 *
 * Return: 0, or -ENOENT where the address is not the region's.
 */
int coherent_release(struct coherent_region *region, unsigned int order, const void *cpu,
		     unsigned int *wrong);

/**
 * coherent_mark() - take the pages at an address, as firmware or another OS did (C19)
 * @region:	the region
 * @dma:	address for the device
 * @size:	bytes; with those before @dma in its page, a power of two pages is taken
 * @offset:	set to the distance of @dma's page from the region's start, in bytes
 *
 * Return: 0; -EBUSY where one of the pages is taken; -EINVAL where they are not all the
 * region's, which the kernel does not check.
 */
int coherent_mark(struct coherent_region *region, dma_addr_t dma, uint64_t size,
		  uint64_t *offset);

/**
 * coherent_mmap() - which pages a user's window shows (C11)
 * @region:	the region
 * @cpu:	address of an allocation
 * @size:	its bytes
 * @page_offset: where the window begins, in pages from @cpu
 * @window_pages: its length
 * @phys:	set to the physical address of the window's first page
 *
 * Return: 0; -ENOENT where the allocation is not the region's; -ENXIO where the window
 * is longer than it.
 */
int coherent_mmap(const struct coherent_region *region, const void *cpu, uint64_t size,
		  uint64_t page_offset, uint64_t window_pages, phys_addr_t *phys);

/** coherent_walk() - show the region; extents are bytes at the device's addresses */
int coherent_walk(const struct coherent_region *region, extent_visitor *visit, void *arg);

/** coherent_valid() - do the region's own invariants hold? For tests. */
bool coherent_valid(const struct coherent_region *region);
