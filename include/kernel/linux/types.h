/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* types.h - the kernel's short names of numbers */
#pragma once

#include_next <linux/types.h>

#include <libdma/gfp.h>
#include <libdma/types.h>

/*
 * The kernel's 64 bits are unsigned long long. Here they are uint64_t, of which
 * <libdma/device.h> keeps its masks, or a driver's &dma_mask would not fit.
 */
typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int8_t s8;
typedef int16_t s16;
typedef int32_t s32;
typedef int64_t s64;

typedef phys_addr_t resource_size_t;
