// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fuzz-sg.c - lists: laid out and merged behind an IOMMU, tables of them, pages as lists
 *
 * map_sg lays its entries out, in as much address space as the caller likes, since a
 * page is a name and nothing else; alloc makes a table of empty entries, of which an
 * array fails where aux says; alloc_pages makes a table of pages that follow one
 * another or do not by the bits of aux, in two calls where the slot is odd. Config:
 * granule, boundary, segment.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dma/iommu-sg.h"
#include "kinds.h"
#include "oracle.h"
#include "reference-sg.h"
#include "requests.h"
#include "target.h"

#define PAGES 1024
#define COST  2048 /* of an input: entries and pages of tables */

static struct reference_sg reference;
static struct page *pages[PAGES];

static struct world {
	struct requests requests;
	struct scatterlist list[REFERENCE_SG_PIECES], kept[REFERENCE_SG_PIECES];
	uint64_t granule, boundary;
	uint32_t longest;
	unsigned int arrays, fail; /* of the caller's allocator */
	unsigned int cost;
} world;

/* ---- laid out and merged ---- */

static void make_list(const struct dma_event *event)
{
	reference.pieces = event->phys_count < REFERENCE_SG_PIECES ? event->phys_count
								    : REFERENCE_SG_PIECES;
	sg_init_table(world.list, reference.pieces);
	for (unsigned int i = 0; i < reference.pieces; i++) {
		phys_addr_t phys = event->phys_list[i];

		sg_set_page(&world.list[i], phys_to_page(phys), event->size_list[i],
			    (unsigned int)(phys & ~PAGE_MASK));
		/* an entry may begin behind its page's end (G9) */
		if (event->dir & 1)
			world.list[i].offset += (unsigned int)(event->handle * PAGE_SIZE);
		reference.piece[i].offset = world.list[i].offset;
		reference.piece[i].length = event->size_list[i];
	}
	memcpy(world.kept, world.list, reference.pieces * sizeof(*world.list));
}

static bool is_as_it_was(unsigned int i)
{
	const struct scatterlist *is = &world.list[i], *was = &world.kept[i];

	return is->page_link == was->page_link && is->offset == was->offset &&
	       (is->length == was->length || !was->length);
}

/* What the device sees through the segments is the entries' bytes, in their order. */
static void check_bytes(uint64_t dma)
{
	unsigned int at = 0;
	uint64_t done = 0;

	for (unsigned int i = 0; i < reference.pieces; i++) {
		uint64_t left = reference.piece[i].length;
		uint64_t first = dma + reference.piece[i].offset % world.granule;

		while (left && at < reference.segments) {
			const struct scatterlist *segment = &world.list[at];
			uint64_t room = sg_dma_len(segment) - done;
			uint64_t part = left < room ? left : room;

			if (part)
				expect(BYTES, sg_dma_address(segment) + done == first);
			first += part;
			left -= part;
			done += part;
			if (done == sg_dma_len(segment)) {
				at++;
				done = 0;
			}
		}
		expect(BYTES, !left);
		dma += reference.piece[i].taken;
	}
}

/* Of a longer one the kernel's comparison wraps, and so may a segment's length (I38). */
static bool none_is_too_long(void)
{
	for (unsigned int i = 0; i < reference.pieces; i++)
		if (reference.piece[i].length > world.longest)
			return false;
	return true;
}

/*
 * Of an entry without a byte the kernel pads the one before to the boundary, which may be
 * more than its length has bits for: then others take its place.
 */
static bool each_has_its_place(void)
{
	for (unsigned int i = 0; i < reference.pieces; i++)
		if (reference.piece[i].offset % world.granule + reference.piece[i].length >
		    reference.piece[i].taken)
			return false;
	return true;
}

/* One that does not takes those that follow it along across the boundary. */
static bool each_fits_within_boundary(void)
{
	for (unsigned int i = 0; i < reference.pieces; i++)
		if (reference.piece[i].offset % world.granule + reference.piece[i].length >
		    world.boundary)
			return false;
	return true;
}

static bool is_alone(unsigned int segment)
{
	for (unsigned int i = 0; i < reference.pieces; i++)
		if (reference.piece[i].length == sg_dma_len(&world.list[segment]))
			return true;
	return false;
}

static void check_segments(unsigned int count)
{
	bool sane = none_is_too_long();

	for (unsigned int i = 0; i < reference.pieces; i++)
		sane = sane && reference.piece[i].length;
	for (unsigned int i = 0; i < count; i++) {
		uint64_t first = sg_dma_address(&world.list[i]);
		uint64_t last = first + sg_dma_len(&world.list[i]) - 1;

		expect(REFERENCE, first == reference.segment[i].dma);
		expect(REFERENCE, sg_dma_len(&world.list[i]) == reference.segment[i].length);
		if (!sane)
			continue;
		expect(LONGEST, sg_dma_len(&world.list[i]) <= world.longest);
		if (world.boundary >= world.granule - 1 && each_fits_within_boundary())
			expect(BOUNDARY, (first & ~world.boundary) ==
						 (last & ~world.boundary) || is_alone(i));
	}
	for (unsigned int i = count; i < reference.pieces; i++)
		expect(COUNT, sg_dma_address(&world.list[i]) == DMA_MAPPING_ERROR &&
				      !sg_dma_len(&world.list[i]));
}

static void check_extent(unsigned int count, uint64_t dma)
{
	uint64_t start, extent, end = 0;

	extent = iommu_sg_extent(world.list, reference.pieces, &start);
	for (unsigned int i = 0; i < count && reference.segment[i].length; i++)
		end = reference.segment[i].dma + reference.segment[i].length;
	expect(EXTENT, extent == (end ? end - reference.segment[0].dma : 0));
	expect(EXTENT, !extent || (start >= dma && start - dma < world.granule));
}

static void lay_out(const struct dma_event *event)
{
	enum dma_kernel kernel = requests_kernel(&world.requests);
	uint64_t size = 0, total = 0, dma, align = world.granule;
	unsigned int count;
	bool may;

	if (!event->phys_count)
		return;
	make_list(event);
	may = reference_sg_layout(&reference, world.granule, world.boundary,
				  kernel == DMA_KERNEL_6_12);
	expect(REFERENCE, iommu_sg_layout(kernel_rules(kernel), world.list, reference.pieces,
					  world.granule, world.boundary,
					  &size) == (may ? 0 : -EOVERFLOW));
	if (!may || event->dir == DMA_NONE) {
		iommu_sg_restore(world.list, reference.pieces);
		for (unsigned int i = 0; i < reference.pieces; i++)
			expect(UNWIND, is_as_it_was(i));
		return;
	}
	expect(REFERENCE, size == reference.size);
	while (align < size && align < 1ULL << 62)
		align *= 2;
	dma = align * (1 + event->handle % 7);
	reference_sg_merge(&reference, world.granule, world.boundary, world.longest, dma);
	count = iommu_sg_merge(world.list, reference.pieces, world.boundary, world.longest,
			       dma);
	expect(COUNT, count == reference.segments);
	for (unsigned int i = 0; i < reference.pieces; i++) {
		total += reference.piece[i].taken;
		expect(UNWIND, is_as_it_was(i) &&
				       world.list[i].length == world.kept[i].length);
	}
	check_segments(count);
	check_extent(count, dma);
	if (total == size && each_has_its_place() && none_is_too_long())
		check_bytes(dma);
}

/* ---- tables ---- */

static struct scatterlist *array_alloc(unsigned int nents, gfp_t gfp)
{
	(void)gfp;
	if (world.fail && world.fail-- == 1)
		return NULL;
	world.arrays++;
	return malloc(nents * sizeof(struct scatterlist));
}

static void array_free(struct scatterlist *sg, unsigned int nents)
{
	expect(CONSERVE, world.arrays > 0);
	world.arrays--;
	memset(sg, 0x5a, nents * sizeof(*sg));
	free(sg);
}

static void check_table(struct sg_table *table, unsigned int nents)
{
	struct scatterlist *sg, *last = NULL;
	unsigned int seen = 0;
	uint64_t total = 0;

	expect(COUNT, table->nents == nents && table->orig_nents == nents);
	for (sg = table->sgl; sg; sg = sg_next(sg)) {
		expect(COUNT, seen++ < nents && !sg_is_chain(sg));
		sg_set_page(sg, pfn_to_page(seen), seen % 5, 0);
		total += seen % 5;
		last = sg;
	}
	expect(COUNT, seen == nents && sg_nents(table->sgl) == (int)nents);
	expect(COUNT, sg_last(table->sgl, nents) == last);
	expect(COUNT, sg_nents_for_len(table->sgl, total + 1) == -EINVAL);
	expect(COUNT, sg_nents_for_len(table->sgl, 0) == 0);
	if (total) {
		int enough = sg_nents_for_len(table->sgl, total);
		uint64_t sum = 0;

		sg = table->sgl;
		for (int i = 0; i < enough; i++, sg = sg_next(sg)) {
			expect(COUNT, sum < total);
			sum += sg->length;
		}
		expect(COUNT, sum == total);
	}
}

static void make_table(const struct dma_event *event, unsigned int aux)
{
	unsigned int nents = (unsigned int)(event->size % 1025);
	unsigned int room = 2 + (unsigned int)event->handle % 127;
	unsigned int arrays = nents <= room ? !!nents : 1 + (nents - 2) / (room - 1);
	struct sg_table table;
	int err;

	world.cost += nents;
	if (world.cost > COST)
		return;
	world.fail = aux;
	err = __sg_alloc_table(&table, nents, room, NULL, 0, GFP_KERNEL, array_alloc);
	if (!nents) {
		expect(ARGUMENT, err == -EINVAL);
	} else if (aux && aux <= arrays) {
		expect(MEMORY, err == -ENOMEM);
	} else {
		expect(MEMORY, !err && world.arrays == arrays);
		check_table(&table, nents);
	}
	if (nents)
		__sg_free_table(&table, room, 0, array_free, table.orig_nents);
	expect(CONSERVE, !world.arrays);
	world.fail = 0;
}

/* ---- pages ---- */

/* Which pages follow the one before: bits of @pattern, over and over. */
static void make_pages(unsigned int count, unsigned int pattern)
{
	unsigned long pfn = 1000;

	for (unsigned int i = 0; i < count; i++) {
		pages[i] = pfn_to_page(pfn);
		pfn += pattern >> i % 8 & 1 ? 3 : 1;
	}
}

/* Entries that follow one another in memory are as few as the longest allows. */
static void check_pages(struct sg_table *table, unsigned int count, unsigned int offset,
			uint64_t size, unsigned int longest)
{
	struct scatterlist *sg = table->sgl;
	unsigned int page = 0, entries = 0;

	while (page < count) {
		unsigned int n = 1;
		uint64_t length;

		while (page + n < count && (uint64_t)(n + 1) * PAGE_SIZE <= longest &&
		       page_to_pfn(pages[page + n]) == page_to_pfn(pages[page]) + n)
			n++;
		length = (uint64_t)n * PAGE_SIZE - offset;
		if (length > size)
			length = size;
		expect(COUNT, sg && entries < table->nents);
		expect(BYTES, sg_phys(sg) == page_to_phys(pages[page]) + offset);
		expect(BYTES, sg->length == length);
		size -= length;
		offset = 0;
		page += n;
		entries++;
		sg = sg_next(sg);
	}
	expect(COUNT, !sg && entries == table->nents && entries == table->orig_nents);
	expect(BYTES, !size);
}

static void table_of_pages(const struct dma_event *event, unsigned int aux)
{
	unsigned int count = 1 + (unsigned int)(event->size / PAGE_SIZE % PAGES);
	unsigned int offset = (unsigned int)event->handle * 16 % PAGE_SIZE;
	unsigned int first = count / 2, longest = world.longest & ~4095U;
	uint64_t size = (uint64_t)count * PAGE_SIZE - offset;
	struct sg_append_table append = { 0 };
	struct sg_table table;

	world.cost += count;
	if (world.cost > COST)
		return;
	/* the last page may be used in part */
	if (count > 1)
		size -= event->size % PAGE_SIZE;
	make_pages(count, aux);
	if (!(event->handle & 1) || !first) {
		int err = sg_alloc_table_from_pages_segment(
			&table, pages, count, offset, size, world.longest, GFP_KERNEL);

		expect(ARGUMENT, err == (longest ? 0 : -EINVAL));
		if (err)
			return;
		check_pages(&table, count, offset, size, longest);
		sg_free_table(&table);
		return;
	}
	if (!longest)
		return;
	expect(ARGUMENT, !sg_alloc_append_table_from_pages(
				 &append, pages, first, 0, (uint64_t)first * PAGE_SIZE,
				 world.longest, count - first, GFP_KERNEL));
	expect(ARGUMENT, !sg_alloc_append_table_from_pages(
				 &append, pages + first, count - first, 0,
				 (uint64_t)(count - first) * PAGE_SIZE, world.longest, 0,
				 GFP_KERNEL));
	check_pages(&append.sgt, count, 0, (uint64_t)count * PAGE_SIZE, longest);
	sg_free_append_table(&append);
}

const uint16_t target_kinds[] = { KINDS_OF_SG, DMA_EVENT_NONE };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *config = requests_config(&world.requests);
	unsigned int bits;

	requests_open(&world.requests, data, size);
	world.cost = 0;
	bits = config[CONFIG_BOUNDARY] % 65;
	world.granule = config[CONFIG_GRANULE] ? 512ULL << config[CONFIG_GRANULE] % 8 : 4096;
	world.boundary = bits ? ~0ULL >> (64 - bits) : UINT32_MAX;
	world.longest = config[CONFIG_SEGMENT] ? (1U << config[CONFIG_SEGMENT] % 32) -
							 (config[CONFIG_SEGMENT] > 127)
					       : 65536;
	while (requests_next(&world.requests)) {
		const struct dma_event *event = &world.requests.event;

		if (event->kind == DMA_EVENT_MAP_SG)
			lay_out(event);
		else if (event->kind == DMA_EVENT_ALLOC)
			make_table(event, world.requests.op.aux);
		else if (event->kind == DMA_EVENT_ALLOC_PAGES)
			table_of_pages(event, world.requests.op.aux);
	}
	return 0;
}
