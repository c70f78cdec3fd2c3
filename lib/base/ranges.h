/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ranges.h - a set of disjoint ranges of numbers that knows its gaps
 *
 * A search for the highest gap in which a naturally aligned range fits takes
 * O(log n), and so does all else but a walk.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/heap.h"

/* What comes after the last range; no range holds it. */
#define RANGES_END UINT64_MAX

/* A range from @lo to @hi, both in it. */
struct range {
	uint64_t lo;
	uint64_t hi;
};

struct ranges;

/**
 * ranges_create() - an empty set
 * @heap:	where its nodes come from; NULL for plain memory
 * @ret:	the set
 *
 * Return: 0 or -ENOMEM.
 */
int ranges_create(struct heap *heap, struct ranges **ret);
void ranges_destroy(struct ranges *ranges);

/** ranges_clone() - another set of the same ranges; 0 or -ENOMEM */
int ranges_clone(const struct ranges *of, struct ranges **ret);

/**
 * ranges_take() - add the highest range of a size that lies below a bound
 * @ranges:	the set
 * @size:	numbers in the range, 1 to 2^63; it is aligned to the next power of two
 * @below:	all of it is below this
 * @floor:	all of it is at or above this
 * @ret:	its first number
 *
 * Return: 0, -ENOSPC, or -ENOMEM with the set unchanged.
 */
int ranges_take(struct ranges *ranges, uint64_t size, uint64_t below, uint64_t floor,
		uint64_t *ret);

/** ranges_insert() - add a range; 0, -EINVAL, -EEXIST where one overlaps, or -ENOMEM */
int ranges_insert(struct ranges *ranges, struct range range);

/** ranges_remove() - remove the range that begins at @lo; 0 or -ENOENT */
int ranges_remove(struct ranges *ranges, uint64_t lo);

/**
 * ranges_extract() - remove the range that holds a number
 * @ranges:	the set
 * @number:	the number
 * @ret:	the range
 * @next:	the one above it, or one of RANGES_END
 *
 * Return: 0 or -ENOENT.
 */
int ranges_extract(struct ranges *ranges, uint64_t number, struct range *ret,
		   struct range *next);

/**
 * ranges_lower() - let the range that begins at @lo begin at @to, which is lower
 *
 * Return: 0, -ENOENT, or -EEXIST where another is in the way.
 */
int ranges_lower(struct ranges *ranges, uint64_t lo, uint64_t to);

/** ranges_find() - the range that holds a number; 0 or -ENOENT */
int ranges_find(const struct ranges *ranges, uint64_t number, struct range *ret);

/** ranges_next() - the first range that begins at @from or later, or one of RANGES_END */
struct range ranges_next(const struct ranges *ranges, uint64_t from);

typedef int ranges_visitor(struct range range, void *arg);

/** ranges_walk() - visit each range, lowest first; a non-zero return ends the walk */
int ranges_walk(const struct ranges *ranges, ranges_visitor *visit, void *arg);

/** ranges_count() - how many there are */
size_t ranges_count(const struct ranges *ranges);

/** ranges_memory() - bytes that the set takes */
size_t ranges_memory(const struct ranges *ranges);

/** ranges_valid() - do the set's own invariants hold? For tests. */
bool ranges_valid(const struct ranges *ranges);
