// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Where the pages of allocations come from: which atomic pools a machine has, from what
 * they are made, and how they grow.
 */
#include "alloc/atomic-pool.h"
#include "alloc/contiguous.h"
#include "dma/machine.h"
#include "machine-stand.h"

#define KERNELS 3

static const struct libdma_device_options not_coherent = { .pci = true };

static const struct libdma_range large[] = {
	{ .start = 0x100000, .length = 0xbff00000 },
	{ .start = 0x100000000, .length = 0x100000000 },
};
static const struct libdma_range high[] = { { .start = 1ULL << 36, .length = 1 << 30 } };
static const struct libdma_range tiny[] = { { .start = 0x100000, .length = 0xf00000 } };

static void expect_pools(struct libdma_machine_options options, const char *zones)
{
	stand_up(options, not_coherent);
	for (int zone = 0; zone < MEMORY_ZONES; zone++)
		assert_int_equal(stand.machine->atomic_pool[zone] != NULL,
				 strchr(zones, "d3n"[zone]) != NULL);
	stand_down();
}

/* A17: in 7.2 a zone without memory has no pool; before, only ZONE_DMA has not. */
static void zones_with_memory_have_pools(void **state)
{
	(void)state;
	for (int kernel = 0; kernel < KERNELS; kernel++) {
		bool new = kernel == DMA_KERNEL_7_2;
		struct libdma_machine_options options = {
			.kernel = (enum dma_kernel)kernel
		};

		expect_pools(options, new ? "d3" : "d3n");
		options.config = LIBDMA_CONFIG_NO_ZONE_DMA;
		expect_pools(options, new ? "3" : "3n");
		options.config = 0;
		options.memory = large;
		options.memory_count = 2;
		expect_pools(options, "d3n");
		options.memory = tiny;
		options.memory_count = 1;
		expect_pools(options, new ? "d" : "d3n");
	}
}

/* A16: 128 KiB a GiB, down to a page; the bounce buffers' memory is not counted, that of CMA is. */
static void memory_that_was_reserved_is_not_counted(void **state)
{
	static const struct {
		struct libdma_machine_options options;
		uint64_t size;
	} machine[] = {
		{ { .swiotlb_off = true }, 223 * PAGE_SIZE },
		{ { .swiotlb_off = true, .cma_size = 256 << 20 }, 223 * PAGE_SIZE },
		{ { .swiotlb_slots = 1 << 19 }, 191 * PAGE_SIZE },
	};

	(void)state;
	for (unsigned int i = 0; i < 3; i++) {
		struct libdma_machine_options options = machine[i].options;
		dma_addr_t dma;
		void *cpu;

		options.memory = large;
		options.memory_count = 2;
		stand_up(options, not_coherent);
		/* The pool has 1 MiB; it grows when less than its size is left. */
		cpu = dma_alloc_coherent(stand.dev, (1 << 20) - machine[i].size, &dma,
					 GFP_ATOMIC);
		assert_non_null(cpu);
		assert_int_equal(atomic_pool_size(stand.machine->atomic_pool[1]), 1 << 20);
		dma_free_coherent(stand.dev, (1 << 20) - machine[i].size, cpu, dma);
		cpu = dma_alloc_coherent(stand.dev, (1 << 20) - machine[i].size + PAGE_SIZE,
					 &dma, GFP_ATOMIC);
		assert_non_null(cpu);
		assert_int_equal(atomic_pool_size(stand.machine->atomic_pool[1]), 2 << 20);
		dma_free_coherent(stand.dev, (1 << 20) - machine[i].size + PAGE_SIZE, cpu,
				  dma);
		stand_down();
	}
}

/* A17: where there is no page for a pool, the machine does without it, and says so. */
static void a_pool_without_a_page_is_missing(void **state)
{
	(void)state;
	for (int kernel = 0; kernel < KERNELS; kernel++) {
		struct libdma_machine_options options = {
			.kernel = (enum dma_kernel)kernel,
			.memory = high,
			.memory_count = 1,
			.swiotlb_off = true,
		};

		expect_pools(options, "n");
		stand_up(options, not_coherent);
		if (kernel == DMA_KERNEL_7_2)
			assert_int_equal(stand.logged, 0);
		else
			assert_string_equal(stand.log, "DMA: failed to allocate 128 KiB "
						       "GFP_KERNEL|GFP_DMA32 pool for "
						       "atomic allocation");
		stand_down();
	}
}

/* A19: one allocation that leaves its pool low lets all grow that are. */
static void all_pools_grow_that_are_low(void **state)
{
	(void)state;
	for (int kernel = 0; kernel < KERNELS; kernel++) {
		dma_addr_t dma;
		void *cpu;

		/* No chunk is larger than 4 MiB, so that all are low from the beginning. */
		stand_up((struct libdma_machine_options) { .kernel = (enum dma_kernel)kernel,
							   .memory = large,
							   .memory_count = 2,
							   .coherent_pool = 8 << 20 },
			 not_coherent);
		for (int zone = 0; zone < MEMORY_ZONES; zone++)
			assert_int_equal(
				atomic_pool_size(stand.machine->atomic_pool[zone]),
				4 << 20);
		cpu = dma_alloc_coherent(stand.dev, PAGE_SIZE, &dma, GFP_ATOMIC);
		assert_non_null(cpu);
		for (int zone = 0; zone < MEMORY_ZONES; zone++)
			assert_int_equal(
				atomic_pool_size(stand.machine->atomic_pool[zone]),
				8 << 20);
		dma_free_coherent(stand.dev, PAGE_SIZE, cpu, dma);
		stand_down();
	}
}

/* A16: a chunk comes from the CMA area, where that does not reach beyond the zone. */
static void chunks_come_from_cma_first(void **state)
{
	static const struct {
		phys_addr_t start;
		uint64_t zones; /* whose chunks are there, 128 KiB each */
	} area[] = {
		{ 0x400000, 3 },
		{ 0x2000000, 2 },
		{ 0x100000000, 1 },
	};

	(void)state;
	for (unsigned int i = 0; i < 3; i++) {
		dma_addr_t dma;
		void *cpu;

		stand_up((struct libdma_machine_options) { .kernel = DMA_KERNEL_6_12,
							   .memory = large,
							   .memory_count = 2,
							   .coherent_pool = 128 << 10,
							   .cma_start = area[i].start,
							   .cma_size = 8 << 20 },
			 not_coherent);
		assert_int_equal(contiguous_used(stand.machine->contiguous),
				 area[i].zones * 32);
		assert_int_equal(dma_set_coherent_mask(stand.dev, DMA_BIT_MASK(64)), 0);
		cpu = dma_alloc_coherent(stand.dev, PAGE_SIZE, &dma, GFP_ATOMIC);
		assert_int_equal(dma, area[i].start);
		dma_free_coherent(stand.dev, PAGE_SIZE, cpu, dma);
		stand_down();
	}
}

/* A19: what finds no room is told, unless the caller does not want to know. */
static void an_empty_pool_is_told_of(void **state)
{
	static const enum libdma_iommu_mode modes[] = { LIBDMA_IOMMU_OFF,
							LIBDMA_IOMMU_STRICT };
	dma_addr_t dma;

	(void)state;
	for (unsigned int i = 0; i < 2; i++) {
		stand_up((struct libdma_machine_options) { .iommu = modes[i] },
			 not_coherent);
		assert_null(dma_alloc_coherent(stand.dev, 8 << 20, &dma,
					       GFP_ATOMIC | __GFP_NOWARN));
		assert_int_equal(stand.logged, 0);
		assert_null(dma_alloc_coherent(stand.dev, 8 << 20, &dma, GFP_ATOMIC));
		assert_int_equal(stand.logged, 1);
		stand_down();
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(zones_with_memory_have_pools),
		cmocka_unit_test(memory_that_was_reserved_is_not_counted),
		cmocka_unit_test(a_pool_without_a_page_is_missing),
		cmocka_unit_test(all_pools_grow_that_are_low),
		cmocka_unit_test(chunks_come_from_cma_first),
		cmocka_unit_test(an_empty_pool_is_told_of),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
