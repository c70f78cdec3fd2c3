/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * binary-find.h - the next whole block of a .dmat file, whatever lies before it
 */
#pragma once

#include "trace/binary.h"
#include "trace/input.h"

/**
 * struct block_gap - bytes in front of a block that are none
 * @why:	what is wrong where they begin; NULL where there are none
 * @cut:	the file ends inside a block, and nothing follows
 * @offset:	where they begin
 * @size:	how many
 * @events:	events of the blocks in them whose head can still be read
 */
struct block_gap {
	const char *why;
	bool cut;
	uint64_t offset;
	uint64_t size;
	uint64_t events;
};

/*
 * Bring the next block with two checksums that fit to the front of the window. 1; 0 at
 * the end, with a gap where something lies before it; or -errno.
 */
int block_seek(struct input *input, struct block *block, struct block_gap *gap);

/* Does this version understand the block, or may it be ignored? */
bool block_supported(const struct block *block);
