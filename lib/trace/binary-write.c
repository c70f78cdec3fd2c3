// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * binary-write.c - writing .dmat, block after block
 *
 * Nothing that was written is changed later, so that a file, a pipe and a socket get
 * the same bytes, and a recorder that is killed loses the block it was filling.
 */
#include <errno.h>
#include <stdlib.h>

#include "dma/live.h"
#include "trace/binary-batch.h"
#include "trace/binary-encode.h"
#include "trace/binary-index.h"
#include "trace/binary-write.h"

/* A checkpoint comes after so many blocks of events, and is an eighth of them at most. */
#define CHECKPOINT_BLOCKS 32
#define CHECKPOINT_SHARE  8

/*
 * All but the first two belong to the thread that takes the batches, while it runs. What
 * it changes with each event lies last, in no line of a cache that the other thread
 * reads.
 */
struct binary_writer {
	struct batches *batches;
	char *learned; /* the environment as it is known now, or NULL */
	struct libdma_strings *strings; /* the same numbers as in the writer's */
	struct encoder *encoder;
	struct encoder *state; /* of checkpoints; NULL until there is one */
	struct packer *packer;
	struct stream payload;
	struct index index;
	struct live *live;
	uint64_t last_ns;      /* the latest time so far */
	uint64_t state_size;   /* bytes of the last checkpoint */
	uint64_t since_size;   /* bytes of events since */
	uint32_t since_blocks;
	uint64_t sequence;
	uint64_t number; /* of the first event that is not in a block yet */
	char *environment; /* as it was written */
	uint64_t taken;	   /* events so far */
};

static int write_block(struct libdma_writer *writer, struct block *block,
		       const unsigned char *payload)
{
	struct binary_writer *binary = writer->state;
	unsigned char *place;

	block->sequence = binary->sequence++;
	block->number = binary->number;
	place = output_reserve(writer->output, BINARY_HEADER_SIZE);
	if (!place)
		return writer->output->error;
	block_put(block, payload, place);
	output_commit(writer->output, BINARY_HEADER_SIZE);
	output_write(writer->output, payload, block->size);
	return output_flush(writer->output);
}

/* A block that the index will tell of comes next. */
static int note_block(struct libdma_writer *writer, enum block_type type)
{
	struct binary_writer *binary = writer->state;
	struct index_entry entry = {
		.type = type,
		.offset = writer->output->offset,
		.number = binary->number,
		.ns = binary->last_ns,
	};

	return index_add(&binary->index, &entry);
}

static int write_environment(struct libdma_writer *writer, const char *json)
{
	struct block block = {
		.type = BLOCK_ENVIRONMENT,
		.size = (uint32_t)strlen(json),
	};
	int err = note_block(writer, BLOCK_ENVIRONMENT);

	return err ? err : write_block(writer, &block, (const unsigned char *)json);
}

static int write_payload(struct libdma_writer *writer, struct encoder *encoder,
			 struct block *block)
{
	struct binary_writer *binary = writer->state;
	int err;

	binary->payload.size = 0;
	err = encoder_finish(encoder, binary->packer, &binary->payload, block);
	return err ? err : write_block(writer, block, binary->payload.data);
}

static int write_mapping(const struct mapping *mapping, void *arg)
{
	struct libdma_writer *writer = arg;
	struct binary_writer *binary = writer->state;
	struct block block = { .type = BLOCK_CHECKPOINT, .flags = BLOCK_MORE };
	int err = encoder_put(binary->state, &mapping->event);

	if (err || !encoder_full(binary->state))
		return err;
	return write_payload(writer, binary->state, &block);
}

/* The events that began what is live now, as events are written. */
static int write_checkpoint(struct libdma_writer *writer)
{
	struct binary_writer *binary = writer->state;
	struct block block = { .type = BLOCK_CHECKPOINT };
	uint64_t offset = writer->output->offset;
	int err;

	if (!binary->state)
		binary->state = encoder_create(binary->strings, true);
	if (!binary->state)
		return -ENOMEM;
	err = note_block(writer, BLOCK_CHECKPOINT);
	if (!err)
		err = live_walk(binary->live, write_mapping, writer);
	if (!err)
		err = write_payload(writer, binary->state, &block);
	binary->state_size = writer->output->offset - offset;
	binary->since_size = 0;
	binary->since_blocks = 0;
	return err;
}

static int write_events(struct libdma_writer *writer)
{
	struct binary_writer *binary = writer->state;
	struct block block = { .type = BLOCK_EVENTS, .flags = BLOCK_REQUIRED };
	int err;

	if (binary->taken == binary->number)
		return 0;
	err = write_payload(writer, binary->encoder, &block);
	if (err)
		return err;
	binary->number = binary->taken;
	if (block.last_ns > binary->last_ns)
		binary->last_ns = block.last_ns;
	binary->since_size += block.size;
	binary->since_blocks++;
	return 0;
}

static bool wants_checkpoint(const struct binary_writer *binary)
{
	return binary->since_blocks >= CHECKPOINT_BLOCKS &&
	       binary->since_size >= binary->state_size * CHECKPOINT_SHARE;
}

static int write_index(struct libdma_writer *writer)
{
	struct binary_writer *binary = writer->state;
	struct block block = { .type = BLOCK_INDEX };
	int err;

	binary->payload.size = 0;
	err = index_write(&binary->index, writer->output->offset, &binary->payload);
	block.size = (uint32_t)binary->payload.size;
	return err ? err : write_block(writer, &block, binary->payload.data);
}

static void release(struct binary_writer *binary)
{
	batches_destroy(binary->batches);
	libdma_strings_destroy(binary->strings);
	encoder_destroy(binary->encoder);
	encoder_destroy(binary->state);
	live_destroy(binary->live);
	index_deinit(&binary->index);
	packer_destroy(binary->packer);
	free(binary->payload.data);
	free(binary->environment);
	free(binary->learned);
	free(binary);
}

static int print_environment(const struct libdma_environment *environment, char **ret)
{
	struct libdma_environment *unknown;
	int err;

	if (environment)
		return libdma_environment_print(environment, ret);
	unknown = libdma_environment_create();
	if (!unknown)
		return -ENOMEM;
	err = libdma_environment_print(unknown, ret);
	libdma_environment_destroy(unknown);
	return err;
}

static int put_event(struct libdma_writer *writer, const struct dma_event *event)
{
	struct binary_writer *binary = writer->state;
	const struct mapping *mapping;
	struct dma_event numbered;
	int err;

	err = encoder_put(binary->encoder, event);
	if (err)
		return err;
	/* A checkpoint names the events of this trace, which may be a part of another. */
	if (event->number != binary->taken) {
		numbered = *event;
		numbered.number = binary->taken;
		event = &numbered;
	}
	err = live_apply(binary->live, event, &mapping);
	if (err < 0)
		return err;
	binary->taken++;
	if (!encoder_full(binary->encoder))
		return 0;
	err = write_events(writer);
	return !err && wants_checkpoint(binary) ? write_checkpoint(writer) : err;
}

static int take_strings(struct libdma_strings *strings, const struct stream *stream)
{
	bool overrun = false;
	struct cursor in = { .overrun = &overrun };

	if (stream->size) {
		in.at = stream->data;
		in.end = stream->data + stream->size;
	}
	while (in.at < in.end) {
		size_t size = get_varint(&in);
		uint32_t number;

		if (libdma_strings_add(strings, (const char *)in.at, size, &number))
			return -ENOMEM;
		in.at += size;
	}
	return 0;
}

static int take_batch(void *arg, const struct batch *batch)
{
	struct libdma_writer *writer = arg;
	struct binary_writer *binary = writer->state;
	int err = take_strings(binary->strings, &batch->strings);

	for (uint32_t i = 0; i < batch->count && !err; i++)
		err = put_event(writer, &batch->event[i]);
	return err;
}

int binary_create(struct libdma_writer *writer)
{
	struct binary_writer *binary = calloc(1, sizeof(*binary));
	int err = -ENOMEM;

	if (!binary)
		return -ENOMEM;
	writer->state = binary;
	binary->strings = libdma_strings_create();
	binary->packer = packer_create();
	binary->live = live_create();
	binary->batches = batches_create(writer->strings, take_batch, writer);
	if (!binary->strings || !binary->packer || !binary->live || !binary->batches)
		goto release_writer;
	binary->encoder = encoder_create(binary->strings, false);
	if (!binary->encoder)
		goto release_writer;
	err = print_environment(writer->environment, &binary->environment);
	if (!err)
		err = write_environment(writer, binary->environment);
	if (err)
		goto release_writer;
	return 0;

release_writer:
	release(binary);
	writer->state = NULL;
	return err;
}

int binary_put(struct libdma_writer *writer, const struct dma_event *event)
{
	struct binary_writer *binary = writer->state;
	int err = batches_put(binary->batches, event);

	if (err != 1)
		return err;
	writer->skipped++;
	return 0;
}

/* What was learned is written at the end, where a reader with the index finds it. */
int binary_learn(struct libdma_writer *writer, const struct libdma_environment *environment)
{
	struct binary_writer *binary = writer->state;
	char *learned;
	int err = print_environment(environment, &learned);

	if (err)
		return err;
	free(binary->learned);
	binary->learned = learned;
	return 0;
}

/* The thread sleeps behind batches_flush(), so that what is its own can be used. */
int binary_flush(struct libdma_writer *writer)
{
	struct binary_writer *binary = writer->state;
	int err = batches_flush(binary->batches);

	return err ? err : write_events(writer);
}

int binary_finish(struct libdma_writer *writer)
{
	struct binary_writer *binary = writer->state;
	int err = batches_finish(binary->batches);

	if (!err)
		err = writer->error;
	if (!err)
		err = write_events(writer);
	if (!err && binary->learned && strcmp(binary->learned, binary->environment))
		err = write_environment(writer, binary->learned);
	if (!err)
		err = write_index(writer);
	release(binary);
	writer->state = NULL;
	return err;
}
