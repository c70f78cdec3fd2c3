/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * event-kind.h - libdma_event_kind_class() for those who ask it of each event
 */
#pragma once

#include <libdma/event.h>

struct event_kind {
	const char *name;
	enum dma_event_class class;
};

extern const struct event_kind event_kinds[DMA_EVENT_KINDS];

static inline enum dma_event_class event_kind_class(unsigned int kind)
{
	return kind < DMA_EVENT_KINDS ? event_kinds[kind].class : DMA_CLASS_NONE;
}
