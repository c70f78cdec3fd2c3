// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * swiotlb.c - libdma's bounce buffers beside the kernel's kernel/dma/swiotlb.c
 *
 *	bench/swiotlb LOCKED=PEER.so NO-LOCK=PEER.so
 *
 * Nanoseconds to unmap a buffer and map another, without the copy, while a share of a
 * bank of 64 MiB is in use; ratio to the kernel's locked code. All must give the same
 * places, or the program fails.
 */
#include <inttypes.h>

#include "alloc/swiotlb.h"

#include "peers/peer-swiotlb.h"
#include "rounds.h"

#define SLOTS SWIOTLB_DEFAULT_SLOTS
#define CALLS 20000 /* a round */
#define START 0x4000000
#define PHYS  0x10000
#define NONE  UINT64_MAX

struct row {
	const char *name;
	uint32_t size;
	unsigned int orders; /* the size, or twice, four times ... that */
	unsigned int percent;
};

static const struct row rows[] = {
	{ "2 KiB, 10 %", 2048, 1, 10 },        { "2 KiB, 50 %", 2048, 1, 50 },
	{ "2 KiB, 90 %", 2048, 1, 90 },        { "2 KiB, 95 %", 2048, 1, 95 },
	{ "2 KiB, 99 %", 2048, 1, 99 },        { "4 KiB, 10 %", 4096, 1, 10 },
	{ "4 KiB, 50 %", 4096, 1, 50 },        { "4 KiB, 90 %", 4096, 1, 90 },
	{ "4 KiB, 95 %", 4096, 1, 95 },        { "4 KiB, 99 %", 4096, 1, 99 },
	{ "512 B..64 KiB, 10 %", 512, 8, 10 }, { "512 B..64 KiB, 50 %", 512, 8, 50 },
	{ "512 B..64 KiB, 90 %", 512, 8, 90 },
};

/* What a round does, made up before the clock runs. */
static struct {
	uint32_t at, size;
} plan[CALLS];

struct side {
	const struct peer_swiotlb *peer; /* NULL: libdma */
	struct swiotlb *swiotlb;
	unsigned int count;
	unsigned int failed;
	phys_addr_t live[SLOTS]; /* NONE where there was no room */
	double ns[ROUNDS], failing[ROUNDS];
};

static const struct swiotlb_device device = { .boundary = UINT32_MAX };
static const struct peer_swiotlb_device their_device = { .boundary = UINT32_MAX };
static uint64_t seed;

static uint32_t dice(uint32_t sides)
{
	seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (uint32_t)(seed >> 33) % sides;
}

static phys_addr_t map(const struct side *side, uint32_t size)
{
	const struct swiotlb_request request = { .phys = PHYS, .size = size };
	phys_addr_t phys;

	if (side->peer)
		return side->peer->map(&their_device, 0, PHYS, size, 0);
	return swiotlb_map(side->swiotlb, &device, &request, &phys, NULL) ? NONE : phys;
}

static void unmap(const struct side *side, phys_addr_t phys)
{
	if (phys == NONE)
		return;
	if (side->peer)
		side->peer->unmap(&their_device, phys);
	else
		swiotlb_unmap(side->swiotlb, &device, phys);
}

static void fill(struct side *side, const struct row *row)
{
	const struct swiotlb_options options = {
		.rules = kernel_rules(DMA_KERNEL_7_2),
		.start = START,
		.slots = SLOTS,
		.areas = 1,
	};
	uint64_t used = 0;

	if (side->peer)
		side->peer->create(START, SLOTS, 1);
	else if (swiotlb_create(&options, &side->swiotlb))
		exit(1);
	seed = 1;
	side->failed = 0;
	for (side->count = 0; used * 100 < (uint64_t)SLOTS * row->percent;
	     side->count++) {
		uint32_t size = row->size << dice(row->orders);

		side->live[side->count] = map(side, size);
		if (side->live[side->count] == NONE)
			break;
		used += (size + SWIOTLB_SLOT - 1) / SWIOTLB_SLOT;
	}
}

static void make_plan(const struct row *row, unsigned int count)
{
	for (unsigned int i = 0; i < CALLS; i++) {
		plan[i].at = dice(count);
		plan[i].size = row->size << dice(row->orders);
	}
}

static double churn(struct side *side)
{
	double start = now_ns();

	for (unsigned int i = 0; i < CALLS; i++) {
		phys_addr_t *phys = &side->live[plan[i].at];

		unmap(side, *phys);
		*phys = map(side, plan[i].size);
		side->failed += *phys == NONE;
	}
	return (now_ns() - start) / CALLS;
}

/* A search that finds nothing, of the most that can be asked for. */
static double fail(const struct side *side)
{
	double start = now_ns();

	for (unsigned int i = 0; i < CALLS / 100; i++)
		if (map(side, SWIOTLB_SEGMENT * SWIOTLB_SLOT) != NONE)
			return 0;
	return (now_ns() - start) / (CALLS / 100);
}

static void expect_same(const struct side *side, const struct row *row)
{
	for (unsigned int other = 1; other < 3; other++)
		if (side[other].count != side->count ||
		    memcmp(side[other].live, side->live,
			   side->count * sizeof(*side->live))) {
			fprintf(stderr, "%s: other places\n", row->name);
			exit(1);
		}
}

static void measure(struct side *side, const struct row *row)
{
	for (unsigned int i = 0; i < 3; i++)
		fill(&side[i], row);
	for (unsigned int round = 0; round < ROUNDS; round++) {
		make_plan(row, side->count);
		for (unsigned int i = 0; i < 3; i++)
			side[i].ns[round] = churn(&side[i]);
	}
	expect_same(side, row);
	printf("%-24s", row->name);
	for (unsigned int i = 0; i < 3; i++)
		printf(" %10.1f", median(side[i].ns, ROUNDS));
	printf(" %9.3f", side[0].ns[ROUNDS / 2] / side[1].ns[ROUNDS / 2]);
	if (side->failed)
		printf("   %.1f %% found no room",
		       100.0 * side->failed / (CALLS * ROUNDS));
	printf("\n");
}

static void measure_failing(struct side *side)
{
	for (unsigned int round = 0; round < ROUNDS; round++)
		for (unsigned int i = 0; i < 3; i++)
			side[i].failing[round] = fail(&side[i]);
	printf("%-24s", "256 KiB, no room");
	for (unsigned int i = 0; i < 3; i++)
		printf(" %10.1f", median(side[i].failing, ROUNDS));
	printf(" %9.5f\n", side[0].failing[ROUNDS / 2] / side[1].failing[ROUNDS / 2]);
	printf("memory: %.1f bytes a slot\n",
	       (double)swiotlb_memory_size(side->swiotlb) / SLOTS);
}

int main(int argc, char **argv)
{
	static struct side side[3];

	if (argc != 3 || !strchr(argv[1], '=') || !strchr(argv[2], '=')) {
		fprintf(stderr, "usage: swiotlb LOCKED=PEER.so NO-LOCK=PEER.so\n");
		return 2;
	}
	side[1].peer = open_peer(strchr(argv[1], '=') + 1, "peer_swiotlb");
	side[2].peer = open_peer(strchr(argv[2], '=') + 1, "peer_swiotlb");
	stay_on_one_cpu();
	printf("%-24s %10s %10s %10s %9s\n", "ns", "libdma", "locked", "no lock",
	       "ratio");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		swiotlb_destroy(side->swiotlb);
		measure(side, &rows[i]);
	}
	measure_failing(side);
	swiotlb_destroy(side->swiotlb);
	return 0;
}
