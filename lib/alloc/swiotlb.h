/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * swiotlb.h - bounce buffers
 *
 * Banks of slots of 2 KiB, which the kernel calls pools: a buffer that a device cannot
 * reach, or must not share a page with, gets a copy there. The slot is the one that
 * the kernel would choose.
 *
 * Kernel counterpart: kernel/dma/swiotlb.c (RULES.md S1-S27)
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libdma/types.h>

#include "base/heap.h"
#include "base/rules.h"

#define SWIOTLB_SHIFT	      11
#define SWIOTLB_SLOT	      (1UL << SWIOTLB_SHIFT) /* bytes */
#define SWIOTLB_SEGMENT	      128		     /* slots of a set: IO_TLB_SEGSIZE */
#define SWIOTLB_DEFAULT_SLOTS 32768

struct swiotlb;

/* ---- how large: the kernel's parameter swiotlb= ---- */

/**
 * struct swiotlb_size - what swiotlb= and the machine make of a bank
 *
 * @slots:	in all
 * @areas:	with a lock and a search of their own
 * @force:	all devices bounce
 * @disable:	there is no bank
 */
struct swiotlb_size {
	uint64_t slots;
	unsigned int areas;
	bool force;
	bool disable;
};

/**
 * swiotlb_size() - the bank that a kernel asks for at boot
 * @text:	what stands after "swiotlb=", NULL for nothing
 * @cpus:	how many CPUs are possible
 * @segment:	slots of a set, SWIOTLB_SEGMENT unless the kernel was changed
 * @ret:	the size
 *
 * As in the kernel what is not understood is skipped. Rules S2, S3.
 *
 * Return: 0, or -EINVAL where the segment is no power of two from 2 to 2^15, or the
 * size is beyond what an index counts.
 */
int swiotlb_size(const char *text, unsigned int cpus, unsigned int segment,
		 struct swiotlb_size *ret);

/**
 * swiotlb_size_halve() - what is tried next when there was not so much memory
 *
 * Return: 0, or -ENOMEM when the kernel would give up (rule S4).
 */
int swiotlb_size_halve(struct swiotlb_size *size, unsigned int segment);

/* ---- the bank ---- */

/**
 * struct swiotlb_memory - the machine's memory, as far as bouncing needs it
 *
 * @copy:	copy bytes from one physical address to another; NULL to copy nothing
 * @alloc:	memory for a bank that is added later, below @limit; 0 or -ENOMEM
 * @free:	give that back
 * @arg:	first argument of all
 */
struct swiotlb_memory {
	void (*copy)(void *arg, phys_addr_t to, phys_addr_t from, size_t size);
	int (*alloc)(void *arg, uint64_t size, uint64_t limit, phys_addr_t *ret);
	void (*free)(void *arg, phys_addr_t phys, uint64_t size);
	void *arg;
};

/**
 * struct swiotlb_options - what a set of bounce buffers is made of
 *
 * @rules:	the kernel's
 * @heap:	where its own memory comes from; NULL for plain memory
 * @memory:	the machine's memory
 * @start:	where the first bank lies
 * @slots:	its slots, from swiotlb_size()
 * @areas:	its areas
 * @wanted_areas: those of the first swiotlb_size(), where it was halved; 0: @areas
 * @segment:	slots of a set, 0 for SWIOTLB_SEGMENT
 * @grows:	more banks may be added (CONFIG_SWIOTLB_DYNAMIC); @memory then has alloc
 * @limit:	the highest physical address of those
 */
struct swiotlb_options {
	const struct kernel_rules *rules;
	struct heap *heap;
	struct swiotlb_memory memory;
	phys_addr_t start;
	uint64_t slots;
	unsigned int areas;
	unsigned int wanted_areas;
	unsigned int segment;
	bool grows;
	phys_addr_t limit;
};

/** swiotlb_create() - bounce buffers with one bank; 0, -EINVAL or -ENOMEM */
int swiotlb_create(const struct swiotlb_options *options, struct swiotlb **ret);
void swiotlb_destroy(struct swiotlb *swiotlb);

/**
 * struct swiotlb_device - what bouncing must know of a device
 *
 * @min_align_mask: bits of an address that the copy's must have too
 * @boundary:	segment boundary mask, 2^n-1: no copy lies across one
 * @dma_offset:	a DMA address less its physical one
 * @limit:	the highest address that it reaches, for a bank that is made for it
 */
struct swiotlb_device {
	uint32_t min_align_mask;
	uint64_t boundary;
	uint64_t dma_offset;
	uint64_t limit;
};

/* What the kernel says when a buffer finds no room. */
struct swiotlb_full {
	size_t size;	/* bytes asked for, as the kernel counts them */
	uint64_t slots; /* in all banks */
	uint64_t used;
};

/**
 * struct swiotlb_request - a buffer to bounce
 *
 * @cpu:	the caller's CPU
 * @phys:	where the buffer is
 * @size:	bytes
 * @align_mask:	of the copy's beginning and end: 0, or the IOMMU's granule less one
 */
struct swiotlb_request {
	unsigned int cpu;
	phys_addr_t phys;
	size_t size;
	uint32_t align_mask;
};

/**
 * swiotlb_map() - find slots for a buffer, and copy it there
 * @swiotlb:	the bounce buffers
 * @device:	the device
 * @request:	the buffer
 * @ret:	where the copy is
 * @full:	what to report if there is no room; may be NULL
 *
 * Rules S6 to S18, S25.
 *
 * Return: 0; -ENOSPC where it is full; -EDEADLK where the kernel would search for ever
 * (rule S18b); -EINVAL for what is fatal in the kernel: no bytes, or a boundary that is
 * no power of two.
 */
int swiotlb_map(struct swiotlb *swiotlb, const struct swiotlb_device *device,
		const struct swiotlb_request *request, phys_addr_t *ret,
		struct swiotlb_full *full);

/**
 * swiotlb_unmap() - release a buffer's slots, without copying
 * @swiotlb:	the bounce buffers
 * @device:	the device
 * @phys:	the copy, as swiotlb_map() gave it
 *
 * Rule S19.
 *
 * Return: 0, -EINVAL where no copy begins there, and nothing changed.
 */
int swiotlb_unmap(struct swiotlb *swiotlb, const struct swiotlb_device *device,
		  phys_addr_t phys);

/* Where an area's next search begins. */
struct swiotlb_cursor {
	uint32_t area;
	uint32_t next;
};

/** swiotlb_before() - where the search began that gave this copy last, to undo it */
struct swiotlb_cursor swiotlb_before(const struct swiotlb *swiotlb, phys_addr_t phys);

/**
 * swiotlb_undo() - take back a swiotlb_map(), where the search ended too
 * @swiotlb:	the bounce buffers
 * @device:	the device
 * @phys:	the copy
 * @before:	what swiotlb_before() said right after the swiotlb_map(); those after it
 *		were taken back already
 *
 * Return: 0, or -EINVAL where no copy begins at @phys.
 */
int swiotlb_undo(struct swiotlb *swiotlb, const struct swiotlb_device *device,
		 phys_addr_t phys, struct swiotlb_cursor before);

/**
 * swiotlb_place() - take the slots of a copy of which it is known where it lies
 * @swiotlb:	the bounce buffers
 * @device:	the device
 * @request:	the buffer
 * @phys:	its copy
 * @searched:	the area's next search goes on behind it, as if this one had ended there
 *
 * Return: 0; -EINVAL where no copy of the buffer can lie there; -EBUSY where some of its
 * slots are used.
 */
int swiotlb_place(struct swiotlb *swiotlb, const struct swiotlb_device *device,
		  const struct swiotlb_request *request, phys_addr_t phys, bool searched);

/** swiotlb_clear() - release all that lies in the way of swiotlb_place() */
void swiotlb_clear(struct swiotlb *swiotlb, const struct swiotlb_device *device,
		   const struct swiotlb_request *request, phys_addr_t phys);

/**
 * swiotlb_bounce() - copy a part between a buffer and its copy
 * @swiotlb:	the bounce buffers
 * @device:	the device
 * @phys:	an address in the copy
 * @size:	bytes
 * @to_copy:	from the buffer to its copy; false: back
 *
 * Rule S22. Which direction copies what is rule S23, which the callers know.
 *
 * Return: 0; -ENOENT where nothing is mapped; -EFAULT where 6.1 refuses an address
 * before or after the buffer; -EOVERFLOW where the part is longer than the rest of
 * the buffer, which alone is copied.
 */
int swiotlb_bounce(struct swiotlb *swiotlb, const struct swiotlb_device *device,
		   phys_addr_t phys, size_t size, bool to_copy);

/**
 * swiotlb_alloc() - memory of a restricted bank for a coherent allocation
 *
 * Rule S27. Released by swiotlb_unmap().
 *
 * Return: 0, -EINVAL for no bytes, -ENOSPC or -EDEADLK.
 */
int swiotlb_alloc(struct swiotlb *swiotlb, const struct swiotlb_device *device,
		  unsigned int cpu, size_t size, phys_addr_t *ret);

/** swiotlb_holds() - is it an address of a bank? */
bool swiotlb_holds(const struct swiotlb *swiotlb, phys_addr_t phys);

/**
 * swiotlb_max_mapping_size() - the most bytes that can be mapped at once (rule S20)
 * @swiotlb:	the bounce buffers, NULL where there are none
 * @min_align_mask: of the device
 */
size_t swiotlb_max_mapping_size(const struct swiotlb *swiotlb, uint32_t min_align_mask);

/**
 * swiotlb_grow() - do what was queued when a search failed: add a bank
 *
 * The kernel does it in the background, some time after the search.
 *
 * Return: 0, -EALREADY where nothing is queued, -ENOMEM.
 */
int swiotlb_grow(struct swiotlb *swiotlb);

/* A buffer that is bounced, or a coherent allocation. */
struct swiotlb_mapping {
	phys_addr_t bank;    /* where its bank begins */
	uint32_t area;	     /* of its bank */
	uint32_t slot, slots; /* of its bank, padding included */
	uint32_t padding;    /* slots before the copy */
	uint32_t size;	     /* bytes, offset and padding included */
	phys_addr_t phys;    /* the original; all ones for none */
	bool transient;	     /* the bank was made for it */
};

/** swiotlb_find() - the mapping of which @phys is the copy's first byte; 0 or -ENOENT */
int swiotlb_find(const struct swiotlb *swiotlb, const struct swiotlb_device *device,
		 phys_addr_t phys, struct swiotlb_mapping *ret);

typedef int swiotlb_visitor(const struct swiotlb_mapping *mapping, void *arg);

/** swiotlb_walk() - visit each mapping, bank after bank; a non-zero return ends it */
int swiotlb_walk(const struct swiotlb *swiotlb, swiotlb_visitor *visit, void *arg);

/** swiotlb_usage() - slots of all banks, and how many are used, now and at most */
void swiotlb_usage(const struct swiotlb *swiotlb, uint64_t *slots, uint64_t *used,
		   uint64_t *most);

/** swiotlb_areas() - of the first bank */
uint32_t swiotlb_areas(const struct swiotlb *swiotlb);

/** swiotlb_memory_size() - bytes that the model of it takes */
size_t swiotlb_memory_size(const struct swiotlb *swiotlb);

/** swiotlb_valid() - do its own invariants hold? For tests. */
bool swiotlb_valid(const struct swiotlb *swiotlb);
