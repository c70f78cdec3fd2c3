// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * running.c - what /proc and /sys tell of the machine that is being recorded
 *
 * It is put together as the JSON that describes a machine (dmat(5)), and read as such.
 * Of the kernel's command line only what concerns DMA is kept, and no names of hosts,
 * disks or serial numbers are looked at.
 */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "json.h"
#include "output.h"
#include "running.h"
#include "version.h"

#define GROUPS "/sys/kernel/iommu_groups"
#define SLOT_SIZE 2048

/* The first line of a file; empty where there is none. */
static void read_line(const char *path, char *buffer, size_t size)
{
	FILE *file = fopen(path, "re");

	*buffer = '\0';
	if (!file)
		return;
	if (!fgets(buffer, (int)size, file))
		*buffer = '\0';
	buffer[strcspn(buffer, "\n")] = '\0';
	fclose(file);
}

/* Of the command line, the words that concern DMA. */
static json_t *describe_cmdline(void)
{
	static const char *const words[] = {
		"swiotlb", "iommu", "intel_iommu", "amd_iommu", "coherent_pool", "cma",
		"dma_debug", "numa_cma", "cma_pernuma", "mem_encrypt", "restricted_dma",
	};
	char line[4096], kept[4096] = "", *state = NULL;

	read_line("/proc/cmdline", line, sizeof(line));
	for (char *word = strtok_r(line, " ", &state); word; word = strtok_r(NULL, " ", &state)) {
		size_t size = strcspn(word, "=."), used = strlen(kept);

		for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
			if (strlen(words[i]) == size && !memcmp(words[i], word, size))
				snprintf(kept + used, sizeof(kept) - used, "%s%s",
					 used ? " " : "", word);
	}
	return json_text(kept);
}

static json_t *make_range(uint64_t start, uint64_t end, const char *name)
{
	json_t *range = json_create();

	json_add(range, "start", json_hex(start));
	json_add_count(range, "length", end - start + 1);
	json_add(range, "name", json_text(name));
	return range;
}

/* What is worth telling within one of the outermost ranges: where the kernel itself is. */
static bool is_kernel(const char *line)
{
	const char *name = strstr(line, " : ");

	return name && !strncmp(name + strlen(" : "), "Kernel ", strlen("Kernel "));
}

/* /proc/iomem's outermost ranges; without privilege it has zeros only. */
static json_t *describe_memory(void)
{
	FILE *file = fopen("/proc/iomem", "re");
	json_t *list = json_list();
	char line[256], name[128];
	uint64_t start, end;

	while (file && fgets(line, sizeof(line), file))
		if ((*line != ' ' || is_kernel(line)) &&
		    sscanf(line, "%" SCNx64 "-%" SCNx64 " : %127[^\n]", &start, &end, name) == 3 &&
		    end > start)
			json_append(list, make_range(start, end, name));
	if (file)
		fclose(file);
	return list;
}

static json_t *describe_reserved(unsigned int group)
{
	json_t *list = json_list();
	char path[128], line[128], name[32];
	uint64_t start, end;
	FILE *file;

	snprintf(path, sizeof(path), GROUPS "/%u/reserved_regions", group);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "%" SCNx64 " %" SCNx64 " %31s", &start, &end, name) == 3)
			json_append(list, make_range(start, end, name));
	if (file)
		fclose(file);
	return list;
}

static int compare_names(const struct dirent **a, const struct dirent **b)
{
	return strverscmp((*a)->d_name, (*b)->d_name);
}

static int visible(const struct dirent *entry)
{
	return *entry->d_name != '.';
}

/* The names in a folder, sorted; 0 where it cannot be read. */
static int list_folder(const char *path, struct dirent ***ret)
{
	int count = scandir(path, ret, visible, compare_names);

	return count < 0 ? 0 : count;
}

static void free_names(struct dirent **name, int count)
{
	for (int i = 0; i < count; i++)
		free(name[i]);
	if (count)
		free(name);
}

static json_t *describe_group(unsigned int number, const char *type)
{
	json_t *group = json_create(), *devices = json_list();
	struct dirent **name;
	char path[128];
	int count;

	snprintf(path, sizeof(path), GROUPS "/%u/devices", number);
	count = list_folder(path, &name);
	for (int i = 0; i < count; i++)
		json_append(devices, json_text(name[i]->d_name));
	free_names(name, count);
	json_add_count(group, "number", number);
	json_add(group, "type", json_text(type));
	json_add(group, "reserved", describe_reserved(number));
	json_add(group, "devices", devices);
	return group;
}

/* The modes of the groups, the most interesting of which is the machine's. */
static const char *mode_of(const char *type, const char *before)
{
	if (!strcmp(type, "DMA-FQ") || !strcmp(before, "lazy"))
		return "lazy";
	if (!strcmp(type, "DMA") || !strcmp(before, "strict"))
		return "strict";
	return "passthrough";
}

static json_t *describe_iommu(void)
{
	json_t *iommu = json_create(), *groups = json_list();
	const char *mode = "off";
	struct dirent **name;
	int count = list_folder(GROUPS, &name);

	for (int i = 0; i < count; i++) {
		char path[128], type[32];
		unsigned int number = (unsigned int)strtoul(name[i]->d_name, NULL, 10);

		snprintf(path, sizeof(path), GROUPS "/%u/type", number);
		read_line(path, type, sizeof(type));
		mode = mode_of(type, mode);
		json_append(groups, describe_group(number, type));
	}
	free_names(name, count);
	json_add(iommu, "mode", json_text(mode));
	if (!strcmp(mode, "lazy") || !strcmp(mode, "strict"))
		json_add_count(iommu, "granule", (uint64_t)sysconf(_SC_PAGESIZE));
	json_add(iommu, "groups", groups);
	return iommu;
}

static json_t *describe_swiotlb(const struct dma_probe_kernel *inside)
{
	json_t *swiotlb = json_create();

	if (inside->swiotlb_slots) {
		json_add(swiotlb, "start", json_hex(inside->swiotlb_start));
		json_add_count(swiotlb, "areas", inside->swiotlb_areas);
		json_add_count(swiotlb, "slot_size", SLOT_SIZE);
	}
	json_add_count(swiotlb, "slots", inside->swiotlb_slots);
	json_add(swiotlb, "force", inside->swiotlb_force ? json_true() : json_false());
	return swiotlb;
}

/* The names of the programs that record, as they are in what the trace says was lost. */
static json_t *describe_probes(const struct probes *probes)
{
	char *text = NULL;
	size_t size = 0;
	FILE *file = open_memstream(&text, &size);
	json_t *names;

	for (unsigned int i = 0; file && i < DMA_HOOKS; i++) {
		const struct probe *probe = probes_at(probes, i);
		char name[80];

		if (probe->used)
			fprintf(file, "%s%s", ftell(file) ? " " : "",
				probe_program(probe, name, sizeof(name)));
	}
	if (!file || fclose(file))
		out_of_memory();
	names = json_text(text);
	free(text);
	return names;
}

static json_t *describe(const struct probes *probes)
{
	const struct dma_probe_kernel *inside = probes_inside(probes);
	json_t *machine = json_create(), *memory = describe_memory();
	struct utsname names;

	json_add(machine, "schema", json_text("dmactl.environment/1"));
	if (!uname(&names)) {
		json_add(machine, "kernel", json_text(names.release));
		json_add(machine, "arch", json_text(names.machine));
	}
	json_add(machine, "cmdline", describe_cmdline());
	json_add(machine, "clock", json_text("mono"));
	json_add(machine, "recorder", json_text("dmactl " PACKAGE_VERSION));
	json_add(machine, "probes", describe_probes(probes));
	json_add_count(machine, "page_size", (uint64_t)sysconf(_SC_PAGESIZE));
	json_add_count(machine, "cpus", (uint64_t)sysconf(_SC_NPROCESSORS_CONF));
	if (json_array_size(memory))
		json_add(machine, "memory", memory);
	else
		json_decref(memory);
	if (inside->swiotlb_known)
		json_add(machine, "swiotlb", describe_swiotlb(inside));
	json_add(machine, "iommu", describe_iommu());
	return machine;
}

int running_describe(struct libdma_environment *environment, const struct probes *probes)
{
	json_t *machine = describe(probes);
	char *text = json_dumps(machine, JSON_COMPACT), *why = NULL;
	int err;

	json_decref(machine);
	if (!text)
		return -ENOMEM;
	err = libdma_environment_parse(environment, text, strlen(text), &why);
	if (err == -EINVAL)
		complain("the description of this machine is not understood: %s",
			 why ? why : "no reason");
	free(why);
	free(text);
	return err == -EINVAL ? 0 : err;
}
