// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fuzz-direct.c - masks, limits and windows of a device without an IOMMU
 *
 * set_mask and set_coherent_mask are answered as the kernel does; map_phys maps a piece
 * of RAM, map_resource another device's registers, alloc takes coherent memory. Where
 * an address lies on the bus is reckoned from the windows in 128 bits. Config: bytes 7
 * and 8 make the windows, the mode's bit 0 lets what is out of reach bounce, byte 2 is
 * the bus limit in bits, and boundary how much RAM there is.
 */
#include <string.h>

#include <libdma/dma-mapping.h>
#include <libdma/machine.h>

#include "dma/direct.h"
#include "dma/machine.h"
#include "hardware/memory-store.h"
#include "kinds.h"
#include "oracle.h"
#include "requests.h"
#include "target.h"

#define CONFIG_LIMIT   2
#define CONFIG_WINDOWS 7 /* how many, and how large */
#define CONFIG_OFFSET  8 /* of their DMA addresses */

#define SLOTS_USED 64
#define HIGH	   (4ULL << 30)
#define NOWHERE	   (~(unsigned __int128)0)

struct mapped {
	bool live, resource;
	dma_addr_t dma;
	uint64_t size;
};

struct memory {
	void *cpu;
	dma_addr_t dma;
	uint64_t size;
};

/* From one input to the next. */
static struct memory_store store;

static struct world {
	struct requests requests;
	struct libdma_machine *machine;
	struct device *dev;
	struct libdma_range memory[2];
	struct bus_dma_region window[4];
	uint64_t mask, coherent_mask, limit;
	bool bounces, old;
	struct mapped mapped[SLOTS_USED];
	struct memory allocated[SLOTS_USED];
} world;

/* ---- the plain way ---- */

static unsigned __int128 on_bus(uint64_t phys)
{
	const struct bus_dma_region *window = world.dev->dma_range_map;

	if (!window)
		return phys;
	for (; window->size; window++)
		if (phys >= window->cpu_start &&
		    phys < (unsigned __int128)window->cpu_start + window->size)
			return (unsigned __int128)phys - window->cpu_start +
			       window->dma_start;
	return NOWHERE;
}

static uint64_t highest(uint64_t mask)
{
	return world.limit && world.limit < mask ? world.limit : mask;
}

static bool reaches(unsigned __int128 dma, uint64_t size, uint64_t mask)
{
	return dma != NOWHERE && dma + size - 1 <= highest(mask);
}

static uint64_t top_of_ram(void)
{
	uint64_t end = world.memory[1].start + world.memory[1].length;

	return requests_kernel(&world.requests) == DMA_KERNEL_7_2 ? end - 1
								   : end - PAGE_SIZE;
}

/* A20: 32 bits always do; fewer only where all of the lowest zone is reached. */
static bool supports(uint64_t mask)
{
	uint64_t top = top_of_ram(), zone = (1ULL << 24) - 1;

	return mask >= UINT32_MAX || mask >= on_bus(top < zone ? top : zone);
}

static uint64_t required_mask(void)
{
	unsigned __int128 top = on_bus(top_of_ram());
	uint64_t mask = 1;

	if (top == NOWHERE)
		return ~0ULL;
	while (mask < top)
		mask = mask << 1 | 1;
	return mask;
}

/* Is there a page of RAM in no window? They begin and end at pages here. */
static bool ram_outside(void)
{
	for (int i = 0; i < 2; i++) {
		uint64_t end = world.memory[i].start + world.memory[i].length;
		uint64_t phys = world.memory[i].start;

		while (phys < end) {
			const struct bus_dma_region *window = world.dev->dma_range_map;

			while (window->size && (phys < window->cpu_start ||
						phys - window->cpu_start >= window->size))
				window++;
			if (!window->size)
				return true;
			phys = window->cpu_start + window->size;
		}
	}
	return false;
}

/* ---- requests ---- */

static uint64_t some_ram(const struct dma_event *event)
{
	const struct libdma_range *range = &world.memory[event->handle & 1];
	uint64_t at = event->handle * 5 * PAGE_SIZE + event->phys;

	if (event->dir == DMA_TO_DEVICE) /* the end of it */
		return range->start + range->length - 1 - at % 8192;
	return range->start + at % range->length;
}

static void map(struct mapped *mapped, const struct dma_event *event)
{
	uint64_t phys = some_ram(event), left, size = event->size;
	const struct libdma_range *range = &world.memory[event->handle & 1];
	unsigned __int128 dma = on_bus(phys);
	dma_addr_t got;

	left = range->start + range->length - phys;
	if (mapped->live || !size || size > left)
		return;
	got = dma_map_phys(world.dev, phys, size, DMA_BIDIRECTIONAL, 0);
	if (reaches(dma, size, world.mask)) {
		expect(TRANSLATE, got == dma);
		expect(TRANSLATE, direct_dma_to_phys(world.dev, got) == phys);
	} else if (!world.bounces) {
		expect(MASK, got == DMA_MAPPING_ERROR);
	} else if (got != DMA_MAPPING_ERROR) {
		expect(MASK, got <= highest(world.mask) &&
				     size - 1 <= highest(world.mask) - got);
		expect(MASK, got != dma);
	}
	if (got != DMA_MAPPING_ERROR)
		*mapped = (struct mapped){ true, false, got, size };
}

/* Registers have one address for all; what RAM's windows say is nothing to them. */
static void map_resource(struct mapped *mapped, const struct dma_event *event)
{
	uint64_t phys = event->handle << 26 | event->phys, size = event->size;
	dma_addr_t got;

	if (mapped->live || !size || size > 1ULL << 40)
		return;
	got = dma_map_resource(world.dev, phys, size, DMA_BIDIRECTIONAL, 0);
	expect(RESOURCE, got == (reaches(phys, size, world.mask) ? phys
								 : DMA_MAPPING_ERROR));
	if (got != DMA_MAPPING_ERROR)
		*mapped = (struct mapped){ true, true, got, size };
}

static void unmap(struct mapped *mapped)
{
	if (!mapped->live)
		return;
	if (mapped->resource)
		dma_unmap_resource(world.dev, mapped->dma, mapped->size, DMA_BIDIRECTIONAL,
				   0);
	else
		dma_unmap_phys(world.dev, mapped->dma, mapped->size, DMA_BIDIRECTIONAL, 0);
	mapped->live = false;
}

static void alloc(struct memory *memory, uint64_t size)
{
	uint64_t whole = (size + PAGE_SIZE - 1) & PAGE_MASK;

	if (memory->cpu || !size || size > 8 * PAGE_SIZE)
		return;
	memory->cpu = dma_alloc_coherent(world.dev, size, &memory->dma, GFP_KERNEL);
	if (!memory->cpu)
		return;
	memory->size = size;
	expect(MASK, memory->dma <= highest(world.coherent_mask) &&
			     whole - 1 <= highest(world.coherent_mask) - memory->dma);
	expect(TRANSLATE, on_bus(libdma_memory_phys(world.machine, memory->cpu)) ==
				  memory->dma);
	expect(ZERO, oracle_filled(memory->cpu, 0, whole));
	memset(memory->cpu, 0x5a, whole);
}

static void release(struct memory *memory)
{
	if (memory->cpu)
		dma_free_coherent(world.dev, memory->size, memory->cpu, memory->dma);
	memory->cpu = NULL;
}

static void set_mask(uint64_t mask, bool coherent)
{
	int err = coherent ? dma_set_coherent_mask(world.dev, mask)
			   : dma_set_mask(world.dev, mask);

	expect(ARGUMENT, !err == supports(mask));
	if (!err && coherent)
		world.coherent_mask = mask;
	else if (!err)
		world.mask = mask;
	expect(ARGUMENT, *world.dev->dma_mask == world.mask &&
				 world.dev->coherent_dma_mask == world.coherent_mask);
}

static void ask(void)
{
	uint64_t mask = world.mask ? world.mask : UINT32_MAX;
	bool limited = highest(mask) < required_mask() ||
		       (world.dev->dma_range_map && !world.old && ram_outside());

	expect(REQUIRED, dma_get_required_mask(world.dev) == required_mask());
	expect(LIMITED, dma_addressing_limited(world.dev) == limited);
	expect(LARGEST, (dma_max_mapping_size(world.dev) == SIZE_MAX) ==
				!(limited && world.bounces));
}

static void run(const struct dma_event *event)
{
	struct mapped *mapped = &world.mapped[event->handle % SLOTS_USED];
	struct memory *memory = &world.allocated[event->handle % SLOTS_USED];

	switch (event->kind) {
	case DMA_EVENT_MAP_SINGLE:
	case DMA_EVENT_MAP_PAGE:
	case DMA_EVENT_MAP_PHYS:
		map(mapped, event);
		break;
	case DMA_EVENT_MAP_RESOURCE:
		map_resource(mapped, event);
		break;
	case DMA_EVENT_UNMAP_SINGLE:
	case DMA_EVENT_UNMAP_PAGE:
	case DMA_EVENT_UNMAP_PHYS:
	case DMA_EVENT_UNMAP_RESOURCE:
		unmap(mapped);
		break;
	case DMA_EVENT_ALLOC:
		alloc(memory, event->size);
		break;
	case DMA_EVENT_FREE:
		release(memory);
		break;
	case DMA_EVENT_SET_MASK:
		set_mask(event->mask, false);
		break;
	case DMA_EVENT_SET_COHERENT_MASK:
		set_mask(event->mask, true);
		break;
	case DMA_EVENT_MAPPING_ERROR:
		ask();
		break;
	default:
		break;
	}
}

const uint16_t target_kinds[] = { KINDS_OF_DIRECT, DMA_EVENT_NONE };

/* Windows one after the other, with holes between them where the byte's bit 7 says so. */
static void make_windows(uint8_t how, uint8_t offset)
{
	uint64_t size = PAGE_SIZE << (2 + (how >> 2 & 31) % 20), cpu = 0;

	for (unsigned int i = 0; i < how % 4; i++) {
		world.window[i] = (struct bus_dma_region){
			.cpu_start = cpu,
			.dma_start = cpu + ((uint64_t)offset << 28),
			.size = size,
		};
		cpu += how & 128 ? 2 * size : size;
		if (cpu < HIGH && i + 2 >= how % 4)
			cpu = HIGH;
	}
}

static void begin(void)
{
	const uint8_t *config = requests_config(&world.requests);
	struct libdma_machine_options options = {
		.kernel = requests_kernel(&world.requests),
		.cpus = 1,
		.memory = world.memory,
		.memory_count = 2,
		.swiotlb_slots = 256,
		.swiotlb_off = !(config[CONFIG_MODE] & 1),
	};
	struct libdma_device_options device = { .name = "device0", .coherent = true };

	world.old = options.kernel == DMA_KERNEL_6_1;
	world.bounces = !options.swiotlb_off;
	world.memory[0] = (struct libdma_range){ 0, 32UL << 20, NULL };
	world.memory[1] = (struct libdma_range){
		HIGH, PAGE_SIZE << (4 + config[CONFIG_BOUNDARY] % 10), NULL };
	if (config[CONFIG_LIMIT])
		world.limit = ~0ULL >> (63 - config[CONFIG_LIMIT] % 64);
	make_windows(config[CONFIG_WINDOWS], config[CONFIG_OFFSET]);
	device.bus_dma_limit = world.limit;
	device.range_map = world.window[0].size ? world.window : NULL;
	expect(MEMORY, !machine_create(&options, &store, &world.machine));
	expect(MEMORY, !libdma_device_create(world.machine, &device, &world.dev));
	world.mask = *world.dev->dma_mask;
	world.coherent_mask = world.dev->coherent_dma_mask;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	requests_open(&world.requests, data, size);
	memset(&world.machine, 0, sizeof(world) - offsetof(struct world, machine));
	begin();
	while (requests_next(&world.requests))
		run(&world.requests.event);
	ask();
	expect(VALID, libdma_machine_valid(world.machine));
	for (unsigned int slot = 0; slot < SLOTS_USED; slot++) {
		unmap(&world.mapped[slot]);
		release(&world.allocated[slot]);
	}
	ask();
	expect(VALID, libdma_machine_valid(world.machine));
	libdma_machine_destroy(world.machine);
	return 0;
}
