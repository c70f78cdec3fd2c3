// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * scatterlist.c - a buffer in pieces: tables of them, made and released
 *
 * A table is a chain of arrays of at most a page each. The last entry of an array
 * that is followed by another is a link, and is never counted as a piece.
 *
 * Kernel counterpart: lib/scatterlist.c (RULES.md G1-G9)
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <libdma/scatterlist.h>

#include "base/mutant.h"

void sg_init_table(struct scatterlist *sg, unsigned int nents)
{
	memset(sg, 0, sizeof(*sg) * nents);
	sg_mark_end(&sg[nents - 1]);
}

void sg_init_one(struct scatterlist *sg, const void *cpu, unsigned int length)
{
	sg_init_table(sg, 1);
	sg_set_buf(sg, cpu, length);
}

static void link_to(struct scatterlist *link, struct scatterlist *sgl)
{
	link->offset = 0;
	link->length = 0;
	link->page_link = (unsigned long)sgl | SG_CHAIN;
}

void sg_chain(struct scatterlist *prv, unsigned int prv_nents, struct scatterlist *sgl)
{
	link_to(&prv[prv_nents - 1], sgl);
}

struct scatterlist *sg_next(struct scatterlist *sg)
{
	if (sg_is_last(sg))
		return NULL;
	sg++;
	return sg_is_chain(sg) ? sg_chain_ptr(sg) : sg;
}

struct scatterlist *sg_last(struct scatterlist *sgl, unsigned int nents)
{
	struct scatterlist *sg, *last = NULL;
	unsigned int i;

	for_each_sg(sgl, sg, nents, i)
		last = sg;
	return last;
}

int sg_nents(struct scatterlist *sg)
{
	int nents = 0;

	for (; sg; sg = sg_next(sg))
		nents++;
	return nents;
}

int sg_nents_for_len(struct scatterlist *sg, uint64_t length)
{
	uint64_t total = 0;
	int nents = 0;

	if (!length)
		return 0;
	for (; sg; sg = sg_next(sg)) {
		nents++;
		total += sg->length;
		if (total >= length)
			return nents;
	}
	return -EINVAL;
}

static struct scatterlist *array_alloc(unsigned int nents, gfp_t gfp)
{
	(void)gfp;
	return malloc(sizeof(struct scatterlist) * nents);
}

static void array_free(struct scatterlist *sg, unsigned int nents)
{
	(void)nents;
	free(sg);
}

/* @nents counts pieces; an array of @max_ents that has a follower holds one less. */
void __sg_free_table(struct sg_table *table, unsigned int max_ents,
		     unsigned int nents_first_chunk, sg_free_fn *free_array,
		     unsigned int nents)
{
	unsigned int room = nents_first_chunk ? nents_first_chunk : max_ents;
	struct scatterlist *array = table->sgl, *next;
	bool callers = nents_first_chunk;

	while (array && nents) {
		unsigned int entries = nents > room ? room : nents;

		next = nents > room ? sg_chain_ptr(&array[room - 1]) : NULL;
		nents -= next ? entries - 1 : entries;
		if (!callers)
			free_array(array, entries);
		callers = false;
		room = max_ents;
		array = next;
	}
	table->sgl = NULL;
}

int __sg_alloc_table(struct sg_table *table, unsigned int nents, unsigned int max_ents,
		     struct scatterlist *first_chunk, unsigned int nents_first_chunk,
		     gfp_t gfp, sg_alloc_fn *alloc)
{
	unsigned int room = nents_first_chunk ? nents_first_chunk : max_ents;
	struct scatterlist *array, *previous = NULL;
	unsigned int left = nents, previous_room = 0;

	*table = (struct sg_table) { 0 };
	if (!nents)
		return -EINVAL;
	while (left) {
		unsigned int entries = left > room ? room : left;
		unsigned int pieces = left > room ? room - 1 : left;

		array = first_chunk ? first_chunk : alloc(entries, gfp);
		first_chunk = NULL;
		if (!array) {
			/* The link that was left free counts, so that it is released. */
			if (previous)
				table->nents = MUTANT(F12, ++table->orig_nents,
						      table->orig_nents);
			return -ENOMEM;
		}
		sg_init_table(array, entries);
		if (previous)
			sg_chain(previous, previous_room, array);
		else
			table->sgl = array;
		table->nents = table->orig_nents += MUTANT(F10, pieces, entries);
		left -= pieces;
		previous = array;
		previous_room = room;
		room = max_ents;
	}
	return 0;
}

int sg_alloc_table(struct sg_table *table, unsigned int nents, gfp_t gfp)
{
	int err = __sg_alloc_table(table, nents, SG_MAX_SINGLE_ALLOC, NULL, 0, gfp,
				   array_alloc);

	if (err)
		sg_free_table(table);
	return err;
}

void sg_free_table(struct sg_table *table)
{
	__sg_free_table(table, SG_MAX_SINGLE_ALLOC, 0, array_free, table->orig_nents);
}

void sg_free_append_table(struct sg_append_table *append)
{
	__sg_free_table(&append->sgt, SG_MAX_SINGLE_ALLOC, 0, array_free,
			append->total_nents);
}

/* The entry behind @last, in a new array where the present one ends; NULL if it cannot. */
static struct scatterlist *append_entry(struct sg_append_table *append,
					struct scatterlist *last, unsigned long needed)
{
	struct scatterlist *next = last ? sg_next(last) : NULL, *array;
	unsigned int entries;

	/* An array's last entry is kept for the link, unless nothing will follow. */
	if (next && (!sg_is_last(next) || needed == 1))
		return next;

	entries = needed < SG_MAX_SINGLE_ALLOC ? (unsigned int)needed
					       : (unsigned int)SG_MAX_SINGLE_ALLOC;
	array = array_alloc(entries, 0);
	if (!array)
		return NULL;
	sg_init_table(array, entries);
	if (next) {
		link_to(next, array);
		append->total_nents += entries - 1;
	} else {
		append->sgt.sgl = array;
		append->total_nents = entries;
	}
	return array;
}

/* Pages from @pages on that make one entry of at most @max_segment bytes. */
static unsigned int run_of_pages(struct page **pages, unsigned int n_pages,
				 unsigned int max_segment)
{
	unsigned int n = 1;

	while (n < n_pages &&
	       MUTANT(X05, page_to_pfn(pages[n]) == page_to_pfn(pages[n - 1]) + 1, true) &&
	       (unsigned long)n << PAGE_SHIFT < MUTANT(X07, max_segment, UINT32_MAX))
		n++;
	return n;
}

/* Grow the last entry by the pages that follow it in memory; how many they were. */
static unsigned int grow_last(struct scatterlist *last, struct page **pages,
			      unsigned int n_pages, unsigned int max_segment)
{
	unsigned long pfn = (sg_phys(last) + last->length) >> PAGE_SHIFT;
	unsigned int n = 0;

	while (n < n_pages && page_to_pfn(pages[n]) == pfn + n &&
	       (unsigned long)last->length + PAGE_SIZE <= max_segment) {
		last->length += PAGE_SIZE;
		n++;
	}
	return n;
}

int sg_alloc_append_table_from_pages(struct sg_append_table *append,
				     struct page **pages, unsigned int n_pages,
				     unsigned int offset, unsigned long size,
				     unsigned int max_segment, unsigned int left_pages,
				     gfp_t gfp)
{
	struct scatterlist *last = append->prv;
	unsigned int grown, n, entries = 0, length = last ? last->length : 0;
	unsigned long runs = 0;

	(void)gfp;
	max_segment &= PAGE_MASK;
	if (max_segment < PAGE_SIZE || (last ? offset : !n_pages))
		return -EINVAL;
	if (last) {
		grown = grow_last(last, pages, n_pages, max_segment);
		pages += grown;
		n_pages -= grown;
	}
	/* Nothing follows an entry that was made the last: there the kernel would stop. */
	if (last && n_pages && sg_is_last(last)) {
		last->length = length;
		return -EINVAL;
	}

	for (n = 0; n < n_pages; n += run_of_pages(pages + n, n_pages - n, max_segment))
		runs++;
	for (; n_pages; pages += n, n_pages -= n) {
		struct scatterlist *sg = append_entry(append, last, runs + left_pages);
		unsigned int chunk;

		if (!sg) {
			if (append->prv)
				append->prv->length = length;
			return -ENOMEM;
		}
		n = run_of_pages(pages, n_pages, max_segment);
		/* Of 32 bits, which show where the offset is behind the run's end (G9). */
		chunk = (n << PAGE_SHIFT) - offset;
		sg_set_page(sg, pages[0], size < chunk ? (unsigned int)size : chunk, offset);
		size -= chunk;
		offset = MUTANT(X11, 0, offset);
		last = sg;
		entries++;
		runs--;
	}
	append->sgt.nents += entries;
	append->sgt.orig_nents = append->sgt.nents;
	append->prv = last;
	if (!left_pages)
		sg_mark_end(last);
	return 0;
}

int sg_alloc_table_from_pages_segment(struct sg_table *table, struct page **pages,
				      unsigned int n_pages, unsigned int offset,
				      unsigned long size, unsigned int max_segment,
				      gfp_t gfp)
{
	struct sg_append_table append = { 0 };
	int err = sg_alloc_append_table_from_pages(&append, pages, n_pages, offset, size,
						   max_segment, 0, gfp);

	if (err) {
		sg_free_append_table(&append);
		return err;
	}
	*table = append.sgt;
	return 0;
}

int sg_alloc_table_from_pages(struct sg_table *table, struct page **pages,
			      unsigned int n_pages, unsigned int offset,
			      unsigned long size, gfp_t gfp)
{
	return sg_alloc_table_from_pages_segment(table, pages, n_pages, offset, size,
						 UINT32_MAX, gfp);
}
