// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * pool-shape.c - what is shown of a pool, and what is left of one that was written over
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <libdma/page.h>

#include "oracle.h"
#include "pool-shape.h"

void shape_soil(char *cpu, char byte, uint64_t size)
{
	if (size <= PAGE_SIZE) {
		memset(cpu, byte, size);
		return;
	}
	for (uint64_t at = 0; at < size - 512; at += 1024)
		memset(cpu + at, byte, 16);
	memset(cpu + size - 512, byte, 512);
}

struct sum {
	uint64_t used, all;
	dma_addr_t dma;
	bool there;
};

static int add(const struct extent *extent, void *arg)
{
	struct sum *sum = arg;

	sum->all += extent->length;
	if (!extent->used)
		return 0;
	sum->used += extent->length;
	if (sum->dma - extent->start < extent->length)
		sum->there = true;
	return 0;
}

static int stop(const struct extent *extent, void *arg)
{
	(void)extent;
	(void)arg;
	return 7;
}

void shape_expect_pool(const struct pool *pool, const struct reference_pool *reference,
		       uint64_t used, dma_addr_t dma)
{
	struct sum sum = { .dma = dma };

	expect(WALK, !pool_walk(pool, add, &sum));
	expect(WALK, sum.all == reference->inner * reference->pages && sum.used == used);
	expect(WALK, !dma || sum.there);
	if (reference->pages && reference->blocks)
		expect(WALK, pool_walk(pool, stop, NULL) == 7);
}

void shape_expect_line(const struct pool *pool, const struct reference_pool *reference,
		       uint64_t active)
{
	char text[256], some[256], name[32];
	uint64_t is_active, total, size, pages;
	size_t head = pool_print(NULL, text, sizeof(text), 0);
	size_t length = pool_print(pool, text, sizeof(text), head);
	size_t room = head + reference->size % (length - head);

	expect(TEXT, length == strlen(text) && length > head && text[length - 1] == '\n');
	expect(TEXT,
	       sscanf(text + head, "%31s %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64,
		      name, &is_active, &total, &size, &pages) == 5);
	expect(TEXT, !strcmp(name, pool_name(pool)));
	expect(TEXT, is_active == active && size == reference->size &&
			     pages == reference->pages);
	/* as much as there is room for */
	memcpy(some, text, head);
	expect(TEXT,
	       pool_print(pool, some, room, head) == (room > head ? room - 1 : room));
	expect(TEXT, room <= head || !memcmp(some, text, room - 1));
}

void shape_expect_report(const struct pool_report *report)
{
	char text[256], some[8] = { 0 };
	size_t length = pool_report_print(report, text, sizeof(text));

	expect(TEXT, length == strlen(text) && strstr(text, report->name));
	expect(TEXT, pool_report_print(report, some, sizeof(some)) == length);
	expect(TEXT, !memcmp(some, text, sizeof(some) - 1));
}

void shape_walk_short(const struct pool *pool, struct heap *heap)
{
	for (unsigned int nth = 1; nth <= 2; nth++) {
		heap->fail_nth = heap->calls + nth;
		expect(MEMORY, pool_walk(pool, stop, NULL) == -ENOMEM);
	}
	heap->fail_nth = 0;
}

/* The link of a free block, as the kernel has it there: an address, or in 6.1 an offset. */
static void write_link(const struct reference_pool *reference, uint32_t block,
		       unsigned int how)
{
	char *cpu = reference_pool_cpu(reference, block);
	char *page = reference->cpu[block / REFERENCE_POOL_BLOCKS];
	char *to[] = { NULL, cpu, cpu + 1, page + reference->allocation - 2 };
	uint32_t offset = (uint32_t)(to[how & 3] - page);

	memset(cpu, 0x41, reference_pool_inner(reference, block));
	if (how & 3 && reference->old)
		memcpy(cpu, &offset, sizeof(offset));
	else if (how & 3)
		memcpy(cpu, &to[how & 3], sizeof(to[0]));
}

/* Of one that is freed then, the walk of a debug build comes to where the chain ends. */
static int free_behind(struct pool *pool, const struct reference_pool *reference,
		       uint32_t block, unsigned int how)
{
	char *cpu = reference_pool_cpu(reference, block);
	dma_addr_t dma = reference_pool_dma(reference, block);
	uint32_t page = block / REFERENCE_POOL_BLOCKS;
	int err;

	if (how & 4 && reference->pages > 1)
		dma = reference->dma[page ? page - 1 : 1];
	err = pool_free(pool, cpu, dma);
	expect(FREE, !err || err == -EINVAL);
	return err;
}

void shape_break_chain(struct pool *pool, struct reference_pool *reference,
		       unsigned int how)
{
	uint32_t block = reference_pool_next(reference);
	bool refused;
	dma_addr_t dma;
	void *cpu;

	expect(COMPLETE, !pool_alloc(pool, 0x42, false, &cpu, &dma));
	expect(REFERENCE, reference_pool_take(reference) == block);
	if (reference_pool_has(reference))
		write_link(reference, reference_pool_next(reference), how);
	pool_valid(pool);
	refused = free_behind(pool, reference, block, how);
	pool_valid(pool);
	for (unsigned int i = 0; i < 4; i++) {
		bool ours = false;
		int err = pool_alloc(pool, 0x42, false, &cpu, &dma);

		expect(ERROR, !err || err == -EFAULT || err == -ENOSPC);
		for (uint32_t page = 0; page < reference->pages; page++)
			ours |= (uintptr_t)cpu - (uintptr_t)reference->cpu[page] <
				reference->allocation;
		if (err)
			break;
		expect(OWNER, ours || i || refused || how & 4);
	}
}
