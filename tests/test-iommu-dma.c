// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Devices behind an IOMMU, each kernel by its own rules: which addresses they get, what
 * lists become, and what becomes of odd calls. What is expected here is the rule's own
 * arithmetic.
 */
#include <errno.h>

#include "dma/machine.h"
#include "hardware/pages.h"
#include "machine-stand.h"

#define KERNELS 3

/* A machine of which one IOMMU mode is the only thing that is not the default. */
static void stand_strict(enum dma_kernel kernel, struct libdma_device_options device)
{
	stand_up((struct libdma_machine_options) { .kernel = kernel,
						   .iommu = LIBDMA_IOMMU_STRICT },
		 device);
	assert_int_equal(dma_set_mask_and_coherent(stand.dev, DMA_BIT_MASK(64)), 0);
}

static void entries(struct scatterlist *sg, char *cpu, const unsigned int (*piece)[2],
		    unsigned int nents)
{
	sg_init_table(sg, nents);
	for (unsigned int i = 0; i < nents; i++, cpu += 2 * PAGE_SIZE)
		sg_set_buf(&sg[i], cpu + piece[i][0], piece[i][1]);
}

/* D12: no backend maps nothing, and the caller learns no more than that. */
static void an_empty_list_is_an_error_that_says_little(void **state)
{
	(void)state;
	for (int kernel = 0; kernel < KERNELS; kernel++)
		for (int untrusted = 0; untrusted < 2; untrusted++) {
			struct scatterlist sg;
			struct sg_table table = { .sgl = &sg };

			stand_strict((enum dma_kernel)kernel,
				     (struct libdma_device_options) {
					     .pci = true,
					     .coherent = true,
					     .untrusted = untrusted });
			sg_init_table(&sg, 1);
			assert_int_equal(dma_map_sgtable(stand.dev, &table,
							 DMA_TO_DEVICE, 0),
					 -EIO);
			assert_int_equal(dma_map_sg(stand.dev, &sg, 0, DMA_TO_DEVICE), 0);
			assert_non_null(stand_event(DMA_EVENT_MAP_SG_ERR));
			stand_down();
		}
}

/* I36: entries without a byte take no address; each is a segment at 0. */
static void a_list_of_no_bytes_is_mapped_nowhere(void **state)
{
	static const unsigned int piece[][2] = { { 0, 0 }, { 0, 0 } };

	(void)state;
	for (int kernel = 0; kernel < KERNELS; kernel++) {
		struct scatterlist sg[2];
		uint64_t before;

		stand_strict((enum dma_kernel)kernel,
			     (struct libdma_device_options) { .pci = true,
							      .coherent = true });
		entries(sg, stand_buffer(4 * PAGE_SIZE), piece, 2);
		assert_int_equal(dma_map_sg(stand.dev, sg, 2, DMA_TO_DEVICE), 2);
		assert_int_equal(sg_dma_address(&sg[0]), 0);
		assert_int_equal(sg_dma_address(&sg[1]), 0);
		assert_int_equal(sg_dma_len(&sg[0]), 0);
		assert_null(stand_event(DMA_EVENT_ALLOC_IOVA));
		before = stand.events;
		dma_unmap_sg(stand.dev, sg, 2, DMA_TO_DEVICE);
		assert_int_equal(stand.events, before + 1);
		stand_down();
	}
}

/* D10, S20, I33: with or without bounce buffers. */
static void untrusted_devices_map_no_more_than_can_be_bounced(void **state)
{
	static const struct libdma_device_options untrusted = { .pci = true,
								.coherent = true,
								.untrusted = true };

	(void)state;
	for (int kernel = 0; kernel < KERNELS; kernel++) {
		stand_strict((enum dma_kernel)kernel, untrusted);
		assert_int_equal(dma_max_mapping_size(stand.dev), 256 << 10);
		assert_int_equal(dma_opt_mapping_size(stand.dev), 128 << 10);
		dma_set_min_align_mask(stand.dev, 0xfff);
		assert_int_equal(dma_max_mapping_size(stand.dev), 252 << 10);
		dma_set_min_align_mask(stand.dev, 0x7ff);
		assert_int_equal(dma_max_mapping_size(stand.dev), 254 << 10);
		assert_int_equal(dma_get_merge_boundary(stand.dev), 4095);
		stand_down();

		stand_strict((enum dma_kernel)kernel,
			     (struct libdma_device_options) { .pci = true,
							      .coherent = true });
		assert_true(dma_max_mapping_size(stand.dev) == SIZE_MAX);
		assert_int_equal(dma_opt_mapping_size(stand.dev), 128 << 10);
		stand_down();
	}
}

/* Only 256 KiB are left below 4 GiB. */
static const struct libdma_range almost_all[] = { { .length = 0xfffc0000 } };

#define LAST_LOW  0xfffc0000UL
#define LAST_HIGH 0xfffffffc0000UL

static dma_addr_t map_256k(void)
{
	/* No CPU address: the buffer's bytes do not matter. */
	return dma_map_phys(stand.dev, 0x1000000, 256 << 10, DMA_TO_DEVICE, 0);
}

static void stand_narrow(enum dma_kernel kernel, unsigned int config, bool pci)
{
	stand_up((struct libdma_machine_options) { .kernel = kernel,
						   .config = config,
						   .iommu = LIBDMA_IOMMU_STRICT,
						   .reserved = almost_all,
						   .reserved_count = 1 },
		 (struct libdma_device_options) { .pci = pci, .coherent = true });
	assert_int_equal(dma_set_mask_and_coherent(stand.dev, DMA_BIT_MASK(64)), 0);
}

/* I21: 6.1 asks below 4 GiB each time, later kernels never again after one failure. */
static void pci_devices_get_low_addresses_first(void **state)
{
	(void)state;
	for (int kernel = 0; kernel < KERNELS; kernel++) {
		stand_narrow((enum dma_kernel)kernel, 0, true);
		assert_int_equal(map_256k(), LAST_LOW);
		assert_int_equal(stand.logged, 0);
		assert_int_equal(map_256k(), LAST_HIGH);
		if (kernel == DMA_KERNEL_6_1)
			assert_int_equal(stand.logged, 0);
		else
			assert_string_equal(stand.log,
					    "0000:00:02.0: Using 48-bit DMA addresses");
		dma_unmap_phys(stand.dev, LAST_LOW, 256 << 10, DMA_TO_DEVICE, 0);
		assert_int_equal(map_256k(), kernel == DMA_KERNEL_6_1
						     ? LAST_LOW
						     : LAST_HIGH - (256 << 10));
		stand_down();
	}
}

/* I20, I21: forcedac and other buses ask for the highest at once, a mask is a limit. */
static void others_get_the_highest_they_reach(void **state)
{
	(void)state;
	for (int kernel = 0; kernel < KERNELS; kernel++)
		for (int pci = 0; pci < 2; pci++) {
			stand_narrow((enum dma_kernel)kernel,
				     pci ? LIBDMA_CONFIG_FORCEDAC : 0, pci);
			assert_int_equal(map_256k(), LAST_HIGH);
			assert_int_equal(dma_set_mask(stand.dev, DMA_BIT_MASK(36)), 0);
			assert_int_equal(map_256k(), 0xffffc0000);
			stand.dev->bus_dma_limit = DMA_BIT_MASK(34);
			assert_int_equal(map_256k(), 0x3fffc0000);
			assert_int_equal(dma_set_mask(stand.dev, DMA_BIT_MASK(32)), 0);
			assert_int_equal(map_256k(), LAST_LOW);
			assert_true(map_256k() == DMA_MAPPING_ERROR);
			stand_down();
		}
}

/* I24: since 6.12 no mapping keeps more bits than a granule has; lists are not asked. */
static void alignment_above_a_granule_is_refused(void **state)
{
	static const unsigned int piece[][2] = { { 0, 4096 } };

	(void)state;
	for (int kernel = 0; kernel < KERNELS; kernel++) {
		struct scatterlist sg[1];
		char *cpu;

		stand_strict((enum dma_kernel)kernel,
			     (struct libdma_device_options) { .pci = true,
							      .coherent = true });
		cpu = stand_buffer(2 * PAGE_SIZE);
		dma_set_min_align_mask(stand.dev, 0x1fff);
		assert_int_equal(dma_map_single(stand.dev, cpu, 64, DMA_TO_DEVICE) ==
					 DMA_MAPPING_ERROR,
				 kernel != DMA_KERNEL_6_1);
		entries(sg, cpu, piece, 1);
		assert_int_equal(dma_map_sg(stand.dev, sg, 1, DMA_TO_DEVICE), 1);
		dma_set_min_align_mask(stand.dev, 0xfff);
		assert_false(dma_map_single(stand.dev, cpu, 64, DMA_TO_DEVICE) ==
			     DMA_MAPPING_ERROR);
		stand_down();
	}
}

/* I42: of kernels since 6.16, and only behind an IOMMU. */
static void ranges_to_fill_are_of_7_2(void **state)
{
	(void)state;
	for (int kernel = 0; kernel < KERNELS; kernel++) {
		struct dma_iova_state range;

		stand_strict((enum dma_kernel)kernel,
			     (struct libdma_device_options) { .pci = true,
							      .coherent = true });
		assert_int_equal(dma_iova_try_alloc(stand.dev, &range, 0x800, 8192),
				 kernel == DMA_KERNEL_7_2);
		assert_int_equal(range.addr, kernel == DMA_KERNEL_7_2 ? 0xffffc800 : 0);
		if (dma_use_iova(&range))
			dma_iova_free(stand.dev, &range);
		stand_down();
	}
}

/* A5: whatever the attribute, be it one that only a later kernel knows. */
static void memory_in_pieces_takes_one_attribute(void **state)
{
	(void)state;
	for (int kernel = 0; kernel < KERNELS; kernel++) {
		stand_strict((enum dma_kernel)kernel,
			     (struct libdma_device_options) { .pci = true });
		for (unsigned int bit = 0; bit < 20; bit++) {
			struct sg_table *table = dma_alloc_noncontiguous(
				stand.dev, 8192, DMA_BIDIRECTIONAL, GFP_KERNEL,
				1UL << bit);

			assert_int_equal(table != NULL, bit == 7);
			dma_free_noncontiguous(stand.dev, 8192, table,
					       DMA_BIDIRECTIONAL);
		}
		stand_down();
	}
}

/* Y13: memory in pieces is cached, and zeroed only where the kernel zeroes everything. */
static void memory_in_pieces_needs_syncs(void **state)
{
	unsigned char *cpu, byte = 7;
	struct sg_table *table;
	dma_addr_t dma;

	(void)state;
	stand_strict(DMA_KERNEL_7_2, (struct libdma_device_options) { .pci = true });
	table = dma_alloc_noncontiguous(stand.dev, 8192, DMA_BIDIRECTIONAL, GFP_KERNEL, 0);
	assert_non_null(table);
	dma = sg_dma_address(table->sgl);
	cpu = libdma_memory_cpu(stand.machine, sg_phys(table->sgl));
	libdma_device_read(stand.dev, dma, &byte, 1, NULL);
	assert_int_equal(byte, 0);

	cpu[0] = 1;
	libdma_device_read(stand.dev, dma, &byte, 1, NULL);
	assert_int_equal(byte, 0);
	dma_sync_sgtable_for_device(stand.dev, table, DMA_BIDIRECTIONAL);
	libdma_device_read(stand.dev, dma, &byte, 1, NULL);
	assert_int_equal(byte, 1);

	byte = 2;
	libdma_device_write(stand.dev, dma, &byte, 1, NULL);
	assert_int_equal(cpu[0], 1);
	dma_sync_sgtable_for_cpu(stand.dev, table, DMA_BIDIRECTIONAL);
	assert_int_equal(cpu[0], 2);
	dma_free_noncontiguous(stand.dev, 8192, table, DMA_BIDIRECTIONAL);
	stand_down();
}

/* T2: behind an IOMMU the event of a bounce tells the physical address, untranslated. */
static void a_bounce_is_told_by_its_physical_address(void **state)
{
	static const struct bus_dma_region window[] = {
		{ .cpu_start = 0, .dma_start = 0x100000000, .size = 0x80000000 },
		{ .size = 0 },
	};
	char *cpu;

	(void)state;
	for (int kernel = 0; kernel < KERNELS; kernel++) {
		stand_up((struct libdma_machine_options) { .kernel = (enum dma_kernel)kernel,
							   .iommu = LIBDMA_IOMMU_STRICT,
							   .swiotlb_slots = 2048 },
			 (struct libdma_device_options) { .pci = true,
							  .coherent = true,
							  .untrusted = true,
							  .range_map = window });
		cpu = stand_buffer(4096);
		assert_int_equal(dma_set_mask(stand.dev, DMA_BIT_MASK(64)), 0);
		dma_map_single(stand.dev, cpu + 8, 64, DMA_TO_DEVICE);
		assert_int_equal(stand_event(DMA_EVENT_SWIOTLB_BOUNCED)->phys,
				 virt_to_phys(cpu) + 8);
		stand_down();
	}
}

/*
 * I34: since 6.12 a list that was bounced is marked for good, so that the unmap of
 * another device takes it apart entry by entry; 6.1 asks the device.
 */
static void a_bounced_list_stays_marked(void **state)
{
	static const unsigned int piece[][2] = { { 0, 4096 }, { 0, 4096 } };

	(void)state;
	for (int kernel = 0; kernel < KERNELS; kernel++) {
		struct scatterlist sg[2];
		struct device *other;
		uint64_t before;

		stand_strict((enum dma_kernel)kernel,
			     (struct libdma_device_options) { .pci = true,
							      .coherent = true,
							      .untrusted = true });
		assert_int_equal(libdma_device_create(
					 stand.machine,
					 &(struct libdma_device_options) {
						 .name = "other", .coherent = true },
					 &other),
				 0);
		entries(sg, stand_buffer(4 * PAGE_SIZE), piece, 2);
		assert_int_equal(dma_map_sg(stand.dev, sg, 2, DMA_TO_DEVICE), 2);
		dma_unmap_sg(stand.dev, sg, 2, DMA_TO_DEVICE);
		assert_int_equal(sg_dma_is_swiotlb(sg), kernel != DMA_KERNEL_6_1);
		assert_int_equal(dma_map_sg(other, sg, 2, DMA_TO_DEVICE), 1);
		before = stand.logged;
		dma_unmap_sg(other, sg, 2, DMA_TO_DEVICE);
		/* The second entry has no address of its own. */
		assert_int_equal(stand.logged - before, kernel != DMA_KERNEL_6_1);
		assert_int_equal(stand_event(DMA_EVENT_IOMMU_UNMAP)->size, 8192);
		stand_down();
	}
}

static uint64_t free_pages(void)
{
	return pages_count_free(stand.machine->pages, MEMORY_ZONE_DMA32);
}

/* One that both reach to its end, and that is gone without a trace afterwards. */
static void try_size(size_t size)
{
	uint64_t before = free_pages();
	unsigned char *cpu, byte = 9;
	struct sg_table *table;
	dma_addr_t dma;

	cpu = dma_alloc_coherent(stand.dev, size, &dma, GFP_KERNEL);
	assert_non_null(cpu);
	assert_int_equal(libdma_device_write(stand.dev, dma + size - 1, &byte, 1, NULL), 1);
	assert_int_equal(cpu[size - 1], 9);
	dma_free_coherent(stand.dev, size, cpu, dma);
	assert_int_equal(free_pages(), before);

	table = dma_alloc_noncontiguous(stand.dev, size, DMA_BIDIRECTIONAL, GFP_KERNEL, 0);
	assert_non_null(table);
	assert_int_equal(sg_dma_len(table->sgl), (size + 0xffff) & ~0xffffUL);
	dma_free_noncontiguous(stand.dev, size, table, DMA_BIDIRECTIONAL);
	assert_int_equal(free_pages(), before);
}

/* I40: blocks of a granule, each of which the CPU has as pages. */
static void large_granules_are_allocated_whole(void **state)
{
	static const size_t sizes[] = { 1, 4096, 65536, 70000, 200000 };

	(void)state;
	for (int kernel = 0; kernel < KERNELS; kernel++)
		for (int coherent = 0; coherent < 2; coherent++) {
			stand_up((struct libdma_machine_options) {
					 .kernel = (enum dma_kernel)kernel,
					 .iommu = LIBDMA_IOMMU_STRICT,
					 .granule = 65536 },
				 (struct libdma_device_options) { .pci = true,
								  .coherent = coherent });
			stand_buffer(4096); /* so that the lowest page is not aligned */
			for (int i = 0; i < 5; i++)
				try_size(sizes[i]);
			stand_down();
		}
}

/* I26: an IOMMU is strict with devices that are not trusted, whatever the mode. */
static void untrusted_devices_are_translated_and_strict(void **state)
{
	static const enum libdma_iommu_mode modes[] = {
		LIBDMA_IOMMU_OFF,
		LIBDMA_IOMMU_PASSTHROUGH,
		LIBDMA_IOMMU_STRICT,
		LIBDMA_IOMMU_LAZY,
	};

	(void)state;
	for (int i = 0; i < KERNELS * 8; i++) {
		enum libdma_iommu_mode mode = modes[i / 2 % 4];
		bool trusted = i % 2, translated, strict;
		dma_addr_t first, second;

		translated = mode >= LIBDMA_IOMMU_STRICT ||
			     (mode == LIBDMA_IOMMU_PASSTHROUGH && !trusted);
		strict = mode != LIBDMA_IOMMU_LAZY || !trusted;
		stand_up((struct libdma_machine_options) { .kernel = (enum dma_kernel)(i / 8),
							   .iommu = mode },
			 (struct libdma_device_options) { .pci = true,
							  .coherent = true,
							  .untrusted = !trusted });
		assert_int_equal(dma_set_mask(stand.dev, DMA_BIT_MASK(64)), 0);
		first = dma_map_phys(stand.dev, 0x1000000, 4096, DMA_TO_DEVICE, 0);
		assert_int_equal(first, translated ? 0xfffff000 : 0x1000000);
		dma_unmap_phys(stand.dev, first, 4096, DMA_TO_DEVICE, 0);
		second = dma_map_phys(stand.dev, 0x1000000, 4096, DMA_TO_DEVICE, 0);
		assert_int_equal(first == second, strict);
		stand_down();
	}
}

static void stand_lazy(enum dma_kernel kernel, unsigned int config)
{
	stand_up((struct libdma_machine_options) { .kernel = kernel,
						   .config = config,
						   .iommu = LIBDMA_IOMMU_LAZY },
		 (struct libdma_device_options) { .pci = true, .coherent = true });
}

static dma_addr_t map_page(void)
{
	return dma_map_phys(stand.dev, 0x1000000, 4096, DMA_TO_DEVICE, 0);
}

/*
 * I30 to I32: an address comes back once a flush has passed, of a queue that holds
 * @entries, or of a timer.
 */
static void walk_down(enum dma_kernel kernel, unsigned int config, uint64_t entries,
		      uint64_t timeout_ms)
{
	dma_addr_t dma, before = 0x100000000;

	stand_lazy(kernel, config);
	for (uint64_t i = 0; i <= entries; i++, before = dma) {
		dma = map_page();
		assert_true(dma < before);
		dma_unmap_phys(stand.dev, dma, 4096, DMA_TO_DEVICE, 0);
	}
	dma = map_page();
	assert_true(dma > before);
	if (entries == 255) {
		/* They were freed in order: 127 and 127 in magazines, one in a third. */
		assert_int_equal(dma, 0xfff01000);
		assert_int_equal(map_page(), 0xfff81000);
	}
	stand_down();

	stand_lazy(kernel, config);
	dma = map_page();
	dma_unmap_phys(stand.dev, dma, 4096, DMA_TO_DEVICE, 0);
	libdma_machine_set_time(stand.machine, timeout_ms * 1000000 - 1);
	assert_int_not_equal(map_page(), dma);
	libdma_machine_set_time(stand.machine, timeout_ms * 1000000);
	assert_int_equal(map_page(), dma);
	stand_down();
}

static void lazy_addresses_come_back_after_a_flush(void **state)
{
	(void)state;
	for (int kernel = 0; kernel < KERNELS; kernel++) {
		bool old = kernel == DMA_KERNEL_6_1;

		walk_down((enum dma_kernel)kernel, 0, 255, 10);
		walk_down((enum dma_kernel)kernel, LIBDMA_CONFIG_SHADOWED_FLUSH,
			  old ? 255 : 32767, old ? 10 : 1000);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_list_is_an_error_that_says_little),
		cmocka_unit_test(a_list_of_no_bytes_is_mapped_nowhere),
		cmocka_unit_test(untrusted_devices_map_no_more_than_can_be_bounced),
		cmocka_unit_test(pci_devices_get_low_addresses_first),
		cmocka_unit_test(others_get_the_highest_they_reach),
		cmocka_unit_test(alignment_above_a_granule_is_refused),
		cmocka_unit_test(ranges_to_fill_are_of_7_2),
		cmocka_unit_test(memory_in_pieces_takes_one_attribute),
		cmocka_unit_test(memory_in_pieces_needs_syncs),
		cmocka_unit_test(untrusted_devices_are_translated_and_strict),
		cmocka_unit_test(lazy_addresses_come_back_after_a_flush),
		cmocka_unit_test(a_bounced_list_stays_marked),
		cmocka_unit_test(large_granules_are_allocated_whole),
		cmocka_unit_test(a_bounce_is_told_by_its_physical_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
