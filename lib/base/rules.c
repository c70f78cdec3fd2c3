// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * rules.c - in what the modelled kernels differ
 *
 * A column of lib/RULES.md's table of differences is an entry here.
 */
#include "base/rules.h"

static const struct kernel_rules table[DMA_KERNELS] = {
	[DMA_KERNEL_6_1] = {
		.name = "6.1",
		.pool_needs_device = false,
		.pool_size_is_int = false,
		.pool_min_block = 4,
		.pool_boundary_is_clamped = false,
		.pool_fills_boundary = false,
		.pool_is_one_stack = false,
		.pool_always_finds_page = true,
		.pool_checks_vaddr = true,
		.pool_busy_leaks_all = false,
		.pool_counts_carved = false,
		.coherent_clears_by_words = true,
		.coherent_size_0_is_page_0 = false,
		.atomic_pool_tries_all = false,
		.iova_depot_is_list = false,
		.iova_queue_may_be_shared = false,
		.swiotlb_keeps_areas = true,
		.swiotlb_pads = false,
		.swiotlb_aligns_addresses = false,
		.swiotlb_checks_copies = true,
		.swiotlb_may_grow = false,
		.swiotlb_alloc_aligns = false,
	},
	[DMA_KERNEL_6_12] = {
		.name = "6.12",
		.pool_needs_device = true,
		.pool_size_is_int = true,
		.pool_min_block = 16,
		.pool_boundary_is_clamped = true,
		.pool_fills_boundary = true,
		.pool_is_one_stack = true,
		.pool_always_finds_page = false,
		.pool_checks_vaddr = false,
		.pool_busy_leaks_all = true,
		.pool_counts_carved = true,
		.coherent_clears_by_words = false,
		.coherent_size_0_is_page_0 = true,
		.atomic_pool_tries_all = false,
		.iova_depot_is_list = true,
		.iova_queue_may_be_shared = true,
		.swiotlb_keeps_areas = false,
		.swiotlb_pads = true,
		.swiotlb_aligns_addresses = true,
		.swiotlb_checks_copies = false,
		.swiotlb_may_grow = true,
		.swiotlb_alloc_aligns = true,
	},
	[DMA_KERNEL_7_2] = {
		.name = "7.2",
		.pool_needs_device = true,
		.pool_size_is_int = true,
		.pool_min_block = 16,
		.pool_boundary_is_clamped = true,
		.pool_fills_boundary = true,
		.pool_is_one_stack = true,
		.pool_always_finds_page = false,
		.pool_checks_vaddr = false,
		.pool_busy_leaks_all = true,
		.pool_counts_carved = true,
		.coherent_clears_by_words = false,
		.coherent_size_0_is_page_0 = true,
		.atomic_pool_tries_all = true,
		.iova_depot_is_list = true,
		.iova_queue_may_be_shared = true,
		.swiotlb_keeps_areas = false,
		.swiotlb_pads = true,
		.swiotlb_aligns_addresses = true,
		.swiotlb_checks_copies = false,
		.swiotlb_may_grow = true,
		.swiotlb_alloc_aligns = true,
	},
};

const struct kernel_rules *kernel_rules(enum dma_kernel kernel)
{
	return &table[kernel < DMA_KERNELS ? kernel : DMA_KERNELS - 1];
}
