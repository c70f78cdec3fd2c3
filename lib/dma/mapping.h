/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mapping.h - what the functions that drivers call share among them
 */
#pragma once

#include <libdma/dma-mapping.h>

/* Is this the direction of a transfer? If not, the log is told. */
bool mapping_direction_valid(const struct device *dev, enum dma_data_direction dir);
