/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * peer-debug.h - the kernel's dma-debug, built as a shared object of its own
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define PEER_DEVICES 4
#define PEER_ENTRIES 8

/* Memory of the machine, which is RAM up to its end. */
#define PEER_RAM_END    0x40000000ULL
#define PEER_TEXT       0x2000000ULL
#define PEER_TEXT_END   0x2100000ULL
#define PEER_RODATA     0x2200000ULL
#define PEER_RODATA_END 0x2210000ULL
#define PEER_REGISTERS  0x41000000ULL

/* A list as it was mapped: its entries, and the segments of the first @ents of them. */
struct peer_list {
	unsigned int nents, ents;
	uint64_t phys[PEER_ENTRIES], dma[PEER_ENTRIES];
	uint32_t size[PEER_ENTRIES], dma_size[PEER_ENTRIES];
};

/* What the shared object exports as `peer_debug`. Devices are numbers. */
struct peer_debug {
	/* forget all; limits of lists, and what dma_get_cache_alignment() is */
	void (*reset)(uint32_t max_segment, uint64_t boundary, int cache_alignment);
	void (*map)(unsigned int dev, uint64_t phys, size_t size, int dir, uint64_t dma,
		    unsigned long attrs);
	void (*unmap)(unsigned int dev, uint64_t dma, size_t size, int dir,
		      unsigned long attrs);
	void (*map_resource)(unsigned int dev, uint64_t phys, size_t size, int dir,
			     uint64_t dma, unsigned long attrs);
	void (*unmap_resource)(unsigned int dev, uint64_t dma, size_t size, int dir,
			       unsigned long attrs);
	void (*map_sg)(unsigned int dev, const struct peer_list *list, int dir,
		       unsigned long attrs);
	void (*unmap_sg)(unsigned int dev, const struct peer_list *list, int nents,
			 int dir, unsigned long attrs);
	void (*alloc)(unsigned int dev, uint64_t phys, size_t size, uint64_t dma,
		      unsigned long attrs);
	void (*free)(unsigned int dev, uint64_t phys, size_t size, uint64_t dma,
		     unsigned long attrs);
	void (*alloc_pages)(unsigned int dev, uint64_t phys, size_t size, int dir,
			    uint64_t dma);
	void (*free_pages)(unsigned int dev, uint64_t phys, size_t size, int dir,
			   uint64_t dma);
	void (*sync)(unsigned int dev, int for_cpu, uint64_t dma, size_t size, int dir);
	void (*sync_sg)(unsigned int dev, int for_cpu, const struct peer_list *list,
			int nents, int dir);
	void (*mapping_error)(unsigned int dev, uint64_t dma);
	void (*unbind)(unsigned int dev);
	/* the messages of the last of these calls, one after the other; then NULL */
	const char *(*said)(unsigned int index);
};
