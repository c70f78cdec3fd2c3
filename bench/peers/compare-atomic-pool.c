// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * compare-atomic-pool.c - libdma's atomic pools and the kernel's kernel/dma/pool.c,
 * lib/genalloc.c
 *
 * On machines of several sizes. The kernel's code is given pages by a second set of
 * libdma's pages of the same memory, so that both begin with the same ones.
 */
#include <errno.h>

#include "alloc/atomic-pool.h"
#include "alloc/contiguous.h"
#include "base/bits.h"
#include "dma/backing.h"
#include "dma/machine.h"
#include "hardware/pages.h"

#include "compare.h"
#include "peer-atomic-pool.h"

#define CALLS 100000
#define RUN   1000 /* calls at one machine */
#define MOST  1024 /* live */
#define MIB   (1ULL << 20)
#define GIB   (1ULL << 30)

struct live {
	phys_addr_t phys;
	size_t size;
};

static const struct peer_atomic_pool *peer;
static struct libdma_machine *machine;
static struct device *dev;
static struct live live[MOST];
static unsigned int count, failures;

/* ---- what the kernel's code is given ---- */

static struct memory *memory;
static struct pages *pages;
static struct contiguous *contiguous;

static uint64_t give_pages(unsigned int zone, unsigned int order)
{
	phys_addr_t phys;

	return pages_alloc(pages, zone, order, &phys) ? UINT64_MAX : phys;
}

static uint64_t give_contiguous(unsigned long n_pages, unsigned int align_order)
{
	phys_addr_t phys;

	if (align_order > CONTIGUOUS_MAX_ALIGN_ORDER)
		align_order = CONTIGUOUS_MAX_ALIGN_ORDER;
	return contiguous_alloc(contiguous, n_pages, align_order, &phys) ? UINT64_MAX
									 : phys;
}

static void create_theirs(const struct libdma_machine_options *options)
{
	static struct peer_memory theirs;
	struct memory_range range[4];
	const struct memory_layout layout = {
		.range = range,
		.ranges = options->memory_count,
		.dma_end = ZONE_DMA_END,
		.dma32_end = 4 * GIB,
	};

	theirs = (struct peer_memory) {
		.cma_start = options->cma_start,
		.cma_size = options->cma_size,
		.alloc_pages = give_pages,
		.alloc_contiguous = give_contiguous,
	};
	for (size_t i = 0; i < options->memory_count; i++) {
		range[i] = (struct memory_range) { options->memory[i].start,
						   options->memory[i].length };
		theirs.pages += range[i].length >> PAGE_SHIFT;
	}
	if (memory_create(NULL, &layout, &memory) || pages_create(NULL, memory, &pages))
		exit(1);
	contiguous = NULL;
	if (options->cma_size &&
	    (pages_reserve(pages, options->cma_start, options->cma_size) ||
	     contiguous_create(NULL, options->cma_start, options->cma_size, &contiguous)))
		exit(1);
	for (unsigned int zone = 0; zone < PEER_ZONES; zone++)
		theirs.has[zone] = pages_count_free(pages, zone);
	peer->create(&theirs, options->coherent_pool);
}

static void destroy_theirs(void)
{
	peer->destroy();
	contiguous_destroy(contiguous);
	pages_destroy(pages);
	memory_destroy(memory);
}

/* ---- what both are asked ---- */

static void compare_pools(void)
{
	for (unsigned int zone = 0; zone < MEMORY_ZONES; zone++) {
		const struct atomic_pool *pool = machine->atomic_pool[zone];

		compare("a pool's size", pool ? atomic_pool_size(pool) : UINT64_MAX,
			peer->size(zone));
		compare("a pool's free bytes",
			pool ? atomic_pool_available(pool) : UINT64_MAX,
			peer->available(zone));
	}
}

static void alloc(void)
{
	static const uint64_t masks[] = { DMA_BIT_MASK(24), DMA_BIT_MASK(30), DMA_BIT_MASK(32),
					  DMA_BIT_MASK(36), DMA_BIT_MASK(64) };
	size_t size = 1 + roll(roll(4) ? 5 * PAGE_SIZE : roll(10) ? 100000 : 6 * MIB);
	enum memory_zone zone = (enum memory_zone)roll(MEMORY_ZONES);
	phys_addr_t phys = UINT64_MAX;

	dev->coherent_dma_mask = masks[roll(5)];
	if (backing_atomic(dev, zone, size, __GFP_NOWARN, &phys)) {
		phys = UINT64_MAX;
		failures++;
	}
	compare("where memory is", phys, peer->alloc(zone, size, dev->coherent_dma_mask));
	if (phys != UINT64_MAX)
		live[count++] = (struct live) { phys, size };
}

static void release(struct live *block)
{
	compare("is it freed", !backing_free_atomic(dev, block->phys, block->size),
		peer->free(block->phys, block->size));
	*block = live[--count];
}

static void release_foreign(void)
{
	phys_addr_t phys = (1ULL << 40) + PAGE_SIZE * roll(100);

	compare("is it foreign", backing_free_atomic(dev, phys, PAGE_SIZE) == -ENOENT,
		!peer->free(phys, PAGE_SIZE));
}

static void run(const struct libdma_machine_options *options)
{
	if (libdma_machine_create(options, &machine) ||
	    libdma_device_create(
		    machine, &(struct libdma_device_options) { .name = "peer" }, &dev))
		exit(1);
	create_theirs(options);
	compare_pools();
	for (unsigned int call = 0; call < RUN; call++) {
		if (!count || (count < MOST && roll(20) < 11))
			alloc();
		else if (roll(50))
			release(&live[roll(count)]);
		else
			release_foreign();
		compare_pools();
	}
	while (count)
		release(&live[0]);
	compare_pools();
	compare("valid", libdma_machine_valid(machine), true);
	destroy_theirs();
	libdma_machine_destroy(machine);
}

/* Where a machine's memory is: two ranges at most. */
static const struct {
	uint64_t start, length, start2, length2;
} machines[] = {
	{ MIB, 15 * MIB, 0, 0 },
	{ MIB, 31 * MIB, 0, 0 },
	{ MIB, 255 * MIB, 0, 0 },
	{ MIB, 3 * GIB - MIB, 0, 0 },
	{ MIB, 3 * GIB - MIB, 4 * GIB, 13 * GIB },
	{ MIB, 7 * MIB, 4 * GIB, GIB },
	{ GIB, GIB, 0, 0 },
	{ 64 * GIB, GIB, 0, 0 },
};

static void pick_machine(struct libdma_machine_options *options,
			 struct libdma_range *range)
{
	unsigned int which = (unsigned int)roll(sizeof(machines) / sizeof(machines[0]));

	range[0] = (struct libdma_range) { .start = machines[which].start,
					   .length = machines[which].length };
	range[1] = (struct libdma_range) { .start = machines[which].start2,
					   .length = machines[which].length2 };
	options->memory = range;
	options->memory_count = range[1].length ? 2 : 1;
	options->coherent_pool = roll(2) ? 0 : 1 + roll(roll(2) ? MIB : 9 * MIB);
	options->cma_size = options->cma_start = 0;
	if (range->length > 16 * MIB && roll(2)) {
		options->cma_size = 4 * MIB << roll(2);
		options->cma_start = align_up(range->start, 4 * MIB) + 4 * MIB * roll(3);
	}
}

int main(int argc, char **argv)
{
	struct libdma_machine_options options = { .kernel = kernel_of(argc, argv),
						  .swiotlb_off = true };
	struct libdma_range range[2];

	peer = open_peer(argv[2], "peer_atomic_pool");
	for (unsigned int calls = 0; calls < CALLS; calls += RUN) {
		pick_machine(&options, range);
		run(&options);
	}
	printf("atomic pools of %s: %u calls, no difference (%u found no room)\n",
	       argv[1], CALLS, failures);
	return 0;
}
