// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * binary-index.c - where the environments and checkpoints of a .dmat file are
 *
 * The index only saves a search: all that it says is in the blocks' own headers too.
 * Its offsets count backwards from itself, so that traces can be appended to each
 * other, and the last bytes of the file tell where it begins.
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "trace/binary-index.h"

#define END_MARK      "DMATend\n"
#define END_SIZE      16 /* the size of the block, and the mark */
#define INDEX_ENTRIES ((size_t)1 << 18)

int index_add(struct index *index, const struct index_entry *entry)
{
	size_t room = index->room * 2 + 16;

	/* A trace with so many is found its way through without the rest of them. */
	if (index->count == INDEX_ENTRIES)
		return 0;
	if (index->count == index->room) {
		struct index_entry *entries =
			realloc(index->entry, room * sizeof(*entries));

		if (!entries)
			return -ENOMEM;
		index->entry = entries;
		index->room = room;
	}
	index->entry[index->count++] = *entry;
	return 0;
}

void index_deinit(struct index *index)
{
	free(index->entry);
	*index = (struct index) { 0 };
}

int index_write(const struct index *index, uint64_t offset, struct stream *payload)
{
	uint64_t size;

	if (stream_reserve(payload, index->count * 32 + END_SIZE))
		return -ENOMEM;
	for (size_t i = 0; i < index->count; i++) {
		const struct index_entry *entry = &index->entry[i];

		payload->data[payload->size++] = entry->type;
		put_varint(payload, offset - entry->offset);
		put_varint(payload, entry->number);
		put_varint(payload, entry->ns);
	}
	size = BINARY_HEADER_SIZE + payload->size + END_SIZE;
	for (int i = 0; i < 8; i++)
		payload->data[payload->size++] = (unsigned char)(size >> 8 * i);
	memcpy(payload->data + payload->size, END_MARK, 8);
	payload->size += 8;
	return 0;
}

static bool read_at(int fd, uint64_t offset, void *data, size_t size)
{
	return pread(fd, data, size, (off_t)offset) == (ssize_t)size;
}

int index_read_block(int fd, uint64_t offset, enum block_type type, struct block *block,
		     unsigned char **payload)
{
	unsigned char head[BINARY_HEADER_MAX], *data;
	uint32_t size;

	if (!read_at(fd, offset, head, BINARY_HEADER_SIZE))
		return -ENOENT;
	size = block_header_size(head);
	if (!size || !read_at(fd, offset, head, size) || block_get(head, block) ||
	    block->type != type || block->major != BINARY_MAJOR ||
	    block->required & ~BINARY_FEATURES)
		return -ENOENT;
	data = malloc(block->size + 1);
	if (!data)
		return -ENOMEM;
	if (!read_at(fd, offset + size, data, block->size) || !block_intact(block, data)) {
		free(data);
		return -ENOENT;
	}
	*payload = data;
	return 0;
}

static int parse(struct cursor in, uint64_t offset, struct index *index)
{
	while (in.at < in.end) {
		struct index_entry entry = { .type = get_byte(&in) };
		uint64_t back = get_varint(&in);
		int err;

		entry.number = get_varint(&in);
		entry.ns = get_varint(&in);
		if (*in.overrun || back > offset)
			return -ENOENT;
		entry.offset = offset - back;
		err = index_add(index, &entry);
		if (err)
			return err;
	}
	return 0;
}

int index_read(int fd, uint64_t size, struct index *ret)
{
	unsigned char end[END_SIZE], *payload;
	bool overrun = false;
	struct cursor in;
	struct block block;
	uint64_t back = 0;
	int err;

	*ret = (struct index) { 0 };
	if (size < END_SIZE || !read_at(fd, size - END_SIZE, end, END_SIZE) ||
	    memcmp(end + 8, END_MARK, 8))
		return -ENOENT;
	for (int i = 0; i < 8; i++)
		back |= (uint64_t)end[i] << 8 * i;
	if (back > size)
		return -ENOENT;
	err = index_read_block(fd, size - back, BLOCK_INDEX, &block, &payload);
	if (err)
		return err;
	if (block.size >= END_SIZE) {
		in = (struct cursor) { payload, payload + block.size - END_SIZE, &overrun };
		err = parse(in, size - back, ret);
	}
	if (err)
		index_deinit(ret);
	free(payload);
	return err;
}
