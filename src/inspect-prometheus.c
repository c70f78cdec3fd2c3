// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * inspect-prometheus.c - the state of a kernel as Prometheus reads it
 *
 * In the text format of a node_exporter's textfile collector: all samples of a metric
 * stand together, behind its type.
 */
#include <inttypes.h>
#include <stdio.h>

#include "inspect.h"

static void head(const char *name, const char *type, const char *help)
{
	printf("# HELP dmactl_%s %s\n# TYPE dmactl_%s %s\n", name, help, name, type);
}

/* A label's value may hold anything but these. */
static void label(const char *name, const char *value, const char *behind)
{
	printf("%s=\"", name);
	for (; value && *value; value++) {
		if (*value == '\n')
			fputs("\\n", stdout);
		else if (*value == '"' || *value == '\\')
			printf("\\%c", *value);
		else
			putchar(*value);
	}
	printf("\"%s", behind);
}

static void pool_metric(const struct inspect *inspect, const char *name, const char *help,
			uint64_t (*value)(const struct inspect_pool *pool))
{
	if (!inspect->pools)
		return;
	head(name, "gauge", help);
	for (size_t i = 0; i < inspect->pools; i++) {
		const struct inspect_pool *pool = &inspect->pool[i];

		printf("dmactl_%s{", name);
		label("device", pool->device, ",");
		label("pool", pool->name, ",");
		printf("index=\"%u\"} %" PRIu64 "\n", pool->index, value(pool));
	}
}

static uint64_t pool_used(const struct inspect_pool *pool)
{
	return pool->used;
}

static uint64_t pool_blocks(const struct inspect_pool *pool)
{
	return pool->blocks;
}

static uint64_t pool_size(const struct inspect_pool *pool)
{
	return pool->size;
}

/* One sample of each thing that has a name and may say a number. */
static void named_metric(const char *name, const char *type, const char *help,
			 const char *key, const void *list, size_t count, size_t stride,
			 size_t name_at, size_t said_at)
{
	const char *const start = list;
	bool begun = false;

	for (size_t i = 0; i < count; i++) {
		const char *it = start + i * stride;
		const struct said *said = (const void *)(it + said_at);

		if (!said->known)
			continue;
		if (!begun)
			head(name, type, help);
		begun = true;
		printf("dmactl_%s{", name);
		label(key, *(char *const *)(const void *)(it + name_at), "} ");
		printf("%" PRIu64 "\n", said->value);
	}
}

#define SWIOTLB(metric, type, help, member)                                              \
	named_metric(metric, type, help, "swiotlb", inspect->swiotlb, inspect->swiotlbs, \
		     sizeof(struct inspect_swiotlb),                                     \
		     offsetof(struct inspect_swiotlb, name),                             \
		     offsetof(struct inspect_swiotlb, member))
#define CMA(metric, type, help, member)                                              \
	named_metric(metric, type, help, "area", inspect->cma, inspect->cmas,        \
		     sizeof(struct inspect_cma), offsetof(struct inspect_cma, name), \
		     offsetof(struct inspect_cma, member))
#define DEVICE(metric, help, member)                                                     \
	named_metric(metric, "gauge", help, "device", inspect->device, inspect->devices, \
		     sizeof(struct inspect_device),                                      \
		     offsetof(struct inspect_device, name),                              \
		     offsetof(struct inspect_device, member))

static void group_metric(const struct inspect *inspect)
{
	if (!inspect->groups)
		return;
	head("iommu_group_info", "gauge", "An IOMMU group and the type of its domain.");
	for (size_t i = 0; i < inspect->groups; i++) {
		fputs("dmactl_iommu_group_info{", stdout);
		label("group", inspect->group[i].name, ",");
		label("type", inspect->group[i].type, "} 1\n");
	}
}

static void debug_metric(const struct inspect *inspect, unsigned int counter,
			 const char *name, const char *type, const char *help)
{
	const struct said *said = &inspect->dma_debug_counter[counter];

	if (!said->known)
		return;
	head(name, type, help);
	printf("dmactl_%s %" PRIu64 "\n", name, said->value);
}

void inspect_prometheus(const struct inspect *inspect)
{
	pool_metric(inspect, "pool_used_blocks", "Blocks of a dma_pool in use.",
		    pool_used);
	pool_metric(inspect, "pool_blocks", "Blocks that a dma_pool has.", pool_blocks);
	pool_metric(inspect, "pool_block_bytes", "Size of a dma_pool's block.",
		    pool_size);
	pool_metric(inspect, "pool_held_bytes", "Memory that a dma_pool holds.",
		    inspect_pool_held);
	pool_metric(inspect, "pool_unused_bytes", "What of that is in no block in use.",
		    inspect_pool_waste);
	SWIOTLB("swiotlb_slots", "gauge", "Slots of bounce buffers, of 2 KiB.", slots);
	SWIOTLB("swiotlb_used_slots", "gauge", "Slots in use.", used);
	SWIOTLB("swiotlb_used_slots_max", "gauge", "The most that were in use at once.",
		hiwater);
	SWIOTLB("swiotlb_transient_slots", "gauge", "Slots in transient pools.",
		transient);
	CMA("cma_pages", "gauge", "Pages of a contiguous area.", count);
	CMA("cma_used_pages", "gauge", "Pages in use.", used);
	CMA("cma_largest_free_pages", "gauge", "Pages of the largest free run.",
	    maxchunk);
	CMA("cma_served_pages_total", "counter", "Pages that were allocated.", success);
	CMA("cma_failed_pages_total", "counter", "Pages that could not be.", fail);
	DEVICE("device_mask_bits", "Bits of a device's DMA mask.", dma_bits);
	DEVICE("device_coherent_mask_bits", "Bits of its coherent mask.", coherent_bits);
	group_metric(inspect);
	debug_metric(inspect, 0, "dma_debug_errors_total", "counter",
		     "Errors that dma-debug found.");
	debug_metric(inspect, 2, "dma_debug_free_entries", "gauge",
		     "Entries that dma-debug has left; it stops where there are none.");
}
