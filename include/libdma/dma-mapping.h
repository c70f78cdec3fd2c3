/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * dma-mapping.h - the DMA API that drivers call, by the kernel's names
 *
 * Kernel counterpart: include/linux/dma-mapping.h, kernel/dma/mapping.c. What the
 * kernel once had and removed is in <libdma/legacy.h>.
 */
#pragma once

#include <libdma/device.h>
#include <libdma/gfp.h>
#include <libdma/page.h>
#include <libdma/scatterlist.h>
#include <libdma/types.h>

#define DMA_BIT_MASK(n) ((n) == 64 ? ~0ULL : (1ULL << (n)) - 1)

/* The window of a user's address space that an mmap hook fills (RULES.md C11). */
struct vm_area_struct {
	unsigned long vm_start;
	unsigned long vm_end;
	unsigned long vm_pgoff; /* pages into the object */
	void *vm_private_data;
	/* set where remapping succeeded: the first page frame */
	unsigned long pfn;
};

static inline unsigned long vma_pages(const struct vm_area_struct *vma)
{
	return (vma->vm_end - vma->vm_start) >> PAGE_SHIFT;
}

/* --- masks (RULES.md A20-A23) --- */

/**
 * dma_set_mask() - say which addresses a device can reach in streaming mappings
 *
 * Return: 0, or -EIO where the machine cannot serve such a mask, or the device has no
 * place for one; nothing is changed then.
 */
int dma_set_mask(struct device *dev, uint64_t mask);

/** dma_set_coherent_mask() - the same for allocations; 0 or -EIO */
int dma_set_coherent_mask(struct device *dev, uint64_t mask);

/** dma_set_mask_and_coherent() - both; 0 or -EIO, of the streaming mask alone */
int dma_set_mask_and_coherent(struct device *dev, uint64_t mask);

/** dma_coerce_mask_and_coherent() - both, kept in one place; 0 or -EIO */
int dma_coerce_mask_and_coherent(struct device *dev, uint64_t mask);

/** dma_get_mask() - the streaming mask; 32 bits where none is set */
uint64_t dma_get_mask(const struct device *dev);

/** dma_get_required_mask() - the mask that reaches all memory there is */
uint64_t dma_get_required_mask(struct device *dev);

/** dma_addressing_limited() - is there memory that the device cannot reach? */
bool dma_addressing_limited(struct device *dev);

/** dma_max_mapping_size() - largest single mapping, bytes (RULES.md D10, S20) */
size_t dma_max_mapping_size(struct device *dev);

/** dma_opt_mapping_size() - largest mapping that stays quick, bytes (RULES.md I33) */
size_t dma_opt_mapping_size(struct device *dev);

/** dma_get_merge_boundary() - granule minus 1 where lists are merged, or 0 */
unsigned long dma_get_merge_boundary(struct device *dev);

/** dma_get_cache_alignment() - bytes to which buffers should be aligned (RULES.md Y12) */
int dma_get_cache_alignment(void);

unsigned int dma_get_max_seg_size(const struct device *dev);
unsigned long dma_get_seg_boundary(const struct device *dev);
unsigned long dma_get_seg_boundary_nr_pages(const struct device *dev,
					    unsigned int page_shift);
unsigned int dma_get_min_align_mask(const struct device *dev);

/* 0; -EIO without dma_parms, which kernels since 6.12 do not tell but warn of */
int dma_set_max_seg_size(struct device *dev, unsigned int size);
int dma_set_seg_boundary(struct device *dev, unsigned long mask);
int dma_set_min_align_mask(struct device *dev, unsigned int mask);

/* --- coherent memory (RULES.md A1-A19, C1-C15) --- */

/**
 * dma_alloc_attrs() - memory that device and CPU share
 * @dev:	the device
 * @size:	bytes
 * @dma:	set to the device's address of it
 * @gfp:	zone flags are ignored: the mask says from where
 * @attrs:	DMA_ATTR_*
 *
 * Return: the CPU's address, zeroed memory; with DMA_ATTR_NO_KERNEL_MAPPING a cookie
 * that only dma_free_attrs() and dma_mmap_attrs() take; NULL on failure.
 */
void *dma_alloc_attrs(struct device *dev, size_t size, dma_addr_t *dma, gfp_t gfp,
		      unsigned long attrs);

/** dma_free_attrs() - give it back, with the size and attributes it was asked with */
void dma_free_attrs(struct device *dev, size_t size, void *cpu, dma_addr_t dma,
		    unsigned long attrs);

static inline void *dma_alloc_coherent(struct device *dev, size_t size, dma_addr_t *dma,
				       gfp_t gfp)
{
	return dma_alloc_attrs(dev, size, dma, gfp,
			       gfp & __GFP_NOWARN ? DMA_ATTR_NO_WARN : 0);
}

static inline void dma_free_coherent(struct device *dev, size_t size, void *cpu,
				     dma_addr_t dma)
{
	dma_free_attrs(dev, size, cpu, dma, 0);
}

static inline void *dma_alloc_wc(struct device *dev, size_t size, dma_addr_t *dma,
				 gfp_t gfp)
{
	return dma_alloc_attrs(dev, size, dma, gfp,
			       DMA_ATTR_WRITE_COMBINE |
				       (gfp & __GFP_NOWARN ? DMA_ATTR_NO_WARN : 0));
}

static inline void dma_free_wc(struct device *dev, size_t size, void *cpu, dma_addr_t dma)
{
	dma_free_attrs(dev, size, cpu, dma, DMA_ATTR_WRITE_COMBINE);
}

/**
 * dma_alloc_pages() - whole pages that need dma_sync_* (RULES.md A4)
 *
 * Return: the first page, or NULL.
 */
struct page *dma_alloc_pages(struct device *dev, size_t size, dma_addr_t *dma,
			     enum dma_data_direction dir, gfp_t gfp);
void dma_free_pages(struct device *dev, size_t size, struct page *page, dma_addr_t dma,
		    enum dma_data_direction dir);

/**
 * dma_alloc_noncoherent() - the same by CPU address; kernels since 5.10
 *
 * Return: the CPU's address, or NULL.
 */
void *dma_alloc_noncoherent(struct device *dev, size_t size, dma_addr_t *dma,
			    enum dma_data_direction dir, gfp_t gfp);
void dma_free_noncoherent(struct device *dev, size_t size, void *cpu, dma_addr_t dma,
			  enum dma_data_direction dir);

/**
 * dma_alloc_noncontiguous() - memory in pieces, contiguous for the device (RULES.md A5)
 * @attrs:	0 or DMA_ATTR_ALLOC_SINGLE_PAGES
 *
 * Return: a mapped table of the pieces, or NULL.
 */
struct sg_table *dma_alloc_noncontiguous(struct device *dev, size_t size,
					 enum dma_data_direction dir, gfp_t gfp,
					 unsigned long attrs);
void dma_free_noncontiguous(struct device *dev, size_t size, struct sg_table *table,
			    enum dma_data_direction dir);

/* The pieces side by side for the CPU; NULL on failure. */
void *dma_vmap_noncontiguous(struct device *dev, size_t size, struct sg_table *table);
void dma_vunmap_noncontiguous(struct device *dev, void *cpu);

/**
 * dma_mmap_attrs() - show an allocation to a user
 *
 * Return: 0, or -ENXIO where the window reaches outside of it (RULES.md A7).
 */
int dma_mmap_attrs(struct device *dev, struct vm_area_struct *vma, void *cpu,
		   dma_addr_t dma, size_t size, unsigned long attrs);
int dma_mmap_pages(struct device *dev, struct vm_area_struct *vma, size_t size,
		   struct page *page);
int dma_mmap_noncontiguous(struct device *dev, struct vm_area_struct *vma, size_t size,
			   struct sg_table *table);
bool dma_can_mmap(struct device *dev);

#define dma_mmap_coherent(dev, vma, cpu, dma, size) \
	dma_mmap_attrs(dev, vma, cpu, dma, size, 0)
#define dma_mmap_wc(dev, vma, cpu, dma, size) \
	dma_mmap_attrs(dev, vma, cpu, dma, size, DMA_ATTR_WRITE_COMBINE)

/** dma_get_sgtable_attrs() - an allocation as a list of one entry; 0 or -errno */
int dma_get_sgtable_attrs(struct device *dev, struct sg_table *table, void *cpu,
			  dma_addr_t dma, size_t size, unsigned long attrs);

#define dma_get_sgtable(dev, table, cpu, dma, size) \
	dma_get_sgtable_attrs(dev, table, cpu, dma, size, 0)

/* --- streaming mappings of one buffer (RULES.md D1-D11, S6-S24, I24-I33) --- */

/**
 * dma_map_page_attrs() - hand a buffer to a device
 * @dev:	the device
 * @page:	where the buffer begins
 * @offset:	bytes into @page; may be more than a page
 * @size:	bytes
 * @dir:	who will write
 * @attrs:	DMA_ATTR_*
 *
 * Return: the device's address of it, or DMA_MAPPING_ERROR: ask dma_mapping_error().
 */
dma_addr_t dma_map_page_attrs(struct device *dev, struct page *page, size_t offset,
			      size_t size, enum dma_data_direction dir,
			      unsigned long attrs);
void dma_unmap_page_attrs(struct device *dev, dma_addr_t dma, size_t size,
			  enum dma_data_direction dir, unsigned long attrs);

/** dma_map_single_attrs() - the same by CPU address, which must be linear memory */
dma_addr_t dma_map_single_attrs(struct device *dev, void *cpu, size_t size,
				enum dma_data_direction dir, unsigned long attrs);
void dma_unmap_single_attrs(struct device *dev, dma_addr_t dma, size_t size,
			    enum dma_data_direction dir, unsigned long attrs);

/** dma_map_phys() - the same by physical address; kernels since 6.18 */
dma_addr_t dma_map_phys(struct device *dev, phys_addr_t phys, size_t size,
			enum dma_data_direction dir, unsigned long attrs);
void dma_unmap_phys(struct device *dev, dma_addr_t dma, size_t size,
		    enum dma_data_direction dir, unsigned long attrs);

/** dma_map_resource() - another device's registers (RULES.md D7) */
dma_addr_t dma_map_resource(struct device *dev, phys_addr_t phys, size_t size,
			    enum dma_data_direction dir, unsigned long attrs);
void dma_unmap_resource(struct device *dev, dma_addr_t dma, size_t size,
			enum dma_data_direction dir, unsigned long attrs);

/**
 * dma_mapping_error() - did a mapping fail?
 *
 * Return: 0, or -ENOMEM where @dma is DMA_MAPPING_ERROR. Drivers must ask.
 */
int dma_mapping_error(struct device *dev, dma_addr_t dma);

#define dma_map_page(dev, page, offset, size, dir) \
	dma_map_page_attrs(dev, page, offset, size, dir, 0)
#define dma_unmap_page(dev, dma, size, dir) dma_unmap_page_attrs(dev, dma, size, dir, 0)
#define dma_map_single(dev, cpu, size, dir) dma_map_single_attrs(dev, cpu, size, dir, 0)
#define dma_unmap_single(dev, dma, size, dir) \
	dma_unmap_single_attrs(dev, dma, size, dir, 0)

/* Members of a driver's structure that keep what an unmap needs. */
#define DEFINE_DMA_UNMAP_ADDR(name)	       dma_addr_t name
#define DEFINE_DMA_UNMAP_LEN(name)	       uint32_t name
#define dma_unmap_addr(object, name)	       ((object)->name)
#define dma_unmap_addr_set(object, name, dma)  ((object)->name = (dma))
#define dma_unmap_len(object, name)	       ((object)->name)
#define dma_unmap_len_set(object, name, bytes) ((object)->name = (bytes))

/* --- of a scatterlist (RULES.md D9-D14, I34-I39) --- */

/**
 * dma_map_sg_attrs() - hand a list to a device
 * @nents:	its entries
 *
 * Return: the segments that they became, 0 on any failure.
 */
unsigned int dma_map_sg_attrs(struct device *dev, struct scatterlist *sg, int nents,
			      enum dma_data_direction dir, unsigned long attrs);

/** dma_unmap_sg_attrs() - take it back; @nents as it was given to the map */
void dma_unmap_sg_attrs(struct device *dev, struct scatterlist *sg, int nents,
			enum dma_data_direction dir, unsigned long attrs);

/**
 * dma_map_sgtable() - hand a table to a device
 *
 * Return: 0 with @table->nents segments, -EINVAL, -ENOMEM, -EIO or -EREMOTEIO.
 */
int dma_map_sgtable(struct device *dev, struct sg_table *table,
		    enum dma_data_direction dir, unsigned long attrs);
void dma_unmap_sgtable(struct device *dev, struct sg_table *table,
		       enum dma_data_direction dir, unsigned long attrs);

#define dma_map_sg(dev, sg, nents, dir)	  dma_map_sg_attrs(dev, sg, nents, dir, 0)
#define dma_unmap_sg(dev, sg, nents, dir) dma_unmap_sg_attrs(dev, sg, nents, dir, 0)

/* --- ownership of a live mapping (RULES.md Y1-Y14) --- */

void dma_sync_single_for_cpu(struct device *dev, dma_addr_t dma, size_t size,
			     enum dma_data_direction dir);
void dma_sync_single_for_device(struct device *dev, dma_addr_t dma, size_t size,
				enum dma_data_direction dir);
void dma_sync_sg_for_cpu(struct device *dev, struct scatterlist *sg, int nents,
			 enum dma_data_direction dir);
void dma_sync_sg_for_device(struct device *dev, struct scatterlist *sg, int nents,
			    enum dma_data_direction dir);

static inline void dma_sync_single_range_for_cpu(struct device *dev, dma_addr_t dma,
						 unsigned long offset, size_t size,
						 enum dma_data_direction dir)
{
	dma_sync_single_for_cpu(dev, dma + offset, size, dir);
}

static inline void dma_sync_single_range_for_device(struct device *dev, dma_addr_t dma,
						    unsigned long offset, size_t size,
						    enum dma_data_direction dir)
{
	dma_sync_single_for_device(dev, dma + offset, size, dir);
}

static inline void dma_sync_sgtable_for_cpu(struct device *dev, struct sg_table *table,
					    enum dma_data_direction dir)
{
	dma_sync_sg_for_cpu(dev, table->sgl, table->orig_nents, dir);
}

static inline void dma_sync_sgtable_for_device(struct device *dev,
					       struct sg_table *table,
					       enum dma_data_direction dir)
{
	dma_sync_sg_for_device(dev, table->sgl, table->orig_nents, dir);
}

/** dma_need_sync() - would syncing this address do anything? */
bool dma_need_sync(struct device *dev, dma_addr_t dma);

/** dma_need_unmap() - would unmapping do anything? 7.2 (RULES.md Y11) */
bool dma_need_unmap(struct device *dev);

/* --- a device's own region (RULES.md C1-C15) --- */

/**
 * dma_declare_coherent_memory() - give a device memory of its own
 * @phys:	where the CPU finds it
 * @dma:	where the device does
 * @size:	bytes; whole pages count
 *
 * Return: 0, -EINVAL, -ENOMEM, -ENODEV without a device, -EBUSY where it has one.
 */
int dma_declare_coherent_memory(struct device *dev, phys_addr_t phys, dma_addr_t dma,
				size_t size);

/** dma_release_coherent_memory() - take it away, in use or not */
void dma_release_coherent_memory(struct device *dev);

/* 1 where the device's region answers, with *@ret the memory or NULL; else 0 */
int dma_alloc_from_dev_coherent(struct device *dev, ssize_t size, dma_addr_t *dma,
				void **ret);
int dma_release_from_dev_coherent(struct device *dev, int order, void *cpu);
int dma_mmap_from_dev_coherent(struct device *dev, struct vm_area_struct *vma, void *cpu,
			       size_t size, int *ret);

/* --- managed: given back when the driver leaves the device (RULES.md A6) --- */

void *dmam_alloc_attrs(struct device *dev, size_t size, dma_addr_t *dma, gfp_t gfp,
		       unsigned long attrs);
void *dmam_alloc_coherent(struct device *dev, size_t size, dma_addr_t *dma, gfp_t gfp);
void dmam_free_coherent(struct device *dev, size_t size, void *cpu, dma_addr_t dma);

/* --- ranges that a driver fills itself; 7.2 (RULES.md I42) --- */

struct dma_iova_state {
	dma_addr_t addr;
	uint64_t __size;
};

static inline bool dma_use_iova(const struct dma_iova_state *state)
{
	return state->__size != 0;
}

static inline size_t dma_iova_size(const struct dma_iova_state *state)
{
	return state->__size & ~(1ULL << 63);
}

bool dma_iova_try_alloc(struct device *dev, struct dma_iova_state *state,
			phys_addr_t phys, size_t size);
void dma_iova_free(struct device *dev, struct dma_iova_state *state);
int dma_iova_link(struct device *dev, struct dma_iova_state *state, phys_addr_t phys,
		  size_t offset, size_t size, enum dma_data_direction dir,
		  unsigned long attrs);
int dma_iova_sync(struct device *dev, struct dma_iova_state *state, size_t offset,
		  size_t size);
void dma_iova_unlink(struct device *dev, struct dma_iova_state *state, size_t offset,
		     size_t size, enum dma_data_direction dir, unsigned long attrs);
void dma_iova_destroy(struct device *dev, struct dma_iova_state *state,
		      size_t mapped_size, enum dma_data_direction dir,
		      unsigned long attrs);
