/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * history.h - the newest events, in memory of a limited size
 */
#pragma once

#include <libdma/event.h>
#include <stddef.h>

struct history;

/* Of @size bytes, about. NULL without memory. */
struct history *history_create(size_t size);
void history_destroy(struct history *history);

/* Keep an event, with its lists, in place of as many of the oldest as it needs. */
void history_add(struct history *history, const struct dma_event *event);

/*
 * Show all that is kept, the oldest first. What @show returns ends it where it is not 0,
 * and is returned.
 */
int history_walk(const struct history *history,
		 int (*show)(void *arg, const struct dma_event *event), void *arg);

/* Events that were given up so far. */
uint64_t history_forgotten(const struct history *history);
