/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * peer-iova.h - the kernel's IOVA allocator, built as a shared object of its own
 */
#pragma once

#include <stdbool.h>

struct iommu_dma_cookie;

/* What the shared object exports as `peer_iova`. Addresses and sizes are in pages. */
struct peer_iova {
	struct iommu_dma_cookie *(*create)(unsigned long start, unsigned int cpus);
	void (*destroy)(struct iommu_dma_cookie *domain);
	/* through the magazines; 0 where there is no room */
	unsigned long (*alloc_fast)(struct iommu_dma_cookie *domain, unsigned int cpu,
				    unsigned long size, unsigned long limit, bool flush);
	void (*free_fast)(struct iommu_dma_cookie *domain, unsigned int cpu,
			  unsigned long pfn, unsigned long size);
	void (*queue)(struct iommu_dma_cookie *domain, unsigned int cpu, unsigned long pfn,
		      unsigned long size);
	/* in the tree alone */
	unsigned long (*alloc)(struct iommu_dma_cookie *domain, unsigned long size,
			       unsigned long limit);
	void (*free)(struct iommu_dma_cookie *domain, unsigned long pfn);
	bool (*reserve)(struct iommu_dma_cookie *domain, unsigned long lo, unsigned long hi);
	/* run what is due until then */
	void (*advance)(unsigned long ms);
};
