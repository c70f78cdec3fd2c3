// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Lists as the kernel's own dma-iommu.c lays them out, recorded; and what must hold of
 * any list.
 */
#include <errno.h>
#include <inttypes.h>

#include "dma/iommu-sg.h"

#include "test.h"
#include "vectors.h"

#define BASE	0x10000000UL
#define GRANULE 4096UL
#define MOST	512

struct player {
	uint64_t boundary;
	unsigned int longest, nents;
	struct scatterlist list[MOST];
	const char *path;
	unsigned int line;
};

static void expect(const struct player *player, bool holds)
{
	if (!holds)
		fail_msg("%s:%u: not so", player->path, player->line);
}

/* As the IOVA allocator would align it. */
static dma_addr_t place(uint64_t size)
{
	uint64_t align = GRANULE;

	while (align < size)
		align *= 2;
	return (BASE + align - 1) & ~(align - 1);
}

static void read_list(struct player *player, char *text)
{
	char *at = text + 1;

	player->nents = (unsigned int)strtoul(at, &at, 10);
	expect(player, player->nents <= MOST);
	sg_init_table(player->list, player->nents);
	for (unsigned int i = 0; i < player->nents; i++) {
		/* No page is looked at: an address will do for one. */
		struct page *page = (struct page *)strtoul(at, &at, 16);
		unsigned int offset = (unsigned int)strtoul(at, &at, 16);

		sg_set_page(&player->list[i], page, (unsigned int)strtoul(at, &at, 16), offset);
	}
}

static uint64_t layout(struct scatterlist *list, unsigned int nents, uint64_t boundary)
{
	uint64_t size = 0;

	assert_int_equal(iommu_sg_layout(kernel_rules(DMA_KERNEL_7_2), list, nents, GRANULE,
					 boundary, &size),
			 0);
	return size;
}

static void check_result(struct player *player, char *text)
{
	unsigned int count, expected;
	uint64_t size, length;
	dma_addr_t dma;
	char *at;

	size = layout(player->list, player->nents, player->boundary);
	count = iommu_sg_merge(player->list, player->nents, player->boundary, player->longest,
			 place(size));
	expected = (unsigned int)strtoul(text + 1, &at, 10);
	at = strchr(at, 'L') + 1;
	expect(player, count == expected);
	expect(player, size == strtoul(at, &at, 16));
	for (unsigned int i = 0; i < count; i++) {
		dma = strtoul(at, &at, 16);
		length = strtoul(at + 1, &at, 16);
		expect(player, sg_dma_address(&player->list[i]) == dma);
		expect(player, sg_dma_len(&player->list[i]) == length);
	}
	for (unsigned int i = count; i < player->nents; i++)
		expect(player, sg_dma_address(&player->list[i]) == DMA_MAPPING_ERROR &&
			       !sg_dma_len(&player->list[i]));
}

static void play(FILE *file, const char *path, enum dma_kernel kernel)
{
	struct player player = { .path = path };
	char text[16384];

	(void)kernel; /* a version between which nothing changed */
	while (fgets(text, sizeof(text), file)) {
		player.line++;
		if (*text == 'p')
			expect(&player, sscanf(text, "p %" SCNx64 " %u", &player.boundary,
					       &player.longest) == 2);
		else if (*text == 'm')
			read_list(&player, text);
		else if (*text == 'R')
			check_result(&player, text);
		else
			expect(&player, *text == '#');
	}
	assert_true(player.line > 1);
}

static void lists_are_laid_out_as_by_the_kernel(void **state)
{
	(void)state;
	vectors_play("sgmerge_", play);
}

/* ---- what holds of any list: 6.9 ---- */

static uint64_t seed = 1;

static uint64_t dice(uint64_t sides)
{
	seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (seed >> 24) % sides;
}

static void make_list(struct scatterlist *list, unsigned int nents, unsigned int longest)
{
	sg_init_table(list, nents);
	for (unsigned int i = 0; i < nents; i++) {
		unsigned int length = 1 + (unsigned int)dice(longest);

		if (dice(2))
			length = (length + 4095) & ~4095U;
		sg_set_page(&list[i], (struct page *)(4096 + dice(1 << 30) * 4096), length,
			    dice(2) ? 0 : (unsigned int)dice(9000));
	}
}

static void check_segments(struct scatterlist *list, unsigned int count, uint64_t boundary,
			   unsigned int longest)
{
	for (unsigned int i = 0; i < count; i++) {
		uint64_t first = sg_dma_address(&list[i]);
		uint64_t last = first + sg_dma_len(&list[i]) - 1;

		assert_true(sg_dma_len(&list[i]) && sg_dma_len(&list[i]) <= longest);
		assert_true(((first ^ last) & ~boundary) == 0);
		if (i)
			assert_true(first >= sg_dma_address(&list[i - 1]) +
						     sg_dma_len(&list[i - 1]));
	}
}

static void any_list_keeps_its_bytes_and_bounds(void **state)
{
	static const uint64_t boundaries[] = { 0xffff, 0xfffff, 0xffffffff, ~0ULL };
	struct scatterlist list[64], before[64];

	(void)state;
	for (unsigned int trial = 0; trial < 20000; trial++) {
		unsigned int nents = 1 + (unsigned int)dice(64), count, longest = 0x8000;
		uint64_t boundary = boundaries[dice(4)], size, bytes = 0, out = 0;
		dma_addr_t start;

		make_list(list, nents, longest);
		memcpy(before, list, sizeof(list));
		for (unsigned int i = 0; i < nents; i++)
			bytes += list[i].length > longest ? longest = list[i].length
							  : list[i].length;
		size = layout(list, nents, boundary);
		for (unsigned int i = 0; i < nents; i++)
			assert_true((list[i].offset | list[i].length) % GRANULE == 0);
		if (dice(4) == 0) {
			iommu_sg_restore(list, nents);
			size = layout(list, nents, boundary);
		}
		count = iommu_sg_merge(list, nents, boundary, longest, place(size));
		assert_true(count >= 1 && count <= nents);
		for (unsigned int i = 0; i < nents; i++) {
			assert_true(list[i].page_link == before[i].page_link);
			assert_int_equal(list[i].offset, before[i].offset);
			assert_int_equal(list[i].length, before[i].length);
			out += sg_dma_len(&list[i]);
		}
		assert_int_equal(out, bytes);
		check_segments(list, count, boundary, longest);

		/* What is unmapped is what was mapped, granule by granule. */
		bytes = iommu_sg_extent(list, nents, &start);
		assert_true(start / GRANULE == place(size) / GRANULE);
		assert_true((start + bytes + GRANULE - 1) / GRANULE ==
			    (place(size) + size) / GRANULE);
	}
}

static void a_piece_too_long_takes_in_the_rest(void **state)
{
	struct scatterlist list[3];
	dma_addr_t start;

	(void)state;
	sg_init_table(list, 3);
	sg_set_page(&list[0], (struct page *)0x1000, 0x20000, 0);
	sg_set_page(&list[1], (struct page *)0x9000, 0x1000, 0);
	sg_set_page(&list[2], (struct page *)0x5000, 0x1000, 0);
	assert_int_equal(layout(list, 3, 0xffffffff), 0x22000);
	assert_int_equal(iommu_sg_merge(list, 3, 0xffffffff, 0x10000, BASE), 1);
	assert_int_equal(sg_dma_len(&list[0]), 0x22000);
	assert_int_equal(iommu_sg_extent(list, 3, &start), 0x22000);
	assert_int_equal(iommu_sg_extent(list, 0, &start), 0);
	assert_int_equal(layout(list, 0, 0xffff), 0);
	assert_int_equal(iommu_sg_merge(list, 0, 0xffff, 0x10000, BASE), 0);
}

/* I35: a padding up to a far boundary may need more than 32 bits. */
static void only_6_12_looks_for_lengths_beyond_32_bits(void **state)
{
	(void)state;
	for (int kernel = 0; kernel < DMA_KERNELS; kernel++) {
		bool checks = kernel == DMA_KERNEL_6_12;
		struct scatterlist list[2];
		uint64_t size = 0;

		sg_init_table(list, 2);
		sg_set_page(&list[0], (struct page *)0x1000, 0x1234, 0x800);
		sg_set_page(&list[1], (struct page *)0x9000, 0, 0);
		assert_int_equal(iommu_sg_layout(kernel_rules((enum dma_kernel)kernel), list, 2,
						 GRANULE, (1ULL << 36) - 1, &size),
				 checks ? -EOVERFLOW : 0);
		if (!checks)
			assert_true(size == 1ULL << 36);
		iommu_sg_restore(list, 2);
		assert_int_equal(list[0].offset, 0x800);
		assert_int_equal(list[0].length, 0x1234);
		assert_true(sg_dma_address(&list[0]) == DMA_MAPPING_ERROR);
		assert_int_equal(sg_dma_len(&list[0]), 0);
	}
}

/* As in the kernel: 0 bytes there mean that nothing was kept. */
static void a_piece_without_a_byte_keeps_its_granule_when_restored(void **state)
{
	struct scatterlist list[2];

	(void)state;
	sg_init_table(list, 2);
	sg_set_page(&list[0], (struct page *)0x1000, 0x1234, 0x800);
	sg_set_page(&list[1], (struct page *)0x9000, 0, 0x10);
	assert_int_equal(layout(list, 2, 0xffffffff), 0x3000);
	iommu_sg_restore(list, 2);
	assert_int_equal(list[1].offset, 0x10);
	assert_int_equal(list[1].length, GRANULE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_are_laid_out_as_by_the_kernel),
		cmocka_unit_test(any_list_keeps_its_bytes_and_bounds),
		cmocka_unit_test(a_piece_too_long_takes_in_the_rest),
		cmocka_unit_test(only_6_12_looks_for_lengths_beyond_32_bits),
		cmocka_unit_test(a_piece_without_a_byte_keeps_its_granule_when_restored),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
