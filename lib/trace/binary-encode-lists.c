// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * binary-lists.c - the lists and the text of an event into the payload of a block
 *
 * Most lists are known already: the unmap's from the map, a bounced one's from the
 * events that bounced its entries, and a direct mapping's addresses from each other.
 */
#include <errno.h>

#include "trace/binary-encoder.h"

static bool follows_trail(const struct model *model, const struct dma_event *event)
{
	uint32_t count = event->phys_count;

	return count > 1 && count <= model->events &&
	       !memcmp(event->phys_list, model->trail + model->events - count,
		       count * sizeof(*model->trail));
}

static bool is_chain(const struct dma_event *event)
{
	for (uint32_t i = 1; i < event->dma_count; i++)
		if (event->dma_list[i] !=
		    event->dma_list[i - 1] + event->dma_size_list[i - 1])
			return false;
	return event->dma_count;
}

static enum list_rule guess_phys_list(const struct model *model,
				      const struct dma_event *event,
				      const struct slot *slot)
{
	if (!event->phys_list || !event->phys_count)
		return LIST_ABSENT;
	if (slot && slot->phys_count)
		return LIST_SLOT;
	return follows_trail(model, event) ? LIST_TRAIL : LIST_CODED;
}

static enum list_rule guess_dma_list(const struct model *model,
				     const struct dma_event *event,
				     const struct slot *slot)
{
	if (!event->dma_list || !event->dma_count)
		return LIST_ABSENT;
	if (event->phys_list && event->dma_count <= event->phys_count &&
	    !memcmp(event->dma_list, event->phys_list,
		    event->dma_count * sizeof(*event->dma_list)))
		return LIST_COPY;
	if (slot && slot->dma_count && slot->dma_count >= event->dma_count &&
	    !memcmp(event->dma_list, model->entries + slot->dma_at,
		    event->dma_count * sizeof(*event->dma_list)))
		return LIST_SLOT;
	return event->dma_size_list && is_chain(event) ? LIST_CHAIN : LIST_CODED;
}

static enum list_rule guess_dma_sizes(const struct dma_event *event)
{
	if (!event->dma_size_list || !event->dma_count)
		return LIST_ABSENT;
	if (event->size_list && event->phys_count == event->dma_count &&
	    !memcmp(event->size_list, event->dma_size_list,
		    event->dma_count * sizeof(*event->size_list)))
		return LIST_COPY;
	return LIST_CODED;
}

/* The slot's phys list is a prefix of the event's, or the reverse; slot_fits() saw to it. */
static bool slot_has_phys(const struct model *model, const struct dma_event *event,
			  const struct slot *slot)
{
	uint32_t count = event->phys_count < slot->phys_count ? event->phys_count
							      : slot->phys_count;

	return event->phys_list && !memcmp(event->phys_list, model->entries + slot->phys_at,
					   count * sizeof(*event->phys_list));
}

void guess_lists(const struct encoder *encoder, const struct dma_event *event,
		 const struct slot *slot, uint8_t rules[LISTS])
{
	const struct model *model = &encoder->model;
	const struct slot *phys_slot =
		slot && slot_has_phys(model, event, slot) ? slot : NULL;

	rules[LIST_SIZE] = event->size_list && event->phys_count ? LIST_CODED : LIST_ABSENT;
	rules[LIST_DMA_SIZE] = guess_dma_sizes(event);
	rules[LIST_PHYS] = guess_phys_list(model, event, phys_slot);
	rules[LIST_DMA] = guess_dma_list(model, event, slot);
}

static void write_counts(struct encoder *encoder, const struct slot *slot,
			 const struct dma_event *last, const struct dma_event *event)
{
	struct stream *stream = &encoder->streams[STREAM_COUNT];
	uint32_t before = slot ? slot->phys_count : last->phys_count;
	uint32_t dma_before = last->dma_count ? event->phys_count : 0;

	put_signed(stream, (uint64_t)event->phys_count - before);
	put_signed(stream, (uint64_t)event->nents - event->phys_count);
	put_signed(stream, (uint64_t)event->dma_count - dma_before);
	put_signed(stream, (uint64_t)event->ents - event->dma_count);
	put_varint(stream, event->text_size);
}

static void write_addresses(struct stream *stream, const uint64_t *list, uint32_t from,
			    uint32_t count, uint64_t before)
{
	for (uint32_t i = from; i < count; before = list[i++])
		put_address(stream, list[i] - before);
}

static void write_sizes(struct stream *stream, const uint32_t *list, uint32_t count,
			uint64_t before)
{
	for (uint32_t i = 0; i < count; before = list[i++])
		put_signed(stream, list[i] - before);
}

static void write_phys_list(struct encoder *encoder, const struct shape *shape,
			    const struct slot *slot, const struct dma_event *event,
			    uint64_t before)
{
	uint32_t done = 0;

	if (shape->list[LIST_PHYS] == LIST_SLOT)
		done = slot->phys_count;
	else if (shape->list[LIST_PHYS] == LIST_TRAIL)
		done = event->phys_count;
	if (done > event->phys_count)
		done = event->phys_count;
	if (done)
		before = event->phys_list[done - 1];
	write_addresses(&encoder->streams[STREAM_PHYS_LIST], event->phys_list, done,
			event->phys_count, before);
}

static void write_dma_list(struct encoder *encoder, const struct shape *shape,
			   const struct dma_event *event, uint64_t before)
{
	struct stream *stream = &encoder->streams[STREAM_DMA_LIST];
	uint32_t count = event->dma_count;

	if (shape->list[LIST_DMA] == LIST_CHAIN)
		count = 1;
	else if (shape->list[LIST_DMA] != LIST_CODED)
		count = 0;
	write_addresses(stream, event->dma_list, 0, count, before);
}

/* Bytes of the five counts of an event. */
#define COUNT_BYTES 50

static int make_room(struct encoder *encoder, const struct dma_event *event)
{
	size_t phys = (size_t)event->phys_count * 10, dma = (size_t)event->dma_count * 10;

	if (model_reserve(&encoder->model, (size_t)event->phys_count + event->dma_count) ||
	    stream_reserve(&encoder->streams[STREAM_PHYS_LIST], phys) ||
	    stream_reserve(&encoder->streams[STREAM_SIZE_LIST], phys) ||
	    stream_reserve(&encoder->streams[STREAM_DMA_LIST], dma) ||
	    stream_reserve(&encoder->streams[STREAM_DMA_SIZE_LIST], dma) ||
	    stream_reserve(&encoder->streams[STREAM_TEXT], event->text_size) ||
	    stream_reserve(&encoder->streams[STREAM_COUNT], COUNT_BYTES))
		return -ENOMEM;
	encoder->bulk += phys + dma + event->text_size;
	return 0;
}

/* The model keeps the addresses, for the unmap to come. */
static uint32_t keep(struct model *model, const uint64_t *list, uint32_t count)
{
	uint32_t at = (uint32_t)model->entries_used;

	if (list && count) {
		memcpy(model->entries + at, list, count * sizeof(*list));
		model->entries_used += count;
	}
	return at;
}

int encode_lists(struct encoder *encoder, const struct shape *shape,
		 const struct slot *slot, const struct dma_event *event)
{
	struct model *model = &encoder->model;
	struct family *family = &model->family[shape->family];
	struct stream *text = &encoder->streams[STREAM_TEXT];
	struct dma_event *last = &family->event;

	if (make_room(encoder, event))
		return -ENOMEM;
	write_counts(encoder, slot, last, event);
	if (event->text_size)
		memcpy(text->data + text->size, event->text, event->text_size);
	text->size += event->text_size;
	if (shape->list[LIST_SIZE])
		write_sizes(&encoder->streams[STREAM_SIZE_LIST], event->size_list,
			    event->phys_count, family->tail[LIST_SIZE]);
	if (shape->list[LIST_DMA_SIZE] == LIST_CODED)
		write_sizes(&encoder->streams[STREAM_DMA_SIZE_LIST], event->dma_size_list,
			    event->dma_count, family->tail[LIST_DMA_SIZE]);
	if (shape->list[LIST_PHYS])
		write_phys_list(encoder, shape, slot, event, family->tail[LIST_PHYS]);
	if (shape->list[LIST_DMA])
		write_dma_list(encoder, shape, event, family->tail[LIST_DMA]);

	model->phys_at = keep(model, event->phys_list, event->phys_count);
	model->dma_at = keep(model, event->dma_list, event->dma_count);
	last->phys_count = event->phys_count;
	last->dma_count = event->dma_count;
	last->nents = event->nents;
	last->ents = event->ents;
	last->text_size = event->text_size;
	last->phys_list = event->phys_list;
	last->dma_list = event->dma_list;
	last->size_list = event->size_list;
	last->dma_size_list = event->dma_size_list;
	model_note_lists(family);
	return 0;
}
