// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * direct.c - streaming mappings of devices without an IOMMU
 *
 * The address is the buffer's own, seen through the device's windows. A buffer that
 * the device cannot reach is copied to where it can: bounce.c.
 *
 * Kernel counterpart: kernel/dma/direct.h, kernel/dma/direct.c,
 * include/linux/dma-direct.h (RULES.md D1-D11)
 */
#include <errno.h>

#include "base/mutant.h"
#include "dma/bounce.h"
#include "dma/device.h"
#include "dma/direct.h"
#include "dma/machine.h"
#include "hardware/cache.h"

dma_addr_t direct_phys_to_dma(const struct device *dev, phys_addr_t phys)
{
	const struct bus_dma_region *window = dev->dma_range_map;

	if (!window)
		return phys;
	for (; window->size; window++)
		if (phys >= window->cpu_start && phys - window->cpu_start < window->size)
			return window->dma_start + (phys - window->cpu_start);
	return MUTANT(C08, DMA_MAPPING_ERROR, 0);
}

phys_addr_t direct_dma_to_phys(const struct device *dev, dma_addr_t dma)
{
	const struct bus_dma_region *window = dev->dma_range_map;

	if (!window)
		return dma;
	for (; window->size; window++)
		if (dma >= window->dma_start && dma - window->dma_start < window->size)
			return window->cpu_start + (dma - window->dma_start);
	return ~(phys_addr_t)0;
}

/* The end is reckoned as the kernel does it: it may wrap (RULES.md D2). */
bool direct_capable(const struct device *dev, dma_addr_t dma, size_t size)
{
	return dma != DMA_MAPPING_ERROR &&
	       dma + size - 1 <= min_not_zero(*dev->dma_mask, dev->bus_dma_limit);
}

bool direct_coherent_capable(const struct device *dev, phys_addr_t phys, size_t size)
{
	dma_addr_t dma = direct_phys_to_dma(dev, phys);

	return dma != DMA_MAPPING_ERROR &&
	       dma + size - 1 <= min_not_zero(dev->coherent_dma_mask, dev->bus_dma_limit);
}

bool direct_must_bounce(const struct device *dev)
{
	const struct device_state *state = dev->state;

	return state->swiotlb && (state->restricted || dev->machine->swiotlb_force);
}

static dma_addr_t overflow(struct device *dev, dma_addr_t dma, size_t size)
{
	device_log(dev, LIBDMA_LOG_WARNING,
		   "DMA addr 0x%016llx+%zu overflow (mask %llx, bus limit %llx).",
		   (unsigned long long)dma, size, (unsigned long long)*dev->dma_mask,
		   (unsigned long long)dev->bus_dma_limit);
	return DMA_MAPPING_ERROR;
}

/* Of 7.2: what an attribute forbids, allows or changes (RULES.md D5). */
static dma_addr_t map_special(struct device *dev, phys_addr_t phys, size_t size,
			      unsigned long attrs)
{
	dma_addr_t dma = attrs & DMA_ATTR_MMIO ? phys : direct_phys_to_dma(dev, phys);

	return direct_capable(dev, dma, size) ? dma : overflow(dev, dma, size);
}

dma_addr_t direct_map(struct device *dev, phys_addr_t phys, size_t size,
		      enum dma_data_direction dir, unsigned long attrs)
{
	bool may_bounce = !(attrs & (DMA_ATTR_MMIO | DMA_ATTR_REQUIRE_COHERENT));
	dma_addr_t dma;

	if (direct_must_bounce(dev)) {
		if (!(attrs & DMA_ATTR_CC_SHARED))
			return may_bounce ? bounce_map(dev, phys, size, dir, attrs)
					  : DMA_MAPPING_ERROR;
	} else if (attrs & DMA_ATTR_CC_SHARED) {
		return DMA_MAPPING_ERROR;
	}
	if (attrs & (DMA_ATTR_MMIO | DMA_ATTR_CC_SHARED)) {
		dma = map_special(dev, phys, size, attrs);
		if (dma == DMA_MAPPING_ERROR || attrs & DMA_ATTR_MMIO)
			return dma;
	} else {
		dma = direct_phys_to_dma(dev, phys);
		if (!direct_capable(dev, dma, size) || bounce_kmalloc(dev, size, dir)) {
			if (dev->state->swiotlb && may_bounce)
				return bounce_map(dev, phys, size, dir, attrs);
			return overflow(dev, dma, size);
		}
	}
	if (!dev->dma_coherent && !(attrs & DMA_ATTR_SKIP_CPU_SYNC) &&
	    cache_clean(dev->machine->cache, phys, size))
		return DMA_MAPPING_ERROR;
	return dma;
}

void direct_unmap(struct device *dev, dma_addr_t dma, size_t size,
		  enum dma_data_direction dir, unsigned long attrs)
{
	if (attrs & (DMA_ATTR_MMIO | DMA_ATTR_REQUIRE_COHERENT))
		return;
	if (!(attrs & DMA_ATTR_SKIP_CPU_SYNC))
		direct_sync_for_cpu(dev, dma, size, dir);
	bounce_release(dev, direct_dma_to_phys(dev, dma), size);
}

/* Another device's registers: their address is the same for all (RULES.md D7). */
dma_addr_t direct_map_resource(struct device *dev, phys_addr_t phys, size_t size)
{
	return MUTANT(C02, direct_capable(dev, phys, size),
		      direct_capable(dev, direct_phys_to_dma(dev, phys), size))
		       ? phys
		       : overflow(dev, phys, size);
}

int direct_map_sg(struct device *dev, struct scatterlist *sgl, int nents,
		  enum dma_data_direction dir, unsigned long attrs)
{
	struct scatterlist *sg;
	int i;

	for_each_sg(sgl, sg, nents, i)
	{
		sg->dma_address = direct_map(dev, sg_phys(sg), sg->length, dir, attrs);
		if (sg->dma_address == DMA_MAPPING_ERROR) {
			direct_unmap_sg(dev, sgl, MUTANT(F21, i, 0), dir,
					attrs | DMA_ATTR_SKIP_CPU_SYNC);
			return -EIO;
		}
		sg_dma_len(sg) = sg->length;
	}
	return nents;
}

void direct_unmap_sg(struct device *dev, struct scatterlist *sgl, int nents,
		     enum dma_data_direction dir, unsigned long attrs)
{
	struct scatterlist *sg;
	int i;

	for_each_sg(sgl, sg, nents, i)
		direct_unmap(dev, sg->dma_address, sg_dma_len(sg), dir, attrs);
}

void direct_sync_for_cpu(struct device *dev, dma_addr_t dma, size_t size,
			 enum dma_data_direction dir)
{
	phys_addr_t phys = direct_dma_to_phys(dev, dma);

	if (!dev->dma_coherent && dir != DMA_TO_DEVICE)
		cache_invalidate(dev->machine->cache, phys, size);
	bounce_sync_for_cpu(dev, phys, size, dir);
}

void direct_sync_for_device(struct device *dev, dma_addr_t dma, size_t size,
			    enum dma_data_direction dir)
{
	phys_addr_t phys = direct_dma_to_phys(dev, dma);

	bounce_sync_for_device(dev, phys, size, dir);
	device_write_back(dev, phys, size);
}

bool direct_needs_sync(struct device *dev, dma_addr_t dma)
{
	return !dev->dma_coherent || bounce_holds(dev, direct_dma_to_phys(dev, dma));
}
