/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * frames.h - which of many ranges of one length holds an address
 *
 * A hash by address divided by a power of two not below the length: a range then
 * touches two frames at most, and an address is found with one or two looks.
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
 * struct frames - ranges [start, start + length), each with a number
 *
 * @slot:	open addressing; no more than half are in use
 * @length:	bytes of every range
 * @shift:	log2 of a frame
 * @down:	64 - log2 of the number of slots
 * @used:	slots in use
 */
struct frames {
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

/** frames_add() - add a range; frames_reserve() came before */
void frames_add(struct frames *frames, uint64_t start, uint32_t number);

/* Fibonacci hashing: neighbouring frames spread over the whole table. */
static inline uint32_t frames_slot(const struct frames *frames, uint64_t frame)
{
	return (uint32_t)((frame * 0x9e3779b97f4a7c15ULL) >> frames->down);
}

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
	const uint32_t last = UINT32_MAX >> (frames->down - 32);
	uint32_t at = frames_slot(frames, address >> frames->shift);

	while (frames->slot[at].number != FRAMES_NONE) {
		*offset = address - frames->slot[at].start;
		if (*offset < frames->length)
			return frames->slot[at].number;
		at = (at + 1) & last;
	}
	return FRAMES_NONE;
}
