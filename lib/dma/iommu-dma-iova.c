// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * iommu-dma-iova.c - ranges of IOVAs that a driver fills itself, as since 6.16
 *
 * Taken at once, linked piece by piece, destroyed at once. The ends of a piece that
 * share a granule with other memory are bounced where the device is not trusted, and
 * then the state's size says so.
 *
 * Kernel counterpart: dma_iova_*() of drivers/iommu/dma-iommu.c (RULES.md I42)
 */
#include <errno.h>

#include "base/bits.h"
#include "dma/bounce.h"
#include "dma/group.h"
#include "dma/iommu-dma.h"
#include "hardware/cache.h"
#include "hardware/iommu.h"

/* In a state's __size: some of it is bounced. Kernel: DMA_IOVA_USE_SWIOTLB. */
#define USES_SWIOTLB (1ULL << 63)

/* Where in its granule an address lies. */
static uint64_t offset_of(const struct device *dev, uint64_t address)
{
	return address & (dev->machine->granule - 1);
}

static uint64_t whole(const struct device *dev, uint64_t size)
{
	return align_up(size, dev->machine->granule);
}

static void emit(struct device *dev, enum dma_event_kind kind,
		 const struct dma_iova_state *state, phys_addr_t phys, size_t offset,
		 size_t size, enum dma_data_direction dir, unsigned long attrs, int err)
{
	device_emit(dev, &(struct dma_event) {
				 .kind = kind,
				 .dma = err ? DMA_MAPPING_ERROR : state->addr,
				 .phys = phys,
				 .offset = offset,
				 .size = size,
				 .dir = dir,
				 .attrs = attrs,
				 .error = err,
			 });
}

/* Was the range given by dma_iova_try_alloc()? The kernel would follow NULL. */
static bool is_range(struct device *dev, const struct dma_iova_state *state)
{
	if (!device_is_direct(dev) && dma_use_iova(state))
		return true;
	device_log(dev, LIBDMA_LOG_ERROR, "BUG: has no such range of IOVAs");
	return false;
}

static int take(struct device *dev, struct dma_iova_state *state, phys_addr_t phys,
		size_t size)
{
	uint64_t offset = offset_of(dev, phys);
	dma_addr_t dma;

	if (!size || size & USES_SWIOTLB) {
		device_log(dev, LIBDMA_LOG_WARNING, "asks for a range of %zu bytes",
			   size);
		return -EINVAL;
	}
	dma = iommu_dma_alloc_iova(dev, whole(dev, size + offset), dma_get_mask(dev));
	if (!dma)
		return -ENOMEM;
	state->addr = dma + offset;
	state->__size = size;
	return 0;
}

bool dma_iova_try_alloc(struct device *dev, struct dma_iova_state *state,
			phys_addr_t phys, size_t size)
{
	int err;

	*state = (struct dma_iova_state) { 0 };
	if (device_is_direct(dev) || !dev->machine->rules->has_iova_api)
		return false;
	err = take(dev, state, phys, size);
	emit(dev, DMA_EVENT_IOVA_TRY_ALLOC, state, phys, 0, size, DMA_NONE, 0, err);
	return !err;
}

/* The range as it was allocated: whole granules. */
static void free_range(struct device *dev, const struct dma_iova_state *state)
{
	uint64_t offset = offset_of(dev, state->addr);

	iommu_dma_free_iova(dev, state->addr - offset,
			    whole(dev, dma_iova_size(state) + offset));
}

void dma_iova_free(struct device *dev, struct dma_iova_state *state)
{
	if (!is_range(dev, state))
		return;
	free_range(dev, state);
	emit(dev, DMA_EVENT_IOVA_FREE, state, 0, 0, dma_iova_size(state), DMA_NONE, 0, 0);
}

static int link_piece(struct device *dev, dma_addr_t dma, phys_addr_t phys, size_t size,
		      enum dma_data_direction dir, unsigned long attrs)
{
	if (!dev->dma_coherent && !(attrs & (DMA_ATTR_SKIP_CPU_SYNC | DMA_ATTR_MMIO)) &&
	    cache_clean(dev->machine->cache, phys, size))
		return -ENOMEM;
	return iommu_dma_translate(dev, dma, phys, size, iommu_dma_permission(dir));
}

/* A piece of one granule, at most: its copy is linked instead. */
static int link_bounced(struct device *dev, struct dma_iova_state *state, dma_addr_t dma,
			phys_addr_t phys, size_t size, enum dma_data_direction dir,
			unsigned long attrs)
{
	uint64_t offset = offset_of(dev, phys);
	phys_addr_t copy = bounce_map_granules(dev, phys, size, dir, attrs);
	int err;

	if (copy == ~(phys_addr_t)0)
		return -ENOMEM;
	err = link_piece(dev, dma - offset, copy - offset, whole(dev, size), dir, attrs);
	if (err) {
		bounce_unmap(dev, copy, size, dir, attrs);
		return err;
	}
	state->__size |= USES_SWIOTLB;
	return 0;
}

/* Head, middle and tail, of which each may be missing. */
static int link_parts(struct device *dev, struct dma_iova_state *state, phys_addr_t phys,
		      size_t offset, size_t size, enum dma_data_direction dir,
		      unsigned long attrs)
{
	uint64_t before = offset_of(dev, phys);
	size_t room = dev->machine->granule - before;
	size_t head = !before ? 0 : size < room ? size : room;
	size_t tail = size > head ? offset_of(dev, phys + size) : 0;
	size_t middle = size - head - tail, done = 0;
	dma_addr_t dma = state->addr + offset;
	int err = 0;

	if (head)
		err = link_bounced(dev, state, dma, phys, head, dir, attrs);
	if (err)
		return err;
	done = head;
	if (middle)
		err = link_piece(dev, dma + done, phys + done, middle, dir, attrs);
	if (err)
		goto unlink;
	done += middle;
	if (tail)
		err = link_bounced(dev, state, dma + done, phys + done, tail, dir, attrs);
	if (!err)
		return 0;
unlink:
	if (done)
		dma_iova_unlink(dev, state, offset, done, dir, attrs);
	return err;
}

static int link_any(struct device *dev, struct dma_iova_state *state, phys_addr_t phys,
		    size_t offset, size_t size, enum dma_data_direction dir,
		    unsigned long attrs)
{
	uint64_t before = offset_of(dev, phys);
	bool coherent_only = attrs & DMA_ATTR_REQUIRE_COHERENT;

	if (before && offset) {
		device_log(dev, LIBDMA_LOG_WARNING,
			   "links a piece that begins inside of a granule");
		return -EIO;
	}
	if (coherent_only && (!dev->dma_coherent || state->__size & USES_SWIOTLB))
		return -EOPNOTSUPP;
	if (!iommu_dma_must_bounce(dev, phys, size, dir))
		return link_piece(dev, state->addr + offset - before, phys - before,
				  whole(dev, size + before), dir, attrs);
	if (coherent_only || attrs & DMA_ATTR_MMIO)
		return -EPERM;
	return link_parts(dev, state, phys, offset, size, dir, attrs);
}

int dma_iova_link(struct device *dev, struct dma_iova_state *state, phys_addr_t phys,
		  size_t offset, size_t size, enum dma_data_direction dir,
		  unsigned long attrs)
{
	int err;

	if (!is_range(dev, state))
		return -EINVAL;
	err = link_any(dev, state, phys, offset, size, dir, attrs);
	emit(dev, DMA_EVENT_IOVA_LINK, state, phys, offset, size, dir, attrs, err);
	return err;
}

int dma_iova_sync(struct device *dev, struct dma_iova_state *state, size_t offset,
		  size_t size)
{
	if (!is_range(dev, state))
		return -EINVAL;
	emit(dev, DMA_EVENT_IOVA_SYNC, state, 0, offset, size, DMA_NONE, 0, 0);
	return 0;
}

/* Granule by granule: each may be a copy of its own. */
static void give_back_copies(struct device *dev, dma_addr_t dma, size_t size,
			     enum dma_data_direction dir, unsigned long attrs)
{
	bool sync = !dev->dma_coherent && dir != DMA_TO_DEVICE &&
		    !(attrs & (DMA_ATTR_SKIP_CPU_SYNC | DMA_ATTR_MMIO));
	dma_addr_t end = dma + size;

	while (dma < end) {
		size_t part = dev->machine->granule - offset_of(dev, dma);
		phys_addr_t phys = iommu_iova_to_phys(dev->state->group->table, dma);

		if (part > end - dma)
			part = end - dma;
		if (!phys) {
			device_log(dev, LIBDMA_LOG_WARNING, "nothing is linked at 0x%llx",
				   (unsigned long long)dma);
			return;
		}
		if (sync)
			cache_invalidate(dev->machine->cache, phys, part);
		bounce_unmap(dev, phys, part, dir, attrs);
		dma += part;
	}
}

static void unlink_range(struct device *dev, struct dma_iova_state *state, size_t offset,
			 size_t size, enum dma_data_direction dir, unsigned long attrs,
			 bool lazily)
{
	dma_addr_t dma = state->addr + offset;
	uint64_t before = offset_of(dev, dma);

	if (state->__size & USES_SWIOTLB ||
	    (!dev->dma_coherent && !(attrs & (DMA_ATTR_SKIP_CPU_SYNC | DMA_ATTR_MMIO))))
		give_back_copies(dev, dma, size, dir, attrs);
	iommu_dma_forget(dev, dma - before, whole(dev, size + before), lazily);
}

void dma_iova_unlink(struct device *dev, struct dma_iova_state *state, size_t offset,
		     size_t size, enum dma_data_direction dir, unsigned long attrs)
{
	if (!is_range(dev, state))
		return;
	unlink_range(dev, state, offset, size, dir, attrs, false);
	emit(dev, DMA_EVENT_IOVA_UNLINK, state, 0, offset, size, dir, attrs, 0);
}

void dma_iova_destroy(struct device *dev, struct dma_iova_state *state,
		      size_t mapped_size, enum dma_data_direction dir,
		      unsigned long attrs)
{
	uint64_t before = offset_of(dev, state->addr);

	if (!is_range(dev, state))
		return;
	if (mapped_size) {
		unlink_range(dev, state, 0, mapped_size, dir, attrs,
			     dev->state->group->lazy);
		iommu_dma_release_iova(dev, state->addr - before,
				       whole(dev, mapped_size + before));
	} else {
		free_range(dev, state);
	}
	emit(dev, DMA_EVENT_IOVA_DESTROY, state, 0, 0, mapped_size, dir, attrs, 0);
}
