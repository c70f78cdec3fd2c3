// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * dmapool.c - dma_pool as drivers call it
 *
 * pool.c knows how blocks are cut and handed out; here its pages come from
 * dma_alloc_coherent(), and a device has a list of its pools.
 *
 * Kernel counterpart: mm/dmapool.c (RULES.md P1, P10, P19, P30-P34)
 */
#include <errno.h>
#include <string.h>

#include <libdma/dma-mapping.h>
#include <libdma/dmapool.h>

#include "base/mutant.h"
#include "dma/machine.h"
#include "dma/managed.h"
#include "dma/pool.h"

struct dma_pool {
	struct dma_pool *next; /* the device's pool that is older */
	struct device *dev;
	struct pool *pool;
	uint64_t handle;
	uint32_t name_string;
};

static int provide(void *arg, size_t size, unsigned int gfp, void **cpu, dma_addr_t *dma)
{
	*cpu = dma_alloc_coherent(arg, size, dma, gfp);
	return *cpu ? 0 : -ENOMEM;
}

static void take_back(void *arg, size_t size, void *cpu, dma_addr_t dma)
{
	dma_free_coherent(arg, size, cpu, dma);
}

static void report(void *arg, const struct pool_report *fault)
{
	char text[160];

	pool_report_print(fault, text, sizeof(text));
	device_log(arg, LIBDMA_LOG_ERROR, "%s", text);
}

static struct pool_options options_of(struct device *dev)
{
	const struct libdma_machine *machine = dev->machine;

	return (struct pool_options) {
		.rules = machine->rules,
		.heap = &dev->machine->heap,
		.pages = { .alloc = provide, .free = take_back, .arg = dev },
		.layout = MUTANT(A08, machine->config & LIBDMA_CONFIG_POOL_IN_BLOCK,
				 true)
				  ? POOL_INSIDE
									: POOL_OUTSIDE,
		.debug = machine->config & LIBDMA_CONFIG_POOL_DEBUG,
		.init_on_alloc = !(machine->config & LIBDMA_CONFIG_NO_INIT_ON_ALLOC),
		.init_on_free = machine->config & LIBDMA_CONFIG_INIT_ON_FREE,
		.report = report,
		.report_arg = dev,
	};
}

static void emit(const struct dma_pool *pool, enum dma_event_kind kind, void *cpu,
		 dma_addr_t dma, int err)
{
	device_emit(pool->dev, &(struct dma_event) {
				       .kind = kind,
				       .handle = pool->handle,
				       .name = pool->name_string,
				       .cpu_addr = (uint64_t)cpu,
				       .dma = dma,
				       .error = err,
			       });
}

static void emit_create(const struct dma_pool *pool, size_t size, size_t align,
			size_t boundary)
{
	device_emit(pool->dev, &(struct dma_event) {
				       .kind = DMA_EVENT_POOL_CREATE,
				       .handle = pool->handle,
				       .name = pool->name_string,
				       .size = size,
				       .align = align,
				       .boundary = boundary,
			       });
}

struct dma_pool *dma_pool_create_node(const char *name, struct device *dev, size_t size,
				      size_t align, size_t boundary, int node)
{
	struct pool_options options;
	struct dma_pool *pool;

	(void)node;
	if (!dev || !name)
		return NULL;
	options = options_of(dev);
	pool = heap_alloc(&dev->machine->heap, 1, sizeof(*pool));
	if (!pool)
		return NULL;
	if (pool_create(name, size, align, boundary, &options, &pool->pool))
		goto free_pool;
	if (libdma_strings_add(dev->machine->strings, name, strlen(name),
			       &pool->name_string))
		goto destroy_pool;
	pool->dev = dev;
	pool->handle = ++dev->machine->handles;
	pool->next = dev->state->pools;
	dev->state->pools = pool;
	emit_create(pool, size, align, boundary);
	return pool;

destroy_pool:
	pool_destroy(pool->pool);
free_pool:
	heap_free(pool);
	return NULL;
}

struct dma_pool *dma_pool_create(const char *name, struct device *dev, size_t size,
				 size_t align, size_t boundary)
{
	return dma_pool_create_node(name, dev, size, align, boundary, -1);
}

void dma_pool_destroy(struct dma_pool *pool)
{
	struct dma_pool **at;

	if (!pool)
		return;
	/* There the driver core would end it a second time when the driver leaves. */
	if (managed_forget_pool(pool->dev, pool))
		device_log(pool->dev, LIBDMA_LOG_ERROR,
			   "BUG: ends a managed pool by dma_pool_destroy()");
	for (at = &pool->dev->state->pools; *at != pool; at = &(*at)->next)
		;
	*at = pool->next;
	pool_destroy(pool->pool);
	emit(pool, DMA_EVENT_POOL_DESTROY, NULL, 0, 0);
	heap_free(pool);
}

void pools_end_all(struct device *dev)
{
	while (dev->state->pools) {
		device_log(dev, LIBDMA_LOG_WARNING, "is left with a pool, which ends");
		dma_pool_destroy(dev->state->pools);
	}
}

void *dma_pool_alloc(struct dma_pool *pool, gfp_t gfp, dma_addr_t *dma)
{
	void *cpu = NULL;
	dma_addr_t handle = 0;
	int err;

	if (!pool)
		return NULL;
	err = pool_alloc(pool->pool, gfp & ~__GFP_ZERO, gfp & __GFP_ZERO, &cpu, &handle);
	if (!err)
		*dma = handle;
	emit(pool, DMA_EVENT_POOL_ALLOC, cpu, handle, err);
	return err ? NULL : cpu;
}

void dma_pool_free(struct dma_pool *pool, void *cpu, dma_addr_t dma)
{
	if (pool)
		emit(pool, DMA_EVENT_POOL_FREE, cpu, dma, pool_free(pool->pool, cpu, dma));
}

void dmam_pool_destroy(struct dma_pool *pool)
{
	if (pool && !managed_forget_pool(pool->dev, pool))
		device_log(pool->dev, LIBDMA_LOG_WARNING, "ends a pool that is not managed");
	dma_pool_destroy(pool);
}

size_t libdma_device_pools(struct device *dev, char *buffer, size_t size)
{
	size_t used = 0;

	if (!dev->state->pools)
		return 0;
	used = pool_print(NULL, buffer, size, used);
	for (const struct dma_pool *pool = dev->state->pools; pool; pool = pool->next)
		used = pool_print(pool->pool, buffer, size, used);
	return used;
}
