// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * peer-iova.c - the kernel's drivers/iommu/iova.c, as it is, behind a table of functions
 *
 * With it goes the flush queue: what drivers/iommu/dma-iommu.c has between the names of
 * its ring and the function that queues an address.
 */
#include "shim.h"

#include "drivers/iommu/iova.c"
#include "lib/rbtree.c"

/* What the queue's code knows of a domain. */
#define IOMMU_DMA_OPTS_SINGLE_QUEUE 1
#define iommu_put_pages_list(list) ((void)(list))
#define put_pages_list(list) ((void)(list))
#define IOMMU_PAGES_LIST_INIT(list) ((struct iommu_pages_list){ 0 })
#define iommu_pages_list_splice(from, to) ((void)(from))
#define list_splice(from, to) ((void)(from))
struct iommu_pages_list {
	int unused;
};
struct iommu_domain;
struct iommu_domain_ops {
	void (*flush_iotlb_all)(struct iommu_domain *domain);
};
struct iommu_domain {
	const struct iommu_domain_ops *ops;
};
struct iommu_dma_cookie {
	struct iova_domain iovad;
	struct iova_fq *single_fq, *percpu_fq, *fq;
	atomic64_t fq_flush_start_cnt, fq_flush_finish_cnt;
	struct timer_list fq_timer;
	atomic_t fq_timer_on;
	struct iommu_domain *fq_domain;
	struct {
		int qt;
		size_t fq_size;
		unsigned int fq_timeout;
	} options;
};

/* A ring a CPU; its entries are behind it, so the stride is not that of its type. */
#undef SHIM_STRIDE
#define SHIM_STRIDE(p) _Generic((p), struct iova_fq *: (size_t)16384, \
				default: (sizeof(*(p)) + 63) & ~63UL)
#include "flush-queue.c"

#include "peer-iova.h"

#ifdef KERNEL_6_1
#define page_list list_head
#define init_ring(ring) spin_lock_init(&(ring)->lock)
#else
#define page_list iommu_pages_list
#define init_ring(ring) ((ring)->mod_mask = 255)
#endif

static void flush_nothing(struct iommu_domain *domain)
{
	(void)domain;
}

static const struct iommu_domain_ops ops = { flush_nothing };
static struct iommu_domain domain = { &ops };

static struct iommu_dma_cookie *peer_create(unsigned long start, unsigned int cpus)
{
	struct iommu_dma_cookie *cookie = calloc(1, sizeof(*cookie));

	shim_cpus = cpus;
	shim_cpu = 0;
	shim_now = 0;
	if (!cookie || iova_cache_get())
		abort();
	init_iova_domain(&cookie->iovad, 4096, start);
	if (iova_domain_init_rcaches(&cookie->iovad))
		abort();
	cookie->fq_domain = &domain;
	cookie->options.fq_size = 256;
	cookie->options.fq_timeout = 10;
	cookie->percpu_fq = cookie->fq = calloc(SHIM_CPUS, 16384);
	for (unsigned int cpu = 0; cpu < SHIM_CPUS; cpu++)
		init_ring(per_cpu_ptr(cookie->fq, cpu));
	cookie->fq_timer.func = fq_flush_timeout;
	shim_timer = &cookie->fq_timer;
	return cookie;
}

static void peer_destroy(struct iommu_dma_cookie *cookie)
{
	put_iova_domain(&cookie->iovad);
	shim_timer = NULL;
	free(cookie->fq);
	free(cookie);
}

static unsigned long peer_alloc_fast(struct iommu_dma_cookie *cookie, unsigned int cpu,
				     unsigned long size, unsigned long limit, bool flush)
{
	shim_cpu = cpu;
	return alloc_iova_fast(&cookie->iovad, size, limit, flush);
}

static void peer_free_fast(struct iommu_dma_cookie *cookie, unsigned int cpu,
			   unsigned long pfn, unsigned long size)
{
	shim_cpu = cpu;
	free_iova_fast(&cookie->iovad, pfn, size);
}

static void peer_queue(struct iommu_dma_cookie *cookie, unsigned int cpu,
		       unsigned long pfn, unsigned long size)
{
	struct page_list none;

	shim_cpu = cpu;
	queue_iova(cookie, pfn, size, &none);
}

static unsigned long peer_alloc(struct iommu_dma_cookie *cookie, unsigned long size,
				unsigned long limit)
{
	struct iova *iova = alloc_iova(&cookie->iovad, size, limit, true);

	return iova ? iova->pfn_lo : 0;
}

static void peer_free(struct iommu_dma_cookie *cookie, unsigned long pfn)
{
	free_iova(&cookie->iovad, pfn);
}

static bool peer_reserve(struct iommu_dma_cookie *cookie, unsigned long lo, unsigned long hi)
{
	return reserve_iova(&cookie->iovad, lo, hi);
}

static void peer_advance(unsigned long ms)
{
	shim_advance(ms);
}

extern const struct peer_iova peer_iova __attribute__((visibility("default")));
const struct peer_iova peer_iova = {
	.create = peer_create,
	.destroy = peer_destroy,
	.alloc_fast = peer_alloc_fast,
	.free_fast = peer_free_fast,
	.queue = peer_queue,
	.alloc = peer_alloc,
	.free = peer_free,
	.reserve = peer_reserve,
	.advance = peer_advance,
};
