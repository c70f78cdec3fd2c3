// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * environment-print.c - what is known of a machine, and from where
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "environment-print.h"
#include "form.h"
#include "json.h"
#include "output.h"
#include "table.h"

json_t *environment_object(const struct libdma_environment *environment)
{
	json_t *object;
	char *text;

	if (libdma_environment_print(environment, &text))
		out_of_memory();
	object = json_loads(text, 0, NULL);
	free(text);
	if (!object)
		out_of_memory();
	return object;
}

static const char *origin_mark(enum libdma_origin origin)
{
	return origin == LIBDMA_INFERRED ? " (inferred)" : "";
}

static void print_text(void *arg, const char *label, const char *text,
		       enum libdma_origin origin)
{
	(void)arg;
	printf("%-13s%s%s\n", label, text, origin_mark(origin));
}

struct walk {
	environment_visitor *visit;
	void *arg;
};

static void tell_text(const struct walk *walk, const char *label, const char *text,
		      enum libdma_origin origin)
{
	walk->visit(walk->arg, label, origin ? text : "unknown", origin);
}

static void tell_number(const struct walk *walk, const char *label, uint64_t number,
			const char *unit, enum libdma_origin origin)
{
	char text[64];

	snprintf(text, sizeof(text), "%" PRIu64 "%s", number, unit);
	tell_text(walk, label, text, origin);
}

static void tell_memory(const struct walk *walk,
			const struct libdma_environment *environment)
{
	uint64_t ram = 0;
	char text[96], size[32];

	for (size_t i = 0; i < environment->memory.count; i++)
		if (environment->memory.range[i].name &&
		    !strcmp(environment->memory.range[i].name, "System RAM"))
			ram += environment->memory.range[i].length;
	snprintf(text, sizeof(text), "%s of RAM, %zu ranges", table_size(ram, size, sizeof(size)),
		 environment->memory.count);
	tell_text(walk, "Memory", text, environment->origin.memory);
}

static void tell_iommu(const struct walk *walk,
			const struct libdma_environment *environment)
{
	static const char *const modes[] = {
		[LIBDMA_IOMMU_OFF] = "off",
		[LIBDMA_IOMMU_PASSTHROUGH] = "passthrough",
		[LIBDMA_IOMMU_STRICT] = "strict",
		[LIBDMA_IOMMU_LAZY] = "lazy",
		[LIBDMA_IOMMU_TRANSLATED] = "translated, strict or lazy",
	};
	char text[96];

	snprintf(text, sizeof(text), "%s", modes[environment->iommu.mode]);
	if (environment->iommu.groups)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), ", %zu groups",
			 environment->iommu.groups);
	tell_text(walk, "IOMMU", text, environment->origin.iommu_mode);
}

static void tell_swiotlb(const struct walk *walk,
			const struct libdma_environment *environment)
{
	uint64_t slots = environment->swiotlb.slots;
	uint64_t slot = environment->swiotlb.slot_size ? environment->swiotlb.slot_size : 2048;
	char text[128], size[32];

	if (environment->origin.swiotlb_slots && !slots) {
		tell_text(walk, "swiotlb", "none", environment->origin.swiotlb_slots);
		return;
	}
	snprintf(text, sizeof(text), "%s at 0x%" PRIx64 ", %" PRIu64 " slots",
		 table_size(slots * slot, size, sizeof(size)), environment->swiotlb.start,
		 slots);
	if (environment->swiotlb.areas)
		snprintf(text + strlen(text), sizeof(text) - strlen(text),
			 " in %" PRIu32 " areas", environment->swiotlb.areas);
	if (environment->swiotlb.force)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), ", forced");
	tell_text(walk, "swiotlb", text, environment->origin.swiotlb_slots);
}

void environment_walk(const struct libdma_environment *environment,
		      environment_visitor *visit, void *arg)
{
	const struct walk walk = { visit, arg };

	tell_text(&walk, "Kernel", environment->kernel, environment->origin.kernel);
	tell_text(&walk, "Machine", environment->arch, environment->origin.arch);
	if (environment->origin.cmdline && *environment->cmdline)
		tell_text(&walk, "Command line", environment->cmdline,
			  environment->origin.cmdline);
	tell_number(&walk, "CPUs", environment->cpus, "", environment->origin.cpus);
	tell_number(&walk, "Page size", environment->page_size, " bytes",
		    environment->origin.page_size);
	tell_memory(&walk, environment);
	tell_iommu(&walk, environment);
	tell_swiotlb(&walk, environment);
	if (environment->origin.recorder)
		tell_text(&walk, "Recorder", environment->recorder,
			  environment->origin.recorder);
}

void environment_print(const struct libdma_environment *environment)
{
	environment_walk(environment, print_text, NULL);
}

enum {
	COLUMN_DEVICE,
	COLUMN_DRIVER,
	COLUMN_MASK,
	COLUMN_MAX_SEGMENT,
	COLUMN_ALIGN,
	COLUMN_EVENTS,
	COLUMN_BYTES,
};

static const struct column columns[] = {
	[COLUMN_DEVICE] = { .name = "DEVICE", .summary = "name" },
	[COLUMN_DRIVER] = { .name = "DRIVER", .summary = "driver" },
	[COLUMN_MASK] = { .name = "MASK", .summary = "DMA mask, bits" },
	[COLUMN_MAX_SEGMENT] = { .name = "MAXSEG", .summary = "max_segment_size" },
	[COLUMN_ALIGN] = { .name = "ALIGN", .summary = "min_align_mask" },
	[COLUMN_EVENTS] = { .name = "EVENTS", .summary = "events", .right = true },
	[COLUMN_BYTES] = { .name = "BYTES", .summary = "mapped", .right = true },
	{},
};

static void fill_limit(struct table *table, size_t column, uint64_t value,
		       enum libdma_origin origin)
{
	if (origin)
		table_cell(table, column, "0x%" PRIx64 "%s", value,
			   origin == LIBDMA_INFERRED ? "?" : "");
	else
		table_cell(table, column, "-");
}

static void fill_device(struct table *table, const struct libdma_device_environment *device)
{
	table_cell(table, COLUMN_DRIVER, "%s%s",
		   device && device->origin.driver ? device->driver : "-",
		   device && device->origin.driver == LIBDMA_INFERRED ? "?" : "");
	if (!device) {
		for (size_t i = COLUMN_MASK; i <= COLUMN_ALIGN; i++)
			table_cell(table, i, "-");
		return;
	}
	fill_limit(table, COLUMN_MASK, device->dma_mask, device->origin.dma_mask);
	fill_limit(table, COLUMN_MAX_SEGMENT, device->max_segment_size,
		   device->origin.max_segment_size);
	fill_limit(table, COLUMN_ALIGN, device->min_align_mask,
		   device->origin.min_align_mask);
}

static const struct libdma_stat_group *find_group(const struct libdma_stat *stat,
						  const struct libdma_strings *strings,
						  const char *name)
{
	const struct libdma_stat_group *group;

	for (size_t i = 0; (group = libdma_stat_group(stat, i)); i++)
		if (!strcmp(libdma_strings_get(strings, (uint32_t)group->key), name))
			return group;
	return NULL;
}

static void fill_group(struct table *table, const struct libdma_stat_group *group)
{
	char size[32];

	table_cell(table, COLUMN_EVENTS, "%" PRIu64, group ? group->events : 0);
	table_cell(table, COLUMN_BYTES, "%s",
		   table_size(group ? group->bytes : 0, size, sizeof(size)));
}

void environment_print_devices(const struct libdma_environment *environment,
			       const struct libdma_stat *stat,
			       const struct libdma_strings *strings,
			       const struct terminal *terminal)
{
	const struct form_options form = { 0 };
	const struct libdma_stat_group *group;
	struct table *table;

	if (table_create(&form, terminal, columns, &table))
		return;
	for (size_t i = 0; i < environment->devices; i++) {
		table_row(table);
		table_cell(table, COLUMN_DEVICE, "%s", environment->device[i].name);
		fill_device(table, &environment->device[i]);
		fill_group(table, find_group(stat, strings, environment->device[i].name));
	}
	for (size_t i = 0; (group = libdma_stat_group(stat, i)); i++) {
		const char *name = libdma_strings_get(strings, (uint32_t)group->key);

		if (!group->key || libdma_environment_find_device(environment, name))
			continue;
		table_row(table);
		table_cell(table, COLUMN_DEVICE, "%s", name);
		fill_device(table, NULL);
		fill_group(table, group);
	}
	if (table_rows(table))
		putchar('\n');
	table_print(table);
	table_destroy(table);
}
