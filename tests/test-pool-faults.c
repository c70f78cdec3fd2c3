// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * dma_pool: how pages are cut, what wrong calls and a scribbling device do, and texts
 */
#include <string.h>

#include "pool-stand.h"

static void create(struct stand *stand, size_t size, size_t align, size_t boundary)
{
	assert_int_equal(
		pool_create("pool", size, align, boundary, &stand->options, &stand->pool),
		0);
}

static void creation_can_fail_at_each_step(void **state)
{
	struct stand stand;
	unsigned int nth;

	(void)state;
	stand_init(&stand, DMA_KERNEL_6_12);
	stand.options.layout = POOL_INSIDE;
	for (nth = 1; nth < 10; nth++) {
		stand.heap = (struct heap) { .fail_nth = nth };
		if (!pool_create("pool", 64, 0, 0, &stand.options, &stand.pool))
			break;
	}
	assert_int_equal(nth, 4);
	stand_deinit(&stand);
}

/* Sizes and how many blocks a page of them has, as the kernel's own code cut it. */
static void pages_are_cut_as_the_kernel_cuts_them(void **state)
{
	static const struct {
		size_t size, align, boundary, old, now;
	} cut[] = {
		{ 16, 0, 0, 255, 256 },  { 20, 0, 0, 204, 204 },  { 68, 32, 0, 42, 42 },
		{ 100, 0, 256, 32, 32 }, { 512, 0, 2048, 6, 8 },  { 1000, 0, 0, 4, 4 },
		{ 5000, 0, 0, 1, 1 },    { 2048, 0, 0, 1, 2 },    { 1024, 0, 0, 3, 4 },
		{ 64, 0, 0, 63, 64 },    { 128, 0, 256, 16, 32 }, { 1000, 0, 8192, 5, 4 },
		{ 1, 0, 0, 1023, 256 },
	};
	struct stand stand;
	dma_addr_t dma;
	void *cpu;

	(void)state;
	for (size_t i = 0; i < sizeof(cut) / sizeof(cut[0]); i++) {
		for (unsigned int kernel = 0; kernel < DMA_KERNELS; kernel++) {
			size_t blocks = 0;

			stand_init(&stand, kernel);
			assert_int_equal(pool_create("cut", cut[i].size, cut[i].align,
						     cut[i].boundary, &stand.options,
						     &stand.pool),
					 0);
			while (stand.arena.pages < 2) {
				assert_int_equal(
					pool_alloc(stand.pool, 0x42, false, &cpu, &dma),
					0);
				blocks++;
			}
			assert_int_equal(blocks - 1, kernel ? cut[i].now : cut[i].old);
			assert_int_equal(stand.arena.faults[POOL_OVERRUN],
					 !kernel && cut[i].boundary == 8192);
			stand_deinit(&stand);
		}
	}
}

static void wrong_numbers_are_refused(void **state)
{
	static const struct {
		size_t size, align, boundary;
		bool old, now; /* refused? */
	} wrong[] = {
		{ 0, 0, 0, true, true },
		{ 16, 3, 0, true, true },
		{ 16, 32, 16, true, true },
		{ 64, 0, 96, true, true },
		{ 64, 0, 63, true, true },
		{ 16, 32, 32, false, false },
		{ 0x7fffffff, 0, 0, false, false },
		{ 0x80000000, 0, 0, false, true },
		{ 1, 1UL << 32, 0, false, true },
		{ 8, 0, 8, false, true },
		{ SIZE_MAX, 16, 0, true, true },
	};
	struct stand stand;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		for (unsigned int kernel = 0; kernel < DMA_KERNELS; kernel++) {
			int err;

			stand_init(&stand, kernel);
			err = pool_create("wrong", wrong[i].size, wrong[i].align,
					  wrong[i].boundary, &stand.options, &stand.pool);
			assert_int_equal(err, (kernel ? wrong[i].now : wrong[i].old)
						      ? -EINVAL
						      : 0);
			assert_int_equal(
				pool_create(NULL, 16, 0, 0, &stand.options, NULL),
				-EINVAL);
			stand_deinit(&stand);
		}
	}
}

/* P21, P26: what a driver's mistakes do to the kernel's own layout. */
static void inside_a_wrong_handle_comes_back(void **state)
{
	struct stand stand;
	dma_addr_t dma;
	void *cpu;

	(void)state;
	stand_init(&stand, DMA_KERNEL_6_12);
	stand.options.layout = POOL_INSIDE;
	create(&stand, 64, 0, 0);
	assert_int_equal(pool_alloc(stand.pool, 0x42, false, &cpu, &dma), 0);
	assert_int_equal(pool_free(stand.pool, cpu, 0x500000), 0);
	assert_int_equal(pool_alloc(stand.pool, 0x42, false, &cpu, &dma), 0);
	assert_int_equal(dma, 0x500000);
	stand_deinit(&stand);
}

static void inside_a_double_free_is_handed_out_for_ever(void **state)
{
	void *cpu, *first;
	struct pool_counts count;
	struct stand stand;
	dma_addr_t dma;

	(void)state;
	stand_init(&stand, DMA_KERNEL_7_2);
	stand.options.layout = POOL_INSIDE;
	create(&stand, 64, 0, 0);
	assert_int_equal(pool_alloc(stand.pool, 0x42, false, &first, &dma), 0);
	assert_int_equal(pool_free(stand.pool, first, dma), 0);
	assert_int_equal(pool_free(stand.pool, first, dma), 0);
	pool_count(stand.pool, &count);
	assert_true(count.active == UINT64_MAX);
	for (int i = 0; i < 200; i++) {
		assert_int_equal(pool_alloc(stand.pool, 0x42, false, &cpu, &dma), 0);
		assert_ptr_equal(cpu, first);
	}
	assert_false(pool_valid(stand.pool));
	assert_int_equal(stand.arena.pages, 1);
	stand_deinit(&stand);
}

static void inside_debug_kernels_see_what_they_see(void **state)
{
	struct stand stand;
	dma_addr_t dma;
	char *cpu;

	(void)state;
	for (unsigned int kernel = 0; kernel < DMA_KERNELS; kernel++) {
		stand_init(&stand, kernel);
		stand.options.layout = POOL_INSIDE;
		stand.options.debug = true;
		create(&stand, 64, 0, 0);
		assert_int_equal(pool_alloc(stand.pool, 0x42, false, (void **)&cpu, &dma),
				 0);
		expect_refusal(&stand, cpu, DMA_TOP + PAGE_SIZE, POOL_BAD_DMA);
		expect_refusal(&stand, cpu + (1 << 20), dma, POOL_BAD_VADDR);
		/* New kernels keep the wrong address, and tell it to the next one. */
		if (kernel == DMA_KERNEL_6_1)
			expect_refusal(&stand, cpu, dma + 64, POOL_BAD_VADDR);
		assert_int_equal(pool_free(stand.pool, cpu,
					   kernel == DMA_KERNEL_6_1 ? dma : dma + 64),
				 0);
		expect_refusal(&stand, cpu, dma, POOL_ALREADY_FREE);
		stand_deinit(&stand);
	}
}

/* P26, P28: 6.1 always looks for the page, the others only in a debugging kernel. */
static void inside_other_kernels_see_little(void **state)
{
	(void)state;
	for (unsigned int kernel = 0; kernel < DMA_KERNELS; kernel++) {
		struct stand stand;
		dma_addr_t dma;
		char *cpu;

		stand_init(&stand, kernel);
		stand.options.layout = POOL_INSIDE;
		create(&stand, 64, 0, 0);
		assert_int_equal(pool_alloc(stand.pool, 0x42, false, (void **)&cpu, &dma),
				 0);
		if (kernel == DMA_KERNEL_6_1) {
			expect_refusal(&stand, cpu, DMA_TOP + PAGE_SIZE, POOL_BAD_DMA);
			assert_int_equal(pool_free(stand.pool, cpu, dma + 64), 0);
		} else {
			assert_int_equal(pool_free(stand.pool, cpu, DMA_TOP + PAGE_SIZE),
					 0);
		}
		stand_deinit(&stand);
	}
}

/* A device writes into a free block: outside nothing follows it, inside the call fails.
 */
static void a_device_scribbles_over_free_blocks(void **state)
{
	struct stand stand;
	dma_addr_t dma;
	char *cpu;
	int err;

	(void)state;
	for (unsigned int run = 0; run < 2 * DMA_KERNELS; run++) {
		bool outside = run % 2;

		stand_init(&stand, run / 2);
		stand.options.layout = outside ? POOL_OUTSIDE : POOL_INSIDE;
		create(&stand, 1022, 1, 0);
		assert_int_equal(pool_alloc(stand.pool, 0x42, false, (void **)&cpu, &dma),
				 0);
		assert_int_equal(pool_free(stand.pool, cpu, dma), 0);
		memset(cpu, 0x0f, 1022);
		memset(cpu, 0xfd, 1);
		memset(cpu + 2, 0, 2);
		assert_int_equal(pool_alloc(stand.pool, 0x42, false, (void **)&cpu, &dma),
				 0);
		err = pool_alloc(stand.pool, 0x42, false, (void **)&cpu, &dma);
		assert_int_equal(err, outside ? 0 : -EFAULT);
		assert_int_equal(stand.arena.faults[POOL_BROKEN_CHAIN], !outside);
		assert_int_equal(pool_valid(stand.pool), outside);
		stand_deinit(&stand);
	}
}

static void poison_shows_who_wrote_into_free_memory(void **state)
{
	struct stand stand;
	dma_addr_t dma;
	char *cpu;

	(void)state;
	for (unsigned int run = 0; run < 2 * DMA_KERNELS; run++) {
		stand_init(&stand, run / 2);
		stand.options.debug = true;
		stand.options.layout = run % 2 ? POOL_OUTSIDE : POOL_INSIDE;
		create(&stand, 64, 0, 0);
		assert_int_equal(pool_alloc(stand.pool, 0x42, false, (void **)&cpu, &dma),
				 0);
		for (int i = 0; i < 64; i++)
			assert_int_equal((unsigned char)cpu[i], 0xa9);
		assert_int_equal(pool_free(stand.pool, cpu, dma), 0);
		assert_int_equal((unsigned char)cpu[63], 0xa7);
		assert_int_equal(pool_alloc(stand.pool, 0x42, true, (void **)&cpu, &dma),
				 0);
		for (int i = 0; i < 64; i++)
			assert_int_equal(cpu[i], 0);
		assert_int_equal(stand.arena.faults[POOL_CORRUPTED], 0);
		assert_int_equal(pool_free(stand.pool, cpu, dma), 0);
		cpu[40] = 1;
		assert_int_equal(pool_alloc(stand.pool, 0x42, false, (void **)&cpu, &dma),
				 0);
		assert_int_equal(stand.arena.faults[POOL_CORRUPTED], 1);
		assert_ptr_equal(stand.arena.last.cpu, cpu);
		stand_deinit(&stand);
	}
}

static void blocks_are_zeroed_where_the_options_say_so(void **state)
{
	struct stand stand;
	dma_addr_t dma;
	char *cpu;

	(void)state;
	for (unsigned int run = 0; run < 4; run++) {
		stand_init(&stand, DMA_KERNEL_6_12);
		stand.options.init_on_alloc = run & 1;
		stand.options.init_on_free = run & 2;
		create(&stand, 100, 0, 0);
		assert_int_equal(pool_alloc(stand.pool, 0x42, false, (void **)&cpu, &dma),
				 0);
		memset(cpu, 5, 100);
		assert_int_equal(pool_free(stand.pool, cpu, dma), 0);
		assert_int_equal(cpu[99], run & 2 ? 0 : 5);
		assert_int_equal(pool_alloc(stand.pool, 0x42, false, (void **)&cpu, &dma),
				 0);
		assert_int_equal(cpu[99], run ? 0 : 5);
		stand_deinit(&stand);
	}
}

static void the_pools_file_is_cut_at_a_page(void **state)
{
	char text[128];
	struct stand stand;
	dma_addr_t dma;
	size_t used;
	void *cpu;

	(void)state;
	stand_init(&stand, DMA_KERNEL_6_1);
	create(&stand, 64, 0, 0);
	assert_int_equal(pool_alloc(stand.pool, 0x42, false, &cpu, &dma), 0);
	used = pool_print(NULL, text, sizeof(text), 0);
	used = pool_print(stand.pool, text, sizeof(text), used);
	assert_string_equal(text, "poolinfo - 0.1\npool                1   64   64  1\n");
	assert_int_equal(used, strlen(text));
	for (int i = 0; i < 5; i++)
		used = pool_print(stand.pool, text, sizeof(text), used);
	assert_int_equal(used, sizeof(text) - 1);
	assert_string_equal(pool_name(stand.pool), "pool");
	stand_deinit(&stand);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(creation_can_fail_at_each_step),
		cmocka_unit_test(pages_are_cut_as_the_kernel_cuts_them),
		cmocka_unit_test(wrong_numbers_are_refused),
		cmocka_unit_test(inside_a_wrong_handle_comes_back),
		cmocka_unit_test(inside_a_double_free_is_handed_out_for_ever),
		cmocka_unit_test(inside_debug_kernels_see_what_they_see),
		cmocka_unit_test(inside_other_kernels_see_little),
		cmocka_unit_test(a_device_scribbles_over_free_blocks),
		cmocka_unit_test(poison_shows_who_wrote_into_free_memory),
		cmocka_unit_test(blocks_are_zeroed_where_the_options_say_so),
		cmocka_unit_test(the_pools_file_is_cut_at_a_page),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
