// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The functions of the API that the other tests have no reason to call, or not on all
 * paths: limits, regions, sharing, restricted pools, ranges filled piece by piece.
 */
#include <errno.h>

#include <libdma/legacy.h>

#include "machine-stand.h"

static void limits_are_kept_and_have_defaults(void **state)
{
	struct device_dma_parameters *parms;
	uint64_t *mask;

	(void)state;
	stand_pci((struct libdma_machine_options) { 0 });
	assert_int_equal(dma_get_max_seg_size(stand.dev), 65536);
	assert_int_equal(dma_get_seg_boundary(stand.dev), 0xffffffff);
	assert_int_equal(dma_get_seg_boundary_nr_pages(stand.dev, 12), 1 << 20);
	assert_int_equal(dma_set_max_seg_size(stand.dev, 4096), 0);
	assert_int_equal(dma_set_seg_boundary(stand.dev, 0xffff), 0);
	assert_int_equal(dma_set_min_align_mask(stand.dev, 0xfff), 0);
	assert_int_equal(dma_get_max_seg_size(stand.dev), 4096);
	assert_int_equal(dma_get_seg_boundary(stand.dev), 0xffff);
	assert_int_equal(dma_get_min_align_mask(stand.dev), 0xfff);

	parms = stand.dev->dma_parms;
	stand.dev->dma_parms = NULL;
	assert_int_equal(dma_get_max_seg_size(stand.dev), 65536);
	assert_int_equal(dma_get_min_align_mask(stand.dev), 0);
	assert_true(dma_get_seg_boundary(stand.dev) == ~0UL);
	assert_int_equal(dma_set_max_seg_size(stand.dev, 1), -EIO);
	assert_int_equal(dma_set_seg_boundary(stand.dev, 1), -EIO);
	assert_int_equal(dma_set_min_align_mask(stand.dev, 1), -EIO);
	stand.dev->dma_parms = parms;

	mask = stand.dev->dma_mask;
	stand.dev->dma_mask = NULL;
	assert_int_equal(dma_set_mask(stand.dev, DMA_BIT_MASK(64)), -EIO);
	assert_true(dma_get_mask(stand.dev) == DMA_BIT_MASK(32));
	assert_true(dma_map_phys(stand.dev, 0x100000, 64, DMA_TO_DEVICE, 0) ==
		    DMA_MAPPING_ERROR);
	assert_int_equal(dma_coerce_mask_and_coherent(stand.dev, DMA_BIT_MASK(40)), 0);
	assert_ptr_equal(stand.dev->dma_mask, &stand.dev->coherent_dma_mask);
	stand.dev->dma_mask = mask;
	stand_down();

	stand_pci((struct libdma_machine_options) { .kernel = DMA_KERNEL_6_12 });
	stand.dev->dma_parms = NULL;
	assert_int_equal(dma_set_max_seg_size(stand.dev, 1), 0);
	assert_int_equal(stand.logged, 1);
	stand_down();
}

static void what_a_device_reaches_is_known(void **state)
{
	static const struct libdma_range large[] = {
		{ .start = 0x100000, .length = 0xbff00000 },
		{ .start = 1ULL << 32, .length = 1ULL << 32 },
	};
	static const struct bus_dma_region part[] = { { 0, 0x80000000, 1 << 20 }, { 0 } };
	struct libdma_machine_options options = { .kernel = DMA_KERNEL_7_2,
						  .memory = large,
						  .memory_count = 2 };

	(void)state;
	stand_pci(options);
	assert_true(dma_get_required_mask(stand.dev) == DMA_BIT_MASK(33));
	assert_false(dma_addressing_limited(stand.dev));
	assert_true(dma_max_mapping_size(stand.dev) == SIZE_MAX);
	assert_int_equal(dma_set_mask(stand.dev, DMA_BIT_MASK(32)), 0);
	assert_true(dma_addressing_limited(stand.dev));
	assert_int_equal(dma_max_mapping_size(stand.dev), 256 << 10);
	assert_int_equal(dma_opt_mapping_size(stand.dev), 256 << 10);
	assert_int_equal(dma_set_mask(stand.dev, DMA_BIT_MASK(20)), -EIO);
	assert_int_equal(dma_set_mask(stand.dev, DMA_BIT_MASK(24)), 0);
	assert_int_equal(dma_get_merge_boundary(stand.dev), 0);
	assert_int_equal(dma_supported(stand.dev, DMA_BIT_MASK(20)), 0);
	stand_down();

	stand_up(options, (struct libdma_device_options) { .coherent = true,
							   .range_map = part });
	assert_int_equal(dma_set_mask(stand.dev, DMA_BIT_MASK(64)), 0);
	assert_true(dma_addressing_limited(stand.dev));
	stand_down();

	options.iommu = LIBDMA_IOMMU_STRICT;
	stand_pci(options);
	assert_true(dma_get_required_mask(stand.dev) == DMA_BIT_MASK(32));
	assert_int_equal(dma_opt_mapping_size(stand.dev), 128 << 10);
	assert_int_equal(dma_get_merge_boundary(stand.dev), 4095);
	assert_int_equal(dma_get_cache_alignment(), 1);
	stand_down();
}

static void a_restricted_device_uses_its_own_pool_alone(void **state)
{
	(void)state;
	for (int kernel = 0; kernel < 2 * DMA_KERNELS; kernel++) {
		unsigned char *buffer, seen[8];
		struct page *page;
		dma_addr_t dma, memory;
		void *cpu;

		stand_up((struct libdma_machine_options) { .kernel =
								   (enum dma_kernel)(kernel / 2) },
			 (struct libdma_device_options) { .coherent = kernel & 1,
							  .swiotlb_slots = 1000 });
		buffer = stand_buffer(4096);
		memcpy(buffer, "restrict", 8);
		dma = dma_map_single(stand.dev, buffer, 4096, DMA_BIDIRECTIONAL);
		assert_false(dma_mapping_error(stand.dev, dma));
		assert_int_not_equal(dma, virt_to_phys(buffer));
		assert_int_equal(libdma_device_read(stand.dev, dma, seen, 8, NULL), 8);
		assert_memory_equal(seen, "restrict", 8);
		libdma_device_write(stand.dev, dma, "answered", 8, NULL);
		dma_unmap_single(stand.dev, dma, 4096, DMA_BIDIRECTIONAL);
		assert_memory_equal(buffer, "answered", 8);

		cpu = dma_alloc_coherent(stand.dev, 5000, &memory, GFP_ATOMIC);
		assert_non_null(cpu);
		page = dma_alloc_pages(stand.dev, 4096, &dma, DMA_TO_DEVICE, GFP_KERNEL);
		assert_non_null(page);
		assert_true(memory < dma + (2 << 20) && dma < memory + (2 << 20));
		dma_free_pages(stand.dev, 4096, page, dma, DMA_TO_DEVICE);
		dma_free_coherent(stand.dev, 5000, cpu, memory);
		assert_null(dma_alloc_coherent(stand.dev, 4 << 20, &dma, GFP_KERNEL));
		assert_true(libdma_machine_valid(stand.machine));
		libdma_device_destroy(stand.dev);
		assert_int_equal(libdma_device_create(
					 stand.machine,
					 &(struct libdma_device_options) {
						 .name = "vast", .swiotlb_slots = 1 << 30 },
					 &stand.dev),
				 -EINVAL);
		stand_down();
	}
}

static void a_range_is_filled_linked_and_ended(void **state)
{
	(void)state;
	for (int trusted = 0; trusted < 4; trusted++) {
		struct dma_iova_state iova;
		unsigned char *cpu, seen[4];

		stand_up((struct libdma_machine_options) { .kernel = DMA_KERNEL_7_2,
							   .iommu = LIBDMA_IOMMU_STRICT,
							   .swiotlb_slots = 4096 },
			 (struct libdma_device_options) { .pci = true,
							  .coherent = trusted & 2,
							  .untrusted = !(trusted & 1) });
		assert_int_equal(dma_set_min_align_mask(stand.dev, 4095), 0);
		cpu = stand_buffer(4 * PAGE_SIZE);
		memcpy(cpu + 100, "head", 4);
		memcpy(cpu + 3 * PAGE_SIZE, "tail", 4);
		assert_true(dma_iova_try_alloc(stand.dev, &iova, virt_to_phys(cpu + 100),
					       3 * PAGE_SIZE));
		assert_true(dma_use_iova(&iova));
		assert_int_equal(dma_iova_link(stand.dev, &iova, virt_to_phys(cpu + 100), 0,
					       3 * PAGE_SIZE, DMA_BIDIRECTIONAL, 0),
				 0);
		assert_int_equal(dma_iova_sync(stand.dev, &iova, 0, 3 * PAGE_SIZE), 0);
		libdma_device_read(stand.dev, iova.addr, seen, 4, NULL);
		assert_memory_equal(seen, "head", 4);
		libdma_device_read(stand.dev, iova.addr + 3 * PAGE_SIZE - 100, seen, 4, NULL);
		assert_memory_equal(seen, "tail", 4);
		libdma_device_write(stand.dev, iova.addr, "HEAD", 4, NULL);
		assert_int_equal(dma_iova_link(stand.dev, &iova, virt_to_phys(cpu + 1),
					       PAGE_SIZE, 64, DMA_TO_DEVICE, 0),
				 -EIO);
		dma_iova_destroy(stand.dev, &iova, 3 * PAGE_SIZE, DMA_BIDIRECTIONAL, 0);
		assert_memory_equal(cpu + 100, "HEAD", 4);

		assert_true(dma_iova_try_alloc(stand.dev, &iova, 0, PAGE_SIZE));
		if (!(trusted & 2))
			assert_int_equal(dma_iova_link(stand.dev, &iova, 0, 0, 64,
						       DMA_TO_DEVICE,
						       DMA_ATTR_REQUIRE_COHERENT),
					 -EOPNOTSUPP);
		if (!(trusted & 1))
			assert_int_equal(dma_iova_link(stand.dev, &iova, 0x100000, 0, 64,
						       DMA_TO_DEVICE, DMA_ATTR_MMIO),
					 -EPERM);
		dma_iova_free(stand.dev, &iova);
		assert_false(dma_iova_try_alloc(stand.dev, &iova, 0, 0));
		assert_true(libdma_machine_valid(stand.machine));
		stand_down();
	}
}

static void a_region_says_what_is_wrong(void **state)
{
	struct vm_area_struct vma = { .vm_start = 0x1000, .vm_end = 0x2000 };
	const phys_addr_t own = 0x200000000;
	dma_addr_t dma;
	void *cpu, *none;
	int err;

	(void)state;
	stand_pci((struct libdma_machine_options) { 0 });
	assert_int_equal((dma_declare_coherent_memory)(NULL, own, own, 4096), -ENODEV);
	assert_int_equal((dma_declare_coherent_memory)(stand.dev, own, own, 0), -EINVAL);
	assert_int_equal((dma_declare_coherent_memory)(stand.dev, own, own, 65536), 0);
	assert_int_equal((dma_declare_coherent_memory)(stand.dev, own, own, 65536), -EBUSY);
	assert_int_equal(dma_alloc_from_coherent(stand.dev, 8192, &dma, &cpu), 1);
	assert_int_equal(dma, own);
	assert_int_equal(dma_mmap_from_coherent(stand.dev, &vma, cpu, 8192, &err), 1);
	assert_int_equal(err, 0);
	assert_int_equal(vma.pfn, own >> PAGE_SHIFT);
	vma.vm_pgoff = 2;
	assert_int_equal(dma_mmap_from_coherent(stand.dev, &vma, cpu, 8192, &err), 1);
	assert_int_equal(err, -ENXIO);
	assert_int_equal(dma_mmap_from_coherent(stand.dev, &vma, &vma, 8192, &err), 0);
	assert_int_equal(dma_release_from_coherent(stand.dev, 1, &vma), 0);
	assert_int_equal(dma_release_from_coherent(stand.dev, 1, cpu), 1);
	assert_int_equal(dma_release_from_coherent(stand.dev, 1, cpu), 1);
	assert_true(stand.logged > 0);
	assert_int_equal(dma_alloc_from_coherent(stand.dev, 1 << 20, &dma, &none), 8);
	assert_null(none);
	dma_release_coherent_memory(stand.dev);
	dma_release_coherent_memory(stand.dev);
	assert_int_equal(dma_alloc_from_coherent(stand.dev, 64, &dma, &none), 0);
	assert_int_equal(dma_mmap_from_coherent(stand.dev, &vma, cpu, 64, &err), 0);
	assert_int_equal((long)dma_mark_declared_memory_occupied(stand.dev, own, 64), -EINVAL);
	stand_down();
}

static void a_cookie_is_freed_and_shown(void **state)
{
	struct vm_area_struct vma = { .vm_start = 0x1000, .vm_end = 0x3000 };
	const unsigned long attrs = DMA_ATTR_NO_KERNEL_MAPPING;
	struct sg_table *table;
	struct page *page;
	dma_addr_t dma;
	void *cookie;

	(void)state;
	stand_up((struct libdma_machine_options) { 0 }, (struct libdma_device_options) { 0 });
	cookie = dma_alloc_attrs(stand.dev, 8192, &dma, GFP_KERNEL, attrs);
	assert_non_null(cookie);
	assert_int_equal(page_to_phys(cookie), dma);
	assert_int_equal(dma_mmap_attrs(stand.dev, &vma, cookie, dma, 8192, attrs), 0);
	assert_int_equal(vma.pfn, dma >> PAGE_SHIFT);
	dma_free_attrs(stand.dev, 8192, cookie, dma, attrs);

	page = dma_alloc_pages(stand.dev, 8192, &dma, DMA_TO_DEVICE, GFP_KERNEL);
	assert_int_equal(dma_mmap_pages(stand.dev, &vma, 8192, page), 0);
	assert_int_equal(vma.pfn, page_to_pfn(page));
	assert_int_equal(dma_mmap_pages(stand.dev, &vma, 4096, page), -ENXIO);
	dma_free_pages(stand.dev, 8192, page, dma, DMA_TO_DEVICE);
	assert_null(dma_alloc_pages(stand.dev, 64, &dma, DMA_TO_DEVICE, GFP_DMA));

	table = dma_alloc_noncontiguous(stand.dev, 8192, DMA_TO_DEVICE, GFP_KERNEL, 0);
	assert_int_equal(dma_mmap_noncontiguous(stand.dev, &vma, 8192, table), 0);
	assert_int_equal(vma.pfn, page_to_pfn(sg_page(table->sgl)));
	assert_int_equal(dma_mmap_noncontiguous(stand.dev, &vma, 4096, table), -ENXIO);
	dma_free_noncontiguous(stand.dev, 8192, table, DMA_TO_DEVICE);
	assert_null(dma_alloc_noncontiguous(stand.dev, 8192, DMA_TO_DEVICE, GFP_KERNEL,
					    DMA_ATTR_WRITE_COMBINE));
	assert_true(dma_can_mmap(stand.dev));
	stand_down();
}

static void the_log_is_told_of_what_cannot_be(void **state)
{
	dma_addr_t dma;

	(void)state;
	stand_up((struct libdma_machine_options) { .config = LIBDMA_CONFIG_NO_REMAP },
		 (struct libdma_device_options) { 0 });
	assert_false(dma_can_mmap(stand.dev));
	assert_null(dma_alloc_coherent(stand.dev, 64, &dma, GFP_KERNEL));
	assert_int_equal(stand.logged, 1);
	stand.dev->coherent_dma_mask = 0;
	assert_null(dma_alloc_pages(stand.dev, 64, &dma, DMA_TO_DEVICE, GFP_KERNEL));
	assert_int_equal(stand.logged, 2);
	stand_down();

	stand_pci((struct libdma_machine_options) { .kernel = DMA_KERNEL_6_12 });
	libdma_machine_set_cpu(stand.machine, 3);
	assert_int_equal(libdma_machine_cpu(stand.machine), 1);
	libdma_machine_set_time(stand.machine, 1000);
	libdma_machine_set_time(stand.machine, 10);
	assert_int_equal(libdma_machine_time(stand.machine), 1000);
	assert_null(dma_alloc_coherent(stand.dev, 64, &dma, GFP_KERNEL | __GFP_COMP));
	assert_int_equal(stand.logged, 1);
	libdma_machine_set_atomic(stand.machine, true);
	dma_free_coherent(stand.dev, 64, NULL, 0);
	assert_int_equal(stand.logged, 2);
	assert_null(libdma_memory_cpu(stand.machine, 1ULL << 40));
	assert_true(libdma_memory_phys(stand.machine, &dma) == ~(phys_addr_t)0);
	libdma_memory_free(stand.machine, libdma_memory_cpu(stand.machine, 0x100000), 4096);
	assert_int_equal(stand.logged, 3);
	stand_down();
}

static void caches_are_synced_by_their_old_name(void **state)
{
	unsigned char *cpu, seen[4];
	dma_addr_t dma;

	(void)state;
	stand_up((struct libdma_machine_options) { 0 }, (struct libdma_device_options) { 0 });
	cpu = dma_alloc_noncoherent(stand.dev, 4096, &dma, GFP_KERNEL);
	assert_non_null(cpu);
	assert_int_equal(dma_is_consistent(stand.dev, dma), 0);
	memcpy(cpu, "sent", 4);
	dma_cache_sync(stand.dev, cpu, 4, DMA_TO_DEVICE);
	libdma_device_read(stand.dev, dma, seen, 4, NULL);
	assert_memory_equal(seen, "sent", 4);
	libdma_device_write(stand.dev, dma, "back", 4, NULL);
	assert_memory_equal(cpu, "sent", 4);
	dma_cache_sync(stand.dev, cpu, 4, DMA_FROM_DEVICE);
	assert_memory_equal(cpu, "back", 4);
	dma_free_noncoherent(stand.dev, 4096, cpu, dma);
	stand_down();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(limits_are_kept_and_have_defaults),
		cmocka_unit_test(what_a_device_reaches_is_known),
		cmocka_unit_test(a_restricted_device_uses_its_own_pool_alone),
		cmocka_unit_test(a_range_is_filled_linked_and_ended),
		cmocka_unit_test(a_region_says_what_is_wrong),
		cmocka_unit_test(a_cookie_is_freed_and_shown),
		cmocka_unit_test(the_log_is_told_of_what_cannot_be),
		cmocka_unit_test(caches_are_synced_by_their_old_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
