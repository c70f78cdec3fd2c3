/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * direct.h - devices that see memory by its physical addresses, or nearly so
 */
#pragma once

#include <libdma/dma-mapping.h>

/* Address by address, through the device's windows if it has some (RULES.md D1). */
dma_addr_t direct_phys_to_dma(const struct device *dev, phys_addr_t phys);
phys_addr_t direct_dma_to_phys(const struct device *dev, dma_addr_t dma);

/* Can the device reach all @size bytes from @dma on? (RULES.md D2) */
bool direct_capable(const struct device *dev, dma_addr_t dma, size_t size);

/* The same of an allocation, by the coherent mask (RULES.md A9). */
bool direct_coherent_capable(const struct device *dev, phys_addr_t phys, size_t size);

/* Is every streaming mapping of the device bounced? */
bool direct_must_bounce(const struct device *dev);

dma_addr_t direct_map(struct device *dev, phys_addr_t phys, size_t size,
		      enum dma_data_direction dir, unsigned long attrs);
void direct_unmap(struct device *dev, dma_addr_t dma, size_t size,
		  enum dma_data_direction dir, unsigned long attrs);
dma_addr_t direct_map_resource(struct device *dev, phys_addr_t phys, size_t size);

/* Segments, or -EIO, with nothing mapped. */
int direct_map_sg(struct device *dev, struct scatterlist *sgl, int nents,
		  enum dma_data_direction dir, unsigned long attrs);
void direct_unmap_sg(struct device *dev, struct scatterlist *sgl, int nents,
		     enum dma_data_direction dir, unsigned long attrs);

void direct_sync_for_cpu(struct device *dev, dma_addr_t dma, size_t size,
			 enum dma_data_direction dir);
void direct_sync_for_device(struct device *dev, dma_addr_t dma, size_t size,
			    enum dma_data_direction dir);

/* Is there anything to sync at this address? */
bool direct_needs_sync(struct device *dev, dma_addr_t dma);

void *direct_alloc(struct device *dev, size_t size, dma_addr_t *dma, gfp_t gfp,
		   unsigned long attrs);
void direct_free(struct device *dev, size_t size, void *cpu, dma_addr_t dma,
		 unsigned long attrs);
struct page *direct_alloc_pages(struct device *dev, size_t size, dma_addr_t *dma,
				gfp_t gfp);
void direct_free_pages(struct device *dev, size_t size, struct page *page);
