// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * broken-device.c - rules of devices, drivers, pools and regions
 *
 * Kernel counterpart: kernel/dma/debug.c, dma_debug_device_change(); mm/dmapool.c;
 * kernel/dma/coherent.c (RULES.md E24, P26-P32, C2, C4, C19)
 */
#include "check/broken.h"

#define FAULT_WRITE 1
#define SEARCHED    4096

bool driver_left_mappings(const struct question *question, struct answer *answer)
{
	const struct device_check *device = question->device;
	struct interval *at = intervals_first(&device->ranges, 0, UINT64_MAX);
	bool sure = false;

	answer->is = device->live;
	for (unsigned int i = 0; at && i < SEARCHED && !sure; i++) {
		const struct record *record = record_of(at);

		sure = !record->may_be_stale;
		answer->begin = &record->origin->event;
		answer->dma = record->ref.dma;
		answer->size = record->ref.size;
		at = intervals_next(at, 0, UINT64_MAX);
	}
	if (!sure)
		answer->doubt = LIBDMA_DOUBT_SKIPPED;
	return device->live;
}

bool fault_after_unmap(const struct question *question, struct answer *answer)
{
	if (question->record || !question->ended)
		return false;
	answer->begin = &question->ended->origin->event;
	answer->other = &question->ended->event;
	return true;
}

/* IOMMU drivers set bit 0 for a write. */
bool fault_other_direction(const struct question *question, struct answer *answer)
{
	bool write = question->event->fault & FAULT_WRITE;

	if (!question->record)
		return false;
	answer->was = question->record->ref.dir;
	answer->is = write ? DMA_FROM_DEVICE : DMA_TO_DEVICE;
	return answer->was != DMA_BIDIRECTIONAL && answer->was != answer->is;
}

bool fault_unmapped(const struct question *question, struct answer *answer)
{
	if (question->record || question->ended)
		return false;
	if (!question->check->options.from_start && !question->device->seen_probe)
		answer->doubt = LIBDMA_DOUBT_LATE;
	return true;
}

/* A live block at the CPU's address, which has another DMA address; or NULL. */
static const struct block_check *block_of_cpu(const struct question *question)
{
	struct interval *at = intervals_first(&question->pool->blocks, 0, UINT64_MAX);
	uint64_t cpu_addr = question->event->cpu_addr;

	for (unsigned int i = 0; at && cpu_addr && i < SEARCHED; i++) {
		const struct block_check *block =
			member_of(at, struct block_check, by_dma);

		if (block->event.cpu_addr == cpu_addr)
			return block;
		at = intervals_next(at, 0, UINT64_MAX);
	}
	return NULL;
}

bool pool_free_unknown(const struct question *question, struct answer *answer)
{
	if (question->block || block_of_cpu(question))
		return false;
	if (question->pool->event.kind != DMA_EVENT_POOL_CREATE)
		answer->doubt = LIBDMA_DOUBT_LATE;
	return true;
}

bool pool_wrong_handle(const struct question *question, struct answer *answer)
{
	const struct block_check *block = question->block;

	if (!block) {
		block = block_of_cpu(question);
		if (!block)
			return false;
		answer->was = block->event.dma;
		answer->is = question->event->dma;
	} else {
		answer->was = block->event.cpu_addr;
		answer->is = question->event->cpu_addr;
	}
	answer->begin = &block->event;
	return answer->was && answer->is && answer->was != answer->is;
}

bool pool_destroy_busy(const struct question *question, struct answer *answer)
{
	const struct pool_check *pool = question->pool;
	struct interval *at = intervals_first(&pool->blocks, 0, UINT64_MAX);

	if (!at)
		return false;
	answer->begin = &member_of(at, struct block_check, by_dma)->event;
	for (; at; at = intervals_next(at, 0, UINT64_MAX))
		answer->is++;
	return true;
}

bool region_declared_twice(const struct question *question, struct answer *answer)
{
	const struct region *region = &question->device->region;

	if (question->event->kind != DMA_EVENT_DECLARE_COHERENT_MEMORY ||
	    !region->declared)
		return false;
	answer->begin = &region->event;
	return true;
}

bool region_released_busy(const struct question *question, struct answer *answer)
{
	const struct region *region = &question->device->region;
	struct interval *at;
	uint64_t last;

	if (question->event->kind != DMA_EVENT_RELEASE_COHERENT_MEMORY ||
	    !region->declared)
		return false;
	last = range_last(region->event.dma, region->event.size);
	at = intervals_first(&question->device->ranges, region->event.dma, last);
	for (; at; at = intervals_next(at, region->event.dma, last)) {
		if (!is_alloc_type(record_of(at)->ref.type))
			continue;
		answer->begin = &record_of(at)->origin->event;
		answer->dma = record_of(at)->ref.dma;
		answer->size = record_of(at)->ref.size;
		answer->other = &region->event;
		return true;
	}
	return false;
}

bool region_occupied_busy(const struct question *question, struct answer *answer)
{
	const struct dma_event *event = question->event;
	struct interval *at;

	if (event->kind != DMA_EVENT_MARK_DECLARED_MEMORY_OCCUPIED)
		return false;
	at = intervals_first(&question->device->ranges, event->dma,
			     range_last(event->dma, event->size));
	if (!at)
		return false;
	answer->begin = &record_of(at)->origin->event;
	return true;
}
