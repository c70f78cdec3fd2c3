/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * key.h - what events have in common that are counted together
 */
#pragma once

#include <libdma/stat.h>

#include "dma/drivers.h"

static inline uint64_t key_of(enum libdma_stat_key by, const struct drivers *drivers,
			      const struct dma_event *event)
{
	switch (by) {
	case LIBDMA_STAT_DEVICE:
		return event->device;
	case LIBDMA_STAT_DRIVER:
		return drivers_get(drivers, event->device);
	case LIBDMA_STAT_KIND:
		return event->kind;
	case LIBDMA_STAT_DIRECTION:
		return event->dir;
	case LIBDMA_STAT_CPU:
		return event->cpu;
	case LIBDMA_STAT_COMM:
		return event->comm;
	case LIBDMA_STAT_POOL:
		return event->handle;
	case LIBDMA_STAT_SITE:
		return event->stack;
	default:
		return 0;
	}
}
