// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * allocation.c - memory that device and CPU share: the functions that drivers call
 *
 * A device with a region of its own is served from there or not at all. Else the
 * backend seeks pages.
 *
 * Kernel counterpart: kernel/dma/mapping.c (RULES.md A1-A7, C5, C15)
 */
#include <errno.h>
#include <stdio.h>

#include "base/bits.h"
#include "dma/direct.h"
#include "dma/iommu-dma.h"
#include "dma/list-event.h"
#include "dma/machine.h"
#include "dma/mapping.h"
#include "dma/remap.h"
#include "hardware/memory.h"

#define ZONE_FLAGS (__GFP_DMA | __GFP_DMA32 | __GFP_HIGHMEM)

/* What no machine has, and what would wrap when it is rounded up to pages. */
#define TOO_LARGE (SIZE_MAX >> 1)

/* The flags as an event names them: the ones that a driver would write. */
static uint32_t gfp_string(struct device *dev, gfp_t gfp)
{
	static const struct {
		gfp_t gfp;
		const char *name;
	} names[] = {
		{ GFP_KERNEL, "GFP_KERNEL" },       { GFP_ATOMIC, "GFP_ATOMIC" },
		{ GFP_NOFS, "GFP_NOFS" },           { GFP_NOIO, "GFP_NOIO" },
		{ __GFP_DMA, "GFP_DMA" },           { __GFP_DMA32, "GFP_DMA32" },
		{ __GFP_ZERO, "__GFP_ZERO" },       { __GFP_NOWARN, "__GFP_NOWARN" },
		{ __GFP_NORETRY, "__GFP_NORETRY" }, { __GFP_COMP, "__GFP_COMP" },
	};
	char text[160];
	size_t used = 0;
	uint32_t number;

	if (!device_is_observed(dev))
		return 0;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if ((gfp & names[i].gfp) == names[i].gfp) {
			used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s",
						 used ? "|" : "", names[i].name);
			gfp &= ~names[i].gfp;
		}
	if (gfp)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s0x%x",
					 used ? "|" : "", gfp);
	return libdma_strings_add(dev->machine->strings, text, used, &number) ? 0
									      : number;
}

static void emit_alloc(struct device *dev, enum dma_event_kind kind, void *cpu,
		       dma_addr_t dma, size_t size, enum dma_data_direction dir,
		       gfp_t gfp, unsigned long attrs)
{
	device_emit(dev, &(struct dma_event) {
				 .kind = kind,
				 .dir = dir,
				 .dma = cpu ? dma : 0,
				 .cpu_addr = (uint64_t)cpu,
				 .size = size,
				 .gfp = gfp_string(dev, gfp),
				 .attrs = attrs,
				 .error = cpu ? 0 : -ENOMEM,
			 });
}

static void emit_free(struct device *dev, enum dma_event_kind kind, void *cpu,
		      dma_addr_t dma, size_t size, enum dma_data_direction dir,
		      unsigned long attrs)
{
	device_emit(dev, &(struct dma_event) {
				 .kind = kind,
				 .dir = dir,
				 .dma = dma,
				 .cpu_addr = (uint64_t)cpu,
				 .size = size,
				 .attrs = attrs,
			 });
}

/* Compound pages make no sense here; kernels before 6.2 did not say so (RULES.md A2). */
static bool refuses_compound(struct device *dev, gfp_t gfp)
{
	if (!(gfp & __GFP_COMP) || !dev->machine->rules->alloc_refuses_compound)
		return false;
	device_log(dev, LIBDMA_LOG_WARNING, "asks for compound pages");
	return true;
}

void *dma_alloc_attrs(struct device *dev, size_t size, dma_addr_t *dma, gfp_t gfp,
		      unsigned long attrs)
{
	void *cpu;

	attrs &= dev->machine->rules->known_attrs;
	if (!dev->coherent_dma_mask)
		device_log(dev, LIBDMA_LOG_WARNING, "has no coherent DMA mask");
	if (refuses_compound(dev, gfp))
		return NULL;
	if (!dma_alloc_from_dev_coherent(dev, (ssize_t)size, dma, &cpu)) {
		gfp &= ~ZONE_FLAGS;
		cpu = size >= TOO_LARGE	      ? NULL
		      : device_is_direct(dev) ? direct_alloc(dev, size, dma, gfp, attrs)
					      : iommu_dma_alloc(dev, size, dma, gfp,
								attrs);
	}
	emit_alloc(dev, DMA_EVENT_ALLOC, cpu, cpu ? *dma : 0, size, DMA_BIDIRECTIONAL,
		   gfp, attrs);
	return cpu;
}

/*
 * Is it memory of this machine at all? The kernel has but one, and would free whatever
 * page the address leads to. @cpu may be a cookie: the name of a page.
 */
static bool is_foreign(struct device *dev, const void *cpu, unsigned long attrs)
{
	const struct memory *memory = dev->machine->memory;

	if (memory_owns(memory, cpu) || remap_find(dev, cpu))
		return false;
	if (attrs & DMA_ATTR_NO_KERNEL_MAPPING && memory_has(memory, page_to_phys(cpu), 1))
		return false;
	device_log(dev, LIBDMA_LOG_ERROR, "BUG: frees memory of another machine, or none");
	return true;
}

void dma_free_attrs(struct device *dev, size_t size, void *cpu, dma_addr_t dma,
		    unsigned long attrs)
{
	attrs &= dev->machine->rules->known_attrs;
	if (dma_release_from_dev_coherent(dev, get_order(size), cpu))
		return;
	if (dev->machine->atomic)
		device_log(dev, LIBDMA_LOG_WARNING,
			   "frees coherent memory where it may not sleep");
	emit_free(dev, DMA_EVENT_FREE, cpu, dma, size, DMA_BIDIRECTIONAL, attrs);
	if (!cpu || is_foreign(dev, cpu, attrs))
		return;
	if (device_is_direct(dev))
		direct_free(dev, size, cpu, dma, attrs);
	else
		iommu_dma_free(dev, size, cpu, dma);
}

static struct page *alloc_pages(struct device *dev, size_t size, dma_addr_t *dma,
				enum dma_data_direction dir, gfp_t gfp)
{
	if (!dev->coherent_dma_mask) {
		device_log(dev, LIBDMA_LOG_WARNING, "has no coherent DMA mask");
		return NULL;
	}
	if (gfp & ZONE_FLAGS) {
		device_log(dev, LIBDMA_LOG_WARNING,
			   "asks for a zone: the mask says which");
		return NULL;
	}
	if (size >= TOO_LARGE || refuses_compound(dev, gfp))
		return NULL;
	size = PAGE_ALIGN(size);
	return device_is_direct(dev) ? direct_alloc_pages(dev, size, dma, gfp)
				     : iommu_dma_alloc_pages(dev, size, dma, dir, gfp);
}

static void free_pages(struct device *dev, size_t size, struct page *page, dma_addr_t dma,
		       enum dma_data_direction dir)
{
	size = PAGE_ALIGN(size);
	if (device_is_direct(dev))
		direct_free_pages(dev, size, page);
	else
		iommu_dma_free_pages(dev, size, page, dma, dir);
}

static void *cpu_of(struct device *dev, const struct page *page)
{
	return memory_cpu(dev->machine->memory, page_to_phys(page));
}

struct page *dma_alloc_pages(struct device *dev, size_t size, dma_addr_t *dma,
			     enum dma_data_direction dir, gfp_t gfp)
{
	struct page *page = alloc_pages(dev, size, dma, dir, gfp);

	emit_alloc(dev, DMA_EVENT_ALLOC_PAGES, page ? cpu_of(dev, page) : NULL,
		   page ? *dma : 0, size, dir, gfp, 0);
	return page;
}

void dma_free_pages(struct device *dev, size_t size, struct page *page, dma_addr_t dma,
		    enum dma_data_direction dir)
{
	emit_free(dev, DMA_EVENT_FREE_PAGES, cpu_of(dev, page), dma, size, dir, 0);
	free_pages(dev, size, page, dma, dir);
}

void *dma_alloc_noncoherent(struct device *dev, size_t size, dma_addr_t *dma,
			    enum dma_data_direction dir, gfp_t gfp)
{
	struct page *page = dma_alloc_pages(dev, size, dma, dir, gfp);

	return page ? cpu_of(dev, page) : NULL;
}

void dma_free_noncoherent(struct device *dev, size_t size, void *cpu, dma_addr_t dma,
			  enum dma_data_direction dir)
{
	dma_free_pages(dev, size, virt_to_page(cpu), dma, dir);
}

/* --- memory in pieces (RULES.md A5) --- */

static struct sg_table *alloc_single(struct device *dev, size_t size,
				     enum dma_data_direction dir, gfp_t gfp)
{
	struct heap *heap = &dev->machine->heap;
	struct sg_table *table = heap_alloc(heap, 1, sizeof(*table));
	struct page *page;

	if (!table)
		return NULL;
	if (sg_alloc_table(table, 1, gfp))
		goto free_table;
	page = alloc_pages(dev, size, &table->sgl->dma_address, dir, gfp);
	if (!page)
		goto free_entries;
	sg_set_page(table->sgl, page, (unsigned int)PAGE_ALIGN(size), 0);
	sg_dma_len(table->sgl) = table->sgl->length;
	return table;

free_entries:
	sg_free_table(table);
free_table:
	heap_free(table);
	return NULL;
}

static void free_single(struct device *dev, size_t size, struct sg_table *table,
			enum dma_data_direction dir)
{
	free_pages(dev, size, sg_page(table->sgl), table->sgl->dma_address, dir);
	sg_free_table(table);
	heap_free(table);
}

static void emit_table(struct device *dev, enum dma_event_kind kind,
		       struct sg_table *table, size_t size, enum dma_data_direction dir,
		       gfp_t gfp, unsigned long attrs)
{
	struct list_event list;

	if (!device_is_observed(dev))
		return;
	list_event_init(&list, &dev->machine->heap, table ? table->sgl : NULL,
			table ? (int)table->orig_nents : 0, table ? 1 : 0);
	list.event.kind = kind;
	list.event.dir = dir;
	list.event.size = size;
	list.event.gfp = gfp ? gfp_string(dev, gfp) : 0;
	list.event.attrs = attrs;
	list.event.dma = table ? table->sgl->dma_address : 0;
	list.event.error = table ? 0 : -ENOMEM;
	device_emit(dev, &list.event);
	list_event_deinit(&list);
}

struct sg_table *dma_alloc_noncontiguous(struct device *dev, size_t size,
					 enum dma_data_direction dir, gfp_t gfp,
					 unsigned long attrs)
{
	struct sg_table *table;

	if (attrs & ~DMA_ATTR_ALLOC_SINGLE_PAGES) {
		device_log(dev, LIBDMA_LOG_WARNING,
			   "asks for attributes that noncontiguous memory has not");
		return NULL;
	}
	if (size >= TOO_LARGE || refuses_compound(dev, gfp))
		return NULL;
	table = device_is_direct(dev)
			? alloc_single(dev, size, dir, gfp)
			: iommu_dma_alloc_noncontiguous(dev, size, gfp, attrs);
	if (table)
		table->nents = 1;
	emit_table(dev, table ? DMA_EVENT_ALLOC_SGT : DMA_EVENT_ALLOC_SGT_ERR, table,
		   size, dir, gfp, attrs);
	return table;
}

void dma_free_noncontiguous(struct device *dev, size_t size, struct sg_table *table,
			    enum dma_data_direction dir)
{
	if (!table)
		return;
	emit_table(dev, DMA_EVENT_FREE_SGT, table, size, dir, 0, 0);
	if (device_is_direct(dev))
		free_single(dev, size, table, dir);
	else
		iommu_dma_free_noncontiguous(dev, size, table);
}
