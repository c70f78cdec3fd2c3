// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * bounce.c - buffers copied to where a device can reach them
 *
 * Kernel counterpart: swiotlb_map(), swiotlb_tbl_map_single() and the sync functions of
 * kernel/dma/swiotlb.c; iommu_dma_map_swiotlb() of drivers/iommu/dma-iommu.c;
 * dma_kmalloc_*() of include/linux/dma-map-ops.h (RULES.md S6-S12, S20-S24, I26, I27)
 */
#include <errno.h>
#include <string.h>

#include "alloc/swiotlb.h"
#include "base/bits.h"
#include "base/mutant.h"
#include "dma/bounce.h"
#include "dma/direct.h"
#include "dma/machine.h"
#include "hardware/cache.h"
#include "hardware/memory.h"

/* Kernel: ARCH_DMA_MINALIGN of arm64, the architecture that bounces small buffers. */
#define KMALLOC_MINALIGN 128UL

static struct swiotlb_device traits(const struct device *dev)
{
	phys_addr_t start = dev->state->swiotlb_start;

	return (struct swiotlb_device) {
		.min_align_mask = dma_get_min_align_mask(dev),
		.boundary = dma_get_seg_boundary(dev),
		.dma_offset = direct_phys_to_dma(dev, start) - start,
		.limit = min_not_zero(dma_get_mask(dev), dev->bus_dma_limit),
	};
}

/* @address is what the kernel tells: as the bus has it, or behind an IOMMU as memory. */
static void emit_bounced(struct device *dev, uint64_t address, size_t size)
{
	device_emit(dev, &(struct dma_event) {
				 .kind = DMA_EVENT_SWIOTLB_BOUNCED,
				 .phys = address,
				 .size = size,
				 .mask = dev->dma_mask ? *dev->dma_mask : 0,
				 .flags = direct_must_bounce(dev) ? DMA_EVENT_FORCE : 0,
			 });
}

static void emit_slots(struct device *dev, enum dma_event_kind kind, phys_addr_t phys,
		       phys_addr_t copy, size_t size, uint64_t align_mask, int err)
{
	device_emit(dev, &(struct dma_event) {
				 .kind = kind,
				 .phys = phys,
				 .dma = copy,
				 .size = size,
				 .align_mask = align_mask,
				 .error = err,
			 });
}

static void say_full(struct device *dev, const struct swiotlb_full *full, int err,
		     unsigned long attrs)
{
	if (err == -EDEADLK)
		device_log(dev, LIBDMA_LOG_ERROR,
			   "the kernel would search the swiotlb for ever");
	else if (err == -EINVAL)
		device_log(dev, LIBDMA_LOG_ERROR, "BUG: no bytes to bounce");
	else if (!(attrs & DMA_ATTR_NO_WARN))
		device_log(dev, LIBDMA_LOG_WARNING,
			   "swiotlb buffer is full (sz: %zu bytes), total %llu (slots), "
			   "used %llu (slots)",
			   full->size, (unsigned long long)full->slots,
			   (unsigned long long)full->used);
}

/* Find slots and copy the buffer there: always, whatever the direction (RULES.md S10). */
static int take_slots(struct device *dev, phys_addr_t phys, size_t size,
		      uint32_t align_mask, unsigned long attrs, phys_addr_t *copy)
{
	struct swiotlb_device device = traits(dev);
	struct swiotlb_request request = {
		.cpu = dev->machine->cpu,
		.phys = phys,
		.size = size,
		.align_mask = align_mask,
	};
	struct swiotlb_full full = { 0 };
	int err = swiotlb_map(dev->state->swiotlb, &device, &request, copy, &full);

	emit_slots(dev, DMA_EVENT_SWIOTLB_MAP, phys, err ? DMA_MAPPING_ERROR : *copy,
		   size, align_mask, err);
	if (err) {
		say_full(dev, &full, err, attrs);
		return err;
	}
	dev->dma_skip_sync = false;
	return 0;
}

dma_addr_t bounce_map(struct device *dev, phys_addr_t phys, size_t size,
		      enum dma_data_direction dir, unsigned long attrs)
{
	phys_addr_t copy;
	dma_addr_t dma;

	(void)dir;
	emit_bounced(dev, direct_phys_to_dma(dev, phys), size);
	if (take_slots(dev, phys, size, 0, attrs, &copy))
		return DMA_MAPPING_ERROR;
	dma = direct_phys_to_dma(dev, copy);
	if (!direct_capable(dev, dma, size)) {
		bounce_release(dev, copy, size);
		device_log(
			dev, LIBDMA_LOG_WARNING,
			"swiotlb addr 0x%016llx+%zu overflow (mask %llx, bus limit %llx).",
			(unsigned long long)dma, size, (unsigned long long)*dev->dma_mask,
			(unsigned long long)dev->bus_dma_limit);
		return DMA_MAPPING_ERROR;
	}
	if (!dev->dma_coherent && !(attrs & DMA_ATTR_SKIP_CPU_SYNC) &&
	    cache_clean(dev->machine->cache, copy, size)) {
		bounce_release(dev, copy, size);
		return DMA_MAPPING_ERROR;
	}
	return dma;
}

static void zero(struct device *dev, phys_addr_t start, phys_addr_t end)
{
	memset(memory_cpu(dev->machine->memory, start), 0, end - start);
}

/* What an untrusted device would see beside the copy (RULES.md I27). */
static void zero_around(struct device *dev, phys_addr_t copy, size_t size,
			enum dma_data_direction dir, unsigned long attrs)
{
	uint64_t granule = dev->machine->granule;
	bool copied_in = !(attrs & DMA_ATTR_SKIP_CPU_SYNC) && dir != DMA_FROM_DEVICE;

	if (dev->machine->rules->bounce_zeroes_before) {
		if (!dev->untrusted)
			return;
		zero(dev, MUTANT(D21b, align_down(copy, granule), copy), copy);
		zero(dev, MUTANT(D21a, copy + size, copy),
		     align_up(copy + size, granule));
	} else {
		zero(dev, copied_in ? copy + size : copy, copy + align_up(size, granule));
	}
}

phys_addr_t bounce_map_granules(struct device *dev, phys_addr_t phys, size_t size,
				enum dma_data_direction dir, unsigned long attrs)
{
	phys_addr_t copy;

	if (!dev->state->swiotlb) {
		device_log(dev, LIBDMA_LOG_WARNING,
			   "DMA bounce buffers are inactive, unable to map unaligned "
			   "transaction.");
		return ~(phys_addr_t)0;
	}
	emit_bounced(dev, phys, size);
	if (take_slots(dev, phys, size, (uint32_t)(dev->machine->granule - 1), attrs,
		       &copy))
		return ~(phys_addr_t)0;
	zero_around(dev, copy, size, dir, attrs);
	return copy;
}

int bounce_alloc(struct device *dev, size_t size, phys_addr_t *phys)
{
	struct swiotlb_device device = traits(dev);

	return swiotlb_alloc(dev->state->swiotlb, &device, dev->machine->cpu, size, phys);
}

bool bounce_holds(const struct device *dev, phys_addr_t phys)
{
	return dev->state->swiotlb && swiotlb_holds(dev->state->swiotlb, phys);
}

void bounce_unmap(struct device *dev, phys_addr_t phys, size_t size,
		  enum dma_data_direction dir, unsigned long attrs)
{
	if (!bounce_holds(dev, phys))
		return;
	if (!(attrs & DMA_ATTR_SKIP_CPU_SYNC))
		bounce_sync_for_cpu(dev, phys, size, dir);
	bounce_release(dev, phys, size);
}

void bounce_release(struct device *dev, phys_addr_t phys, size_t size)
{
	struct swiotlb_device device;
	int err;

	if (!bounce_holds(dev, phys))
		return;
	device = traits(dev);
	err = swiotlb_unmap(dev->state->swiotlb, &device, phys);
	emit_slots(dev, DMA_EVENT_SWIOTLB_UNMAP, 0, phys, size, 0, err);
	if (err)
		device_log(dev, LIBDMA_LOG_ERROR, "no bounced buffer begins at 0x%llx",
			   (unsigned long long)phys);
}

static void copy_part(struct device *dev, phys_addr_t phys, size_t size, bool to_copy)
{
	struct swiotlb_device device;
	int err;

	if (!bounce_holds(dev, phys))
		return;
	device = traits(dev);
	err = swiotlb_bounce(dev->state->swiotlb, &device, phys, size,
			     MUTANT(X10, to_copy, true));
	if (err == -EOVERFLOW)
		device_log(dev, LIBDMA_LOG_WARNING,
			   "Buffer overflow detected. %zu bytes at 0x%llx", size,
			   (unsigned long long)phys);
	else if (err == -EFAULT)
		device_log(
			dev, LIBDMA_LOG_WARNING,
			"Access before mapping start or behind its end detected at 0x%llx",
			(unsigned long long)phys);
}

void bounce_sync_for_cpu(struct device *dev, phys_addr_t phys, size_t size,
			 enum dma_data_direction dir)
{
	if (dir != DMA_TO_DEVICE)
		copy_part(dev, phys, size, false);
}

void bounce_sync_for_device(struct device *dev, phys_addr_t phys, size_t size,
			    enum dma_data_direction dir)
{
	if (MUTANT(D02, dir != DMA_FROM_DEVICE, true))
		copy_part(dev, phys, size, true);
}

/* The size of the slab that kmalloc() would take this many bytes from. */
static size_t slab_size(size_t size)
{
	if (size > 64 && size <= 96)
		return 96;
	if (size > 128 && size <= 192)
		return 192;
	if (size <= 8)
		return size ? 8 : 0;
	return 1UL << log2_up(size);
}

bool bounce_kmalloc(const struct device *dev, size_t size, enum dma_data_direction dir)
{
	const struct libdma_machine *machine = dev->machine;

	if (!(machine->config & LIBDMA_CONFIG_BOUNCE_KMALLOC) ||
	    !machine->rules->bounces_kmalloc || dev->dma_coherent || dir == DMA_TO_DEVICE)
		return false;
	return size < 2 * KMALLOC_MINALIGN && slab_size(size) % machine->cacheline;
}
