/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * rerun.h - what the files that run a recording again share
 */
#pragma once

#include <libdma/device.h>
#include <libdma/dma-mapping.h>
#include <libdma/dmapool.h>
#include <libdma/rerun.h>
#include <libdma/scatterlist.h>

#include "dma/live.h"

/* What a request got here: live.event.attrs points to it. */
struct made {
	struct made *next, *previous; /* of all */
	struct device *dev;
	uint16_t kind; /* of a list always DMA_EVENT_MAP_SG */
	enum dma_data_direction dir;
	dma_addr_t dma;
	uint64_t size;
	unsigned long attrs;
	void *cpu;
	struct page *page;
	struct dma_pool *pool;
	unsigned int nents;
	struct scatterlist *list;
	struct rerun_range *range; /* of DMA_EVENT_IOVA_TRY_ALLOC */
	bool bounced;
	bool extra; /* it failed in the recording, which so has no end for it */
	phys_addr_t phys; /* of a list's first entry */
};

/* Is it a list, be it that the recording could not map it? */
bool rerun_is_list(const struct dma_event *event);

struct rerun_pool {
	uint64_t handle; /* the recording's */
	struct dma_pool *pool;
};

#define IOMMU_RUNS 256

/* What a task had the IOMMU map last, in a row; @claimed: a mapping told of it. */
struct iommu_run {
	uint32_t who;
	uint64_t start, end;
	bool claimed;
};

struct libdma_rerun {
	struct libdma_environment *environment;
	const struct libdma_strings *strings;
	struct libdma_machine *machine;
	struct device **device; /* by the string's number */
	uint32_t device_numbers;
	struct rerun_pool *pool;
	size_t pools;
	struct live *live;
	struct made made; /* head of a ring */
	bool extras; /* there were some */
	uint64_t shift_ns, last_ns;
	struct libdma_rerun_count count;
	uint64_t *used; /* requests by how many slots were used then */
	uint64_t bytes; /* of buffers that are bounced now */
	uint64_t peak, peak_bytes;
	struct iommu_run run[IOMMU_RUNS];
	bool told; /* ranges are recorded themselves */
};

/* rerun-machine.c */
int rerun_machine(struct libdma_rerun *rerun, const struct libdma_rerun_options *options);

/* The device of a name, attached if need be; *@ret is NULL for number 0. */
int rerun_device(struct libdma_rerun *rerun, uint32_t name, struct device **ret);

/* A device event, set_mask. */
void rerun_device_update(struct device *dev, const struct dma_event *event);

/* rerun-request.c: run a request; *@ret is what it got, NULL where it failed */
int rerun_request(struct libdma_rerun *rerun, struct device *dev,
		  const struct dma_event *event, struct made **ret);
void rerun_undo(struct libdma_rerun *rerun, struct made *made);
/* The same, but the machine goes on. */
void rerun_forget(struct made *made);

/* Map one buffer: 0, -EINVAL where there is none, -EIO where that fails. */
int rerun_map_single(struct libdma_rerun *rerun, struct device *dev,
		     const struct dma_event *event, dma_addr_t *ret);
void rerun_unmap_single(struct device *dev, dma_addr_t dma, uint64_t size,
			enum dma_data_direction dir, unsigned long attrs);

/* Does a mapping lie in the bounce buffers? */
bool rerun_is_bounced(const struct libdma_rerun *rerun, dma_addr_t dma);

/* rerun-range.c: dma_iova_*() */

/* Ask for the range; 0 or -ENOMEM. */
int range_begin(struct libdma_rerun *rerun, struct made *made);

/* Link a piece, or map it; 0, -EINVAL where it cannot be repeated, -ENOMEM. */
int range_link(struct libdma_rerun *rerun, struct made *made,
	       const struct dma_event *event);
void range_sync(struct made *made);
void range_unlink(struct libdma_rerun *rerun, struct made *made,
		  const struct dma_event *event);

/* Unmap all of it, and release what it took. */
void range_end(struct libdma_rerun *rerun, struct made *made);
void range_destroy(struct rerun_range *range); /* NULL is allowed */

/* Any event: count ranges of which it alone tells that the IOMMU maps something. */
void ranges_watch(struct libdma_rerun *rerun, const struct dma_event *event);
