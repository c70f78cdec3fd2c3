// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * swiotlb-grow.c - bounce buffers that grow: nothing overlaps, all memory comes back
 *
 * Which slots are taken is not known here, but whose they are: each copy lies in memory
 * of the bounce buffers, apart from all others, and what fits is found.
 */
#include <errno.h>
#include <string.h>

#include "alloc/swiotlb.h"
#include "oracle.h"
#include "swiotlb-grow.h"
#include "swiotlb-size.h"

#define COPIES 128
#define START  0x4000000ULL
#define SLOT   2048ULL

struct copy {
	uint64_t size; /* 0: none */
	uint64_t first, slots; /* the address of its first slot, padding included */
	uint64_t phys, copy;
	bool original;
};

static struct world {
	struct swiotlb *swiotlb;
	struct swiotlb_device device;
	struct heap heap;
	struct copy copy[COPIES];
	unsigned int top; /* of the copies, none from here on was used */
	uint64_t next, segment, used;
	unsigned int out;      /* pieces of memory that were given */
	unsigned int refusals; /* that come next */
	unsigned int refused;
	unsigned int areas;
	bool grows;
} world;

static int memory_alloc(void *arg, uint64_t size, uint64_t limit, phys_addr_t *ret)
{
	(void)arg;
	expect(ARGUMENT, size && size % SLOT == 0 && limit == world.device.limit);
	if (world.refusals && world.refusals--) {
		world.refused++;
		return -ENOMEM;
	}
	*ret = world.next;
	/* whole pages, apart from each other */
	world.next = ((world.next + size - 1) | 4095) + 1 + 4096;
	world.out++;
	return 0;
}

static void memory_free(void *arg, phys_addr_t phys, uint64_t size)
{
	(void)arg;
	expect(CONSERVE, world.out-- && phys + size <= world.next && phys > START);
}

static void run_short(const struct dma_event *event, const struct program_op *op)
{
	world.refused = 0;
	world.refusals = event->dir == DMA_NONE ? 1 + op->aux % 16 : 0;
	world.heap.fail_nth =
		(op->flags & 3) == 3 ? world.heap.calls + 1 + op->aux % 4 : 0;
}

static bool was_short(void)
{
	bool was = world.refused ||
		   (world.heap.fail_nth && world.heap.calls >= world.heap.fail_nth);

	world.refusals = 0;
	world.heap.fail_nth = 0;
	return was;
}

/* ---- copies ---- */

static void check_place(const struct copy *copy)
{
	uint64_t slots = 0;
	struct swiotlb_mapping found;

	expect(OWNER, swiotlb_holds(world.swiotlb, copy->copy) &&
			      swiotlb_holds(world.swiotlb, copy->copy + copy->size - 1));
	expect(OWNER, !swiotlb_find(world.swiotlb, &world.device, copy->copy, &found));
	expect(SEGMENT, found.slot / world.segment ==
				(found.slot + found.slots - 1) / world.segment);
	for (unsigned int i = 0; i < world.top; i++) {
		const struct copy *other = &world.copy[i];

		slots += other->size ? other->slots : 0;
		if (other == copy || !other->size)
			continue;
		expect(OVERLAP,
		       copy->copy / SLOT > (other->copy + other->size - 1) / SLOT ||
			       (copy->copy + copy->size - 1) / SLOT < other->copy / SLOT);
	}
	expect(COUNTERS, slots == world.used);
}

static void take(struct copy *copy, uint64_t size, uint64_t phys, uint64_t at)
{
	struct swiotlb_mapping found;

	expect(FREE, !swiotlb_find(world.swiotlb, &world.device, at, &found));
	*copy = (struct copy) { .size = size,
				.first = found.bank + found.slot * SLOT,
				.slots = found.slots,
				.phys = phys,
				.copy = at };
	world.used += found.slots;
	if (world.top <= copy - world.copy)
		world.top = (unsigned int)(copy - world.copy) + 1;
	check_place(copy);
}

static struct swiotlb_request request_of(const struct dma_event *event)
{
	return (struct swiotlb_request) { .cpu = event->cpu % 256,
					  .phys = 0x200000000 + event->phys,
					  .size = event->size };
}

static void map(struct copy *copy, const struct dma_event *event,
		const struct program_op *op)
{
	struct swiotlb_request request = request_of(event);
	uint64_t offset = request.phys & world.device.min_align_mask;
	struct swiotlb_full full = { 0 };
	phys_addr_t phys;
	int err;

	if (copy->size || !event->size || event->size > 1 << 20)
		return;
	run_short(event, op);
	err = swiotlb_map(world.swiotlb, &world.device, &request, &phys, &full);
	if (err) {
		expect(ERROR, err == -ENOSPC || err == -EDEADLK);
		expect(ERROR, full.used == world.used && full.size >= event->size);
	}
	if (!was_short() && world.grows && !world.device.min_align_mask &&
	    !~world.device.boundary)
		expect(COMPLETE, !err == (event->size <= world.segment * SLOT));
	if (err)
		return;
	expect(MINALIGN, (phys & offset) == offset || offset >= SLOT);
	take(copy, event->size, request.phys, phys);
	copy->original = true;
}

static void alloc(struct copy *copy, const struct dma_event *event)
{
	phys_addr_t phys;

	if (copy->size || !event->size || event->size > 1 << 20 ||
	    swiotlb_alloc(world.swiotlb, &world.device, event->cpu % 256, event->size,
			  &phys))
		return;
	take(copy, event->size, 0, phys);
}

/* Nothing is copied from behind the last byte; nothing ends but where it begins. */
static void ask_inside(const struct copy *copy)
{
	uint64_t begin = copy->first + (copy->copy & (SLOT - 1)), at;
	uint64_t end = copy->first + copy->slots * SLOT;
	bool ends = copy->copy + copy->size >= end - 1;
	int err = swiotlb_bounce(world.swiotlb, &world.device, end - 1, SLOT, true);

	if (!copy->original)
		expect(RANGE, err == -ENOENT);
	else if (ends)
		expect(RANGE, err == -EOVERFLOW || err == -EFAULT);
	else
		expect(RANGE, err == -EFAULT);
	/* of hundreds of slots the first ones, ever fewer of the rest, and the last */
	for (uint64_t slot = 0, next; slot < copy->slots; slot = next) {
		next = slot < 4 ? slot + 1 : slot * 3 / 2;
		if (next >= copy->slots && slot + 1 < copy->slots)
			next = copy->slots - 1;
		at = begin + slot * SLOT;
		if (at != copy->copy)
			expect(FREE,
			       swiotlb_unmap(world.swiotlb, &world.device, at) == -EINVAL);
	}
}

static void unmap(struct copy *copy)
{
	if (!copy->size)
		return;
	ask_inside(copy);
	expect(FREE, !swiotlb_unmap(world.swiotlb, &world.device, copy->copy));
	expect(FREE, swiotlb_unmap(world.swiotlb, &world.device, copy->copy) == -EINVAL);
	world.used -= copy->slots;
	copy->size = 0;
}

/* What was taken back comes again; what is told goes where nothing lies, and only there.
 */
static void place_again(struct copy *copy, const struct dma_event *event)
{
	struct swiotlb_request request = { .cpu = event->cpu % 256,
					   .phys = copy->phys,
					   .size = copy->size };
	struct swiotlb *swiotlb = world.swiotlb;
	struct swiotlb_cursor before;
	struct swiotlb_mapping found, mapped;
	phys_addr_t phys, again;

	if (!copy->original)
		return;
	expect(FREE, !swiotlb_find(swiotlb, &world.device, copy->copy, &found));
	unmap(copy);
	if (found.transient || swiotlb_map(swiotlb, &world.device, &request, &phys, NULL))
		return;
	expect(FREE, !swiotlb_find(swiotlb, &world.device, phys, &mapped));
	before = swiotlb_before(swiotlb, phys);
	/* a search need not find what somebody else's put there */
	if (mapped.transient) {
		swiotlb_clear(swiotlb, &world.device, &request, phys);
		expect(UNWIND, !swiotlb_undo(swiotlb, &world.device, phys, before));
		return;
	}
	expect(UNWIND, !swiotlb_undo(swiotlb, &world.device, phys, before));
	expect(UNWIND, swiotlb_undo(swiotlb, &world.device, phys, before) == -EINVAL);
	expect(UNWIND, !swiotlb_map(swiotlb, &world.device, &request, &again, NULL));
	expect(UNWIND, phys == again);
	expect(FREE, !swiotlb_unmap(swiotlb, &world.device, phys));
	expect(RANGE, swiotlb_place(swiotlb, &world.device, &request, phys ^ 1, true) ==
			      -EINVAL);
	expect(RANGE,
	       swiotlb_place(swiotlb, &world.device, &request, 1 << 12, true) == -EINVAL);
	expect(COMPLETE, !swiotlb_place(swiotlb, &world.device, &request, phys, true));
	expect(OVERLAP,
	       swiotlb_place(swiotlb, &world.device, &request, phys, true) == -EBUSY);
	swiotlb_clear(swiotlb, &world.device, &request, 1 << 12);
	swiotlb_clear(swiotlb, &world.device, &request, phys ^ 1);
	swiotlb_clear(swiotlb, &world.device, &request, phys);
	expect(COMPLETE,
	       !swiotlb_place(swiotlb, &world.device, &request, phys, event->dir & 1));
	take(copy, request.size, request.phys, phys);
	copy->original = true;
	expect(FREE, !swiotlb_find(swiotlb, &world.device, phys, &found));
	expect(UNWIND, found.slot == mapped.slot && found.slots == mapped.slots &&
			       found.padding == mapped.padding &&
			       found.size == mapped.size && found.phys == mapped.phys);
}

static bool touches(const struct copy *copy, uint64_t first, uint64_t end)
{
	return copy->size && copy->first < end &&
	       copy->first + copy->slots * SLOT > first;
}

/* What lay there is gone, and nothing else. */
static void clear(const struct swiotlb_request *request, uint64_t phys, uint64_t first)
{
	uint64_t end = phys + request->size;
	struct swiotlb_mapping found;

	swiotlb_clear(world.swiotlb, &world.device, request, phys);
	for (unsigned int i = 0; i < world.top; i++) {
		struct copy *copy = &world.copy[i];

		if (!copy->size || !swiotlb_find(world.swiotlb, &world.device, copy->copy,
						 &found))
			continue;
		expect(OVERLAP, touches(copy, first, end));
		world.used -= copy->slots;
		copy->size = 0;
	}
}

/* A copy that somebody saw, in the first bank, where that may be. */
static void place(struct copy *copy, const struct dma_event *event)
{
	struct swiotlb_request request = request_of(event);
	uint64_t offset = request.phys & world.device.min_align_mask & (SLOT - 1);
	uint64_t first = START + event->offset / SLOT * SLOT, phys = first + offset;
	bool taken = false;
	int err;

	if (copy->size || !event->size || event->size > 1 << 20)
		return;
	if (event->dir & 1)
		clear(&request, phys, first);
	for (unsigned int i = 0; i < world.top; i++)
		taken |= touches(&world.copy[i], first, phys + event->size);
	err = swiotlb_place(world.swiotlb, &world.device, &request, phys,
			    event->dir & 2);
	expect(OVERLAP, err == -EINVAL || err == (taken ? -EBUSY : 0));
	if (err)
		return;
	take(copy, event->size, request.phys, phys);
	copy->original = true;
}

/* ---- all of it ---- */

static int count_slots(const struct swiotlb_mapping *mapping, void *arg)
{
	*(uint64_t *)arg += mapping->slots;
	return 0;
}

static int stop(const struct swiotlb_mapping *mapping, void *arg)
{
	(void)arg;
	return mapping->slots ? 5 : 0;
}

static void check_all(void)
{
	uint64_t slots, used, most, seen = 0;

	expect(VALID, swiotlb_valid(world.swiotlb));
	expect(WALK, !swiotlb_walk(world.swiotlb, count_slots, &seen));
	expect(WALK, swiotlb_walk(world.swiotlb, stop, NULL) == (seen ? 5 : 0));
	swiotlb_usage(world.swiotlb, &slots, &used, &most);
	expect(COUNTERS, used == world.used && used == seen && used <= most);
	expect(COUNTERS, swiotlb_memory_size(world.swiotlb) > slots &&
				 swiotlb_areas(world.swiotlb) == world.areas);
	expect(OWNER, !swiotlb_holds(world.swiotlb, START - 1) &&
			      !swiotlb_holds(world.swiotlb, world.next));
}

static void grow(const struct dma_event *event, const struct program_op *op)
{
	uint64_t before, after, used, most;
	int err;

	swiotlb_usage(world.swiotlb, &before, &used, &most);
	run_short(event, op);
	err = swiotlb_grow(world.swiotlb);
	swiotlb_usage(world.swiotlb, &after, &used, &most);
	expect(COMPLETE, was_short() || err != -ENOMEM);
	expect(COUNTERS, err ? after == before : after > before);
}

static void run(const struct requests *requests)
{
	const struct dma_event *event = &requests->event;
	struct copy *copy = &world.copy[event->handle % COPIES];

	switch (event->kind) {
	case DMA_EVENT_MAP_PAGE:
		map(copy, event, &requests->op);
		break;
	case DMA_EVENT_UNMAP_PAGE:
		unmap(copy);
		break;
	case DMA_EVENT_ALLOC:
		alloc(copy, event);
		break;
	case DMA_EVENT_MAPPING_ERROR:
		grow(event, &requests->op);
		break;
	case DMA_EVENT_SYNC_SINGLE_FOR_CPU:
		if (copy->size)
			place_again(copy, event);
		else
			place(copy, event);
		break;
	case DMA_EVENT_SYNC_SINGLE_FOR_DEVICE:
		size_read(&requests->op);
		break;
	default:
		break;
	}
	if (requests->number % 16 == 0)
		check_all();
}

/* Of an address that is nobody's nothing is known. */
static void ask_elsewhere(void)
{
	struct swiotlb_mapping found;
	struct swiotlb_cursor none = swiotlb_before(world.swiotlb, 4096);

	expect(OWNER, !none.area && !none.next);
	expect(OWNER, swiotlb_undo(world.swiotlb, &world.device, 4096, none) == -EINVAL);
	expect(OWNER,
	       swiotlb_find(world.swiotlb, &world.device, 4096, &found) == -ENOENT);
	expect(OWNER,
	       swiotlb_bounce(world.swiotlb, &world.device, 4096, 1, true) == -ENOENT);
	expect(LARGEST, swiotlb_max_mapping_size(NULL, 0) == SWIOTLB_SEGMENT * SLOT);
}

static void refuses(const struct swiotlb_options *options)
{
	struct swiotlb_options wrong[8];
	struct swiotlb *swiotlb;

	for (unsigned int i = 0; i < 8; i++)
		wrong[i] = *options;
	wrong[0].segment = 3;
	wrong[1].segment = 1;
	wrong[2].segment = 1 << 16;
	wrong[3].areas = wrong[3].wanted_areas = 0;
	wrong[4].slots = 0;
	wrong[5].slots = (1ULL << 31) + 1;
	wrong[6].start += 1024;
	wrong[7].grows = true;
	wrong[7].memory.alloc = NULL;
	for (unsigned int i = 0; i < 8; i++)
		expect(ARGUMENT, swiotlb_create(&wrong[i], &swiotlb) == -EINVAL);
	swiotlb_destroy(NULL);
}

static void begin(const struct requests *requests)
{
	const uint8_t *config = requests_config(requests);
	unsigned int bits = config[CONFIG_BOUNDARY] % 65;
	struct swiotlb_options options = {
		.rules = kernel_rules(requests_kernel(requests)),
		.heap = &world.heap,
		.memory = { .alloc = memory_alloc, .free = memory_free },
		.start = START,
		.slots = 1ULL << (config[CONFIG_POOL] ? 1 + config[CONFIG_POOL] % 12 : 5),
		.areas = 1U << config[CONFIG_AREAS] % 4,
		.segment = config[CONFIG_SEGMENT] ? 2U << config[CONFIG_SEGMENT] % 7 : 0,
		.limit = ~0ULL,
	};
	int err;

	if (options.areas > options.slots)
		options.areas = 1;
	if (config[CONFIG_AREAS] & 8)
		options.wanted_areas = options.areas;
	world.segment = options.segment ? options.segment : SWIOTLB_SEGMENT;
	world.next = ((START + options.slots * SLOT) | 4095) + 1;
	world.device = (struct swiotlb_device) {
		.min_align_mask = (1U << config[CONFIG_ALIGN] % 13) - 1,
		.boundary = bits > 12 ? ~0ULL >> (64 - bits) : ~0ULL,
		.limit = ~0ULL,
	};
	refuses(&options);
	world.grows = requests_kernel(requests) != DMA_KERNEL_6_1;
	options.grows = true;
	if (!world.grows)
		expect(ARGUMENT, swiotlb_create(&options, &world.swiotlb) == -EINVAL);
	options.grows = world.grows;
	world.heap.fail_nth = config[CONFIG_TARGET] % 4;
	err = swiotlb_create(&options, &world.swiotlb);
	expect(MEMORY, err == (was_short() ? -ENOMEM : 0));
	if (err)
		expect(MEMORY, !swiotlb_create(&options, &world.swiotlb));
	world.areas = options.areas;
	ask_elsewhere();
}

void grow_run(struct requests *requests)
{
	memset(&world, 0, sizeof(world));
	begin(requests);
	while (requests_next(requests))
		run(requests);
	check_all();
	/* or it goes with all that is in it */
	if (!(requests_config(requests)[CONFIG_TARGET] & 8)) {
		for (unsigned int slot = 0; slot < world.top; slot++)
			unmap(&world.copy[slot]);
		check_all();
		expect(CONSERVE, !world.used);
	}
	swiotlb_destroy(world.swiotlb);
	expect(CONSERVE, !world.out);
}
