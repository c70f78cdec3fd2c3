// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * top.c - 'dmactl top': periods of a trace, counted, sorted and printed
 */
#include <fnmatch.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "clock.h"
#include "json.h"
#include "output.h"
#include "table.h"
#include "top.h"

#define QUIET_NS  SECOND_NS        /* a recorder writes more often than that */
#define KEYS_NS   (SECOND_NS / 20) /* between two looks for keys */
#define LOOK_EACH 256              /* events between two looks at the clock */

static const struct {
	const char *name;
	const char *heading;
	int width;
} columns[] = {
	[TOP_DEVICE] = { "device", "DEVICE", -12 },
	[TOP_DRIVER] = { "driver", "DRIVER", -8 },
	[TOP_MAPS] = { "maps", "MAPS/s", 6 },
	[TOP_UNMAPS] = { "unmaps", "UNMAPS/s", 8 },
	[TOP_BYTES] = { "bytes", "BYTES/s", 7 },
	[TOP_LIVE] = { "live", "LIVE", 4 },
	[TOP_MAPPED] = { "mapped", "MAPPED", 6 },
	[TOP_SLOTS] = { "slots", "SLOTS", 5 },
	[TOP_BOUNCES] = { "bounces", "BOUNCES/s", 9 },
	[TOP_FAILED] = { "failed", "FAILED", 6 },
};

bool top_column_parse(const char *name, enum top_column *ret)
{
	for (unsigned int i = 0; i < TOP_COLUMNS; i++)
		if (!strcmp(columns[i].name, name)) {
			*ret = (enum top_column)i;
			return true;
		}
	return false;
}

const char *top_column_name(enum top_column column)
{
	return columns[column].name;
}

/*
 * A frame
 */

static const char *name_of(const struct top *top, uint32_t number, const char *none)
{
	return number ? libdma_strings_get(top->strings, number) : none;
}

static uint64_t number_of(const struct load_row *row, enum top_column column)
{
	switch (column) {
	case TOP_MAPS:
		return row->maps;
	case TOP_UNMAPS:
		return row->unmaps;
	case TOP_BYTES:
		return row->bytes;
	case TOP_LIVE:
		return row->live;
	case TOP_MAPPED:
		return row->live_bytes;
	case TOP_SLOTS:
		return row->slots > 0 ? (uint64_t)row->slots : 0;
	case TOP_BOUNCES:
		return row->bounces;
	default:
		return row->failed;
	}
}

static int compare_rows(const void *a, const void *b, void *arg)
{
	const struct load_row *first = a, *second = b;
	const struct top *top = arg;
	const enum top_column by = top->options.sort;
	const char *name = name_of(top, first->device, ""),
		   *other = name_of(top, second->device, "");
	int order = 0;

	if (by == TOP_DRIVER)
		order = strcmp(name_of(top, first->driver, ""),
			       name_of(top, second->driver, ""));
	else if (by > TOP_DRIVER)
		order = (number_of(first, by) < number_of(second, by)) -
			(number_of(first, by) > number_of(second, by));
	if (!order)
		order = strcmp(name, other);
	return top->options.reverse ? -order : order;
}

/* What belongs to no device is a row only where it did something. */
static bool is_wanted(const struct top *top, const struct load_row *row)
{
	if (!row->device && !row->maps && !row->unmaps && !row->failed)
		return false;
	return !top->options.device ||
	       !fnmatch(top->options.device, name_of(top, row->device, ""), 0);
}

void top_arrange(struct top *top)
{
	qsort_r(top->frame.row, top->frame.rows, sizeof(*top->frame.row), compare_rows,
		top);
}

static void take_frame(struct top *top)
{
	struct top_frame *frame = &top->frame;
	uint32_t count;
	struct load_row *const *row = load_rows(top->load, &count);

	free(frame->row);
	*frame = (struct top_frame) {
		.number = frame->number + 1,
		.ns = top->begin_ns + top->options.delay_ns,
		.row = calloc(count + 1, sizeof(*frame->row)),
	};
	if (!frame->row)
		out_of_memory();
	frame->lost = load_lost(top->load, &frame->lost_more);
	for (uint32_t i = 0; i < count; i++) {
		frame->events += row[i]->events;
		if (is_wanted(top, row[i]))
			frame->row[frame->rows++] = *row[i];
	}
	top_arrange(top);
}

/*
 * As text
 */

static void print_rate(const struct top *top, uint64_t count, char *buffer, size_t room)
{
	double rate = (double)count * 1e9 / (double)top->options.delay_ns;

	snprintf(buffer, room, count && rate < 99.95 ? "%.1f" : "%.0f", rate);
}

static void print_cell(const struct top *top, const struct load_row *row,
		       enum top_column column, char *buffer, size_t room)
{
	double rate = (double)row->bytes * 1e9 / (double)top->options.delay_ns;

	switch (column) {
	case TOP_DEVICE:
		snprintf(buffer, room, "%s", name_of(top, row->device, "(no device)"));
		break;
	case TOP_DRIVER:
		snprintf(buffer, room, "%s", name_of(top, row->driver, "-"));
		break;
	case TOP_MAPS:
	case TOP_UNMAPS:
	case TOP_BOUNCES:
		print_rate(top, number_of(row, column), buffer, room);
		break;
	case TOP_BYTES:
		table_size((uint64_t)rate, buffer, room);
		break;
	case TOP_MAPPED:
		table_size(row->live_bytes, buffer, room);
		break;
	default:
		snprintf(buffer, room, "%" PRIu64, number_of(row, column));
		break;
	}
}

void top_print_row(const struct top *top, const struct load_row *row, char *buffer,
		   size_t room)
{
	size_t used = 0;

	for (unsigned int i = 0; i < TOP_COLUMNS && used < room; i++) {
		char cell[64];

		if (row)
			print_cell(top, row, i, cell, sizeof(cell));
		else
			snprintf(cell, sizeof(cell), "%s", columns[i].heading);
		used += (size_t)snprintf(buffer + used, room - used, "%s%*s",
					 i ? " " : "", columns[i].width, cell);
	}
}

void top_print_head(const struct top *top, char *buffer, size_t room)
{
	const struct top_frame *frame = &top->frame;
	char rate[32], lost[64] = "nothing lost";

	print_rate(top, frame->events, rate, sizeof(rate));
	if (frame->lost || frame->lost_more)
		snprintf(lost, sizeof(lost), "LOST %" PRIu64 "%s", frame->lost,
			 frame->lost_more ? " and more" : "");
	snprintf(buffer, room,
		 "%" PRIu64 ".%03" PRIu64 " s: %s events/s, %s, by %s%s%s; %s",
		 frame->ns / SECOND_NS, frame->ns % SECOND_NS / 1000000, rate, lost,
		 top_column_name(top->options.sort), top->options.device ? ", of " : "",
		 top->options.device ?: "", top->title);
}

static void print_object(const struct top *top)
{
	const struct top_frame *frame = &top->frame;
	json_t *object = json_create(), *devices = json_list();

	json_add_count(object, "frame", frame->number);
	json_add_count(object, "ns", frame->ns);
	json_add_count(object, "period_ns", top->options.delay_ns);
	json_add_count(object, "events", frame->events);
	json_add_count(object, "lost", frame->lost);
	json_add(object, "lost_more", json_boolean(frame->lost_more));
	for (uint32_t i = 0; i < frame->rows; i++) {
		const struct load_row *row = &frame->row[i];
		json_t *device = json_create();

		json_add(device, "device", json_text(name_of(top, row->device, "")));
		json_add(device, "driver", json_text(name_of(top, row->driver, "")));
		for (unsigned int j = TOP_MAPS; j < TOP_COLUMNS; j++)
			json_add_count(device, columns[j].name, number_of(row, j));
		json_append(devices, device);
	}
	json_add(object, "devices", devices);
	json_print_part(object);
	putchar('\n');
}

static void print_frame(const struct top *top)
{
	char line[512];

	if (top->options.ndjson) {
		print_object(top);
		return;
	}
	top_print_head(top, line, sizeof(line));
	printf("%s%s\n", top->frame.number > 1 ? "\n" : "", line);
	top_print_row(top, NULL, line, sizeof(line));
	printf("%s\n", line);
	for (uint32_t i = 0; i < top->frame.rows; i++) {
		top_print_row(top, &top->frame.row[i], line, sizeof(line));
		printf("%s\n", line);
	}
}

/*
 * Periods
 */

static void finish_period(struct top *top)
{
	if (top->over)
		return;
	if (top->learn)
		load_learn(top->load, top->learn(top->arg));
	if (!top->paused) {
		take_frame(top);
		if (!top->screen)
			print_frame(top);
		if (top->options.frames && top->frame.number == top->options.frames)
			top->over = true;
	}
	load_begin(top->load);
	top->any = false;
}

void top_open(struct top *top)
{
	top->load = load_create();
	top->quiet_ns = top->looked_ns = clock_ns();
	if (!top->now)
		return;
	/* the probes' clock is this one */
	top->begun = true;
	top->begin_ns = top->quiet_ns;
}

void top_close(struct top *top)
{
	screen_close(top->screen);
	load_destroy(top->load);
	free(top->frame.row);
	free(top->options.device);
}

static void look_at_keys(struct top *top, uint64_t now)
{
	if (!top->screen || now - top->looked_ns < KEYS_NS)
		return;
	top->looked_ns = now;
	screen_keys(top->screen, top);
	screen_draw(top->screen, top);
}

void top_put(struct top *top, const struct dma_event *event)
{
	const uint64_t delay = top->options.delay_ns;

	if (!top->begun)
		top->begin_ns = event->ns;
	top->begun = true;
	if (event->ns >= top->begin_ns && event->ns - top->begin_ns >= delay) {
		finish_period(top);
		/* periods in which nothing happened are stepped over */
		top->begin_ns += (event->ns - top->begin_ns) / delay * delay;
	}
	if (top->over)
		return;
	load_put(top->load, event);
	top->any = true;
	if (top->events++ % LOOK_EACH == 0)
		look_at_keys(top, clock_ns());
}

int top_idle(struct top *top)
{
	const uint64_t delay = top->options.delay_ns;
	const uint64_t quiet = delay > QUIET_NS ? delay : QUIET_NS;
	uint64_t now = clock_ns();

	fflush(stdout);
	if (top->events)
		top->quiet_ns = now;
	top->events = 0;
	if (now - top->quiet_ns >= quiet) {
		finish_period(top);
		/* the trace's own time goes on meanwhile */
		if (top->begun)
			top->begin_ns += delay;
		top->quiet_ns = now;
	}
	look_at_keys(top, now);
	if (top->screen)
		return (int)(KEYS_NS / 1000000);
	return (int)((top->quiet_ns + quiet - now) / 1000000) + 1;
}

void top_end(struct top *top)
{
	if (top->any)
		finish_period(top);
	/* whoever looks wants to go on looking */
	while (top->screen && !top->over) {
		const struct timespec nap = { .tv_nsec = (long)KEYS_NS };

		look_at_keys(top, clock_ns());
		nanosleep(&nap, NULL);
	}
}
