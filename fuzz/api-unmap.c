// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * api-unmap.c - whose the bytes of fuzz-api.c's mappings are, and the end of them
 */
#include <string.h>

#include "api.h"
#include "oracle.h"

/* ---- the end of it ---- */

/* Where the bytes of a piece are for the device. */
static dma_addr_t dma_of(const struct api_thing *thing, uint64_t place)
{
	uint64_t at = 0;

	if (thing->use != API_LIST)
		return thing->dma + place;
	for (unsigned int i = 0; i < thing->ents; i++) {
		if (place < at + sg_dma_len(&thing->list[i]))
			return sg_dma_address(&thing->list[i]) + place - at;
		at += sg_dma_len(&thing->list[i]);
	}
	return 0;
}

static unsigned char *cpu_of(struct api_thing *thing, uint64_t place)
{
	uint64_t at = 0;

	if (thing->use != API_LIST)
		return thing->buffer + thing->phys % PAGE_SIZE + place;
	for (unsigned int i = 0; i < thing->pieces; i++) {
		if (place < at + thing->list[i].length)
			return api_cpu_of(&thing->list[i]) + place - at;
		at += thing->list[i].length;
	}
	return NULL;
}

/* Some of the bytes of it, at least the first and the last. */
static void writes(struct api_thing *thing, unsigned char pattern)
{
	for (uint64_t at = 0; at < thing->size; at += 509)
		api_device_writes(dma_of(thing, at), pattern, 1);
	api_device_writes(dma_of(thing, thing->size - 1), pattern, 1);
}

static void expect_written(struct api_thing *thing, unsigned char pattern)
{
	for (uint64_t at = 0; at < thing->size; at += 509)
		expect(CPU, *cpu_of(thing, at) == pattern);
	expect(CPU, *cpu_of(thing, thing->size - 1) == pattern);
}

static void unmap_list(struct api_thing *thing)
{
	struct sg_table table = { thing->list, thing->ents, thing->pieces };

	if (api.requests.op.flags & 1)
		dma_unmap_sg_attrs(api.dev, thing->list, (int)thing->pieces, thing->dir,
				   thing->attrs);
	else
		dma_unmap_sgtable(api.dev, &table, thing->dir, thing->attrs);
	expect(EVENT, api.told == 1 && api.event.kind == DMA_EVENT_UNMAP_SG &&
			      api.event.dir == thing->dir && api.event.attrs == thing->attrs);
	api_expect_lists(thing, true, false);
}

static void unmap_one(struct api_thing *thing)
{
	if (thing->use == API_RESOURCE)
		dma_unmap_resource(api.dev, thing->dma, thing->size, thing->dir, thing->attrs);
	else if (thing->attrs & DMA_ATTR_MMIO)
		dma_unmap_phys(api.dev, thing->dma, thing->size, thing->dir, thing->attrs);
	else
		dma_unmap_page_attrs(api.dev, thing->dma, thing->size, thing->dir,
				     thing->attrs);
	api_expect_map_event(thing, true);
}

/* The device's bytes are the CPU's, if they are brought to it; else those stay. */
void api_unmap(struct api_thing *thing)
{
	bool skip = thing->attrs & (DMA_ATTR_SKIP_CPU_SYNC | DMA_ATTR_REQUIRE_COHERENT);
	bool written = thing->dir != DMA_TO_DEVICE && !api_holds_registers(thing) && !api.fails;
	unsigned char pattern = (unsigned char)(thing->pattern ^ 0x55);

	if (thing->use != API_MAPPED && thing->use != API_RESOURCE && thing->use != API_LIST)
		return;
	if (written)
		writes(thing, pattern);
	api_begin();
	if (thing->use == API_LIST)
		unmap_list(thing);
	else
		unmap_one(thing);
	api_give(thing);
	if (written && (!skip || (api.coherent && !thing->copied)))
		expect_written(thing, pattern);
	else if (written && thing->copied && !thing->touched && thing->use != API_LIST &&
		 api.coherent && api_kernel() != DMA_KERNEL_6_1)
		expect_written(thing, thing->pattern);
	api_expect_gone(thing->use == API_LIST ? sg_dma_address(thing->list) : thing->dma,
			thing->use == API_LIST ? sg_dma_len(thing->list) : thing->size);
	thing->use = API_UNUSED;
}

/* ---- whose it is in between ---- */

static void sync_as(struct api_thing *thing, uint64_t at, uint64_t size, bool for_cpu)
{
	struct dma_event told = {
		.kind = for_cpu ? DMA_EVENT_SYNC_SINGLE_FOR_CPU
				: DMA_EVENT_SYNC_SINGLE_FOR_DEVICE,
		.dir = (uint8_t)thing->dir, .dma = thing->dma + at, .size = size };

	api_begin();
	if (thing->use == API_LIST && for_cpu)
		dma_sync_sg_for_cpu(api.dev, thing->list, (int)thing->pieces, thing->dir);
	else if (thing->use == API_LIST)
		dma_sync_sg_for_device(api.dev, thing->list, (int)thing->pieces, thing->dir);
	else if (for_cpu)
		dma_sync_single_for_cpu(api.dev, thing->dma + at, size, thing->dir);
	else
		dma_sync_single_for_device(api.dev, thing->dma + at, size, thing->dir);
	expect(EVENT, api.told == !api.skips_sync);
	if (api.told && thing->use != API_LIST)
		api_expect_event(&told);
	else if (api.told)
		expect(EVENT, api.event.kind == (for_cpu ? DMA_EVENT_SYNC_SG_FOR_CPU
							 : DMA_EVENT_SYNC_SG_FOR_DEVICE) &&
				      api.event.dir == thing->dir);
	api_expect_nothing();
}

void api_sync(struct api_thing *thing, const struct dma_event *event, bool for_cpu)
{
	uint64_t at = event->offset, size = event->size ? event->size : 1;
	unsigned char pattern = api_pattern();

	if ((thing->use != API_MAPPED && thing->use != API_LIST) || api_holds_registers(thing))
		return;
	if (thing->use == API_LIST) {
		at = 0;
		size = thing->size;
	}
	if (at >= thing->size || size > thing->size - at || api.fails)
		return;
	thing->touched = true;
	if (for_cpu && thing->dir != DMA_TO_DEVICE) {
		api_device_writes(dma_of(thing, at), pattern, 1);
		sync_as(thing, at, size, true);
		expect(CPU, *cpu_of(thing, at) == pattern);
		return;
	}
	sync_as(thing, at, size, for_cpu);
	if (thing->dir != DMA_TO_DEVICE)
		return;
	*cpu_of(thing, at) = pattern;
	sync_as(thing, at, size, false);
	api_device_sees(dma_of(thing, at), &pattern, 1);
}
