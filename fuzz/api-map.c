// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * api-map.c - buffers that fuzz-api.c's driver maps: by itself, and in lists
 *
 * What has to come of a mapping is worked out from the attributes first.
 */
#include <errno.h>
#include <string.h>

#include "alloc/swiotlb.h"
#include "api.h"
#include "dma/machine.h"
#include "oracle.h"

#define REGISTERS 0xf0000000ULL

enum outcome {
	REFUSED,
	SILENTLY, /* before anything is asked: there is no event */
	PLAIN,
	COPIED,
	TRANSLATED,
};

/* ---- what has to come of it ---- */

static bool is_reached(dma_addr_t dma, uint64_t size)
{
	return dma <= api.mask && size - 1 <= api.mask - dma;
}

/* Of a kmalloc() cache whose objects are no whole lines (D6). */
static bool shares_lines(uint64_t size, enum dma_data_direction dir)
{
	static const unsigned int caches[] = { 8, 16, 32, 64, 96, 128, 192, 256 };
	unsigned int i = 0;

	if (!(api.config & LIBDMA_CONFIG_BOUNCE_KMALLOC) || api.coherent ||
	    api_kernel() == DMA_KERNEL_6_1 || dir == DMA_TO_DEVICE || size >= 256)
		return false;
	while (caches[i] < size)
		i++;
	return caches[i] % 64;
}

bool api_copied_for_iommu(phys_addr_t phys, uint64_t size, enum dma_data_direction dir)
{
	return (api.untrusted || shares_lines(size, dir)) &&
	       (phys % api.granule || size % api.granule);
}

static enum outcome direct(phys_addr_t phys, uint64_t size, enum dma_data_direction dir,
			   unsigned long attrs)
{
	bool all = api.forced || api.restricted, shared = attrs & DMA_ATTR_CC_SHARED;
	bool may = !(attrs & (DMA_ATTR_MMIO | DMA_ATTR_REQUIRE_COHERENT));
	dma_addr_t dma = attrs & DMA_ATTR_MMIO ? phys : api_on_bus(phys);

	if (all != shared)
		return all && may ? COPIED : REFUSED;
	if (attrs & DMA_ATTR_MMIO || shared)
		return is_reached(dma, size) ? PLAIN : REFUSED;
	if (is_reached(dma, size) && !shares_lines(size, dir))
		return PLAIN;
	return may && api.dev->state->swiotlb ? COPIED : REFUSED;
}

static enum outcome outcome_of(uint16_t kind, phys_addr_t phys, uint64_t size,
			       enum dma_data_direction dir, unsigned long attrs)
{
	bool mmio = attrs & DMA_ATTR_MMIO, resource = kind == DMA_EVENT_MAP_RESOURCE;

	if (dir > DMA_FROM_DEVICE || (mmio && (kind == DMA_EVENT_MAP_PAGE ||
					       kind == DMA_EVENT_MAP_SINGLE)))
		return SILENTLY;
	if (!api.coherent && attrs & DMA_ATTR_REQUIRE_COHERENT)
		return SILENTLY;
	if (resource && api_kernel() != DMA_KERNEL_7_2)
		return api.iommu	       ? TRANSLATED
		       : is_reached(phys, size) ? PLAIN
						: REFUSED;
	if (!api.iommu)
		return direct(phys, size, dir, attrs | (resource ? DMA_ATTR_MMIO : 0));
	if (attrs & DMA_ATTR_CC_SHARED)
		return SILENTLY;
	if (mmio || resource || !api_copied_for_iommu(phys, size, dir))
		return TRANSLATED;
	return attrs & DMA_ATTR_REQUIRE_COHERENT ? REFUSED : COPIED;
}

/* Does it fail only where something runs out? */
static bool is_certain(enum outcome outcome, uint64_t size)
{
	bool wide = api.mask >= UINT32_MAX && !api.fails;

	if (outcome == PLAIN)
		return !api.fails;
	if (outcome == TRANSLATED)
		return wide;
	if (outcome != COPIED || !api.dev->state->swiotlb || (api.windowed && !api.iommu))
		return false;
	return wide && !api.before.slots && size <= 64 * 1024 && api.granule == PAGE_SIZE;
}

/* ---- what came of it ---- */

static bool is_bounced(phys_addr_t phys)
{
	return swiotlb_holds(api.dev->state->swiotlb, phys);
}

/* Around a copy, in its granules, is nothing that a device not trusted could see (I27). */
static void check_around(const struct api_thing *thing)
{
	bool old = api_kernel() == DMA_KERNEL_6_1;
	uint64_t before = thing->dma % api.granule, end = thing->dma + thing->size;
	unsigned char *copy =
		libdma_memory_cpu(api.machine, api_leads_to(thing->dma));

	if (!api.untrusted)
		return;
	expect(LEAK, oracle_filled(copy + thing->size, 0, -end % api.granule));
	expect(LEAK, old || oracle_filled(copy - before, 0, before));
	if (old && (thing->dir == DMA_FROM_DEVICE || thing->attrs & DMA_ATTR_SKIP_CPU_SYNC))
		expect(LEAK, oracle_filled(copy, 0, thing->size));
}

static void check_place(const struct api_thing *thing, enum outcome outcome)
{
	const struct api_account *took = &thing->took;
	uint64_t span = api_whole(thing->phys % api.granule + thing->size, api.granule);
	bool mmio = thing->use == API_RESOURCE || thing->attrs & DMA_ATTR_MMIO;
	phys_addr_t phys;

	expect(COUNT, !took->pages && !took->own && !took->remapped);
	expect(COUNT, (outcome == COPIED) == !!took->slots);
	expect(COUNT, outcome != COPIED || took->slots >= thing->size);
	expect(MASK, is_reached(thing->dma, thing->size));
	if (!api.iommu) {
		phys = mmio ? thing->dma : api_leads_to(thing->dma);
		expect(TRANSLATE, outcome == PLAIN ? phys == thing->phys : is_bounced(phys));
		expect(COUNT, !took->mapped && !took->iovas);
		return;
	}
	if (outcome == COPIED) {
		span = api_whole(thing->size, api.granule);
		check_around(thing);
	}
	api_expect_choice(thing->dma, thing->size, api.mask);
	expect(COUNT, took->mapped == span && (api.lazy || took->iovas == span));
	for (uint64_t at = 0; at < thing->size; at += PAGE_SIZE) {
		phys = api_leads_to(thing->dma + at);
		expect(TRANSLATE, outcome == COPIED ? is_bounced(phys)
						    : phys == thing->phys + at);
	}
}

/* Does the device see what the CPU wrote before the map? 6.1 makes zeros of some (I27). */
static bool is_seen(const struct api_thing *thing)
{
	bool zeroed = thing->copied && api.iommu && api_kernel() == DMA_KERNEL_6_1;

	return thing->dir != DMA_FROM_DEVICE &&
	       ((api.coherent && !zeroed) || !(thing->attrs & DMA_ATTR_SKIP_CPU_SYNC));
}

bool api_holds_registers(const struct api_thing *thing)
{
	return thing->use == API_RESOURCE || thing->attrs & DMA_ATTR_MMIO;
}

void api_fill(struct api_thing *thing, uint64_t end)
{
	if (!thing->buffer)
		thing->buffer = libdma_memory_alloc(api.machine, API_BUFFER, GFP_KERNEL);
	expect(MEMORY, thing->buffer);
	thing->pattern = api_pattern();
	memset(thing->buffer, thing->pattern, end);
}

static dma_addr_t ask(const struct api_thing *thing, uint16_t kind)
{
	unsigned char *cpu = thing->buffer + thing->phys % PAGE_SIZE;

	switch (kind) {
	case DMA_EVENT_MAP_SINGLE:
		return dma_map_single_attrs(api.dev, cpu, thing->size, thing->dir,
					    thing->attrs);
	case DMA_EVENT_MAP_PAGE:
		return dma_map_page_attrs(api.dev, virt_to_page(cpu), offset_in_page(cpu),
					  thing->size, thing->dir, thing->attrs);
	case DMA_EVENT_MAP_RESOURCE:
		return dma_map_resource(api.dev, thing->phys, thing->size, thing->dir,
					thing->attrs);
	default:
		return dma_map_phys(api.dev, thing->phys, thing->size, thing->dir,
				    thing->attrs);
	}
}

void api_expect_map_event(const struct api_thing *thing, bool unmap)
{
	bool new = api_kernel() == DMA_KERNEL_7_2, resource = thing->use == API_RESOURCE;
	struct dma_event told = { .dir = (uint8_t)thing->dir,
				  .phys = unmap ? 0 : thing->phys,
				  .dma = thing->dma,
				  .size = thing->size,
				  .attrs = thing->attrs };

	if (resource && !new)
		told.kind = unmap ? DMA_EVENT_UNMAP_RESOURCE : DMA_EVENT_MAP_RESOURCE;
	else if (new)
		told.kind = unmap ? DMA_EVENT_UNMAP_PHYS : DMA_EVENT_MAP_PHYS;
	else
		told.kind = unmap ? DMA_EVENT_UNMAP_PAGE : DMA_EVENT_MAP_PAGE;
	if (resource && new)
		told.attrs |= DMA_ATTR_MMIO;
	told.error = thing->dma == DMA_MAPPING_ERROR ? -ENOMEM : 0;
	api_expect_event(&told);
}

static void look(struct api_thing *thing)
{
	if (api_holds_registers(thing))
		return;
	if (is_seen(thing))
		api_device_sees(thing->dma, thing->buffer + thing->phys % PAGE_SIZE,
				thing->size);
	api_expect_permission(thing->dma, thing->size, thing->dir);
}

void api_map(struct api_thing *thing, const struct dma_event *event)
{
	uint64_t place = event->phys % PAGE_SIZE;
	enum outcome outcome;

	if (thing->use || !event->size || event->size > API_BUFFER - place)
		return;
	thing->dir = event->dir;
	thing->size = event->size;
	thing->attrs = event->attrs;
	if (api_kernel() != DMA_KERNEL_7_2)
		thing->attrs &= DMA_ATTR_MMIO - 1;
	api_fill(thing, place + thing->size);
	thing->use = event->kind == DMA_EVENT_MAP_RESOURCE ? API_RESOURCE : API_MAPPED;
	thing->phys = (thing->use == API_RESOURCE
			       ? REGISTERS
			       : libdma_memory_phys(api.machine, thing->buffer)) + place;
	outcome = outcome_of(event->kind, thing->phys, thing->size, thing->dir, thing->attrs);
	api_begin();
	thing->dma = ask(thing, event->kind);
	if (outcome == SILENTLY)
		expect(EVENT, !api.told);
	else
		api_expect_map_event(thing, false);
	if (thing->dma == DMA_MAPPING_ERROR) {
		expect(COMPLETE, !is_certain(outcome, thing->size));
		api_expect_nothing();
		thing->use = API_UNUSED;
		return;
	}
	expect(ARGUMENT, outcome > SILENTLY);
	api_take(thing);
	thing->copied = outcome == COPIED;
	thing->touched = false;
	check_place(thing, outcome);
	expect(SYNC, dma_need_sync(api.dev, thing->dma) ==
			     (!api.skips_sync && (api.iommu || !api.coherent ||
						  (thing->copied && !api_holds_registers(thing)))));
	expect(SYNC, dma_need_unmap(api.dev) == (api.iommu || !api.skips_sync));
	look(thing);
}

/* ---- lists ---- */

static enum outcome list_outcome(struct api_thing *thing)
{
	bool all = false, refused = false;

	if (thing->dir > DMA_FROM_DEVICE ||
	    (!api.coherent && thing->attrs & DMA_ATTR_REQUIRE_COHERENT))
		return SILENTLY;
	for (unsigned int i = 0; i < thing->pieces; i++) {
		struct scatterlist *sg = &thing->list[i];
		enum outcome one = outcome_of(DMA_EVENT_MAP_PHYS, sg_phys(sg), sg->length,
					      thing->dir, thing->attrs);

		all |= api.untrusted || shares_lines(sg->length, thing->dir);
		thing->copied |= one == COPIED;
		refused |= one == REFUSED;
	}
	if (api.iommu && !all) {
		thing->copied = false;
		return TRANSLATED;
	}
	return refused ? REFUSED : thing->copied ? COPIED : api.iommu ? TRANSLATED : PLAIN;
}

unsigned char *api_cpu_of(const struct scatterlist *sg)
{
	return libdma_memory_cpu(api.machine, sg_phys(sg));
}

static void make_list(struct api_thing *thing, const struct dma_event *event)
{
	thing->pieces = event->phys_count < API_PIECES ? event->phys_count : API_PIECES;
	sg_init_table(thing->list, thing->pieces);
	thing->size = 0;
	for (unsigned int i = 0; i < thing->pieces; i++) {
		uint64_t place = event->phys_list[i] % PAGE_SIZE;
		uint64_t size = 1 + event->size_list[i] % (PAGE_SIZE - place);

		sg_set_buf(&thing->list[i], thing->buffer + i * PAGE_SIZE + place,
			   (unsigned int)size);
		thing->size += size;
	}
}

/* All of it, in segments that the device takes, and each byte where it has to be. */
static void check_segments(const struct api_thing *thing)
{
	unsigned int entry = 0;
	uint64_t in = 0, total = 0;

	for (unsigned int i = 0; i < thing->ents; i++) {
		dma_addr_t dma = sg_dma_address(&thing->list[i]);
		uint64_t size = sg_dma_len(&thing->list[i]), part;

		expect(MASK, is_reached(dma, size));
		api_expect_choice(dma, size, api.mask);
		expect(LONGEST, size <= dma_get_max_seg_size(api.dev) || !api.iommu);
		total += size;
		for (uint64_t at = 0; at < size; at += part, in += part) {
			unsigned char *cpu;

			if (in == thing->list[entry].length) {
				entry++;
				in = 0;
			}
			cpu = api_cpu_of(&thing->list[entry]);
			part = thing->list[entry].length - in;
			part = part < size - at ? part : size - at;
			if (is_seen(thing))
				api_device_sees(dma + at, cpu + in, part);
			api_expect_permission(dma + at, part, thing->dir);
			expect(TRANSLATE, thing->copied || api_leads_to(dma + at) ==
								   virt_to_phys(cpu + in));
		}
	}
	expect(COUNT, total == thing->size);
}

/* A list of nothing is an odd thing to map, and told to be (D12). */
static void map_nothing(struct api_thing *thing)
{
	struct sg_table table = { thing->list, 0, 0 };

	sg_init_table(thing->list, 1);
	expect(ERROR, dma_map_sgtable(api.dev, &table, DMA_TO_DEVICE, 0) == -EIO);
	expect(ERROR, !dma_map_sg_attrs(api.dev, thing->list, 0, DMA_TO_DEVICE, 0));
	api_expect_nothing();
}

void api_map_list(struct api_thing *thing, const struct dma_event *event)
{
	struct sg_table table = { thing->list, 0, 0 };
	enum outcome outcome;
	int err = 0;

	if (thing->use)
		return;
	if (!event->phys_count) {
		map_nothing(thing);
		return;
	}
	thing->dir = event->dir;
	thing->attrs = event->attrs & (DMA_ATTR_SKIP_CPU_SYNC | DMA_ATTR_WEAK_ORDERING |
				       DMA_ATTR_REQUIRE_COHERENT);
	if (api_kernel() != DMA_KERNEL_7_2)
		thing->attrs &= DMA_ATTR_MMIO - 1;
	thing->copied = false;
	api_fill(thing, API_BUFFER);
	make_list(thing, event);
	table.orig_nents = thing->pieces;
	outcome = list_outcome(thing);
	api_begin();
	if (api.requests.op.flags & 1) {
		thing->ents = dma_map_sg_attrs(api.dev, thing->list, (int)thing->pieces,
					       thing->dir, thing->attrs);
	} else {
		err = dma_map_sgtable(api.dev, &table, thing->dir, thing->attrs);
		thing->ents = err ? 0 : table.nents;
	}
	expect(EVENT, api.told == (outcome != SILENTLY));
	if (!thing->ents) {
		/* of an entry only the offset in its page counts, which says less */
		expect(COMPLETE, !is_certain(outcome, thing->size) || api.granule > PAGE_SIZE);
		expect(EVENT, !api.told || (api.event.kind == DMA_EVENT_MAP_SG_ERR &&
					    api.event.error));
		api_expect_nothing();
		return;
	}
	expect(ARGUMENT, outcome > SILENTLY && !err);
	expect(EVENT, api.event.kind == DMA_EVENT_MAP_SG && !api.event.error &&
			      api.event.dir == thing->dir && api.event.attrs == thing->attrs);
	api_expect_lists(thing, true, true);
	thing->use = API_LIST;
	api_take(thing);
	expect(COUNT, !!thing->took.slots == thing->copied);
	check_segments(thing);
}
