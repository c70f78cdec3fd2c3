// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A list is compared with a plain array of (page frame, offset, length), built by
 * its own, simpler rules.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <libdma/scatterlist.h>

#include "test.h"

static uint64_t random_state = 88172645463325252ULL;

static unsigned int dice(unsigned int sides)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (unsigned int)(random_state % sides);
}

/* Arrays of the table: what a walk that knows no sg_next() finds. */
static unsigned int links_in(const struct scatterlist *sg, unsigned int *pieces)
{
	unsigned int links = 0;

	*pieces = 0;
	for (;;) {
		if (sg->page_link & SG_CHAIN) {
			sg = (const struct scatterlist *)(sg->page_link & ~3UL);
			links++;
			continue;
		}
		++*pieces;
		if (sg->page_link & SG_END)
			return links;
		sg++;
	}
}

static void a_table_is_a_chain_of_pages(void **state)
{
	static const struct {
		unsigned int nents, links;
	} cases[] = { { 1, 0 },	  { 127, 0 }, { 128, 0 }, { 129, 1 },
		      { 255, 1 }, { 256, 2 }, { 382, 2 }, { 383, 3 } };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct sg_table table;
		unsigned int pieces;

		assert_int_equal(sg_alloc_table(&table, cases[i].nents, GFP_KERNEL), 0);
		assert_int_equal(links_in(table.sgl, &pieces), cases[i].links);
		assert_int_equal(pieces, cases[i].nents);
		assert_int_equal(table.nents, cases[i].nents);
		assert_int_equal(table.orig_nents, cases[i].nents);
		assert_int_equal(sg_nents(table.sgl), cases[i].nents);
		sg_free_table(&table);
	}
}

static void a_table_of_nothing_is_refused(void **state)
{
	struct sg_table table;

	(void)state;
	assert_int_equal(sg_alloc_table(&table, 0, GFP_KERNEL), -EINVAL);
}

static int arrays, most_arrays;

static struct scatterlist *counted_alloc(unsigned int nents, gfp_t gfp)
{
	(void)gfp;
	if (arrays == most_arrays)
		return NULL;
	arrays++;
	return malloc(nents * sizeof(struct scatterlist));
}

static void counted_free(struct scatterlist *sg, unsigned int nents)
{
	(void)nents;
	arrays--;
	free(sg);
}

static void a_table_that_fails_half_way_can_be_released(void **state)
{
	struct scatterlist first[4];

	(void)state;
	for (most_arrays = 0; most_arrays < 9; most_arrays++) {
		struct sg_table table;
		int err;

		err = __sg_alloc_table(&table, 50, 7, NULL, 0, 0, counted_alloc);
		assert_int_equal(err, most_arrays == 8 ? err : -ENOMEM);
		__sg_free_table(&table, 7, 0, counted_free, table.orig_nents);
		assert_int_equal(arrays, 0);

		err = __sg_alloc_table(&table, 50, 7, first, 4, 0, counted_alloc);
		__sg_free_table(&table, 7, 4, counted_free, table.orig_nents);
		assert_int_equal(arrays, 0);
	}
	most_arrays = 100;
	{
		struct sg_table table;

		assert_int_equal(__sg_alloc_table(&table, 50, 7, first, 4, 0, counted_alloc),
				 0);
		assert_ptr_equal(table.sgl, first);
		assert_int_equal(sg_nents(table.sgl), 50);
		assert_int_equal(arrays, 8);
		__sg_free_table(&table, 7, 4, counted_free, table.orig_nents);
		assert_int_equal(arrays, 0);
	}
}

static void the_first_array_has_its_own_size_whoever_provides_it(void **state)
{
	struct scatterlist *first;
	struct sg_table table;

	(void)state;
	most_arrays = 100;
	assert_int_equal(__sg_alloc_table(&table, 50, 7, NULL, 4, 0, counted_alloc), 0);
	assert_int_equal(arrays, 9);
	first = table.sgl;
	assert_true(sg_is_chain(&first[3]));
	assert_int_equal(sg_nents(first), 50);
	__sg_free_table(&table, 7, 4, counted_free, table.orig_nents);
	assert_int_equal(arrays, 1); /* it is taken for the caller's */
	counted_free(first, 4);
}

static void lengths_are_counted_to_the_entry_that_holds_them(void **state)
{
	struct scatterlist sg[3];

	(void)state;
	sg_init_table(sg, 3);
	for (int i = 0; i < 3; i++)
		sg_set_page(&sg[i], pfn_to_page(100 + i), 1000, 24);
	assert_int_equal(sg_nents_for_len(sg, 0), 0);
	assert_int_equal(sg_nents_for_len(sg, 1), 1);
	assert_int_equal(sg_nents_for_len(sg, 1000), 1);
	assert_int_equal(sg_nents_for_len(sg, 1001), 2);
	assert_int_equal(sg_nents_for_len(sg, 3000), 3);
	assert_int_equal(sg_nents_for_len(sg, 3001), -EINVAL);
	assert_true(sg_phys(&sg[2]) == 102 * PAGE_SIZE + 24);
	assert_ptr_equal(sg_last(sg, 3), &sg[2]);
	assert_null(sg_next(&sg[2]));
}

struct piece {
	unsigned long pfn;
	unsigned long offset;
	unsigned long length;
};

/* One piece after the other, a page at a time. */
static unsigned int plain_pieces(struct page **pages, unsigned int n_pages,
				 unsigned long offset, unsigned long size,
				 unsigned long max, struct piece *piece)
{
	unsigned int count = 0, in_piece = 0;

	max = max / PAGE_SIZE * PAGE_SIZE;
	for (unsigned int i = 0; i < n_pages; i++) {
		unsigned long room = PAGE_SIZE - (i ? 0 : offset);
		unsigned long part = size < room ? size : room;

		if (i && page_to_pfn(pages[i]) == page_to_pfn(pages[i - 1]) + 1 &&
		    in_piece * PAGE_SIZE < max) {
			piece[count - 1].length += part;
			in_piece++;
		} else {
			piece[count++] = (struct piece) { page_to_pfn(pages[i]),
							  i ? 0 : offset, part };
			in_piece = 1;
		}
		size -= part;
	}
	return count;
}

static void pages_become_pieces_as_plain_counting_says(void **state)
{
	static struct page *pages[1000];
	static struct piece piece[1000];

	(void)state;
	for (int round = 0; round < 3000; round++) {
		unsigned int n_pages = 1 + dice(round % 10 ? 40 : 1000), count, i;
		unsigned long offset = dice(4096), size, pfn = 1000 + dice(100000);
		unsigned int max = dice(3) ? 4096 + dice(65536) : UINT32_MAX;
		struct scatterlist *sg;
		struct sg_table table;

		for (i = 0; i < n_pages; i++) {
			pfn = dice(3) ? pfn + 1 : 1000 + dice(100000);
			pages[i] = pfn_to_page(pfn);
		}
		size = (unsigned long)n_pages * PAGE_SIZE - offset - dice(4096 - offset);
		if (n_pages > 1)
			size = (unsigned long)n_pages * PAGE_SIZE - offset - dice(4096);
		count = plain_pieces(pages, n_pages, offset, size, max, piece);
		assert_int_equal(sg_alloc_table_from_pages_segment(&table, pages, n_pages,
								   offset, size, max,
								   GFP_KERNEL),
				 0);
		assert_int_equal(table.orig_nents, count);
		assert_int_equal(table.nents, count);
		for_each_sg(table.sgl, sg, count, i) {
			assert_int_equal(page_to_pfn(sg_page(sg)), piece[i].pfn);
			assert_int_equal(sg->offset, piece[i].offset);
			assert_int_equal(sg->length, piece[i].length);
		}
		assert_int_equal(sg_nents(table.sgl), count);
		sg_free_table(&table);
	}
}

/* As in the kernel: the length is what 32 bits leave of less than nothing. */
static void an_offset_may_lie_behind_the_first_run(void **state)
{
	struct page *pages[] = { pfn_to_page(10), pfn_to_page(20) };
	struct sg_table table;

	(void)state;
	assert_int_equal(sg_alloc_table_from_pages(&table, pages, 2, 5000, 3000, GFP_KERNEL),
			 0);
	assert_int_equal(table.orig_nents, 2);
	assert_int_equal(table.sgl[0].offset, 5000);
	assert_int_equal(table.sgl[0].length, 3000);
	assert_int_equal(table.sgl[1].offset, 0);
	assert_int_equal(table.sgl[1].length, 4096);
	sg_free_table(&table);
}

static void a_finished_table_takes_only_what_joins_its_end(void **state)
{
	struct page *pages[] = { pfn_to_page(10), pfn_to_page(11), pfn_to_page(20) };
	struct sg_append_table append = { 0 };

	(void)state;
	assert_int_equal(sg_alloc_append_table_from_pages(&append, pages, 1, 0, PAGE_SIZE,
							  UINT32_MAX, 0, GFP_KERNEL),
			 0);
	assert_int_equal(sg_alloc_append_table_from_pages(&append, pages + 1, 2, 0,
							  2 * PAGE_SIZE, UINT32_MAX, 0,
							  GFP_KERNEL),
			 -EINVAL);
	assert_int_equal(append.sgt.orig_nents, 1);
	assert_int_equal(append.sgt.sgl->length, PAGE_SIZE);
	assert_int_equal(sg_alloc_append_table_from_pages(&append, pages + 1, 1, 0, PAGE_SIZE,
							  UINT32_MAX, 0, GFP_KERNEL),
			 0);
	assert_int_equal(append.sgt.orig_nents, 1);
	assert_int_equal(append.sgt.sgl->length, 2 * PAGE_SIZE);
	sg_free_append_table(&append);
}

static void no_pages_and_a_segment_of_less_than_one_are_refused(void **state)
{
	struct page *page = pfn_to_page(1);
	struct sg_table table;

	(void)state;
	assert_int_equal(sg_alloc_table_from_pages_segment(&table, &page, 0, 0, 0, 4096,
							   GFP_KERNEL),
			 -EINVAL);
	assert_int_equal(sg_alloc_table_from_pages_segment(&table, &page, 1, 0, 4096, 4095,
							   GFP_KERNEL),
			 -EINVAL);
}

static void appended_pages_hold_the_same_bytes_as_pages_at_once(void **state)
{
	static struct page *pages[600];

	(void)state;
	for (int round = 0; round < 1000; round++) {
		unsigned int n_pages = 1 + dice(round % 8 ? 60 : 600), done, n, i;
		struct sg_append_table append = { 0 };
		unsigned long pfn = 5000, next;
		struct scatterlist *sg;

		for (i = 0; i < n_pages; i++) {
			pfn = dice(2) ? pfn + 1 : 5000 + dice(1000);
			pages[i] = pfn_to_page(pfn);
		}
		for (done = 0; done < n_pages; done += n) {
			n = 1 + dice(n_pages - done);
			assert_int_equal(sg_alloc_append_table_from_pages(
						 &append, pages + done, n, 0,
						 n * PAGE_SIZE, 65536,
						 n_pages - done - n, GFP_KERNEL),
					 0);
		}
		next = 0;
		for_each_sg(append.sgt.sgl, sg, append.sgt.orig_nents, i) {
			assert_true(sg->length <= 65536);
			for (unsigned int at = 0; at < sg->length; at += PAGE_SIZE)
				assert_int_equal(page_to_pfn(sg_page(sg)) + at / PAGE_SIZE,
						 page_to_pfn(pages[next++]));
		}
		assert_int_equal(next, n_pages);
		assert_int_equal(sg_nents(append.sgt.sgl), append.sgt.orig_nents);
		assert_int_equal(sg_alloc_append_table_from_pages(&append, pages, 1, 8, 4096,
								  65536, 0, GFP_KERNEL),
				 -EINVAL);
		sg_free_append_table(&append);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_table_is_a_chain_of_pages),
		cmocka_unit_test(a_table_of_nothing_is_refused),
		cmocka_unit_test(a_table_that_fails_half_way_can_be_released),
		cmocka_unit_test(the_first_array_has_its_own_size_whoever_provides_it),
		cmocka_unit_test(lengths_are_counted_to_the_entry_that_holds_them),
		cmocka_unit_test(pages_become_pieces_as_plain_counting_says),
		cmocka_unit_test(an_offset_may_lie_behind_the_first_run),
		cmocka_unit_test(a_finished_table_takes_only_what_joins_its_end),
		cmocka_unit_test(no_pages_and_a_segment_of_less_than_one_are_refused),
		cmocka_unit_test(appended_pages_hold_the_same_bytes_as_pages_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
