/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * unpack.h - gzip, xz and zstd, told apart by their first bytes
 */
#pragma once

#include <stddef.h>

struct unpacker;

/* Name of what @data is packed with, "none" if it is not. */
const char *unpack_recognise(const unsigned char *data, size_t size);

/* For a name that unpack_recognise() gave. NULL without memory. */
struct unpacker *unpack_create(const char *compression);
void unpack_destroy(struct unpacker *unpacker);

/*
 * Unpack from *@in to *@out, advancing both. @last says that no more input comes.
 * 0, 1 when the stream is complete, -EBADMSG when it is damaged or cut, -ENOMEM.
 */
int unpack_step(struct unpacker *unpacker, const unsigned char **in, size_t *in_size,
		unsigned char **out, size_t *out_size, int last);
