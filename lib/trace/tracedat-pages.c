// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * tracedat-pages.c - records in the pages of a ring buffer
 *
 * A page has the time of its first record, its length and what was missed before it;
 * then records, each with its length and the time since the one before. All lengths
 * are held against the page, which libtraceevent's own reader does not do.
 *
 * Kernel counterpart: include/linux/ring_buffer.h, enum ring_buffer_type
 */
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "trace/tracedat.h"

#define MOST_CHUNK ((uint32_t)16 << 20) /* bytes of a packed chunk, either way */

#define DELTA_BITS 27
#define DELTA_MASK ((1U << DELTA_BITS) - 1)

#define COMMIT_LENGTH DELTA_MASK
#define COMMIT_MISSED (1U << 31)
#define COMMIT_STORED (1U << 30) /* how much was missed lies behind the records */

/* Lengths of up to 28 words are their own type. */
enum record_type {
	RECORD_LONG = 0,
	RECORD_PADDING = 29,
	RECORD_TIME_EXTEND = 30,
	RECORD_TIME_STAMP = 31,
};

static uint32_t read_u32(const struct tracedat_stream *stream, const void *bytes)
{
	uint32_t value;

	memcpy(&value, bytes, sizeof(value));
	return stream->layout->big_endian ? be32toh(value) : le32toh(value);
}

static uint64_t read_u64(const struct tracedat_stream *stream, const void *bytes)
{
	uint64_t value;

	memcpy(&value, bytes, sizeof(value));
	return stream->layout->big_endian ? be64toh(value) : le64toh(value);
}

void tracedat_stream_init(struct tracedat_stream *stream, int fd,
			  const struct tracedat_layout *layout,
			  const struct tracedat_data *data, unsigned int long_size)
{
	*stream = (struct tracedat_stream) {
		.fd = fd,
		.layout = layout,
		.long_size = long_size,
		.at = data->offset,
		/* the size does not count the number that packed data begins with */
		.left = data->size + (data->packed ? 4 : 0),
		.page_size = data->page_size,
		.packed = data->packed,
	};
	stream->record.cpu = (int)data->cpu;
}

void tracedat_stream_deinit(struct tracedat_stream *stream)
{
	free(stream->chunk[0].bytes);
	free(stream->chunk[1].bytes);
	free(stream->raw.bytes);
}

static int make_room(struct tracedat_chunk *chunk, size_t size)
{
	unsigned char *bytes;

	if (size <= chunk->room)
		return 0;
	bytes = realloc(chunk->bytes, size);
	if (!bytes)
		return -ENOMEM;
	chunk->bytes = bytes;
	chunk->room = size;
	return 0;
}

/*
 * @size bytes of the file: 0, -EBADMSG where the data has not so many, or -errno. At
 * the end of a file that was cut, which was told, the data ends: -ENODATA.
 */
static int read_bytes(struct tracedat_stream *stream, void *bytes, size_t size)
{
	ssize_t got;

	if (size > stream->left) {
		stream->left = 0;
		return -EBADMSG;
	}
	got = pread(stream->fd, bytes, size, (off_t)stream->at);
	if (got < 0)
		return -errno;
	if ((size_t)got < size) {
		stream->left = 0;
		return -ENODATA;
	}
	stream->at += size;
	stream->left -= size;
	return 0;
}

/* Pages that were packed together. */
static int read_packed(struct tracedat_stream *stream, struct tracedat_chunk *chunk)
{
	unsigned char head[8];
	uint32_t packed, size;
	int err;

	if (!stream->counted) {
		err = read_bytes(stream, head, 4);
		if (err)
			return err;
		stream->counted = true;
		stream->chunks = read_u32(stream, head);
	}
	if (!stream->chunks) {
		stream->left = 0;
		return 0;
	}
	stream->chunks--;
	err = read_bytes(stream, head, sizeof(head));
	if (err)
		return err;
	packed = read_u32(stream, head);
	size = read_u32(stream, head + 4);
	if (packed > MOST_CHUNK || size > MOST_CHUNK || packed > stream->left) {
		stream->left = 0;
		return -EBADMSG;
	}
	if (make_room(&stream->raw, packed) || make_room(chunk, size))
		return -ENOMEM;
	err = read_bytes(stream, stream->raw.bytes, packed);
	if (err)
		return err;
	if (!tracedat_unpack(stream->layout->packer, stream->raw.bytes, packed,
			     chunk->bytes, size))
		return -EBADMSG;
	chunk->size = size;
	return 0;
}

/*
 * The next pages, in the one of two chunks where the record that was given last is
 * not: 1, or 0 at the end, -EBADMSG or -errno.
 */
static int next_chunk(struct tracedat_stream *stream)
{
	struct tracedat_chunk *chunk;
	int err;

	if (!stream->left)
		return 0;
	stream->which = !stream->which;
	stream->page = 0;
	chunk = &stream->chunk[stream->which];
	chunk->size = 0;
	if (stream->packed) {
		err = read_packed(stream, chunk);
	} else if (make_room(chunk, stream->page_size)) {
		err = -ENOMEM;
	} else {
		err = read_bytes(stream, chunk->bytes, stream->page_size);
		chunk->size = err ? 0 : stream->page_size;
	}
	if (err == -ENODATA)
		return 0;
	return err ? err : 1;
}

/* Begin the page at stream->page. 0, or -EBADMSG. */
static int begin_page(struct tracedat_stream *stream)
{
	const struct tracedat_chunk *chunk = &stream->chunk[stream->which];
	const unsigned char *page = chunk->bytes + stream->page;
	size_t head = 8 + stream->long_size;
	uint32_t commit = stream->layout->big_endian && stream->long_size == 8
				  ? read_u32(stream, page + 12)
				  : read_u32(stream, page + 8);
	size_t length = commit & COMMIT_LENGTH;

	stream->place = page + head;
	stream->end = stream->place;
	stream->ns = read_u64(stream, page);
	if (length > stream->page_size - head)
		return -EBADMSG;
	stream->end += length;
	if (!(commit & COMMIT_MISSED))
		return 0;
	stream->missed = -1;
	if (commit & COMMIT_STORED && length + 8 <= stream->page_size - head)
		stream->missed = (long long)(stream->long_size == 8
						     ? read_u64(stream, stream->end)
						     : read_u32(stream, stream->end));
	return 0;
}

/* Have a page with something left in it: 1, 0 at the end, -EBADMSG or -errno. */
static int next_page(struct tracedat_stream *stream)
{
	const struct tracedat_chunk *chunk = &stream->chunk[stream->which];
	int more, err;

	while (stream->place == stream->end) {
		if (stream->begun)
			stream->page += stream->page_size;
		stream->begun = false;
		if (chunk->size < stream->page_size ||
		    stream->page > chunk->size - stream->page_size) {
			more = next_chunk(stream);
			if (more <= 0)
				return more;
			chunk = &stream->chunk[stream->which];
			continue;
		}
		stream->begun = true;
		err = begin_page(stream);
		if (err)
			return err;
	}
	return 1;
}

/*
 * One entry of a page: 1 where it is a record, 0 where it only moves the time or the
 * place, -EBADMSG where it reaches beyond the page.
 */
static int next_entry(struct tracedat_stream *stream)
{
	size_t left = (size_t)(stream->end - stream->place), size;
	const unsigned char *data = stream->place + 4;
	uint32_t word, type, delta, more = 0;

	if (left < 4)
		return -EBADMSG;
	word = read_u32(stream, stream->place);
	type = stream->layout->big_endian ? word >> DELTA_BITS : word & 31;
	delta = stream->layout->big_endian ? word & DELTA_MASK : word >> 5;
	if (type == RECORD_LONG || type >= RECORD_PADDING) {
		if (left < 8)
			return -EBADMSG;
		more = read_u32(stream, data);
	}
	switch (type) {
	case RECORD_TIME_EXTEND:
	case RECORD_TIME_STAMP:
		if (type == RECORD_TIME_STAMP)
			stream->ns &= UINT64_MAX << 59; /* what it has no room for */
		stream->ns += delta + ((uint64_t)more << DELTA_BITS);
		stream->place += 8;
		return 0;
	case RECORD_PADDING:
		size = delta ? 4 + (size_t)more : left; /* without time: to the end */
		break;
	case RECORD_LONG:
		size = 4 + (size_t)more;
		data += 4;
		break;
	default:
		size = 4 + 4 * (size_t)type;
		break;
	}
	size = (size + 3) & ~(size_t)3;
	if (size > left || size < (size_t)(data - stream->place))
		return -EBADMSG;
	stream->ns += type == RECORD_PADDING && !delta ? 0 : delta;
	stream->record.ts = stream->ns;
	stream->record.data = (void *)data;
	stream->record.size = (int)(stream->place + size - data);
	stream->record.offset = stream->at;
	stream->place += size;
	return type != RECORD_PADDING;
}

int tracedat_stream_next(struct tracedat_stream *stream)
{
	int more;

	do {
		more = next_page(stream);
		if (more <= 0)
			break;
		more = next_entry(stream);
	} while (!more);
	if (more < 0)
		stream->place = stream->end;
	if (more > 0) {
		stream->record.missed_events = stream->missed;
		stream->missed = 0;
	}
	return more;
}
