/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * reference-swiotlb.h - bounce buffers the plain way: the length of the free run of
 * every slot, and a search from slot to slot
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define REFERENCE_SWIOTLB_SLOTS 2048
#define REFERENCE_SWIOTLB_AREAS 64
#define REFERENCE_FULL		(~0ULL)
#define REFERENCE_ENDLESS	(~1ULL)

/* @begins, @pads: of a mapping's first slot, its slots and those before the copy */
struct reference_swiotlb {
	bool old; /* 6.1 */
	uint64_t start, set, slots, areas, per_area;
	uint64_t list[REFERENCE_SWIOTLB_SLOTS];
	uint64_t begins[REFERENCE_SWIOTLB_SLOTS], pads[REFERENCE_SWIOTLB_SLOTS];
	uint64_t next[REFERENCE_SWIOTLB_AREAS], used[REFERENCE_SWIOTLB_AREAS];
};

/* What of a device matters: see struct swiotlb_device. */
struct reference_bounce {
	uint64_t keep, boundary, dma_offset;
	unsigned int cpu;
};

void reference_swiotlb_init(struct reference_swiotlb *ref, bool old, uint64_t start,
			    uint64_t slots, uint64_t areas, uint64_t set);

/* The copy's address, REFERENCE_FULL, or REFERENCE_ENDLESS where 6.1 never ends. */
uint64_t reference_swiotlb_map(struct reference_swiotlb *ref,
			       const struct reference_bounce *device, uint64_t phys,
			       uint64_t size, uint64_t align);

/* The same for memory that has no original (S27); @align: of a 7.2 or 6.12. */
uint64_t reference_swiotlb_alloc(struct reference_swiotlb *ref,
				 const struct reference_bounce *device, uint64_t size,
				 uint64_t align);

void reference_swiotlb_unmap(struct reference_swiotlb *ref, uint64_t copy);
uint64_t reference_swiotlb_used(const struct reference_swiotlb *ref);
