/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * peer-scatterlist.h - the kernel's scatterlists, built as a shared object of their own
 *
 * Entries and tables are laid out as libdma's, and pages have the same names.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct page;
struct scatterlist;
struct sg_append_table;
struct sg_table;

typedef struct scatterlist *peer_sg_alloc(unsigned int nents, unsigned int gfp);
typedef void peer_sg_free(struct scatterlist *sg, unsigned int nents);

/* What the shared object exports as `peer_scatterlist`: functions of their names. */
struct peer_scatterlist {
	size_t entry_size, table_size, append_table_size;
	struct page *(*page)(unsigned long pfn);
	/* the n-th allocation from now on fails, 0: none; returns how many are live */
	unsigned int (*fail)(unsigned int nth);

	int (*alloc_with)(struct sg_table *table, unsigned int nents, unsigned int max_ents,
			  struct scatterlist *first_chunk, unsigned int nents_first_chunk,
			  unsigned int gfp, peer_sg_alloc *alloc);
	void (*free_with)(struct sg_table *table, unsigned int max_ents,
			  unsigned int nents_first_chunk, peer_sg_free *free,
			  unsigned int nents);
	int (*alloc)(struct sg_table *table, unsigned int nents, unsigned int gfp);
	void (*free)(struct sg_table *table);
	int (*from_pages)(struct sg_table *table, struct page **pages, unsigned int n_pages,
			  unsigned int offset, unsigned long size, unsigned int max_segment,
			  unsigned int gfp);
	int (*append)(struct sg_append_table *append, struct page **pages,
		      unsigned int n_pages, unsigned int offset, unsigned long size,
		      unsigned int max_segment, unsigned int left_pages, unsigned int gfp);
	void (*free_append)(struct sg_append_table *append);

	void (*init)(struct scatterlist *sg, unsigned int nents);
	void (*chain)(struct scatterlist *prv, unsigned int prv_nents,
		      struct scatterlist *sgl);
	struct scatterlist *(*last)(struct scatterlist *sgl, unsigned int nents);
	int (*nents)(struct scatterlist *sg);
	int (*nents_for_len)(struct scatterlist *sg, uint64_t length);
};
