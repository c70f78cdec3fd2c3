/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * bitmap.h - a fixed number of bits, and where a run of clear ones is
 *
 * For each power of two up to a word's 64 bits one more bit a word says whether the
 * word has such an aligned run of clear bits, and one more for 64 words. So the first run
 * of a GiB's pages is found by three looks, and it is the one that a look at each bit
 * would find.
 *
 * Kernel counterpart: lib/bitmap.c, lib/find_bit.c
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/heap.h"

struct bitmap;

/** bitmap_create() - @bits clear bits; 0 or -ENOMEM */
int bitmap_create(struct heap *heap, size_t bits, struct bitmap **ret);

/** bitmap_destroy() - release a bitmap; NULL is allowed */
void bitmap_destroy(struct bitmap *map);

size_t bitmap_size(const struct bitmap *map);

/** bitmap_weight() - how many bits are set */
size_t bitmap_weight(const struct bitmap *map);

/* Bits and runs below are inside the bitmap. */
bool bitmap_test(const struct bitmap *map, size_t bit);
bool bitmap_all_set(const struct bitmap *map, size_t bit, size_t count);
void bitmap_set(struct bitmap *map, size_t bit, size_t count);
void bitmap_clear(struct bitmap *map, size_t bit, size_t count);

/** bitmap_next_set() - the first set bit not below @bit, or bitmap_size() */
size_t bitmap_next_set(const struct bitmap *map, size_t bit);

/** bitmap_next_clear() - the first clear bit not below @bit, or bitmap_size() */
size_t bitmap_next_clear(const struct bitmap *map, size_t bit);

/**
 * bitmap_find_order() - 2^order clear bits at a multiple of 2^order
 *
 * Return: the first such bit, or bitmap_size().
 */
size_t bitmap_find_order(const struct bitmap *map, unsigned int order);

/**
 * bitmap_find_clear() - a run of clear bits
 * @map:	the bits
 * @from:	where to begin to look
 * @count:	how many, at least 1
 * @align:	a power of two
 * @distance:	the run begins where bit + @distance is a multiple of @align
 *
 * Return: its first bit, or bitmap_size().
 */
size_t bitmap_find_clear(const struct bitmap *map, size_t from, size_t count,
			 size_t align, size_t distance);

/** bitmap_valid() - does what is kept besides the bits agree with them? For tests. */
bool bitmap_valid(const struct bitmap *map);
