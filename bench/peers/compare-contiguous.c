// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * compare-contiguous.c - libdma's CMA and the kernel's mm/cma.c, kernel/dma/contiguous.c
 *
 * Areas that begin and end at any page, some of whose pages cannot be moved away.
 */
#include <errno.h>

#include <libdma/page.h>

#include "alloc/contiguous.h"

#include "compare.h"
#include "peer-contiguous.h"

#define CALLS     100000
#define RUN       2000 /* calls at one area */
#define MAX_PAGES 5000

struct live {
	phys_addr_t phys;
	uint64_t pages;
};

static const struct peer_contiguous *peer;
static struct contiguous *area;
static phys_addr_t start;
static uint64_t area_pages;
static struct live live[MAX_PAGES];
static unsigned int count, freed_in_parts, busy_runs;
static bool pinned[MAX_PAGES];

static bool is_pinned(unsigned long pfn, unsigned long pages)
{
	for (unsigned long page = 0; page < pages; page++)
		if (pinned[pfn - (start >> PAGE_SHIFT) + page])
			return true;
	return false;
}

static bool is_busy(void *arg, phys_addr_t phys, uint64_t pages)
{
	bool busy = is_pinned(phys >> PAGE_SHIFT, pages);

	(void)arg;
	busy_runs += busy;
	return busy;
}

static void alloc(void)
{
	uint64_t size =
		roll(10) ? 1 + roll(roll(3) ? 40 * PAGE_SIZE : area_pages * PAGE_SIZE)
			 : 0;
	uint64_t pages = size >> PAGE_SHIFT, theirs;
	phys_addr_t ours = 0;
	unsigned int order;
	int err;

	if (roll(2)) {
		err = contiguous_alloc(area, pages, contiguous_align_order(size), &ours);
		theirs = peer->alloc(size);
	} else {
		order = (unsigned int)roll(12);
		err = contiguous_alloc(area, pages, order, &ours);
		theirs = peer->alloc_pages(pages, order);
	}
	compare("where pages are", err ? 0 : ours, theirs);
	if (!err)
		live[count++] = (struct live) { ours, pages };
}

/* All of them, or those at the beginning or the end. */
static void release(void)
{
	struct live *block = &live[roll(count)], part = *block;

	if (part.pages > 1 && !roll(4)) {
		part.pages = 1 + roll(part.pages - 1);
		block->pages -= part.pages;
		if (roll(2))
			part.phys += block->pages << PAGE_SHIFT;
		else
			block->phys += part.pages << PAGE_SHIFT;
		freed_in_parts++;
	} else {
		*block = live[--count];
	}
	compare("are they the area's", !contiguous_free(area, part.phys, part.pages),
		peer->release(part.phys, part.pages));
}

static void release_foreign(void)
{
	phys_addr_t phys = roll(2) ? start - (1 + roll(9)) * PAGE_SIZE
				   : start + (area_pages + roll(9)) * PAGE_SIZE;

	if (phys < start + (area_pages << PAGE_SHIFT) && phys >= start)
		return;
	compare("are they foreign", contiguous_free(area, phys, 1) == -ENOENT,
		!peer->release(phys, 1));
}

static int compare_extent(const struct extent *extent, void *arg)
{
	uint64_t *page = arg;

	compare("an extent's place", extent->start, start + (*page << PAGE_SHIFT));
	for (uint64_t end = *page + (extent->length >> PAGE_SHIFT); *page < end; ++*page)
		compare("is a page taken", extent->used, peer->taken(*page));
	return 0;
}

static void pin_pages(void)
{
	unsigned int one_of = 1 + (unsigned int)roll(3000);

	for (unsigned int page = 0; page < MAX_PAGES; page++)
		pinned[page] = !roll(one_of);
}

static void run(void)
{
	bool pins = roll(2);
	uint64_t page = 0;

	count = 0;
	start = PAGE_SIZE * (10 + roll(1 << 20));
	area_pages = 1 + roll(roll(4) ? MAX_PAGES : 100);
	if (contiguous_create(NULL, start, area_pages << PAGE_SHIFT, &area))
		exit(1);
	compare("an area", 0, (uint64_t)peer->create(start, area_pages << PAGE_SHIFT));
	contiguous_set_busy(area, pins ? is_busy : NULL, NULL);
	peer->set_busy(pins ? is_pinned : NULL);
	for (unsigned int call = 0; call < RUN; call++) {
		if (call % 500 == 0)
			pin_pages();
		if (!count || roll(20) < 11)
			alloc();
		else if (roll(50))
			release();
		else
			release_foreign();
	}
	contiguous_walk(area, compare_extent, &page);
	compare("all pages", page, area_pages);
	compare("valid", contiguous_valid(area), true);
	contiguous_destroy(area);
}

int main(int argc, char **argv)
{
	kernel_of(argc, argv);
	peer = open_peer(argv[2], "peer_contiguous");
	for (unsigned int calls = 0; calls < CALLS; calls += RUN)
		run();
	printf("CMA of %s: %u calls, no difference (%u busy runs, %u freed in parts)\n",
	       argv[1], CALLS, busy_runs, freed_in_parts);
	return 0;
}
