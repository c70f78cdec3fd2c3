// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * coherent-chunks.c - what the atomic pool of fuzz-coherent stands on
 */
#include <errno.h>

#include <libdma/page.h>

#include "coherent-chunks.h"
#include "oracle.h"

int chunks_alloc(void *arg, unsigned int order, phys_addr_t *phys)
{
	struct chunks *chunks = arg;
	struct chunk *chunk = &chunks->chunk[chunks->count];

	if (chunks->count == CHUNKS || (chunks->refusals && chunks->refusals--))
		return -ENOMEM;
	/* not in the order in which they come, and with gaps */
	*phys = 0x10000000 + ((uint64_t)(chunks->count * 5 % CHUNKS) << 24);
	chunk->phys = *phys;
	chunk->order = order;
	reference_pages_init(&chunk->pages, 1ULL << order);
	chunks->count++;
	return 0;
}

void chunks_free(void *arg, unsigned int order, phys_addr_t phys)
{
	struct chunks *chunks = arg;

	for (unsigned int i = 0; i < CHUNKS; i++)
		if (chunks->chunk[i].phys == phys && chunks->chunk[i].order == order &&
		    chunks->count) {
			chunks->chunk[i].phys = 0;
			chunks->count--;
			return;
		}
	expect(CONSERVE, false);
}

uint64_t chunks_available(const struct chunks *chunks, uint64_t *pages)
{
	uint64_t available = 0;

	*pages = 0;
	for (unsigned int i = 0; i < chunks->count; i++) {
		const struct reference_pages *of = &chunks->chunk[i].pages;

		*pages += of->size;
		available += of->size - reference_pages_used(of, 0, of->size);
	}
	return available;
}

int chunks_visit(const struct extent *extent, void *arg)
{
	struct chunks *chunks = arg;
	uint64_t pages = extent->length >> PAGE_SHIFT, first;
	const struct chunk *chunk = chunks->chunk;

	while (extent->start - chunk->phys >= PAGE_SIZE << chunk->order)
		chunk++;
	first = (extent->start - chunk->phys) >> PAGE_SHIFT;
	expect(WALK, pages && first + pages <= chunk->pages.size);
	expect(WALK, reference_pages_used(&chunk->pages, first, pages) ==
			     (extent->used ? pages : 0));
	chunks->seen += pages;
	return 0;
}
