// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * peer-scatterlist.c - the kernel's lib/scatterlist.c, as it is, behind a table of functions
 */
#include "shim.h"

#define CONFIG_NEED_SG_DMA_LENGTH
#define CONFIG_NEED_SG_DMA_FLAGS
#define CONFIG_PCI_P2PDMA

/* No byte of a page is read or written. */
#define zone_device_pages_have_same_pgmap(a, b) true
#define virt_to_page(p) pfn_to_page((unsigned long)(p) >> PAGE_SHIFT)
#define page_address(page) ((void *)page_to_phys(page))
#define kmap(page) page_address(page)
#define kmap_atomic(page) page_address(page)
#define kmap_local_page(page) page_address(page)

/* ---- memory, which can be short ---- */

static unsigned int to_failure, live;

static void *allocate(size_t size)
{
	void *memory = to_failure && !--to_failure ? NULL : malloc(size);

	live += memory != NULL;
	return memory;
}

static void release(const void *memory)
{
	live -= memory != NULL;
	free((void *)memory);
}

#undef kmalloc_array
#undef kfree
#define kmalloc_array(n, size, gfp) allocate((n) * (size))
#define kmalloc_objs(type, n, gfp) allocate((n) * sizeof(type))
#define kfree(p) release(p)
#define __get_free_page(gfp) ((unsigned long)allocate(PAGE_SIZE))
#define free_page(p) release((void *)(p))
#define kmemleak_alloc(...) ((void)0)
#define kmemleak_free(p) ((void)0)

/* ---- lists made of other lists, which are not compared ---- */

#define ITER_UBUF 0
#define ITER_IOVEC 1
#define ITER_BVEC 2
#define ITER_KVEC 3
#define ITER_FOLIOQ 4
#define ITER_XARRAY 5
#define XA_STATE(name, array, index) int name = 0
#define xas_for_each(state, entry, end) for (entry = NULL; entry;)
typedef unsigned int iov_iter_extraction_t;
typedef unsigned long pgoff_t;
struct bio_vec {
	struct page *bv_page;
	unsigned int bv_len, bv_offset;
};
struct kvec {
	void *iov_base;
	size_t iov_len;
};
struct folio_queue {
	struct folio_queue *next;
};
struct iov_iter {
	const struct bio_vec *bvec;
	const struct kvec *kvec;
	const struct folio_queue *folioq;
	struct xarray *xarray;
	loff_t xarray_start;
	size_t iov_offset, count;
	unsigned long nr_segs;
	unsigned int folioq_slot;
};

#include <linux/scatterlist.h>
#include "lib/scatterlist.c"

#include "peer-scatterlist.h"

static struct page *peer_page(unsigned long pfn)
{
	return pfn_to_page(pfn);
}

static unsigned int peer_fail(unsigned int nth)
{
	to_failure = nth;
	return live;
}

extern const struct peer_scatterlist peer_scatterlist __attribute__((visibility("default")));
const struct peer_scatterlist peer_scatterlist = {
	.entry_size = sizeof(struct scatterlist),
	.table_size = sizeof(struct sg_table),
	.append_table_size = sizeof(struct sg_append_table),
	.page = peer_page,
	.fail = peer_fail,
	.alloc_with = __sg_alloc_table,
	.free_with = __sg_free_table,
	.alloc = sg_alloc_table,
	.free = sg_free_table,
	.from_pages = sg_alloc_table_from_pages_segment,
	.append = sg_alloc_append_table_from_pages,
	.free_append = sg_free_append_table,
	.init = sg_init_table,
	.chain = sg_chain,
	.last = sg_last,
	.nents = sg_nents,
	.nents_for_len = sg_nents_for_len,
};
