/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * iommu-dma.h - devices that see memory through an IOMMU
 */
#pragma once

#include <libdma/dma-mapping.h>

struct group;

/*
 * IOVAs for @size bytes, whole granules, at or below @limit (RULES.md I20, I21).
 * 0 where there are none.
 */
dma_addr_t iommu_dma_alloc_iova(struct device *dev, size_t size, uint64_t limit);

/* Give them back at once, whatever the mode: no translation was ever there. */
void iommu_dma_free_iova(struct device *dev, dma_addr_t dma, size_t size);

/* What a transfer in this direction may do; enum iommu_permission. */
unsigned int iommu_dma_permission(enum dma_data_direction dir);

/* Put translations in place: 0 or -errno. */
int iommu_dma_translate(struct device *dev, dma_addr_t dma, phys_addr_t phys, size_t size,
			unsigned int permission);

/* Take them away; @lazily leaves the IOTLB as it is. */
void iommu_dma_forget(struct device *dev, dma_addr_t dma, size_t size, bool lazily);

/* Give IOVAs back that were translated: in lazy mode they wait for a flush. */
void iommu_dma_release_iova(struct device *dev, dma_addr_t dma, size_t size);

/* One physically contiguous range, and its end (RULES.md I24, I25). */
dma_addr_t iommu_dma_map_range(struct device *dev, phys_addr_t phys, size_t size,
			       enum dma_data_direction dir, uint64_t limit);
void iommu_dma_unmap_range(struct device *dev, dma_addr_t dma, size_t size);

/* Is a buffer bounced, since it shares granules with what the device must not see? */
bool iommu_dma_must_bounce(const struct device *dev, phys_addr_t phys, size_t size,
			   enum dma_data_direction dir);

dma_addr_t iommu_dma_map(struct device *dev, phys_addr_t phys, size_t size,
			 enum dma_data_direction dir, unsigned long attrs);
void iommu_dma_unmap(struct device *dev, dma_addr_t dma, size_t size,
		     enum dma_data_direction dir, unsigned long attrs);

/* Segments, 0 for an empty list, or -EINVAL, -ENOMEM, -EIO. */
int iommu_dma_map_sg(struct device *dev, struct scatterlist *sgl, int nents,
		     enum dma_data_direction dir, unsigned long attrs);
void iommu_dma_unmap_sg(struct device *dev, struct scatterlist *sgl, int nents,
			enum dma_data_direction dir, unsigned long attrs);

void iommu_dma_sync_for_cpu(struct device *dev, dma_addr_t dma, size_t size,
			    enum dma_data_direction dir);
void iommu_dma_sync_for_device(struct device *dev, dma_addr_t dma, size_t size,
			       enum dma_data_direction dir);
void iommu_dma_sync_sg_for_cpu(struct device *dev, struct scatterlist *sgl, int nents,
			       enum dma_data_direction dir);
void iommu_dma_sync_sg_for_device(struct device *dev, struct scatterlist *sgl, int nents,
				  enum dma_data_direction dir);

void *iommu_dma_alloc(struct device *dev, size_t size, dma_addr_t *dma, gfp_t gfp,
		      unsigned long attrs);
void iommu_dma_free(struct device *dev, size_t size, void *cpu, dma_addr_t dma);
struct page *iommu_dma_alloc_pages(struct device *dev, size_t size, dma_addr_t *dma,
				   enum dma_data_direction dir, gfp_t gfp);
void iommu_dma_free_pages(struct device *dev, size_t size, struct page *page,
			  dma_addr_t dma, enum dma_data_direction dir);
struct sg_table *iommu_dma_alloc_noncontiguous(struct device *dev, size_t size, gfp_t gfp,
					       unsigned long attrs);
void iommu_dma_free_noncontiguous(struct device *dev, size_t size,
				  struct sg_table *table);
