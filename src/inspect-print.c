// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * inspect-print.c - the state of a kernel as tables, as a document, and for Prometheus
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inspect.h"
#include "json.h"
#include "output.h"
#include "table.h"

static const char *or_dash(const char *text)
{
	return text && *text ? text : "-";
}

/* A table for people: of a section, with all its columns. */
static struct table *table_of(const struct terminal *terminal,
			      const struct column *columns)
{
	static const struct form_options form = { .form = FORM_HUMAN };
	struct table *table = NULL;

	table_create(&form, terminal, columns, &table);
	return table;
}

static void finish_table(struct table *table)
{
	putchar('\n');
	table_print(table);
	table_destroy(table);
}

static void cell_said(struct table *table, size_t column, const struct said *said)
{
	if (said->known)
		table_cell(table, column, "%" PRIu64, said->value);
	else
		table_cell(table, column, "-");
}

static void print_devices(const struct inspect *inspect, const struct terminal *terminal)
{
	static const struct column columns[] = {
		{ .name = "DEVICE" },
		{ .name = "DRIVER" },
		{ .name = "MASK", .right = true },
		{ .name = "COHERENT", .right = true },
		{ .name = "GROUP", .right = true },
		{},
	};
	struct table *table = table_of(terminal, columns);

	for (size_t i = 0; i < inspect->devices; i++) {
		const struct inspect_device *device = &inspect->device[i];

		table_row(table);
		table_cell(table, 0, "%s", device->name);
		table_cell(table, 1, "%s", or_dash(device->driver));
		cell_said(table, 2, &device->dma_bits);
		cell_said(table, 3, &device->coherent_bits);
		table_cell(table, 4, "%s", or_dash(device->group));
	}
	finish_table(table);
}

static void print_pools(const struct inspect *inspect, const struct terminal *terminal)
{
	static const struct column columns[] = {
		{ .name = "DEVICE" },
		{ .name = "POOL" },
		{ .name = "SIZE", .right = true },
		{ .name = "USED", .right = true },
		{ .name = "BLOCKS", .right = true },
		{ .name = "PAGES", .right = true },
		{ .name = "HELD", .right = true },
		{ .name = "UNUSED", .right = true },
		{},
	};
	struct table *table = table_of(terminal, columns);
	char size[16];

	for (size_t i = 0; i < inspect->pools; i++) {
		const struct inspect_pool *pool = &inspect->pool[i];

		table_row(table);
		table_cell(table, 0, "%s", pool->device);
		table_cell(table, 1, "%s", pool->name);
		table_cell(table, 2, "%" PRIu64, pool->size);
		table_cell(table, 3, "%" PRIu64, pool->used);
		table_cell(table, 4, "%" PRIu64, pool->blocks);
		table_cell(table, 5, "%" PRIu64, pool->pages);
		table_cell(table, 6, "%s",
			   table_size(inspect_pool_held(pool), size, sizeof(size)));
		table_cell(table, 7, "%s",
			   table_size(inspect_pool_waste(pool), size, sizeof(size)));
	}
	finish_table(table);
}

static void print_swiotlb(const struct inspect *inspect, const struct terminal *terminal)
{
	static const struct column columns[] = {
		{ .name = "SWIOTLB" },
		{ .name = "SLOTS", .right = true },
		{ .name = "USED", .right = true },
		{ .name = "HIWATER", .right = true },
		{ .name = "TRANSIENT", .right = true },
		{},
	};
	struct table *table = table_of(terminal, columns);

	for (size_t i = 0; i < inspect->swiotlbs; i++) {
		const struct inspect_swiotlb *swiotlb = &inspect->swiotlb[i];

		table_row(table);
		table_cell(table, 0, "%s", swiotlb->name);
		cell_said(table, 1, &swiotlb->slots);
		cell_said(table, 2, &swiotlb->used);
		cell_said(table, 3, &swiotlb->hiwater);
		cell_said(table, 4, &swiotlb->transient);
	}
	finish_table(table);
}

static void print_cma(const struct inspect *inspect, const struct terminal *terminal)
{
	static const struct column columns[] = {
		{ .name = "CMA" },
		{ .name = "PAGES", .right = true },
		{ .name = "USED", .right = true },
		{ .name = "LARGEST", .right = true },
		{ .name = "SERVED", .right = true },
		{ .name = "FAILED", .right = true },
		{},
	};
	struct table *table = table_of(terminal, columns);

	for (size_t i = 0; i < inspect->cmas; i++) {
		const struct inspect_cma *cma = &inspect->cma[i];

		table_row(table);
		table_cell(table, 0, "%s", cma->name);
		cell_said(table, 1, &cma->count);
		cell_said(table, 2, &cma->used);
		cell_said(table, 3, &cma->maxchunk);
		cell_said(table, 4, &cma->success);
		cell_said(table, 5, &cma->fail);
	}
	finish_table(table);
}

static void print_groups(const struct inspect *inspect, const struct terminal *terminal)
{
	static const struct column columns[] = {
		{ .name = "GROUP", .right = true },
		{ .name = "TYPE" },
		{ .name = "DEVICES", .shrink = true },
		{ .name = "RESERVED", .shrink = true },
		{},
	};
	struct table *table = table_of(terminal, columns);

	for (size_t i = 0; i < inspect->groups; i++) {
		const struct inspect_group *group = &inspect->group[i];
		char text[1024] = "";

		for (char **it = group->devices; *it && strlen(text) < sizeof(text) - 64;
		     it++)
			snprintf(text + strlen(text), 64, "%s%.60s", *text ? " " : "",
				 *it);
		table_row(table);
		table_cell(table, 0, "%s", group->name);
		table_cell(table, 1, "%s", or_dash(group->type));
		table_cell(table, 2, "%s", or_dash(text));
		snprintf(text, sizeof(text), "%s", or_dash(group->reserved));
		for (char *it = text; (it = strchr(it, '\n')); it++)
			*it = ',';
		table_cell(table, 3, "%s", text);
	}
	finish_table(table);
}

static void print_dma_debug(const struct inspect *inspect)
{
	printf("\ndma-debug: %s",
	       inspect->dma_debug_disabled[0] == 'N' ? "checks" : "is switched off");
	for (unsigned int i = 0; i < INSPECT_DEBUG_COUNTERS; i++)
		if (inspect->dma_debug_counter[i].known)
			printf(", %s %" PRIu64, inspect_debug_counters[i],
			       inspect->dma_debug_counter[i].value);
	putchar('\n');
}

static void print_unread(const struct inspect *inspect)
{
	const struct tree_refusal *refusal;
	size_t count;

	refusal = tree_refusals(inspect->tree, &count);
	if (count || inspect->malformed_count)
		putchar('\n');
	for (size_t i = 0; i < count; i++)
		printf("not read: /%s: %s\n", refusal[i].path, strerror(refusal[i].err));
	for (size_t i = 0; i < inspect->malformed_count; i++)
		printf("not understood: /%s\n", inspect->malformed[i]);
}

void inspect_print(const struct inspect *inspect, const struct terminal *terminal)
{
	char total[16], free[16];

	printf("Kernel       %s\n", or_dash(inspect->kernel));
	printf("Command line %s\n", or_dash(inspect->cmdline));
	if (inspect->cma_total.known)
		printf("CMA          %s, %s free\n",
		       table_size(inspect->cma_total.value, total, sizeof(total)),
		       table_size(inspect->cma_free.value, free, sizeof(free)));
	if (inspect->devices)
		print_devices(inspect, terminal);
	if (inspect->pools)
		print_pools(inspect, terminal);
	if (inspect->swiotlbs)
		print_swiotlb(inspect, terminal);
	if (inspect->cmas)
		print_cma(inspect, terminal);
	if (inspect->groups)
		print_groups(inspect, terminal);
	if (inspect->dma_debug)
		print_dma_debug(inspect);
	print_unread(inspect);
}

static void add_said(json_t *object, const char *name, const struct said *said)
{
	if (said->known)
		json_add_count(object, name, said->value);
}

static void add_text(json_t *object, const char *name, const char *text)
{
	json_add(object, name, text ? json_text(text) : json_null());
}

static json_t *list_devices(const struct inspect *inspect)
{
	json_t *list = json_list();

	for (size_t i = 0; i < inspect->devices; i++) {
		const struct inspect_device *device = &inspect->device[i];
		json_t *object = json_create();

		add_text(object, "device", device->name);
		add_text(object, "driver", device->driver);
		add_text(object, "group", device->group);
		add_said(object, "dma_mask_bits", &device->dma_bits);
		add_said(object, "coherent_mask_bits", &device->coherent_bits);
		json_append(list, object);
	}
	return list;
}

static json_t *list_pools(const struct inspect *inspect)
{
	json_t *list = json_list();

	for (size_t i = 0; i < inspect->pools; i++) {
		const struct inspect_pool *pool = &inspect->pool[i];
		json_t *object = json_create();

		add_text(object, "device", pool->device);
		add_text(object, "pool", pool->name);
		json_add_count(object, "size", pool->size);
		json_add_count(object, "used", pool->used);
		json_add_count(object, "blocks", pool->blocks);
		json_add_count(object, "pages", pool->pages);
		json_add_count(object, "held", inspect_pool_held(pool));
		json_add_count(object, "unused", inspect_pool_waste(pool));
		json_append(list, object);
	}
	return list;
}

static json_t *list_swiotlb(const struct inspect *inspect)
{
	json_t *list = json_list();

	for (size_t i = 0; i < inspect->swiotlbs; i++) {
		const struct inspect_swiotlb *swiotlb = &inspect->swiotlb[i];
		json_t *object = json_create();

		add_text(object, "name", swiotlb->name);
		add_said(object, "slots", &swiotlb->slots);
		add_said(object, "used", &swiotlb->used);
		add_said(object, "hiwater", &swiotlb->hiwater);
		add_said(object, "transient", &swiotlb->transient);
		json_append(list, object);
	}
	return list;
}

static json_t *describe_cma(const struct inspect *inspect)
{
	json_t *object = json_create(), *list = json_list();

	add_said(object, "total", &inspect->cma_total);
	add_said(object, "free", &inspect->cma_free);
	for (size_t i = 0; i < inspect->cmas; i++) {
		const struct inspect_cma *cma = &inspect->cma[i];
		json_t *area = json_create();

		add_text(area, "name", cma->name);
		add_said(area, "base_pfn", &cma->base_pfn);
		add_said(area, "pages", &cma->count);
		add_said(area, "used", &cma->used);
		add_said(area, "largest_free", &cma->maxchunk);
		add_said(area, "served_pages", &cma->success);
		add_said(area, "failed_pages", &cma->fail);
		json_append(list, area);
	}
	json_add(object, "areas", list);
	return object;
}

static json_t *list_lines(const char *text)
{
	json_t *list = json_list();

	while (text && *text) {
		size_t size = strcspn(text, "\n");
		char *line = strndup(text, size);

		if (!line)
			out_of_memory();
		json_append(list, json_text(line));
		free(line);
		text += size + (text[size] == '\n');
	}
	return list;
}

static json_t *list_groups(const struct inspect *inspect)
{
	json_t *list = json_list();

	for (size_t i = 0; i < inspect->groups; i++) {
		const struct inspect_group *group = &inspect->group[i];
		json_t *object = json_create(), *devices = json_list();

		add_text(object, "group", group->name);
		add_text(object, "type", group->type);
		for (char **it = group->devices; *it; it++)
			json_append(devices, json_text(*it));
		json_add(object, "devices", devices);
		json_add(object, "reserved", list_lines(group->reserved));
		json_append(list, object);
	}
	return list;
}

static json_t *describe_dma_debug(const struct inspect *inspect)
{
	json_t *object = json_create();

	add_text(object, "disabled", inspect->dma_debug_disabled);
	for (unsigned int i = 0; i < INSPECT_DEBUG_COUNTERS; i++)
		add_said(object, inspect_debug_counters[i],
			 &inspect->dma_debug_counter[i]);
	return object;
}

static json_t *list_unread(const struct inspect *inspect)
{
	const struct tree_refusal *refusal;
	json_t *list = json_list();
	size_t count;

	refusal = tree_refusals(inspect->tree, &count);
	for (size_t i = 0; i < count; i++) {
		json_t *object = json_create();

		add_text(object, "path", refusal[i].path);
		add_text(object, "reason", strerror(refusal[i].err));
		json_append(list, object);
	}
	for (size_t i = 0; i < inspect->malformed_count; i++) {
		json_t *object = json_create();

		add_text(object, "path", inspect->malformed[i]);
		add_text(object, "reason", "not understood");
		json_append(list, object);
	}
	return list;
}

void inspect_json(const struct inspect *inspect, const char *root)
{
	json_t *document = json_document("inspect");

	add_text(document, "root", root);
	add_text(document, "kernel", inspect->kernel);
	add_text(document, "cmdline", inspect->cmdline);
	if (inspect->sections & INSPECT_DEVICES)
		json_add(document, "devices", list_devices(inspect));
	if (inspect->sections & INSPECT_POOLS)
		json_add(document, "pools", list_pools(inspect));
	if (inspect->sections & INSPECT_SWIOTLB)
		json_add(document, "swiotlb", list_swiotlb(inspect));
	if (inspect->sections & INSPECT_CMA)
		json_add(document, "cma", describe_cma(inspect));
	if (inspect->sections & INSPECT_IOMMU)
		json_add(document, "iommu_groups", list_groups(inspect));
	if (inspect->dma_debug)
		json_add(document, "dma_debug", describe_dma_debug(inspect));
	json_add(document, "unread", list_unread(inspect));
	json_print(document);
}
