/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * restricted.h - devices that reach a swiotlb pool of their own and nothing else
 */
#pragma once

#include "dma/machine.h"

/*
 * Give a device a pool of at least @slots, 0 for none: 0, -EINVAL where there is no room,
 * or -ENOMEM.
 */
int restricted_create(struct device *dev, uint64_t slots);

/* Give the pool's memory back, if there is one. */
void restricted_destroy(struct device *dev);
