// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * whatif-print.c - what became of a trace on many machines: a table, words, JSON
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "json.h"
#include "whatif.h"

static const char *const parameters[WHATIF_PARAMETERS] = {
	[WHATIF_SWIOTLB] = "swiotlb", [WHATIF_IOMMU] = "iommu", [WHATIF_SG] = "sg",
	[WHATIF_IOVA] = "iova",	      [WHATIF_POOL] = "pool",
};

enum {
	COLUMN_VALUE,
	COLUMN_SLOTS,
	COLUMN_AREAS,
	COLUMN_BYTES,
	COLUMN_REQUESTS,
	COLUMN_FAILED,
	COLUMN_PEAK,
	COLUMN_P99,
	COLUMN_WASTE,
	COLUMN_LISTS,
	COLUMN_SEGMENTS,
	COLUMN_PER_LIST,
	COLUMN_FLUSHES,
	COLUMN_LOWEST,
	COLUMN_PAGES,
	COLUMN_BLOCKS,
};

const struct column whatif_columns[] = {
	[COLUMN_VALUE] = { .name = "VALUE", .summary = "what is varied" },
	[COLUMN_SLOTS] = { .name = "SLOTS", .right = true, .summary = "of the swiotlb" },
	[COLUMN_AREAS] = { .name = "AREAS", .right = true, .summary = "of the swiotlb" },
	[COLUMN_BYTES] = { .name = "BYTES", .right = true, .summary = "of the swiotlb" },
	[COLUMN_REQUESTS] = { .name = "REQUESTS", .right = true, .summary = "asked for" },
	[COLUMN_FAILED] = { .name = "FAILED", .right = true, .summary = "and refused" },
	[COLUMN_PEAK] = { .name = "PEAK",
			  .right = true,
			  .summary = "most slots that were used" },
	[COLUMN_P99] = { .name = "P99",
			 .right = true,
			 .summary = "slots used at most in 99 of 100 requests" },
	[COLUMN_WASTE] = { .name = "WASTE",
			   .right = true,
			   .summary = "percent of the used slots' bytes that no buffer has, "
				      "at the peak" },
	[COLUMN_LISTS] = { .name = "LISTS", .right = true, .summary = "mapped" },
	[COLUMN_SEGMENTS] = { .name = "SEGMENTS",
			      .right = true,
			      .summary = "that the lists became" },
	[COLUMN_PER_LIST] = { .name = "PERLIST",
			      .right = true,
			      .summary = "segments of a list" },
	[COLUMN_FLUSHES] = { .name = "FLUSHES", .right = true, .summary = "of the IOTLB" },
	[COLUMN_LOWEST] = { .name = "LOWEST",
			    .right = true,
			    .summary = "lowest address that was given" },
	[COLUMN_PAGES] = { .name = "PAGES", .right = true, .summary = "that pools took" },
	[COLUMN_BLOCKS] = { .name = "BLOCKS",
			    .right = true,
			    .summary = "most blocks of pools that were live" },
	{},
};

/* Those that say something of a parameter. */
static const char *const shown[WHATIF_PARAMETERS] = {
	[WHATIF_SWIOTLB] = "value,slots,areas,bytes,requests,failed,peak,p99,waste",
	[WHATIF_IOMMU] = "value,requests,failed,lists,segments,flushes,lowest",
	[WHATIF_SG] = "value,requests,failed,lists,segments,perlist",
	[WHATIF_IOVA] = "value,requests,failed,lowest",
	[WHATIF_POOL] = "value,requests,failed,blocks,pages",
};

const char *whatif_name(enum whatif_parameter parameter)
{
	return parameters[parameter];
}

const char *whatif_usual_columns(enum whatif_parameter parameter)
{
	return shown[parameter];
}

/* As the kernel's parameter is written, or the value with its name. */
static void print_value(const struct whatif *whatif, const struct point *point, char *buffer,
			size_t size)
{
	static const char *const modes[] = { "off", "", "strict", "lazy" };
	const char *force = whatif->environment->swiotlb.force ? ",force" : "";

	switch (whatif->parameter) {
	case WHATIF_SWIOTLB:
		snprintf(buffer, size, "swiotlb=%" PRIu64 ",%u%s", point->slots, point->areas,
			 force);
		break;
	case WHATIF_IOMMU:
		snprintf(buffer, size, "%s", modes[point->mode]);
		break;
	case WHATIF_SG:
		snprintf(buffer, size, "max-segment=%" PRIu64 " boundary=0x%" PRIx64,
			 point->max_segment, point->boundary);
		if (!point->boundary)
			*strstr(buffer, " boundary") = '\0';
		break;
	case WHATIF_IOVA:
		snprintf(buffer, size, "mask=0x%" PRIx64, point->mask);
		break;
	default:
		snprintf(buffer, size, "align=%" PRIu64 " boundary=%" PRIu64, point->align,
			 point->boundary);
	}
}

static double waste(const struct point *point)
{
	uint64_t used = point->swiotlb.peak * 2048;

	return used > point->swiotlb.peak_bytes
		       ? 100.0 * (double)(used - point->swiotlb.peak_bytes) / (double)used
		       : 0;
}

static void fill_row(const struct whatif *whatif, const struct point *point,
		     struct table *table)
{
	char text[64];

	table_row(table);
	print_value(whatif, point, text, sizeof(text));
	table_cell(table, COLUMN_VALUE, "%s", text);
	if (!point->rerun) {
		table_cell(table, COLUMN_FAILED, "no such machine");
		return;
	}
	table_cell(table, COLUMN_SLOTS, "%" PRIu64, point->swiotlb.slots);
	table_cell(table, COLUMN_AREAS, "%u", point->swiotlb.areas);
	table_cell(table, COLUMN_BYTES, "%" PRIu64, point->swiotlb.slots * 2048);
	table_cell(table, COLUMN_REQUESTS, "%" PRIu64, point->requests);
	table_cell(table, COLUMN_FAILED, "%" PRIu64, point->failed);
	table_cell(table, COLUMN_PEAK, "%" PRIu64, point->swiotlb.peak);
	table_cell(table, COLUMN_P99, "%" PRIu64, point->swiotlb.p99);
	table_cell(table, COLUMN_WASTE, "%.1f", waste(point));
	table_cell(table, COLUMN_LISTS, "%" PRIu64, point->lists);
	table_cell(table, COLUMN_SEGMENTS, "%" PRIu64, point->segments);
	table_cell(table, COLUMN_PER_LIST, "%.2f",
		   point->lists ? (double)point->segments / (double)point->lists : 0);
	table_cell(table, COLUMN_FLUSHES, "%" PRIu64, point->flushes);
	if (point->lowest != UINT64_MAX)
		table_cell(table, COLUMN_LOWEST, "0x%" PRIx64, point->lowest);
	table_cell(table, COLUMN_PAGES, "%" PRIu64, point->pages);
	table_cell(table, COLUMN_BLOCKS, "%" PRIu64, point->most_blocks);
}

void whatif_fill(const struct whatif *whatif, struct table *table)
{
	for (size_t i = 0; i < whatif->points; i++)
		fill_row(whatif, &whatif->point[i], table);
}

static void print_swiotlb(const struct whatif *whatif)
{
	size_t smallest = whatif_smallest(whatif);
	const struct point *point = &whatif->point[smallest];
	uint64_t value, left;

	if (smallest == whatif->points || point->failed > whatif->never) {
		printf("On all of them requests fail.\n");
	} else {
		value = whatif_smallest_value(whatif, point);
		left = point->swiotlb.slots - point->swiotlb.peak;
		printf("The smallest swiotlb= %s: swiotlb=%" PRIu64
		       ", of which the kernel makes %" PRIu64 " slots in %u area%s, %" PRIu64
		       " bytes (every value up to %" PRIu64 " is rounded up to that).\n",
		       point->failed ? "with no failure that a size can avoid"
				     : "without a failure",
		       value, point->slots, point->areas, point->areas == 1 ? "" : "s",
		       point->slots * 2048, point->slots);
		printf("There at most %" PRIu64 " slots are used, %" PRIu64
		       " (%.1f %%) are left.\n",
		       point->swiotlb.peak, left,
		       100.0 * (double)left / (double)point->swiotlb.slots);
		if (smallest)
			printf("At the next smaller one, %" PRIu64 " slots, %" PRIu64
			       " of %" PRIu64 " requests fail.\n",
			       point[-1].slots, point[-1].failed, point[-1].requests);
	}
	printf("The largest request has %" PRIu64 " bytes (%s). A copy lies in one set of 128 "
	       "slots, so that one of more than %" PRIu64
	       " bytes fits no swiotlb of any size; %" PRIu64 " of the trace do not.\n",
	       whatif->largest, libdma_strings_get(whatif->strings, whatif->largest_device),
	       whatif->limit, whatif->never);
}

void whatif_print(const struct whatif *whatif)
{
	if (whatif->parameter == WHATIF_SWIOTLB)
		print_swiotlb(whatif);
	if (whatif->guessed && whatif->parameter != WHATIF_POOL)
		printf("Of %" PRIu64 " lists the trace tells only the sum of the entries' "
		       "sizes; where they end is guessed.\n",
		       whatif->guessed);
}

static json_t *point_json(const struct whatif *whatif, const struct point *point)
{
	json_t *object = json_create();
	char text[64];

	print_value(whatif, point, text, sizeof(text));
	json_add(object, "value", json_text(text));
	json_add(object, "possible", json_boolean(point->rerun));
	json_add_count(object, "slots", point->swiotlb.slots);
	json_add_count(object, "areas", point->swiotlb.areas);
	json_add_count(object, "bytes", point->swiotlb.slots * 2048);
	json_add_count(object, "requests", point->requests);
	json_add_count(object, "failed", point->failed);
	json_add_count(object, "peak", point->swiotlb.peak);
	json_add_count(object, "p99", point->swiotlb.p99);
	json_add_count(object, "peak_bytes", point->swiotlb.peak_bytes);
	json_add_count(object, "lists", point->lists);
	json_add_count(object, "entries", point->entries);
	json_add_count(object, "segments", point->segments);
	json_add_count(object, "flushes", point->flushes);
	if (point->lowest != UINT64_MAX)
		json_add(object, "lowest", json_hex(point->lowest));
	json_add_count(object, "pages", point->pages);
	json_add_count(object, "blocks", point->most_blocks);
	return object;
}

json_t *whatif_smallest_json(const struct whatif *whatif)
{
	size_t smallest = whatif_smallest(whatif);
	const struct point *point = &whatif->point[smallest];
	json_t *object;
	uint64_t value;
	char text[64];

	if (smallest == whatif->points || point->failed > whatif->never)
		return NULL;
	object = point_json(whatif, point);
	value = whatif_smallest_value(whatif, point);
	snprintf(text, sizeof(text), "swiotlb=%" PRIu64 "%s", value,
		 whatif->environment->swiotlb.force ? ",force" : "");
	json_add(object, "parameter", json_text(text));
	json_add_count(object, "smallest_value", value);
	json_add_count(object, "largest_value", point->slots);
	json_add_count(object, "margin", point->swiotlb.slots - point->swiotlb.peak);
	return object;
}

void whatif_print_json(const struct whatif *whatif, const struct source *source)
{
	json_t *document = json_document("whatif"), *list = json_list(), *smallest = NULL;

	json_add(document, "completeness", source_completeness(source));
	json_add(document, "parameter", json_text(parameters[whatif->parameter]));
	for (size_t i = 0; i < whatif->points; i++)
		json_append(list, point_json(whatif, &whatif->point[i]));
	json_add(document, "points", list);
	if (whatif->parameter == WHATIF_SWIOTLB)
		smallest = whatif_smallest_json(whatif);
	if (smallest)
		json_add(document, "smallest", smallest);
	json_add_count(document, "largest_request", whatif->largest);
	json_add_count(document, "largest_possible", whatif->limit);
	json_add_count(document, "never_fit", whatif->never);
	json_add_count(document, "guessed", whatif->guessed);
	json_print(document);
}
