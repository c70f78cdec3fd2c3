// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Memory that device and CPU share, on every backend: what one writes the other reads,
 * and after the last free the machine is as it was.
 */
#include <errno.h>

#include <libdma/legacy.h>

#include "machine-stand.h"

static const struct backend {
	struct libdma_machine_options options;
	struct libdma_device_options device;
} backends[] = {
	{ { 0 }, { .pci = true, .coherent = true } },
	{ { .kernel = DMA_KERNEL_6_12, .cma_size = 16 << 20 },
	  { .pci = true, .coherent = true } },
	{ { .kernel = DMA_KERNEL_7_2 }, { .pci = true } },
	{ { .iommu = LIBDMA_IOMMU_STRICT }, { .pci = true, .coherent = true } },
	{ { .kernel = DMA_KERNEL_6_12, .iommu = LIBDMA_IOMMU_LAZY }, { .pci = true } },
};

#define BACKENDS (sizeof(backends) / sizeof(backends[0]))

static void shares_bytes(unsigned char *cpu, dma_addr_t dma, size_t size)
{
	unsigned char seen[64];

	for (size_t i = 0; i < size; i++)
		if (cpu[i])
			fail_msg("byte %zu of %zu is not zero", i, size);
	for (size_t at = 0; at < size; at += 1000) {
		cpu[at] = (unsigned char)(at / 1000 + 1);
		assert_int_equal(libdma_device_read(stand.dev, dma + at, seen, 1, NULL),
				 1);
		assert_int_equal(seen[0], cpu[at]);
		seen[0] ^= 0xff;
		assert_int_equal(libdma_device_write(stand.dev, dma + at, seen, 1, NULL),
				 1);
		assert_int_equal(seen[0], cpu[at]);
	}
}

static void device_and_cpu_see_the_same(void **state)
{
	static const size_t sizes[] = { 1, 24, 4096, 6726, 91392, 172928 };

	(void)state;
	for (size_t i = 0; i < BACKENDS; i++) {
		stand_up(backends[i].options, backends[i].device);
		for (size_t j = 0; j < 2 * sizeof(sizes) / sizeof(sizes[0]); j++) {
			size_t size = sizes[j / 2];
			gfp_t gfp = j % 2 ? GFP_ATOMIC : GFP_KERNEL;
			dma_addr_t dma;
			void *cpu = dma_alloc_coherent(stand.dev, size, &dma, gfp);

			if (!cpu && j % 2) /* more than an atomic pool has */
				continue;
			assert_non_null(cpu);
			shares_bytes(cpu, dma, size);
			assert_int_equal(stand_event(DMA_EVENT_ALLOC)->dma, dma);
			dma_free_coherent(stand.dev, size, cpu, dma);
			assert_true(libdma_machine_valid(stand.machine));
		}
		stand_down();
	}
}

static void freeing_nothing_is_an_event_and_no_more(void **state)
{
	(void)state;
	stand_pci((struct libdma_machine_options) { 0 });
	dma_free_coherent(stand.dev, 0, NULL, 0);
	assert_non_null(stand_event(DMA_EVENT_FREE));
	assert_int_equal(stand.logged, 0);
	assert_null(dma_alloc_coherent(stand.dev, 0, &(dma_addr_t) { 0 }, GFP_KERNEL));
	assert_int_equal(stand_event(DMA_EVENT_ALLOC)->error, -ENOMEM);
	stand_down();
}

static void a_mask_decides_the_zone(void **state)
{
	dma_addr_t dma;
	void *cpu;

	(void)state;
	stand_pci((struct libdma_machine_options) { 0 });
	assert_int_equal(dma_set_coherent_mask(stand.dev, DMA_BIT_MASK(24)), 0);
	cpu = dma_alloc_coherent(stand.dev, 8192, &dma, GFP_KERNEL);
	assert_non_null(cpu);
	assert_true(dma < 1 << 24);
	dma_free_coherent(stand.dev, 8192, cpu, dma);
	assert_int_equal(dma_set_mask(stand.dev, DMA_BIT_MASK(23)), -EIO);
	assert_true(dma_supported(stand.dev, DMA_BIT_MASK(24)));
	assert_false(dma_supported(stand.dev, DMA_BIT_MASK(23)));
	assert_true(dma_get_required_mask(stand.dev) == DMA_BIT_MASK(30));
	assert_false(dma_addressing_limited(stand.dev));
	stand_down();
}

static void memory_in_pieces_is_one_to_the_device(void **state)
{
	(void)state;
	for (size_t i = 0; i < BACKENDS; i++) {
		struct sg_table *table;
		unsigned char *cpu, byte;

		stand_up(backends[i].options, backends[i].device);
		table = dma_alloc_noncontiguous(stand.dev, 70000, DMA_BIDIRECTIONAL,
						GFP_KERNEL, 0);
		assert_non_null(table);
		assert_int_equal(table->nents, 1);
		assert_int_equal(sg_dma_len(table->sgl), 73728);
		cpu = dma_vmap_noncontiguous(stand.dev, 70000, table);
		assert_non_null(cpu);
		cpu[69999] = 42;
		dma_sync_sgtable_for_device(stand.dev, table, DMA_BIDIRECTIONAL);
		libdma_device_read(stand.dev, sg_dma_address(table->sgl) + 69999, &byte,
				   1, NULL);
		assert_int_equal(byte, 42);
		dma_vunmap_noncontiguous(stand.dev, cpu);
		dma_free_noncontiguous(stand.dev, 70000, table, DMA_BIDIRECTIONAL);
		assert_null(dma_alloc_noncontiguous(stand.dev, 4096, DMA_BIDIRECTIONAL,
						    GFP_KERNEL, DMA_ATTR_NO_WARN));
		stand_down();
	}
}

static void a_window_shows_the_pages_of_an_allocation(void **state)
{
	(void)state;
	for (size_t i = 0; i < BACKENDS; i++) {
		struct vm_area_struct vma = { .vm_start = 0x1000,
					      .vm_end = 0x3000,
					      .vm_pgoff = 1 };
		unsigned char *cpu, *page;
		struct sg_table table;
		dma_addr_t dma;

		stand_up(backends[i].options, backends[i].device);
		cpu = dma_alloc_coherent(stand.dev, 3 * PAGE_SIZE, &dma, GFP_KERNEL);
		cpu[PAGE_SIZE + 5] = 55;
		assert_int_equal(
			dma_mmap_coherent(stand.dev, &vma, cpu, dma, 3 * PAGE_SIZE), 0);
		page = libdma_memory_cpu(stand.machine, vma.pfn << PAGE_SHIFT);
		assert_int_equal(page[5], 55);
		vma.vm_pgoff = 2;
		assert_int_equal(
			dma_mmap_coherent(stand.dev, &vma, cpu, dma, 3 * PAGE_SIZE),
			-ENXIO);
		assert_int_equal(
			dma_get_sgtable(stand.dev, &table, cpu, dma, 3 * PAGE_SIZE), 0);
		cpu[7] = 77;
		page = libdma_memory_cpu(stand.machine, sg_phys(table.sgl));
		assert_int_equal(page[7], 77);
		sg_free_table(&table);
		dma_free_coherent(stand.dev, 3 * PAGE_SIZE, cpu, dma);
		stand_down();
	}
}

static void a_region_serves_its_device_and_nothing_else_does(void **state)
{
	dma_addr_t dma, second;
	void *cpu;

	(void)state;
	stand_pci((struct libdma_machine_options) { 0 });
	assert_int_equal(dma_declare_coherent_memory(stand.dev, 0xd0000000, 0x500000, 0),
			 -EINVAL);
	assert_int_equal(dma_declare_coherent_memory(stand.dev, 0xd0000000, 0x500000,
						     4 * PAGE_SIZE),
			 0);
	assert_int_equal(dma_declare_coherent_memory(stand.dev, 0xd0000000, 0x500000,
						     4 * PAGE_SIZE),
			 -EBUSY);
	assert_int_equal(dma_declare_coherent_memory(NULL, 0xd0000000, 0, PAGE_SIZE),
			 -ENODEV);
	cpu = dma_alloc_coherent(stand.dev, 100, &dma, GFP_KERNEL);
	assert_true(dma == 0x500000);
	shares_bytes(cpu, dma, 100);
	assert_non_null(dma_alloc_coherent(stand.dev, 8192, &second, GFP_KERNEL));
	assert_true(second == 0x502000);
	assert_null(dma_alloc_coherent(stand.dev, 8192, &second, GFP_KERNEL));
	dma_free_coherent(stand.dev, 100, cpu, dma);
	assert_null(stand_event(DMA_EVENT_FREE)); /* as in the kernel (RULES.md C15) */
	dma_release_coherent_memory(stand.dev);
	cpu = dma_alloc_coherent(stand.dev, 100, &dma, GFP_KERNEL);
	assert_true(dma != 0x500000);
	dma_free_coherent(stand.dev, 100, cpu, dma);
	stand_down();
}

static void old_regions_let_a_caller_fall_back(void **state)
{
	dma_addr_t dma;
	void *cpu = stand.dev;

	(void)state;
	stand_pci((struct libdma_machine_options) { 0 });
	assert_int_equal(dma_declare_coherent_memory(stand.dev, 0xd0000000, 0x500000,
						     2 * PAGE_SIZE, 0),
			 0);
	assert_int_equal(dma_declare_coherent_memory(stand.dev, 0xd0000000, 0x500000,
						     2 * PAGE_SIZE, DMA_MEMORY_MAP),
			 DMA_MEMORY_MAP);
	cpu = dma_mark_declared_memory_occupied(stand.dev, 0x501000, 10);
	assert_int_equal(virt_to_phys(cpu), 0xd0001000);
	cpu = dma_mark_declared_memory_occupied(stand.dev, 0x500000, 10);
	assert_int_equal(virt_to_phys(cpu), 0xd0000000);
	assert_int_equal((long)dma_mark_declared_memory_occupied(stand.dev, 0x500000, 10),
			 -EBUSY);
	assert_int_equal(dma_alloc_from_coherent(stand.dev, 100, &dma, &cpu), 0);
	assert_null(cpu);
	assert_non_null(dma_alloc_coherent(stand.dev, 100, &dma, GFP_KERNEL));
	dma_release_declared_memory(stand.dev);
	assert_int_equal((long)dma_mark_declared_memory_occupied(stand.dev, 0x500000, 10),
			 -EINVAL);
	stand_down();
}

static void pools_of_a_device_are_listed_and_checked(void **state)
{
	struct dma_pool *pool, *other;
	dma_addr_t dma, again;
	char text[4096];
	void *cpu;

	(void)state;
	stand_pci((struct libdma_machine_options) { .kernel = DMA_KERNEL_6_12 });
	assert_int_equal(libdma_device_pools(stand.dev, text, sizeof(text)), 0);
	pool = dma_pool_create("buffer-64", stand.dev, 64, 64, 0);
	other = dmam_pool_create("managed", stand.dev, 4096, 0, 0);
	cpu = dma_pool_zalloc(pool, GFP_ATOMIC, &dma);
	assert_non_null(cpu);
	shares_bytes(cpu, dma, 64);
	assert_int_equal(stand_event(DMA_EVENT_POOL_ALLOC)->dma, dma);
	libdma_device_pools(stand.dev, text, sizeof(text));
	assert_string_equal(text, "poolinfo - 0.1\n"
				  "managed             0    0 4096  0\n"
				  "buffer-64           1   64   64  1\n");
	dma_pool_free(pool, cpu, dma);
	assert_int_equal(stand.logged, 0);
	dma_pool_free(pool, cpu, dma); /* again */
	assert_non_null(strstr(stand.log, "already free"));
	assert_int_equal(stand_event(DMA_EVENT_POOL_FREE)->error, -EINVAL);
	assert_ptr_equal(dma_pool_alloc(pool, GFP_KERNEL, &again), cpu);
	dma_pool_free(pool, cpu, again);
	dma_pool_destroy(pool);
	assert_non_null(other);
	libdma_device_detach_driver(stand.dev);
	assert_int_equal(stand_event(DMA_EVENT_POOL_DESTROY)->handle, 2);
	assert_int_equal(libdma_device_pools(stand.dev, text, sizeof(text)), 0);
	stand_down();
}

static void what_is_managed_ends_with_the_driver(void **state)
{
	dma_addr_t first, second;
	void *cpu;

	(void)state;
	stand_pci((struct libdma_machine_options) { .iommu = LIBDMA_IOMMU_STRICT });
	assert_non_null(dmam_alloc_coherent(stand.dev, 4096, &first, GFP_KERNEL));
	cpu = dmam_alloc_coherent(stand.dev, 8192, &second, GFP_KERNEL);
	dmam_free_coherent(stand.dev, 8192, cpu, second);
	assert_int_equal(stand_event(DMA_EVENT_FREE)->dma, second);
	libdma_device_detach_driver(stand.dev);
	assert_int_equal(stand_event(DMA_EVENT_FREE)->dma, first);
	assert_int_equal(stand.logged, 0);
	stand_down();
}

static void removed_names_do_what_they_did(void **state)
{
	struct libdma_device_options device = { .pci = true, .coherent = true };
	struct pci_dev pdev = { 0 };
	DEFINE_DMA_ATTRS(attrs);
	struct scatterlist sg[2];
	struct pci_pool *pool;
	dma_addr_t dma;
	void *cpu;

	(void)state;
	stand_pci((struct libdma_machine_options) { 0 });
	device.name = "0000:00:03.0";
	assert_int_equal(libdma_device_attach(stand.machine, &device, &pdev.dev), 0);
	assert_int_equal(pci_set_dma_mask(&pdev, DMA_BIT_MASK(64)), 0);
	assert_int_equal(pci_set_consistent_dma_mask(&pdev, DMA_BIT_MASK(32)), 0);
	assert_true(pci_dma_supported(&pdev, DMA_BIT_MASK(32)));
	cpu = pci_alloc_consistent(&pdev, 100, &dma);
	assert_non_null(cpu);
	pci_free_consistent(&pdev, 100, cpu, dma);
	cpu = stand_buffer(PAGE_SIZE);
	dma = pci_map_single(&pdev, cpu, 100, PCI_DMA_TODEVICE);
	assert_false(pci_dma_mapping_error(&pdev, dma));
	assert_false(dma_mapping_error(dma));
	assert_true(dma_mapping_error(DMA_MAPPING_ERROR));
	pci_dma_sync_single(&pdev, dma, 100, PCI_DMA_TODEVICE);
	pci_unmap_single(&pdev, dma, 100, PCI_DMA_TODEVICE);
	sg_init_table(sg, 2);
	sg_set_buf(&sg[0], cpu, 64);
	sg_set_buf(&sg[1], (char *)cpu + 64, 64);
	assert_int_equal(pci_map_sg(&pdev, sg, 2, PCI_DMA_FROMDEVICE), 2);
	pci_dma_sync_sg(&pdev, sg, 2, PCI_DMA_FROMDEVICE);
	pci_unmap_sg(&pdev, sg, 2, PCI_DMA_FROMDEVICE);
	pool = pci_pool_create("old", &pdev, 32, 32, 0);
	assert_non_null(pool);
	pci_pool_destroy(pool);

	assert_int_equal(dma_get_attr(DMA_ATTR_SKIP_CPU_SYNC, &attrs), 0);
	dma_set_attr(DMA_ATTR_SKIP_CPU_SYNC, &attrs);
	assert_true(dma_get_attr(DMA_ATTR_SKIP_CPU_SYNC, &attrs));
	assert_false(dma_get_attr(DMA_ATTR_SKIP_CPU_SYNC, NULL));
	dma = dma_map_single_attrs(stand.dev, cpu, 64, DMA_TO_DEVICE, &attrs);
	assert_int_equal(stand_event(DMA_EVENT_MAP_PAGE)->attrs, DMA_ATTR_SKIP_CPU_SYNC);
	dma_unmap_single_attrs(stand.dev, dma, 64, DMA_TO_DEVICE, NULL);
	assert_int_equal(stand_event(DMA_EVENT_UNMAP_PAGE)->attrs, 0);
	dma = dma_map_single_attrs(stand.dev, cpu, 64, DMA_TO_DEVICE, DMA_ATTR_NO_WARN);
	assert_int_equal(stand_event(DMA_EVENT_MAP_PAGE)->attrs, DMA_ATTR_NO_WARN);

	cpu = dma_alloc_noncoherent(stand.dev, 4096, &dma, GFP_KERNEL);
	assert_non_null(cpu);
	assert_int_equal(dma_is_consistent(stand.dev, dma), 1);
	dma_cache_sync(stand.dev, cpu, 4096, DMA_TO_DEVICE);
	dma_free_noncoherent(stand.dev, 4096, cpu, dma);
	cpu = dma_alloc_noncoherent(stand.dev, 4096, &dma, DMA_TO_DEVICE, GFP_KERNEL);
	dma_free_noncoherent(stand.dev, 4096, cpu, dma, DMA_TO_DEVICE);
	assert_int_equal(dma_get_cache_alignment(), 1);
	libdma_device_detach(&pdev.dev);
	stand_down();
}

static void ranges_are_filled_piece_by_piece(void **state)
{
	struct libdma_machine_options options = { .kernel = DMA_KERNEL_7_2,
						  .iommu = LIBDMA_IOMMU_STRICT };
	struct dma_iova_state range;
	unsigned char seen[4];
	unsigned char *cpu;

	(void)state;
	stand_pci(options);
	cpu = stand_buffer(4 * PAGE_SIZE);
	memcpy(cpu + PAGE_SIZE, "one", 4);
	memcpy(cpu + 3 * PAGE_SIZE, "two", 4);
	assert_false(dma_iova_try_alloc(stand.dev, &range, 0, 0));
	assert_true(dma_iova_try_alloc(stand.dev, &range, 0, 2 * PAGE_SIZE));
	assert_true(dma_use_iova(&range));
	assert_int_equal(dma_iova_link(stand.dev, &range, virt_to_phys(cpu) + PAGE_SIZE,
				       0, PAGE_SIZE, DMA_TO_DEVICE, 0),
			 0);
	assert_int_equal(dma_iova_link(stand.dev, &range,
				       virt_to_phys(cpu) + 3 * PAGE_SIZE, PAGE_SIZE,
				       PAGE_SIZE, DMA_TO_DEVICE, 0),
			 0);
	assert_int_equal(dma_iova_link(stand.dev, &range, virt_to_phys(cpu) + 8,
				       PAGE_SIZE, 8, DMA_TO_DEVICE, 0),
			 -EIO);
	assert_int_equal(dma_iova_sync(stand.dev, &range, 0, 2 * PAGE_SIZE), 0);
	libdma_device_read(stand.dev, range.addr + PAGE_SIZE, seen, 4, NULL);
	assert_string_equal((char *)seen, "two");
	dma_iova_destroy(stand.dev, &range, 2 * PAGE_SIZE, DMA_TO_DEVICE, 0);
	assert_int_equal(libdma_device_read(stand.dev, range.addr, seen, 4, NULL), 0);
	stand_down();

	options.kernel = DMA_KERNEL_6_12;
	stand_pci(options);
	assert_false(dma_iova_try_alloc(stand.dev, &range, 0, PAGE_SIZE));
	stand_down();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(device_and_cpu_see_the_same),
		cmocka_unit_test(freeing_nothing_is_an_event_and_no_more),
		cmocka_unit_test(a_mask_decides_the_zone),
		cmocka_unit_test(memory_in_pieces_is_one_to_the_device),
		cmocka_unit_test(a_window_shows_the_pages_of_an_allocation),
		cmocka_unit_test(a_region_serves_its_device_and_nothing_else_does),
		cmocka_unit_test(old_regions_let_a_caller_fall_back),
		cmocka_unit_test(pools_of_a_device_are_listed_and_checked),
		cmocka_unit_test(what_is_managed_ends_with_the_driver),
		cmocka_unit_test(removed_names_do_what_they_did),
		cmocka_unit_test(ranges_are_filled_piece_by_piece),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
