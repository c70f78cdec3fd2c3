// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * reference-pages.c - pages of an area the plain way
 */
#include <assert.h>
#include <string.h>

#include "reference-pages.h"
#include "reference.h"

REFERENCE_BEGIN

void reference_pages_init(struct reference_pages *pages, uint64_t size)
{
	pages->size = size;
	pages->runs = 0;
}

static uint64_t align_page(uint64_t page, uint64_t align, uint64_t skew)
{
	return (page + skew + align - 1) / align * align - skew;
}

uint64_t reference_pages_find(const struct reference_pages *pages, uint64_t count,
			      uint64_t align, uint64_t skew)
{
	uint64_t page = align_page(0, align, skew % align);

	for (unsigned int i = 0; i < pages->runs; i++) {
		const struct reference_run *run = &pages->run[i];

		if (run->first >= page && run->first - page >= count)
			break;
		if (run->end > page)
			page = align_page(run->end, align, skew % align);
	}
	return page < pages->size && count <= pages->size - page ? page : pages->size;
}

static void put(struct reference_pages *pages, unsigned int at, struct reference_run run)
{
	assert(pages->runs < REFERENCE_PAGES_RUNS);
	memmove(pages->run + at + 1, pages->run + at, (pages->runs - at) * sizeof(run));
	pages->run[at] = run;
	pages->runs++;
}

void reference_pages_take(struct reference_pages *pages, uint64_t first, uint64_t count)
{
	unsigned int at = 0;

	assert(!reference_pages_used(pages, first, count));
	while (at < pages->runs && pages->run[at].first < first)
		at++;
	put(pages, at, (struct reference_run){ first, first + count });
}

void reference_pages_give(struct reference_pages *pages, uint64_t first, uint64_t count)
{
	uint64_t end = first + count;

	for (unsigned int at = 0; at < pages->runs;) {
		struct reference_run run = pages->run[at];

		if (run.end <= first || run.first >= end) {
			at++;
			continue;
		}
		memmove(pages->run + at, pages->run + at + 1,
			(--pages->runs - at) * sizeof(run));
		if (run.first < first)
			put(pages, at++, (struct reference_run){ run.first, first });
		if (run.end > end)
			put(pages, at++, (struct reference_run){ end, run.end });
	}
}

uint64_t reference_pages_used(const struct reference_pages *pages, uint64_t first,
			      uint64_t count)
{
	uint64_t used = 0, end = first + count;

	for (unsigned int i = 0; i < pages->runs; i++) {
		uint64_t from = pages->run[i].first, to = pages->run[i].end;

		from = from > first ? from : first;
		to = to < end ? to : end;
		used += from < to ? to - from : 0;
	}
	return used;
}

REFERENCE_END
