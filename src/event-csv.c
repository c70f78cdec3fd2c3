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
	size_t count;
	uint8_t column[COLUMNS_MAX];
};

static void print_text(const char *bytes, size_t size)
{
	char *clean;

	if (utf8_valid(bytes, size)) {
		csv_quote(stdout, bytes, size);
		return;
	}
	clean = malloc(3 * size + 1);
	if (!clean)
		out_of_memory();
	csv_quote(stdout, clean, utf8_clean(bytes, size, clean));
	free(clean);
}

static void print_string(const struct libdma_strings *strings, uint32_t number)
{
	print_text(libdma_strings_get(strings, number), libdma_strings_size(strings, number));
}

static void print_list(const uint64_t *address, const uint32_t *size, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		printf("%s0x%" PRIx64, i ? " " : "", address[i]);
		if (size)
			printf(":%" PRIu32, size[i]);
	}
}

typedef void printer(const struct dma_event *event, const struct libdma_strings *strings);

#define PRINTER(name, what)                                                           \
	static void name(const struct dma_event *event,                               \
			 const struct libdma_strings *strings)                        \
	{                                                                             \
		(void)strings;                                                        \
		what;                                                                 \
	}

static void print_hex(uint64_t value)
{
	if (value)
		printf("0x%" PRIx64, value);
}

static void print_count(uint64_t value)
{
	if (value)
		printf("%" PRIu64, value);
}

PRINTER(print_number, printf("%" PRIu64, event->number))
PRINTER(print_time, printf("%" PRIu64 ".%09" PRIu64, event->ns / NS_PER_S,
			   event->ns % NS_PER_S))
PRINTER(print_cpu, printf("%" PRIu32, event->cpu))
PRINTER(print_pid, printf("%" PRId32, event->pid))
PRINTER(print_comm, print_string(strings, event->comm))
PRINTER(print_kind, fputs(libdma_event_kind_name(event->kind), stdout))
PRINTER(print_device, print_string(strings, event->device))
PRINTER(print_phys, print_hex(event->phys))
PRINTER(print_dma, print_hex(event->dma))
PRINTER(print_size, print_count(event->size))
PRINTER(print_nents, print_count(event->nents))
PRINTER(print_ents, print_count(event->ents))
PRINTER(print_cpu_addr, print_hex(event->cpu_addr))
PRINTER(print_handle, print_count(event->handle))
PRINTER(print_name, print_string(strings, event->name))
PRINTER(print_gfp, print_string(strings, event->gfp))
PRINTER(print_context, print_string(strings, event->context))
PRINTER(print_stack, print_string(strings, event->stack))
PRINTER(print_mark, print_text(event->text ? event->text : "", event->text_size))
PRINTER(print_entries, print_list(event->phys_list, event->size_list, event->phys_count))
PRINTER(print_segments,
	print_list(event->dma_list, event->dma_size_list, event->dma_count))

static void print_direction(const struct dma_event *event,
			    const struct libdma_strings *strings)
{
	const char *name = libdma_direction_name(event->dir);

	(void)strings;
	if (event->dir || libdma_event_kind_class(event->kind) != DMA_CLASS_NONE)
		fputs(name ? name : "", stdout);
}

static void print_error(const struct dma_event *event, const struct libdma_strings *strings)
{
	const char *name = event->error < 0 ? strerrorname_np(-event->error) : NULL;

	(void)strings;
	if (name)
		fputs(name, stdout);
	else if (event->error)
		printf("%" PRId32, event->error);
}

static void print_attrs(const struct dma_event *event, const struct libdma_strings *strings)
{
	char text[512];

	(void)strings;
	libdma_attrs_print(event->attrs, text, sizeof(text));
	fputs(text, stdout);
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
	{ "context", print_context, true, "interrupts and preemption, as ftrace shows them" },
	{ "stack", print_stack, true, "the call stack" },
	{ "text", print_mark, true, "what a mark says" },
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

int event_csv_create(const char *list, struct event_csv **ret)
{
	struct event_csv *csv = calloc(1, sizeof(*csv));
	bool more = list && *list == '+';
	int status = EXIT_FINE;

	if (!csv)
		out_of_memory();
	for (size_t i = 0; (!list || more) && i < COLUMNS; i++)
		if (!columns[i].extra)
			csv->column[csv->count++] = (uint8_t)i;
	for (list += more; list && status == EXIT_FINE;) {
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
		csv_field(stdout, columns[csv->column[i]].name, !i);
	csv_end(stdout);
}

void event_csv_print(const struct event_csv *csv, const struct dma_event *event,
		     const struct libdma_strings *strings)
{
	for (size_t i = 0; i < csv->count; i++) {
		if (i)
			putchar(',');
		columns[csv->column[i]].print(event, strings);
	}
	csv_end(stdout);
}
