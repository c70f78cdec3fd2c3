/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * shim.h - as much of a kernel as the files need that we compare with
 *
 * Included before a file of the kernel, whose own includes find empty headers. Locks
 * are one locked instruction and a store, as the kernel's are when nobody waits, or
 * nothing with SHIM_NO_LOCK. One CPU, no interrupts, no sleep: what is measured is a
 * lower bound of what the kernel itself costs.
 */
#pragma once

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

typedef uint8_t u8;
typedef uint32_t u32;
typedef uint64_t u64;
typedef uint64_t dma_addr_t;
typedef uint64_t phys_addr_t;
typedef unsigned int gfp_t;

#define PAGE_SHIFT   12
#define PAGE_SIZE    (1UL << PAGE_SHIFT)
#define SZ_1M        0x100000
#define GFP_KERNEL   1u
#define __GFP_ZERO   2u
#define NUMA_NO_NODE (-1)

#define likely(x)   __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)
#define __init
#define __ro_after_init
#define __always_unused         __attribute__((unused))
#define EXPORT_SYMBOL(name)     struct shim_export_##name
#define EXPORT_SYMBOL_GPL(name) struct shim_export_##name
#define WARN_ON(x)              (x)
#define IS_ENABLED(x)           0
#define container_of(pointer, type, member) \
	((type *)((char *)(pointer)-offsetof(type, member)))

#define max_t(type, a, b) ((type)(a) > (type)(b) ? (type)(a) : (type)(b))
#define ALIGN(x, a)       (((x) + (a)-1) & ~((__typeof__(x))(a)-1))
#ifndef min
#define min(a, b) ((a) < (b) ? (a) : (b))
#define max(a, b) ((a) > (b) ? (a) : (b))
#endif

/* Kernel: linux/poison.h */
#define POOL_POISON_FREED     0xa7
#define POOL_POISON_ALLOCATED 0xa9

/* --- lists ------------------------------------------------------------------------- */

struct list_head {
	struct list_head *next, *prev;
};

#define INIT_LIST_HEAD(head) ((head)->next = (head)->prev = (head))
#define list_empty(head)     ((head)->next == (head))

static inline void list_add(struct list_head *entry, struct list_head *head)
{
	entry->prev = head;
	entry->next = head->next;
	head->next->prev = entry;
	head->next = entry;
}

static inline void list_del(struct list_head *entry)
{
	entry->next->prev = entry->prev;
	entry->prev->next = entry->next;
}

#define shim_entry(at, pos, member) container_of(at, __typeof__(*pos), member)
#define list_for_each_entry(pos, head, member)                                    \
	for (pos = shim_entry((head)->next, pos, member); &pos->member != (head); \
	     pos = shim_entry(pos->member.next, pos, member))
#define list_for_each_entry_safe(pos, n, head, member)     \
	for (pos = shim_entry((head)->next, pos, member),  \
	    n = shim_entry(pos->member.next, pos, member); \
	     &pos->member != (head); pos = n, n = shim_entry(n->member.next, n, member))

/* --- locks ------------------------------------------------------------------------- */

typedef struct {
	int taken;
} spinlock_t;

#ifdef SHIM_NO_LOCK
static inline void spin_lock(spinlock_t *lock)
{
	(void)lock;
}

static inline void spin_unlock(spinlock_t *lock)
{
	(void)lock;
}
#else
static inline void spin_lock(spinlock_t *lock)
{
	while (!__sync_bool_compare_and_swap(&lock->taken, 0, 1))
		;
}

static inline void spin_unlock(spinlock_t *lock)
{
	__atomic_store_n(&lock->taken, 0, __ATOMIC_RELEASE);
}
#endif

#define spin_lock_init(lock)                ((lock)->taken = 0)
#define spin_lock_irq(lock)                 spin_lock(lock)
#define spin_unlock_irq(lock)               spin_unlock(lock)
#define spin_lock_irqsave(lock, flags)      ((flags) = 0, spin_lock(lock))
#define spin_unlock_irqrestore(lock, flags) ((void)(flags), spin_unlock(lock))

struct mutex {
	int unused;
};
#define DEFINE_MUTEX(name)  struct mutex name __attribute__((unused))
#define mutex_lock(mutex)   ((void)(mutex))
#define mutex_unlock(mutex) ((void)(mutex))

/* --- memory ------------------------------------------------------------------------ */

#define kmalloc(size, gfp)            ((void)(gfp), malloc(size))
#define kzalloc(size, gfp)            ((void)(gfp), calloc(1, size))
#define kmalloc_node(size, gfp, node) ((void)(gfp), malloc(size))
#define kzalloc_node(size, gfp, node) ((void)(gfp), calloc(1, size))
#define kzalloc_obj(type)             calloc(1, sizeof(type))
#define kfree(memory)                 free(memory)
#define strscpy(to, from, size)       snprintf(to, size, "%s", from)
#define scnprintf                     snprintf
#define sysfs_emit(buf, ...)          (ssize_t) sprintf(buf, __VA_ARGS__)
#define sysfs_emit_at(buf, at, ...)   sprintf((buf) + (at), __VA_ARGS__)
#define print_hex_dump(...)           ((void)0)
#define might_alloc(gfp)              ((void)(gfp))
#define want_init_on_alloc(gfp)       ((gfp)&__GFP_ZERO)
#define want_init_on_free()           0

/* --- devices ----------------------------------------------------------------------- */

struct dma_coherent_mem;

struct device {
	struct list_head dma_pools;
	struct dma_coherent_mem *dma_mem;
};

struct device_attribute {
	int unused;
};

#define DEVICE_ATTR_RO(name) \
	struct device_attribute dev_attr_##name = { sizeof(&name##_show) ? 0 : 0 }
#define device_create_file(dev, attr) ((void)(attr), 0)
#define device_remove_file(dev, attr) ((void)(attr))
#define dev_err(dev, ...)             ((void)0)
#define pr_err(...)                   ((void)0)

/* Managed resources are not compared. */
#define devres_alloc(release, size, gfp)          ((void)(release), calloc(1, size))
#define devres_add(dev, data)                     ((void)(data))
#define devres_free(data)                         free(data)
#define devres_release(dev, release, match, data) ((void)(match), 0)
