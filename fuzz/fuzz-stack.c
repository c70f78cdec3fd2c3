// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fuzz-stack.c - the same driver on machines that map differently
 *
 * A careful driver and its device: each request runs on a machine that maps directly,
 * one that bounces, one behind a strict and one behind a lazy IOMMU, one whose device
 * is not trusted, and one whose device does not see the CPU's caches. What CPU and
 * device are shown must be the same bytes on all of them; who owns the buffer in
 * between is what the driver says by its calls, and nobody touches what is not his.
 *
 * A slot is a buffer of eight pages. A part is synced and, unless it comes from the
 * device, changed; the device reads all that it may read after each request, and
 * changes some of what it may write. The config's byte 8 says which machines are left
 * out, so that an engine finds out which of them an input needs. Bounce buffers are so
 * few that two buffers fill them; byte 4 doubles them and their sets up to three times.
 */
#include <string.h>

#include "alloc/iova.h"
#include "alloc/swiotlb.h"
#include "dma/group.h"
#include "dma/machine.h"
#include "hardware/iommu.h"
#include "hardware/memory-store.h"
#include "kinds.h"
#include "oracle.h"
#include "stack.h"
#include "target.h"

struct slot slots[SLOTS_USED];
struct rig rigs[BACKENDS];
struct requests requests;

/* From one input to the next. */
static struct memory_store store;

/* ---- machines ---- */

/* No more than it takes: what is known of each page is made anew for each input. */
static const struct libdma_range memory = { 0, 24UL << 20, NULL };

/* Slots of a set of bounce buffers, of which there are two. */
static unsigned int segment_slots(void)
{
	return 16U << requests_config(&requests)[CONFIG_POOL] % 4;
}

static unsigned int block_size(void)
{
	return 16U << requests_config(&requests)[CONFIG_TARGET] % 8;
}

static unsigned int longest_segment(void)
{
	return 4096U << requests_config(&requests)[CONFIG_SEGMENT] % 5;
}

/* As after long use: what lies in bounce buffers was somebody's. */
static void soil(const struct rig *rig)
{
	memset(libdma_memory_cpu(rig->machine, rig->machine->swiotlb_start), 0xee,
	       32 * SWIOTLB_SLOT);
}

static void make(enum backend backend)
{
	const uint8_t *config = requests_config(&requests);
	bool iommu = backend == STRICT || backend == LAZY || backend == UNTRUSTED;
	struct libdma_machine_options options = {
		.kernel = requests_kernel(&requests),
		.cpus = 2,
		.memory = &memory,
		.memory_count = 1,
		.iommu = !iommu		 ? LIBDMA_IOMMU_OFF
			 : backend == LAZY ? LIBDMA_IOMMU_LAZY
					   : LIBDMA_IOMMU_STRICT,
		.swiotlb_slots = 2 * segment_slots(),
		.swiotlb_segment = segment_slots(),
		.swiotlb_areas = 1U << config[CONFIG_AREAS] % 3,
		.swiotlb_force = backend == BOUNCED,
	};
	const struct libdma_device_options device = {
		.name = "device0",
		.pci = true,
		.coherent = backend != INCOHERENT,
		.untrusted = backend == UNTRUSTED,
	};
	struct rig *rig = &rigs[backend];

	memset(rig, 0, sizeof(*rig));
	if (config[CONFIG_LEFT_OUT] >> backend & 1)
		return;
	expect(MEMORY, !machine_create(&options, &store, &rig->machine));
	expect(MEMORY, !libdma_device_create(rig->machine, &device, &rig->dev));
	if (backend == UNTRUSTED)
		soil(rig);
	expect(MASK, !dma_set_mask_and_coherent(rig->dev, DMA_BIT_MASK(64)));
	dma_set_max_seg_size(rig->dev, longest_segment());
	if (!iommu || backend == UNTRUSTED)
		dma_set_min_align_mask(rig->dev, (1U << config[CONFIG_ALIGN] % 13) - 1);
}

/* No granule more than the buffer touches is mapped behind it; another's may begin there. */
static void check_reach(unsigned int number)
{
	const struct mapped *mapped = &rigs[STRICT].mapped[number];
	const struct slot *slot = &slots[number];
	uint64_t dma = mapped->dma + slot->piece[0].size + PAGE_SIZE - 1;
	uint64_t phys, first, size;

	if (!mapped->live)
		return;
	if (!iova_find(rigs[STRICT].dev->state->group->iova, dma >> PAGE_SHIFT, &first,
		       &size) &&
	    first > mapped->dma >> PAGE_SHIFT)
		return;
	phys = virt_to_phys(mapped->cpu) + slot->piece[0].place + slot->piece[0].size +
	       PAGE_SIZE - 1;
	expect(REACH, iommu_iova_to_phys(rigs[STRICT].dev->state->group->table,
					 dma & PAGE_MASK) != (phys & PAGE_MASK));
}

/* What lies around a copy in its granules is nobody's, if the device is not trusted. */
static void check_around(unsigned int number)
{
	const struct mapped *mapped = &rigs[UNTRUSTED].mapped[number];
	dma_addr_t end = mapped->dma + slots[number].piece[0].size;
	uint64_t before = mapped->dma % PAGE_SIZE, behind = -end % PAGE_SIZE;
	static unsigned char seen[PAGE_SIZE];
	struct device *dev = rigs[UNTRUSTED].dev;

	if (!mapped->live || slots[number].dir == DMA_FROM_DEVICE ||
	    requests_kernel(&requests) == DMA_KERNEL_6_1)
		return;
	expect(LEAK, libdma_device_read(dev, mapped->dma - before, seen, before, NULL) ==
				     before && oracle_filled(seen, 0, before));
	expect(LEAK, libdma_device_read(dev, end, seen, behind, NULL) == behind &&
			     oracle_filled(seen, 0, behind));
}

/* ---- the driver ---- */

static void map_single(unsigned int number, const struct dma_event *event)
{
	struct slot *slot = &slots[number];
	uint64_t place = event->phys % PAGE_SIZE, size = event->size;

	if (slot->use || !size || size > BUFFER - place || event->dir > DMA_FROM_DEVICE)
		return;
	stack_fill(number, place + size);
	slot->use = SINGLE;
	slot->dir = event->dir;
	slot->pieces = 1;
	slot->piece[0] = (struct piece){ place, size };
	for (int i = 0; i < BACKENDS; i++) {
		struct mapped *mapped = &rigs[i].mapped[number];

		if (!rigs[i].machine)
			continue;
		mapped->dma = dma_map_single_attrs(rigs[i].dev, mapped->cpu + place, size,
						   event->dir, 0);
		mapped->live = !dma_mapping_error(rigs[i].dev, mapped->dma);
		/* only slots of bounce buffers can run out */
		expect(COMPLETE, mapped->live || i == BOUNCED || i == UNTRUSTED);
		if (mapped->live && i == STRICT)
			expect(OFFSET, mapped->dma % PAGE_SIZE == place);
	}
	check_reach(number);
	check_around(number);
	stack_device_runs(number);
}

/* One piece a page, in it where the entry says; neighbours where one fills its page. */
static void map_list(unsigned int number, const struct dma_event *event)
{
	struct slot *slot = &slots[number];

	if (slot->use || !event->phys_count || event->dir > DMA_FROM_DEVICE)
		return;
	slot->use = LIST;
	slot->dir = event->dir;
	slot->pieces = event->phys_count < PIECES ? event->phys_count : PIECES;
	stack_fill(number, event->handle & 1 ? BUFFER : slot->pieces * PAGE_SIZE);
	for (unsigned int at = 0; at < slot->pieces; at++) {
		uint64_t place = event->phys_list[at] % PAGE_SIZE;
		uint64_t size = 1 + event->size_list[at] % (PAGE_SIZE - place);

		/* every other list has its pages in descending order */
		unsigned int page = event->handle & 1 ? PIECES - 1 - at : at;

		slot->piece[at] = (struct piece){ page * PAGE_SIZE + place, size };
	}
	for (int i = 0; i < BACKENDS; i++) {
		struct mapped *mapped = &rigs[i].mapped[number];
		struct sg_table table = { mapped->list, 0, slot->pieces };
		uint64_t total = 0, mapped_total = 0;

		if (!rigs[i].machine)
			continue;
		sg_init_table(mapped->list, slot->pieces);
		for (unsigned int at = 0; at < slot->pieces; at++) {
			sg_set_buf(&mapped->list[at], mapped->cpu + slot->piece[at].place,
				   (unsigned int)slot->piece[at].size);
			total += slot->piece[at].size;
		}
		mapped->live = !dma_map_sgtable(rigs[i].dev, &table, event->dir, 0);
		expect(COMPLETE, mapped->live || i == BOUNCED || i == UNTRUSTED);
		for (unsigned int at = 0; mapped->live && at < table.nents; at++) {
			mapped_total += sg_dma_len(&mapped->list[at]);
			expect(LONGEST, sg_dma_len(&mapped->list[at]) <= longest_segment());
		}
		expect(COUNT, !mapped->live || mapped_total == total);
	}
	stack_device_runs(number);
}

/* What is not mapped anymore is out of the device's reach behind a strict IOMMU. */
static void check_gone(dma_addr_t dma, uint64_t size)
{
	unsigned char byte;

	for (uint64_t at = 0; at < size; at = at + PAGE_SIZE < size ? at + PAGE_SIZE : size) {
		expect(STALE, !libdma_device_read(rigs[STRICT].dev, dma + at, &byte, 1, NULL));
		expect(STALE, !libdma_device_write(rigs[STRICT].dev, dma + at, &byte, 1, NULL));
	}
	expect(STALE, !libdma_device_read(rigs[STRICT].dev, dma + size - 1, &byte, 1, NULL));
}

static void unmap(unsigned int number)
{
	struct slot *slot = &slots[number];

	if (slot->use != SINGLE && slot->use != LIST)
		return;
	for (int i = 0; i < BACKENDS; i++) {
		struct mapped *mapped = &rigs[i].mapped[number];
		struct sg_table table = { mapped->list, 0, slot->pieces };
		dma_addr_t first = slot->use == LIST ? sg_dma_address(mapped->list)
						     : mapped->dma;

		if (!mapped->live)
			continue;
		if (slot->use == LIST)
			dma_unmap_sgtable(rigs[i].dev, &table, slot->dir, 0);
		else
			dma_unmap_single_attrs(rigs[i].dev, mapped->dma, slot->piece[0].size,
					       slot->dir, 0);
		for (unsigned int at = 0; at < slot->pieces; at++)
			expect(CPU, !memcmp(mapped->cpu + slot->piece[at].place,
					    slot->bytes + slot->piece[at].place,
					    slot->piece[at].size));
		stack_check_buffer(i, number);
		mapped->live = false;
		if (i == STRICT)
			check_gone(first, slot->use == SINGLE ? slot->piece[0].size : 1);
	}
	slot->use = UNUSED;
}

static void sync_one(enum backend backend, unsigned int number, uint64_t offset,
		     uint64_t size, bool for_cpu)
{
	struct mapped *mapped = &rigs[backend].mapped[number];
	struct device *dev = rigs[backend].dev;
	const struct slot *slot = &slots[number];

	if (!mapped->live)
		return;
	if (slot->use == LIST && for_cpu)
		dma_sync_sg_for_cpu(dev, mapped->list, (int)slot->pieces, slot->dir);
	else if (slot->use == LIST)
		dma_sync_sg_for_device(dev, mapped->list, (int)slot->pieces, slot->dir);
	else if (for_cpu)
		dma_sync_single_for_cpu(dev, mapped->dma + offset, size, slot->dir);
	else
		dma_sync_single_for_device(dev, mapped->dma + offset, size, slot->dir);
}

/*
 * Of 6.1 an address that lies before where the buffer would begin in its slot is taken
 * for none of the buffer's, though it is in the middle of it (S22): nothing is copied.
 */
static bool is_refused(const struct slot *slot, uint64_t offset)
{
	uint64_t kept = ((1U << requests_config(&requests)[CONFIG_ALIGN] % 13) - 1) & 2047;
	uint64_t begin = slot->piece[0].place & kept;

	return requests_kernel(&requests) == DMA_KERNEL_6_1 && slot->use == SINGLE &&
	       ((begin + offset) & 2047) < begin;
}

/* The CPU takes a part over, reads it, writes it if it may, and gives it back. */
static void sync(unsigned int number, uint64_t offset, uint64_t size, bool for_cpu)
{
	struct slot *slot = &slots[number];
	unsigned int pieces = slot->use == LIST ? slot->pieces : 1;
	uint64_t place = slot->piece[0].place + offset;

	if ((slot->use != SINGLE && slot->use != LIST) || !size ||
	    is_refused(slot, offset))
		return;
	if (slot->use == SINGLE && (offset >= slot->piece[0].size ||
				    size > slot->piece[0].size - offset))
		return;
	for (int i = 0; i < BACKENDS; i++)
		if (for_cpu || slot->dir != DMA_FROM_DEVICE)
			sync_one(i, number, offset, size, true);
	for (unsigned int at = 0; at < pieces && (for_cpu || slot->dir != DMA_FROM_DEVICE);
	     at++) {
		if (slot->use == LIST) {
			place = slot->piece[at].place;
			size = slot->piece[at].size;
		}
		stack_check_cpu(number, place, size);
		if (slot->dir != DMA_FROM_DEVICE)
			stack_cpu_writes(number, place, size);
	}
	/*
	 * Of what comes from the device nothing is copied back to it; the modelled cache,
	 * which is as bad as one may be, writes back what the CPU never wrote.
	 */
	for (int i = 0; i < BACKENDS; i++)
		if (for_cpu || slot->dir != DMA_FROM_DEVICE || i != INCOHERENT)
			sync_one(i, number, offset, size, false);
	if (for_cpu || slot->dir != DMA_FROM_DEVICE)
		stack_device_runs(number);
}

static void *pool_block(struct rig *rig, dma_addr_t *dma)
{
	if (!rig->pool)
		rig->pool = dma_pool_create("blocks", rig->dev, block_size(), 16, 0);
	expect(MEMORY, rig->pool);
	return dma_pool_zalloc(rig->pool, GFP_KERNEL, dma);
}

/* Memory that both see at once. */
static void alloc(unsigned int number, uint64_t size, bool block)
{
	struct slot *slot = &slots[number];

	if (block)
		size = block_size();
	if (slot->use || !size || size > LARGEST)
		return;
	slot->use = block ? BLOCK : COHERENT;
	slot->dir = DMA_BIDIRECTIONAL;
	slot->pieces = 1;
	slot->piece[0] = (struct piece){ 0, size };
	for (int i = 0; i < BACKENDS; i++) {
		struct mapped *mapped = &rigs[i].mapped[number];

		if (!rigs[i].machine)
			continue;
		mapped->memory = block ? pool_block(&rigs[i], &mapped->dma)
				       : dma_alloc_coherent(rigs[i].dev, size, &mapped->dma,
							    GFP_KERNEL);
		mapped->live = mapped->memory;
		expect(COMPLETE, mapped->live);
		expect(ZERO, oracle_filled(mapped->memory, 0, size));
	}
	memset(slot->bytes, 0, size);
	stack_cpu_writes(number, size / 3, size - size / 3);
	stack_device_runs(number);
	stack_check_cpu(number, 0, size);
}

static void release(unsigned int number)
{
	struct slot *slot = &slots[number];

	if (slot->use != COHERENT && slot->use != BLOCK)
		return;
	stack_device_runs(number);
	stack_check_cpu(number, 0, slot->piece[0].size);
	for (int i = 0; i < BACKENDS; i++) {
		struct mapped *mapped = &rigs[i].mapped[number];

		if (!rigs[i].machine)
			continue;
		if (slot->use == BLOCK)
			dma_pool_free(rigs[i].pool, mapped->memory, mapped->dma);
		else
			dma_free_coherent(rigs[i].dev, slot->piece[0].size, mapped->memory,
					  mapped->dma);
		mapped->live = false;
		mapped->memory = NULL;
	}
	slot->use = UNUSED;
}

static void run(const struct dma_event *event)
{
	unsigned int number = (unsigned int)event->handle % SLOTS_USED;

	for (int i = 0; i < BACKENDS; i++) {
		if (!rigs[i].machine)
			continue;
		libdma_machine_set_cpu(rigs[i].machine, event->cpu % 2);
		libdma_machine_set_time(rigs[i].machine, event->ns);
	}
	switch (event->kind) {
	case DMA_EVENT_MAP_SINGLE:
	case DMA_EVENT_MAP_PAGE:
	case DMA_EVENT_MAP_PHYS:
		map_single(number, event);
		break;
	case DMA_EVENT_MAP_SG:
		map_list(number, event);
		break;
	case DMA_EVENT_UNMAP_SINGLE:
	case DMA_EVENT_UNMAP_PAGE:
	case DMA_EVENT_UNMAP_PHYS:
	case DMA_EVENT_UNMAP_SG:
		unmap(number);
		break;
	case DMA_EVENT_SYNC_SINGLE_FOR_CPU:
	case DMA_EVENT_SYNC_SG_FOR_CPU:
		sync(number, event->offset, event->size ? event->size : 1, true);
		break;
	case DMA_EVENT_SYNC_SINGLE_FOR_DEVICE:
	case DMA_EVENT_SYNC_SG_FOR_DEVICE:
		sync(number, event->offset, event->size ? event->size : 1, false);
		break;
	case DMA_EVENT_ALLOC:
		alloc(number, event->size, false);
		break;
	case DMA_EVENT_POOL_ALLOC:
		alloc((unsigned int)event->slot % SLOTS_USED, 0, true);
		break;
	case DMA_EVENT_FREE:
		release(number);
		break;
	case DMA_EVENT_POOL_FREE:
		release((unsigned int)event->slot % SLOTS_USED);
		break;
	default:
		break;
	}
}

const uint16_t target_kinds[] = { KINDS_OF_STACK, DMA_EVENT_NONE };

/* Nothing is left where all was given back, and no slot is taken. */
static void end(struct rig *rig)
{
	uint64_t count, used, most;

	if (!rig->machine)
		return;
	for (unsigned int number = 0; number < SLOTS_USED; number++)
		if (rig->mapped[number].cpu)
			libdma_memory_free(rig->machine, rig->mapped[number].cpu, BUFFER);
	dma_pool_destroy(rig->pool);
	/* whose buffers may have to be copied maps no more than a slot set holds */
	if (rig == &rigs[UNTRUSTED] || rig == &rigs[BOUNCED])
		expect(LARGEST, dma_max_mapping_size(rig->dev) <= segment_slots() * 2048);
	expect(VALID, libdma_machine_valid(rig->machine));
	swiotlb_usage(rig->machine->swiotlb, &count, &used, &most);
	expect(CONSERVE, !used);
	libdma_machine_destroy(rig->machine);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	requests_open(&requests, data, size);
	stack_begin();
	for (int i = 0; i < BACKENDS; i++)
		make(i);
	while (requests_next(&requests))
		run(&requests.event);
	for (unsigned int number = 0; number < SLOTS_USED; number++) {
		unmap(number);
		release(number);
	}
	for (int i = 0; i < BACKENDS; i++)
		end(&rigs[i]);
	return 0;
}
