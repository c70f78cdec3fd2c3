// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * iova.c - libdma's IOVA domain beside the kernel's drivers/iommu/iova.c
 *
 *	bench/iova LOCKED=PEER.so NO-LOCK=PEER.so
 *
 * Both do the same fill and the same operations, in turns, and hand out the same
 * addresses, or the program fails.
 */
#include <inttypes.h>

#include "alloc/iova.h"

#include "peers/peer-iova.h"
#include "rounds.h"

#define LIMIT ((1UL << 36) - 1) /* 48 bits of 4 KiB */
#define MOST  65536             /* live */
#define CALLS 200000

static uint64_t seed;

static uint32_t dice(uint32_t sides)
{
	seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (uint32_t)(seed >> 33) % sides;
}

/* One way to get addresses, and to give them back. */
struct way {
	const struct peer_iova *peer; /* NULL: ours */
	struct iommu_dma_cookie *theirs;
	struct iova_domain *domain;
	double ns[ROUNDS];
	uint64_t pfn[MOST];
	uint32_t size[MOST];
};

struct row {
	const char *name;
	uint32_t live, sizes, calls;
	bool cached;
};

static uint64_t take(const struct way *way, const struct row *row, uint32_t size)
{
	uint64_t pfn = 0;

	if (way->peer)
		return row->cached
			       ? way->peer->alloc_fast(way->theirs, 0, size, LIMIT, true)
			       : way->peer->alloc(way->theirs, size, LIMIT);
	if (row->cached)
		iova_alloc_fast(way->domain, 0, size, LIMIT, true, &pfn);
	else
		iova_alloc(way->domain, size, LIMIT, &pfn);
	return pfn;
}

static void give(const struct way *way, const struct row *row, uint64_t pfn,
		 uint32_t size)
{
	if (way->peer && row->cached)
		way->peer->free_fast(way->theirs, 0, pfn, size);
	else if (way->peer)
		way->peer->free(way->theirs, pfn);
	else if (row->cached)
		iova_free_fast(way->domain, 0, pfn, size);
	else
		iova_free(way->domain, pfn);
}

static void create(struct way *way)
{
	struct iova_options options = { .rules = kernel_rules(DMA_KERNEL_7_2),
					.granule = 4096,
					.start = 1,
					.cpus = 1 };

	if (way->peer)
		way->theirs = way->peer->create(1, 1);
	else if (iova_domain_create(&options, &way->domain))
		exit(1);
}

/* What a round does, made up before the clock runs. */
static struct {
	uint32_t at, size;
} plan[CALLS];

static void make_plan(const struct row *row)
{
	for (uint32_t i = 0; i < row->calls; i++) {
		plan[i].at = dice(row->live);
		plan[i].size = 1 + dice(row->sizes);
	}
}

static void churn(struct way *way, const struct row *row)
{
	for (uint32_t i = 0; i < row->calls; i++) {
		uint32_t at = plan[i].at;

		give(way, row, way->pfn[at], way->size[at]);
		way->size[at] = plan[i].size;
		way->pfn[at] = take(way, row, plan[i].size);
	}
}

static void check_same(const struct way *ours, const struct way *theirs,
		       const struct row *row)
{
	for (uint32_t i = 0; i < row->live; i++) {
		if (ours->pfn[i] == theirs->pfn[i])
			continue;
		printf("%s: 0x%" PRIx64 " is not the kernel's 0x%" PRIx64 "\n", row->name,
		       ours->pfn[i], theirs->pfn[i]);
		exit(1);
	}
}

static void measure(const struct row *row, struct way *way, unsigned int ways)
{
	for (unsigned int w = 0; w < ways; w++) {
		create(&way[w]);
		seed = 1;
		for (uint32_t i = 0; i < row->live; i++) {
			way[w].size[i] = 1 + dice(row->sizes);
			way[w].pfn[i] = take(&way[w], row, way[w].size[i]);
		}
	}
	for (unsigned int round = 0; round < ROUNDS; round++) {
		make_plan(row);
		for (unsigned int w = 0; w < ways; w++) {
			double start = now_ns();

			churn(&way[w], row);
			way[w].ns[round] = (now_ns() - start) / row->calls;
		}
	}
	for (unsigned int w = 1; w < ways; w++)
		check_same(&way[0], &way[w], row);
	printf("%-28s", row->name);
	for (unsigned int w = 0; w < ways; w++)
		printf(" %10.1f", median(way[w].ns, ROUNDS));
	printf(" %9.5f\n", way[0].ns[ROUNDS / 2] / way[1].ns[ROUNDS / 2]);
}

/* How long the slowest one of a hundred takes, on a full domain. */
static void measure_slowest(struct way *way)
{
	static const struct row row = { "", MOST, 64, 0, false };
	static double ns[20000];

	for (uint32_t i = 0; i < 20000; i++) {
		uint32_t at = dice(row.live);
		struct timespec start, end;

		give(way, &row, way->pfn[at], way->size[at]);
		way->size[at] = 1 + dice(row.sizes);
		clock_gettime(CLOCK_MONOTONIC_RAW, &start);
		way->pfn[at] = take(way, &row, way->size[at]);
		clock_gettime(CLOCK_MONOTONIC_RAW, &end);
		ns[i] = (double)(end.tv_sec - start.tv_sec) * 1e9 +
			(double)(end.tv_nsec - start.tv_nsec);
	}
	qsort(ns, 20000, sizeof(*ns), compare_doubles);
	printf("one alloc of 1-64 pages, %u live: median %.0f ns, p99 %.0f ns (with the clock)\n",
	       row.live, ns[10000], ns[19800]);
	printf("memory: %.1f bytes for each of %zu ranges\n",
	       (double)iova_memory(way->domain) / (double)iova_count(way->domain),
	       iova_count(way->domain));
}

int main(int argc, char **argv)
{
	static const struct row rows[] = {
		{ "1-16 pages, 1k live, cached", 1024, 16, 200000, true },
		{ "1-16 pages, 64k live, cached", 65536, 16, 200000, true },
		{ "1-64 pages, 1k live, cached", 1024, 64, 20000, true },
		{ "1-64 pages, 1k live", 1024, 64, 20000, false },
		{ "1-64 pages, 64k live", 65536, 64, 1000, false },
	};
	static struct way way[3];

	if (argc != 3 || !strchr(argv[1], '=') || !strchr(argv[2], '=')) {
		fprintf(stderr, "usage: iova LOCKED=PEER.so NO-LOCK=PEER.so\n");
		return 2;
	}
	way[1].peer = open_peer(strchr(argv[1], '=') + 1, "peer_iova");
	way[2].peer = open_peer(strchr(argv[2], '=') + 1, "peer_iova");
	stay_on_one_cpu();
	printf("%-28s %10s %10s %10s %9s\n", "ns for a free and an alloc", "libdma",
	       "locked", "no lock", "ratio");
	for (unsigned int i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		measure(&rows[i], way, 3);
	measure_slowest(&way[0]);
	return 0;
}
