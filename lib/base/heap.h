/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * heap.h - the model's own memory, which can be told to run out
 *
 * A machine has one heap, and each module takes its descriptors from it, so that
 * any allocation inside the model can be made to fail: the nth, or some of them.
 * Not the memory that drivers allocate: that is of hardware/.
 *
 * Kernel counterpart: mm/failslab.c
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/**
 * struct heap - when an allocation fails; all zero: only when memory is really short
 *
 * @calls:	allocations asked for so far
 * @fail_nth:	the call, counted from 1, that fails; 0 for none
 * @fail_ppm:	how many of a million calls fail
 * @random:	state of the dice for @fail_ppm; any seed
 */
struct heap {
	uint64_t calls;
	uint64_t fail_nth;
	uint32_t fail_ppm;
	uint64_t random;
};

/**
 * heap_alloc() - zeroed memory for @count members of @size bytes
 *
 * @heap may be NULL: then nothing but real shortage fails.
 *
 * Return: the memory, for heap_free(); NULL where it fails.
 */
void *heap_alloc(struct heap *heap, size_t count, size_t size);

/**
 * heap_resize() - memory of another size that keeps its content
 *
 * What is gained is not zeroed, so that from NULL it is memory that will be filled
 * anyway. On failure @memory stays as it was.
 *
 * Return: the memory, or NULL.
 */
void *heap_resize(struct heap *heap, void *memory, size_t count, size_t size);

/** heap_free() - give memory back; NULL is allowed */
void heap_free(void *memory);
