// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * pool-shape.c - what is shown of a pool, and what is left of one that was written over
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "oracle.h"
#include "pool-shape.h"

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
	uint64_t bytes = 0;

	for (uint32_t block = 0; block < reference->blocks; block++)
		bytes += reference_pool_inner(reference, block);
	expect(WALK, !pool_walk(pool, add, &sum));
	expect(WALK, sum.all == bytes * reference->pages && sum.used == used);
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

void shape_break_chain(struct pool *pool, const struct reference_pool *reference)
{
	uint32_t next = reference_pool_next(reference);
	dma_addr_t dma;
	void *cpu;

	memset(reference_pool_cpu(reference, next), 0x41,
	       reference_pool_inner(reference, next));
	pool_valid(pool);
	for (unsigned int i = 0; i < 3; i++) {
		bool ours = false;
		int err = pool_alloc(pool, 0x42, false, &cpu, &dma);

		expect(ERROR, !err || err == -EFAULT || err == -ENOSPC);
		for (uint32_t page = 0; page < reference->pages; page++)
			ours |= (uintptr_t)cpu - (uintptr_t)reference->cpu[page] <
				reference->allocation;
		if (err)
			break;
		expect(OWNER, ours || i);
	}
}
