// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Bounced buffers as a driver and its device see them: what is bounced, where to, and
 * what stands around the copy.
 */
#include <errno.h>

#include "alloc/swiotlb.h"
#include "dma/machine.h"
#include "machine-stand.h"

#define KERNELS 3

/* Where a mapping's bytes are, whatever stands between the device and memory. */
static phys_addr_t copy_of(void)
{
	return stand_event(DMA_EVENT_SWIOTLB_MAP)->dma;
}

/* D6: sizes of small slabs that do not fill cache lines, up to two of the largest. */
static bool slab_shares_lines(size_t size, unsigned int line)
{
	static const size_t slabs[] = { 8, 16, 32, 64, 96, 128, 192, 256 };
	unsigned int i = 0;

	if (!size || size >= 256)
		return false;
	while (slabs[i] < size)
		i++;
	return slabs[i] % line;
}

static void small_slabs_bounce_where_they_share_lines(void **state)
{
	(void)state;
	for (int kernel = 0; kernel < KERNELS; kernel++)
		for (unsigned int line = 32; line <= 128; line *= 2) {
			char *cpu;

			stand_up((struct libdma_machine_options) {
					 .kernel = (enum dma_kernel)kernel,
					 .config = LIBDMA_CONFIG_BOUNCE_KMALLOC,
					 .cacheline = line },
				 (struct libdma_device_options) { .pci = true });
			cpu = stand_buffer(4096);
			for (size_t size = 0; size < 300; size++)
				for (int dir = 0; dir < 3; dir++) {
					enum dma_data_direction way =
						(enum dma_data_direction)dir;
					dma_addr_t dma = dma_map_single(stand.dev, cpu,
									size, way);
					bool bounced = dma != virt_to_phys(cpu);

					assert_true(dma != DMA_MAPPING_ERROR);
					assert_int_equal(
						bounced,
						kernel != DMA_KERNEL_6_1 &&
							way != DMA_TO_DEVICE &&
							slab_shares_lines(size, line));
					dma_unmap_single(stand.dev, dma, size, way);
				}
			stand_down();
		}
}

/* Leave 0xaa in all slots, as earlier mappings would. */
static void soil(char *cpu)
{
	dma_addr_t dma[32];

	memset(cpu, 0xaa, 65536);
	for (int i = 0; i < 32; i++)
		dma[i] = dma_map_single(stand.dev, cpu + 1, 65534, DMA_TO_DEVICE);
	for (int i = 0; i < 32; i++)
		if (dma[i] != DMA_MAPPING_ERROR)
			dma_unmap_single(stand.dev, dma[i], 65534, DMA_TO_DEVICE);
	memset(cpu, 0x55, 65536);
}

static void expect_bytes(const unsigned char *bytes, size_t size, unsigned char value)
{
	for (size_t i = 0; i < size; i++)
		if (bytes[i] != value)
			fail_msg("byte %zu of %zu is %02x, not %02x", i, size, bytes[i],
				 value);
}

/*
 * I27: what stands beside the copy. 6.1 zeroes behind it, and where it does not copy
 * for the device also what it has just copied; later kernels on both sides.
 */
static void untrusted_devices_see_no_leftovers(void **state)
{
	static const unsigned long skip[] = { 0, DMA_ATTR_SKIP_CPU_SYNC };

	(void)state;
	for (int kernel = 0; kernel < KERNELS; kernel++)
		for (int i = 0; i < 6; i++) {
			enum dma_data_direction dir = (enum dma_data_direction)(i % 3);
			bool old = kernel == DMA_KERNEL_6_1;
			bool kept = !old || (i < 3 && dir != DMA_FROM_DEVICE);
			const unsigned char *granule;
			dma_addr_t dma;
			char *cpu;

			stand_up((struct libdma_machine_options) {
					 .kernel = (enum dma_kernel)kernel,
					 .iommu = LIBDMA_IOMMU_STRICT,
					 .swiotlb_slots = 512,
					 .swiotlb_areas = 1 },
				 (struct libdma_device_options) { .pci = true,
								  .coherent = true,
								  .untrusted = true });
			assert_int_equal(dma_set_mask(stand.dev, DMA_BIT_MASK(64)), 0);
			cpu = stand_buffer(65536);
			soil(cpu);
			dma_set_min_align_mask(stand.dev, 0xfff);
			dma = dma_map_single_attrs(stand.dev, cpu + 0x300, 0x100, dir,
						   skip[i / 3]);
			assert_true(dma != DMA_MAPPING_ERROR);
			assert_int_equal(dma & 0xfff, 0x300);
			granule = libdma_memory_cpu(stand.machine,
						    copy_of() & ~0xfffUL);
			expect_bytes(granule, 0x300, old ? 0xaa : 0);
			expect_bytes(granule + 0x300, 0x100, kept ? 0x55 : 0);
			expect_bytes(granule + 0x400, 0xc00, 0);
			dma_unmap_single_attrs(stand.dev, dma, 0x100, dir,
					       DMA_ATTR_SKIP_CPU_SYNC);
			stand_down();
		}
}

/* S10: copied in whatever the direction and attributes; S23: and back only if asked. */
static void every_bounce_copies_in(void **state)
{
	(void)state;
	for (int kernel = 0; kernel < KERNELS; kernel++)
		for (int dir = 0; dir < 3; dir++) {
			unsigned char *cpu, byte;
			dma_addr_t dma;

			stand_up((struct libdma_machine_options) {
					 .kernel = (enum dma_kernel)kernel,
					 .swiotlb_force = true },
				 (struct libdma_device_options) { .pci = true,
								  .coherent = true });
			cpu = stand_buffer(4096);
			cpu[5] = 77;
			dma = dma_map_single_attrs(stand.dev, cpu, 100,
						   (enum dma_data_direction)dir,
						   DMA_ATTR_SKIP_CPU_SYNC);
			libdma_device_read(stand.dev, dma + 5, &byte, 1, NULL);
			assert_int_equal(byte, 77);
			byte = 78;
			libdma_device_write(stand.dev, dma + 5, &byte, 1, NULL);
			dma_unmap_single_attrs(stand.dev, dma, 100,
					       (enum dma_data_direction)dir,
					       DMA_ATTR_SKIP_CPU_SYNC);
			assert_int_equal(cpu[5], 77);
			stand_down();
		}
}

static uint64_t slots_in_all(void)
{
	uint64_t slots, used, most;

	swiotlb_usage(stand.machine->swiotlb, &slots, &used, &most);
	return slots;
}

/*
 * S3, S17: where the default size has no room it is halved; then later kernels have an
 * area for each set, 6.1 as many as before, whose slots are the fewer.
 */
static void a_small_swiotlb_has_fewer_areas_or_smaller(void **state)
{
	static const struct libdma_range tiny[] = {
		{ .start = 0x100000, .length = 0x180000 },
	};

	(void)state;
	for (int kernel = 0; kernel < KERNELS; kernel++) {
		bool old = kernel == DMA_KERNEL_6_1;
		uint64_t slots, used, most;
		char *cpu;

		stand_up((struct libdma_machine_options) { .kernel = (enum dma_kernel)kernel,
							   .memory = tiny,
							   .memory_count = 1,
							   .cpus = 16,
							   .coherent_pool = 4096,
							   .swiotlb_force = true },
			 (struct libdma_device_options) { .pci = true, .coherent = true });
		swiotlb_usage(stand.machine->swiotlb, &slots, &used, &most);
		assert_int_equal(slots, 512);
		cpu = stand_buffer(4096);
		for (unsigned int on = 0; on < 16; on++) {
			unsigned int area = old ? on : on % 4, before = old ? 0 : on / 4;
			dma_addr_t dma;

			libdma_machine_set_cpu(stand.machine, on);
			dma = dma_map_single(stand.dev, cpu, 100, DMA_TO_DEVICE);
			assert_int_equal((dma - stand.machine->swiotlb_start) / 2048,
					 area * (old ? 32 : 128) + before);
		}
		stand_down();
	}
}

/* S25: a full one serves from slots of its own, and has grown when time has passed. */
static void a_swiotlb_that_may_grow_does(void **state)
{
	struct libdma_machine_options options = {
		.config = LIBDMA_CONFIG_SWIOTLB_DYNAMIC,
		.swiotlb_slots = 512,
		.swiotlb_areas = 1,
		.swiotlb_force = true,
	};
	struct libdma_machine *machine;

	(void)state;
	assert_int_equal(libdma_machine_create(&options, &machine), -EINVAL);
	for (int kernel = DMA_KERNEL_6_12; kernel < KERNELS; kernel++) {
		dma_addr_t dma[6];
		char *cpu;

		options.kernel = (enum dma_kernel)kernel;
		stand_pci(options);
		cpu = stand_buffer(256 << 10);
		for (int i = 0; i < 5; i++) {
			cpu[i] = (char)i;
			dma[i] = dma_map_single(stand.dev, cpu, 256 << 10, DMA_TO_DEVICE);
			assert_true(dma[i] != DMA_MAPPING_ERROR);
		}
		assert_int_equal(slots_in_all(), 512);
		assert_int_equal(dma[4] & ((256 << 10) - 1), 0); /* as pages lie */
		dma_unmap_single(stand.dev, dma[4], 256 << 10, DMA_TO_DEVICE);

		libdma_machine_fail(stand.machine, 1, 0, 0);
		libdma_machine_set_time(stand.machine, 1);
		assert_string_equal(stand.log, "Failed to allocate new pool");
		assert_int_equal(slots_in_all(), 512);
		/* Ordered once more. */
		dma[4] = dma_map_single(stand.dev, cpu, 256 << 10, DMA_TO_DEVICE);
		dma_unmap_single(stand.dev, dma[4], 256 << 10, DMA_TO_DEVICE);
		libdma_machine_set_time(stand.machine, 2);
		assert_int_equal(slots_in_all(), 1024);
		for (int i = 4; i < 6; i++)
			dma[i] = dma_map_single(stand.dev, cpu, 256 << 10, DMA_TO_DEVICE);
		assert_int_equal(dma[5], dma[4] + (256 << 10));
		for (int i = 0; i < 6; i++)
			dma_unmap_single(stand.dev, dma[i], 256 << 10, DMA_TO_DEVICE);
		libdma_machine_set_time(stand.machine, 3);
		assert_int_equal(slots_in_all(), 1024);
		stand_down();
	}
}

/* Slots for one mapping are whole pages of 2^n, which its alignment may need. */
static void slots_of_its_own_are_aligned(void **state)
{
	static const struct libdma_range ends_oddly[] = {
		{ .start = 0x100000, .length = 0x3fe0f000 },
	};
	dma_addr_t dma[6];
	char *cpu;

	(void)state;
	stand_up((struct libdma_machine_options) { .kernel = DMA_KERNEL_7_2,
						   .config = LIBDMA_CONFIG_SWIOTLB_DYNAMIC,
						   .memory = ends_oddly,
						   .memory_count = 1,
						   .iommu = LIBDMA_IOMMU_STRICT,
						   .granule = 65536,
						   .swiotlb_slots = 128,
						   .swiotlb_areas = 1,
						   .swiotlb_start = 0x1000000 },
		 (struct libdma_device_options) { .pci = true,
						  .coherent = true,
						  .untrusted = true });
	cpu = stand_buffer(4096);
	for (int i = 0; i < 6; i++) {
		dma[i] = dma_map_single(stand.dev, cpu + 8, 64, DMA_TO_DEVICE);
		assert_true(dma[i] != DMA_MAPPING_ERROR);
		assert_int_equal(copy_of() & 0xffff, 0);
	}
	for (int i = 0; i < 6; i++)
		dma_unmap_single(stand.dev, dma[i], 64, DMA_TO_DEVICE);
	stand_down();
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(small_slabs_bounce_where_they_share_lines),
		cmocka_unit_test(untrusted_devices_see_no_leftovers),
		cmocka_unit_test(every_bounce_copies_in),
		cmocka_unit_test(a_small_swiotlb_has_fewer_areas_or_smaller),
		cmocka_unit_test(a_swiotlb_that_may_grow_does),
		cmocka_unit_test(slots_of_its_own_are_aligned),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
