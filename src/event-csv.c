// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * event-csv.c - events as comma-separated values, in columns of the user's choice
 *
 * A spreadsheet has no lists: an event's entries are one cell, separated by spaces.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "csv.h"
#include "event-csv.h"
#include "output.h"
#include "utf8.h"

#define COLUMNS_MAX 64
#define NS_PER_S    1000000000

struct event_csv {
	FILE *out;
	size_t count;
	uint8_t column[COLUMNS_MAX];
};

static void print_text(FILE *out, const char *bytes, size_t size)
{
	char *clean;

	if (utf8_valid(bytes, size)) {
		csv_quote(out, bytes, size);
		return;
	}
	clean = malloc(3 * size + 1);
	if (!clean)
		out_of_memory();
	csv_quote(out, clean, utf8_clean(bytes, size, clean));
	free(clean);
}

static void print_string(FILE *out, const struct libdma_strings *strings, uint32_t number)
{
	print_text(out, libdma_strings_get(strings, number),
		   libdma_strings_size(strings, number));
}

static void print_list(FILE *out, const uint64_t *address, const uint32_t *size,
		       uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		fprintf(out, "%s0x%" PRIx64, i ? " " : "", address[i]);
		if (size)
			fprintf(out, ":%" PRIu32, size[i]);
	}
}

typedef void printer(FILE *out, const struct dma_event *event,
		     const struct libdma_strings *strings);

#define PRINTER(name, what)                                        \
	static void name(FILE *out, const struct dma_event *event, \
			 const struct libdma_strings *strings)     \
	{                                                          \
		(void)strings;                                     \
		what;                                              \
	}

static void print_hex(FILE *out, uint64_t value)
{
	if (value)
		fprintf(out, "0x%" PRIx64, value);
}

static void print_count(FILE *out, uint64_t value)
{
	if (value)
		fprintf(out, "%" PRIu64, value);
}

static void print_flag_names(FILE *out, unsigned int flags)
{
	static const char *const names[] = { "cut",      "force",   "hashed",
					     "unhashed", "request", "skip_sync",
					     "earlier",  "searched" };
	const char *gap = "";

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!(flags & 1U << i))
			continue;
		fprintf(out, "%s%s", gap, names[i]);
		gap = "|";
	}
}

/* Counts are decimal, masks and offsets are not. */
static void print_extra(FILE *out, const struct dma_event *event,
			const struct libdma_strings *strings)
{
	(void)strings;
	switch (event->kind) {
	case DMA_EVENT_LOST:
	case DMA_EVENT_FLUSH:
	case DMA_EVENT_POOL_CREATE:
	case DMA_EVENT_IOMMU_UNMAP:
		print_count(out, event->count);
		break;
	default:
		print_hex(out, event->mask);
		break;
	}
}

PRINTER(print_number, fprintf(out, "%" PRIu64, event->number))
PRINTER(print_time, fprintf(out, "%" PRIu64 ".%09" PRIu64, event->ns / NS_PER_S,
			    event->ns % NS_PER_S))
PRINTER(print_cpu, fprintf(out, "%" PRIu32, event->cpu))
PRINTER(print_pid, fprintf(out, "%" PRId32, event->pid))
PRINTER(print_comm, print_string(out, strings, event->comm))
PRINTER(print_kind, fputs(libdma_event_kind_name(event->kind), out))
PRINTER(print_device, print_string(out, strings, event->device))
PRINTER(print_phys, print_hex(out, event->phys))
PRINTER(print_dma, print_hex(out, event->dma))
PRINTER(print_size, print_count(out, event->size))
PRINTER(print_nents, print_count(out, event->nents))
PRINTER(print_ents, print_count(out, event->ents))
PRINTER(print_cpu_addr, print_hex(out, event->cpu_addr))
PRINTER(print_flags, print_flag_names(out, event->flags))
PRINTER(print_boundary,
	print_hex(out, event->kind == DMA_EVENT_LOST ? 0 : event->boundary))
PRINTER(print_coherent_mask, print_hex(out, event->coherent_mask))
PRINTER(print_max_segment, print_count(out, event->max_segment_size))
PRINTER(print_min_align, print_hex(out, event->min_align_mask))
PRINTER(print_until,
	print_count(out, event->kind == DMA_EVENT_LOST ? event->until_ns : 0))
PRINTER(print_handle, print_count(out, event->handle))
PRINTER(print_name, print_string(out, strings, event->name))
PRINTER(print_gfp, print_string(out, strings, event->gfp))
PRINTER(print_context, print_string(out, strings, event->context))
PRINTER(print_stack, print_string(out, strings, event->stack))
PRINTER(print_mark, print_text(out, event->text ? event->text : "", event->text_size))
PRINTER(print_entries,
	print_list(out, event->phys_list, event->size_list, event->phys_count))
PRINTER(print_segments,
	print_list(out, event->dma_list, event->dma_size_list, event->dma_count))

static void print_direction(FILE *out, const struct dma_event *event,
			    const struct libdma_strings *strings)
{
	const char *name = libdma_direction_name(event->dir);

	(void)strings;
	if (event->dir || libdma_event_kind_class(event->kind) != DMA_CLASS_NONE)
		fputs(name ? name : "", out);
}

static void print_error(FILE *out, const struct dma_event *event,
			const struct libdma_strings *strings)
{
	const char *name = event->error < 0 ? strerrorname_np(-event->error) : NULL;

	(void)strings;
	if (name)
		fputs(name, out);
	else if (event->error)
		fprintf(out, "%" PRId32, event->error);
}

static void print_attrs(FILE *out, const struct dma_event *event,
			const struct libdma_strings *strings)
{
	char text[512];

	(void)strings;
	libdma_attrs_print(event->attrs, text, sizeof(text));
	fputs(text, out);
}

static const struct {
	const char *name;
	printer *print;
	bool extra; /* only when asked for */
	const char *summary;
} columns[] = {
	{ "number", print_number, false, "which event of the trace, from 0" },
	{ "time", print_time, false, "seconds on the trace's clock, with nine places" },
	{ "cpu", print_cpu, false, "the CPU" },
	{ "pid", print_pid, false, "the task" },
	{ "comm", print_comm, false, "the task's name" },
	{ "kind", print_kind, false, "kind of event" },
	{ "device", print_device, false, "the device" },
	{ "dir", print_direction, false, "direction" },
	{ "phys", print_phys, false, "physical address" },
	{ "dma", print_dma, false, "DMA address" },
	{ "size", print_size, false, "bytes" },
	{ "nents", print_nents, false, "entries of a list" },
	{ "ents", print_ents, false, "segments that it became" },
	{ "attrs", print_attrs, false, "attributes" },
	{ "error", print_error, false, "how the call failed" },
	{ "cpu_addr", print_cpu_addr, true, "the CPU's address of an allocation" },
	{ "handle", print_handle, true, "which pool, group or domain" },
	{ "name", print_name, true, "a pool's name, or an unknown tracepoint's" },
	{ "gfp", print_gfp, true, "allocation flags" },
	{ "context", print_context, true,
	  "interrupts and preemption, as ftrace shows them" },
	{ "stack", print_stack, true, "the call stack" },
	{ "text", print_mark, true, "what a mark says" },
	{ "extra", print_extra, true,
	  "the mask; of lost: how many events; of pool_create: the alignment; of flush: "
	  "entries; of iommu_unmap: bytes" },
	{ "boundary", print_boundary, true,
	  "boundary of a pool or of a device's segments; of alloc_iova: the limit" },
	{ "coherent_mask", print_coherent_mask, true,
	  "of a device; of swiotlb_map: the alignment" },
	{ "max_segment_size", print_max_segment, true, "of a device" },
	{ "min_align_mask", print_min_align, true, "of a device" },
	{ "until", print_until, true, "of lost: ns, the end of the time without events" },
	{ "flags", print_flags, true,
	  "cut, force, hashed, unhashed, request, skip_sync, earlier, searched" },
	{ "entries", print_entries, true, "physical address:size of each entry" },
	{ "segments", print_segments, true, "DMA address:size of each segment" },
};

#define COLUMNS (sizeof(columns) / sizeof(columns[0]))

void event_csv_help(void)
{
	for (size_t i = 0; i < COLUMNS; i++)
		printf("%-10s %s%s\n", columns[i].name, columns[i].summary,
		       columns[i].extra ? " (not shown unless asked for)" : "");
}

static int choose(struct event_csv *csv, const char *name, size_t size)
{
	for (size_t i = 0; i < COLUMNS && csv->count < COLUMNS_MAX; i++)
		if (strlen(columns[i].name) == size &&
		    !strncasecmp(columns[i].name, name, size)) {
			csv->column[csv->count++] = (uint8_t)i;
			return EXIT_FINE;
		}
	complain("'%.*s' is no column, '--columns help' lists them", (int)size, name);
	return EXIT_USAGE;
}

int event_csv_create(const char *list, FILE *out, struct event_csv **ret)
{
	struct event_csv *csv = calloc(1, sizeof(*csv));
	bool more = list && *list == '+', all = list && !strcmp(list, "all");
	int status = EXIT_FINE;

	if (!csv)
		out_of_memory();
	csv->out = out;
	for (size_t i = 0; (!list || more || all) && i < COLUMNS; i++)
		if (all || !columns[i].extra)
			csv->column[csv->count++] = (uint8_t)i;
	if (all)
		list = NULL;
	else if (more)
		list++;
	while (list && status == EXIT_FINE) {
		size_t size = strcspn(list, ",");

		status = choose(csv, list, size);
		list = list[size] ? list + size + 1 : NULL;
	}
	if (status != EXIT_FINE) {
		free(csv);
		csv = NULL;
	}
	*ret = csv;
	return status;
}

void event_csv_destroy(struct event_csv *csv)
{
	free(csv);
}

void event_csv_head(const struct event_csv *csv)
{
	for (size_t i = 0; i < csv->count; i++)
		csv_field(csv->out, columns[csv->column[i]].name, !i);
	csv_end(csv->out);
}

void event_csv_print(const struct event_csv *csv, const struct dma_event *event,
		     const struct libdma_strings *strings)
{
	for (size_t i = 0; i < csv->count; i++) {
		if (i)
			putc(',', csv->out);
		columns[csv->column[i]].print(csv->out, event, strings);
	}
	csv_end(csv->out);
}
