// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * peer-atomic-pool.c - the kernel's kernel/dma/pool.c and lib/genalloc.c, as they are,
 * behind a table of functions
 *
 * A page's address in the linear map is its physical one and a constant, and nothing is
 * there.
 */
#include "bitmap-shim.h"
#include "peer-atomic-pool.h"

static const struct peer_memory *memory;

/* ---- the machine ---- */

#define CONFIG_ZONE_DMA 1
#define CONFIG_ZONE_DMA32 1
#define CONFIG_ARCH_HAVE_NMI_SAFE_CMPXCHG
#undef IS_ENABLED
#define IS_ENABLED(option) option
#define SZ_1G 0x40000000UL
#define SZ_128K 0x20000UL
#define MAX_ORDER_NR_PAGES (1UL << MAX_PAGE_ORDER)
#define ZONE_DMA 0
#define ZONE_DMA32 1
#define ZONE_NORMAL 2
#define GFP_DMA __GFP_DMA
#define GFP_DMA32 __GFP_DMA32
#define zone_dma_bits 24
#define zone_dma_limit DMA_BIT_MASK(24)
#define totalram_pages() memory->pages
#define has_managed_zone(zone) memory->has[zone]
#define has_managed_dma() has_managed_zone(ZONE_DMA)
#define postcore_initcall late_initcall
#define debugfs_create_dir(...) NULL
#define debugfs_create_ulong(...) ((void)0)
#define kfree_const(p) kfree(p)
#define vzalloc_node(size, node) kzalloc(size, GFP_KERNEL)
#define cpu_relax() barrier()
#define in_nmi() false
#define cmpxchg(p, old, new) __sync_val_compare_and_swap(p, old, new)
#define try_cmpxchg(p, old, new) \
	__atomic_compare_exchange_n(p, old, new, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)
struct dentry;
struct device_node;

static unsigned int zone_of(gfp_t gfp)
{
	return gfp & GFP_DMA ? ZONE_DMA : gfp & GFP_DMA32 ? ZONE_DMA32 : ZONE_NORMAL;
}

static struct page *page_at(uint64_t phys)
{
	return phys == UINT64_MAX ? NULL : pfn_to_page(PFN_DOWN(phys));
}

#define LINEAR (1UL << 44)
#define page_to_virt(page) ((void *)(LINEAR + page_to_phys(page)))
#define __phys_to_pfn(phys) PFN_DOWN(phys)
#define alloc_pages(gfp, order) page_at(memory->alloc_pages(zone_of(gfp), order))
#define dma_alloc_from_contiguous(dev, pages, order, no_warn) \
	page_at(memory->alloc_contiguous(pages, order))
#define dev_get_cma_area(dev) (memory->cma_size ? (struct cma *)memory : NULL)
#define cma_get_base(cma) memory->cma_start
#define cma_get_size(cma) memory->cma_size
#define arch_dma_prep_coherent(page, size) ((void)0)
#define __free_pages(page, order) ((void)(page))
#define set_memory_decrypted(...) 0
#define set_memory_encrypted(...) 0

/* Managed pools and those of a device tree are not compared. */
#define devres_alloc(release, size, gfp) ((void)(release), calloc(1, size))
#define devres_find(dev, release, match, data) NULL
#define devres_add(dev, data) ((void)(data))
#define devres_free(data) free(data)
#define kstrdup_const(text, gfp) NULL

/* The memory itself is not there. */
#define memset(memory, byte, size) ((void)(memory))

/* What is put off until later is done at the end of the call. */
static bool work_is_due;
#undef schedule_work
#define schedule_work(work) (work_is_due = true)

#include <linux/genalloc.h>
#include "lib/genalloc.c"
#include "kernel/dma/pool.c"

static struct gen_pool **const pool_of[] = {
	[ZONE_DMA] = &atomic_pool_dma,
	[ZONE_DMA32] = &atomic_pool_dma32,
	[ZONE_NORMAL] = &atomic_pool_kernel,
};

static void peer_create(const struct peer_memory *machine, size_t size)
{
	memory = machine;
	atomic_pool_size = size;
	dma_atomic_pool_init();
}

static void peer_destroy(void)
{
	for (unsigned int zone = 0; zone < PEER_ZONES; zone++) {
		if (*pool_of[zone])
			gen_pool_destroy(*pool_of[zone]);
		*pool_of[zone] = NULL;
	}
}

static uint64_t highest;

static bool is_reached(struct device *dev, phys_addr_t phys, size_t size)
{
	(void)dev;
	return phys + size - 1 <= highest;
}

static uint64_t peer_alloc(unsigned int zone, size_t size, uint64_t limit)
{
	static const gfp_t gfp[] = { GFP_DMA, GFP_DMA32, 0 };
	struct device device = { 0 };
	struct page *page;
	void *cpu;

	highest = limit;
	page = dma_alloc_from_pool(&device, size, &cpu, gfp[zone] | __GFP_NOWARN, is_reached);
	if (work_is_due)
		atomic_pool_work_fn(NULL);
	work_is_due = false;
	return page ? (uint64_t)cpu - LINEAR : UINT64_MAX;
}

static bool peer_free(uint64_t phys, size_t size)
{
	struct device device = { 0 };

	return dma_free_from_pool(&device, (void *)(LINEAR + phys), size);
}

static uint64_t peer_size(unsigned int zone)
{
	return *pool_of[zone] ? gen_pool_size(*pool_of[zone]) : UINT64_MAX;
}

static uint64_t peer_available(unsigned int zone)
{
	return *pool_of[zone] ? gen_pool_avail(*pool_of[zone]) : UINT64_MAX;
}

extern const struct peer_atomic_pool peer_atomic_pool __attribute__((visibility("default")));
const struct peer_atomic_pool peer_atomic_pool = {
	.create = peer_create,
	.destroy = peer_destroy,
	.alloc = peer_alloc,
	.free = peer_free,
	.size = peer_size,
	.available = peer_available,
};
