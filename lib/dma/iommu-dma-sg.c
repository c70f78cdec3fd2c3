// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * iommu-dma-sg.c - lists of devices behind an IOMMU: one range for all pieces
 *
 * Kernel counterpart: drivers/iommu/dma-iommu.c, iommu_dma_map_sg() to
 * iommu_dma_unmap_sg() (RULES.md I34-I39)
 */
#include <errno.h>

#include "base/mutant.h"
#include "dma/bounce.h"
#include "dma/device.h"
#include "dma/group.h"
#include "dma/iommu-dma.h"
#include "dma/iommu-sg.h"
#include "hardware/cache.h"
#include "hardware/iommu.h"

/* Some piece would share granules or cache lines: then each is mapped by itself. */
static bool list_must_bounce(struct device *dev, struct scatterlist *sgl, int nents,
			     enum dma_data_direction dir)
{
	struct scatterlist *sg;
	int i;

	if (dev->untrusted)
		return true;
	for_each_sg(sgl, sg, nents,
		    i) if (bounce_kmalloc(dev, sg->length, dir)) return true;
	return false;
}

static void unmap_each(struct device *dev, struct scatterlist *sgl, int nents,
		       enum dma_data_direction dir, unsigned long attrs)
{
	struct scatterlist *sg;
	int i;

	for_each_sg(sgl, sg, nents, i)
		iommu_dma_unmap(dev, sg_dma_address(sg), sg_dma_len(sg), dir, attrs);
}

/* The mark tells the unmap; as in the kernel it is never taken away (RULES.md I34). */
static void mark(const struct device *dev, struct scatterlist *sgl)
{
	if (dev->machine->rules->lists_are_marked)
		sg_dma_mark_swiotlb(sgl);
}

static bool is_marked(const struct device *dev, struct scatterlist *sgl)
{
	return dev->machine->rules->lists_are_marked ? sg_dma_is_swiotlb(sgl)
						     : dev->untrusted;
}

static int map_each(struct device *dev, struct scatterlist *sgl, int nents,
		    enum dma_data_direction dir, unsigned long attrs)
{
	struct scatterlist *sg;
	int i;

	mark(dev, sgl);
	for_each_sg(sgl, sg, nents, i)
	{
		sg_dma_address(sg) =
			iommu_dma_map(dev, sg_phys(sg), sg->length, dir, attrs);
		if (sg_dma_address(sg) == DMA_MAPPING_ERROR) {
			unmap_each(dev, sgl, MUTANT(X08, i, 0), dir,
				   attrs | DMA_ATTR_SKIP_CPU_SYNC);
			return -EIO;
		}
		sg_dma_len(sg) = sg->length;
	}
	return nents;
}

/* Translate the granules of all pieces, in runs that lie together in memory. */
static int translate_list(struct device *dev, struct scatterlist *sgl, int nents,
			  dma_addr_t dma, enum dma_data_direction dir, uint64_t *mapped)
{
	unsigned int permission = iommu_dma_permission(dir);
	phys_addr_t phys = 0;
	struct scatterlist *sg;
	uint64_t run = 0;
	int i, err;

	*mapped = 0;
	for_each_sg(sgl, sg, nents, i)
	{
		if (run && phys + run == sg_phys(sg)) {
			run += sg->length;
			continue;
		}
		if (run) {
			err = iommu_dma_translate(dev, dma + *mapped, phys, run, permission);
			if (err)
				return err;
		}
		*mapped += run;
		phys = sg_phys(sg);
		run = sg->length;
	}
	err = run ? iommu_dma_translate(dev, dma + *mapped, phys, run, permission) : 0;
	*mapped += err ? 0 : run;
	return err;
}

static int map_merged(struct device *dev, struct scatterlist *sgl, int nents,
		      enum dma_data_direction dir)
{
	uint64_t boundary = dma_get_seg_boundary(dev), size, mapped;
	dma_addr_t dma;
	int err;

	err = iommu_sg_layout(dev->machine->rules, sgl, (unsigned int)nents,
			      dev->machine->granule, boundary, &size);
	if (err)
		goto restore;

	/* Entries without a byte are segments at 0, and nothing is translated. */
	if (!size)
		return (int)iommu_sg_merge(sgl, (unsigned int)nents, boundary,
					   dma_get_max_seg_size(dev), 0);
	dma = iommu_dma_alloc_iova(dev, size, dma_get_mask(dev));
	err = dma ? 0 : -ENOMEM;
	if (err)
		goto restore;
	err = translate_list(dev, sgl, nents, dma, dir, &mapped);
	if (err)
		iommu_dma_forget(dev, dma, mapped, false);
	/* Fewer where 32 bits were too few for a padding: they stay, as in the kernel. */
	if (err || mapped < size) {
		iommu_dma_free_iova(dev, dma, size);
		goto restore;
	}
	return (int)iommu_sg_merge(sgl, (unsigned int)nents, boundary,
				   dma_get_max_seg_size(dev), dma);

restore:
	iommu_sg_restore(sgl, (unsigned int)nents);
	return err == -ENOMEM ? -ENOMEM : -EINVAL;
}

/* 0, or -ENOMEM where what a device sees could not be kept. */
static int clean_list(struct device *dev, struct scatterlist *sgl, int nents)
{
	struct scatterlist *sg;
	int i, err = 0;

	for_each_sg(sgl, sg, nents, i)
		err = err ? err : cache_clean(dev->machine->cache, sg_phys(sg), sg->length);
	return err;
}

int iommu_dma_map_sg(struct device *dev, struct scatterlist *sgl, int nents,
		     enum dma_data_direction dir, unsigned long attrs)
{
	if (nents <= 0)
		return 0; /* which the caller takes for an odd error (RULES.md D12) */
	if (list_must_bounce(dev, sgl, nents, dir))
		return map_each(dev, sgl, nents, dir, attrs);
	if (!dev->dma_coherent && !(attrs & DMA_ATTR_SKIP_CPU_SYNC) &&
	    clean_list(dev, sgl, nents))
		return -ENOMEM;
	return map_merged(dev, sgl, nents, dir);
}

void iommu_dma_unmap_sg(struct device *dev, struct scatterlist *sgl, int nents,
			enum dma_data_direction dir, unsigned long attrs)
{
	uint64_t size;
	dma_addr_t dma;

	if (is_marked(dev, sgl)) {
		unmap_each(dev, sgl, nents, dir, attrs);
		return;
	}
	if (!(attrs & DMA_ATTR_SKIP_CPU_SYNC))
		iommu_dma_sync_sg_for_cpu(dev, sgl, nents, dir);
	size = iommu_sg_extent(sgl, (unsigned int)nents, &dma);
	if (size)
		iommu_dma_unmap_range(dev, dma, size);
}

void iommu_dma_sync_sg_for_cpu(struct device *dev, struct scatterlist *sgl, int nents,
			       enum dma_data_direction dir)
{
	struct scatterlist *sg;
	int i;

	for_each_sg(sgl, sg, nents, i)
	{
		if (MUTANT(F04, is_marked(dev, sgl), false))
			iommu_dma_sync_for_cpu(dev, sg_dma_address(sg), sg->length, dir);
		else if (!dev->dma_coherent && dir != DMA_TO_DEVICE)
			cache_invalidate(dev->machine->cache, sg_phys(sg), sg->length);
	}
}

void iommu_dma_sync_sg_for_device(struct device *dev, struct scatterlist *sgl, int nents,
				  enum dma_data_direction dir)
{
	struct scatterlist *sg;
	int i;

	for_each_sg(sgl, sg, nents, i)
	{
		if (is_marked(dev, sgl))
			iommu_dma_sync_for_device(dev, sg_dma_address(sg), sg->length,
						  dir);
		else
			device_write_back(dev, sg_phys(sg), sg->length);
	}
}
