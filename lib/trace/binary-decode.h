/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * binary-decode.h - the payload of a block into events
 */
#pragma once

#include <libdma/event.h>

#include "trace/binary.h"

struct decoder;

struct decoder *decoder_create(void);
void decoder_destroy(struct decoder *decoder);

/*
 * Begin a payload, whose strings are added to @strings. 0, -ENOMEM, or -EBADMSG where
 * it is not what dmat(5) says.
 */
int decoder_begin(struct decoder *decoder, const struct block *block,
		  const unsigned char *payload, struct libdma_strings *strings);

/*
 * The next event, which lasts until the next call. 1, 0 after the last one, -ENOMEM,
 * or -EBADMSG; then the rest of the payload is lost.
 */
int decoder_next(struct decoder *decoder, const struct dma_event **ret);
