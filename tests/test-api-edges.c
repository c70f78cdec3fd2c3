// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The edges of what the API does: directions and attributes that are refused, memory
 * that a device reaches only in a lower zone, buffers that bounce out of its reach,
 * devices that share a domain, and what the log and the events say of it.
 */
#include <errno.h>

#include <libdma/scatterlist.h>

#include "machine-census.h"

static void expect_logged(const char *words)
{
	if (!strstr(stand.log, words))
		fail_msg("the log says \"%s\", not \"%s\"", stand.log, words);
}

static const enum libdma_iommu_mode modes[] = { LIBDMA_IOMMU_OFF, LIBDMA_IOMMU_STRICT };

static void no_direction_maps_and_ends_nothing(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct census before, after;
		struct scatterlist sg;
		void *cpu;

		stand_pci((struct libdma_machine_options) { .iommu = modes[i] });
		cpu = stand_buffer(8192);
		sg_init_one(&sg, cpu, 8192);
		assert_true(sg_is_last(&sg));
		assert_int_equal(sg_nents(&sg), 1);
		before = census();
		for (int dir = DMA_NONE; dir < 100; dir += 48) {
			enum dma_data_direction wrong = (enum dma_data_direction)dir;
			uint64_t events = stand.events;

			assert_true(dma_map_single(stand.dev, cpu, 64, wrong) ==
				    DMA_MAPPING_ERROR);
			assert_int_equal(dma_map_sg(stand.dev, &sg, 1, wrong), 0);
			dma_unmap_sg(stand.dev, &sg, 1, wrong);
			dma_unmap_single(stand.dev, 0, 64, wrong);
			dma_unmap_resource(stand.dev, 0, 64, wrong, 0);
			dma_sync_single_for_cpu(stand.dev, 0, 64, wrong);
			assert_int_equal(stand.events, events);
			expect_logged("no direction");
		}
		after = census();
		assert_null(differs_here(&before, &after));
		stand_down();
	}
}

static void attributes_of_7_2_forbid_what_they_say(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct scatterlist sg;
		dma_addr_t dma;
		void *cpu;

		stand_up((struct libdma_machine_options) { .kernel = DMA_KERNEL_7_2,
							   .iommu = modes[i] },
			 (struct libdma_device_options) { .pci = true });
		cpu = stand_buffer(8192);
		sg_init_one(&sg, cpu, 8192);
		assert_true(dma_map_page_attrs(stand.dev, virt_to_page(cpu), 0, 64,
					       DMA_TO_DEVICE,
					       DMA_ATTR_MMIO) == DMA_MAPPING_ERROR);
		assert_true(dma_map_phys(stand.dev, virt_to_phys(cpu), 64, DMA_TO_DEVICE,
					 DMA_ATTR_CC_SHARED) == DMA_MAPPING_ERROR);
		assert_true(dma_map_phys(stand.dev, virt_to_phys(cpu), 64, DMA_TO_DEVICE,
					 DMA_ATTR_REQUIRE_COHERENT) == DMA_MAPPING_ERROR);
		assert_int_equal(dma_map_sg_attrs(stand.dev, &sg, 1, DMA_TO_DEVICE,
						  DMA_ATTR_REQUIRE_COHERENT),
				 0);
		dma = dma_map_single(stand.dev, cpu, 64, DMA_TO_DEVICE);
		assert_false(dma_mapping_error(stand.dev, dma));
		dma_unmap_page_attrs(stand.dev, dma, 64, DMA_TO_DEVICE, DMA_ATTR_MMIO);
		assert_null(stand_event(DMA_EVENT_UNMAP_PHYS));
		dma_unmap_single(stand.dev, dma, 64, DMA_TO_DEVICE);
		assert_non_null(stand_event(DMA_EVENT_UNMAP_PHYS));
		stand_down();
	}
}

/* 30 bits reach no page of the zone that is asked first, once its low ones are gone. */
static void a_lower_zone_serves_what_the_higher_cannot(void **state)
{
	static const struct libdma_range large[] = {
		{ .start = 0x1000, .length = 0x9e000 },
		{ .start = 0x100000, .length = 0x7ff00000 },
	};
	dma_addr_t dma;
	void *cpu;

	(void)state;
	stand_pci((struct libdma_machine_options) { .memory = large, .memory_count = 2 });
	assert_int_equal(dma_set_coherent_mask(stand.dev, DMA_BIT_MASK(30)), 0);
	for (phys_addr_t phys = 1 << 24; phys < 1 << 30; phys += 1 << 12)
		pages_reserve(stand.machine->pages, phys, 1 << 12);
	cpu = dma_alloc_coherent(stand.dev, 8192, &dma, GFP_KERNEL);
	assert_non_null(cpu);
	assert_true(dma + 8192 <= 1 << 24);
	dma_free_coherent(stand.dev, 8192, cpu, dma);
	for (phys_addr_t phys = 1 << 12; phys < 1 << 24; phys += 1 << 12)
		pages_reserve(stand.machine->pages, phys, 1 << 12);
	assert_null(dma_alloc_coherent(stand.dev, 8192, &dma, GFP_KERNEL));
	stand_down();
}

static void a_copy_out_of_reach_is_given_back(void **state)
{
	struct census before, after;
	dma_addr_t dma;
	void *cpu;

	(void)state;
	stand_pci((struct libdma_machine_options) { .swiotlb_force = true });
	cpu = stand_buffer(4096);
	assert_int_equal(dma_set_mask(stand.dev, DMA_BIT_MASK(24)), 0);
	before = census();
	dma = dma_map_single(stand.dev, cpu, 4096, DMA_TO_DEVICE);
	assert_true(dma == DMA_MAPPING_ERROR);
	expect_logged("overflow (mask ffffff, bus limit 0)");
	after = census();
	assert_null(differs_here(&before, &after));
	stand_down();
}

static void an_untrusted_device_needs_bounce_buffers(void **state)
{
	dma_addr_t dma;
	char *cpu;

	(void)state;
	stand_up((struct libdma_machine_options) { .iommu = LIBDMA_IOMMU_STRICT,
						   .swiotlb_off = true },
		 (struct libdma_device_options) {
			 .pci = true, .coherent = true, .untrusted = true });
	cpu = stand_buffer(8192);
	assert_true(dma_map_single(stand.dev, cpu + 8, 64, DMA_TO_DEVICE) ==
		    DMA_MAPPING_ERROR);
	expect_logged("bounce buffers are inactive");
	dma = dma_map_single(stand.dev, cpu, 4096, DMA_TO_DEVICE);
	assert_false(dma_mapping_error(stand.dev, dma));
	dma_unmap_single(stand.dev, dma, 4096, DMA_TO_DEVICE);
	stand_down();
}

static void a_sync_beyond_the_buffer_is_told(void **state)
{
	unsigned int logged;
	dma_addr_t dma;
	void *cpu;

	(void)state;
	stand_pci((struct libdma_machine_options) { .swiotlb_force = true,
						    .kernel = DMA_KERNEL_6_12 });
	cpu = stand_buffer(8192);
	dma = dma_map_single(stand.dev, cpu, 3000, DMA_BIDIRECTIONAL);
	dma_sync_single_for_cpu(stand.dev, dma, 3000, DMA_BIDIRECTIONAL);
	logged = stand.logged;
	assert_int_equal(logged, 0);
	dma_sync_single_for_cpu(stand.dev, dma + 1000, 3000, DMA_BIDIRECTIONAL);
	expect_logged("overflow detected");
	dma_unmap_single(stand.dev, dma, 3000, DMA_BIDIRECTIONAL);
	stand_down();
}

/* One domain: what one is given the other is not, and it outlives the first to leave. */
static void devices_of_a_group_share_addresses(void **state)
{
	static const struct libdma_range none[] = { { 0 } };
	struct device *other;
	dma_addr_t first, second;
	unsigned char seen[4];
	char *cpu;

	(void)state;
	stand_up((struct libdma_machine_options) { .iommu = LIBDMA_IOMMU_STRICT,
						   .reserved = none,
						   .reserved_count = 1 },
		 (struct libdma_device_options) { .coherent = true, .group = 5 });
	assert_int_equal(libdma_device_create(
				 stand.machine,
				 &(struct libdma_device_options) {
					 .name = "other", .coherent = true, .group = 5 },
				 &other),
			 0);
	cpu = stand_buffer(8192);
	memcpy(cpu, "mine", 4);
	first = dma_map_single(stand.dev, cpu, 4096, DMA_TO_DEVICE);
	second = dma_map_single(other, cpu + 4096, 4096, DMA_TO_DEVICE);
	assert_true(first != second);
	assert_int_equal(libdma_device_read(other, first, seen, 4, NULL), 4);
	assert_memory_equal(seen, "mine", 4);
	dma_unmap_single(other, second, 4096, DMA_TO_DEVICE);
	libdma_device_destroy(other);
	assert_null(libdma_device_find(stand.machine, "other"));
	assert_int_equal(libdma_device_read(stand.dev, first, seen, 4, NULL), 4);
	dma_unmap_single(stand.dev, first, 4096, DMA_TO_DEVICE);
	stand_down();
}

static void a_device_puts_no_more_on_the_bus_than_its_mask(void **state)
{
	enum libdma_fault fault;
	unsigned char byte;

	(void)state;
	stand_pci((struct libdma_machine_options) { 0 });
	assert_int_equal(dma_set_mask_and_coherent(stand.dev, DMA_BIT_MASK(32)), 0);
	assert_int_equal(libdma_device_read(stand.dev, 1ULL << 32, &byte, 1, &fault), 0);
	assert_int_equal(fault, LIBDMA_FAULT_MASK);
	assert_int_equal(libdma_device_read(stand.dev, 1ULL << 31, &byte, 1, &fault), 0);
	assert_int_equal(fault, LIBDMA_FAULT_NO_MEMORY);
	stand_down();
}

static void events_name_flags_as_drivers_write_them(void **state)
{
	static const struct {
		gfp_t gfp;
		const char *name;
	} flags[] = {
		{ GFP_KERNEL, "GFP_KERNEL" },
		{ GFP_ATOMIC | __GFP_NOWARN, "GFP_ATOMIC|__GFP_NOWARN" },
		{ GFP_KERNEL | __GFP_NOFAIL, "GFP_KERNEL|0x4000" },
	};
	const struct libdma_strings *strings;
	dma_addr_t dma;
	void *cpu;

	(void)state;
	stand_pci((struct libdma_machine_options) { 0 });
	strings = libdma_machine_strings(stand.machine);
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		cpu = dma_alloc_coherent(stand.dev, 64, &dma, flags[i].gfp);
		assert_string_equal(
			libdma_strings_get(strings, stand_event(DMA_EVENT_ALLOC)->gfp),
			flags[i].name);
		dma_free_coherent(stand.dev, 64, cpu, dma);
	}
	stand.dev->coherent_dma_mask = 0;
	assert_null(dma_alloc_coherent(stand.dev, 64, &dma, GFP_KERNEL));
	dma_free_noncontiguous(stand.dev, 64, NULL, DMA_TO_DEVICE);
	stand_down();
}

static void managed_memory_is_freed_by_what_it_was(void **state)
{
	dma_addr_t dma;
	void *cpu;

	(void)state;
	stand_pci((struct libdma_machine_options) { 0 });
	cpu = dma_alloc_coherent(stand.dev, 4096, &dma, GFP_KERNEL);
	dmam_free_coherent(stand.dev, 4096, cpu, dma);
	expect_logged("not managed");
	cpu = dmam_alloc_coherent(stand.dev, 4096, &dma, GFP_KERNEL);
	dmam_free_coherent(stand.dev, 4000, cpu, dma);
	expect_logged("another size or address");
	assert_null(stand.dev->state->managed);
	stand_down();
}

/* A swiotlb that may grow takes memory of its own for what does not fit, and gives it
 * back. */
static void a_full_swiotlb_borrows_for_one_buffer(void **state)
{
	dma_addr_t dma[300];
	struct census before, after;
	char *cpu;
	int count = 0;

	(void)state;
	stand_up(
		(struct libdma_machine_options) { .kernel = DMA_KERNEL_6_12,
						  .swiotlb_force = true,
						  .swiotlb_slots = 1024,
						  .config =
							  LIBDMA_CONFIG_SWIOTLB_DYNAMIC },
		(struct libdma_device_options) { .coherent = true });
	cpu = stand_buffer(1 << 20);
	before = census();
	for (; count < 300; count++) {
		dma[count] = dma_map_single(stand.dev, cpu, 65536, DMA_BIDIRECTIONAL);
		if (dma[count] == DMA_MAPPING_ERROR)
			break;
	}
	assert_true(count > 1024 * 2048 / 65536);
	assert_true(libdma_machine_valid(stand.machine));
	while (count--)
		dma_unmap_single(stand.dev, dma[count], 65536, DMA_BIDIRECTIONAL);
	after = census();
	assert_int_equal(before.slots, after.slots);
	assert_true(libdma_machine_valid(stand.machine));
	stand_down();
}

/* The CPU reaches a region past its caches, so the device sees it at once. */
static void a_region_is_not_cached(void **state)
{
	unsigned char *cpu, seen[4] = { 0 };
	dma_addr_t dma;

	(void)state;
	stand_up((struct libdma_machine_options) { 0 },
		 (struct libdma_device_options) { .coherent = false });
	assert_int_equal(
		dma_declare_coherent_memory(stand.dev, 1ULL << 33, 1ULL << 20, 16384), 0);
	cpu = dma_alloc_coherent(stand.dev, 4096, &dma, GFP_KERNEL);
	assert_non_null(cpu);
	memcpy(cpu, "mine", 4);
	assert_int_equal(libdma_device_read(stand.dev, dma, seen, 4, NULL), 4);
	assert_memory_equal(seen, "mine", 4);
	assert_int_equal(libdma_device_write(stand.dev, dma, "ours", 4, NULL), 4);
	assert_memory_equal(cpu, "ours", 4);
	dma_free_coherent(stand.dev, 4096, cpu, dma);
	stand_down();
}

/* The first entry is translated, and the second, in the middle of a granule, cannot be. */
static void a_list_that_fails_is_told_to_be_unmapped(void **state)
{
	struct scatterlist sg[2];
	unsigned char *cpu;

	(void)state;
	stand_up((struct libdma_machine_options) { .iommu = LIBDMA_IOMMU_STRICT,
						   .granule = 16384 },
		 (struct libdma_device_options) { .pci = true, .coherent = true });
	cpu = stand_buffer(65536);
	sg_init_table(sg, 2);
	sg_set_buf(&sg[0], cpu, 16384);
	sg_set_buf(&sg[1], cpu + 32768 + 4096, 4096);
	assert_int_equal(dma_map_sg(stand.dev, sg, 2, DMA_TO_DEVICE), 0);
	assert_int_equal(stand_event(DMA_EVENT_IOMMU_MAP)->size, 16384);
	assert_int_equal(stand_event(DMA_EVENT_IOMMU_UNMAP)->unmapped, 16384);
	stand_down();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_direction_maps_and_ends_nothing),
		cmocka_unit_test(attributes_of_7_2_forbid_what_they_say),
		cmocka_unit_test(a_lower_zone_serves_what_the_higher_cannot),
		cmocka_unit_test(a_copy_out_of_reach_is_given_back),
		cmocka_unit_test(an_untrusted_device_needs_bounce_buffers),
		cmocka_unit_test(a_sync_beyond_the_buffer_is_told),
		cmocka_unit_test(devices_of_a_group_share_addresses),
		cmocka_unit_test(a_device_puts_no_more_on_the_bus_than_its_mask),
		cmocka_unit_test(events_name_flags_as_drivers_write_them),
		cmocka_unit_test(managed_memory_is_freed_by_what_it_was),
		cmocka_unit_test(a_full_swiotlb_borrows_for_one_buffer),
		cmocka_unit_test(a_region_is_not_cached),
		cmocka_unit_test(a_list_that_fails_is_told_to_be_unmapped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
