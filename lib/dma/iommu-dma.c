// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * iommu-dma.c - streaming mappings of devices behind an IOMMU
 *
 * A buffer gets IOVAs for the granules that it touches and keeps its offset in the
 * first. A device that is not trusted never sees a granule that is not all of its
 * buffer: such buffers are bounced.
 *
 * Kernel counterpart: drivers/iommu/dma-iommu.c (RULES.md I20-I33)
 */
#include <errno.h>

#include "alloc/iova.h"
#include "base/bits.h"
#include "base/mutant.h"
#include "dma/bounce.h"
#include "dma/device.h"
#include "dma/group.h"
#include "dma/iommu-dma.h"
#include "dma/machine.h"
#include "hardware/cache.h"
#include "hardware/iommu.h"

/* Each try is an event, as a probe of the kernel's alloc_iova_fast() sees it. */
static dma_addr_t take(struct device *dev, uint64_t granules, uint64_t limit, bool flush)
{
	const struct libdma_machine *machine = dev->machine;
	uint64_t pfn = 0;
	int err = iova_alloc_fast(dev->state->group->iova, machine->cpu, granules,
				  limit / machine->granule, flush, &pfn);
	dma_addr_t dma = err ? 0 : pfn * machine->granule;

	device_emit(dev, &(struct dma_event) {
				 .kind = DMA_EVENT_ALLOC_IOVA,
				 .dma = dma,
				 .size = granules * machine->granule,
				 .limit = limit,
				 .align = 1,
				 .handle = dev->state->group->number + 1,
				 .error = dma ? 0 : -ENOMEM,
			 });
	return dma;
}

/* Below 4 GiB as long as there is room, for the sake of old hardware (RULES.md I21). */
static dma_addr_t take_low(struct device *dev, uint64_t granules, uint64_t limit)
{
	dma_addr_t dma;

	if (limit <= DMA_BIT_MASK(32) || !dev->pci_32bit_workaround)
		return 0;
	dma = take(dev, granules, DMA_BIT_MASK(32), false);
	if (!dma && dev->machine->rules->low_iova_gives_up) {
		dev->pci_32bit_workaround = false;
		device_log(dev, LIBDMA_LOG_NOTICE, "Using %d-bit DMA addresses",
			   64 - __builtin_clzll(limit));
	}
	return dma;
}

dma_addr_t iommu_dma_alloc_iova(struct device *dev, size_t size, uint64_t limit)
{
	const struct libdma_machine *machine = dev->machine;
	uint64_t granules = size / machine->granule;
	dma_addr_t dma;

	limit = min_not_zero(limit, dev->bus_dma_limit);
	if (limit > machine->aperture_end)
		limit = machine->aperture_end;
	dma = take_low(dev, granules, limit);
	return dma ? dma : take(dev, granules, limit, true);
}

static void emit_free(struct device *dev, dma_addr_t dma, size_t size)
{
	device_emit(dev, &(struct dma_event) {
				 .kind = DMA_EVENT_FREE_IOVA,
				 .dma = dma,
				 .size = size,
				 .handle = dev->state->group->number + 1,
			 });
}

void iommu_dma_free_iova(struct device *dev, dma_addr_t dma, size_t size)
{
	const struct libdma_machine *machine = dev->machine;

	iova_free_fast(dev->state->group->iova, machine->cpu, dma / machine->granule,
		       size / machine->granule);
	emit_free(dev, dma, size);
}

unsigned int iommu_dma_permission(enum dma_data_direction dir)
{
	switch (dir) {
	case DMA_BIDIRECTIONAL:
		return IOMMU_READ | IOMMU_WRITE;
	case DMA_TO_DEVICE:
		return IOMMU_READ;
	case DMA_FROM_DEVICE:
		return IOMMU_WRITE;
	default:
		return 0;
	}
}

dma_addr_t iommu_dma_map_range(struct device *dev, phys_addr_t phys, size_t size,
			       enum dma_data_direction dir, uint64_t limit)
{
	uint64_t granule = dev->machine->granule, offset = phys & (granule - 1);
	dma_addr_t dma;

	if (dev->machine->rules->iova_refuses_min_align &&
	    dma_get_min_align_mask(dev) > granule - 1) {
		device_log(dev, LIBDMA_LOG_WARNING, "Unsupported alignment constraint");
		return DMA_MAPPING_ERROR;
	}
	if (size > SIZE_MAX >> 1)
		return DMA_MAPPING_ERROR;
	size = align_up(MUTANT(F03, size, align_up(size, granule)) + offset, granule);
	dma = iommu_dma_alloc_iova(dev, size, limit);
	if (!dma)
		return DMA_MAPPING_ERROR;
	if (iommu_dma_translate(dev, dma, phys - offset, size,
				iommu_dma_permission(dir))) {
		iommu_dma_free_iova(dev, dma, size);
		return DMA_MAPPING_ERROR;
	}
	return dma + offset;
}

int iommu_dma_translate(struct device *dev, dma_addr_t dma, phys_addr_t phys, size_t size,
			unsigned int permission)
{
	int err = iommu_map(dev->state->group->table, dma, phys, size, permission);

	if (!err)
		device_emit(dev, &(struct dma_event) {
					 .kind = DMA_EVENT_IOMMU_MAP,
					 .dma = dma,
					 .phys = phys,
					 .size = size,
				 });
	return err;
}

/* Translations go, and with them what the IOTLB knows, unless a queue will see to it. */
void iommu_dma_forget(struct device *dev, dma_addr_t dma, size_t size, bool lazily)
{
	struct iommu *table = dev->state->group->table;
	size_t unmapped = iommu_unmap(table, dma, size);

	device_emit(dev, &(struct dma_event) {
				 .kind = DMA_EVENT_IOMMU_UNMAP,
				 .dma = dma,
				 .size = size,
				 .unmapped = unmapped,
			 });
	if (unmapped != size)
		device_log(dev, LIBDMA_LOG_WARNING,
			   "%zu of %zu bytes at 0x%llx were mapped", unmapped, size,
			   (unsigned long long)dma);
	if (!lazily)
		iommu_flush_range(table, dma, MUTANT(E20, size, dev->machine->granule));
}

/* In lazy mode the addresses wait for a flush (RULES.md I29-I31). */
void iommu_dma_release_iova(struct device *dev, dma_addr_t dma, size_t size)
{
	const struct libdma_machine *machine = dev->machine;

	iova_release(dev->state->group->iova, machine->cpu, dma / machine->granule,
		     size / machine->granule);
	if (!dev->state->group->lazy)
		emit_free(dev, dma, size);
}

void iommu_dma_unmap_range(struct device *dev, dma_addr_t dma, size_t size)
{
	uint64_t granule = dev->machine->granule, offset = dma & (granule - 1);

	dma -= offset;
	size = align_up(size + offset, granule);
	iommu_dma_forget(dev, dma, size, dev->state->group->lazy);
	iommu_dma_release_iova(dev, dma, size);
}

/* Could buffers of this device be bounced at all? */
static bool may_bounce(const struct device *dev, size_t size, enum dma_data_direction dir)
{
	return dev->untrusted || bounce_kmalloc(dev, size, dir);
}

bool iommu_dma_must_bounce(const struct device *dev, phys_addr_t phys, size_t size,
			   enum dma_data_direction dir)
{
	return may_bounce(dev, size, dir) && (phys | size) & (dev->machine->granule - 1);
}

dma_addr_t iommu_dma_map(struct device *dev, phys_addr_t phys, size_t size,
			 enum dma_data_direction dir, unsigned long attrs)
{
	bool memory = !(attrs & DMA_ATTR_MMIO);
	dma_addr_t dma = DMA_MAPPING_ERROR;

	if (memory && iommu_dma_must_bounce(dev, phys, size, dir)) {
		if (attrs & DMA_ATTR_REQUIRE_COHERENT)
			return DMA_MAPPING_ERROR;
		phys = bounce_map_granules(dev, phys, size, dir, attrs);
		if (phys == ~(phys_addr_t)0)
			return DMA_MAPPING_ERROR;
	}
	if (dev->dma_coherent || !memory || attrs & DMA_ATTR_SKIP_CPU_SYNC ||
	    !cache_clean(dev->machine->cache, phys, size))
		dma = iommu_dma_map_range(dev, phys, size, dir, dma_get_mask(dev));
	if (dma == DMA_MAPPING_ERROR &&
	    !(attrs & (DMA_ATTR_MMIO | DMA_ATTR_REQUIRE_COHERENT)))
		bounce_unmap(dev, phys, size, dir, attrs);
	return dma;
}

void iommu_dma_unmap(struct device *dev, dma_addr_t dma, size_t size,
		     enum dma_data_direction dir, unsigned long attrs)
{
	phys_addr_t phys;

	if (attrs & (DMA_ATTR_MMIO | DMA_ATTR_REQUIRE_COHERENT)) {
		iommu_dma_unmap_range(dev, dma, size);
		return;
	}
	phys = iommu_iova_to_phys(dev->state->group->table, dma);
	if (!phys) {
		device_log(dev, LIBDMA_LOG_WARNING, "nothing is mapped at 0x%llx",
			   (unsigned long long)dma);
		return;
	}
	if (!dev->dma_coherent && !(attrs & DMA_ATTR_SKIP_CPU_SYNC) &&
	    dir != DMA_TO_DEVICE)
		cache_invalidate(dev->machine->cache, phys, size);
	iommu_dma_unmap_range(dev, dma, size);
	bounce_unmap(dev, phys, size, dir, attrs);
}

void iommu_dma_sync_for_cpu(struct device *dev, dma_addr_t dma, size_t size,
			    enum dma_data_direction dir)
{
	phys_addr_t phys;

	if (dev->dma_coherent && !may_bounce(dev, size, dir))
		return;
	phys = iommu_iova_to_phys(dev->state->group->table, dma);
	if (!dev->dma_coherent && dir != DMA_TO_DEVICE)
		cache_invalidate(dev->machine->cache, phys, size);
	bounce_sync_for_cpu(dev, phys, size, dir);
}

void iommu_dma_sync_for_device(struct device *dev, dma_addr_t dma, size_t size,
			       enum dma_data_direction dir)
{
	phys_addr_t phys;

	if (dev->dma_coherent && !may_bounce(dev, size, dir))
		return;
	phys = iommu_iova_to_phys(dev->state->group->table, dma);
	bounce_sync_for_device(dev, phys, size, dir);
	device_write_back(dev, phys, size);
}
