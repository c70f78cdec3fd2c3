// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * sync.c - who owns a live mapping's buffer: the functions that drivers call
 *
 * Where nothing would happen the kernel returns before its tracepoint; so no event
 * is told then either (RULES.md Y8).
 *
 * Kernel counterpart: kernel/dma/mapping.c, include/linux/dma-mapping.h
 * (RULES.md Y1-Y11)
 */
#include "base/mutant.h"
#include "dma/direct.h"
#include "dma/iommu-dma.h"
#include "dma/list-event.h"
#include "dma/machine.h"
#include "dma/mapping.h"

static void emit_single(struct device *dev, enum dma_event_kind kind, dma_addr_t dma,
			size_t size, enum dma_data_direction dir)
{
	device_emit(dev, &(struct dma_event) {
				 .kind = kind, .dma = dma, .size = size, .dir = dir });
}

void dma_sync_single_for_cpu(struct device *dev, dma_addr_t dma, size_t size,
			     enum dma_data_direction dir)
{
	if (dev->dma_skip_sync || !mapping_direction_valid(dev, dir))
		return;
	if (device_is_direct(dev))
		direct_sync_for_cpu(dev, dma, size, dir);
	else
		iommu_dma_sync_for_cpu(dev, dma, size, dir);
	emit_single(dev, DMA_EVENT_SYNC_SINGLE_FOR_CPU, dma, size, dir);
}

void dma_sync_single_for_device(struct device *dev, dma_addr_t dma, size_t size,
				enum dma_data_direction dir)
{
	if (dev->dma_skip_sync || !mapping_direction_valid(dev, dir))
		return;
	if (device_is_direct(dev))
		direct_sync_for_device(dev, dma, size, dir);
	else
		iommu_dma_sync_for_device(dev, dma, size, dir);
	emit_single(dev, DMA_EVENT_SYNC_SINGLE_FOR_DEVICE, dma, size, dir);
}

/* The kernel's event shows the DMA side of all entries, and no physical address. */
static void emit_sg(struct device *dev, enum dma_event_kind kind, struct scatterlist *sgl,
		    int nents, enum dma_data_direction dir)
{
	struct list_event list;

	if (!device_is_observed(dev))
		return;
	list_event_init(&list, &dev->machine->heap, sgl, 0, nents);
	list.event.kind = kind;
	list.event.dir = dir;
	list.event.nents = (uint32_t)nents;
	device_emit(dev, &list.event);
	list_event_deinit(&list);
}

void dma_sync_sg_for_cpu(struct device *dev, struct scatterlist *sgl, int nents,
			 enum dma_data_direction dir)
{
	struct scatterlist *sg;
	int i;

	if (dev->dma_skip_sync || !mapping_direction_valid(dev, dir))
		return;
	if (!device_is_direct(dev))
		iommu_dma_sync_sg_for_cpu(dev, sgl, nents, dir);
	else
		for_each_sg(sgl, sg, nents, i)
			direct_sync_for_cpu(dev, sg_dma_address(sg), sg->length, dir);
	emit_sg(dev, DMA_EVENT_SYNC_SG_FOR_CPU, sgl, nents, dir);
}

void dma_sync_sg_for_device(struct device *dev, struct scatterlist *sgl, int nents,
			    enum dma_data_direction dir)
{
	struct scatterlist *sg;
	int i;

	if (dev->dma_skip_sync || !mapping_direction_valid(dev, dir))
		return;
	if (!device_is_direct(dev))
		iommu_dma_sync_sg_for_device(dev, sgl, nents, dir);
	else
		for_each_sg(sgl, sg, nents, i)
			direct_sync_for_device(dev,
					       MUTANT(C03, sg_dma_address(sg),
						      sg_phys(sg)),
					       sg->length, dir);
	emit_sg(dev, DMA_EVENT_SYNC_SG_FOR_DEVICE, sgl, nents, dir);
}

bool dma_need_sync(struct device *dev, dma_addr_t dma)
{
	if (dev->dma_skip_sync)
		return false;
	return !device_is_direct(dev) || direct_needs_sync(dev, dma);
}

bool dma_need_unmap(struct device *dev)
{
	return !device_is_direct(dev) || !dev->dma_skip_sync;
}
