// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * check-sync.c - calls that hand memory to the device, or take it back
 *
 * Kernel counterpart: kernel/dma/debug.c, check_sync() and its callers
 */
#include "check/call.h"

static bool is_for_cpu(const struct dma_event *event)
{
	return event->kind == DMA_EVENT_SYNC_SINGLE_FOR_CPU ||
	       event->kind == DMA_EVENT_SYNC_SG_FOR_CPU;
}

/* Who has the memory now? */
static void hand_over(const struct question *question)
{
	struct record *record = question->record;

	if (is_for_cpu(question->event)) {
		record->with_device = false;
		return;
	}
	record->device_synced = true;
	if (question->ref.size >= record->ref.size)
		record->with_device = true;
}

static void ask(struct question *question)
{
	question->record =
		ledger_find_around(question->check, question->device, &question->ref);
	if (question->record) {
		/* the kernel's look wraps around: RULES.md E19 */
		if (question->ref.size > question->record->ref.size)
			check_ask(ON_SYNC_BEYOND, question);
		/* what is wrong with a list is said once; the kernel says it each time */
		if (!question->index || question->check->options.as_kernel)
			check_ask(ON_SYNC, question);
		hand_over(question);
		return;
	}
	question->ended = ledger_ended(question->check, question->event->device,
				       question->ref.dma, question->ref.size);
	check_ask(ON_SYNC_UNKNOWN, question);
	if (!question->check->options.as_kernel)
		check_ask(ON_SYNC_BEYOND, question);
}

/* As many segments as were mapped; the call shows all entries. */
static void ask_list(struct question *question)
{
	const struct dma_event *event = question->event;
	struct record *first;
	uint32_t mapped;

	if (!event->dma_count || !event->dma_list)
		return;
	question->ref = call_segment(question->check, event, 0);
	first = ledger_find(question->check, question->device, &question->ref);
	mapped = first ? first->ents : 0;
	if (!first && !question->check->options.as_kernel)
		mapped = 1; /* the kernel says nothing of a list that it does not know */
	for (unsigned int i = 0; i < event->dma_count && i < mapped; i++) {
		question->ref = call_segment(question->check, event, i);
		question->index = i;
		ask(question);
	}
}

void check_sync(struct libdma_check *check, struct device_check *device,
		const struct dma_event *event)
{
	struct question question = {
		.check = check,
		.device = device,
		.event = event,
		.ref = call_reference(check, event),
	};

	if (question.ref.type == TYPE_SG)
		ask_list(&question);
	else
		ask(&question);
}
