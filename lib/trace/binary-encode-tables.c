// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * binary-encode-tables.c - the four tables of a block: strings, tasks, families, shapes
 *
 * Each row is written when it is first needed, and is known by its number after that.
 */
#include <errno.h>
#include <stdlib.h>
#include <xxhash.h>

#include "trace/binary-encoder.h"

/* Bytes that the longest row of a table takes, strings apart. */
#define ROW_BYTES 256

/* The block's number of a string, which is written where it is new. */
static int local_string(struct encoder *encoder, uint32_t number, uint32_t *ret)
{
	struct stream *stream = &encoder->streams[STREAM_STRINGS];
	size_t size = libdma_strings_size(encoder->strings, number);

	*ret = 0;
	if (!size)
		return 0;
	if (number >= encoder->local_room) {
		uint32_t room = number + number / 2 + 64;
		uint32_t *local = realloc(encoder->local, room * sizeof(*local));

		if (!local)
			return -ENOMEM;
		memset(local + encoder->local_room, 0,
		       (room - encoder->local_room) * sizeof(*local));
		encoder->local = local;
		encoder->local_room = room;
	}
	if (!encoder->local[number]) {
		if (stream_reserve(stream, size + 10))
			return -ENOMEM;
		put_varint(stream, size);
		memcpy(stream->data + stream->size,
		       libdma_strings_get(encoder->strings, number), size);
		stream->size += size;
		encoder->bulk += size;
		encoder->local[number] = encoder->strings_used++;
	}
	*ret = encoder->local[number];
	return 0;
}

void encode_task_end(struct encoder *encoder)
{
	if (encoder->task_length)
		put_varint(&encoder->streams[STREAM_TASKS], encoder->task_length);
	encoder->task_length = 0;
}

int encode_task(struct encoder *encoder, const struct dma_event *event)
{
	struct stream *stream = &encoder->streams[STREAM_TASKS];
	struct model *model = &encoder->model;
	struct task task = { event->cpu, event->pid, event->comm, event->context };
	uint32_t at = (uint32_t)XXH3_64bits(&task, sizeof(task)), comm, context;
	uint32_t *bucket;

	if (stream_reserve(stream, ROW_BYTES))
		return -ENOMEM;
	encode_task_end(encoder);
	for (;; at++) {
		bucket = &encoder->tasks[at % TASK_BUCKETS];
		if (!*bucket || same_task(&model->task[*bucket - 1], event))
			break;
	}
	if (*bucket) {
		encoder->task = *bucket - 1;
		put_varint(stream, encoder->task);
		return 0;
	}
	if (local_string(encoder, event->comm, &comm) ||
	    local_string(encoder, event->context, &context))
		return -ENOMEM;
	put_varint(stream, model->tasks);
	put_varint(stream, event->cpu);
	put_signed(stream, (uint64_t)(int64_t)event->pid);
	put_varint(stream, comm);
	put_varint(stream, context);
	model->task[model->tasks] = task;
	encoder->task = model->tasks++;
	*bucket = model->tasks;
	return 0;
}

static uint64_t shared_value(const struct dma_event *event,
			     const struct shared_member *member)
{
	const char *place = (const char *)event + member->offset;
	uint64_t value;
	int32_t number;

	switch (member->size) {
	case 1:
		return *(const uint8_t *)place;
	case 2:
		return *(const uint16_t *)place;
	case 4:
		memcpy(&number, place, 4);
		return member->negative ? (uint64_t)(int64_t)number : (uint32_t)number;
	default:
		memcpy(&value, place, 8);
		return value;
	}
}

/* What differs from the family before. */
static int write_family(struct encoder *encoder, const struct dma_event *event, bool begins,
			bool ends)
{
	static const struct dma_event nothing;
	struct stream *stream = &encoder->streams[STREAM_FAMILIES];
	struct model *model = &encoder->model;
	const struct dma_event *before = &nothing;
	uint64_t bits = 0;
	uint32_t number;

	if (stream_reserve(stream, ROW_BYTES))
		return -ENOMEM;
	if (model->families)
		before = &model->family[model->families - 1].event;
	for (unsigned int i = 0; i < SHARED_MEMBERS; i++)
		if (shared_value(event, &model_shared[i]) !=
		    shared_value(before, &model_shared[i]))
			bits |= 1u << i;
	bits |= (begins ? FAMILY_BEGINS : 0) | (ends ? FAMILY_ENDS : 0);
	put_varint(stream, bits);
	for (unsigned int i = 0; i < SHARED_MEMBERS; i++) {
		const struct shared_member *member = &model_shared[i];
		uint64_t value = shared_value(event, member);

		if (!(bits >> i & 1))
			continue;
		if (member->string) {
			if (local_string(encoder, (uint32_t)value, &number))
				return -ENOMEM;
			value = number;
		}
		put_varint(stream, member->negative ? zigzag(value) : value);
	}
	return 0;
}

static uint32_t hash_of_family(const struct dma_event *event)
{
	uint64_t hash = event->kind | event->dir << 16 | (uint64_t)event->flags << 24 |
			(uint64_t)event->device << 32;

	hash = (hash ^ event->attrs << 7 ^ event->handle) * 0x9e3779b97f4a7c15u;
	hash ^= event->gfp ^ (uint64_t)event->stack << 20 ^ (uint64_t)event->name << 40;
	hash ^= (uint64_t)(uint32_t)event->error << 11 ^ event->boundary;
	hash ^= event->coherent_mask << 3 ^ event->max_segment_size << 5 ^
		event->min_align_mask << 9;
	return (uint32_t)(hash * 0x9e3779b97f4a7c15u >> 40);
}

int encode_family(struct encoder *encoder, const struct dma_event *event, uint32_t *ret)
{
	struct model *model = &encoder->model;
	uint32_t at = hash_of_family(event);
	uint32_t *bucket;

	for (;; at++) {
		bucket = &encoder->families[at % FAMILY_BUCKETS];
		if (!*bucket || same_family(&model->family[*bucket - 1].event, event))
			break;
	}
	if (!*bucket) {
		enum dma_event_class class = libdma_event_kind_class(event->kind);
		bool begins = class == DMA_CLASS_MAP || class == DMA_CLASS_ALLOC;
		bool ends = class == DMA_CLASS_UNMAP || class == DMA_CLASS_FREE;

		if (write_family(encoder, event, begins, ends))
			return -ENOMEM;
		*bucket = model_add_family(model, event, begins, ends) + 1;
		guess_prepare(encoder, *bucket - 1);
	}
	*ret = *bucket - 1;
	return 0;
}

static int write_shape(struct encoder *encoder, const struct shape *shape)
{
	struct stream *stream = &encoder->streams[STREAM_SHAPES];

	if (stream_reserve(stream, ROW_BYTES))
		return -ENOMEM;
	stream->data[stream->size++] = (unsigned char)(shape->operations |
						       shape->slot << 3 |
						       shape->lists << 6);
	put_varint(stream, shape->family);
	if (shape->slot > SLOT_SAME)
		put_varint(stream, shape->queue);
	for (unsigned int i = 0; i < shape->operations; i++)
		stream->data[stream->size++] =
			(unsigned char)(shape->operation[i].member << 4 |
					shape->operation[i].rule);
	for (unsigned int i = 0; i < LISTS && shape->lists; i++)
		stream->data[stream->size++] = shape->list[i];
	return 0;
}

/* Shapes are compared without what changes in them. */
#define SHAPE_SIZE offsetof(struct shape, after)

int encode_shape(struct encoder *encoder, const struct shape *shape, uint32_t *ret)
{
	struct model *model = &encoder->model;
	uint32_t at = (uint32_t)XXH3_64bits(shape, SHAPE_SIZE);
	uint32_t *bucket;

	for (;; at++) {
		bucket = &encoder->shapes[at % SHAPE_BUCKETS];
		if (!*bucket || !memcmp(&model->shape[*bucket], shape, SHAPE_SIZE))
			break;
	}
	if (!*bucket) {
		if (write_shape(encoder, shape))
			return -ENOMEM;
		*bucket = model_add_shape(model, shape);
	}
	*ret = *bucket;
	return 0;
}
