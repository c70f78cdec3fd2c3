// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * binary-block.c - the header of a block: written, read, and found after damage
 *
 * A header is believed only if its own checksum fits, so that a payload which
 * happens to contain the marker is not taken for one.
 */
#include <errno.h>
#include <xxhash.h>

#include "trace/binary.h"

/* Offsets in a header. The checksum of the header is its last eight bytes. */
enum {
	AT_MAJOR = 8,
	AT_MINOR = 9,
	AT_TYPE = 10,
	AT_FLAGS = 11,
	AT_HEADER_SIZE = 12,
	AT_SIZE = 16,
	AT_REQUIRED = 20,
	AT_OPTIONAL = 24,
	AT_EVENTS = 28,
	AT_SEQUENCE = 32,
	AT_NUMBER = 40,
	AT_FIRST_NS = 48,
	AT_LAST_NS = 56,
	AT_LOST = 64,
	AT_CHECKSUM = 72,
};

static void put32(unsigned char *out, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		out[i] = (unsigned char)(value >> 8 * i);
}

static void put64(unsigned char *out, uint64_t value)
{
	put32(out, (uint32_t)value);
	put32(out + 4, (uint32_t)(value >> 32));
}

static uint32_t get32(const unsigned char *data)
{
	return (uint32_t)data[0] | (uint32_t)data[1] << 8 | (uint32_t)data[2] << 16 |
	       (uint32_t)data[3] << 24;
}

static uint64_t get64(const unsigned char *data)
{
	return get32(data) | (uint64_t)get32(data + 4) << 32;
}

void block_put(struct block *block, const unsigned char *payload, unsigned char *out)
{
	block->checksum = XXH3_64bits(payload, block->size);
	memset(out, 0, BINARY_HEADER_SIZE);
	memcpy(out, BINARY_SYNC, BINARY_SYNC_SIZE);
	out[AT_MAJOR] = BINARY_MAJOR;
	out[AT_MINOR] = BINARY_MINOR;
	out[AT_TYPE] = block->type;
	out[AT_FLAGS] = block->flags;
	put32(out + AT_HEADER_SIZE, BINARY_HEADER_SIZE);
	put32(out + AT_SIZE, block->size);
	put32(out + AT_REQUIRED, block->required);
	put32(out + AT_OPTIONAL, block->optional);
	put32(out + AT_EVENTS, block->events);
	put64(out + AT_SEQUENCE, block->sequence);
	put64(out + AT_NUMBER, block->number);
	put64(out + AT_FIRST_NS, block->first_ns);
	put64(out + AT_LAST_NS, block->last_ns);
	put64(out + AT_LOST, block->lost);
	put64(out + AT_CHECKSUM, block->checksum);
	block_mend(out);
}

void block_mend(unsigned char *out)
{
	uint32_t at = get32(out + AT_HEADER_SIZE) - 8;

	put64(out + at, XXH3_64bits(out, at));
}

uint32_t block_header_size(const unsigned char *data)
{
	uint32_t size = get32(data + AT_HEADER_SIZE);

	if (memcmp(data, BINARY_SYNC, BINARY_SYNC_SIZE))
		return 0;
	return size >= BINARY_HEADER_SIZE && size <= BINARY_HEADER_MAX ? size : 0;
}

int block_get(const unsigned char *data, struct block *ret)
{
	uint32_t size = block_header_size(data);

	if (!size || get64(data + size - 8) != XXH3_64bits(data, size - 8))
		return -EBADMSG;
	*ret = (struct block) {
		.major = data[AT_MAJOR],
		.minor = data[AT_MINOR],
		.type = data[AT_TYPE],
		.flags = data[AT_FLAGS],
		.header_size = size,
		.size = get32(data + AT_SIZE),
		.required = get32(data + AT_REQUIRED),
		.optional = get32(data + AT_OPTIONAL),
		.events = get32(data + AT_EVENTS),
		.sequence = get64(data + AT_SEQUENCE),
		.number = get64(data + AT_NUMBER),
		.first_ns = get64(data + AT_FIRST_NS),
		.last_ns = get64(data + AT_LAST_NS),
		.lost = get64(data + AT_LOST),
		.checksum = get64(data + AT_CHECKSUM),
	};
	return ret->size <= BINARY_PAYLOAD_MAX && ret->events <= BINARY_EVENTS_MAX ? 0
										   : -EBADMSG;
}

uint64_t block_seal(const unsigned char *data)
{
	return get64(data + block_header_size(data) - 8);
}

bool block_intact(const struct block *block, const unsigned char *payload)
{
	return XXH3_64bits(payload, block->size) == block->checksum;
}

size_t block_find(const unsigned char *data, size_t size)
{
	const unsigned char *at = data, *end = data + size;

	while (at < end) {
		size_t left;

		at = memchr(at, BINARY_SYNC[0], (size_t)(end - at));
		if (!at)
			return size;
		left = (size_t)(end - at);
		if (!memcmp(at, BINARY_SYNC,
			    left < BINARY_SYNC_SIZE ? left : BINARY_SYNC_SIZE))
			break;
		at++;
	}
	return (size_t)(at - data);
}
