/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * excerpt.h - a part of a trace that still knows what is mapped
 *
 * What lies before the part, or between its pieces, is left out but for what its reader
 * has to know: the beginnings of what is still live, the ends of what the part has seen
 * begin, and how the devices were set. They are told when the next piece begins, with
 * their own times, and carry DMA_EVENT_EARLIER.
 */
#pragma once

#include <stdbool.h>

#include <libdma/event.h>

struct excerpt;

/* Where its events go; 0 or -errno. */
typedef int excerpt_sink(void *arg, const struct dma_event *event);

struct excerpt *excerpt_create(void);
void excerpt_destroy(struct excerpt *excerpt);

/*
 * Show the next event of the trace, which is @wanted in the part or not. 0, or what @sink
 * returned. Without memory dmactl ends.
 */
int excerpt_put(struct excerpt *excerpt, const struct dma_event *event, bool wanted,
		excerpt_sink *sink, void *arg);

/* Another part begins, which knows nothing of what was told so far. */
void excerpt_restart(struct excerpt *excerpt);
