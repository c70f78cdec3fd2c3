// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * peer-region.c - the kernel's kernel/dma/coherent.c, as it is, behind a table of
 * functions
 */
#include "shim.h"

#include "bitmap-shim.h"

#define MEMREMAP_WC                                  1
#define memremap(phys, size, flags)                  ((void)(size), (void *)(phys))
#define memunmap(memory)                             ((void)(memory))
#define vma_pages(vma)                               ((vma)->vm_pages)
#define remap_pfn_range(vma, start, pfn, size, prot) ((vma)->result = (pfn), 0)

struct vm_area_struct {
	unsigned long vm_pgoff, vm_pages, vm_start, result;
	int vm_page_prot;
};

/* Zeroing is no search, so it can be left out of what is measured. */
static int zeroing = 1;
static inline void *maybe_zero(void *memory, size_t size)
{
	return zeroing ? __builtin_memset(memory, 0, size) : memory;
}
#define memset(memory, byte, size) maybe_zero(memory, size)

#include "kernel/dma/coherent.c"

#include "peer-region.h"

static struct device device;

static int peer_declare(char *memory, uint64_t dma, size_t size)
{
	return dma_declare_coherent_memory(&device, (phys_addr_t)memory, dma, size);
}

static void *peer_alloc(size_t size, uint64_t *dma)
{
	void *memory = NULL;

	dma_alloc_from_dev_coherent(&device, (ssize_t)size, dma, &memory);
	return memory;
}

static int peer_release(int order, void *cpu)
{
	return dma_release_from_dev_coherent(&device, order, cpu);
}

static void peer_undeclare(void)
{
	dma_release_coherent_memory(&device);
}

static void peer_set_zeroing(int zero)
{
	zeroing = zero;
}

extern const struct peer_region peer_region __attribute__((visibility("default")));
const struct peer_region peer_region = {
	.declare = peer_declare,
	.alloc = peer_alloc,
	.release = peer_release,
	.undeclare = peer_undeclare,
	.set_zeroing = peer_set_zeroing,
};
