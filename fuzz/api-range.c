// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * api-range.c - ranges of IOVAs that fuzz-api.c's driver fills itself, as since 6.16
 */
#include <errno.h>

#include "api.h"
#include "oracle.h"

static phys_addr_t start_of(const struct api_thing *thing)
{
	return libdma_memory_phys(api.machine, thing->buffer) + thing->phys;
}

void api_range_alloc(struct api_thing *thing, const struct dma_event *event)
{
	bool there = api.iommu && api_kernel() == DMA_KERNEL_7_2, got;

	if (thing->use || event->size > API_BUFFER - event->phys % PAGE_SIZE)
		return;
	thing->phys = event->phys % PAGE_SIZE;
	api_fill(thing, thing->phys + event->size);
	thing->size = event->size;
	thing->linked = 0;
	thing->copied = false;
	thing->dir = event->dir % 3;
	api_begin();
	got = dma_iova_try_alloc(api.dev, &thing->range, start_of(thing), thing->size);
	if (there)
		api_expect_event(&(struct dma_event) {
			.kind = DMA_EVENT_IOVA_TRY_ALLOC,
			.dir = DMA_NONE,
			.dma = got ? thing->range.addr : DMA_MAPPING_ERROR,
			.phys = start_of(thing),
			.size = thing->size,
			.error = got ? 0 : -ENOMEM,
		});
	else
		expect(EVENT, !api.told);
	if (!got) {
		expect(COMPLETE, !there || !thing->size || api.fails ||
					 api.mask < UINT32_MAX);
		expect(ARGUMENT, !dma_use_iova(&thing->range));
		api_expect_nothing();
		return;
	}
	expect(ARGUMENT, there && thing->size);
	expect(OFFSET, thing->range.addr % api.granule == start_of(thing) % api.granule);
	expect(COUNT, dma_iova_size(&thing->range) == thing->size);
	thing->use = API_RANGE;
	api_take(thing);
	expect(COUNT, !thing->took.mapped && (api.lazy || thing->took.iovas ==
		api_whole(thing->size + start_of(thing) % api.granule, api.granule)));
}

/* Linked pieces end where granules do, but for the last. */
void api_range_link(struct api_thing *thing, const struct dma_event *event)
{
	uint64_t at = thing->linked, size = event->size, in = 0;
	unsigned long attrs = event->attrs &
			      (DMA_ATTR_SKIP_CPU_SYNC | DMA_ATTR_REQUIRE_COHERENT);
	struct api_thing more;
	phys_addr_t phys;
	bool copied;
	int err;

	if (thing->use != API_RANGE || at == thing->size)
		return;
	phys = start_of(thing) + at;
	if (!size || size > thing->size - at)
		size = thing->size - at;
	if ((at && phys % api.granule) || (attrs & DMA_ATTR_SKIP_CPU_SYNC && !api.coherent))
		return;
	copied = api_copied_for_iommu(phys, size, thing->dir);
	api_begin();
	err = dma_iova_link(api.dev, &thing->range, phys, at, size, thing->dir, attrs);
	/* a part that could not be linked is unlinked, which is told of first */
	expect(EVENT, api.told && api.event.kind == DMA_EVENT_IOVA_LINK &&
			      api.event.phys == phys && api.event.offset == at &&
			      api.event.size == size && api.event.dir == thing->dir);
	expect(EVENT, !api.event.error == !err);
	if (attrs & DMA_ATTR_REQUIRE_COHERENT &&
	    (!api.coherent || thing->copied || copied))
		expect(ARGUMENT, err == (api.coherent && !thing->copied ? -EPERM
									: -EOPNOTSUPP));
	else if (err)
		expect(COMPLETE, api.fails || api.untrusted || thing->copied || copied);
	if (err) {
		api_expect_nothing();
		return;
	}
	api_take(&more);
	thing->took.slots += more.took.slots;
	thing->took.mapped += more.took.mapped;
	thing->linked = at + size;
	thing->copied |= copied;
	for (in = 0; in < size && thing->dir != DMA_FROM_DEVICE; in += PAGE_SIZE)
		api_device_sees(thing->range.addr + at + in,
				thing->buffer + thing->phys + at + in,
				in + PAGE_SIZE < size ? PAGE_SIZE : size - in);
	for (in = 0; in < size && !copied; in += PAGE_SIZE)
		expect(TRANSLATE, api_leads_to(thing->range.addr + at + in) == phys + in);
	api_expect_permission(thing->range.addr + at, size, thing->dir);
	expect(ARGUMENT, !dma_iova_sync(api.dev, &thing->range, at, size));
}

static void write(const struct api_thing *thing, unsigned char pattern)
{
	if (!thing->linked || thing->dir == DMA_TO_DEVICE || api.fails)
		return;
	api_device_writes(thing->range.addr, pattern, thing->linked);
}

static void expect_written(const struct api_thing *thing, unsigned char pattern)
{
	if (thing->linked && thing->dir != DMA_TO_DEVICE && !api.fails)
		expect(CPU,
		       oracle_filled(thing->buffer + thing->phys, pattern, thing->linked));
}

/* All of what is linked; the range itself stays taken. */
static void unlink(struct api_thing *thing)
{
	const struct api_thing parts = {
		.took = { .slots = thing->took.slots, .mapped = thing->took.mapped },
	};
	unsigned char pattern = api_pattern();

	write(thing, pattern);
	api_begin();
	dma_iova_unlink(api.dev, &thing->range, 0, thing->linked, thing->dir, 0);
	api_expect_event(&(struct dma_event) {
		.kind = DMA_EVENT_IOVA_UNLINK,
		.dir = (uint8_t)thing->dir,
		.dma = thing->range.addr,
		.size = thing->linked,
	});
	api_give(&parts);
	expect_written(thing, pattern);
	api_expect_gone(thing->range.addr, thing->linked);
	thing->took.slots = thing->took.mapped = 0;
	thing->linked = 0;
}

void api_range_unlink(struct api_thing *thing)
{
	if (thing->use == API_RANGE && thing->linked)
		unlink(thing);
}

/* The kernel gives back as much as was linked: a driver that ends a range linked it all. */
void api_range_end(struct api_thing *thing)
{
	bool destroy = api.requests.op.flags & 1;
	unsigned char pattern = api_pattern();

	if (thing->use != API_RANGE)
		return;
	if (thing->linked && thing->linked < thing->size)
		unlink(thing);
	destroy |= !!thing->linked;
	write(thing, pattern);
	api_begin();
	if (destroy)
		dma_iova_destroy(api.dev, &thing->range, thing->linked, thing->dir, 0);
	else
		dma_iova_free(api.dev, &thing->range);
	api_expect_event(&(struct dma_event) {
		.kind = destroy ? DMA_EVENT_IOVA_DESTROY : DMA_EVENT_IOVA_FREE,
		.dir = destroy ? (uint8_t)thing->dir : DMA_NONE,
		.dma = thing->range.addr,
		.size = destroy ? thing->linked : thing->size,
	});
	api_give(thing);
	expect_written(thing, pattern);
	api_expect_gone(thing->range.addr, thing->linked);
	thing->use = API_UNUSED;
}
