/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * peer-atomic-pool.h - the kernel's atomic pools, built as a shared object of their own
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Zones are counted from 0: DMA, DMA32, NORMAL. Addresses are physical. */
enum { PEER_ZONES = 3 };

/* What the kernel's code asks of the machine that it is on. */
struct peer_memory {
	uint64_t pages; /* of RAM that is managed */
	bool has[PEER_ZONES];
	uint64_t cma_start, cma_size; /* 0 for none */
	/* UINT64_MAX where there is no room */
	uint64_t (*alloc_pages)(unsigned int zone, unsigned int order);
	uint64_t (*alloc_contiguous)(unsigned long pages, unsigned int align_order);
};

/* What the shared object exports as `peer_atomic_pool`. */
struct peer_atomic_pool {
	/* as at boot; @size is that of coherent_pool=, or 0 */
	void (*create)(const struct peer_memory *memory, size_t size);
	void (*destroy)(void); /* when nothing is allocated */
	/* nothing above @limit; UINT64_MAX where there is no room; pools grow at once */
	uint64_t (*alloc)(unsigned int zone, size_t size, uint64_t limit);
	bool (*free)(uint64_t phys, size_t size);
	/* of a zone's pool, UINT64_MAX where there is none */
	uint64_t (*size)(unsigned int zone);
	uint64_t (*available)(unsigned int zone);
};
