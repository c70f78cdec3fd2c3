/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * inference.h - what is kept of the events that were shown
 *
 * Sums and limits only, so that the memory follows the number of devices.
 */
#pragma once

#include <libdma/environment.h>

#define FACT_DEVICES_MAX 4096 /* of a hostile trace; others are not looked at */
#define FACT_CPUS        256
#define FACT_CLASSES     6 /* 1, 2, 4 ... 32 pages: what the IOVA caches keep */
#define FACT_BOUNCES     256
#define NUMBER_TOLD      (1U << 31)

/* Mappings whose DMA address is not the physical one. */
struct shift {
	uint64_t count;
	uint64_t low, high;   /* first and last byte, as the device sees it */
	uint64_t differing;   /* bits in which dma and phys ever differed */
	uint64_t phys_bits;   /* bits ever set in phys */
	uint64_t offset_bits; /* bits ever set in dma - phys */
	uint64_t offset;      /* dma - phys of the first */
	bool one_offset;      /* and of all others */
};

struct device_facts {
	struct libdma_device_environment known; /* what events said outright */
	uint64_t identical;                     /* mappings with dma == phys */
	struct shift bounced;                   /* those that swiotlb_bounced announced */
	struct shift other;
	uint64_t highest, highest_coherent; /* last byte that it could address */
	uint64_t max_segment;
	uint64_t full_segments; /* of this size, and the next one begins at their end */
	bool merged;
	bool told; /* its mappings give away nothing that is not known */
	uint64_t *bounce; /* original buffers of the last announced bounces */
	unsigned int bounce_at;
};

struct group_facts {
	uint32_t number;
	char **device;
	size_t devices;
};

struct libdma_inference {
	const struct libdma_strings *strings;
	uint32_t *by_number; /* device's index + 1, by its string's number; NUMBER_TOLD */
	uint32_t numbers;
	struct device_facts *device;
	size_t devices;
	struct group_facts *group;
	size_t groups;

	uint32_t cpus;
	uint64_t allocs, alloc_bits; /* bits ever set in an allocation's address */
	uint64_t iommu_maps, iommu_bits;
	bool iommu_seen; /* an iommu: event of any sort */
	bool forced;
	bool told; /* the same of the machine, but not of its devices */

	/* the last address freed on a CPU, which strict mode hands out next */
	uint64_t freed[FACT_CPUS][FACT_CLASSES];
	uint64_t reuse_chances, reuses;
};

/* The facts of a device, made if need be; NULL in @ret beyond FACT_DEVICES_MAX. 0 or -ENOMEM. */
int inference_device(struct libdma_inference *inference, const char *name,
		     struct device_facts **ret);

/* The list with room for one more element, which is zeroed; NULL without memory. */
void *inference_grow(void *list, size_t count, size_t size);

/* inference-groups.c: a device comes into a group, 0 or -ENOMEM; or leaves it */
int inference_join(struct libdma_inference *inference, const char *device,
		   uint32_t number);
void inference_leave(struct libdma_inference *inference, const char *device,
		     uint32_t number);
void inference_free_groups(struct libdma_inference *inference);
