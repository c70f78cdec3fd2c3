// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * region.c - libdma's per-device region beside the kernel's kernel/dma/coherent.c
 *
 *	bench/region NAME=PEER.so
 *
 * Nanoseconds for a release and an alloc of random blocks while a share of the region
 * is in use. Neither zeroes what it allocates: the search is measured. Both must give
 * the same addresses, or the program fails.
 */
#include "alloc/coherent.h"
#include "base/bits.h"

#include "peers/peer-region.h"
#include "rounds.h"

#define MAX_LIVE (1 << 18)
#define DMA      (1ULL << 36)

/* What is allocated, small so that looking it up does not count. */
struct live {
	uint32_t page : 28;
	uint32_t order : 4;
};

struct row {
	const char *name;
	uint64_t size;
	unsigned int orders; /* 0 .. orders - 1 */
	unsigned int percent;
	unsigned int pairs; /* a round */
};

static const struct row rows[] = {
	{ "64 MiB order 0, 10 %", 64 << 20, 1, 10, 20000 },
	{ "64 MiB order 0, 50 %", 64 << 20, 1, 50, 2000 },
	{ "64 MiB order 0, 90 %", 64 << 20, 1, 90, 2000 },
	{ "64 MiB order 0..4, 90 %", 64 << 20, 5, 90, 2000 },
	{ "512 MiB order 0, 50 %", 512 << 20, 1, 50, 4000 },
	{ "512 MiB order 0, 90 %", 512 << 20, 1, 90, 4000 },
	{ "512 MiB order 0..4, 90 %", 512 << 20, 5, 90, 4000 },
};

static char *const memory = (char *)(1UL << 40); /* never read or written */

/* One of the two, as far as a workload sees it, and what it has handed out. */
struct side {
	const struct peer_region *peer; /* NULL: libdma */
	struct coherent_region *region;
	uint64_t dice;
	uint64_t sum; /* of the addresses, so that two runs can be told apart */
	unsigned int count;
	struct live live[MAX_LIVE];
};

static uint64_t roll(struct side *side, uint64_t sides)
{
	side->dice ^= side->dice << 13;
	side->dice ^= side->dice >> 7;
	side->dice ^= side->dice << 17;
	return side->dice % sides;
}

static int take(const struct side *side, struct live *block)
{
	uint64_t dma = DMA, offset = 0;

	if (side->peer && !side->peer->alloc(PAGE_SIZE << block->order, &dma))
		return -1;
	if (!side->peer &&
	    coherent_alloc(side->region, PAGE_SIZE << block->order, &offset))
		return -1;
	block->page = (uint32_t)((dma - DMA + offset) >> PAGE_SHIFT);
	return 0;
}

static void give(const struct side *side, const struct live *block)
{
	if (side->peer)
		side->peer->release((int)block->order,
				    memory + ((uint64_t)block->page << PAGE_SHIFT));
	else
		coherent_release(side->region, block->order,
				 (void *)((uint64_t)block->page << PAGE_SHIFT), NULL);
}

static struct side kernel, libdma;

static void fill(struct side *side, const struct row *row)
{
	uint64_t pages = row->size >> PAGE_SHIFT, used = 0;

	side->dice = 88172645463325252ULL;
	side->sum = 0;
	for (side->count = 0; used * 100 < pages * row->percent; side->count++) {
		struct live *block = &side->live[side->count];

		block->order = (unsigned int)roll(side, row->orders) & 15;
		if (take(side, block))
			break;
		used += 1ULL << block->order;
	}
}

static double run(struct side *side, const struct row *row)
{
	double start = now_ns();

	for (unsigned int pair = 0; pair < row->pairs; pair++) {
		struct live *block = &side->live[roll(side, side->count)];

		give(side, block);
		if (take(side, block))
			exit(1); /* what was just given back has room */
		side->sum = side->sum * 31 + block->page;
	}
	return (now_ns() - start) / row->pairs;
}

static int measure(const struct row *row)
{
	const struct coherent_place place = { .dma = DMA, .size = row->size };
	double theirs[ROUNDS], our[ROUNDS];

	if (kernel.peer->declare(memory, DMA, row->size) ||
	    coherent_create(NULL, kernel_rules(DMA_KERNEL_7_2), &place, &libdma.region))
		return 1;
	fill(&kernel, row);
	fill(&libdma, row);
	for (unsigned int round = 0; round < ROUNDS; round++) {
		theirs[round] = run(&kernel, row);
		our[round] = run(&libdma, row);
	}
	kernel.peer->undeclare();
	coherent_destroy(libdma.region);
	if (kernel.sum != libdma.sum) {
		fprintf(stderr, "%s: other addresses\n", row->name);
		return 1;
	}
	printf("%-26s %12.1f %12.1f %9.5f\n", row->name, median(theirs, ROUNDS),
	       median(our, ROUNDS), median(our, ROUNDS) / median(theirs, ROUNDS));
	return 0;
}

int main(int argc, char **argv)
{
	char *path = argc == 2 ? strchr(argv[1], '=') : NULL;

	if (!path) {
		fprintf(stderr, "usage: region NAME=PEER.so\n");
		return 2;
	}
	kernel.peer = open_peer(path + 1, "peer_region");
	kernel.peer->set_zeroing(0);
	stay_on_one_cpu();
	printf("%-26s %12s %12s %9s\n", "ns", "kernel", "libdma", "ratio");
	for (size_t at = 0; at < sizeof(rows) / sizeof(rows[0]); at++)
		if (measure(&rows[at]))
			return 1;
	return 0;
}
