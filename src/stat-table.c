// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * stat-table.c - what was counted, for people
 *
 * Programs that read the table (--csv, --raw) get bytes and nanoseconds, people get
 * units.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "stat-print.h"

enum {
	COLUMN_KEY,
	COLUMN_EVENTS,
	COLUMN_MAPS,
	COLUMN_UNMAPS,
	COLUMN_ALLOCS,
	COLUMN_FREES,
	COLUMN_SYNCS,
	COLUMN_FAILED,
	COLUMN_CUT,
	COLUMN_STRANGERS,
	COLUMN_BYTES,
	COLUMN_MIN,
	COLUMN_AVG,
	COLUMN_MEDIAN,
	COLUMN_P99,
	COLUMN_MAX,
	COLUMN_PEAK,
	COLUMN_PEAK_BYTES,
	COLUMN_LIVE,
	COLUMN_LIVE_BYTES,
	COLUMN_LIFETIME,
	COLUMN_LIFETIME_P99,
	COLUMN_LIFETIME_MAX,
	COLUMNS
};

static struct column columns[COLUMNS + 1] = {
	[COLUMN_KEY] = { "KEY", "what is counted by", .right = false },
	[COLUMN_EVENTS] = { "EVENTS", "events of every kind", .right = true },
	[COLUMN_MAPS] = { "MAPS", "mappings that were made", .right = true },
	[COLUMN_UNMAPS] = { "UNMAPS", "mappings that were ended", .right = true, .extra = true },
	[COLUMN_ALLOCS] = { "ALLOCS", "allocations that were made", .right = true },
	[COLUMN_FREES] = { "FREES", "allocations given back", .right = true, .extra = true },
	[COLUMN_SYNCS] = { "SYNCS", "changes of ownership", .right = true, .extra = true },
	[COLUMN_FAILED] = { "FAILED", "calls that failed", .right = true },
	[COLUMN_CUT] = { "CUT", "lists that the recorder cut short", .right = true,
			 .extra = true },
	[COLUMN_STRANGERS] = { "STRANGERS", "ends of what was never seen to begin",
			       .right = true, .extra = true },
	[COLUMN_BYTES] = { "BYTES", "what maps and allocations asked for", .right = true },
	[COLUMN_MIN] = { "MIN", "the smallest of them", .right = true, .extra = true },
	[COLUMN_AVG] = { "AVG", "their average", .right = true, .extra = true },
	[COLUMN_MEDIAN] = { "MEDIAN", "half of them are no larger", .right = true },
	[COLUMN_P99] = { "P99", "99 % of them are no larger", .right = true, .extra = true },
	[COLUMN_MAX] = { "MAX", "the largest", .right = true, .extra = true },
	[COLUMN_PEAK] = { "PEAK", "most that were live at once", .right = true },
	[COLUMN_PEAK_BYTES] = { "PEAKBYTES", "most bytes that were live at once",
				.right = true, .extra = true },
	[COLUMN_LIVE] = { "LIVE", "still live at the end", .right = true },
	[COLUMN_LIVE_BYTES] = { "LIVEBYTES", "their bytes", .right = true, .extra = true },
	[COLUMN_LIFETIME] = { "LIFETIME", "from beginning to end, the median",
			      .right = true },
	[COLUMN_LIFETIME_P99] = { "LIFEP99", "lifetime: 99 % are no longer", .right = true,
				  .extra = true },
	[COLUMN_LIFETIME_MAX] = { "LIFEMAX", "the longest lifetime", .right = true,
				  .extra = true },
	{},
};

static const char *const headings[LIBDMA_STAT_KEYS] = {
	[LIBDMA_STAT_DEVICE] = "DEVICE",       [LIBDMA_STAT_DRIVER] = "DRIVER",
	[LIBDMA_STAT_KIND] = "KIND",	       [LIBDMA_STAT_DIRECTION] = "DIRECTION",
	[LIBDMA_STAT_CPU] = "CPU",	       [LIBDMA_STAT_COMM] = "COMM",
	[LIBDMA_STAT_POOL] = "POOL",	   [LIBDMA_STAT_SITE] = "SITE",
};

int stat_table_create(enum libdma_stat_key key, const struct form_options *form,
		      const struct terminal *terminal, struct table **ret)
{
	columns[COLUMN_KEY].name = headings[key];
	columns[COLUMN_KEY].shrink = key == LIBDMA_STAT_SITE;
	/* by kind these repeat the number of events */
	columns[COLUMN_MAPS].extra = key == LIBDMA_STAT_KIND || key == LIBDMA_STAT_POOL;
	columns[COLUMN_ALLOCS].extra = key == LIBDMA_STAT_KIND;
	columns[COLUMN_MAX].extra = key != LIBDMA_STAT_KIND && key != LIBDMA_STAT_POOL;
	return table_create(form, terminal, columns, ret);
}

struct filler {
	struct table *table;
	bool plain;
};

static void fill_count(const struct filler *filler, size_t column, uint64_t value)
{
	table_cell(filler->table, column, "%" PRIu64, value);
}

static void fill_size(const struct filler *filler, size_t column, uint64_t value)
{
	char buffer[32];

	if (filler->plain)
		fill_count(filler, column, value);
	else
		table_cell(filler->table, column, "%s",
			   table_size(value, buffer, sizeof(buffer)));
}

static void fill_time(const struct filler *filler, size_t column, uint64_t value)
{
	char buffer[32];

	if (filler->plain)
		fill_count(filler, column, value);
	else
		table_cell(filler->table, column, "%s",
			   table_time(value, buffer, sizeof(buffer)));
}

/* Nothing was measured where nothing happened: the cell stays empty, or is a dash. */
static void fill_nothing(const struct filler *filler, size_t first, size_t last)
{
	for (size_t i = first; i <= last; i++)
		table_cell(filler->table, i, "%s", filler->plain ? "" : "-");
}

static void fill_sizes(const struct filler *filler, const struct libdma_histogram *sizes)
{
	if (!sizes->count) {
		fill_nothing(filler, COLUMN_BYTES, COLUMN_MAX);
		return;
	}
	fill_size(filler, COLUMN_BYTES, sizes->sum);
	fill_size(filler, COLUMN_MIN, sizes->min);
	fill_size(filler, COLUMN_AVG, sizes->sum / sizes->count);
	fill_size(filler, COLUMN_MEDIAN, libdma_histogram_quantile(sizes, 0.5));
	fill_size(filler, COLUMN_P99, libdma_histogram_quantile(sizes, 0.99));
	fill_size(filler, COLUMN_MAX, sizes->max);
}

static void fill_lifetimes(const struct filler *filler, const struct libdma_histogram *times)
{
	if (!times->count) {
		fill_nothing(filler, COLUMN_LIFETIME, COLUMN_LIFETIME_MAX);
		return;
	}
	fill_time(filler, COLUMN_LIFETIME, libdma_histogram_quantile(times, 0.5));
	fill_time(filler, COLUMN_LIFETIME_P99, libdma_histogram_quantile(times, 0.99));
	fill_time(filler, COLUMN_LIFETIME_MAX, times->max);
}

static void fill_row(const struct filler *filler, const struct libdma_stat_group *group)
{
	fill_count(filler, COLUMN_EVENTS, group->events);
	fill_count(filler, COLUMN_MAPS, group->maps);
	fill_count(filler, COLUMN_UNMAPS, group->unmaps);
	fill_count(filler, COLUMN_ALLOCS, group->allocs);
	fill_count(filler, COLUMN_FREES, group->frees);
	fill_count(filler, COLUMN_SYNCS, group->syncs);
	fill_count(filler, COLUMN_FAILED, group->failed);
	fill_count(filler, COLUMN_CUT, group->cut);
	fill_count(filler, COLUMN_STRANGERS, group->strangers);
	fill_sizes(filler, &group->sizes);
	if (group->peak) {
		fill_count(filler, COLUMN_PEAK, group->peak);
		fill_size(filler, COLUMN_PEAK_BYTES, group->peak_bytes);
		fill_count(filler, COLUMN_LIVE, group->live);
		fill_size(filler, COLUMN_LIVE_BYTES, group->live_bytes);
	} else {
		fill_nothing(filler, COLUMN_PEAK, COLUMN_LIVE_BYTES);
	}
	fill_lifetimes(filler, &group->lifetimes);
}

void stat_table_fill(struct table *table, enum libdma_stat_key key, bool plain,
		     const struct libdma_stat *stat, const struct libdma_strings *strings)
{
	const struct filler filler = { .table = table, .plain = plain };
	const struct libdma_stat_group **sorted;
	char buffer[32];
	size_t count;

	sorted = stat_sorted(stat, &count);
	for (size_t i = 0; i < count; i++) {
		table_row(table);
		table_cell(table, COLUMN_KEY, "%s",
			   stat_group_name(key, sorted[i], strings, buffer));
		fill_row(&filler, sorted[i]);
		if (sorted[i]->failed)
			table_color(table, "31");
	}
	free(sorted);
}

static void print_lives(const struct libdma_stat_group *total)
{
	char size[32], live[32], median[32], longest[32];

	if (total->peak)
		printf("Live       at most %" PRIu64 " at once, at most %s (at %" PRIu64
		       ".%06" PRIu64 " s)\n",
		       total->peak, table_size(total->peak_bytes, size, sizeof(size)),
		       total->peak_ns / 1000000000, total->peak_ns % 1000000000 / 1000);
	if (total->live)
		printf("           %" PRIu64 " at the end, %s\n", total->live,
		       table_size(total->live_bytes, live, sizeof(live)));
	if (total->lifetimes.count)
		printf("Lifetimes  median %s, longest %s\n",
		       table_time(libdma_histogram_quantile(&total->lifetimes, 0.5), median,
				  sizeof(median)),
		       table_time(total->lifetimes.max, longest, sizeof(longest)));
	if (total->strangers)
		printf("Strangers  %" PRIu64 " unmapped or freed without a known beginning\n",
		       total->strangers);
}

void stat_print_total(const struct libdma_stat *stat)
{
	const struct libdma_stat_group *total = libdma_stat_total(stat);
	uint64_t first, last;
	char bytes[32], median[32], max[32];

	libdma_stat_time(stat, &first, &last);
	printf("Events     %" PRIu64 " in %.6f s: %" PRIu64 " maps, %" PRIu64
	       " unmaps, %" PRIu64 " allocs, %" PRIu64 " frees\n",
	       total->events, (double)(last - first) / 1e9, total->maps, total->unmaps,
	       total->allocs, total->frees);
	if (total->sizes.count)
		printf("Sizes      %s in all, median %s, largest %s\n",
		       table_size(total->bytes, bytes, sizeof(bytes)),
		       table_size(libdma_histogram_quantile(&total->sizes, 0.5), median,
				  sizeof(median)),
		       table_size(total->sizes.max, max, sizeof(max)));
	print_lives(total);
	if (total->failed)
		printf("Failed     %" PRIu64 " call%s\n", total->failed,
		       total->failed == 1 ? "" : "s");
	if (total->cut)
		printf("Cut        %" PRIu64 " list%s, by the recorder\n", total->cut,
		       total->cut == 1 ? "" : "s");
}

/* The buckets from one power of two to the next, added up. */
static uint64_t octave(const struct libdma_histogram *histogram, unsigned int power)
{
	uint64_t sum = 0, first;

	for (unsigned int i = 0; i < LIBDMA_HISTOGRAM_BUCKETS; i++) {
		first = libdma_histogram_first(i);
		if (first && 63 - (unsigned int)__builtin_clzll(first) == power)
			sum += histogram->bucket[i];
	}
	return power ? sum : sum + histogram->bucket[0];
}

static void print_bar(uint64_t value, uint64_t most, const struct terminal *terminal)
{
	unsigned int room = terminal->width > 34 ? terminal->width - 34 : 1;
	unsigned int length = (unsigned int)((double)value / (double)most * room + 0.999);

	while (length--)
		fputs(terminal->ascii ? "#" : "\xe2\x96\x88", stdout);
	putchar('\n');
}

static void print_histogram(const char *title, const struct libdma_histogram *histogram,
			    const char *(*format)(uint64_t, char *, size_t),
			    const struct terminal *terminal)
{
	unsigned int first = 64, last = 0;
	uint64_t most = 0, count;
	char from[32], to[32];

	for (unsigned int i = 0; i < 64; i++) {
		count = octave(histogram, i);
		if (!count)
			continue;
		if (first == 64)
			first = i;
		last = i;
		most = count > most ? count : most;
	}
	if (!most)
		return;
	printf("\n%s\n", title);
	for (unsigned int i = first; i <= last; i++) {
		count = octave(histogram, i);
		printf("%8s - %-8s %10" PRIu64 "%s",
		       format(i ? 1ull << i : 0, from, sizeof(from)),
		       i < 63 ? format(1ull << (i + 1), to, sizeof(to)) : "", count,
		       count ? "  " : "\n");
		if (count)
			print_bar(count, most, terminal);
	}
}

void stat_print_histograms(const struct libdma_stat *stat, const struct terminal *terminal)
{
	const struct libdma_stat_group *total = libdma_stat_total(stat);

	print_histogram("Sizes, from - below", &total->sizes, table_size, terminal);
	print_histogram("Lifetimes, from - below", &total->lifetimes, table_time, terminal);
}
