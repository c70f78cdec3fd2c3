// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Machines and devices that come to be, or do not, where memory or the program's address
 * space is short: nothing is left behind, and a machine that is there is as it was.
 */
#include <libdma/scatterlist.h>

#include "dma/live.h"
#include "hardware/memory.h"
#include "machine-census.h"
#include "short-of.h"
#include "valgrind.h"

static const struct libdma_range small[] = { { .start = 0x1000, .length = 0x7fff000 } };

static const struct libdma_machine_options machines[] = {
	{ .cma_size = 4 << 20 },
	{ .kernel = DMA_KERNEL_6_12, .swiotlb_force = true, .swiotlb_slots = 4096 },
	{ .kernel = DMA_KERNEL_7_2, .swiotlb_slots = 4096, .swiotlb_areas = 4 },
	{ .kernel = DMA_KERNEL_7_2, .iommu = LIBDMA_IOMMU_LAZY },
};

#define MACHINES (sizeof(machines) / sizeof(machines[0]))

static struct libdma_machine_options options_of(size_t i)
{
	struct libdma_machine_options options = machines[i];

	options.memory = small;
	options.memory_count = 1;
	return options;
}

static void a_machine_that_cannot_be_leaves_nothing(void **state)
{
	(void)state;
	for (size_t i = 0; i < MACHINES * SHORTAGES; i++) {
		struct libdma_machine_options options = options_of(i / SHORTAGES);
		enum shortage of = (enum shortage)(i % SHORTAGES);
		bool failed = true;

		for (uint64_t nth = 1; failed; nth += valgrind_stride(9)) {
			struct libdma_machine *machine = NULL;
			size_t before = blocks;
			int err;

			fail_nth(of, nth);
			err = libdma_machine_create(&options, &machine);
			failed = has_failed(of);
			fail_nth(of, 0);
			assert_int_equal(!err, !failed || machine);
			if (err)
				assert_int_equal(err, -ENOMEM);
			else
				assert_true(libdma_machine_valid(machine));
			libdma_machine_destroy(machine);
			assert_int_equal(blocks, before);
			assert_in_range(nth, 1, 500);
		}
	}
}

static struct device *second;
static struct sg_table table;

static bool create_device(void)
{
	return !libdma_device_create(
		stand.machine,
		&(struct libdma_device_options) { .name = "second", .driver = "drv" },
		&second);
}

static void destroy_device(void)
{
	libdma_device_destroy(second);
}

static bool alloc_list(void)
{
	return !sg_alloc_table(&table, 1000, GFP_KERNEL);
}

static void free_list(void)
{
	sg_free_table(&table);
}

static bool declare(void)
{
	return !dma_declare_coherent_memory(stand.dev, 0x200000000, 0, 1 << 20);
}

static void release(void)
{
	dma_release_coherent_memory(stand.dev);
}

static dma_addr_t dma;
static void *cpu;

static bool alloc_coherent(void)
{
	cpu = dma_alloc_coherent(stand.dev, 40000, &dma, GFP_KERNEL);
	return cpu;
}

static void free_coherent(void)
{
	dma_free_coherent(stand.dev, 40000, cpu, dma);
}

static bool alloc_table(void)
{
	struct sg_table *got =
		dma_alloc_noncontiguous(stand.dev, 40000, DMA_TO_DEVICE, GFP_KERNEL, 0);

	if (got)
		dma_free_noncontiguous(stand.dev, 40000, got, DMA_TO_DEVICE);
	return got;
}

static bool get_table(void)
{
	bool got;

	if (!alloc_coherent())
		return false;
	got = !dma_get_sgtable(stand.dev, &table, cpu, dma, 40000);
	if (got)
		free_list();
	free_coherent();
	return got;
}

static bool create_pool(void)
{
	static unsigned int number;
	struct dma_pool *pool;
	char name[32];

	/* a new string each time */
	snprintf(name, sizeof(name), "pool %u", number++);
	pool = dma_pool_create(name, stand.dev, 64, 0, 0);
	dma_pool_destroy(pool);
	stand.machine->handles = 0;
	return pool;
}

static const struct {
	bool (*call)(void);
	void (*undo)(void);
} calls[] = {
	{ create_device, destroy_device },
	{ alloc_list, free_list },
	{ declare, release },
	{ alloc_coherent, free_coherent },
	{ alloc_table, NULL },
	{ get_table, NULL },
	{ create_pool, NULL },
};

/* Also what is no allocation of the machine's heap: strings, lists, mappings. */
static void a_call_that_fails_leaves_the_machine_as_it_was(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2 * MACHINES * SHORTAGES; i++) {
		enum shortage of = (enum shortage)(i % SHORTAGES);

		stand_up(
			options_of(i / 2 / SHORTAGES),
			(struct libdma_device_options) { .coherent = i / SHORTAGES % 2 });
		for (size_t j = 0; j < sizeof(calls) / sizeof(calls[0]); j++) {
			bool done = false, failed = true;

			for (uint64_t nth = 1; failed; nth += valgrind_stride(9)) {
				struct census before = census(), after;

				fail_nth(of, nth);
				done = calls[j].call();
				failed = has_failed(of);
				fail_nth(of, 0);
				if (done && calls[j].undo)
					calls[j].undo();
				after = census();
				if (differs_here(&before, &after))
					fail_msg("machine %zu, call %zu, %llu: %s", i, j,
						 (unsigned long long)nth,
						 differs_here(&before, &after));
				assert_true(libdma_machine_valid(stand.machine));
				assert_in_range(nth, 1, 500);
			}
			assert_true(done);
		}
		stand_down();
	}
}

static void put(struct live *live, enum dma_event_kind kind, unsigned int i,
		uint64_t *list)
{
	const struct dma_event event = { .kind = kind,
					 .device = 1,
					 .dma = (dma_addr_t)i << 12,
					 .size = 4096,
					 .phys_count = 3,
					 .phys_list = list,
					 .dma_count = 1,
					 .dma_list = list };
	const struct mapping *mapping;

	list[0] = (uint64_t)i << 12;
	if (live_apply(live, &event, &mapping) >= 0)
		return;
	fail_nth(OF_MEMORY, 0);
	assert_true(live_valid(live));
	assert_true(live_apply(live, &event, &mapping) >= 0);
}

/* What is live is counted right though each step failed once. */
static void what_is_live_is_known_after_a_failure(void **state)
{
	uint64_t list[3] = { 0, 0x5000, 0x6000 };
	struct live *live;

	(void)state;
	for (uint64_t nth = 1; nth < 3; nth++) {
		fail_nth(OF_MEMORY, nth);
		assert_null(live_create());
		fail_nth(OF_MEMORY, 0);
	}
	for (uint64_t nth = 1; nth < 40; nth += valgrind_stride(5)) {
		size_t before = blocks;

		fail_nth(OF_MEMORY, 0);
		live = live_create();
		assert_non_null(live);
		fail_nth(OF_MEMORY, nth);
		for (unsigned int i = 1; i <= 500; i++)
			put(live, i % 3 ? DMA_EVENT_MAP_SG : DMA_EVENT_MAP_PAGE, i, list);
		fail_nth(OF_MEMORY, 0);
		assert_int_equal(live_count(live), 500);
		assert_true(live_valid(live));
		live_destroy(live);
		assert_int_equal(blocks, before);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_machine_that_cannot_be_leaves_nothing),
		cmocka_unit_test(a_call_that_fails_leaves_the_machine_as_it_was),
		cmocka_unit_test(what_is_live_is_known_after_a_failure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
