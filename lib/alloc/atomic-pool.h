/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * atomic-pool.h - memory set aside for allocations that must not wait
 *
 * A machine has up to three, one a zone. Each is a list of chunks of pages, the newest
 * first; of the first chunk with a run that is long enough the first such run is taken,
 * at a multiple of its size rounded up to a power of two.
 *
 * Kernel counterpart: kernel/dma/pool.c, lib/genalloc.c (RULES.md A16-A19)
 */
#pragma once

#include "base/extent.h"
#include "base/heap.h"
#include "base/rules.h"
#include "hardware/memory.h"

#define ATOMIC_POOL_MAX_ORDER 10 /* of a chunk: the kernel's MAX_PAGE_ORDER */

/**
 * struct atomic_pool_pages - who provides chunks
 *
 * @alloc:	get 2^order pages; 0 or -errno
 * @free:	give them back
 * @arg:	for both
 */
struct atomic_pool_pages {
	int (*alloc)(void *arg, unsigned int order, phys_addr_t *phys);
	void (*free)(void *arg, unsigned int order, phys_addr_t phys);
	void *arg;
};

struct atomic_pool;

/** atomic_pool_default_size() - bytes that each pool aims at, of a machine's memory (A16)
 */
uint64_t atomic_pool_default_size(uint64_t memory);

/**
 * atomic_pool_create() - a pool with its first chunk
 * @heap:	for the descriptors
 * @pages:	copied
 * @target:	bytes it aims at, at least 1; the first chunk is as large, or as large as
 *		can be had
 * @ret:	set to the pool
 *
 * Return: 0; -EINVAL for target 0; -ENOSPC where not even one page is to be had; -ENOMEM.
 */
int atomic_pool_create(struct heap *heap, const struct atomic_pool_pages *pages,
		       uint64_t target, struct atomic_pool **ret);

/** atomic_pool_destroy() - give back the chunks, used or not; NULL is allowed */
void atomic_pool_destroy(struct atomic_pool *pool);

/**
 * atomic_pool_alloc() - take bytes of whole pages
 *
 * Return: 0; -ENOMEM; -EINVAL for size 0.
 */
int atomic_pool_alloc(struct atomic_pool *pool, uint64_t size, phys_addr_t *phys);

/**
 * atomic_pool_free() - give them back
 *
 * Return: 0; -ENOENT where they are not the pool's, and another may know them; -EINVAL
 * where some are not taken: nothing changes, while the kernel stops.
 */
int atomic_pool_free(struct atomic_pool *pool, phys_addr_t phys, uint64_t size);

/** atomic_pool_is_low() - is less free than the target, so that it should grow? (A19) */
bool atomic_pool_is_low(const struct atomic_pool *pool);

/**
 * atomic_pool_grow() - add a chunk as large as the pool, or as large as can be had
 *
 * The kernel does so in the background, after an allocation left it low; when that runs
 * is for the caller to say.
 *
 * Return: 0; -ENOSPC where not even one page is to be had; -ENOMEM.
 */
int atomic_pool_grow(struct atomic_pool *pool);

/** atomic_pool_size(), atomic_pool_available() - bytes in all, and those that are free */
uint64_t atomic_pool_size(const struct atomic_pool *pool);
uint64_t atomic_pool_available(const struct atomic_pool *pool);

/**
 * atomic_pool_next() - which of a machine's pools is tried (A17)
 * @rules:	of the modelled kernel
 * @has:	which zones have one
 * @previous:	the one that could not serve, or -1 at first
 * @zone:	what the caller's flags ask for
 *
 * Return: the zone of the pool, or -1 where none is left.
 */
int atomic_pool_next(const struct kernel_rules *rules, const bool has[MEMORY_ZONES],
		     int previous, enum memory_zone zone);

/** atomic_pool_walk() - show chunks, newest first, in physical addresses */
int atomic_pool_walk(const struct atomic_pool *pool, extent_visitor *visit, void *arg);

/** atomic_pool_valid() - do the pool's own invariants hold? For tests. */
bool atomic_pool_valid(const struct atomic_pool *pool);
