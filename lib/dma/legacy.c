// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * legacy.c - what is left of removed functions that are no other function's alias
 *
 * Kernel counterpart: as it was in the 4.x kernels, kernel/dma/mapping.c and
 * include/linux/dma-mapping.h (RULES.md A21)
 */
#include <libdma/legacy.h>

#include "dma/device.h"
#include "dma/mask.h"
#include "hardware/cache.h"

int dma_supported(struct device *dev, uint64_t mask)
{
	return mask_is_supported(dev, mask);
}

int dma_is_consistent(struct device *dev, dma_addr_t dma)
{
	(void)dma;
	return dev->dma_coherent;
}

void dma_cache_sync(struct device *dev, void *cpu, size_t size,
		    enum dma_data_direction dir)
{
	if (dev->dma_coherent)
		return;
	if (dir != DMA_FROM_DEVICE)
		device_write_back(dev, virt_to_phys(cpu), size);
	if (dir != DMA_TO_DEVICE)
		cache_invalidate(dev->machine->cache, virt_to_phys(cpu), size);
}
