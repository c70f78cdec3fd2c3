/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * iommu-sg.h - how a list is laid out behind an IOMMU
 *
 * There pieces that lie anywhere become neighbours. How much address space they need,
 * and which of them the device then sees as one segment, follows from offsets and
 * lengths alone. As in the kernel it is worked out in the list itself: between
 * iommu_sg_layout() and iommu_sg_merge() a piece's offset and length are those of whole granules,
 * as they are mapped, and its own lie in the DMA fields.
 *
 * Kernel counterpart: drivers/iommu/dma-iommu.c, iommu_dma_map_sg(), __finalise_sg(),
 * __invalidate_sg(), iommu_dma_unmap_sg() (RULES.md I35-I39)
 */
#pragma once

#include <libdma/scatterlist.h>

#include "base/rules.h"

/**
 * iommu_sg_layout() - the address space that a list needs
 * @rules:	of the modelled kernel
 * @sgl:	the list
 * @nents:	its pieces
 * @granule:	of the IOMMU, bytes
 * @boundary:	segment boundary mask of the device, 2^n-1
 * @ret:	set to bytes, 0 where the list has none
 *
 * Return: 0, or -EOVERFLOW where a piece would get longer than 32 bits say, and the kernel
 * looks (rule I35): the list is then to be restored.
 */
int iommu_sg_layout(const struct kernel_rules *rules, struct scatterlist *sgl,
		    unsigned int nents, uint64_t granule, uint64_t boundary, uint64_t *ret);

/**
 * iommu_sg_merge() - the segments that a device sees
 * @sgl:	the list, after iommu_sg_layout()
 * @nents:	its pieces
 * @boundary:	segment boundary mask of the device
 * @longest:	bytes of the longest segment that the device takes
 * @dma:	where the address space begins, aligned as iova_alloc() does
 *
 * The pieces have their own offsets and lengths again. As in the kernel a piece longer
 * than @longest takes in what follows (rule I38).
 *
 * Return: how many segments there are; they stand in the first entries.
 */
unsigned int iommu_sg_merge(struct scatterlist *sgl, unsigned int nents, uint64_t boundary,
		      unsigned int longest, dma_addr_t dma);

/**
 * iommu_sg_restore() - a list after iommu_sg_layout() as it was, mapped nowhere
 *
 * As in the kernel a piece without a byte keeps the length of its granule.
 */
void iommu_sg_restore(struct scatterlist *sgl, unsigned int nents);

/**
 * iommu_sg_extent() - what to unmap of a list
 * @sgl:	the list, as iommu_sg_merge() left it
 * @nents:	its pieces
 * @start:	where the first segment begins
 *
 * Rule I39.
 *
 * Return: bytes from there to the end of the last segment, 0 where there is none.
 */
uint64_t iommu_sg_extent(struct scatterlist *sgl, unsigned int nents, dma_addr_t *start);
