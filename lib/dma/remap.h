/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * remap.h - mappings for the CPU of memory that is scattered, or must not be cached
 *
 * Kernel counterpart: kernel/dma/remap.c
 */
#pragma once

#include <libdma/dma-mapping.h>

/* What was mapped: found again by its address when it is freed. */
struct remap {
	struct remap *next;
	void *cpu;
	size_t pages;
	bool scattered; /* its pages were taken one by one, or in runs */
	phys_addr_t page[];
};

/* A range of pages of one allocation; NULL without memory. */
void *remap_range(struct device *dev, phys_addr_t phys, size_t size);

/* Pages that were taken as they came; NULL without memory. */
void *remap_pages(struct device *dev, const phys_addr_t *page, size_t pages);

/* The mapping at an address, or NULL. */
struct remap *remap_find(const struct device *dev, const void *cpu);

/* End a mapping; its pages stay taken. NULL is allowed. */
void remap_end(struct device *dev, struct remap *remap);

/* End all that a device has left. */
void remap_end_all(struct device *dev);
