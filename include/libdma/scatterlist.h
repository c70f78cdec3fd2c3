/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * scatterlist.h - a buffer in pieces, and how drivers walk it
 *
 * Kernel counterpart: include/linux/scatterlist.h, lib/scatterlist.c (RULES.md G1-G9)
 */
#pragma once

#include <libdma/gfp.h>
#include <libdma/page.h>
#include <libdma/types.h>

/*
 * One piece. The two low bits of @page_link say that the entry is a link to another
 * array (1), or the last (2).
 */
struct scatterlist {
	unsigned long page_link;
	unsigned int offset; /* bytes into the page; may be more than one */
	unsigned int length; /* bytes */
	dma_addr_t dma_address;
	unsigned int dma_length;
	unsigned int dma_flags;
};

struct sg_table {
	struct scatterlist *sgl;
	unsigned int nents;	 /* segments that are mapped */
	unsigned int orig_nents; /* pieces */
};

struct sg_append_table {
	struct sg_table sgt;
	struct scatterlist *prv;   /* the last piece so far */
	unsigned int total_nents;  /* entries that there is room for */
};

#define SG_CHAIN	  0x01UL
#define SG_END		  0x02UL
#define SG_PAGE_LINK_MASK (SG_CHAIN | SG_END)

/* Pieces in one page of the table, the last of which may be a link. */
#define SG_MAX_SINGLE_ALLOC (PAGE_SIZE / sizeof(struct scatterlist))

/* dma_flags */
#define SG_DMA_BUS_ADDRESS (1 << 0)
#define SG_DMA_SWIOTLB	   (1 << 1)

#define sg_dma_address(sg) ((sg)->dma_address)
#define sg_dma_len(sg)	   ((sg)->dma_length)

static inline bool sg_is_chain(const struct scatterlist *sg)
{
	return sg->page_link & SG_CHAIN;
}

static inline bool sg_is_last(const struct scatterlist *sg)
{
	return sg->page_link & SG_END;
}

static inline struct scatterlist *sg_chain_ptr(const struct scatterlist *sg)
{
	return (struct scatterlist *)(sg->page_link & ~SG_PAGE_LINK_MASK);
}

static inline struct page *sg_page(const struct scatterlist *sg)
{
	return (struct page *)(sg->page_link & ~SG_PAGE_LINK_MASK);
}

static inline void sg_assign_page(struct scatterlist *sg, struct page *page)
{
	sg->page_link = (sg->page_link & SG_PAGE_LINK_MASK) | (unsigned long)page;
}

static inline void sg_set_page(struct scatterlist *sg, struct page *page,
			       unsigned int length, unsigned int offset)
{
	sg_assign_page(sg, page);
	sg->offset = offset;
	sg->length = length;
}

static inline void sg_set_buf(struct scatterlist *sg, const void *cpu,
			      unsigned int length)
{
	sg_set_page(sg, virt_to_page(cpu), length, (unsigned int)offset_in_page(cpu));
}

static inline phys_addr_t sg_phys(const struct scatterlist *sg)
{
	return page_to_phys(sg_page(sg)) + sg->offset;
}

static inline void sg_mark_end(struct scatterlist *sg)
{
	sg->page_link = (sg->page_link | SG_END) & ~SG_CHAIN;
}

static inline void sg_unmark_end(struct scatterlist *sg)
{
	sg->page_link &= ~SG_END;
}

static inline bool sg_dma_is_bus_address(const struct scatterlist *sg)
{
	return sg->dma_flags & SG_DMA_BUS_ADDRESS;
}

static inline bool sg_dma_is_swiotlb(const struct scatterlist *sg)
{
	return sg->dma_flags & SG_DMA_SWIOTLB;
}

static inline void sg_dma_mark_swiotlb(struct scatterlist *sg)
{
	sg->dma_flags |= SG_DMA_SWIOTLB;
}

/** sg_init_table() - make an array of entries empty, and end it */
void sg_init_table(struct scatterlist *sg, unsigned int nents);

/** sg_init_one() - a list of one buffer */
void sg_init_one(struct scatterlist *sg, const void *cpu, unsigned int length);

/**
 * sg_chain() - let the last entry of an array link to another
 * @prv:	the array; its last entry is lost
 * @prv_nents:	its entries
 * @sgl:	where the list goes on
 */
void sg_chain(struct scatterlist *prv, unsigned int prv_nents, struct scatterlist *sgl);

/** sg_next() - the entry behind @sg, through links; NULL behind the last */
struct scatterlist *sg_next(struct scatterlist *sg);

/** sg_last() - the entry of number @nents */
struct scatterlist *sg_last(struct scatterlist *sgl, unsigned int nents);

/** sg_nents() - entries up to the one that is marked as the last */
int sg_nents(struct scatterlist *sg);

/**
 * sg_nents_for_len() - entries that hold the first @length bytes
 *
 * Return: how many, 0 for no bytes, -EINVAL where the list is shorter.
 */
int sg_nents_for_len(struct scatterlist *sg, uint64_t length);

#define for_each_sg(sglist, sg, nr, i) \
	for (i = 0, sg = (sglist); i < (nr); i++, sg = sg_next(sg))
#define for_each_sgtable_sg(table, sg, i) \
	for_each_sg((table)->sgl, sg, (table)->orig_nents, i)
#define for_each_sgtable_dma_sg(table, sg, i) \
	for_each_sg((table)->sgl, sg, (table)->nents, i)

typedef struct scatterlist *(sg_alloc_fn)(unsigned int nents, gfp_t gfp);
typedef void(sg_free_fn)(struct scatterlist *sg, unsigned int nents);

/**
 * __sg_alloc_table() - a table from the caller's allocator
 * @max_ents:	most entries that one allocation holds
 * @first_chunk: an array to begin with, or NULL
 * @nents_first_chunk: entries of the first array, whoever provides it; 0: @max_ents
 *
 * Return: 0, -EINVAL for no entries, -ENOMEM.
 */
int __sg_alloc_table(struct sg_table *table, unsigned int nents, unsigned int max_ents,
		     struct scatterlist *first_chunk, unsigned int nents_first_chunk,
		     gfp_t gfp, sg_alloc_fn *alloc);
void __sg_free_table(struct sg_table *table, unsigned int max_ents,
		     unsigned int nents_first_chunk, sg_free_fn *free,
		     unsigned int nents);

/** sg_alloc_table() - a table of @nents empty entries; 0, -EINVAL for none, -ENOMEM */
int sg_alloc_table(struct sg_table *table, unsigned int nents, gfp_t gfp);
void sg_free_table(struct sg_table *table);

/**
 * sg_alloc_table_from_pages_segment() - pages as a list, neighbours joined
 * @table:	filled
 * @pages:	the pages
 * @n_pages:	how many
 * @offset:	bytes into the first
 * @size:	bytes in all
 * @max_segment: most bytes of one entry; whole pages count
 *
 * Return: 0, -EINVAL for no pages or a @max_segment of less than one, -ENOMEM.
 */
int sg_alloc_table_from_pages_segment(struct sg_table *table, struct page **pages,
				      unsigned int n_pages, unsigned int offset,
				      unsigned long size, unsigned int max_segment,
				      gfp_t gfp);
int sg_alloc_table_from_pages(struct sg_table *table, struct page **pages,
			      unsigned int n_pages, unsigned int offset,
			      unsigned long size, gfp_t gfp);

/**
 * sg_alloc_append_table_from_pages() - more pages behind a table's last entry
 * @append:	the table; all zero to begin
 * @left_pages: pages that later calls will bring, for which room is made
 *
 * Return: 0; -ENOMEM; -EINVAL for no pages to begin with, a @max_segment of less than
 * one, an offset where there are pages already, or a table that was finished: one that
 * was told that no pages are left. Such a table grows by pages that join its last entry.
 */
int sg_alloc_append_table_from_pages(struct sg_append_table *append,
				     struct page **pages, unsigned int n_pages,
				     unsigned int offset, unsigned long size,
				     unsigned int max_segment, unsigned int left_pages,
				     gfp_t gfp);
void sg_free_append_table(struct sg_append_table *append);
