// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * device.c - devices attached to a machine, and their accesses as bus masters
 *
 * Kernel counterpart: drivers/base/core.c, drivers/base/dd.c, drivers/pci/probe.c;
 * of the accesses there is none: they are the hardware's
 */
#include <errno.h>
#include <string.h>

#include "alloc/coherent.h"
#include "dma/device.h"
#include "dma/direct.h"
#include "dma/group.h"
#include "dma/managed.h"
#include "dma/remap.h"
#include "dma/restricted.h"
#include "hardware/cache.h"
#include "hardware/iommu.h"
#include "hardware/memory.h"

#define PCI_MAX_SEGMENT      65536
#define PCI_SEGMENT_BOUNDARY 0xffffffffUL

void device_emit_limits(const struct device *dev)
{
	device_emit(dev, &(struct dma_event) {
				 .kind = DMA_EVENT_DEVICE,
				 .name = dev->state->driver_string,
				 .flags = dev->dma_skip_sync ? DMA_EVENT_SKIP_SYNC : 0,
				 .mask = dev->dma_mask ? *dev->dma_mask : 0,
				 .coherent_mask = dev->coherent_dma_mask,
				 .boundary = dma_get_seg_boundary(dev),
				 .max_segment_size = dma_get_max_seg_size(dev),
				 .min_align_mask = dma_get_min_align_mask(dev),
			 });
}

static void set_defaults(struct device *dev, const struct libdma_device_options *options)
{
	struct device_state *state = dev->state;

	dev->dma_coherent = options->coherent;
	dev->untrusted = options->pci && options->untrusted;
	dev->bus_dma_limit = options->bus_dma_limit;
	dev->dma_range_map = options->range_map;
	dev->pci_32bit_workaround =
		options->pci && !(dev->machine->config & LIBDMA_CONFIG_FORCEDAC);
	if (!dev->dma_mask) {
		dev->dma_mask = &state->dma_mask;
		*dev->dma_mask = DMA_BIT_MASK(32);
		dev->coherent_dma_mask = DMA_BIT_MASK(32);
	}
	if (!dev->dma_parms) {
		dev->dma_parms = &state->parms;
		if (options->pci) {
			state->parms.max_segment_size = PCI_MAX_SEGMENT;
			state->parms.segment_boundary_mask = PCI_SEGMENT_BOUNDARY;
		}
	}
}

static int name_device(struct device *dev, const struct libdma_device_options *options)
{
	struct libdma_machine *machine = dev->machine;
	struct device_state *state = dev->state;
	size_t size = strlen(options->name);
	int err;

	state->name = heap_alloc(&machine->heap, 1, size + 1);
	if (!state->name)
		return -ENOMEM;
	memcpy(state->name, options->name, size);
	dev->init_name = state->name;
	err = libdma_strings_add(machine->strings, options->name, size,
				 &state->name_string);
	if (!err && options->driver)
		err = libdma_strings_add(machine->strings, options->driver,
					 strlen(options->driver), &state->driver_string);
	return err;
}

/* A device that is not trusted never passes an IOMMU untranslated (RULES.md I26). */
static bool has_iommu(const struct libdma_machine *machine, bool trusted)
{
	switch (machine->iommu) {
	case LIBDMA_IOMMU_STRICT:
	case LIBDMA_IOMMU_LAZY:
		return true;
	case LIBDMA_IOMMU_PASSTHROUGH:
		return !trusted;
	default:
		return false;
	}
}

void device_write_back(struct device *dev, phys_addr_t phys, size_t size)
{
	if (!dev->dma_coherent && cache_clean(dev->machine->cache, phys, size))
		device_log(dev, LIBDMA_LOG_ERROR,
			   "no memory to show the device %zu bytes at 0x%llx", size,
			   (unsigned long long)phys);
}

/* Does one of the windows begin where the IOMMU translates? */
static bool reaches_aperture(const struct libdma_machine *machine,
			     const struct bus_dma_region *window)
{
	if (!window || !window->size)
		return true;
	for (; window->size; window++)
		if (window->dma_start <= machine->aperture_end)
			return true;
	return false;
}

int libdma_device_attach(struct libdma_machine *machine,
			 const struct libdma_device_options *options, struct device *dev)
{
	bool trusted = !options->untrusted || !options->pci, translated;
	struct device_state *state;
	int err;

	if (!options->name)
		return -EINVAL;
	if (libdma_device_find(machine, options->name))
		return -EEXIST;
	translated = has_iommu(machine, trusted);
	if (translated && !reaches_aperture(machine, options->range_map))
		return -EFAULT;
	state = heap_alloc(&machine->heap, 1, sizeof(*state));
	if (!state)
		return -ENOMEM;
	state->dev = dev;
	state->swiotlb = machine->swiotlb;
	state->swiotlb_start = machine->swiotlb_start;
	dev->machine = machine;
	dev->state = state;
	err = name_device(dev, options);
	if (err)
		goto free_state;
	err = restricted_create(dev, options->swiotlb_slots);
	if (err)
		goto free_state;
	if (translated) {
		err = group_join(machine, options->group, trusted,
				 &state->group);
		if (err)
			goto free_swiotlb;
	}
	set_defaults(dev, options);
	state->next = machine->devices;
	machine->devices = state;
	device_emit_limits(dev);
	return 0;

free_swiotlb:
	restricted_destroy(dev);
free_state:
	heap_free(state->name);
	heap_free(state);
	dev->init_name = NULL;
	dev->state = NULL;
	dev->machine = NULL;
	return err;
}

void libdma_device_detach(struct device *dev)
{
	struct libdma_machine *machine = dev->machine;
	struct device_state **at = &machine->devices, *state = dev->state;

	managed_release_all(dev);
	pools_end_all(dev);
	dma_release_coherent_memory(dev);
	remap_end_all(dev);
	restricted_destroy(dev);
	while (*at != state)
		at = &(*at)->next;
	*at = state->next;
	if (state->group)
		group_leave(machine, state->group);
	if (dev->dma_mask == &state->dma_mask)
		dev->dma_mask = NULL;
	if (dev->dma_parms == &state->parms)
		dev->dma_parms = NULL;
	dev->init_name = NULL;
	heap_free(state->name);
	heap_free(state);
	dev->state = NULL;
	dev->machine = NULL;
}

int libdma_device_create(struct libdma_machine *machine,
			 const struct libdma_device_options *options, struct device **ret)
{
	struct device *dev = heap_alloc(&machine->heap, 1, sizeof(*dev));
	int err;

	if (!dev)
		return -ENOMEM;
	err = libdma_device_attach(machine, options, dev);
	if (err) {
		heap_free(dev);
		return err;
	}
	dev->state->owned = true;
	*ret = dev;
	return 0;
}

void device_remove(struct device *dev)
{
	bool owned = dev->state->owned;

	libdma_device_detach(dev);
	if (owned)
		heap_free(dev);
}

void libdma_device_destroy(struct device *dev)
{
	if (dev)
		device_remove(dev);
}

void libdma_device_detach_driver(struct device *dev)
{
	managed_release_all(dev);
}

struct device *libdma_device_find(const struct libdma_machine *machine, const char *name)
{
	for (struct device_state *it = machine->devices; it; it = it->next)
		if (!strcmp(it->name, name))
			return it->dev;
	return NULL;
}

/* --- the device's own accesses --- */

/* The device's own memory, which lies in front of all bridges; NULL where it has none. */
static const struct coherent_place *own_memory(const struct device *dev)
{
	return dev->state->region ? coherent_place(dev->state->region) : NULL;
}

/*
 * Where an access leads that does not leave its granule or page. Behind an IOMMU
 * what the IOTLB still knows counts, be it true or not.
 */
static enum libdma_fault translate(struct device *dev, dma_addr_t dma,
				   unsigned int permission, phys_addr_t *phys)
{
	const struct coherent_place *own = own_memory(dev);
	struct iommu_access outcome;

	if (own && dma - own->dma < own->size) {
		*phys = own->phys + (dma - own->dma);
		return LIBDMA_FAULT_NONE;
	}
	if (dma >
	    min_not_zero(dma_get_mask(dev) | dev->coherent_dma_mask, dev->bus_dma_limit))
		return LIBDMA_FAULT_MASK;
	if (device_is_direct(dev)) {
		*phys = direct_dma_to_phys(dev, dma);
		return *phys == ~(phys_addr_t)0 ? LIBDMA_FAULT_UNMAPPED
						: LIBDMA_FAULT_NONE;
	}
	if (!iommu_access(dev->state->group->table, dma, permission, &outcome)) {
		*phys = outcome.phys;
		return LIBDMA_FAULT_NONE;
	}
	return outcome.fault == IOMMU_FAULT_NOT_MAPPED ? LIBDMA_FAULT_UNMAPPED
						       : LIBDMA_FAULT_PERMISSION;
}

static bool is_own(const struct device *dev, phys_addr_t phys)
{
	const struct coherent_place *own = own_memory(dev);

	return own && phys - own->phys < own->size;
}

static bool is_memory(const struct device *dev, phys_addr_t phys, size_t size)
{
	const struct coherent_place *own = own_memory(dev);

	if (is_own(dev, phys))
		return size <= own->size - (phys - own->phys);
	return memory_has(dev->machine->memory, phys, size);
}

/* The CPU's mapping of a device's own memory passes its caches by. */
static bool transfer(struct device *dev, phys_addr_t phys, void *buffer, size_t size,
		     bool write)
{
	struct libdma_machine *machine = dev->machine;

	if (!is_memory(dev, phys, size))
		return false;
	if (!dev->dma_coherent && !is_own(dev, phys)) {
		if (write)
			return !cache_device_write(machine->cache, phys, buffer, size);
		cache_device_read(machine->cache, phys, buffer, size);
	} else if (write) {
		memcpy(memory_cpu(machine->memory, phys), buffer, size);
	} else {
		memcpy(buffer, memory_cpu(machine->memory, phys), size);
	}
	return true;
}

static void fault(struct device *dev, dma_addr_t dma, enum libdma_fault why)
{
	if (device_is_direct(dev))
		return;
	device_emit(dev, &(struct dma_event) {
				 .kind = DMA_EVENT_IOMMU_IO_PAGE_FAULT,
				 .dma = dma,
				 .name = dev->state->driver_string,
				 .fault = why == LIBDMA_FAULT_PERMISSION,
				 .error = -EFAULT,
			 });
}

static size_t access(struct device *dev, dma_addr_t dma, unsigned char *buffer,
		     size_t size, bool write, enum libdma_fault *why)
{
	enum libdma_fault reason = LIBDMA_FAULT_NONE;
	size_t done = 0;

	while (done < size && !reason) {
		size_t part = PAGE_SIZE - ((dma + done) & (PAGE_SIZE - 1));
		phys_addr_t phys;

		if (part > size - done)
			part = size - done;
		reason = translate(dev, dma + done, write ? IOMMU_WRITE : IOMMU_READ,
				   &phys);
		if (!reason && !transfer(dev, phys, buffer + done, part, write))
			reason = LIBDMA_FAULT_NO_MEMORY;
		if (!reason)
			done += part;
	}
	if (reason)
		fault(dev, dma + done, reason);
	if (why)
		*why = reason;
	return done;
}

size_t libdma_device_read(struct device *dev, dma_addr_t dma, void *buffer, size_t size,
			  enum libdma_fault *why)
{
	return access(dev, dma, buffer, size, false, why);
}

size_t libdma_device_write(struct device *dev, dma_addr_t dma, const void *buffer,
			   size_t size, enum libdma_fault *why)
{
	return access(dev, dma, (unsigned char *)buffer, size, true, why);
}
