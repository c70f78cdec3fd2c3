// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * leaks-print.c - what is left mapped, as a table and as a document
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "json.h"
#include "leaks-print.h"
#include "paragraph.h"

#define STACK_SHOWN 8 /* functions */

enum {
	COLUMN_VERDICT,
	COLUMN_DEVICE,
	COLUMN_DRIVER,
	COLUMN_CALL,
	COLUMN_DIRECTION,
	COLUMN_COUNT,
	COLUMN_BYTES,
	COLUMN_LARGEST,
	COLUMN_OLDEST,
	COLUMN_YOUNGEST,
	COLUMN_GROWTH,
	COLUMN_BEGUN,
	COLUMN_LONGEST,
	COLUMN_EVENT,
	COLUMN_SITE,
};

static const struct column columns[] = {
	[COLUMN_VERDICT] = { .name = "VERDICT",
			     .summary = "left, growing, old, lost, skipped or in-use" },
	[COLUMN_DEVICE] = { .name = "DEVICE", .summary = "the device" },
	[COLUMN_DRIVER] = { .name = "DRIVER", .summary = "its driver" },
	[COLUMN_CALL] = { .name = "CALL", .summary = "what mapped or allocated it" },
	[COLUMN_DIRECTION] = { .name = "DIRECTION", .summary = "of the mapping" },
	[COLUMN_COUNT] = { .name = "COUNT",
			   .summary = "how many are left",
			   .right = true },
	[COLUMN_BYTES] = { .name = "BYTES",
			   .summary = "what they asked for",
			   .right = true },
	[COLUMN_LARGEST] = { .name = "LARGEST",
			     .summary = "the largest of them",
			     .right = true },
	[COLUMN_OLDEST] = { .name = "OLDEST",
			    .summary = "age of the oldest at the end",
			    .right = true },
	[COLUMN_YOUNGEST] = { .name = "YOUNGEST",
			      .summary = "age of the youngest",
			      .right = true },
	[COLUMN_GROWTH] = { .name = "GROWTH",
			    .summary = "how many more each second",
			    .right = true },
	[COLUMN_BEGUN] = { .name = "BEGUN",
			   .summary = "all that the site began",
			   .right = true,
			   .extra = true },
	[COLUMN_LONGEST] = { .name = "LONGEST",
			     .summary = "longest life of one that ended",
			     .right = true,
			     .extra = true },
	[COLUMN_EVENT] = { .name = "EVENT",
			   .summary = "number of the event that began the oldest",
			   .right = true,
			   .extra = true },
	[COLUMN_SITE] = { .name = "SITE",
			  .summary = "the call stack, where it was recorded",
			  .extra = true },
	{},
};

static const char *string(const struct leaks_list *list, uint32_t number)
{
	return libdma_strings_get(source_strings(list->source), number);
}

static const char *driver_of(const struct leaks_list *list,
			     const struct libdma_leak *leak)
{
	const struct libdma_device_environment *device = libdma_environment_find_device(
		source_environment(list->source), string(list, leak->oldest.device));

	return device && device->driver ? device->driver : "-";
}

/* Coherent memory has no direction to speak of. */
static const char *direction_of(const struct libdma_leak *leak)
{
	const char *name = libdma_direction_name(leak->oldest.dir);

	return libdma_event_kind_class(leak->oldest.kind) == DMA_CLASS_MAP && name ? name
										   : "-";
}

int leaks_table_create(const struct form_options *form, const struct terminal *terminal,
		       struct table **ret)
{
	return table_create(form, terminal, columns, ret);
}

static void fill_count(struct table *table, size_t column, uint64_t value)
{
	table_cell(table, column, "%" PRIu64, value);
}

static void fill_size(struct table *table, size_t column, uint64_t value, bool plain)
{
	char buffer[32];

	if (plain)
		fill_count(table, column, value);
	else
		table_cell(table, column, "%s",
			   table_size(value, buffer, sizeof(buffer)));
}

static void fill_time(struct table *table, size_t column, uint64_t ns, bool plain)
{
	char buffer[32];

	if (plain)
		fill_count(table, column, ns);
	else
		table_cell(table, column, "%s", table_time(ns, buffer, sizeof(buffer)));
}

static void fill_row(struct table *table, const struct leaks_list *list,
		     const struct libdma_leak *leak, bool plain)
{
	table_row(table);
	if (leak_is_found(leak))
		table_color(table, "31");
	table_cell(table, COLUMN_VERDICT, "%s", libdma_leak_verdict_name(leak->verdict));
	table_cell(table, COLUMN_DEVICE, "%s", string(list, leak->oldest.device));
	table_cell(table, COLUMN_DRIVER, "%s", driver_of(list, leak));
	table_cell(table, COLUMN_CALL, "%s", libdma_event_kind_name(leak->oldest.kind));
	table_cell(table, COLUMN_DIRECTION, "%s", direction_of(leak));
	fill_count(table, COLUMN_COUNT, leak->count);
	fill_size(table, COLUMN_BYTES, leak->bytes, plain);
	fill_size(table, COLUMN_LARGEST, leak->largest, plain);
	fill_time(table, COLUMN_OLDEST, leak->oldest_ns, plain);
	fill_time(table, COLUMN_YOUNGEST, leak->youngest_ns, plain);
	if (leak->slope > 0)
		table_cell(table, COLUMN_GROWTH, "%.3g/s", leak->slope);
	else
		table_cell(table, COLUMN_GROWTH, plain ? "" : "-");
	fill_count(table, COLUMN_BEGUN, leak->begun);
	fill_time(table, COLUMN_LONGEST, leak->longest_ns, plain);
	fill_count(table, COLUMN_EVENT, leak->oldest.number);
	table_cell(table, COLUMN_SITE, "%s",
		   leak->oldest.stack ? string(list, leak->oldest.stack)
		   : plain            ? ""
				      : "-");
}

void leaks_table_fill(struct table *table, const struct leaks_list *list, bool plain,
		      bool all)
{
	for (size_t i = 0; i < list->count; i++)
		if (all || leak_is_found(&list->leak[i]))
			fill_row(table, list, &list->leak[i], plain);
}

static const char *plural(uint64_t count)
{
	return count == 1 ? "" : "s";
}

void leaks_print_summary(const struct leaks_list *list, const struct terminal *terminal,
			 bool all)
{
	uint64_t events = source_events(list->source), found = 0, others = 0, bytes = 0;
	char size[32];

	for (size_t i = 0; i < list->count; i++) {
		const struct libdma_leak *leak = &list->leak[i];

		found += leak_is_found(leak) ? leak->count : 0;
		bytes += leak_is_found(leak) ? leak->bytes : 0;
		others += leak_is_found(leak) ? 0 : leak->count;
	}
	source_print_loss(list->source, terminal, stdout);
	if (found)
		paragraph_print(terminal, 0, 2,
				"%" PRIu64 " event%s: %" PRIu64 " leaked, %s%s in all",
				events, plural(events), found,
				table_size(bytes, size, sizeof(size)),
				bytes < 1024 ? " bytes" : "");
	else
		paragraph_print(terminal, 0, 2, "%" PRIu64 " event%s: nothing leaked",
				events, plural(events));
	if (others)
		paragraph_print(terminal, 0, 2,
				"%" PRIu64
				" more %s left at the end, for other reasons%s",
				others, others == 1 ? "is" : "are",
				all ? "" : "; --all shows them");
	if (list->strangers)
		paragraph_print(terminal, 0, 2,
				"origin unknown: %" PRIu64
				" were ended that the recording does not show to begin",
				list->strangers);
}

/* Who made them: the oldest, and the stack that all have. */
static void print_site(const struct leaks_list *list, const struct terminal *terminal,
		       const struct libdma_leak *leak)
{
	const char *at = string(list, leak->oldest.stack);
	char where[32] = "";

	if (leak->oldest.dma) /* a pool is nowhere */
		snprintf(where, sizeof(where), " at %#" PRIx64 ",", leak->oldest.dma);
	paragraph_print(terminal, 2, 4, "%s %s: the oldest is #%" PRIu64 ",%s by %s/%d%s",
			string(list, leak->oldest.device),
			libdma_event_kind_name(leak->oldest.kind), leak->oldest.number, where,
			leak->oldest.comm ? string(list, leak->oldest.comm) : "a task",
			leak->oldest.pid, *at ? ", called from" : "");
	for (unsigned int i = 0; *at && i < STACK_SHOWN; i++) {
		size_t size = strcspn(at, ";");

		paragraph_print(terminal, 4, 6, "%.*s", (int)size, at);
		at += size;
		at += *at == ';';
	}
}

/* Why each verdict of the table was given, and where the leaks come from. */
void leaks_print_reasons(const struct leaks_list *list, const struct terminal *terminal,
			 bool all)
{
	for (unsigned int verdict = LIBDMA_LEAK_VERDICTS; verdict-- > 0;) {
		bool told = false;

		for (size_t i = 0; i < list->count; i++) {
			const struct libdma_leak *leak = &list->leak[i];

			if (leak->verdict != verdict || !(all || leak_is_found(leak)))
				continue;
			if (!told)
				paragraph_print(terminal, 0, 2, "%s: %s",
						libdma_leak_verdict_name(verdict),
						libdma_leak_verdict_reason(verdict));
			told = true;
			if (leak_is_found(leak))
				print_site(list, terminal, leak);
		}
	}
}

static json_t *stack_list(const char *at)
{
	json_t *list = json_list();
	char frame[256];

	while (*at) {
		size_t size = strcspn(at, ";");

		snprintf(frame, sizeof(frame), "%.*s", (int)size, at);
		json_append(list, json_text(frame));
		at += size;
		at += *at == ';';
	}
	return list;
}

static json_t *leak_object(const struct leaks_list *list, const struct libdma_leak *leak)
{
	json_t *object = json_create(), *births = json_list();

	for (unsigned int i = 0; i < LIBDMA_LEAK_SLICES; i++)
		json_append(births, json_integer((json_int_t)leak->births[i]));
	json_add(object, "verdict", json_text(libdma_leak_verdict_name(leak->verdict)));
	json_add(object, "reason", json_text(libdma_leak_verdict_reason(leak->verdict)));
	json_add(object, "device", json_text(string(list, leak->oldest.device)));
	json_add(object, "driver",
		 strcmp(driver_of(list, leak), "-") ? json_text(driver_of(list, leak))
						    : json_null());
	json_add(object, "call", json_text(libdma_event_kind_name(leak->oldest.kind)));
	json_add(object, "direction",
		 strcmp(direction_of(leak), "-") ? json_text(direction_of(leak))
						 : json_null());
	json_add_count(object, "count", leak->count);
	json_add_count(object, "bytes", leak->bytes);
	json_add_count(object, "smallest", leak->smallest);
	json_add_count(object, "largest", leak->largest);
	json_add_count(object, "oldest_ns", leak->oldest_ns);
	json_add_count(object, "youngest_ns", leak->youngest_ns);
	json_add_count(object, "begun", leak->begun);
	json_add_count(object, "ended", leak->ended);
	json_add_count(object, "longest_ns", leak->longest_ns);
	json_add_count(object, "overdue", leak->overdue);
	json_add(object, "slope", json_real(leak->slope));
	json_add(object, "births", births);
	json_add_count(object, "event", leak->oldest.number);
	json_add(object, "dma", json_hex(leak->oldest.dma));
	json_add(object, "comm", json_text(string(list, leak->oldest.comm)));
	json_add(object, "stack", stack_list(string(list, leak->oldest.stack)));
	return object;
}

void leaks_json(const struct leaks_list *list, const char *path)
{
	json_t *document = json_document("leaks"), *found = json_list(),
	       *others = json_list();

	for (size_t i = 0; i < list->count; i++)
		json_append(leak_is_found(&list->leak[i]) ? found : others,
			    leak_object(list, &list->leak[i]));
	json_add(document, "trace", json_text(path));
	json_add(document, "completeness", source_completeness(list->source));
	json_add_count(document, "events", source_events(list->source));
	json_add_count(document, "origin_unknown", list->strangers);
	json_add_count(document, "suppressed", list->suppressed);
	json_add(document, "leaks", found);
	json_add(document, "others", others);
	json_print(document);
}
