/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * bounce.h - buffers copied to where a device can reach them
 *
 * What stands between a mapping and the swiotlb allocator: addresses, copies, the
 * first bounce of a device, and what is said when there is no room.
 */
#pragma once

#include <libdma/dma-mapping.h>

/* For a device without IOMMU: the device's address of the copy (RULES.md S6-S12). */
dma_addr_t bounce_map(struct device *dev, phys_addr_t phys, size_t size,
		      enum dma_data_direction dir, unsigned long attrs);

/*
 * For one with: the copy's physical address, aligned to granules; all ones where
 * there is no room. What surrounds it in its granules is zeroed (RULES.md I27).
 */
phys_addr_t bounce_map_granules(struct device *dev, phys_addr_t phys, size_t size,
				enum dma_data_direction dir, unsigned long attrs);

/* Whole pages of a restricted device's own pool (RULES.md S27); 0 or -errno. */
int bounce_alloc(struct device *dev, size_t size, phys_addr_t *phys);

/* Does a bounced buffer lie at @phys? */
bool bounce_holds(const struct device *dev, phys_addr_t phys);

/* Copy back unless @attrs or @dir forbid it, and give the slots back, if it is one. */
void bounce_unmap(struct device *dev, phys_addr_t phys, size_t size,
		  enum dma_data_direction dir, unsigned long attrs);

/* Give the slots back, if it is one; nothing is copied. */
void bounce_release(struct device *dev, phys_addr_t phys, size_t size);

void bounce_sync_for_cpu(struct device *dev, phys_addr_t phys, size_t size,
			 enum dma_data_direction dir);
void bounce_sync_for_device(struct device *dev, phys_addr_t phys, size_t size,
			    enum dma_data_direction dir);

/* Would this length share cache lines of a slab, on a device that is not coherent? */
bool bounce_kmalloc(const struct device *dev, size_t size, enum dma_data_direction dir);
