/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * shim.h - as much of a kernel as its own DMA files need to run in a process
 *
 * Included before a file of the kernel, whose own includes then find empty headers
 * (see build), or the kernel's where they need little themselves. A CPU is a number that
 * the caller sets, and time passes when it says so. A lock is what it costs without
 * contention: a locked exchange and a store (none with SHIM_NO_LOCK). So what is measured
 * is a lower bound of what the kernel itself costs.
 */
#pragma once

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

/* ---- types and attributes ---- */

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int32_t s32;
typedef int64_t s64;
typedef unsigned int gfp_t;
typedef u64 phys_addr_t, dma_addr_t;
typedef int irqreturn_t;
struct hlist_node {
	struct hlist_node *next, **pprev;
};
struct callback_head {
	struct callback_head *next;
	void (*func)(struct callback_head *head);
};
#define rcu_head callback_head

#define __init
#define __exit
#define __ro_after_init
#define __read_mostly
#define __percpu
#define __rcu
#define __iomem
#define __user
#define __always_inline inline __attribute__((always_inline))
#define __must_check
#define __maybe_unused __attribute__((unused))
#define __always_unused __attribute__((unused))
#define __printf(a, b)
#define __attribute_const__
#define __pure
#define __aligned(x) __attribute__((aligned(x)))
#define __cacheline_aligned_in_smp __aligned(64)
#define fallthrough __attribute__((fallthrough))
#define asmlinkage
#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)
#define EXPORT_SYMBOL(x)
#define EXPORT_SYMBOL_GPL(x)
#define MODULE_AUTHOR(x)
#define MODULE_LICENSE(x)
#define MODULE_DESCRIPTION(x)
#define THIS_MODULE NULL
#define early_param(name, function) \
	int shim_##function(char *text) { return function(text); }
#define late_initcall(function) \
	static int (*shim_##function)(void) __maybe_unused = function

/* ---- arithmetic ---- */

#define BITS_PER_LONG 64
#define BIT(n) (1UL << (n))
#define min(a, b) ({ __auto_type a_ = (a); __auto_type b_ = (b); a_ < b_ ? a_ : b_; })
#define max(a, b) ({ __auto_type a_ = (a); __auto_type b_ = (b); a_ > b_ ? a_ : b_; })
#define min_t(type, a, b) min((type)(a), (type)(b))
#define max_t(type, a, b) max((type)(a), (type)(b))
#define min_not_zero(a, b) ({ __auto_type a_ = (a); __auto_type b_ = (b); \
	a_ == 0 ? b_ : (b_ == 0 ? a_ : min(a_, b_)); })
#define swap(a, b) do { __auto_type t_ = (a); (a) = (b); (b) = t_; } while (0)
#define ALIGN(x, a) (((x) + (typeof(x))(a) - 1) & ~((typeof(x))(a) - 1))
#define IS_ALIGNED(x, a) (((x) & ((typeof(x))(a) - 1)) == 0)
#define ALIGN_DOWN(x, a) ((x) & ~((typeof(x))(a) - 1))
#define roundup(x, y) ((((x) + (y) - 1) / (y)) * (y))
#define rounddown(x, y) ((x) - (x) % (y))
#define DIV_ROUND_UP(n, d) (((n) + (d) - 1) / (d))
#define ARRAY_SIZE(x) (sizeof(x) / sizeof((x)[0]))
#define array_size(a, b) ((size_t)(a) * (b))
#define struct_size(p, member, n) (sizeof(*(p)) + sizeof((p)->member[0]) * (n))
#define SZ_1M 0x100000
#define ULL(x) x##ULL
#define UL(x) x##UL
#define ULLONG_MAX (~0ULL)
#define fls_long(x) ((x) ? 64 - __builtin_clzl(x) : 0)
#define __ffs(x) __builtin_ctzl(x)
#define ilog2(x) (63 - __builtin_clzl(x))
#define is_power_of_2(n) ((n) && !((n) & ((n) - 1)))
#define order_base_2(n) ((n) > 1 ? 64 - __builtin_clzl((n) - 1) : 0)
#define roundup_pow_of_two(n) ((n) == 1 ? 1UL : 1UL << (64 - __builtin_clzl((n) - 1)))
#define rounddown_pow_of_two(n) (1UL << ilog2(n))
#define static_assert _Static_assert
#define BUILD_BUG_ON(x) _Static_assert(!(x), "")
#define BUG_ON(x) do { if (x) abort(); } while (0)
#define BUG() abort()
#define WARN_ON(x) ({ bool w_ = (x); w_; })
#define WARN_ON_ONCE(x) WARN_ON(x)
#define WARN(x, ...) WARN_ON(x)
#define WARN_ONCE(x, ...) WARN_ON(x)
#define VM_WARN_ON_ONCE(x) WARN_ON(x)
#define READ_ONCE(x) (*(volatile typeof(x) *)&(x))
#define WRITE_ONCE(x, v) (*(volatile typeof(x) *)&(x) = (v))
#define rcu_assign_pointer(p, v) ((p) = (v))
#define rcu_dereference_raw(p) (p)
#define barrier() __asm__ __volatile__("" ::: "memory")
#define smp_mb() barrier()
#define smp_rmb() barrier()
#define smp_wmb() barrier()
#define container_of(p, type, member) ((type *)((char *)(p) - offsetof(type, member)))
#define typeof_member(type, member) typeof(((type *)0)->member)
#define IS_ENABLED(x) 0
#define IS_REACHABLE(x) 1
#define PTR_ERR(p) ((long)(p))
#define IS_ERR(p) ((unsigned long)(p) >= -4095UL)
#define ERR_PTR(e) ((void *)(long)(e))
#define pr_err(...) ((void)0)
#define pr_warn(...) ((void)0)
#define pr_info(...) ((void)0)
#define pr_debug(...) ((void)0)
#define pr_warn_once(...) ((void)0)
#define pr_warn_ratelimited(...) ((void)0)
#define dev_err(...) ((void)0)
#define dev_warn_ratelimited(...) ((void)0)
#define dev_warn_once(...) ((void)0)
#define dev_WARN_ONCE(dev, x, ...) WARN_ON(x)
#define kmemleak_transient_leak(x) ((void)0)

/* ---- lists ---- */

struct list_head {
	struct list_head *next, *prev;
};
#define LIST_HEAD(name) struct list_head name = { &(name), &(name) }
#define INIT_LIST_HEAD(head) ((head)->next = (head)->prev = (head))
#define list_empty(head) ((head)->next == (head))
static inline void __list_add(struct list_head *entry, struct list_head *prev,
			      struct list_head *next)
{
	entry->prev = prev;
	entry->next = next;
	next->prev = entry;
	prev->next = entry;
}
#define list_add(entry, head) __list_add(entry, head, (head)->next)
#define list_add_rcu list_add
static inline void list_del(struct list_head *entry)
{
	entry->next->prev = entry->prev;
	entry->prev->next = entry->next;
}
#define list_del_rcu list_del
#define list_entry container_of
#define list_last_entry(head, type, member) list_entry((head)->prev, type, member)
#define list_for_each(pos, head) for (pos = (head)->next; pos != (head); pos = pos->next)
#define list_for_each_safe(pos, n, head) \
	for (pos = (head)->next, n = pos->next; pos != (head); pos = n, n = pos->next)
#define list_for_each_entry(pos, head, member) \
	for (pos = list_entry((head)->next, typeof(*pos), member); &pos->member != (head); \
	     pos = list_entry(pos->member.next, typeof(*pos), member))
#define list_for_each_entry_rcu list_for_each_entry
#define list_for_each_entry_safe(pos, n, head, member) \
	for (pos = list_entry((head)->next, typeof(*pos), member), \
	     n = list_entry(pos->member.next, typeof(*pos), member); &pos->member != (head); \
	     pos = n, n = list_entry(n->member.next, typeof(*n), member))

/* ---- CPUs ---- */

#define SHIM_CPUS 8
extern unsigned int shim_cpu, shim_cpus;
#define raw_smp_processor_id() shim_cpu
#define smp_processor_id() shim_cpu
#define num_online_cpus() shim_cpus
#define num_possible_cpus() shim_cpus
#define for_each_online_cpu(cpu) for ((cpu) = 0; (cpu) < shim_cpus; (cpu)++)
#define for_each_possible_cpu(cpu) for_each_online_cpu(cpu)
#define cache_line_size() 64
/* One allocation a CPU, each at a stride that its size tells. */
#define __alloc_percpu(size, align) shim_percpu_alloc(size)
#define alloc_percpu(type) ((type *)shim_percpu_alloc(sizeof(type)))
#define free_percpu(p) free(p)
#define shim_stride(p) ((sizeof(*(p)) + 63) & ~63UL)
#define per_cpu_ptr(p, cpu) ((typeof(p))((char *)(p) + (cpu) * SHIM_STRIDE(p)))
#ifndef SHIM_STRIDE
#define SHIM_STRIDE shim_stride
#endif
#define raw_cpu_ptr(p) per_cpu_ptr(p, shim_cpu)
void *shim_percpu_alloc(size_t size);
#define CPUHP_IOMMU_IOVA_DEAD 0
#define cpuhp_setup_state_multi(...) 0
#define cpuhp_remove_multi_state(...) ((void)0)
#define cpuhp_state_add_instance_nocalls(...) 0
#define cpuhp_state_remove_instance_nocalls(...) ((void)0)
#define hlist_entry_safe(p, type, member) ((p) ? container_of(p, type, member) : NULL)

/* ---- locks ---- */

typedef struct {
	int locked;
} spinlock_t;
typedef spinlock_t raw_spinlock_t;
struct mutex {
	int unused;
};
struct lock_class_key {
	int unused;
};
#define DEFINE_MUTEX(x) struct mutex x
#define DEFINE_SPINLOCK(x) spinlock_t x
#define __SPIN_LOCK_UNLOCKED(x) { 0 }
#define mutex_init(x) ((void)(x))
#define mutex_lock(x) ((void)(x))
#define mutex_unlock(x) ((void)(x))
#define spin_lock_init(l) ((l)->locked = 0)
#define assert_spin_locked(l) ((void)0)
#ifdef SHIM_NO_LOCK
#define spin_lock(l) barrier()
#define spin_unlock(l) barrier()
#else
static inline void spin_lock(spinlock_t *lock)
{
	while (!__sync_bool_compare_and_swap(&lock->locked, 0, 1))
		;
}
#define spin_unlock(l) __atomic_store_n(&(l)->locked, 0, __ATOMIC_RELEASE)
#endif
#define spin_lock_irq(l) spin_lock(l)
#define spin_unlock_irq(l) spin_unlock(l)
#define spin_lock_irqsave(l, flags) do { (flags) = 0; spin_lock(l); } while (0)
#define spin_unlock_irqrestore(l, flags) do { (void)(flags); spin_unlock(l); } while (0)
#define local_irq_save(flags) ((void)((flags) = 0))
#define local_irq_restore(flags) ((void)(flags))
#define rcu_read_lock() ((void)0)
#define rcu_read_unlock() ((void)0)

typedef struct {
	int counter;
} atomic_t;
typedef struct {
	long counter;
} atomic_long_t;
typedef struct {
	s64 counter;
} atomic64_t;
#define atomic_read(v) ((v)->counter)
#define atomic_set(v, i) ((v)->counter = (i))
#define atomic_xchg(v, i) __atomic_exchange_n(&(v)->counter, i, __ATOMIC_SEQ_CST)
#define atomic64_read(v) ((u64)(v)->counter)
#define atomic64_set(v, i) ((v)->counter = (i))
#define atomic64_inc(v) __sync_fetch_and_add(&(v)->counter, 1)
#define atomic_long_read(v) ((v)->counter)
#define atomic_long_set(v, i) ((v)->counter = (i))
#define atomic_long_add(i, v) __sync_fetch_and_add(&(v)->counter, i)
#define atomic_long_sub(i, v) __sync_fetch_and_sub(&(v)->counter, i)
#define atomic_long_add_return(i, v) __sync_add_and_fetch(&(v)->counter, i)
#define atomic_long_try_cmpxchg(v, old, new) \
	__atomic_compare_exchange_n(&(v)->counter, (long *)(old), new, false, \
				    __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)

/* ---- memory ---- */

#define PAGE_SHIFT 12
#define PAGE_SIZE (1UL << PAGE_SHIFT)
#define PAGE_MASK (~(PAGE_SIZE - 1))
#define PAGE_ALIGN(x) ALIGN(x, PAGE_SIZE)
#define PAGE_ALIGNED(x) (((x) & (PAGE_SIZE - 1)) == 0)
#define PFN_DOWN(x) ((x) >> PAGE_SHIFT)
#define PFN_UP(x) (((x) + PAGE_SIZE - 1) >> PAGE_SHIFT)
#define PFN_PHYS(x) ((phys_addr_t)(x) << PAGE_SHIFT)
#define SMP_CACHE_BYTES 64
#define MAX_PAGE_ORDER 10
#define MAX_ORDER 11
#define NUMA_NO_NODE (-1)
#define GFP_KERNEL 1
#define GFP_ATOMIC 2
#define GFP_NOWAIT 2
#define __GFP_NOWARN 4
#define __GFP_DMA 8
#define __GFP_DMA32 16
#define __GFP_NORETRY 32
#define __GFP_ZERO 64
#define GFP_ZONEMASK 24
#define SLAB_HWCACHE_ALIGN 1
#define kmalloc(size, gfp) ((void)(gfp), malloc(size))
#define kmalloc_node(size, gfp, node) kmalloc(size, gfp)
#define kmalloc_array(n, size, gfp) ((void)(gfp), calloc(n, size))
#define kzalloc(size, gfp) ((void)(gfp), calloc(1, size))
#define kzalloc_node(size, gfp, node) kzalloc(size, gfp)
#define kcalloc(n, size, gfp) kmalloc_array(n, size, gfp)
#define kzalloc_obj(x) calloc(1, sizeof(x))
#define kzalloc_objs(x, n) calloc(n, sizeof(x))
#define kfree(p) free((void *)(p))
#define vmalloc(size) malloc(size)
#define vfree(p) free(p)
static inline int get_order(unsigned long size)
{
	size = (size - 1) >> PAGE_SHIFT;
	return size ? 64 - __builtin_clzl(size) : 0;
}

/* A page's name, as libdma's: there is nothing behind it. */
struct page {
	unsigned char nothing[64];
};
struct folio {
	struct page page;
};
#define SHIM_PAGES 0x8000000000000000UL
static inline struct page *pfn_to_page(unsigned long pfn)
{
	return (struct page *)(SHIM_PAGES + pfn * sizeof(struct page));
}
static inline unsigned long page_to_pfn(const struct page *page)
{
	return ((unsigned long)page - SHIM_PAGES) / sizeof(struct page);
}
#define page_to_phys(page) PFN_PHYS(page_to_pfn(page))
#define nth_page(page, n) ((page) + (n))
#define folio_page(folio, n) nth_page(&(folio)->page, n)
#define page_range_contiguous(page, pages) true
#define offset_in_page(p) ((unsigned long)(p) & ~PAGE_MASK)

/* A cache hands out what was freed last, else the next piece of a slab. */
struct kmem_cache {
	size_t size;
	void *free;
	char *slab;
	size_t left;
};
struct kmem_cache *shim_cache_create(size_t size);
void shim_cache_grow(struct kmem_cache *cache);
#define kmem_cache_create(name, size, align, flags, ctor) shim_cache_create(size)
#define kmem_cache_destroy(cache) ((void)(cache))
static inline void *kmem_cache_alloc(struct kmem_cache *cache, gfp_t gfp)
{
	void *object = cache->free;

	(void)gfp;
	if (!object) {
		shim_cache_grow(cache);
		object = cache->free;
	}
	cache->free = *(void **)object;
	return object;
}
#define kmem_cache_zalloc(cache, gfp) \
	memset(kmem_cache_alloc(cache, gfp), 0, (cache)->size)
static inline void kmem_cache_free(struct kmem_cache *cache, void *object)
{
	*(void **)object = cache->free;
	cache->free = object;
}

/* ---- time: milliseconds ---- */

#define HZ 1000
#define msecs_to_jiffies(ms) (ms)
#define jiffies shim_now
extern unsigned long shim_now;
struct work_struct {
	void (*func)(struct work_struct *work);
};
struct delayed_work {
	struct work_struct work;
	unsigned long due; /* 0: not pending */
	struct delayed_work *next;
};
struct timer_list {
	void (*func)(struct timer_list *timer);
	unsigned long due;
	unsigned int cpu;
};
extern struct delayed_work *shim_works;
extern struct timer_list *shim_timer; /* there is but one */
#define INIT_WORK(w, f) ((w)->func = (f))
#define INIT_DELAYED_WORK(w, f) shim_work_init(w, f)
#define schedule_work(w) ((void)(w))
#define cancel_delayed_work_sync(w) shim_work_cancel(w)
void shim_work_init(struct delayed_work *work, void (*func)(struct work_struct *work));
void shim_work_cancel(struct delayed_work *work);
static inline void schedule_delayed_work(struct delayed_work *work, unsigned long delay)
{
	if (!work->due)
		work->due = shim_now + delay;
}
#define from_timer(var, t, member) container_of(t, typeof(*var), member)
#define timer_container_of(var, t, member) container_of(t, typeof(*var), member)
#define mod_timer(t, at) ((t)->cpu = shim_cpu, (t)->due = (at))
/* Run what is due until then, in the order of time. */
void shim_advance(unsigned long now);

/* ---- devices ---- */

#define DMA_BIT_MASK(n) ((n) == 64 ? ~0ULL : (1ULL << (n)) - 1)
#define DMA_MAPPING_ERROR (~(dma_addr_t)0)

#define DMA_ATTR_SKIP_CPU_SYNC (1UL << 5)
#define DMA_ATTR_NO_WARN (1UL << 8)
enum dma_data_direction { DMA_BIDIRECTIONAL, DMA_TO_DEVICE, DMA_FROM_DEVICE, DMA_NONE };
struct io_tlb_mem;
struct dma_coherent_mem;
struct cma;
struct device_driver;
struct dev_iommu {
	bool is_pci, shadow_on_flush, pci_32bit_workaround;
};
struct device_dma_parameters {
	unsigned int max_segment_size, min_align_mask;
	unsigned long segment_boundary_mask;
};
struct device {
	struct device_driver *driver;
	struct list_head dma_pools;
	struct dma_coherent_mem *dma_mem;
	struct cma *cma_area;
	struct io_tlb_mem *dma_io_tlb_mem;
	unsigned int min_align_mask;
	unsigned long seg_boundary;
	u64 *dma_mask, coherent_dma_mask, bus_dma_limit;
	struct device_dma_parameters *dma_parms;
	const struct bus_dma_region *dma_range_map;
	const struct dma_map_ops *dma_ops;
	struct dev_iommu *iommu;
	void *of_node;
	bool dma_iommu;
	spinlock_t dma_io_tlb_lock;
	struct list_head dma_io_tlb_pools;
	bool dma_uses_io_tlb;
};
#define dma_get_min_align_mask(dev) ((dev)->min_align_mask)
#define dma_get_seg_boundary(dev) ((dev)->seg_boundary)
#define phys_to_dma_unencrypted(dev, phys) (phys)
#define phys_to_dma(dev, phys) (phys)
#define dev_is_dma_coherent(dev) 1
#define dma_capable(dev, dma, size, ram) 1
#define dma_reset_need_sync(dev) ((void)0)
#define dev_name(dev) "peer"
