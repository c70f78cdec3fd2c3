// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * history.c - the newest events, in memory of a limited size
 *
 * A queue of copies; the oldest make room for the newest. What a device was last said
 * to be is kept for ever: without it the events that are left would lack their limits.
 */
#include <stdlib.h>
#include <string.h>

#include "history.h"
#include "output.h"

struct record {
	struct record *next;
	size_t size;
	struct dma_event event;
	uint64_t lists[]; /* of the event, one behind the other */
};

struct history {
	size_t size;
	size_t used;
	struct record *oldest, **end;
	uint64_t forgotten;
	struct dma_event *device; /* the last of each, of those that were forgotten */
	size_t devices;
};

struct history *history_create(size_t size)
{
	struct history *history = calloc(1, sizeof(*history));

	if (!history)
		return NULL;
	history->size = size;
	history->end = &history->oldest;
	return history;
}

static void keep_device(struct history *history, const struct dma_event *event)
{
	struct dma_event *grown;

	for (size_t i = 0; i < history->devices; i++)
		if (history->device[i].device == event->device) {
			history->device[i] = *event;
			return;
		}
	grown = realloc(history->device, (history->devices + 1) * sizeof(*grown));
	if (!grown)
		out_of_memory();
	history->device = grown;
	history->device[history->devices++] = *event;
}

static void forget(struct history *history)
{
	struct record *record = history->oldest;

	if (record->event.kind == DMA_EVENT_DEVICE)
		keep_device(history, &record->event);
	history->oldest = record->next;
	if (!history->oldest)
		history->end = &history->oldest;
	history->used -= record->size;
	history->forgotten++;
	free(record);
}

void history_destroy(struct history *history)
{
	if (!history)
		return;
	while (history->oldest)
		forget(history);
	free(history->device);
	free(history);
}

uint64_t history_forgotten(const struct history *history)
{
	return history->forgotten;
}

/* In whole words, so that what follows is aligned. */
static size_t words(size_t count, size_t size)
{
	return (count * size + sizeof(uint64_t) - 1) / sizeof(uint64_t);
}

static const void *append(uint64_t **at, const void *list, size_t count, size_t size)
{
	void *place = *at;

	if (!list || !count)
		return NULL;
	memcpy(place, list, count * size);
	*at += words(count, size);
	return place;
}

void history_add(struct history *history, const struct dma_event *event)
{
	size_t size = sizeof(struct record) +
		      sizeof(uint64_t) * (words(event->phys_count, sizeof(uint64_t)) +
					  words(event->phys_count, sizeof(uint32_t)) +
					  words(event->dma_count, sizeof(uint64_t)) +
					  words(event->dma_count, sizeof(uint32_t)));
	struct record *record = malloc(size);
	uint64_t *at;

	if (!record)
		out_of_memory();
	*record = (struct record) { .size = size, .event = *event };
	at = record->lists;
	record->event.phys_list =
		append(&at, event->phys_list, event->phys_count, sizeof(uint64_t));
	record->event.size_list =
		append(&at, event->size_list, event->phys_count, sizeof(uint32_t));
	record->event.dma_list =
		append(&at, event->dma_list, event->dma_count, sizeof(uint64_t));
	record->event.dma_size_list =
		append(&at, event->dma_size_list, event->dma_count, sizeof(uint32_t));
	*history->end = record;
	history->end = &record->next;
	history->used += size;
	while (history->used > history->size && history->oldest != record)
		forget(history);
}

int history_walk(const struct history *history,
		 int (*show)(void *arg, const struct dma_event *event), void *arg)
{
	int err = 0;

	for (size_t i = 0; i < history->devices && !err; i++)
		err = show(arg, &history->device[i]);
	for (const struct record *it = history->oldest; it && !err; it = it->next)
		err = show(arg, &it->event);
	return err;
}
