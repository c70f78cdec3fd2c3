// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * binary-write.c - writing .dmat, block after block
 *
 * Nothing that was written is changed later, so that a file, a pipe and a socket get
 * the same bytes, and a recorder that is killed loses the block it was filling.
 */
#include <errno.h>
#include <stdlib.h>

#include "trace/binary-encode.h"
#include "trace/binary-write.h"

struct binary_writer {
	struct encoder *encoder;
	struct packer *packer;
	struct stream payload;
	uint64_t sequence;
	uint64_t number; /* of the first event that is not in a block yet */
	uint64_t taken;	 /* events so far */
	char *environment; /* as it was written */
	char *learned;	   /* as it is known now, or NULL */
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

static int write_environment(struct libdma_writer *writer, const char *json)
{
	struct block block = {
		.type = BLOCK_ENVIRONMENT,
		.size = (uint32_t)strlen(json),
	};

	return write_block(writer, &block, (const unsigned char *)json);
}

static int write_events(struct libdma_writer *writer)
{
	struct binary_writer *binary = writer->state;
	struct block block = { .type = BLOCK_EVENTS, .flags = BLOCK_REQUIRED };
	int err;

	if (binary->taken == binary->number)
		return 0;
	binary->payload.size = 0;
	err = encoder_finish(binary->encoder, binary->packer, &binary->payload, &block);
	if (err)
		return err;
	err = write_block(writer, &block, binary->payload.data);
	binary->number = binary->taken;
	return err;
}

static void release(struct binary_writer *binary)
{
	encoder_destroy(binary->encoder);
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

int binary_create(struct libdma_writer *writer)
{
	struct binary_writer *binary = calloc(1, sizeof(*binary));
	int err = -ENOMEM;

	if (!binary)
		return -ENOMEM;
	writer->state = binary;
	binary->encoder = encoder_create(writer->strings, false);
	binary->packer = packer_create();
	if (!binary->encoder || !binary->packer)
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
	int err;

	if (!encoder_takes(binary->encoder, event)) {
		writer->skipped++;
		return 0;
	}
	err = encoder_put(binary->encoder, event);
	if (err)
		return err;
	binary->taken++;
	return encoder_full(binary->encoder) ? write_events(writer) : 0;
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

int binary_finish(struct libdma_writer *writer)
{
	struct binary_writer *binary = writer->state;
	int err = writer->error;

	if (!err)
		err = write_events(writer);
	if (!err && binary->learned && strcmp(binary->learned, binary->environment))
		err = write_environment(writer, binary->learned);
	release(binary);
	writer->state = NULL;
	return err;
}
