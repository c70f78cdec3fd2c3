/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* gfp.h - pages of the machine */
#pragma once

#include <linux/types.h>

#include <libdma/page.h>

/** alloc_pages() - 2^order pages, or NULL */
struct page *alloc_pages(gfp_t gfp, unsigned int order);
void __free_pages(struct page *page, unsigned int order);

/** alloc_pages_bulk() - fill an array's NULL entries; how many are filled at the end */
unsigned long alloc_pages_bulk(gfp_t gfp, int n, struct page **pages);

/** page_address() - where the CPU finds a page of the current machine */
void *page_address(const struct page *page);

/** __get_free_pages() - the same by CPU address; 0 where there are none */
unsigned long __get_free_pages(gfp_t gfp, unsigned int order);
void free_pages(unsigned long cpu, unsigned int order);

#define alloc_page(gfp)	      alloc_pages(gfp, 0)
#define __free_page(page)     __free_pages(page, 0)
#define __get_free_page(gfp)  __get_free_pages(gfp, 0)
#define get_zeroed_page(gfp)  __get_free_pages((gfp) | __GFP_ZERO, 0)
#define free_page(cpu)	      free_pages(cpu, 0)
