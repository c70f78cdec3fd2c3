/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * rules.h - in what the modelled kernels differ
 *
 * One member is one difference, named by what it does. A module is given the rules
 * of its machine and asks for the member; no other place knows a version.
 * The letters and numbers are those of lib/RULES.md.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <libdma/types.h>

struct kernel_rules {
	const char *name; /* "6.12" */

	/* dma_pool; the first kernel with the new ways is 6.4 */
	bool pool_size_is_int;         /* P3: at most 2^31-1 bytes */
	uint32_t pool_min_block;       /* P4, bytes */
	bool pool_boundary_is_clamped; /* P8 */
	bool pool_fills_boundary;      /* P11-P13: a block may end where a boundary is */
	bool pool_is_one_stack;        /* P16, P17 */
	bool pool_always_finds_page;   /* P26, P28: "bad dma" without a debug build */
	bool pool_checks_vaddr;        /* P27, P28: debug builds see a wrong address */
	bool pool_busy_leaks_all;      /* P31, P32 */
	bool pool_counts_carved;       /* P34: total is blocks that exist */

	/* per-device regions */
	bool coherent_clears_by_words;  /* C10: a misaligned release */
	bool coherent_size_0_is_page_0; /* C14 */

	/* atomic pools */
	bool atomic_pool_tries_all;  /* A17: another zone's where the first has none */
	bool atomic_pool_needs_zone; /* A17: none where a zone has no memory */

	/* IOVA domains */
	bool iova_depot_is_list;       /* I17: without end, and trimmed by a timer */
	bool iova_queue_may_be_shared; /* I30: one ring for all CPUs */

	/* bounce buffers */
	bool swiotlb_keeps_areas;      /* S3: as many as wanted, however small the pool */
	bool swiotlb_pads;             /* S6: slots before the copy for its alignment */
	bool swiotlb_aligns_addresses; /* S13, S18: not indices; and no search is endless
					*/
	bool swiotlb_checks_copies;    /* S22: refuses what is not in the buffer */
	bool swiotlb_may_grow;         /* S25 */
	bool swiotlb_alloc_aligns;     /* S27 */

	/* devices and their masks */
	bool top_is_last_byte;	   /* A21: of RAM; else the first of its last page */
	bool limited_by_windows;   /* A23 */
	bool parms_setters_warn;   /* section 0: without dma_parms, and return nothing */
	bool sync_can_be_skipped;  /* Y8, Y10 */

	/* mappings */
	uint64_t known_attrs;	      /* DMA_ATTR_* */
	bool maps_by_phys;	      /* T2: dma_map_phys() is what all others call */
	bool alloc_refuses_compound;  /* A2, A4 */
	bool lists_are_marked;	      /* I34: if bounced; else the device tells */
	bool bounces_kmalloc;	      /* D6 */
	bool bounce_zeroes_before;    /* I27: and behind; else behind, or all of it */
	bool low_iova_gives_up;	      /* I21: for good, when 32 bits are full once */
	bool iova_refuses_min_align;  /* I24 */
	bool list_lengths_are_checked; /* I35: where an entry would get beyond 32 bits */
	bool has_iova_api;	      /* I42 */
	bool unmap_can_be_skipped;    /* Y11 */

	/* dma-debug */
	bool debug_knows_pages;	     /* E1: dma_alloc_pages() is a type of its own */
	bool debug_maps_are_phys;    /* E1: and a resource is one of them */
	bool debug_records_failures; /* E2: of dma_map_resource() */
	bool debug_compares_attrs;   /* E9 */
	bool debug_spares_lines;     /* E14: by attributes, and of coherent machines */
};

/** kernel_rules() - the rules of a kernel; those of the newest for no kernel at all */
const struct kernel_rules *kernel_rules(enum dma_kernel kernel);
