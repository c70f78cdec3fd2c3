// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * inspect.c - what a kernel says of its DMA without being probed
 *
 * Kernel counterpart: mm/dmapool.c (pools), kernel/dma/swiotlb.c and mm/cma_debug.c
 * (debugfs), mm/cma_sysfs.c, drivers/iommu/iommu.c (groups), kernel/dma/debug.c
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inspect.h"
#include "output.h"

#define PAGE           4096u
#define MALFORMED_MOST 1000

const char *const inspect_debug_counters[INSPECT_DEBUG_COUNTERS] = {
	"error_count",      "num_errors",       "num_free_entries",
	"min_free_entries", "nr_total_entries",
};

uint64_t inspect_pool_held(const struct inspect_pool *pool)
{
	return pool->pages * (pool->size > PAGE ? pool->size : PAGE);
}

uint64_t inspect_pool_waste(const struct inspect_pool *pool)
{
	uint64_t held = inspect_pool_held(pool), asked = pool->used * pool->size;

	return held > asked ? held - asked : 0;
}

static char *own(const char *text)
{
	char *copy = strdup(text);

	if (!copy)
		out_of_memory();
	return copy;
}

static char *join(const char *folder, const char *name)
{
	char *path;

	if (asprintf(&path, "%s/%s", folder, name) < 0)
		out_of_memory();
	return path;
}

/* Room for one more at the end of a list. */
static void *add(void *list, size_t *count, size_t size)
{
	char *grown = reallocarray(list, *count + 1, size);

	if (!grown)
		out_of_memory();
	memset(grown + *count * size, 0, size);
	++*count;
	return grown;
}

static void malformed(struct inspect *inspect, const char *path, const char *line)
{
	if (inspect->malformed_count == MALFORMED_MOST)
		return;
	inspect->malformed =
		add(inspect->malformed, &inspect->malformed_count, sizeof(char *));
	if (asprintf(&inspect->malformed[inspect->malformed_count - 1], "%s: '%.60s'",
		     path, line) < 0)
		out_of_memory();
}

static char *read_in(struct inspect *inspect, const char *folder, const char *name)
{
	char *path = join(folder, name), *text = tree_read(inspect->tree, path);

	free(path);
	return text;
}

static bool parse(const char *text, uint64_t *ret)
{
	char *end;

	errno = 0;
	*ret = strtoull(text, &end, 0);
	return isdigit((unsigned char)*text) && !errno && !*end;
}

static struct said number_in(struct inspect *inspect, const char *folder,
			     const char *name)
{
	char *text = read_in(inspect, folder, name), *path;
	struct said said = { 0 };

	if (!text)
		return said;
	said.known = parse(text, &said.value);
	if (!said.known) {
		path = join(folder, name);
		malformed(inspect, path, text);
		free(path);
	}
	free(text);
	return said;
}

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static char *link_in(struct inspect *inspect, const char *folder, const char *name)
{
	char *path = join(folder, name), *target = tree_link(inspect->tree, path);

	free(path);
	return target;
}

static void take_device(void *arg, const char *folder)
{
	struct inspect *inspect = arg;
	struct inspect_device *device;

	inspect->device = add(inspect->device, &inspect->devices, sizeof(*device));
	device = &inspect->device[inspect->devices - 1];
	device->name = own(last_part(folder));
	device->driver = link_in(inspect, folder, "driver");
	device->group = link_in(inspect, folder, "iommu_group");
	device->dma_bits = number_in(inspect, folder, "dma_mask_bits");
	device->coherent_bits = number_in(inspect, folder, "consistent_dma_mask_bits");
}

/*
 * "prp list 256        0   16  256  1": the name may have spaces, so that the numbers are
 * read from the end.
 */
static bool parse_pool(char *line, struct inspect_pool *pool)
{
	uint64_t *const numbers[] = { &pool->pages, &pool->size, &pool->blocks,
				      &pool->used };
	char *end = line + strlen(line), *at;

	for (unsigned int i = 0; i < 4; i++) {
		while (end > line && isspace((unsigned char)end[-1]))
			end--;
		*end = '\0';
		at = end;
		while (at > line && !isspace((unsigned char)at[-1]))
			at--;
		if (at == line || !parse(at, numbers[i]) || *numbers[i] > UINT32_MAX)
			return false;
		end = at;
	}
	while (end > line && isspace((unsigned char)end[-1]))
		end--;
	*end = '\0';
	pool->name = line;
	return *line;
}

static void take_pools(void *arg, const char *folder)
{
	struct inspect *inspect = arg;
	char *text = read_in(inspect, folder, "pools"), *rest = NULL;
	unsigned int index = 0;

	for (char *line = text ? strtok_r(text, "\n", &rest) : NULL; line;
	     line = strtok_r(NULL, "\n", &rest)) {
		struct inspect_pool pool = { .index = index };
		char *whole;

		if (!strncmp(line, "poolinfo", 8))
			continue;
		whole = own(line);
		if (!parse_pool(line, &pool)) {
			malformed(inspect, folder, whole);
			free(whole);
			continue;
		}
		free(whole);
		pool.name = own(pool.name);
		pool.device = own(last_part(folder));
		inspect->pool = add(inspect->pool, &inspect->pools, sizeof(pool));
		inspect->pool[inspect->pools - 1] = pool;
		index++;
	}
	free(text);
}

static void take_swiotlb(struct inspect *inspect, const char *folder, const char *name)
{
	struct inspect_swiotlb swiotlb = {
		.slots = number_in(inspect, folder, "io_tlb_nslabs"),
		.used = number_in(inspect, folder, "io_tlb_used"),
		.hiwater = number_in(inspect, folder, "io_tlb_used_hiwater"),
		.transient = number_in(inspect, folder, "io_tlb_transient_nslabs"),
	};

	if (!swiotlb.slots.known && !swiotlb.used.known)
		return;
	swiotlb.name = own(name);
	inspect->swiotlb = add(inspect->swiotlb, &inspect->swiotlbs, sizeof(swiotlb));
	inspect->swiotlb[inspect->swiotlbs - 1] = swiotlb;
}

static void read_swiotlb(struct inspect *inspect)
{
	static const char folder[] = "sys/kernel/debug/swiotlb";
	char **names = tree_names(inspect->tree, folder);

	take_swiotlb(inspect, folder, "default");
	for (char **it = names; *it; it++) {
		char *below = join(folder, *it);

		if (strncmp(*it, "io_tlb_", 7))
			take_swiotlb(inspect, below, *it);
		free(below);
	}
	tree_free_names(names);
}

static struct inspect_cma *cma_of(struct inspect *inspect, const char *name)
{
	for (size_t i = 0; i < inspect->cmas; i++)
		if (!strcmp(inspect->cma[i].name, name))
			return &inspect->cma[i];
	inspect->cma = add(inspect->cma, &inspect->cmas, sizeof(*inspect->cma));
	inspect->cma[inspect->cmas - 1].name = own(name);
	return &inspect->cma[inspect->cmas - 1];
}

static bool is_any_known(const struct said *said, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (said[i].known)
			return true;
	return false;
}

/* debugfs has "cma-NAME" before 6.1 and NAME since; sysfs has NAME. */
static void read_cma_folder(struct inspect *inspect, const char *folder,
			    const char *const files[4], bool debugfs)
{
	char **names = tree_names(inspect->tree, folder);

	for (char **it = names; *it; it++) {
		const char *name = strncmp(*it, "cma-", 4) ? *it : *it + 4;
		char *below = join(folder, *it);
		struct inspect_cma *cma;
		struct said said[4] = { 0 };

		for (unsigned int i = 0; i < 4 && files[i]; i++)
			said[i] = number_in(inspect, below, files[i]);
		free(below);
		if (!is_any_known(said, 4))
			continue;
		cma = cma_of(inspect, name);
		if (debugfs) {
			cma->base_pfn = said[0];
			cma->count = said[1];
			cma->used = said[2];
			cma->maxchunk = said[3];
		} else {
			cma->success = said[0];
			cma->fail = said[1];
		}
	}
	tree_free_names(names);
}

static struct said meminfo(const char *text, const char *name)
{
	const char *line = text ? strstr(text, name) : NULL;
	struct said said = { 0 };

	if (line && (line == text || line[-1] == '\n') &&
	    sscanf(line + strlen(name), ": %lu kB", &said.value) == 1) {
		said.known = true;
		said.value *= 1024;
	}
	return said;
}

static void read_cma(struct inspect *inspect)
{
	static const char *const debugfs[4] = { "base_pfn", "count", "used", "maxchunk" };
	static const char *const sysfs[4] = { "alloc_pages_success", "alloc_pages_fail" };
	char *text = tree_read(inspect->tree, "proc/meminfo");

	inspect->cma_total = meminfo(text, "CmaTotal");
	inspect->cma_free = meminfo(text, "CmaFree");
	free(text);
	read_cma_folder(inspect, "sys/kernel/debug/cma", debugfs, true);
	read_cma_folder(inspect, "sys/kernel/mm/cma", sysfs, false);
}

static void read_groups(struct inspect *inspect)
{
	static const char folder[] = "sys/kernel/iommu_groups";
	char **names = tree_names(inspect->tree, folder);

	for (char **it = names; *it; it++) {
		struct inspect_group *group;
		char *below = join(folder, *it), *devices = join(below, "devices");

		inspect->group = add(inspect->group, &inspect->groups, sizeof(*group));
		group = &inspect->group[inspect->groups - 1];
		group->name = own(*it);
		group->type = read_in(inspect, below, "type");
		group->reserved = read_in(inspect, below, "reserved_regions");
		group->devices = tree_names(inspect->tree, devices);
		free(devices);
		free(below);
	}
	tree_free_names(names);
}

static void read_dma_debug(struct inspect *inspect)
{
	static const char folder[] = "sys/kernel/debug/dma-api";

	inspect->dma_debug_disabled = read_in(inspect, folder, "disabled");
	inspect->dma_debug = inspect->dma_debug_disabled;
	for (unsigned int i = 0; i < INSPECT_DEBUG_COUNTERS; i++)
		inspect->dma_debug_counter[i] =
			number_in(inspect, folder, inspect_debug_counters[i]);
}

static bool is_about_dma(const char *word)
{
	static const char *const words[] = {
		"swiotlb",       "iommu",     "intel_iommu", "amd_iommu",   "cma",
		"coherent_pool", "dma_debug", "hugetlb_cma", "cma_pernuma", "arm-smmu",
		"numa_cma",      "pci",       "mem_encrypt", "xen_swiotlb", "s390_iommu"
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (!strncmp(word, words[i], strlen(words[i])) &&
		    (strchr("=.", word[strlen(words[i])]) ||
		     !strncmp(words[i], "dma_debug", 9)))
			return true;
	return false;
}

static void read_kernel(struct inspect *inspect)
{
	char *text = tree_read(inspect->tree, "proc/cmdline"), *rest = NULL, *kept;

	inspect->kernel = tree_read(inspect->tree, "proc/sys/kernel/osrelease");
	if (!text)
		return;
	kept = calloc(1, strlen(text) + 2);
	if (!kept)
		out_of_memory();
	for (char *word = strtok_r(text, " \n", &rest); word;
	     word = strtok_r(NULL, " \n", &rest))
		if (is_about_dma(word))
			sprintf(kept + strlen(kept), "%s%s", *kept ? " " : "", word);
	inspect->cmdline = kept;
	free(text);
}

struct inspect *inspect_create(struct tree *tree, unsigned int sections)
{
	struct inspect *inspect = calloc(1, sizeof(*inspect));

	if (!inspect)
		out_of_memory();
	inspect->tree = tree;
	inspect->sections = sections;
	read_kernel(inspect);
	if (sections & INSPECT_DEVICES)
		tree_find(tree, "sys/devices", "dma_mask_bits", take_device, inspect);
	if (sections & INSPECT_POOLS)
		tree_find(tree, "sys/devices", "pools", take_pools, inspect);
	if (sections & INSPECT_SWIOTLB)
		read_swiotlb(inspect);
	if (sections & INSPECT_CMA)
		read_cma(inspect);
	if (sections & INSPECT_IOMMU)
		read_groups(inspect);
	if (sections & INSPECT_DMA_DEBUG)
		read_dma_debug(inspect);
	return inspect;
}

bool inspect_is_empty(const struct inspect *inspect)
{
	return !inspect->kernel && !inspect->devices && !inspect->pools &&
	       !inspect->swiotlbs && !inspect->cmas && !inspect->groups &&
	       !inspect->dma_debug && !inspect->cma_total.known;
}

void inspect_destroy(struct inspect *inspect)
{
	if (!inspect)
		return;
	for (size_t i = 0; i < inspect->devices; i++) {
		free(inspect->device[i].name);
		free(inspect->device[i].driver);
		free(inspect->device[i].group);
	}
	for (size_t i = 0; i < inspect->pools; i++) {
		free(inspect->pool[i].name);
		free(inspect->pool[i].device);
	}
	for (size_t i = 0; i < inspect->swiotlbs; i++)
		free(inspect->swiotlb[i].name);
	for (size_t i = 0; i < inspect->cmas; i++)
		free(inspect->cma[i].name);
	for (size_t i = 0; i < inspect->groups; i++) {
		free(inspect->group[i].name);
		free(inspect->group[i].type);
		free(inspect->group[i].reserved);
		tree_free_names(inspect->group[i].devices);
	}
	for (size_t i = 0; i < inspect->malformed_count; i++)
		free(inspect->malformed[i]);
	free(inspect->malformed);
	free(inspect->device);
	free(inspect->pool);
	free(inspect->swiotlb);
	free(inspect->cma);
	free(inspect->group);
	free(inspect->kernel);
	free(inspect->cmdline);
	free(inspect->dma_debug_disabled);
	free(inspect);
}
