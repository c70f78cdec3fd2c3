/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mask.h - which addresses a device can reach
 */
#pragma once

#include <libdma/dma-mapping.h>

/* Could the machine serve a device of this mask? (RULES.md A21) */
bool mask_is_supported(struct device *dev, uint64_t mask);
