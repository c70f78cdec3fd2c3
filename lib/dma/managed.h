/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * managed.h - allocations and pools that end when the driver leaves the device
 */
#pragma once

#include <libdma/dmapool.h>

/* End all that is managed, the newest first. */
void managed_release_all(struct device *dev);

/* End the pools that a driver left behind, and say so. */
void pools_end_all(struct device *dev);

/* A pool is about to end before its time; false where it is not managed. */
bool managed_forget_pool(struct device *dev, struct dma_pool *pool);
