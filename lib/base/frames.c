// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * frames.c - which of many ranges of one length holds an address
 */
#include <errno.h>
#include <string.h>

#include "base/bits.h"
#include "base/frames.h"

#define FIRST_SLOTS   16
#define WINDOW_FRAMES 4 /* of a window for each range, at most */
#define WINDOW_SHIFT  8 /* narrower frames have none, so that numbers do not wrap */

static struct frame_slot *empty_slots(struct heap *heap, size_t slots)
{
	struct frame_slot *slot = heap_alloc(heap, slots, sizeof(*slot));

	for (size_t at = 0; slot && at < slots; at++)
		slot[at].number = FRAMES_NONE;
	return slot;
}

int frames_init(struct frames *frames, struct heap *heap, uint64_t length)
{
	*frames = (struct frames) {
		.slot = empty_slots(heap, FIRST_SLOTS),
		.length = length,
		.shift = length > 1ULL << 63 ? 63 : log2_up(length),
		.down = 64 - log2_up(FIRST_SLOTS),
	};
	return frames->slot ? 0 : -ENOMEM;
}

void frames_deinit(struct frames *frames)
{
	heap_free(frames->window.number);
	heap_free(frames->slot);
}

/* Fibonacci hashing: neighbouring frames spread over the whole table. */
static uint32_t frames_slot(const struct frames *frames, uint64_t frame)
{
	return (uint32_t)((frame * 0x9e3779b97f4a7c15ULL) >> frames->down);
}

static void put(struct frames *frames, struct frame_slot slot)
{
	uint64_t address = slot.start + (slot.tail ? frames->length - 1 : 0);
	uint32_t last = UINT32_MAX >> (frames->down - 32), at;

	for (at = frames_slot(frames, address >> frames->shift);
	     frames->slot[at].number != FRAMES_NONE; at = (at + 1) & last)
		;
	frames->slot[at] = slot;
	frames->used++;
}

/* Let the window hold a frame, too, and as much again beyond, lest it be done often. */
static bool stretch(struct frames *frames, struct heap *heap, uint64_t frame)
{
	const struct window old = frames->window;
	uint64_t from = frame, to = frame + 64;
	uint32_t *number;

	if (old.span && frame < old.base) {
		from = frame > old.span ? frame - old.span : 0;
		to = old.base + old.span;
	} else if (old.span) {
		from = old.base;
		to = frame + old.span;
	}
	if (to - from > WINDOW_FRAMES * ((uint64_t)frames->used + 64))
		return false; /* it would be empty for the most part */
	number = heap_alloc(heap, to - from, sizeof(*number));
	if (!number)
		return false;
	memset(number, 0xff, (to - from) * sizeof(*number));
	if (old.span)
		memcpy(number + (old.base - from), old.number,
		       old.span * sizeof(*number));
	heap_free(old.number);
	frames->window = (struct window) { from, to - from, number };
	return true;
}

void frames_add(struct frames *frames, struct heap *heap, uint64_t start, uint32_t number)
{
	uint64_t end = start + frames->length - 1, frame = start >> frames->shift;

	put(frames, (struct frame_slot) { start, number, false });
	if (frame != end >> frames->shift)
		put(frames, (struct frame_slot) { start, number, true });
	if (frame << frames->shift != start || frames->shift < WINDOW_SHIFT)
		return;
	if (frame - frames->window.base < frames->window.span ||
	    stretch(frames, heap, frame))
		frames->window.number[frame - frames->window.base] = number;
}

int frames_reserve(struct frames *frames, struct heap *heap)
{
	size_t slots = (size_t)1 << (64 - frames->down);
	struct frames grown = *frames;

	if ((size_t)frames->used + 2 <= slots / 2)
		return 0;
	if (slots > UINT32_MAX / 2)
		return -ENOMEM;
	grown.slot = empty_slots(heap, slots * 2);
	if (!grown.slot)
		return -ENOMEM;
	grown.down--;
	grown.used = 0;
	for (size_t at = 0; at < slots; at++)
		if (frames->slot[at].number != FRAMES_NONE)
			put(&grown, frames->slot[at]);
	heap_free(frames->slot);
	*frames = grown;
	return 0;
}

uint32_t frames_search(const struct frames *frames, uint64_t address, uint64_t *offset)
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
