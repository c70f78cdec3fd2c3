// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Memory of devices behind an IOMMU: in which blocks its pages are taken, and what the
 * CPU gets of it. That a block fills an entry of a translation table is reckoned here by
 * hand, for each granule.
 */
#include <libdma/legacy.h>

#include "dma/remap.h"
#include "hardware/memory.h"
#include "hardware/pages.h"
#include "machine-census.h"

#define MIB (1UL << 20)

static void stand_up_iommu(uint64_t granule, bool coherent)
{
	stand_up((struct libdma_machine_options) { .kernel = DMA_KERNEL_7_2,
						   .iommu = LIBDMA_IOMMU_STRICT,
						   .granule = granule },
		 (struct libdma_device_options) { .pci = true, .coherent = coherent });
	assert_int_equal(dma_set_mask_and_coherent(stand.dev, DMA_BIT_MASK(64)), 0);
}

/* Every second page of the first MiBs goes, so that what is whole lies elsewhere. */
static void scatter(uint64_t first, uint64_t end)
{
	for (phys_addr_t phys = first; phys < end; phys += 2 * PAGE_SIZE)
		pages_reserve(stand.machine->pages, phys, PAGE_SIZE); /* or is taken */
}

/* The runs of pages of a table, and whether each begins where its size asks for. */
static unsigned int runs_of(struct sg_table *table, uint64_t align)
{
	struct scatterlist *sg;
	unsigned int i;

	for_each_sgtable_sg(table, sg,
			    i) if (sg_phys(sg) % align || sg->length % align) return 0;
	return table->orig_nents;
}

static void blocks_fill_entries_of_the_tables(void **state)
{
	static const struct {
		uint64_t granule, size, align;
		unsigned long attrs;
		unsigned int runs; /* 0: as they come */
	} given[] = {
		{ 4096, 4 * MIB, 2 * MIB, 0, 1 },
		{ 4096, 4 * MIB, 4096, DMA_ATTR_ALLOC_SINGLE_PAGES, 0 },
		{ 16384, 4 * MIB, 16384, 0, 0 },
		{ 65536, MIB + 1, 65536, 0, 0 },
		{ 65536, MIB, 65536, DMA_ATTR_ALLOC_SINGLE_PAGES, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(given) / sizeof(given[0]); i++) {
		struct sg_table *table;
		struct census before, after;

		stand_up_iommu(given[i].granule, true);
		scatter(0x1000000, 0x1400000);
		before = census();
		table = dma_alloc_noncontiguous(stand.dev, given[i].size,
						DMA_BIDIRECTIONAL, GFP_KERNEL,
						given[i].attrs);
		assert_non_null(table);
		assert_true(runs_of(table, given[i].align) > 0);
		if (given[i].runs)
			assert_int_equal(runs_of(table, given[i].align), given[i].runs);
		if (given[i].attrs & DMA_ATTR_ALLOC_SINGLE_PAGES &&
		    given[i].granule == PAGE_SIZE)
			assert_int_equal(runs_of(table, 2 * MIB), 0);
		assert_true(table->sgl->dma_address % given[i].granule == 0);
		assert_true(libdma_machine_valid(stand.machine));
		dma_free_noncontiguous(stand.dev, given[i].size, table,
				       DMA_BIDIRECTIONAL);
		after = census();
		assert_null(differs_here(&before, &after));
		stand_down();
	}
}

/* No block of 2 MiB is whole: single pages do. */
static void small_blocks_do_where_large_ones_are_broken(void **state)
{
	struct libdma_range little = { .start = 0x100000, .length = 8 * MIB };
	struct census before, after;
	dma_addr_t dma;
	void *cpu;

	(void)state;
	stand_up((struct libdma_machine_options) { .iommu = LIBDMA_IOMMU_STRICT,
						   .memory = &little,
						   .memory_count = 1,
						   .coherent_pool = 1 << 16,
						   .config = LIBDMA_CONFIG_NO_ZONE_DMA },
		 (struct libdma_device_options) { .coherent = true });
	for (phys_addr_t phys = little.start; phys < little.start + little.length;
	     phys += MIB / 4)
		pages_reserve(stand.machine->pages, phys, PAGE_SIZE);
	before = census();
	cpu = dma_alloc_coherent(stand.dev, 5 * MIB, &dma, GFP_KERNEL);
	assert_non_null(cpu);
	memset(cpu, 1, 5 * MIB);
	dma_free_coherent(stand.dev, 5 * MIB, cpu, dma);
	assert_null(dma_alloc_coherent(stand.dev, 9 * MIB, &dma, GFP_KERNEL));
	after = census();
	assert_null(differs_here(&before, &after));
	stand_down();
}

/* 16 MiB: no buddy has a block of that size, and no kernel serves such a granule. */
static void a_granule_above_all_blocks_has_no_memory(void **state)
{
	dma_addr_t dma;

	(void)state;
	stand_up_iommu(16 * MIB, true);
	assert_null(dma_alloc_coherent(stand.dev, 4096, &dma, GFP_KERNEL));
	stand_down();
}

/* The tables translate whole blocks: what a device reads through them is in order. */
static void a_device_sees_the_blocks_in_order(void **state)
{
	static const uint64_t granules[] = { 4096, 16384, 65536 };

	(void)state;
	for (size_t i = 0; i < sizeof(granules) / sizeof(granules[0]); i++) {
		dma_addr_t dma;
		uint32_t *cpu, seen;

		stand_up_iommu(granules[i], i & 1);
		scatter(0x1000000, 0x1100000);
		cpu = dma_alloc_coherent(stand.dev, 3 * MIB, &dma, GFP_KERNEL);
		assert_non_null(cpu);
		for (uint32_t page = 0; page < 3 * MIB / PAGE_SIZE; page++)
			cpu[page * PAGE_SIZE / sizeof(*cpu)] = page + 1;
		for (uint32_t page = 0; page < 3 * MIB / PAGE_SIZE; page++) {
			assert_int_equal(libdma_device_read(stand.dev,
							    dma + page * PAGE_SIZE, &seen,
							    sizeof(seen), NULL),
					 sizeof(seen));
			assert_int_equal(seen, page + 1);
		}
		dma_free_coherent(stand.dev, 3 * MIB, cpu, dma);
		stand_down();
	}
}

/* Coherent memory bypasses the caches, and then has no linear address; pieces do not. */
static void only_coherent_memory_bypasses_the_caches(void **state)
{
	struct sg_table *table;
	unsigned char *cpu, seen[4];
	dma_addr_t dma;

	(void)state;
	stand_up_iommu(4096, false);
	cpu = dma_alloc_attrs(stand.dev, 8192, &dma, GFP_KERNEL,
			      DMA_ATTR_FORCE_CONTIGUOUS);
	assert_non_null(cpu);
	assert_false(memory_owns(stand.machine->memory, cpu));
	assert_true(dma_map_single(stand.dev, cpu, 64, DMA_TO_DEVICE) ==
		    DMA_MAPPING_ERROR);
	memcpy(cpu, "same", 4);
	libdma_device_read(stand.dev, dma, seen, 4, NULL);
	assert_memory_equal(seen, "same", 4);
	dma_free_attrs(stand.dev, 8192, cpu, dma, DMA_ATTR_FORCE_CONTIGUOUS);
	assert_null(stand.dev->state->remaps);

	table = dma_alloc_noncontiguous(stand.dev, 8192, DMA_BIDIRECTIONAL, GFP_KERNEL,
					0);
	cpu = dma_vmap_noncontiguous(stand.dev, 8192, table);
	memcpy(cpu, "late", 4);
	libdma_device_read(stand.dev, table->sgl->dma_address, seen, 4, NULL);
	assert_memory_equal(seen, "\0\0\0\0", 4);
	dma_sync_sgtable_for_device(stand.dev, table, DMA_BIDIRECTIONAL);
	libdma_device_read(stand.dev, table->sgl->dma_address, seen, 4, NULL);
	assert_memory_equal(seen, "late", 4);
	dma_vunmap_noncontiguous(stand.dev, cpu);
	dma_free_noncontiguous(stand.dev, 8192, table, DMA_BIDIRECTIONAL);
	stand_down();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(blocks_fill_entries_of_the_tables),
		cmocka_unit_test(small_blocks_do_where_large_ones_are_broken),
		cmocka_unit_test(a_granule_above_all_blocks_has_no_memory),
		cmocka_unit_test(a_device_sees_the_blocks_in_order),
		cmocka_unit_test(only_coherent_memory_bypasses_the_caches),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
