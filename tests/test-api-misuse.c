// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What no driver should do, on every backend: absurd sizes and addresses, frees of what
 * is not there, options that contradict each other. Nothing crashes or wraps, and what
 * was wrong changes nothing.
 */
#include <errno.h>

#include "dice.h"
#include "machine-census.h"
#include "valgrind.h"

static const struct backend {
	struct libdma_machine_options options;
	struct libdma_device_options device;
} backends[] = {
	{ { 0 }, { .pci = true, .coherent = true } },
	{ { .kernel = DMA_KERNEL_7_2, .cma_size = 16 << 20 }, { .pci = true } },
	{ { .kernel = DMA_KERNEL_6_12, .swiotlb_force = true }, { .coherent = true } },
	{ { .kernel = DMA_KERNEL_6_12, .swiotlb_force = true }, { .pci = true } },
	{ { .iommu = LIBDMA_IOMMU_STRICT }, { .pci = true, .coherent = true } },
	{ { .kernel = DMA_KERNEL_7_2, .iommu = LIBDMA_IOMMU_STRICT }, { .pci = true } },
	{ { .kernel = DMA_KERNEL_6_12, .iommu = LIBDMA_IOMMU_STRICT, .swiotlb_slots = 4096 },
	  { .pci = true, .coherent = true, .untrusted = true } },
	{ { .kernel = DMA_KERNEL_7_2, .iommu = LIBDMA_IOMMU_LAZY }, { .pci = true } },
};

#define BACKENDS (sizeof(backends) / sizeof(backends[0]))

static void stand_up_backend(size_t i)
{
	stand_up(backends[i].options, backends[i].device);
	assert_int_equal(dma_set_mask_and_coherent(stand.dev, DMA_BIT_MASK(64)), 0);
}

static void sizes_that_wrap_are_refused(void **state)
{
	static const size_t sizes[] = { SIZE_MAX,     SIZE_MAX - 1,	SIZE_MAX - PAGE_SIZE,
					SIZE_MAX / 2, SIZE_MAX / 2 + 1, 1UL << 50,
					1UL << 31,    0 };

	(void)state;
	for (size_t i = 0; i < BACKENDS; i += valgrind_stride(3)) {
		stand_up_backend(i);
		for (size_t j = 0; j < sizeof(sizes) / sizeof(sizes[0]); j++) {
			size_t size = sizes[j];
			dma_addr_t dma;

			assert_null(dma_alloc_coherent(stand.dev, size, &dma, GFP_KERNEL));
			assert_null(dma_alloc_coherent(stand.dev, size, &dma, GFP_ATOMIC));
			assert_null(dma_alloc_pages(stand.dev, size, &dma, DMA_TO_DEVICE,
						    GFP_KERNEL));
			assert_null(dma_alloc_noncontiguous(stand.dev, size, DMA_TO_DEVICE,
							    GFP_KERNEL, 0));
			assert_null(dmam_alloc_coherent(stand.dev, size, &dma, GFP_KERNEL));
			assert_null(libdma_memory_alloc(stand.machine, size, GFP_KERNEL));
			if (backends[i].options.kernel != DMA_KERNEL_6_1)
				assert_null(dma_pool_create("p", stand.dev, size, 0, 0));
		}
		stand_down();
	}
}

static unsigned char *buffer;

/* Calls with dice for arguments: no crash, no endless loop, invariants hold. */
static void wild_calls_change_nothing_that_matters(void **state)
{
	static const uint64_t odd[] = { 0,	     1,	   4095,	 4096,
					0xfee00000,  1ULL << 40, 1ULL << 63, ~0ULL - 4096,
					~0ULL,	     0x100000,	 0x3ffff000, 0x7f000010 };

	(void)state;
	for (size_t i = 0; i < BACKENDS; i += valgrind_stride(3)) {
		stand_up_backend(i);
		buffer = stand_buffer(16 * PAGE_SIZE);
		for (int round = 0; round < (int)(300 / valgrind_stride(10)); round++) {
			uint64_t a = odd[roll(12)], b = odd[roll(12)];
			uint64_t size = b >> 63 ? b : b & 0xfffff;
			enum dma_data_direction dir = (enum dma_data_direction)roll(3);
			unsigned char bytes[64];
			struct scatterlist sg;
			dma_addr_t dma;

			dma = dma_map_phys(stand.dev, a, size, dir, 0);
			if (dma != DMA_MAPPING_ERROR && roll(2))
				dma_unmap_phys(stand.dev, dma, size, dir, 0);
			dma = dma_map_resource(stand.dev, a, size & 0xfffff, dir, 0);
			if (dma != DMA_MAPPING_ERROR)
				dma_unmap_resource(stand.dev, dma, size & 0xfffff, dir, 0);
			dma_sync_single_for_cpu(stand.dev, a, size, dir);
			dma_sync_single_for_device(stand.dev, a, size, dir);
			dma_unmap_page(stand.dev, a, size & 0xffff, dir);
			dma_need_sync(stand.dev, a);
			libdma_device_read(stand.dev, a, bytes, sizeof(bytes), NULL);
			libdma_device_write(stand.dev, a | 1ULL << 50, bytes, sizeof(bytes),
					    NULL);
			sg_init_table(&sg, 1);
			sg_set_page(&sg, phys_to_page(a & ((1ULL << 42) - 1)),
				    (unsigned int)b, (unsigned int)(b >> 52));
			if (dma_map_sg(stand.dev, &sg, 1, dir))
				dma_unmap_sg(stand.dev, &sg, 1, dir);
			dma_set_mask(stand.dev, DMA_BIT_MASK(64));
		}
		assert_true(libdma_machine_valid(stand.machine));
		stand_down();
	}
}

/* Ranges of IOVAs that nobody was given: the kernel would follow NULL, or cache 0. */
static void ranges_that_do_not_exist_are_told(void **state)
{
	(void)state;
	for (size_t i = 0; i < BACKENDS; i += valgrind_stride(3)) {
		struct dma_iova_state none = { 0 };

		stand_up_backend(i);
		dma_iova_free(stand.dev, &none);
		assert_int_equal(dma_iova_link(stand.dev, &none, 0x100000, 0, 4096,
					       DMA_TO_DEVICE, 0),
				 -EINVAL);
		assert_int_equal(dma_iova_sync(stand.dev, &none, 0, 4096), -EINVAL);
		dma_iova_unlink(stand.dev, &none, 0, 4096, DMA_TO_DEVICE, 0);
		dma_iova_destroy(stand.dev, &none, 0, DMA_TO_DEVICE, 0);
		dma_iova_destroy(stand.dev, &none, 4096, DMA_TO_DEVICE, 0);
		assert_int_equal(stand.logged, 6);
		stand_down();
	}
}

static void freeing_twice_or_by_another_size_is_told(void **state)
{
	(void)state;
	for (size_t i = 0; i < BACKENDS; i += valgrind_stride(3)) {
		dma_addr_t dma;
		void *cpu;
		unsigned int logged;

		stand_up_backend(i);
		cpu = dma_alloc_coherent(stand.dev, 8192, &dma, GFP_KERNEL);
		assert_non_null(cpu);
		dma_free_coherent(stand.dev, 8192, cpu, dma);
		logged = stand.logged;
		dma_free_coherent(stand.dev, 8192, cpu, dma);
		assert_true(stand.logged > logged);
		assert_true(libdma_machine_valid(stand.machine));

		cpu = dmam_alloc_coherent(stand.dev, 8192, &dma, GFP_KERNEL);
		dma_free_coherent(stand.dev, 8192, cpu, dma);
		logged = stand.logged;
		libdma_device_detach_driver(stand.dev);
		assert_true(stand.logged > logged);
		stand_down();
	}
}

static void pools_end_with_their_device_at_the_latest(void **state)
{
	struct dma_pool *pool;
	dma_addr_t dma;

	(void)state;
	stand_pci((struct libdma_machine_options) { 0 });
	assert_null(dma_pool_create(NULL, stand.dev, 64, 0, 0));
	assert_null(dma_pool_create("none", NULL, 64, 0, 0));
	pool = dma_pool_create("left", stand.dev, 64, 0, 0);
	assert_non_null(dma_pool_alloc(pool, GFP_KERNEL, &dma));
	libdma_device_destroy(stand.dev);
	assert_true(stand.logged > 0);
	stand_down();
}

static void no_pool_gives_nothing_and_takes_all(void **state)
{
	dma_addr_t dma = 77;

	(void)state;
	assert_null(dma_pool_alloc(NULL, GFP_KERNEL, &dma));
	assert_null(dma_pool_zalloc(NULL, GFP_ATOMIC, &dma));
	assert_int_equal(dma, 77);
	dma_pool_free(NULL, &dma, dma);
	dma_pool_destroy(NULL);
	dmam_pool_destroy(NULL);
}

/* In the kernel the driver core would end it again: a use after free. */
static void a_managed_pool_ends_once(void **state)
{
	struct dma_pool *pool;
	dma_addr_t dma;
	void *cpu;

	(void)state;
	stand_pci((struct libdma_machine_options) { 0 });
	pool = dmam_pool_create("managed", stand.dev, 64, 0, 0);
	cpu = dma_pool_alloc(pool, GFP_KERNEL, &dma);
	dma_pool_free(pool, cpu, dma);
	dma_pool_destroy(pool);
	assert_non_null(strstr(stand.log, "managed pool"));
	assert_int_equal(stand.logged, 1);
	libdma_device_detach_driver(stand.dev);
	assert_int_equal(stand.logged, 1);
	assert_null(stand.dev->state->managed);

	pool = dma_pool_create("plain", stand.dev, 64, 0, 0);
	dmam_pool_destroy(pool);
	assert_non_null(strstr(stand.log, "not managed"));
	assert_null(stand.dev->state->pools);
	stand_down();
}

/* Two machines: what one gave the other does not take, though both have such a page. */
static void memory_of_another_machine_is_not_freed(void **state)
{
	(void)state;
	for (size_t i = 0; i < BACKENDS; i += valgrind_stride(3)) {
		struct libdma_machine *own, *other;
		dma_addr_t dma, same;
		unsigned int logged;
		void *cpu, *mine;
		struct census before, after;

		assert_int_equal(libdma_machine_create(NULL, &other), 0);
		cpu = libdma_memory_alloc(other, 8192, GFP_KERNEL);
		stand_up_backend(i);
		own = stand.machine;
		mine = dma_alloc_coherent(stand.dev, 8192, &same, GFP_KERNEL);
		dma = same;
		before = census();
		logged = stand.logged;
		dma_free_coherent(stand.dev, 8192, cpu, dma);
		dma_free_attrs(stand.dev, 8192, cpu, dma, DMA_ATTR_NO_KERNEL_MAPPING);
		dma_free_coherent(stand.dev, 8192, &dma, dma);
		assert_int_equal(stand.logged, logged + 3);
		after = census();
		assert_memory_equal(&before, &after, sizeof(after));
		assert_true(libdma_machine_valid(own) && libdma_machine_valid(other));
		dma_free_coherent(stand.dev, 8192, mine, same);
		assert_int_equal(stand.logged, logged + 3);
		libdma_machine_destroy(other);
		stand_down();
	}
}

static void a_window_ends_with_its_allocation(void **state)
{
	struct vm_area_struct vma = { .vm_start = 0x10000, .vm_end = 0x11000 };
	dma_addr_t dma;
	void *cpu;

	(void)state;
	stand_pci((struct libdma_machine_options) { .iommu = LIBDMA_IOMMU_STRICT });
	cpu = dma_alloc_coherent(stand.dev, 2 * PAGE_SIZE, &dma, GFP_KERNEL);
	vma.vm_pgoff = 2;
	assert_int_equal(dma_mmap_coherent(stand.dev, &vma, cpu, dma, 1UL << 30), -ENXIO);
	vma.vm_pgoff = 1;
	assert_int_equal(dma_mmap_coherent(stand.dev, &vma, cpu, dma, 1UL << 30), 0);
	dma_free_coherent(stand.dev, 2 * PAGE_SIZE, cpu, dma);
	stand_down();
}

static void machines_that_cannot_be_are_refused(void **state)
{
	static const struct libdma_range wraps[] = {
		{ .start = ~0ULL, .length = 2 },
	};
	static const struct libdma_range far[] = { { .length = 1ULL << 60 } };
	const struct libdma_machine_options wrong[] = {
		{ .kernel = DMA_KERNELS },
		{ .kernel = (enum dma_kernel) - 1 },
		{ .iommu = (enum libdma_iommu_mode)77 },
		{ .granule = 4097 },
		{ .granule = 1ULL << 40 },
		{ .aperture_end = 4095, .iommu = LIBDMA_IOMMU_STRICT },
		{ .cpus = 1u << 31 },
		{ .cacheline = 48 },
		{ .swiotlb_segment = 3 },
		{ .swiotlb_segment = 1u << 31 },
		{ .swiotlb_start = 1 },
		{ .swiotlb_slots = 1ULL << 62 },
		{ .swiotlb_start = 1ULL << 50, .swiotlb_slots = 1024 },
		{ .cma_size = 1 },
		{ .cma_size = 1ULL << 50 },
		{ .cma_size = 1 << 20, .cma_start = 1ULL << 45 },
		{ .reserved = wraps, .reserved_count = 1 },
		{ .memory = far, .memory_count = 1 },
		{ .memory = far, .memory_count = 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct libdma_machine *machine = NULL;
		int err = libdma_machine_create(&wrong[i], &machine);

		if (err != -EINVAL)
			fail_msg("machine %zu: %d", i, err);
		assert_null(machine);
	}
}

static void devices_that_cannot_be_are_refused(void **state)
{
	static const struct bus_dma_region outside[] = {
		{ 0, 1ULL << 50, 1 << 20 }, { 0 }
	};
	struct libdma_device_options options = { 0 };
	struct device own = { 0 };

	(void)state;
	stand_pci((struct libdma_machine_options) { .iommu = LIBDMA_IOMMU_STRICT });
	assert_int_equal(libdma_device_attach(stand.machine, &options, &own), -EINVAL);
	options.name = "0000:00:02.0";
	assert_int_equal(libdma_device_attach(stand.machine, &options, &own), -EEXIST);
	options = (struct libdma_device_options) { .name = "far", .range_map = outside };
	assert_int_equal(libdma_device_attach(stand.machine, &options, &own), -EFAULT);
	assert_null(own.state);
	stand_down();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes_that_wrap_are_refused),
		cmocka_unit_test(wild_calls_change_nothing_that_matters),
		cmocka_unit_test(ranges_that_do_not_exist_are_told),
		cmocka_unit_test(freeing_twice_or_by_another_size_is_told),
		cmocka_unit_test(pools_end_with_their_device_at_the_latest),
		cmocka_unit_test(no_pool_gives_nothing_and_takes_all),
		cmocka_unit_test(a_managed_pool_ends_once),
		cmocka_unit_test(memory_of_another_machine_is_not_freed),
		cmocka_unit_test(a_window_ends_with_its_allocation),
		cmocka_unit_test(machines_that_cannot_be_are_refused),
		cmocka_unit_test(devices_that_cannot_be_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
