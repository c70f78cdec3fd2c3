// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What no driver should do, on every backend: absurd sizes and addresses, frees of what
 * is not there, options that contradict each other. Nothing crashes or wraps, and a call
 * that fails leaves the machine as it was, whichever allocation inside it failed.
 */
#include <errno.h>

#include "alloc/coherent.h"
#include "alloc/iova.h"
#include "alloc/swiotlb.h"
#include "dma/group.h"
#include "dice.h"
#include "dma/machine.h"
#include "hardware/pages.h"
#include "machine-stand.h"

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
	for (size_t i = 0; i < BACKENDS; i++) {
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

/* A machine's own counts: what a failed call must not have changed. */
struct census {
	uint64_t free[MEMORY_ZONES];
	uint64_t iovas;
	uint64_t slots;
	const void *managed, *pools, *region, *remaps;
};

static int count_live(const struct iova_range *range, void *arg)
{
	if (range->state == IOVA_LIVE)
		*(uint64_t *)arg += range->size;
	return 0;
}

static int count_slots(const struct swiotlb_mapping *mapping, void *arg)
{
	(void)mapping;
	++*(uint64_t *)arg;
	return 0;
}

static struct census census(void)
{
	const struct libdma_machine *machine = stand.machine;
	const struct device_state *device = stand.dev->state;
	struct census now = { 0 };

	for (int zone = 0; zone < MEMORY_ZONES; zone++)
		now.free[zone] = pages_count_free(machine->pages, (enum memory_zone)zone);
	if (device->group)
		iova_walk(device->group->iova, count_live, &now.iovas);
	if (machine->swiotlb)
		swiotlb_walk(machine->swiotlb, count_slots, &now.slots);
	now.managed = device->managed;
	now.pools = device->pools;
	now.region = device->region;
	now.remaps = device->remaps;
	return now;
}

static unsigned char *buffer;

/* Each does one thing, undoes it, and says whether it could. */
static bool try_alloc(void)
{
	dma_addr_t dma;
	void *cpu = dma_alloc_coherent(stand.dev, 20000, &dma, GFP_KERNEL);

	if (cpu)
		dma_free_coherent(stand.dev, 20000, cpu, dma);
	return cpu;
}

static bool try_atomic(void)
{
	dma_addr_t dma;
	void *cpu = dma_alloc_coherent(stand.dev, 5000, &dma, GFP_ATOMIC);

	if (cpu)
		dma_free_coherent(stand.dev, 5000, cpu, dma);
	return cpu;
}

static bool try_noncoherent(void)
{
	dma_addr_t dma;
	void *cpu = dma_alloc_noncoherent(stand.dev, 9000, &dma, DMA_FROM_DEVICE,
					  GFP_KERNEL);

	if (cpu)
		dma_free_noncoherent(stand.dev, 9000, cpu, dma, DMA_FROM_DEVICE);
	return cpu;
}

static bool try_noncontiguous(void)
{
	struct sg_table *table = dma_alloc_noncontiguous(stand.dev, 40000,
							 DMA_BIDIRECTIONAL, GFP_KERNEL, 0);
	void *cpu;

	if (!table)
		return false;
	cpu = dma_vmap_noncontiguous(stand.dev, 40000, table);
	if (cpu)
		dma_vunmap_noncontiguous(stand.dev, cpu);
	dma_free_noncontiguous(stand.dev, 40000, table, DMA_BIDIRECTIONAL);
	return cpu;
}

static bool try_managed(void)
{
	dma_addr_t dma;
	void *cpu = dmam_alloc_coherent(stand.dev, 6000, &dma, GFP_KERNEL);

	if (cpu)
		dmam_free_coherent(stand.dev, 6000, cpu, dma);
	return cpu;
}

static bool try_pool(void)
{
	struct dma_pool *pool = dmam_pool_create("tried", stand.dev, 100, 0, 0);
	dma_addr_t dma;
	void *cpu;

	if (!pool)
		return false;
	cpu = dma_pool_zalloc(pool, GFP_KERNEL, &dma);
	if (cpu)
		dma_pool_free(pool, cpu, dma);
	dmam_pool_destroy(pool);
	return cpu;
}

static bool try_map(void)
{
	dma_addr_t dma = dma_map_single(stand.dev, buffer + 10, 9000, DMA_BIDIRECTIONAL);
	bool mapped = dma != DMA_MAPPING_ERROR;

	assert_int_equal(!dma_mapping_error(stand.dev, dma), mapped);
	if (mapped)
		dma_unmap_single(stand.dev, dma, 9000, DMA_BIDIRECTIONAL);
	return mapped;
}

static bool try_map_list(void)
{
	struct sg_table table;
	bool mapped;

	assert_int_equal(sg_alloc_table(&table, 5, GFP_KERNEL), 0);
	for (unsigned int i = 0; i < 5; i++)
		sg_set_buf(&table.sgl[i], buffer + 3 * i * PAGE_SIZE, 5000);
	mapped = !dma_map_sgtable(stand.dev, &table, DMA_TO_DEVICE, 0);
	if (mapped)
		dma_unmap_sgtable(stand.dev, &table, DMA_TO_DEVICE, 0);
	sg_free_table(&table);
	return mapped;
}

static bool try_declare(void)
{
	int err = dma_declare_coherent_memory(stand.dev, 0x100000000, 0x100000000, 65536);

	if (err)
		return false;
	dma_release_coherent_memory(stand.dev);
	return true;
}

static bool try_device(void)
{
	struct device *dev;

	if (libdma_device_create(stand.machine,
				 &(struct libdma_device_options) { .name = "second" }, &dev))
		return false;
	libdma_device_destroy(dev);
	return true;
}

static void any_failure_leaves_the_machine_as_it_was(void **state)
{
	static bool (*const tries[])(void) = {
		try_alloc,   try_atomic, try_noncoherent, try_noncontiguous, try_managed,
		try_pool,    try_map,	 try_map_list,	  try_declare,	     try_device,
	};

	(void)state;
	for (size_t i = 0; i < BACKENDS; i++)
		for (size_t j = 0; j < sizeof(tries) / sizeof(tries[0]); j++) {
			uint64_t nth = 0;
			bool done;

			stand_up_backend(i);
			buffer = stand_buffer(16 * PAGE_SIZE);
			for (int warm = 0; warm < 4; warm++) /* atomic pools grow */
				assert_true(tries[j]());
			do {
				struct census before = census(), after;
				bool tried;

				libdma_machine_fail(stand.machine, ++nth, 0, 0);
				tried = tries[j]();
				done = stand.machine->heap.calls <
				       stand.machine->heap.fail_nth;
				libdma_machine_fail(stand.machine, 0, 0, 0);
				assert_true(libdma_machine_valid(stand.machine));
				if (done)
					assert_true(tried);
				after = census();
				if (!tried && !backends[i].options.iommu)
					assert_memory_equal(&before, &after, sizeof(after));
				if (!tried)
					assert_memory_equal(before.free, after.free,
							    sizeof(after.free));
				assert_ptr_equal(before.managed, after.managed);
				assert_ptr_equal(before.remaps, after.remaps);
				assert_int_equal(before.slots, after.slots);
			} while (!done && nth < 500);
			assert_true(done);
			stand_down();
		}
}

/* Calls with dice for arguments: no crash, no endless loop, invariants hold. */
static void wild_calls_change_nothing_that_matters(void **state)
{
	static const uint64_t odd[] = { 0,	     1,	   4095,	 4096,
					0xfee00000,  1ULL << 40, 1ULL << 63, ~0ULL - 4096,
					~0ULL,	     0x100000,	 0x3ffff000, 0x7f000010 };

	(void)state;
	for (size_t i = 0; i < BACKENDS; i++) {
		stand_up_backend(i);
		buffer = stand_buffer(16 * PAGE_SIZE);
		for (int round = 0; round < 300; round++) {
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

static void freeing_twice_or_by_another_size_is_told(void **state)
{
	(void)state;
	for (size_t i = 0; i < BACKENDS; i++) {
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
		cmocka_unit_test(any_failure_leaves_the_machine_as_it_was),
		cmocka_unit_test(wild_calls_change_nothing_that_matters),
		cmocka_unit_test(freeing_twice_or_by_another_size_is_told),
		cmocka_unit_test(pools_end_with_their_device_at_the_latest),
		cmocka_unit_test(a_window_ends_with_its_allocation),
		cmocka_unit_test(machines_that_cannot_be_are_refused),
		cmocka_unit_test(devices_that_cannot_be_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
