// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Devices without an IOMMU, each kernel by its own rules: masks, limits, zones, lists,
 * and what is told of it all.
 */
#include <errno.h>

#include "alloc/swiotlb.h"
#include "dma/machine.h"
#include "machine-stand.h"

#define KERNELS 3
#define GIB	(1ULL << 30)

static const struct libdma_range large[] = {
	{ .start = 0x100000, .length = 3 * GIB - 0x100000 },
	{ .start = 4 * GIB, .length = 3 * GIB },
};

static void stand_large(enum dma_kernel kernel)
{
	stand_up((struct libdma_machine_options) { .kernel = kernel,
						   .memory = large,
						   .memory_count = 2 },
		 (struct libdma_device_options) { .pci = true, .coherent = true });
}

/* A21: below 16 MiB of memory its top decides, which 7.2 takes for the last byte. */
static void masks_reach_what_memory_there_is(void **state)
{
	static const struct libdma_range small[] = {
		{ .start = 0x100000, .length = 0x700000 },
	};

	(void)state;
	for (int kernel = 0; kernel < KERNELS; kernel++) {
		uint64_t least = kernel == DMA_KERNEL_7_2 ? 0x7fffff : 0x7ff000;

		stand_up((struct libdma_machine_options) { .kernel = (enum dma_kernel)kernel,
							   .memory = small,
							   .memory_count = 1 },
			 (struct libdma_device_options) { .pci = true });
		assert_int_equal(dma_set_mask(stand.dev, least), 0);
		assert_int_equal(dma_set_mask(stand.dev, least - 1), -EIO);
		assert_int_equal(dma_get_mask(stand.dev), least);
		assert_int_equal(dma_set_mask_and_coherent(stand.dev, least - 1), -EIO);
		assert_int_equal(dma_get_required_mask(stand.dev), DMA_BIT_MASK(23));
		stand_down();

		stand_large((enum dma_kernel)kernel);
		assert_int_equal(dma_set_mask(stand.dev, DMA_BIT_MASK(24)), 0);
		assert_int_equal(dma_set_mask(stand.dev, DMA_BIT_MASK(24) - 1), -EIO);
		assert_int_equal(dma_get_required_mask(stand.dev), DMA_BIT_MASK(33));
		stand_down();
	}
}

/* A23: since 6.12 memory outside of all windows counts too. */
static void windows_limit_what_a_device_reaches(void **state)
{
	static const struct bus_dma_region half[] = {
		{ .cpu_start = 0, .size = GIB / 2 }, { .size = 0 }
	};
	static const struct bus_dma_region both[] = {
		{ .cpu_start = GIB / 2, .dma_start = 0, .size = GIB / 2 },
		{ .cpu_start = 0, .dma_start = GIB / 2, .size = GIB / 2 },
		{ .size = 0 },
	};
	/* The first page begins in front of it; in whole pages it covers all memory. */
	static const struct bus_dma_region odd[] = {
		{ .cpu_start = 0x1800, .size = GIB - 0x800 }, { .size = 0 }
	};
	static const struct bus_dma_region *const windows[] = { half, both, odd };

	(void)state;
	for (int kernel = 0; kernel < KERNELS; kernel++)
		for (int i = 0; i < 3; i++) {
			stand_up((struct libdma_machine_options) {
					 .kernel = (enum dma_kernel)kernel },
				 (struct libdma_device_options) {
					 .pci = true, .range_map = windows[i] });
			assert_int_equal(dma_set_mask(stand.dev, DMA_BIT_MASK(64)), 0);
			assert_int_equal(dma_addressing_limited(stand.dev),
					 !i && kernel != DMA_KERNEL_6_1);
			stand.dev->bus_dma_limit = GIB / 4 - 1;
			assert_true(dma_addressing_limited(stand.dev));
			stand_down();
		}
}

/* D10: those of the bounce buffers, where there are any and they may be needed. */
static void sizes_have_limits_where_bouncing_may_be_needed(void **state)
{
	(void)state;
	for (int kernel = 0; kernel < KERNELS; kernel++) {
		stand_large((enum dma_kernel)kernel);
		assert_int_equal(dma_max_mapping_size(stand.dev), 256 << 10);
		assert_int_equal(dma_opt_mapping_size(stand.dev), 256 << 10);
		assert_int_equal(dma_get_merge_boundary(stand.dev), 0);
		dma_set_mask(stand.dev, DMA_BIT_MASK(64));
		assert_true(dma_max_mapping_size(stand.dev) == SIZE_MAX);
		stand_down();

		stand_up((struct libdma_machine_options) { .kernel = (enum dma_kernel)kernel },
			 (struct libdma_device_options) { .pci = true,
							  .bus_dma_limit = 0xffffff });
		assert_true(dma_addressing_limited(stand.dev));
		assert_true(dma_max_mapping_size(stand.dev) == SIZE_MAX);
		stand_down();

		stand_pci((struct libdma_machine_options) { .kernel = (enum dma_kernel)kernel,
							    .swiotlb_force = true });
		assert_int_equal(dma_max_mapping_size(stand.dev), 256 << 10);
		stand_down();
	}
}

/* Section 0 of the rules: setters want dma_parms; who says so differs. */
static void limits_are_set_in_dma_parms(void **state)
{
	(void)state;
	for (int kernel = 0; kernel < KERNELS; kernel++) {
		bool old = kernel == DMA_KERNEL_6_1;

		stand_large((enum dma_kernel)kernel);
		stand.dev->dma_parms = NULL;
		assert_int_equal(dma_set_max_seg_size(stand.dev, 1), old ? -EIO : 0);
		assert_int_equal(dma_set_seg_boundary(stand.dev, 1), old ? -EIO : 0);
		assert_int_equal(dma_set_min_align_mask(stand.dev, 1), old ? -EIO : 0);
		assert_int_equal(stand.logged, old ? 0 : 3);
		stand_down();
	}
}

/*
 * A8 to A10: memory of the zone that the mask points to; what of it is out of reach
 * goes back, and a lower zone is asked.
 */
static void pages_out_of_reach_are_sought_in_a_lower_zone(void **state)
{
	(void)state;
	for (int kernel = 0; kernel < KERNELS; kernel++) {
		dma_addr_t dma;
		void *cpu;

		stand_large((enum dma_kernel)kernel);
		assert_int_equal(dma_set_coherent_mask(stand.dev, DMA_BIT_MASK(33)), 0);
		cpu = dma_alloc_coherent(stand.dev, 8192, &dma, GFP_KERNEL);
		assert_true(dma >= 4 * GIB);
		dma_free_coherent(stand.dev, 8192, cpu, dma);
		assert_int_equal(dma_set_coherent_mask(stand.dev, DMA_BIT_MASK(32)), 0);
		cpu = dma_alloc_coherent(stand.dev, 8192, &dma, GFP_KERNEL);
		assert_true(dma >= 1 << 24 && dma < 4 * GIB);
		dma_free_coherent(stand.dev, 8192, cpu, dma);

		/* All of the first GiB beyond ZONE_DMA is taken. */
		stand.dev->bus_dma_limit = DMA_BIT_MASK(30);
		do
			cpu = libdma_memory_alloc(stand.machine, 4 << 20, __GFP_DMA32);
		while (cpu && libdma_memory_phys(stand.machine, cpu) < GIB);
		assert_non_null(cpu);
		cpu = dma_alloc_coherent(stand.dev, 4 << 20, &dma, GFP_KERNEL);
		assert_non_null(cpu);
		assert_true(dma < 1 << 24);
		dma_free_coherent(stand.dev, 4 << 20, cpu, dma);
		stand_down();
	}
}

/* A8: a kernel without ZONE_DMA looks anywhere for what should be in it, and once. */
static void without_its_zone_low_memory_is_not_found(void **state)
{
	(void)state;
	for (int kernel = 0; kernel < KERNELS; kernel++)
		for (int without = 0; without < 2; without++) {
			dma_addr_t dma;
			void *cpu;

			stand_up((struct libdma_machine_options) {
					 .kernel = (enum dma_kernel)kernel,
					 .config = without ? LIBDMA_CONFIG_NO_ZONE_DMA : 0,
					 .memory = large,
					 .memory_count = 2 },
				 (struct libdma_device_options) {
					 .pci = true,
					 .coherent = true,
					 .bus_dma_limit = 0xffffff });
			cpu = dma_alloc_coherent(stand.dev, 4096, &dma, GFP_KERNEL);
			assert_int_equal(cpu != NULL, !without);
			if (cpu)
				dma_free_coherent(stand.dev, 4096, cpu, dma);
			stand_down();
		}
}

/* D9: what was mapped before the entry that fails is given back, and copies nothing. */
static void a_list_that_fails_is_given_back(void **state)
{
	(void)state;
	for (int kernel = 0; kernel < KERNELS; kernel++) {
		struct scatterlist sg[6];
		struct sg_table table = { .sgl = sg, .nents = 7, .orig_nents = 6 };
		uint64_t slots, used, most;
		char *cpu;

		/* Of these buffers four fit. */
		stand_pci((struct libdma_machine_options) { .kernel = (enum dma_kernel)kernel,
							    .swiotlb_force = true,
							    .swiotlb_slots = 512,
							    .swiotlb_areas = 1 });
		cpu = stand_buffer(256 << 10);
		sg_init_table(sg, 6);
		for (int i = 0; i < 6; i++)
			sg_set_buf(&sg[i], cpu, 256 << 10);
		memset(cpu, 1, 256 << 10);
		assert_int_equal(dma_map_sgtable(stand.dev, &table, DMA_FROM_DEVICE, 0),
				 -EIO);
		assert_int_equal(table.nents, 7);
		swiotlb_usage(stand.machine->swiotlb, &slots, &used, &most);
		assert_int_equal(used, 0);
		assert_int_equal(most, 512);
		table.orig_nents = 4;
		assert_int_equal(dma_map_sgtable(stand.dev, &table, DMA_FROM_DEVICE, 0),
				 0);
		assert_int_equal(table.nents, 4);
		dma_unmap_sgtable(stand.dev, &table, DMA_FROM_DEVICE, 0);

		/* D13: without a mask it seems to succeed. */
		stand.dev->dma_mask = NULL;
		assert_int_equal(dma_map_sgtable(stand.dev, &table, DMA_FROM_DEVICE, 0),
				 0);
		assert_int_equal(table.nents, 0);
		stand_down();
	}
}

/* T2, Y8 to Y11: names of events, and whether a sync of a coherent device is one. */
static void events_have_each_kernels_names(void **state)
{
	(void)state;
	for (int kernel = 0; kernel < KERNELS; kernel++) {
		bool old = kernel == DMA_KERNEL_6_1, new = kernel == DMA_KERNEL_7_2;
		dma_addr_t dma;

		stand_large((enum dma_kernel)kernel);
		assert_true(dma_need_sync(stand.dev, 0x100000) == false);
		dma_sync_single_for_cpu(stand.dev, 0x100000, 64, DMA_FROM_DEVICE);
		assert_non_null(stand_event(DMA_EVENT_SYNC_SINGLE_FOR_CPU));
		dma_set_mask(stand.dev, DMA_BIT_MASK(64));
		assert_int_equal(stand.dev->dma_skip_sync, !old);
		dma_sync_single_for_device(stand.dev, 0x100000, 64, DMA_FROM_DEVICE);
		assert_int_equal(stand_event(DMA_EVENT_SYNC_SINGLE_FOR_DEVICE) != NULL,
				 old);

		dma = dma_map_page(stand.dev, phys_to_page(0x100000), 0, 64,
				   DMA_TO_DEVICE);
		dma_unmap_page(stand.dev, dma, 64, DMA_TO_DEVICE);
		assert_int_equal(stand_event(DMA_EVENT_MAP_PHYS) != NULL, new);
		assert_int_equal(stand_event(DMA_EVENT_UNMAP_PHYS) != NULL, new);
		assert_int_equal(stand_event(DMA_EVENT_MAP_PAGE) != NULL, !new);
		assert_int_equal(stand_event(DMA_EVENT_UNMAP_PAGE) != NULL, !new);
		dma = dma_map_resource(stand.dev, 0xd0000000, 64, DMA_TO_DEVICE, 0);
		assert_int_equal(dma, 0xd0000000);
		dma_unmap_resource(stand.dev, dma, 64, DMA_TO_DEVICE, 0);
		assert_int_equal(stand_event(DMA_EVENT_MAP_RESOURCE) != NULL, !new);
		assert_int_equal(stand_event(DMA_EVENT_UNMAP_RESOURCE) != NULL, !new);
		if (new)
			assert_int_equal(stand_event(DMA_EVENT_MAP_PHYS)->attrs,
					 DMA_ATTR_MMIO);
		stand_down();
	}
}

/* A2, A4: compound pages; C14: no bytes of a region. */
static void odd_requests_are_answered_as_each_kernel_does(void **state)
{
	(void)state;
	for (int kernel = 0; kernel < KERNELS; kernel++) {
		bool old = kernel == DMA_KERNEL_6_1;
		struct sg_table *table;
		dma_addr_t dma;
		void *cpu;

		stand_large((enum dma_kernel)kernel);
		cpu = dma_alloc_coherent(stand.dev, 4096, &dma, GFP_KERNEL | __GFP_COMP);
		assert_int_equal(cpu != NULL, old);
		if (cpu)
			dma_free_coherent(stand.dev, 4096, cpu, dma);
		cpu = dma_alloc_noncoherent(stand.dev, 4096, &dma, DMA_TO_DEVICE,
					    GFP_KERNEL | __GFP_COMP);
		assert_int_equal(cpu != NULL, old);
		if (cpu)
			dma_free_noncoherent(stand.dev, 4096, cpu, dma, DMA_TO_DEVICE);
		table = dma_alloc_noncontiguous(stand.dev, 4096, DMA_TO_DEVICE,
						GFP_KERNEL | __GFP_COMP, 0);
		assert_int_equal(table != NULL, old);
		dma_free_noncontiguous(stand.dev, 4096, table, DMA_TO_DEVICE);

		assert_int_equal(dma_declare_coherent_memory(stand.dev, 0xd0000000,
							     0x500000, 16384),
				 0);
		for (int i = 0; i < 2; i++) {
			cpu = dma_alloc_coherent(stand.dev, 0, &dma, GFP_KERNEL);
			assert_int_equal(cpu != NULL, !old);
			if (cpu)
				assert_int_equal(dma, 0x500000);
		}
		stand_down();
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(masks_reach_what_memory_there_is),
		cmocka_unit_test(windows_limit_what_a_device_reaches),
		cmocka_unit_test(sizes_have_limits_where_bouncing_may_be_needed),
		cmocka_unit_test(limits_are_set_in_dma_parms),
		cmocka_unit_test(pages_out_of_reach_are_sought_in_a_lower_zone),
		cmocka_unit_test(without_its_zone_low_memory_is_not_found),
		cmocka_unit_test(a_list_that_fails_is_given_back),
		cmocka_unit_test(events_have_each_kernels_names),
		cmocka_unit_test(odd_requests_are_answered_as_each_kernel_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
