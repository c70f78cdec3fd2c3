/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * program-slots.h - in which slot of a program each live thing of a recording is
 *
 * A recording names things by address. A mapping has the lowest slot that is free
 * when it begins, until it ends.
 */
#pragma once

#include <libdma/event.h>

struct program_slots;

struct program_slots *program_slots_create(void);
void program_slots_destroy(struct program_slots *slots);

/**
 * program_slots_find() - the slot that an event is about
 * @slots:	the table
 * @event:	the next event; what it says by addresses is made slots and offsets
 * @slot:	set to its slot, PROGRAM_SLOTS where it ends or uses what nobody knows
 *
 * Return: 0 or -ENOMEM.
 */
int program_slots_find(struct program_slots *slots, struct dma_event *event,
		       unsigned int *slot);
