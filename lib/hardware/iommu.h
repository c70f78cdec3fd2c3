/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * iommu.h - one domain of an IOMMU: its page table, and what its IOTLB remembers
 *
 * A device's access is translated as hardware would: from the IOTLB if that has the
 * page, though the table may have changed since; else from the table, and remembered.
 * So what a device can still reach after an unmap, until the flush, is seen.
 *
 * Kernel counterpart: drivers/iommu/iommu.c, iommu_map() to iommu_iova_to_phys(), and
 * the hardware behind them (RULES.md I25, I28-I30)
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libdma/types.h>

#include "base/heap.h"

/* What a device may do. */
#define IOMMU_READ  1U
#define IOMMU_WRITE 2U

struct iommu;

/**
 * iommu_create() - a domain in which nothing is mapped
 * @heap:	where its tables come from; NULL for plain memory
 * @granule:	bytes of the smallest page, a power of two from 4096 to 2^31
 * @ret:	the domain
 *
 * Return: 0, -EINVAL or -ENOMEM.
 */
int iommu_create(struct heap *heap, uint64_t granule, struct iommu **ret);
void iommu_destroy(struct iommu *iommu);

/**
 * iommu_map() - let addresses of devices mean physical ones
 * @iommu:	the domain
 * @dma:	the first, a multiple of the granule
 * @phys:	what it means, a multiple too
 * @size:	bytes, a multiple too; none are allowed
 * @permission:	IOMMU_READ and IOMMU_WRITE
 *
 * All of it or nothing.
 *
 * Return: 0; -EINVAL where something is no multiple or wraps; -EEXIST where a page is
 * mapped; -ENOMEM without memory for a table.
 */
int iommu_map(struct iommu *iommu, dma_addr_t dma, phys_addr_t phys, uint64_t size,
	      unsigned int permission);

/**
 * iommu_unmap() - let them mean nothing
 *
 * Up to the first page that is not mapped, as the kernel does. The IOTLB is not told.
 *
 * Return: how many bytes were mapped.
 */
uint64_t iommu_unmap(struct iommu *iommu, dma_addr_t dma, uint64_t size);

/** iommu_flush() - the IOTLB forgets all */
void iommu_flush(struct iommu *iommu);

/** iommu_flush_range() - the IOTLB forgets the pages of a range */
void iommu_flush_range(struct iommu *iommu, dma_addr_t dma, uint64_t size);

/** iommu_iova_to_phys() - what the table says of an address; 0 where it is not mapped */
phys_addr_t iommu_iova_to_phys(const struct iommu *iommu, dma_addr_t dma);

/* Why an access was refused. */
enum iommu_fault {
	IOMMU_FAULT_NONE,
	IOMMU_FAULT_NOT_MAPPED, /* no page there */
	IOMMU_FAULT_READ,	/* the page may not be read */
	IOMMU_FAULT_WRITE,	/* the page may not be written */
	IOMMU_FAULTS,
};

/** iommu_fault_name() - in words, "page is not mapped" */
const char *iommu_fault_name(enum iommu_fault fault);

/**
 * struct iommu_access - what became of a device's access
 *
 * @phys:	what the address means
 * @size:	bytes from there to the page's end
 * @stale:	the IOTLB knew it, and the table says otherwise by now
 * @fault:	why not
 */
struct iommu_access {
	phys_addr_t phys;
	uint64_t size;
	bool stale;
	enum iommu_fault fault;
};

/**
 * iommu_access() - translate a device's access
 * @iommu:	the domain
 * @dma:	the address
 * @permission:	what the device does: IOMMU_READ, IOMMU_WRITE or both
 * @ret:	the outcome
 *
 * The IOTLB remembers every page that is accessed; where memory for that is short, it
 * does not, which no device can rely on.
 *
 * Return: 0, or -EFAULT with @ret->fault set.
 */
int iommu_access(struct iommu *iommu, dma_addr_t dma, unsigned int permission,
		 struct iommu_access *ret);

/* A range of pages that follow each other on both sides. */
struct iommu_mapping {
	dma_addr_t dma;
	phys_addr_t phys;
	uint64_t size;
	unsigned int permission;
};

typedef int iommu_visitor(const struct iommu_mapping *mapping, void *arg);

/** iommu_walk() - visit what is mapped, lowest first; a non-zero return ends the walk */
int iommu_walk(const struct iommu *iommu, iommu_visitor *visit, void *arg);

/** iommu_walk_stale() - the same for what the IOTLB remembers and is mapped no more */
int iommu_walk_stale(const struct iommu *iommu, iommu_visitor *visit, void *arg);

/** iommu_mapped() - bytes that are mapped */
uint64_t iommu_mapped(const struct iommu *iommu);

/** iommu_valid() - do the tables' own invariants hold? For tests. */
bool iommu_valid(const struct iommu *iommu);
