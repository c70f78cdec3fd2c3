// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fuzz-swiotlb.c - bounce buffers: which slots, and which bytes are where
 *
 * map_* bounce a buffer (direction bit 0: to whole granules), unmap_* end that, after a
 * copy back unless to the device; sync_single_* copy a part; alloc takes memory without
 * an original; mapping_error asks, while nothing is mapped, if the largest size that is
 * advertised does map. Two copies of all memory are kept: what the model wrote, and
 * what the specification says. Config: pool, areas, segment, align and boundary make
 * the geometry, of real sizes where they are 0; where the mode's bit 7 is set, banks are
 * added, and swiotlb-grow.c has what a request means.
 */
#include <errno.h>
#include <string.h>

#include <libdma/page.h>

#include "alloc/swiotlb.h"
#include "kinds.h"
#include "oracle.h"
#include "reference-swiotlb.h"
#include "requests.h"
#include "swiotlb-grow.h"
#include "target.h"

#define CONFIG_OFFSET 2 /* the DMA address of the bank, in slots behind its own */
#define CONFIG_HOLES  3 /* bits taken out of min_align_mask, from bit 8 on */
#define CONFIG_ODD    7 /* slots left out of the bank */
#define CONFIG_COPY   8 /* 1: no bytes */

#define COPIES        512
#define START         0x4000000ULL
#define ORIGINALS     0x200000000ULL
#define ORIGINAL_SIZE (512UL << 10)
#define BANK_SIZE     (256UL << 10) /* of larger ones no bytes are kept */
#define BYTES	      (128UL << 10) /* that an input writes: then none are kept */

struct copy {
	uint64_t size; /* 0: none */
	uint64_t phys, copy;
	uint64_t total; /* bytes that can be copied, as the kernel counts them */
	bool original;
};

/* [0] is what the model wrote, [1] what it should have. */
static unsigned char originals[2][ORIGINAL_SIZE], bank[2][BANK_SIZE];
static struct reference_swiotlb reference;
static struct copy copies[COPIES]; /* none of them between two inputs */

static struct world {
	struct requests requests;
	struct swiotlb *swiotlb;
	struct swiotlb_device device;
	uint64_t bank_size, granule;
	uint64_t copied;  /* bytes, since the request began */
	uint64_t written; /* by us, since the input began */
	unsigned int live;
	unsigned char pattern;
	bool bytes;
} world;

/* ---- bytes ---- */

static unsigned char *at(unsigned int which, uint64_t phys, uint64_t size)
{
	if (phys - ORIGINALS < ORIGINAL_SIZE && size <= ORIGINALS + ORIGINAL_SIZE - phys)
		return originals[which] + (phys - ORIGINALS);
	expect(RANGE, phys >= reference.start &&
			      phys - reference.start < world.bank_size &&
			      size <= reference.start + world.bank_size - phys);
	return bank[which] + (phys - reference.start);
}

static void copy_bytes(void *arg, phys_addr_t to, phys_addr_t from, size_t size)
{
	unsigned char *target = at(0, to, size), *source = at(0, from, size);

	(void)arg;
	world.copied += size;
	if (world.bytes)
		memmove(target, source, size);
}

static void write_bytes(uint64_t phys, uint64_t size)
{
	world.bytes = world.written <= BYTES;
	world.written += size;
	if (!world.bytes)
		return;
	world.pattern = (unsigned char)(world.pattern * 5 + 13);
	for (unsigned int which = 0; which < 2; which++) {
		unsigned char *bytes = at(which, phys, size);

		memset(bytes, world.pattern, size);
		for (uint64_t i = 0; i < size; i += 97)
			bytes[i] = (unsigned char)(world.pattern + i / 97 + 1);
	}
}

static void same_bytes(uint64_t phys, uint64_t size)
{
	if (world.bytes && size)
		expect(SYNC, !memcmp(at(0, phys, size), at(1, phys, size), size));
}

/* ---- requests ---- */

static struct reference_bounce bounce_of(unsigned int cpu)
{
	return (struct reference_bounce) { .keep = world.device.min_align_mask,
					   .boundary = world.device.boundary,
					   .dma_offset = world.device.dma_offset,
					   .cpu = cpu };
}

static void check_place(uint64_t copy, uint64_t phys, uint64_t size)
{
	const struct swiotlb_device *device = &world.device;
	uint64_t dma = copy + device->dma_offset, set = reference.set * 2048;

	expect(RANGE, copy >= reference.start &&
			      copy + size <= reference.start + reference.slots * 2048);
	expect(SEGMENT, (copy - reference.start) / set ==
				(copy + size - 1 - reference.start) / set);
	if (device->boundary > 2047 && device->boundary + 1)
		expect(BOUNDARY, dma / (device->boundary + 1) ==
					 (dma + size - 1) / (device->boundary + 1));
	/* 6.1 aligns indices of areas, and those only. */
	if (phys && !reference.old &&
	    (device->boundary & device->min_align_mask) == device->min_align_mask)
		expect(MINALIGN, !((dma ^ phys) & device->min_align_mask));
}

static int error_of(uint64_t expected)
{
	return expected == REFERENCE_FULL      ? -ENOSPC
	       : expected == REFERENCE_ENDLESS ? -EDEADLK
					       : 0;
}

static uint64_t original_of(const struct dma_event *event)
{
	return ORIGINALS + (event->phys + event->handle * 20 * 1024) %
				   (ORIGINAL_SIZE - BANK_SIZE);
}

static void map(struct copy *copy, const struct dma_event *event)
{
	uint64_t align = event->dir & 1 ? world.granule - 1 : 0, size = event->size;
	struct reference_bounce bounce = bounce_of(event->cpu % 256);
	struct swiotlb_request request = {
		.cpu = event->cpu % 256,
		.phys = original_of(event),
		.size = size,
		.align_mask = (uint32_t)align,
	};
	uint64_t expected, offset;
	phys_addr_t phys;
	int err;

	if (copy->size || size > BANK_SIZE)
		return;
	if (size && world.bytes)
		write_bytes(request.phys, size);
	err = swiotlb_map(world.swiotlb, &world.device, &request, &phys, NULL);
	offset = request.phys & world.device.min_align_mask & (align | 2047);
	/* What the kernel takes for no bytes, of which it asserts that there are some. */
	if (!size && !((offset * !reference.old + align) / (align + 1)) &&
	    (!reference.old || !(offset & 2047))) {
		expect(ARGUMENT, err == -EINVAL);
		return;
	}
	expected = reference_swiotlb_map(&reference, &bounce, request.phys, size, align);
	expect(REFERENCE, err == error_of(expected));
	if (err)
		return;
	expect(REFERENCE, phys == expected);
	*copy = (struct copy) { .size = size ? size : 1,
				.phys = request.phys,
				.copy = phys,
				.original = size };
	copy->total =
		reference.old
			? (size + align) / (align + 1) * (align + 1)
			: (size + offset + align) / (align + 1) * (align + 1) - offset;
	world.live++;
	if (!size)
		return;
	check_place(phys, request.phys, size);
	if (world.bytes)
		memcpy(at(1, phys, size), at(1, request.phys, size), size);
	if (world.bytes && phys - reference.start + size <= BANK_SIZE)
		expect(COPIES, world.copied == size);
	same_bytes(phys, size);
}

static void alloc(struct copy *copy, const struct dma_event *event)
{
	struct reference_bounce bounce = bounce_of(event->cpu % 256);
	uint64_t align = 0, size = event->size, expected;
	phys_addr_t phys;
	int err;

	if (copy->size)
		return;
	err = swiotlb_alloc(world.swiotlb, &world.device, event->cpu % 256, size, &phys);
	if (!size) {
		expect(ARGUMENT, err == -EINVAL);
		return;
	}
	if (!reference.old && size <= BANK_SIZE * 8)
		for (align = 4096; align < size;)
			align *= 2;
	expected =
		reference_swiotlb_alloc(&reference, &bounce, size, align ? align - 1 : 0);
	expect(REFERENCE, err == error_of(expected));
	if (err)
		return;
	expect(REFERENCE, phys == expected);
	check_place(phys, 0, size);
	if (align && (world.device.boundary & (align - 1)) == align - 1)
		expect(ALIGN, !((phys + world.device.dma_offset) & (align - 1)));
	*copy = (struct copy) { .size = size, .copy = phys };
	world.live++;
}

/*
 * In 6.1 an address before where the buffer would begin in its slot is refused, though
 * it is in the middle of it (S22).
 */
static bool refused(const struct copy *copy, uint64_t offset)
{
	return reference.old && ((copy->copy + offset) & 2047) <
					(copy->phys & world.device.min_align_mask & 2047);
}

static void sync(const struct copy *copy, uint64_t offset, uint64_t size, bool to_copy)
{
	uint64_t from = copy->phys + offset, to = copy->copy + offset, part;
	int err;

	if (!copy->size || offset >= copy->size)
		return;
	/* The device writes its side, the CPU its own; what is copied decides. */
	if (world.bytes && copy->original)
		write_bytes(to_copy ? from : to, copy->size - offset);
	world.copied = 0;
	err = swiotlb_bounce(world.swiotlb, &world.device, to, size, to_copy);
	if (!copy->original && copy->phys == 0) {
		expect(SYNC, err == -ENOENT && !world.copied);
		return;
	}
	if (refused(copy, offset)) {
		expect(RANGE, err == -EFAULT && !world.copied);
		return;
	}
	part = size < copy->total - offset ? size : copy->total - offset;
	expect(RANGE, err == (part < size ? -EOVERFLOW : 0));
	if (!world.bytes)
		return;
	expect(COPIES, world.copied == part);
	if (part && to_copy)
		memcpy(at(1, to, part), at(1, from, part), part);
	else if (part)
		memcpy(at(1, from, part), at(1, to, part), part);
	same_bytes(copy->copy, copy->total);
	same_bytes(copy->phys, copy->total);
}

/* A second time, and in the middle of it, nothing ends. */
static void unmap(struct copy *copy, const struct dma_event *event)
{
	struct swiotlb_mapping found;
	uint64_t slot;

	if (!copy->size)
		return;
	if (copy->original && event->dir != DMA_TO_DEVICE)
		sync(copy, 0, copy->size, false);
	expect(FREE, !swiotlb_find(world.swiotlb, &world.device, copy->copy, &found));
	slot = found.slot;
	expect(REFERENCE, slot < reference.slots &&
				  reference.begins[slot] == found.slots &&
				  reference.pads[slot] == found.padding);
	if (found.slots > found.padding + 1)
		expect(FREE, swiotlb_unmap(world.swiotlb, &world.device,
					   copy->copy + 2048) == -EINVAL);
	expect(FREE, !swiotlb_unmap(world.swiotlb, &world.device, copy->copy));
	expect(FREE, swiotlb_unmap(world.swiotlb, &world.device, copy->copy) == -EINVAL);
	reference_swiotlb_unmap(&reference, copy->copy);
	copy->size = 0;
	world.live--;
}

/*
 * The kernel counts what it skips at an area's end: from just behind the only slot that
 * would do, its search is over before it is there again (S15).
 */
static bool search_misses(const struct dma_event *event)
{
	uint64_t slot = (original_of(event) & world.device.min_align_mask) / 2048;
	uint64_t next = reference.next[event->cpu % 256 & (reference.areas - 1)];

	return next > slot && next <= 2 * slot;
}

/* On an empty bank the advertised size fits, wherever in a page the buffer begins. */
static void check_largest(const struct dma_event *event)
{
	uint64_t mask = world.device.min_align_mask, size;
	struct dma_event map_it = *event, unmap_it = *event;
	struct copy copy = { 0 };
	bool misses;

	if (world.live || mask >= reference.set * 1024 || ~world.device.boundary ||
	    reference.per_area % reference.set || world.device.dma_offset ||
	    reference.start % 65536 || (mask & (mask + 1)))
		return;
	size = swiotlb_max_mapping_size(world.swiotlb, (uint32_t)mask);
	expect(LARGEST, size <= reference.set * 2048 &&
				size + mask + 2048 >= reference.set * 2048);
	map_it.size = size;
	map_it.dir = DMA_BIDIRECTIONAL;
	map_it.phys = event->handle * 16 % 4096;
	misses = search_misses(&map_it);
	map(&copy, &map_it);
	if (size <= BANK_SIZE)
		expect(LARGEST, copy.size || reference.old || misses);
	unmap(&copy, &unmap_it);
}

static int same_mapping(const struct swiotlb_mapping *mapping, void *arg)
{
	expect(REFERENCE, reference.begins[mapping->slot] == mapping->slots);
	expect(REFERENCE, reference.pads[mapping->slot] == mapping->padding);
	++*(unsigned int *)arg;
	return 0;
}

static void compare(void)
{
	uint64_t slots, used, most;
	unsigned int seen = 0;

	expect(VALID, swiotlb_valid(world.swiotlb));
	expect(OWNER,
	       swiotlb_holds(world.swiotlb, reference.start) &&
		       !swiotlb_holds(world.swiotlb, reference.start - 1) &&
		       swiotlb_holds(world.swiotlb,
				     reference.start + world.bank_size - 1) &&
		       !swiotlb_holds(world.swiotlb, reference.start + world.bank_size));
	expect(REFERENCE, !swiotlb_walk(world.swiotlb, same_mapping, &seen));
	expect(CONSERVE, seen == world.live);
	swiotlb_usage(world.swiotlb, &slots, &used, &most);
	expect(COUNTERS, slots == reference.slots && most >= used &&
				 used == reference_swiotlb_used(&reference));
}

static void run(const struct dma_event *event)
{
	struct copy *copy = &copies[event->handle % COPIES];

	world.copied = 0;
	switch (event->kind) {
	case DMA_EVENT_MAP_SINGLE:
	case DMA_EVENT_MAP_PAGE:
	case DMA_EVENT_MAP_PHYS:
		map(copy, event);
		break;
	case DMA_EVENT_UNMAP_SINGLE:
	case DMA_EVENT_UNMAP_PAGE:
	case DMA_EVENT_UNMAP_PHYS:
	case DMA_EVENT_FREE:
		unmap(copy, event);
		break;
	case DMA_EVENT_ALLOC:
		alloc(copy, event);
		break;
	case DMA_EVENT_SYNC_SINGLE_FOR_CPU:
		sync(copy, event->offset, event->size, false);
		break;
	case DMA_EVENT_SYNC_SINGLE_FOR_DEVICE:
		sync(copy, event->offset, event->size, true);
		break;
	case DMA_EVENT_MAPPING_ERROR:
		check_largest(event);
		break;
	default:
		return;
	}
	if (world.requests.number % 16 == 0)
		compare();
}

static void begin(void)
{
	const uint8_t *config = requests_config(&world.requests);
	unsigned int bits = config[CONFIG_BOUNDARY] % 65;
	struct swiotlb_options options = {
		.rules = kernel_rules(requests_kernel(&world.requests)),
		.memory = { .copy = copy_bytes },
		.start = START + (config[CONFIG_MODE] & 7) * 2048,
		.slots = 1ULL << (config[CONFIG_POOL] ? 1 + config[CONFIG_POOL] % 11 : 7),
		.areas = config[CONFIG_AREAS] & 8 ? 3 : 1U << config[CONFIG_AREAS] % 4,
		.segment =
			config[CONFIG_SEGMENT] ? 2U << config[CONFIG_SEGMENT] % 7 : 128,
	};

	options.slots -= options.slots * (config[CONFIG_ODD] % 8) / 16;
	if (options.areas > options.slots)
		options.areas = 1;
	world.bank_size = options.slots * 2048;
	world.bytes = world.bank_size <= BANK_SIZE && !(config[CONFIG_COPY] & 1);
	if (!world.bytes)
		options.memory.copy = NULL;
	world.granule =
		config[CONFIG_GRANULE] ? 512ULL << config[CONFIG_GRANULE] % 8 : 4096;
	world.device = (struct swiotlb_device) {
		.min_align_mask = ((1U << config[CONFIG_ALIGN] % 17) - 1) &
				  ~((uint32_t)config[CONFIG_HOLES] << 8),
		.boundary = bits ? ~0ULL >> (64 - bits) : ~0ULL,
		.dma_offset = (uint64_t)config[CONFIG_OFFSET] * 2048,
	};
	expect(MEMORY, !swiotlb_create(&options, &world.swiotlb));
	reference_swiotlb_init(
		&reference, requests_kernel(&world.requests) == DMA_KERNEL_6_1,
		options.start, options.slots, options.areas, options.segment);
}

const uint16_t target_kinds[] = { KINDS_OF_SWIOTLB, DMA_EVENT_NONE };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dma_event last = { .dir = DMA_TO_DEVICE };

	requests_open(&world.requests, data, size);
	if (requests_config(&world.requests)[CONFIG_MODE] & 128) {
		grow_run(&world.requests);
		return 0;
	}
	memset(&world.swiotlb, 0, sizeof(world) - offsetof(struct world, swiotlb));
	begin();
	while (requests_next(&world.requests))
		run(&world.requests.event);
	compare();
	for (unsigned int slot = 0; slot < COPIES && world.live; slot++)
		unmap(&copies[slot], &last);
	compare();
	swiotlb_destroy(world.swiotlb);
	return 0;
}
