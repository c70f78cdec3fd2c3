/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * memory-store.h - memory of machines that are gone, for those that follow
 *
 * Who makes thousands of machines a second, one like the other, mostly waits for memory
 * to be mapped and taken away again. What a store has stays mapped, and of it only what
 * was touched is made zero.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hardware/memory.h"

#define MEMORY_STORE_MOST 12 /* each takes a place of the linear maps' few */

struct memory_touched;

/* What is behind a linear map, and where; a store knows what of it was touched. */
struct memory_mapping {
	int fd;
	char *linear;
	struct memory_touched *touched;
};

/**
 * struct memory_store - an empty one is all zero
 *
 * @kept:	the memories, as they were given
 * @count:	how many
 */
struct memory_store {
	struct memory_kept {
		struct memory_mapping mapping;
		struct memory_range *range;
		size_t ranges;
	} kept[MEMORY_STORE_MOST];
	unsigned int count;
};

/** memory_store_deinit() - release all that is kept; it is empty then */
void memory_store_deinit(struct memory_store *store);

/**
 * memory_store_take() - the mapping of a memory of the same ranges, all zero
 *
 * Return: is there one? It is the caller's then.
 */
bool memory_store_take(struct memory_store *store, const struct memory_range *range,
		       size_t ranges, struct memory_mapping *ret);

/**
 * memory_store_give() - keep the mapping of a memory
 * @store:	where
 * @range:	its ranges, of heap_alloc(); nothing else of it is mapped
 * @ranges:	how many
 * @mapping:	as it was used
 *
 * Return: is it kept? Both are the store's then.
 */
bool memory_store_give(struct memory_store *store, struct memory_range *range,
		       size_t ranges, struct memory_mapping *mapping);

/** memory_mapping_end() - unmap what a store gave, or what it never had */
void memory_mapping_end(const struct memory_mapping *mapping, uint64_t end);
