/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * peer-iommu-dma.h - the kernel's mappings behind an IOMMU, built as a shared object of
 * their own
 *
 * Entries of lists are laid out as libdma's, and pages have the same names.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct scatterlist;

/* The IOMMU of a domain, whose page tables are the caller's. */
struct peer_iommu {
	uint64_t granule; /* bytes */
	uint64_t aperture_end;
	unsigned int cpus;
	bool lazy, is_pci;
	/* 0 or -errno; bytes that were mapped; 0 where nothing is */
	int (*map)(uint64_t dma, uint64_t phys, uint64_t size);
	uint64_t (*unmap)(uint64_t dma, uint64_t size);
	uint64_t (*phys)(uint64_t dma);
};

struct peer_iommu_device {
	uint64_t mask, bus_limit;
	uint64_t boundary; /* segment boundary mask */
	unsigned int longest; /* segment */
};

/* What the shared object exports as `peer_iommu_dma`. */
struct peer_iommu_dma {
	/* one device in one domain */
	void (*create)(const struct peer_iommu *iommu);
	void (*destroy)(void);
	void (*set_device)(const struct peer_iommu_device *device);
	void (*set_cpu)(unsigned int cpu);
	/* all ones where there is no room */
	uint64_t (*map)(uint64_t phys, size_t size);
	void (*unmap)(uint64_t dma, size_t size);
	/* segments or -errno */
	int (*map_sg)(struct scatterlist *sg, int nents);
	void (*unmap_sg)(struct scatterlist *sg, int nents);
	/* addresses alone, and at once; NULL in kernels without dma_iova_try_alloc() */
	uint64_t (*take)(uint64_t phys, size_t size);
	void (*give)(uint64_t dma, size_t size);
	/* run what is due until then */
	void (*advance)(unsigned long ms);
};
