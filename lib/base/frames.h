/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * frames.h - which of many ranges of one length holds an address
 *
 * A hash by address divided by a power of two not below the length: a range then
 * touches two frames at most, and an address is found with one or two looks. Ranges that
 * begin where frames do, and lie close together, as pages mostly do, are found without
 * hashing, in an array by frame.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/heap.h"

#define FRAMES_NONE UINT32_MAX

struct frame_slot {
	uint64_t start;
	uint32_t number; /* FRAMES_NONE: empty */
	bool tail;       /* found by the range's last byte, not its first */
};

/**
 * struct window - frames in a row
 *
 * @base:	the first
 * @span:	how many
 * @number:	of the range that begins with each; FRAMES_NONE for none
 */
struct window {
	uint64_t base;
	uint64_t span;
	uint32_t *number;
};

/**
 * struct frames - ranges [start, start + length), each with a number
 *
 * @slot:	open addressing; no more than half are in use
 * @length:	bytes of every range
 * @shift:	log2 of a frame
 * @down:	64 - log2 of the number of slots
 * @used:	slots in use
 * @window:	some of the ranges; the slots have all
 */
struct frames {
	struct window window;
	struct frame_slot *slot;
	uint64_t length;
	unsigned int shift;
	unsigned int down;
	uint32_t used;
};

/** frames_init() - a table of ranges of @length bytes; 0 or -ENOMEM */
int frames_init(struct frames *frames, struct heap *heap, uint64_t length);

/** frames_deinit() - release what frames_init() took */
void frames_deinit(struct frames *frames);

/** frames_reserve() - make room, so that the next frames_add() cannot fail; 0 or -ENOMEM
 */
int frames_reserve(struct frames *frames, struct heap *heap);

/** frames_add() - add a range; frames_reserve() came before, so this cannot fail */
void frames_add(struct frames *frames, struct heap *heap, uint64_t start, uint32_t number);

/* By hash: FRAMES_NONE, or the range's number. */
uint32_t frames_search(const struct frames *frames, uint64_t address, uint64_t *offset);

/**
 * frames_find() - the range that holds an address
 * @frames:	the ranges
 * @address:	the address
 * @offset:	set to its distance from the range's start
 *
 * Return: the range's number, or FRAMES_NONE.
 */
static inline uint32_t frames_find(const struct frames *frames, uint64_t address,
				   uint64_t *offset)
{
	uint64_t at = (address >> frames->shift) - frames->window.base;
	uint32_t number;

	if (at < frames->window.span) {
		number = frames->window.number[at];
		*offset = address & ((1ULL << frames->shift) - 1);
		if (number != FRAMES_NONE && *offset < frames->length)
			return number;
	}
	return frames_search(frames, address, offset);
}
