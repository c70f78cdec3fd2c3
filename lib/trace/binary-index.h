/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * binary-index.h - where the environments and checkpoints of a .dmat file are
 */
#pragma once

#include "trace/binary.h"

/* One block that is worth finding. */
struct index_entry {
	uint8_t type;
	uint64_t offset; /* of its header in the file */
	uint64_t number; /* of the event that follows it */
	uint64_t ns;	 /* the latest time before it */
};

struct index {
	struct index_entry *entry;
	size_t count;
	size_t room;
};

/* Note a block. 0 or -ENOMEM. */
int index_add(struct index *index, const struct index_entry *entry);
void index_deinit(struct index *index);

/* Append the payload of an index whose header is at @offset of the file. 0 or -ENOMEM. */
int index_write(const struct index *index, uint64_t offset, struct stream *payload);

/*
 * Read the index that ends a file of @size bytes. 0, -ENOMEM, or -ENOENT where there is
 * none that can be believed.
 */
int index_read(int fd, uint64_t size, struct index *ret);

/*
 * Read the block at @offset; free() its payload. 0, -ENOMEM, or -ENOENT where none of
 * this type is whole there.
 */
int index_read_block(int fd, uint64_t offset, enum block_type type, struct block *block,
		     unsigned char **payload);
