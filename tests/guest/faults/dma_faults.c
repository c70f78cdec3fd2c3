// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * dma_faults.c - a driver that misuses the DMA API, one way a function
 *
 * A kernel module for a guest that is thrown away. Its device is made of nothing; what
 * is mapped is never used. Writing a function's name to
 * /sys/module/dma_faults/parameters/run runs it. Pages are not given back: no two
 * functions map the same memory. What would bring the kernel down, such as to free
 * memory twice, is not here.
 */
#include <linux/dma-mapping.h>
#include <linux/dmapool.h>
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/scatterlist.h>

#define SIZE 1024
#define LIST 4

static struct platform_device *faulty;
static struct device *dev;

static void *memory(void)
{
	return (void *)__get_free_pages(GFP_KERNEL | __GFP_ZERO, 1);
}

static dma_addr_t map(void *buffer, enum dma_data_direction dir)
{
	dma_addr_t dma = dma_map_single(dev, buffer, SIZE, dir);

	WARN_ON(dma_mapping_error(dev, dma));
	return dma;
}

static void list_make(struct scatterlist *list)
{
	unsigned int i;

	sg_init_table(list, LIST);
	for (i = 0; i < LIST; i++)
		sg_set_buf(&list[i], memory(), SIZE);
}

/*
 * What the driver forgets
 */

static noinline void leak_single(void)
{
	map(memory(), DMA_TO_DEVICE);
}

static noinline void leak_sg(void)
{
	struct scatterlist list[LIST];

	list_make(list);
	WARN_ON(!dma_map_sg(dev, list, LIST, DMA_FROM_DEVICE));
}

static noinline void leak_coherent(void)
{
	dma_addr_t dma;

	WARN_ON(!dma_alloc_coherent(dev, 3 * PAGE_SIZE, &dma, GFP_KERNEL));
}

static noinline void leak_block(void)
{
	struct dma_pool *pool = dma_pool_create("leaky", dev, 64, 64, 0);
	dma_addr_t dma;

	WARN_ON(!dma_pool_alloc(pool, GFP_KERNEL, &dma));
}

/*
 * Ends that are not those of the beginning
 */

static noinline void unmap_error(void)
{
	dma_unmap_single(dev, DMA_MAPPING_ERROR, SIZE, DMA_TO_DEVICE);
}

static noinline void unmap_unknown(void)
{
	dma_unmap_single(dev, virt_to_phys(memory()), SIZE, DMA_TO_DEVICE);
}

static noinline void unmap_twice(void)
{
	dma_addr_t dma = map(memory(), DMA_TO_DEVICE);

	dma_unmap_single(dev, dma, SIZE, DMA_TO_DEVICE);
	dma_unmap_single(dev, dma, SIZE, DMA_TO_DEVICE);
}

static noinline void unmap_size(void)
{
	dma_unmap_single(dev, map(memory(), DMA_TO_DEVICE), SIZE / 2, DMA_TO_DEVICE);
}

static noinline void unmap_direction(void)
{
	dma_unmap_single(dev, map(memory(), DMA_TO_DEVICE), SIZE, DMA_BIDIRECTIONAL);
}

static noinline void unmap_attributes(void)
{
	dma_unmap_single_attrs(dev, map(memory(), DMA_TO_DEVICE), SIZE, DMA_TO_DEVICE,
			       DMA_ATTR_PRIVILEGED);
}

static noinline void unmap_list_as_single(void)
{
	struct scatterlist list[LIST];

	list_make(list);
	sg_mark_end(&list[0]);
	WARN_ON(!dma_map_sg(dev, list, 1, DMA_TO_DEVICE));
	dma_unmap_single(dev, sg_dma_address(list), SIZE, DMA_TO_DEVICE);
}

static noinline void unmap_list_in_part(void)
{
	struct scatterlist list[LIST];

	list_make(list);
	WARN_ON(!dma_map_sg(dev, list, LIST, DMA_TO_DEVICE));
	dma_unmap_sg(dev, list, LIST - 1, DMA_TO_DEVICE);
}

/* Each with the other's address, so that all memory is given back. */
static noinline void free_crosswise(void)
{
	dma_addr_t one, two;
	void *first = dma_alloc_coherent(dev, PAGE_SIZE, &one, GFP_KERNEL);
	void *second = dma_alloc_coherent(dev, PAGE_SIZE, &two, GFP_KERNEL);

	if (WARN_ON(!first || !second))
		return;
	dma_free_coherent(dev, PAGE_SIZE, second, one);
	dma_free_coherent(dev, PAGE_SIZE, first, two);
}

/*
 * What is mapped
 */

static noinline void map_overlapping(void)
{
	void *buffer = memory();
	dma_addr_t one = map(buffer, DMA_FROM_DEVICE);
	dma_addr_t two = map(buffer, DMA_FROM_DEVICE);

	dma_unmap_single(dev, two, SIZE, DMA_FROM_DEVICE);
	dma_unmap_single(dev, one, SIZE, DMA_FROM_DEVICE);
}

static noinline void map_shared_line(void)
{
	void *buffer = memory();
	dma_addr_t one = map(buffer, DMA_FROM_DEVICE);
	dma_addr_t two = map(buffer + SIZE - 16, DMA_FROM_DEVICE);

	dma_unmap_single(dev, two, SIZE, DMA_FROM_DEVICE);
	dma_unmap_single(dev, one, SIZE, DMA_FROM_DEVICE);
}

static noinline void map_text(void)
{
	void *text = (void *)((unsigned long)dma_map_sg_attrs & ~63UL);

	dma_unmap_single(dev, map(text, DMA_TO_DEVICE), SIZE, DMA_TO_DEVICE);
}

static noinline void map_memory_as_resource(void)
{
	phys_addr_t phys = virt_to_phys(memory());
	dma_addr_t dma = dma_map_resource(dev, phys, SIZE, DMA_TO_DEVICE, 0);

	if (!WARN_ON(dma_mapping_error(dev, dma)))
		dma_unmap_resource(dev, dma, SIZE, DMA_TO_DEVICE, 0);
}

static noinline void map_long_segment(void)
{
	unsigned int before = dma_get_max_seg_size(dev);
	struct scatterlist list;

	dma_set_max_seg_size(dev, SIZE);
	sg_init_one(&list, memory(), 2 * SIZE);
	WARN_ON(!dma_map_sg(dev, &list, 1, DMA_TO_DEVICE));
	dma_unmap_sg(dev, &list, 1, DMA_TO_DEVICE);
	dma_set_max_seg_size(dev, before);
}

static noinline void map_over_boundary(void)
{
	unsigned long before = dma_get_seg_boundary(dev);
	struct scatterlist list;

	dma_set_seg_boundary(dev, SIZE - 1);
	sg_init_one(&list, memory(), 2 * SIZE);
	WARN_ON(!dma_map_sg(dev, &list, 1, DMA_TO_DEVICE));
	dma_unmap_sg(dev, &list, 1, DMA_TO_DEVICE);
	dma_set_seg_boundary(dev, before);
}

/*
 * Who owns the memory
 */

static noinline void sync_unknown(void)
{
	dma_sync_single_for_cpu(dev, virt_to_phys(memory()), SIZE, DMA_FROM_DEVICE);
}

static noinline void sync_after_unmap(void)
{
	dma_addr_t dma = map(memory(), DMA_FROM_DEVICE);

	dma_unmap_single(dev, dma, SIZE, DMA_FROM_DEVICE);
	dma_sync_single_for_cpu(dev, dma, SIZE, DMA_FROM_DEVICE);
}

static noinline void sync_beyond(void)
{
	dma_addr_t dma = map(memory(), DMA_FROM_DEVICE);

	dma_sync_single_for_cpu(dev, dma + SIZE / 2, SIZE, DMA_FROM_DEVICE);
	dma_unmap_single(dev, dma, SIZE, DMA_FROM_DEVICE);
}

static noinline void sync_direction(void)
{
	dma_addr_t dma = map(memory(), DMA_FROM_DEVICE);

	dma_sync_single_for_cpu(dev, dma, SIZE, DMA_BIDIRECTIONAL);
	dma_unmap_single(dev, dma, SIZE, DMA_FROM_DEVICE);
}

static noinline void sync_back_what_is_read(void)
{
	dma_addr_t dma = map(memory(), DMA_TO_DEVICE);

	dma_sync_single_for_cpu(dev, dma, SIZE, DMA_FROM_DEVICE);
	dma_unmap_single(dev, dma, SIZE, DMA_TO_DEVICE);
}

static noinline void sync_list_in_part(void)
{
	struct scatterlist list[LIST];

	list_make(list);
	WARN_ON(!dma_map_sg(dev, list, LIST, DMA_FROM_DEVICE));
	dma_sync_sg_for_cpu(dev, list, LIST - 1, DMA_FROM_DEVICE);
	dma_unmap_sg(dev, list, LIST, DMA_FROM_DEVICE);
}

static noinline void never_handed_over(void)
{
	void *buffer = memory();
	dma_addr_t dma = dma_map_single_attrs(dev, buffer, SIZE, DMA_TO_DEVICE,
					      DMA_ATTR_SKIP_CPU_SYNC);

	if (!WARN_ON(dma_mapping_error(dev, dma)))
		dma_unmap_single_attrs(dev, dma, SIZE, DMA_TO_DEVICE, DMA_ATTR_SKIP_CPU_SYNC);
}

static noinline void handed_over_twice(void)
{
	dma_addr_t dma = map(memory(), DMA_FROM_DEVICE);

	dma_sync_single_for_device(dev, dma, SIZE, DMA_FROM_DEVICE);
	dma_unmap_single(dev, dma, SIZE, DMA_FROM_DEVICE);
}

/*
 * Pools. One that was misused is not used again.
 */

static noinline void pool_free_twice(void)
{
	struct dma_pool *pool = dma_pool_create("twice", dev, 64, 64, 0);
	dma_addr_t dma;
	void *block = dma_pool_alloc(pool, GFP_KERNEL, &dma);

	dma_pool_free(pool, block, dma);
	dma_pool_free(pool, block, dma);
}

static noinline void pool_free_other_handle(void)
{
	struct dma_pool *pool = dma_pool_create("other", dev, 64, 64, 0);
	dma_addr_t dma;
	void *block = dma_pool_alloc(pool, GFP_KERNEL, &dma);

	dma_pool_free(pool, block, dma + 64);
}

static noinline void pool_destroy_busy(void)
{
	struct dma_pool *pool = dma_pool_create("busy", dev, 64, 64, 0);
	dma_addr_t dma;

	WARN_ON(!dma_pool_alloc(pool, GFP_KERNEL, &dma));
	dma_pool_destroy(pool);
}

/*
 * All of it as it should be
 */

static noinline void clean_single(void)
{
	dma_addr_t dma = map(memory(), DMA_BIDIRECTIONAL);

	dma_sync_single_for_cpu(dev, dma, SIZE, DMA_BIDIRECTIONAL);
	dma_sync_single_for_device(dev, dma, SIZE, DMA_BIDIRECTIONAL);
	dma_sync_single_for_cpu(dev, dma + 64, 64, DMA_BIDIRECTIONAL);
	dma_unmap_single(dev, dma, SIZE, DMA_BIDIRECTIONAL);
}

static noinline void clean_list(void)
{
	struct scatterlist list[LIST];

	list_make(list);
	WARN_ON(!dma_map_sg(dev, list, LIST, DMA_FROM_DEVICE));
	dma_sync_sg_for_cpu(dev, list, LIST, DMA_FROM_DEVICE);
	dma_sync_sg_for_device(dev, list, LIST, DMA_FROM_DEVICE);
	dma_unmap_sg(dev, list, LIST, DMA_FROM_DEVICE);
}

static noinline void clean_memory(void)
{
	struct dma_pool *pool = dma_pool_create("clean", dev, 64, 64, 0);
	dma_addr_t dma, of_block;
	void *coherent = dma_alloc_coherent(dev, PAGE_SIZE, &dma, GFP_KERNEL);
	void *block = dma_pool_alloc(pool, GFP_KERNEL, &of_block);

	if (WARN_ON(!coherent || !block))
		return;
	dma_pool_free(pool, block, of_block);
	dma_pool_destroy(pool);
	dma_free_coherent(dev, PAGE_SIZE, coherent, dma);
}

#define WAY(name) { #name, name }
static const struct {
	const char *name;
	void (*run)(void);
} ways[] = {
	WAY(leak_single), WAY(leak_sg), WAY(leak_coherent), WAY(leak_block),
	WAY(unmap_error), WAY(unmap_unknown), WAY(unmap_twice), WAY(unmap_size),
	WAY(unmap_direction), WAY(unmap_attributes), WAY(unmap_list_as_single),
	WAY(unmap_list_in_part), WAY(free_crosswise), WAY(map_overlapping),
	WAY(map_shared_line), WAY(map_text), WAY(map_memory_as_resource),
	WAY(map_long_segment), WAY(map_over_boundary), WAY(sync_unknown),
	WAY(sync_after_unmap), WAY(sync_beyond), WAY(sync_direction),
	WAY(sync_back_what_is_read), WAY(sync_list_in_part), WAY(never_handed_over),
	WAY(handed_over_twice), WAY(pool_free_twice), WAY(pool_free_other_handle),
	WAY(pool_destroy_busy), WAY(clean_single), WAY(clean_list), WAY(clean_memory),
};

static int run_set(const char *name, const struct kernel_param *param)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ways); i++)
		if (sysfs_streq(name, ways[i].name)) {
			ways[i].run();
			return 0;
		}
	return -EINVAL;
}

static int run_get(char *names, const struct kernel_param *param)
{
	unsigned int i;
	int size = 0;

	for (i = 0; i < ARRAY_SIZE(ways); i++)
		size += sysfs_emit_at(names, size, "%s\n", ways[i].name);
	return size;
}

static const struct kernel_param_ops run_ops = { .set = run_set, .get = run_get };
module_param_cb(run, &run_ops, NULL, 0600);

static int __init faults_init(void)
{
	const struct platform_device_info info = {
		.name = "dma-faults",
		.id = PLATFORM_DEVID_NONE,
		.dma_mask = DMA_BIT_MASK(32),
	};

	faulty = platform_device_register_full(&info);
	if (IS_ERR(faulty))
		return PTR_ERR(faulty);
	dev = &faulty->dev;
	return dma_set_mask_and_coherent(dev, DMA_BIT_MASK(32));
}
module_init(faults_init);

MODULE_DESCRIPTION("Misuses of the DMA API, to see that they are found");
MODULE_LICENSE("GPL");
