/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * damage.h - a .dmat file, and what can happen to it
 *
 * Where a change begins and ends is kept, so that a test can tell which blocks it left
 * alone.
 */
#pragma once

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "dice.h"
#include "test.h"

#define BLOCKS 256 /* of the good file, at most */

/* Bytes that are a trace, or were. */
struct bytes {
	unsigned char *data;
	size_t size;
};

/* Where a block begins and ends, and which events it has. */
struct place {
	size_t begin, end;
	uint64_t first, events;
};

static struct bytes good;
static struct place place[BLOCKS];
static size_t places;

/* Take @gone bytes out and put @come in their place. */
static inline void replace(struct bytes *bytes, size_t at, size_t gone, const void *come,
			   size_t size)
{
	unsigned char *data = malloc(bytes->size + size + 1);

	assert_non_null(data);
	memcpy(data, bytes->data, at);
	memcpy(data + at, come, size);
	memcpy(data + at + size, bytes->data + at + gone, bytes->size - at - gone);
	free(bytes->data);
	bytes->data = data;
	bytes->size = bytes->size - gone + size;
}

/* One random change of the good file, from @begin to @end of it. */
struct change {
	struct bytes bytes;
	size_t begin, end;
	const char *name;
};

static inline void change_range(struct change *change, size_t begin, size_t end)
{
	unsigned char noise[4096];
	size_t length = end - begin;

	for (size_t i = 0; i < sizeof(noise); i++)
		noise[i] = (unsigned char)roll(256);
	change->begin = begin;
	change->end = end;
	switch (roll(6)) {
	case 0:
		change->name = "noise";
		replace(&change->bytes, begin, length, noise, length);
		break;
	case 1:
		change->name = "zeroes";
		memset(noise, 0, length);
		replace(&change->bytes, begin, length, noise, length);
		break;
	case 2:
		change->name = "removed";
		replace(&change->bytes, begin, length, "", 0);
		break;
	case 3:
		change->name = "inserted";
		replace(&change->bytes, begin, 0, noise, length);
		change->end = begin;
		break;
	case 4:
		change->name = "doubled";
		replace(&change->bytes, begin, 0, good.data + begin, length);
		change->end = begin;
		break;
	default:
		change->name = "cut";
		change->bytes.size = begin;
		change->end = good.size;
		break;
	}
}

static inline void change_blocks(struct change *change)
{
	size_t first = 1 + roll(places - 4);
	const struct place *a = &place[first], *b = &place[first + 1];

	change->begin = change->end = a->begin;
	switch (roll(4)) {
	case 0:
		change->name = "block removed";
		change->end = a->end;
		replace(&change->bytes, a->begin, a->end - a->begin, "", 0);
		break;
	case 1:
		change->name = "block doubled";
		replace(&change->bytes, a->end, 0, good.data + a->begin,
			a->end - a->begin);
		break;
	case 2:
		change->name = "blocks swapped";
		replace(&change->bytes, b->begin, b->end - b->begin, "", 0);
		replace(&change->bytes, a->begin, 0, good.data + b->begin,
			b->end - b->begin);
		break;
	default:
		change->name = "cut behind a block";
		change->bytes.size = a->begin;
		change->end = good.size;
		break;
	}
}

static inline void draw_change(struct change *change)
{
	size_t at = roll(good.size - 1), length = 1 + roll(roll(2) ? 4000 : 16);

	change->bytes.size = good.size;
	change->bytes.data = malloc(good.size + 1);
	assert_non_null(change->bytes.data);
	memcpy(change->bytes.data, good.data, good.size);
	if (!roll(5)) {
		change_blocks(change);
	} else if (!roll(3)) {
		change->name = "bit";
		change->begin = at;
		change->end = at + 1;
		change->bytes.data[at] ^= (unsigned char)(1 << roll(8));
	} else {
		change_range(change, at,
			     at + length < good.size ? at + length : good.size);
	}
}

static inline bool is_changed(const struct change *change)
{
	return change->bytes.size != good.size ||
	       memcmp(change->bytes.data, good.data, good.size) != 0;
}

/* Was nothing of the block changed, taken out, or put in between? */
static inline bool is_untouched(const struct change *change, const struct place *it)
{
	return it->end <= change->begin || it->begin >= change->end;
}
