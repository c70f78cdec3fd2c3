// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * verify-blocks.c - a .dmat file, block by block
 *
 * What a header says of its events, its place in the file and the time is worked out
 * again from the events; a checkpoint is held against the state that they led to, and
 * the index against where the blocks are. One fault is told once: what follows from
 * bytes that could not be read is not told again.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "trace/binary-decode.h"
#include "trace/verify.h"

/* One trace; a file may have several, one behind the other. */
struct trace {
	struct verify *verify;
	struct decoder *decoder;
	struct verify_state *state;
	struct index index; /* as it should be */
	bool index_known;   /* nothing that it would name was lost */
	bool begun;
	bool closed;
	bool cut; /* the file ends in the middle of a block; that was told */
	bool inside_checkpoint; /* it goes on in the next block */
	uint64_t sequence;      /* of the block that should come next */
	uint64_t number;        /* of the event that should */
	uint64_t last_ns;
};

static int begin_trace(struct trace *trace)
{
	verify_state_destroy(trace->state);
	index_deinit(&trace->index);
	trace->state = verify_state_create();
	trace->index_known = true;
	trace->begun = true;
	trace->closed = false;
	trace->inside_checkpoint = false;
	trace->sequence = 0;
	trace->number = 0;
	trace->last_ns = 0;
	trace->verify->verdict->traces++;
	return trace->state ? 0 : -ENOMEM;
}

static void end_trace(struct trace *trace)
{
	if (trace->begun && !trace->closed && !trace->cut)
		verify_tell(
			trace->verify, LIBDMA_FLAW_UNCLOSED, 0,
			"the trace has no index at its end: its writer was stopped, or "
			"the end is missing");
}

/* Events or blocks are missing before the present block. */
static void lose(struct trace *trace)
{
	verify_state_lost(trace->state);
	trace->index_known = false;
	trace->inside_checkpoint = false;
}

/* Bytes that are no block lie before the present one, or at the end. */
static int verify_gap(struct trace *trace, const struct block_gap *gap, bool more)
{
	struct verify *verify = trace->verify;
	const struct block *block = &verify->block;
	uint64_t missing = gap->events, offset = verify->offset;
	enum libdma_flaw_kind kind;
	int err = trace->begun ? 0 : begin_trace(trace);

	if (err)
		return err;
	if (more && block->sequence && block->number > trace->number)
		missing = block->number - trace->number;
	trace->cut = gap->cut && !more;
	kind = trace->cut ? LIBDMA_FLAW_CUT : LIBDMA_FLAW_DAMAGE;
	verify->offset = gap->offset;
	if (missing)
		verify_tell(verify, kind, missing,
			    "%s; %" PRIu64 " bytes cannot be read, %s%" PRIu64
			    " events are missing",
			    gap->why, gap->size, more ? "" : "at least ", missing);
	else
		verify_tell(verify, kind, 0, "%s; %" PRIu64 " bytes cannot be read",
			    gap->why, gap->size);
	verify->offset = offset;
	lose(trace);
	return 0;
}

static void verify_place(struct trace *trace, bool told)
{
	struct verify *verify = trace->verify;
	const struct block *block = &verify->block;
	uint64_t missing =
		block->number > trace->number ? block->number - trace->number : 0;
	bool skips = block->sequence > trace->sequence;

	if (block->sequence == trace->sequence && block->number == trace->number) {
		if (trace->closed)
			verify_tell(
				verify, LIBDMA_FLAW_ORDER, 0,
				"a block follows the index, which should be the last");
		return;
	}
	if (!told || !skips)
		verify_tell(verify, LIBDMA_FLAW_ORDER, missing,
			    "block %" PRIu64 " with event %" PRIu64
			    " follows where block %" PRIu64 " with event %" PRIu64
			    " should%s",
			    block->sequence, block->number, trace->sequence,
			    trace->number,
			    skips ? ": blocks are missing"
				  : ": it came already, or was moved");
	lose(trace);
}

static int note_index(struct trace *trace)
{
	const struct verify *verify = trace->verify;
	const struct index_entry entry = {
		.type = verify->block.type,
		.offset = verify->offset,
		.number = verify->block.number,
		.ns = trace->last_ns,
	};

	return index_add(&trace->index, &entry);
}

static int verify_environment(struct trace *trace, const unsigned char *payload)
{
	struct verify *verify = trace->verify;
	char *why = NULL;
	int err =
		libdma_environment_parse(verify->reader->environment,
					 (const char *)payload, verify->block.size, &why);

	if (err == -EINVAL)
		verify_tell(verify, LIBDMA_FLAW_ENVIRONMENT, 0, "%s",
			    why ? why : "no reason");
	free(why);
	return err == -EINVAL ? note_index(trace) : err ? err : note_index(trace);
}

/* What the events of a block add up to. */
struct sum {
	uint64_t events, first_ns, last_ns, lost;
};

/* Decode the present block; 0, -ENOMEM, or 1 where it cannot be done, which was told. */
static int decode(struct trace *trace, const unsigned char *payload,
		  int (*put)(struct verify_state *state, const struct dma_event *event),
		  struct sum *sum)
{
	struct verify *verify = trace->verify;
	const struct block *block = &verify->block;
	const struct dma_event *event;
	int more = decoder_begin(trace->decoder, block, payload, verify->reader->strings);

	*sum = (struct sum) { .first_ns = block->events ? UINT64_MAX : 0 };
	if (!more)
		more = decoder_next(trace->decoder, &event);
	for (; more > 0; more = decoder_next(trace->decoder, &event)) {
		sum->events++;
		sum->first_ns = event->ns < sum->first_ns ? event->ns : sum->first_ns;
		sum->last_ns = event->ns > sum->last_ns ? event->ns : sum->last_ns;
		sum->lost += event->kind == DMA_EVENT_LOST ? event->count : 0;
		if (put(trace->state, event))
			return -ENOMEM;
	}
	if (more != -EBADMSG)
		return more;
	verify_tell(verify, LIBDMA_FLAW_EVENTS, block->events - sum->events,
		    "only %" PRIu64 " of %u events can be read, though the checksum fits",
		    sum->events, block->events);
	return 1;
}

static int verify_events(struct trace *trace, const unsigned char *payload)
{
	struct verify *verify = trace->verify;
	const struct block *block = &verify->block;
	struct sum sum;
	int err = decode(trace, payload, verify_state_put, &sum);

	if (err < 0)
		return err;
	verify->verdict->events += sum.events;
	verify->verdict->lost += block->lost;
	trace->number += block->events;
	if (block->last_ns > trace->last_ns)
		trace->last_ns = block->last_ns;
	if (err) {
		lose(trace);
		return 0;
	}
	if (sum.first_ns != block->first_ns || sum.last_ns != block->last_ns)
		verify_tell(verify, LIBDMA_FLAW_EVENTS, 0,
			    "the head says that the events are from %" PRIu64
			    " to %" PRIu64 " ns, they are from %" PRIu64 " to %" PRIu64,
			    block->first_ns, block->last_ns, sum.first_ns, sum.last_ns);
	if (sum.lost != block->lost)
		verify_tell(verify, LIBDMA_FLAW_EVENTS, 0,
			    "the head says that %" PRIu64
			    " events were lost, the events say %" PRIu64,
			    block->lost, sum.lost);
	else if (block->lost)
		verify_tell(verify, LIBDMA_FLAW_LOSS, 0,
			    "%" PRIu64 " events were lost while it was recorded",
			    block->lost);
	return 0;
}

static int verify_checkpoint(struct trace *trace, const unsigned char *payload)
{
	struct verify *verify = trace->verify;
	uint64_t was = 0, is = 0;
	struct sum sum;
	int err = 0;

	if (!trace->inside_checkpoint)
		err = note_index(trace);
	if (err)
		return err;
	trace->inside_checkpoint = verify->block.flags & BLOCK_MORE;
	err = decode(trace, payload, verify_state_told, &sum);
	if (err == 1)
		verify_state_lost(trace->state);
	if (err || trace->inside_checkpoint)
		return err < 0 ? err : 0;
	verify->verdict->checkpoints++;
	err = verify_state_compare(trace->state, &was, &is);
	if (err == 1)
		verify_tell(verify, LIBDMA_FLAW_CHECKPOINT, 0,
			    "the events before it leave %" PRIu64
			    " mapped, the checkpoint "
			    "tells %" PRIu64 "%s",
			    was, is, was == is ? ", and not the same" : "");
	return err < 0 ? err : 0;
}

static int verify_index(struct trace *trace, const unsigned char *payload)
{
	struct verify *verify = trace->verify;
	struct stream stream = { 0 };
	int err = 0;

	trace->closed = true;
	if (!trace->index_known)
		return 0;
	err = index_write(&trace->index, verify->offset, &stream);
	if (!err && (stream.size != verify->block.size ||
		     memcmp(stream.data, payload, stream.size)))
		verify_tell(
			verify, LIBDMA_FLAW_INDEX, 0,
			"the index is not that of the %zu environments and checkpoints "
			"before it",
			trace->index.count);
	free(stream.data);
	return err;
}

static int verify_payload(struct trace *trace, const unsigned char *payload)
{
	switch (trace->verify->block.type) {
	case BLOCK_ENVIRONMENT:
		return verify_environment(trace, payload);
	case BLOCK_EVENTS:
		return verify_events(trace, payload);
	case BLOCK_CHECKPOINT:
		return verify_checkpoint(trace, payload);
	case BLOCK_INDEX:
		return verify_index(trace, payload);
	default:
		return 0;
	}
}

static int verify_block(struct trace *trace, const struct block_gap *gap)
{
	struct verify *verify = trace->verify;
	struct block *block = &verify->block;
	int err = 0;

	if (gap->why)
		err = verify_gap(trace, gap, true);
	if (!err && (!trace->begun || (!block->sequence && verify->verdict->blocks))) {
		end_trace(trace);
		err = begin_trace(trace);
	}
	if (err)
		return err;
	verify->verdict->blocks++;
	verify_place(trace, gap->why);
	trace->sequence = block->sequence + 1;
	trace->number = block->number;
	if (block_supported(block))
		return verify_payload(trace,
				      verify->reader->input->data + block->header_size);
	verify_tell(
		verify, LIBDMA_FLAW_VERSION, block->events,
		"needs version %u of the format with features 0x%x and blocks of type %u: "
		"use a newer dmactl",
		block->major, block->required, block->type);
	lose(trace);
	trace->number += block->events;
	return 0;
}

/* The end of the file, or of what it was packed in. */
static int verify_end(struct trace *trace, const struct block_gap *gap)
{
	struct verify *verify = trace->verify;
	struct input *input = verify->reader->input;
	int err = 0;

	verify->offset = input->offset;
	if (input->damage) {
		verify_tell(verify, LIBDMA_FLAW_CUT, gap->events, "%s", input->damage);
		trace->cut = true;
		lose(trace);
	} else if (gap->why) {
		err = verify_gap(trace, gap, false);
	}
	if (!err)
		end_trace(trace);
	return err;
}

int verify_blocks(struct verify *verify)
{
	struct trace trace = { .verify = verify, .decoder = decoder_create() };
	struct input *input = verify->reader->input;
	struct block_gap gap;
	int more, err = trace.decoder ? 0 : -ENOMEM;

	while (!err) {
		more = block_seek(input, &verify->block, &gap);
		err = more < 0 ? more : 0;
		verify->offset = input->offset;
		if (err || !more)
			break;
		err = verify_block(&trace, &gap);
		input_skip(input, (size_t)verify->block.header_size + verify->block.size);
		verify->place++;
	}
	if (!err)
		err = verify_end(&trace, &gap);
	decoder_destroy(trace.decoder);
	verify_state_destroy(trace.state);
	index_deinit(&trace.index);
	return err;
}
