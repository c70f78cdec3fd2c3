// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * compare-iommu-dma.c - libdma's mappings behind an IOMMU and the kernel's
 * drivers/iommu/dma-iommu.c
 *
 * Single buffers, lists and, where the kernel has them, addresses alone: strict and lazy,
 * on four CPUs, with devices whose masks and segments are as short as may be. Lists are
 * compared entry by entry after each map and unmap, and in the end what is translated.
 */
#include <libdma/machine.h>
#include <libdma/scatterlist.h>

#include "dma/group.h"
#include "dma/iommu-dma.h"
#include "dma/machine.h"
#include "hardware/iommu.h"

#include "compare.h"
#include "peer-iommu-dma.h"

#define CALLS   100000
#define RUN     5000 /* calls at one machine */
#define CPUS    4
#define MOST    600 /* live */
#define LONGEST 40  /* list */

struct live {
	enum {
		SINGLE,
		LIST,
		ADDRESSES,
	} kind;
	dma_addr_t dma;
	size_t size;
	int nents;
	struct scatterlist sg[2][LONGEST]; /* ours, theirs */
};

static const struct peer_iommu_dma *peer;
static struct libdma_machine *machine;
static struct device *dev;
static struct live *live[MOST];
static unsigned int count, failures, segments;
static bool empty_entries; /* there an unmap may end, and leave what follows mapped */

/* ---- the IOMMU of the kernel's code ---- */

static struct iommu *table;

static int table_map(uint64_t dma, uint64_t phys, uint64_t size)
{
	return iommu_map(table, dma, phys, size, IOMMU_READ);
}

static uint64_t table_unmap(uint64_t dma, uint64_t size)
{
	return iommu_unmap(table, dma, size);
}

static uint64_t table_phys(uint64_t dma)
{
	return iommu_iova_to_phys(table, dma);
}

static int compare_translation(const struct iommu_mapping *mapping, void *arg)
{
	(void)arg;
	for (uint64_t at = 0; at < mapping->size; at += machine->granule)
		compare("a translation", mapping->phys + at,
			iommu_iova_to_phys(table, mapping->dma + at));
	return 0;
}

static void compare_translations(void)
{
	const struct iommu *ours = dev->state->group->table;

	iommu_walk(ours, compare_translation, NULL);
	compare("bytes translated", iommu_mapped(ours), iommu_mapped(table));
}

/* ---- what both are asked ---- */

static void pick_cpu(void)
{
	unsigned int cpu = (unsigned int)roll(CPUS);

	libdma_machine_set_cpu(machine, cpu);
	peer->set_cpu(cpu);
}

/* Into a page, and seldom of many. */
static size_t pick_size(void)
{
	return 1 + roll(roll(3) ? 9000 : roll(5) ? 70000 : 1 << 20);
}

static phys_addr_t pick_phys(void)
{
	return (roll(1 << 20) << PAGE_SHIFT) + (roll(2) ? 0 : roll(PAGE_SIZE));
}

static bool map_single(struct live *block)
{
	phys_addr_t phys = pick_phys();

	block->kind = SINGLE;
	block->size = pick_size();
	block->dma = iommu_dma_map(dev, phys, block->size, DMA_TO_DEVICE, 0);
	compare("a mapping's place", block->dma, peer->map(phys, block->size));
	return block->dma != DMA_MAPPING_ERROR;
}

static void compare_lists(const struct live *block)
{
	for (int i = 0; i < block->nents; i++) {
		const struct scatterlist *ours = &block->sg[0][i],
					 *theirs = &block->sg[1][i];

		compare("an entry's page", ours->page_link, theirs->page_link);
		compare("an entry's offset", ours->offset, theirs->offset);
		compare("an entry's length", ours->length, theirs->length);
		compare("a segment's place", sg_dma_address(ours),
			sg_dma_address(theirs));
		compare("a segment's length", sg_dma_len(ours), sg_dma_len(theirs));
		compare("a segment's flags", ours->dma_flags, theirs->dma_flags);
	}
}

static bool map_list(struct live *block)
{
	uint64_t granule = machine->granule;
	bool whole = roll(2);
	int mapped;

	block->kind = LIST;
	block->nents = 1 + (int)roll(LONGEST);
	sg_init_table(block->sg[0], (unsigned int)block->nents);
	for (int i = 0; i < block->nents; i++) {
		phys_addr_t phys = pick_phys();
		unsigned int size = (unsigned int)pick_size();

		if (whole && roll(8)) { /* so that they join */
			phys &= ~(granule - 1);
			size = (unsigned int)(granule << roll(5));
		}
		if (!roll(200)) /* an unmap may end there, and leave what follows mapped
				 */
			size = 0;
		sg_set_page(&block->sg[0][i], phys_to_page(phys), size,
			    (unsigned int)offset_in_page(phys));
	}
	memcpy(block->sg[1], block->sg[0], sizeof(block->sg[0]));
	mapped = iommu_dma_map_sg(dev, block->sg[0], block->nents, DMA_TO_DEVICE, 0);
	compare("segments of a list", (uint64_t)mapped,
		(uint64_t)peer->map_sg(block->sg[1], block->nents));
	compare_lists(block);
	segments += mapped > 0 ? (unsigned int)mapped : 0;
	return mapped > 0;
}

static bool take_addresses(struct live *block)
{
	struct dma_iova_state state;
	phys_addr_t phys = pick_phys();

	block->kind = ADDRESSES;
	block->size = pick_size();
	block->dma = dma_iova_try_alloc(dev, &state, phys, block->size) ? state.addr
									: UINT64_MAX;
	compare("addresses", block->dma, peer->take(phys, block->size));
	return block->dma != UINT64_MAX;
}

static void map(void)
{
	struct live *block = live[count];
	bool mapped;

	if (roll(2))
		mapped = map_list(block);
	else if (peer->take && !roll(4))
		mapped = take_addresses(block);
	else
		mapped = map_single(block);
	count += mapped;
	failures += !mapped;
}

static void unmap(unsigned int at)
{
	struct live *block = live[at];

	switch (block->kind) {
	case SINGLE:
		iommu_dma_unmap(dev, block->dma, block->size, DMA_TO_DEVICE, 0);
		peer->unmap(block->dma, block->size);
		break;
	case LIST:
		iommu_dma_unmap_sg(dev, block->sg[0], block->nents, DMA_TO_DEVICE, 0);
		peer->unmap_sg(block->sg[1], block->nents);
		compare_lists(block);
		break;
	case ADDRESSES:
		dma_iova_free(dev, &(struct dma_iova_state) { block->dma, block->size });
		peer->give(block->dma, block->size);
		break;
	}
	live[at] = live[--count];
	live[count] = block;
}

/* What drivers set, at any time. */
static void change_device(void)
{
	static const uint64_t mask[] = { DMA_BIT_MASK(24), DMA_BIT_MASK(32),
					 DMA_BIT_MASK(36), DMA_BIT_MASK(48),
					 DMA_BIT_MASK(64) };
	static const uint64_t boundary[] = { 0xfff, 0xffff, 0xfffff, 0xffffffff,
					     UINT64_MAX };
	const struct peer_iommu_device device = {
		.mask = mask[roll(5)],
		.bus_limit = roll(4) ? 0 : DMA_BIT_MASK(30),
		.boundary = boundary[roll(5)],
		.longest = roll(3)   ? 65536
			   : roll(2) ? UINT32_MAX
				     : 4096u << roll(6),
	};

	dev->state->dma_mask = device.mask;
	dev->bus_dma_limit = device.bus_limit;
	dma_set_seg_boundary(dev, device.boundary);
	dma_set_max_seg_size(dev, device.longest);
	peer->set_device(&device);
}

static void run(enum dma_kernel kernel)
{
	static const uint64_t aperture[] = { DMA_BIT_MASK(24), DMA_BIT_MASK(31),
					     DMA_BIT_MASK(33), DMA_BIT_MASK(48) };
	const struct peer_iommu iommu = {
		.granule = 4096,
		.aperture_end = aperture[roll(4)],
		.cpus = CPUS,
		.lazy = roll(2),
		.is_pci = roll(2),
		.map = table_map,
		.unmap = table_unmap,
		.phys = table_phys,
	};
	const struct libdma_range none[1];
	const struct libdma_machine_options options = {
		.kernel = kernel,
		.cpus = CPUS,
		.iommu = iommu.lazy ? LIBDMA_IOMMU_LAZY : LIBDMA_IOMMU_STRICT,
		.granule = iommu.granule,
		.aperture_end = iommu.aperture_end,
		.reserved = none,
	};
	const struct libdma_device_options device = { .name = "peer",
						      .pci = iommu.is_pci,
						      .coherent = true };
	uint64_t ms = 1;

	if (libdma_machine_create(&options, &machine) ||
	    libdma_device_create(machine, &device, &dev) ||
	    iommu_create(NULL, iommu.granule, &table))
		exit(1);
	peer->create(&iommu);
	empty_entries = !roll(8);
	change_device();
	for (unsigned int call = 0; call < RUN; call++) {
		pick_cpu();
		if (!count || (count < MOST && roll(20) < 11))
			map();
		else
			unmap((unsigned int)roll(count));
		if (!roll(500)) {
			change_device();
			compare_translations();
		}
		ms += roll(20) == 0 ? roll(5) : 0;
		libdma_machine_set_time(machine, ms * 1000000);
		peer->advance(ms);
	}
	while (count)
		unmap(0);
	compare_translations();
	compare("valid", libdma_machine_valid(machine), true);
	libdma_machine_destroy(machine);
	peer->destroy();
	iommu_destroy(table);
}

int main(int argc, char **argv)
{
	static struct live blocks[MOST];
	enum dma_kernel kernel = kernel_of(argc, argv);

	peer = open_peer(argv[2], "peer_iommu_dma");
	for (unsigned int i = 0; i < MOST; i++)
		live[i] = &blocks[i];
	for (unsigned int calls = 0; calls < CALLS; calls += RUN)
		run(kernel);
	printf("mappings of %s: %u calls, %u segments, no difference (%u found no room)\n",
	       argv[1], CALLS, segments, failures);
	return 0;
}
