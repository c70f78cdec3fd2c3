// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * load.c - what each device does just now
 */
#include <stdlib.h>

#include <libdma/replay.h>

#include "addresses.h"
#include "load.h"
#include "output.h"
#include "slot-use.h"

struct load {
	struct libdma_replay *replay;
	struct slot_use *slots;
	const struct libdma_environment *machine;
	struct addresses *devices; /* by the string's number and one */
	struct load_row **row;
	uint32_t room;
	bool maps_recorded; /* the swiotlb's own events, which tell more than the search
			     */
	bool lost_more;
};

struct load *load_create(void)
{
	static const struct libdma_environment unknown;
	struct load *load = calloc(1, sizeof(*load));

	if (!load)
		out_of_memory();
	load->machine = &unknown;
	load->slots = slot_use_create();
	load->replay = libdma_replay_create(NULL);
	load->devices = addresses_create(sizeof(struct load_row));
	if (!load->replay || !load->devices)
		out_of_memory();
	return load;
}

void load_destroy(struct load *load)
{
	if (!load)
		return;
	libdma_replay_destroy(load->replay);
	slot_use_destroy(load->slots);
	addresses_destroy(load->devices);
	free(load->row);
	free(load);
}

void load_learn(struct load *load, const struct libdma_environment *machine)
{
	load->machine = machine;
}

static struct load_row *row_of(struct load *load, uint32_t device)
{
	struct load_row *row = addresses_find(load->devices, device + 1ull);
	uint32_t count;

	if (row)
		return row;
	row = addresses_get(load->devices, device + 1ull);
	if (!row)
		out_of_memory();
	row->device = device;
	count = addresses_count(load->devices);
	if (count > load->room) {
		load->room = count * 2;
		load->row = realloc(load->row, load->room * sizeof(*load->row));
		if (!load->row)
			out_of_memory();
	}
	load->row[count - 1] = row;
	return row;
}

static void count_change(struct load_row *row, const struct libdma_change *change)
{
	uint64_t bytes;

	if (change->kind == LIBDMA_CHANGE_FAILED)
		row->failed++;
	if (!change->begin || change->live_class > LIBDMA_LIVE_ALLOCATIONS)
		return;
	bytes = libdma_event_bytes(change->begin);
	if (change->kind == LIBDMA_CHANGE_BEGUN) {
		row->maps++;
		row->bytes += bytes;
		row->live++;
		row->live_bytes += bytes;
	} else {
		row->unmaps++;
		row->live--;
		row->live_bytes -= bytes;
	}
}

/* A search that begins is a bounce only where nothing is recorded of how it ends. */
static void count_bounce(struct load *load, struct load_row *row,
			 const struct dma_event *event)
{
	if (event->kind == DMA_EVENT_SWIOTLB_BOUNCED && !load->maps_recorded)
		row->bounces++;
	if (event->kind != DMA_EVENT_SWIOTLB_MAP)
		return;
	for (uint32_t i = 0; !load->maps_recorded && i < addresses_count(load->devices); i++)
		load->row[i]->bounces = 0;
	load->maps_recorded = true;
	row->bounces += !event->error; /* what failed for it fails itself */
}

void load_put(struct load *load, const struct dma_event *event)
{
	const struct libdma_change *change = libdma_replay_change(load->replay);
	struct load_row *row;

	if (libdma_replay_put(load->replay, event))
		out_of_memory();
	if (event->kind == DMA_EVENT_LOST) {
		load->lost_more |= !event->count;
		return;
	}
	row = row_of(load, event->device);
	row->events++;
	if (event->kind == DMA_EVENT_DEVICE && event->name)
		row->driver = event->name;
	count_change(row, change);
	count_bounce(load, row, event);
	row->slots += slot_use_put(load->slots, event, change, load->machine);
}

struct load_row *const *load_rows(const struct load *load, uint32_t *count)
{
	*count = addresses_count(load->devices);
	return load->row;
}

uint64_t load_lost(const struct load *load, bool *more)
{
	*more = load->lost_more;
	return libdma_replay_totals(load->replay)->lost;
}

void load_begin(struct load *load)
{
	for (uint32_t i = 0; i < addresses_count(load->devices); i++) {
		struct load_row *row = load->row[i];

		row->events = row->maps = row->unmaps = row->bytes = 0;
		row->bounces = row->failed = 0;
	}
}
