// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fragmaps against an array with one byte for each unit of a space, in which every
 * question is answered by trying.
 */
#include <stdlib.h>
#include <string.h>

#include <libdma/fragmap.h>

#include "test.h"

static uint64_t random_state;

static uint64_t random_below(uint64_t limit)
{
	random_state = random_state * 6364136223846793005 + 1442695040888963407;
	return (random_state >> 33) % limit;
}

struct scene {
	struct libdma_environment *environment;
	struct libdma_strings *strings;
	struct libdma_fragmap *fragmap;
	uint32_t device;
};

static int set_up(void **state)
{
	struct scene *scene = calloc(1, sizeof(*scene));

	scene->environment = libdma_environment_create();
	scene->strings = libdma_strings_create();
	libdma_strings_add(scene->strings, "0000:00:02.0", 12, &scene->device);
	scene->fragmap = libdma_fragmap_create(scene->environment, scene->strings);
	*state = scene;
	return 0;
}

static int tear_down(void **state)
{
	struct scene *scene = *state;

	libdma_fragmap_destroy(scene->fragmap);
	libdma_strings_destroy(scene->strings);
	libdma_environment_destroy(scene->environment);
	free(scene);
	return 0;
}

static const struct libdma_space *find_space(const struct scene *scene, const char *name)
{
	const struct libdma_space *space;

	for (size_t i = 0; (space = libdma_fragmap_space(scene->fragmap, i)); i++)
		if (!strcmp(space->name, name))
			return space;
	fail_msg("no space %s", name);
	return NULL;
}

static void add(struct scene *scene, const struct dma_event *event)
{
	assert_int_equal(libdma_fragmap_add(scene->fragmap, event, 1), 0);
}

static void map(struct scene *scene, uint64_t dma, uint64_t phys, uint64_t size)
{
	struct dma_event event = { .kind = DMA_EVENT_MAP_PAGE,
				   .device = scene->device,
				   .dma = dma,
				   .phys = phys,
				   .size = size };

	add(scene, &event);
}

static void alloc(struct scene *scene, uint64_t dma, uint64_t size)
{
	struct dma_event event = {
		.kind = DMA_EVENT_ALLOC, .device = scene->device, .dma = dma, .size = size
	};

	add(scene, &event);
}

static void set_swiotlb(struct scene *scene, uint64_t start, uint64_t slots)
{
	scene->environment->swiotlb.start = start;
	scene->environment->swiotlb.slots = slots;
	scene->environment->origin.swiotlb_start = LIBDMA_GIVEN;
	scene->environment->origin.swiotlb_slots = LIBDMA_GIVEN;
}

static void set_iommu(struct scene *scene)
{
	scene->environment->iommu.mode = LIBDMA_IOMMU_STRICT;
	scene->environment->origin.iommu_mode = LIBDMA_GIVEN;
}

/*
 * The swiotlb
 */

#define SLOTS 1024
#define START 0x3d000000ULL

/* Would a request of @bytes find @count free slots of one set from @slot on? */
static bool slots_serve(const bool *used, size_t slot, uint64_t bytes)
{
	size_t count = (bytes + 2047) / 2048;

	if (bytes >= 4096 && (START + slot * 2048) % 4096)
		return false;
	if (slot % 128 + count > 128)
		return false;
	for (size_t i = 0; i < count; i++)
		if (used[slot + i])
			return false;
	return true;
}

static uint64_t largest_by_trying(const bool *used)
{
	/* whole slots, and what just needs no page */
	for (uint64_t bytes = 128 * 2048; bytes; bytes -= bytes == 4096 ? 1 : 2048) {
		if (bytes == 4095 - 2048)
			bytes = 2048;
		for (size_t slot = 0; slot < SLOTS; slot++)
			if (slots_serve(used, slot, bytes))
				return bytes;
	}
	return 0;
}

static void expect_slots(const struct libdma_fragmentation *numbers, const bool *used)
{
	uint64_t free = 0, runs = 0, longest = 0, run = 0;

	for (size_t i = 0; i < SLOTS; i++) {
		run = used[i] ? 0 : i % 128 ? run + 1 : 1;
		free += !used[i];
		runs += run == 1;
		longest = run > longest ? run : longest;
	}
	assert_int_equal(numbers->used, (SLOTS - free) * 2048);
	assert_int_equal(numbers->free, free * 2048);
	assert_int_equal(numbers->runs, runs);
	assert_int_equal(numbers->largest_free, longest * 2048);
	assert_int_equal(numbers->largest_request, largest_by_trying(used));
	assert_true(numbers->index >= 0 && numbers->index < 1.0001);
}

static void slots_match_an_array(void **state)
{
	(void)state;
	for (random_state = 1; random_state < 40; random_state++) {
		uint64_t seed = random_state, requested = 0;
		bool used[SLOTS] = { false };
		void *one;
		struct scene *scene;

		set_up(&one);
		scene = one;
		set_swiotlb(scene, START, SLOTS);
		for (unsigned int i = 0; i < seed * 12; i++) {
			uint64_t slot = random_below(SLOTS), low = random_below(2048);
			uint64_t size = 1 + random_below(12000);
			uint64_t count = (low + size + 2047) / 2048;
			bool room = slot % 128 + count <= 128;

			for (uint64_t j = 0; room && j < count; j++)
				room = !used[slot + j];
			if (!room)
				continue;
			memset(used + slot, true, count);
			map(scene, START + slot * 2048 + low, 0x1000000 + low, size);
			requested += size;
		}
		assert_int_equal(libdma_fragmap_finish(scene->fragmap), 0);
		expect_slots(&find_space(scene, "swiotlb")->numbers, used);
		assert_int_equal(find_space(scene, "swiotlb")->numbers.requested,
				 requested);
		tear_down(&one);
		random_state = seed;
	}
}

static void an_empty_pool_serves_a_set(void **state)
{
	struct scene *scene = *state;
	const struct libdma_space *space;

	set_swiotlb(scene, START, SLOTS);
	scene->environment->swiotlb.areas = 4;
	assert_int_equal(libdma_fragmap_finish(scene->fragmap), 0);
	space = find_space(scene, "swiotlb");
	assert_int_equal(space->numbers.largest_request, 262144);
	assert_int_equal(space->numbers.runs, 8);
	assert_int_equal(space->area, SLOTS / 4 * 2048);
	assert_true(space->numbers.index == 0);
	assert_false(space->inferred);
}

/*
 * IOVAs
 */

#define PAGES (1U << 20) /* of 4 KiB, below 4 GiB */

/* How many of the pages below each are taken. */
static uint32_t *below(const bool *used)
{
	uint32_t *sums = malloc((PAGES + 1) * sizeof(*sums));

	sums[0] = 0;
	for (uint32_t i = 0; i < PAGES; i++)
		sums[i + 1] = sums[i] + used[i];
	return sums;
}

static uint32_t largest_iova_by_trying(const bool *used)
{
	uint32_t *sums = below(used);

	for (uint32_t pages = PAGES - 1; pages; pages--) {
		uint32_t align = 1, takes;

		while (align < pages)
			align *= 2;
		takes = pages < 32 ? align : pages;
		for (uint32_t at = 0; at + takes <= PAGES; at += align)
			if (sums[at + takes] == sums[at]) {
				free(sums);
				return takes;
			}
	}
	free(sums);
	return 0;
}

static void take(bool *used, uint64_t start, uint64_t length)
{
	memset(used + (start >> 12), true, length >> 12);
}

static void iovas_match_an_array(void **state)
{
	bool *used = calloc(PAGES, 1);

	(void)state;
	for (unsigned int count = 1; count < 4000; count = count * 4 + 7) {
		struct libdma_range bridge = { 0x40000000, 0x70000000,
					       (char *)"PCI Bus 0" };
		const struct libdma_space *space;
		uint64_t free_pages = 0;
		struct scene *scene;
		void *one;

		memset(used, 0, PAGES);
		set_up(&one);
		scene = one;
		set_iommu(scene);
		scene->environment->memory.range = &bridge;
		scene->environment->memory.count = 1;
		take(used, 0, 4096);
		take(used, bridge.start, bridge.length);
		take(used, 0xfffff000, 4096);
		map(scene, 0xfffff000, 0x1000, 4096);
		for (unsigned int i = 0; i < count; i++) {
			uint64_t page = random_below(PAGES), low = random_below(4096);
			uint64_t size = 1 + random_below(200000);
			uint64_t pages = (low + size + 4095) / 4096, takes = 1;

			while (takes < pages)
				takes *= 2;
			if (pages >= 32)
				takes = pages;
			if (page + takes > PAGES || memchr(used + page, true, takes))
				continue;
			take(used, page << 12, takes << 12);
			map(scene, page << 12 | low, 0x5000000 + low, size);
		}
		for (uint32_t i = 0; i < PAGES; i++)
			free_pages += !used[i];
		assert_int_equal(libdma_fragmap_finish(scene->fragmap), 0);
		space = find_space(scene, "iova:0000:00:02.0");
		assert_int_equal(space->numbers.free, free_pages * 4096);
		assert_int_equal(space->numbers.largest_request,
				 largest_iova_by_trying(used) * 4096ULL);
		scene->environment->memory.range = NULL;
		scene->environment->memory.count = 0;
		tear_down(&one);
	}
	free(used);
}

static void a_merged_list_is_one_range(void **state)
{
	struct scene *scene = *state;
	dma_addr_t dma[] = { 0xffff0000, 0xffff3000 };
	uint32_t sizes[] = { 0x3000, 0x800 };
	phys_addr_t phys[] = { 0x1000, 0x9000, 0x5000, 0x7000 };
	struct dma_event list = {
		.kind = DMA_EVENT_MAP_SG,
		.device = scene->device,
		.dma_list = dma,
		.dma_size_list = sizes,
		.dma_count = 2,
		.phys_list = phys,
		.phys_count = 4,
	};
	const struct libdma_space *space;

	set_iommu(scene);
	add(scene, &list);
	assert_int_equal(libdma_fragmap_finish(scene->fragmap), 0);
	space = find_space(scene, "iova:0000:00:02.0");
	assert_int_equal(space->extents, 1);
	assert_int_equal(space->extent[0].size, 0x3800);
	assert_int_equal(space->extent[0].taken, 0x4000);
	/* where its four pieces end cannot be told */
	space = find_space(scene, "memory");
	assert_int_equal(space->extents, 0);
	assert_int_equal(space->unplaced, 4);
}

/*
 * What has no allocator, and what is shared
 */

#define BYTES 4096

static void shared_bytes_match_an_array(void **state)
{
	(void)state;
	for (unsigned int round = 0; round < 200; round++) {
		unsigned char times[BYTES] = { 0 }, hit[BYTES];
		uint64_t from[8], size[8], shared = 0;
		const struct libdma_space *space;
		struct scene *scene;
		void *one;

		set_up(&one);
		scene = one;
		for (size_t i = 0; i < 8; i++) {
			from[i] = random_below(BYTES - 900);
			size[i] = 1 + random_below(round % 2 ? 900 : 200);
			for (uint64_t at = from[i]; at < from[i] + size[i]; at++)
				times[at]++;
			map(scene, from[i], from[i], size[i]);
		}
		for (size_t i = 0; i < BYTES; i++)
			shared += hit[i] = times[i] > 1;
		assert_int_equal(libdma_fragmap_finish(scene->fragmap), 0);
		space = find_space(scene, "bus:0000:00:02.0");
		assert_int_equal(space->numbers.shared, shared);
		for (size_t i = 0; i < space->extents; i++)
			assert_int_equal(space->extent[i].shared,
					 !!memchr(hit + space->extent[i].start, 1,
						  space->extent[i].size));
		assert_int_equal(find_space(scene, "memory")->numbers.shared, shared);
		assert_int_equal(space->numbers.free, 0);
		tear_down(&one);
	}
}

static void an_allocation_takes_pages(void **state)
{
	struct scene *scene = *state;
	const struct libdma_space *space;

	alloc(scene, 0x10000, 6726);
	assert_int_equal(libdma_fragmap_finish(scene->fragmap), 0);
	space = find_space(scene, "bus:0000:00:02.0");
	assert_int_equal(space->numbers.requested, 6726);
	assert_int_equal(space->numbers.taken, 8192);
}

static void a_region_gives_orders_of_pages(void **state)
{
	struct scene *scene = *state;
	struct dma_event declare = { .kind = DMA_EVENT_DECLARE_COHERENT_MEMORY,
				     .device = scene->device,
				     .dma = 0x9000,
				     .size = 16 * 4096 + 100 };
	const struct libdma_space *space;

	add(scene, &declare);
	alloc(scene, 0x9000, 3 * 4096);     /* takes 4 pages */
	alloc(scene, 0x9000 + 8 * 4096, 1); /* 1 page */
	assert_int_equal(libdma_fragmap_finish(scene->fragmap), 0);
	space = find_space(scene, "region:0000:00:02.0");
	assert_int_equal(space->size, 16 * 4096);
	assert_int_equal(space->numbers.used, 5 * 4096);
	assert_int_equal(space->numbers.free, 11 * 4096);
	assert_int_equal(space->numbers.largest_free, 7 * 4096);
	assert_int_equal(space->numbers.largest_request, 4 * 4096);
	assert_int_equal(space->numbers.possible, 8 * 4096);
	assert_true(space->numbers.index == 0.5);
}

static void a_pool_has_blocks_in_pages(void **state)
{
	struct scene *scene = *state;
	struct dma_event create = { .kind = DMA_EVENT_POOL_CREATE,
				    .device = scene->device,
				    .handle = 5,
				    .size = 500,
				    .align = 4 };
	struct dma_event block = { .kind = DMA_EVENT_POOL_ALLOC,
				   .device = scene->device,
				   .handle = 5,
				   .size = 500 };
	const struct libdma_space *space;

	libdma_strings_add(scene->strings, "prp", 3, &create.name);
	add(scene, &create);
	for (unsigned int i = 0; i < 3; i++) {
		block.dma = 0x4000 + i * 500;
		add(scene, &block);
	}
	block.dma = 0x8000 + 7 * 500;
	add(scene, &block);
	assert_int_equal(libdma_fragmap_finish(scene->fragmap), 0);
	space = find_space(scene, "pool:prp@0000:00:02.0");
	assert_int_equal(space->unit, 500);
	/* two pages of 8 blocks; 96 bytes at the end of each hold none */
	assert_int_equal(space->numbers.free, 12 * 500);
	assert_int_equal(space->numbers.largest_request, 500);
	assert_true(space->numbers.index == 0);
}

static void devices_of_a_group_share_a_space(void **state)
{
	struct scene *scene = *state;
	static const char json[] =
		"{\"schema\":\"dmactl.environment/1\",\"iommu\":{\"mode\":\"strict\","
		"\"groups\":[{\"number\":7,\"type\":\"DMA\",\"reserved\":[],"
		"\"devices\":[\"0000:00:02.0\",\"0000:00:02.1\"]}]}}";
	char *why = NULL;

	assert_int_equal(libdma_environment_parse(scene->environment, json,
						  sizeof(json) - 1, &why),
			 0);
	map(scene, 0xfffff000, 0x1000, 4096);
	libdma_strings_add(scene->strings, "0000:00:02.1", 12, &scene->device);
	map(scene, 0xffffe000, 0x2000, 4096);
	assert_int_equal(libdma_fragmap_finish(scene->fragmap), 0);
	assert_int_equal(find_space(scene, "iova:group7")->extents, 2);
}

static void nonsense_does_no_harm(void **state)
{
	struct scene *scene = *state;
	struct dma_event create = { .kind = DMA_EVENT_POOL_CREATE, .size = UINT64_MAX,
				    .align = 1ULL << 63,
				    .boundary = 1 };
	struct dma_event block = { .kind = DMA_EVENT_POOL_ALLOC,
				   .dma = UINT64_MAX - 1,
				   .size = UINT64_MAX };

	set_swiotlb(scene, UINT64_MAX - 4095, UINT64_MAX);
	map(scene, UINT64_MAX - 10, 5, UINT64_MAX);
	map(scene, 0, UINT64_MAX, UINT64_MAX);
	alloc(scene, UINT64_MAX - 5, UINT64_MAX);
	add(scene, &create);
	add(scene, &block);
	scene->device = 40000;
	map(scene, 1, 2, 0);
	set_iommu(scene);
	scene->device++;
	map(scene, UINT64_MAX - 10, 5, UINT64_MAX);
	map(scene, 0, UINT64_MAX, UINT64_MAX);
	assert_int_equal(libdma_fragmap_finish(scene->fragmap), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(slots_match_an_array),
		cmocka_unit_test_setup_teardown(an_empty_pool_serves_a_set, set_up,
						tear_down),
		cmocka_unit_test(iovas_match_an_array),
		cmocka_unit_test_setup_teardown(a_merged_list_is_one_range, set_up,
						tear_down),
		cmocka_unit_test(shared_bytes_match_an_array),
		cmocka_unit_test_setup_teardown(an_allocation_takes_pages, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_region_gives_orders_of_pages, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_pool_has_blocks_in_pages, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(devices_of_a_group_share_a_space, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(nonsense_does_no_harm, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
