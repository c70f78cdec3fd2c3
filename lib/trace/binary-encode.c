// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * binary-encode.c - events into the payload of a block
 *
 * The rules that an event follows are chosen by binary-guess.c; here its shape is
 * named, and what the shape leaves open is written.
 */
#include <errno.h>
#include <stdlib.h>

#include "trace/binary-encoder.h"

/* Events and entries of a block, after which it is closed; it decodes at one go. */
#define BLOCK_EVENTS_WANTED  32768
#define BLOCK_ENTRIES_WANTED ((size_t)1 << 18)
#define BLOCK_BYTES_WANTED   ((size_t)4 << 20)

/* Bytes of the longest number, and of an address. */
#define NUMBER_BYTES 11

static void begin(struct encoder *encoder)
{
	model_reset(&encoder->model);
	for (unsigned int id = 0; id < STREAMS; id++)
		encoder->streams[id].size = 0;
	memset(encoder->families, 0, sizeof(encoder->families));
	memset(encoder->shapes, 0, sizeof(encoder->shapes));
	memset(encoder->tasks, 0, sizeof(encoder->tasks));
	memset(encoder->slots, 0xff, sizeof(encoder->slots));
	if (encoder->local)
		memset(encoder->local, 0, encoder->local_room * sizeof(*encoder->local));
	encoder->strings_used = 1;
	encoder->bulk = 0;
	encoder->lost = 0;
	encoder->number = 0;
	encoder->task = 0;
	encoder->task_length = 0;
}

/* The streams to which each event adds one number get their room at once. */
static int make_room(struct encoder *encoder)
{
	static const uint8_t ids[] = {
		STREAM_CODE, STREAM_NUMBER,   STREAM_SLOT, STREAM_SIZE,
		STREAM_PHYS, STREAM_CPU_ADDR, STREAM_DMA,  STREAM_EXTRA,
	};

	for (size_t i = 0; i < sizeof(ids); i++)
		if (stream_reserve(&encoder->streams[ids[i]],
				   BLOCK_EVENTS_WANTED * NUMBER_BYTES))
			return -ENOMEM;
	return 0;
}

struct encoder *encoder_create(const struct libdma_strings *strings, bool numbered)
{
	struct encoder *encoder = calloc(1, sizeof(*encoder));

	if (!encoder)
		return NULL;
	encoder->strings = strings;
	encoder->numbered = numbered;
	encoder->ns = malloc(MODEL_EVENTS * sizeof(*encoder->ns));
	encoder->candidates = malloc(MODEL_FAMILIES * sizeof(*encoder->candidates));
	if (!encoder->ns || !encoder->candidates || make_room(encoder) ||
	    model_init(&encoder->model)) {
		encoder_destroy(encoder);
		return NULL;
	}
	begin(encoder);
	return encoder;
}

void encoder_destroy(struct encoder *encoder)
{
	if (!encoder)
		return;
	model_deinit(&encoder->model);
	for (unsigned int id = 0; id < STREAMS; id++)
		free(encoder->streams[id].data);
	free(encoder->local);
	free(encoder->candidates);
	free(encoder->ns);
	free(encoder);
}

bool encoder_full(const struct encoder *encoder)
{
	const struct model *model = &encoder->model;

	return model->events >= BLOCK_EVENTS_WANTED || model->tasks == MODEL_TASKS ||
	       model->families == MODEL_FAMILIES || model->shapes == MODEL_SHAPES ||
	       encoder->strings_used > MODEL_STRINGS - 8 ||
	       model->entries_used > BLOCK_ENTRIES_WANTED ||
	       encoder->bulk > BLOCK_BYTES_WANTED;
}

static void write_code(struct encoder *encoder, uint32_t number)
{
	struct stream *stream = &encoder->streams[STREAM_CODE];
	const struct shape *now = &encoder->model.shape[encoder->model.now];

	if (now->after[0] == number)
		put_varint(stream, 0);
	else if (now->after[1] == number)
		put_varint(stream, 1);
	else
		put_varint(stream, number + 1);
}

/* The shape of an event; its numbers are then in its family's event. */
static int shape_of_event(struct encoder *encoder, const struct dma_event *event,
			  uint32_t *number)
{
	struct shape shape;
	uint32_t family;
	int err;

	*number = guess_foreseen(encoder, event);
	if (*number)
		return 0;
	err = encode_family(encoder, event, &family);
	if (err)
		return err;
	guess_shape(encoder, event, family, &shape);
	return encode_shape(encoder, &shape, number);
}

int encoder_put(struct encoder *encoder, const struct dma_event *event)
{
	struct model *model = &encoder->model;
	const struct shape *shape;
	struct slot *slot = NULL;
	uint32_t number, slots = model->slots;
	int err = 0;

	if (!encoder->task_length || !same_task(&model->task[encoder->task], event))
		err = encode_task(encoder, event);
	if (!err)
		err = shape_of_event(encoder, event, &number);
	if (err)
		return err;
	encoder->task_length++;

	write_code(encoder, number);
	shape = &model->shape[number];
	if (shape->slot)
		slot = &model->slot[model->named];
	if (shape->lists) {
		err = encode_lists(encoder, shape, slot, event);
		if (err)
			return err;
	}
	encoder->ns[model->events] = event->ns;
	if (encoder->numbered) {
		put_signed(&encoder->streams[STREAM_NUMBER], event->number - encoder->number);
		encoder->number = event->number + 1;
	}
	if (event->kind == DMA_EVENT_LOST)
		encoder->lost += event->count;
	model_follow(model, number);
	model_note(model, &model->family[shape->family], slot);
	if (model->slots != slots)
		guess_remember(encoder, slots);
	return 0;
}

static uint64_t divisor_of(uint64_t a, uint64_t b)
{
	while (b) {
		uint64_t rest = a % b;

		a = b;
		b = rest;
	}
	return a;
}

/* The times, in the largest unit that all their differences are multiples of. */
static int write_times(struct encoder *encoder)
{
	struct stream *stream = &encoder->streams[STREAM_TIME];
	const uint64_t *ns = encoder->ns;
	uint32_t events = encoder->model.events;
	uint64_t unit = 0;
	bool backwards = false;

	if (stream_reserve(stream, (size_t)events * 10 + 20))
		return -ENOMEM;
	for (uint32_t i = 1; i < events; i++) {
		uint64_t step = ns[i] - ns[i - 1];

		backwards |= ns[i] < ns[i - 1];
		if (ns[i] < ns[i - 1])
			step = -step;
		if (unit != 1 && step && (!unit || step % unit))
			unit = divisor_of(step, unit);
	}
	if (!unit || unit >> 63)
		unit = 1;
	put_varint(stream, unit << 1 | backwards);
	put_varint(stream, events ? ns[0] : 0);
	for (uint32_t i = 0; i < events; i++) {
		uint64_t step = i ? ns[i] - ns[i - 1] : 0;

		if (!backwards)
			put_varint(stream, step / unit);
		else if (ns[i] < ns[i ? i - 1 : 0])
			put_signed(stream, -(-step / unit));
		else
			put_signed(stream, step / unit);
	}
	return 0;
}

static void range_of_times(const struct encoder *encoder, struct block *block)
{
	uint64_t first = UINT64_MAX, last = 0;

	for (uint32_t i = 0; i < encoder->model.events; i++) {
		first = encoder->ns[i] < first ? encoder->ns[i] : first;
		last = encoder->ns[i] > last ? encoder->ns[i] : last;
	}
	block->first_ns = encoder->model.events ? first : 0;
	block->last_ns = last;
}

int encoder_finish(struct encoder *encoder, struct packer *packer, struct stream *payload,
		   struct block *block)
{
	size_t before = payload->size;
	int err;

	encode_task_end(encoder);
	err = write_times(encoder);
	if (!err)
		err = packer_pack(packer, encoder->streams, payload);
	if (err)
		return err;
	block->size = (uint32_t)(payload->size - before);
	block->events = encoder->model.events;
	block->lost = encoder->lost;
	range_of_times(encoder, block);
	begin(encoder);
	return 0;
}
