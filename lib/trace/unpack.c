// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * unpack.c - gzip, xz and zstd, told apart by their first bytes
 *
 * One step function for each library, behind one signature. All three go on with
 * a further member or frame behind the first, as their command-line tools do.
 */
#include <errno.h>
#include <lzma.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "trace/unpack.h"

#define XZ_MEMORY_LIMIT (256UL << 20)

struct unpacker {
	int (*step)(struct unpacker *unpacker, const unsigned char **in, size_t *in_size,
		    unsigned char **out, size_t *out_size, int last);
	void (*end)(struct unpacker *unpacker);
	bool between; /* a member has ended, the next has not begun */
	union {
		z_stream gzip;
		lzma_stream xz;
		ZSTD_DStream *zstd;
	};
};

static int step_gzip(struct unpacker *unpacker, const unsigned char **in, size_t *in_size,
		     unsigned char **out, size_t *out_size, int last)
{
	z_stream *stream = &unpacker->gzip;
	int result;

	if (unpacker->between) {
		if (!*in_size)
			return last ? 1 : 0;
		if (inflateReset(stream) != Z_OK)
			return -EBADMSG;
		unpacker->between = false;
	}
	stream->next_in = (unsigned char *)*in;
	stream->avail_in = (unsigned int)*in_size;
	stream->next_out = *out;
	stream->avail_out = (unsigned int)*out_size;
	result = inflate(stream, Z_NO_FLUSH);
	*in = stream->next_in;
	*in_size = stream->avail_in;
	*out = stream->next_out;
	*out_size = stream->avail_out;
	if (result == Z_STREAM_END) {
		unpacker->between = true;
		return last && !*in_size ? 1 : 0;
	}
	if (result == Z_MEM_ERROR)
		return -ENOMEM;
	if (result != Z_OK && result != Z_BUF_ERROR)
		return -EBADMSG;
	return last && !*in_size && *out_size ? -EBADMSG : 0;
}

static void end_gzip(struct unpacker *unpacker)
{
	inflateEnd(&unpacker->gzip);
}

static int step_xz(struct unpacker *unpacker, const unsigned char **in, size_t *in_size,
		   unsigned char **out, size_t *out_size, int last)
{
	lzma_stream *stream = &unpacker->xz;
	lzma_ret result;

	stream->next_in = *in;
	stream->avail_in = *in_size;
	stream->next_out = *out;
	stream->avail_out = *out_size;
	result = lzma_code(stream, last ? LZMA_FINISH : LZMA_RUN);
	*in = stream->next_in;
	*in_size = stream->avail_in;
	*out = stream->next_out;
	*out_size = stream->avail_out;
	switch (result) {
	case LZMA_OK:
		return last && !*in_size && *out_size ? -EBADMSG : 0;
	case LZMA_STREAM_END:
		return 1;
	case LZMA_BUF_ERROR:
		return last ? -EBADMSG : 0;
	case LZMA_MEM_ERROR:
	case LZMA_MEMLIMIT_ERROR:
		return -ENOMEM;
	default:
		return -EBADMSG;
	}
}

static void end_xz(struct unpacker *unpacker)
{
	lzma_end(&unpacker->xz);
}

static int step_zstd(struct unpacker *unpacker, const unsigned char **in, size_t *in_size,
		     unsigned char **out, size_t *out_size, int last)
{
	ZSTD_inBuffer input = { *in, *in_size, 0 };
	ZSTD_outBuffer output = { *out, *out_size, 0 };
	size_t result;

	if (!*in_size && last && unpacker->between)
		return 1;
	result = ZSTD_decompressStream(unpacker->zstd, &output, &input);
	*in += input.pos;
	*in_size -= input.pos;
	*out += output.pos;
	*out_size -= output.pos;
	if (ZSTD_isError(result))
		return -EBADMSG;
	unpacker->between = !result;
	if (!last || *in_size)
		return 0;
	if (unpacker->between)
		return 1;
	return *out_size ? -EBADMSG : 0;
}

static void end_zstd(struct unpacker *unpacker)
{
	ZSTD_freeDStream(unpacker->zstd);
}

const char *unpack_recognise(const unsigned char *data, size_t size)
{
	if (size >= 3 && !memcmp(data, "\x1f\x8b\x08", 3))
		return "gzip";
	if (size >= 6 && !memcmp(data, "\xfd" "7zXZ\0", 6))
		return "xz";
	if (size >= 4 && !memcmp(data, "\x28\xb5\x2f\xfd", 4))
		return "zstd";
	return "none";
}

struct unpacker *unpack_create(const char *compression)
{
	struct unpacker *unpacker = calloc(1, sizeof(*unpacker));
	bool good;

	if (!unpacker)
		return NULL;
	if (!strcmp(compression, "gzip")) {
		unpacker->step = step_gzip;
		unpacker->end = end_gzip;
		good = inflateInit2(&unpacker->gzip, 16 + MAX_WBITS) == Z_OK;
	} else if (!strcmp(compression, "xz")) {
		unpacker->step = step_xz;
		unpacker->end = end_xz;
		unpacker->xz = (lzma_stream)LZMA_STREAM_INIT;
		good = lzma_stream_decoder(&unpacker->xz, XZ_MEMORY_LIMIT,
					   LZMA_CONCATENATED) == LZMA_OK;
	} else {
		unpacker->step = step_zstd;
		unpacker->end = end_zstd;
		unpacker->zstd = ZSTD_createDStream();
		good = unpacker->zstd;
	}
	if (!good) {
		free(unpacker);
		return NULL;
	}
	return unpacker;
}

void unpack_destroy(struct unpacker *unpacker)
{
	if (!unpacker)
		return;
	unpacker->end(unpacker);
	free(unpacker);
}

int unpack_step(struct unpacker *unpacker, const unsigned char **in, size_t *in_size,
		unsigned char **out, size_t *out_size, int last)
{
	return unpacker->step(unpacker, in, in_size, out, out_size, last);
}
