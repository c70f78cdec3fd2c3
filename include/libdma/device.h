/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * device.h - a device that reaches memory by DMA
 *
 * The members that drivers touch have the kernel's names and meanings. What the
 * library keeps for a device (its region, pools, managed resources, IOMMU domain)
 * is behind @state.
 */
#pragma once

#include <libdma/types.h>

struct libdma_machine;
struct device_state;

/* A window through which the device's addresses and memory's differ (RULES.md D1). */
struct bus_dma_region {
	phys_addr_t cpu_start;
	dma_addr_t dma_start;
	uint64_t size; /* bytes; an entry of size 0 ends the array */
};

struct device_dma_parameters {
	unsigned int max_segment_size;	     /* bytes; 0 stands for 65536 */
	unsigned int min_align_mask;	     /* low address bits that a bounce must keep */
	unsigned long segment_boundary_mask; /* 0 stands for all ones */
};

struct device {
	struct device *parent;
	const char *init_name;
	void *driver_data;
	void *platform_data;
	void (*release)(struct device *dev);

	uint64_t *dma_mask; /* streaming mappings; may be NULL */
	uint64_t coherent_dma_mask;
	uint64_t bus_dma_limit; /* what the bus can carry; 0 for no limit */
	const struct bus_dma_region *dma_range_map;
	struct device_dma_parameters *dma_parms;
	bool dma_coherent; /* sees the CPU's caches */
	bool dma_skip_sync;

	/* of the PCI core, for devices on such a bus */
	bool untrusted;
	bool pci_32bit_workaround;

	struct libdma_machine *machine;
	struct device_state *state;
};

/* PCI forms take one of these; only what DMA needs of it is modelled. */
struct pci_dev {
	struct device dev;
	uint64_t dma_mask;
};

#define to_pci_dev(d) \
	((struct pci_dev *)((char *)(d) - offsetof(struct pci_dev, dev)))

static inline const char *dev_name(const struct device *dev)
{
	return dev->init_name;
}

static inline void *dev_get_drvdata(const struct device *dev)
{
	return dev->driver_data;
}

static inline void dev_set_drvdata(struct device *dev, void *data)
{
	dev->driver_data = data;
}

/**
 * struct libdma_device_options - how a device is attached
 * @name:	"0000:00:02.0"; copied
 * @driver:	its driver's name, or NULL; copied
 * @pci:	sits on a PCI bus: masks begin as 32 bits, the segment boundary too
 * @coherent:	its accesses are coherent with the CPU's caches
 * @untrusted:	sits outside on a PCI bus, as on Thunderbolt: partial granules are bounced,
 *		and an IOMMU is strict with it also in lazy and passthrough mode
 * @group:	IOMMU group; devices of a group share one domain; 0 for one of its own
 * @swiotlb_slots: of a swiotlb pool of its own (restricted DMA), 2 KiB each, rounded up
 *		to whole slot sets: all its mappings are bounced there, and all its memory
 *		comes from there; 0 for none
 * @bus_dma_limit: highest DMA address that the bus carries, 0 for no limit
 * @range_map:	windows, ended by one of size 0, or NULL; must outlive the device
 */
struct libdma_device_options {
	const char *name;
	const char *driver;
	bool pci;
	bool coherent;
	bool untrusted;
	unsigned int group;
	uint64_t swiotlb_slots;
	uint64_t bus_dma_limit;
	const struct bus_dma_region *range_map;
};

/**
 * libdma_device_create() - attach a device to a machine
 * @machine:	the machine
 * @options:	how
 * @ret:	set to the device
 *
 * Return: 0, -EINVAL without a name or where there is no room for its swiotlb pool,
 * -EEXIST where the machine has one of this name, -EFAULT where the range map lies
 * outside of what the IOMMU translates, -ENOMEM.
 */
int libdma_device_create(struct libdma_machine *machine,
			 const struct libdma_device_options *options,
			 struct device **ret);

/**
 * libdma_device_destroy() - detach and release a device; NULL is allowed
 */
void libdma_device_destroy(struct device *dev);

/**
 * libdma_device_attach() - attach a device that is the caller's own
 * @machine:	the machine
 * @options:	how
 * @dev:	the device; a dma_mask or dma_parms that it has already is kept
 *
 * Return: as libdma_device_create().
 */
int libdma_device_attach(struct libdma_machine *machine,
			 const struct libdma_device_options *options, struct device *dev);

/**
 * libdma_device_detach() - end the attachment
 *
 * The driver's managed resources are released as at driver detach, then pools that are
 * left, which the log tells, then the region. Mappings and memory that are left are the
 * driver's leaks, and stay so until the machine ends.
 */
void libdma_device_detach(struct device *dev);

/**
 * libdma_device_detach_driver() - what the driver core does when a driver leaves
 *
 * Releases managed (dmam_) allocations and pools, newest first, and gives the
 * device back the masks it had. Kernel: drivers/base/devres.c, dd.c.
 */
void libdma_device_detach_driver(struct device *dev);

/**
 * libdma_device_find() - the machine's device of a name
 *
 * Return: the device, or NULL.
 */
struct device *libdma_device_find(const struct libdma_machine *machine, const char *name);

/* Why the device could not do what it tried. */
enum libdma_fault {
	LIBDMA_FAULT_NONE,
	LIBDMA_FAULT_UNMAPPED,	 /* the IOMMU translates nothing there */
	LIBDMA_FAULT_PERMISSION, /* mapped for the other direction only */
	LIBDMA_FAULT_NO_MEMORY,	 /* the address leads to no memory */
	LIBDMA_FAULT_MASK,	 /* above what the device can put on the bus */
};

/**
 * libdma_device_read() - the device reads memory, as bus master
 * @dev:	the device
 * @dma:	from which DMA address
 * @buffer:	where to
 * @size:	bytes
 * @fault:	set to why it failed; may be NULL
 *
 * Goes through the IOMMU's translation (stale IOTLB entries included) and, for a
 * device that is not coherent, sees memory without what the CPU's caches hold.
 *
 * Return: the bytes read before a fault, which is @size where there was none.
 */
size_t libdma_device_read(struct device *dev, dma_addr_t dma, void *buffer, size_t size,
			  enum libdma_fault *fault);

/**
 * libdma_device_write() - the device writes memory, as bus master
 *
 * As libdma_device_read(), the other way.
 */
size_t libdma_device_write(struct device *dev, dma_addr_t dma, const void *buffer,
			   size_t size, enum libdma_fault *fault);
