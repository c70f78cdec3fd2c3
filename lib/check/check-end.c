// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * check-end.c - calls that unmap or free: each is asked about, then taken out
 *
 * Lists are found by their DMA addresses, as the kernel finds them, or where the
 * recording has none by the physical ones.
 *
 * Kernel counterpart: kernel/dma/debug.c, check_unmap() and its callers
 */
#include "check/call.h"

/* Drivers may free NULL. */
static bool is_null_free(const struct dma_event *event)
{
	return libdma_event_kind_class(event->kind) == DMA_CLASS_FREE && !event->dma &&
	       !event->size && !event->phys_count && !event->cpu_addr;
}

static void ask_unknown(struct question *question)
{
	struct libdma_check *check = question->check;
	struct record *older;

	question->record = NULL;
	question->ended = ledger_ended(check, question->event->device, question->ref.dma,
				       question->ref.size);
	check_ask(ON_UNMAP_UNKNOWN, question);
	if (!check->options.as_kernel)
		return;
	/* it asks dma_mapping_error(), by which one of several is checked */
	older = ledger_find_unchecked(question->device, question->ref.dma);
	if (older)
		older->error = ERROR_CHECKED;
}

static int end_range(struct question *question)
{
	question->record = ledger_find(question->check, question->device, &question->ref);
	if (!question->record) {
		ask_unknown(question);
		return 0;
	}
	if (question->ref.type == TYPE_IOVA)
		question->ref.size = question->record->ref.size;
	check_ask(ON_UNMAP, question);
	return ledger_end(question->check, question->record, question->event);
}

/* Segment by segment, and each told apart. */
static int end_as_kernel(struct question *question)
{
	const struct dma_event *event = question->event;
	uint32_t mapped = 0;
	int err = 0;

	for (unsigned int i = 0; i < event->dma_count && !err; i++) {
		struct record *first;

		if (mapped && i >= mapped)
			break;
		question->ref = call_segment(question->check, event, i);
		question->index = i;
		first = i ? NULL
			  : ledger_find(question->check, question->device,
					&question->ref);
		if (first)
			mapped = first->ents;
		err = end_range(question);
	}
	return err;
}

/* All segments of a list; the last of them releases @origin. */
static int end_list(struct question *question, struct origin *origin)
{
	unsigned int count = origin->event.dma_count ? origin->event.dma_count : 1;
	int err = 0;

	origin->users++;
	for (unsigned int i = 0; i < count && !err; i++) {
		struct record *record = ledger_segment(question->device, origin, i);

		if (record)
			err = ledger_end(question->check, record, question->event);
	}
	ledger_release(origin);
	return err;
}

/* The list that the call names, by its first segment or its entries. */
static struct origin *find_list(struct question *question)
{
	const struct dma_event *event = question->event;
	struct record *record;

	if (event->dma_count && event->dma_list) {
		question->ref = call_segment(question->check, event, 0);
		record = ledger_find(question->check, question->device, &question->ref);
		return record ? record->origin : NULL;
	}
	if (event->phys_count && event->phys_list)
		return ledger_find_list(question->device, event);
	return NULL;
}

static int end_sg(struct question *question)
{
	const struct dma_event *event = question->event;
	struct origin *origin = find_list(question);

	if (!origin) {
		if (event->phys_count || event->dma_count)
			ask_unknown(question);
		return 0;
	}
	question->record = ledger_segment(question->device, origin, 0);
	if (!question->record)
		return 0;
	if (!event->dma_count) {
		question->ref.dma = question->record->ref.dma;
		question->ref.size = question->record->ref.size;
		question->ref.phys = question->record->ref.phys;
		question->ref.nents = event->nents ? event->nents : event->phys_count;
	}
	check_ask(ON_UNMAP, question);
	return end_list(question, origin);
}

int check_end(struct libdma_check *check, struct device_check *device,
	      const struct dma_event *event)
{
	struct question question = {
		.check = check,
		.device = device,
		.event = event,
		.ref = call_reference(check, event),
	};

	if (is_null_free(event))
		return 0;
	if (event->kind != DMA_EVENT_UNMAP_SG)
		return end_range(&question);
	return check->options.as_kernel ? end_as_kernel(&question) : end_sg(&question);
}
