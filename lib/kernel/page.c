// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * page.c - pages that kernel code takes from the current machine
 *
 * Kernel counterpart: mm/page_alloc.c
 */
#include <linux/mm.h>

#include "kernel/border.h"

#define MAX_ORDER 10 /* 4 MiB, as in the modelled kernels */

struct page *alloc_pages(gfp_t gfp, unsigned int order)
{
	struct libdma_kernel *kernel = border_kernel();
	void *cpu;

	if (order > MAX_ORDER)
		return NULL;
	cpu = libdma_memory_alloc(kernel->machine, PAGE_SIZE << order, gfp);
	if (!cpu)
		return NULL;
	kernel->pages += 1UL << order;
	return virt_to_page(cpu);
}

void __free_pages(struct page *page, unsigned int order)
{
	struct libdma_kernel *kernel = border_kernel();

	if (!page)
		return;
	libdma_memory_free(kernel->machine, page_address(page), PAGE_SIZE << order);
	kernel->pages -= 1UL << order;
}

void *page_address(const struct page *page)
{
	return libdma_memory_cpu(border_kernel()->machine, page_to_phys(page));
}

unsigned long alloc_pages_bulk(gfp_t gfp, int n, struct page **pages)
{
	unsigned long filled = 0;

	while (filled < (unsigned long)n) {
		if (!pages[filled])
			pages[filled] = alloc_page(gfp);
		if (!pages[filled])
			break;
		filled++;
	}
	return filled;
}

void release_pages(struct page **pages, int n)
{
	for (int i = 0; i < n; i++)
		__free_page(pages[i]);
}

unsigned long __get_free_pages(gfp_t gfp, unsigned int order)
{
	struct page *page = alloc_pages(gfp, order);

	return page ? (unsigned long)page_address(page) : 0;
}

void free_pages(unsigned long cpu, unsigned int order)
{
	if (cpu)
		__free_pages(virt_to_page((void *)cpu), order);
}
