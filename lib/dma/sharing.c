// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * sharing.c - allocations shown to users, to other drivers, and to the CPU at once
 *
 * Kernel counterpart: dma_mmap_*(), dma_get_sgtable_attrs() and dma_vmap_*() of
 * kernel/dma/mapping.c, drivers/iommu/dma-iommu.c (RULES.md A7, C11)
 */
#include <errno.h>

#include "dma/direct.h"
#include "dma/machine.h"
#include "dma/remap.h"
#include "hardware/memory.h"

/* Does the window lie inside of @size bytes? */
static bool window_fits(const struct vm_area_struct *vma, size_t size)
{
	unsigned long pages = PAGE_ALIGN(size) >> PAGE_SHIFT;

	return vma->vm_pgoff < pages && vma_pages(vma) <= pages - vma->vm_pgoff;
}

/* The same of a mapping that is scattered, whatever its size is said to be. */
static bool window_in_remap(const struct vm_area_struct *vma, const struct remap *remap)
{
	return !remap || (vma->vm_pgoff < remap->pages &&
			  vma_pages(vma) <= remap->pages - vma->vm_pgoff);
}

static phys_addr_t phys_of(struct device *dev, const void *cpu, dma_addr_t dma,
			   unsigned long page)
{
	const struct remap *remap = remap_find(dev, cpu);

	if (remap)
		return remap->page[page];
	if (device_is_direct(dev))
		return direct_dma_to_phys(dev, dma) + (page << PAGE_SHIFT);
	return virt_to_phys(cpu) + (page << PAGE_SHIFT);
}

int dma_mmap_attrs(struct device *dev, struct vm_area_struct *vma, void *cpu,
		   dma_addr_t dma, size_t size, unsigned long attrs)
{
	int err = -ENXIO;

	(void)attrs;
	if (dma_mmap_from_dev_coherent(dev, vma, cpu, size, &err))
		return err;
	if (!window_fits(vma, size) || !window_in_remap(vma, remap_find(dev, cpu)))
		return -ENXIO;
	vma->pfn = phys_of(dev, cpu, dma, vma->vm_pgoff) >> PAGE_SHIFT;
	return 0;
}

int dma_mmap_pages(struct device *dev, struct vm_area_struct *vma, size_t size,
		   struct page *page)
{
	(void)dev;
	if (!window_fits(vma, size))
		return -ENXIO;
	vma->pfn = page_to_pfn(page) + vma->vm_pgoff;
	return 0;
}

int dma_mmap_noncontiguous(struct device *dev, struct vm_area_struct *vma, size_t size,
			   struct sg_table *table)
{
	unsigned long page = vma->vm_pgoff;
	struct scatterlist *sg;
	unsigned int i;

	(void)dev;
	if (!window_fits(vma, size))
		return -ENXIO;
	for_each_sgtable_sg(table, sg, i)
	{
		unsigned long pages = sg->length >> PAGE_SHIFT;

		if (page < pages) {
			vma->pfn = page_to_pfn(sg_page(sg)) + page;
			return 0;
		}
		page -= pages;
	}
	return -ENXIO;
}

bool dma_can_mmap(struct device *dev)
{
	return !device_is_direct(dev) || dev->dma_coherent ||
	       !(dev->machine->config & LIBDMA_CONFIG_NO_REMAP);
}

/* The pages of a mapping that is scattered, as a list of runs. */
static int table_of_remap(struct sg_table *table, const struct remap *remap, size_t size,
			  struct heap *heap)
{
	struct page **name = heap_alloc(heap, remap->pages, sizeof(*name));
	int err;

	if (!name)
		return -ENOMEM;
	for (size_t i = 0; i < remap->pages; i++)
		name[i] = phys_to_page(remap->page[i]);
	err = sg_alloc_table_from_pages(table, name, (unsigned int)remap->pages, 0, size,
					GFP_KERNEL);
	heap_free(name);
	return err;
}

int dma_get_sgtable_attrs(struct device *dev, struct sg_table *table, void *cpu,
			  dma_addr_t dma, size_t size, unsigned long attrs)
{
	const struct remap *remap = remap_find(dev, cpu);
	int err;

	(void)attrs;
	if (remap && remap->scattered)
		return table_of_remap(table, remap, size, &dev->machine->heap);
	err = sg_alloc_table(table, 1, GFP_KERNEL);
	if (!err)
		sg_set_page(table->sgl, phys_to_page(phys_of(dev, cpu, dma, 0)),
			    (unsigned int)PAGE_ALIGN(size), 0);
	return err;
}

void *dma_vmap_noncontiguous(struct device *dev, size_t size, struct sg_table *table)
{
	size_t pages = PAGE_ALIGN(size) >> PAGE_SHIFT, at = 0;
	struct scatterlist *sg;
	phys_addr_t *page;
	unsigned int i;
	void *cpu;

	if (device_is_direct(dev))
		return memory_cpu(dev->machine->memory, sg_phys(table->sgl));
	page = heap_alloc(&dev->machine->heap, pages, sizeof(*page));
	if (!page)
		return NULL;
	for_each_sgtable_sg(
		table, sg, i) for (unsigned int byte = 0; byte < sg->length && at < pages;
				   byte += PAGE_SIZE) page[at++] = sg_phys(sg) + byte;
	cpu = remap_pages(dev, page, at);
	heap_free(page);
	return cpu;
}

void dma_vunmap_noncontiguous(struct device *dev, void *cpu)
{
	remap_end(dev, remap_find(dev, cpu));
}
