// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * recorder-options.c - which events are recorded, and when the recording ends
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "probes.h"
#include "quantity.h"
#include "recorder.h"

enum {
	OPTION_DEVICE = 700,
	OPTION_DRIVER,
	OPTION_DIR,
	OPTION_MIN_SIZE,
	OPTION_EVENTS,
	OPTION_STACK,
	OPTION_BUFFER,
	OPTION_DURATION,
	OPTION_STOP_ON,
	OPTION_PROPAGATE,
};

#define RING_SIZE     ((uint64_t)32 << 20)
#define RING_SIZE_MAX ((uint64_t)1 << 30)

static const struct argp_option options[] = {
	{ .doc = "Which events:", .group = 1 },
	{ .name = "device",
	  .key = OPTION_DEVICE,
	  .arg = "NAME",
	  .doc = "Of this device, or with a * at the end of all that begin so; may be "
		 "given 8 times" },
	{ .name = "driver",
	  .key = OPTION_DRIVER,
	  .arg = "NAME",
	  .doc = "Of devices of this driver, likewise" },
	{ .name = "events",
	  .key = OPTION_EVENTS,
	  .arg = "LIST",
	  .doc = "Of these groups: map, sg, coherent, sync, pool, swiotlb, iova, iommu, mask" },
	{ .name = "dir",
	  .key = OPTION_DIR,
	  .arg = "LIST",
	  .doc = "Transfers in these directions: to_device, from_device, bidirectional" },
	{ .name = "min-size",
	  .key = OPTION_MIN_SIZE,
	  .arg = "SIZE",
	  .doc = "Transfers of at least SIZE bytes; k, M and G may follow" },
	{ .name = "pid",
	  .key = 'p',
	  .arg = "PID",
	  .doc = "While this process runs, by its threads" },
	{ .name = "stack",
	  .key = OPTION_STACK,
	  .doc = "With the kernel's call stack, which costs about a microsecond an event" },
	{ .doc = "How long:", .group = 2 },
	{ .name = "duration", .key = OPTION_DURATION, .arg = "SECONDS", .doc = "So long" },
	{ .name = "stop-on",
	  .key = OPTION_STOP_ON,
	  .arg = "WHAT",
	  .doc = "Until a mapping fails (map-fail), or no bounce buffer is found "
		 "(swiotlb-full)" },
	{ .doc = "How:", .group = 3 },
	{ .name = "buffer",
	  .key = OPTION_BUFFER,
	  .arg = "SIZE",
	  .doc = "Of the ring that takes what was not read yet; 32M unless told" },
	{ .name = "propagate-exit",
	  .key = OPTION_PROPAGATE,
	  .doc = "Exit with the command's status" },
	{},
};

static void add_pattern(struct dma_probe_pattern *pattern, unsigned int *count,
			const char *option, const char *text, struct argp_state *state)
{
	size_t size = strlen(text);
	bool prefix = size && text[size - 1] == '*';

	if (!size)
		argp_error(state, "%s takes a name", option);
	if (*count == DMA_PROBE_PATTERNS)
		argp_error(state, "%s may be given %d times", option, DMA_PROBE_PATTERNS);
	if (size - prefix >= DMA_PROBE_NAME || memchr(text, '*', size - prefix) ||
	    strpbrk(text, "?["))
		argp_error(state, "%s takes a name of up to %d bytes, with a * at its end only",
			   option, DMA_PROBE_NAME - 1);
	pattern += (*count)++;
	memcpy(pattern->text, text, size - prefix);
	pattern->size = (unsigned int)(size - prefix);
	pattern->prefix = prefix;
}

/* The next word of a list; false at its end. */
static bool next_word(const char **list, const char **word, size_t *size)
{
	*word = *list;
	*size = strcspn(*list, ",");
	*list += *size + ((*list)[*size] == ',');
	return *size || **list;
}

static void parse_directions(struct recorder_options *opts, const char *text,
			     struct argp_state *state)
{
	static const char *const names[] = { "bidirectional", "to_device", "from_device" };
	const char *word;
	size_t size, i;

	opts->probe.directions = 0;
	if (!*text || *text == ',')
		argp_error(state, "--dir takes to_device, from_device and bidirectional");
	while (next_word(&text, &word, &size)) {
		for (i = 0; i < 3; i++)
			if (strlen(names[i]) == size && !memcmp(names[i], word, size))
				break;
		if (i == 3)
			argp_error(state, "--dir takes to_device, from_device and bidirectional, "
				   "not '%.*s'", (int)size, word);
		opts->probe.directions |= 1U << i;
	}
}

static void check_groups(const char *text, struct argp_state *state)
{
	const char *word;
	size_t size;

	if (!*text || *text == ',')
		argp_error(state, "--events takes groups of events, --help lists them");
	while (next_word(&text, &word, &size))
		if (!probes_has_group(word, size))
			argp_error(state, "--events: '%.*s' is no group of events, --help lists "
				   "them", (int)size, word);
}

static uint64_t parse_size(const char *option, const char *text, struct argp_state *state)
{
	uint64_t size;

	if (!quantity_size(text, &size))
		argp_error(state, "%s takes a number of bytes, such as 4096 or 64k, not '%s'",
			   option, text);
	return size;
}

static uint64_t parse_duration(const char *text, struct argp_state *state)
{
	char *end;
	double seconds = strtod(text, &end);

	if (end == text || *end || !isfinite(seconds) || seconds <= 0 || seconds > 1e9)
		argp_error(state, "--duration takes a number of seconds, not '%s'", text);
	return (uint64_t)(seconds * 1e9);
}

static unsigned int parse_pid(const char *text, struct argp_state *state)
{
	char *end;
	unsigned long pid = strtoul(text, &end, 10);

	if (end == text || *end || !pid || pid > INT32_MAX)
		argp_error(state, "--pid takes the number of a process, not '%s'", text);
	return (unsigned int)pid;
}

static unsigned int parse_stop(const char *text, struct argp_state *state)
{
	if (!strcmp(text, "map-fail"))
		return RECORDER_STOP_MAP_FAILED;
	if (!strcmp(text, "swiotlb-full"))
		return RECORDER_STOP_SWIOTLB_FULL;
	argp_error(state, "--stop-on takes map-fail or swiotlb-full, not '%s'", text);
	return 0;
}

/* A power of two, of at least a page. */
static uint64_t parse_buffer(const char *text, struct argp_state *state)
{
	uint64_t size = parse_size("--buffer", text, state), room = (uint64_t)sysconf(_SC_PAGESIZE);

	if (size > RING_SIZE_MAX)
		argp_error(state, "--buffer takes 1G at most");
	while (room < size)
		room *= 2;
	return room;
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct recorder_options *opts = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		opts->ring_size = RING_SIZE;
		opts->probe.directions = ~0U;
		state->child_inputs[0] = &opts->attach;
		return 0;
	case OPTION_DEVICE:
		add_pattern(opts->probe.device, &opts->probe.devices, "--device", arg, state);
		return 0;
	case OPTION_DRIVER:
		add_pattern(opts->probe.driver, &opts->probe.drivers, "--driver", arg, state);
		return 0;
	case OPTION_DIR:
		parse_directions(opts, arg, state);
		return 0;
	case OPTION_EVENTS:
		check_groups(arg, state);
		opts->groups = arg;
		return 0;
	case OPTION_MIN_SIZE:
		opts->probe.min_size = parse_size("--min-size", arg, state);
		return 0;
	case 'p':
		opts->probe.pid = parse_pid(arg, state);
		return 0;
	case OPTION_STACK:
		opts->probe.stack = true;
		return 0;
	case OPTION_BUFFER:
		opts->ring_size = parse_buffer(arg, state);
		return 0;
	case OPTION_DURATION:
		opts->duration_ns = parse_duration(arg, state);
		return 0;
	case OPTION_STOP_ON:
		opts->stop_on |= parse_stop(arg, state);
		return 0;
	case OPTION_PROPAGATE:
		opts->propagate = true;
		return 0;
	case ARGP_KEY_ARGS:
		opts->command = state->argv + state->next;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

const struct argp recorder_argp = {
	.options = options,
	.parser = parse_option,
	.children = (const struct argp_child[]) { { .argp = &attach_argp, .group = 3 }, {} },
};
