// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * check.c - the same random calls at libdma and at the kernel's own files
 *
 *	check KERNEL POOL.so REGION.so
 *
 * tests/peers.sh builds the shared objects and runs this for each kernel. Exits 1 at
 * the first difference and tells it.
 */
#include <inttypes.h>

#include "alloc/coherent.h"
#include "base/bitmap.h"
#include "base/bits.h"
#include "dma/pool.h"

#include "peer-pool.h"
#include "peer-region.h"
#include "../rounds.h"
#include "../../tests/dice.h"

#define CALLS    100000
#define ARENA    (32UL << 20)
#define DMA      0x100000000ULL
#define MAX_LIVE 4096
#define PAGES    777 /* of the region */
#define BITS     4096

struct live {
	char *cpu; /* of libdma's */
	void *theirs;
	uint64_t dma;
	unsigned int order;
};

static struct live live[MAX_LIVE];
static unsigned int count;
static char *arena, *their_arena;
static uint64_t arena_used;

static void differ(const char *what, uint64_t ours, uint64_t theirs)
{
	fprintf(stderr, "%s: libdma %#" PRIx64 ", the kernel %#" PRIx64 "\n", what, ours,
		theirs);
	exit(1);
}

static void compare(const char *what, uint64_t ours, uint64_t theirs)
{
	if (ours != theirs)
		differ(what, ours, theirs);
}

static int page_alloc(void *arg, size_t size, unsigned int gfp, void **cpu,
		      dma_addr_t *dma)
{
	uint64_t step = PAGE_SIZE << get_order(size);

	(void)arg;
	(void)gfp;
	arena_used = align_up(DMA + arena_used, step) - DMA;
	if (arena_used + step > ARENA)
		return -1;
	*cpu = arena + arena_used;
	*dma = DMA + arena_used;
	arena_used += step;
	return 0;
}

static void page_free(void *arg, size_t size, void *cpu, dma_addr_t dma)
{
	(void)arg;
	(void)size;
	(void)cpu;
	(void)dma;
}

static void pool_call(const struct peer_pool *peer, struct pool *pool, void *theirs,
		      bool filling)
{
	struct live *block = &live[count];
	void *cpu = NULL;
	uint64_t dma = 0;
	int err;

	if (count < MAX_LIVE && roll(10) < (filling ? 7 : 3)) {
		block->dma = 0;
		err = pool_alloc(pool, 0, false, &cpu, &dma);
		block->theirs = peer->alloc(theirs, &block->dma);
		compare("a pool's alloc fails", !!err, !block->theirs);
		if (err)
			return;
		compare("a pool's block", dma, block->dma);
		block->cpu = cpu;
		count++;
	} else if (count) {
		block = &live[roll(count)];
		compare("a pool's free",
			(uint64_t)pool_free(pool, block->cpu, block->dma), 0);
		peer->free(theirs, block->theirs, block->dma);
		*block = live[--count];
	}
}

static void compare_pools(const struct peer_pool *peer, const struct pool *pool)
{
	char our[4096], their[4096];
	size_t used;

	used = pool_print(NULL, our, sizeof(our), 0);
	used = pool_print(pool, our, sizeof(our), used);
	peer->show(their);
	if (strcmp(our, their)) {
		fprintf(stderr, "pools: libdma\n%.*sthe kernel\n%s", (int)used, our,
			their);
		exit(1);
	}
}

/* One pair of pools of random sizes; how many calls were made. */
static unsigned int check_pool(const struct peer_pool *peer, enum dma_kernel kernel,
			       enum pool_layout layout)
{
	size_t size = roll(30) ? 1 + roll(roll(3) ? 300 : 9000) : 0;
	size_t align = roll(20) ? 1UL << roll(10) >> 1 : roll(50);
	size_t boundary = roll(2) ? 0 : roll(20) ? 1UL << roll(15) : roll(9000);
	const struct pool_options options = {
		.rules = kernel_rules(kernel),
		.pages = { page_alloc, page_free, NULL },
		.layout = layout,
	};
	struct pool *pool = NULL;
	unsigned int call;
	bool filling = true;
	void *theirs;

	/* a block that leaves its page: the kernel would write behind our memory (P15) */
	if (kernel == DMA_KERNEL_6_1 && boundary > PAGE_SIZE)
		boundary = 0;
	arena_used = 0;
	count = 0;
	peer->arena(their_arena, ARENA, DMA);
	theirs = peer->create(size, align, boundary);
	compare("a pool is refused",
		!!pool_create("pool", size, align, boundary, &options, &pool), !theirs);
	if (!pool)
		return 1;
	for (call = 0; call < 800; call++) {
		if (!roll(50))
			filling = !filling;
		pool_call(peer, pool, theirs, filling);
	}
	compare_pools(peer, pool);
	pool_destroy(pool);
	peer->destroy(theirs);
	return call;
}

static void region_call(const struct peer_region *peer, struct coherent_region *region)
{
	struct live *block = &live[count];
	uint64_t size = roll(300) ? 1 + roll(roll(9) ? 30000 : PAGES * 5000) : 0;
	uint64_t offset = 0, dma = 0, used;
	char *cpu;
	int ours;

	if (count < MAX_LIVE && roll(2)) {
		/* the kernel's answer to no bytes is undefined in 6.1 (C14) */
		if (!size && coherent_alloc(region, 0, &offset))
			return;
		if (size && coherent_alloc(region, size, &offset))
			offset = UINT64_MAX - DMA;
		cpu = peer->alloc(size, &dma);
		compare("a region's page", DMA + offset, cpu ? dma : UINT64_MAX);
		if (cpu && size)
			*block = (struct live) { .cpu = arena + offset,
						 .theirs = cpu,
						 .order = (unsigned int)get_order(size) },
			count++;
		return;
	}
	/* any page and order now and then, as a driver with a mistake */
	cpu = arena + roll((PAGES + 5) * PAGE_SIZE);
	offset = (uint64_t)(cpu - arena);
	used = roll(9);
	if (count && roll(20)) {
		block = &live[roll(count)];
		offset = (uint64_t)(block->cpu - arena);
		used = block->order;
		*block = live[--count];
	}
	if ((offset >> PAGE_SHIFT) + (1ULL << used) > PAGES &&
	    offset >> PAGE_SHIFT < PAGES)
		return; /* it runs off the bitmap there */
	ours = coherent_release(region, (unsigned int)used, arena + offset, NULL);
	compare("a region's release", !ours,
		(uint64_t)peer->release((int)used, their_arena + offset));
}

static void check_region(const struct peer_region *peer, enum dma_kernel kernel)
{
	const struct coherent_place place = {
		.cpu = arena,
		.dma = DMA,
		.size = PAGES * PAGE_SIZE + 100,
	};
	struct coherent_region *region;

	count = 0;
	compare("a region of no bytes",
		!!coherent_create(NULL, kernel_rules(kernel),
				  &(struct coherent_place) { 0 }, &region),
		!!peer->declare(their_arena, DMA, 0));
	if (coherent_create(NULL, kernel_rules(kernel), &place, &region))
		exit(1);
	compare("a region", 0, (uint64_t)peer->declare(their_arena, DMA, place.size));
	for (unsigned int call = 0; call < CALLS; call++)
		region_call(peer, region);
	if (!coherent_valid(region))
		differ("valid", 0, 1);
	if (memcmp(arena, their_arena, PAGES * PAGE_SIZE))
		differ("zeroed memory", 0, 1);
	coherent_destroy(region);
	peer->undeclare();
}

/* What CMA (A15) and the atomic pools (A18) search with. */
static void check_search(const struct peer_region *peer)
{
	static unsigned long words[BITS / 64];
	struct bitmap *map;

	if (bitmap_create(NULL, BITS, &map))
		exit(1);
	for (unsigned int call = 0; call < CALLS; call++) {
		size_t size = 1 + roll(roll(3) ? 40 : 300), align = 1UL << roll(9);
		size_t from = roll(4) ? 0 : roll(BITS), distance = roll(align), bit,
		       theirs;

		bit = bitmap_find_clear(map, from, size, align, distance);
		theirs = peer->find_area(words, BITS, from, (unsigned int)size, align - 1,
					 distance);
		compare("a search", bit, theirs < BITS ? theirs : BITS);
		if (bit == BITS ||
		    roll(3) == 0) { /* make room, not always where it was */
			bit = roll(BITS - size);
			bitmap_clear(map, bit, size);
			for (size_t at = bit; at < bit + size; at++)
				words[at / 64] &= ~(1UL << at % 64);
			continue;
		}
		bitmap_set(map, bit, size);
		for (size_t at = bit; at < bit + size; at++)
			words[at / 64] |= 1UL << at % 64;
	}
	bitmap_destroy(map);
}

int main(int argc, char **argv)
{
	unsigned int kernel, calls;

	for (kernel = 0; argc == 4 && kernel < DMA_KERNELS; kernel++)
		if (!strcmp(kernel_rules(kernel)->name, argv[1]))
			break;
	if (argc != 4 || kernel == DMA_KERNELS) {
		fprintf(stderr, "usage: check KERNEL POOL.so REGION.so\n");
		return 2;
	}
	arena = aligned_alloc(PAGE_SIZE, ARENA);
	their_arena = aligned_alloc(PAGE_SIZE, ARENA);
	if (!arena || !their_arena)
		return 1;
	for (calls = 0; calls < 2 * CALLS;)
		calls += check_pool(open_peer(argv[2], "peer_pool"), kernel,
				    calls < CALLS ? POOL_OUTSIDE : POOL_INSIDE);
	printf("%s: %u calls at pools, no difference\n", argv[1], calls);
	memset(arena, 1, ARENA);
	memset(their_arena, 1, ARENA);
	check_region(open_peer(argv[3], "peer_region"), kernel);
	printf("%s: %u calls at regions, no difference\n", argv[1], CALLS);
	check_search(open_peer(argv[3], "peer_region"));
	printf("%s: %u searches of bitmaps, no difference\n", argv[1], CALLS);
	return 0;
}
