/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * drivers.h - which driver a device has
 *
 * Events name their device only. Devices and drivers are numbers of one table of
 * strings, so this is an array.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct drivers {
	uint32_t *driver; /* by device; 0 where not known */
	size_t count;
};

/* @drivers is all zeroes to begin with; this releases what it holds. */
void drivers_deinit(struct drivers *drivers);

/* A device has a driver from now on. 0 or -ENOMEM. */
int drivers_set(struct drivers *drivers, uint32_t device, uint32_t driver);

static inline uint32_t drivers_get(const struct drivers *drivers, uint32_t device)
{
	return device < drivers->count ? drivers->driver[device] : 0;
}
