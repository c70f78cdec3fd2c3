// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * pages.c - who has which pages of the memory: a buddy allocator
 *
 * For each order a set of the free blocks and one of those that are taken. Blocks are
 * numbered without the holes between sections of memory, so a set is as large as what
 * there is, and not as the highest address.
 *
 * Kernel counterpart: mm/page_alloc.c
 */
#include <errno.h>

#include "base/bits.h"
#include "base/bitset.h"
#include "hardware/pages.h"

#define ORDERS (PAGES_MAX_ORDER + 1)

/* Of the largest blocks: all memory in it, and the holes that are smaller than one. */
struct section {
	uint64_t page;  /* the first one's address / PAGE_SIZE */
	uint64_t frame; /* its number */
	uint64_t pages;
};

struct pages {
	const struct memory *memory;
	struct section *section; /* ascending */
	size_t sections;
	uint64_t *word;               /* of all sets */
	struct bitset free[ORDERS];   /* by number / pages of a block */
	struct bitset taken[ORDERS];  /* by pages_alloc() */
	uint64_t count[MEMORY_ZONES]; /* free pages */
};

/* The last section that does not begin behind a page, or else behind a number. */
static const struct section *section_of(const struct pages *pages, uint64_t at,
					bool numbered)
{
	const struct section *section = pages->section;

	for (size_t count = pages->sections, half; count > 1; count -= half) {
		half = count / 2;
		if ((numbered ? section[half].frame : section[half].page) <= at)
			section += half;
	}
	return section;
}

/* The number of a block; what lies in a hole has one that no block has. */
static uint64_t number_of(const struct pages *pages, uint64_t block, unsigned int order)
{
	uint64_t page = block << order;
	const struct section *section = section_of(pages, page, false);

	if (page - section->page >= section->pages)
		return UINT64_MAX;
	return (section->frame + page - section->page) >> order;
}

/* The first free block that is not below @block: 0, or -ENOENT. */
static int next_free(const struct pages *pages, uint64_t block, unsigned int order,
		     uint64_t *ret)
{
	uint64_t page = block << order, number;
	const struct section *section = section_of(pages, page, false);

	number = section->frame;
	if (page > section->page) /* behind its end the next one's begin */
		number += page - section->page < section->pages ? page - section->page
								: section->pages;
	if (bitset_next(&pages->free[order], number >> order, &number))
		return -ENOENT;
	number <<= order;
	section = section_of(pages, number, true);
	*ret = (section->page + number - section->frame) >> order;
	return 0;
}

static void add_free(struct pages *pages, uint64_t block, unsigned int order)
{
	phys_addr_t phys = block << order << PAGE_SHIFT;

	bitset_add(&pages->free[order], number_of(pages, block, order));
	pages->count[memory_zone_of(pages->memory, phys)] += 1ULL << order;
}

static void remove_free(struct pages *pages, uint64_t block, unsigned int order)
{
	phys_addr_t phys = block << order << PAGE_SHIFT;

	bitset_remove(&pages->free[order], number_of(pages, block, order));
	pages->count[memory_zone_of(pages->memory, phys)] -= 1ULL << order;
}

/* Is a block in one of the sets? */
static bool has(const struct pages *pages, const struct bitset set[ORDERS],
		uint64_t block, unsigned int order)
{
	uint64_t number = number_of(pages, block, order);

	return number < set[order].room && bitset_has(&set[order], number);
}

static bool same_zone(const struct pages *pages, uint64_t block, uint64_t other,
		      unsigned int order)
{
	return memory_zone_of(pages->memory, block << order << PAGE_SHIFT) ==
	       memory_zone_of(pages->memory, other << order << PAGE_SHIFT);
}

/* A free block, joined with its neighbour of the same size as long as that is free. */
static void join(struct pages *pages, uint64_t block, unsigned int order)
{
	while (order < PAGES_MAX_ORDER && has(pages, pages->free, block ^ 1, order) &&
	       same_zone(pages, block, block ^ 1, order)) {
		remove_free(pages, block ^ 1, order);
		block >>= 1;
		order++;
	}
	add_free(pages, block, order);
}

/* A range as the largest blocks that fit, none of them over a zone's end. */
static void free_range(struct pages *pages, uint64_t page, uint64_t end)
{
	while (page < end) {
		unsigned int order = 0;

		while (order < PAGES_MAX_ORDER && !(page & ((2ULL << order) - 1)) &&
		       page + (2ULL << order) <= end &&
		       memory_zone_of(pages->memory, page << PAGE_SHIFT) ==
			       memory_zone_of(pages->memory, (page + (2ULL << order) - 1)
								     << PAGE_SHIFT))
			order++;
		join(pages, page >> order, order);
		page += 1ULL << order;
	}
}

static int free_extent(const struct extent *extent, void *arg)
{
	if (extent->used)
		free_range(arg, extent->start >> PAGE_SHIFT,
			   (extent->start + extent->length) >> PAGE_SHIFT);
	return 0;
}

static int count_extent(const struct extent *extent, void *arg)
{
	size_t *count = arg;

	*count += extent->used;
	return 0;
}

/* What begins in the last section makes that larger. */
static int add_extent(const struct extent *extent, void *arg)
{
	const uint64_t largest = PAGE_SIZE << PAGES_MAX_ORDER;
	struct pages *pages = arg;
	struct section *section = &pages->section[pages->sections];
	uint64_t first = align_down(extent->start, largest) >> PAGE_SHIFT;
	uint64_t end = align_up(extent->start + extent->length, largest) >> PAGE_SHIFT;

	if (!extent->used)
		return 0;
	if (pages->sections && first <= section[-1].page + section[-1].pages) {
		section[-1].pages = end - section[-1].page;
		return 0;
	}
	*section = (struct section) { .page = first, .pages = end - first };
	if (pages->sections++)
		section->frame = section[-1].frame + section[-1].pages;
	return 0;
}

/* In one piece of memory: a machine that lives shortly is made of few. */
static int make_sets(struct pages *pages, struct heap *heap)
{
	const struct section *last = &pages->section[pages->sections - 1];
	uint64_t frames = last->frame + last->pages, words = 0, *word;

	for (unsigned int order = 0; order < ORDERS; order++)
		words += 2 * bitset_words(frames >> order);
	word = pages->word = heap_alloc(heap, words, sizeof(*word));
	if (!word)
		return -ENOMEM;
	for (unsigned int order = 0; order < ORDERS; order++) {
		bitset_init(&pages->free[order], frames >> order, word);
		word += bitset_words(frames >> order);
		bitset_init(&pages->taken[order], frames >> order, word);
		word += bitset_words(frames >> order);
	}
	return 0;
}

int pages_create(struct heap *heap, const struct memory *memory, struct pages **ret)
{
	struct pages *pages = heap_alloc(heap, 1, sizeof(*pages));
	size_t ranges = 0;

	if (!pages)
		return -ENOMEM;
	pages->memory = memory;
	memory_walk(memory, count_extent, &ranges);
	pages->section = heap_alloc(heap, ranges, sizeof(*pages->section));
	if (!pages->section)
		goto destroy_pages;
	memory_walk(memory, add_extent, pages);
	if (make_sets(pages, heap))
		goto destroy_pages;
	memory_walk(memory, free_extent, pages);
	*ret = pages;
	return 0;

destroy_pages:
	pages_destroy(pages);
	return -ENOMEM;
}

void pages_destroy(struct pages *pages)
{
	if (!pages)
		return;
	heap_free(pages->word);
	heap_free(pages->section);
	heap_free(pages);
}

/* Take @block out of a larger free one, and leave the rest of that free. */
static void split(struct pages *pages, uint64_t block, unsigned int order,
		  unsigned int larger)
{
	remove_free(pages, block >> (larger - order), larger);
	while (larger-- > order)
		add_free(pages, (block >> (larger - order)) ^ 1, larger);
}

static int alloc_in_zone(struct pages *pages, enum memory_zone zone, unsigned int order,
			 phys_addr_t *phys)
{
	phys_addr_t start, end;
	uint64_t block;

	memory_zone(pages->memory, zone, &start, &end);
	for (unsigned int larger = order; larger < ORDERS; larger++) {
		unsigned int shift = larger + PAGE_SHIFT;
		uint64_t first = (start >> shift) + !!(start & ((1ULL << shift) - 1));

		if (next_free(pages, first, larger, &block) || block << shift >= end)
			continue;
		block <<= larger - order;
		split(pages, block, order, larger);
		bitset_add(&pages->taken[order], number_of(pages, block, order));
		*phys = block << order << PAGE_SHIFT;
		return 0;
	}
	return -ENOMEM;
}

int pages_alloc(struct pages *pages, enum memory_zone zone, unsigned int order,
		phys_addr_t *phys)
{
	if (order > PAGES_MAX_ORDER)
		return -ENOMEM;
	for (unsigned int at = zone + 1; at--;)
		if (!alloc_in_zone(pages, at, order, phys))
			return 0;
	return -ENOMEM;
}

/* Was a block of this order taken at this address? */
static bool is_taken(const struct pages *pages, phys_addr_t phys, unsigned int order)
{
	return order <= PAGES_MAX_ORDER && !(phys & ((PAGE_SIZE << order) - 1)) &&
	       has(pages, pages->taken, phys >> PAGE_SHIFT >> order, order);
}

int pages_free(struct pages *pages, phys_addr_t phys, unsigned int order)
{
	uint64_t block = phys >> PAGE_SHIFT >> order;

	if (!is_taken(pages, phys, order))
		return -EINVAL;
	bitset_remove(&pages->taken[order], number_of(pages, block, order));
	join(pages, block, order);
	return 0;
}

int pages_split(struct pages *pages, phys_addr_t phys, unsigned int order)
{
	uint64_t page = phys >> PAGE_SHIFT;

	if (!is_taken(pages, phys, order))
		return -EINVAL;
	bitset_remove(&pages->taken[order], number_of(pages, page >> order, order));
	for (uint64_t end = page + (1ULL << order); page < end; page++)
		bitset_add(&pages->taken[0], number_of(pages, page, 0));
	return 0;
}

/* The order, not below @least, of the set's block that holds a page's number, or -1. */
static int order_of(const struct bitset set[ORDERS], uint64_t number, unsigned int least)
{
	for (unsigned int order = least; order < ORDERS; order++)
		if (number >> order < set[order].room &&
		    bitset_has(&set[order], number >> order))
			return (int)order;
	return -1;
}

/* The order of the free block that holds a page, or -1. */
static int free_order_of(const struct pages *pages, uint64_t page)
{
	return order_of(pages->free, number_of(pages, page, 0), 0);
}

/* Is a range of whole pages inside the address space? */
static bool is_range(const struct pages *pages, phys_addr_t phys, uint64_t size)
{
	return size && !((phys | size) & (PAGE_SIZE - 1)) &&
	       phys < memory_end(pages->memory) &&
	       size <= memory_end(pages->memory) - phys;
}

int pages_reserve(struct pages *pages, phys_addr_t phys, uint64_t size)
{
	uint64_t first = phys >> PAGE_SHIFT, end = (phys + size) >> PAGE_SHIFT, page;
	int order;

	if (!is_range(pages, phys, size))
		return -EINVAL;
	for (page = first; page < end; page = ((page >> order) + 1) << order) {
		order = free_order_of(pages, page);
		if (order < 0)
			return -EBUSY;
	}
	for (page = first; page < end;) {
		uint64_t start;

		order = free_order_of(pages, page);
		start = page >> order << order;
		remove_free(pages, page >> order, (unsigned int)order);
		free_range(pages, start, page);
		page = start + (1ULL << order);
		if (page > end)
			free_range(pages, end, page);
	}
	return 0;
}

int pages_unreserve(struct pages *pages, phys_addr_t phys, uint64_t size)
{
	uint64_t first = phys >> PAGE_SHIFT, end = (phys + size) >> PAGE_SHIFT;

	if (!is_range(pages, phys, size) || !memory_has(pages->memory, phys, size))
		return -EINVAL;
	for (uint64_t page = first; page < end; page++)
		if (free_order_of(pages, page) >= 0 ||
		    order_of(pages->taken, number_of(pages, page, 0), 0) >= 0)
			return -EINVAL;
	free_range(pages, first, end);
	return 0;
}

/* The end of what begins at @page in the same state; blocks of one state may touch. */
static uint64_t run_end(const struct pages *pages, uint64_t page, uint64_t end,
			bool is_free)
{
	while (page < end) {
		uint64_t next = end, found;
		int order = free_order_of(pages, page);

		if ((order >= 0) != is_free)
			break;
		if (is_free) {
			page = ((page >> order) + 1) << order;
			continue;
		}
		for (unsigned int at = 0; at < ORDERS; at++)
			if (!next_free(pages, (page >> at) + 1, at, &found) &&
			    found << at < next)
				next = found << at;
		page = next;
	}
	return page < end ? page : end;
}

struct page_walk {
	const struct pages *pages;
	extent_visitor *visit;
	void *arg;
};

static int walk_memory(const struct extent *extent, void *arg)
{
	const struct page_walk *walk = arg;
	uint64_t page = extent->start >> PAGE_SHIFT, next;
	uint64_t end = (extent->start + extent->length) >> PAGE_SHIFT;
	int err = 0;

	if (!extent->used)
		return 0;
	for (; page < end && !err; page = next) {
		bool is_free = free_order_of(walk->pages, page) >= 0;

		next = run_end(walk->pages, page, end, is_free);
		err = walk->visit(&(struct extent) { page << PAGE_SHIFT,
						     (next - page) << PAGE_SHIFT,
						     !is_free },
				  walk->arg);
	}
	return err;
}

int pages_walk(const struct pages *pages, extent_visitor *visit, void *arg)
{
	struct page_walk walk = { pages, visit, arg };

	return memory_walk(pages->memory, walk_memory, &walk);
}

struct top_search {
	uint64_t size, align;
	phys_addr_t limit;
	phys_addr_t found;
	int err;
};

static int try_extent(const struct extent *extent, void *arg)
{
	struct top_search *search = arg;
	phys_addr_t end = extent->start + extent->length, start;

	if (end > search->limit)
		end = search->limit;
	if (extent->used || end < extent->start || end - extent->start < search->size)
		return 0;
	start = align_down(end - search->size, search->align);
	if (start >= extent->start) {
		search->found = start;
		search->err = 0;
	}
	return 0;
}

int pages_find_top(const struct pages *pages, uint64_t size, uint64_t align,
		   phys_addr_t limit, phys_addr_t *phys)
{
	struct top_search search = { size, align > PAGE_SIZE ? align : PAGE_SIZE, limit,
				     0, -ENOMEM };

	pages_walk(pages, try_extent, &search);
	if (!search.err)
		*phys = search.found;
	return search.err;
}

uint64_t pages_count_free(const struct pages *pages, enum memory_zone zone)
{
	return pages->count[zone];
}

/* A free block is memory, of one zone, in no other block, and not beside its buddy. */
static bool block_valid(const struct pages *pages, uint64_t block, unsigned int order)
{
	uint64_t page = block << order, last = page + (1ULL << order) - 1;
	uint64_t number = number_of(pages, page, 0);

	if (!memory_has(pages->memory, page << PAGE_SHIFT, PAGE_SIZE << order) ||
	    !same_zone(pages, page, last, 0) ||
	    order_of(pages->free, number, order + 1) >= 0)
		return false;
	if (order < PAGES_MAX_ORDER && has(pages, pages->free, block ^ 1, order) &&
	    same_zone(pages, block, block ^ 1, order))
		return false;
	return order_of(pages->taken, number, 0) < 0 &&
	       order_of(pages->taken, number + last - page, 0) < 0;
}

bool pages_valid(const struct pages *pages)
{
	uint64_t count[MEMORY_ZONES] = { 0 }, block, phys;

	for (unsigned int order = 0; order < ORDERS; order++) {
		for (uint64_t from = 0; !next_free(pages, from, order, &block);
		     from = block + 1) {
			if (!block_valid(pages, block, order))
				return false;
			phys = block << order << PAGE_SHIFT;
			count[memory_zone_of(pages->memory, phys)] += 1ULL << order;
		}
	}
	for (unsigned int zone = 0; zone < MEMORY_ZONES; zone++)
		if (count[zone] != pages->count[zone])
			return false;
	return true;
}
