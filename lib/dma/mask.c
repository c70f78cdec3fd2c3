// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * mask.c - which addresses a device can reach, and what that means for its driver
 *
 * Kernel counterpart: kernel/dma/mapping.c, kernel/dma/direct.c,
 * include/linux/dma-mapping.h (RULES.md A20-A23, D10, I33, Y10-Y12)
 */
#include <errno.h>

#include "alloc/swiotlb.h"
#include "base/mutant.h"
#include "dma/direct.h"
#include "dma/device.h"
#include "dma/machine.h"
#include "dma/mask.h"
#include "hardware/memory.h"

#define DEFAULT_MAX_SEGMENT_SIZE 65536

/* Largest size that the caches of the IOVA allocator serve, in granules. */
#define IOVA_CACHED_GRANULES 32

uint64_t dma_get_mask(const struct device *dev)
{
	return dev->dma_mask && *dev->dma_mask ? *dev->dma_mask : DMA_BIT_MASK(32);
}

/* The last byte of RAM, as the kernel of the machine reckons it (RULES.md A21). */
static phys_addr_t top_of_ram(const struct libdma_machine *machine)
{
	phys_addr_t end = memory_end(machine->memory);

	return machine->rules->top_is_last_byte ? end - 1 : end - PAGE_SIZE;
}

static bool direct_supports(struct device *dev, uint64_t mask)
{
	phys_addr_t needed = top_of_ram(dev->machine);

	if (mask >= DMA_BIT_MASK(32))
		return true;
	if (!(dev->machine->config & LIBDMA_CONFIG_NO_ZONE_DMA) &&
	    needed > ZONE_DMA_END - 1)
		needed = ZONE_DMA_END - 1;
	return mask >= direct_phys_to_dma(dev, needed);
}

bool mask_is_supported(struct device *dev, uint64_t mask)
{
	return !device_is_direct(dev) || direct_supports(dev, mask);
}

static void emit_mask(struct device *dev, enum dma_event_kind kind, uint64_t mask,
		      int err)
{
	device_emit(dev,
		    &(struct dma_event) { .kind = kind, .mask = mask, .error = err });
}

int dma_set_mask(struct device *dev, uint64_t mask)
{
	int err = dev->dma_mask && mask_is_supported(dev, mask) ? 0 : -EIO;

	if (!err) {
		*dev->dma_mask = mask;
		dev->dma_skip_sync =
			dev->machine->rules->sync_can_be_skipped && dev->dma_coherent;
	}
	emit_mask(dev, DMA_EVENT_SET_MASK, mask, err);
	return err;
}

int dma_set_coherent_mask(struct device *dev, uint64_t mask)
{
	int err = mask_is_supported(dev, mask) ? 0 : -EIO;

	if (!err)
		dev->coherent_dma_mask = mask;
	emit_mask(dev, DMA_EVENT_SET_COHERENT_MASK, mask, err);
	return err;
}

int dma_set_mask_and_coherent(struct device *dev, uint64_t mask)
{
	int err = dma_set_mask(dev, mask);

	if (!err)
		dma_set_coherent_mask(dev, mask);
	return err;
}

int dma_coerce_mask_and_coherent(struct device *dev, uint64_t mask)
{
	dev->dma_mask = &dev->coherent_dma_mask;
	return dma_set_mask_and_coherent(dev, mask);
}

uint64_t dma_get_required_mask(struct device *dev)
{
	dma_addr_t top;

	if (!device_is_direct(dev))
		return DMA_BIT_MASK(32);
	top = direct_phys_to_dma(dev, top_of_ram(dev->machine));
	top = MUTANT(C04, top, (uint32_t)top);
	return top ? DMA_BIT_MASK(64 - __builtin_clzll(top)) : 1;
}

static int outside_windows(const struct extent *extent, void *arg)
{
	const struct bus_dma_region *window = arg;
	uint64_t pfn = extent->start >> PAGE_SHIFT;
	uint64_t end = (extent->start + extent->length) >> PAGE_SHIFT;

	if (!extent->used)
		return 0;

	/* In whole pages, wherever in them a window begins and ends. */
	while (pfn < end) {
		const struct bus_dma_region *it = window;

		while (it->size >> PAGE_SHIFT &&
		       (pfn < it->cpu_start >> PAGE_SHIFT ||
			pfn - (it->cpu_start >> PAGE_SHIFT) >= it->size >> PAGE_SHIFT))
			it++;
		if (!(it->size >> PAGE_SHIFT))
			return 1;
		pfn = (it->cpu_start >> PAGE_SHIFT) + (it->size >> PAGE_SHIFT);
	}
	return 0;
}

bool dma_addressing_limited(struct device *dev)
{
	struct libdma_machine *machine = dev->machine;

	if (min_not_zero(dma_get_mask(dev), dev->bus_dma_limit) <
	    dma_get_required_mask(dev))
		return true;
	if (!device_is_direct(dev) || !dev->dma_range_map ||
	    MUTANT(C07, !machine->rules->limited_by_windows, true))
		return false;
	return memory_walk(machine->memory, outside_windows, (void *)dev->dma_range_map);
}

size_t dma_max_mapping_size(struct device *dev)
{
	const struct swiotlb *swiotlb = dev->state->swiotlb;
	bool bounces;

	/* Behind an IOMMU the kernel does not look if there are bounce buffers. */
	if (device_is_direct(dev))
		bounces = swiotlb &&
			  (dma_addressing_limited(dev) || direct_must_bounce(dev));
	else
		bounces = MUTANT(D22, dev->untrusted, false);
	if (!bounces)
		return SIZE_MAX;
	return swiotlb_max_mapping_size(swiotlb, dma_get_min_align_mask(dev));
}

size_t dma_opt_mapping_size(struct device *dev)
{
	size_t max = dma_max_mapping_size(dev), opt = SIZE_MAX;

	if (!device_is_direct(dev))
		opt = IOVA_CACHED_GRANULES << PAGE_SHIFT;
	return opt < max ? opt : max;
}

unsigned long dma_get_merge_boundary(struct device *dev)
{
	return device_is_direct(dev) ? 0 : dev->machine->granule - 1;
}

/* That of x86, whose caches are coherent: no alignment is needed (RULES.md Y12). */
int dma_get_cache_alignment(void)
{
	return 1;
}

unsigned int dma_get_max_seg_size(const struct device *dev)
{
	if (MUTANT(F19, dev->dma_parms && dev->dma_parms->max_segment_size, false))
		return dev->dma_parms->max_segment_size;
	return DEFAULT_MAX_SEGMENT_SIZE;
}

unsigned long dma_get_seg_boundary(const struct device *dev)
{
	if (dev->dma_parms && dev->dma_parms->segment_boundary_mask)
		return dev->dma_parms->segment_boundary_mask;
	return ~0UL;
}

unsigned long dma_get_seg_boundary_nr_pages(const struct device *dev,
					    unsigned int page_shift)
{
	return (dma_get_seg_boundary(dev) >> page_shift) + 1;
}

unsigned int dma_get_min_align_mask(const struct device *dev)
{
	return dev->dma_parms ? dev->dma_parms->min_align_mask : 0;
}

/* Kernels since 6.12 return nothing; here they say 0, and warn. */
static int without_parms(struct device *dev)
{
	if (!dev->machine->rules->parms_setters_warn)
		return -EIO;
	device_log(dev, LIBDMA_LOG_WARNING, "has no dma_parms to set");
	return 0;
}

int dma_set_max_seg_size(struct device *dev, unsigned int size)
{
	if (!dev->dma_parms)
		return without_parms(dev);
	dev->dma_parms->max_segment_size = size;
	device_emit_limits(dev);
	return 0;
}

int dma_set_seg_boundary(struct device *dev, unsigned long mask)
{
	if (!dev->dma_parms)
		return without_parms(dev);
	dev->dma_parms->segment_boundary_mask = mask;
	device_emit_limits(dev);
	return 0;
}

int dma_set_min_align_mask(struct device *dev, unsigned int mask)
{
	if (!dev->dma_parms)
		return without_parms(dev);
	dev->dma_parms->min_align_mask = mask;
	device_emit_limits(dev);
	return 0;
}
