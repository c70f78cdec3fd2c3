// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * binary-model.c - the tables of a block: families, shapes, and live mappings
 *
 * A queue of mappings is a family's: a ring of receive buffers ends its mappings in
 * the order in which they were made, and then "the next" is all there is to say.
 */
#include <errno.h>
#include <stdlib.h>

#include "trace/binary-model.h"

#define ENTRIES_AT_FIRST 4096

#define PLACE(member) offsetof(struct dma_event, member)
#define SHARED(member, ...) { PLACE(member), sizeof(((struct dma_event *)0)->member), __VA_ARGS__ }

const struct member_place model_members[MEMBERS] = {
	[MEMBER_SIZE] = { PLACE(size), STREAM_SIZE, false },
	[MEMBER_PHYS] = { PLACE(phys), STREAM_PHYS, true },
	[MEMBER_DMA] = { PLACE(dma), STREAM_DMA, true },
	[MEMBER_CPU_ADDR] = { PLACE(cpu_addr), STREAM_CPU_ADDR, true },
	[MEMBER_EXTRA] = { PLACE(mask), STREAM_EXTRA, false },
};

const struct shared_member model_shared[SHARED_MEMBERS] = {
	SHARED(kind, false, false),
	SHARED(dir, false, false),
	SHARED(flags, false, false),
	SHARED(error, false, true),
	SHARED(device, true, false),
	SHARED(gfp, true, false),
	SHARED(name, true, false),
	SHARED(stack, true, false),
	SHARED(attrs, false, false),
	SHARED(handle, false, false),
	SHARED(boundary, false, false),
	SHARED(coherent_mask, false, false),
	SHARED(max_segment_size, false, false),
	SHARED(min_align_mask, false, false),
};

int model_init(struct model *model)
{
	*model = (struct model) {
		.task = malloc(MODEL_TASKS * sizeof(*model->task)),
		.family = malloc(MODEL_FAMILIES * sizeof(*model->family)),
		.shape = malloc(MODEL_SHAPES * sizeof(*model->shape)),
		.slot = malloc(MODEL_EVENTS * sizeof(*model->slot)),
		.trail = malloc(MODEL_EVENTS * sizeof(*model->trail)),
		.entries = malloc(ENTRIES_AT_FIRST * sizeof(*model->entries)),
		.entries_room = ENTRIES_AT_FIRST,
	};
	if (!model->task || !model->family || !model->shape || !model->slot ||
	    !model->trail || !model->entries) {
		model_deinit(model);
		return -ENOMEM;
	}
	model_reset(model);
	return 0;
}

void model_deinit(struct model *model)
{
	free(model->task);
	free(model->family);
	free(model->shape);
	free(model->slot);
	free(model->trail);
	free(model->entries);
	memset(model, 0, sizeof(*model));
}

void model_reset(struct model *model)
{
	model->tasks = 0;
	model->families = 0;
	model->slots = 0;
	model->events = 0;
	model->entries_used = 0;
	model->named = NO_SLOT;
	model->now = 0;
	memset(model->previous, 0, sizeof(model->previous));
	memset(model->named_numbers, 0, sizeof(model->named_numbers));
	memset(model->named_pages, 0, sizeof(model->named_pages));
	/* Shape 0 is what stands before the first event. */
	model->shape[0] = (struct shape) { .after = { 0, 0 } };
	model->shapes = 1;
}

int model_reserve(struct model *model, size_t count)
{
	size_t room = model->entries_used + count;
	uint64_t *entries;

	if (room > MODEL_ENTRIES)
		return -EBADMSG;
	if (room <= model->entries_room)
		return 0;
	if (room < model->entries_room * 2)
		room = model->entries_room * 2;
	entries = realloc(model->entries, room * sizeof(*entries));
	if (!entries)
		return -ENOMEM;
	model->entries = entries;
	model->entries_room = room;
	return 0;
}

uint32_t model_add_family(struct model *model, const struct dma_event *event, bool begins,
			  bool ends)
{
	struct family *family = &model->family[model->families];

	memset(family, 0, sizeof(*family));
	for (size_t i = 0; i < SHARED_MEMBERS; i++) {
		const struct shared_member *member = &model_shared[i];

		memcpy((char *)&family->event + member->offset,
		       (const char *)event + member->offset, member->size);
	}
	family->newest = family->oldest = family->next = NO_SLOT;
	family->begins = begins;
	family->ends = ends;
	return model->families++;
}

const uint64_t model_zero;

uint32_t model_add_shape(struct model *model, const struct shape *shape)
{
	struct shape *copy = &model->shape[model->shapes];

	memcpy(copy, shape, offsetof(struct shape, after));
	copy->after[0] = copy->after[1] = 0;
	for (unsigned int i = 0; i < shape->operations; i++)
		copy->sum[i] = model_sum(model, &model->family[shape->family],
					 shape->operation[i].member,
					 shape->operation[i].rule);
	return model->shapes++;
}

static void place_of_lists(const struct model *model, const struct dma_event *event,
			   struct slot *slot)
{
	const uint64_t *dma = model->entries + model->dma_at;
	uint32_t last = event->dma_count - 1;

	slot->phys_at = model->phys_at;
	slot->dma_at = model->dma_at;
	slot->phys_count = event->phys_list ? event->phys_count : 0;
	slot->dma_count = event->dma_list ? event->dma_count : 0;
	if (!slot->dma_count)
		return;
	slot->dma = dma[0];
	slot->size = dma[last] - dma[0] +
		     (event->dma_size_list ? event->dma_size_list[last] : 0);
}

void model_begin(struct model *model, uint32_t family)
{
	struct family *queue = &model->family[family];
	const struct dma_event *event = &queue->event;
	uint32_t number = model->slots++;
	struct slot *slot = &model->slot[number];

	*slot = (struct slot) {
		.dma = event->dma,
		.size = event->size,
		.cpu_addr = event->cpu_addr,
		.queue = family,
		.newer = NO_SLOT,
		.older = queue->newest,
		.live = true,
	};
	if (event->phys_count | event->dma_count)
		place_of_lists(model, event, slot);
	if (queue->newest != NO_SLOT)
		model->slot[queue->newest].newer = number;
	else
		queue->oldest = number;
	if (queue->next == NO_SLOT)
		queue->next = number;
	queue->newest = number;
}

void model_end(struct model *model, struct slot *slot)
{
	struct family *queue = &model->family[slot->queue];

	slot->live = false;
	if (slot->older != NO_SLOT)
		model->slot[slot->older].newer = slot->newer;
	else
		queue->oldest = slot->newer;
	if (slot->newer != NO_SLOT)
		model->slot[slot->newer].older = slot->older;
	else
		queue->newest = slot->older;
	queue->next = slot->newer;
}

void model_note_lists(struct family *family)
{
	const struct dma_event *event = &family->event;

	if (event->phys_count && event->phys_list)
		family->tail[LIST_PHYS] = event->phys_list[event->phys_count - 1];
	if (event->phys_count && event->size_list)
		family->tail[LIST_SIZE] = event->size_list[event->phys_count - 1];
	if (event->dma_count && event->dma_list)
		family->tail[LIST_DMA] = event->dma_list[event->dma_count - 1];
	if (event->dma_count && event->dma_size_list)
		family->tail[LIST_DMA_SIZE] = event->dma_size_list[event->dma_count - 1];
}
