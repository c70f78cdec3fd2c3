// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * coherent.c - memory that belongs to one device
 *
 * One bit stands for one page, and 2^n pages are taken from a multiple of 2^n pages,
 * so that a free list is never needed.
 *
 * Kernel counterpart: kernel/dma/coherent.c (RULES.md C1-C20)
 */
#include <errno.h>
#include <string.h>

#include "alloc/coherent.h"
#include "base/bitmap.h"
#include "base/bits.h"
#include "base/mutant.h"

struct coherent_region {
	struct coherent_place place;
	const struct kernel_rules *rules;
	struct bitmap *used; /* one bit a page */
};

int coherent_create(struct heap *heap, const struct kernel_rules *rules,
		    const struct coherent_place *place, struct coherent_region **ret)
{
	struct coherent_region *region;
	int err;

	if (!place->size)
		return -EINVAL;
	region = heap_alloc(heap, 1, sizeof(*region));
	if (!region)
		return -ENOMEM;
	err = bitmap_create(heap, place->size >> PAGE_SHIFT, &region->used);
	if (err)
		goto free_region;
	region->place = *place;
	region->rules = rules;
	*ret = region;
	return 0;

free_region:
	heap_free(region);
	return err;
}

void coherent_destroy(struct coherent_region *region)
{
	if (!region)
		return;
	bitmap_destroy(region->used);
	heap_free(region);
}

unsigned int coherent_declare_result(unsigned int flags)
{
	return flags & COHERENT_MAP ? COHERENT_MAP : flags & COHERENT_IO;
}

const struct coherent_place *coherent_place(const struct coherent_region *region)
{
	return &region->place;
}

uint64_t coherent_pages(const struct coherent_region *region)
{
	return bitmap_size(region->used);
}

uint64_t coherent_used(const struct coherent_region *region)
{
	return bitmap_weight(region->used);
}

int coherent_alloc(struct coherent_region *region, uint64_t size, uint64_t *offset)
{
	size_t pages = bitmap_size(region->used), page;
	unsigned int order;

	if (!size) {
		*offset = 0;
		return region->rules->coherent_size_0_is_page_0 ? 0 : -EINVAL;
	}
	if (size > (uint64_t)pages << PAGE_SHIFT)
		return -ENOMEM;

	order = (unsigned int)get_order(size);
	page = bitmap_find_order(region->used, order);
	if (page == pages)
		return -ENOMEM;
	bitmap_set(region->used, page, (size_t)1 << order);
	*offset = MUTANT(B01, (uint64_t)page << PAGE_SHIFT,
			 (uint64_t)(int32_t)((uint32_t)page << PAGE_SHIFT));
	if (MUTANT(B07, region->place.cpu, NULL))
		memset((char *)region->place.cpu + *offset, 0, size);
	return 0;
}

/* The page of a CPU address, or -ENOENT where it is not the region's. */
static int find_page(const struct coherent_region *region, const void *cpu,
		     uint64_t *page)
{
	uint64_t offset = (uintptr_t)cpu - (uintptr_t)region->place.cpu;

	*page = offset >> PAGE_SHIFT;
	return *page < MUTANT(B06, MUTANT(B03, bitmap_size(region->used),
					  region->place.size),
			      bitmap_size(region->used) + 1)
		       ? 0
		       : -ENOENT;
}

/*
 * C10: 6.1 takes each word's share of the bits for as far from its start as the first
 * word's is, and what would reach into the next word is left out.
 */
static void clear_by_words(struct coherent_region *region, uint64_t page, uint64_t count)
{
	uint64_t pages = bitmap_size(region->used), bits = count < 64 ? count : 64;

	if (page % 64 == 0) { /* as it should be */
		bitmap_clear(region->used, page, count);
		return;
	}
	for (uint64_t start = page; start < page + count; start += 64) {
		uint64_t end = start + bits, word_end = (start | 63) + 1;

		if (end > word_end)
			end = word_end;
		if (end > pages)
			end = pages;
		bitmap_clear(region->used, start, end - start);
	}
}

int coherent_release(struct coherent_region *region, unsigned int order, const void *cpu,
		     unsigned int *wrong)
{
	uint64_t page, count, pages = bitmap_size(region->used);
	unsigned int what = 0;

	if (find_page(region, cpu, &page))
		return -ENOENT;
	/* an order of 32 bits or more is a count of none in the kernel (C14) */
	count = order < 32 ? 1ULL << order : 0;
	if (count && page & (count - 1))
		what |= COHERENT_MISALIGNED;
	if (count > pages - page) {
		what |= COHERENT_RUNS_OFF;
		count = pages - page;
	}
	if (!bitmap_all_set(region->used, page, count))
		what |= COHERENT_WAS_FREE;
	if (region->rules->coherent_clears_by_words)
		clear_by_words(region, page, count);
	else
		bitmap_clear(region->used, page, MUTANT(B10, count, count - (count > 2)));
	if (wrong)
		*wrong = what;
	return 0;
}

int coherent_mark(struct coherent_region *region, dma_addr_t dma, uint64_t size,
		  uint64_t *offset)
{
	uint64_t page = (dma - region->place.dma) >> PAGE_SHIFT, count;
	uint64_t pages = bitmap_size(region->used);

	size += dma & (PAGE_SIZE - 1);
	if (!size || size > pages << PAGE_SHIFT || page >= pages)
		return -EINVAL;
	count = 1ULL << get_order(size);
	if (count > pages - page)
		return -EINVAL;
	if (bitmap_next_set(region->used, page) < page + count)
		return -EBUSY;
	bitmap_set(region->used, page, count);
	*offset = page << PAGE_SHIFT;
	return 0;
}

int coherent_mmap(const struct coherent_region *region, const void *cpu, uint64_t size,
		  uint64_t page_offset, uint64_t window_pages, phys_addr_t *phys)
{
	uint64_t start = (uintptr_t)cpu - (uintptr_t)region->place.cpu;
	uint64_t end = bitmap_size(region->used) << PAGE_SHIFT;
	uint64_t count;

	if (start > end || size > end - start)
		return -ENOENT;
	count = align_up(size, PAGE_SIZE) >> PAGE_SHIFT;
	if (MUTANT(B05b, page_offset >= count, false) ||
	    MUTANT(B05a, window_pages > count - page_offset,
		   window_pages + page_offset > count && window_pages < count))
		return -ENXIO;
	*phys = align_down(region->place.phys, PAGE_SIZE) + align_down(start, PAGE_SIZE) +
		(page_offset << PAGE_SHIFT);
	return 0;
}

int coherent_walk(const struct coherent_region *region, extent_visitor *visit, void *arg)
{
	size_t pages = bitmap_size(region->used), start, end;
	int err;

	for (start = 0; start < pages; start = end) {
		struct extent extent = { .used = bitmap_test(region->used, start) };

		end = extent.used ? bitmap_next_clear(region->used, start)
				  : bitmap_next_set(region->used, start);
		extent.start = region->place.dma + ((uint64_t)start << PAGE_SHIFT);
		extent.length = (uint64_t)(end - start) << PAGE_SHIFT;
		err = visit(&extent, arg);
		if (err)
			return err;
	}
	return 0;
}

bool coherent_valid(const struct coherent_region *region)
{
	return bitmap_size(region->used) == region->place.size >> PAGE_SHIFT &&
	       bitmap_valid(region->used);
}
