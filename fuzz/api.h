/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * api.h - what fuzz-api.c drives: one device on one machine, and all that it holds
 *
 * A call begins with api_begin(). What it took is known from then on, whether it is pages,
 * slots, translations or addresses: what fails takes nothing, and what is given back
 * gives all of it.
 */
#pragma once

#include <libdma/dma-mapping.h>
#include <libdma/dmapool.h>
#include <libdma/machine.h>

#include "requests.h"

#define API_THINGS 24
#define API_PIECES 8
#define API_BLOCKS 8
#define API_BUFFER (API_PIECES * PAGE_SIZE)
#define API_WINDOW 0x3000000000ULL /* of DMA addresses, where there is one */

/* The device's own memory, which ends where RAM begins again. */
#define API_REGION_PHYS (API_HIGH - 16 * PAGE_SIZE)
#define API_HIGH	(4ULL << 30)
#define API_REGION	0x40000000ULL

enum api_use {
	API_UNUSED,
	API_MEMORY,
	API_PAGES,
	API_TABLE,
	API_MAPPED,
	API_RESOURCE,
	API_LIST,
	API_RANGE,
	API_POOL,
};

/* What can be taken, in bytes. */
struct api_account {
	uint64_t pages; /* of zones, the contiguous area and atomic pools */
	uint64_t own;	/* of the device's own region */
	uint64_t slots; /* of bounce buffers */
	uint64_t mapped, iovas, remapped;
};

/* Of a pool; one that nobody has is at NULL. */
struct api_block {
	void *cpu;
	dma_addr_t dma;
	unsigned char pattern;
};

struct api_thing {
	enum api_use use;
	struct api_account took;
	enum dma_data_direction dir;
	unsigned long attrs;
	dma_addr_t dma;
	phys_addr_t phys; /* of what is mapped */
	uint64_t size;
	void *memory; /* as it was given */
	unsigned char *cpu;
	struct sg_table *table;
	unsigned char *buffer; /* to be mapped; kept until the end */
	bool managed, copied, own, touched;
	unsigned char pattern;
	struct scatterlist list[API_PIECES];
	unsigned int pieces, ents;
	struct dma_iova_state range;
	uint64_t linked;
	struct dma_pool *pool;
	uint64_t handle, align, boundary;
	struct api_block block[API_BLOCKS];
};

extern struct api {
	struct requests requests;
	struct libdma_machine *machine;
	struct device *dev;
	bool iommu, lazy, forced, restricted, coherent, untrusted, windowed;
	unsigned int config;
	unsigned int fails; /* which allocation of the model's own memory; 0: none */
	uint64_t granule, mask, coherent_mask;
	bool narrow; /* one of them was once below 32 bits */
	bool skips_sync;
	struct api_account before;
	uint64_t iovas, translated; /* as events tell it */
	int64_t bounces;
	unsigned int told, said; /* events of this call, and words of warning */
	struct dma_event event;
	struct api_thing thing[API_THINGS];
	uint64_t region; /* bytes of the device's own, 0 without */
	uint64_t handles; /* the last pool's */
	uint64_t idle;	  /* bytes that are free without a device */
} api;

static inline enum dma_kernel api_kernel(void)
{
	return requests_kernel(&api.requests);
}

static inline uint64_t api_whole(uint64_t size, uint64_t unit)
{
	return (size + unit - 1) / unit * unit;
}

/* ---- api-account.c ---- */

void api_observe(void *arg, const struct dma_event *event);
void api_hear(void *arg, enum libdma_log_level level, const char *text);
void api_begin(void);
bool api_holds_something(void);

/* Bytes that the machine has to give: of zones, the contiguous area and atomic pools. */
uint64_t api_bytes_free(void);

void api_account_add(struct api_account *all, const struct api_account *took);

/* One event was told, and it was this one. */
void api_expect_event(const struct dma_event *expected);

/* The lists of that event. */
void api_expect_lists(const struct api_thing *thing, bool phys, bool dma);

/* What is held since api_begin() is the thing's; all of that is given back; nothing is. */
void api_take(struct api_thing *thing);
void api_give(const struct api_thing *thing);
void api_expect_nothing(void);

/* Where the device's address leads; the address of memory without an IOMMU. */
phys_addr_t api_leads_to(dma_addr_t dma);
dma_addr_t api_on_bus(phys_addr_t phys);

unsigned char api_pattern(void);

/* What the device sees, writes, and may not do. */
void api_device_sees(dma_addr_t dma, const unsigned char *bytes, uint64_t size);
void api_device_writes(dma_addr_t dma, unsigned char pattern, uint64_t size);
void api_expect_permission(dma_addr_t dma, uint64_t size, enum dma_data_direction dir);
void api_expect_gone(dma_addr_t dma, uint64_t size);

/* Addresses are low while there are some, unless that is switched off (I21). */
void api_expect_choice(dma_addr_t dma, uint64_t size, uint64_t mask);

/* ---- api-memory.c ---- */

void api_alloc(struct api_thing *thing, const struct dma_event *event);
void api_free(struct api_thing *thing);

/* ---- api-pool.c ---- */

void api_pool(struct api_thing *thing, const struct dma_event *event);

/* All blocks are given back; and the pool ends. */
void api_pool_empty(struct api_thing *thing);
void api_pool_end(struct api_thing *thing);

/* ---- api-region.c ---- */

void api_declare(uint64_t size);
void api_release(void);
void api_mark(uint64_t page, uint64_t size);

/* ---- api-map.c ---- */

void api_map(struct api_thing *thing, const struct dma_event *event);
void api_map_list(struct api_thing *thing, const struct dma_event *event);

/* No bytes that anybody could look at. */
bool api_holds_registers(const struct api_thing *thing);

void api_expect_map_event(const struct api_thing *thing, bool unmap);

unsigned char *api_cpu_of(const struct scatterlist *sg);

/* A buffer of its own, with new bytes up to @end. */
void api_fill(struct api_thing *thing, uint64_t end);

/* Does an IOMMU's device get a copy of this? */
bool api_copied_for_iommu(phys_addr_t phys, uint64_t size, enum dma_data_direction dir);

/* ---- api-unmap.c ---- */

void api_unmap(struct api_thing *thing);
void api_sync(struct api_thing *thing, const struct dma_event *event, bool for_cpu);

/* ---- api-range.c ---- */

void api_range_alloc(struct api_thing *thing, const struct dma_event *event);
void api_range_link(struct api_thing *thing, const struct dma_event *event);
void api_range_unlink(struct api_thing *thing);
void api_range_end(struct api_thing *thing);
