/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * types.h - the words of the DMA API, spelt as the kernel spells them
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

typedef uint64_t dma_addr_t;  /* an address as a device sees it */
typedef uint64_t phys_addr_t; /* an address as the memory bus sees it */

/* Kernel: linux/dma-mapping.h. No mapping has this address. */
#define DMA_MAPPING_ERROR (~(dma_addr_t)0)

/* Whose behaviour a model follows; lib/RULES.md tells how they differ. */
enum dma_kernel {
	DMA_KERNEL_6_1,
	DMA_KERNEL_6_12,
	DMA_KERNEL_7_2,
	DMA_KERNELS
};

/* Kernel: linux/dma-direction.h */
enum dma_data_direction {
	DMA_BIDIRECTIONAL = 0,
	DMA_TO_DEVICE = 1,
	DMA_FROM_DEVICE = 2,
	DMA_NONE = 3,
};

/* Kernel: linux/dma-mapping.h. Those from MMIO on are of 7.2. */
#define DMA_ATTR_WEAK_ORDERING               (1UL << 1)
#define DMA_ATTR_WRITE_COMBINE               (1UL << 2)
#define DMA_ATTR_NO_KERNEL_MAPPING           (1UL << 4)
#define DMA_ATTR_SKIP_CPU_SYNC               (1UL << 5)
#define DMA_ATTR_FORCE_CONTIGUOUS            (1UL << 6)
#define DMA_ATTR_ALLOC_SINGLE_PAGES          (1UL << 7)
#define DMA_ATTR_NO_WARN                     (1UL << 8)
#define DMA_ATTR_PRIVILEGED                  (1UL << 9)
#define DMA_ATTR_MMIO                        (1UL << 10)
#define DMA_ATTR_DEBUGGING_IGNORE_CACHELINES (1UL << 11)
#define DMA_ATTR_REQUIRE_COHERENT            (1UL << 12)
#define DMA_ATTR_CC_SHARED                   (1UL << 13)
