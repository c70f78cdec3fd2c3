// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * compare-scatterlist.c - libdma's scatterlists and the kernel's lib/scatterlist.c
 *
 * Tables are made by all their ways, with memory that becomes short now and then, and
 * compared entry by entry, links included. This program's malloc() and free(), and those
 * of libdma inside it, are the ones below (-Wl,--wrap).
 */
#include <errno.h>

#include <libdma/scatterlist.h>

#include "compare.h"
#include "peer-scatterlist.h"

#define CALLS     100000
#define MAX_PAGES 1500

static const struct peer_scatterlist *peer;
static unsigned int calls;

/* ---- memory that becomes short ---- */

static unsigned int to_failure, live;

void *__real_malloc(size_t size);
void __real_free(void *memory);
void *__wrap_malloc(size_t size);
void __wrap_free(void *memory);

void *__wrap_malloc(size_t size)
{
	void *memory = to_failure && !--to_failure ? NULL : __real_malloc(size);

	live += memory != NULL;
	return memory;
}

void __wrap_free(void *memory)
{
	live -= memory != NULL;
	__real_free(memory);
}

static void make_short(void)
{
	to_failure = roll(4) ? 0 : 1 + (unsigned int)roll(6);
	peer->fail(to_failure);
}

static void expect_nothing_left(void)
{
	to_failure = 0;
	compare("arrays that are not released", live, peer->fail(0));
	compare("arrays left", live, 0);
}

/* ---- what is compared ---- */

static void compare_entries(struct scatterlist *ours, struct scatterlist *theirs)
{
	while (ours && theirs) {
		compare("an entry's marks", ours->page_link & SG_PAGE_LINK_MASK,
			theirs->page_link & SG_PAGE_LINK_MASK);
		compare("an entry's offset", ours->offset, theirs->offset);
		compare("an entry's length", ours->length, theirs->length);
		compare("an entry's DMA address", sg_dma_address(ours),
			sg_dma_address(theirs));
		compare("an entry's DMA length", sg_dma_len(ours), sg_dma_len(theirs));
		compare("an entry's flags", ours->dma_flags, theirs->dma_flags);
		if (sg_is_chain(ours)) {
			ours = sg_chain_ptr(ours);
			theirs = sg_chain_ptr(theirs);
			continue;
		}
		compare("an entry's page", ours->page_link, theirs->page_link);
		if (sg_is_last(ours))
			return;
		ours++;
		theirs++;
	}
	compare("a list", ours != NULL, theirs != NULL);
}

static void compare_tables(const struct sg_table *ours, const struct sg_table *theirs)
{
	compare("a table's entries", ours->nents, theirs->nents);
	compare("a table's original entries", ours->orig_nents, theirs->orig_nents);
	compare("a table's list", ours->sgl != NULL, theirs->sgl != NULL);
}

static unsigned int place_of(struct scatterlist *sgl, const struct scatterlist *sg)
{
	unsigned int place = 0;

	while (sgl && sgl != sg) {
		sgl = sg_next(sgl);
		place++;
	}
	return place;
}

/* What only reads a list. */
static void compare_readers(struct scatterlist *ours, struct scatterlist *theirs,
			    unsigned int nents)
{
	uint64_t length = roll(3) ? roll((uint64_t)nents * 5000 + 1) : roll(9);

	compare("sg_nents()", (uint64_t)sg_nents(ours), (uint64_t)peer->nents(theirs));
	compare("sg_nents_for_len()", (uint64_t)sg_nents_for_len(ours, length),
		(uint64_t)peer->nents_for_len(theirs, length));
	compare("sg_last()", place_of(ours, sg_last(ours, nents)),
		place_of(theirs, peer->last(theirs, nents)));
	calls += 3;
}

/* ---- tables of empty entries ---- */

static void make_table(void)
{
	unsigned int nents = (unsigned int)roll(roll(4) ? 150 : 2000);
	struct sg_table ours, theirs;
	int err;

	make_short();
	err = sg_alloc_table(&ours, nents, 0);
	compare("sg_alloc_table()", (uint64_t)err,
		(uint64_t)peer->alloc(&theirs, nents, 0));
	compare_tables(&ours, &theirs);
	compare_entries(ours.sgl, theirs.sgl);
	if (!err) {
		compare_readers(ours.sgl, theirs.sgl, nents);
		sg_free_table(&ours);
		peer->free(&theirs);
		compare_tables(&ours, &theirs);
	}
	expect_nothing_left();
	calls += 2;
}

/* ---- with the caller's allocator ---- */

static struct scatterlist *array_alloc(unsigned int nents, gfp_t gfp)
{
	(void)gfp;
	return malloc(nents * sizeof(struct scatterlist));
}

/* The sizes of arrays that were released, as a sum that depends on their order. */
static uint64_t released;

static void array_free(struct scatterlist *sg, unsigned int nents)
{
	released = released * 31 + nents;
	free(sg);
}

static void make_table_with(void)
{
	static struct scatterlist first[2][64];
	unsigned int nents = (unsigned int)roll(300),
		     max_ents = 2 + (unsigned int)roll(150);
	unsigned int nents_first = roll(2) ? 2 + (unsigned int)roll(63) : 0;
	unsigned int failure = roll(4) ? 0 : 1 + (unsigned int)roll(4);
	bool callers = nents_first && roll(4); /* or the first array is but of that size */
	struct scatterlist *first_of[2];
	struct sg_table ours, theirs;
	uint64_t our_released;
	int err;

	to_failure = failure;
	err = __sg_alloc_table(&ours, nents, max_ents, callers ? first[0] : NULL,
			       nents_first, 0, array_alloc);
	to_failure = failure;
	compare("__sg_alloc_table()", (uint64_t)err,
		(uint64_t)peer->alloc_with(&theirs, nents, max_ents,
					   callers ? first[1] : NULL, nents_first, 0,
					   array_alloc));
	to_failure = 0;
	compare_tables(&ours, &theirs);
	if (!err)
		compare_entries(ours.sgl, theirs.sgl);
	if (!err && nents)
		compare_readers(ours.sgl, theirs.sgl, nents);
	first_of[0] = ours.sgl;
	first_of[1] = theirs.sgl;
	released = 0;
	__sg_free_table(&ours, max_ents, nents_first, array_free, ours.orig_nents);
	our_released = released;
	released = 0;
	peer->free_with(&theirs, max_ents, nents_first, array_free, theirs.orig_nents);
	compare("what __sg_free_table() releases", our_released, released);
	/* It takes the first for the caller's, and so do we. */
	if (nents_first && !callers) {
		free(first_of[0]);
		free(first_of[1]);
	}
	compare_tables(&ours, &theirs);
	expect_nothing_left();
	calls += 2;
}

/* ---- of pages ---- */

static struct page *pages[MAX_PAGES];

/* Runs of about @run pages, so that some are joined. */
static void pick_pages(unsigned int n_pages, unsigned int run)
{
	unsigned long pfn = roll(1 << 20);

	for (unsigned int i = 0; i < n_pages; i++) {
		pfn = roll(run) ? pfn + 1 : roll(1 << 20);
		pages[i] = pfn_to_page(pfn);
	}
}

static unsigned int pick_max_segment(void)
{
	switch (roll(4)) {
	case 0:
		return (unsigned int)roll(40 * PAGE_SIZE);
	case 1:
		return (unsigned int)PAGE_SIZE << roll(8);
	default:
		return UINT32_MAX;
	}
}

/* Mostly into the first page; no larger than the driver's mistake. */
static unsigned int pick_offset(void)
{
	return roll(2) ? 0 : (unsigned int)roll(roll(20) ? PAGE_SIZE : 4 * PAGE_SIZE);
}

static void make_table_of_pages(void)
{
	unsigned int n_pages = 1 + (unsigned int)roll(roll(4) ? 200 : MAX_PAGES);
	unsigned int offset = pick_offset(), max_segment = pick_max_segment();
	unsigned long size = n_pages * PAGE_SIZE;
	struct sg_table ours = { 0 }, theirs = { 0 };
	int err;

	size -= roll(20) ? offset : roll(size);
	size -= roll(2) ? 0 : roll(PAGE_SIZE);
	pick_pages(n_pages, 1 + (unsigned int)roll(12));
	make_short();
	err = sg_alloc_table_from_pages_segment(&ours, pages, n_pages, offset, size,
						max_segment, 0);
	compare("sg_alloc_table_from_pages_segment()", (uint64_t)err,
		(uint64_t)peer->from_pages(&theirs, pages, n_pages, offset, size,
					   max_segment, 0));
	if (!err) {
		compare_tables(&ours, &theirs);
		compare_entries(ours.sgl, theirs.sgl);
		compare_readers(ours.sgl, theirs.sgl, ours.orig_nents);
		sg_free_table(&ours);
		peer->free(&theirs);
	}
	expect_nothing_left();
	calls += 2;
}

/* Pages that come in parts; every part but the last says how many are left, or more. */
static void append_pages(void)
{
	unsigned int n_pages = 1 + (unsigned int)roll(roll(4) ? 300 : MAX_PAGES), part;
	unsigned int offset = pick_offset(), max_segment = pick_max_segment();
	struct sg_append_table ours = { 0 }, theirs = { 0 };
	int err = 0;

	pick_pages(n_pages, 1 + (unsigned int)roll(12));
	make_short();
	for (unsigned int done = 0; done < n_pages && !err; done += part) {
		unsigned int left;
		unsigned long size;

		part = 1 + (unsigned int)roll(roll(2) ? 20 : n_pages);
		part = part < n_pages - done ? part : n_pages - done;
		left = n_pages - done - part;
		left += left && !roll(4) ? (unsigned int)roll(50) : 0;
		size = part * PAGE_SIZE - offset;
		err = sg_alloc_append_table_from_pages(&ours, pages + done, part, offset,
						       size, max_segment, left, 0);
		compare("sg_alloc_append_table_from_pages()", (uint64_t)err,
			(uint64_t)peer->append(&theirs, pages + done, part, offset, size,
					       max_segment, left, 0));
		compare_tables(&ours.sgt, &theirs.sgt);
		compare("a table's room", ours.total_nents, theirs.total_nents);
		compare_entries(ours.sgt.sgl, theirs.sgt.sgl);
		compare("the last entry so far", place_of(ours.sgt.sgl, ours.prv),
			place_of(theirs.sgt.sgl, theirs.prv));
		offset = roll(500) ? 0 : 1;
		calls++;
	}
	sg_free_append_table(&ours);
	peer->free_append(&theirs);
	expect_nothing_left();
	calls++;
}

/* ---- arrays that the caller links ---- */

static void link_arrays(void)
{
	static struct scatterlist array[2][4][40];
	unsigned int nents[4], arrays = 1 + (unsigned int)roll(4), total = 1;

	for (unsigned int i = 0; i < arrays; i++) {
		nents[i] = 2 + (unsigned int)roll(39);
		total += nents[i] - 1;
		sg_init_table(array[0][i], nents[i]);
		peer->init(array[1][i], nents[i]);
		for (unsigned int side = 0; side < 2; side++)
			for (unsigned int entry = 0; entry < nents[i]; entry++)
				sg_set_page(&array[side][i][entry], pfn_to_page(entry),
					    entry * 97, i);
		if (!i)
			continue;
		sg_chain(array[0][i - 1], nents[i - 1], array[0][i]);
		peer->chain(array[1][i - 1], nents[i - 1], array[1][i]);
	}
	compare_entries(array[0][0], array[1][0]);
	compare_readers(array[0][0], array[1][0], total);
	calls += 2 * arrays;
}

int main(int argc, char **argv)
{
	static void (*const make[])(void) = { make_table, make_table_with,
					      make_table_of_pages, append_pages,
					      link_arrays };
	unsigned int tables = 0;

	kernel_of(argc, argv);
	peer = open_peer(argv[2], "peer_scatterlist");
	compare("an entry's size", sizeof(struct scatterlist), peer->entry_size);
	compare("a table's size", sizeof(struct sg_table), peer->table_size);
	compare("a growing table's size", sizeof(struct sg_append_table),
		peer->append_table_size);
	compare("a page's name", (uint64_t)pfn_to_page(1), (uint64_t)peer->page(1));
	for (; calls < CALLS; tables++)
		make[roll(5)]();
	printf("scatterlist of %s: %u calls for %u tables, no difference\n", argv[1],
	       calls, tables);
	return 0;
}
