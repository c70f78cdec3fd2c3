// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * heap.c - the model's own memory, which can be told to run out
 *
 * Kernel counterpart: mm/failslab.c
 */
#include <stdbool.h>
#include <stdlib.h>

#include "base/heap.h"

#define MILLION 1000000

/* Knuth's multiplier: the dice need no more than to be spread and repeatable. */
static uint32_t roll(struct heap *heap)
{
	heap->random = heap->random * 6364136223846793005ULL + 1442695040888963407ULL;
	return (uint32_t)(heap->random >> 33) % MILLION;
}

static bool fails(struct heap *heap)
{
	if (!heap)
		return false;
	if (++heap->calls == heap->fail_nth)
		return true;
	return heap->fail_ppm && roll(heap) < heap->fail_ppm;
}

void *heap_alloc(struct heap *heap, size_t count, size_t size)
{
	return fails(heap) ? NULL : calloc(count, size);
}

void *heap_resize(struct heap *heap, void *memory, size_t count, size_t size)
{
	return fails(heap) ? NULL : reallocarray(memory, count, size);
}

void heap_free(void *memory)
{
	free(memory);
}
