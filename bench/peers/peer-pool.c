// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * peer-pool.c - the kernel's mm/dmapool.c, as it is, behind a table of functions
 */
#include "shim.h"

/* Kernel: linux/poison.h */
#define POOL_POISON_FREED     0xa7
#define POOL_POISON_ALLOCATED 0xa9

#define strscpy(to, from, size) snprintf(to, size, "%s", from)
#define scnprintf snprintf
#define sysfs_emit(buf, ...) ((ssize_t)sprintf(buf, __VA_ARGS__))
#define sysfs_emit_at(buf, at, ...) sprintf((buf) + (at), __VA_ARGS__)
#define print_hex_dump(...) ((void)0)
#define might_alloc(gfp) ((void)(gfp))
#define want_init_on_alloc(gfp) ((gfp)&__GFP_ZERO)
#define want_init_on_free() 0
struct device_attribute {
	int unused;
};
#define DEVICE_ATTR_RO(name) \
	struct device_attribute dev_attr_##name = { sizeof(&name##_show) ? 0 : 0 }
#define device_create_file(dev, attr) ((void)(attr), 0)
#define device_remove_file(dev, attr) ((void)(attr))

/* Managed resources are not compared. */
#define devres_alloc(release, size, gfp) ((void)(release), calloc(1, size))
#define devres_add(dev, data) ((void)(data))
#define devres_free(data) free(data)
#define devres_release(dev, release, match, data) ((void)(match), 0)

struct dma_pool;
static void *dma_alloc_coherent(struct device *dev, size_t size, dma_addr_t *dma,
				gfp_t gfp);
static void dma_free_coherent(struct device *dev, size_t size, void *cpu, dma_addr_t dma);

/* What linux/dmapool.h declares. */
struct dma_pool *dma_pool_create(const char *name, struct device *dev, size_t size,
				 size_t align, size_t boundary);
struct dma_pool *dma_pool_create_node(const char *name, struct device *dev, size_t size,
				      size_t align, size_t boundary, int node);
void dma_pool_destroy(struct dma_pool *pool);
void *dma_pool_alloc(struct dma_pool *pool, gfp_t gfp, dma_addr_t *handle);
void dma_pool_free(struct dma_pool *pool, void *vaddr, dma_addr_t dma);
struct dma_pool *dmam_pool_create(const char *name, struct device *dev, size_t size,
				  size_t align, size_t allocation);
void dmam_pool_destroy(struct dma_pool *pool);

#ifdef KERNEL_7_2
struct dma_pool *dma_pool_create(const char *name, struct device *dev, size_t size,
				 size_t align, size_t boundary)
{
	return dma_pool_create_node(name, dev, size, align, boundary, NUMA_NO_NODE);
}
#endif

#include "mm/dmapool.c"

#include "peer-pool.h"

static struct device device = { .dma_pools = { &device.dma_pools, &device.dma_pools } };
static char *arena;
static size_t arena_size, arena_used;
static uint64_t arena_dma;

static void *dma_alloc_coherent(struct device *dev, size_t size, dma_addr_t *dma,
				gfp_t gfp)
{
	size_t step = PAGE_SIZE;
	void *cpu;

	(void)dev;
	(void)gfp;
	while (step < size)
		step *= 2;
	arena_used = ALIGN(arena_dma + arena_used, step) - arena_dma;
	if (arena_used + step > arena_size)
		return NULL;
	cpu = memset(arena + arena_used, 0, size);
	*dma = arena_dma + arena_used;
	arena_used += step;
	return cpu;
}

static void dma_free_coherent(struct device *dev, size_t size, void *cpu, dma_addr_t dma)
{
	(void)dev;
	(void)size;
	(void)cpu;
	(void)dma;
}

static void peer_arena(char *memory, size_t size, uint64_t dma)
{
	arena = memory;
	arena_size = size;
	arena_used = 0;
	arena_dma = dma;
}

static void *peer_create(size_t size, size_t align, size_t boundary)
{
	return dma_pool_create("pool", &device, size, align, boundary);
}

static void *peer_alloc(void *pool, uint64_t *dma)
{
	return dma_pool_alloc(pool, GFP_KERNEL, dma);
}

static void peer_free(void *pool, void *cpu, uint64_t dma)
{
	dma_pool_free(pool, cpu, dma);
}

static void peer_destroy(void *pool)
{
	dma_pool_destroy(pool);
}

static void peer_show(char *text)
{
	pools_show(&device, NULL, text);
}

extern const struct peer_pool peer_pool __attribute__((visibility("default")));
const struct peer_pool peer_pool = {
	.arena = peer_arena,
	.create = peer_create,
	.alloc = peer_alloc,
	.free = peer_free,
	.destroy = peer_destroy,
	.show = peer_show,
};
