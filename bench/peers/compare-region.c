// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * compare-region.c - libdma's per-device region and the kernel's kernel/dma/coherent.c
 */
#include "alloc/coherent.h"
#include "base/bits.h"

#include "compare.h"
#include "peer-region.h"

#define CALLS    100000
#define DMA      0x100000000ULL
#define MAX_LIVE 4096
#define PAGES    777
#define ARENA    ((PAGES + 8) * PAGE_SIZE)

struct live {
	char *cpu; /* of libdma's */
	unsigned int order;
};

static struct live live[MAX_LIVE];
static unsigned int count;
static char *arena, *their_arena;

static void region_call(const struct peer_region *peer, struct coherent_region *region)
{
	struct live *block;
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
			live[count++] = (struct live) {
				.cpu = arena + offset,
				.order = (unsigned int)get_order(size),
			};
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

static void check(const struct peer_region *peer, enum dma_kernel kernel)
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
		compare("valid", 0, 1);
	if (memcmp(arena, their_arena, PAGES * PAGE_SIZE))
		compare("zeroed memory", 0, 1);
	coherent_destroy(region);
	peer->undeclare();
}

int main(int argc, char **argv)
{
	enum dma_kernel kernel = kernel_of(argc, argv);

	arena = aligned_alloc(PAGE_SIZE, ARENA);
	their_arena = aligned_alloc(PAGE_SIZE, ARENA);
	if (!arena || !their_arena)
		return 1;
	memset(arena, 1, ARENA);
	memset(their_arena, 1, ARENA);
	check(open_peer(argv[2], "peer_region"), kernel);
	printf("region of %s: %u calls, no difference\n", argv[1], CALLS);
	return 0;
}
