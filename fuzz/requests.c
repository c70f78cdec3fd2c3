// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * requests.c - the bytes of an engine as requests
 */
#include <string.h>

#include "oracle.h"
#include "requests.h"

/*
 * ASan asks before main(). An input's memory is freed when it has been run, so what is
 * kept to see it used again need not be as much as for a program of many hours: the 256
 * MiB that it keeps by itself are in no cache. Of who allocated some callers are enough.
 */
const char *__asan_default_options(void);

const char *__asan_default_options(void)
{
	return "quarantine_size_mb=16:malloc_context_size=4";
}

/*
 * Of all slots most inputs use those of one bank; the others are as they were cleared.
 * How many that are the input before tells: fuzz/uncounted has this function's name.
 */
static __attribute__((noinline)) void clear_state(struct requests *requests)
{
	struct program_state *state = &requests->state;

	for (unsigned int bank = 0; bank < PROGRAM_SLOTS / 256; bank++)
		if (requests->banks >> bank & 1)
			memset(&state->slot[bank * 256], 0, 256 * sizeof(*state->slot));
	memset(state, 0, offsetof(struct program_state, slot));
	requests->banks = 1;
}

void requests_open(struct requests *requests, const uint8_t *data, size_t size)
{
	uint8_t header[PROGRAM_HEADER] = { 0 };
	size_t known = size < sizeof(header) ? size : sizeof(header);

	requests->data = data;
	requests->size = size;
	requests->at = 0;
	requests->number = 0;
	clear_state(requests);
	/* Without the magic all of it is requests, as for the trace reader. */
	if (size < 2 || data[0] != 'D' || data[1] != 'M')
		return;
	memcpy(header, data, known);
	requests->at = known;
	requests->state.header.target = header[3];
	memcpy(requests->state.header.config, header + 4, PROGRAM_CONFIG);
}

static bool next_op(struct requests *requests, struct program_op *op)
{
	uint8_t bytes[PROGRAM_OP] = { 0 };
	size_t left = requests->size - requests->at;

	if (!left)
		return false;
	memcpy(bytes, requests->data + requests->at, left < PROGRAM_OP ? left : PROGRAM_OP);
	requests->at += left < PROGRAM_OP ? left : PROGRAM_OP;
	*op = program_op_get(bytes);
	return true;
}

static void read_list(struct requests *requests)
{
	struct dma_event *event = &requests->event;
	struct program_op op;
	uint32_t count = 0;
	size_t before;

	for (;;) {
		before = requests->at;
		if (!next_op(requests, &op))
			break;
		if (op.code != PROGRAM_ENTRY) {
			requests->at = before;
			break;
		}
		if (count == PROGRAM_ENTRIES)
			continue;
		program_entry(&requests->state, op, requests->phys_list,
			      requests->size_list, count);
		event->size += requests->size_list[count++];
	}
	event->phys_count = count;
	event->phys_list = requests->phys_list;
	event->size_list = requests->size_list;
	program_list_end(&requests->state, event->handle, event->size);
}

bool requests_next(struct requests *requests)
{
	static const uint32_t devices[PROGRAM_DEVICES] = { 0, 1, 2, 3 };
	static const uint32_t gfps[] = { 0, 1, 2, 3, 4 };

	if (requests->number == REQUESTS_MOST)
		return false;
	do {
		if (!next_op(requests, &requests->op))
			return false;
		requests->banks |= 1U << requests->state.bank;
	} while (!program_decode(&requests->state, requests->op, devices, gfps,
				 &requests->event));
	if (requests->event.kind == DMA_EVENT_MAP_SG)
		read_list(requests);
	requests->row = 1U << (requests->op.flags >> 4 & 7);
	oracle_step(requests->number++);
	return true;
}
