// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * device.c - devices that kernel code registers
 *
 * References and names are kept beside a device, whose structure has what drivers
 * touch and no more.
 *
 * Kernel counterpart: drivers/base/core.c
 */
#include <errno.h>
#include <stdlib.h>

#include <linux/device.h>

#include "kernel/border.h"

#define NAME_MAX_SIZE 256

struct named_device {
	struct device *dev;
	char *name;
	unsigned int references;
	struct named_device *next;
};

static struct named_device **device_place(const struct device *dev)
{
	struct named_device **at = &border_kernel()->devices;

	while (*at && (*at)->dev != dev)
		at = &(*at)->next;
	return at;
}

static struct named_device *device_note(struct device *dev)
{
	struct named_device **at = device_place(dev), *it;

	if (*at)
		return *at;
	it = calloc(1, sizeof(*it));
	if (!it)
		return NULL;
	it->dev = dev;
	*at = it;
	return it;
}

static void device_forget(struct named_device **at)
{
	struct named_device *it = *at;

	*at = it->next;
	free(it->name);
	free(it);
}

int dev_set_name(struct device *dev, const char *format, ...)
{
	struct named_device *it = device_note(dev);
	char text[NAME_MAX_SIZE], *name;
	va_list args;

	va_start(args, format);
	kernel_vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	name = it ? strdup(text) : NULL;
	if (!name)
		return -ENOMEM;
	free(it->name);
	it->name = name;
	dev->init_name = name;
	return 0;
}

void device_initialize(struct device *dev)
{
	struct named_device *it = device_note(dev);

	if (it)
		it->references = 1;
}

int device_add(struct device *dev)
{
	struct libdma_kernel *kernel = border_kernel();
	struct device_dma_parameters *parms = dev->dma_parms;
	uint64_t *mask = dev->dma_mask, coherent_mask = dev->coherent_dma_mask;
	struct named_device *it = *device_place(dev);
	int err;

	if (!it)
		return -ENOMEM; /* device_initialize() had no room for its note */
	if (!it->name && dev->init_name && dev_set_name(dev, "%s", dev->init_name))
		return -ENOMEM;
	if (!it->name || !*it->name)
		return -EINVAL;
	err = libdma_device_attach(kernel->machine,
				   &(struct libdma_device_options) {
					   .name = it->name,
					   .coherent = true,
					   .bus_dma_limit = dev->bus_dma_limit,
					   .range_map = dev->dma_range_map,
				   },
				   dev);
	/* A bus would have given it a mask and limits; this one is on none. */
	dev->dma_mask = mask;
	dev->coherent_dma_mask = coherent_mask;
	dev->dma_parms = parms;
	return err;
}

void device_del(struct device *dev)
{
	libdma_device_detach(dev);
	dev->init_name = (*device_place(dev))->name;
}

int device_register(struct device *dev)
{
	device_initialize(dev);
	return device_add(dev);
}

void device_unregister(struct device *dev)
{
	device_del(dev);
	put_device(dev);
}

struct device *get_device(struct device *dev)
{
	struct named_device *it = dev ? *device_place(dev) : NULL;

	if (it)
		it->references++;
	return dev;
}

void put_device(struct device *dev)
{
	struct named_device **at = dev ? device_place(dev) : NULL;

	if (!at || !*at || --(*at)->references)
		return;
	if (!dev->release)
		pr_err("Device '%s' does not have a release() function\n", dev_name(dev));
	else
		dev->release(dev);
	/* What release() did to other devices may have moved the place. */
	at = device_place(dev);
	if (*at)
		device_forget(at);
}

void device_release_all(struct libdma_kernel *kernel)
{
	while (kernel->devices) {
		struct device *dev = kernel->devices->dev;

		if (libdma_device_find(kernel->machine, kernel->devices->name) == dev)
			libdma_device_detach(dev);
		device_forget(&kernel->devices);
	}
}

size_t device_count(const struct libdma_kernel *kernel)
{
	size_t count = 0;

	for (const struct named_device *it = kernel->devices; it; it = it->next)
		count++;
	return count;
}
