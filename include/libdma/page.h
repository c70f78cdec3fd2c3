/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * page.h - names of pages of physical memory
 *
 * A struct page pointer is a name of a page frame and nothing else: arithmetic on
 * it works as in the kernel, there is nothing behind it to be read. So a page
 * has the same name in every machine, and a machine of a terabyte needs no table.
 */
#pragma once

#include <libdma/types.h>

#define PAGE_SHIFT 12
#define PAGE_SIZE  (1UL << PAGE_SHIFT)
#define PAGE_MASK  (~(PAGE_SIZE - 1))

#define PAGE_ALIGN(size) (((size) + PAGE_SIZE - 1) & PAGE_MASK)

struct page {
	unsigned char nothing[64]; /* the distance of two names, as in the kernel */
};

/* Names begin where no memory is: in the upper, non-canonical half. */
#define LIBDMA_PAGE_BASE 0x8000000000000000UL

static inline struct page *pfn_to_page(unsigned long pfn)
{
	return (struct page *)(LIBDMA_PAGE_BASE + pfn * sizeof(struct page));
}

static inline unsigned long page_to_pfn(const struct page *page)
{
	return ((unsigned long)page - LIBDMA_PAGE_BASE) / sizeof(struct page);
}

static inline phys_addr_t page_to_phys(const struct page *page)
{
	return (phys_addr_t)page_to_pfn(page) << PAGE_SHIFT;
}

static inline struct page *phys_to_page(phys_addr_t phys)
{
	return pfn_to_page(phys >> PAGE_SHIFT);
}

/*
 * All of a machine's memory lies in one piece in the program's address space, which
 * begins at a multiple of this many bytes: so a CPU address has a physical one, that
 * of the kernel's linear map, without a machine being named.
 */
#define LIBDMA_LINEAR_BITS 42

static inline phys_addr_t virt_to_phys(const volatile void *cpu)
{
	return (unsigned long)cpu & ((1UL << LIBDMA_LINEAR_BITS) - 1);
}

static inline struct page *virt_to_page(const volatile void *cpu)
{
	return phys_to_page(virt_to_phys(cpu));
}

#define offset_in_page(cpu) ((unsigned long)(cpu) & ~PAGE_MASK)

static inline struct page *nth_page(struct page *page, unsigned long n)
{
	return page + n;
}

/**
 * get_order() - how many times a page must be doubled to hold a size
 * @size:	bytes
 *
 * Return: the smallest n with PAGE_SIZE << n >= @size; for 0, as the kernel's on
 * 64-bit machines, 52 (RULES.md C14).
 */
static inline int get_order(unsigned long size)
{
	size = (size - 1) >> PAGE_SHIFT;
	return size ? 64 - __builtin_clzl(size) : 0;
}
