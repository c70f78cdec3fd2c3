// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * stat-json.c - what was counted, as a document
 */
#include <stdlib.h>

#include "stat-print.h"

json_t *stat_kinds(const struct libdma_stat *stat)
{
	json_t *kinds = json_create();

	for (unsigned int kind = 1; kind < DMA_EVENT_KINDS; kind++)
		if (libdma_stat_kinds(stat, kind))
			json_add_count(kinds, libdma_event_kind_name(kind),
				       libdma_stat_kinds(stat, kind));
	return kinds;
}

static json_t *histogram_list(const struct libdma_histogram *histogram)
{
	json_t *list = json_list(), *bucket;

	for (unsigned int i = 0; i < LIBDMA_HISTOGRAM_BUCKETS; i++) {
		if (!histogram->bucket[i])
			continue;
		bucket = json_create();
		json_add_count(bucket, "from", libdma_histogram_first(i));
		json_add_count(bucket, "to", libdma_histogram_first(i + 1) - 1);
		json_add_count(bucket, "count", histogram->bucket[i]);
		json_append(list, bucket);
	}
	return list;
}

static json_t *histogram_object(const struct libdma_histogram *histogram)
{
	json_t *object = json_create();

	json_add_count(object, "count", histogram->count);
	if (!histogram->count)
		return object;
	json_add_count(object, "sum", histogram->sum);
	json_add_count(object, "min", histogram->min);
	json_add_count(object, "avg", histogram->sum / histogram->count);
	json_add_count(object, "median", libdma_histogram_quantile(histogram, 0.5));
	json_add_count(object, "p90", libdma_histogram_quantile(histogram, 0.9));
	json_add_count(object, "p99", libdma_histogram_quantile(histogram, 0.99));
	json_add_count(object, "max", histogram->max);
	json_add(object, "histogram", histogram_list(histogram));
	return object;
}

static void add_members(json_t *object, const struct libdma_stat_group *group)
{
	json_add_count(object, "events", group->events);
	json_add_count(object, "maps", group->maps);
	json_add_count(object, "unmaps", group->unmaps);
	json_add_count(object, "allocs", group->allocs);
	json_add_count(object, "frees", group->frees);
	json_add_count(object, "syncs", group->syncs);
	json_add_count(object, "failed", group->failed);
	json_add_count(object, "cut", group->cut);
	json_add_count(object, "strangers", group->strangers);
	json_add_count(object, "bytes", group->bytes);
	json_add_count(object, "live", group->live);
	json_add_count(object, "live_bytes", group->live_bytes);
	json_add_count(object, "peak", group->peak);
	json_add_count(object, "peak_bytes", group->peak_bytes);
	json_add_count(object, "peak_ns", group->peak_ns);
	json_add(object, "sizes", histogram_object(&group->sizes));
	json_add(object, "lifetimes_ns", histogram_object(&group->lifetimes));
}

json_t *stat_group(const struct libdma_stat_group *group)
{
	json_t *object = json_create();

	add_members(object, group);
	return object;
}

/* CPUs are numbers; where a device or driver is not known, the key is null. */
static json_t *group_key(enum libdma_stat_key key, const struct libdma_stat_group *group,
			 const struct libdma_strings *strings)
{
	char buffer[32];

	if (key == LIBDMA_STAT_CPU)
		return json_integer((json_int_t)group->key);
	if (!group->key &&
	    (key == LIBDMA_STAT_DEVICE || key == LIBDMA_STAT_DRIVER || key == LIBDMA_STAT_COMM ||
	     key == LIBDMA_STAT_SITE))
		return json_null();
	return json_text(stat_group_name(key, group, strings, buffer));
}

json_t *stat_groups(const struct libdma_stat *stat, enum libdma_stat_key key,
		    const struct libdma_strings *strings)
{
	json_t *list = json_list(), *object;
	const struct libdma_stat_group **sorted;
	size_t count;

	sorted = stat_sorted(stat, &count);
	for (size_t i = 0; i < count; i++) {
		object = json_create();
		json_add(object, "key", group_key(key, sorted[i], strings));
		add_members(object, sorted[i]);
		json_append(list, object);
	}
	free(sorted);
	return list;
}
