// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * iova - what IOVA domains cost, beside the kernel's own code
 *
 * Both do the same fill and the same operations, in turns, and hand out the same
 * addresses, or the program fails. Ratios are of medians over the rounds.
 */
#include <argp.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include "alloc/iova.h"
#include "peers/peer-iova.h"

#define LIMIT  ((1UL << 36) - 1) /* 48 bits of 4 KiB */
#define ROUNDS 5
#define MOST   65536 /* live */
#define CALLS  200000

static uint64_t seed;

static uint32_t dice(uint32_t sides)
{
	seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (uint32_t)(seed >> 33) % sides;
}

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
	return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

/* One way to get addresses, and to give them back. */
struct way {
	const char *name;
	const struct peer_iova *peer; /* NULL: ours */
	void *domain;
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
		return row->cached ? way->peer->alloc_fast(way->domain, 0, size, LIMIT, true)
				   : way->peer->alloc(way->domain, size, LIMIT);
	if (row->cached)
		iova_alloc_fast(way->domain, 0, size, LIMIT, true, &pfn);
	else
		iova_alloc(way->domain, size, LIMIT, &pfn);
	return pfn;
}

static void give(const struct way *way, const struct row *row, uint64_t pfn, uint32_t size)
{
	if (way->peer && row->cached)
		way->peer->free_fast(way->domain, 0, pfn, size);
	else if (way->peer)
		way->peer->free(way->domain, pfn);
	else if (row->cached)
		iova_free_fast(way->domain, 0, pfn, size);
	else
		iova_free(way->domain, pfn);
}

static void create(struct way *way)
{
	struct iova_options options = { .rules = kernel_rules(DMA_KERNEL_7_2), .granule = 4096,
					.start = 1, .cpus = 1 };
	struct iova_domain *domain = NULL;

	if (way->peer)
		way->domain = way->peer->create(1, 1);
	else if (iova_domain_create(&options, &domain))
		exit(1);
	else
		way->domain = domain;
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

static int ascending(const void *a, const void *b)
{
	double one = *(const double *)a, two = *(const double *)b;

	return one < two ? -1 : one > two;
}

static double median(double *ns)
{
	qsort(ns, ROUNDS, sizeof(*ns), ascending);
	return ns[ROUNDS / 2];
}

static void check_same(const struct way *ours, const struct way *theirs, const struct row *row)
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
			double start = now();

			churn(&way[w], row);
			way[w].ns[round] = (now() - start) / row->calls;
		}
	}
	for (unsigned int w = 1; w < ways; w++)
		check_same(&way[0], &way[w], row);
	printf("%-28s", row->name);
	for (unsigned int w = 0; w < ways; w++)
		printf(" %10.1f", median(way[w].ns));
	printf("   %.4fx of locked\n", way[0].ns[ROUNDS / 2] / way[1].ns[ROUNDS / 2]);
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
	qsort(ns, 20000, sizeof(*ns), ascending);
	printf("one alloc of 1-64 pages, %u live: median %.0f ns, p99 %.0f ns (with the clock)\n",
	       row.live, ns[10000], ns[19800]);
	printf("memory: %.1f bytes for each of %zu ranges\n",
	       (double)iova_memory(way->domain) / (double)iova_count(way->domain),
	       iova_count(way->domain));
}

/* Fetch and compile the peers, in the folder that the program was started in. */
static void build(const char *source)
{
	char command[4096];
	int status;

	snprintf(command, sizeof(command), "'%s/bench/peers/build-iova' 7.2 peers", source);
	status = system(command);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77) {
		printf("skipped: the kernel's source cannot be had\n");
		exit(0);
	}
	if (status)
		exit(1);
}

static error_t option(int key, char *value, struct argp_state *state)
{
	if (key != 'd')
		return ARGP_ERR_UNKNOWN;
	*(const char **)state->input = value;
	return 0;
}

int main(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{ "source", 'd', "DIR", 0, "The source tree (.)", 0 },
		{ 0 },
	};
	static const struct argp argp = {
		.options = options,
		.parser = option,
		.doc = "IOVA domains beside the kernel's own code",
	};
	static const struct row rows[] = {
		{ "1-16 pages, 1k live, cached", 1024, 16, 200000, true },
		{ "1-16 pages, 64k live, cached", 65536, 16, 200000, true },
		{ "1-64 pages, 1k live, cached", 1024, 64, 20000, true },
		{ "1-64 pages, 1k live", 1024, 64, 20000, false },
		{ "1-64 pages, 64k live", 65536, 64, 1000, false },
	};
	static struct peer_iova locked, nolock;
	static struct way way[3];
	const char *source = ".";

	argp_parse(&argp, argc, argv, 0, NULL, &source);
	build(source);
	locked = peer_iova_load("peers/iova-7.2.so");
	nolock = peer_iova_load("peers/iova-7.2-nolock.so");
	way[1].peer = &locked;
	way[2].peer = &nolock;
	printf("ns for a free and an alloc, %d rounds\n%-28s %10s %10s %10s\n", ROUNDS, "",
	       "libdma", "locked", "no lock");
	for (unsigned int i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		measure(&rows[i], way, 3);
	measure_slowest(&way[0]);
	return 0;
}
