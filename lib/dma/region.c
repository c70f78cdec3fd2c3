// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * region.c - a device's own memory as drivers declare and use it
 *
 * alloc/coherent.c hands the pages out; here are today's functions, and those of the
 * kernels before 5.1, whose regions could let a caller fall back to other memory.
 *
 * Kernel counterpart: kernel/dma/coherent.c, until 4.13 drivers/base/dma-coherent.c
 * (RULES.md C1-C20)
 */
#include <errno.h>

#include <libdma/legacy.h>

#include "alloc/coherent.h"
#include "dma/machine.h"
#include "hardware/memory.h"

/* As the kernel's ERR_PTR(). */
static void *error_pointer(int err)
{
	return (void *)(long)err;
}

static void emit(struct device *dev, enum dma_event_kind kind, phys_addr_t phys,
		 dma_addr_t dma, size_t size, int err)
{
	device_emit(dev, &(struct dma_event) {
				 .kind = kind,
				 .phys = phys,
				 .dma = dma,
				 .size = size,
				 .error = err,
			 });
}

/* The region is made before the device is looked at: so errors come in that order. */
static int declare(struct device *dev, phys_addr_t phys, dma_addr_t dma, size_t size,
		   unsigned int flags)
{
	struct coherent_place place = {
		.phys = phys, .dma = dma, .size = size, .flags = flags
	};
	struct libdma_machine *machine;
	struct coherent_region *region;
	int err;

	if (!dev || !dev->state)
		return size ? -ENODEV : -EINVAL;
	machine = dev->machine;
	if (!size)
		return -EINVAL;
	err = memory_add_device(machine->memory, phys, size);
	if (err)
		return err;
	place.cpu = memory_cpu(machine->memory, phys);
	err = coherent_create(&machine->heap, machine->rules, &place, &region);
	if (err)
		return err;
	if (dev->state->region) {
		coherent_destroy(region);
		return -EBUSY;
	}
	dev->state->region = region;
	return 0;
}

int dma_declare_coherent_memory(struct device *dev, phys_addr_t phys, dma_addr_t dma,
				size_t size)
{
	int err = declare(dev, phys, dma, size, COHERENT_MAP | COHERENT_EXCLUSIVE);

	if (dev && dev->state)
		emit(dev, DMA_EVENT_DECLARE_COHERENT_MEMORY, phys, dma, size, err);
	return err;
}

int libdma_declare_coherent_memory_flags(struct device *dev, phys_addr_t phys,
					 dma_addr_t dma, size_t size, int flags)
{
	int err = coherent_declare_result((unsigned int)flags)
			  ? declare(dev, phys, dma, size, (unsigned int)flags)
			  : -EINVAL;

	if (dev && dev->state)
		emit(dev, DMA_EVENT_DECLARE_COHERENT_MEMORY, phys, dma, size, err);
	return err ? 0 : (int)coherent_declare_result((unsigned int)flags);
}

void dma_release_coherent_memory(struct device *dev)
{
	if (!dev || !dev->state || !dev->state->region)
		return;
	emit(dev, DMA_EVENT_RELEASE_COHERENT_MEMORY, 0,
	     coherent_place(dev->state->region)->dma,
	     coherent_place(dev->state->region)->size, 0);
	coherent_destroy(dev->state->region);
	dev->state->region = NULL;
}

int dma_alloc_from_dev_coherent(struct device *dev, ssize_t size, dma_addr_t *dma,
				void **ret)
{
	struct coherent_region *region = dev ? dev->state->region : NULL;
	const struct coherent_place *place;
	uint64_t offset;

	if (!region)
		return 0;
	place = coherent_place(region);
	*ret = NULL;
	if (coherent_alloc(region, (uint64_t)size, &offset))
		return (int)(place->flags & COHERENT_EXCLUSIVE);
	*dma = place->dma + offset;
	*ret = (char *)place->cpu + offset;
	return 1;
}

int dma_release_from_dev_coherent(struct device *dev, int order, void *cpu)
{
	struct coherent_region *region = dev ? dev->state->region : NULL;
	unsigned int wrong;

	if (!region || coherent_release(region, (unsigned int)order, cpu, &wrong))
		return 0;
	if (wrong)
		device_log(dev, LIBDMA_LOG_WARNING, "releases %s of its region",
			   wrong & COHERENT_RUNS_OFF   ? "pages behind the end"
			   : wrong & COHERENT_WAS_FREE ? "pages that are free"
						       : "misaligned pages");
	return 1;
}

int dma_mmap_from_dev_coherent(struct device *dev, struct vm_area_struct *vma, void *cpu,
			       size_t size, int *ret)
{
	struct coherent_region *region = dev ? dev->state->region : NULL;
	phys_addr_t phys;
	int err;

	if (!region)
		return 0;
	err = coherent_mmap(region, cpu, size, vma->vm_pgoff, vma_pages(vma), &phys);
	if (err == -ENOENT)
		return 0;
	if (!err)
		vma->pfn = phys >> PAGE_SHIFT;
	*ret = err;
	return 1;
}

/* --- by their old names; legacy.h declares them --- */

int dma_alloc_from_coherent(struct device *dev, ssize_t size, dma_addr_t *dma, void **ret)
{
	return dma_alloc_from_dev_coherent(dev, size, dma, ret);
}

int dma_release_from_coherent(struct device *dev, int order, void *cpu)
{
	return dma_release_from_dev_coherent(dev, order, cpu);
}

int dma_mmap_from_coherent(struct device *dev, struct vm_area_struct *vma, void *cpu,
			   size_t size, int *ret)
{
	return dma_mmap_from_dev_coherent(dev, vma, cpu, size, ret);
}

void *dma_mark_declared_memory_occupied(struct device *dev, dma_addr_t dma, size_t size)
{
	struct coherent_region *region = dev->state->region;
	uint64_t offset = 0;
	int err = region ? coherent_mark(region, dma, size, &offset) : -EINVAL;

	emit(dev, DMA_EVENT_MARK_DECLARED_MEMORY_OCCUPIED, 0, dma, size, err);
	return err ? error_pointer(err) : (char *)coherent_place(region)->cpu + offset;
}
