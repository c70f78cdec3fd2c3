/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * api-calls.h - the calls of the API that can fail, and what undoes each
 *
 * One table: what has to be there before, the call, its end, and what goes behind.
 */
#pragma once

#include <libdma/legacy.h>

#include "dma/direct.h"
#include "dma/machine.h"
#include "machine-stand.h"

#define BUFFER (24 * PAGE_SIZE)

static struct held {
	unsigned char *buffer;
	void *cpu;
	dma_addr_t dma;
	struct page *page;
	struct sg_table table, *allocated;
	struct dma_pool *pool;
	struct dma_iova_state iova;
	struct device *second;
} held;

static bool is_mapped(dma_addr_t dma)
{
	held.dma = dma;
	return dma != DMA_MAPPING_ERROR;
}

static bool map_single(void)
{
	return is_mapped(
		dma_map_single(stand.dev, held.buffer + 10, 9000, DMA_BIDIRECTIONAL));
}

static void unmap_single(void)
{
	dma_unmap_single(stand.dev, held.dma, 9000, DMA_BIDIRECTIONAL);
}

static bool map_small(void)
{
	return is_mapped(
		dma_map_single(stand.dev, held.buffer + 64, 40, DMA_FROM_DEVICE));
}

static void unmap_small(void)
{
	dma_unmap_single(stand.dev, held.dma, 40, DMA_FROM_DEVICE);
}

static bool map_page(void)
{
	return is_mapped(dma_map_page_attrs(stand.dev, virt_to_page(held.buffer), 100,
					    20000, DMA_TO_DEVICE,
					    DMA_ATTR_SKIP_CPU_SYNC));
}

static void unmap_page(void)
{
	dma_unmap_page_attrs(stand.dev, held.dma, 20000, DMA_TO_DEVICE,
			     DMA_ATTR_SKIP_CPU_SYNC);
}

static bool map_phys(void)
{
	return is_mapped(dma_map_phys(stand.dev, virt_to_phys(held.buffer),
				      16 * PAGE_SIZE, DMA_FROM_DEVICE, 0));
}

static void unmap_phys(void)
{
	dma_unmap_phys(stand.dev, held.dma, 16 * PAGE_SIZE, DMA_FROM_DEVICE, 0);
}

static bool map_resource(void)
{
	return is_mapped(dma_map_resource(stand.dev, 0xe0000000, 8192, DMA_TO_DEVICE, 0));
}

static void unmap_resource(void)
{
	dma_unmap_resource(stand.dev, held.dma, 8192, DMA_TO_DEVICE, 0);
}

static void make_list(void)
{
	assert_int_equal(sg_alloc_table(&held.table, 6, GFP_KERNEL), 0);
	for (unsigned int i = 0; i < 5; i++)
		sg_set_buf(&held.table.sgl[i], held.buffer + 3 * i * PAGE_SIZE, 5000);
	sg_set_buf(&held.table.sgl[5], held.buffer + 16 * PAGE_SIZE + 8, 60);
}

static void drop_list(void)
{
	sg_free_table(&held.table);
}

static bool map_list(void)
{
	struct scatterlist *sg;
	bool mapped = !dma_map_sgtable(stand.dev, &held.table, DMA_BIDIRECTIONAL, 0);
	unsigned int i;

	held.dma = held.table.sgl->dma_address;
	for_each_sg(held.table.sgl, sg, 5, i)
	{
		assert_int_equal(sg->length, 5000);
		assert_int_equal(sg->offset, 0);
	}
	return mapped;
}

static void unmap_list(void)
{
	dma_unmap_sgtable(stand.dev, &held.table, DMA_BIDIRECTIONAL, 0);
}

static bool alloc_coherent(void)
{
	held.cpu = dma_alloc_coherent(stand.dev, 20000, &held.dma, GFP_KERNEL);
	return held.cpu;
}

static bool alloc_atomic(void)
{
	held.cpu = dma_alloc_coherent(stand.dev, 20000, &held.dma, GFP_ATOMIC);
	return held.cpu;
}

static void free_coherent(void)
{
	dma_free_coherent(stand.dev, 20000, held.cpu, held.dma);
}

static bool alloc_contiguous(void)
{
	held.cpu = dma_alloc_attrs(stand.dev, 9000, &held.dma, GFP_KERNEL,
				   DMA_ATTR_FORCE_CONTIGUOUS);
	return held.cpu;
}

static void free_contiguous(void)
{
	dma_free_attrs(stand.dev, 9000, held.cpu, held.dma, DMA_ATTR_FORCE_CONTIGUOUS);
}

static bool alloc_unmapped(void)
{
	held.cpu = dma_alloc_attrs(stand.dev, 9000, &held.dma, GFP_KERNEL,
				   DMA_ATTR_NO_KERNEL_MAPPING);
	return held.cpu;
}

static void free_unmapped(void)
{
	dma_free_attrs(stand.dev, 9000, held.cpu, held.dma, DMA_ATTR_NO_KERNEL_MAPPING);
}

static bool alloc_pages(void)
{
	held.page =
		dma_alloc_pages(stand.dev, 9000, &held.dma, DMA_FROM_DEVICE, GFP_KERNEL);
	return held.page;
}

static void free_pages(void)
{
	dma_free_pages(stand.dev, 9000, held.page, held.dma, DMA_FROM_DEVICE);
}

static bool alloc_noncoherent(void)
{
	held.cpu = dma_alloc_noncoherent(stand.dev, 9000, &held.dma, DMA_TO_DEVICE,
					 GFP_KERNEL);
	return held.cpu;
}

static void free_noncoherent(void)
{
	dma_free_noncoherent(stand.dev, 9000, held.cpu, held.dma, DMA_TO_DEVICE);
}

static bool alloc_table(void)
{
	held.allocated = dma_alloc_noncontiguous(stand.dev, 40000, DMA_BIDIRECTIONAL,
						 GFP_KERNEL, 0);
	if (held.allocated)
		held.dma = held.allocated->sgl->dma_address;
	return held.allocated;
}

static void free_table(void)
{
	dma_free_noncontiguous(stand.dev, 40000, held.allocated, DMA_BIDIRECTIONAL);
}

static void make_table(void)
{
	assert_true(alloc_table());
}

static bool vmap_table(void)
{
	held.cpu = dma_vmap_noncontiguous(stand.dev, 40000, held.allocated);
	return held.cpu;
}

static void vunmap_table(void)
{
	dma_vunmap_noncontiguous(stand.dev, held.cpu);
}

static void make_memory(void)
{
	assert_true(alloc_coherent());
}

static bool get_table(void)
{
	return !dma_get_sgtable(stand.dev, &held.table, held.cpu, held.dma, 20000);
}

static bool alloc_managed(void)
{
	held.cpu = dmam_alloc_coherent(stand.dev, 6000, &held.dma, GFP_KERNEL);
	return held.cpu;
}

static void free_managed(void)
{
	dmam_free_coherent(stand.dev, 6000, held.cpu, held.dma);
}

static void leave_driver(void)
{
	libdma_device_detach_driver(stand.dev);
	assert_int_equal(dma_set_mask_and_coherent(stand.dev, DMA_BIT_MASK(64)), 0);
}

static bool pool_create(void)
{
	held.pool = dma_pool_create("tried", stand.dev, 100, 0, 0);
	return held.pool;
}

static void pool_destroy(void)
{
	dma_pool_destroy(held.pool);
}

static bool managed_pool_create(void)
{
	held.pool = dmam_pool_create("tried", stand.dev, 100, 0, 0);
	return held.pool;
}

static void managed_pool_destroy(void)
{
	dmam_pool_destroy(held.pool);
}

static void make_pool(void)
{
	assert_true(pool_create());
}

static bool pool_alloc(void)
{
	held.cpu = dma_pool_zalloc(held.pool, GFP_KERNEL, &held.dma);
	return held.cpu;
}

/* A page is there by now: nothing but lists can be short of memory. */
static void make_pool_with_page(void)
{
	make_pool();
	assert_true(pool_alloc());
	dma_pool_free(held.pool, held.cpu, held.dma);
}

static void pool_free(void)
{
	dma_pool_free(held.pool, held.cpu, held.dma);
}

#define OWN 0x200000000

static bool declare(void)
{
	held.dma = OWN;
	return !(dma_declare_coherent_memory)(stand.dev, OWN, OWN, 65536);
}

static void release(void)
{
	dma_release_coherent_memory(stand.dev);
}

static void make_region(void)
{
	assert_true(declare());
}

static bool mark(void)
{
	held.cpu = dma_mark_declared_memory_occupied(stand.dev, OWN + 4096, 5000);
	held.dma = OWN + 4096;
	return (long)held.cpu > 0 || (long)held.cpu < -4095;
}

static void unmark(void)
{
	assert_int_equal(dma_release_from_coherent(stand.dev, 0, held.cpu), 1);
	assert_int_equal(
		dma_release_from_coherent(stand.dev, 0, (char *)held.cpu + PAGE_SIZE), 1);
}

static bool iova_alloc_range(void)
{
	bool got = dma_iova_try_alloc(stand.dev, &held.iova,
				      virt_to_phys(held.buffer + 100), 4 * PAGE_SIZE);

	held.dma = held.iova.addr;
	return got;
}

static void iova_free_range(void)
{
	dma_iova_free(stand.dev, &held.iova);
}

static void make_range(void)
{
	assert_true(iova_alloc_range());
}

static bool iova_link(void)
{
	return !dma_iova_link(stand.dev, &held.iova, virt_to_phys(held.buffer + 100), 0,
			      4 * PAGE_SIZE, DMA_BIDIRECTIONAL, 0);
}

static void iova_unlink(void)
{
	dma_iova_unlink(stand.dev, &held.iova, 0, 4 * PAGE_SIZE, DMA_BIDIRECTIONAL, 0);
}

static bool iova_fill(void)
{
	return iova_alloc_range() && iova_link();
}

static void iova_end(void)
{
	if (held.iova.addr)
		dma_iova_destroy(stand.dev, &held.iova, 4 * PAGE_SIZE, DMA_BIDIRECTIONAL,
				 0);
}

/* Linking fails: then the range is the driver's to free. */
static bool iova_use(void)
{
	bool used = iova_fill();

	if (!used && dma_use_iova(&held.iova))
		dma_iova_destroy(stand.dev, &held.iova, 0, DMA_BIDIRECTIONAL, 0);
	return used;
}

static bool set_masks(void)
{
	return !dma_set_mask_and_coherent(stand.dev, DMA_BIT_MASK(33));
}

static void unset_masks(void)
{
	assert_int_equal(dma_set_mask_and_coherent(stand.dev, DMA_BIT_MASK(64)), 0);
}

static bool create_device(void)
{
	return !libdma_device_create(
		stand.machine,
		&(struct libdma_device_options) {
			.name = "second", .driver = "drv", .swiotlb_slots = 256 },
		&held.second);
}

static void destroy_device(void)
{
	libdma_device_destroy(held.second);
}

/* Where a call does something at all. */
static bool fills_ranges(enum dma_kernel kernel)
{
	return stand.dev->state->group && kernel == DMA_KERNEL_7_2;
}

/* Of 7.2: what must bounce and cannot is refused. */
static bool maps_resources(enum dma_kernel kernel)
{
	return kernel != DMA_KERNEL_7_2 || !direct_must_bounce(stand.dev);
}

/* Behind an IOMMU atomic pools grow though the call fails for want of an IOVA. */
static bool is_direct(enum dma_kernel kernel)
{
	(void)kernel;
	return !stand.dev->state->group;
}

/* They grow when they are low, and stay so. */
static void grow_atomic_pools(void)
{
	for (int i = 0; i < 4; i++) {
		assert_true(alloc_atomic());
		free_coherent();
	}
}

static const struct call {
	const char *name;
	bool (*call)(void);
	void (*undo)(void);
	void (*before)(void);
	void (*behind)(void);
	bool (*exists)(enum dma_kernel kernel);
} calls[] = {
	{ "dma_map_single", map_single, .undo = unmap_single },
	{ "dma_map_single of few bytes", map_small, .undo = unmap_small },
	{ "dma_map_page", map_page, .undo = unmap_page },
	{ "dma_map_phys", map_phys, .undo = unmap_phys },
	{ "dma_map_resource", map_resource, .undo = unmap_resource,
	  .exists = maps_resources },
	{ "dma_map_sg", map_list, .undo = unmap_list, .before = make_list,
	  .behind = drop_list },
	{ "dma_alloc_coherent", alloc_coherent, .undo = free_coherent },
	{ "dma_alloc_coherent, GFP_ATOMIC", alloc_atomic, .undo = free_coherent,
	  .exists = is_direct },
	{ "dma_alloc_coherent, GFP_ATOMIC again", alloc_atomic, .undo = free_coherent,
	  .before = grow_atomic_pools },
	{ "dma_alloc_coherent of a region", alloc_coherent, .undo = free_coherent,
	  .before = make_region, .behind = release },
	{ "dma_alloc_attrs, contiguous", alloc_contiguous, .undo = free_contiguous },
	{ "dma_alloc_attrs, no mapping", alloc_unmapped, .undo = free_unmapped },
	{ "dma_alloc_pages", alloc_pages, .undo = free_pages },
	{ "dma_alloc_noncoherent", alloc_noncoherent, .undo = free_noncoherent },
	{ "dma_alloc_noncontiguous", alloc_table, .undo = free_table },
	{ "dma_vmap_noncontiguous", vmap_table, .undo = vunmap_table,
	  .before = make_table, .behind = free_table },
	{ "dma_get_sgtable", get_table, .undo = drop_list, .before = make_memory,
	  .behind = free_coherent },
	{ "dmam_alloc_coherent", alloc_managed, .undo = free_managed },
	{ "dmam_alloc_coherent, driver leaves", alloc_managed, .undo = leave_driver },
	{ "dma_pool_create", pool_create, .undo = pool_destroy },
	{ "dmam_pool_create", managed_pool_create, .undo = managed_pool_destroy },
	{ "dma_pool_alloc", pool_alloc, .undo = pool_free, .before = make_pool,
	  .behind = pool_destroy },
	{ "dma_pool_alloc again", pool_alloc, .undo = pool_free,
	  .before = make_pool_with_page, .behind = pool_destroy },
	{ "dma_declare_coherent_memory", declare, .undo = release },
	{ "dma_mark_declared_memory_occupied", mark, .undo = unmark,
	  .before = make_region, .behind = release },
	{ "dma_iova_try_alloc", iova_alloc_range, .undo = iova_free_range,
	  .exists = fills_ranges },
	{ "dma_iova_link", iova_link, .undo = iova_unlink, .before = make_range,
	  .behind = iova_free_range, .exists = fills_ranges },
	{ "dma_iova_link and destroy", iova_use, .undo = iova_end,
	  .exists = fills_ranges },
	{ "dma_set_mask_and_coherent", set_masks, .undo = unset_masks },
	{ "libdma_device_create", create_device, .undo = destroy_device },
};
