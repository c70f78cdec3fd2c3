// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * managed.c - allocations and pools that end when the driver leaves the device
 *
 * One list for each device; at detach it is released from the newest on.
 *
 * Kernel counterpart: drivers/base/devres.c, kernel/dma/mapping.c, mm/dmapool.c
 * (RULES.md A6, P33)
 */
#include <libdma/dmapool.h>

#include "dma/machine.h"
#include "dma/managed.h"

struct managed {
	struct managed *next;  /* the one before it in time */
	struct dma_pool *pool; /* NULL: memory */
	void *cpu;
	dma_addr_t dma;
	size_t size;
	unsigned long attrs;
};

static struct managed *prepare(struct device *dev)
{
	return heap_alloc(&dev->machine->heap, 1, sizeof(struct managed));
}

static void add(struct device *dev, struct managed *managed)
{
	managed->next = dev->state->managed;
	dev->state->managed = managed;
}

/* Take the newest that fits off the list; NULL if there is none. */
static struct managed *take(struct device *dev, const struct dma_pool *pool,
			    const void *cpu)
{
	struct managed **at = &dev->state->managed, *managed;

	while (*at && ((*at)->pool != pool || (*at)->cpu != cpu))
		at = &(*at)->next;
	managed = *at;
	if (managed)
		*at = managed->next;
	return managed;
}

static void end(struct device *dev, struct managed *managed)
{
	if (managed->pool)
		dma_pool_destroy(managed->pool);
	else
		dma_free_attrs(dev, managed->size, managed->cpu, managed->dma,
			       managed->attrs);
	heap_free(managed);
}

void managed_release_all(struct device *dev)
{
	struct managed *managed;

	while ((managed = dev->state->managed)) {
		dev->state->managed = managed->next;
		end(dev, managed);
	}
}

void *dmam_alloc_attrs(struct device *dev, size_t size, dma_addr_t *dma, gfp_t gfp,
		       unsigned long attrs)
{
	struct managed *managed = prepare(dev);
	void *cpu;

	if (!managed)
		return NULL;
	cpu = dma_alloc_attrs(dev, size, dma, gfp, attrs);
	if (!cpu) {
		heap_free(managed);
		return NULL;
	}
	*managed = (struct managed) {
		.cpu = cpu, .dma = *dma, .size = size, .attrs = attrs
	};
	add(dev, managed);
	return cpu;
}

void *dmam_alloc_coherent(struct device *dev, size_t size, dma_addr_t *dma, gfp_t gfp)
{
	return dmam_alloc_attrs(dev, size, dma, gfp,
				gfp & __GFP_NOWARN ? DMA_ATTR_NO_WARN : 0);
}

/* Memory that is not managed is told of, and freed all the same. */
void dmam_free_coherent(struct device *dev, size_t size, void *cpu, dma_addr_t dma)
{
	struct managed *managed = take(dev, NULL, cpu);

	if (!managed)
		device_log(dev, LIBDMA_LOG_WARNING, "frees memory that is not managed");
	else if (managed->size != size || managed->dma != dma)
		device_log(dev, LIBDMA_LOG_WARNING,
			   "frees managed memory with another size or address");
	heap_free(managed);
	dma_free_coherent(dev, size, cpu, dma);
}

struct dma_pool *dmam_pool_create(const char *name, struct device *dev, size_t size,
				  size_t align, size_t boundary)
{
	struct managed *managed = prepare(dev);
	struct dma_pool *pool;

	if (!managed)
		return NULL;
	pool = dma_pool_create(name, dev, size, align, boundary);
	if (!pool) {
		heap_free(managed);
		return NULL;
	}
	managed->pool = pool;
	add(dev, managed);
	return pool;
}

bool managed_forget_pool(struct device *dev, struct dma_pool *pool)
{
	struct managed *managed = take(dev, pool, NULL);

	heap_free(managed);
	return managed;
}
