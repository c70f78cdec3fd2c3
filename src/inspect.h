/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * inspect.h - what a kernel says of its DMA without being probed
 *
 * All is read from sysfs, debugfs and /proc, of the running system or of a saved copy.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "form.h"
#include "terminal.h"
#include "tree.h"

/* A number that the kernel says, or does not. */
struct said {
	bool known;
	uint64_t value;
};

struct inspect_device {
	char *name, *driver, *group; /* the latter two may be NULL */
	struct said dma_bits, coherent_bits;
};

struct inspect_pool {
	char *device, *name;
	unsigned int index; /* among the device's */
	uint64_t used, blocks, size, pages;
};

/* What the pool holds of memory, and how much of that nobody has asked for. */
uint64_t inspect_pool_held(const struct inspect_pool *pool);
uint64_t inspect_pool_waste(const struct inspect_pool *pool);

struct inspect_swiotlb {
	char *name; /* "default", or that of a restricted pool */
	struct said slots, used, hiwater, transient;
};

struct inspect_cma {
	char *name;
	struct said base_pfn, count, used, maxchunk, success, fail;
};

struct inspect_group {
	char *name, *type; /* NULL where not known */
	char **devices;    /* ends in NULL */
	char *reserved;    /* lines "start end type"; NULL where not known */
};

/* Sections, bits of a mask. */
enum inspect_section {
	INSPECT_DEVICES = 1,
	INSPECT_POOLS = 2,
	INSPECT_SWIOTLB = 4,
	INSPECT_CMA = 8,
	INSPECT_IOMMU = 16,
	INSPECT_DMA_DEBUG = 32,
	INSPECT_ALL = 63,
};

#define INSPECT_DEBUG_COUNTERS 5

struct inspect {
	struct tree *tree;
	unsigned int sections;
	char *kernel, *cmdline; /* of the command line, what is about DMA */
	struct inspect_device *device;
	struct inspect_pool *pool;
	struct inspect_swiotlb *swiotlb;
	struct inspect_cma *cma;
	struct inspect_group *group;
	size_t devices, pools, swiotlbs, cmas, groups;
	struct said cma_total, cma_free; /* bytes */
	bool dma_debug;                  /* there is one */
	char *dma_debug_disabled;
	struct said dma_debug_counter[INSPECT_DEBUG_COUNTERS];
	char **malformed; /* lines that could not be understood; ends in NULL */
	size_t malformed_count;
};

extern const char *const inspect_debug_counters[INSPECT_DEBUG_COUNTERS];

/* Read all that @sections name; memory is all that can fail, and ends dmactl. */
struct inspect *inspect_create(struct tree *tree, unsigned int sections);
void inspect_destroy(struct inspect *inspect);

/* Was anything found at all? */
bool inspect_is_empty(const struct inspect *inspect);

void inspect_print(const struct inspect *inspect, const struct terminal *terminal);
void inspect_json(const struct inspect *inspect, const char *root);
void inspect_prometheus(const struct inspect *inspect);
