// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * iommu-sg.c - how a list is laid out behind an IOMMU
 *
 * Kernel counterpart: drivers/iommu/dma-iommu.c (RULES.md I35-I39)
 */
#include <errno.h>

#include "base/bits.h"
#include "base/mutant.h"
#include "dma/iommu-sg.h"

static bool is_too_long(const struct kernel_rules *rules, unsigned int length, uint64_t more)
{
	return rules->list_lengths_are_checked && more > UINT32_MAX - length;
}

int iommu_sg_layout(const struct kernel_rules *rules, struct scatterlist *sgl,
		    unsigned int nents, uint64_t granule, uint64_t boundary, uint64_t *ret)
{
	struct scatterlist *sg, *before = NULL;
	uint64_t total = 0;
	unsigned int i;

	for_each_sg(sgl, sg, nents, i) {
		uint64_t offset = sg->offset & (granule - 1);
		uint64_t size = align_up(sg->length + offset, granule);
		uint64_t padding = (boundary - MUTANT(F14, total, offset) + 1) & boundary;

		sg_dma_address(sg) = offset;
		sg_dma_len(sg) = sg->length;
		sg->offset -= (unsigned int)offset;
		if (is_too_long(rules, 0, size))
			return -EOVERFLOW;
		sg->length = (unsigned int)size;

		/* What would cross a boundary begins behind it. */
		if (before && padding && padding < size - 1) {
			if (is_too_long(rules, before->length, padding))
				return -EOVERFLOW;
			before->length += (unsigned int)padding;
			total += padding;
		}
		total += size;
		before = sg;
	}
	*ret = total;
	return 0;
}

unsigned int iommu_sg_merge(struct scatterlist *sgl, unsigned int nents, uint64_t boundary,
		      unsigned int longest, dma_addr_t dma)
{
	struct scatterlist *sg, *segment = NULL;
	unsigned int length = 0; /* of the segment so far; 0: nothing may join it */
	unsigned int count = 0, i;

	for_each_sg(sgl, sg, nents, i) {
		unsigned int offset = (unsigned int)sg_dma_address(sg);
		unsigned int own = sg_dma_len(sg), padded = sg->length;

		sg->offset += offset;
		sg->length = own;
		sg_dma_address(sg) = DMA_MAPPING_ERROR;
		sg_dma_len(sg) = 0;

		if (length && !offset && MUTANT(F02, dma & boundary, true) &&
		    MUTANT(F01, longest - length >= own, length + own <= longest)) {
			length += own;
		} else {
			segment = segment ? sg_next(segment) : sgl;
			sg_dma_address(segment) = dma + offset;
			length = own;
			count++;
		}
		sg_dma_len(segment) = length;
		dma += padded;

		/* The next piece does not begin where this one ends. */
		if (own + offset < padded)
			length = 0;
	}
	return count;
}

void iommu_sg_restore(struct scatterlist *sgl, unsigned int nents)
{
	struct scatterlist *sg;
	unsigned int i;

	for_each_sg(sgl, sg, nents, i) {
		if (sg_dma_address(sg) != DMA_MAPPING_ERROR)
			sg->offset += (unsigned int)sg_dma_address(sg);
		if (sg_dma_len(sg)) /* an entry without a byte keeps its granule */
			sg->length = MUTANT(X06, sg_dma_len(sg), sg->length);
		sg_dma_address(sg) = DMA_MAPPING_ERROR;
		sg_dma_len(sg) = 0;
	}
}

uint64_t iommu_sg_extent(struct scatterlist *sgl, unsigned int nents, dma_addr_t *start)
{
	struct scatterlist *sg;
	dma_addr_t end = 0;
	unsigned int i;

	*start = nents ? sg_dma_address(sgl) : 0;
	for_each_sg(sgl, sg, nents, i) {
		if (MUTANT(F23, !sg_dma_len(sg), false))
			break;
		end = sg_dma_address(sg) + sg_dma_len(sg);
	}
	return end ? end - *start : 0;
}
