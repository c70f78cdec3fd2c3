// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * rerun-sizes.c - what kernels make of numbers, and what a machine's allocators hold
 */
#include "alloc/iova.h"
#include "alloc/swiotlb.h"
#include "dma/group.h"
#include "dma/machine.h"
#include "dma/pool.h"
#include "trace/rerun.h"

static int note_range(const struct iova_range *range, void *arg)
{
	struct libdma_rerun_iova *sum = arg;

	if (range->state == IOVA_CACHED)
		sum->cached += range->size;
	else if (range->state == IOVA_QUEUED)
		sum->queued += range->size;
	return 0;
}

int libdma_rerun_iova(const struct libdma_rerun *rerun, struct libdma_rerun_iova *ret)
{
	int err = 0;

	*ret = (struct libdma_rerun_iova) { 0 };
	for (const struct group *group = rerun->machine->groups; group && !err;
	     group = group->next) {
		ret->searches += iova_searches(group->iova);
		ret->magazines += iova_magazines(group->iova);
		err = iova_walk(group->iova, note_range, ret);
	}
	ret->cached *= rerun->machine->granule;
	ret->queued *= rerun->machine->granule;
	return err;
}

void libdma_rerun_swiotlb(const struct libdma_rerun *rerun,
			  struct libdma_rerun_swiotlb *ret)
{
	uint64_t used, most, sum = 0, seen = 0;

	*ret = (struct libdma_rerun_swiotlb) { 0 };
	if (!rerun->used)
		return;
	swiotlb_usage(rerun->machine->swiotlb, &ret->slots, &used, &most);
	ret->start = rerun->machine->swiotlb_start;
	ret->areas = swiotlb_areas(rerun->machine->swiotlb);
	ret->peak = most;
	ret->peak_bytes = rerun->peak_bytes;
	for (uint64_t i = 0; i <= ret->slots; i++)
		sum += rerun->used[i];
	for (uint64_t i = 0; i <= ret->slots && seen * 100 < sum * 99; i++) {
		seen += rerun->used[i];
		ret->p99 = i;
	}
}

int libdma_pool_layout(enum dma_kernel kernel, uint64_t size, uint64_t align,
		       uint64_t boundary, struct libdma_pool_layout *ret)
{
	const struct pool_options options = { .rules = kernel_rules(kernel) };
	struct pool_counts count;
	struct pool *pool;
	int err = pool_create("", size, align, boundary, &options, &pool);

	if (err)
		return err;
	pool_count(pool, &count);
	*ret = (struct libdma_pool_layout) {
		.block = count.size,
		.page = count.allocation,
		.boundary = count.boundary,
		.blocks = count.blocks,
	};
	pool_destroy(pool);
	return 0;
}

int libdma_swiotlb_size(const char *text, unsigned int cpus,
			struct libdma_swiotlb_size *ret)
{
	struct swiotlb_size size;
	int err = swiotlb_size(text, cpus, SWIOTLB_SEGMENT, &size);

	if (err)
		return err;
	*ret = (struct libdma_swiotlb_size) {
		.slots = size.slots,
		.areas = size.areas,
		.force = size.force,
		.off = size.disable,
	};
	return 0;
}
