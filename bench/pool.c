// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * pool.c - libdma's pool beside the kernel's own mm/dmapool.c
 *
 *	bench/pool NAME=PEER.so...
 *
 * Nanoseconds for an alloc and a free; the ratio is to the first peer. The rows `test`
 * do as mm/dmapool_test.c does: all blocks are allocated, then all are freed. A peer
 * whose name is `debug` is left out where there are many blocks: it would not end.
 */
#include "base/bits.h"
#include "dma/pool.h"

#include "peers/peer-pool.h"
#include "rounds.h"

#define ARENA       (256UL << 20)
#define MAX_COLUMNS 8

struct column {
	const char *name;
	const struct peer_pool *peer;
};

struct row {
	const char *name;
	size_t size, align, boundary;
	size_t blocks;
	enum {
		TEST,
		PAIR,
		CHURN
	} kind;
};

static const struct row rows[] = {
	{ "test 16", 16, 16, 0, 8192, TEST },
	{ "test 64", 64, 64, 0, 8192, TEST },
	{ "test 256", 256, 256, 0, 8192, TEST },
	{ "test 1024", 1024, 1024, 0, 2048, TEST },
	{ "test 4096", 4096, 4096, 0, 1024, TEST },
	{ "test 68/32 b4096", 68, 32, 4096, 8192, TEST },
	{ "pair 64", 64, 64, 0, 1, PAIR },
	{ "pair 1024", 1024, 1024, 0, 1, PAIR },
	{ "churn 64, 1k live", 64, 64, 0, 1024, CHURN },
	{ "churn 64, 64k live", 64, 64, 0, 65536, CHURN },
	{ "churn 64, 256k live", 64, 64, 0, 262144, CHURN },
};

static char *arena;
static uint64_t arena_used;

/* --- libdma behind the peers' table ------------------------------------------------ */

static int page_alloc(void *arg, size_t size, unsigned int gfp, void **cpu,
		      dma_addr_t *dma)
{
	uint64_t step = PAGE_SIZE << get_order(size);

	(void)arg;
	(void)gfp;
	if (arena_used + step > ARENA)
		return -1;
	*cpu = memset(arena + arena_used, 0, size);
	*dma = (1ULL << 32) + arena_used;
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

static enum dma_kernel our_kernel = DMA_KERNEL_7_2;
static bool our_debug;

static void our_arena(char *memory, size_t size, uint64_t dma)
{
	(void)memory;
	(void)size;
	(void)dma;
	arena_used = 0;
}

static void *our_create(size_t size, size_t align, size_t boundary)
{
	const struct pool_options options = {
		.rules = kernel_rules(our_kernel),
		.pages = { page_alloc, page_free, NULL },
		.debug = our_debug,
	};
	struct pool *pool = NULL;

	pool_create("pool", size, align, boundary, &options, &pool);
	return pool;
}

static void *our_alloc(void *pool, uint64_t *dma)
{
	void *cpu = NULL;

	pool_alloc(pool, 0, false, &cpu, dma);
	return cpu;
}

static void our_free(void *pool, void *cpu, uint64_t dma)
{
	pool_free(pool, cpu, dma);
}

static void our_destroy(void *pool)
{
	pool_destroy(pool);
}

static const struct peer_pool ours = {
	.arena = our_arena,
	.create = our_create,
	.alloc = our_alloc,
	.free = our_free,
	.destroy = our_destroy,
};

/* --- workloads --------------------------------------------------------------------- */

static void **cpu;
static uint64_t *dma;

static double run_test(const struct peer_pool *peer, void *pool, const struct row *row)
{
	unsigned int times = 0;
	double start = now_ns(), end;

	do {
		for (size_t i = 0; i < row->blocks; i++)
			cpu[i] = peer->alloc(pool, &dma[i]);
		for (size_t i = 0; i < row->blocks; i++)
			peer->free(pool, cpu[i], dma[i]);
		times++;
		end = now_ns();
	} while (end - start < 2e7);
	return (end - start) / times / (double)row->blocks;
}

static double run_pair(const struct peer_pool *peer, void *pool)
{
	const unsigned int pairs = 1000000;
	double start = now_ns();

	for (unsigned int i = 0; i < pairs; i++) {
		cpu[0] = peer->alloc(pool, &dma[0]);
		peer->free(pool, cpu[0], dma[0]);
	}
	return (now_ns() - start) / pairs;
}

static double run_churn(const struct peer_pool *peer, void *pool, const struct row *row)
{
	unsigned int pairs = 0;
	uint64_t dice = 88172645463325252ULL;
	double start, end;

	for (size_t i = 0; i < row->blocks; i++)
		cpu[i] = peer->alloc(pool, &dma[i]);
	start = now_ns();
	do {
		for (unsigned int i = 0; i < 2000; i++) {
			size_t at;

			dice ^= dice << 13;
			dice ^= dice >> 7;
			dice ^= dice << 17;
			at = dice % row->blocks;
			peer->free(pool, cpu[at], dma[at]);
			cpu[at] = peer->alloc(pool, &dma[at]);
		}
		pairs += 2000;
		end = now_ns();
	} while (end - start < 3e7);
	for (size_t i = 0; i < row->blocks; i++)
		peer->free(pool, cpu[i], dma[i]);
	return (end - start) / pairs;
}

static double run(const struct peer_pool *peer, const struct row *row)
{
	double ns;
	void *pool;

	peer->arena(arena, ARENA, 1ULL << 32);
	pool = peer->create(row->size, row->align, row->boundary);
	if (!pool)
		exit(1);
	/* pages are there before time is taken, as the kernel's test has it in the end */
	for (size_t i = 0; i < row->blocks; i++)
		cpu[i] = peer->alloc(pool, &dma[i]);
	for (size_t i = 0; i < row->blocks; i++)
		peer->free(pool, cpu[i], dma[i]);
	ns = row->kind == TEST   ? run_test(peer, pool, row)
	     : row->kind == PAIR ? run_pair(peer, pool)
				 : run_churn(peer, pool, row);
	peer->destroy(pool);
	return ns;
}

/* Debug builds of the kernel walk all free blocks at every free. */
static bool is_too_slow(const struct column *column, const struct row *row)
{
	return !strcmp(column->name, "debug") &&
	       (row->blocks > 8192 || row->kind == CHURN);
}

static void measure(const struct row *row, const struct column *column, size_t columns)
{
	double ns[MAX_COLUMNS + 3][ROUNDS], base = 0;

	for (unsigned int round = 0; round < ROUNDS; round++) {
		for (size_t at = 0; at < columns; at++)
			ns[at][round] = is_too_slow(&column[at], row)
						? 0
						: run(column[at].peer, row);
		our_kernel = DMA_KERNEL_7_2;
		our_debug = false;
		ns[columns][round] = run(&ours, row);
		our_debug = true;
		ns[columns + 1][round] = run(&ours, row);
		our_debug = false;
		our_kernel = DMA_KERNEL_6_1;
		ns[columns + 2][round] = run(&ours, row);
	}
	printf("%-20s", row->name);
	for (size_t at = 0; at < columns + 3; at++) {
		double middle = median(ns[at], ROUNDS);

		base = at ? base : middle;
		printf(" %9.2f %6.3f", middle, middle / base);
	}
	putchar('\n');
}

int main(int argc, char **argv)
{
	struct column column[MAX_COLUMNS];
	size_t columns = 0;

	if (argc < 2 || argc > MAX_COLUMNS + 1) {
		fprintf(stderr, "usage: pool NAME=PEER.so...\n");
		return 2;
	}
	for (int at = 1; at < argc; at++) {
		char *path = strchr(argv[at], '=');

		if (!path)
			return 2;
		*path++ = '\0';
		column[columns++] =
			(struct column) { argv[at], open_peer(path, "peer_pool") };
	}
	arena = aligned_alloc(1 << 21, ARENA);
	cpu = calloc(1 << 18, sizeof(*cpu));
	dma = calloc(1 << 18, sizeof(*dma));
	if (!arena || !cpu || !dma)
		return 1;
	stay_on_one_cpu();

	printf("ns, ratio to the first%*s", 20 - 22 + 2, "");
	for (size_t at = 0; at < columns; at++)
		printf(" %15s", column[at].name);
	printf(" %15s %15s %15s\n", "libdma", "libdma poison", "libdma as 6.1");
	for (size_t at = 0; at < sizeof(rows) / sizeof(rows[0]); at++)
		measure(&rows[at], column, columns);
	return 0;
}
