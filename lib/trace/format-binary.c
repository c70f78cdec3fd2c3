// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * format-binary.c - reading .dmat, block after block
 *
 * What is no block is stepped over and told once, when it is known how much that was.
 * A file that merely ends, without an index, was not closed and is not damaged.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "trace/binary-decode.h"
#include "trace/binary-find.h"
#include "trace/binary-index.h"
#include "trace/binary-write.h"
#include "trace/format.h"

/* So many blocks are known again where they come twice. */
#define SEALS 1024

struct binary_reader {
	struct decoder *decoder;
	struct block block;
	bool inside; /* the events of @block are being read; it is still in the window */
	bool told_unsupported;
	uint64_t base;   /* added to the numbers of a trace that was appended */
	uint64_t number; /* of the event that should come next */
	uint32_t given;  /* events of @block */

	uint64_t sequence; /* of the block that should come next */
	uint64_t seals;    /* of the trace's blocks so far; the latest are kept */
	uint64_t seal[SEALS];

	uint64_t blocks;
	uint64_t checkpoints;
	bool closed; /* the last block was an index, which ends a file */
};

static bool binary_recognise(const unsigned char *data, size_t size)
{
	size_t at = block_find(data, size);

	return size - at >= BINARY_SYNC_SIZE;
}

/* Something readable was found, or the end: say what is missing before it. */
static void tell_gap(struct libdma_reader *reader, const struct block_gap *gap,
		     const struct block *next)
{
	struct binary_reader *binary = reader->state;
	uint64_t missing = gap->events;

	if (next && next->number + binary->base > binary->number)
		missing = next->number + binary->base - binary->number;
	reader->missing = missing;
	if (missing)
		reader_damage(reader, 0, gap->offset,
			      "%s; %" PRIu64 " bytes cannot be read, %" PRIu64
			      " events are missing",
			      gap->why, gap->size, missing);
	else
		reader_damage(reader, 0, gap->offset,
			      "%s; %" PRIu64 " bytes cannot be read", gap->why,
			      gap->size);
}

/* Nothing lies between two blocks, but a part of the file is missing there. */
static void tell_jump(struct libdma_reader *reader)
{
	struct binary_reader *binary = reader->state;
	const struct block *next = &binary->block;
	uint64_t blocks = next->sequence - binary->sequence;

	reader->missing = next->number + binary->base - binary->number;
	reader_damage(reader, 0, reader->input->offset,
		      "%" PRIu64 " blocks with %" PRIu64 " events are missing", blocks,
		      reader->missing);
}

/* The next intact block, at the front of the window. 1, 0 at the end, or -errno. */
static int find_block(struct libdma_reader *reader)
{
	struct binary_reader *binary = reader->state;
	struct block_gap gap;
	int more = block_seek(reader->input, &binary->block, &gap);

	/* Where the packing ends early that is told, and not what follows from it. */
	if (more >= 0 && gap.why && (more || !reader->input->damage))
		tell_gap(reader, &gap, more ? &binary->block : NULL);
	else if (more > 0 && binary->block.sequence > binary->sequence &&
		 binary->block.number + binary->base > binary->number)
		tell_jump(reader);
	return more;
}

/*
 * Blocks that go back are those of a trace that was appended and has lost its beginning,
 * or have come already. True if this one has.
 */
static bool came_already(struct libdma_reader *reader)
{
	struct binary_reader *binary = reader->state;
	const struct block *block = &binary->block;
	uint64_t seal = block_seal(reader->input->data);

	if (!block->sequence) {
		binary->base = binary->number;
		binary->seals = 0;
	} else if (block->sequence < binary->sequence) {
		for (uint64_t i = 0; i < binary->seals && i < SEALS; i++)
			if (binary->seal[i] == seal)
				return true;
		if (block->number + binary->base < binary->number)
			binary->base = binary->number - block->number;
	}
	binary->seal[binary->seals++ % SEALS] = seal;
	binary->sequence = block->sequence + 1;
	return false;
}

static int read_environment(struct libdma_reader *reader, const unsigned char *json)
{
	const struct binary_reader *binary = reader->state;
	char *why = NULL;
	int err = libdma_environment_parse(reader->environment, (const char *)json,
					   binary->block.size, &why);

	if (err == -EINVAL)
		reader_damage(reader, 0, reader->input->offset,
			      "the environment cannot be read: %s",
			      why ? why : "no reason");
	free(why);
	return err == -EINVAL ? 0 : err;
}

/*
 * What was learned while recording is at the end. A file that can be read in any order
 * is asked for that at once, so that the environment is known before the events.
 */
static int read_last_environment(struct libdma_reader *reader)
{
	const struct input *input = reader->input;
	char *why = NULL;
	struct index index;
	struct block block;
	unsigned char *json;
	int err;

	if (!input->raw_total || input->packed)
		return 0;
	err = index_read(input->fd, input->raw_total, &index);
	if (err)
		return err == -ENOENT ? 0 : err;
	while (index.count && index.entry[index.count - 1].type != BLOCK_ENVIRONMENT)
		index.count--;
	if (index.count)
		err = index_read_block(input->fd, index.entry[index.count - 1].offset,
				       BLOCK_ENVIRONMENT, &block, &json);
	if (index.count && !err) {
		err = libdma_environment_parse(reader->environment, (char *)json,
					       block.size, &why);
		free(why);
		free(json);
	}
	index_deinit(&index);
	return err == -ENOMEM ? err : 0;
}

static int begin_events(struct libdma_reader *reader, const unsigned char *payload)
{
	struct binary_reader *binary = reader->state;
	struct block *block = &binary->block;
	int err;

	block->number += binary->base;
	err = decoder_begin(binary->decoder, block, payload, reader->strings);
	if (err == -EBADMSG) {
		reader->missing = block->events;
		reader_damage(reader, 0, reader->input->offset,
			      "a block of %u events is not what it should be",
			      block->events);
		err = 0;
	} else if (!err) {
		binary->inside = true;
		binary->given = 0;
	}
	reader->lost += block->lost;
	binary->number = block->number + block->events;
	return err;
}

static void tell_unsupported(struct libdma_reader *reader)
{
	struct binary_reader *binary = reader->state;
	const struct block *block = &binary->block;

	if (binary->told_unsupported)
		return;
	binary->told_unsupported = true;
	if (block->major != BINARY_MAJOR)
		reader_damage(
			reader, 0, reader->input->offset,
			"written in version %u of the format, this reader knows version "
			"%u: use a newer one",
			block->major, BINARY_MAJOR);
	else
		reader_damage(
			reader, 0, reader->input->offset,
			"needs features (0x%x, block type %u) that this reader has not: "
			"use a newer one",
			block->required & ~BINARY_FEATURES, block->type);
}

static void leave_block(struct libdma_reader *reader)
{
	struct binary_reader *binary = reader->state;

	binary->inside = false;
	input_skip(reader->input, (size_t)binary->block.header_size + binary->block.size);
}

/* Go to the next block of events, and take in what comes before. 1, 0, or -errno. */
static int next_events(struct libdma_reader *reader)
{
	struct binary_reader *binary = reader->state;
	const struct block *block = &binary->block;
	int more, err = 0;

	for (;;) {
		const unsigned char *payload;

		more = find_block(reader);
		if (more <= 0)
			return more;
		payload = reader->input->data + block->header_size;
		binary->blocks++;
		binary->checkpoints += block->type == BLOCK_CHECKPOINT;
		binary->closed = block->type == BLOCK_INDEX;
		if (came_already(reader)) {
			reader_damage(reader, 0, reader->input->offset,
				      "block %" PRIu64 " came already and is left out",
				      block->sequence);
		} else if (!block_supported(block)) {
			if (!binary->number && !reader->events)
				err = -ENOTSUP;
			tell_unsupported(reader);
		} else if (block->type == BLOCK_ENVIRONMENT) {
			err = read_environment(reader, payload);
		} else if (block->type == BLOCK_EVENTS) {
			err = begin_events(reader, payload);
		}
		if (err)
			return err;
		if (binary->inside)
			return 1;
		leave_block(reader);
	}
}

static int binary_open(struct libdma_reader *reader)
{
	struct binary_reader *binary = calloc(1, sizeof(*binary));
	int more, err;

	if (!binary)
		return -ENOMEM;
	reader->state = binary;
	binary->decoder = decoder_create();
	if (!binary->decoder)
		return -ENOMEM;
	more = next_events(reader);
	if (more < 0)
		return more;
	err = read_last_environment(reader);
	if (err)
		return err;
	return !more && reader->damaged && !reader->input->offset ? -EBADMSG : 0;
}

/* The block has no more events, or @err tells why not: go to the next. 1, 0, or -errno. */
static __attribute__((noinline)) int go_on(struct libdma_reader *reader, int err)
{
	struct binary_reader *binary = reader->state;

	if (err && err != -EBADMSG)
		return err;
	if (err) {
		reader->missing = binary->block.events - binary->given;
		reader_damage(reader, 0, reader->input->offset,
			      "a block of %u events is not what it should be",
			      binary->block.events);
	}
	if (binary->inside)
		leave_block(reader);
	return next_events(reader);
}

static int binary_next(struct libdma_reader *reader, const struct dma_event **ret)
{
	struct binary_reader *binary = reader->state;
	int more;

	while ((more = decoder_next(binary->decoder, ret)) <= 0) {
		more = go_on(reader, more);
		if (more <= 0)
			return more;
	}
	reader->events++;
	binary->given++;
	return 1;
}

static void binary_close(struct libdma_reader *reader)
{
	struct binary_reader *binary = reader->state;

	if (!binary)
		return;
	decoder_destroy(binary->decoder);
	free(binary);
	reader->state = NULL;
}

static const char *binary_fact(const struct libdma_reader *reader, size_t index,
			       uint64_t *value)
{
	static const char *const names[] = { "blocks", "checkpoints", "closed" };
	const struct binary_reader *binary = reader->state;
	const uint64_t values[] = { binary->blocks, binary->checkpoints, binary->closed };

	if (index >= sizeof(names) / sizeof(names[0]))
		return NULL;
	*value = values[index];
	return names[index];
}

const struct format format_binary = {
	.face = {
		.name = "binary",
		.summary = "dmactl's own .dmat, small, and readable while it grows",
		.reads = true,
		.writes = true,
	},
	.recognise = binary_recognise,
	.open = binary_open,
	.next = binary_next,
	.close = binary_close,
	.fact = binary_fact,
	.create = binary_create,
	.put = binary_put,
	.learn = binary_learn,
	.flush = binary_flush,
	.finish = binary_finish,
};
