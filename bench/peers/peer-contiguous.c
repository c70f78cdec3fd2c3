// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * peer-contiguous.c - the kernel's mm/cma.c and kernel/dma/contiguous.c, as they are,
 * behind a table of functions
 *
 * Of memory there are the names of pages; which of them cannot be moved the caller says.
 */
#include "bitmap-shim.h"

#define CONFIG_CMA
#define CONFIG_CMA_AREAS 7
#define CONFIG_CMA_ALIGNMENT 8

/* ---- at boot ---- */

#define pageblock_order 1
#define pageblock_nr_pages 1UL /* an area may begin at any page */
#define MEMBLOCK_NONE 0
#define for_each_free_mem_range(i, ...) while (0)
#define __weak __attribute__((weak))
static void *high_memory;
#define __initdata
#define core_initcall late_initcall
#define pr_err_ratelimited(...) ((void)0)
#define pr_cont(...) ((void)0)
#define strscpy(to, from, ...) snprintf(to, sizeof(to), "%s", from)
#define memblock_is_region_reserved(base, size) true
#define pfn_valid(pfn) true
#define pfn_range_intersects_zones(nid, pfn, pages) false

/* ---- pages ---- */

#define page_zone(page) ((struct zone *)NULL)
#define init_cma_reserved_pageblock(page) ((void)(page))
#define free_reserved_page(page) ((void)(page))
#define page_kasan_tag_reset(page) ((void)(page))
#define put_page_testzero(page) true
#define set_pages_refcounted(page, pages) ((void)(page))
#define count_vm_event(event) ((void)0)
#define trace_cma_alloc_start(...) ((void)0)
#define trace_cma_alloc_finish(...) ((void)0)
#define trace_cma_alloc_busy_retry(...) ((void)0)
#define trace_cma_release(...) ((void)0)
#define gfpflags_allow_blocking(gfp) true
#define VM_BUG_ON(x) BUG_ON(x)
struct zone;
struct kobject {
	int unused;
};

#define __GFP_COMP 128
static bool (*is_busy)(unsigned long pfn, unsigned long pages);

static int take_range(unsigned long start, unsigned long end)
{
	return is_busy && is_busy(start, end - start) ? -EBUSY : 0;
}

#define alloc_contig_range(start, end, ...) take_range(start, end)
#define alloc_contig_frozen_range(start, end, ...) take_range(start, end)
#define free_contig_range(pfn, pages) ((void)(pfn))
#define free_contig_frozen_range(pfn, pages) ((void)(pfn))

#include <linux/cma.h>
int dma_contiguous_reserve_area(phys_addr_t size, phys_addr_t base, phys_addr_t limit,
				struct cma **area, bool fixed);
unsigned long totalcma_pages;
#include "mm/cma.c"
#include "kernel/dma/contiguous.c"

#include "peer-contiguous.h"

static struct cma *area;

#ifdef KERNEL_7_2
#define area_bitmap (area->ranges[0].bitmap)
#else
#define area_bitmap (area->bitmap)
#endif

static int peer_create(uint64_t phys, uint64_t size)
{
	int err;

	if (area)
		bitmap_free(area_bitmap);
	area = NULL;
	cma_area_count = 0;
	memset(cma_areas, 0, sizeof(cma_areas));
	err = cma_init_reserved_mem(phys, size, 0, "peer", &area);
	if (!err)
		cma_activate_area(area);
	return err;
}

static void peer_set_busy(bool (*busy)(unsigned long pfn, unsigned long pages))
{
	is_busy = busy;
}

static uint64_t peer_alloc_pages(unsigned long pages, unsigned int align_order)
{
	struct page *page = cma_alloc(area, pages, align_order, true);

	return page ? page_to_phys(page) : 0;
}

static uint64_t peer_alloc(size_t size)
{
	struct device device = { .cma_area = area };
	struct page *page = dma_alloc_contiguous(&device, size, GFP_KERNEL | __GFP_NOWARN);

	return page ? page_to_phys(page) : 0;
}

static bool peer_release(uint64_t phys, unsigned long pages)
{
	return cma_release(area, pfn_to_page(PFN_DOWN(phys)), pages);
}

static bool peer_taken(unsigned long page)
{
	return test_bit(page, area_bitmap);
}

extern const struct peer_contiguous peer_contiguous __attribute__((visibility("default")));
const struct peer_contiguous peer_contiguous = {
	.create = peer_create,
	.set_busy = peer_set_busy,
	.alloc_pages = peer_alloc_pages,
	.alloc = peer_alloc,
	.release = peer_release,
	.taken = peer_taken,
};
