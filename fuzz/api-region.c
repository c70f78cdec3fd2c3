// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * api-region.c - the own memory of fuzz-api.c's device: declared, marked, released
 */
#include <errno.h>

#include <libdma/legacy.h>

#include "api.h"
#include "oracle.h"

/* Memory of the device's own region, pages of its pools included; or of anywhere else. */
static bool holds(bool own)
{
	for (unsigned int i = 0; i < API_THINGS; i++) {
		const struct api_thing *thing = &api.thing[i];

		if (thing->use == API_MEMORY && !thing->own == !own)
			return true;
		if (thing->use == API_POOL && (own ? thing->took.own : thing->took.pages))
			return true;
	}
	return false;
}

/* It ends in front of what it ends in front of, on the bus and in memory. */
static void check_border(uint64_t size)
{
	enum libdma_fault why = LIBDMA_FAULT_NONE;
	dma_addr_t high = api_on_bus(API_HIGH);
	unsigned char byte;

	expect(REGION, libdma_device_read(api.dev, API_REGION + size - 1, &byte, 1, NULL) == 1);
	expect(REGION, !libdma_device_read(api.dev, API_REGION + size, &byte, 1, &why));
	expect(REGION, !api.iommu || why == LIBDMA_FAULT_UNMAPPED || why == LIBDMA_FAULT_MASK);
	if (!api.iommu && high <= (api.mask | api.coherent_mask))
		expect(REGION, libdma_device_read(api.dev, high, &byte, 1, NULL) == 1);
	api.told = 0;
}

/* What was had before is freed by where it lies: 6.1 and later alike. */
void api_declare(uint64_t size)
{
	static const int ways[] = { 1, 2, 1 | 8, 4 };
	unsigned int way = api.requests.op.flags & 3;
	int err, had = api.region ? -EBUSY : 0;

	if (size > 16 * PAGE_SIZE || size % PAGE_SIZE || holds(false))
		return;
	if (api.requests.op.aux & 1) {
		err = libdma_declare_coherent_memory_flags(api.dev, API_REGION_PHYS, API_REGION,
							   size, ways[way]) ? 0 : -EINVAL;
		expect(ARGUMENT, api.fails || !err == (size && !had && way != 3));
		had = err;
	} else {
		err = dma_declare_coherent_memory(api.dev, API_REGION_PHYS, API_REGION, size);
		had = !size ? -EINVAL : had;
		expect(ARGUMENT, err == had || (api.fails && err == -ENOMEM));
	}
	expect(EVENT, api.event.kind == DMA_EVENT_DECLARE_COHERENT_MEMORY);
	expect(EVENT, api.told == 1 && !api.event.error == !err && api.event.size == size &&
			      api.event.phys == API_REGION_PHYS && api.event.dma == API_REGION);
	api_expect_nothing();
	if (err)
		return;
	api.region = size;
	check_border(size);
}

void api_release(void)
{
	if (holds(true))
		return;
	dma_release_coherent_memory(api.dev);
	if (api.region)
		api_expect_event(&(struct dma_event) {
			.kind = DMA_EVENT_RELEASE_COHERENT_MEMORY,
			.dma = API_REGION,
			.size = api.region,
		});
	else
		expect(EVENT, !api.told);
	api.region = 0;
}

/* Somebody else's pages: they stay taken until the region goes. */
void api_mark(uint64_t page, uint64_t size)
{
	uint64_t before = api.before.own;
	void *cpu = dma_mark_declared_memory_occupied(
		api.dev, API_REGION + (page << PAGE_SHIFT), size);
	long err = (long)cpu > -4096 && (long)cpu < 0 ? (long)cpu : 0;

	expect(ARGUMENT, err || api.region);
	expect(EVENT, api.told == 1 && !api.event.error == !err && api.event.size == size &&
			      api.event.dma == API_REGION + (page << PAGE_SHIFT));
	api_begin();
	expect(COUNT, api.before.own - before >= (err ? 0 : api_whole(size, PAGE_SIZE)));
	expect(UNWIND, !err || api.before.own == before);
	expect(REGION, err || libdma_memory_phys(api.machine, cpu) ==
				      API_REGION_PHYS + (page << PAGE_SHIFT));
}
