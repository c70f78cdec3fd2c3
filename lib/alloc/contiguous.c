// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * contiguous.c - memory kept for large allocations (CMA)
 *
 * Kernel counterpart: mm/cma.c, kernel/dma/contiguous.c (RULES.md A14, A15)
 */
#include <errno.h>

#include "alloc/contiguous.h"
#include "base/bitmap.h"
#include "base/bits.h"
#include "base/mutant.h"

struct contiguous {
	phys_addr_t phys;
	struct bitmap *used; /* one bit a page */
	bool (*busy)(void *arg, phys_addr_t phys, uint64_t pages);
	void *arg;
};

int contiguous_create(struct heap *heap, phys_addr_t phys, uint64_t size,
		      struct contiguous **ret)
{
	struct contiguous *area;
	int err;

	if (!size || (phys | size) & (PAGE_SIZE - 1) || phys + size < phys)
		return -EINVAL;
	area = heap_alloc(heap, 1, sizeof(*area));
	if (!area)
		return -ENOMEM;
	err = bitmap_create(heap, size >> PAGE_SHIFT, &area->used);
	if (err)
		goto free_area;
	area->phys = phys;
	*ret = area;
	return 0;

free_area:
	heap_free(area);
	return err;
}

void contiguous_destroy(struct contiguous *area)
{
	if (!area)
		return;
	bitmap_destroy(area->used);
	heap_free(area);
}

void contiguous_set_busy(struct contiguous *area,
			 bool (*busy)(void *arg, phys_addr_t phys, uint64_t pages),
			 void *arg)
{
	area->busy = busy;
	area->arg = arg;
}

int contiguous_alloc(struct contiguous *area, uint64_t pages, unsigned int align_order,
		     phys_addr_t *phys)
{
	size_t size = bitmap_size(area->used), align, bit = 0;

	if (!pages || align_order > 63 - PAGE_SHIFT)
		return -EINVAL;
	if (pages > size - bitmap_weight(area->used))
		return -ENOMEM;
	align = (size_t)1 << align_order;
	/* the address is aligned, not the place in the area */
	while ((bit = bitmap_find_clear(area->used, bit, pages, align,
					MUTANT(X02, area->phys >> PAGE_SHIFT & (align - 1),
					       0))) < size) {
		*phys = area->phys + ((phys_addr_t)bit << PAGE_SHIFT);
		if (!area->busy || !area->busy(area->arg, *phys, pages)) {
			bitmap_set(area->used, bit, pages);
			return 0;
		}
		bit += align;
	}
	return -ENOMEM;
}

unsigned int contiguous_align_order(uint64_t size)
{
	unsigned int order = (unsigned int)get_order(size);

	return order < CONTIGUOUS_MAX_ALIGN_ORDER ? order : CONTIGUOUS_MAX_ALIGN_ORDER;
}

int contiguous_free(struct contiguous *area, phys_addr_t phys, uint64_t pages)
{
	uint64_t bit = (phys - area->phys) >> PAGE_SHIFT, size = bitmap_size(area->used);

	if (phys < area->phys || bit >= size)
		return -ENOENT;
	if (!pages || pages > size - bit || phys & (PAGE_SIZE - 1) ||
	    !bitmap_all_set(area->used, bit, pages))
		return -EINVAL;
	bitmap_clear(area->used, bit, pages);
	return 0;
}

phys_addr_t contiguous_end(const struct contiguous *area)
{
	return area->phys + ((phys_addr_t)bitmap_size(area->used) << PAGE_SHIFT);
}

uint64_t contiguous_used(const struct contiguous *area)
{
	return bitmap_weight(area->used);
}

int contiguous_walk(const struct contiguous *area, extent_visitor *visit, void *arg)
{
	size_t size = bitmap_size(area->used), start, end;
	int err;

	for (start = 0; start < size; start = end) {
		struct extent extent = { .used = bitmap_test(area->used, start) };

		end = extent.used ? bitmap_next_clear(area->used, start)
				  : bitmap_next_set(area->used, start);
		extent.start = area->phys + ((uint64_t)start << PAGE_SHIFT);
		extent.length = (uint64_t)(end - start) << PAGE_SHIFT;
		err = visit(&extent, arg);
		if (err)
			return err;
	}
	return 0;
}

bool contiguous_valid(const struct contiguous *area)
{
	return bitmap_valid(area->used);
}
