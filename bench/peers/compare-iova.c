// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * compare-iova VERSION SO - the model's IOVA domain against the kernel's own code
 *
 * 10^5 random calls each, on four CPUs, strict and lazy, in time.
 */
#include <string.h>

#include "alloc/iova.h"
#include "peer-iova.h"

#define CALLS 100000
#define CPUS  4
#define LIVE  20000

static uint64_t seed;

static uint64_t dice(uint64_t sides)
{
	seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (seed >> 24) % sides;
}

struct trial {
	enum dma_kernel kernel;
	const struct peer_iova *peer;
	bool lazy, cached;
	uint64_t limit;
	unsigned int sizes, most;
};

static void differ(const char *what, unsigned int call, uint64_t ours, uint64_t theirs)
{
	printf("call %u: %s: 0x%lx, the kernel says 0x%lx\n", call, what, ours, theirs);
	exit(1);
}

static void reserve(struct iova_domain *domain, const struct trial *trial, void *peer)
{
	for (unsigned int i = 0; i < dice(12); i++) {
		uint64_t lo = dice(trial->limit), hi = lo + dice(trial->limit / 50 + 1);
		bool theirs = trial->peer->reserve(peer, lo, hi);

		if (theirs != !iova_reserve(domain, lo, hi))
			differ("reserve", i, !theirs, theirs);
	}
}

static uint64_t allocate(struct iova_domain *domain, const struct trial *trial, void *peer,
			 unsigned int call, uint64_t size)
{
	unsigned int cpu = (unsigned int)dice(CPUS);
	uint64_t limit = dice(3) ? trial->limit : trial->limit << dice(18);
	uint64_t theirs, ours;
	bool flush = dice(8);

	if (trial->cached) {
		theirs = trial->peer->alloc_fast(peer, cpu, size, limit, flush);
		if (iova_alloc_fast(domain, cpu, size, limit, flush, &ours))
			ours = 0;
	} else {
		theirs = trial->peer->alloc(peer, size, limit);
		if (iova_alloc(domain, size, limit, &ours))
			ours = 0;
	}
	if (ours != theirs)
		differ("alloc", call, ours, theirs);
	return ours;
}

static void release(struct iova_domain *domain, const struct trial *trial, void *peer,
		    uint64_t pfn, uint64_t size)
{
	unsigned int cpu = (unsigned int)dice(CPUS);

	if (!trial->cached) {
		trial->peer->free(peer, pfn);
		iova_free(domain, pfn);
		return;
	}
	if (trial->lazy)
		trial->peer->queue(peer, cpu, pfn, size);
	else
		trial->peer->free_fast(peer, cpu, pfn, size);
	iova_release(domain, cpu, pfn, size);
}

static void run(const struct trial *trial)
{
	static uint64_t pfn[LIVE], size[LIVE];
	struct iova_options options = { .rules = kernel_rules(trial->kernel), .granule = 4096,
					.start = 1 + dice(1000), .cpus = CPUS };
	void *peer = trial->peer->create(options.start, CPUS);
	struct iova_domain *domain;
	unsigned int lives = 0;
	bool grows = true;
	uint64_t ms = 1;

	if (iova_domain_create(&options, &domain) ||
	    iova_set_release(domain, trial->lazy ? IOVA_LAZY : IOVA_STRICT, NULL, NULL))
		exit(1);
	reserve(domain, trial, peer);
	for (unsigned int call = 0; call < CALLS; call++) {
		if (!lives || lives == trial->most)
			grows = !lives;
		if (lives < trial->most && dice(8) < (grows ? 5 : 3)) {
			size[lives] = dice(10) ? 1 + dice(trial->sizes) : 1UL << dice(9);
			pfn[lives] = allocate(domain, trial, peer, call, size[lives]);
			lives += pfn[lives] != 0;
		} else if (lives) {
			unsigned int at = (unsigned int)dice(lives);

			release(domain, trial, peer, pfn[at], size[at]);
			lives--;
			pfn[at] = pfn[lives];
			size[at] = size[lives];
		}
		ms += dice(64) == 0;
		ms += dice(20000) == 0 ? dice(2000) : 0;
		trial->peer->advance(ms);
		iova_advance(domain, ms * 1000000);
	}
	if (!iova_valid(domain))
		exit(1);
	iova_domain_destroy(domain);
	trial->peer->destroy(peer);
}

int main(int argc, char **argv)
{
	unsigned int kernel = 0, runs = 0;
	struct peer_iova peer;

	if (argc != 3)
		return 2;
	while (kernel < DMA_KERNELS && strcmp(kernel_rules(kernel)->name, argv[1]))
		kernel++;
	if (kernel == DMA_KERNELS)
		return 2;
	peer = peer_iova_load(argv[2]);
	for (unsigned int way = 0; way < 3; way++) {
		static const struct {
			uint64_t limit;
			unsigned int sizes, most;
		} shape[] = {
			{ 0xfffff, 64, 2000 }, { 0xffff, 8, 4000 }, { 0xfffff, 2, 19000 },
			{ 0x3fff, 64, 300 },
		};

		for (unsigned int i = 0; i < sizeof(shape) / sizeof(shape[0]); i++, runs++) {
			seed = way * 100 + i + 1;
			run(&(struct trial){ kernel, &peer, way == 1, way < 2, shape[i].limit,
					     shape[i].sizes, shape[i].most });
		}
	}
	printf("iova of %s: %u runs of %u calls, no difference\n", argv[1], runs, CALLS);
	return 0;
}
