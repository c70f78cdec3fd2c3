// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * peer-swiotlb.c - the kernel's kernel/dma/swiotlb.c, as it is, behind a table of
 * functions
 *
 * Nothing is copied, since there is no memory behind the addresses.
 */
#include "shim.h"

#include <ctype.h>

#define CONFIG_SWIOTLB
#define CONFIG_DEBUG_FS
#define simple_strtoul    strtoul
#define INVALID_PHYS_ADDR (~(phys_addr_t)0)

/* ---- at boot ---- */

static size_t low_memory; /* bytes that the bank itself may have */
#define memblock_alloc(size, align)	calloc(1, size)
#define memblock_alloc_low(size, align) ((size) <= low_memory ? (void *)PAGE_SIZE : NULL)
#define memblock_free(...)                  ((void)0)
#define memblock_phys_free(...)             ((void)0)
#define memblock_free_late(...)             ((void)0)
#define __get_free_pages(...)               0UL
#define free_pages(...)                     ((void)0)
#define __free_pages(...)                   ((void)0)
#define set_memory_decrypted(...)           0
#define set_memory_encrypted(...)           0
#define cc_platform_has(x)                  0
#define zone_dma_limit                      0xffffffUL
#define zone_dma_bits                       24
#define debugfs_create_dir(...)             NULL
#define debugfs_create_ulong(...)           ((void)0)
#define debugfs_create_file(...)            NULL
#define DEFINE_DEBUGFS_ATTRIBUTE(name, ...) static int name __maybe_unused
struct dentry;
struct reserved_mem;
struct seq_file;

/* ---- memory: an address and nothing behind it ---- */

static void *high_memory;
#define page_address(page)                     NULL
#define pfn_to_page(pfn)                       ((struct page *)(unsigned long)(pfn))
#define pfn_valid(pfn)                         0
#define virt_to_phys(v)                        ((phys_addr_t)(unsigned long)(v))
#define phys_to_virt(p)                        ((void *)(unsigned long)(p))
#define __pa(v)                                virt_to_phys(v)
#define PageHighMem(page)                      0
#define PhysHighMem(phys)                      0
#define memcpy_from_page(...)                  ((void)0)
#define memcpy_to_page(...)                    ((void)0)
#define memcpy(to, from, size)                 ((void)(to), (void)(from), (void)(size))
#define memset(to, byte, size)                 ((void)(to))
#define kmsan_unpoison_memory(...)             ((void)0)
#define arch_sync_dma_for_device(...)          ((void)0)
#define arch_sync_dma_for_cpu(...)             ((void)0)
#define arch_sync_dma_flush()                  ((void)0)
#define phys_encrypted(x)                      (x)
#define dma_direct_sync_single_for_device(...) ((void)0)
#define dma_addressing_limited(dev)            0
#define trace_swiotlb_bounced(...)             ((void)0)

#include "kernel/dma/swiotlb.c"

#undef memcpy
#undef memset

#include "peer-swiotlb.h"

static struct io_tlb_mem *const mem = &io_tlb_default_mem;

/* In 6.1 the bank and the set of banks are one, and both sizes are the caller's to know.
 */
#ifdef KERNEL_6_1
static struct io_tlb_mem *const bank = &io_tlb_default_mem;
#define init_bank(start, slots, areas) \
	swiotlb_init_io_tlb_mem(mem, start, slots, 0, true, areas)
#define map_single(device, phys, size, align_mask)                                  \
	swiotlb_tbl_map_single(device, phys, size, ALIGN(size, (align_mask) + 1UL), \
			       align_mask, DMA_TO_DEVICE, DMA_ATTR_NO_WARN)
#define release_slots(device, phys) swiotlb_release_slots(device, phys)
#else
static struct io_tlb_pool *const bank = &io_tlb_default_mem.defpool;
#define init_bank(start, slots, areas)                                    \
	(swiotlb_init_io_tlb_pool(bank, start, NULL, slots, true, areas), \
	 add_mem_pool(mem, bank), atomic_long_set(&mem->total_used, 0))
#define map_single(device, phys, size, align_mask)                            \
	swiotlb_tbl_map_single(device, phys, size, align_mask, DMA_TO_DEVICE, \
			       DMA_ATTR_NO_WARN)
#define release_slots(device, phys) swiotlb_release_slots(device, phys, bank)
#endif

static bool peer_boot(const char *text, unsigned int cpus, unsigned long most_slots,
		      unsigned long *slots, unsigned int *areas, bool *force)
{
	char parameter[64];

	shim_cpus = cpus;
	low_memory = most_slots << IO_TLB_SHIFT;
	free(bank->areas);
	free(bank->slots);
	bank->areas = NULL;
	bank->slots = NULL;
	default_nslabs = IO_TLB_DEFAULT_SIZE >> IO_TLB_SHIFT;
	default_nareas = 0;
	swiotlb_force_bounce = swiotlb_force_disable = false;
	if (text) {
		snprintf(parameter, sizeof(parameter), "%s", text);
		setup_io_tlb_npages(parameter);
	}
	swiotlb_init_remap(true, 0, NULL);
	*slots = bank->nslabs;
	*areas = bank->nareas;
	*force = swiotlb_force_bounce;
	return bank->slots;
}

static void peer_create(uint64_t start, unsigned long slots, unsigned int areas)
{
	shim_cpus = SHIM_CPUS;
	free(bank->areas);
	free(bank->slots);
	bank->areas = calloc(areas, sizeof(*bank->areas));
	bank->slots = calloc(slots, sizeof(*bank->slots));
	if (!bank->areas || !bank->slots)
		abort();
	init_bank(start, slots, areas);
}

static struct device device_of(const struct peer_swiotlb_device *device)
{
	return (struct device) { .dma_io_tlb_mem = mem,
				 .min_align_mask = device->min_align_mask,
				 .seg_boundary = device->boundary };
}

static uint64_t peer_map(const struct peer_swiotlb_device *caller, unsigned int cpu,
			 uint64_t phys, size_t size, unsigned int align_mask)
{
	struct device device = device_of(caller);

	shim_cpu = cpu;
	return map_single(&device, phys, size, align_mask);
}

static void peer_unmap(const struct peer_swiotlb_device *caller, uint64_t phys)
{
	struct device device = device_of(caller);

	release_slots(&device, phys);
}

static unsigned long peer_used(void)
{
	return mem_used(mem);
}

static size_t peer_max_mapping_size(const struct peer_swiotlb_device *caller)
{
	struct device device = device_of(caller);

	return swiotlb_max_mapping_size(&device);
}

extern const struct peer_swiotlb peer_swiotlb __attribute__((visibility("default")));
const struct peer_swiotlb peer_swiotlb = {
	.create = peer_create,
	.map = peer_map,
	.unmap = peer_unmap,
	.used = peer_used,
	.max_mapping_size = peer_max_mapping_size,
	.boot = peer_boot,
};
