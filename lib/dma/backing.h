/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * backing.h - where the pages of allocations come from: CMA, zones, atomic pools
 */
#pragma once

#include <libdma/dma-mapping.h>

#include "hardware/memory.h"

/*
 * The atomic pools that the machine's kernel has at boot, of @target bytes each; 0 for
 * its default. Return: 0 or -ENOMEM.
 */
int backing_create_pools(struct libdma_machine *machine, uint64_t target);
void backing_destroy_pools(struct libdma_machine *machine);

/*
 * The zone to begin with for memory up to @limit, and the one to try after an address
 * beyond; MEMORY_ZONES for none (RULES.md A8, A10).
 */
enum memory_zone backing_first_zone(const struct libdma_machine *machine,
				    phys_addr_t limit);
enum memory_zone backing_lower_zone(const struct libdma_machine *machine,
				    enum memory_zone zone, phys_addr_t limit);

/* 2^order pages that hold @size bytes up to @limit; 0 or -ENOMEM. */
int backing_below(const struct libdma_machine *machine, size_t size, phys_addr_t limit,
		  phys_addr_t *phys);

/* Whole pages of a device's allocation; addresses are physical, sizes bytes. */

/* From the CMA area, if there is one and the caller may sleep (RULES.md A14); 0 or -errno */
int backing_contiguous(struct device *dev, size_t size, gfp_t gfp, phys_addr_t *phys);

/* 2^order pages of a zone or, when it is empty, of lower ones; 0 or -ENOMEM. */
int backing_pages(struct device *dev, enum memory_zone zone, size_t size,
		  phys_addr_t *phys);

/* Give back what one of the two gave, with its size. */
void backing_free(struct device *dev, phys_addr_t phys, size_t size);

/*
 * From the atomic pools, of which that of @zone is tried first (RULES.md A17, A18);
 * what the device cannot reach is passed by. It is zeroed, and the CPU reaches it past
 * the caches. 0, or -ENOMEM, which the log tells.
 */
int backing_atomic(struct device *dev, enum memory_zone zone, size_t size, gfp_t gfp,
		   phys_addr_t *phys);

/* 0, or -ENOENT where no atomic pool has it. */
int backing_free_atomic(struct device *dev, phys_addr_t phys, size_t size);

/* Make bytes zero. */
void backing_zero(struct device *dev, phys_addr_t phys, size_t size);
