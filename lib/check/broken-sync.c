// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * broken-sync.c - rules of who has the memory
 *
 * Kernel counterpart: kernel/dma/debug.c, check_sync() (RULES.md E18-E23, Y1, Y2)
 */
#include "check/broken.h"

static bool is_for_cpu(const struct question *question)
{
	return question->event->kind == DMA_EVENT_SYNC_SINGLE_FOR_CPU ||
	       question->event->kind == DMA_EVENT_SYNC_SG_FOR_CPU;
}

/* The mapping that holds the first byte, but not the last. */
static const struct record *begun_in(const struct question *question)
{
	return record_of(intervals_first(&question->device->ranges, question->ref.dma,
					 question->ref.dma));
}

bool sync_not_mapped(const struct question *question, struct answer *answer)
{
	if (question->check->options.as_kernel)
		return true;
	if (begun_in(question) || question->ended)
		return false;
	if (!question->check->options.from_start && !question->device->seen_probe)
		answer->doubt = LIBDMA_DOUBT_LATE;
	return true;
}

bool use_after_unmap(const struct question *question, struct answer *answer)
{
	if (!question->ended || begun_in(question))
		return false;
	answer->begin = &question->ended->origin->event;
	answer->other = &question->ended->event;
	return true;
}

bool sync_beyond(const struct question *question, struct answer *answer)
{
	const struct record *record =
		question->record ? question->record : begun_in(question);

	if (!record)
		return false;
	answer->begin = &record->origin->event;
	answer->was = record->ref.size;
	answer->is = question->ref.dma - record->ref.dma + question->ref.size;
	return true;
}

/* Both ways: the kernel asks no further, either. */
static bool is_both_ways(const struct question *question, struct answer *answer)
{
	answer->was = question->record->ref.dir;
	answer->is = question->ref.dir;
	return question->record->ref.dir == DMA_BIDIRECTIONAL;
}

bool sync_read_only_for_cpu(const struct question *question, struct answer *answer)
{
	return !is_both_ways(question, answer) && is_for_cpu(question) &&
	       answer->was != DMA_FROM_DEVICE && answer->is != DMA_TO_DEVICE;
}

bool sync_write_only_for_device(const struct question *question, struct answer *answer)
{
	return !is_both_ways(question, answer) && !is_for_cpu(question) &&
	       answer->was != DMA_TO_DEVICE && answer->is != DMA_FROM_DEVICE;
}

/* The kernel says it beside the two above; we say what is the matter once. */
bool sync_other_direction(const struct question *question, struct answer *answer)
{
	if (!question->check->options.as_kernel &&
	    (sync_read_only_for_cpu(question, answer) ||
	     sync_write_only_for_device(question, answer)))
		return false;
	return !is_both_ways(question, answer) && answer->was != answer->is;
}

bool sync_sg_other_nents(const struct question *question, struct answer *answer)
{
	bool both = is_both_ways(question, answer);

	answer->was = question->record->ref.nents;
	answer->is = question->ref.nents;
	if (question->event->flags & DMA_EVENT_CUT)
		answer->doubt = LIBDMA_DOUBT_CUT;
	return !both && question->ref.type == TYPE_SG && answer->is &&
	       answer->was != answer->is;
}

/* All of it is handed over again, though the CPU never took it back. */
bool sync_missing_for_cpu(const struct question *question, struct answer *answer)
{
	const struct record *record = question->record;

	(void)answer;
	return !is_for_cpu(question) && question->device->noncoherent &&
	       record->ref.dir != DMA_TO_DEVICE && !is_alloc_type(record->ref.type) &&
	       record->with_device && question->ref.size >= record->ref.size;
}
