/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * peer-region.h - the kernel's per-device region, built as a shared object of its own
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* What the shared object exports as `peer_region`. */
struct peer_region {
	/* 0 or -errno; there is one region, at @memory and at the DMA address @dma */
	int (*declare)(char *memory, uint64_t dma, size_t size);
	/* NULL where there is no room; @zero: whether memory is zeroed, as the kernel
	 * does */
	void *(*alloc)(size_t size, uint64_t *dma);
	int (*release)(int order, void *cpu);
	void (*undeclare)(void);
	void (*set_zeroing)(int zero);
};
