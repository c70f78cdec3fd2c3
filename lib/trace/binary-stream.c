// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * binary-stream.c - streams of bytes, and a payload made of them
 *
 * Each stream is packed for itself, so that zstd fits its codes to one kind of
 * number. A payload is, for each stream, one byte of its id, a varint of its size,
 * a varint of its packed size (0 where it is not packed), and the bytes.
 */
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <zstd.h>

#include "trace/binary.h"

/* Shorter streams are not worth a frame's head. */
#define PACK_MIN 16

int stream_make_room(struct stream *stream, size_t size)
{
	size_t room = stream->room * 2 > stream->size + size ? stream->room * 2
							     : stream->size + size + 256;
	unsigned char *data = realloc(stream->data, room);

	if (!data)
		return -ENOMEM;
	stream->data = data;
	stream->room = room;
	return 0;
}

/* Bring the seven bits of each byte together. */
static uint64_t join_groups(uint64_t word)
{
	word = (word & 0x007f007f007f007f) | (word & 0x7f007f007f007f00) >> 1;
	word = (word & 0x00003fff00003fff) | (word & 0x3fff00003fff0000) >> 2;
	return (word & 0x0fffffff) | (word & 0x0fffffff00000000) >> 4;
}

static uint64_t get_bytewise(struct cursor *cursor)
{
	uint64_t value = 0;

	for (unsigned int shift = 0; shift < 64 && cursor->at < cursor->end; shift += 7) {
		unsigned char byte = *cursor->at++;

		value |= (uint64_t)(byte & 0x7f) << shift;
		if (byte < 0x80)
			return value;
	}
	*cursor->overrun = true;
	return 0;
}

/* Of up to eight bytes at once, the first without its highest bit is the last. */
uint64_t get_long_varint(struct cursor *cursor)
{
	uint64_t word, ends;
	unsigned int bits;

	if (cursor->end - cursor->at < 8)
		return get_bytewise(cursor);
	memcpy(&word, cursor->at, sizeof(word));
	word = le64toh(word);
	ends = ~word & 0x8080808080808080;
	if (!ends)
		return get_bytewise(cursor);
	bits = (unsigned int)__builtin_ctzll(ends) + 1;
	cursor->at += bits / 8;
	return join_groups(word & UINT64_MAX >> (64 - bits));
}

struct packer {
	ZSTD_CCtx *zstd;
};

struct packer *packer_create(void)
{
	struct packer *packer = calloc(1, sizeof(*packer));

	if (!packer)
		return NULL;
	packer->zstd = ZSTD_createCCtx();
	if (!packer->zstd) {
		free(packer);
		return NULL;
	}
	return packer;
}

void packer_destroy(struct packer *packer)
{
	if (!packer)
		return;
	ZSTD_freeCCtx(packer->zstd);
	free(packer);
}

/* The packed bytes go behind where the head of the stream will end. */
static int pack_stream(struct packer *packer, unsigned int id, const struct stream *stream,
		       struct stream *payload)
{
	size_t bound = ZSTD_compressBound(stream->size), packed, start;
	unsigned char *place;

	if (stream_reserve(payload, bound + 32))
		return -ENOMEM;
	payload->data[payload->size++] = (unsigned char)id;
	put_varint(payload, stream->size);
	start = payload->size;
	place = payload->data + start + 10;
	packed = stream->size < PACK_MIN ? stream->size
					 : ZSTD_compressCCtx(packer->zstd, place, bound,
							     stream->data, stream->size, 1);
	if (ZSTD_isError(packed))
		return -ENOMEM;
	if (packed >= stream->size) {
		put_varint(payload, 0);
		memcpy(payload->data + payload->size, stream->data, stream->size);
		payload->size += stream->size;
		return 0;
	}
	put_varint(payload, packed);
	memmove(payload->data + payload->size, place, packed);
	payload->size += packed;
	return 0;
}

int packer_pack(struct packer *packer, const struct stream streams[STREAMS],
		struct stream *payload)
{
	int err = 0;

	for (unsigned int id = 0; id < STREAMS && !err; id++)
		if (streams[id].size)
			err = pack_stream(packer, id, &streams[id], payload);
	return err;
}

struct unpacked {
	ZSTD_DCtx *zstd;
	unsigned char *bytes;
	size_t room;
};

struct unpacked *unpacked_create(void)
{
	struct unpacked *unpacked = calloc(1, sizeof(*unpacked));

	if (!unpacked)
		return NULL;
	unpacked->zstd = ZSTD_createDCtx();
	if (!unpacked->zstd) {
		free(unpacked);
		return NULL;
	}
	return unpacked;
}

void unpacked_destroy(struct unpacked *unpacked)
{
	if (!unpacked)
		return;
	ZSTD_freeDCtx(unpacked->zstd);
	free(unpacked->bytes);
	free(unpacked);
}

/* One stream's head and its bytes as they are stored. */
struct stored {
	unsigned char id;
	size_t size;
	size_t packed; /* 0 where the bytes are the stream */
	const unsigned char *data;
};

static int next_stored(struct cursor *payload, struct stored *ret)
{
	size_t length;

	ret->id = *payload->at++;
	ret->size = get_varint(payload);
	ret->packed = get_varint(payload);
	ret->data = payload->at;
	length = ret->packed ? ret->packed : ret->size;
	if (*payload->overrun || ret->size > BINARY_PAYLOAD_MAX ||
	    length > (size_t)(payload->end - payload->at))
		return -EBADMSG;
	payload->at += length;
	return 0;
}

/* Bytes that all packed streams of a known id will take. */
static int measure(struct cursor payload, size_t *ret)
{
	struct stored stored;
	size_t total = 0;

	while (payload.at < payload.end) {
		if (next_stored(&payload, &stored))
			return -EBADMSG;
		if (stored.packed && stored.id < STREAMS)
			total += stored.size;
		if (total > BINARY_PAYLOAD_MAX)
			return -EBADMSG;
	}
	*ret = total;
	return 0;
}

static int make_room(struct unpacked *unpacked, size_t size)
{
	unsigned char *bytes;

	if (unpacked->room >= size)
		return 0;
	bytes = realloc(unpacked->bytes, size);
	if (!bytes)
		return -ENOMEM;
	unpacked->bytes = bytes;
	unpacked->room = size;
	return 0;
}

int unpacked_set(struct unpacked *unpacked, const unsigned char *payload, size_t size,
		 struct cursor cursors[STREAMS], bool *overrun)
{
	struct cursor at = { payload, payload + size, overrun };
	struct stored stored;
	unsigned char *place;
	size_t total;
	int err;

	err = measure(at, &total);
	if (!err)
		err = make_room(unpacked, total + 1);
	if (err)
		return err;
	for (unsigned int id = 0; id < STREAMS; id++)
		cursors[id] = (struct cursor) { payload, payload, overrun };
	place = unpacked->bytes;
	while (at.at < at.end) {
		next_stored(&at, &stored);
		if (stored.id >= STREAMS)
			continue;
		cursors[stored.id].at = stored.packed ? place : stored.data;
		cursors[stored.id].end = cursors[stored.id].at + stored.size;
		if (!stored.packed)
			continue;
		if (ZSTD_decompressDCtx(unpacked->zstd, place, stored.size, stored.data,
					stored.packed) != stored.size)
			return -EBADMSG;
		place += stored.size;
	}
	return 0;
}
