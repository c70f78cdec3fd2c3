/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* slab.h - memory of the machine, by size */
#pragma once

#include <linux/cache.h>
#include <linux/cleanup.h>
#include <linux/err.h>
#include <linux/gfp.h>

/* What an allocation of no bytes gives. */
#define ZERO_SIZE_PTR ((void *)16)

#define ZERO_OR_NULL_PTR(ptr) ((unsigned long)(ptr) <= (unsigned long)ZERO_SIZE_PTR)

/**
 * kmalloc() - memory of the current machine, in its linear map
 * @size:	bytes, at most 4 MiB; 2^n bytes are taken, at a multiple of that
 * @gfp:	__GFP_DMA, __GFP_DMA32, __GFP_ZERO
 *
 * Return: the CPU's address, ZERO_SIZE_PTR for no bytes, NULL where there is none.
 */
void *kmalloc(size_t size, gfp_t gfp);

/**
 * kfree() - give it back; NULL and ZERO_SIZE_PTR are allowed
 *
 * What is free already, or never was kmalloc()'s, is told to the log and left alone.
 */
void kfree(const void *cpu);

/** ksize() - the bytes that an allocation really has; 0 where it is none */
size_t ksize(const void *cpu);

/** kmalloc_array() - @n times @size bytes; NULL where that is no number */
void *kmalloc_array(size_t n, size_t size, gfp_t gfp);

/** kmemdup() - a copy */
void *kmemdup(const void *from, size_t size, gfp_t gfp);

static inline void *kzalloc(size_t size, gfp_t gfp)
{
	return kmalloc(size, gfp | __GFP_ZERO);
}

static inline void *kcalloc(size_t n, size_t size, gfp_t gfp)
{
	return kmalloc_array(n, size, gfp | __GFP_ZERO);
}

DEFINE_FREE(kfree, void *, if (!IS_ERR_OR_NULL(_T)) kfree(_T))

/* By type, or by a variable of it; GFP_KERNEL where nothing is said (since 7.0). */
#define SLAB_GFP(_1, gfp, ...) gfp
#define kmalloc_objs(what, n, ...)                    \
	((typeof(what) *)kmalloc_array(n, sizeof(what), \
				       SLAB_GFP(0, ##__VA_ARGS__, GFP_KERNEL, 0)))
#define kzalloc_objs(what, n, ...)              \
	((typeof(what) *)kcalloc(n, sizeof(what), \
				 SLAB_GFP(0, ##__VA_ARGS__, GFP_KERNEL, 0)))
#define kmalloc_obj(what, ...) kmalloc_objs(what, 1, ##__VA_ARGS__)
#define kzalloc_obj(what, ...) kzalloc_objs(what, 1, ##__VA_ARGS__)
