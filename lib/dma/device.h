/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * device.h - devices, for the machine that they are attached to
 */
#pragma once

#include "dma/machine.h"

/* Tell the observer of a device's masks and limits, as they are now. */
void device_emit_limits(const struct device *dev);

/*
 * Write caches back for a device that is not coherent, where the caller cannot be told
 * that the model is short of memory for what the device sees: the log is.
 */
void device_write_back(struct device *dev, phys_addr_t phys, size_t size);

/* End a device's attachment and, where the library made it, the device. */
void device_remove(struct device *dev);
