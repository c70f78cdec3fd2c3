// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * export-perfetto.c - a trace in Perfetto's own format, for ui.perfetto.dev and its tools
 *
 * A device is a track with tracks below it: rows of slices, and counters. Packets are
 * independent of each other, so that whatever was written can be read.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "export.h"
#include "output.h"
#include "src/perfetto.pb-c.h"
#include "tracks.h"
#include "utf8.h"

#define ANNOTATIONS   12
#define SEQUENCE      1 /* all packets are of one writer */
#define STATE_CLEARED 1 /* nothing before a packet is needed to read it */

/* Perfetto's numbers of the clocks that the kernel's tracing has. */
static const struct {
	const char *name;
	uint32_t id;
} clocks[] = { { "mono", 3 }, { "mono_raw", 5 }, { "boot", 6 } };

struct perfetto {
	struct export *export;
	struct tracks *tracks;
	uint32_t clock; /* 0 where Perfetto does not know it */
	bool any;
	uint8_t *buffer;
	size_t room;
};

/* Below the track of a device: its counters, then its rows. */
static uint64_t device_track(const struct track_device *device)
{
	return (uint64_t)device->number << 32;
}

static uint64_t counter_track(const struct track_device *device,
			      enum track_counter counter)
{
	return device_track(device) + 1 + counter;
}

static uint64_t row_track(const struct track_device *device, int row)
{
	return device_track(device) + 1 + TRACK_COUNTERS + (uint64_t)row;
}

/* A packet is a member of the one message that a trace is: a tag, its size, its bytes. */
static void put_packet(struct perfetto *perfetto, Perfetto__TracePacket *packet)
{
	size_t size, left;

	packet->has_trusted_packet_sequence_id = 1;
	packet->trusted_packet_sequence_id = SEQUENCE;
	packet->has_first_packet_on_sequence = packet->has_sequence_flags =
		!perfetto->any;
	packet->first_packet_on_sequence = 1;
	packet->sequence_flags = STATE_CLEARED;
	perfetto->any = true;
	size = perfetto__trace_packet__get_packed_size(packet);
	if (size > perfetto->room) {
		perfetto->room = size * 2;
		perfetto->buffer = realloc(perfetto->buffer, perfetto->room);
		if (!perfetto->buffer)
			out_of_memory();
	}
	perfetto__trace_packet__pack(packet, perfetto->buffer);
	putc(1 << 3 | 2, perfetto->export->out);
	for (left = size; left >= 0x80; left >>= 7)
		putc((int)(left & 0x7f) | 0x80, perfetto->export->out);
	putc((int)left, perfetto->export->out);
	fwrite(perfetto->buffer, 1, size, perfetto->export->out);
}

static void put_event(struct perfetto *perfetto, uint64_t ns, Perfetto__TrackEvent *event)
{
	Perfetto__TracePacket packet = PERFETTO__TRACE_PACKET__INIT;

	packet.has_timestamp = 1;
	packet.timestamp = ns;
	packet.has_timestamp_clock_id = perfetto->clock != 0;
	packet.timestamp_clock_id = perfetto->clock;
	packet.track_event = event;
	event->has_type = event->has_track_uuid = 1;
	put_packet(perfetto, &packet);
}

/*
 * What the trace is of
 */

static void put_clock(struct perfetto *perfetto)
{
	Perfetto__Clock clock = PERFETTO__CLOCK__INIT, *list = &clock;
	Perfetto__ClockSnapshot snapshot = PERFETTO__CLOCK_SNAPSHOT__INIT;
	Perfetto__TracePacket packet = PERFETTO__TRACE_PACKET__INIT;

	if (!perfetto->clock)
		return;
	clock.has_clock_id = clock.has_timestamp = 1;
	clock.clock_id = perfetto->clock;
	snapshot.clocks = &list;
	snapshot.n_clocks = 1;
	snapshot.has_primary_trace_clock = 1;
	snapshot.primary_trace_clock = perfetto->clock;
	packet.clock_snapshot = &snapshot;
	put_packet(perfetto, &packet);
}

static void put_system(struct perfetto *perfetto,
		       const struct libdma_environment *machine)
{
	Perfetto__Utsname name = PERFETTO__UTSNAME__INIT;
	Perfetto__SystemInfo info = PERFETTO__SYSTEM_INFO__INIT;
	Perfetto__TracePacket packet = PERFETTO__TRACE_PACKET__INIT;

	name.sysname = (char *)"Linux";
	name.release = machine->kernel;
	name.machine = machine->arch;
	info.utsname = &name;
	packet.system_info = &info;
	put_packet(perfetto, &packet);
}

static void *perfetto_create(struct export *export)
{
	struct perfetto *perfetto = calloc(1, sizeof(*perfetto));
	const struct libdma_environment *machine = source_environment(export->source);

	if (!perfetto)
		out_of_memory();
	perfetto->export = export;
	for (size_t i = 0; machine->clock && i < sizeof(clocks) / sizeof(clocks[0]); i++)
		if (!strcmp(machine->clock, clocks[i].name))
			perfetto->clock = clocks[i].id;
	put_clock(perfetto);
	put_system(perfetto, machine);
	perfetto->tracks = tracks_create(export->source, export->options->slices);
	return perfetto;
}

static void perfetto_destroy(void *state)
{
	struct perfetto *perfetto = state;

	tracks_destroy(perfetto->tracks);
	free(perfetto->buffer);
	free(perfetto);
}

/*
 * Tracks
 */

static void put_track(struct perfetto *perfetto, uint64_t uuid, uint64_t parent,
		      const char *name, Perfetto__CounterDescriptor *counter)
{
	Perfetto__TrackDescriptor track = PERFETTO__TRACK_DESCRIPTOR__INIT;
	Perfetto__TracePacket packet = PERFETTO__TRACE_PACKET__INIT;

	track.has_uuid = 1;
	track.uuid = uuid;
	track.has_parent_uuid = parent != 0;
	track.parent_uuid = parent;
	track.name = (char *)name;
	track.counter = counter;
	packet.track_descriptor = &track;
	put_packet(perfetto, &packet);
}

static void put_device(struct perfetto *perfetto, const struct track_device *device)
{
	uint64_t parent = device_track(device);
	char *name = tracks_name(perfetto->tracks, device);

	put_track(perfetto, parent, 0, name, NULL);
	for (unsigned int i = 0; i < TRACK_COUNTERS; i++) {
		Perfetto__CounterDescriptor counter = PERFETTO__COUNTER_DESCRIPTOR__INIT;

		counter.has_unit = 1;
		counter.unit =
			track_counter_is_bytes(i)
				? PERFETTO__COUNTER_DESCRIPTOR__UNIT__UNIT_SIZE_BYTES
				: PERFETTO__COUNTER_DESCRIPTOR__UNIT__UNIT_COUNT;
		put_track(perfetto, counter_track(device, i), parent,
			  track_counter_name(i), &counter);
	}
	free(name);
}

/*
 * Events
 */

struct annotations {
	Perfetto__DebugAnnotation list[ANNOTATIONS], *pointer[ANNOTATIONS];
	char *owned[ANNOTATIONS]; /* texts that were made for it */
	size_t count;
};

static Perfetto__DebugAnnotation *annotate(struct annotations *annotations,
					   const char *name)
{
	size_t at = annotations->count++;

	annotations->pointer[at] = &annotations->list[at];
	annotations->owned[at] = NULL;
	perfetto__debug_annotation__init(annotations->pointer[at]);
	annotations->pointer[at]->name = (char *)name;
	return annotations->pointer[at];
}

static void annotate_count(struct annotations *annotations, const char *name,
			   uint64_t value)
{
	Perfetto__DebugAnnotation *it = annotate(annotations, name);

	it->has_uint_value = 1;
	it->uint_value = value;
}

static void annotate_address(struct annotations *annotations, const char *name,
			     uint64_t address)
{
	Perfetto__DebugAnnotation *it;

	if (!address)
		return;
	it = annotate(annotations, name);
	it->has_pointer_value = 1;
	it->pointer_value = address;
}

static void annotate_text(struct annotations *annotations, const char *name,
			  const char *text, size_t size)
{
	Perfetto__DebugAnnotation *it;
	char *clean;

	if (!size)
		return;
	it = annotate(annotations, name);
	clean = malloc(3 * size + 1);
	if (!clean)
		out_of_memory();
	utf8_clean(text, size, clean);
	annotations->owned[annotations->count - 1] = it->string_value = clean;
}

/* What the call asked for, and what came of it. */
static void annotate_event(const struct perfetto *perfetto, const struct dma_event *event,
			   struct annotations *annotations)
{
	const struct libdma_strings *strings = source_strings(perfetto->export->source);
	const char *dir = libdma_direction_name(event->dir) ?: "";
	const char *error = event->error < 0 ? strerrorname_np(-event->error) : NULL;

	annotate_count(annotations, "event", event->number);
	annotate_count(annotations, "cpu", event->cpu);
	annotate_text(annotations, "comm", libdma_strings_get(strings, event->comm),
		      libdma_strings_size(strings, event->comm));
	if (event->kind == DMA_EVENT_LOST || event->kind == DMA_EVENT_MARK) {
		annotate_text(annotations, "text", event->text, event->text_size);
		return;
	}
	annotate_count(annotations, "size", libdma_event_bytes(event));
	annotate_address(annotations, "dma", event->error ? 0 : event->dma);
	annotate_address(annotations, "phys", event->phys);
	if (event->nents)
		annotate_count(annotations, "nents", event->nents);
	annotate_text(annotations, "dir", dir, strlen(dir));
	if (event->error)
		annotate_text(annotations, "error", error ?: "unknown",
			      strlen(error ?: "unknown"));
	annotate_text(annotations, "stack", libdma_strings_get(strings, event->stack),
		      libdma_strings_size(strings, event->stack));
}

static void put_annotated(struct perfetto *perfetto, const struct dma_event *event,
			  uint64_t ns, Perfetto__TrackEvent *what)
{
	struct annotations annotations = { .count = 0 };

	annotate_event(perfetto, event, &annotations);
	what->debug_annotations = annotations.pointer;
	what->n_debug_annotations = annotations.count;
	put_event(perfetto, ns, what);
	for (size_t i = 0; i < annotations.count; i++)
		free(annotations.owned[i]);
}

static void put_slice(struct perfetto *perfetto, const struct dma_event *event,
		      const struct track_step *step)
{
	struct track_device *device = step->device;
	Perfetto__TrackEvent what = PERFETTO__TRACK_EVENT__INIT;
	char *category = (char *)"dma";

	if (step->ends >= 0) {
		what.type = PERFETTO__TRACK_EVENT__TYPE__TYPE_SLICE_END;
		what.track_uuid = row_track(device, step->ends);
		put_event(perfetto, step->ns, &what);
	}
	if (step->begins < 0)
		return;
	if ((unsigned int)step->begins == device->shown) {
		device->shown++;
		put_track(perfetto, row_track(device, step->begins), device_track(device),
			  "mappings", NULL);
	}
	what.type = PERFETTO__TRACK_EVENT__TYPE__TYPE_SLICE_BEGIN;
	what.track_uuid = row_track(device, step->begins);
	what.categories = &category;
	what.n_categories = 1;
	what.name = (char *)libdma_event_kind_name(event->kind);
	put_annotated(perfetto, event, step->ns, &what);
}

static void put_counters(struct perfetto *perfetto, const struct track_step *step)
{
	for (unsigned int i = 0; i < TRACK_COUNTERS; i++) {
		Perfetto__TrackEvent what = PERFETTO__TRACK_EVENT__INIT;

		if (!(step->changed & 1U << i))
			continue;
		what.type = PERFETTO__TRACK_EVENT__TYPE__TYPE_COUNTER;
		what.track_uuid = counter_track(step->device, i);
		what.has_counter_value = 1;
		what.counter_value = step->device->value[i];
		put_event(perfetto, step->ns, &what);
	}
}

static void put_instant(struct perfetto *perfetto, const struct dma_event *event,
			const struct track_step *step, char *name)
{
	Perfetto__TrackEvent what = PERFETTO__TRACK_EVENT__INIT;
	const char *category = event->kind == DMA_EVENT_LOST   ? "loss"
			       : event->kind == DMA_EVENT_MARK ? "mark"
							       : "failure";

	what.type = PERFETTO__TRACK_EVENT__TYPE__TYPE_INSTANT;
	what.track_uuid = device_track(step->device);
	what.categories = (char **)&category;
	what.n_categories = 1;
	what.name = name;
	put_annotated(perfetto, event, step->ns, &what);
}

static int perfetto_put(void *state, const struct dma_event *event,
			const struct libdma_change *change)
{
	struct perfetto *perfetto = state;
	struct track_step step;
	char name[64];

	tracks_put(perfetto->tracks, event, change, &step);
	if (step.is_new)
		put_device(perfetto, step.device);
	put_slice(perfetto, event, &step);
	put_counters(perfetto, &step);
	if (track_instant(event, change, name, sizeof(name)))
		put_instant(perfetto, event, &step, name);
	return EXIT_FINE;
}

static int perfetto_finish(void *state)
{
	struct perfetto *perfetto = state;

	tracks_tell_not_drawn(perfetto->tracks);
	return EXIT_FINE;
}

const struct exporter export_perfetto = {
	.name = "perfetto",
	.suffix = ".pftrace",
	.summary = "Perfetto's trace format, for ui.perfetto.dev",
	.binary = true,
	.surveys = true,
	.create = perfetto_create,
	.put = perfetto_put,
	.finish = perfetto_finish,
	.destroy = perfetto_destroy,
};
