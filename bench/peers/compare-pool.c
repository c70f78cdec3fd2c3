// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * compare-pool.c - libdma's dma_pool and the kernel's mm/dmapool.c
 *
 * With the metadata in and outside of the blocks: the addresses are the same.
 */
#include "base/bits.h"
#include "dma/pool.h"

#include "compare.h"
#include "peer-pool.h"

#define CALLS    100000
#define ARENA    (32UL << 20)
#define DMA      0x100000000ULL
#define MAX_LIVE 4096

struct live {
	char *cpu; /* of libdma's */
	void *theirs;
	uint64_t dma;
};

static struct live live[MAX_LIVE];
static unsigned int count;
static char *arena, *their_arena;
static uint64_t arena_used;

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

int main(int argc, char **argv)
{
	enum dma_kernel kernel = kernel_of(argc, argv);
	const struct peer_pool *peer = open_peer(argv[2], "peer_pool");
	unsigned int calls;

	arena = aligned_alloc(PAGE_SIZE, ARENA);
	their_arena = aligned_alloc(PAGE_SIZE, ARENA);
	if (!arena || !their_arena)
		return 1;
	for (calls = 0; calls < 2 * CALLS;)
		calls += check_pool(peer, kernel,
				    calls < CALLS ? POOL_OUTSIDE : POOL_INSIDE);
	printf("dma_pool of %s: %u calls, no difference\n", argv[1], calls);
	return 0;
}
