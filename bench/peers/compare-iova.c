// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * compare-iova.c - libdma's IOVA domain and the kernel's drivers/iommu/iova.c
 *
 * On four CPUs, strict and lazy, in time.
 */
#include "alloc/iova.h"

#include "compare.h"
#include "peer-iova.h"

#define CALLS 100000
#define CPUS  4
#define LIVE  20000

struct trial {
	enum dma_kernel kernel;
	const struct peer_iova *peer;
	bool lazy, cached;
	uint64_t limit;
	unsigned int sizes, most;
	struct iova_domain *domain;
	struct iommu_dma_cookie *theirs;
};

static void reserve(const struct trial *trial)
{
	for (unsigned int i = 0; i < roll(12); i++) {
		uint64_t lo = roll(trial->limit), hi = lo + roll(trial->limit / 50 + 1);
		bool theirs = trial->peer->reserve(trial->theirs, lo, hi);

		compare("is it reserved", !iova_reserve(trial->domain, lo, hi), theirs);
	}
}

static uint64_t allocate(const struct trial *trial, uint64_t size)
{
	unsigned int cpu = (unsigned int)roll(CPUS);
	uint64_t limit = roll(3) ? trial->limit : trial->limit << roll(18);
	uint64_t theirs, ours;
	bool flush = roll(8);

	if (trial->cached) {
		theirs = trial->peer->alloc_fast(trial->theirs, cpu, size, limit, flush);
		if (iova_alloc_fast(trial->domain, cpu, size, limit, flush, &ours))
			ours = 0;
	} else {
		theirs = trial->peer->alloc(trial->theirs, size, limit);
		if (iova_alloc(trial->domain, size, limit, &ours))
			ours = 0;
	}
	compare("an address", ours, theirs);
	return ours;
}

static void release(const struct trial *trial, uint64_t pfn, uint64_t size)
{
	unsigned int cpu = (unsigned int)roll(CPUS);

	if (!trial->cached) {
		trial->peer->free(trial->theirs, pfn);
		iova_free(trial->domain, pfn);
		return;
	}
	if (trial->lazy)
		trial->peer->queue(trial->theirs, cpu, pfn, size);
	else
		trial->peer->free_fast(trial->theirs, cpu, pfn, size);
	iova_release(trial->domain, cpu, pfn, size);
}

static void run(struct trial *trial)
{
	static uint64_t pfn[LIVE], size[LIVE];
	struct iova_options options = { .rules = kernel_rules(trial->kernel),
					.granule = 4096,
					.start = 1 + roll(1000),
					.cpus = CPUS };
	unsigned int lives = 0;
	bool grows = true;
	uint64_t ms = 1;

	if (iova_domain_create(&options, &trial->domain) ||
	    iova_set_release(trial->domain, trial->lazy ? IOVA_LAZY : IOVA_STRICT, NULL,
			     NULL))
		exit(1);
	trial->theirs = trial->peer->create(options.start, CPUS);
	reserve(trial);
	for (unsigned int call = 0; call < CALLS; call++) {
		if (!lives || lives == trial->most)
			grows = !lives;
		if (lives < trial->most && roll(8) < (grows ? 5 : 3)) {
			size[lives] = roll(10) ? 1 + roll(trial->sizes) : 1UL << roll(9);
			pfn[lives] = allocate(trial, size[lives]);
			lives += pfn[lives] != 0;
		} else if (lives) {
			unsigned int at = (unsigned int)roll(lives);

			release(trial, pfn[at], size[at]);
			lives--;
			pfn[at] = pfn[lives];
			size[at] = size[lives];
		}
		ms += roll(64) == 0;
		ms += roll(20000) == 0 ? roll(2000) : 0;
		trial->peer->advance(ms);
		iova_advance(trial->domain, ms * 1000000);
	}
	if (!iova_valid(trial->domain))
		exit(1);
	iova_domain_destroy(trial->domain);
	trial->peer->destroy(trial->theirs);
}

int main(int argc, char **argv)
{
	static const struct {
		uint64_t limit;
		unsigned int sizes, most;
	} shape[] = {
		{ 0xfffff, 64, 2000 },
		{ 0xffff, 8, 4000 },
		{ 0xfffff, 2, 19000 },
		{ 0x3fff, 64, 300 },
	};
	enum dma_kernel kernel = kernel_of(argc, argv);
	const struct peer_iova *peer = open_peer(argv[2], "peer_iova");
	unsigned int runs = 0;

	for (unsigned int way = 0; way < 3; way++)
		for (unsigned int i = 0; i < sizeof(shape) / sizeof(shape[0]);
		     i++, runs++)
			run(&(struct trial) { kernel, peer, way == 1, way < 2,
					      shape[i].limit, shape[i].sizes,
					      shape[i].most, NULL, NULL });
	printf("iova of %s: %u runs of %u calls, no difference\n", argv[1], runs, CALLS);
	return 0;
}
