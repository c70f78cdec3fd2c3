// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * iommu.c - one domain of an IOMMU: its page table, and what its IOTLB remembers
 *
 * Both are tables of pages. The IOTLB is one that never runs out of room: what it may
 * know, it knows, so that a use after unmap is not hidden by luck.
 *
 * Kernel counterpart: drivers/iommu/iommu.c, and the hardware (RULES.md I25, I28-I30)
 */
#include <errno.h>

#include "base/bits.h"
#include "hardware/page-table.h"
#include "hardware/iommu.h"

/* An entry is an address, whose low bits are free, and these. */
#define PRESENT	   4ULL
#define PERMISSION 3ULL
#define FLAGS	   7ULL

struct iommu {
	struct heap *heap;
	uint64_t granule;
	unsigned int shift;
	struct page_table pages;
	struct page_table tlb;
};

int iommu_create(struct heap *heap, uint64_t granule, struct iommu **ret)
{
	struct iommu *iommu;

	if (!is_power_of_two(granule) || granule < 4096 || granule > 1UL << 31)
		return -EINVAL;
	iommu = heap_alloc(heap, 1, sizeof(*iommu));
	if (!iommu)
		return -ENOMEM;
	iommu->heap = heap;
	iommu->granule = granule;
	iommu->shift = log2_up(granule);
	iommu->pages.heap = iommu->tlb.heap = heap;
	*ret = iommu;
	return 0;
}

void iommu_destroy(struct iommu *iommu)
{
	if (!iommu)
		return;
	page_table_clear(&iommu->pages);
	page_table_clear(&iommu->tlb);
	heap_free(iommu);
}

/* ---- the page table ---- */

int iommu_map(struct iommu *iommu, dma_addr_t dma, phys_addr_t phys, uint64_t size,
	      unsigned int permission)
{
	uint64_t from = dma >> iommu->shift, to = from + (size >> iommu->shift), mapped;

	if ((dma | phys | size) & (iommu->granule - 1))
		return -EINVAL;
	if (size && (dma + size - 1 < dma || phys + size - 1 < phys))
		return -EINVAL;
	if (page_table_next(&iommu->pages, from, &mapped) && mapped < to)
		return -EEXIST;
	if (page_table_reserve(&iommu->pages, from, to))
		return -ENOMEM;
	for (uint64_t page = from; page < to; page++, phys += iommu->granule)
		page_table_set(&iommu->pages, page, phys | PRESENT | (permission & PERMISSION));
	return 0;
}

uint64_t iommu_unmap(struct iommu *iommu, dma_addr_t dma, uint64_t size)
{
	uint64_t from = dma >> iommu->shift, pages = size >> iommu->shift, page = 0;

	if ((dma | size) & (iommu->granule - 1))
		return 0;
	for (; page < pages && page_table_entry(&iommu->pages, from + page); page++)
		page_table_remove(&iommu->pages, from + page);
	return page << iommu->shift;
}

phys_addr_t iommu_iova_to_phys(const struct iommu *iommu, dma_addr_t dma)
{
	uint64_t entry = page_table_entry(&iommu->pages, dma >> iommu->shift);

	return entry ? (entry & ~FLAGS) + (dma & (iommu->granule - 1)) : 0;
}

/* ---- the IOTLB ---- */

void iommu_flush(struct iommu *iommu)
{
	page_table_clear(&iommu->tlb);
}

void iommu_flush_range(struct iommu *iommu, dma_addr_t dma, uint64_t size)
{
	uint64_t page = dma >> iommu->shift, last;

	if (!size)
		return;
	last = (dma + size - 1) >> iommu->shift;
	while (page_table_next(&iommu->tlb, page, &page) && page <= last)
		page_table_remove(&iommu->tlb, page++);
}

const char *iommu_fault_name(enum iommu_fault fault)
{
	static const char *const names[] = {
		[IOMMU_FAULT_NONE] = "no fault",
		[IOMMU_FAULT_NOT_MAPPED] = "page is not mapped",
		[IOMMU_FAULT_READ] = "page may not be read",
		[IOMMU_FAULT_WRITE] = "page may not be written",
	};

	return fault < IOMMU_FAULTS ? names[fault] : NULL;
}

static enum iommu_fault refusal(uint64_t entry, unsigned int permission)
{
	if (!entry)
		return IOMMU_FAULT_NOT_MAPPED;
	if (permission & ~entry & IOMMU_READ)
		return IOMMU_FAULT_READ;
	if (permission & ~entry & IOMMU_WRITE)
		return IOMMU_FAULT_WRITE;
	return IOMMU_FAULT_NONE;
}

int iommu_access(struct iommu *iommu, dma_addr_t dma, unsigned int permission,
		 struct iommu_access *ret)
{
	uint64_t page = dma >> iommu->shift, offset = dma & (iommu->granule - 1);
	uint64_t known = page_table_entry(&iommu->tlb, page);
	uint64_t entry = page_table_entry(&iommu->pages, page);

	*ret = (struct iommu_access){ .stale = known && known != entry };
	if (!known) {
		known = entry;
		/* What is not mapped is not remembered, nor what there is no room for. */
		if (entry && !page_table_reserve(&iommu->tlb, page, page + 1))
			page_table_set(&iommu->tlb, page, entry);
	}
	ret->fault = refusal(known, permission);
	if (ret->fault)
		return -EFAULT;
	ret->phys = (known & ~FLAGS) + offset;
	ret->size = iommu->granule - offset;
	return 0;
}

/* ---- seen as a whole ---- */

static bool follows(const struct iommu_mapping *mapping, dma_addr_t dma, uint64_t entry)
{
	return mapping->size && dma == mapping->dma + mapping->size &&
	       (entry & ~FLAGS) == mapping->phys + mapping->size &&
	       (entry & PERMISSION) == mapping->permission;
}

/* Entries of a table, but those that are the same in @other, in runs. */
static int walk(const struct iommu *iommu, const struct page_table *table,
		const struct page_table *other, iommu_visitor *visit, void *arg)
{
	struct iommu_mapping mapping = { .size = 0 };
	uint64_t page = 0, entry;
	int r;

	for (; page_table_next(table, page, &page); page++) {
		entry = page_table_entry(table, page);
		if (other && page_table_entry(other, page) == entry)
			continue;
		if (follows(&mapping, page << iommu->shift, entry)) {
			mapping.size += iommu->granule;
			continue;
		}
		r = mapping.size ? visit(&mapping, arg) : 0;
		if (r)
			return r;
		mapping = (struct iommu_mapping){
			.dma = page << iommu->shift,
			.phys = entry & ~FLAGS,
			.size = iommu->granule,
			.permission = (unsigned int)(entry & PERMISSION),
		};
	}
	return mapping.size ? visit(&mapping, arg) : 0;
}

int iommu_walk(const struct iommu *iommu, iommu_visitor *visit, void *arg)
{
	return walk(iommu, &iommu->pages, NULL, visit, arg);
}

int iommu_walk_stale(const struct iommu *iommu, iommu_visitor *visit, void *arg)
{
	return walk(iommu, &iommu->tlb, &iommu->pages, visit, arg);
}

uint64_t iommu_mapped(const struct iommu *iommu)
{
	return iommu->pages.count << iommu->shift;
}

bool iommu_valid(const struct iommu *iommu)
{
	return page_table_valid(&iommu->pages) && page_table_valid(&iommu->tlb);
}
