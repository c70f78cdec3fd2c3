// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * mapping.c - streaming mappings of one buffer: the functions that drivers call
 *
 * What all backends have in common is done here: refusals, the choice of the
 * backend, and the event.
 *
 * Kernel counterpart: kernel/dma/mapping.c (RULES.md D4-D8, T2)
 */
#include <errno.h>

#include "dma/direct.h"
#include "dma/iommu-dma.h"
#include "dma/machine.h"
#include "dma/mapping.h"
#include "hardware/memory.h"

bool mapping_direction_valid(const struct device *dev, enum dma_data_direction dir)
{
	if ((unsigned int)dir <= DMA_FROM_DEVICE)
		return true;
	device_log(dev, LIBDMA_LOG_ERROR, "BUG: %d is no direction of a transfer", dir);
	return false;
}

static void emit_map(struct device *dev, enum dma_event_kind kind, phys_addr_t phys,
		     dma_addr_t dma, size_t size, enum dma_data_direction dir,
		     unsigned long attrs)
{
	device_emit(dev, &(struct dma_event) {
				 .kind = kind,
				 .phys = phys,
				 .dma = dma,
				 .size = size,
				 .dir = dir,
				 .attrs = attrs,
				 .error = dma == DMA_MAPPING_ERROR ? -ENOMEM : 0,
			 });
}

static void emit_unmap(struct device *dev, enum dma_event_kind kind, dma_addr_t dma,
		       size_t size, enum dma_data_direction dir, unsigned long attrs)
{
	device_emit(dev, &(struct dma_event) {
				 .kind = kind,
				 .dma = dma,
				 .size = size,
				 .dir = dir,
				 .attrs = attrs,
			 });
}

/* What is refused before any backend is asked, without an event (RULES.md D5, D7). */
static bool refused(struct device *dev, enum dma_data_direction dir, unsigned long attrs)
{
	if (!mapping_direction_valid(dev, dir))
		return true;
	if (!dev->dma_mask) {
		device_log(dev, LIBDMA_LOG_WARNING, "has no DMA mask");
		return true;
	}
	return !dev->dma_coherent && attrs & DMA_ATTR_REQUIRE_COHERENT;
}

static dma_addr_t map(struct device *dev, phys_addr_t phys, size_t size,
		      enum dma_data_direction dir, unsigned long attrs,
		      enum dma_event_kind kind)
{
	dma_addr_t dma;

	if (refused(dev, dir, attrs))
		return DMA_MAPPING_ERROR;
	if (device_is_direct(dev))
		dma = direct_map(dev, phys, size, dir, attrs);
	else if (attrs & DMA_ATTR_CC_SHARED)
		return DMA_MAPPING_ERROR;
	else
		dma = iommu_dma_map(dev, phys, size, dir, attrs);
	emit_map(dev, kind, phys, dma, size, dir, attrs);
	return dma;
}

static void unmap(struct device *dev, dma_addr_t dma, size_t size,
		  enum dma_data_direction dir, unsigned long attrs,
		  enum dma_event_kind kind)
{
	if (!mapping_direction_valid(dev, dir))
		return;
	if (device_is_direct(dev))
		direct_unmap(dev, dma, size, dir, attrs);
	else if (attrs & DMA_ATTR_CC_SHARED)
		return;
	else
		iommu_dma_unmap(dev, dma, size, dir, attrs);
	emit_unmap(dev, kind, dma, size, dir, attrs);
}

/* Attributes that a kernel does not know change nothing there. */
static unsigned long known_attrs(const struct device *dev, unsigned long attrs)
{
	return attrs & dev->machine->rules->known_attrs;
}

static enum dma_event_kind map_kind(const struct device *dev)
{
	return dev->machine->rules->maps_by_phys ? DMA_EVENT_MAP_PHYS
						 : DMA_EVENT_MAP_PAGE;
}

static enum dma_event_kind unmap_kind(const struct device *dev)
{
	return dev->machine->rules->maps_by_phys ? DMA_EVENT_UNMAP_PHYS
						 : DMA_EVENT_UNMAP_PAGE;
}

dma_addr_t dma_map_phys(struct device *dev, phys_addr_t phys, size_t size,
			enum dma_data_direction dir, unsigned long attrs)
{
	return map(dev, phys, size, dir, known_attrs(dev, attrs), map_kind(dev));
}

void dma_unmap_phys(struct device *dev, dma_addr_t dma, size_t size,
		    enum dma_data_direction dir, unsigned long attrs)
{
	unmap(dev, dma, size, dir, known_attrs(dev, attrs), unmap_kind(dev));
}

dma_addr_t dma_map_page_attrs(struct device *dev, struct page *page, size_t offset,
			      size_t size, enum dma_data_direction dir,
			      unsigned long attrs)
{
	if (known_attrs(dev, attrs) & DMA_ATTR_MMIO)
		return DMA_MAPPING_ERROR;
	return dma_map_phys(dev, page_to_phys(page) + offset, size, dir, attrs);
}

void dma_unmap_page_attrs(struct device *dev, dma_addr_t dma, size_t size,
			  enum dma_data_direction dir, unsigned long attrs)
{
	if (known_attrs(dev, attrs) & DMA_ATTR_MMIO)
		return;
	dma_unmap_phys(dev, dma, size, dir, attrs);
}

dma_addr_t dma_map_single_attrs(struct device *dev, void *cpu, size_t size,
				enum dma_data_direction dir, unsigned long attrs)
{
	if (!memory_owns(dev->machine->memory, cpu)) {
		device_log(dev, LIBDMA_LOG_WARNING,
			   "rejecting DMA map of vmalloc memory");
		return DMA_MAPPING_ERROR;
	}
	return dma_map_page_attrs(dev, virt_to_page(cpu), offset_in_page(cpu), size, dir,
				  attrs);
}

void dma_unmap_single_attrs(struct device *dev, dma_addr_t dma, size_t size,
			    enum dma_data_direction dir, unsigned long attrs)
{
	dma_unmap_page_attrs(dev, dma, size, dir, attrs);
}

/* Until 7.2 a function of its own (RULES.md D7). */
static dma_addr_t map_resource(struct device *dev, phys_addr_t phys, size_t size,
			       enum dma_data_direction dir, unsigned long attrs)
{
	dma_addr_t dma;

	if (refused(dev, dir, attrs))
		return DMA_MAPPING_ERROR;
	dma = device_is_direct(dev)
		      ? direct_map_resource(dev, phys, size)
		      : iommu_dma_map_range(dev, phys, size, dir, dma_get_mask(dev));
	emit_map(dev, DMA_EVENT_MAP_RESOURCE, phys, dma, size, dir, attrs);
	return dma;
}

dma_addr_t dma_map_resource(struct device *dev, phys_addr_t phys, size_t size,
			    enum dma_data_direction dir, unsigned long attrs)
{
	if (dev->machine->rules->maps_by_phys)
		return dma_map_phys(dev, phys, size, dir, attrs | DMA_ATTR_MMIO);
	return map_resource(dev, phys, size, dir, known_attrs(dev, attrs));
}

void dma_unmap_resource(struct device *dev, dma_addr_t dma, size_t size,
			enum dma_data_direction dir, unsigned long attrs)
{
	if (dev->machine->rules->maps_by_phys) {
		dma_unmap_phys(dev, dma, size, dir, attrs | DMA_ATTR_MMIO);
		return;
	}
	if (!mapping_direction_valid(dev, dir))
		return;
	if (!device_is_direct(dev))
		iommu_dma_unmap_range(dev, dma, size);
	emit_unmap(dev, DMA_EVENT_UNMAP_RESOURCE, dma, size, dir,
		   known_attrs(dev, attrs));
}

int dma_mapping_error(struct device *dev, dma_addr_t dma)
{
	int err = dma == DMA_MAPPING_ERROR ? -ENOMEM : 0;

	device_emit(dev, &(struct dma_event) {
				 .kind = DMA_EVENT_MAPPING_ERROR,
				 .dma = dma,
				 .error = err,
			 });
	return err;
}
