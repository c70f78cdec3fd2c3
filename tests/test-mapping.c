// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Streaming mappings as a driver makes them, and what its device then sees. The same
 * steps run on every backend: bytes must not depend on it.
 */
#include <errno.h>

#include "dice.h"
#include "machine-stand.h"

#define SIZE 5000

static const struct backend {
	const char *name;
	struct libdma_machine_options options;
	struct libdma_device_options device;
} backends[] = {
	{ "direct", { 0 }, { .pci = true, .coherent = true } },
	{ "direct, not coherent", { .kernel = DMA_KERNEL_7_2 }, { .pci = true } },
	{ "swiotlb", { .swiotlb_force = true }, { .pci = true, .coherent = true } },
	{ "swiotlb, not coherent", { .swiotlb_force = true }, { .pci = true } },
	{ "strict", { .iommu = LIBDMA_IOMMU_STRICT }, { .pci = true, .coherent = true } },
	{ "strict, not coherent", { .iommu = LIBDMA_IOMMU_STRICT }, { .pci = true } },
	{ "lazy",
	  { .kernel = DMA_KERNEL_6_12, .iommu = LIBDMA_IOMMU_LAZY },
	  { .pci = true, .coherent = true } },
	{ "untrusted",
	  { .kernel = DMA_KERNEL_7_2,
	    .iommu = LIBDMA_IOMMU_STRICT,
	    .swiotlb_slots = 2048 },
	  { .pci = true, .coherent = true, .untrusted = true } },
	{ "untrusted in 6.1",
	  { .iommu = LIBDMA_IOMMU_LAZY, .swiotlb_slots = 2048 },
	  { .pci = true, .coherent = true, .untrusted = true } },
};

static void fill(unsigned char *bytes, size_t size, unsigned char seed)
{
	for (size_t i = 0; i < size; i++)
		bytes[i] = (unsigned char)(seed + i * 7);
}

static void device_sees(dma_addr_t dma, const unsigned char *bytes, size_t size)
{
	unsigned char seen[SIZE];
	enum libdma_fault fault;

	assert_int_equal(libdma_device_read(stand.dev, dma, seen, size, &fault), size);
	assert_int_equal(fault, LIBDMA_FAULT_NONE);
	assert_memory_equal(seen, bytes, size);
}

static void device_writes(dma_addr_t dma, const unsigned char *bytes, size_t size)
{
	assert_int_equal(libdma_device_write(stand.dev, dma, bytes, size, NULL), size);
}

static void transfer(unsigned char *cpu, const char *backend)
{
	unsigned char bytes[SIZE];
	dma_addr_t dma;

	fill(cpu, SIZE, 1);
	dma = dma_map_single(stand.dev, cpu, SIZE, DMA_TO_DEVICE);
	if (dma_mapping_error(stand.dev, dma))
		fail_msg("%s: cannot map", backend);
	device_sees(dma, cpu, SIZE);
	dma_unmap_single(stand.dev, dma, SIZE, DMA_TO_DEVICE);

	dma = dma_map_single(stand.dev, cpu, SIZE, DMA_FROM_DEVICE);
	assert_int_equal(dma_mapping_error(stand.dev, dma), 0);
	fill(bytes, SIZE, 99);
	device_writes(dma, bytes, SIZE);
	dma_unmap_single(stand.dev, dma, SIZE, DMA_FROM_DEVICE);
	assert_memory_equal(cpu, bytes, SIZE);

	dma = dma_map_single(stand.dev, cpu, SIZE, DMA_BIDIRECTIONAL);
	assert_int_equal(dma_mapping_error(stand.dev, dma), 0);
	fill(bytes, 100, 3);
	device_writes(dma + 1000, bytes, 100);
	dma_sync_single_range_for_cpu(stand.dev, dma, 1000, 100, DMA_BIDIRECTIONAL);
	assert_memory_equal(cpu + 1000, bytes, 100);
	fill(cpu + 2000, 64, 8);
	dma_sync_single_for_device(stand.dev, dma + 2000, 64, DMA_BIDIRECTIONAL);
	device_sees(dma + 2000, cpu + 2000, 64);
	dma_unmap_single(stand.dev, dma, SIZE, DMA_BIDIRECTIONAL);
}

static void bytes_do_not_depend_on_the_backend(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(backends) / sizeof(backends[0]); i++) {
		unsigned char *cpu;

		stand_up(backends[i].options, backends[i].device);
		assert_int_equal(dma_set_mask(stand.dev, DMA_BIT_MASK(64)), 0);
		cpu = stand_buffer(3 * PAGE_SIZE);
		transfer(cpu, backends[i].name);
		transfer(cpu + 64, backends[i].name);
		transfer(cpu + 4096 - 64, backends[i].name);
		libdma_memory_free(stand.machine, cpu, 3 * PAGE_SIZE);
		stand_down();
	}
}

static void build_list(struct scatterlist *sg, unsigned char *cpu, unsigned int nents)
{
	sg_init_table(sg, nents);
	for (unsigned int i = 0; i < nents; i++) {
		unsigned int offset = i % 3 ? 0 : 256, size = i % 4 ? 4096 - offset : 512;

		sg_set_buf(&sg[i], cpu + i * PAGE_SIZE + offset, size);
	}
}

/* What the device finds in the segments, one after the other, is what the pieces hold. */
static void segments_hold_the_pieces(struct scatterlist *sgl, int nents, int ents)
{
	static unsigned char pieces[16 * PAGE_SIZE], seen[16 * PAGE_SIZE];
	struct scatterlist *sg;
	size_t size = 0, at = 0;
	int i;

	for_each_sg(sgl, sg, nents, i)
	{
		memcpy(pieces + size, libdma_memory_cpu(stand.machine, sg_phys(sg)),
		       sg->length);
		size += sg->length;
	}
	for_each_sg(sgl, sg, ents, i)
	{
		assert_int_equal(libdma_device_read(stand.dev, sg_dma_address(sg),
						    seen + at, sg_dma_len(sg), NULL),
				 sg_dma_len(sg));
		at += sg_dma_len(sg);
	}
	assert_int_equal(at, size);
	assert_memory_equal(seen, pieces, size);
}

static void a_list_reaches_the_device_whole(void **state)
{
	struct scatterlist sg[12];

	(void)state;
	for (size_t i = 0; i < sizeof(backends) / sizeof(backends[0]); i++) {
		unsigned char *cpu;
		int ents;

		stand_up(backends[i].options, backends[i].device);
		assert_int_equal(dma_set_mask(stand.dev, DMA_BIT_MASK(64)), 0);
		cpu = stand_buffer(12 * PAGE_SIZE);
		fill(cpu, 12 * PAGE_SIZE, (unsigned char)i);
		build_list(sg, cpu, 12);
		ents = (int)dma_map_sg(stand.dev, sg, 12, DMA_TO_DEVICE);
		assert_in_range(ents, 1, 12);
		segments_hold_the_pieces(sg, 12, ents);
		dma_unmap_sg(stand.dev, sg, 12, DMA_TO_DEVICE);
		stand_down();
	}
}

static void an_address_that_is_unmapped_faults(void **state)
{
	enum libdma_fault fault;
	unsigned char byte = 1;
	dma_addr_t dma;
	void *cpu;

	(void)state;
	stand_pci((struct libdma_machine_options) { .iommu = LIBDMA_IOMMU_STRICT });
	cpu = stand_buffer(PAGE_SIZE);
	dma = dma_map_single(stand.dev, cpu, PAGE_SIZE, DMA_TO_DEVICE);
	assert_int_equal(libdma_device_write(stand.dev, dma, &byte, 1, &fault), 0);
	assert_int_equal(fault, LIBDMA_FAULT_PERMISSION);
	assert_int_equal(stand_event(DMA_EVENT_IOMMU_IO_PAGE_FAULT)->dma, dma);
	dma_unmap_single(stand.dev, dma, PAGE_SIZE, DMA_TO_DEVICE);
	assert_int_equal(libdma_device_read(stand.dev, dma, &byte, 1, &fault), 0);
	assert_int_equal(fault, LIBDMA_FAULT_UNMAPPED);
	stand_down();
}

/* Until the flush a device still reaches what was unmapped: the price of lazy mode. */
static void lazy_mode_forgets_late(void **state)
{
	enum libdma_fault fault;
	unsigned char byte;
	dma_addr_t dma;
	void *cpu;

	(void)state;
	stand_pci((struct libdma_machine_options) { .iommu = LIBDMA_IOMMU_LAZY });
	cpu = stand_buffer(PAGE_SIZE);
	dma = dma_map_single(stand.dev, cpu, PAGE_SIZE, DMA_BIDIRECTIONAL);
	assert_int_equal(libdma_device_read(stand.dev, dma, &byte, 1, &fault), 1);
	dma_unmap_single(stand.dev, dma, PAGE_SIZE, DMA_BIDIRECTIONAL);
	assert_int_equal(libdma_device_read(stand.dev, dma, &byte, 1, &fault), 1);
	assert_true(dma_map_single(stand.dev, cpu, PAGE_SIZE, DMA_BIDIRECTIONAL) != dma);
	libdma_machine_set_time(stand.machine, 20000000);
	assert_int_equal(libdma_device_read(stand.dev, dma, &byte, 1, &fault), 0);
	assert_int_equal(fault, LIBDMA_FAULT_UNMAPPED);
	stand_down();
}

static void strict_mode_gives_the_same_address_again(void **state)
{
	dma_addr_t dma;
	void *cpu;

	(void)state;
	stand_pci((struct libdma_machine_options) { .iommu = LIBDMA_IOMMU_STRICT });
	cpu = stand_buffer(PAGE_SIZE);
	dma = dma_map_single(stand.dev, cpu, PAGE_SIZE, DMA_TO_DEVICE);
	assert_true(dma == 0xfffff000);
	dma_unmap_single(stand.dev, dma, PAGE_SIZE, DMA_TO_DEVICE);
	assert_true(dma_map_single(stand.dev, cpu, 100, DMA_TO_DEVICE) == dma);
	stand_down();
}

static void what_the_device_cannot_reach_is_an_error_or_bounced(void **state)
{
	static const struct libdma_range memory[] = { { 0x1000, 0x7ffff000, NULL },
						      { 0x100000000, 0x40000000, NULL } };
	struct libdma_machine_options options = { .memory = memory,
						  .memory_count = 2,
						  .swiotlb_off = true };
	dma_addr_t dma;
	void *cpu;

	(void)state;
	for (int bounce = 0; bounce < 2; bounce++) {
		options.swiotlb_off = !bounce;
		stand_up(options, (struct libdma_device_options) { .pci = true,
								   .coherent = true });
		cpu = libdma_memory_cpu(stand.machine, 0x120000000);
		dma = dma_map_single(stand.dev, cpu, 4096, DMA_TO_DEVICE);
		if (bounce) {
			assert_true(dma < 0x100000000);
			assert_non_null(stand_event(DMA_EVENT_SWIOTLB_BOUNCED));
			assert_int_equal(stand_event(DMA_EVENT_SWIOTLB_BOUNCED)->flags,
					 0);
			dma_unmap_single(stand.dev, dma, 4096, DMA_TO_DEVICE);
		} else {
			assert_int_equal(dma_mapping_error(stand.dev, dma), -ENOMEM);
			assert_non_null(strstr(stand.log, "overflow"));
			assert_int_equal(stand_event(DMA_EVENT_MAP_PAGE)->error, -ENOMEM);
		}
		stand_down();
	}
}

static void a_full_swiotlb_says_how_full(void **state)
{
	struct libdma_machine_options options = { .swiotlb_force = true,
						  .swiotlb_slots = 512,
						  .swiotlb_areas = 1 };
	dma_addr_t dma;
	void *cpu;

	(void)state;
	stand_pci(options);
	cpu = stand_buffer(1 << 20);
	dma = dma_map_single(stand.dev, cpu, 262145, DMA_TO_DEVICE);
	assert_int_equal(dma_mapping_error(stand.dev, dma), -ENOMEM);
	assert_string_equal(stand.log, "0000:00:02.0: swiotlb buffer is full (sz: 262145 "
				       "bytes), total 512 (slots), used 0 (slots)");
	assert_int_equal(dma_max_mapping_size(stand.dev), 262144);
	stand_down();
}

static void addresses_outside_linear_memory_are_refused(void **state)
{
	static char own[64];

	(void)state;
	stand_pci((struct libdma_machine_options) { 0 });
	assert_true(dma_map_single(stand.dev, own, sizeof(own), DMA_TO_DEVICE) ==
		    DMA_MAPPING_ERROR);
	assert_non_null(strstr(stand.log, "vmalloc"));
	stand_down();
}

static void wrong_directions_are_told_and_change_nothing(void **state)
{
	void *cpu;

	(void)state;
	stand_pci((struct libdma_machine_options) { 0 });
	cpu = stand_buffer(PAGE_SIZE);
	assert_true(dma_map_single(stand.dev, cpu, 1, DMA_NONE) == DMA_MAPPING_ERROR);
	assert_non_null(strstr(stand.log, "BUG"));
	assert_null(stand_event(DMA_EVENT_MAP_PAGE));
	stand_down();
}

static void an_empty_list_is_an_error(void **state)
{
	struct scatterlist sg[1];
	struct sg_table table = { sg, 0, 0 };

	(void)state;
	sg_init_table(sg, 1);
	stand_pci((struct libdma_machine_options) { 0 });
	assert_int_equal(dma_map_sg(stand.dev, sg, 0, DMA_TO_DEVICE), 0);
	assert_int_equal(dma_map_sgtable(stand.dev, &table, DMA_TO_DEVICE, 0), -EIO);
	stand.dev->dma_mask = NULL;
	assert_int_equal(dma_map_sgtable(stand.dev, &table, DMA_TO_DEVICE, 0), 0);
	assert_int_equal(table.nents, 0);
	stand_down();
}

static void seven_two_obeys_its_attributes(void **state)
{
	struct libdma_machine_options options = { .kernel = DMA_KERNEL_7_2,
						  .swiotlb_force = true };
	phys_addr_t phys;
	dma_addr_t dma;
	void *cpu;

	(void)state;
	stand_pci(options);
	cpu = stand_buffer(PAGE_SIZE);
	phys = virt_to_phys(cpu);
	assert_true(dma_map_phys(stand.dev, phys, 64, DMA_TO_DEVICE, DMA_ATTR_MMIO) ==
		    DMA_MAPPING_ERROR);
	assert_true(dma_map_phys(stand.dev, phys, 64, DMA_TO_DEVICE,
				 DMA_ATTR_REQUIRE_COHERENT) == DMA_MAPPING_ERROR);
	assert_true(dma_map_phys(stand.dev, phys, 64, DMA_TO_DEVICE,
				 DMA_ATTR_CC_SHARED) == phys);
	dma = dma_map_phys(stand.dev, phys, 64, DMA_TO_DEVICE, 0);
	assert_true(dma != phys && dma != DMA_MAPPING_ERROR);
	assert_int_equal(stand_event(DMA_EVENT_MAP_PHYS)->phys, phys);
	stand_down();

	options.swiotlb_force = false;
	stand_pci(options);
	assert_true(dma_map_resource(stand.dev, 0xfeb00000, 4096, DMA_BIDIRECTIONAL, 0) ==
		    0xfeb00000);
	assert_int_equal(stand_event(DMA_EVENT_MAP_PHYS)->attrs, DMA_ATTR_MMIO);
	assert_true(dma_map_phys(stand.dev, 0x1000, 64, DMA_TO_DEVICE,
				 DMA_ATTR_CC_SHARED) == DMA_MAPPING_ERROR);
	assert_false(dma_need_unmap(stand.dev));
	stand_down();
}

static void the_first_bounce_ends_skipping_syncs(void **state)
{
	struct libdma_machine_options options = { .kernel = DMA_KERNEL_6_12,
						  .swiotlb_force = true };
	dma_addr_t dma;
	void *cpu;

	(void)state;
	stand_pci(options);
	cpu = stand_buffer(PAGE_SIZE);
	assert_true(stand.dev->dma_skip_sync);
	dma_sync_single_for_cpu(stand.dev, 0x1000, 64, DMA_FROM_DEVICE);
	assert_null(stand_event(DMA_EVENT_SYNC_SINGLE_FOR_CPU));
	dma = dma_map_single(stand.dev, cpu, 64, DMA_FROM_DEVICE);
	assert_false(stand.dev->dma_skip_sync);
	assert_true(dma_need_sync(stand.dev, dma));
	dma_sync_single_for_cpu(stand.dev, dma, 64, DMA_FROM_DEVICE);
	assert_non_null(stand_event(DMA_EVENT_SYNC_SINGLE_FOR_CPU));
	dma_unmap_single(stand.dev, dma, 64, DMA_FROM_DEVICE);
	stand_down();
}

/* A failure of the model's own allocations leaves no trace, wherever it strikes. */
static void failed_mappings_leave_nothing_behind(void **state)
{
	struct scatterlist sg[12];

	(void)state;
	for (size_t i = 0; i < sizeof(backends) / sizeof(backends[0]); i++) {
		unsigned char *cpu;
		int failures = 0;

		stand_up(backends[i].options, backends[i].device);
		assert_int_equal(dma_set_mask(stand.dev, DMA_BIT_MASK(64)), 0);
		cpu = stand_buffer(12 * PAGE_SIZE);
		build_list(sg, cpu, 12);
		for (uint64_t nth = 1; nth < 30; nth++) {
			int ents;

			libdma_machine_fail(stand.machine, nth, 0, 0);
			ents = (int)dma_map_sg(stand.dev, sg, 12, DMA_TO_DEVICE);
			libdma_machine_fail(stand.machine, 0, 0, 0);
			assert_true(libdma_machine_valid(stand.machine));
			failures += !ents;
			if (ents)
				dma_unmap_sg(stand.dev, sg, 12, DMA_TO_DEVICE);
		}
		if (backends[i].options.iommu)
			assert_true(failures > 0);
		stand_down();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_do_not_depend_on_the_backend),
		cmocka_unit_test(a_list_reaches_the_device_whole),
		cmocka_unit_test(an_address_that_is_unmapped_faults),
		cmocka_unit_test(lazy_mode_forgets_late),
		cmocka_unit_test(strict_mode_gives_the_same_address_again),
		cmocka_unit_test(what_the_device_cannot_reach_is_an_error_or_bounced),
		cmocka_unit_test(a_full_swiotlb_says_how_full),
		cmocka_unit_test(addresses_outside_linear_memory_are_refused),
		cmocka_unit_test(wrong_directions_are_told_and_change_nothing),
		cmocka_unit_test(an_empty_list_is_an_error),
		cmocka_unit_test(seven_two_obeys_its_attributes),
		cmocka_unit_test(the_first_bounce_ends_skipping_syncs),
		cmocka_unit_test(failed_mappings_leave_nothing_behind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
