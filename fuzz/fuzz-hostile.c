// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fuzz-hostile.c - a driver does as it should; its device writes whatever it can reach
 *
 * Between any two calls the device may write: iova_link at a slot's address, be it
 * mapped now or before, a kilobyte before it or behind; iova_unlink at any address;
 * iova_sync all over what is mapped. Behind an IOMMU all addresses are tried; where
 * there is none but memory is bounced, all of the bounce buffers, free ones too. What
 * the device was not given must stay as it is: the rest of buffers, other buffers, what
 * it may only read, another device's memory. Pools hand out blocks of their own, once
 * each, and zeros where these were asked for. Config: mode chooses the machine, and pool
 * doubles the few bounce buffers and their sets up to three times.
 */
#include <string.h>

#include <libdma/dma-mapping.h>
#include <libdma/dmapool.h>
#include <libdma/machine.h>

#include "alloc/swiotlb.h"
#include "dma/machine.h"
#include "hardware/memory-store.h"
#include "kinds.h"
#include "oracle.h"
#include "requests.h"
#include "target.h"

#define SLOTS_USED 16
#define PAGES	   4
#define BUFFER	   (PAGES * PAGE_SIZE)
#define BLOCKS	   64
#define SWIOTLB	   0x1000000ULL

enum backend {
	BOUNCED,
	STRICT,
	UNTRUSTED,
	LAZY,
	BACKENDS
};

/* A buffer, and what it has to be where the device may not write. */
struct slot {
	unsigned char *cpu;
	unsigned char *bytes; /* one of originals */
	uint64_t place, size;
	enum dma_data_direction dir;
	dma_addr_t dma; /* now, or last */
	bool live;
};

struct memory {
	unsigned char *cpu;
	dma_addr_t dma;
	uint64_t size;
};

/* From one input to the next. */
static struct memory_store store;

static struct world {
	struct requests requests;
	struct libdma_machine *machine;
	struct device *dev, *bystander;
	struct dma_pool *pool;
	enum backend backend;
	struct slot slot[SLOTS_USED];
	struct memory coherent[SLOTS_USED], block[BLOCKS];
	struct slot other; /* the bystander's */
	uint64_t block_size;
	uint64_t bank; /* bytes of the bounce buffers */
	unsigned char pattern;
} world;

/* Only what is in use is written, so that it need not be cleared for each input. */
static unsigned char originals[SLOTS_USED + 1][BUFFER];

static unsigned char next_pattern(void)
{
	world.pattern = (unsigned char)(world.pattern * 5 + 13);
	return world.pattern;
}

/* ---- what must not have changed ---- */

static bool may_write(const struct slot *slot)
{
	return slot->live && slot->dir != DMA_TO_DEVICE;
}

/* Of a device that is trusted, an IOMMU's page is the finest that there is. */
static void look_at(struct slot *slot)
{
	uint64_t begin = slot->place, end = slot->place + slot->size;

	if (!slot->cpu)
		return;
	if (!may_write(slot)) {
		/* a lazy IOMMU takes away what was unmapped only later */
		if (world.backend == LAZY && slot != &world.other)
			return;
		expect(INTEGRITY, !memcmp(slot->cpu, slot->bytes, BUFFER));
		return;
	}
	if (world.backend == STRICT || world.backend == LAZY) {
		begin &= PAGE_MASK;
		end = (end + PAGE_SIZE - 1) & PAGE_MASK;
	}
	if (world.backend == LAZY)
		return;
	expect(INTEGRITY, !memcmp(slot->cpu, slot->bytes, begin));
	expect(INTEGRITY, !memcmp(slot->cpu + end, slot->bytes + end, BUFFER - end));
}

static void look(void)
{
	for (unsigned int i = 0; i < SLOTS_USED; i++)
		look_at(&world.slot[i]);
	look_at(&world.other);
}

/* Where the device did nothing, nobody but the request's own slot had to do with it. */
static void look_after(const struct dma_event *event)
{
	if (event->kind == DMA_EVENT_IOVA_LINK || event->kind == DMA_EVENT_IOVA_UNLINK ||
	    event->kind == DMA_EVENT_IOVA_SYNC)
		look();
	else
		look_at(&world.slot[event->handle % SLOTS_USED]);
	if (world.requests.number % 16 == 0)
		expect(VALID, libdma_machine_valid(world.machine));
}

/* ---- the device ---- */

static void device_writes(dma_addr_t dma, uint64_t size)
{
	static unsigned char junk[2 * PAGE_SIZE];

	size = size < sizeof(junk) ? size : sizeof(junk);
	if (world.backend == BOUNCED) {
		/* without an IOMMU it reaches everything: it keeps to what is bounced */
		dma = SWIOTLB + (dma - SWIOTLB) % world.bank;
		if (size > SWIOTLB + world.bank - dma)
			size = SWIOTLB + world.bank - dma;
	}
	memset(junk, next_pattern(), size);
	libdma_device_write(world.dev, dma, junk, size, NULL);
}

static void device_floods(void)
{
	for (uint64_t at = 0; world.backend == BOUNCED && at < world.bank;
	     at += 2 * PAGE_SIZE)
		device_writes(SWIOTLB + at, 2 * PAGE_SIZE);
	for (unsigned int i = 0; i < SLOTS_USED; i++)
		if (world.slot[i].dma)
			device_writes((world.slot[i].dma & PAGE_MASK) - PAGE_SIZE,
				      2 * PAGE_SIZE);
	for (unsigned int i = 0; i < BLOCKS; i++)
		if (world.block[i].dma && world.backend != BOUNCED)
			device_writes(world.block[i].dma & PAGE_MASK, PAGE_SIZE);
	device_writes(world.other.dma & PAGE_MASK, PAGE_SIZE);
}

/* ---- the driver ---- */

static void fill(struct slot *slot)
{
	if (!slot->cpu)
		slot->cpu = libdma_memory_alloc(world.machine, BUFFER, GFP_KERNEL);
	expect(MEMORY, slot->cpu);
	slot->bytes = slot == &world.other ? originals[SLOTS_USED]
					   : originals[slot - world.slot];
	memset(slot->bytes, next_pattern(), BUFFER);
	memcpy(slot->cpu, slot->bytes, BUFFER);
}

static void map(struct slot *slot, struct device *dev, const struct dma_event *event)
{
	uint64_t place = event->phys % PAGE_SIZE, size = event->size;

	if (slot->live || !size || size > BUFFER - place || event->dir > DMA_FROM_DEVICE)
		return;
	fill(slot);
	slot->place = place;
	slot->size = size;
	slot->dir = event->dir;
	slot->dma = dma_map_single_attrs(dev, slot->cpu + place, size, slot->dir, 0);
	slot->live = !dma_mapping_error(dev, slot->dma);
	if (!slot->live)
		slot->dma = 0;
	expect(AVAILABLE, slot->live || world.backend == BOUNCED ||
				  world.backend == UNTRUSTED);
}

static void unmap(struct slot *slot, struct device *dev)
{
	if (!slot->live)
		return;
	look_at(slot);
	dma_unmap_single_attrs(dev, slot->dma, slot->size, slot->dir, 0);
	look_at(slot); /* what was copied back was the mapping's */
	slot->live = false;
	memcpy(slot->bytes, slot->cpu, BUFFER);
}

static void sync(struct slot *slot, const struct dma_event *event, bool for_cpu)
{
	uint64_t size = event->size ? event->size : 1;

	if (!slot->live || event->offset >= slot->size || size > slot->size - event->offset)
		return;
	if (for_cpu)
		dma_sync_single_for_cpu(world.dev, slot->dma + event->offset, size, slot->dir);
	else
		dma_sync_single_for_device(world.dev, slot->dma + event->offset, size,
					   slot->dir);
}

/* New memory is zeros, whatever the device wrote there before. */
static void check_new(const struct memory *memory)
{
	expect(ZERO, oracle_filled(memory->cpu, 0, memory->size));
	for (unsigned int i = 0; i < SLOTS_USED + BLOCKS; i++) {
		const struct memory *other = i < SLOTS_USED ? &world.coherent[i]
							    : &world.block[i - SLOTS_USED];

		if (other == memory || !other->cpu)
			continue;
		expect(OVERLAP, other->cpu + other->size <= memory->cpu ||
					memory->cpu + memory->size <= other->cpu);
		expect(OVERLAP, other->dma + other->size <= memory->dma ||
					memory->dma + memory->size <= other->dma);
	}
}

static void alloc(struct memory *memory, uint64_t size, bool block)
{
	unsigned char byte = next_pattern();

	if (memory->cpu || !size || size > BUFFER)
		return;
	memory->size = size;
	memory->cpu = block ? dma_pool_zalloc(world.pool, GFP_KERNEL, &memory->dma)
			    : dma_alloc_coherent(world.dev, size, &memory->dma, GFP_KERNEL);
	expect(AVAILABLE, memory->cpu);
	check_new(memory);
	expect(REACH, libdma_device_write(world.dev, memory->dma + size - 1, &byte, 1,
					  NULL) == 1 &&
			      memory->cpu[size - 1] == byte);
}

static void release(struct memory *memory, bool block)
{
	if (!memory->cpu)
		return;
	if (block)
		dma_pool_free(world.pool, memory->cpu, memory->dma);
	else
		dma_free_coherent(world.dev, memory->size, memory->cpu, memory->dma);
	memory->cpu = NULL;
}

static void run(const struct dma_event *event)
{
	struct slot *slot = &world.slot[event->handle % SLOTS_USED];
	struct memory *coherent = &world.coherent[event->handle % SLOTS_USED];
	struct memory *block = &world.block[event->slot % BLOCKS];

	libdma_machine_set_time(world.machine, event->ns);
	switch (event->kind) {
	case DMA_EVENT_MAP_SINGLE:
	case DMA_EVENT_MAP_PAGE:
	case DMA_EVENT_MAP_PHYS:
		map(slot, world.dev, event);
		break;
	case DMA_EVENT_UNMAP_SINGLE:
	case DMA_EVENT_UNMAP_PAGE:
	case DMA_EVENT_UNMAP_PHYS:
		unmap(slot, world.dev);
		break;
	case DMA_EVENT_SYNC_SINGLE_FOR_CPU:
	case DMA_EVENT_SYNC_SINGLE_FOR_DEVICE:
		sync(slot, event, event->kind == DMA_EVENT_SYNC_SINGLE_FOR_CPU);
		break;
	case DMA_EVENT_ALLOC:
		alloc(coherent, event->size, false);
		break;
	case DMA_EVENT_FREE:
		release(coherent, false);
		break;
	case DMA_EVENT_POOL_ALLOC:
		alloc(block, world.block_size, true);
		break;
	case DMA_EVENT_POOL_FREE:
		release(block, true);
		break;
	case DMA_EVENT_IOVA_LINK:
		device_writes(slot->dma + event->phys - 1024, event->size);
		break;
	case DMA_EVENT_IOVA_UNLINK:
		device_writes(((uint64_t)world.requests.op.arg << 12) + event->offset,
			      PAGE_SIZE);
		break;
	case DMA_EVENT_IOVA_SYNC:
		device_floods();
		break;
	default:
		return;
	}
	look_after(event);
}

const uint16_t target_kinds[] = { KINDS_OF_HOSTILE, DMA_EVENT_NONE };

static void begin(void)
{
	static const struct libdma_range memory = { 0, 32UL << 20, NULL };
	const uint8_t *config = requests_config(&world.requests);
	unsigned int segment = 16U << config[CONFIG_POOL] % 4;
	struct libdma_device_options device = { .name = "device0", .pci = true,
						.coherent = true };
	struct libdma_machine_options options = {
		.kernel = requests_kernel(&world.requests),
		.cpus = 1,
		.memory = &memory,
		.memory_count = 1,
		.swiotlb_slots = 2 * segment,
		.swiotlb_segment = segment,
		.swiotlb_start = SWIOTLB,
	};
	const struct dma_event other = { .size = PAGE_SIZE, .dir = DMA_BIDIRECTIONAL };

	world.backend = config[CONFIG_MODE] % BACKENDS;
	options.swiotlb_force = world.backend == BOUNCED;
	if (world.backend != BOUNCED)
		options.iommu = world.backend == LAZY ? LIBDMA_IOMMU_LAZY
						      : LIBDMA_IOMMU_STRICT;
	device.untrusted = world.backend == UNTRUSTED;
	world.bank = 2ULL * segment << SWIOTLB_SHIFT;
	world.block_size = 16U << config[CONFIG_TARGET] % 8;
	expect(MEMORY, !machine_create(&options, &store, &world.machine));
	expect(MEMORY, !libdma_device_create(world.machine, &device, &world.dev));
	device.name = "device1";
	expect(MEMORY, !libdma_device_create(world.machine, &device, &world.bystander));
	world.pool = dma_pool_create("blocks", world.dev, world.block_size, 16, 0);
	expect(MEMORY, world.pool);
	if (world.backend != BOUNCED)
		map(&world.other, world.bystander, &other);
	else
		fill(&world.other);
}

static void end(void)
{
	uint64_t count, used, most;

	look();
	/* its bytes are its own device's to write, and that one did not */
	expect(INTEGRITY, !memcmp(world.other.cpu, world.other.bytes, BUFFER));
	unmap(&world.other, world.bystander);
	for (unsigned int i = 0; i < SLOTS_USED; i++) {
		unmap(&world.slot[i], world.dev);
		release(&world.coherent[i], false);
	}
	for (unsigned int i = 0; i < BLOCKS; i++)
		release(&world.block[i], true);
	dma_pool_destroy(world.pool);
	expect(VALID, libdma_machine_valid(world.machine));
	swiotlb_usage(world.machine->swiotlb, &count, &used, &most);
	expect(CONSERVE, !used);
	libdma_machine_destroy(world.machine);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	requests_open(&world.requests, data, size);
	memset(&world.machine, 0, sizeof(world) - offsetof(struct world, machine));
	begin();
	while (requests_next(&world.requests))
		run(&world.requests.event);
	end();
	return 0;
}
