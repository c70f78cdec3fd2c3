/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * legacy.h - what the DMA API once had and the kernel removed
 *
 * Each name works on every modelled kernel, with the meaning that it had when it
 * left; libdma(3) says since when, and what took its place. Where an old signature
 * and today's share a name, both work here: they are told apart by the number of
 * arguments, or by the type of the attributes.
 *
 * Kernel counterpart: include/linux/pci-dma-compat.h until 5.17, dma-attrs.h until
 * 4.7, drivers/base/dma-coherent.c until 4.13
 */
#pragma once

#include <libdma/dma-mapping.h>
#include <libdma/dmapool.h>

/* Of 1 to 5 arguments, the name for their number. */
#define LEGACY_CHOOSE(_1, _2, _3, _4, _5, name, ...) name

/* --- attributes as a structure (until 4.7) --- */

struct dma_attrs {
	unsigned long flags; /* DMA_ATTR_* */
};

/* Bits that have no meaning since. */
#define DMA_ATTR_WRITE_BARRIER	(1UL << 0)
#define DMA_ATTR_NON_CONSISTENT (1UL << 3)

#define DEFINE_DMA_ATTRS(name) struct dma_attrs name = { .flags = 0 }

static inline void init_dma_attrs(struct dma_attrs *attrs)
{
	attrs->flags = 0;
}

/** dma_set_attr() - set an attribute; NULL @attrs is left alone */
static inline void dma_set_attr(unsigned long attr, struct dma_attrs *attrs)
{
	if (attrs)
		attrs->flags |= attr;
}

/** dma_get_attr() - nonzero where an attribute is set; 0 for NULL */
static inline int dma_get_attr(unsigned long attr, const struct dma_attrs *attrs)
{
	return attrs && (attrs->flags & attr);
}

static inline unsigned long legacy_attrs_of_struct(const struct dma_attrs *attrs)
{
	return attrs ? attrs->flags : 0;
}

static inline unsigned long legacy_attrs_of_null(const void *attrs)
{
	(void)attrs;
	return 0;
}

static inline unsigned long legacy_attrs_of_bits(unsigned long attrs)
{
	return attrs;
}

/* Attributes as a number, from a number, a struct dma_attrs or NULL. */
#define LEGACY_ATTRS(attrs)                                \
	_Generic((attrs),                                  \
		struct dma_attrs *: legacy_attrs_of_struct, \
		const struct dma_attrs *: legacy_attrs_of_struct, \
		void *: legacy_attrs_of_null,              \
		default: legacy_attrs_of_bits)(attrs)

#define dma_alloc_attrs(dev, size, dma, gfp, attrs) \
	(dma_alloc_attrs)(dev, size, dma, gfp, LEGACY_ATTRS(attrs))
#define dma_free_attrs(dev, size, cpu, dma, attrs) \
	(dma_free_attrs)(dev, size, cpu, dma, LEGACY_ATTRS(attrs))
#define dma_map_single_attrs(dev, cpu, size, dir, attrs) \
	(dma_map_single_attrs)(dev, cpu, size, dir, LEGACY_ATTRS(attrs))
#define dma_unmap_single_attrs(dev, dma, size, dir, attrs) \
	(dma_unmap_single_attrs)(dev, dma, size, dir, LEGACY_ATTRS(attrs))
#define dma_map_page_attrs(dev, page, offset, size, dir, attrs) \
	(dma_map_page_attrs)(dev, page, offset, size, dir, LEGACY_ATTRS(attrs))
#define dma_unmap_page_attrs(dev, dma, size, dir, attrs) \
	(dma_unmap_page_attrs)(dev, dma, size, dir, LEGACY_ATTRS(attrs))
#define dma_map_sg_attrs(dev, sg, nents, dir, attrs) \
	(dma_map_sg_attrs)(dev, sg, nents, dir, LEGACY_ATTRS(attrs))
#define dma_unmap_sg_attrs(dev, sg, nents, dir, attrs) \
	(dma_unmap_sg_attrs)(dev, sg, nents, dir, LEGACY_ATTRS(attrs))

/* --- masks and errors --- */

/**
 * dma_supported() - could the machine serve a device of this mask?
 *
 * Return: 1 or 0; nothing is changed (RULES.md A21).
 */
int dma_supported(struct device *dev, uint64_t mask);

static inline int legacy_mapping_error(dma_addr_t dma)
{
	return dma == DMA_MAPPING_ERROR;
}

/* Before 2.6.27 it took the address alone. */
#define dma_mapping_error(...)                                                        \
	LEGACY_CHOOSE(__VA_ARGS__, _, _, _, (dma_mapping_error), legacy_mapping_error, _) \
	(__VA_ARGS__)

/* --- sync without a side: the CPU's --- */

#define dma_sync_single(dev, dma, size, dir) dma_sync_single_for_cpu(dev, dma, size, dir)
#define dma_sync_single_range(dev, dma, offset, size, dir) \
	dma_sync_single_range_for_cpu(dev, dma, offset, size, dir)
#define dma_sync_sg(dev, sg, nents, dir) dma_sync_sg_for_cpu(dev, sg, nents, dir)

/* --- memory that is not coherent --- */

static inline void *legacy_alloc_noncoherent(struct device *dev, size_t size,
					     dma_addr_t *dma, gfp_t gfp)
{
	return dma_alloc_noncoherent(dev, size, dma, DMA_BIDIRECTIONAL, gfp);
}

static inline void legacy_free_noncoherent(struct device *dev, size_t size, void *cpu,
					   dma_addr_t dma)
{
	dma_free_noncoherent(dev, size, cpu, dma, DMA_BIDIRECTIONAL);
}

/* Of 4 arguments in the 4.x kernels and before, of 5 since 5.10. */
#define dma_alloc_noncoherent(...)                                          \
	LEGACY_CHOOSE(__VA_ARGS__, (dma_alloc_noncoherent),                 \
		      legacy_alloc_noncoherent, _, _, _, _)                 \
	(__VA_ARGS__)
#define dma_free_noncoherent(...)                                           \
	LEGACY_CHOOSE(__VA_ARGS__, (dma_free_noncoherent),                  \
		      legacy_free_noncoherent, _, _, _, _)                  \
	(__VA_ARGS__)

/** dma_is_consistent() - 1 where memory at @dma needs no dma_cache_sync() */
int dma_is_consistent(struct device *dev, dma_addr_t dma);

/**
 * dma_cache_sync() - move a range of noncoherent memory between CPU and device
 * @cpu:	by the CPU's address
 * @dir:	TO_DEVICE writes the caches back, FROM_DEVICE drops them
 */
void dma_cache_sync(struct device *dev, void *cpu, size_t size,
		    enum dma_data_direction dir);

/* --- a device's own region (flags until 5.0) --- */

#define DMA_MEMORY_MAP		     0x01
#define DMA_MEMORY_IO		     0x02
#define DMA_MEMORY_INCLUDES_CHILDREN 0x04
#define DMA_MEMORY_EXCLUSIVE	     0x08

/**
 * libdma_declare_coherent_memory_flags() - the five-argument form
 *
 * Return: DMA_MEMORY_MAP or DMA_MEMORY_IO, as was asked for; 0 on failure (RULES.md
 * C16).
 */
int libdma_declare_coherent_memory_flags(struct device *dev, phys_addr_t phys,
					 dma_addr_t dma, size_t size, int flags);

#define dma_declare_coherent_memory(...)                                     \
	LEGACY_CHOOSE(__VA_ARGS__, libdma_declare_coherent_memory_flags,     \
		      (dma_declare_coherent_memory), _, _, _, _)             \
	(__VA_ARGS__)

#define dma_release_declared_memory(dev) dma_release_coherent_memory(dev)

/**
 * dma_mark_declared_memory_occupied() - reserve a part of the region by its address
 *
 * Return: the CPU's address of it, or an error pointer: -EINVAL without a region,
 * -EBUSY where some of it is taken (RULES.md C19).
 */
void *dma_mark_declared_memory_occupied(struct device *dev, dma_addr_t dma, size_t size);

/**
 * dma_alloc_from_coherent() - memory of the device's region
 *
 * Return: 0 where the caller should go on with other memory; nonzero where *@ret is
 * the answer, which may be NULL (RULES.md C17).
 */
int dma_alloc_from_coherent(struct device *dev, ssize_t size, dma_addr_t *dma,
			    void **ret);

/** dma_release_from_coherent() - give it back; 0 where it is not of the region */
int dma_release_from_coherent(struct device *dev, int order, void *cpu);

/** dma_mmap_from_coherent() - show it to a user; 0 where it is not of the region */
int dma_mmap_from_coherent(struct device *dev, struct vm_area_struct *vma, void *cpu,
			   size_t size, int *ret);

/* --- PCI forms (until 5.17; pci_pool until 4.19) --- */

#define PCI_DMA_BIDIRECTIONAL DMA_BIDIRECTIONAL
#define PCI_DMA_TODEVICE      DMA_TO_DEVICE
#define PCI_DMA_FROMDEVICE    DMA_FROM_DEVICE
#define PCI_DMA_NONE	      DMA_NONE

static inline struct device *legacy_pci_dev(struct pci_dev *pdev)
{
	return pdev ? &pdev->dev : NULL;
}

#define pci_alloc_consistent(pdev, size, dma) \
	dma_alloc_coherent(legacy_pci_dev(pdev), size, dma, GFP_ATOMIC)
#define pci_zalloc_consistent(pdev, size, dma) \
	dma_alloc_coherent(legacy_pci_dev(pdev), size, dma, GFP_ATOMIC)
#define pci_free_consistent(pdev, size, cpu, dma) \
	dma_free_coherent(legacy_pci_dev(pdev), size, cpu, dma)

#define pci_map_single(pdev, cpu, size, dir) \
	dma_map_single(legacy_pci_dev(pdev), cpu, size, (enum dma_data_direction)(dir))
#define pci_unmap_single(pdev, dma, size, dir) \
	dma_unmap_single(legacy_pci_dev(pdev), dma, size, (enum dma_data_direction)(dir))
#define pci_map_page(pdev, page, offset, size, dir)            \
	dma_map_page(legacy_pci_dev(pdev), page, offset, size, \
		     (enum dma_data_direction)(dir))
#define pci_unmap_page(pdev, dma, size, dir) \
	dma_unmap_page(legacy_pci_dev(pdev), dma, size, (enum dma_data_direction)(dir))
#define pci_map_sg(pdev, sg, nents, dir) \
	dma_map_sg(legacy_pci_dev(pdev), sg, nents, (enum dma_data_direction)(dir))
#define pci_unmap_sg(pdev, sg, nents, dir) \
	dma_unmap_sg(legacy_pci_dev(pdev), sg, nents, (enum dma_data_direction)(dir))
#define pci_dma_mapping_error(pdev, dma) \
	(dma_mapping_error)(legacy_pci_dev(pdev), dma)

#define pci_dma_sync_single_for_cpu(pdev, dma, size, dir)        \
	dma_sync_single_for_cpu(legacy_pci_dev(pdev), dma, size, \
				(enum dma_data_direction)(dir))
#define pci_dma_sync_single_for_device(pdev, dma, size, dir)        \
	dma_sync_single_for_device(legacy_pci_dev(pdev), dma, size, \
				   (enum dma_data_direction)(dir))
#define pci_dma_sync_sg_for_cpu(pdev, sg, nents, dir)        \
	dma_sync_sg_for_cpu(legacy_pci_dev(pdev), sg, nents, \
			    (enum dma_data_direction)(dir))
#define pci_dma_sync_sg_for_device(pdev, sg, nents, dir)        \
	dma_sync_sg_for_device(legacy_pci_dev(pdev), sg, nents, \
			       (enum dma_data_direction)(dir))
#define pci_dma_sync_single(pdev, dma, size, dir) \
	pci_dma_sync_single_for_cpu(pdev, dma, size, dir)
#define pci_dma_sync_sg(pdev, sg, nents, dir) \
	pci_dma_sync_sg_for_cpu(pdev, sg, nents, dir)

#define pci_set_dma_mask(pdev, mask) dma_set_mask(legacy_pci_dev(pdev), mask)
#define pci_set_consistent_dma_mask(pdev, mask) \
	dma_set_coherent_mask(legacy_pci_dev(pdev), mask)
#define pci_dma_supported(pdev, mask) dma_supported(legacy_pci_dev(pdev), mask)
#define pci_set_dma_max_seg_size(pdev, size) \
	dma_set_max_seg_size(legacy_pci_dev(pdev), size)
#define pci_set_dma_seg_boundary(pdev, mask) \
	dma_set_seg_boundary(legacy_pci_dev(pdev), mask)

#define pci_pool dma_pool
#define pci_pool_create(name, pdev, size, align, boundary) \
	dma_pool_create(name, legacy_pci_dev(pdev), size, align, boundary)
#define pci_pool_destroy(pool) dma_pool_destroy(pool)
#define pci_pool_alloc(pool, gfp, dma) dma_pool_alloc(pool, gfp, dma)
#define pci_pool_zalloc(pool, gfp, dma) dma_pool_zalloc(pool, gfp, dma)
#define pci_pool_free(pool, cpu, dma) dma_pool_free(pool, cpu, dma)
