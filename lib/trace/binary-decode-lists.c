// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * binary-decode-lists.c - the lists and the text of an event out of a payload
 *
 * Lists that are not coded entry by entry cost a file nothing, so that their sum in
 * a block is bounded: a small file cannot ask for much memory.
 */
#include <errno.h>
#include <stdlib.h>

#include "trace/binary-decoder.h"

/* Entries of a list from @from on, each a difference to the one before it. */
static void read_addresses(struct cursor *in, uint64_t *list, uint32_t from, uint32_t count,
			   uint64_t before)
{
	for (uint32_t i = from; i < count; i++)
		list[i] = before += get_address(in);
}

static uint32_t *read_sizes(struct decoder *decoder, enum list list, uint32_t *sizes,
			    uint32_t count, uint64_t before)
{
	struct cursor *in = &decoder->in[list == LIST_SIZE ? STREAM_SIZE_LIST
							   : STREAM_DMA_SIZE_LIST];

	for (uint32_t i = 0; i < count; i++) {
		before += get_signed(in);
		sizes[i] = (uint32_t)before;
	}
	return sizes;
}

static void read_phys_list(struct decoder *decoder, const struct shape *shape,
			   const struct slot *slot, uint64_t *list, uint32_t count,
			   uint64_t before)
{
	struct model *model = &decoder->model;
	uint32_t done = 0;

	if (shape->list[LIST_PHYS] == LIST_SLOT) {
		done = slot->phys_count < count ? slot->phys_count : count;
		memcpy(list, model->entries + slot->phys_at, done * sizeof(*list));
	} else if (shape->list[LIST_PHYS] == LIST_TRAIL) {
		done = count < model->events ? count : model->events;
		memcpy(list, model->trail + model->events - done, done * sizeof(*list));
	}
	if (done)
		before = list[done - 1];
	read_addresses(&decoder->in[STREAM_PHYS_LIST], list, done, count, before);
}

static void read_dma_list(struct decoder *decoder, const struct shape *shape,
			  const struct slot *slot, const struct dma_event *event,
			  uint64_t *list, uint64_t before)
{
	struct cursor *in = &decoder->in[STREAM_DMA_LIST];
	uint32_t count = event->dma_count, done = 0;

	switch (shape->list[LIST_DMA]) {
	case LIST_SLOT:
		done = slot->dma_count < count ? slot->dma_count : count;
		memcpy(list, decoder->model.entries + slot->dma_at, done * sizeof(*list));
		break;
	case LIST_COPY:
		if (!event->phys_list)
			break;
		done = event->phys_count < count ? event->phys_count : count;
		memcpy(list, event->phys_list, done * sizeof(*list));
		break;
	case LIST_CHAIN:
		if (!event->dma_size_list)
			break;
		for (; done < count; done++) {
			list[done] = done ? list[done - 1] + event->dma_size_list[done - 1]
					  : before + get_address(in);
		}
		break;
	}
	if (done)
		before = list[done - 1];
	read_addresses(in, list, done, count, before);
}

/* Would @count entries that follow a rule and are not all coded be a bomb? */
static int room_for_lists(struct decoder *decoder, const struct dma_event *event)
{
	uint32_t *sizes;
	size_t want = (size_t)event->phys_count + event->dma_count;
	int err;

	if (event->phys_count > BINARY_LIST_MAX || event->dma_count > BINARY_LIST_MAX)
		return -EBADMSG;
	err = model_reserve(&decoder->model, want);
	if (err || want <= decoder->sizes_room)
		return err;
	sizes = realloc(decoder->sizes, want * sizeof(*sizes));
	if (!sizes)
		return -ENOMEM;
	decoder->sizes = sizes;
	decoder->sizes_room = want;
	return 0;
}

static void read_counts(struct decoder *decoder, const struct slot *slot,
			struct dma_event *event)
{
	struct cursor *in = &decoder->in[STREAM_COUNT];
	uint32_t before = slot ? slot->phys_count : event->phys_count;
	bool had_dma = event->dma_count;

	event->phys_count = before + (uint32_t)get_signed(in);
	event->nents = event->phys_count + (uint32_t)get_signed(in);
	event->dma_count = (had_dma ? event->phys_count : 0) + (uint32_t)get_signed(in);
	event->ents = event->dma_count + (uint32_t)get_signed(in);
	event->text_size = (uint32_t)get_varint(in);
}

static int read_text(struct decoder *decoder, struct dma_event *event)
{
	struct cursor *in = &decoder->in[STREAM_TEXT];

	event->text = NULL;
	if (event->text_size > (size_t)(in->end - in->at))
		return -EBADMSG;
	if (event->text_size)
		event->text = (const char *)in->at;
	in->at += event->text_size;
	return 0;
}

int decode_lists(struct decoder *decoder, const struct shape *shape, struct family *family,
		 const struct slot *slot)
{
	struct model *model = &decoder->model;
	struct dma_event *event = &family->event;
	const uint8_t *rule = shape->list;
	uint64_t *phys, *dma;
	int err;

	read_counts(decoder, slot, event);
	err = room_for_lists(decoder, event);
	if (!err)
		err = read_text(decoder, event);
	if (err)
		return err;

	event->size_list = event->dma_size_list = NULL;
	if (rule[LIST_SIZE])
		event->size_list = read_sizes(decoder, LIST_SIZE, decoder->sizes,
					      event->phys_count, family->tail[LIST_SIZE]);
	if (rule[LIST_DMA_SIZE] == LIST_COPY && event->dma_count == event->phys_count)
		event->dma_size_list = event->size_list;
	else if (rule[LIST_DMA_SIZE])
		event->dma_size_list = read_sizes(
			decoder, LIST_DMA_SIZE, decoder->sizes + event->phys_count,
			event->dma_count, family->tail[LIST_DMA_SIZE]);

	model->phys_at = (uint32_t)model->entries_used;
	phys = model->entries + model->phys_at;
	event->phys_list = event->dma_list = NULL;
	if (rule[LIST_PHYS]) {
		read_phys_list(decoder, shape, slot, phys, event->phys_count,
			       family->tail[LIST_PHYS]);
		event->phys_list = phys;
		model->entries_used += event->phys_count;
	}
	model->dma_at = (uint32_t)model->entries_used;
	dma = model->entries + model->dma_at;
	if (rule[LIST_DMA]) {
		read_dma_list(decoder, shape, slot, event, dma, family->tail[LIST_DMA]);
		event->dma_list = dma;
		model->entries_used += event->dma_count;
	}
	model_note_lists(family);
	return 0;
}
