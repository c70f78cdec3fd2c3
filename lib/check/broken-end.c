// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * broken-end.c - rules of unmapping and freeing
 *
 * Kernel counterpart: kernel/dma/debug.c, check_unmap() (RULES.md E1-E9)
 */
#include "check/broken.h"

#define ATTRS_OF_BOTH                                                             \
	(DMA_ATTR_NO_KERNEL_MAPPING | DMA_ATTR_FORCE_CONTIGUOUS | DMA_ATTR_MMIO | \
	 DMA_ATTR_REQUIRE_COHERENT | DMA_ATTR_PRIVILEGED | DMA_ATTR_CC_SHARED)

/* A doubt about what nobody saw begin. */
static uint32_t late(const struct question *question)
{
	if (question->check->options.from_start || question->device->seen_probe)
		return 0;
	return LIBDMA_DOUBT_LATE;
}

bool unmap_error_address(const struct question *question, struct answer *answer)
{
	(void)answer;
	return question->ref.dma == DMA_MAPPING_ERROR;
}

/* Was this very mapping ended before, and in the same way? */
static bool is_second_end(const struct question *question)
{
	const struct ended *ended = question->ended;

	return ended && ended->start == question->ref.dma &&
	       ended->type == question->ref.type &&
	       (question->ref.type == TYPE_SG || ended->event.size == question->ref.size);
}

bool unmap_not_mapped(const struct question *question, struct answer *answer)
{
	if (question->ref.dma == DMA_MAPPING_ERROR || is_second_end(question))
		return false;
	answer->doubt = late(question);
	return true;
}

bool unmap_twice(const struct question *question, struct answer *answer)
{
	if (!is_second_end(question))
		return false;
	answer->begin = &question->ended->origin->event;
	answer->other = &question->ended->event;
	return true;
}

bool unmap_other_size(const struct question *question, struct answer *answer)
{
	answer->was = question->record->ref.size;
	answer->is = question->ref.size;
	return answer->was != answer->is;
}

bool unmap_other_function(const struct question *question, struct answer *answer)
{
	answer->was = question->record->ref.type;
	answer->is = question->ref.type;
	return answer->was != answer->is;
}

/* As far as both calls were recorded with a pointer of the same sort. */
static bool compare_cpu(const struct question *question, struct answer *answer)
{
	const uint32_t sort = DMA_EVENT_HASHED | DMA_EVENT_UNHASHED;
	const struct dma_event *begin = &question->record->origin->event;

	answer->was = question->record->ref.cpu_addr;
	answer->is = question->ref.cpu_addr;
	return answer->was && answer->is && answer->was != answer->is &&
	       (begin->flags & sort) == (question->event->flags & sort);
}

bool free_other_cpu_address(const struct question *question, struct answer *answer)
{
	if (question->record->ref.type != question->ref.type ||
	    !is_alloc_type(question->ref.type))
		return false;
	return compare_cpu(question, answer);
}

static bool nents_differ(const struct question *question, struct answer *answer)
{
	answer->was = question->record->ref.nents;
	answer->is = question->ref.nents;
	if (question->event->flags & DMA_EVENT_CUT)
		answer->doubt = LIBDMA_DOUBT_CUT;
	return question->ref.type == TYPE_SG && answer->is && answer->was != answer->is;
}

/* dma_map_sg() returned fewer segments, and these were given to dma_unmap_sg(). */
static bool is_returned_count(const struct question *question)
{
	return question->ref.nents == question->record->ents &&
	       question->record->ents < question->record->ref.nents;
}

bool unmap_sg_other_nents(const struct question *question, struct answer *answer)
{
	return nents_differ(question, answer) &&
	       (question->check->options.as_kernel || !is_returned_count(question));
}

bool unmap_sg_returned_count(const struct question *question, struct answer *answer)
{
	return nents_differ(question, answer) && is_returned_count(question);
}

bool unmap_other_direction(const struct question *question, struct answer *answer)
{
	answer->was = question->record->ref.dir;
	answer->is = question->ref.dir;
	return answer->was != answer->is && question->ref.type != TYPE_IOVA;
}

/* Only a recorder that shows the calls can show that one is missing. */
bool map_error_unchecked(const struct question *question, struct answer *answer)
{
	(void)answer;
	return question->record->error == ERROR_NOT_CHECKED &&
	       question->check->errors_seen;
}

bool unmap_other_attributes(const struct question *question, struct answer *answer)
{
	answer->was = question->record->ref.attrs;
	answer->is = question->ref.attrs;
	return question->check->rules->debug_compares_attrs &&
	       (answer->was & ATTRS_OF_BOTH) != (answer->is & ATTRS_OF_BOTH);
}

bool sync_missing_for_device(const struct question *question, struct answer *answer)
{
	const struct record *record = question->record;

	(void)answer;
	return question->device->noncoherent && record->ref.dir != DMA_FROM_DEVICE &&
	       record->ref.attrs & DMA_ATTR_SKIP_CPU_SYNC &&
	       !is_alloc_type(record->ref.type) && !record->device_synced;
}
