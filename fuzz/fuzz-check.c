// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fuzz-check.c - the rules of the DMA API, against a plain reading of them
 *
 * No machine answers the requests: each is an event of the outcome that its slot and
 * the config say, so that whatever a driver or a kernel may get wrong is shown to the
 * checker. What both say of an event has to be the same rules, with the same doubts.
 * A map at place 255 fails; of an unmap, place counts from 1 on what is wrong with it.
 * iova_link is an event of the device (its driver leaves it, or its limits change),
 * iova_sync a fault, iova_unlink a flush, iova_destroy events that were lost. Config:
 * mode bit 0 our rules instead of dma-debug's, 1 since before the first driver,
 * 2 lazy, 3-4 where addresses lie; align bit 0 devices that are not coherent, 1 a
 * known memory, 2 lines of 128 bytes, 3-6 what is known of devices.
 */
#include <string.h>

#include <libdma/environment.h>

#include "kinds.h"
#include "oracle.h"
#include "reference-check.h"
#include "requests.h"
#include "target.h"
#include "verdict-words.h"

#define THINGS     256
#define RANGES     (REFERENCE_CHECK_RANGES - REFERENCE_CHECK_ENTRIES)
#define FAILS      255 /* a place */
#define RAM_START  0x1000ULL
#define RAM_END    0x10000ULL /* two of 32 places lie behind it */
#define TEXT_START 0x4000ULL
#define TEXT_END   0x4800ULL

/* What a slot was mapped as last. */
struct thing {
	uint64_t dma, size, phys;
	uint32_t count, ents;
	uint64_t phys_list[REFERENCE_CHECK_ENTRIES], dma_list[REFERENCE_CHECK_ENTRIES];
	uint32_t size_list[REFERENCE_CHECK_ENTRIES], dma_sizes[REFERENCE_CHECK_ENTRIES];
};

static struct reference_check reference;

static struct world {
	struct requests requests;
	struct libdma_check *check;
	struct libdma_strings *strings;
	struct reference_said said[REFERENCE_CHECK_SAID];
	unsigned int saids;
	struct thing thing[THINGS];
	uint64_t number;
} world;

static void hear(void *arg, const struct libdma_check_verdict *verdict)
{
	const char *id = verdict->rule->id + strlen("DMA");
	unsigned int rule = 0;

	(void)arg;
	while (*id)
		rule = rule * 10 + (unsigned int)(*id++ - '0');
	verdict_expect_words(verdict, rule);
	expect(RULE, world.saids < REFERENCE_CHECK_SAID);
	world.said[world.saids++] = (struct reference_said) {
		.rule = rule,
		.doubt = verdict->doubt,
		.begin = verdict->begin ? verdict->begin->number + 1 : 0,
		.other = verdict->other ? verdict->other->number + 1 : 0,
		.was = verdict->was,
		.is = verdict->is,
	};
}

static void sort(struct reference_said *said, unsigned int count)
{
	for (unsigned int i = 1; i < count; i++)
		for (unsigned int j = i; j && said[j - 1].rule > said[j].rule; j--) {
			struct reference_said kept = said[j];

			said[j] = said[j - 1];
			said[j - 1] = kept;
		}
}

static void show(struct dma_event *event)
{
	event->number = world.number++;
	world.saids = 0;
	expect(MEMORY, !libdma_check_put(world.check, event));
	reference_check_put(&reference, event);
	sort(world.said, world.saids);
	sort(reference.said, reference.saids);
	expect(RULE, world.saids == reference.saids);
	for (unsigned int i = 0; i < world.saids; i++) {
		const struct reference_said *said = &world.said[i];
		const struct reference_said *expected = &reference.said[i];

		expect(RULE, said->rule == expected->rule);
		expect(DOUBT, said->doubt == expected->doubt);
		expect(ABOUT, !expected->begin || said->begin == expected->begin);
		expect(ABOUT, !expected->other || said->other == expected->other);
		if (expected->was || expected->is)
			expect(ABOUT, said->was == expected->was &&
					      said->is == expected->is);
	}
}

/* ---- what requests become ---- */

static uint64_t size_of(uint64_t size)
{
	return size && size <= 1U << 30 ? size : 64;
}

/* Few enough places that things meet: in memory, and on the bus. */
static uint64_t place(const struct dma_event *request)
{
	return RAM_START + request->handle % 32 * 2048 + request->phys;
}

static uint64_t dma_of(uint64_t phys, uint64_t handle)
{
	switch (requests_config(&world.requests)[CONFIG_MODE] >> 3 & 3) {
	case 0:
		return phys;
	case 1:
		return 0x10000000 + handle % 8 * 4096 + phys % 4096;
	case 2:
		return 0xfffff000 + (phys & 0x3fff);
	default:
		return UINT64_MAX - 0x20000 + phys;
	}
}

static bool is_attr_known(uint64_t attrs)
{
	return attrs < DMA_ATTR_MMIO ||
	       requests_kernel(&world.requests) == DMA_KERNEL_7_2;
}

static void begin_event(struct dma_event *event)
{
	const struct dma_event *request = &world.requests.event;

	*event = (struct dma_event) {
		.kind = request->kind,
		.dir = request->dir % 3,
		.ns = request->ns,
		.device = request->device + 1,
		.attrs = is_attr_known(request->attrs) ? request->attrs : 0,
		.handle = request->handle,
	};
	if (request->kind == DMA_EVENT_ALLOC || request->kind == DMA_EVENT_FREE)
		event->dir = DMA_BIDIRECTIONAL;
}

static void map_list(struct thing *thing, struct dma_event *event)
{
	const struct dma_event *request = &world.requests.event;
	uint64_t at = dma_of(place(request), request->handle);
	uint32_t count = request->phys_count;

	if (count > REFERENCE_CHECK_ENTRIES)
		count = REFERENCE_CHECK_ENTRIES;
	if (!count)
		return;
	memset(thing, 0, sizeof(*thing));
	thing->count = event->nents = event->phys_count = count;
	for (uint32_t i = 0; i < count; i++) {
		thing->phys_list[i] = place(request) + (request->phys_list[i] & 0x1ffff);
		thing->size_list[i] = (uint32_t)size_of(request->size_list[i]);
		event->size += thing->size_list[i];
		/* merged in pairs where the memory is not mapped in place */
		if (dma_of(0, 0) && i % 2) {
			thing->dma_sizes[thing->ents - 1] += thing->size_list[i];
			at += thing->size_list[i];
			continue;
		}
		thing->dma_list[thing->ents] = dma_of(0, 0) ? at : thing->phys_list[i];
		thing->dma_sizes[thing->ents++] = thing->size_list[i];
		at += thing->size_list[i];
	}
	event->ents = event->dma_count = thing->ents;
	event->phys_list = thing->phys_list;
	event->size_list = thing->size_list;
	event->dma_list = thing->dma_list;
	event->dma_size_list = thing->dma_sizes;
	show(event);
}

static void map(struct thing *thing, struct dma_event *event)
{
	const struct dma_event *request = &world.requests.event;

	if (reference.ranges >= RANGES || reference.origins == REFERENCE_CHECK_ORIGINS)
		return;
	if (event->kind == DMA_EVENT_MAP_SG) {
		map_list(thing, event);
		return;
	}
	event->size = size_of(request->size);
	event->phys = place(request);
	event->dma = dma_of(event->phys, request->handle);
	if (libdma_event_kind_class(event->kind) == DMA_CLASS_ALLOC)
		event->cpu_addr = event->phys + 1;
	if (world.requests.op.aux == FAILS)
		event->dma = DMA_MAPPING_ERROR;
	*thing = (struct thing) { .dma = event->dma,
				  .size = event->size,
				  .phys = event->phys };
	show(event);
}

/* The list as it was, or what a driver may take for it. */
static void name_list(struct thing *thing, struct dma_event *event, unsigned int wrong)
{
	event->nents = event->phys_count = thing->count;
	if (wrong == 1)
		event->nents = event->phys_count = thing->ents;
	else if (wrong == 2 && thing->count > 1)
		event->nents = event->phys_count = thing->count - 1;
	event->phys_list = thing->phys_list;
	if (wrong == 3 && !reference.as_kernel)
		return; /* as recorders see it, who have no DMA addresses then */
	event->dma_count = event->nents;
	event->dma_list = thing->dma_list;
	event->dma_size_list = thing->dma_sizes;
}

static void end(struct thing *thing, struct dma_event *event)
{
	const struct dma_event *request = &world.requests.event;

	event->dma = thing->dma;
	event->size = request->size;
	event->phys = thing->phys;
	if (event->kind == DMA_EVENT_UNMAP_SG) {
		event->dma = 0;
		if (!thing->count)
			return;
		name_list(thing, event, world.requests.op.arg % 4);
	}
	if (libdma_event_kind_class(event->kind) == DMA_CLASS_FREE)
		event->cpu_addr = thing->phys + 1 + (world.requests.op.aux & 1);
	if (event->kind == DMA_EVENT_IOVA_FREE && !event->dma)
		return;
	show(event);
}

static bool wraps(uint64_t dma, uint64_t size)
{
	return dma + size < dma;
}

static void sync(struct thing *thing, struct dma_event *event)
{
	const struct dma_event *request = &world.requests.event;

	event->dma = thing->dma + request->offset;
	event->size = request->size ? request->size : 1;
	if (event->kind == DMA_EVENT_SYNC_SG_FOR_CPU ||
	    event->kind == DMA_EVENT_SYNC_SG_FOR_DEVICE) {
		if (!thing->count)
			return;
		name_list(thing, event, world.requests.op.arg % 3);
	}
	/* dma-debug compares ends; one that has wrapped is within almost anything */
	if (wraps(event->dma, event->size))
		return;
	for (uint32_t i = 0; i < event->dma_count; i++)
		if (wraps(event->dma_list[i], event->dma_size_list[i]))
			return;
	show(event);
}

static void device(struct dma_event *event)
{
	uint8_t aux = world.requests.op.aux;

	event->kind = DMA_EVENT_DEVICE;
	event->attrs = 0;
	event->name = aux % 4;
	if (aux & 128) {
		event->mask = (1ULL << (16 + aux / 4 % 32)) - 1;
		event->coherent_mask = event->mask >> 1;
		event->boundary = aux & 4 ? 0xfff : 0;
		event->max_segment_size = aux & 8 ? 1024 : 0;
		event->flags = event->dir & 1 ? DMA_EVENT_SKIP_SYNC : 0;
	}
	show(event);
}

static void pool(struct dma_event *event)
{
	const struct dma_event *request = &world.requests.event;

	event->handle %= REFERENCE_CHECK_POOLS;
	event->size = request->size;
	event->dma = 0x9000 + request->slot % 64 * 16;
	event->cpu_addr = event->dma + 0x100000 + world.requests.op.arg % 3 * 16;
	if (request->kind == DMA_EVENT_POOL_ALLOC)
		event->cpu_addr = event->dma + 0x100000;
	show(event);
}

static void other(struct thing *thing, struct dma_event *event)
{
	const struct dma_event *request = &world.requests.event;

	switch (event->kind) {
	case DMA_EVENT_MAPPING_ERROR:
		event->dma = thing->dma;
		break;
	case DMA_EVENT_SET_MASK:
	case DMA_EVENT_SET_COHERENT_MASK:
		event->mask = request->mask;
		break;
	case DMA_EVENT_DECLARE_COHERENT_MEMORY:
	case DMA_EVENT_RELEASE_COHERENT_MEMORY:
	case DMA_EVENT_MARK_DECLARED_MEMORY_OCCUPIED:
		event->dma = dma_of(RAM_START, request->handle) + request->offset;
		event->size = size_of(request->size);
		break;
	case DMA_EVENT_IOVA_SYNC:
		event->kind = DMA_EVENT_IOMMU_IO_PAGE_FAULT;
		event->fault = event->dir & 1;
		event->dma = thing->dma + request->offset;
		break;
	case DMA_EVENT_IOVA_UNLINK:
		event->kind = DMA_EVENT_FLUSH;
		break;
	case DMA_EVENT_IOVA_DESTROY:
		event->kind = DMA_EVENT_LOST;
		break;
	default:
		return;
	}
	show(event);
}

static void run(const struct dma_event *request)
{
	struct thing *thing = &world.thing[request->handle % THINGS];
	struct dma_event event;

	begin_event(&event);
	switch (request->kind) {
	case DMA_EVENT_IOVA_LINK:
		device(&event);
		return;
	case DMA_EVENT_IOVA_DESTROY:
		other(thing, &event);
		return;
	case DMA_EVENT_ALLOC_SGT:
	case DMA_EVENT_FREE_SGT:
		return;
	case DMA_EVENT_POOL_CREATE:
	case DMA_EVENT_POOL_ALLOC:
	case DMA_EVENT_POOL_FREE:
	case DMA_EVENT_POOL_DESTROY:
		pool(&event);
		return;
	default:
		break;
	}
	switch (libdma_event_kind_class(request->kind)) {
	case DMA_CLASS_MAP:
	case DMA_CLASS_ALLOC:
		map(thing, &event);
		break;
	case DMA_CLASS_UNMAP:
	case DMA_CLASS_FREE:
		end(thing, &event);
		break;
	case DMA_CLASS_SYNC:
		sync(thing, &event);
		break;
	default:
		other(thing, &event);
	}
}

/* ---- the machine, as far as it is known ---- */

/* What the environment gives of a device; 32 makes one of two another than the first. */
static void know_device(struct libdma_device_environment *given,
			struct reference_device *device, unsigned int number, uint8_t how)
{
	given->origin.coherent = LIBDMA_GIVEN;
	device->noncoherent = how & 1 && !(how & 32 && number & 1);
	given->coherent = !device->noncoherent;
	if (how & 8) {
		given->origin.dma_mask = given->origin.coherent_dma_mask = LIBDMA_GIVEN;
		given->origin.max_segment_size = LIBDMA_GIVEN;
		given->origin.segment_boundary_mask = LIBDMA_GIVEN;
		given->dma_mask = device->mask = UINT32_MAX >> 4 * number;
		given->coherent_dma_mask = device->coherent_mask = device->mask >> 1;
		given->max_segment_size = 2048;
		given->segment_boundary_mask = device->boundary = 0x1fff;
		device->max_segment = given->max_segment_size;
	}
	if (how & 16) {
		given->origin.bus_dma_limit = LIBDMA_GIVEN;
		given->bus_dma_limit = device->bus_limit = 0xfffffff;
	}
	if (how & 64) {
		given->origin.skip_sync = LIBDMA_GIVEN;
		given->skip_sync = device->skip_sync = number & 1;
		device->has_skip_sync = true;
	}
}

static void know(uint8_t how)
{
	char names[REFERENCE_CHECK_DEVICES - 1][8] = { "device1", "device2", "device3",
						       "device4" };
	struct libdma_device_environment devices[REFERENCE_CHECK_DEVICES - 1] = { 0 };
	char ram[] = "System RAM", text[] = "Kernel code";
	struct libdma_range ranges[] = { { RAM_START, RAM_END - RAM_START, ram },
					 { TEXT_START, TEXT_END - TEXT_START, text } };
	struct libdma_environment environment = {
		.memory = { ranges, 2 },
		.device = devices,
		.devices = REFERENCE_CHECK_DEVICES - 1,
	};

	for (unsigned int i = 0; i < REFERENCE_CHECK_DEVICES - 1; i++) {
		devices[i].name = names[i];
		know_device(&devices[i], &reference.device[i + 1], i, how);
	}
	if (how & 2) {
		environment.origin.memory = LIBDMA_GIVEN;
		reference.ram_start = RAM_START;
		reference.ram_end = RAM_END;
		reference.text_start = TEXT_START;
		reference.text_end = TEXT_END;
	}
	if (reference.lazy)
		environment.iommu.mode = LIBDMA_IOMMU_LAZY;
	expect(MEMORY,
	       !libdma_check_environment(world.check, &environment, world.strings));
}

static void begin(void)
{
	const uint8_t *config = requests_config(&world.requests);
	uint8_t mode = config[CONFIG_MODE];
	struct libdma_check_options options = {
		.kernel = requests_kernel(&world.requests),
		.as_kernel = !(mode & 1),
		.from_start = mode & 2,
		.cache_alignment = config[CONFIG_ALIGN] & 4 ? 128 : 0,
		.verdict = hear,
	};

	reference_check_init(&reference, options.kernel, options.as_kernel);
	reference.from_start = options.from_start;
	reference.lazy = mode & 4;
	reference.alignment = options.cache_alignment;
	reference.ram_end = reference.text_end = 0;
	options.cache_alignment = 3;
	expect(ARGUMENT, libdma_check_create(&options, &world.check));
	options.cache_alignment = (uint32_t)reference.alignment;
	expect(MEMORY, !libdma_check_create(&options, &world.check));
	world.strings = libdma_strings_create();
	expect(MEMORY, world.strings);
	know(config[CONFIG_ALIGN]);
}

const uint16_t target_kinds[] = { KINDS_OF_CHECK, DMA_EVENT_NONE };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	requests_open(&world.requests, data, size);
	memset(&world.check, 0, sizeof(world) - offsetof(struct world, check));
	begin();
	while (requests_next(&world.requests))
		run(&world.requests.event);
	libdma_check_destroy(world.check);
	libdma_strings_destroy(world.strings);
	return 0;
}
