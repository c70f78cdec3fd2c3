/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * binary-decoder.h - the decoder's state, for the two files that are the decoder
 */
#pragma once

#include "trace/binary-decode.h"
#include "trace/binary-model.h"

struct decoder {
	struct model model;
	struct unpacked *unpacked;
	struct cursor in[STREAMS];
	uint32_t *string; /* the reader's number of a block's string */
	uint32_t strings;
	uint32_t left;
	uint32_t task_left; /* events that the present task still has */
	struct task task;
	uint64_t ns;
	uint64_t unit;
	bool backwards; /* some time is before the one that precedes it */
	bool numbered;
	bool bad;
	uint64_t number;
	uint32_t *sizes; /* of the present event's lists */
	size_t sizes_room;
};

/* The lists and the text of an event of @family. 0, -ENOMEM, or -EBADMSG. */
int decode_lists(struct decoder *decoder, const struct shape *shape, struct family *family,
		 const struct slot *slot);
