/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * peer-contiguous.h - the kernel's CMA, built as a shared object of its own
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What the shared object exports as `peer_contiguous`. Sizes are in bytes. */
struct peer_contiguous {
	/* 0 or -errno; there is one area, which replaces that of before */
	int (*create)(uint64_t phys, uint64_t size);
	/* asked for each run: is a page of it in use, and cannot be moved away? */
	void (*set_busy)(bool (*busy)(unsigned long pfn, unsigned long pages));
	/* physical addresses, 0 where there is no room */
	uint64_t (*alloc_pages)(unsigned long pages, unsigned int align_order);
	uint64_t (*alloc)(size_t size); /* as dma_alloc_contiguous() does */
	bool (*release)(uint64_t phys, unsigned long pages); /* false: not the area's */
	bool (*taken)(unsigned long page); /* of the area */
};
