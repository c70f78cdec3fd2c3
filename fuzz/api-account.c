// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * api-account.c - what calls of fuzz-api.c take and give back, tell, and lead to
 */
#include <string.h>

#include "alloc/atomic-pool.h"
#include "alloc/coherent.h"
#include "alloc/contiguous.h"
#include "alloc/swiotlb.h"
#include "api.h"
#include "dma/group.h"
#include "dma/machine.h"
#include "dma/remap.h"
#include "hardware/iommu.h"
#include "hardware/pages.h"
#include "oracle.h"

static struct {
	uint64_t phys[API_PIECES + 1], dma[API_PIECES + 1];
	uint32_t size[API_PIECES + 1], dma_size[API_PIECES + 1];
} lists;

static struct iommu *table(void)
{
	return api.dev->state->group->table;
}

/* ---- events ---- */

static void keep_lists(const struct dma_event *event)
{
	expect(EVENT, event->phys_count <= API_PIECES + 1);
	expect(EVENT, event->dma_count <= API_PIECES + 1);
	for (uint32_t i = 0; i < event->phys_count; i++) {
		lists.phys[i] = event->phys_list[i];
		lists.size[i] = event->size_list[i];
	}
	for (uint32_t i = 0; i < event->dma_count; i++) {
		lists.dma[i] = event->dma_list[i];
		lists.dma_size[i] = event->dma_size_list[i];
	}
}

void api_observe(void *arg, const struct dma_event *event)
{
	(void)arg;
	switch (event->kind) {
	case DMA_EVENT_ALLOC_IOVA:
		expect(EVENT, !event->error == !!event->dma);
		expect(EVENT, event->error || event->dma + event->size - 1 <= event->limit);
		api.iovas += event->error ? 0 : event->size;
		return;
	case DMA_EVENT_FREE_IOVA:
		api.iovas -= event->size;
		return;
	case DMA_EVENT_IOMMU_MAP:
		api.translated += event->size;
		return;
	case DMA_EVENT_IOMMU_UNMAP:
		expect(EVENT, event->unmapped == event->size);
		api.translated -= event->unmapped;
		return;
	case DMA_EVENT_SWIOTLB_MAP:
		api.bounces += !event->error;
		api.skips_sync &= !!event->error;
		return;
	case DMA_EVENT_SWIOTLB_UNMAP:
		expect(EVENT, !event->error);
		api.bounces--;
		return;
	case DMA_EVENT_IOMMU_IO_PAGE_FAULT:
		api.told++;
		api.event = *event;
		return;
	default:
		break;
	}
	if (event->kind >= DMA_EVENT_SWIOTLB_BOUNCED)
		return;
	api.told++;
	api.event = *event;
	if (!(event->flags & DMA_EVENT_CUT))
		keep_lists(event);
}

void api_expect_event(const struct dma_event *expected)
{
	const struct dma_event *event = &api.event;

	expect(EVENT, api.told == 1);
	expect(EVENT, event->kind == expected->kind && event->dir == expected->dir);
	expect(EVENT, event->dma == expected->dma && event->phys == expected->phys);
	expect(EVENT, event->size == expected->size || event->flags & DMA_EVENT_CUT);
	expect(EVENT, event->attrs == expected->attrs);
	expect(EVENT, event->cpu_addr == expected->cpu_addr);
	expect(EVENT, event->offset == expected->offset);
	expect(EVENT, !event->error == !expected->error);
}

/* As the list was when it was told of. */
void api_expect_lists(const struct api_thing *thing, bool phys, bool dma)
{
	const struct dma_event *event = &api.event;

	if (event->flags & DMA_EVENT_CUT) {
		expect(EVENT, api.fails);
		return;
	}
	expect(EVENT, event->phys_count == (phys ? thing->pieces : 0));
	expect(EVENT, event->dma_count == (dma ? thing->ents : 0));
	for (unsigned int i = 0; i < event->phys_count; i++)
		expect(EVENT, lists.phys[i] == sg_phys(&thing->list[i]) &&
				      lists.size[i] == thing->list[i].length);
	for (unsigned int i = 0; i < event->dma_count; i++)
		expect(EVENT, lists.dma[i] == sg_dma_address(&thing->list[i]) &&
				      lists.dma_size[i] == sg_dma_len(&thing->list[i]));
}

/* ---- what is taken ---- */

static uint64_t slots_of(const struct swiotlb *swiotlb)
{
	uint64_t slots, used = 0, most;

	if (swiotlb)
		swiotlb_usage(swiotlb, &slots, &used, &most);
	return used;
}

uint64_t api_bytes_free(void)
{
	const struct libdma_machine *machine = api.machine;
	uint64_t bytes = 0;

	for (int zone = 0; zone < MEMORY_ZONES; zone++) {
		bytes += pages_count_free(machine->pages, (enum memory_zone)zone)
			 << PAGE_SHIFT;
		if (machine->atomic_pool[zone])
			bytes += atomic_pool_available(machine->atomic_pool[zone]);
	}
	if (machine->contiguous)
		bytes -= contiguous_used(machine->contiguous) << PAGE_SHIFT;
	return bytes;
}

static struct api_account account(void)
{
	const struct libdma_machine *machine = api.machine;
	const struct device_state *state = api.dev->state;
	struct api_account now = { .iovas = api.iovas, .pages = -api_bytes_free() };

	if (state->region)
		now.own = coherent_used(state->region) << PAGE_SHIFT;
	now.slots = slots_of(machine->swiotlb) << SWIOTLB_SHIFT;
	if (state->swiotlb != machine->swiotlb)
		now.slots += slots_of(state->swiotlb) << SWIOTLB_SHIFT;
	if (api.iommu) {
		now.mapped = iommu_mapped(table());
		expect(EVENT, now.mapped == api.translated);
	}
	for (const struct remap *it = state->remaps; it; it = it->next)
		now.remapped += it->pages << PAGE_SHIFT;
	return now;
}

void api_hear(void *arg, enum libdma_log_level level, const char *text)
{
	(void)arg;
	expect(TEXT, *text);
	api.said += level <= LIBDMA_LOG_WARNING;
}

bool api_holds_something(void)
{
	for (unsigned int i = 0; i < API_THINGS; i++)
		if (api.thing[i].use)
			return true;
	return false;
}

void api_begin(void)
{
	api.told = api.said = 0;
	api.before = account();
}

void api_account_add(struct api_account *all, const struct api_account *took)
{
	all->pages += took->pages;
	all->own += took->own;
	all->slots += took->slots;
	all->mapped += took->mapped;
	all->iovas += took->iovas;
	all->remapped += took->remapped;
}

void api_take(struct api_thing *thing)
{
	struct api_account now = account();

	thing->took = (struct api_account) {
		now.pages - api.before.pages,	now.own - api.before.own,
		now.slots - api.before.slots,	now.mapped - api.before.mapped,
		now.iovas - api.before.iovas,	now.remapped - api.before.remapped,
	};
}

/* Addresses wait for a flush where the IOMMU is lazy. */
void api_give(const struct api_thing *thing)
{
	const struct api_account now = account(), *took = &thing->took;

	expect(CONSERVE, api.before.pages - now.pages == took->pages);
	expect(CONSERVE, api.before.own - now.own == took->own);
	expect(CONSERVE, api.before.slots - now.slots == took->slots);
	expect(CONSERVE, api.before.mapped - now.mapped == took->mapped);
	expect(CONSERVE, api.before.remapped - now.remapped == took->remapped);
	expect(CONSERVE, api.lazy || api.before.iovas - now.iovas == took->iovas);
	/* nobody has a reason to complain of it */
	expect(TEXT, !api.said);
}

void api_expect_nothing(void)
{
	struct api_account now = account();

	/* what was freed long ago can be flushed at any time */
	if (api.lazy)
		now.iovas = api.before.iovas;
	expect(UNWIND, !memcmp(&now, &api.before, sizeof(now)));
}

/* ---- where addresses lead ---- */

dma_addr_t api_on_bus(phys_addr_t phys)
{
	return api.windowed ? phys + API_WINDOW : phys;
}

phys_addr_t api_leads_to(dma_addr_t dma)
{
	if (api.iommu)
		return iommu_iova_to_phys(table(), dma);
	return api.windowed ? dma - API_WINDOW : dma;
}

unsigned char api_pattern(void)
{
	unsigned char pattern = (unsigned char)(api.requests.number * 29 + 7);

	return pattern ? pattern : 1;
}

void api_device_sees(dma_addr_t dma, const unsigned char *bytes, uint64_t size)
{
	static unsigned char seen[API_BUFFER];
	enum libdma_fault why;

	expect(TRANSLATE, libdma_device_read(api.dev, dma, seen, size, &why) == size);
	expect(TRANSLATE, why == LIBDMA_FAULT_NONE);
	expect(DEVICE, !memcmp(seen, bytes, size));
}

void api_device_writes(dma_addr_t dma, unsigned char pattern, uint64_t size)
{
	static unsigned char bytes[API_BUFFER];
	enum libdma_fault why;

	memset(bytes, pattern, size);
	expect(TRANSLATE, libdma_device_write(api.dev, dma, bytes, size, &why) == size);
	expect(TRANSLATE, why == LIBDMA_FAULT_NONE);
}

/* The one way that it was not mapped for is closed, and a fault tells of it. */
void api_expect_permission(dma_addr_t dma, uint64_t size, enum dma_data_direction dir)
{
	enum libdma_fault why = LIBDMA_FAULT_NONE;
	unsigned char byte = 0;
	size_t done;

	if (!api.iommu || dir == DMA_BIDIRECTIONAL)
		return;
	api.told = 0;
	dma += size - 1;
	done = dir == DMA_TO_DEVICE ? libdma_device_write(api.dev, dma, &byte, 1, &why)
				    : libdma_device_read(api.dev, dma, &byte, 1, &why);
	expect(REACH, !done && why == LIBDMA_FAULT_PERMISSION);
	expect(EVENT, api.told == 1 && api.event.kind == DMA_EVENT_IOMMU_IO_PAGE_FAULT);
	expect(EVENT, api.event.dma == dma && api.event.fault);
}

/* All of it, behind an IOMMU that is strict. */
void api_expect_gone(dma_addr_t dma, uint64_t size)
{
	enum libdma_fault why = LIBDMA_FAULT_NONE;
	unsigned char byte;

	if (!api.iommu || api.lazy || !size)
		return;
	api.told = 0;
	for (uint64_t at = 0; at < size; at += PAGE_SIZE)
		expect(STALE, !libdma_device_read(api.dev, dma + at, &byte, 1, &why) &&
				      why == LIBDMA_FAULT_UNMAPPED);
	expect(STALE, !libdma_device_read(api.dev, dma + size - 1, &byte, 1, &why));
	expect(EVENT, api.event.kind == DMA_EVENT_IOMMU_IO_PAGE_FAULT && !api.event.fault &&
			      api.event.dma == dma + size - 1);
}

/* What did not fit below a mask of less is not looked for below 4 GiB, either. */
void api_expect_choice(dma_addr_t dma, uint64_t size, uint64_t mask)
{
	if (api.iommu && !api.fails && !api.narrow &&
	    (mask <= UINT32_MAX || !(api.config & LIBDMA_CONFIG_FORCEDAC)))
		expect(CHOICE, dma + size - 1 <= UINT32_MAX);
}
