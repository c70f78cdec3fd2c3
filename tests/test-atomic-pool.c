// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Atomic pools against chunks with a byte a page, where every place is tried in turn.
 */
#include <errno.h>
#include <string.h>

#include "alloc/atomic-pool.h"
#include "base/bits.h"

#include "dice.h"
#include "test.h"

#define MAX_CHUNKS 40
#define MAX_LIVE   20000
#define SPACING    (1ULL << 24)

struct live {
	phys_addr_t phys;
	uint64_t size;
};

struct stand {
	struct heap heap;
	struct atomic_pool *pool;
	unsigned int max_order; /* the provider has nothing larger */
	unsigned int chunks;
	unsigned int out;
	uint64_t pages[MAX_CHUNKS];
	unsigned char used[MAX_CHUNKS][1024];
	struct live live[MAX_LIVE];
	unsigned int count;
};

static int provide(void *arg, unsigned int order, phys_addr_t *phys)
{
	struct stand *stand = arg;

	if (order > stand->max_order || stand->chunks == MAX_CHUNKS)
		return -ENOMEM;
	*phys = SPACING * (stand->chunks + 1) + (PAGE_SIZE << order);
	stand->pages[stand->chunks++] = 1ULL << order;
	stand->out++;
	return 0;
}

static void take_back(void *arg, unsigned int order, phys_addr_t phys)
{
	struct stand *stand = arg;

	assert_int_equal(phys % SPACING, PAGE_SIZE << order);
	stand->out--;
	if (phys / SPACING == stand->chunks) /* it never became a chunk */
		stand->chunks--;
}

static void stand_init(struct stand *stand, uint64_t target, unsigned int max_order)
{
	const struct atomic_pool_pages pages = { provide, take_back, stand };

	memset(stand, 0, sizeof(*stand));
	stand->max_order = max_order;
	assert_int_equal(atomic_pool_create(&stand->heap, &pages, target, &stand->pool),
			 0);
}

static phys_addr_t chunk_start(const struct stand *stand, unsigned int chunk)
{
	return SPACING * (chunk + 1) + (stand->pages[chunk] << PAGE_SHIFT);
}

static bool plain_find(const struct stand *stand, uint64_t pages, unsigned int *chunk,
		       uint64_t *ret)
{
	uint64_t align = 1;

	while (align < pages)
		align *= 2;
	for (*chunk = stand->chunks; (*chunk)--;) {
		const unsigned char *used = stand->used[*chunk];

		for (uint64_t page = 0; page + pages <= stand->pages[*chunk];
		     page += align) {
			uint64_t at = 0;

			while (at < pages && !used[page + at])
				at++;
			*ret = page;
			if (at == pages)
				return true;
		}
	}
	return false;
}

static void try_alloc(struct stand *stand)
{
	uint64_t size = 1 + roll(roll(6) ? 40000 : 5 << 20), pages, page;
	phys_addr_t phys = 1;
	unsigned int chunk;
	bool found;

	pages = (size + 4095) / 4096;
	found = plain_find(stand, pages, &chunk, &page);
	assert_int_equal(atomic_pool_alloc(stand->pool, size, &phys),
			 found ? 0 : -ENOMEM);
	assert_int_equal(phys, found ? chunk_start(stand, chunk) + page * 4096 : 1);
	if (!found)
		return;
	memset(stand->used[chunk] + page, 1, pages);
	stand->live[stand->count++] = (struct live) { phys, size };
}

static void try_free(struct stand *stand)
{
	struct live *live = &stand->live[roll(stand->count)];
	unsigned int chunk = (unsigned int)(live->phys / SPACING) - 1;

	assert_int_equal(atomic_pool_free(stand->pool, live->phys + 1, 1), -EINVAL);
	assert_int_equal(atomic_pool_free(stand->pool, live->phys, 0), -EINVAL);
	assert_int_equal(atomic_pool_free(stand->pool, live->phys, live->size), 0);
	assert_int_equal(atomic_pool_free(stand->pool, live->phys, live->size), -EINVAL);
	assert_int_equal(atomic_pool_free(stand->pool, 4096, live->size), -ENOENT);
	memset(stand->used[chunk] + (live->phys - chunk_start(stand, chunk)) / 4096, 0,
	       (live->size + 4095) / 4096);
	*live = stand->live[--stand->count];
}

static int compare_extent(const struct extent *extent, void *arg)
{
	const struct stand *stand = arg;
	unsigned int chunk = (unsigned int)(extent->start / SPACING) - 1;
	uint64_t page = (extent->start - chunk_start(stand, chunk)) / 4096;

	for (uint64_t at = 0; at < extent->length / 4096; at++)
		assert_int_equal(stand->used[chunk][page + at], extent->used);
	return 0;
}

static void check(struct stand *stand, uint64_t target)
{
	uint64_t size = 0, free = 0;

	for (unsigned int chunk = 0; chunk < stand->chunks; chunk++) {
		size += stand->pages[chunk] * 4096;
		for (uint64_t page = 0; page < stand->pages[chunk]; page++)
			free += stand->used[chunk][page] ? 0 : 4096;
	}
	assert_int_equal(atomic_pool_size(stand->pool), size);
	assert_int_equal(atomic_pool_available(stand->pool), free);
	assert_int_equal(atomic_pool_is_low(stand->pool), free < target);
	assert_int_equal(atomic_pool_walk(stand->pool, compare_extent, stand), 0);
	assert_true(atomic_pool_valid(stand->pool));
}

static void expect_growth(struct stand *stand)
{
	unsigned int chunks = stand->chunks;
	int err = atomic_pool_grow(stand->pool);

	if (stand->chunks > chunks)
		assert_int_equal(err, 0);
	else if (!stand->heap.fail_ppm)
		assert_int_equal(err, -ENOSPC);
	else
		assert_true(err == -ENOMEM ||
			    (err == -ENOSPC && stand->chunks == MAX_CHUNKS));
}

static void blocks_come_as_from_a_plain_search(void **state)
{
	static struct stand stand;

	(void)state;
	for (unsigned int run = 0; run < 15; run++) {
		uint64_t target = 1 + roll(3 << 20);

		stand_init(&stand, target, 4 + (unsigned int)roll(8));
		if (run % 3 == 0)
			stand.heap.fail_ppm = 300000;
		for (unsigned int step = 0; step < 200; step++) {
			if (!roll(12))
				expect_growth(&stand);
			else if (!stand.count || roll(step % 100 < 50 ? 4 : 2))
				try_alloc(&stand);
			else
				try_free(&stand);
			assert_int_equal(stand.out, stand.chunks);
			check(&stand, target);
		}
		atomic_pool_destroy(stand.pool);
		assert_int_equal(stand.out, 0);
	}
}

static void sizes_are_those_of_the_machine(void **state)
{
	const uint64_t mib = 1 << 20, gib = 1 << 30;

	(void)state;
	assert_int_equal(atomic_pool_default_size(512 * mib), 128 << 10);
	assert_int_equal(atomic_pool_default_size(gib), 128 << 10);
	assert_int_equal(atomic_pool_default_size(3 * gib + gib / 2), 448 << 10);
	assert_int_equal(atomic_pool_default_size(32 * gib), 4 << 20);
	assert_int_equal(atomic_pool_default_size(1024 * gib), 4 << 20);
}

static void pools_are_tried_in_the_kernels_order(void **state)
{
	static const bool all[] = { true, true, true }, none[] = { false, false, false };
	static const bool dma_only[] = { true, false, false };
	const struct kernel_rules *oldest = kernel_rules(DMA_KERNEL_6_1);
	const struct kernel_rules *old = kernel_rules(DMA_KERNEL_6_12);
	const struct kernel_rules *now = kernel_rules(DMA_KERNEL_7_2);

	(void)state;
	for (int zone = MEMORY_ZONE_DMA; zone <= MEMORY_ZONE_NORMAL; zone++) {
		assert_int_equal(atomic_pool_next(old, all, -1, zone), zone);
		assert_int_equal(atomic_pool_next(now, all, -1, zone), zone);
		assert_int_equal(atomic_pool_next(now, none, -1, zone), -1);
		assert_int_equal(atomic_pool_next(now, dma_only, -1, zone),
				 MEMORY_ZONE_DMA);
		assert_int_equal(atomic_pool_next(old, dma_only, -1, zone),
				 zone ? -1 : MEMORY_ZONE_DMA);
		assert_int_equal(atomic_pool_next(oldest, dma_only, -1, zone),
				 zone ? -1 : MEMORY_ZONE_DMA);
	}
	assert_int_equal(
		atomic_pool_next(old, all, MEMORY_ZONE_NORMAL, MEMORY_ZONE_NORMAL),
		MEMORY_ZONE_DMA32);
	assert_int_equal(
		atomic_pool_next(old, dma_only, MEMORY_ZONE_NORMAL, MEMORY_ZONE_NORMAL),
		MEMORY_ZONE_DMA);
	assert_int_equal(
		atomic_pool_next(old, all, MEMORY_ZONE_DMA32, MEMORY_ZONE_NORMAL),
		MEMORY_ZONE_DMA);
	assert_int_equal(atomic_pool_next(old, all, MEMORY_ZONE_DMA, MEMORY_ZONE_NORMAL),
			 -1);
}

static void creation_can_fail_at_each_step(void **state)
{
	static struct stand stand;
	const struct atomic_pool_pages pages = { provide, take_back, &stand };
	struct atomic_pool *pool = NULL;

	(void)state;
	stand.max_order = 3;
	assert_int_equal(atomic_pool_create(NULL, &pages, 0, &pool), -EINVAL);
	for (uint64_t nth = 1; nth <= 4; nth++) {
		struct heap heap = { .fail_nth = nth };

		assert_int_equal(atomic_pool_create(&heap, &pages, 1 << 20, &pool),
				 -ENOMEM);
		assert_int_equal(stand.out, 0);
	}
	stand.chunks = MAX_CHUNKS;
	assert_int_equal(atomic_pool_create(NULL, &pages, 1 << 20, &pool), -ENOSPC);
	assert_null(pool);
	atomic_pool_destroy(NULL);
	stand_init(&stand, 4096, 0);
	assert_int_equal(atomic_pool_alloc(stand.pool, 0, &(phys_addr_t) { 0 }), -EINVAL);
	atomic_pool_destroy(stand.pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(blocks_come_as_from_a_plain_search),
		cmocka_unit_test(sizes_are_those_of_the_machine),
		cmocka_unit_test(pools_are_tried_in_the_kernels_order),
		cmocka_unit_test(creation_can_fail_at_each_step),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
