// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * figures.c - a trace as a list of figures, to compare it with another
 */
#include <stdlib.h>
#include <string.h>

#include <libdma/stat.h>

#include "figures.h"
#include "output.h"

enum {
	EVENTS,
	MAPS,
	UNMAPS,
	ALLOCS,
	FREES,
	SYNCS,
	FAILED,
	BYTES,
	PEAK,
	PEAK_BYTES,
	LEFT,
	LIFETIME_P50,
	LIFETIME_P99,
	LISTS,
	ENTRIES,
	SEGMENTS,
	USED,
	FREE_RUNS,
	LARGEST_FREE,
	FRAGMENTATION,
	NAMES
};

static const char *const names[NAMES] = {
	[EVENTS] = "events",
	[MAPS] = "maps",
	[UNMAPS] = "unmaps",
	[ALLOCS] = "allocs",
	[FREES] = "frees",
	[SYNCS] = "syncs",
	[FAILED] = "failed",
	[BYTES] = "bytes",
	[PEAK] = "peak",
	[PEAK_BYTES] = "peak_bytes",
	[LEFT] = "left",
	[LIFETIME_P50] = "lifetime_p50",
	[LIFETIME_P99] = "lifetime_p99",
	[LISTS] = "lists",
	[ENTRIES] = "entries",
	[SEGMENTS] = "segments",
	[USED] = "used",
	[FREE_RUNS] = "free_runs",
	[LARGEST_FREE] = "largest_free",
	[FRAGMENTATION] = "fragmentation",
};

/* How a device's lists merged. */
struct lists {
	uint32_t device;
	uint64_t lists, entries, segments;
};

struct measuring {
	struct libdma_stat *stat;
	struct lists *lists;
	size_t count;
};

static void add(struct figures *figures, const char *what, unsigned int name, double value)
{
	if (figures->count == figures->room) {
		figures->room = figures->room ? figures->room * 2 : 64;
		figures->figure = realloc(figures->figure,
					  figures->room * sizeof(*figures->figure));
		if (!figures->figure)
			out_of_memory();
	}
	figures->figure[figures->count] =
		(struct figure) { strdup(what), names[name], value };
	if (!figures->figure[figures->count++].what)
		out_of_memory();
}

static void note_list(struct measuring *measuring, const struct dma_event *event)
{
	struct lists *lists = measuring->lists;
	size_t i = 0;

	while (i < measuring->count && lists[i].device != event->device)
		i++;
	if (i == measuring->count) {
		lists = realloc(lists, (i + 1) * sizeof(*lists));
		if (!lists)
			out_of_memory();
		measuring->lists = lists;
		measuring->count++;
		lists[i] = (struct lists) { .device = event->device };
	}
	lists[i].lists++;
	lists[i].entries += event->nents;
	lists[i].segments += event->ents;
}

static bool see(void *arg, const struct dma_event *event)
{
	struct measuring *measuring = arg;

	if (libdma_stat_put(measuring->stat, event))
		out_of_memory();
	if (event->kind == DMA_EVENT_MAP_SG && !event->error)
		note_list(measuring, event);
	return true;
}

static void begin(void *arg, const struct libdma_environment *environment)
{
	(void)arg;
	(void)environment;
}

static bool end(void *arg, const struct libdma_environment *environment)
{
	(void)arg;
	(void)environment;
	return true;
}

static void add_group(struct figures *figures, const char *what,
		      const struct libdma_stat_group *group)
{
	add(figures, what, EVENTS, (double)group->events);
	add(figures, what, MAPS, (double)group->maps);
	add(figures, what, UNMAPS, (double)group->unmaps);
	add(figures, what, ALLOCS, (double)group->allocs);
	add(figures, what, FREES, (double)group->frees);
	add(figures, what, SYNCS, (double)group->syncs);
	add(figures, what, FAILED, (double)group->failed);
	add(figures, what, BYTES, (double)group->bytes);
	add(figures, what, PEAK, (double)group->peak);
	add(figures, what, PEAK_BYTES, (double)group->peak_bytes);
	add(figures, what, LEFT, (double)group->live);
	if (!group->lifetimes.count)
		return;
	add(figures, what, LIFETIME_P50,
	    (double)libdma_histogram_quantile(&group->lifetimes, 0.5));
	add(figures, what, LIFETIME_P99,
	    (double)libdma_histogram_quantile(&group->lifetimes, 0.99));
}

static void add_devices(struct figures *figures, const struct measuring *measuring,
			const struct libdma_strings *strings)
{
	const struct libdma_stat_group *group;

	for (size_t i = 0; (group = libdma_stat_group(measuring->stat, i)); i++)
		if (group->key)
			add_group(figures,
				  libdma_strings_get(strings, (uint32_t)group->key), group);
	for (size_t i = 0; i < measuring->count; i++) {
		const struct lists *lists = &measuring->lists[i];
		const char *what = libdma_strings_get(strings, lists->device);

		add(figures, what, LISTS, (double)lists->lists);
		add(figures, what, ENTRIES, (double)lists->entries);
		add(figures, what, SEGMENTS, (double)lists->segments);
	}
}

static void add_spaces(struct figures *figures, const struct state *state)
{
	struct libdma_fragmap *fragmap = state_fragmap(state);
	const struct libdma_space *space;

	for (size_t i = 0; (space = libdma_fragmap_space(fragmap, i)); i++) {
		const struct libdma_fragmentation *numbers = &space->numbers;

		add(figures, space->name, USED, (double)numbers->used);
		if (!space->allocates)
			continue;
		add(figures, space->name, FREE_RUNS, (double)numbers->runs);
		add(figures, space->name, LARGEST_FREE, (double)numbers->largest_free);
		add(figures, space->name, FRAGMENTATION, numbers->index);
	}
	libdma_fragmap_destroy(fragmap);
}

int figures_read(struct state_options *opts, struct figures *ret, bool *read)
{
	struct measuring measuring = { 0 };
	const struct state_observer observer = {
		.begin = begin, .see = see, .end = end, .arg = &measuring
	};
	struct state state;
	int status;

	*ret = (struct figures) { 0 };
	*read = false;
	if (libdma_stat_create(LIBDMA_STAT_DEVICE, true, &measuring.stat))
		out_of_memory();
	opts->observer = &observer;
	opts->source.infer = true;
	status = state_open(opts, NULL, &state);
	if (status == EXIT_FINE) {
		*read = true;
		add_group(ret, "all", libdma_stat_total(measuring.stat));
		add_devices(ret, &measuring, state_strings(&state));
		add_spaces(ret, &state);
	}
	status = state_close(&state, status);
	libdma_stat_destroy(measuring.stat);
	free(measuring.lists);
	return status;
}

void figures_deinit(struct figures *figures)
{
	for (size_t i = 0; i < figures->count; i++)
		free(figures->figure[i].what);
	free(figures->figure);
}

const struct figure *figures_find(const struct figures *figures, const struct figure *like)
{
	for (size_t i = 0; i < figures->count; i++)
		if (figures->figure[i].name == like->name &&
		    !strcmp(figures->figure[i].what, like->what))
			return &figures->figure[i];
	return NULL;
}

bool figures_wanted(const char *list, const char *name)
{
	size_t size = strlen(name);

	if (!list)
		return true;
	for (; list; list = strchr(list, ',')) {
		list += *list == ',';
		if (!strncmp(list, name, size) && (!list[size] || list[size] == ','))
			return true;
		if (!*list)
			return false;
	}
	return false;
}

bool figures_valid(const char *list)
{
	size_t commas = 1, found = 0;

	for (const char *at = list; *at; at++)
		commas += *at == ',';
	for (unsigned int i = 0; i < NAMES; i++)
		found += figures_wanted(list, names[i]);
	return found == commas;
}
