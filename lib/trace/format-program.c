// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * format-program.c - traces as the programs that fuzz targets eat
 *
 * Only what was asked for is kept: written from a recording, addresses become slots,
 * and the outcome of each call is up to who runs the program.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "trace/format.h"
#include "trace/program.h"
#include "trace/program-slots.h"

#define GFPS         5
#define TIME_OPS_MAX 1024 /* of one event's wait; 73 minutes */

struct program_reader {
	struct program_state state;
	struct dma_event event;
	uint32_t device[PROGRAM_DEVICES];
	uint32_t gfp[GFPS];
	uint64_t phys_list[PROGRAM_ENTRIES];
	uint32_t size_list[PROGRAM_ENTRIES];
};

struct program_writer {
	struct program_state state;
	struct program_slots *slots;
	bool begun;
	uint64_t begin_ns; /* a recording's clock began anywhere */
	uint32_t device[PROGRAM_DEVICES];
	uint8_t entries[PROGRAM_ENTRIES * PROGRAM_OP];
};

static bool program_recognise(const unsigned char *data, size_t size)
{
	return size >= 3 && data[0] == 'D' && data[1] == 'M' &&
	       data[2] == PROGRAM_VERSION;
}

static int add_names(struct libdma_reader *reader)
{
	struct program_reader *program = reader->state;
	char name[16];
	int err = 0;

	for (unsigned int i = 0; i < PROGRAM_DEVICES && !err; i++) {
		snprintf(name, sizeof(name), "device%u", i);
		err = libdma_strings_add(reader->strings, name, strlen(name),
					 &program->device[i]);
	}
	for (unsigned int i = 0; program_gfp(i) && !err; i++)
		err = libdma_strings_add(reader->strings, program_gfp(i),
					 strlen(program_gfp(i)), &program->gfp[i]);
	return err;
}

/* Without the magic, a program is all ops, and its header zeros. */
static int read_header(struct libdma_reader *reader)
{
	struct program_reader *program = reader->state;
	struct input *input = reader->input;
	uint8_t bytes[PROGRAM_HEADER] = { 0 };
	int err = input_fill(input, PROGRAM_HEADER);
	size_t size = input->size < PROGRAM_HEADER ? input->size : PROGRAM_HEADER;

	if (err || size < 2 || input->data[0] != 'D' || input->data[1] != 'M')
		return err;
	memcpy(bytes, input->data, size);
	if (size > 2 && bytes[2] != PROGRAM_VERSION) {
		reader_damage(reader, 0, 2, "version %u of programs; only %d is known",
			      bytes[2], PROGRAM_VERSION);
		return -ENOTSUP;
	}
	program->state.header.target = bytes[3];
	memcpy(program->state.header.config, bytes + 4, PROGRAM_CONFIG);
	input_skip(input, size);
	return 0;
}

static int program_open(struct libdma_reader *reader)
{
	struct program_reader *program = calloc(1, sizeof(*program));
	int err;

	if (!program)
		return -ENOMEM;
	reader->state = program;
	err = add_names(reader);
	if (!err)
		err = read_header(reader);
	if (!err)
		err = program_environment(&program->state.header, reader->environment);
	return err;
}

static void program_close(struct libdma_reader *reader)
{
	free(reader->state);
}

/* The next op, of which missing bytes are 0: 1, 0 at the end, or -errno. */
static int peek_op(struct input *input, struct program_op *op)
{
	uint8_t bytes[PROGRAM_OP] = { 0 };
	int err = input_fill(input, PROGRAM_OP);

	if (err || !input->size)
		return err;
	memcpy(bytes, input->data, input->size < PROGRAM_OP ? input->size : PROGRAM_OP);
	*op = program_op_get(bytes);
	return 1;
}

static void skip_op(struct input *input)
{
	input_skip(input, input->size < PROGRAM_OP ? input->size : PROGRAM_OP);
}

static int read_list(struct libdma_reader *reader)
{
	struct program_reader *program = reader->state;
	struct dma_event *event = &program->event;
	struct program_op op;
	uint32_t count = 0;
	int more;

	for (;;) {
		more = peek_op(reader->input, &op);
		if (more <= 0 || op.code != PROGRAM_ENTRY)
			break;
		skip_op(reader->input);
		if (count == PROGRAM_ENTRIES)
			continue;
		program_entry(&program->state, op, program->phys_list, program->size_list,
			      count);
		event->size += program->size_list[count++];
	}
	event->nents = count;
	event->phys_count = count;
	event->phys_list = count ? program->phys_list : NULL;
	event->size_list = count ? program->size_list : NULL;
	program_list_end(&program->state, event->handle, event->size);
	return more < 0 ? more : 0;
}

static int program_next(struct libdma_reader *reader, const struct dma_event **ret)
{
	struct program_reader *program = reader->state;
	struct program_op op;
	int more, err = 0;

	do {
		more = peek_op(reader->input, &op);
		if (more <= 0)
			return more;
		skip_op(reader->input);
	} while (!program_decode(&program->state, op, program->device, program->gfp,
				 &program->event));
	if (program->event.kind == DMA_EVENT_MAP_SG)
		err = read_list(reader);
	if (err)
		return err;
	program->event.number = reader->events++;
	*ret = &program->event;
	return 1;
}

static int program_create(struct libdma_writer *writer)
{
	struct program_writer *program = calloc(1, sizeof(*program));
	struct program_header *header;

	if (!program)
		return -ENOMEM;
	program->slots = program_slots_create();
	if (!program->slots) {
		free(program);
		return -ENOMEM;
	}
	writer->state = program;
	header = &program->state.header;
	program_header_make(writer->environment, header);
	output_write(writer->output, "DM", 2);
	output_write(writer->output, &(uint8_t) { PROGRAM_VERSION }, 1);
	output_write(writer->output, &header->target, 1);
	output_write(writer->output, header->config, PROGRAM_CONFIG);
	return writer->output->error;
}

/* "device2" of a program, or else the next that is free; PROGRAM_DEVICES if none is. */
static unsigned int find_device(struct program_writer *program, uint32_t number,
				const char *name)
{
	if (!strncmp(name, "device", 6) && name[6] >= '0' &&
	    name[6] < '0' + PROGRAM_DEVICES && !name[7])
		return (unsigned int)(name[6] - '0');
	for (unsigned int i = 0; i < PROGRAM_DEVICES; i++) {
		if (!program->device[i])
			program->device[i] = number;
		if (program->device[i] == number)
			return i;
	}
	return PROGRAM_DEVICES;
}

static unsigned int find_gfp(const char *gfp)
{
	for (unsigned int i = 0; program_gfp(i); i++)
		if (!strcmp(program_gfp(i), gfp))
			return i;
	return 0;
}

static void write_op(struct libdma_writer *writer, struct program_op op)
{
	uint8_t bytes[PROGRAM_OP];

	program_op_put(op, bytes);
	output_write(writer->output, bytes, sizeof(bytes));
}

/* The ops that bring the program to where and when the event was. */
static void write_steps(struct libdma_writer *writer, const struct dma_event *event,
			unsigned int slot)
{
	struct program_writer *program = writer->state;
	struct program_state *state = &program->state;
	uint64_t ns = event->ns - program->begin_ns;

	for (int i = 0; i < TIME_OPS_MAX && event->ns >= program->begin_ns; i++) {
		uint64_t wait = ns > state->ns ? ns - state->ns : 0;

		if (!wait)
			break;
		wait = wait < UINT32_MAX ? wait : UINT32_MAX;
		state->ns += wait;
		write_op(writer, (struct program_op) { .code = PROGRAM_TIME,
						       .arg = (uint32_t)wait });
	}
	if (state->cpu != event->cpu) {
		state->cpu = event->cpu;
		write_op(writer,
			 (struct program_op) { .code = PROGRAM_CPU, .arg = event->cpu });
	}
	if (state->bank != slot / 256) {
		state->bank = slot / 256;
		write_op(writer,
			 (struct program_op) { .code = PROGRAM_BANK, .arg = slot / 256 });
	}
}

/*
 * Bytes of an entry. Where the recorder saw only what the list became, each entry is
 * taken to reach to the end of its page, and the last to have the rest.
 */
static uint64_t entry_size(const struct dma_event *event, uint32_t i, uint64_t *rest)
{
	uint64_t size = 4096 - (event->phys_list[i] & 4095);

	if (event->size_list)
		return event->size_list[i];
	if (event->dma_count == event->phys_count && event->dma_size_list)
		return event->dma_size_list[i];
	if (i + 1 == event->phys_count || size > *rest)
		size = *rest;
	*rest -= size;
	return size;
}

/* Make the ops of a list's entries; false where one cannot be said. */
static bool make_entries(struct program_writer *program, const struct dma_event *event,
			 uint64_t *total)
{
	uint64_t rest = 0, size, end = 0;
	struct program_op op;

	*total = 0;
	if (event->phys_count > PROGRAM_ENTRIES)
		return false;
	for (uint32_t i = 0; i < event->dma_count && event->dma_size_list; i++)
		rest += event->dma_size_list[i];
	for (uint32_t i = 0; i < event->phys_count; i++) {
		size = entry_size(event, i, &rest);
		if (!program_encode_entry(&program->state, event->phys_list[i], size,
					  i && event->phys_list[i] == end, &op))
			return false;
		program_op_put(op, program->entries + (size_t)i * PROGRAM_OP);
		end = event->phys_list[i] + size;
		*total += size;
	}
	return true;
}

static int write_request(struct libdma_writer *writer, const struct dma_event *event,
			 const struct program_names *names)
{
	struct program_writer *program = writer->state;
	bool list =
		event->kind == DMA_EVENT_MAP_SG || event->kind == DMA_EVENT_MAP_SG_ERR;
	struct program_op op;
	uint64_t total = 0;

	if (names->device == PROGRAM_DEVICES ||
	    (list && !make_entries(program, event, &total)) ||
	    !program_encode(&program->state, event, names, &op)) {
		writer->skipped++;
		return 0;
	}
	write_steps(writer, event, names->slot);
	write_op(writer, op);
	if (list) {
		output_write(writer->output, program->entries,
			     (size_t)event->phys_count * PROGRAM_OP);
		program_list_end(&program->state, names->slot, total);
	}
	return writer->output->error;
}

static int program_put(struct libdma_writer *writer, const struct dma_event *event)
{
	const struct libdma_strings *strings = writer->strings;
	struct program_writer *program = writer->state;
	struct dma_event request = *event;
	struct program_names names = { 0 };
	int err;

	if (!program->begun) {
		program->begun = true;
		if (!(event->flags & DMA_EVENT_REQUEST))
			program->begin_ns = event->ns;
	}
	err = program_slots_find(program->slots, &request, &names.slot);
	if (err)
		return err;
	names.device = find_device(program, event->device,
				   libdma_strings_get(strings, event->device));
	names.gfp = find_gfp(libdma_strings_get(strings, event->gfp));
	return write_request(writer, &request, &names);
}

static int program_finish(struct libdma_writer *writer)
{
	struct program_writer *program = writer->state;

	program_slots_destroy(program->slots);
	free(program);
	return 0;
}

const struct format format_program = {
	.face = { .name = "program",
		  .summary = "requests alone, as fuzz targets read them",
		  .reads = true,
		  .writes = true },
	.recognise = program_recognise,
	.open = program_open,
	.next = program_next,
	.close = program_close,
	.create = program_create,
	.put = program_put,
	.finish = program_finish,
};
