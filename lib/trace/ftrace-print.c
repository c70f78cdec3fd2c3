// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * ftrace-print.c - events as the kernel's trace file prints them
 *
 * What was read from such a file is written with the same bytes. A line is built in
 * room that was reserved for the longest it can become.
 *
 * Kernel counterpart: kernel/trace/trace_output.c, trace_print_context()
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "trace/ftrace.h"

#define SECOND 1000000000ULL

/* The most that anything but strings and lists takes in a line. */
#define LINE_ROOM 1024
#define WORD_ROOM 20 /* "0x" and 16 digits, and a comma */

/* The writer's state. */
struct printer {
	bool begun;  /* the header is written */
	bool counts; /* the clock is none of seconds */
};

static char *put_text(char *at, const char *text, size_t size)
{
	memcpy(at, text, size);
	return at + size;
}

#define PUT_TEXT(at, literal) put_text(at, literal, sizeof(literal) - 1)

static char *put_string(char *at, const char *text)
{
	return put_text(at, text, strlen(text));
}

static char *put_number(char *at, uint64_t value, unsigned int base, unsigned int width,
			char fill)
{
	char text[20];
	unsigned int digits = 0;

	do {
		text[digits++] = "0123456789abcdef"[value % base];
		value /= base;
	} while (value);
	for (; width > digits; width--)
		*at++ = fill;
	while (digits)
		*at++ = text[--digits];
	return at;
}

static char *put_hex(char *at, uint64_t value)
{
	return put_number(at, value, 16, 0, ' ');
}

static char *put_hex16(char *at, uint64_t value)
{
	return put_number(at, value, 16, 16, '0');
}

static char *put_decimal(char *at, uint64_t value)
{
	return put_number(at, value, 10, 0, ' ');
}

/* As "%d" does. */
static char *put_signed(char *at, int32_t value)
{
	if (value < 0)
		*at++ = '-';
	return put_decimal(at, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
}

static char *put_name(char *at, const struct libdma_writer *writer, uint32_t number)
{
	return put_text(at, libdma_strings_get(writer->strings, number),
			libdma_strings_size(writer->strings, number));
}

/* Text from elsewhere, which may not break the line that it is in. */
static char *put_line(char *at, const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++)
		*at++ = text[i] == '\n' ? ' ' : text[i];
	return at;
}

static char *put_list64(char *at, const uint64_t *value, uint32_t count)
{
	*at++ = '{';
	for (uint32_t i = 0; i < count; i++) {
		if (i)
			*at++ = ',';
		at = put_hex(PUT_TEXT(at, "0x"), value[i]);
	}
	*at++ = '}';
	return at;
}

static char *put_list32(char *at, const uint32_t *value, uint32_t count)
{
	*at++ = '{';
	for (uint32_t i = 0; i < count; i++) {
		if (i)
			*at++ = ',';
		at = put_hex(PUT_TEXT(at, "0x"), value[i]);
	}
	*at++ = '}';
	return at;
}

static char *put_time(char *at, const struct printer *printer, uint64_t ns)
{
	uint64_t part = ns % SECOND;

	*at++ = ' ';
	if (printer->counts)
		return put_number(at, ns, 10, 12, ' ');
	at = put_number(at, ns / SECOND, 10, 5, ' ');
	*at++ = '.';
	if (part % 1000)
		return put_number(at, part, 10, 9, '0');
	return put_number(at, part / 1000, 10, 6, '0');
}

/* "       modprobe-149     [001] d.h1.     3.815553: " */
static char *put_prefix(char *at, const struct libdma_writer *writer,
			const struct dma_event *event)
{
	size_t size = libdma_strings_size(writer->strings, event->comm);
	char *pid;

	for (; size < 16; size++)
		*at++ = ' ';
	at = put_line(at, libdma_strings_get(writer->strings, event->comm),
		      libdma_strings_size(writer->strings, event->comm));
	*at++ = '-';
	pid = at;
	at = put_signed(at, event->pid);
	while (at < pid + 8)
		*at++ = ' ';
	*at++ = '[';
	at = put_number(at, event->cpu, 10, 3, '0');
	at = PUT_TEXT(at, "] ");
	at = put_name(at, writer, event->context);
	at = put_time(at, writer->state, event->ns);
	return PUT_TEXT(at, ": ");
}

static char *put_attrs(char *at, uint64_t attrs)
{
	at = PUT_TEXT(at, " attrs=");
	return at + libdma_attrs_print(attrs, at, LINE_ROOM / 2);
}

static char *put_gfp(char *at, const struct libdma_writer *writer, uint32_t gfp)
{
	return put_name(PUT_TEXT(at, " flags="), writer, gfp);
}

static char *put_pointer(char *at, const struct dma_event *event)
{
	at = PUT_TEXT(at, " virt_addr=");
	if (event->flags & DMA_EVENT_UNHASHED)
		return PUT_TEXT(at, "(____ptrval____)");
	return put_hex16(at, event->cpu_addr);
}

static char *put_device(char *at, const struct libdma_writer *writer,
			const struct dma_event *event)
{
	const char *dir = libdma_direction_name(event->dir);

	at = put_name(at, writer, event->device);
	return put_string(PUT_TEXT(at, " dir="), dir ? dir : "NONE");
}

/* "DEV dir=D dma_addr=H size=N" */
static char *put_address(char *at, const struct libdma_writer *writer,
			 const struct dma_event *event)
{
	at = put_device(at, writer, event);
	at = put_hex(PUT_TEXT(at, " dma_addr="), event->dma);
	return put_decimal(PUT_TEXT(at, " size="), event->size);
}

static char *put_sgt(char *at, const struct libdma_writer *writer,
		     const struct dma_event *event)
{
	at = put_address(at, writer, event);
	at = PUT_TEXT(at, " phys_addrs=");
	at = put_list64(at, event->phys_list, event->phys_count);
	if (event->kind == DMA_EVENT_FREE_SGT)
		return at;
	return put_attrs(put_gfp(at, writer, event->gfp), event->attrs);
}

static char *put_counts(char *at, uint32_t shown, uint32_t full)
{
	at = put_decimal(at, shown);
	*at++ = '/';
	return put_decimal(at, full);
}

static char *put_map_sg(char *at, const struct libdma_writer *writer,
			const struct dma_event *event)
{
	at = put_device(at, writer, event);
	at = put_counts(PUT_TEXT(at, " nents="), event->phys_count, event->nents);
	at = put_counts(PUT_TEXT(at, " ents="), event->dma_count, event->ents);
	if (event->flags & DMA_EVENT_CUT)
		at = PUT_TEXT(at, " [TRUNCATED]");
	at = PUT_TEXT(at, " dma_addrs=");
	at = put_list64(at, event->dma_list, event->dma_count);
	at = PUT_TEXT(at, " sizes=");
	at = put_list32(at, event->dma_size_list, event->dma_count);
	at = PUT_TEXT(at, " phys_addrs=");
	at = put_list64(at, event->phys_list, event->phys_count);
	return put_attrs(at, event->attrs);
}

static char *put_map_sg_err(char *at, const struct libdma_writer *writer,
			    const struct dma_event *event)
{
	at = PUT_TEXT(put_device(at, writer, event), " dma_addrs=");
	at = put_list64(at, event->phys_list, event->phys_count);
	at = put_signed(PUT_TEXT(at, " err="), event->error);
	return put_attrs(at, event->attrs);
}

static char *put_sync_sg(char *at, const struct libdma_writer *writer,
			 const struct dma_event *event)
{
	at = PUT_TEXT(put_device(at, writer, event), " dma_addrs=");
	at = put_list64(at, event->dma_list, event->dma_count);
	at = PUT_TEXT(at, " sizes=");
	return put_list32(at, event->dma_size_list, event->dma_count);
}

static char *put_bounced(char *at, const struct libdma_writer *writer,
			 const struct dma_event *event)
{
	at = put_name(PUT_TEXT(at, "dev_name: "), writer, event->device);
	at = put_hex(PUT_TEXT(at, " dma_mask="), event->mask);
	at = put_hex(PUT_TEXT(at, " dev_addr="), event->phys);
	at = put_decimal(PUT_TEXT(at, " size="), event->size);
	return event->flags & DMA_EVENT_FORCE ? PUT_TEXT(at, " FORCE")
					      : PUT_TEXT(at, " NORMAL");
}

static char *put_iommu(char *at, const struct dma_event *event)
{
	at = put_hex16(PUT_TEXT(at, "IOMMU: iova=0x"), event->dma);
	at = put_hex16(PUT_TEXT(at, " - 0x"), event->dma + event->size);
	if (event->kind == DMA_EVENT_IOMMU_MAP)
		at = put_hex16(PUT_TEXT(at, " paddr=0x"), event->phys);
	at = put_decimal(PUT_TEXT(at, " size="), event->size);
	if (event->kind == DMA_EVENT_IOMMU_UNMAP)
		at = put_decimal(PUT_TEXT(at, " unmapped_size="), event->unmapped);
	return at;
}

static char *put_fault(char *at, const struct libdma_writer *writer,
		       const struct dma_event *event)
{
	at = put_name(PUT_TEXT(at, "IOMMU:"), writer, event->name);
	*at++ = ' ';
	at = put_name(at, writer, event->device);
	at = put_hex16(PUT_TEXT(at, " iova=0x"), event->dma);
	at = PUT_TEXT(at, " flags=0x");
	return put_number(at, event->fault, 16, 4, '0');
}

static char *put_body(char *at, const struct libdma_writer *writer,
		      const struct dma_event *event, enum ftrace_shape shape)
{
	switch (shape) {
	case FTRACE_MAP:
		at = put_address(at, writer, event);
		at = put_hex(PUT_TEXT(at, " phys_addr="), event->phys);
		return put_attrs(at, event->attrs);
	case FTRACE_UNMAP:
		return put_attrs(put_address(at, writer, event), event->attrs);
	case FTRACE_ALLOC:
		at = put_pointer(put_address(at, writer, event), event);
		return put_attrs(put_gfp(at, writer, event->gfp), event->attrs);
	case FTRACE_FREE:
		at = put_pointer(put_address(at, writer, event), event);
		return put_attrs(at, event->attrs);
	case FTRACE_ALLOC_SGT:
	case FTRACE_FREE_SGT:
		return put_sgt(at, writer, event);
	case FTRACE_MAP_SG:
		return put_map_sg(at, writer, event);
	case FTRACE_MAP_SG_ERR:
		return put_map_sg_err(at, writer, event);
	case FTRACE_UNMAP_SG:
		at = PUT_TEXT(put_device(at, writer, event), " phys_addrs=");
		at = put_list64(at, event->phys_list, event->phys_count);
		return put_attrs(at, event->attrs);
	case FTRACE_SYNC:
		return put_address(at, writer, event);
	case FTRACE_SYNC_SG:
		return put_sync_sg(at, writer, event);
	case FTRACE_BOUNCED:
		return put_bounced(at, writer, event);
	case FTRACE_IOMMU_MAP:
	case FTRACE_IOMMU_UNMAP:
		return put_iommu(at, event);
	case FTRACE_GROUP:
		at = put_signed(PUT_TEXT(at, "IOMMU: groupID="), (int32_t)event->handle);
		return put_name(PUT_TEXT(at, " device="), writer, event->device);
	case FTRACE_DOMAIN:
		return put_name(PUT_TEXT(at, "IOMMU: device="), writer, event->device);
	case FTRACE_FAULT:
		return put_fault(at, writer, event);
	case FTRACE_MARK:
	case FTRACE_NO_SHAPE:
		return put_line(at, event->text, event->text_size);
	}
	return at;
}

/* "CPU:1 [LOST 23 EVENTS]" */
static char *put_lost(char *at, const struct dma_event *event)
{
	at = put_decimal(PUT_TEXT(at, "CPU:"), event->cpu);
	at = PUT_TEXT(at, " [LOST ");
	if (event->count)
		at = PUT_TEXT(put_decimal(at, event->count), " ");
	return PUT_TEXT(at, "EVENTS]");
}

/* The call stack, as a line of its own with a line for each function behind it. */
static char *put_stack(char *at, const struct libdma_writer *writer,
		       const struct dma_event *event)
{
	const char *stack = libdma_strings_get(writer->strings, event->stack);

	at = PUT_TEXT(put_prefix(at, writer, event), "<stack trace>\n");
	while (*stack) {
		size_t size = strcspn(stack, ";");

		at = put_line(PUT_TEXT(at, " => "), stack, size);
		*at++ = '\n';
		stack += size + (stack[size] == ';');
	}
	return at;
}

/* What the kernel would have recorded: it has no tracepoint for each of our kinds. */
static unsigned int kernel_kind(const struct dma_event *event)
{
	switch (event->kind) {
	case DMA_EVENT_MAP_SINGLE:
		return DMA_EVENT_MAP_PAGE;
	case DMA_EVENT_UNMAP_SINGLE:
		return DMA_EVENT_UNMAP_PAGE;
	case DMA_EVENT_MAP_SG:
		return event->error ? DMA_EVENT_MAP_SG_ERR : DMA_EVENT_MAP_SG;
	default:
		return event->kind;
	}
}

static char *put_event(char *at, const struct libdma_writer *writer,
		       const struct dma_event *event, unsigned int kind)
{
	enum ftrace_shape shape = ftrace_shape(kind);
	const char *first, *rest;

	if (event->stack && ftrace_is_stack(event))
		return put_stack(at, writer, event);
	at = put_prefix(at, writer, event);
	if (shape != FTRACE_NO_SHAPE) {
		first = ftrace_name(kind, &rest);
		at = PUT_TEXT(put_string(put_string(at, first), rest), ": ");
	} else if (event->name) {
		at = PUT_TEXT(put_name(at, writer, event->name), ": ");
	}
	at = put_body(at, writer, event, shape);
	*at++ = '\n';
	return event->stack ? put_stack(at, writer, event) : at;
}

/* The most bytes that an event's lines can take. */
static size_t event_room(const struct libdma_writer *writer,
			 const struct dma_event *event)
{
	const uint32_t strings[] = { event->comm,    event->comm,   event->context,
				     event->context, event->device, event->gfp,
				     event->name };
	size_t room = LINE_ROOM + event->text_size;

	for (size_t i = 0; i < sizeof(strings) / sizeof(strings[0]); i++)
		room += libdma_strings_size(writer->strings, strings[i]);
	room += 6 * libdma_strings_size(writer->strings, event->stack);
	room += WORD_ROOM * ((size_t)event->phys_count + 2 * (size_t)event->dma_count);
	return room;
}

static bool is_counter(const char *clock)
{
	return clock && (!strcmp(clock, "counter") || !strcmp(clock, "uptime") ||
			 !strcmp(clock, "x86-tsc"));
}

static void print_header(struct libdma_writer *writer, bool context)
{
	static const char with[] =
		"#                                _-----=> irqs-off/BH-disabled\n"
		"#                               / _----=> need-resched\n"
		"#                              | / _---=> hardirq/softirq\n"
		"#                              || / _--=> preempt-depth\n"
		"#                              ||| / _-=> migrate-disable\n"
		"#                              |||| /     delay\n"
		"#           TASK-PID     CPU#  |||||  TIMESTAMP  FUNCTION\n"
		"#              | |         |   |||||     |         |\n";
	static const char without[] =
		"#           TASK-PID     CPU#     TIMESTAMP  FUNCTION\n"
		"#              | |         |         |         |\n";
	const struct libdma_environment *environment = writer->environment;

	output_print(writer->output, "# tracer: nop\n#\n");
	if (environment && environment->origin.entries != LIBDMA_UNKNOWN) {
		output_print(writer->output,
			     "# entries-in-buffer/entries-written: %llu/%llu   #P:%u\n",
			     (unsigned long long)environment->entries_kept,
			     (unsigned long long)environment->entries_written,
			     environment->cpus);
		output_print(writer->output, "#\n");
	}
	output_print(writer->output, "%s", context ? with : without);
}

int ftrace_create(struct libdma_writer *writer)
{
	struct printer *printer = calloc(1, sizeof(*printer));

	if (!printer)
		return -ENOMEM;
	printer->counts = writer->environment && is_counter(writer->environment->clock);
	writer->state = printer;
	return 0;
}

int ftrace_put(struct libdma_writer *writer, const struct dma_event *event)
{
	struct printer *printer = writer->state;
	unsigned int kind = kernel_kind(event);
	bool lost = kind == DMA_EVENT_LOST;
	char *at, *line;

	if (!printer->begun)
		print_header(writer, event->context);
	printer->begun = true;
	if (!ftrace_shape(kind) && kind != DMA_EVENT_OTHER && !lost) {
		writer->skipped++;
		return 0;
	}
	line = (char *)output_reserve(writer->output, event_room(writer, event));
	if (!line)
		return -ENOMEM;
	if (lost) {
		at = put_lost(line, event);
		*at++ = '\n';
	} else {
		at = put_event(line, writer, event, kind);
	}
	output_commit(writer->output, (size_t)(at - line));
	return 0;
}

int ftrace_finish(struct libdma_writer *writer)
{
	struct printer *printer = writer->state;

	if (!printer->begun)
		print_header(writer, true);
	free(printer);
	writer->state = NULL;
	return 0;
}
