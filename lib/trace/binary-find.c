// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * binary-find.c - the next whole block of a .dmat file, whatever lies before it
 *
 * A block is believed if both its checksums fit. Where none is to be had, the next
 * marker is looked for; what was stepped over is one gap, however often a marker in it
 * turned out to begin nothing.
 */
#include "trace/binary-find.h"

bool block_supported(const struct block *block)
{
	bool known = block->type >= BLOCK_ENVIRONMENT && block->type <= BLOCK_INDEX;

	return block->major == BINARY_MAJOR && !(block->required & ~BINARY_FEATURES) &&
	       (known || !(block->flags & BLOCK_REQUIRED));
}

/* Note what is wrong where a gap begins. */
static int is_wrong(struct block_gap *gap, const char *why, bool cut)
{
	gap->cut |= cut;
	if (!gap->why)
		gap->why = why;
	return 1;
}

/* Bring the block that begins at the front of the window into it. 0, 1 or -errno. */
static int look_at_block(struct input *input, struct block *block, struct block_gap *gap)
{
	uint32_t size;
	int err = input_fill(input, BINARY_HEADER_SIZE);

	if (err)
		return err;
	if (input->size >= 16 && !block_header_size(input->data))
		return is_wrong(gap, "no block begins here", false);
	if (input->size < BINARY_HEADER_SIZE)
		return is_wrong(gap, "the file ends inside the head of a block", true);
	size = block_header_size(input->data);
	err = input_fill(input, size);
	if (err)
		return err;
	if (input->size < size)
		return is_wrong(gap, "the file ends inside the head of a block", true);
	if (block_get(input->data, block))
		return is_wrong(gap, "the head of a block is damaged", false);
	err = input_fill(input, (size_t)size + block->size);
	if (err)
		return err;
	if (input->size < (size_t)size + block->size)
		return is_wrong(gap, "the file ends inside a block", true);
	if (!block_intact(block, input->data + size))
		return is_wrong(gap, "the checksum of a block does not fit", false);
	return 0;
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

int block_seek(struct input *input, struct block *block, struct block_gap *gap)
{
	int err;

	*gap = (struct block_gap) { .offset = input->offset };
	for (;;) {
		err = input_fill(input, 1);
		if (err)
			return err;
		if (!input->size)
			break;
		gap->cut = false;
		*block = (struct block) { 0 };
		err = look_at_block(input, block, gap);
		if (err < 0)
			return err;
		if (!err)
			break;
		if (block->type == BLOCK_EVENTS)
			gap->events += block->events;
		err = skip_to_marker(input);
		if (err)
			return err;
	}
	gap->size = input->offset - gap->offset;
	return input->size ? 1 : 0;
}
