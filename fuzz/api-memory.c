// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * api-memory.c - memory that fuzz-api.c's driver gets in every way there is, and shows
 */
#include <errno.h>
#include <string.h>

#include "api.h"
#include "dma/machine.h"
#include "hardware/cache.h"
#include "oracle.h"

static const gfp_t flags[] = { GFP_KERNEL, GFP_ATOMIC, GFP_KERNEL | __GFP_DMA32,
			       GFP_KERNEL | __GFP_DMA, GFP_NOWAIT };

/* ---- users' windows, lists and mappings of it ---- */

static phys_addr_t page_of(const struct api_thing *thing, uint64_t page)
{
	if (thing->own)
		return API_REGION_PHYS + (thing->dma - API_REGION) + (page << PAGE_SHIFT);
	return api_leads_to(thing->dma + (page << PAGE_SHIFT));
}

static void check_window(const struct api_thing *thing, uint64_t first, uint64_t count)
{
	uint64_t pages = api_whole(thing->size, PAGE_SIZE) >> PAGE_SHIFT;
	struct vm_area_struct vma = { 0, count << PAGE_SHIFT, first, NULL, 0 };
	bool fits = first < pages && count <= pages - first;
	int err;

	if (thing->use == API_TABLE)
		err = dma_mmap_noncontiguous(api.dev, &vma, thing->size, thing->table);
	else if (thing->use == API_PAGES)
		err = dma_mmap_pages(api.dev, &vma, thing->size, thing->memory);
	else
		err = dma_mmap_attrs(api.dev, &vma, thing->memory, thing->dma, thing->size,
				     thing->attrs);
	expect(WINDOW, err == (fits ? 0 : -ENXIO));
	expect(WINDOW, err || vma.pfn == page_of(thing, first) >> PAGE_SHIFT);
}

static void check_sgtable(const struct api_thing *thing)
{
	struct sg_table table = { 0 };
	struct scatterlist *sg;
	uint64_t at = 0;
	unsigned int i;
	int err;

	if (thing->use != API_MEMORY || thing->own ||
	    thing->attrs & DMA_ATTR_NO_KERNEL_MAPPING)
		return;
	err = dma_get_sgtable_attrs(api.dev, &table, thing->memory, thing->dma, thing->size,
				    thing->attrs);
	expect(COMPLETE, !err || (api.fails && err == -ENOMEM));
	if (err)
		return;
	for_each_sgtable_sg(&table, sg, i)
	{
		for (uint64_t in = 0; in < sg->length; in += PAGE_SIZE)
			expect(EXTENT, sg_phys(sg) + in ==
					       page_of(thing, (at + in) >> PAGE_SHIFT));
		at += sg->length;
	}
	expect(EXTENT, api_whole(at, PAGE_SIZE) == api_whole(thing->size, PAGE_SIZE));
	sg_free_table(&table);
}

/* All pieces of a table follow each other for the device; for the CPU by a mapping. */
static void check_table(struct api_thing *thing)
{
	uint64_t at = 0, whole = api_whole(thing->size, PAGE_SIZE);
	struct scatterlist *sg;
	unsigned char *cpu;
	unsigned int i;

	for_each_sgtable_sg(thing->table, sg, i)
	{
		for (uint64_t in = 0; in < sg->length; in += PAGE_SIZE)
			expect(EXTENT, sg_phys(sg) + in == api_leads_to(thing->dma + at + in));
		at += sg->length;
	}
	expect(EXTENT, at == api_whole(whole, api.iommu ? api.granule : PAGE_SIZE));
	expect(EXTENT, sg_dma_len(thing->table->sgl) == at && thing->table->nents == 1);
	cpu = dma_vmap_noncontiguous(api.dev, thing->size, thing->table);
	expect(COMPLETE, cpu || api.fails);
	for (at = 0; cpu && at < whole; at += PAGE_SIZE) {
		const unsigned char *page =
			libdma_memory_cpu(api.machine, api_leads_to(thing->dma + at));

		cpu[at] ^= 1;
		expect(EXTENT, page && cpu[at] == page[0]);
		cpu[at] ^= 1;
	}
	if (cpu)
		dma_vunmap_noncontiguous(api.dev, cpu);
}

/* ---- its bytes ---- */

/* Where the CPU reaches a page of it, which need not lie beside the next. */
static unsigned char *cpu_of(const struct api_thing *thing, uint64_t at)
{
	return thing->cpu ? thing->cpu + at
			  : libdma_memory_cpu(api.machine, api_leads_to(thing->dma + at));
}

static bool is_streaming(const struct api_thing *thing)
{
	return thing->use != API_MEMORY || thing->attrs & DMA_ATTR_NO_KERNEL_MAPPING;
}

/* Page by page: what the device sees as one piece may be many. */
static void sync(const struct api_thing *thing, bool for_cpu)
{
	for (uint64_t at = 0; at < thing->size; at += PAGE_SIZE)
		if (for_cpu)
			dma_sync_single_for_cpu(api.dev, thing->dma + at, PAGE_SIZE,
						DMA_FROM_DEVICE);
		else
			dma_sync_single_for_device(api.dev, thing->dma + at, PAGE_SIZE,
						   DMA_TO_DEVICE);
}

static void fill(struct api_thing *thing)
{
	uint64_t whole = api_whole(thing->size, PAGE_SIZE);

	thing->pattern = api_pattern();
	for (uint64_t at = 0; at < whole; at += PAGE_SIZE)
		memset(cpu_of(thing, at), thing->pattern, PAGE_SIZE);
	if (is_streaming(thing))
		sync(thing, false);
}

static void check_bytes(const struct api_thing *thing)
{
	uint64_t whole = api_whole(thing->size, PAGE_SIZE), last = thing->size - 1;
	unsigned char other = (unsigned char)(thing->pattern ^ 0xff);

	for (uint64_t at = 0; at < whole; at += PAGE_SIZE) {
		expect(CPU, oracle_filled(cpu_of(thing, at), thing->pattern, PAGE_SIZE));
		if (thing->dir != DMA_FROM_DEVICE && !(api.fails && !api.coherent))
			api_device_sees(thing->dma + at, cpu_of(thing, at),
					at + PAGE_SIZE < thing->size ? PAGE_SIZE
								     : thing->size - at);
	}
	if (thing->dir == DMA_TO_DEVICE || api.fails)
		return;
	api_device_writes(thing->dma, other, thing->size);
	if (is_streaming(thing))
		sync(thing, true);
	for (uint64_t at = 0; at < thing->size; at += PAGE_SIZE)
		expect(CPU, cpu_of(thing, at)[0] == other);
	expect(CPU, cpu_of(thing, last & PAGE_MASK)[last % PAGE_SIZE] == other);
}

/* Of its own memory the bytes that were asked for, of other whole pages. */
static void check_zeros(const struct api_thing *thing)
{
	uint64_t size = thing->own ? thing->size : api_whole(thing->size, PAGE_SIZE);

	if (!thing->cpu && thing->use == API_MEMORY)
		return;
	if (thing->use == API_TABLE && api.iommu &&
	    api.config & LIBDMA_CONFIG_NO_INIT_ON_ALLOC)
		return;
	for (uint64_t at = 0; at < size; at += PAGE_SIZE)
		expect(ZERO, oracle_filled(cpu_of(thing, at), 0,
					   size - at < PAGE_SIZE ? size - at : PAGE_SIZE));
}

/* ---- asking ---- */

/* Atomic pools are small, but not when nobody took of them. */
static bool is_atomic_certain(void)
{
	for (unsigned int i = 0; i < API_THINGS; i++)
		if (api.thing[i].use == API_MEMORY && api.thing[i].memory)
			return false;
	return !api.windowed && api.granule == PAGE_SIZE && api.coherent_mask >= 1ULL << 36 &&
	       !(api.config & LIBDMA_CONFIG_NO_REMAP && !api.iommu);
}

/* Is this to be had on any machine that has memory left? */
static bool is_certain(const struct api_thing *thing, gfp_t gfp)
{
	bool blocking = gfpflags_allow_blocking(gfp);

	if (api.fails || thing->size > 4 * PAGE_SIZE || api.region)
		return false;
	if (api.restricted)
		return !api.before.slots && !api.windowed && api.coherent_mask >= UINT32_MAX;
	if (!blocking && !api.coherent && thing->use == API_MEMORY)
		return is_atomic_certain();
	if (api.granule > PAGE_SIZE && api.iommu)
		return thing->use == API_MEMORY && blocking && api.granule <= 16384 &&
		       api.coherent_mask >= UINT32_MAX;
	if (thing->use == API_PAGES && api.iommu && api.mask < UINT32_MAX)
		return false;
	if (api.windowed)
		return api.iommu ? api.coherent_mask >= UINT32_MAX
				 : api.coherent_mask >= API_WINDOW * 2;
	return api.coherent_mask >= UINT32_MAX;
}

static bool is_refused(const struct api_thing *thing, gfp_t gfp, bool compound)
{
	bool old = api_kernel() == DMA_KERNEL_6_1;

	if (compound && !old)
		return true;
	if (thing->use == API_PAGES && gfp & (__GFP_DMA | __GFP_DMA32))
		return true;
	if (thing->use == API_TABLE)
		return thing->attrs & ~DMA_ATTR_ALLOC_SINGLE_PAGES ||
		       (!api.iommu && gfp & (__GFP_DMA | __GFP_DMA32));
	return thing->use == API_MEMORY && !api.iommu && !api.coherent && !api.region &&
	       api.config & LIBDMA_CONFIG_NO_REMAP &&
	       (!(thing->attrs & DMA_ATTR_NO_KERNEL_MAPPING) || api.restricted);
}

static void ask(struct api_thing *thing, gfp_t gfp)
{
	if (thing->use == API_TABLE) {
		thing->table = dma_alloc_noncontiguous(api.dev, thing->size, thing->dir, gfp,
						       thing->attrs);
		thing->memory = thing->table;
		thing->dma = thing->table ? sg_dma_address(thing->table->sgl) : 0;
	} else if (thing->use == API_PAGES) {
		thing->memory = dma_alloc_pages(api.dev, thing->size, &thing->dma, thing->dir,
						gfp);
	} else if (thing->managed) {
		thing->memory = dmam_alloc_attrs(api.dev, thing->size, &thing->dma, gfp,
						 thing->attrs);
	} else {
		thing->memory = dma_alloc_attrs(api.dev, thing->size, &thing->dma, gfp,
						thing->attrs);
	}
}

/* What an event says of it; refused before anything is asked, there is none. */
static void check_event(const struct api_thing *thing, uint16_t kind, bool refused)
{
	void *cpu = thing->memory;

	if (!cpu && !api.told) {
		expect(EVENT, refused || thing->size == 0 || api.fails);
		return;
	}
	if (thing->use == API_PAGES && cpu)
		cpu = libdma_memory_cpu(api.machine, page_to_phys(cpu));
	if (thing->use == API_TABLE)
		cpu = NULL;
	api_expect_event(&(struct dma_event) {
		.kind = thing->use == API_TABLE && !thing->memory ? DMA_EVENT_ALLOC_SGT_ERR
								   : kind,
		.dir = thing->use == API_MEMORY ? DMA_BIDIRECTIONAL : (uint8_t)thing->dir,
		.dma = thing->memory ? thing->dma : 0,
		.cpu_addr = (uint64_t)cpu,
		.size = thing->size,
		.attrs = thing->attrs,
		.error = thing->memory ? 0 : -ENOMEM,
	});
}

static void check_place(const struct api_thing *thing)
{
	uint64_t whole = api_whole(thing->size, PAGE_SIZE);
	uint64_t mask = thing->use == API_PAGES && api.iommu ? api.mask : api.coherent_mask;

	if (thing->own) {
		expect(REGION, thing->dma - API_REGION < api.region &&
				       whole <= api.region - (thing->dma - API_REGION));
		return;
	}
	expect(MASK, thing->dma <= mask && whole - 1 <= mask - thing->dma);
	api_expect_choice(thing->dma, whole, mask);
	expect(COUNT, api.restricted || thing->took.pages >= whole);
	expect(COUNT, thing->took.mapped == (api.iommu ? api_whole(whole, api.granule) : 0));
	expect(COUNT, thing->took.iovas == thing->took.mapped || api.lazy);
}

void api_alloc(struct api_thing *thing, const struct dma_event *event)
{
	unsigned int variant = api.requests.op.flags & 3;
	gfp_t gfp = flags[api.requests.op.aux % 5];
	bool compound = api.requests.op.aux >> 4 == 15, refused;

	if (thing->use || event->size > API_BUFFER || event->dir > DMA_FROM_DEVICE ||
	    (api.region && !event->size))
		return;
	thing->use = event->kind == DMA_EVENT_ALLOC_PAGES ? API_PAGES
		     : event->kind == DMA_EVENT_ALLOC_SGT ? API_TABLE
							   : API_MEMORY;
	thing->size = event->size;
	thing->dir = thing->use == API_PAGES ? event->dir : DMA_BIDIRECTIONAL;
	if (!api.iommu && thing->use == API_TABLE)
		thing->dir = event->dir;
	thing->attrs = event->attrs;
	if (thing->use == API_MEMORY && api_kernel() != DMA_KERNEL_7_2)
		thing->attrs &= DMA_ATTR_MMIO - 1;
	if (thing->use == API_PAGES)
		thing->attrs = 0;
	thing->managed = thing->use == API_MEMORY && variant == 1;
	refused = is_refused(thing, gfp, compound);
	ask(thing, gfp | (compound ? __GFP_COMP : 0));
	check_event(thing, event->kind, refused);
	if (!thing->memory) {
		expect(COMPLETE, refused || !thing->size || !is_certain(thing, gfp));
		api_expect_nothing();
		thing->use = API_UNUSED;
		return;
	}
	expect(ARGUMENT, !refused && thing->size);
	api_take(thing);
	thing->own = thing->took.own; /* old regions let others help out */
	thing->cpu = thing->use == API_MEMORY ? thing->memory : NULL;
	if (thing->cpu && thing->attrs & DMA_ATTR_NO_KERNEL_MAPPING && !thing->own &&
	    !api.iommu && !api.restricted)
		thing->cpu = NULL;
	check_place(thing);
	check_zeros(thing);
	check_window(thing, api.requests.number % 5, event->ns % 7);
	check_window(thing, 0, api_whole(thing->size, PAGE_SIZE) >> PAGE_SHIFT);
	check_sgtable(thing);
	if (thing->use == API_TABLE)
		check_table(thing);
	fill(thing);
}

static bool is_managed(const struct api_thing *thing)
{
	return (thing->use == API_MEMORY || thing->use == API_POOL) && thing->managed;
}

/* The driver leaves its device: what is managed ends. */
static void leave(void)
{
	struct api_thing all = { 0 };

	for (unsigned int i = 0; i < API_THINGS; i++) {
		struct api_thing *thing = &api.thing[i];

		if (!is_managed(thing))
			continue;
		if (thing->use == API_POOL)
			api_pool_empty(thing);
		else
			check_bytes(thing);
		api_account_add(&all.took, &thing->took);
	}
	api_begin();
	libdma_device_detach_driver(api.dev);
	api_give(&all);
	for (unsigned int i = 0; i < API_THINGS; i++)
		if (is_managed(&api.thing[i]))
			api.thing[i].use = API_UNUSED;
}

/* Memory that is given back is cached as it was, so that a device has to wait for it. */
static void check_cached(phys_addr_t phys)
{
	unsigned char *cpu = libdma_memory_cpu(api.machine, phys), before, behind;

	cache_device_read(api.machine->cache, phys, &before, 1);
	*cpu ^= 0x80;
	cache_device_read(api.machine->cache, phys, &behind, 1);
	*cpu ^= 0x80;
	expect(DEVICE, before == behind);
}

static void give_back(struct api_thing *thing)
{
	uint64_t size = thing->size;

	if (thing->use == API_TABLE)
		dma_free_noncontiguous(api.dev, size, thing->table, thing->dir);
	else if (thing->use == API_PAGES && api.requests.op.flags & 1)
		dma_free_noncoherent(api.dev, size,
				     libdma_memory_cpu(api.machine, page_to_phys(thing->memory)),
				     thing->dma, thing->dir);
	else if (thing->use == API_PAGES)
		dma_free_pages(api.dev, size, thing->memory, thing->dma, thing->dir);
	else if (thing->managed)
		dmam_free_coherent(api.dev, size, thing->memory, thing->dma);
	else
		dma_free_attrs(api.dev, size, thing->memory, thing->dma, thing->attrs);
}

void api_free(struct api_thing *thing)
{
	struct dma_event told = { .kind = DMA_EVENT_FREE,
				  .dir = (uint8_t)thing->dir,
				  .dma = thing->dma,
				  .cpu_addr = (uint64_t)thing->memory,
				  .size = thing->size,
				  .attrs = thing->attrs };
	uint64_t pages = api_whole(thing->size, PAGE_SIZE) >> PAGE_SHIFT;
	phys_addr_t phys[API_PIECES];

	if (thing->use != API_MEMORY && thing->use != API_PAGES && thing->use != API_TABLE)
		return;
	if (thing->managed && (thing->attrs || api.requests.op.flags & 1)) {
		leave();
		return;
	}
	check_bytes(thing);
	if (thing->use == API_PAGES) {
		told.kind = DMA_EVENT_FREE_PAGES;
		told.cpu_addr = (uint64_t)libdma_memory_cpu(api.machine,
							    page_to_phys(thing->memory));
	} else if (thing->use == API_TABLE) {
		told.kind = DMA_EVENT_FREE_SGT;
		told.cpu_addr = told.attrs = 0;
	}
	for (uint64_t page = 0; page < pages; page++)
		phys[page] = page_of(thing, page);
	api_begin();
	give_back(thing);
	api_give(thing);
	if (!thing->own) {
		api_expect_event(&told);
		api_expect_gone(thing->dma, thing->size);
		for (uint64_t page = 0; !api.coherent && page < pages; page++)
			check_cached(phys[page]);
	}
	thing->use = API_UNUSED;
}
