// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * dma_pool against a plain one: blocks in an array, searched from end to end, places
 * from closed formulas where the pool follows the kernel's loops.
 */
#include "pool-stand.h"

#define MAX_BLOCKS 20000

/* --- the plain pool ---------------------------------------------------------------- */

struct plain_block {
	dma_addr_t dma;
	char *cpu;
	uint32_t page;
	uint64_t freed; /* when, in calls; 0 while live. The greatest is the newest. */
};

struct plain {
	enum dma_kernel kernel;
	uint64_t size, allocation, boundary;
	uint64_t now;
	uint32_t pages;
	uint32_t blocks;
	struct plain_block block[MAX_BLOCKS];
};

static uint64_t divide_up(uint64_t a, uint64_t b)
{
	return (a + b - 1) / b;
}

/* P11-P15 as a count of the blocks in each stretch between two boundaries. */
static void plain_add_page(struct plain *plain, char *cpu, dma_addr_t dma)
{
	bool old = plain->kernel == DMA_KERNEL_6_1;
	uint32_t first = plain->blocks;

	for (uint64_t start = 0; start < plain->allocation; start += plain->boundary) {
		uint64_t length = plain->boundary, count;

		if (old) {
			count = divide_up(length, plain->size) - 1;
			count = count ? count : 1;
			if (count > divide_up(plain->allocation, plain->size))
				count = divide_up(plain->allocation, plain->size);
		} else {
			if (length > plain->allocation)
				length = plain->allocation;
			count = length / plain->size;
		}
		for (uint64_t i = 0; i < count; i++)
			plain->block[plain->blocks++] = (struct plain_block) {
				.dma = dma + start + i * plain->size,
				.cpu = cpu + start + i * plain->size,
				.page = plain->pages,
			};
	}
	/* as if the last had been freed first */
	for (uint32_t at = plain->blocks; at-- > first;)
		plain->block[at].freed = ++plain->now;
	plain->pages++;
}

/* P16, P17: the free block that the kernel would give; NULL for none. */
static struct plain_block *plain_next(struct plain *plain)
{
	struct plain_block *best = NULL;

	for (uint32_t at = 0; at < plain->blocks; at++) {
		struct plain_block *block = &plain->block[at];

		if (!block->freed)
			continue;
		if (!best ||
		    (plain->kernel == DMA_KERNEL_6_1 && block->page > best->page) ||
		    ((plain->kernel != DMA_KERNEL_6_1 || block->page == best->page) &&
		     block->freed > best->freed))
			best = block;
	}
	return best;
}

static struct plain_block *plain_live(struct plain *plain)
{
	uint32_t start = plain->blocks ? (uint32_t)roll(plain->blocks) : 0;

	for (uint32_t at = 0; at < plain->blocks; at++) {
		struct plain_block *block = &plain->block[(start + at) % plain->blocks];

		if (!block->freed)
			return block;
	}
	return NULL;
}

static uint64_t plain_active(const struct plain *plain)
{
	uint64_t active = 0;

	for (uint32_t at = 0; at < plain->blocks; at++)
		active += !plain->block[at].freed;
	return active;
}

/* --- both of them ------------------------------------------------------------------ */

struct pair {
	struct stand stand;
	struct plain *plain;
};

static void pair_init(struct pair *pair, enum dma_kernel kernel)
{
	stand_init(&pair->stand, kernel);
	pair->plain = calloc(1, sizeof(*pair->plain));
	assert_non_null(pair->plain);
	pair->plain->kernel = kernel;
}

static void pair_deinit(struct pair *pair)
{
	stand_deinit(&pair->stand);
	free(pair->plain);
}

static void pair_create(struct pair *pair, size_t size, size_t align, size_t boundary)
{
	struct pool_counts count;

	assert_int_equal(pool_create("pool", size, align, boundary, &pair->stand.options,
				     &pair->stand.pool),
			 0);
	pool_count(pair->stand.pool, &count);
	pair->plain->size = count.size;
	pair->plain->allocation = count.allocation;
	pair->plain->boundary = boundary ? boundary : count.allocation;
	if (pair->plain->kernel != DMA_KERNEL_6_1 && boundary > count.allocation)
		pair->plain->boundary = count.allocation;
}

static void check_block(const struct pair *pair, dma_addr_t dma, const void *cpu)
{
	const struct plain *plain = pair->plain;
	uint64_t offset = (uint64_t)((const char *)cpu - pair->stand.arena.memory) %
			  (PAGE_SIZE << get_order(plain->allocation));
	bool overrun =
		plain->kernel == DMA_KERNEL_6_1 && plain->boundary > plain->allocation;

	assert_true(offset % plain->boundary + plain->size <= plain->boundary);
	assert_true(overrun || offset + plain->size <= plain->allocation);
	assert_int_equal(dma - pair->stand.arena.odd +
				 (uint64_t)((const char *)cpu - offset -
					    pair->stand.arena.memory) +
				 (PAGE_SIZE << get_order(plain->allocation)),
			 DMA_TOP + offset);
}

static void pair_alloc(struct pair *pair)
{
	struct plain_block *expected = plain_next(pair->plain);
	unsigned int pages = pair->stand.arena.pages;
	dma_addr_t dma = 1;
	void *cpu = NULL;
	int err;

	err = pool_alloc(pair->stand.pool, 0x42, false, &cpu, &dma);
	assert_int_equal(pair->stand.arena.pages, pages + (!expected && !err));
	if (err) {
		assert_null(expected);
		assert_true(err == -ENOMEM || err == -ENOSPC);
		assert_null(cpu);
		assert_int_equal(dma, 1);
		return;
	}
	if (!expected) {
		plain_add_page(pair->plain,
			       pair->stand.arena.memory + pair->stand.arena.used -
				       (PAGE_SIZE << get_order(pair->plain->allocation)),
			       DMA_TOP - pair->stand.arena.used + pair->stand.arena.odd);
		expected = plain_next(pair->plain);
	}
	assert_int_equal(dma, expected->dma);
	assert_ptr_equal(cpu, expected->cpu);
	check_block(pair, dma, cpu);
	expected->freed = 0;
}

static void pair_free(struct pair *pair)
{
	struct plain_block *block = plain_live(pair->plain);

	if (!block)
		return;
	assert_int_equal(pool_free(pair->stand.pool, block->cpu, block->dma), 0);
	block->freed = ++pair->plain->now;
}

/* Each sort of wrong free is told and changes nothing: later calls would show it. */
static void pair_free_wrongly(struct pair *pair)
{
	struct plain *plain = pair->plain;
	struct plain_block *block;

	if (!plain->blocks)
		return;
	block = &plain->block[roll(plain->blocks)];
	switch (roll(5)) {
	case 0:
		expect_refusal(&pair->stand, block->cpu, DMA_TOP + 2 * PAGE_SIZE,
			       POOL_BAD_DMA);
		break;
	case 1:
		expect_refusal(&pair->stand, block->cpu, block->dma + 1, POOL_BAD_VADDR);
		break;
	case 2:
		expect_refusal(&pair->stand, block->cpu - 64, block->dma, POOL_BAD_VADDR);
		break;
	case 3:
		expect_refusal(&pair->stand, block->cpu + 2 + roll(3), block->dma + 1,
			       POOL_BAD_VADDR);
		break;
	default:
		if (block->freed)
			expect_refusal(&pair->stand, block->cpu, block->dma,
				       POOL_ALREADY_FREE);
		else
			expect_refusal(&pair->stand, block->cpu + 1, block->dma + 1,
				       POOL_MISALIGNED);
	}
}

static int add_used(const struct extent *extent, void *arg)
{
	uint64_t *used = arg;

	if (extent->used)
		*used += extent->length;
	return 0;
}

static void check_counts(const struct pair *pair)
{
	const struct plain *plain = pair->plain;
	struct pool_counts count;
	uint64_t used = 0;

	pool_count(pair->stand.pool, &count);
	assert_int_equal(count.active, plain_active(plain));
	assert_int_equal(count.pages, plain->pages);
	assert_int_equal(count.total,
			 plain->kernel == DMA_KERNEL_6_1
				 ? plain->pages * (plain->allocation / plain->size)
				 : plain->blocks);
	assert_int_equal(pool_walk(pair->stand.pool, add_used, &used), 0);
	if (plain->boundary <= plain->allocation)
		assert_int_equal(used, count.active * plain->size);
}

static void play(struct pair *pair, unsigned int calls)
{
	bool filling = true;

	for (unsigned int call = 0; call < calls; call++) {
		uint64_t what = roll(20);

		if (!roll(100))
			filling = !filling;
		if (pair->plain->blocks > MAX_BLOCKS - 2000)
			filling = false;
		if (!what && pair->stand.options.layout == POOL_OUTSIDE)
			pair_free_wrongly(pair);
		else if ((what < 14) == filling)
			pair_alloc(pair);
		else
			pair_free(pair);
		assert_true(pool_valid(pair->stand.pool));
	}
	pair->stand.heap.fail_ppm = 0;
	check_counts(pair);
}

static void random_pool(enum dma_kernel kernel, enum pool_layout layout, bool failing)
{
	size_t size = 1 + roll(roll(2) ? 300 : 6000), align = 1UL << roll(9);
	size_t boundary = roll(2) ? 0 : PAGE_SIZE << roll(3) >> roll(6);
	size_t rounded = align_up(size < 16 ? 16 : size, align);
	struct pair pair;
	uint64_t left;

	pair_init(&pair, kernel);
	pair.stand.options.layout = layout;
	pair.stand.arena.odd = layout == POOL_OUTSIDE ? (unsigned int)roll(2) * 192 : 0;
	if (boundary && boundary < rounded)
		boundary = 1UL << log2_up(rounded);
	/* blocks that leave their page cannot be told apart inside it */
	if (kernel == DMA_KERNEL_6_1 && layout == POOL_INSIDE && boundary > PAGE_SIZE)
		boundary = 0;
	pair_create(&pair, size, align, boundary);
	if (failing) {
		pair.stand.arena.refuse = 8;
		pair.stand.heap.random = roll(1000);
		pair.stand.heap.fail_ppm = 200000;
	}
	play(&pair, 600);
	left = plain_active(pair.plain);

	pool_destroy(pair.stand.pool);
	pair.stand.pool = NULL;
	assert_int_equal(pair.stand.arena.faults[POOL_BUSY] > 0, left > 0);
	if (kernel != DMA_KERNEL_6_1)
		assert_int_equal(pair.stand.arena.pages, left ? pair.plain->pages : 0);
	else
		assert_int_equal(pair.stand.arena.pages,
				 pair.stand.arena.faults[POOL_BUSY]);
	pair_deinit(&pair);
}

static void blocks_come_as_from_a_plain_pool(void **state)
{
	(void)state;
	for (unsigned int run = 0; run < 200; run++)
		for (unsigned int kernel = 0; kernel < DMA_KERNELS; kernel++)
			random_pool(kernel, run % 3 ? POOL_OUTSIDE : POOL_INSIDE, false);
}

static void a_failure_changes_nothing(void **state)
{
	(void)state;
	for (unsigned int run = 0; run < 200; run++)
		for (unsigned int kernel = 0; kernel < DMA_KERNELS; kernel++)
			random_pool(kernel, run % 3 ? POOL_OUTSIDE : POOL_INSIDE, true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(blocks_come_as_from_a_plain_pool),
		cmocka_unit_test(a_failure_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
