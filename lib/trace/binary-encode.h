/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * binary-encode.h - events into the payload of a block
 */
#pragma once

#include <libdma/event.h>

#include "trace/binary.h"

struct encoder;

/* @numbered: the events' own numbers are kept, as a checkpoint needs. NULL without memory. */
struct encoder *encoder_create(const struct libdma_strings *strings, bool numbered);
void encoder_destroy(struct encoder *encoder);

/* Does one more event still fit into this payload? */
bool encoder_full(const struct encoder *encoder);

/* Add an event that is within the bounds of the format. 0 or -ENOMEM. */
int encoder_put(struct encoder *encoder, const struct dma_event *event);

/*
 * Append the payload to @payload, set what @block says of it (all but type, flags and
 * sequence), and begin anew. 0 or -ENOMEM.
 */
int encoder_finish(struct encoder *encoder, struct packer *packer, struct stream *payload,
		   struct block *block);
