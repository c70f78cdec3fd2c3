// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * export-chrome.c - a trace in the Trace Event Format: chrome://tracing and its kin
 *
 * A device is a "process", a row of its mappings a "thread". Times are microseconds
 * with three places, which is ns. What the machine was is in otherData.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "export.h"
#include "json.h"
#include "output.h"
#include "tracks.h"

struct chrome {
	struct export *export;
	struct tracks *tracks;
	char **quoted; /* strings as JSON, by number; NULL where not needed yet */
	uint32_t room;
	bool any;
};

static void *chrome_create(struct export *export)
{
	struct chrome *chrome = calloc(1, sizeof(*chrome));

	if (!chrome)
		out_of_memory();
	chrome->export = export;
	chrome->tracks = tracks_create(export->source, export->options->slices);
	fputs("{\"displayTimeUnit\":\"ns\",\"traceEvents\":[", export->out);
	return chrome;
}

static void chrome_destroy(void *state)
{
	struct chrome *chrome = state;

	for (uint32_t i = 0; i < chrome->room; i++)
		free(chrome->quoted[i]);
	free(chrome->quoted);
	tracks_destroy(chrome->tracks);
	free(chrome);
}

static char *quote(const char *text)
{
	json_t *value = json_text(text);
	char *quoted = json_dumps(value, JSON_ENCODE_ANY);

	if (!quoted)
		out_of_memory();
	json_decref(value);
	return quoted;
}

/* A string of the trace, made JSON once. */
static const char *quoted(struct chrome *chrome, uint32_t number)
{
	if (number >= chrome->room) {
		uint32_t room = number * 2 + 64;

		chrome->quoted = realloc(chrome->quoted, room * sizeof(char *));
		if (!chrome->quoted)
			out_of_memory();
		memset(chrome->quoted + chrome->room, 0,
		       (room - chrome->room) * sizeof(char *));
		chrome->room = room;
	}
	if (!chrome->quoted[number])
		chrome->quoted[number] = quote(libdma_strings_get(
			source_strings(chrome->export->source), number));
	return chrome->quoted[number];
}

/* All that an event of the format begins with; @phase is its "ph". */
static void begin_event(struct chrome *chrome, char phase, uint32_t pid, int tid,
			uint64_t ns)
{
	fprintf(chrome->export->out,
		"%s\n{\"ph\":\"%c\",\"pid\":%" PRIu32 ",\"tid\":%d,\"ts\":%" PRIu64
		".%03" PRIu64,
		chrome->any ? "," : "", phase, pid, tid, ns / 1000, ns % 1000);
	chrome->any = true;
}

/* What the call asked for, and what came of it. */
static void print_args(struct chrome *chrome, const struct dma_event *event)
{
	const char *dir = libdma_direction_name(event->dir);
	FILE *out = chrome->export->out;

	fprintf(out, ",\"args\":{\"event\":%" PRIu64 ",\"size\":%" PRIu64, event->number,
		libdma_event_bytes(event));
	if (!event->error && event->dma)
		fprintf(out, ",\"dma\":\"0x%" PRIx64 "\"", event->dma);
	if (event->phys)
		fprintf(out, ",\"phys\":\"0x%" PRIx64 "\"", event->phys);
	if (event->nents)
		fprintf(out, ",\"nents\":%" PRIu32 ",\"ents\":%" PRIu32, event->nents,
			event->ents);
	if (dir)
		fprintf(out, ",\"dir\":\"%s\"", dir);
	fprintf(out, ",\"cpu\":%" PRIu32 ",\"pid\":%" PRId32, event->cpu, event->pid);
	if (event->comm)
		fprintf(out, ",\"comm\":%s", quoted(chrome, event->comm));
	if (event->error)
		fprintf(out, ",\"error\":\"%s\"",
			strerrorname_np(-event->error) ?: "unknown");
	if (event->stack)
		fprintf(out, ",\"stack\":%s", quoted(chrome, event->stack));
	putc('}', out);
}

static void print_counters(struct chrome *chrome, const struct track_step *step)
{
	for (unsigned int i = 0; i < TRACK_COUNTERS; i++) {
		if (!(step->changed & 1U << i))
			continue;
		begin_event(chrome, 'C', step->device->number, 0, step->ns);
		fprintf(chrome->export->out,
			",\"name\":\"%s\",\"args\":{\"%s\":%" PRId64 "}}",
			track_counter_name(i),
			track_counter_is_bytes(i) ? "bytes" : "count",
			step->device->value[i]);
	}
}

static void print_instant(struct chrome *chrome, const struct track_step *step,
			  const struct dma_event *event, const char *name)
{
	FILE *out = chrome->export->out;
	bool everywhere = event->kind == DMA_EVENT_LOST || event->kind == DMA_EVENT_MARK;

	begin_event(chrome, 'i', step->device->number, 0, step->ns);
	fprintf(out, ",\"s\":\"%c\",\"cat\":\"%s\",\"name\":\"%s\"",
		everywhere ? 'g' : 'p',
		event->kind == DMA_EVENT_LOST   ? "loss"
		: event->kind == DMA_EVENT_MARK ? "mark"
						: "failure",
		name);
	if (event->kind == DMA_EVENT_MARK) {
		char *text = strndup(event->text ?: "", event->text_size), *json;

		if (!text)
			out_of_memory();
		json = quote(text);
		fprintf(out, ",\"args\":{\"text\":%s}", json);
		free(json);
		free(text);
	} else if (event->kind != DMA_EVENT_LOST) {
		print_args(chrome, event);
	}
	putc('}', out);
}

static int chrome_put(void *state, const struct dma_event *event,
		      const struct libdma_change *change)
{
	struct chrome *chrome = state;
	FILE *out = chrome->export->out;
	struct track_step step;
	char name[64];

	tracks_put(chrome->tracks, event, change, &step);
	if (step.begins >= 0) {
		begin_event(chrome, 'B', step.device->number, step.begins + 1, step.ns);
		fprintf(out, ",\"cat\":\"dma\",\"name\":\"%s\"",
			libdma_event_kind_name(event->kind));
		print_args(chrome, event);
		putc('}', out);
	}
	if (step.ends >= 0) {
		begin_event(chrome, 'E', step.device->number, step.ends + 1, step.ns);
		putc('}', out);
	}
	print_counters(chrome, &step);
	if (track_instant(event, change, name, sizeof(name)))
		print_instant(chrome, &step, event, name);
	return EXIT_FINE;
}

/* The names of what was numbered. */
static void name_device(void *arg, const struct track_device *device)
{
	struct chrome *chrome = arg;
	FILE *out = chrome->export->out;
	char *name = tracks_name(chrome->tracks, device), *json = quote(name);

	begin_event(chrome, 'M', device->number, 0, 0);
	fprintf(out, ",\"name\":\"process_name\",\"args\":{\"name\":%s}}", json);
	for (unsigned int i = 0; i < device->rows; i++) {
		begin_event(chrome, 'M', device->number, (int)i + 1, 0);
		fprintf(out,
			",\"name\":\"thread_name\",\"args\":{\"name\":\"mappings %u\"}}",
			i + 1);
	}
	free(json);
	free(name);
}

static int chrome_finish(void *state)
{
	struct chrome *chrome = state;
	const struct libdma_environment *machine;
	json_t *other = json_create();
	FILE *out = chrome->export->out;

	tracks_learn(chrome->tracks);
	tracks_walk(chrome->tracks, name_device, chrome);
	tracks_tell_not_drawn(chrome->tracks);
	machine = source_environment(chrome->export->source);
	if (machine->kernel)
		json_add(other, "kernel", json_text(machine->kernel));
	if (machine->clock)
		json_add(other, "clock", json_text(machine->clock));
	json_add(other, "completeness", source_completeness(chrome->export->source));
	fputs("\n],\"otherData\":", out);
	if (json_dumpf(other, out, 0))
		out_of_memory();
	fputs("}\n", out);
	json_decref(other);
	return EXIT_FINE;
}

const struct exporter export_chrome = {
	.name = "chrome",
	.summary = "JSON of the Trace Event Format, for trace viewers",
	.surveys = true,
	.create = chrome_create,
	.put = chrome_put,
	.finish = chrome_finish,
	.destroy = chrome_destroy,
};
