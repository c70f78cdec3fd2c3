// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * slab.c - memory of the current machine, by size
 *
 * A slab is one page of objects of one size, 2^n bytes each, or the 2^n pages of one
 * larger object. What is known of it lies beside the machine's memory, where no device
 * can reach it, and is found by the address of its page.
 *
 * Kernel counterpart: mm/slub.c, mm/slab_common.c
 */
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include <linux/kernel.h>
#include <linux/slab.h>

#include "kernel/border.h"

#define SMALLEST_POWER 3
#define PACKED_POWER   (PAGE_SHIFT - 1) /* of the largest that share a page */
#define LARGEST_POWER  22
#define SLAB_WORDS     8 /* for the bits of 512 objects */

struct slab {
	char *cpu;
	unsigned int power; /* an object has 2^power bytes */
	unsigned int used;  /* objects */
	uint64_t taken[SLAB_WORDS];
	struct slab *next, *prev; /* in the list of those with room */
};

static int slab_compare(const void *a, const void *b)
{
	const struct slab *left = a, *right = b;

	return left->cpu < right->cpu ? -1 : left->cpu > right->cpu;
}

static size_t slab_size(const struct slab *slab)
{
	return slab->power > PACKED_POWER ? 1UL << slab->power : PAGE_SIZE;
}

static unsigned int slab_objects(const struct slab *slab)
{
	return (unsigned int)(slab_size(slab) >> slab->power);
}

static void list_add(struct libdma_kernel *kernel, struct slab *slab)
{
	struct slab **head = &kernel->partial[slab->power];

	slab->prev = NULL;
	slab->next = *head;
	if (*head)
		(*head)->prev = slab;
	*head = slab;
}

static void list_del(struct libdma_kernel *kernel, struct slab *slab)
{
	if (slab->prev)
		slab->prev->next = slab->next;
	else
		kernel->partial[slab->power] = slab->next;
	if (slab->next)
		slab->next->prev = slab->prev;
}

static struct slab *slab_create(struct libdma_kernel *kernel, unsigned int power,
				gfp_t gfp)
{
	struct slab *slab = calloc(1, sizeof(*slab));

	if (!slab)
		return NULL;
	slab->power = power;
	slab->cpu = libdma_memory_alloc(kernel->machine, slab_size(slab),
					gfp & ~__GFP_ZERO);
	if (!slab->cpu)
		goto free_slab;
	if (!tsearch(slab, &kernel->slabs, slab_compare))
		goto free_memory;
	if (power <= PACKED_POWER)
		list_add(kernel, slab);
	return slab;

free_memory:
	libdma_memory_free(kernel->machine, slab->cpu, slab_size(slab));
free_slab:
	free(slab);
	return NULL;
}

static void slab_destroy(struct libdma_kernel *kernel, struct slab *slab)
{
	tdelete(slab, &kernel->slabs, slab_compare);
	libdma_memory_free(kernel->machine, slab->cpu, slab_size(slab));
	free(slab);
}

/* The slab of an address that is an object's first, and live; else NULL. */
static struct slab *slab_find(struct libdma_kernel *kernel, const void *cpu,
			      unsigned int *index)
{
	struct slab key = { .cpu = (char *)((unsigned long)cpu & PAGE_MASK) }, *slab;
	struct slab **found = tfind(&key, &kernel->slabs, slab_compare);
	size_t offset = offset_in_page(cpu);

	slab = found ? *found : NULL;
	if (!slab || offset & ((1UL << slab->power) - 1))
		return NULL;
	*index = (unsigned int)(offset >> slab->power);
	return slab->taken[*index / 64] >> *index % 64 & 1 ? slab : NULL;
}

static unsigned int slab_take(struct slab *slab)
{
	unsigned int word = 0, bit;

	while (!~slab->taken[word])
		word++;
	bit = (unsigned int)__builtin_ctzll(~slab->taken[word]);
	slab->taken[word] |= 1ULL << bit;
	slab->used++;
	return word * 64 + bit;
}

/* With room, and where the zone flags allow; a larger object never shares a slab. */
static struct slab *slab_with_room(struct libdma_kernel *kernel, unsigned int power,
				   gfp_t gfp)
{
	uint64_t end = gfp & __GFP_DMA ? 1ULL << 24 : gfp & __GFP_DMA32 ? 1ULL << 32 : ~0ULL;

	if (power > PACKED_POWER)
		return NULL;
	for (struct slab *slab = kernel->partial[power]; slab; slab = slab->next)
		if (virt_to_phys(slab->cpu) < end)
			return slab;
	return NULL;
}

void *kmalloc(size_t size, gfp_t gfp)
{
	struct libdma_kernel *kernel = border_kernel();
	unsigned int power = SMALLEST_POWER;
	struct slab *slab;
	char *cpu;

	if (!size)
		return ZERO_SIZE_PTR;
	if (size > 1UL << LARGEST_POWER)
		return NULL;
	while (size > 1UL << power)
		power++;
	slab = slab_with_room(kernel, power, gfp);
	if (!slab)
		slab = slab_create(kernel, power, gfp);
	if (!slab)
		return NULL;
	cpu = slab->cpu + ((size_t)slab_take(slab) << power);
	if (power <= PACKED_POWER && slab->used == slab_objects(slab))
		list_del(kernel, slab);
	kernel->objects++;
	if (gfp & __GFP_ZERO)
		memset(cpu, 0, size);
	return cpu;
}

void kfree(const void *cpu)
{
	struct libdma_kernel *kernel = border_kernel();
	struct slab *slab;
	unsigned int index;
	bool full;

	if (ZERO_OR_NULL_PTR(cpu))
		return;
	slab = slab_find(kernel, cpu, &index);
	if (!slab) {
		pr_err("BUG: kfree() of %p, which is not allocated\n", cpu);
		return;
	}
	full = slab->used == slab_objects(slab);
	slab->taken[index / 64] &= ~(1ULL << index % 64);
	slab->used--;
	kernel->objects--;
	if (slab->power <= PACKED_POWER && full && slab->used)
		list_add(kernel, slab);
	if (slab->used)
		return;
	if (slab->power <= PACKED_POWER && !full)
		list_del(kernel, slab);
	slab_destroy(kernel, slab);
}

size_t ksize(const void *cpu)
{
	unsigned int index;
	struct slab *slab;

	if (ZERO_OR_NULL_PTR(cpu))
		return 0;
	slab = slab_find(border_kernel(), cpu, &index);
	return slab ? 1UL << slab->power : 0;
}

void *kmalloc_array(size_t n, size_t size, gfp_t gfp)
{
	size_t bytes;

	return __builtin_mul_overflow(n, size, &bytes) ? NULL : kmalloc(bytes, gfp);
}

void *kmemdup(const void *from, size_t size, gfp_t gfp)
{
	void *copy = kmalloc(size, gfp);

	if (copy && size)
		memcpy(copy, from, size);
	return copy;
}

void slab_release_all(struct libdma_kernel *kernel)
{
	while (kernel->slabs)
		slab_destroy(kernel, *(struct slab **)kernel->slabs);
}
