/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* dma-mapping.h - the DMA API */
#pragma once

#include <linux/device.h>
#include <linux/scatterlist.h>

#include <libdma/dma-mapping.h>
