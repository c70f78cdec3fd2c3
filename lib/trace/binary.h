/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * binary.h - the blocks of a .dmat file, and the streams of bytes in their payload
 *
 * dmat(5) is the specification; what is here are its numbers. All integers are
 * little-endian, all varints seven bits a byte, lowest first.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define BINARY_MAJOR 1
#define BINARY_MINOR 0
/* Bits of block.required that this version understands. */
#define BINARY_FEATURES 0

#define BINARY_SYNC	   "\x89" "DMAT\r\n\x1a"
#define BINARY_SYNC_SIZE   8
#define BINARY_HEADER_SIZE 96	 /* of this version; a later one may be longer */
#define BINARY_HEADER_MAX  4096
#define BINARY_PAYLOAD_MAX ((uint32_t)64 << 20)
#define BINARY_EVENTS_MAX  65536u		 /* in a block; this writer puts fewer */
#define BINARY_LIST_MAX	   ((uint32_t)1 << 19) /* entries of one event's list */
#define BINARY_TEXT_MAX	   ((uint32_t)16 << 20)
#define BINARY_STRING_MAX  ((uint32_t)1 << 20)

enum block_type {
	BLOCK_ENVIRONMENT = 1,
	BLOCK_EVENTS = 2,
	BLOCK_CHECKPOINT = 3,
	BLOCK_INDEX = 4,
};

/* block.flags */
#define BLOCK_REQUIRED 1 /* a reader that does not know the type must not go on */
#define BLOCK_MORE     2 /* the next block of this type continues this one */

/**
 * struct block - what the header of a block says
 *
 * @type:	enum block_type
 * @flags:	BLOCK_*
 * @header_size: bytes from the marker to the payload
 * @size:	bytes of the payload
 * @required:	features without which the payload cannot be understood
 * @optional:	features that it uses and that may be ignored
 * @sequence:	number of the block, from 0
 * @number:	number of its first event; of the event that follows, where it has none
 * @events:	how many it holds
 * @first_ns:	the earliest time in it
 * @last_ns:	the latest
 * @lost:	events that the recorder missed while it was written
 * @checksum:	XXH3 of the payload
 */
struct block {
	uint8_t major;
	uint8_t minor;
	uint8_t type;
	uint8_t flags;
	uint32_t header_size;
	uint32_t size;
	uint32_t required;
	uint32_t optional;
	uint32_t events;
	uint64_t sequence;
	uint64_t number;
	uint64_t first_ns;
	uint64_t last_ns;
	uint64_t lost;
	uint64_t checksum;
};

/* Write the header to @out, BINARY_HEADER_SIZE bytes, checksums included. */
void block_put(struct block *block, const unsigned char *payload, unsigned char *out);

/* Let the checksum of the header at @out fit again. */
void block_mend(unsigned char *out);

/* Bytes of the header that begins at @data, 0 where none begins; 16 bytes are read. */
uint32_t block_header_size(const unsigned char *data);

/* Read a header of block_header_size() bytes. 0, or -EBADMSG where it is damaged. */
int block_get(const unsigned char *data, struct block *ret);

/* The checksum of a header that was read, by which a block is known again. */
uint64_t block_seal(const unsigned char *data);

/* Does the payload match its checksum? */
bool block_intact(const struct block *block, const unsigned char *payload);

/* Offset of the first marker in @data, or of the last bytes that may begin one. */
size_t block_find(const unsigned char *data, size_t size);

/*
 * The streams of a payload of events. What events have in common is in the four
 * tables; the others hold what is left of each event.
 */
enum stream_id {
	STREAM_STRINGS,
	STREAM_TASKS,
	STREAM_FAMILIES,
	STREAM_SHAPES,
	STREAM_CODE,
	STREAM_TIME,
	STREAM_NUMBER,
	STREAM_SLOT,
	STREAM_SIZE,
	STREAM_PHYS,
	STREAM_DMA,
	STREAM_CPU_ADDR,
	STREAM_EXTRA,
	STREAM_COUNT,
	STREAM_PHYS_LIST,
	STREAM_SIZE_LIST,
	STREAM_DMA_LIST,
	STREAM_DMA_SIZE_LIST,
	STREAM_TEXT,
	STREAMS
};

/* A stream being written; room for what is put must have been made. */
struct stream {
	unsigned char *data;
	size_t size;
	size_t room;
};

/* A stream being read; what is read behind its end is 0, and sets *@overrun. */
struct cursor {
	const unsigned char *at;
	const unsigned char *end;
	bool *overrun;
};

int stream_make_room(struct stream *stream, size_t size);

static inline int stream_reserve(struct stream *stream, size_t size)
{
	return stream->room - stream->size >= size ? 0 : stream_make_room(stream, size);
}

static inline uint64_t zigzag(uint64_t difference)
{
	return difference << 1 ^ (uint64_t)((int64_t)difference >> 63);
}

static inline uint64_t unzigzag(uint64_t value)
{
	return value >> 1 ^ -(value & 1);
}

static inline void put_varint(struct stream *stream, uint64_t value)
{
	unsigned char *at = stream->data + stream->size;

	while (value >= 0x80) {
		*at++ = (unsigned char)(value | 0x80);
		value >>= 7;
	}
	*at++ = (unsigned char)value;
	stream->size = (size_t)(at - stream->data);
}

static inline void put_signed(struct stream *stream, uint64_t difference)
{
	put_varint(stream, zigzag(difference));
}

/*
 * The difference of two addresses: most are whole pages. The first byte has the unit
 * in its lowest bit (0: a page, 1: a byte) and six bits of the number.
 */
static inline void put_address(struct stream *stream, uint64_t difference)
{
	bool bytes = difference % 4096;
	uint64_t value = zigzag(bytes ? difference
				      : (uint64_t)((int64_t)difference / 4096));

	stream->data[stream->size++] = (unsigned char)(bytes | (value & 63) << 1 |
						       (value > 63 ? 0x80 : 0));
	if (value > 63)
		put_varint(stream, value >> 6);
}

uint64_t get_long_varint(struct cursor *cursor);

static inline uint64_t get_varint(struct cursor *cursor)
{
	const unsigned char *at = cursor->at;

	if (cursor->end - at >= 2) {
		if (at[0] < 0x80) {
			cursor->at = at + 1;
			return at[0];
		}
		if (at[1] < 0x80) {
			cursor->at = at + 2;
			return (at[0] & 0x7f) | (uint64_t)at[1] << 7;
		}
	}
	return get_long_varint(cursor);
}

static inline uint64_t get_signed(struct cursor *cursor)
{
	return unzigzag(get_varint(cursor));
}

static inline unsigned char get_byte(struct cursor *cursor)
{
	if (cursor->at < cursor->end)
		return *cursor->at++;
	*cursor->overrun = true;
	return 0;
}

static inline uint64_t get_address(struct cursor *cursor)
{
	unsigned char byte;
	uint64_t value;

	byte = get_byte(cursor);
	value = byte >> 1 & 63;
	if (byte & 0x80)
		value |= get_varint(cursor) << 6;
	return byte & 1 ? unzigzag(value) : unzigzag(value) * 4096;
}

struct packer;
struct packer *packer_create(void);
void packer_destroy(struct packer *packer);

/*
 * Append the streams to @payload, each as it is or packed by zstd, whichever is
 * shorter. 0 or -ENOMEM.
 */
int packer_pack(struct packer *packer, const struct stream streams[STREAMS],
		struct stream *payload);

struct unpacked;
struct unpacked *unpacked_create(void);
void unpacked_destroy(struct unpacked *unpacked);

/*
 * The streams of a payload; the cursors last until the next call, and as long as the
 * payload and @overrun. 0, -ENOMEM, or -EBADMSG where it is not made of streams.
 */
int unpacked_set(struct unpacked *unpacked, const unsigned char *payload, size_t size,
		 struct cursor cursors[STREAMS], bool *overrun);
