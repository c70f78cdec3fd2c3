// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * format-binary.c - reading .dmat, block after block
 *
 * A block is believed if both its checksums fit. Where none is to be had, the next
 * marker is looked for; what was stepped over is told once, when it is known how
 * much that was. A file that merely ends, without an index, was not closed and is
 * not damaged.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "trace/binary-decode.h"
#include "trace/binary-index.h"
#include "trace/binary-write.h"
#include "trace/format.h"

struct binary_reader {
	struct decoder *decoder;
	struct block block;
	bool inside; /* the events of @block are being read; it is still in the window */
	bool told_unsupported;
	uint64_t base;	 /* added to the numbers of a trace that was appended */
	uint64_t number; /* of the event that should come next */

	const char *damage; /* what the bytes from @damage_at on suffer from, or NULL */
	uint64_t damage_at;
	uint64_t missing; /* events that a cut block had */

	uint64_t blocks;
	uint64_t checkpoints;
	bool closed; /* the last block was an index, which ends a file */
};

static bool binary_recognise(const unsigned char *data, size_t size)
{
	size_t at = block_find(data, size);

	return size - at >= BINARY_SYNC_SIZE;
}

static bool is_supported(const struct block *block)
{
	bool known = block->type >= BLOCK_ENVIRONMENT && block->type <= BLOCK_INDEX;

	return block->major == BINARY_MAJOR && !(block->required & ~BINARY_FEATURES) &&
	       (known || !(block->flags & BLOCK_REQUIRED));
}

/*
 * Bring the block that begins at the front of the window into it. 0, -errno, or 1 with
 * @why set to what is wrong.
 */
static int look_at_block(struct libdma_reader *reader, struct block *block,
			 const char **why)
{
	struct input *input = reader->input;
	uint32_t size;
	int err = input_fill(input, BINARY_HEADER_SIZE);

	*why = "no block begins here";
	if (err)
		return err;
	if (input->size >= 16 && !block_header_size(input->data))
		return 1;
	*why = "the file ends inside the head of a block";
	if (input->size < BINARY_HEADER_SIZE)
		return 1;
	size = block_header_size(input->data);
	err = input_fill(input, size);
	if (err)
		return err;
	if (input->size < size)
		return 1;
	*why = "the head of a block is damaged";
	if (block_get(input->data, block))
		return 1;
	err = input_fill(input, (size_t)size + block->size);
	if (err)
		return err;
	*why = "the file ends inside a block";
	if (input->size < (size_t)size + block->size)
		return 1;
	*why = "the checksum of a block does not fit";
	return !block_intact(block, input->data + size);
}

/* Step to the next place that may be a block; at least one byte. */
static int skip_to_marker(struct input *input)
{
	size_t at;
	int err;

	input_skip(input, 1);
	for (;;) {
		at = block_find(input->data, input->size);
		input_skip(input, at);
		if (input->size >= BINARY_SYNC_SIZE || input->ended)
			return 0;
		err = input_fill(input, BINARY_HEADER_SIZE);
		if (err)
			return err;
	}
}

/* Something readable was found, or the end: say what is missing before it. */
static void tell_damage(struct libdma_reader *reader, const struct block *next)
{
	struct binary_reader *binary = reader->state;
	uint64_t bytes = reader->input->offset - binary->damage_at;
	uint64_t missing = binary->missing;

	if (next && next->number + binary->base > binary->number)
		missing = next->number + binary->base - binary->number;
	if (missing)
		reader_damage(reader, 0, binary->damage_at,
			      "%s; %" PRIu64 " bytes cannot be read, %" PRIu64
			      " events are missing",
			      binary->damage, bytes, missing);
	else
		reader_damage(reader, 0, binary->damage_at,
			      "%s; %" PRIu64 " bytes cannot be read", binary->damage, bytes);
	binary->damage = NULL;
	binary->missing = 0;
}

static void begin_damage(struct libdma_reader *reader, const char *why)
{
	struct binary_reader *binary = reader->state;

	if (binary->damage)
		return;
	binary->damage = why;
	binary->damage_at = reader->input->offset;
}

/* The next intact block, at the front of the window. 1, 0 at the end, or -errno. */
static int find_block(struct libdma_reader *reader)
{
	struct binary_reader *binary = reader->state;
	const char *why;
	int err;

	for (;;) {
		err = input_fill(reader->input, 1);
		if (err)
			return err;
		if (!reader->input->size)
			break;
		binary->block = (struct block) { 0 };
		err = look_at_block(reader, &binary->block, &why);
		if (err < 0)
			return err;
		if (!err)
			break;
		begin_damage(reader, why);
		if (binary->block.type == BLOCK_EVENTS)
			binary->missing += binary->block.events;
		err = skip_to_marker(reader->input);
		if (err)
			return err;
	}
	if (binary->damage && (!reader->input->damage || reader->input->size))
		tell_damage(reader, reader->input->size ? &binary->block : NULL);
	binary->damage = NULL;
	return reader->input->size ? 1 : 0;
}

static int read_environment(struct libdma_reader *reader, const unsigned char *json)
{
	const struct binary_reader *binary = reader->state;
	char *why = NULL;
	int err = libdma_environment_parse(reader->environment, (const char *)json,
					   binary->block.size, &why);

	if (err == -EINVAL)
		reader_damage(reader, 0, reader->input->offset,
			      "the environment cannot be read: %s", why ? why : "no reason");
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
		err = libdma_environment_parse(reader->environment, (char *)json, block.size,
					       &why);
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
		reader_damage(reader, 0, reader->input->offset,
			      "a block of %u events is not what it should be", block->events);
		err = 0;
	} else if (!err) {
		binary->inside = true;
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
		reader_damage(reader, 0, reader->input->offset,
			      "written in version %u of the format, this reader knows version "
			      "%u: use a newer one",
			      block->major, BINARY_MAJOR);
	else
		reader_damage(reader, 0, reader->input->offset,
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
		if (!block->sequence)
			binary->base = binary->number;
		if (!is_supported(block)) {
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

static int binary_next(struct libdma_reader *reader, const struct dma_event **ret)
{
	struct binary_reader *binary = reader->state;
	int more;

	for (;;) {
		if (!binary->inside) {
			more = next_events(reader);
			if (more <= 0)
				return more;
		}
		more = decoder_next(binary->decoder, ret);
		if (more > 0) {
			reader->events++;
			return 1;
		}
		if (more == -EBADMSG)
			reader_damage(reader, 0, reader->input->offset,
				      "a block of %u events is not what it should be",
				      binary->block.events);
		else if (more)
			return more;
		leave_block(reader);
	}
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
