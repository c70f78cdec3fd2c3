/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * explain-holders.h - who holds what is live
 */
#pragma once

#include <jansson.h>

#include "explain.h"
#include "space.h"
#include "state.h"

/* Who holds a part of a space: a device, by one sort of call from one place. */
struct holder {
	uint32_t device, stack;
	uint16_t kind;
	uint64_t count, bytes, oldest_ns;
};

struct holders {
	const struct libdma_space *space; /* in which, or NULL for all that is live */
	const char *device;               /* whose, or NULL for everybody's */
	const struct libdma_strings *strings;
	struct holder *holder;
	size_t count, room;
};

/* Those of @state that @holders asks for, the largest first; free() holders->holder. */
void holders_find(const struct state *state, struct holders *holders);

/* How much they hold: mappings and allocations, and their bytes. */
uint64_t holders_sum(const struct holders *holders, uint64_t *bytes);

/* The first three, as sentences of @finding. */
void holders_tell(const struct holders *holders, const struct state *state,
		  struct finding *finding);

/* All of them. */
json_t *holders_json(const struct holders *holders, const struct state *state);
