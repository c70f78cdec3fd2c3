/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * machine.h - what the modelled computer is made of, for the files of dma/
 */
#pragma once

#include <libdma/dma-mapping.h>
#include <libdma/machine.h>

#include "base/heap.h"
#include "base/rules.h"
#include "hardware/memory.h"

/* Where the zone for 24-bit devices ends on x86. */
#define ZONE_DMA_END (1ULL << 24)

/* Who gives pages to the atomic pool of a zone. */
struct chunk_source {
	struct libdma_machine *machine;
	enum memory_zone zone;
};

struct libdma_machine {
	const struct kernel_rules *rules;
	unsigned int config; /* LIBDMA_CONFIG_* */
	unsigned int cpus;
	unsigned int cpu;
	uint64_t ns;
	bool atomic;
	struct heap heap;

	struct memory *memory;
	struct pages *pages;
	struct cache *cache; /* what devices see that are not coherent */
	struct contiguous *contiguous;
	struct atomic_pool *atomic_pool[MEMORY_ZONES]; /* NULL where there is none */
	struct chunk_source chunk_source[MEMORY_ZONES]; /* of their chunks */
	struct swiotlb *swiotlb; /* NULL where there is none */
	phys_addr_t swiotlb_start;
	bool swiotlb_force;
	unsigned int cacheline; /* bytes */

	enum libdma_iommu_mode iommu;
	uint64_t granule;
	uint64_t aperture_end;
	unsigned int magazine; /* 0: the kernels' */
	struct libdma_range *reserved;
	size_t reserved_count;
	struct group *groups;

	struct device_state *devices; /* newest first */

	struct libdma_strings *strings;
	void (*observe)(void *arg, const struct dma_event *event);
	void *observe_arg;
	uint64_t events;
	uint64_t handles; /* numbers given to pools */

	void (*log)(void *arg, enum libdma_log_level level, const char *text);
	void *log_arg;
};

/* What the library keeps for a device. */
struct device_state {
	struct device *dev;
	bool owned; /* the library made @dev */
	struct device_state *next;
	char *name;
	uint32_t name_string;
	uint32_t driver_string;

	uint64_t dma_mask;
	struct device_dma_parameters parms;

	struct group *group; /* NULL: mapped directly */
	struct coherent_region *region;
	struct swiotlb *swiotlb; /* NULL, the machine's, or a restricted one */
	phys_addr_t swiotlb_start;
	uint64_t restricted; /* bytes of its own swiotlb, or 0 */
	struct dma_pool *pools; /* newest first */
	struct managed *managed;
	struct remap *remaps;
};

static inline bool device_is_direct(const struct device *dev)
{
	return !dev->state->group;
}

/* The smaller of two limits of which 0 means none. */
static inline uint64_t min_not_zero(uint64_t a, uint64_t b)
{
	if (!a || !b)
		return a ? a : b;
	return a < b ? a : b;
}

/* libdma_machine_create(), with memory that others may have left; @store may be NULL. */
int machine_create(const struct libdma_machine_options *options,
		   struct memory_store *store, struct libdma_machine **ret);

/*
 * Do options agree with each other and with what is modelled? The log says what does
 * not. @machine has them by now, with the defaults for those not given.
 */
bool machine_options_valid(const struct libdma_machine *machine,
			   const struct libdma_machine_options *options);

/* A swiotlb's way to memory, @arg the machine: copies @size bytes, if they are there. */
void machine_copy(void *arg, phys_addr_t to, phys_addr_t from, size_t size);

/* --- messages and events; machine.c --- */

void machine_log(const struct libdma_machine *machine, enum libdma_log_level level,
		 const char *format, ...) __attribute__((format(printf, 3, 4)));

/* As dev_err() and dev_warn(): the device's name goes before the text. */
void device_log(const struct device *dev, enum libdma_log_level level,
		const char *format, ...) __attribute__((format(printf, 3, 4)));

static inline bool device_is_observed(const struct device *dev)
{
	return dev->machine->observe;
}

/*
 * Tell the observer of a call on @dev. The event has what the kind needs; time, CPU,
 * number and device are filled in here. Where nobody observes it is not even made.
 */
#define device_emit(dev, ...)                               \
	do {                                                \
		if (device_is_observed(dev))                \
			device_tell_observer(dev, __VA_ARGS__); \
	} while (0)

void device_tell_observer(const struct device *dev, struct dma_event *event);

/* The same of what no device asked for, on another CPU maybe: a timer's work. */
void machine_emit(struct libdma_machine *machine, unsigned int cpu,
		  struct dma_event *event);
