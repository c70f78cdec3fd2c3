// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * peer-debug.c - the kernel's kernel/dma/debug.c, as it is, behind a table of functions
 *
 * What it prints is kept. Virtual addresses are the physical ones; nothing is on a stack
 * or in vmalloc memory, which no event would show.
 */
#include "shim.h"

#include "peer-debug.h"

#define CONFIG_DMA_API_DEBUG
#define CONFIG_DMA_API_DEBUG_SG
#define CONFIG_NEED_SG_DMA_LENGTH

/* ---- what it says ---- */

#define SAID 64

static char said[SAID][256];
static unsigned int said_count;

static void say(const char *format, ...)
{
	va_list args;

	if (said_count == SAID)
		return;
	va_start(args, format);
	vsnprintf(said[said_count++], sizeof(said[0]), format, args);
	va_end(args);
}

static bool said_once;
#undef WARN
#undef WARN_ONCE
#define WARN(x, ...) ((void)(x), say(__VA_ARGS__))
#define WARN_ONCE(x, ...) \
	do { \
		if ((x) && !said_once) { \
			said_once = true; \
			say(__VA_ARGS__); \
		} \
	} while (0)
#define pr_err_once(...) say(__VA_ARGS__)
#define dev_info(...) ((void)0)

/* ---- a tree of cache lines: a table, by the line's number; ours do not collide ---- */

#define RADIX_TREE_MAX_TAGS 3
#define LINES 0x100000

struct radix_tree_root {
	struct {
		void *item;
		unsigned long index;
		unsigned int tags;
	} line[LINES];
};
#define RADIX_TREE(name, gfp) struct radix_tree_root name

static int radix_tree_insert(struct radix_tree_root *root, unsigned long index, void *item)
{
	if (root->line[index % LINES].item && root->line[index % LINES].index != index)
		abort();
	if (root->line[index % LINES].item)
		return -EEXIST;
	root->line[index % LINES].item = item;
	root->line[index % LINES].index = index;
	root->line[index % LINES].tags = 0;
	return 0;
}
#define radix_tree_lookup(root, index) ((root)->line[(index) % LINES].item)
#define radix_tree_delete(root, index) ((root)->line[(index) % LINES].item = NULL)
/* Of a line that is not there: 0, and nothing. */
#define radix_tree_tag_get(root, index, tag) \
	(radix_tree_lookup(root, index) && (root)->line[(index) % LINES].tags >> (tag) & 1)
#define radix_tree_tag_set(root, index, tag) \
	((root)->line[(index) % LINES].tags |= 1U << (tag))
#define radix_tree_tag_clear(root, index, tag) \
	((root)->line[(index) % LINES].tags &= ~(1U << (tag)))

/* ---- memory ---- */

#define L1_CACHE_SHIFT 6
#define L1_CACHE_BYTES 64
#define ____cacheline_aligned_in_smp __aligned(64)
#define __acquires(x)
#define __releases(x)
#define list_add_tail(entry, head) __list_add(entry, (head)->prev, head)
#define get_zeroed_page(gfp) ((unsigned long)aligned_zero())
#define PHYS_PFN(x) ((x) >> PAGE_SHIFT)
#define __phys_to_pfn(x) PHYS_PFN(x)
#define __pfn_to_phys(x) PFN_PHYS(x)
#define phys_to_virt(x) ((void *)(x))
#define virt_to_page(x) pfn_to_page((unsigned long)(x) >> PAGE_SHIFT)
#define page_address(page) ((void *)page_to_phys(page))
#define PageHighMem(page) 0
#define PhysHighMem(phys) 0
#define PageReserved(page) 0
#define pfn_valid(pfn) (PFN_PHYS(pfn) < PEER_RAM_END)
#define virt_addr_valid(x) ((unsigned long)(x) < PEER_RAM_END)
#define is_vmalloc_addr(x) ((void)(x), false)
#define vmalloc_to_page(x) virt_to_page(x)
#define vmalloc_to_pfn(x) PHYS_PFN((unsigned long)(x))
#define _stext ((void *)PEER_TEXT)
#define _etext ((void *)PEER_TEXT_END)
#define __start_rodata ((void *)PEER_RODATA)
#define __end_rodata ((void *)PEER_RODATA_END)
#define memory_intersects(begin, end, virt, size) \
	((void *)(virt) < (end) && (void *)((char *)(virt) + (size)) > (begin))
#define kmalloc_nolock kmalloc

static void *aligned_zero(void)
{
	void *page = aligned_alloc(PAGE_SIZE, PAGE_SIZE);

	return page ? memset(page, 0, PAGE_SIZE) : NULL;
}

/* ---- tasks, devices, files ---- */

struct vm_struct {
	int nr_pages;
	struct page **pages;
};
static struct task_struct {
	void *stack;
} task, *current = &task;
#define task_stack_vm_area(task) ((struct vm_struct *)NULL)
#define object_is_on_stack(x) ((void)(x), false)

struct device_driver {
	const char *name;
};
struct bus_type {
	int unused;
};
struct notifier_block {
	int (*notifier_call)(struct notifier_block *nb, unsigned long action, void *data);
};
static struct notifier_block *notifier;
#define BUS_NOTIFY_UNBOUND_DRIVER 7
#define bus_register_notifier(bus, nb) ((void)(bus), notifier = (nb))
#define dev_driver_string(dev) "driver"
#undef dev_name
#define dev_name(dev) "device"

typedef struct {
	int unused;
} rwlock_t;
#define DEFINE_RWLOCK(x) rwlock_t x
#define read_lock_irqsave(l, flags) ((void)(l), (flags) = 0)
#define read_unlock_irqrestore(l, flags) ((void)(l), (void)(flags))
#define write_lock_irqsave(l, flags) ((void)(l), (flags) = 0)
#define write_unlock_irqrestore(l, flags) ((void)(l), (void)(flags))
#define cond_resched() ((void)0)
#define isalnum(c) ((c) > ' ')
#define isspace(c) ((c) <= ' ')
#define get_option(text, value) ((void)(text), (void)(value), 1)
#define scnprintf snprintf

struct file;
struct dentry;
struct seq_file;
struct file_operations {
	ssize_t (*read)(struct file *file, char *to, size_t count, loff_t *at);
	ssize_t (*write)(struct file *file, const char *from, size_t count, loff_t *at);
	void *llseek;
};
#define default_llseek NULL
#define DEFINE_SHOW_ATTRIBUTE(name) static const struct file_operations name##_fops
#define seq_printf(...) ((void)0)
#define simple_read_from_buffer(...) 0
#define copy_from_user(...) 0
#define debugfs_create_dir(...) NULL
#define debugfs_create_bool(...) ((void)0)
#define debugfs_create_u32(...) ((void)0)
#define debugfs_create_file(...) ((void)0)
#define core_initcall_sync(x) static int (*shim_##x)(void) __maybe_unused = x
#define core_initcall(x) static int (*shim_##x)(void) __maybe_unused = x
#define __setup(text, x) static int (*shim_##x)(char *) __maybe_unused = x

/* ---- the DMA API around it ---- */

#define DMA_ATTR_NO_KERNEL_MAPPING (1UL << 4)
#define DMA_ATTR_FORCE_CONTIGUOUS (1UL << 6)
#define DMA_ATTR_PRIVILEGED (1UL << 9)
#define DMA_ATTR_MMIO (1UL << 10)
#define DMA_ATTR_DEBUGGING_IGNORE_CACHELINES (1UL << 11)
#define DMA_ATTR_REQUIRE_COHERENT (1UL << 12)
#define DMA_ATTR_CC_SHARED (1UL << 13)

/* Of all devices; named so that no local variable of the file hides them. */
static uint32_t peer_max_segment;
static uint64_t peer_boundary;
static int cache_alignment;
#undef dma_get_seg_boundary
#define dma_get_max_seg_size(dev) peer_max_segment
#define dma_get_seg_boundary(dev) peer_boundary
#define dma_get_cache_alignment() cache_alignment
#define is_swiotlb_active(dev) false

void debug_dma_mapping_error(struct device *dev, dma_addr_t dma_addr);
static int dma_mapping_error(struct device *dev, dma_addr_t dma)
{
	debug_dma_mapping_error(dev, dma);
	return dma == DMA_MAPPING_ERROR ? -ENOMEM : 0;
}

#include <linux/scatterlist.h>

#ifndef KERNEL_7_2
/* Ours are arrays, and none is chained. */
struct scatterlist *sg_next(struct scatterlist *sg)
{
	return sg + 1;
}
#endif

#include "kernel/dma/debug.c"

/* In what the versions call these functions with. */
#ifdef KERNEL_7_2
#define ATTRS(attrs) , attrs
#else
#define ATTRS(attrs)
#endif
#ifdef KERNEL_6_12
#define PAGE_ATTRS , 0
#else
#define PAGE_ATTRS
#endif
#ifdef KERNEL_6_1
#define debug_dma_alloc_pages(dev, page, size, dir, dma) \
	debug_dma_map_page(dev, page, 0, size, dir, dma, 0)
#define debug_dma_free_pages(dev, page, size, dir, dma) \
	debug_dma_unmap_page(dev, dma, size, dir)
#endif

static struct device device[PEER_DEVICES];
static struct scatterlist sgl[PEER_ENTRIES];

static void set_list(const struct peer_list *list)
{
	memset(sgl, 0, sizeof(sgl));
	for (unsigned int i = 0; i < PEER_ENTRIES; i++) {
		sgl[i].page_link = (unsigned long)pfn_to_page(PHYS_PFN(list->phys[i]));
		sgl[i].offset = offset_in_page(list->phys[i]);
		sgl[i].length = list->size[i];
		sgl[i].dma_address = list->dma[i];
		sgl[i].dma_length = list->dma_size[i];
	}
}

static void peer_reset(uint32_t segment, uint64_t mask, int alignment)
{
	static bool ready;

	peer_max_segment = segment;
	peer_boundary = mask;
	cache_alignment = alignment;
	said_once = false;
	show_all_errors = 1;
	if (!ready) {
		dma_debug_init();
		dma_debug_add_bus(NULL);
	}
	ready = true;
	for (unsigned int i = 0; i < HASH_SIZE; i++) {
		while (!list_empty(&dma_entry_hash[i].list)) {
			struct dma_debug_entry *entry = list_entry(
				dma_entry_hash[i].list.next, struct dma_debug_entry, list);

			hash_bucket_del(entry);
			dma_entry_free(entry);
		}
	}
	memset(&dma_active_cacheline, 0, sizeof(dma_active_cacheline));
}

#ifdef KERNEL_7_2
static void peer_map(unsigned int dev, uint64_t phys, size_t size, int dir, uint64_t dma,
		     unsigned long attrs)
{
	said_count = 0;
	debug_dma_map_phys(&device[dev], phys, size, dir, dma, attrs);
}

static void peer_unmap(unsigned int dev, uint64_t dma, size_t size, int dir,
		       unsigned long attrs)
{
	said_count = 0;
	debug_dma_unmap_phys(&device[dev], dma, size, dir, attrs);
}

static void peer_map_resource(unsigned int dev, uint64_t phys, size_t size, int dir,
			      uint64_t dma, unsigned long attrs)
{
	peer_map(dev, phys, size, dir, dma, attrs | DMA_ATTR_MMIO);
}

static void peer_unmap_resource(unsigned int dev, uint64_t dma, size_t size, int dir,
				unsigned long attrs)
{
	peer_unmap(dev, dma, size, dir, attrs | DMA_ATTR_MMIO);
}
#else
static void peer_map(unsigned int dev, uint64_t phys, size_t size, int dir, uint64_t dma,
		     unsigned long attrs)
{
	said_count = 0;
	debug_dma_map_page(&device[dev], pfn_to_page(PHYS_PFN(phys)), offset_in_page(phys),
			   size, dir, dma, attrs);
}

static void peer_unmap(unsigned int dev, uint64_t dma, size_t size, int dir,
		       unsigned long attrs)
{
	said_count = 0;
	debug_dma_unmap_page(&device[dev], dma, size, dir);
}

static void peer_map_resource(unsigned int dev, uint64_t phys, size_t size, int dir,
			      uint64_t dma, unsigned long attrs)
{
	said_count = 0;
	debug_dma_map_resource(&device[dev], phys, size, dir, dma, attrs);
}

static void peer_unmap_resource(unsigned int dev, uint64_t dma, size_t size, int dir,
				unsigned long attrs)
{
	said_count = 0;
	debug_dma_unmap_resource(&device[dev], dma, size, dir);
}
#endif

static void peer_map_sg(unsigned int dev, const struct peer_list *list, int dir,
			unsigned long attrs)
{
	said_count = 0;
	set_list(list);
	debug_dma_map_sg(&device[dev], sgl, (int)list->nents, (int)list->ents, dir, attrs);
}

static void peer_unmap_sg(unsigned int dev, const struct peer_list *list, int nents, int dir,
			  unsigned long attrs)
{
	said_count = 0;
	set_list(list);
	debug_dma_unmap_sg(&device[dev], sgl, nents, dir ATTRS(attrs));
}

static void peer_alloc(unsigned int dev, uint64_t phys, size_t size, uint64_t dma,
		       unsigned long attrs)
{
	said_count = 0;
	debug_dma_alloc_coherent(&device[dev], size, dma, (void *)phys, attrs);
}

static void peer_free(unsigned int dev, uint64_t phys, size_t size, uint64_t dma,
		      unsigned long attrs)
{
	said_count = 0;
	debug_dma_free_coherent(&device[dev], size, (void *)phys, dma ATTRS(attrs));
}

static void peer_alloc_pages(unsigned int dev, uint64_t phys, size_t size, int dir,
			     uint64_t dma)
{
	struct page *page = pfn_to_page(PHYS_PFN(phys));

	said_count = 0;
	debug_dma_alloc_pages(&device[dev], page, size, dir, dma PAGE_ATTRS);
}

static void peer_free_pages(unsigned int dev, uint64_t phys, size_t size, int dir,
			    uint64_t dma)
{
	said_count = 0;
	debug_dma_free_pages(&device[dev], pfn_to_page(PHYS_PFN(phys)), size, dir, dma);
}

static void peer_sync(unsigned int dev, int for_cpu, uint64_t dma, size_t size, int dir)
{
	said_count = 0;
	if (for_cpu)
		debug_dma_sync_single_for_cpu(&device[dev], dma, size, dir);
	else
		debug_dma_sync_single_for_device(&device[dev], dma, size, dir);
}

static void peer_sync_sg(unsigned int dev, int for_cpu, const struct peer_list *list,
			 int nents, int dir)
{
	said_count = 0;
	set_list(list);
	if (for_cpu)
		debug_dma_sync_sg_for_cpu(&device[dev], sgl, nents, dir);
	else
		debug_dma_sync_sg_for_device(&device[dev], sgl, nents, dir);
}

static void peer_mapping_error(unsigned int dev, uint64_t dma)
{
	said_count = 0;
	dma_mapping_error(&device[dev], dma);
}

static void peer_unbind(unsigned int dev)
{
	said_count = 0;
	notifier->notifier_call(notifier, BUS_NOTIFY_UNBOUND_DRIVER, &device[dev]);
}

static const char *peer_said(unsigned int index)
{
	return index < said_count ? said[index] : NULL;
}

extern const struct peer_debug peer_debug __attribute__((visibility("default")));
const struct peer_debug peer_debug = {
	.reset = peer_reset,
	.map = peer_map,
	.unmap = peer_unmap,
	.map_resource = peer_map_resource,
	.unmap_resource = peer_unmap_resource,
	.map_sg = peer_map_sg,
	.unmap_sg = peer_unmap_sg,
	.alloc = peer_alloc,
	.free = peer_free,
	.alloc_pages = peer_alloc_pages,
	.free_pages = peer_free_pages,
	.sync = peer_sync,
	.sync_sg = peer_sync_sg,
	.mapping_error = peer_mapping_error,
	.unbind = peer_unbind,
	.said = peer_said,
};
