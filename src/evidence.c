// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * evidence.c - an event that proves something, as a sentence
 */
#include <inttypes.h>
#include <stdio.h>

#include <libdma/dma-mapping.h>

#include "evidence.h"

/* " FROM_DEVICE", for events that have a direction. */
static const char *direction_of(const struct dma_event *event, char *buffer, size_t room)
{
	const char *name = libdma_direction_name(event->dir);

	if (libdma_event_kind_class(event->kind) == DMA_CLASS_NONE || !name ||
	    event->kind == DMA_EVENT_ALLOC || event->kind == DMA_EVENT_FREE)
		return "";
	snprintf(buffer, room, " %s", name);
	return buffer;
}

/* What the addresses of an event are; lists show their count. */
static void print_place(const struct dma_event *event, char *buffer, size_t room)
{
	if (event->nents || event->phys_count)
		snprintf(buffer, room, " of %u entries",
			 event->nents ? event->nents : event->phys_count);
	else if (event->dma == DMA_MAPPING_ERROR)
		snprintf(buffer, room, " at the error address");
	else if (event->size)
		snprintf(buffer, room, " at %#" PRIx64 ", %" PRIu64 " bytes", event->dma,
			 event->size);
	else
		snprintf(buffer, room, " at %#" PRIx64, event->dma);
}

const char *evidence_event(const struct libdma_strings *strings, const char *label,
			   const struct dma_event *event, char *buffer, size_t room)
{
	char direction[32], place[64];

	print_place(event, place, sizeof(place));
	snprintf(buffer, room,
		 "%s #%" PRIu64 " at %" PRIu64 ".%06" PRIu64
		 " s: %s%s%s, by %s/%d on CPU %u",
		 label, event->number, event->ns / 1000000000,
		 event->ns % 1000000000 / 1000, libdma_event_kind_name(event->kind),
		 direction_of(event, direction, sizeof(direction)), place,
		 event->comm ? libdma_strings_get(strings, event->comm) : "a task",
		 event->pid, event->cpu);
	return buffer;
}

bool evidence_ends(const struct dma_event *event)
{
	enum dma_event_class class = libdma_event_kind_class(event->kind);

	return class == DMA_CLASS_UNMAP || class == DMA_CLASS_FREE;
}
