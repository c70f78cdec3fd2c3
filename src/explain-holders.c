// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * explain-holders.c - who holds what is live
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "explain-holders.h"
#include "json.h"
#include "output.h"
#include "table.h"

#define HOLDERS 3 /* are told; --json has all */

static bool is_held(const struct holders *holders, const struct dma_event *begin)
{
	enum dma_event_class class = libdma_event_kind_class(begin->kind);
	dma_addr_t dma = libdma_event_dma(begin);

	if (class != DMA_CLASS_MAP && class != DMA_CLASS_ALLOC)
		return false;
	if (holders->device &&
	    strcmp(libdma_strings_get(holders->strings, begin->device), holders->device))
		return false;
	return !holders->space || (dma >= holders->space->start &&
				   dma - holders->space->start < holders->space->size);
}

static struct holder *holder_of(struct holders *holders, const struct dma_event *begin)
{
	struct holder *more;

	for (size_t i = 0; i < holders->count; i++)
		if (holders->holder[i].device == begin->device &&
		    holders->holder[i].stack == begin->stack &&
		    holders->holder[i].kind == begin->kind)
			return &holders->holder[i];
	if (holders->count == holders->room) {
		holders->room = holders->room * 2 + 16;
		more = realloc(holders->holder, holders->room * sizeof(*more));
		if (!more)
			out_of_memory();
		holders->holder = more;
	}
	more = &holders->holder[holders->count++];
	*more = (struct holder) { .device = begin->device,
				  .stack = begin->stack,
				  .kind = begin->kind,
				  .oldest_ns = begin->ns };
	return more;
}

static int add_live(void *arg, const struct dma_event *begin, uint64_t times)
{
	struct holder *holder;

	if (!is_held(arg, begin))
		return 0;
	holder = holder_of(arg, begin);
	holder->count += times;
	holder->bytes += libdma_event_bytes(begin) * times;
	return 0;
}

static int compare(const void *left, const void *right)
{
	const struct holder *a = left, *b = right;

	return (a->bytes < b->bytes) - (a->bytes > b->bytes);
}

void holders_find(const struct state *state, struct holders *holders)
{
	holders->strings = state_strings(state);
	if (libdma_replay_walk(state->replay, add_live, holders))
		out_of_memory();
	if (holders->count)
		qsort(holders->holder, holders->count, sizeof(*holders->holder), compare);
}

uint64_t holders_sum(const struct holders *holders, uint64_t *bytes)
{
	uint64_t count = 0;

	*bytes = 0;
	for (size_t i = 0; i < holders->count; i++) {
		count += holders->holder[i].count;
		*bytes += holders->holder[i].bytes;
	}
	return count;
}

json_t *holders_json(const struct holders *holders, const struct state *state)
{
	json_t *list = json_list();

	for (size_t i = 0; i < holders->count; i++) {
		const struct holder *holder = &holders->holder[i];
		json_t *object = json_create();

		json_add(object, "device",
			 json_text(libdma_strings_get(holders->strings, holder->device)));
		json_add(object, "driver",
			 json_text(state_driver(state, holder->device)));
		json_add(object, "call", json_text(libdma_event_kind_name(holder->kind)));
		json_add(object, "site",
			 json_text(libdma_strings_get(holders->strings, holder->stack)));
		json_add_count(object, "count", holder->count);
		json_add_count(object, "bytes", holder->bytes);
		json_add_count(object, "oldest_ns", state->moment.ns - holder->oldest_ns);
		json_append(list, object);
	}
	return list;
}

void holders_tell(const struct holders *holders, const struct state *state,
		  struct finding *finding)
{
	char bytes[32], age[32];

	for (size_t i = 0; i < holders->count && i < HOLDERS; i++) {
		const struct holder *holder = &holders->holder[i];
		const char *driver = state_driver(state, holder->device);
		const char *site = libdma_strings_get(holders->strings, holder->stack);

		finding_recorded(finding,
				 "%s %s%s%s%s with %" PRIu64
				 " live %s of %s in all, the oldest for "
				 "%s%s%s.",
				 i ? "Then by" : "Held most by",
				 libdma_strings_get(holders->strings, holder->device),
				 *driver ? " (" : "", driver, *driver ? ")" : "",
				 holder->count, libdma_event_kind_name(holder->kind),
				 table_size(holder->bytes, bytes, sizeof(bytes)),
				 table_time(state->moment.ns - holder->oldest_ns, age,
					    sizeof(age)),
				 *site ? ", from " : "", site);
	}
	if (holders->count > HOLDERS)
		finding_recorded(finding, "%zu more places hold less.",
				 holders->count - HOLDERS);
}
