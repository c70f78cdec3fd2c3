/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* device.h - devices of the current machine */
#pragma once

#include <linux/kernel.h>
#include <linux/slab.h>

#include <libdma/device.h>

/** dev_set_name() - name a device before it is registered; 0 or -ENOMEM */
int dev_set_name(struct device *dev, const char *format, ...) __printf(2, 3);

/** device_initialize() - the first reference to a device, which put_device() drops */
void device_initialize(struct device *dev);

/**
 * device_add() - attach a device to the current machine
 *
 * As a device of the kernel's own, it has no mask until its driver gives it one, sees
 * the CPU's caches, and is alone in its IOMMU group.
 *
 * Return: 0, -EINVAL without a name, -EEXIST where the name is taken, -ENOMEM.
 */
int device_add(struct device *dev);

/** device_del() - detach it; managed resources are released */
void device_del(struct device *dev);

/** device_register() - initialize and add; after an error, put_device() it too */
int device_register(struct device *dev);
void device_unregister(struct device *dev);

/** get_device() - one more reference; NULL is allowed, and returned */
struct device *get_device(struct device *dev);

/** put_device() - one less; the last one calls release(); NULL is allowed */
void put_device(struct device *dev);

#define dev_err(dev, format, ...) \
	printk(KERN_ERR "%s: " format, dev_name(dev), ##__VA_ARGS__)
#define dev_warn(dev, format, ...) \
	printk(KERN_WARNING "%s: " format, dev_name(dev), ##__VA_ARGS__)
#define dev_info(dev, format, ...) \
	printk(KERN_INFO "%s: " format, dev_name(dev), ##__VA_ARGS__)
#define dev_dbg(dev, format, ...) (0 ? dev_info(dev, format, ##__VA_ARGS__) : 0)
