// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * filter.c - is this event wanted?
 *
 * Strings are numbers in events, so each different string is compared once and the
 * answer kept: the tenth million of events costs a look into an array.
 */
#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "trace/filter.h"

const struct field fields[IDS] = {
	[ID_DEVICE] = { { "dev", "the device's name" }, FIELD_STRING },
	[ID_DRIVER] = { { "driver", "its driver's name" }, FIELD_STRING },
	[ID_COMM] = { { "comm", "the task's name" }, FIELD_STRING },
	[ID_NAME] = { { "name", "a pool's name, or an unknown tracepoint's" }, FIELD_STRING },
	[ID_STACK] = { { "stack", "the call stack, functions separated by ';'" },
		       FIELD_STRING },
	[ID_GFP] = { { "gfp", "allocation flags, as the kernel prints them" },
		     FIELD_STRING },
	[ID_KIND] = { { "kind", "kind of event: map_page, alloc, ..." }, FIELD_KIND },
	[ID_CLASS] = { { "class", "map, unmap, alloc, free, sync or none" }, FIELD_CLASS },
	[ID_DIR] = { { "dir", "to_device, from_device, bidirectional or none" },
		     FIELD_DIRECTION },
	[ID_SIZE] = { { "size", "bytes; of a list, all of it" }, FIELD_NUMBER },
	[ID_DMA] = { { "dma", "DMA address; of a list, any of its segments'" },
		     FIELD_NUMBER },
	[ID_PHYS] = { { "phys", "physical address; of a list, any of its entries'" },
		      FIELD_NUMBER },
	[ID_CPU_ADDR] = { { "cpu_addr", "the CPU's address of an allocation" },
			  FIELD_NUMBER },
	[ID_ATTRS] = { { "attrs", "attributes, as a number" }, FIELD_NUMBER },
	[ID_CPU] = { { "cpu", "the CPU's number" }, FIELD_NUMBER },
	[ID_PID] = { { "pid", "the task's number" }, FIELD_NUMBER },
	[ID_TIME] = { { "time", "time stamp: 12.5s, 3ms, 70us, 9ns" }, FIELD_TIME },
	[ID_NUMBER] = { { "number", "which event of the trace, from 0" }, FIELD_NUMBER },
	[ID_NENTS] = { { "nents", "entries of a list" }, FIELD_NUMBER },
	[ID_ENTS] = { { "ents", "segments that a list became" }, FIELD_NUMBER },
	[ID_HANDLE] = { { "handle", "which pool, group or domain" }, FIELD_NUMBER },
	[ID_ERROR] = { { "error", "how the call failed: ENOMEM, or its number" },
		       FIELD_ERROR },
	[ID_FAILED] = { { "failed", "alone: the call failed" }, FIELD_TRUTH },
	[ID_CUT] = { { "cut", "alone: the recorder cut the list short" }, FIELD_TRUTH },
};

const struct libdma_filter_field *libdma_filter_field_at(size_t index)
{
	return index < IDS ? &fields[index].face : NULL;
}

int libdma_filter_create(const char *text, struct libdma_filter **ret, size_t *place,
			 char **why)
{
	struct libdma_filter *filter = calloc(1, sizeof(*filter));
	int err;

	if (!filter)
		return -ENOMEM;
	err = filter_parse(filter, text, place, why);
	if (err) {
		libdma_filter_destroy(filter);
		return err;
	}
	*ret = filter;
	return 0;
}

void libdma_filter_destroy(struct libdma_filter *filter)
{
	if (!filter)
		return;
	for (size_t i = 0; i < filter->patterns; i++) {
		free(filter->pattern[i].text);
		free(filter->pattern[i].memo);
	}
	free(filter->pattern);
	free(filter->step);
	drivers_deinit(&filter->drivers);
	free(filter);
}

int libdma_filter_driver(struct libdma_filter *filter, uint32_t device, uint32_t driver)
{
	return drivers_set(&filter->drivers, device, driver);
}

static bool pattern_fits(const struct pattern *pattern, const char *text)
{
	return pattern->glob ? !fnmatch(pattern->text, text, 0)
			     : !strcmp(pattern->text, text);
}

/* Without memory for the memo the answer is worked out each time. */
static void memo_grow(struct pattern *pattern, size_t want)
{
	size_t memos = 2 * want + 64;
	uint8_t *memo = realloc(pattern->memo, memos);

	if (!memo)
		return;
	memset(memo + pattern->memos, 0, memos - pattern->memos);
	pattern->memo = memo;
	pattern->memos = memos;
}

static bool pattern_match(struct pattern *pattern, uint32_t number,
			  const struct libdma_strings *strings)
{
	bool fits;

	if (number < pattern->memos && pattern->memo[number])
		return pattern->memo[number] == 2;
	fits = pattern_fits(pattern, libdma_strings_get(strings, number));
	if (number >= pattern->memos)
		memo_grow(pattern, number);
	if (number < pattern->memos)
		pattern->memo[number] = fits ? 2 : 1;
	return fits;
}

static uint32_t get_string(const struct libdma_filter *filter, enum field_id id,
			   const struct dma_event *event)
{
	switch (id) {
	case ID_DEVICE:
		return event->device;
	case ID_DRIVER:
		return drivers_get(&filter->drivers, event->device);
	case ID_COMM:
		return event->comm;
	case ID_NAME:
		return event->name;
	case ID_STACK:
		return event->stack;
	default:
		return event->gfp;
	}
}

static uint64_t get_number(enum field_id id, const struct dma_event *event)
{
	switch (id) {
	case ID_SIZE:
		return event->size;
	case ID_CPU_ADDR:
		return event->cpu_addr;
	case ID_ATTRS:
		return event->attrs;
	case ID_CPU:
		return event->cpu;
	case ID_PID:
		return (uint64_t)(int64_t)event->pid;
	case ID_TIME:
		return event->ns;
	case ID_NUMBER:
		return event->number;
	case ID_NENTS:
		return event->nents;
	case ID_ENTS:
		return event->ents;
	case ID_HANDLE:
		return event->handle;
	default:
		return (uint64_t) - (int64_t)event->error;
	}
}

static bool holds(uint64_t left, enum compare compare, uint64_t right)
{
	switch (compare) {
	case COMPARE_LESS:
		return left < right;
	case COMPARE_LESS_EQUAL:
		return left <= right;
	case COMPARE_MORE:
		return left > right;
	case COMPARE_MORE_EQUAL:
		return left >= right;
	default:
		return left == right;
	}
}

static bool holds_for_one(const uint64_t *list, uint32_t count, uint64_t alone,
			  const struct step *step)
{
	if (!count)
		return holds(alone, step->compare, step->value);
	for (uint32_t i = 0; i < count; i++)
		if (holds(list[i], step->compare, step->value))
			return true;
	return false;
}

static bool test_number(const struct step *step, const struct dma_event *event)
{
	switch (step->id) {
	case ID_DMA:
		return holds_for_one(event->dma_list, event->dma_count, event->dma, step);
	case ID_PHYS:
		return holds_for_one(event->phys_list, event->phys_count, event->phys, step);
	default:
		return holds(get_number(step->id, event), step->compare, step->value);
	}
}

/* A direction belongs to what is mapped, allocated or synced; other events have none. */
static bool test_set(const struct step *step, const struct dma_event *event)
{
	enum dma_event_class class = libdma_event_kind_class(event->kind);

	switch (step->id) {
	case ID_KIND:
		return event->kind < 64 && step->value >> event->kind & 1;
	case ID_CLASS:
		return step->value >> class & 1;
	default:
		return class != DMA_CLASS_NONE && event->dir < 64 &&
		       step->value >> event->dir & 1;
	}
}

bool libdma_filter_match(struct libdma_filter *filter, const struct dma_event *event,
			 const struct libdma_strings *strings)
{
	bool truth = true;

	/* Without memory the driver stays unknown, and so does not match. */
	if (event->kind == DMA_EVENT_DEVICE && event->name)
		drivers_set(&filter->drivers, event->device, event->name);
	for (size_t at = 0; at < filter->steps; at++) {
		const struct step *step = &filter->step[at];

		switch (step->op) {
		case STEP_NUMBER:
			truth = test_number(step, event);
			break;
		case STEP_STRING:
			truth = pattern_match(&filter->pattern[step->string],
					      get_string(filter, step->id, event), strings);
			break;
		case STEP_SET:
			truth = test_set(step, event);
			break;
		case STEP_TRUTH:
			truth = step->id == ID_CUT ? event->flags & DMA_EVENT_CUT
						   : event->error != 0;
			break;
		case STEP_NOT:
			truth = !truth;
			break;
		case STEP_AND:
		case STEP_OR:
			if (truth == (step->op == STEP_OR))
				at = step->value - 1;
			break;
		}
	}
	return truth;
}
