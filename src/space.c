// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * space.c - which spaces of a fragmap a command shows, and a space as JSON
 */
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "output.h"
#include "space.h"

enum {
	OPTION_SPACE = 672,
	OPTION_DEVICE,
};

static const struct argp_option options[] = {
	{ .name = "space",
	  .key = OPTION_SPACE,
	  .arg = "NAME",
	  .doc = "Only this space: swiotlb, iova, bus, region, pool, memory, or the whole "
		 "name of one, as iova:0000:00:02.0",
	  .group = 2 },
	{ .name = "device",
	  .key = OPTION_DEVICE,
	  .arg = "NAME",
	  .doc = "Only spaces in which this device has something" },
	{},
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct space_options *space = state->input;

	switch (key) {
	case OPTION_SPACE:
		space->space = arg;
		return 0;
	case OPTION_DEVICE:
		space->device = arg;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

const struct argp space_argp = { .options = options, .parser = parse_option };

struct state_weight space_weight(const struct space_options *opts)
{
	return (struct state_weight) {
		.device = opts->device,
		.bounced = opts->space && !strcmp(opts->space, "swiotlb"),
	};
}

static bool has_name(const struct libdma_space *space, const char *name)
{
	size_t size = strlen(name);

	return !strncmp(space->name, name, size) &&
	       (!space->name[size] || space->name[size] == ':' ||
		space->name[size] == '@');
}

static bool has_device(const struct libdma_space *space, const struct state *state,
		       const char *device)
{
	const struct libdma_strings *strings = state_strings(state);

	if (space->device && !strcmp(libdma_strings_get(strings, space->device), device))
		return true;
	for (size_t i = 0; i < space->extents; i++)
		if (!strcmp(libdma_strings_get(strings, space->extent[i].device), device))
			return true;
	return false;
}

/* Does another space show all that the memory's would? */
static bool memory_is_seen(const struct libdma_fragmap *fragmap)
{
	const struct libdma_space *space;
	size_t others = 0, buses = 0;

	for (size_t i = 0; (space = libdma_fragmap_space(fragmap, i)); i++) {
		buses += space->kind == LIBDMA_SPACE_BUS;
		others += space->kind != LIBDMA_SPACE_BUS &&
			  space->kind != LIBDMA_SPACE_MEMORY && space->extents;
	}
	return buses == 1 && !others;
}

static bool is_wanted(const struct space_options *opts, const struct state *state,
		      const struct libdma_space *space, bool skip_memory)
{
	if (opts->device && !has_device(space, state, opts->device))
		return false;
	if (opts->space)
		return has_name(space, opts->space);
	return space->kind != LIBDMA_SPACE_MEMORY || !skip_memory;
}

struct space_list space_list(const struct space_options *opts, const struct state *state,
			     const struct libdma_fragmap *fragmap)
{
	bool skip_memory = memory_is_seen(fragmap);
	struct space_list list = { 0 };
	const struct libdma_space *space;
	size_t count = 0;

	while (libdma_fragmap_space(fragmap, count))
		count++;
	list.space = calloc(count + 1, sizeof(const struct libdma_space *));
	if (!list.space)
		out_of_memory();
	for (size_t i = 0; (space = libdma_fragmap_space(fragmap, i)); i++)
		if (is_wanted(opts, state, space, skip_memory))
			list.space[list.count++] = space;
	return list;
}

int space_choose(const struct space_options *opts, const struct state *state,
		 const struct libdma_fragmap *fragmap, struct space_list *ret)
{
	const struct libdma_space *space;

	*ret = space_list(opts, state, fragmap);
	if (ret->count || !(opts->space || opts->device))
		return EXIT_FINE;
	complain("no space%s%s%s%s at this moment", opts->space ? " is called " : "",
		 opts->space ? opts->space : "", opts->device ? " has anything of " : "",
		 opts->device ? opts->device : "");
	for (size_t i = 0; (space = libdma_fragmap_space(fragmap, i)); i++)
		complain("there is %s", space->name);
	free(ret->space);
	return EXIT_USAGE;
}

static int add_run(void *arg, uint64_t start, uint64_t size)
{
	struct space_runs *runs = arg;

	(void)start;
	runs->free += size;
	if (size > runs->longest)
		runs->longest = size;
	return 0;
}

struct space_runs space_runs(const struct libdma_space *space, uint64_t start,
			     uint64_t size)
{
	struct space_runs runs = { 0 };

	libdma_space_walk_free(space, start, start + size, add_run, &runs);
	return runs;
}

enum space_refusal space_refusal(const struct libdma_space *space, uint64_t size)
{
	if (size > space->limit)
		return SPACE_TOO_BIG;
	if (space->numbers.free < size)
		return SPACE_FULL;
	return space->numbers.largest_request < size ? SPACE_FRAGMENTED : SPACE_SERVES;
}

const char *space_refusal_name(enum space_refusal refusal)
{
	static const char *const names[] = { [SPACE_TOO_BIG] = "too big",
					     [SPACE_FULL] = "full",
					     [SPACE_FRAGMENTED] = "fragmented",
					     [SPACE_SERVES] = "none" };

	return names[refusal];
}

static const char *const kinds[] = {
	[LIBDMA_SPACE_SWIOTLB] = "swiotlb", [LIBDMA_SPACE_IOVA] = "iova",
	[LIBDMA_SPACE_BUS] = "bus",         [LIBDMA_SPACE_REGION] = "region",
	[LIBDMA_SPACE_POOL] = "pool",       [LIBDMA_SPACE_MEMORY] = "memory",
};

static json_t *free_runs_json(const struct libdma_space *space)
{
	const struct libdma_fragmentation *numbers = &space->numbers;
	json_t *runs = json_list();

	for (unsigned int i = 0; i < LIBDMA_FRAGMAP_BUCKETS; i++) {
		json_t *run;

		if (!numbers->run_count[i])
			continue;
		run = json_create();
		json_add_count(run, "from", space->unit << i);
		json_add_count(run, "runs", numbers->run_count[i]);
		json_add_count(run, "bytes", numbers->run_bytes[i]);
		json_append(runs, run);
	}
	return runs;
}

static void add_numbers(json_t *object, const struct libdma_space *space)
{
	const struct libdma_fragmentation *numbers = &space->numbers;

	json_add_count(object, "count", space->extents);
	json_add_count(object, "unplaced", space->unplaced);
	json_add_count(object, "requested", numbers->requested);
	json_add_count(object, "taken", numbers->taken);
	json_add_count(object, "used", numbers->used);
	json_add_count(object, "shared", numbers->shared);
	json_add(object, "first", json_hex(numbers->first));
	json_add(object, "last", json_hex(numbers->last));
	if (!space->allocates || !space->size)
		return;
	json_add_count(object, "free", numbers->free);
	json_add_count(object, "free_runs", numbers->runs);
	json_add_count(object, "largest_free", numbers->largest_free);
	json_add_count(object, "largest_request", numbers->largest_request);
	json_add(object, "fragmentation_index", json_real(numbers->index));
	json_add(object, "free_run_sizes", free_runs_json(space));
}

json_t *space_json(const struct libdma_space *space, const struct state *state)
{
	json_t *object = json_create();

	json_add(object, "name", json_text(space->name));
	json_add(object, "kind", json_text(kinds[space->kind]));
	if (space->device) {
		json_add(object, "device",
			 json_text(libdma_strings_get(state_strings(state),
						      space->device)));
		json_add(object, "driver", json_text(state_driver(state, space->device)));
	}
	json_add(object, "start", json_hex(space->start));
	json_add_count(object, "size", space->size);
	json_add(object, "inferred", json_boolean(space->inferred));
	json_add_count(object, "unit", space->unit);
	if (space->area)
		json_add_count(object, "area", space->area);
	add_numbers(object, space);
	return object;
}

json_t *space_extents_json(const struct libdma_space *space, const struct state *state)
{
	json_t *list = json_list();

	for (size_t i = 0; i < space->extents; i++) {
		const struct libdma_extent *extent = &space->extent[i];
		const char *direction = libdma_direction_name(extent->dir);
		json_t *object = json_create();

		json_add(object, "start", json_hex(extent->start));
		json_add_count(object, "size", extent->size);
		json_add(object, "from", json_hex(extent->from));
		json_add_count(object, "taken", extent->taken);
		json_add(object, "device",
			 json_text(libdma_strings_get(state_strings(state),
						      extent->device)));
		json_add(object, "kind", json_text(libdma_event_kind_name(extent->kind)));
		json_add(object, "direction", json_text(direction ? direction : ""));
		json_add(object, "shared", json_boolean(extent->shared));
		json_add(object, "cut", json_boolean(extent->cut));
		json_add_count(object, "times", extent->times);
		json_add_count(object, "event", extent->number);
		json_add_count(object, "ns", extent->ns);
		json_append(list, object);
	}
	return list;
}
