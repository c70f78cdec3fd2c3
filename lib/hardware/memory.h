/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * memory.h - the physical memory of a modelled machine
 *
 * Ranges of memory with holes between them, in one piece of the program's address
 * space, so that a CPU address is a base plus a physical one. Nothing is there until
 * it is touched: a machine of a terabyte costs what its drivers use.
 *
 * Kernel counterpart: arch/x86/kernel/e820.c, mm/mm_init.c
 */
#pragma once

#include <libdma/page.h>

#include "base/extent.h"
#include "base/heap.h"

/* Kernel: enum zone_type. What devices with short addresses reach. */
enum memory_zone {
	MEMORY_ZONE_DMA,
	MEMORY_ZONE_DMA32,
	MEMORY_ZONE_NORMAL,
	MEMORY_ZONES
};

struct memory_range {
	phys_addr_t start;
	uint64_t length; /* bytes */
};

/**
 * struct memory_layout - what a machine has
 *
 * @range:	memory, ascending; only whole pages of it are used
 * @ranges:	how many
 * @dma_end:	where ZONE_DMA ends, in bytes; 0 for none. On x86 1 << 24
 * @dma32_end:	where ZONE_DMA32 ends, at least @dma_end, which means none
 * @store:	where memory is taken from and given to that need not be mapped anew,
 *		and which lives longer; or NULL
 */
struct memory_layout {
	const struct memory_range *range;
	size_t ranges;
	phys_addr_t dma_end;
	phys_addr_t dma32_end;
	struct memory_store *store;
};

/* Bytes of physical address space: what the linear map of libdma/page.h has room for. */
#define MEMORY_LIMIT (1ULL << LIBDMA_LINEAR_BITS)

struct memory;
struct memory_store;

/**
 * memory_create() - a machine's memory, all of it zero
 *
 * Return: 0; -EINVAL where ranges are not ascending, overlap, or reach beyond
 * MEMORY_LIMIT, or none has a whole page, or zones are not ascending multiples of a
 * page; -ENOMEM, also where the program's address space has no room for one more.
 */
int memory_create(struct heap *heap, const struct memory_layout *layout,
		  struct memory **ret);

/** memory_destroy() - release a memory and all that is in it; NULL is allowed */
void memory_destroy(struct memory *memory);

/** memory_cpu() - the CPU's address of a physical one, which need not be memory */
void *memory_cpu(const struct memory *memory, phys_addr_t phys);

/** memory_owns() - is a CPU address one of this memory's linear map? */
bool memory_owns(const struct memory *memory, const void *cpu);

/** memory_has() - are all of these bytes memory? Of no bytes: is the address? */
bool memory_has(const struct memory *memory, phys_addr_t phys, uint64_t size);

/** memory_end() - the first address behind all memory */
phys_addr_t memory_end(const struct memory *memory);

/** memory_zone_of() - the zone of an address */
enum memory_zone memory_zone_of(const struct memory *memory, phys_addr_t phys);

/** memory_zone() - where a zone begins and ends; the same where there is none */
void memory_zone(const struct memory *memory, enum memory_zone zone, phys_addr_t *start,
		 phys_addr_t *end);

/** memory_forget() - make whole pages zero again, as if never touched */
void memory_forget(const struct memory *memory, phys_addr_t phys, uint64_t size);

/**
 * memory_add_device() - memory of a device, at an address where the machine has none
 *
 * A range that was added before, or memory that the machine has, is no error.
 *
 * Return: 0; -EINVAL for no bytes, beyond MEMORY_LIMIT, or across the machine's end;
 * -ENOMEM.
 */
int memory_add_device(struct memory *memory, phys_addr_t phys, uint64_t size);

/**
 * memory_remap() - pages side by side for the CPU, wherever they lie
 * @memory:	the memory
 * @page:	the address of each page
 * @pages:	how many
 *
 * Kernel: vmap(). The same bytes as at memory_cpu(), which memory_owns() does not know.
 *
 * Return: the CPU's address, or NULL.
 */
void *memory_remap(const struct memory *memory, const phys_addr_t *page, size_t pages);

/** memory_unmap() - end what memory_remap() began */
void memory_unmap(void *cpu, size_t pages);

/** memory_walk() - show memory (used) and the holes before it, in physical addresses */
int memory_walk(const struct memory *memory, extent_visitor *visit, void *arg);

/** memory_valid() - do the memory's own invariants hold? For tests. */
bool memory_valid(const struct memory *memory);
