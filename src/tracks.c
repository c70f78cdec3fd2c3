// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * tracks.c - a trace as tracks of a timeline
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "addresses.h"
#include "output.h"
#include "slot-use.h"
#include "tracks.h"

struct tracks {
	struct source *source;
	const struct libdma_environment *machine;
	struct addresses *devices; /* by the string's number and one */
	struct track_device **list;
	uint32_t room;
	struct slot_use *slots;
	unsigned int rows;
	uint64_t ns;
};

const char *track_counter_name(enum track_counter counter)
{
	static const char *const names[] = { "live mappings", "mapped bytes",
					     "live allocations", "allocated bytes",
					     "swiotlb slots" };

	return names[counter];
}

bool track_counter_is_bytes(enum track_counter counter)
{
	return counter == TRACK_MAPPED_BYTES || counter == TRACK_ALLOCATED_BYTES;
}

struct tracks *tracks_create(struct source *source, unsigned int rows)
{
	struct tracks *tracks = calloc(1, sizeof(*tracks));

	if (!tracks)
		out_of_memory();
	tracks->source = source;
	tracks->machine = source_environment(source);
	tracks->rows = rows;
	tracks->slots = slot_use_create();
	tracks->devices = addresses_create(sizeof(struct track_device));
	if (!tracks->devices)
		out_of_memory();
	return tracks;
}

void tracks_destroy(struct tracks *tracks)
{
	for (uint32_t i = 0; i < addresses_count(tracks->devices); i++)
		free(tracks->list[i]->row);
	free(tracks->list);
	addresses_destroy(tracks->devices);
	slot_use_destroy(tracks->slots);
	free(tracks);
}

static struct track_device *device_of(struct tracks *tracks, uint32_t name, bool *is_new)
{
	struct track_device *device = addresses_get(tracks->devices, name + 1ull);
	uint32_t count = addresses_count(tracks->devices);

	if (!device)
		out_of_memory();
	*is_new = !device->number;
	if (!*is_new)
		return device;
	device->number = count;
	device->device = name;
	if (count > tracks->room) {
		tracks->room = count * 2;
		tracks->list =
			realloc(tracks->list, tracks->room * sizeof(*tracks->list));
		if (!tracks->list)
			out_of_memory();
	}
	tracks->list[count - 1] = device;
	return device;
}

void tracks_learn(struct tracks *tracks)
{
	tracks->machine = source_environment(tracks->source);
}

/* The row of an order; with 0, one that is free; -1 if there is none. */
static int find_row(const struct track_device *device, uint64_t order)
{
	for (unsigned int i = 0; i < device->rows; i++)
		if (device->row[i] == order)
			return (int)i;
	return -1;
}

static int take_row(const struct tracks *tracks, struct track_device *device,
		    uint64_t order)
{
	int row = find_row(device, 0);

	if (row < 0 && device->rows < tracks->rows) {
		device->row =
			realloc(device->row, (device->rows + 1) * sizeof(*device->row));
		if (!device->row)
			out_of_memory();
		row = (int)device->rows++;
	}
	if (row < 0) {
		device->not_drawn++;
		return -1;
	}
	device->row[row] = order;
	return row;
}

static void count(struct track_step *step, enum track_counter counter, int64_t by)
{
	if (!by)
		return;
	step->device->value[counter] += by;
	step->changed |= 1U << counter;
}

static void draw(const struct tracks *tracks, const struct libdma_change *change,
		 struct track_step *step)
{
	struct track_device *device = step->device;

	/* what is mapped again at its address is one slice until all of it ends */
	if (change->kind == LIBDMA_CHANGE_BEGUN && change->times == 1)
		step->begins = take_row(tracks, device, change->order);
	if (change->kind != LIBDMA_CHANGE_ENDED || change->times)
		return;
	step->ends = find_row(device, change->order);
	if (step->ends >= 0)
		device->row[step->ends] = 0;
}

void tracks_put(struct tracks *tracks, const struct dma_event *event,
		const struct libdma_change *change, struct track_step *ret)
{
	bool allocated = change->live_class == LIBDMA_LIVE_ALLOCATIONS;
	int64_t sign = change->kind == LIBDMA_CHANGE_BEGUN ? 1 : -1;

	*ret = (struct track_step) { .begins = -1, .ends = -1 };
	if (event->ns > tracks->ns)
		tracks->ns = event->ns;
	ret->ns = tracks->ns;
	ret->device = device_of(tracks, event->device, &ret->is_new);
	count(ret, TRACK_SWIOTLB_SLOTS,
	      slot_use_put(tracks->slots, event, change, tracks->machine));
	if (!change->begin || change->live_class > LIBDMA_LIVE_ALLOCATIONS)
		return;
	count(ret, allocated ? TRACK_ALLOCATIONS : TRACK_MAPPINGS, sign);
	count(ret, allocated ? TRACK_ALLOCATED_BYTES : TRACK_MAPPED_BYTES,
	      sign * (int64_t)libdma_event_bytes(change->begin));
	draw(tracks, change, ret);
}

char *tracks_name(const struct tracks *tracks, const struct track_device *device)
{
	const char *name =
		libdma_strings_get(source_strings(tracks->source), device->device);
	const struct libdma_device_environment *known =
		libdma_environment_find_device(tracks->machine, name);
	char *text;

	if (!*name)
		name = "(no device)";
	if (asprintf(&text, "%s%s%s", name, known && known->driver ? " " : "",
		     known && known->driver ? known->driver : "") < 0)
		out_of_memory();
	return text;
}

void tracks_walk(const struct tracks *tracks,
		 void (*visit)(void *arg, const struct track_device *device), void *arg)
{
	for (uint32_t i = 0; i < addresses_count(tracks->devices); i++)
		visit(arg, tracks->list[i]);
}

static void tell_not_drawn(void *arg, const struct track_device *device)
{
	const struct tracks *tracks = arg;
	char *name;

	if (!device->not_drawn)
		return;
	name = tracks_name(tracks, device);
	complain("%s: %" PRIu64 " mapping%s beyond %u at once are in the counters only, "
		 "--slices draws more",
		 name, device->not_drawn, device->not_drawn == 1 ? "" : "s",
		 tracks->rows);
	free(name);
}

void tracks_tell_not_drawn(const struct tracks *tracks)
{
	if (tracks->rows)
		tracks_walk(tracks, tell_not_drawn, (void *)tracks);
}

bool track_instant(const struct dma_event *event, const struct libdma_change *change,
		   char *ret, size_t room)
{
	bool failed = change->kind == LIBDMA_CHANGE_FAILED ||
		      (event->kind == DMA_EVENT_SWIOTLB_MAP && event->error);

	if (event->kind == DMA_EVENT_LOST && event->count)
		snprintf(ret, room, "%" PRIu64 " event%s lost", event->count,
			 event->count == 1 ? "" : "s");
	else if (event->kind == DMA_EVENT_LOST)
		snprintf(ret, room, "events lost");
	else if (event->kind == DMA_EVENT_MARK)
		snprintf(ret, room, "mark");
	else if (event->kind == DMA_EVENT_IOMMU_IO_PAGE_FAULT)
		snprintf(ret, room, "IOMMU fault");
	else if (failed)
		snprintf(ret, room, "%s failed", libdma_event_kind_name(event->kind));
	else
		return false;
	return true;
}
