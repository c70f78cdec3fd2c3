// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * stat-key.c - what events are counted by, in words
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "output.h"
#include "stat-print.h"

static const char *const names[LIBDMA_STAT_KEYS] = {
	[LIBDMA_STAT_ALL] = "all",
	[LIBDMA_STAT_DEVICE] = "device",
	[LIBDMA_STAT_DRIVER] = "driver",
	[LIBDMA_STAT_KIND] = "kind",
	[LIBDMA_STAT_DIRECTION] = "direction",
	[LIBDMA_STAT_CPU] = "cpu",
	[LIBDMA_STAT_COMM] = "comm",
	[LIBDMA_STAT_POOL] = "pool",
	[LIBDMA_STAT_SITE] = "site",
};

enum libdma_stat_key stat_key_find(const char *word)
{
	enum libdma_stat_key key = LIBDMA_STAT_DEVICE;

	while (key < LIBDMA_STAT_KEYS && strcmp(names[key], word))
		key++;
	return key;
}

const char *stat_key_name(enum libdma_stat_key key)
{
	return names[key];
}

static const char *string_name(const struct libdma_strings *strings, uint32_t number)
{
	return number ? libdma_strings_get(strings, number) : "(none)";
}

const char *stat_key_text(enum libdma_stat_key key, uint64_t value,
			  const struct libdma_strings *strings, char buffer[32])
{
	const char *name;

	switch (key) {
	case LIBDMA_STAT_KIND:
		return libdma_event_kind_name((unsigned int)value);
	case LIBDMA_STAT_DIRECTION:
		name = libdma_direction_name((unsigned int)value);
		return name ? name : "(none)";
	case LIBDMA_STAT_CPU:
		snprintf(buffer, 32, "%" PRIu64, value);
		return buffer;
	case LIBDMA_STAT_POOL:
		snprintf(buffer, 32, "pool %" PRIu64, value);
		return buffer;
	default:
		return string_name(strings, (uint32_t)value);
	}
}

const char *stat_group_name(enum libdma_stat_key key, const struct libdma_stat_group *group,
			    const struct libdma_strings *strings, char buffer[32])
{
	if (key == LIBDMA_STAT_POOL && group->name)
		return libdma_strings_get(strings, group->name);
	return stat_key_text(key, group->key, strings, buffer);
}

static int compare(const void *left, const void *right)
{
	const struct libdma_stat_group *a = *(const struct libdma_stat_group *const *)left;
	const struct libdma_stat_group *b = *(const struct libdma_stat_group *const *)right;

	if (a->events != b->events)
		return a->events < b->events ? 1 : -1;
	return a->key < b->key ? -1 : a->key > b->key;
}

const struct libdma_stat_group **stat_sorted(const struct libdma_stat *stat, size_t *count)
{
	const struct libdma_stat_group **sorted;

	for (*count = 0; libdma_stat_group(stat, *count); ++*count)
		;
	sorted = calloc(*count + 1, sizeof(const struct libdma_stat_group *));
	if (!sorted)
		out_of_memory();
	for (size_t i = 0; i < *count; i++)
		sorted[i] = libdma_stat_group(stat, i);
	qsort(sorted, *count, sizeof(*sorted), compare);
	return sorted;
}
