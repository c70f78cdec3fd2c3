// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * mapping-sg.c - streaming mappings of lists: the functions that drivers call
 *
 * Kernel counterpart: kernel/dma/mapping.c (RULES.md D9-D14, T2)
 */
#include <errno.h>

#include "base/mutant.h"
#include "dma/direct.h"
#include "dma/iommu-dma.h"
#include "dma/list-event.h"
#include "dma/machine.h"
#include "dma/mapping.h"

static bool is_usual(int err)
{
	return err == -EINVAL || err == -ENOMEM || err == -EIO || err == -EREMOTEIO;
}

static void emit_map(struct device *dev, struct scatterlist *sgl, int nents, int ents,
		     enum dma_data_direction dir, unsigned long attrs)
{
	struct list_event list;

	if (!device_is_observed(dev))
		return;
	list_event_init(&list, &dev->machine->heap, sgl, nents, ents > 0 ? ents : 0);
	list.event.kind = ents > 0 ? DMA_EVENT_MAP_SG : DMA_EVENT_MAP_SG_ERR;
	list.event.error = ents > 0 ? 0 : ents;
	list.event.dir = dir;
	list.event.attrs = attrs;
	device_emit(dev, &list.event);
	list_event_deinit(&list);
}

static void emit_unmap(struct device *dev, struct scatterlist *sgl, int nents,
		       enum dma_data_direction dir, unsigned long attrs)
{
	struct list_event list;

	if (!device_is_observed(dev))
		return;
	list_event_init(&list, &dev->machine->heap, sgl, nents, 0);
	list.event.kind = DMA_EVENT_UNMAP_SG;
	list.event.dir = dir;
	list.event.attrs = attrs;
	device_emit(dev, &list.event);
	list_event_deinit(&list);
}

/* Segments, 0 without a mask, or -errno. */
static int map_sg(struct device *dev, struct scatterlist *sgl, int nents,
		  enum dma_data_direction dir, unsigned long attrs)
{
	int ents;

	attrs &= dev->machine->rules->known_attrs;
	if (!mapping_direction_valid(dev, dir))
		return -EINVAL;
	if (!dev->dma_coherent && attrs & DMA_ATTR_REQUIRE_COHERENT)
		return -EOPNOTSUPP;
	if (!dev->dma_mask) {
		device_log(dev, LIBDMA_LOG_WARNING, "has no DMA mask");
		return 0;
	}
	ents = device_is_direct(dev) ? direct_map_sg(dev, sgl, nents, dir, attrs)
				     : iommu_dma_map_sg(dev, sgl, nents, dir, attrs);
	if (ents <= 0 && !is_usual(ents)) {
		device_log(dev, LIBDMA_LOG_WARNING, "mapping a list gave %d", ents);
		emit_map(dev, sgl, nents, ents, dir, attrs);
		return -EIO;
	}
	/* The kernel's trace is silent about the usual failures; ours is not. */
	emit_map(dev, sgl, nents, ents, dir, attrs);
	return ents;
}

unsigned int dma_map_sg_attrs(struct device *dev, struct scatterlist *sg, int nents,
			      enum dma_data_direction dir, unsigned long attrs)
{
	int ents = map_sg(dev, sg, nents, dir, attrs);

	return ents < 0 ? 0 : (unsigned int)ents;
}

int dma_map_sgtable(struct device *dev, struct sg_table *table,
		    enum dma_data_direction dir, unsigned long attrs)
{
	int ents = map_sg(dev, table->sgl, (int)table->orig_nents, dir, attrs);

	if (ents < 0)
		return ents;
	table->nents = (unsigned int)ents;
	return 0;
}

void dma_unmap_sg_attrs(struct device *dev, struct scatterlist *sg, int nents,
			enum dma_data_direction dir, unsigned long attrs)
{
	attrs &= dev->machine->rules->known_attrs;
	if (!mapping_direction_valid(dev, dir))
		return;
	emit_unmap(dev, sg, nents, dir, attrs);
	if (device_is_direct(dev))
		direct_unmap_sg(dev, sg, nents, dir, attrs);
	else
		iommu_dma_unmap_sg(dev, sg, nents, dir, attrs);
}

void dma_unmap_sgtable(struct device *dev, struct sg_table *table,
		       enum dma_data_direction dir, unsigned long attrs)
{
	dma_unmap_sg_attrs(dev, table->sgl,
			   (int)MUTANT(F16, table->orig_nents, table->nents), dir, attrs);
}
