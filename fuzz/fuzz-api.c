// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fuzz-api.c - every call of the DMA API, on one machine of any sort
 *
 * What comes of a call is worked out beforehand from attributes, direction and machine;
 * what it takes, the events that tell of it, and where its addresses lead are looked at
 * behind it, and what is given back is all that was taken. Of an op's device bits 1 is
 * managed memory, dma_map_sg() in place of a table, or the end of a range by destroying
 * it. Config: mode chooses the machine; 2 the kernel's options (the sign: a window
 * between bus and memory; 64: a CMA area), 3 what the device is, 6 and 7 its masks,
 * heap which allocation of the model's own memory fails in every other request, granule
 * the IOMMU's.
 */
#include <errno.h>
#include <string.h>

#include "alloc/swiotlb.h"
#include "api.h"
#include "dma/group.h"
#include "dma/machine.h"
#include "hardware/iommu.h"
#include "hardware/memory-store.h"
#include "kinds.h"
#include "oracle.h"
#include "target.h"

#define CONFIG_OPTIONS	     2
#define CONFIG_DEVICE	     3
#define CONFIG_COHERENT_MASK 7

enum mode {
	MODE_DIRECT,
	MODE_FORCED,
	MODE_RESTRICTED,
	MODE_PASSTHROUGH,
	MODE_STRICT,
	MODE_LAZY,
	MODES
};

struct api api;

/* As a driver that has its device in a structure of its own. */
static struct device own_device;

/* From one input to the next. */
static struct memory_store store;

/* ---- the machine ---- */

static unsigned int options_of(uint8_t byte)
{
	static const unsigned int options[] = {
		LIBDMA_CONFIG_NO_INIT_ON_ALLOC, LIBDMA_CONFIG_NO_REMAP,
		LIBDMA_CONFIG_BOUNCE_KMALLOC,	LIBDMA_CONFIG_NO_ZONE_DMA,
		LIBDMA_CONFIG_FORCEDAC,		LIBDMA_CONFIG_SHADOWED_FLUSH,
	};
	unsigned int config = 0;

	for (unsigned int i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		if (byte >> i & 1)
			config |= options[i];
	return config;
}

static uint64_t mask_of(uint8_t byte)
{
	return byte ? DMA_BIT_MASK(24 + byte % 41) : DMA_BIT_MASK(64);
}

static void set_masks(uint64_t mask, uint64_t coherent)
{
	if (!dma_set_mask(api.dev, mask)) {
		api.mask = mask;
		api.skips_sync = api.coherent && api_kernel() != DMA_KERNEL_6_1;
	}
	if (!dma_set_coherent_mask(api.dev, coherent))
		api.coherent_mask = coherent;
	api.narrow |= api.mask < UINT32_MAX || api.coherent_mask < UINT32_MAX;
}

static void expect_nobodys(void)
{
	expect(UNWIND, !own_device.machine && !own_device.state && !own_device.init_name &&
			       !own_device.dma_mask && !own_device.dma_parms);
	expect(UNWIND, api_bytes_free() == api.idle);
	expect(UNWIND, !libdma_device_find(api.machine, "device0"));
}

static void attach(const struct libdma_device_options *options)
{
	int err;

	own_device = (struct device) { 0 };
	api.dev = &own_device;
	libdma_machine_fail(api.machine, api.fails, 0, 0);
	err = libdma_device_attach(api.machine, options, api.dev);
	libdma_machine_fail(api.machine, 0, 0, 0);
	if (!err)
		return;
	expect(MEMORY, err == -ENOMEM && api.fails);
	expect_nobodys();
	expect(MEMORY, !libdma_device_attach(api.machine, options, api.dev));
}

static void make_device(const uint8_t *config)
{
	static const struct bus_dma_region window[] = {
		{ .cpu_start = 0, .dma_start = API_WINDOW, .size = 1ULL << 37 }, { 0 }
	};
	const struct libdma_device_options device = {
		.name = "device0",
		.pci = true,
		.coherent = api.coherent,
		.untrusted = api.untrusted,
		.swiotlb_slots = api.restricted ? 128 : 0,
		.range_map = api.windowed ? window : NULL,
	};

	if (config[CONFIG_DEVICE] & 16)
		attach(&device);
	else
		expect(MEMORY, !libdma_device_create(api.machine, &device, &api.dev));
	api.mask = *api.dev->dma_mask;
	api.coherent_mask = api.dev->coherent_dma_mask;
	set_masks(mask_of(config[CONFIG_MASK]), mask_of(config[CONFIG_COHERENT_MASK]));
	dma_set_max_seg_size(api.dev, 4096U << config[CONFIG_SEGMENT] % 5);
}

static void begin(void)
{
	static const struct libdma_range memory[] = { { 0, 24ULL << 20, NULL },
						      { API_HIGH, 8ULL << 20, NULL } };
	const uint8_t *config = requests_config(&api.requests);
	enum mode mode = config[CONFIG_MODE] % MODES;
	struct libdma_machine_options options = {
		.kernel = api_kernel(),
		.config = options_of(config[CONFIG_OPTIONS]),
		.cpus = 2,
		.memory = memory,
		.memory_count = 2,
		.iommu = mode == MODE_STRICT	    ? LIBDMA_IOMMU_STRICT
			 : mode == MODE_LAZY	    ? LIBDMA_IOMMU_LAZY
			 : mode == MODE_PASSTHROUGH ? LIBDMA_IOMMU_PASSTHROUGH
						    : LIBDMA_IOMMU_OFF,
		/* pages less than a granule would be copies, which no CPU looks at */
		.granule = config[CONFIG_DEVICE] & 2
				   ? 4096
				   : 4096ULL << 2 * (config[CONFIG_GRANULE] % 3),
		.swiotlb_slots = 256,
		.swiotlb_force = mode == MODE_FORCED,
		.swiotlb_off = config[CONFIG_DEVICE] & 4 && mode != MODE_FORCED,
		.coherent_pool = config[CONFIG_DEVICE] & 8 ? 0 : 16 * PAGE_SIZE,
		.cma_size = config[CONFIG_OPTIONS] & 64 ? 4ULL << 20 : 0,
		.log = api_hear,
	};

	api.config = options.config;
	api.granule = options.granule;
	api.coherent = !(config[CONFIG_DEVICE] & 1);
	api.untrusted = config[CONFIG_DEVICE] & 2;
	api.iommu = mode >= MODE_STRICT || (mode == MODE_PASSTHROUGH && api.untrusted);
	api.lazy = mode == MODE_LAZY && !api.untrusted;
	api.forced = mode == MODE_FORCED;
	api.restricted = mode == MODE_RESTRICTED;
	api.windowed = config[CONFIG_OPTIONS] & 128;
	api.fails = config[CONFIG_HEAP] % 16;
	expect(MEMORY, !machine_create(&options, &store, &api.machine));
	api.idle = api_bytes_free();
	make_device(config);
	libdma_machine_observe(api.machine, api_observe, NULL);
	if (api.machine->swiotlb)
		memset(libdma_memory_cpu(api.machine, api.machine->swiotlb_start), 0xee,
		       32 * SWIOTLB_SLOT); /* as after long use */
}

/* ---- requests ---- */

static void ask_error(const struct api_thing *thing)
{
	bool bad = thing->use != API_MAPPED && thing->use != API_RESOURCE;
	dma_addr_t dma = bad ? DMA_MAPPING_ERROR : thing->dma;

	expect(ARGUMENT, !dma_mapping_error(api.dev, dma) == !bad);
	api_expect_event(&(struct dma_event) {
		.kind = DMA_EVENT_MAPPING_ERROR, .dma = dma, .error = bad ? -1 : 0 });
}

/*
 * An IOMMU gives the granule that a mask ends in, and out of its caches any range where a
 * mask spans less than is asked for (RULES.md I16): fuzz-direct and fuzz-iova try these.
 */
static bool is_usual(uint64_t mask)
{
	return mask >= DMA_BIT_MASK(24) && !(mask & (mask + 1));
}

static void run_mapping(struct api_thing *thing, const struct dma_event *event)
{
	switch (event->kind) {
	case DMA_EVENT_MAP_SINGLE:
	case DMA_EVENT_MAP_PAGE:
	case DMA_EVENT_MAP_PHYS:
	case DMA_EVENT_MAP_RESOURCE:
		api_map(thing, event);
		break;
	case DMA_EVENT_MAP_SG:
		api_map_list(thing, event);
		break;
	case DMA_EVENT_UNMAP_SINGLE:
	case DMA_EVENT_UNMAP_PAGE:
	case DMA_EVENT_UNMAP_PHYS:
	case DMA_EVENT_UNMAP_RESOURCE:
	case DMA_EVENT_UNMAP_SG:
		api_unmap(thing);
		break;
	case DMA_EVENT_SYNC_SINGLE_FOR_CPU:
	case DMA_EVENT_SYNC_SG_FOR_CPU:
		api_sync(thing, event, true);
		break;
	case DMA_EVENT_SYNC_SINGLE_FOR_DEVICE:
	case DMA_EVENT_SYNC_SG_FOR_DEVICE:
		api_sync(thing, event, false);
		break;
	case DMA_EVENT_MAPPING_ERROR:
		ask_error(thing);
		break;
	case DMA_EVENT_IOVA_TRY_ALLOC:
		api_range_alloc(thing, event);
		break;
	case DMA_EVENT_IOVA_LINK:
		api_range_link(thing, event);
		break;
	case DMA_EVENT_IOVA_UNLINK:
		api_range_unlink(thing);
		break;
	case DMA_EVENT_IOVA_FREE:
	case DMA_EVENT_IOVA_DESTROY:
		api_range_end(thing);
		break;
	default:
		break;
	}
}

static void run_memory(struct api_thing *thing, const struct dma_event *event)
{
	switch (event->kind) {
	case DMA_EVENT_ALLOC:
	case DMA_EVENT_ALLOC_PAGES:
	case DMA_EVENT_ALLOC_SGT:
		api_alloc(thing, event);
		break;
	case DMA_EVENT_FREE:
	case DMA_EVENT_FREE_PAGES:
	case DMA_EVENT_FREE_SGT:
		api_free(thing);
		break;
	case DMA_EVENT_POOL_CREATE:
	case DMA_EVENT_POOL_ALLOC:
	case DMA_EVENT_POOL_FREE:
	case DMA_EVENT_POOL_DESTROY:
		api_pool(thing, event);
		break;
	case DMA_EVENT_DECLARE_COHERENT_MEMORY:
		api_declare(event->size);
		break;
	case DMA_EVENT_RELEASE_COHERENT_MEMORY:
		api_release();
		break;
	case DMA_EVENT_MARK_DECLARED_MEMORY_OCCUPIED:
		api_mark(event->offset >> PAGE_SHIFT, event->size);
		break;
	case DMA_EVENT_SET_MASK:
		if (!api_holds_something() && is_usual(event->mask))
			set_masks(event->mask, api.coherent_mask);
		break;
	case DMA_EVENT_SET_COHERENT_MASK:
		if (!api_holds_something() && is_usual(event->mask))
			set_masks(api.mask, event->mask);
		break;
	default:
		run_mapping(thing, event);
		break;
	}
}

static void run(const struct dma_event *event)
{
	libdma_machine_set_cpu(api.machine, event->cpu % 2);
	libdma_machine_set_time(api.machine, event->ns);
	libdma_machine_fail(api.machine, api.requests.number % 2 ? api.fails : 0, 0, 0);
	api_begin();
	run_memory(&api.thing[event->handle % API_THINGS], event);
}

const uint16_t target_kinds[] = { KINDS_OF_API, DMA_EVENT_NONE };

/* ---- the end ---- */

struct translations {
	struct iommu_mapping last;
	uint64_t size; /* of all so far */
};

/* Pieces as large as they can be, and where they lead is where their pages do. */
static int visit_mapped(const struct iommu_mapping *mapping, void *arg)
{
	struct translations *seen = arg;
	const struct iommu_mapping *last = &seen->last;
	uint64_t behind = mapping->size - 1;
	bool goes_on = mapping->dma == last->dma + last->size &&
		       mapping->phys == last->phys + last->size &&
		       mapping->permission == last->permission;

	expect(EXTENT, mapping->size && mapping->permission);
	expect(EXTENT, !last->size || (!goes_on && mapping->dma >= last->dma + last->size));
	expect(TRANSLATE, api_leads_to(mapping->dma) == mapping->phys);
	expect(TRANSLATE, api_leads_to(mapping->dma + behind) == mapping->phys + behind);
	seen->last = *mapping;
	seen->size += mapping->size;
	return 0;
}

static void check_translations(void)
{
	const struct iommu *table = api.iommu ? api.dev->state->group->table : NULL;
	struct translations seen = { 0 };

	if (!table)
		return;
	expect(EXTENT, !iommu_walk(table, visit_mapped, &seen));
	expect(COUNT, seen.size == iommu_mapped(table));
}

static int visit_stale(const struct iommu_mapping *mapping, void *arg)
{
	(void)mapping;
	(void)arg;
	return 1;
}

/* What it had of its own is the machine's again, and a driver's structure knows of none. */
static void end_device(void)
{
	if (api.dev == &own_device)
		libdma_device_detach(api.dev);
	else
		libdma_device_destroy(api.dev);
	expect_nobodys();
}

static void end(void)
{
	libdma_machine_fail(api.machine, 0, 0, 0);
	check_translations();
	for (unsigned int i = 0; i < API_THINGS; i++) {
		struct api_thing *thing = &api.thing[i];

		api_begin();
		api_unmap(thing);
		api_free(thing);
		api_range_end(thing);
		api_pool_end(thing);
		if (thing->buffer)
			libdma_memory_free(api.machine, thing->buffer, API_BUFFER);
	}
	api_begin();
	api_release();
	expect(VALID, libdma_machine_valid(api.machine));
	expect(CONSERVE, !api.bounces || api.restricted);
	/* a queue is flushed some milliseconds after it got its first */
	libdma_machine_set_time(api.machine, libdma_machine_time(api.machine) + 1000000000);
	expect(CONSERVE, !api.iovas && !api.translated);
	if (api.iommu)
		expect(STALE, !iommu_walk_stale(api.dev->state->group->table, visit_stale, NULL));
	end_device();
	libdma_machine_destroy(api.machine);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	requests_open(&api.requests, data, size);
	memset(&api.machine, 0, sizeof(api) - offsetof(struct api, machine));
	begin();
	while (requests_next(&api.requests))
		run(&api.requests.event);
	end();
	return 0;
}
