/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * peer-pool.h - the kernel's dma_pool, built as a shared object of its own
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* What the shared object exports as `peer_pool`. */
struct peer_pool {
	/* pages are cut one behind the other from @memory, at DMA addresses from @dma on
	 */
	void (*arena)(char *memory, size_t size, uint64_t dma);
	void *(*create)(size_t size, size_t align, size_t boundary);
	void *(*alloc)(void *pool, uint64_t *dma);
	void (*free)(void *pool, void *cpu, uint64_t dma);
	void (*destroy)(void *pool);
	void (*show)(char *text); /* the `pools` file; room for a page */
};
