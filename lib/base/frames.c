// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * frames.c - which of many ranges of one length holds an address
 */
#include <errno.h>

#include "base/bits.h"
#include "base/frames.h"

#define FIRST_SLOTS 16

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
	heap_free(frames->slot);
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

void frames_add(struct frames *frames, uint64_t start, uint32_t number)
{
	uint64_t end = start + frames->length - 1;

	put(frames, (struct frame_slot) { start, number, false });
	if (start >> frames->shift != end >> frames->shift)
		put(frames, (struct frame_slot) { start, number, true });
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
