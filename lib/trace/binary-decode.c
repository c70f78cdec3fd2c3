// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * binary-decode.c - the payload of a block into events
 *
 * The event that is handed out is its family's own, so that only what differs from
 * the last one of the family is written.
 */
#include <errno.h>
#include <stdlib.h>

#include "trace/binary-decoder.h"

struct decoder *decoder_create(void)
{
	struct decoder *decoder = calloc(1, sizeof(*decoder));

	if (!decoder)
		return NULL;
	decoder->unpacked = unpacked_create();
	decoder->string = malloc(MODEL_STRINGS * sizeof(*decoder->string));
	if (!decoder->unpacked || !decoder->string || model_init(&decoder->model)) {
		decoder_destroy(decoder);
		return NULL;
	}
	return decoder;
}

void decoder_destroy(struct decoder *decoder)
{
	if (!decoder)
		return;
	model_deinit(&decoder->model);
	unpacked_destroy(decoder->unpacked);
	free(decoder->string);
	free(decoder->sizes);
	free(decoder);
}

static int read_strings(struct decoder *decoder, struct libdma_strings *strings)
{
	struct cursor *in = &decoder->in[STREAM_STRINGS];
	int err;

	decoder->string[0] = 0;
	decoder->strings = 1;
	while (in->at < in->end) {
		uint64_t size = get_varint(in);

		if (decoder->bad || size > (size_t)(in->end - in->at) ||
		    size > BINARY_STRING_MAX || decoder->strings == MODEL_STRINGS ||
		    memchr(in->at, '\0', size))
			return -EBADMSG;
		err = libdma_strings_add(strings, (const char *)in->at, size,
					 &decoder->string[decoder->strings++]);
		if (err)
			return err;
		in->at += size;
	}
	return 0;
}

int decoder_begin(struct decoder *decoder, const struct block *block,
		  const unsigned char *payload, struct libdma_strings *strings)
{
	struct cursor *time = &decoder->in[STREAM_TIME];
	uint64_t unit;
	int err;

	decoder->left = 0;
	decoder->bad = false;
	err = unpacked_set(decoder->unpacked, payload, block->size, decoder->in,
			   &decoder->bad);
	if (!err)
		err = read_strings(decoder, strings);
	if (err)
		return err;

	model_reset(&decoder->model);
	unit = get_varint(time);
	decoder->backwards = unit & 1;
	decoder->unit = unit >> 1;
	decoder->ns = get_varint(time);
	decoder->task_left = 0;
	decoder->numbered = decoder->in[STREAM_NUMBER].at != decoder->in[STREAM_NUMBER].end;
	decoder->number = decoder->numbered ? 0 : block->number;
	decoder->left = block->events;
	return 0;
}

static uint32_t get_string(struct decoder *decoder, struct cursor *in)
{
	uint64_t number = get_varint(in);

	if (number >= decoder->strings) {
		decoder->bad = true;
		return 0;
	}
	return decoder->string[number];
}

/* A run of events of one task begins. */
static __attribute__((noinline)) void read_task(struct decoder *decoder)
{
	struct cursor *in = &decoder->in[STREAM_TASKS];
	struct model *model = &decoder->model;
	uint64_t number = get_varint(in), length;

	if (number > model->tasks || number == MODEL_TASKS) {
		decoder->bad = true;
		return;
	}
	if (number == model->tasks) {
		struct task *task = &model->task[model->tasks++];

		task->cpu = (uint32_t)get_varint(in);
		task->pid = (int32_t)get_signed(in);
		task->comm = get_string(decoder, in);
		task->context = get_string(decoder, in);
	}
	decoder->task = model->task[number];
	length = get_varint(in);
	decoder->task_left = length < UINT32_MAX ? (uint32_t)length : UINT32_MAX;
	decoder->bad |= !length;
}

static void read_shared(struct decoder *decoder, const struct shared_member *member,
			struct dma_event *event)
{
	struct cursor *in = &decoder->in[STREAM_FAMILIES];
	uint64_t value = member->string	    ? get_string(decoder, in)
			 : member->negative ? get_signed(in)
					    : get_varint(in);
	uint32_t value32 = (uint32_t)value;
	uint16_t value16 = (uint16_t)value;
	char *place = (char *)event + member->offset;

	if (member->size == 8)
		memcpy(place, &value, 8);
	else if (member->size == 4)
		memcpy(place, &value32, 4);
	else if (member->size == 2)
		memcpy(place, &value16, 2);
	else
		*place = (char)value;
}

/* The next family: what differs from the one before it. */
static __attribute__((noinline)) void read_family(struct decoder *decoder)
{
	struct model *model = &decoder->model;
	struct dma_event event = { 0 };
	uint64_t bits = get_varint(&decoder->in[STREAM_FAMILIES]);

	if (model->families == MODEL_FAMILIES || bits >> (SHARED_MEMBERS + 2)) {
		decoder->bad = true;
		return;
	}
	if (model->families)
		event = model->family[model->families - 1].event;
	for (unsigned int i = 0; i < SHARED_MEMBERS; i++)
		if (bits >> i & 1)
			read_shared(decoder, &model_shared[i], &event);
	model_add_family(model, &event, bits & FAMILY_BEGINS, bits & FAMILY_ENDS);
}

/* Can every rule be followed? The decoder relies on it. */
static bool shape_is_valid(const struct model *model, const struct shape *shape)
{
	if (shape->family >= model->families || shape->slot >= SLOT_RULES ||
	    (shape->slot > SLOT_SAME && shape->queue >= model->families))
		return false;
	for (unsigned int i = 0; i < shape->operations; i++) {
		const struct operation *operation = &shape->operation[i];

		if (operation->member >= MEMBERS || !operation->rule ||
		    operation->rule >= RULES ||
		    (operation->rule >= RULE_SLOT && !shape->slot))
			return false;
	}
	for (unsigned int i = 0; i < LISTS; i++)
		if (shape->list[i] >= LIST_RULES ||
		    (shape->list[i] == LIST_SLOT && !shape->slot))
			return false;
	return true;
}

static __attribute__((noinline)) void read_shape(struct decoder *decoder)
{
	struct cursor *in = &decoder->in[STREAM_SHAPES];
	struct model *model = &decoder->model;
	struct shape shape = { 0 };
	uint8_t head = get_byte(in);

	shape.family = (uint32_t)get_varint(in);
	shape.operations = head & 7;
	shape.slot = head >> 3 & 7;
	shape.lists = head >> 6 & 1;
	if (shape.slot > SLOT_SAME)
		shape.queue = (uint32_t)get_varint(in);
	if (shape.operations > MEMBERS) {
		decoder->bad = true;
		return;
	}
	for (unsigned int i = 0; i < shape.operations; i++) {
		uint8_t byte = get_byte(in);

		shape.operation[i].member = byte >> 4;
		shape.operation[i].rule = byte & 15;
	}
	for (unsigned int i = 0; i < LISTS && shape.lists; i++)
		shape.list[i] = get_byte(in);
	if (shape.family == model->families)
		read_family(decoder);
	if (model->shapes == MODEL_SHAPES || !shape_is_valid(model, &shape))
		decoder->bad = true;
	if (!decoder->bad)
		model_add_shape(model, &shape);
}

static uint32_t read_code(struct decoder *decoder)
{
	struct model *model = &decoder->model;
	uint64_t code = get_varint(&decoder->in[STREAM_CODE]);
	uint64_t shape;

	if (code < 2)
		shape = model->shape[model->now].after[code];
	else
		shape = code - 1;
	if (shape == model->shapes)
		read_shape(decoder);
	if (shape >= model->shapes || !shape)
		decoder->bad = true;
	return decoder->bad ? 0 : (uint32_t)shape;
}

static struct slot *read_slot(struct decoder *decoder, const struct shape *shape)
{
	struct model *model = &decoder->model;
	const struct family *queue = &model->family[shape->queue];
	uint32_t number = model->named;

	if (shape->slot == SLOT_TAIL)
		number = queue->newest;
	else if (shape->slot != SLOT_SAME)
		number = model_next_slot(queue);
	if (shape->slot == SLOT_FAR)
		number += (uint32_t)get_signed(&decoder->in[STREAM_SLOT]);
	if (number >= model->slots) {
		decoder->bad = true;
		return NULL;
	}
	return model_name_slot(model, number);
}

static inline uint64_t read_rest(struct decoder *decoder, const struct sum *sum)
{
	struct cursor *in = &decoder->in[sum->stream];

	if (sum->rest == REST_ADDRESS)
		return get_address(in);
	return sum->rest == REST_NUMBER ? get_varint(in) : get_signed(in);
}

static void read_numbers(struct decoder *decoder, const struct shape *shape)
{
	const struct sum *end = shape->sum + shape->operations;

	for (const struct sum *sum = shape->sum; sum < end; sum++) {
		uint64_t last = *sum->place, value = sum_up(sum);

		if (sum->rest)
			value += read_rest(decoder, sum);
		*sum->place = value;
		*sum->step = value - last;
	}
}

static void read_time(struct decoder *decoder)
{
	uint64_t units = get_varint(&decoder->in[STREAM_TIME]);

	if (decoder->backwards)
		units = unzigzag(units);
	decoder->ns += units * decoder->unit;
}

int decoder_next(struct decoder *decoder, const struct dma_event **ret)
{
	struct model *model = &decoder->model;
	const struct shape *shape;
	struct family *family;
	struct dma_event *event;
	struct slot *slot = NULL;
	uint32_t number;
	int err = -EBADMSG;

	if (!decoder->left)
		return 0;
	if (!decoder->task_left)
		read_task(decoder);
	number = read_code(decoder);
	if (decoder->bad)
		goto stop;
	shape = &model->shape[number];
	family = &model->family[shape->family];
	if (shape->slot)
		slot = read_slot(decoder, shape);
	if (decoder->bad)
		goto stop;
	read_numbers(decoder, shape);
	if (shape->lists) {
		err = decode_lists(decoder, shape, family, slot);
		if (err)
			goto stop;
	}
	model_follow(model, number);
	model_note(model, family, slot);

	read_time(decoder);
	if (decoder->numbered)
		decoder->number += get_signed(&decoder->in[STREAM_NUMBER]);
	if (decoder->bad) {
		err = -EBADMSG;
		goto stop;
	}
	event = &family->event;
	event->ns = decoder->ns;
	event->number = decoder->number++;
	event->cpu = decoder->task.cpu;
	event->pid = decoder->task.pid;
	event->comm = decoder->task.comm;
	event->context = decoder->task.context;
	decoder->task_left--;
	decoder->left--;
	*ret = event;
	return 1;

stop:
	decoder->left = 0;
	return err;
}
