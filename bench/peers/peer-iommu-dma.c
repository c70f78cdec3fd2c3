// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * peer-iommu-dma.c - the kernel's drivers/iommu/dma-iommu.c and iova.c, as they are,
 * behind a table of functions
 *
 * The IOMMU is the caller's. Buffers are never bounced, pages are no peer device's, and no
 * domain is attached late.
 */
#include "shim.h"

#include "peer-iommu-dma.h"

#define CONFIG_IOMMU_DMA
#define CONFIG_NEED_SG_DMA_LENGTH
#define CONFIG_NEED_SG_DMA_FLAGS
#define CONFIG_PCI_P2PDMA

typedef int pgprot_t;
typedef unsigned long pgoff_t;
#define __weak __attribute__((weak))
#define arch_initcall late_initcall
#define device_initcall late_initcall

#define DEFINE_STATIC_KEY_FALSE(name) bool name
#define static_branch_unlikely(key) unlikely(*(key))
#define guard(lock) (void)

/* ---- domains ---- */

#define IOMMU_READ 1
#define IOMMU_WRITE 2
#define IOMMU_CACHE 4
#define IOMMU_NOEXEC 8
#define IOMMU_MMIO 16
#define IOMMU_PRIV 32
#define IOMMU_DOMAIN_UNMANAGED 1
#define IOMMU_DOMAIN_DMA 3
#define IOMMU_DOMAIN_DMA_FQ 7
#define IOMMU_CAP_DEFERRED_FLUSH 1
enum iommu_domain_cookie_type {
	IOMMU_COOKIE_NONE,
	IOMMU_COOKIE_DMA_IOVA,
	IOMMU_COOKIE_DMA_MSI,
};
enum iommu_resv_type {
	IOMMU_RESV_RESERVED,
	IOMMU_RESV_MSI,
	IOMMU_RESV_SW_MSI,
};
struct iommu_resv_region {
	struct list_head list;
	phys_addr_t start;
	size_t length;
	enum iommu_resv_type type;
};
struct iommu_domain;
struct iommu_domain_ops {
	void (*flush_iotlb_all)(struct iommu_domain *domain);
};
struct iommu_domain {
	unsigned int type;
	enum iommu_domain_cookie_type cookie_type;
	const struct iommu_domain_ops *ops;
	unsigned long pgsize_bitmap;
	struct {
		dma_addr_t aperture_start, aperture_end;
		bool force_aperture;
	} geometry;
	struct iommu_dma_cookie *iova_cookie;
	struct iommu_dma_msi_cookie *msi_cookie;
};
struct msi_desc;
#define __IOMMU_PAGES_H /* its own declarations are not needed */
struct iommu_pages_list {
	int unused;
};
#define IOMMU_PAGES_LIST_INIT(list) ((struct iommu_pages_list){ 0 })
struct iommu_iotlb_gather {
	bool queued;
#ifdef KERNEL_6_1
	struct list_head freelist;
#else
	struct iommu_pages_list freelist;
#endif
};

/* ---- devices ---- */

#define IORESOURCE_MEM 0
#define resource_type(resource) 0
#define resource_list_for_each_entry(window, list) for (window = NULL; window;)
struct resource {
	phys_addr_t start, end;
};
struct resource_entry {
	struct list_head node;
	struct resource *res;
	phys_addr_t offset;
};
struct pci_host_bridge {
	struct list_head windows, dma_ranges;
};
#ifdef KERNEL_7_2 /* elsewhere a header of those below has it */
enum pci_p2pdma_map_type {
	PCI_P2PDMA_MAP_UNKNOWN,
	PCI_P2PDMA_MAP_NONE,
	PCI_P2PDMA_MAP_NOT_SUPPORTED,
	PCI_P2PDMA_MAP_BUS_ADDR,
	PCI_P2PDMA_MAP_THRU_HOST_BRIDGE,
};
struct pci_p2pdma_map_state {
	void *mem;
	enum pci_p2pdma_map_type map;
	u64 bus_off;
};
#endif
struct pci_dev {
	struct device dev;
	void *bus;
	bool untrusted;
};

#define dev_is_pci(dev) ((dev)->iommu->is_pci)
#define to_pci_dev(device) container_of(device, struct pci_dev, dev)
#define dev_iommu_fwspec_get(dev) ((struct iommu_fwspec *)NULL)
struct iommu_fwspec {
	void *iommu_fwnode;
};

/* ---- memory ---- */

#define GENMASK_ULL(high, low) (~0ULL >> (63 - (high)) & ~0ULL << (low))
#define U32_MAX UINT32_MAX
#define SZ_64K 0x10000
#define ARCH_DMA_MINALIGN 8
#define __GFP_COMP 128
#define __GFP_HIGHMEM 256
#define PAGE_KERNEL 0
#define VM_MAP 0
struct vm_area_struct {
	unsigned long vm_start, vm_end, vm_pgoff;
	pgprot_t vm_page_prot;
};

#undef DMA_BIT_MASK
#undef DMA_MAPPING_ERROR
#undef DMA_ATTR_SKIP_CPU_SYNC
#undef DMA_ATTR_NO_WARN
#undef dma_get_min_align_mask
#undef dma_get_seg_boundary
#undef dev_is_dma_coherent
#undef dma_reset_need_sync
#include <linux/dma-mapping.h>
#include <linux/dma-map-ops.h>
#include <linux/scatterlist.h>

#ifndef KERNEL_7_2 /* of lib/scatterlist.c */
struct scatterlist *sg_next(struct scatterlist *sg)
{
	if (sg_is_last(sg))
		return NULL;
	return sg_is_chain(sg + 1) ? sg_chain_ptr(sg + 1) : sg + 1;
}
#endif

/* ---- what they ask of the rest of the kernel ---- */

static struct iommu_domain the_domain;
static struct pci_host_bridge the_bridge;

static const struct peer_iommu *hardware;

static ssize_t map_list(dma_addr_t dma, struct scatterlist *sg, int nents)
{
	ssize_t size = 0;
	int err;

	for (; nents--; sg = sg_next(sg)) {
		err = sg->length ? hardware->map(dma + size, sg_phys(sg), sg->length) : 0;
		if (err) {
			hardware->unmap(dma, size);
			return err;
		}
		size += sg->length;
	}
	return size;
}

static void set_timer(struct timer_list *timer, void (*func)(struct timer_list *timer))
{
	timer->func = func;
	timer->due = 0;
	shim_timer = timer;
}

#define iommu_get_dma_domain(dev) (&the_domain)
#define iommu_map(domain, dma, phys, size, ...) hardware->map(dma, phys, size)
#define iommu_map_atomic(domain, dma, phys, size, ...) hardware->map(dma, phys, size)
#define iommu_map_sg(domain, dma, sg, nents, ...) map_list(dma, sg, nents)
#define iommu_map_sg_atomic(domain, dma, sg, nents, ...) map_list(dma, sg, nents)
#define iommu_unmap_fast(domain, dma, size, gather) hardware->unmap(dma, size)
#define iommu_iova_to_phys(domain, dma) hardware->phys(dma)
#define iommu_iotlb_gather_init(gather) ((void)(gather))
#define iommu_iotlb_sync(domain, gather) ((void)(gather))
#define iommu_put_pages_list(list) ((void)(list))
#define iommu_pages_list_splice(from, to) ((void)(from))
#define put_pages_list(list) ((void)(list))
#define list_splice(from, to) ((void)(from))
#define iommu_get_resv_regions(dev, list) ((void)(list))
#define iommu_put_resv_regions(dev, list) ((void)(list))
#define device_iommu_capable(dev, capability) true
#define iommupt_from_domain(domain) NULL
#define pci_find_host_bridge(bus) (&the_bridge)
#define list_sort(arg, list, compare) ((void)(compare))
#define dma_range_map_min(map) 0
#define dma_range_map_max(map) UINT64_MAX
#define is_pci_p2pdma_page(page) false
#define pci_p2pdma_map_segment(...) PCI_P2PDMA_MAP_UNKNOWN
#define pci_p2pdma_state(...) PCI_P2PDMA_MAP_NONE
#define pci_p2pdma_bus_addr_map(...) 0
#define is_swiotlb_buffer(dev, phys) false
#define swiotlb_tbl_unmap_single(...) ((void)0)
#define dev_notice(...) ((void)0)
#define bits_per(n) 0
#define use_dma_iommu(dev) true
#define check_add_overflow(a, b, sum) __builtin_add_overflow(a, b, sum)
#define overflows_type(n, type) __builtin_add_overflow_p(n, 0, (typeof(type))0)
#define kmalloc_obj(x, ...) malloc(sizeof(x))
#define timer_setup(timer, func, flags) set_timer(timer, func)
#define timer_delete_sync(timer) ((void)(shim_timer = NULL))
#define del_timer_sync(timer) timer_delete_sync(timer)

#include "drivers/iommu/iova.c"
#include "lib/rbtree.c"

/* A ring a CPU; its entries are behind it, so the stride is not that of its type. */
#undef SHIM_STRIDE
#define SHIM_STRIDE(p) 16384
#undef alloc_percpu
#undef __alloc_percpu
#define alloc_percpu(type) __alloc_percpu(sizeof(type), 8)
#define __alloc_percpu(size, align) shim_percpu_alloc(16384)

#include "drivers/iommu/dma-iommu.c"

/* ---- one device in one domain ---- */

static void flush_nothing(struct iommu_domain *flushed)
{
	(void)flushed;
}

static const struct iommu_domain_ops ops = { flush_nothing };
static struct device_dma_parameters parameters;
static struct dev_iommu iommu;
static u64 dma_mask;
static struct device device = { .dma_parms = &parameters, .iommu = &iommu,
				.dma_mask = &dma_mask };

#ifdef KERNEL_6_1
#define init_domain() iommu_dma_init_domain(&the_domain, 0, UINT64_MAX, &device)
#else
#define init_domain() iommu_dma_init_domain(&the_domain, &device)
#endif
#ifdef KERNEL_7_2
#define map_one(phys, size) iommu_dma_map_phys(&device, phys, size, DMA_TO_DEVICE, 0)
#define unmap_one(dma, size) iommu_dma_unmap_phys(&device, dma, size, DMA_TO_DEVICE, 0)
#else
#define map_one(phys, size) \
	iommu_dma_map_page(&device, pfn_to_page(PFN_DOWN(phys)), offset_in_page(phys), size, \
			   DMA_TO_DEVICE, 0)
#define unmap_one(dma, size) iommu_dma_unmap_page(&device, dma, size, DMA_TO_DEVICE, 0)
#endif

/* Since 6.16 a driver may take addresses alone. */
#ifdef KERNEL_7_2
static uint64_t peer_take(uint64_t phys, size_t size)
{
	struct dma_iova_state state;

	return dma_iova_try_alloc(&device, &state, phys, size) ? state.addr : UINT64_MAX;
}

static void peer_give(uint64_t dma, size_t size)
{
	struct dma_iova_state state = { dma, size };

	dma_iova_free(&device, &state);
}
#else
#define peer_take NULL
#define peer_give NULL
#endif

static void peer_create(const struct peer_iommu *made)
{
	hardware = made;
	shim_cpus = made->cpus;
	shim_cpu = 0;
	shim_now = 0;
	the_domain = (struct iommu_domain){
		.type = made->lazy ? IOMMU_DOMAIN_DMA_FQ : IOMMU_DOMAIN_DMA,
		.ops = &ops,
		.pgsize_bitmap = made->granule,
		.geometry = { 0, made->aperture_end, true },
	};
	iommu = (struct dev_iommu){ .is_pci = made->is_pci,
				    .pci_32bit_workaround = made->is_pci };
	INIT_LIST_HEAD(&the_bridge.windows);
	INIT_LIST_HEAD(&the_bridge.dma_ranges);
	if (iova_cache_get() || iommu_get_dma_cookie(&the_domain) || init_domain())
		abort();
}

static void peer_destroy(void)
{
	iommu_put_dma_cookie(&the_domain);
}

static void peer_set_device(const struct peer_iommu_device *wanted)
{
	dma_mask = wanted->mask;
	device.bus_dma_limit = wanted->bus_limit;
	parameters.segment_boundary_mask = wanted->boundary;
	parameters.max_segment_size = wanted->longest;
}

static void peer_set_cpu(unsigned int cpu)
{
	shim_cpu = cpu;
}

static uint64_t peer_map(uint64_t phys, size_t size)
{
	return map_one(phys, size);
}

static void peer_unmap(uint64_t dma, size_t size)
{
	unmap_one(dma, size);
}

static int peer_map_sg(struct scatterlist *sg, int nents)
{
	return iommu_dma_map_sg(&device, sg, nents, DMA_TO_DEVICE, 0);
}

static void peer_unmap_sg(struct scatterlist *sg, int nents)
{
	iommu_dma_unmap_sg(&device, sg, nents, DMA_TO_DEVICE, 0);
}

static void peer_advance(unsigned long ms)
{
	shim_advance(ms);
}

extern const struct peer_iommu_dma peer_iommu_dma __attribute__((visibility("default")));
const struct peer_iommu_dma peer_iommu_dma = {
	.create = peer_create,
	.destroy = peer_destroy,
	.set_device = peer_set_device,
	.set_cpu = peer_set_cpu,
	.map = peer_map,
	.unmap = peer_unmap,
	.map_sg = peer_map_sg,
	.unmap_sg = peer_unmap_sg,
	.take = peer_take,
	.give = peer_give,
	.advance = peer_advance,
};
