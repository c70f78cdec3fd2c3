/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cache.h - alignment of what is mapped */
#pragma once

#include <linux/types.h>

/* Of x86: devices there see the CPU's caches. */
#define ARCH_DMA_MINALIGN __alignof__(unsigned long long)
